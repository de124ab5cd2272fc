//! The value types without parts whose values are a few bytes: numbers, `bool` and `char`.
//! Follows Explainer.md, "Type Definitions".

use super::ValType;

/// A scalar type: what [`ValType::Scalar`] holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum ScalarType {
    /// `bool`
    Bool,
    /// `s8`
    S8,
    /// `u8`
    U8,
    /// `s16`
    S16,
    /// `u16`
    U16,
    /// `s32`
    S32,
    /// `u32`
    U32,
    /// `s64`
    S64,
    /// `u64`
    U64,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `char`
    Char,
}

impl ScalarType {
    /// Returns the type's name in WIT.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::S8 => "s8",
            Self::U8 => "u8",
            Self::S16 => "s16",
            Self::U16 => "u16",
            Self::S32 => "s32",
            Self::U32 => "u32",
            Self::S64 => "s64",
            Self::U64 => "u64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Char => "char",
        }
    }

    /// Returns the size of a value in linear memory, which is also its alignment: 1, 2, 4 or 8
    /// bytes.
    pub const fn size(self) -> u32 {
        match self {
            Self::Bool | Self::S8 | Self::U8 => 1,
            Self::S16 | Self::U16 => 2,
            Self::S32 | Self::U32 | Self::F32 | Self::Char => 4,
            Self::S64 | Self::U64 | Self::F64 => 8,
        }
    }
}

/// Each scalar type by its own name, in expressions and in patterns.
#[expect(non_upper_case_globals, reason = "these read like the variants beside them")]
impl ValType {
    /// `bool`
    pub const Bool: Self = Self::Scalar(ScalarType::Bool);
    /// `s8`
    pub const S8: Self = Self::Scalar(ScalarType::S8);
    /// `u8`
    pub const U8: Self = Self::Scalar(ScalarType::U8);
    /// `s16`
    pub const S16: Self = Self::Scalar(ScalarType::S16);
    /// `u16`
    pub const U16: Self = Self::Scalar(ScalarType::U16);
    /// `s32`
    pub const S32: Self = Self::Scalar(ScalarType::S32);
    /// `u32`
    pub const U32: Self = Self::Scalar(ScalarType::U32);
    /// `s64`
    pub const S64: Self = Self::Scalar(ScalarType::S64);
    /// `u64`
    pub const U64: Self = Self::Scalar(ScalarType::U64);
    /// `f32`
    pub const F32: Self = Self::Scalar(ScalarType::F32);
    /// `f64`
    pub const F64: Self = Self::Scalar(ScalarType::F64);
    /// `char`
    pub const Char: Self = Self::Scalar(ScalarType::Char);
}
