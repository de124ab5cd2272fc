//! Rewrites a core module without some of its functions and with some new ones.

use std::collections::HashSet;

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    Module, TypeSection, ValType,
};
use wasmparser::TypeRef;

use crate::binary::parser;
use crate::componentize::names::{ALLOCATE_STACK, MAIN_MODULE, REALLOC};
use crate::componentize::shim::module_name;
use crate::error::{Error, ErrorKind};

/// The size of a page of memory, and of an adapter's stack.
const PAGE_BYTES: i32 = 0x1_0000;
const PAGE_BITS: i32 = 16;

/// What is added to the module.
pub(super) struct Additions {
    /// The number of types of the module.
    pub(super) n_types: u32,
    /// The global with the stack pointer, if a stack has to be allocated.
    pub(super) stack: Option<u32>,
    /// The global with the state of the allocation: 0 before it, 1 during it, 2 after it.
    pub(super) allocation_state: Option<u32>,
    pub(super) realloc: Realloc,
}

/// The allocator of the stack.
#[derive(Clone, Copy)]
pub(super) enum Realloc {
    /// This imported function.
    Imported(u32),
    /// The main module's, which is imported if it is needed.
    Import,
    /// A new function that grows the memory, and replaces this imported function.
    Grow { instead_of: Option<u32> },
}

/// Returns a module with only the live ones of its `n_funcs` functions, and with the kept exports.
pub(super) fn trim(
    (name, bytes): (&str, &[u8]),
    is_kept: &dyn Fn(&str) -> bool,
    live: &HashSet<u32>,
    n_funcs: u32,
    additions: &Additions,
) -> Result<Vec<u8>, Error> {
    let mut trimmer = Trimmer { is_kept, live, additions, places: Vec::new(), read: Read::default() };
    trimmer.place(bytes, n_funcs)?;
    let mut module = Module::new();
    trimmer.parse_core_module(&mut module, parser(), bytes).map_err(|error| {
        if let Failure::ParseError(error) = error {
            return Error::from(error);
        }
        Error::new(ErrorKind::Unsupported, format!("an adapter that can't be rewritten: {error}"), 0)
    })?;
    module.section(&module_name(&format!("adapter:{name}")));
    Ok(module.finish())
}

struct Trimmer<'a> {
    is_kept: &'a dyn Fn(&str) -> bool,
    live: &'a HashSet<u32>,
    additions: &'a Additions,
    /// The new index of each function.
    places: Vec<Option<u32>>,
    read: Read,
}

/// How many functions are read so far, and the indices of new ones.
#[derive(Default)]
struct Read {
    n_imports: u32,
    n_functions: u32,
    n_bodies: u32,
    realloc: u32,
    allocate_stack: u32,
}

type Failure = reencode::Error<&'static str>;
type Done = Result<(), Failure>;

impl Trimmer<'_> {
    /// Returns whether an imported function is replaced by a new one.
    fn is_replaced(&self, function: u32) -> bool {
        match self.additions.realloc {
            Realloc::Grow { instead_of } => instead_of == Some(function),
            Realloc::Imported(_) | Realloc::Import => false,
        }
    }

    fn imports_realloc(&self) -> bool {
        self.additions.stack.is_some() && matches!(self.additions.realloc, Realloc::Import)
    }

    /// Returns whether the allocator is one of the new functions.
    fn defines_realloc(&self) -> bool {
        match self.additions.realloc {
            Realloc::Grow { instead_of } => instead_of.is_some() || self.additions.stack.is_some(),
            Realloc::Imported(_) | Realloc::Import => false,
        }
    }

    /// Lays out the function index space: imports, the kept functions, new ones.
    fn place(&mut self, bytes: &[u8], n_funcs: u32) -> Result<(), Error> {
        let n_imports = count_imported_funcs(bytes)?;
        let mut next = 0;
        let mut take = || {
            next += 1;
            next - 1
        };
        let is_left = |function: &u32| self.live.contains(function) && !self.is_replaced(*function);
        let mut places: Vec<_> = (0..n_imports).map(|function| is_left(&function).then(&mut take)).collect();
        let imported = if self.imports_realloc() { take() } else { 0 };
        places.extend((n_imports..n_funcs).map(|function| is_left(&function).then(&mut take)));
        self.read.realloc = match self.additions.realloc {
            Realloc::Imported(function) => places[function as usize].unwrap_or_default(),
            Realloc::Import => imported,
            Realloc::Grow { .. } if self.defines_realloc() => take(),
            Realloc::Grow { .. } => 0,
        };
        self.read.allocate_stack = take();
        if let Realloc::Grow { instead_of: Some(function) } = self.additions.realloc {
            places[function as usize] = Some(self.read.realloc);
        }
        self.read.n_functions = n_imports;
        self.read.n_bodies = n_imports;
        self.places = places;
        Ok(())
    }

    fn allocate_stack(&self, stack: u32) -> Function {
        let mut body = Function::new([]);
        let mut code = body.instructions();
        if let Some(state) = self.additions.allocation_state {
            code.i32_const(1).global_set(state);
        }
        code.i32_const(0).i32_const(0).i32_const(8).i32_const(PAGE_BYTES).call(self.read.realloc);
        code.i32_const(PAGE_BYTES).i32_add().global_set(stack);
        if let Some(state) = self.additions.allocation_state {
            code.i32_const(2).global_set(state);
        }
        code.end();
        body
    }
}

