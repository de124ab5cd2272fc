//! Reduces an adapter to what is used of it, and gives it a stack.
//!
//! An adapter implements a whole interface, such as WASI preview 1, and imports all that this
//! takes. The component should import only what its main module reaches. An adapter has no memory
//! of its own and uses the main module's. Its stack is allocated there: by the main module's
//! allocator, or by growing the memory if the main module has none.

mod trim;

use std::collections::{BTreeSet, HashSet};

use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::TypesRef;
use wasmparser::{ExternalKind, FunctionBody, KnownCustom, Name, Operator, Payload, TypeRef};

use self::trim::{Additions, Realloc, trim};
use super::core::CoreModule;
use super::error::ComponentizeError;
use super::names;
use super::worlds::ModuleWorld;
use crate::binary::{parser, valid_types};
use crate::error::Error;

/// Reduces adapters, and leaves out those that are not used, with their worlds.
pub(super) fn adapt<'a, 't>(
    types: TypesRef<'_>,
    modules: Vec<CoreModule<'a>>,
    worlds: Vec<ModuleWorld<'t>>,
) -> Result<(Vec<CoreModule<'a>>, Vec<ModuleWorld<'t>>), ComponentizeError> {
    let used: Vec<_> = (0..modules.len()).map(|index| used(types, &modules, &worlds, index)).collect();
    // An adapter that lacks what is imported from it is kept: matching reports the import.
    let imports = modules.iter().flat_map(|module| &module.imports);
    let named: BTreeSet<String> = imports.map(|import| import.module.clone()).collect();
    // The new index of each module.
    let mut places = Vec::new();
    let mut kept = Vec::new();
    let realloc = modules[0].first_func(names::ADAPTER_REALLOC);
    for (module, used) in modules.into_iter().zip(used) {
        let is_kept = kept.is_empty() || !used.is_empty() || named.contains(module.name);
        places.push(is_kept.then_some(kept.len()));
        if kept.is_empty() {
            kept.push(module);
        } else if is_kept {
            let invalid = |error| ComponentizeError::Invalid { file: module.name.to_owned(), error };
            let bytes = cut(&module, &used, realloc.is_some()).map_err(invalid)?;
            kept.push(module.with_bytes(bytes)?);
        }
    }
    let worlds =
        worlds.into_iter().filter_map(|world| Some(ModuleWorld { module: places[world.module]?, ..world }));
    Ok((kept, worlds.collect()))
}

