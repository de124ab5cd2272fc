//! What is known of a module as plain data: everything but its code.
//! Follows the core specification, "Structure: Modules".

use std::collections::HashMap;
use std::sync::Arc;

use crate::module::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex, to_u32};
use crate::module::registry::InternedType;
use crate::module::types::{ExternType, FuncType, GlobalType, MemoryType, RefType, TableType, TagType};

/// An import that a module asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImportType<'a> {
    /// The first name.
    pub module: &'a str,
    /// The second name.
    pub name: &'a str,
    /// What is expected.
    pub ty: ExternType,
}

/// An export that a module offers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExportType<'a> {
    /// The name.
    pub name: &'a str,
    /// What is exported.
    pub ty: ExternType,
}

/// An item of one of a module's index spaces.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ModuleItem {
    Func(FuncIndex),
    Memory(MemoryIndex),
    Table(TableIndex),
    Global(GlobalIndex),
    Tag(TagIndex),
}

/// An import: two names, and the place it takes in its index space.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) module: String,
    pub(crate) name: String,
    pub(crate) item: ModuleItem,
}

/// One instruction of a constant expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ConstOp {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    V128(u128),
    RefNull,
    RefFunc(FuncIndex),
    GlobalGet(GlobalIndex),
    I32Add,
    I32Sub,
    I32Mul,
    I64Add,
    I64Sub,
    I64Mul,
}

/// A validated constant expression in stack order.
pub(crate) type ConstExpr = Vec<ConstOp>;

/// An element segment.
#[derive(Clone, Debug)]
pub(crate) struct ElemSegment {
    pub(crate) mode: SegmentMode<TableIndex>,
    pub(crate) ty: RefType,
    pub(crate) items: ElemItems,
}

/// The references of an element segment.
#[derive(Clone, Debug)]
pub(crate) enum ElemItems {
    Funcs(Vec<FuncIndex>),
    Exprs(Vec<ConstExpr>),
}

/// A data segment.
#[derive(Clone, Debug)]
pub(crate) struct DataSegment {
    pub(crate) mode: SegmentMode<MemoryIndex>,
    pub(crate) bytes: Vec<u8>,
}

/// When a segment is copied (core specification, "Element Segments" and "Data Segments").
#[derive(Clone, Debug)]
pub(crate) enum SegmentMode<I> {
    Passive,
    Declared,
    Active(I, ConstExpr),
}

/// What is known of a module as plain data: everything but its code.
///
/// Invariant: it comes from a validated module, so that every index in it names something of its
/// space.
#[derive(Debug, Default)]
pub(crate) struct ModuleInfo {
    pub(crate) name: Option<String>,
    pub(crate) types: Vec<Arc<InternedType>>,
    pub(crate) imports: Vec<Import>,
    /// Types of the functions, imports first; likewise below.
    pub(crate) funcs: Vec<TypeIndex>,
    pub(crate) memories: Vec<MemoryType>,
    pub(crate) tables: Vec<TableType>,
    pub(crate) globals: Vec<GlobalType>,
    pub(crate) tags: Vec<TypeIndex>,
    pub(crate) n_imported: Counts,
    /// Initial elements of the defined tables; `None` is null.
    pub(crate) table_inits: Vec<Option<ConstExpr>>,
    /// Initial values of the defined globals.
    pub(crate) global_inits: Vec<ConstExpr>,
    pub(crate) exports: Vec<(String, ModuleItem)>,
    pub(crate) export_positions: HashMap<String, usize>,
    pub(crate) start: Option<FuncIndex>,
    pub(crate) elems: Vec<ElemSegment>,
    pub(crate) data: Vec<DataSegment>,
    pub(crate) func_names: HashMap<FuncIndex, String>,
}

/// How many items of each space are imports.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) funcs: u32,
    pub(crate) memories: u32,
    pub(crate) tables: u32,
    pub(crate) globals: u32,
    pub(crate) tags: u32,
}

impl ModuleInfo {
    /// Returns the type of a function.
    pub(crate) fn func_type(&self, func: FuncIndex) -> &FuncType {
        self.types[self.funcs[func.pos()].pos()].func()
    }

    /// Returns the type of a tag.
    pub(crate) fn tag_type(&self, tag: TagIndex) -> &FuncType {
        self.types[self.tags[tag.pos()].pos()].func()
    }

    /// Returns how many functions the module defines.
    pub(crate) fn n_defined_funcs(&self) -> u32 {
        to_u32(self.funcs.len()) - self.n_imported.funcs
    }

    /// Returns the index of the defined function whose code is at `position` of the compiled
    /// functions.
    pub(crate) fn func_index_of_code(&self, position: usize) -> FuncIndex {
        FuncIndex(self.n_imported.funcs + to_u32(position))
    }

    /// Returns the position among the compiled functions, or `None` for an import.
    pub(crate) fn code_position(&self, func: FuncIndex) -> Option<usize> {
        func.0.checked_sub(self.n_imported.funcs).map(|at| at as usize)
    }

    /// Returns the imports in the module's order.
    pub(crate) fn import_types(&self) -> impl ExactSizeIterator<Item = ImportType<'_>> {
        self.imports.iter().map(|import| ImportType {
            module: &import.module,
            name: &import.name,
            ty: self.extern_type(import.item),
        })
    }

    /// Returns the exports in the module's order.
    pub(crate) fn export_types(&self) -> impl ExactSizeIterator<Item = ExportType<'_>> {
        self.exports.iter().map(|(name, item)| ExportType { name, ty: self.extern_type(*item) })
    }

    /// Returns the type of an item.
    pub(crate) fn extern_type(&self, item: ModuleItem) -> ExternType {
        match item {
            ModuleItem::Func(i) => ExternType::Func(self.func_type(i).clone()),
            ModuleItem::Memory(i) => ExternType::Memory(self.memories[i.pos()]),
            ModuleItem::Table(i) => ExternType::Table(self.tables[i.pos()]),
            ModuleItem::Global(i) => ExternType::Global(self.globals[i.pos()]),
            ModuleItem::Tag(i) => ExternType::Tag(TagType { func: self.tag_type(i).clone() }),
        }
    }
}
