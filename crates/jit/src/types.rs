//! Types of values, functions and external items.
//!
//! Follows the core specification, "Structure: Types". References are limited to `funcref` and
//! `externref` until the function-references and GC issues.

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
    /// 128-bit vector. Decoded in types; no instruction on it is compiled yet.
    V128,
    /// Nullable reference to a function.
    FuncRef,
    /// Nullable reference to a host value.
    ExternRef,
}

impl ValType {
    /// Returns whether values of this type are references.
    pub fn is_ref(self) -> bool {
        match self {
            Self::FuncRef | Self::ExternRef => true,
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
            Self::FuncRef => "funcref",
            Self::ExternRef => "externref",
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

/// A memory type (core specification, "Memory Types"). Sizes are in pages of 64 KiB.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MemoryType {
    /// Pages at creation.
    pub minimum: u64,
    /// Pages that the memory never exceeds, if given.
    pub maximum: Option<u64>,
    /// Whether addresses are 64-bit.
    pub memory64: bool,
}

/// A table type (core specification, "Table Types"). Sizes are in elements.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TableType {
    /// Type of the elements, always a reference.
    pub element: ValType,
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

/// Returns whether actual limits meet the expected ones (core specification, "Import Matching: Limits").
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