/// Returns an allocator of whole pages that never frees, and traps if it is asked to resize.
fn realloc_by_growing() -> Function {
    let [old_pointer, new_size, page] = [0, 3, 4];
    let mut body = Function::new([(1, ValType::I32)]);
    let mut code = body.instructions();
    code.local_get(old_pointer).if_(BlockType::Empty).unreachable().end();
    code.local_get(new_size).i32_const(PAGE_BYTES - 1).i32_add().i32_const(PAGE_BITS).i32_shr_u();
    code.memory_grow(0).local_tee(page).i32_const(-1).i32_eq().if_(BlockType::Empty).unreachable().end();
    code.local_get(page).i32_const(PAGE_BITS).i32_shl().end();
    body
}

fn count_imported_funcs(bytes: &[u8]) -> Result<u32, Error> {
    let mut n_funcs = 0;
    for payload in parser().parse_all(bytes) {
        let wasmparser::Payload::ImportSection(section) = payload? else { continue };
        for import in section.into_imports() {
            n_funcs += u32::from(is_func(import?.ty));
        }
    }
    Ok(n_funcs)
}

fn is_func(ty: TypeRef) -> bool {
    matches!(ty, TypeRef::Func(_) | TypeRef::FuncExact(_))
}

impl Reencode for Trimmer<'_> {
    type Error = &'static str;

    fn function_index(&mut self, function: u32) -> Result<u32, Failure> {
        let place = self.places.get(function as usize).copied().flatten();
        place.ok_or(Failure::UserError("something refers to a function that is not reached"))
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Done {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I32; 4], [ValType::I32]);
        types.ty().function([], []);
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Done {
        for import in section.into_imports() {
            let import = import?;
            if is_func(import.ty) {
                let function = self.read.n_imports;
                self.read.n_imports += 1;
                if !self.live.contains(&function) || self.is_replaced(function) {
                    continue;
                }
            }
            self.parse_import(imports, import)?;
        }
        if self.imports_realloc() {
            imports.import(MAIN_MODULE, REALLOC[0], EntityType::Function(self.additions.n_types));
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Done {
        for ty in section {
            let ty = ty?;
            if self.live.contains(&self.read.n_functions) {
                functions.function(ty);
            }
            self.read.n_functions += 1;
        }
        if self.defines_realloc() {
            functions.function(self.additions.n_types);
        }
        if self.additions.stack.is_some() {
            functions.function(self.additions.n_types + 1);
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Done {
        for export in section {
            let export = export?;
            if (self.is_kept)(export.name) {
                self.parse_export(exports, export)?;
            }
        }
        if self.additions.stack.is_some() {
            exports.export(ALLOCATE_STACK, ExportKind::Func, self.read.allocate_stack);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Done {
        for body in section {
            let body = body?;
            if self.live.contains(&self.read.n_bodies) {
                self.parse_function_body(code, body)?;
            }
            self.read.n_bodies += 1;
        }
        if self.defines_realloc() {
            code.function(&realloc_by_growing());
        }
        if let Some(stack) = self.additions.stack {
            code.function(&self.allocate_stack(stack));
        }
        Ok(())
    }

    fn parse_custom_section(&mut self, _: &mut Module, _: wasmparser::CustomSectionReader<'_>) -> Done {
        // Names of functions that are gone, and notes of the toolchain.
        Ok(())
    }
}
