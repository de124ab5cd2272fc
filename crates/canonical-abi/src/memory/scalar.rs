//! Types without parts whose values are a few bytes: numbers, `bool` and `char`.
//! Follows CanonicalABI.md, "Loading", "Storing", "Flat Lifting" and "Flat Lowering".
//!
//! The interpreter and embedders that lift into types of their own use the same conversions, one by
//! one or in bulk.

use alloc::vec::Vec;

use super::{bytes, bytes_mut};
use crate::host::{Context, Host};
use crate::trap::Trap;

const CANONICAL_FLOAT32_NAN: u32 = 0x7fc0_0000;
const CANONICAL_FLOAT64_NAN: u64 = 0x7ff8_0000_0000_0000;

/// A Rust type whose values are those of a scalar type.
pub trait Scalar: Copy + Sized {
    /// Size and alignment in linear memory, in bytes.
    const SIZE: u32;

    /// Returns the value of `SIZE` bytes.
    ///
    /// # Errors
    ///
    /// When they are no value of the type.
    ///
    /// # Panics
    ///
    /// When there are fewer.
    fn decode(bytes: &[u8]) -> Result<Self, Trap>;

    /// Writes the value to `SIZE` bytes.
    ///
    /// # Panics
    ///
    /// When there are fewer.
    fn encode(self, bytes: &mut [u8]);

    /// Returns the values that follow each other in `bytes`.
    ///
    /// # Errors
    ///
    /// When one is none of the type.
    fn decode_all(bytes: &[u8]) -> Result<Vec<Self>, Trap>;

    /// Writes values one after the other to `bytes`, as far as there is room.
    fn encode_all(values: &[Self], bytes: &mut [u8]);

    /// Returns the value of a core value's bits (the spec's `lift_flat`). Upper bits are ignored.
    ///
    /// # Errors
    ///
    /// When they are no value of the type.
    fn from_core_bits(bits: u64) -> Result<Self, Trap>;

    /// Returns the bits of the core value (the spec's `lower_flat`), zero-extended.
    fn to_core_bits(self) -> u64;
}

/// Implements [`Scalar`]: the integer in memory, and the conversions from and to it and a core
/// value's bits.
macro_rules! scalar {
    ($ty:ty, $int:ty, $collect:ident, $decode:expr, $encode:expr, $lift:expr, $lower:expr) => {
        impl Scalar for $ty {
            #[expect(clippy::cast_possible_truncation, reason = "1 to 8")]
            const SIZE: u32 = size_of::<$int>() as u32;

            #[inline]
            fn decode(bytes: &[u8]) -> Result<Self, Trap> {
                let bytes = bytes.first_chunk().expect("as many bytes as the type has");
                $collect!(one $decode(<$int>::from_le_bytes(*bytes)))
            }

            #[inline]
            fn encode(self, bytes: &mut [u8]) {
                let int: $int = $encode(self);
                *bytes.first_chunk_mut().expect("as many bytes as the type has") = int.to_le_bytes();
            }

            #[inline]
            fn decode_all(bytes: &[u8]) -> Result<Vec<Self>, Trap> {
                let chunks = bytes.chunks_exact(size_of::<$int>());
                let chunks = chunks.map(|chunk| chunk.try_into().expect("chunks of this size"));
                $collect!(all chunks.map(|chunk| $decode(<$int>::from_le_bytes(chunk))))
            }

            #[inline]
            fn encode_all(values: &[Self], bytes: &mut [u8]) {
                for (chunk, value) in bytes.chunks_exact_mut(size_of::<$int>()).zip(values) {
                    let int: $int = $encode(*value);
                    chunk.copy_from_slice(&int.to_le_bytes());
                }
            }

            #[inline]
            fn from_core_bits(bits: u64) -> Result<Self, Trap> {
                $collect!(one $lift(bits))
            }

            #[inline]
            fn to_core_bits(self) -> u64 {
                $lower(self)
            }
        }
    };
}

/// For conversions that always succeed.
macro_rules! all_valid {
    (one $value:expr) => {
        Ok($value)
    };
    (all $values:expr) => {
        Ok($values.collect())
    };
}

/// For conversions that may trap.
macro_rules! checked {
    (one $value:expr) => {
        $value
    };
    (all $values:expr) => {
        $values.collect()
    };
}

/// Returns the low `N` bytes.
#[inline]
fn low<const N: usize>(bits: u64) -> [u8; N] {
    *bits.to_le_bytes().first_chunk().expect("at most 8")
}

