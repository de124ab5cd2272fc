//! Types of values, functions and external items.
//!
//! Follows the core specification, "Structure: Types". Types that a module defines are interned in
//! the engine (`module::registry`): a [`TypeId`] names one, and equal ids mean equal types.

use std::fmt;

/// A value type (core specification, "Value Types").
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit IEEE 754 number.
    F32,
    /// 64-bit IEEE 754 number.
    F64,
    /// 128-bit vector.
    V128,
    /// Reference.
    Ref(RefType),
}

/// A reference type (core specification, "Reference Types").
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct RefType {
    /// Whether null is a value of the type.
    pub nullable: bool,
    /// What it refers to.
    pub heap: HeapType,
}

/// What a reference refers to (core specification, "Heap Types").
///
/// Null is the only value of the types under `any` so far: garbage collection is not supported yet.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum HeapType {
    /// Any function.
    Func,
    /// A function of a type of the engine, or of a subtype of it.
    ConcreteFunc(TypeId),
    /// No function.
    NoFunc,
    /// A host value.
    Extern,
    /// No host value.
    NoExtern,
    /// An exception.
    Exn,
    /// No exception.
    NoExn,
    /// Any value of the guest's own heap.
    Any,
    /// Such a value that can be compared.
    Eq,
    /// A small integer.
    I31,
    /// Any structure.
    Struct,
    /// A structure of a type of the engine.
    ConcreteStruct(TypeId),
    /// Any array.
    Array,
    /// An array of a type of the engine.
    ConcreteArray(TypeId),
    /// No value of the guest's own heap.
    None,
}

/// A type interned in an engine: equal ids mean equal types (core specification, "Type
/// Equivalence").
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TypeId(pub(crate) u32);

impl TypeId {
    /// Returns the id as a position in the engine's registry.
    pub(crate) fn pos(self) -> usize {
        // A u32 fits usize on every target the crate supports (64-bit only).
        self.0 as usize
    }
}

/// The top of a hierarchy of heap types: what a reference's word means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Top {
    Func,
    Extern,
    Exn,
    Any,
}

impl HeapType {
    /// Returns the top of the hierarchy that the type belongs to.
    pub(crate) fn top(self) -> Top {
        match self {
            Self::Func | Self::ConcreteFunc(_) | Self::NoFunc => Top::Func,
            Self::Extern | Self::NoExtern => Top::Extern,
            Self::Exn | Self::NoExn => Top::Exn,
            Self::Any
            | Self::Eq
            | Self::I31
            | Self::Struct
            | Self::ConcreteStruct(_)
            | Self::Array
            | Self::ConcreteArray(_)
            | Self::None => Top::Any,
        }
    }
}

impl RefType {
    /// Returns whether collection traces values of the type.
    pub(crate) fn is_traced(self) -> bool {
        match self.heap.top() {
            Top::Exn => true,
            Top::Func | Top::Extern | Top::Any => false,
        }
    }

    /// `funcref`: a function or null.
    pub const FUNCREF: Self = Self { nullable: true, heap: HeapType::Func };
    /// `externref`: a host value or null.
    pub const EXTERNREF: Self = Self { nullable: true, heap: HeapType::Extern };
    /// `exnref`: an exception or null.
    pub const EXNREF: Self = Self { nullable: true, heap: HeapType::Exn };
}

impl ValType {
    /// Returns whether collection traces values of the type.
    pub(crate) fn is_traced(self) -> bool {
        match self {
            Self::Ref(ty) => ty.is_traced(),
            Self::I32 | Self::I64 | Self::F32 | Self::F64 | Self::V128 => false,
        }
    }

    /// `funcref`: a function or null.
    pub const FUNCREF: Self = Self::Ref(RefType::FUNCREF);
    /// `externref`: a host value or null.
    pub const EXTERNREF: Self = Self::Ref(RefType::EXTERNREF);
    /// `exnref`: an exception or null.
    pub const EXNREF: Self = Self::Ref(RefType::EXNREF);

    /// Returns whether values of this type are references.
    pub fn is_ref(self) -> bool {
        match self {
            Self::Ref(_) => true,
            Self::I32 | Self::I64 | Self::F32 | Self::F64 | Self::V128 => false,
        }
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::V128 => "v128",
            Self::Ref(ty) => return ty.fmt(f),
        })
    }
}

impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::FUNCREF => f.write_str("funcref"),
            Self::EXTERNREF => f.write_str("externref"),
            Self::EXNREF => f.write_str("exnref"),
            Self { nullable, heap } => write!(f, "(ref {}{heap})", if nullable { "null " } else { "" }),
        }
    }
}

impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Func => "func",
            Self::NoFunc => "nofunc",
            Self::Extern => "extern",
            Self::NoExtern => "noextern",
            Self::Exn => "exn",
            Self::NoExn => "noexn",
            Self::Any => "any",
            Self::Eq => "eq",
            Self::I31 => "i31",
            Self::Struct => "struct",
            Self::Array => "array",
            Self::None => "none",
            Self::ConcreteFunc(id) => return write!(f, "func#{}", id.0),
            Self::ConcreteStruct(id) => return write!(f, "struct#{}", id.0),
            Self::ConcreteArray(id) => return write!(f, "array#{}", id.0),
        })
    }
}

/// A function type (core specification, "Function Types").
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct FuncType {
    /// Types of the parameters.
    pub params: Vec<ValType>,
    /// Types of the results.
    pub results: Vec<ValType>,
}

impl FuncType {
    /// Returns the function type from `params` to `results`.
    pub fn new(params: impl Into<Vec<ValType>>, results: impl Into<Vec<ValType>>) -> Self {
        Self { params: params.into(), results: results.into() }
    }

    /// Returns how many slots a call needs: the larger of the numbers of parameters and results.
    pub(crate) fn n_slots(&self) -> usize {
        self.params.len().max(self.results.len())
    }

    /// Returns whether there are only numbers and vectors among the parameters and results.
    pub(crate) fn is_numeric(&self) -> bool {
        self.params.iter().chain(&self.results).all(|ty| match ty {
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 | ValType::V128 => true,
            ValType::Ref(_) => false,
        })
    }
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, types: &[ValType]| {
            f.write_str("[")?;
            for (i, ty) in types.iter().enumerate() {
                write!(f, "{}{ty}", if i == 0 { "" } else { " " })?;
            }
            f.write_str("]")
        };
        list(f, &self.params)?;
        f.write_str(" -> ")?;
        list(f, &self.results)
    }
}

/// A memory type (core specification, "Memory Types"). Sizes are in pages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MemoryType {
    /// Pages at creation.
    pub minimum: u64,
    /// Pages that the memory never exceeds, if given.
    pub maximum: Option<u64>,
    /// Whether addresses are 64-bit.
    pub memory64: bool,
    /// Base-two logarithm of the bytes of a page: 16, or 0 with custom page sizes.
    pub page_size_log2: u32,
    /// Whether several stores may have the memory at once (threads proposal).
    pub shared: bool,
}

/// A table type (core specification, "Table Types"). Sizes are in elements.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TableType {
    /// Type of the elements.
    pub element: RefType,
    /// Elements at creation.
    pub minimum: u64,
    /// Elements that the table never exceeds, if given.
    pub maximum: Option<u64>,
    /// Whether indices are 64-bit.
    pub table64: bool,
}

/// A global type (core specification, "Global Types").
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GlobalType {
    /// Type of the content.
    pub content: ValType,
    /// Whether the global may be set.
    pub mutable: bool,
}

/// A tag type (core specification, "Tag Types"): a function type without results.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TagType {
    /// Type whose parameters are the payload.
    pub func: FuncType,
}

/// The type of an import or export (core specification, "External Types").
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ExternType {
    /// A function.
    Func(FuncType),
    /// A linear memory.
    Memory(MemoryType),
    /// A table.
    Table(TableType),
    /// A global.
    Global(GlobalType),
    /// An exception tag.
    Tag(TagType),
}

impl ExternType {
    /// Returns the word for the kind of item, as messages print it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Func(_) => "func",
            Self::Memory(_) => "memory",
            Self::Table(_) => "table",
            Self::Global(_) => "global",
            Self::Tag(_) => "tag",
        }
    }
}

/// Returns whether actual limits satisfy the expected ones (core specification, "Import Matching:
/// Limits").
pub(crate) fn limits_match(
    (minimum, maximum): (u64, Option<u64>),
    expected_minimum: u64,
    expected_maximum: Option<u64>,
) -> bool {
    minimum >= expected_minimum
        && match (maximum, expected_maximum) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(actual), Some(expected)) => actual <= expected,
        }
}
