//! Compilation: translated functions become one position-independent text and its tables, as plain data.
//!
//! Calls between functions of the text are relative to the program counter; everything outside of it is
//! reached through the context pointer. So the text may be loaded anywhere.

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{ExternalName, Function, SourceLoc, TrapCode};
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::{CodegenError, Context, FinalizedMachReloc, FinalizedRelocTarget};
use cranelift_frontend::FunctionBuilderContext;
use wasmparser::FuncValidatorAllocations;

use crate::decode::Body;
use crate::error::{Error, ErrorKind, Result};
use crate::index::to_u32;
use crate::module::ModuleInfo;
use crate::translate::{self, Env, trampoline};
use crate::types::FuncType;
use crate::vm_layout::VmLayout;

/// Compiled functions.
///
/// Invariant: `funcs`, `traps` and `addresses` are sorted by offset; all offsets lie in the text.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    /// Machine code.
    pub(crate) text: Vec<u8>,
    /// Where each function lies, in the order of compilation.
    pub(crate) funcs: Vec<FuncRange>,
    /// Instructions that may trap.
    pub(crate) traps: Vec<TrapSite>,
    /// Which code comes from which bytes of the module; each entry holds until the next one.
    pub(crate) addresses: Vec<Address>,
}

/// The bytes of a function in the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FuncRange {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// An instruction that may trap, and as what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrapSite {
    pub(crate) offset: u32,
    pub(crate) code: TrapCode,
}

/// Where code comes from: a byte offset in the module, none for code that the translator added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address {
    pub(crate) code_offset: u32,
    pub(crate) module_offset: Option<u32>,
}

/// Validates, translates and compiles a module's function bodies.
///
/// # Errors
///
/// Fails on an invalid body and on what is not compiled yet.
pub(crate) fn module(
    isa: &dyn TargetIsa,
    info: &ModuleInfo,
    layout: &VmLayout,
    bodies: Vec<Body<'_>>,
) -> Result<Compiled> {
    let env = Env::new(isa, info, layout);
    let mut assembler = Assembler::new(isa, bodies.len());
    let mut builder_context = FunctionBuilderContext::new();
    let mut context = Context::new();
    let mut allocations = FuncValidatorAllocations::default();
    for (position, (to_validate, body)) in bodies.into_iter().enumerate() {
        let offset = body.range().start;
        let mut validator = to_validate.into_validator(allocations);
        context.clear();
        let func = info.func_index_of_code(position);
        translate::function(&env, func, &body, &mut validator, &mut context.func, &mut builder_context)?;
        allocations = validator.into_allocations();
        assembler.add(&mut context).map_err(|e| e.at(offset))?;
    }
    Ok(assembler.finish())
}

/// Compiles the entry trampoline and the host trampoline of a function type, in this order.
///
/// # Errors
///
/// Fails if Cranelift refuses the type.
pub(crate) fn trampolines(isa: &dyn TargetIsa, ty: &FuncType) -> Result<Compiled> {
    let mut assembler = Assembler::new(isa, 2);
    let mut builder_context = FunctionBuilderContext::new();
    let mut context = Context::new();
    trampoline::entry(isa, ty, &mut context.func, &mut builder_context);
    assembler.add(&mut context)?;
    context.clear();
    trampoline::host(isa, ty, &mut context.func, &mut builder_context);
    assembler.add(&mut context)?;
    Ok(assembler.finish())
}

/// Collects compiled functions into one text.
struct Assembler<'a> {
    isa: &'a dyn TargetIsa,
    text: Box<dyn cranelift_codegen::TextSectionBuilder>,
    control: ControlPlane,
    compiled: Compiled,
}

impl<'a> Assembler<'a> {
    fn new(isa: &'a dyn TargetIsa, n_funcs: usize) -> Self {
        let text = isa.text_section_builder(n_funcs);
        Self { isa, text, control: ControlPlane::default(), compiled: Compiled::default() }
    }

    fn add(&mut self, context: &mut Context) -> Result<()> {
        let code = context.compile(self.isa, &mut self.control).map_err(|e| refused(&e.inner))?;
        let align = self.isa.function_alignment().minimum.max(code.buffer.alignment);
        let bytes = code.buffer.data();
        let start = u32::try_from(self.text.append(true, bytes, align, &mut self.control))
            .map_err(|_| Error::limit("a module's code exceeds 4 GiB"))?;
        let compiled = &mut self.compiled;
        compiled.funcs.push(FuncRange { start, end: start + to_u32(bytes.len()) });
        let sites = code.buffer.traps().iter();
        compiled.traps.extend(sites.map(|t| TrapSite { offset: start + t.offset, code: t.code }));
        compiled.addresses.push(Address { code_offset: start, module_offset: None });
        for location in code.buffer.get_srclocs_sorted() {
            let known = location.loc != SourceLoc::default();
            compiled.addresses.push(Address {
                code_offset: start + location.start,
                module_offset: known.then(|| location.loc.bits()),
            });
        }
        let relocs = code.buffer.relocs().to_vec();
        for reloc in relocs {
            self.resolve(&context.func, start, &reloc);
        }
        Ok(())
    }

    fn resolve(&mut self, func: &Function, start: u32, reloc: &FinalizedMachReloc) {
        let (kind, target): (Reloc, _) = (reloc.kind, &reloc.target);
        let FinalizedRelocTarget::ExternalName(ExternalName::User(name)) = target else {
            panic!("the translator refers to functions of the module only, not to {target:?}");
        };
        let position = func.params.user_named_funcs()[*name].index as usize;
        let offset = u64::from(start + reloc.offset);
        let resolved = self.text.resolve_reloc(offset, kind, reloc.addend, position);
        assert!(resolved, "calls within the text use relocations relative to the program counter");
    }

    fn finish(mut self) -> Compiled {
        self.compiled.text = self.text.finish(&mut self.control);
        self.compiled
    }
}

/// Returns the error for a function that Cranelift refuses: what it refuses of a valid one is its size.
///
/// # Panics
///
/// Panics if the verifier refused it: then the translator has a bug.
#[cold]
fn refused(error: &CodegenError) -> Error {
    assert!(!matches!(error, CodegenError::Verifier(_)), "the translator makes valid code: {error:?}");
    Error::new(ErrorKind::Limit, format!("Cranelift refused the function: {error}"))
}
