//! Core values of one call, as slots that compiled code reads and writes.
//! Follows CanonicalABI.md, "Flat Lifting" and "Flat Lowering".
//!
//! A slot holds a value's bits, zero-extended. The coercions between the cases of a variant (the
//! spec's `join`) keep the low bits in place, so that bits are all that has to be passed on.

use canonical_abi::PtrType;
use canonical_abi::flatten::MAX_FLAT_PARAMS;
use jit::ValRaw;

/// The most slots: flat parameters, and a pointer to where the result goes.
pub(crate) const MAX_SLOTS: usize = MAX_FLAT_PARAMS + 1;

/// Core values that lowering yields.
#[derive(Debug)]
pub struct FlatOut<'a> {
    slots: &'a mut [ValRaw],
    len: usize,
}

/// Core values that lifting consumes.
#[derive(Debug)]
pub struct FlatIn<'a> {
    slots: &'a [ValRaw],
}

impl<'a> FlatOut<'a> {
    /// Returns no core values; those to come go into the slots.
    #[inline]
    pub(crate) fn new(slots: &'a mut [ValRaw]) -> Self {
        Self { slots, len: 0 }
    }

    /// Appends a core value's bits, zero-extended.
    ///
    /// # Panics
    ///
    /// When there are more than a function may have: the impl of a type does not do what its shape
    /// says.
    #[inline]
    pub fn push(&mut self, bits: u64) {
        let slot =
            self.slots.get_mut(self.len).expect("a type's impl yields as many core values as its shape says");
        *slot = ValRaw::from_u64(bits);
        self.len += 1;
    }

    /// Appends a pointer and a length.
    #[inline]
    pub fn push_pair(&mut self, (pointer, length): (u64, u64)) {
        self.push(pointer);
        self.push(length);
    }

    /// Appends zeros up to `len` core values: what the other cases of a variant would have had.
    #[inline]
    pub fn pad(&mut self, len: usize) {
        while self.len < len {
            self.push(0);
        }
    }

    /// Returns how many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the first of them.
    pub(crate) fn slots(&self) -> &[ValRaw] {
        &self.slots[..self.len]
    }
}

impl<'a> FlatIn<'a> {
    #[inline]
    pub(crate) fn new(slots: &'a [ValRaw]) -> Self {
        Self { slots }
    }

    /// Returns the next core value's bits (the spec's `next`). Those above the value's type have no
    /// meaning.
    ///
    /// # Panics
    ///
    /// When there is none: the impl of a type does not do what its shape says.
    #[inline]
    pub fn next_bits(&mut self) -> u64 {
        let (first, rest) = self.slots.split_first().expect("as many core values as a type's shape says");
        self.slots = rest;
        first.to_u64()
    }

    /// Returns the next core value, an `i32`.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        low(self.next_bits())
    }

    /// Returns the next core value, a pointer or a length.
    #[inline]
    pub fn next_pointer(&mut self, ptr: PtrType) -> u64 {
        match ptr {
            PtrType::I32 => u64::from(self.next_u32()),
            PtrType::I64 => self.next_bits(),
        }
    }

    /// Takes the next `n` core values away, to be consumed by themselves: those of a variant's
    /// payload.
    ///
    /// # Panics
    ///
    /// When there are fewer.
    #[inline]
    pub fn take(&mut self, n: usize) -> Self {
        let (first, rest) = self.slots.split_at(n);
        self.slots = rest;
        Self { slots: first }
    }
}

/// Returns the low 32 bits.
#[inline]
fn low(bits: u64) -> u32 {
    let [a, b, c, d, ..] = bits.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
