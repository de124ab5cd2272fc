//! The type of a core module that is defined, as its sections have it.

use std::ops::Range;
use std::sync::Arc;

use wasmparser::{ExternalKind, Payload};

use super::super::core_types::{
    CoreExport, CoreExternType, CoreImport, GlobalType, MemoryType, RecType, TableType,
};
use super::super::definition::ModuleDefinition;
use super::core_types::{global_type, import, memory_type, rec_type, table_type};
use crate::error::Error;

/// Collects what a module imports and exports. Exports come after all that they can name.
pub(super) struct ModuleReader {
    range: Range<usize>,
    types: Vec<RecType<u32>>,
    imports: Vec<CoreImport<u32>>,
    exports: Vec<CoreExport<u32>>,
    n_memories: u32,
    n_tables: u32,
    // The module's index spaces: the types of functions and tags by their indices.
    funcs: Vec<u32>,
    tables: Vec<TableType<u32>>,
    memories: Vec<MemoryType>,
    globals: Vec<GlobalType<u32>>,
    tags: Vec<u32>,
}

impl ModuleReader {
    pub(super) fn new(range: Range<usize>) -> Self {
        Self {
            range,
            types: Vec::new(),
            imports: Vec::new(),
            exports: Vec::new(),
            n_memories: 0,
            n_tables: 0,
            funcs: Vec::new(),
            tables: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            tags: Vec::new(),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest is for the compiler of core modules")]
    pub(super) fn payload(&mut self, payload: Payload<'_>) -> Result<(), Error> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    self.types.push(rec_type(&group?)?);
                }
            }
            Payload::ImportSection(section) => {
                for item in section.into_imports() {
                    self.import(&item?)?;
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.funcs.push(ty?);
                }
            }
            Payload::TableSection(section) => {
                self.n_tables = section.count();
                for table in section {
                    self.tables.push(table_type(&table?.ty)?);
                }
            }
            Payload::MemorySection(section) => {
                self.n_memories = section.count();
                for ty in section {
                    self.memories.push(memory_type(&ty?));
                }
            }
            Payload::TagSection(section) => {
                for ty in section {
                    self.tags.push(ty?.func_type_idx);
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    self.globals.push(global_type(&global?.ty)?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    self.export(&export?)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, item: &wasmparser::Import<'_>) -> Result<(), Error> {
        let item = import(item)?;
        match item.ty {
            CoreExternType::Func(ty) => self.funcs.push(ty),
            CoreExternType::Table(ty) => self.tables.push(ty),
            CoreExternType::Memory(ty) => self.memories.push(ty),
            CoreExternType::Global(ty) => self.globals.push(ty),
            CoreExternType::Tag(ty) => self.tags.push(ty),
        }
        self.imports.push(item);
        Ok(())
    }

    fn export(&mut self, export: &wasmparser::Export<'_>) -> Result<(), Error> {
        let index = export.index as usize;
        let ty = match export.kind {
            ExternalKind::Func | ExternalKind::FuncExact => {
                self.funcs.get(index).copied().map(CoreExternType::Func)
            }
            ExternalKind::Table => self.tables.get(index).copied().map(CoreExternType::Table),
            ExternalKind::Memory => self.memories.get(index).copied().map(CoreExternType::Memory),
            ExternalKind::Global => self.globals.get(index).copied().map(CoreExternType::Global),
            ExternalKind::Tag => self.tags.get(index).copied().map(CoreExternType::Tag),
        };
        let ty = ty.ok_or_else(|| {
            Error::internal(format_args!("the module has nothing to export as `{}`", export.name), 0)
        })?;
        self.exports.push(CoreExport { name: Arc::from(export.name), ty });
        Ok(())
    }

    pub(super) fn finish(self) -> ModuleDefinition {
        let Self { range, types, imports, exports, n_memories, n_tables, .. } = self;
        ModuleDefinition { range, types, imports, exports, n_memories, n_tables }
    }
}