/// Returns the exports of an adapter that other modules import or that worlds export.
fn used(
    types: TypesRef<'_>,
    modules: &[CoreModule<'_>],
    worlds: &[ModuleWorld<'_>],
    adapter: usize,
) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (_, module) in modules.iter().enumerate().filter(|(index, _)| *index != adapter) {
        let imports = module.imports.iter().filter(|import| import.module == modules[adapter].name);
        used.extend(imports.map(|import| import.name.clone()));
    }
    let mut add = |interface: Option<&str>, func: &str| {
        for name in names::export_names(interface, func) {
            used.insert(names::post_return_name(&name));
            used.insert(name);
        }
    };
    // An adapter may have exports of the main module's worlds.
    for (key, item) in worlds.iter().flat_map(|world| &world.ty.exports) {
        match item.ty {
            ComponentEntityType::Func(_) => add(None, key),
            ComponentEntityType::Instance(id) => {
                let interface = item.full_name(key);
                for (name, _) in &types[id].exports {
                    add(Some(&interface), name);
                }
            }
            ComponentEntityType::Type { .. }
            | ComponentEntityType::Module(_)
            | ComponentEntityType::Component(_)
            | ComponentEntityType::Value(_) => {}
        }
    }
    for (key, item) in worlds.iter().flat_map(|world| &world.ty.exports) {
        let ComponentEntityType::Instance(id) = item.ty else { continue };
        for (name, _) in &types[id].exports {
            used.extend(names::dtor_names(&item.full_name(key), name));
        }
    }
    used.retain(|name| modules[adapter].exports.contains_key(name));
    used
}

/// Returns an adapter with only what its used exports reach, and with a stack if it needs one.
fn cut(module: &CoreModule<'_>, used: &BTreeSet<String>, has_realloc: bool) -> Result<Vec<u8>, Error> {
    let types = valid_types(&module.bytes, module.proposals)?;
    let contents = Contents::read(&module.bytes)?;
    let always = [names::IMPORT_REALLOC, names::EXPORT_REALLOC, names::INITIALIZE].concat();
    let is_kept = |name: &str| used.contains(name) || always.contains(&name);
    let mut live = contents.live(&is_kept)?;
    let stack = contents.stack_pointer.filter(|_| contents.imports_memory);
    let has_realloc = has_realloc && (contents.realloc.is_some() || contents.has_imports);
    if stack.is_some() {
        live.extend(contents.realloc);
    }
    let is_realloc_live = contents.realloc.is_some_and(|index| live.contains(&index));
    let realloc = match (has_realloc, contents.realloc) {
        (true, Some(index)) => Realloc::Imported(index),
        (true, None) => Realloc::Import,
        (false, index) => Realloc::Grow { instead_of: index.filter(|_| is_realloc_live) },
    };
    let additions = Additions {
        n_types: types.as_ref().core_type_count_in_module(),
        stack,
        allocation_state: contents.allocation_state,
        realloc,
    };
    trim((module.name, &module.bytes), &is_kept, &live, contents.n_funcs, &additions)
}

/// The parts of a module that decide which functions are reached.
#[derive(Default)]
struct Contents<'a> {
    n_imported_funcs: u32,
    n_funcs: u32,
    has_imports: bool,
    imports_memory: bool,
    /// The imported allocator of the main module.
    realloc: Option<u32>,
    /// Exported functions.
    exports: Vec<(&'a str, u32)>,
    /// Functions that are reached in any case.
    roots: Vec<u32>,
    bodies: Vec<FunctionBody<'a>>,
    stack_pointer: Option<u32>,
    allocation_state: Option<u32>,
}

impl<'a> Contents<'a> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "sections that refer to no function")]
    fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut contents = Self::default();
        for payload in parser().parse_all(bytes) {
            match payload? {
                Payload::ImportSection(section) => {
                    contents.has_imports = true;
                    for import in section.into_imports() {
                        contents.import(&import?);
                    }
                }
                Payload::FunctionSection(section) => contents.n_funcs += section.count(),
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        if matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact) {
                            contents.exports.push((export.name, export.index));
                        }
                    }
                }
                Payload::StartSection { func, .. } => contents.roots.push(func),
                Payload::ElementSection(section) => {
                    for element in section {
                        match element?.items {
                            wasmparser::ElementItems::Functions(functions) => {
                                for function in functions {
                                    contents.roots.push(function?);
                                }
                            }
                            wasmparser::ElementItems::Expressions(_, expressions) => {
                                for expression in expressions {
                                    contents.roots.extend(references(expression?.get_operators_reader())?);
                                }
                            }
                        }
                    }
                }
                Payload::TableSection(section) => {
                    for table in section {
                        if let wasmparser::TableInit::Expr(expression) = table?.init {
                            contents.roots.extend(references(expression.get_operators_reader())?);
                        }
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        contents.roots.extend(references(global?.init_expr.get_operators_reader())?);
                    }
                }
                Payload::CodeSectionEntry(body) => contents.bodies.push(body),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        contents.globals(names);
                    }
                }
                _ => {}
            }
        }
        Ok(contents)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other sorts are always kept")]
    fn import(&mut self, import: &wasmparser::Import<'_>) {
        match import.ty {
            TypeRef::Func(_) | TypeRef::FuncExact(_) => {
                if import.module == names::MAIN_MODULE && names::REALLOC.contains(&import.name) {
                    self.realloc = Some(self.n_funcs);
                }
                self.n_imported_funcs += 1;
                self.n_funcs += 1;
            }
            TypeRef::Memory(_) => self.imports_memory = true,
            _ => {}
        }
    }

    /// Finds the globals that the toolchain names. Faults in a `name` section are ignored.
    fn globals(&mut self, names: wasmparser::NameSectionReader<'_>) {
        for name in names {
            let Ok(Name::Global(globals)) = name else { continue };
            for global in globals.into_iter().filter_map(Result::ok) {
                match global.name {
                    "__stack_pointer" => self.stack_pointer = Some(global.index),
                    "allocation_state" => self.allocation_state = Some(global.index),
                    _ => {}
                }
            }
        }
    }

    /// Returns the functions that the kept exports reach.
    fn live(&self, is_kept: &dyn Fn(&str) -> bool) -> Result<HashSet<u32>, Error> {
        let exports = self.exports.iter().filter(|(name, _)| is_kept(name)).map(|(_, index)| *index);
        let mut todo: Vec<u32> = exports.chain(self.roots.iter().copied()).collect();
        let mut live = HashSet::new();
        while let Some(function) = todo.pop() {
            if !live.insert(function) {
                continue;
            }
            let body =
                function.checked_sub(self.n_imported_funcs).and_then(|body| self.bodies.get(body as usize));
            if let Some(body) = body {
                todo.extend(references(body.get_operators_reader()?)?);
            }
        }
        Ok(live)
    }
}

/// Returns the functions that instructions refer to.
#[expect(clippy::wildcard_enum_match_arm, reason = "instructions that refer to no function")]
fn references<'a>(
    operators: impl IntoIterator<Item = Result<Operator<'a>, wasmparser::Error>>,
) -> Result<Vec<u32>, Error> {
    let mut functions = Vec::new();
    for operator in operators {
        match operator? {
            Operator::Call { function_index }
            | Operator::ReturnCall { function_index }
            | Operator::RefFunc { function_index } => functions.push(function_index),
            _ => {}
        }
    }
    Ok(functions)
}
