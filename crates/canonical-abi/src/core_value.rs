//! Core values, as flattening yields them. Follows CanonicalABI.md, "Flattening" and "Flat
//! Lifting".

use crate::types::PtrType;
use crate::types::flat::CoreType;

/// A core value that flattening yields. Floats are bits, so that NaNs pass unchanged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CoreValue {
    /// Of `i32`.
    I32(u32),
    /// Of `i64`.
    I64(u64),
    /// The bits of an `f32`.
    F32(u32),
    /// The bits of an `f64`.
    F64(u64),
}

impl CoreValue {
    /// Returns the value's type.
    pub const fn ty(self) -> CoreType {
        match self {
            Self::I32(_) => CoreType::I32,
            Self::I64(_) => CoreType::I64,
            Self::F32(_) => CoreType::F32,
            Self::F64(_) => CoreType::F64,
        }
    }

    /// Returns the value's bits, those of 32-bit values below.
    pub const fn bits(self) -> u64 {
        match self {
            Self::I32(bits) | Self::F32(bits) => bits as u64,
            Self::I64(bits) | Self::F64(bits) => bits,
        }
    }

    /// Returns the value of type `ty` with the low bits of `bits`. From one type's bits to
    /// another's, this is the spec's `wrap_i64_to_i32`, `core_f32_reinterpret_i32`,
    /// `core_f64_reinterpret_i64`, `core_i32_reinterpret_f32` and `core_i64_reinterpret_f64`.
    pub fn from_bits(ty: CoreType, bits: u64) -> Self {
        match ty {
            CoreType::I32 => Self::I32(low_bits(bits)),
            CoreType::I64 => Self::I64(bits),
            CoreType::F32 => Self::F32(low_bits(bits)),
            CoreType::F64 => Self::F64(bits),
        }
    }

    /// Returns the pointer or length `value` in a memory of this pointer type.
    ///
    /// # Panics
    ///
    /// When it does not fit.
    pub fn pointer(value: u64, ptr: PtrType) -> Self {
        match ptr {
            PtrType::I32 => Self::I32(u32::try_from(value).expect("a pointer within a 32-bit memory")),
            PtrType::I64 => Self::I64(value),
        }
    }
}

/// Core values to be consumed in order (the spec's `CoreValueIter`).
///
/// Their number and types must be those that flattening yields, as validation of the core module
/// ensures.
#[derive(Clone, Debug)]
pub struct CoreValueIter<'a> {
    values: &'a [CoreValue],
}

impl<'a> CoreValueIter<'a> {
    /// Returns an iterator over all of `values`.
    pub fn new(values: &'a [CoreValue]) -> Self {
        Self { values }
    }

    /// Returns the next value's bits (the spec's `next`).
    ///
    /// # Panics
    ///
    /// When there is none, or its type is not `ty`.
    pub fn next(&mut self, ty: CoreType) -> u64 {
        let (first, rest) = self.values.split_first().expect("as many core values as flattening yields");
        assert!(first.ty() == ty, "core values have the types that flattening yields");
        self.values = rest;
        first.bits()
    }

    /// Returns the next value, an `i32`.
    pub(crate) fn next_u32(&mut self) -> u32 {
        low_bits(self.next(CoreType::I32))
    }

    /// Returns the next value, a pointer or length.
    pub(crate) fn next_pointer(&mut self, ptr: PtrType) -> u64 {
        self.next(ptr.into())
    }

    /// Returns the values that are left.
    pub(crate) fn rest(&self) -> &'a [CoreValue] {
        self.values
    }

    /// Returns how many values are left.
    pub fn remaining(&self) -> usize {
        self.values.len()
    }
}

/// Returns the low 32 bits.
fn low_bits(bits: u64) -> u32 {
    let bytes = bits.to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
