//! Modules without bytes: declared item by item, with functions whose bodies the embedder builds.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::module::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TypeIndex, to_u32};
use crate::module::info::{Import, ModuleInfo, ModuleItem};
use crate::module::registry::{InternedType, TypeRegistry};
use crate::module::types::{FuncType, GlobalType, MemoryType, TableType};
use crate::translate::{BuildFn, BuiltFunc, BuiltGlobal, BuiltMemory, BuiltTable, FuncBody};

/// A module whose functions an embedder builds in Cranelift IR. It imports what it works on, and
/// exports its functions.
///
/// It becomes a [`Module`](crate::Module) in a [`Unit`](crate::Unit) and is instantiated like any
/// other. Its imports are in the order in which they were declared.
///
/// # Trust
///
/// A body may load and store at any address, so its builder must be trusted like this process
/// itself. A body keeps to its imports as long as it uses memories through the functions of
/// [`FuncBody`] and what they return for as many bytes as they promise; a value of reference type
/// is one that it was given, or null.
pub struct BuiltModule<'a> {
    name: String,
    imports: Vec<Import>,
    imported_funcs: Vec<FuncType>,
    memories: Vec<MemoryType>,
    tables: Vec<TableType>,
    globals: Vec<GlobalType>,
    funcs: Vec<(String, FuncType)>,
    builders: Vec<BuildFn<'a>>,
}

impl<'a> BuiltModule<'a> {
    /// Returns a module without items; backtraces show its name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            imports: Vec::new(),
            imported_funcs: Vec::new(),
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
            funcs: Vec::new(),
            builders: Vec::new(),
        }
    }

    /// Declares an imported function.
    pub fn import_func(&mut self, module: &str, name: &str, ty: FuncType) -> BuiltFunc {
        let at = to_u32(self.imported_funcs.len());
        self.imported_funcs.push(ty);
        self.import(module, name, ModuleItem::Func(FuncIndex(at)));
        BuiltFunc::imported(at)
    }

    /// Declares an imported memory.
    pub fn import_memory(&mut self, module: &str, name: &str, ty: MemoryType) -> BuiltMemory {
        let memory = MemoryIndex(to_u32(self.memories.len()));
        self.memories.push(ty);
        self.import(module, name, ModuleItem::Memory(memory));
        BuiltMemory(memory)
    }

    /// Declares an imported table.
    pub fn import_table(&mut self, module: &str, name: &str, ty: TableType) -> BuiltTable {
        let table = TableIndex(to_u32(self.tables.len()));
        self.tables.push(ty);
        self.import(module, name, ModuleItem::Table(table));
        BuiltTable(table)
    }

    /// Declares an imported global.
    pub fn import_global(&mut self, module: &str, name: &str, ty: GlobalType) -> BuiltGlobal {
        let global = GlobalIndex(to_u32(self.globals.len()));
        self.globals.push(ty);
        self.import(module, name, ModuleItem::Global(global));
        BuiltGlobal(global)
    }

    /// Declares a function that the module defines and exports under `name`. `build` is called when
    /// the unit is compiled, perhaps by another thread.
    ///
    /// # Panics
    ///
    /// Panics if the module has a function of that name.
    pub fn func(
        &mut self,
        name: &str,
        ty: FuncType,
        build: impl Fn(&mut FuncBody<'_, '_>) + Send + Sync + 'a,
    ) -> BuiltFunc {
        assert!(self.funcs.iter().all(|(known, _)| known != name), "a second function `{name}`");
        let at = to_u32(self.funcs.len());
        self.funcs.push((name.to_owned(), ty));
        self.builders.push(Box::new(build));
        BuiltFunc::defined(at)
    }

    fn import(&mut self, module: &str, name: &str, item: ModuleItem) {
        self.imports.push(Import { module: module.to_owned(), name: name.to_owned(), item });
    }

    /// Returns the module's description, like that of a decoded one, and its bodies.
    pub(crate) fn into_info(self, registry: &TypeRegistry) -> (ModuleInfo, Vec<BuildFn<'a>>) {
        let mut info = ModuleInfo { name: Some(self.name), imports: self.imports, ..ModuleInfo::default() };
        info.n_imported.funcs = to_u32(self.imported_funcs.len());
        info.n_imported.memories = to_u32(self.memories.len());
        info.n_imported.tables = to_u32(self.tables.len());
        info.n_imported.globals = to_u32(self.globals.len());
        let mut known: HashMap<FuncType, TypeIndex> = HashMap::new();
        let types = self.imported_funcs.iter().chain(self.funcs.iter().map(|(_, ty)| ty));
        for ty in types {
            let new = TypeIndex(to_u32(info.types.len()));
            let index = *known.entry(ty.clone()).or_insert(new);
            if index == new {
                let interned: Arc<InternedType> = registry.signature(ty);
                info.types.push(interned);
            }
            info.funcs.push(index);
        }
        (info.memories, info.tables, info.globals) = (self.memories, self.tables, self.globals);
        for (at, (name, _)) in (0..).zip(self.funcs) {
            let func = FuncIndex(info.n_imported.funcs + at);
            info.export_positions.insert(name.clone(), info.exports.len());
            info.exports.push((name.clone(), ModuleItem::Func(func)));
            info.func_names.insert(func, name);
        }
        (info, self.builders)
    }
}

/// Writes everything that the code of a built module depends on besides its bodies.
pub(crate) fn describe(info: &ModuleInfo, text: &mut String) {
    let ModuleInfo { name, types, imports, funcs, memories, tables, globals, exports, .. } = info;
    let types: Vec<_> = types.iter().map(|ty| &ty.ty).collect();
    write!(text, "{name:?} {imports:?} {types:?} {funcs:?} {memories:?} {tables:?} {globals:?} {exports:?}")
        .expect("a string takes any text");
}