scalar!(bool, u8, all_valid, |int| int != 0, u8::from, |bits| u32::from_le_bytes(low(bits)) != 0, u64::from);
scalar!(u8, u8, all_valid, |int| int, |x| x, |bits| Self::from_le_bytes(low(bits)), u64::from);
scalar!(u16, u16, all_valid, |int| int, |x| x, |bits| Self::from_le_bytes(low(bits)), u64::from);
scalar!(u32, u32, all_valid, |int| int, |x| x, |bits| Self::from_le_bytes(low(bits)), u64::from);
scalar!(u64, u64, all_valid, |int| int, |x| x, |bits| bits, |x| x);
scalar!(i8, i8, all_valid, |int| int, |x| x, |bits| Self::from_le_bytes(low(bits)), extend);
scalar!(i16, i16, all_valid, |int| int, |x| x, |bits| Self::from_le_bytes(low(bits)), extend);
scalar!(i32, i32, all_valid, |int| int, |x| x, |bits| Self::from_le_bytes(low(bits)), extend);
scalar!(i64, i64, all_valid, |int| int, |x| x, |bits| Self::from_le_bytes(low(bits)), bits_of);
scalar!(
    f32,
    u32,
    all_valid,
    decode_i32_as_float,
    encode_float_as_i32,
    |bits| canonicalize_nan32(Self::from_le_bytes(low(bits))),
    |x| u64::from(encode_float_as_i32(x))
);
scalar!(
    f64,
    u64,
    all_valid,
    decode_i64_as_float,
    encode_float_as_i64,
    |bits| canonicalize_nan64(Self::from_bits(bits)),
    encode_float_as_i64
);
scalar!(
    char,
    u32,
    checked,
    convert_i32_to_char,
    u32::from,
    |bits| convert_i32_to_char(u32::from_le_bytes(low(bits))),
    u64::from
);

/// Returns the bits of an `i32` with the value of a small signed integer.
#[inline]
fn extend(x: impl Into<i32>) -> u64 {
    u64::from(u32::from_le_bytes(x.into().to_le_bytes()))
}

#[inline]
fn bits_of(x: i64) -> u64 {
    u64::from_le_bytes(x.to_le_bytes())
}

/// Returns the float of these bits; any NaN becomes the canonical one (the spec's
/// `decode_i32_as_float`).
pub(crate) fn decode_i32_as_float(bits: u32) -> f32 {
    canonicalize_nan32(f32::from_bits(bits))
}

/// Returns the float of these bits; any NaN becomes the canonical one (the spec's
/// `decode_i64_as_float`).
pub(crate) fn decode_i64_as_float(bits: u64) -> f64 {
    canonicalize_nan64(f64::from_bits(bits))
}

/// Returns the float, or the canonical NaN for any NaN.
pub(crate) fn canonicalize_nan32(f: f32) -> f32 {
    if f.is_nan() { f32::from_bits(CANONICAL_FLOAT32_NAN) } else { f }
}

/// Returns the float, or the canonical NaN for any NaN.
pub(crate) fn canonicalize_nan64(f: f64) -> f64 {
    if f.is_nan() { f64::from_bits(CANONICAL_FLOAT64_NAN) } else { f }
}

/// Returns the character of these bits, unless it is a surrogate or beyond U+10FFFF.
pub(crate) fn convert_i32_to_char(bits: u32) -> Result<char, Trap> {
    char::from_u32(bits).ok_or(Trap::InvalidChar { bits })
}

/// Returns the float's bits; any NaN becomes the canonical one (the spec's `encode_float_as_i32`).
pub(crate) fn encode_float_as_i32(f: f32) -> u32 {
    canonicalize_nan32(f).to_bits()
}

/// Returns the float's bits; any NaN becomes the canonical one (the spec's `encode_float_as_i64`).
pub(crate) fn encode_float_as_i64(f: f64) -> u64 {
    canonicalize_nan64(f).to_bits()
}

/// Returns the scalar at `ptr`.
///
/// # Errors
///
/// When it is not within the memory, or no value of the type.
#[inline]
pub fn load_scalar<S: Scalar, H: Host>(cx: &Context<'_, H>, ptr: u64) -> Result<S, Trap> {
    S::decode(bytes(cx, ptr, u64::from(S::SIZE))?)
}

/// Stores a scalar at `ptr`.
///
/// # Errors
///
/// When there is no room within the memory.
#[inline]
pub fn store_scalar<S: Scalar, H: Host>(cx: &mut Context<'_, H>, value: S, ptr: u64) -> Result<(), Trap> {
    value.encode(bytes_mut(cx, ptr, u64::from(S::SIZE))?);
    Ok(())
}

/// Returns the `length` scalars from `ptr` on, in one go, after the host was asked for the room.
///
/// # Errors
///
/// When they are not within the memory, one is no value of the type, or the host refuses.
pub fn load_scalars<S: Scalar, H: Host>(
    cx: &mut Context<'_, H>,
    ptr: u64,
    length: u64,
) -> Result<Vec<S>, H::Error> {
    let size_bytes = length.saturating_mul(u64::from(S::SIZE));
    cx.host.reserve(size_bytes)?;
    cx.host.consume_bytes(size_bytes)?;
    Ok(S::decode_all(bytes(cx, ptr, size_bytes)?)?)
}

/// Stores scalars from `ptr` on, in one go.
///
/// # Errors
///
/// When there is no room within the memory.
pub fn store_scalars<S: Scalar, H: Host>(
    cx: &mut Context<'_, H>,
    values: &[S],
    ptr: u64,
) -> Result<(), Trap> {
    S::encode_all(values, bytes_mut(cx, ptr, size_of_val_bytes(values))?);
    Ok(())
}

fn size_of_val_bytes<S: Scalar>(values: &[S]) -> u64 {
    (values.len() as u64).saturating_mul(u64::from(S::SIZE))
}
