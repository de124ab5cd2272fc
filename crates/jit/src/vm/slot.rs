//! Value slots: how values lie in memory that compiled code and the host share.

use super::offsets::VALUE_SIZE;

/// One value slot: the bits of a value, zero-extended. References are words as in tables.
#[repr(C, align(16))]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ValRaw(u128);

const _: () = assert!(size_of::<ValRaw>() == VALUE_SIZE as usize);

impl ValRaw {
    /// Returns the slot of a value of up to 64 bits.
    #[inline]
    pub fn from_u64(bits: u64) -> Self {
        Self(u128::from(bits))
    }

    /// Returns the slot of a vector.
    #[inline]
    pub(crate) fn from_u128(bits: u128) -> Self {
        Self(bits)
    }

    /// Returns all bits: those of a vector.
    #[inline]
    pub(crate) fn to_u128(self) -> u128 {
        self.0
    }

    /// Returns the lower 64 bits: the word of an integer, float or reference.
    #[expect(clippy::cast_possible_truncation, reason = "the lower word is what is asked for")]
    #[inline]
    pub fn to_u64(self) -> u64 {
        self.0 as u64
    }

    /// Returns the lower 32 bits: an `i32`, or the bits of an `f32`.
    #[expect(clippy::cast_possible_truncation, reason = "the lower half word is what is asked for")]
    pub(crate) fn to_u32(self) -> u32 {
        self.0 as u32
    }
}

/// The bits of a value as an integer: of a word, or of a vector.
pub trait Word: Copy + 'static {
    /// Returns the slot, zero-extended.
    fn to_slot(self) -> ValRaw;

    /// Returns the lower bits of a slot.
    fn from_slot(slot: ValRaw) -> Self;
}

impl Word for u64 {
    #[inline]
    fn to_slot(self) -> ValRaw {
        ValRaw::from_u64(self)
    }

    #[inline]
    fn from_slot(slot: ValRaw) -> Self {
        slot.to_u64()
    }
}

impl Word for u128 {
    #[inline]
    fn to_slot(self) -> ValRaw {
        ValRaw(self)
    }

    #[inline]
    fn from_slot(slot: ValRaw) -> Self {
        slot.0
    }
}
