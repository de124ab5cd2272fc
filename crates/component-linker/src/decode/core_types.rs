//! Types of core modules, as components declare them and as modules have them.
//! Follows Binary.md, "Core Type Definitions", and the core specification, "Types".
//!
//! A type refers to others by an index of the type `I`: what is decoded has indices into the types
//! of its module or component, `u32`; `resolve` replaces them by ids that are equal where the types
//! are.

use std::sync::Arc;

/// A `core:type`.
#[derive(Debug)]
pub(crate) enum CoreType {
    RecType(RecType<u32>),
    ModuleType(Vec<ModuleDecl>),
}

/// A `core:moduledecl`.
#[derive(Debug)]
pub(crate) enum ModuleDecl {
    Import(CoreImport<u32>),
    Type(RecType<u32>),
    /// A `core:alias` of a type: `count` scopes outwards, of which zero is the module type itself.
    OuterType {
        count: u32,
        index: u32,
    },
    Export(CoreExport<u32>),
}

/// A `core:import`.
#[derive(Clone, Debug)]
pub(crate) struct CoreImport<I> {
    pub(crate) module: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) ty: CoreExternType<I>,
}

/// A `core:exportdecl`, or an export of a module with its type.
#[derive(Clone, Debug)]
pub(crate) struct CoreExport<I> {
    pub(crate) name: Arc<str>,
    pub(crate) ty: CoreExternType<I>,
}

/// A `core:externtype`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CoreExternType<I> {
    Func(I),
    Table(TableType<I>),
    Memory(MemoryType),
    Global(GlobalType<I>),
    Tag(I),
}

/// The type of a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct TableType<I> {
    pub(crate) element: RefType<I>,
    pub(crate) limits: CoreLimits,
}

/// The type of a memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct MemoryType {
    pub(crate) limits: CoreLimits,
    pub(crate) page_size_log2: u32,
}

/// How large a table or a memory is, in elements or pages, and how it is addressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CoreLimits {
    pub(crate) minimum: u64,
    pub(crate) maximum: Option<u64>,
    pub(crate) is_64: bool,
    pub(crate) is_shared: bool,
}

/// The type of a global.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct GlobalType<I> {
    pub(crate) content: CoreValType<I>,
    pub(crate) is_mutable: bool,
    pub(crate) is_shared: bool,
}

/// A `core:rectype`: types that may refer to each other.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct RecType<I> {
    pub(crate) types: Vec<SubType<I>>,
}

/// A `core:subtype`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct SubType<I> {
    pub(crate) is_final: bool,
    pub(crate) supertype: Option<I>,
    pub(crate) comp_type: CompType<I>,
}

/// A `core:comptype`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum CompType<I> {
    Func { params: Vec<CoreValType<I>>, results: Vec<CoreValType<I>> },
    Struct(Vec<FieldType<I>>),
    Array(FieldType<I>),
}

/// The type of a field of a structure, or of the elements of an array.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct FieldType<I> {
    pub(crate) storage: StorageType<I>,
    pub(crate) is_mutable: bool,
}

/// A `core:storagetype`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum StorageType<I> {
    I8,
    I16,
    Val(CoreValType<I>),
}

/// A `core:valtype`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum CoreValType<I> {
    I32,
    I64,
    F32,
    F64,
    V128,
    Ref(RefType<I>),
}

/// A `core:reftype`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct RefType<I> {
    pub(crate) is_nullable: bool,
    pub(crate) heap: HeapType<I>,
}

/// A `core:heaptype`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum HeapType<I> {
    Abstract(AbsHeapType),
    Concrete(I),
}

/// A `core:absheaptype`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum AbsHeapType {
    Any,
    Eq,
    I31,
    Struct,
    Array,
    None,
    Func,
    NoFunc,
    Extern,
    NoExtern,
    Exn,
    NoExn,
}

impl<I: Copy> CoreExternType<I> {
    /// Replaces the indices in the type.
    pub(crate) fn map<J, E>(self, f: &mut impl FnMut(I) -> Result<J, E>) -> Result<CoreExternType<J>, E> {
        Ok(match self {
            Self::Func(ty) => CoreExternType::Func(f(ty)?),
            Self::Table(TableType { element, limits }) => {
                CoreExternType::Table(TableType { element: element.map(f)?, limits })
            }
            Self::Memory(ty) => CoreExternType::Memory(ty),
            Self::Global(GlobalType { content, is_mutable, is_shared }) => {
                CoreExternType::Global(GlobalType { content: content.map(f)?, is_mutable, is_shared })
            }
            Self::Tag(ty) => CoreExternType::Tag(f(ty)?),
        })
    }
}

impl<I: Copy> RecType<I> {
    /// Replaces the indices in the types.
    pub(crate) fn map<J, E>(&self, f: &mut impl FnMut(I) -> Result<J, E>) -> Result<RecType<J>, E> {
        let types = self.types.iter().map(|ty| ty.map(f)).collect::<Result<_, E>>()?;
        Ok(RecType { types })
    }
}

impl<I: Copy> SubType<I> {
    fn map<J, E>(&self, f: &mut impl FnMut(I) -> Result<J, E>) -> Result<SubType<J>, E> {
        let supertype = self.supertype.map(&mut *f).transpose()?;
        Ok(SubType { is_final: self.is_final, supertype, comp_type: self.comp_type.map(f)? })
    }
}

impl<I: Copy> CompType<I> {
    fn map<J, E>(&self, f: &mut impl FnMut(I) -> Result<J, E>) -> Result<CompType<J>, E> {
        Ok(match self {
            Self::Func { params, results } => {
                let params = params.iter().map(|ty| ty.map(f)).collect::<Result<_, E>>()?;
                let results = results.iter().map(|ty| ty.map(f)).collect::<Result<_, E>>()?;
                CompType::Func { params, results }
            }
            Self::Struct(fields) => {
                CompType::Struct(fields.iter().map(|field| field.map(f)).collect::<Result<_, E>>()?)
            }
            Self::Array(field) => CompType::Array(field.map(f)?),
        })
    }
}

impl<I: Copy> FieldType<I> {
    fn map<J, E>(self, f: &mut impl FnMut(I) -> Result<J, E>) -> Result<FieldType<J>, E> {
        let storage = match self.storage {
            StorageType::I8 => StorageType::I8,
            StorageType::I16 => StorageType::I16,
            StorageType::Val(ty) => StorageType::Val(ty.map(f)?),
        };
        Ok(FieldType { storage, is_mutable: self.is_mutable })
    }
}

impl<I: Copy> CoreValType<I> {
    fn map<J, E>(self, f: &mut impl FnMut(I) -> Result<J, E>) -> Result<CoreValType<J>, E> {
        Ok(match self {
            Self::I32 => CoreValType::I32,
            Self::I64 => CoreValType::I64,
            Self::F32 => CoreValType::F32,
            Self::F64 => CoreValType::F64,
            Self::V128 => CoreValType::V128,
            Self::Ref(ty) => CoreValType::Ref(ty.map(f)?),
        })
    }
}

impl<I: Copy> RefType<I> {
    fn map<J, E>(self, f: &mut impl FnMut(I) -> Result<J, E>) -> Result<RefType<J>, E> {
        let heap = match self.heap {
            HeapType::Abstract(ty) => HeapType::Abstract(ty),
            HeapType::Concrete(ty) => HeapType::Concrete(f(ty)?),
        };
        Ok(RefType { is_nullable: self.is_nullable, heap })
    }
}
