//! What is read into or written from. Follows CanonicalABI.md, "Buffer State".
//!
//! The elements are the embedder's: the state machines only count them.

use crate::trap::Trap;
use canonical_abi::{Layout, Trap as AbiTrap};

/// The most elements of one buffer (the spec's `Buffer.MAX_LENGTH`).
pub const MAX_LENGTH: u32 = (1 << 28) - 1;

/// A place for elements (the spec's `Buffer`).
pub trait Buffer {
    /// Returns how many elements have been copied so far.
    fn progress(&self) -> u32;
    /// Returns how many more there is room for, or how many more there are.
    fn remain(&self) -> u32;
}

/// Checks that a guest's buffer lies in its memory (the spec's `GuestBuffer.__init__`).
///
/// `element` is the layout of an element, or `None` where nothing is passed.
///
/// # Errors
///
/// When there are too many elements, or the place is unaligned or ends outside the memory.
pub fn check_guest_buffer(
    element: Option<Layout>,
    ptr: u64,
    length: u32,
    memory_bytes: u64,
) -> Result<(), Trap> {
    if length > MAX_LENGTH {
        return Err(AbiTrap::ListTooLong { size_bytes: u64::from(length) }.into());
    }
    let Some(element) = element.filter(|_| length > 0) else { return Ok(()) };
    if !ptr.is_multiple_of(u64::from(element.align())) {
        return Err(AbiTrap::UnalignedPointer { ptr, alignment: element.align() }.into());
    }
    let size_bytes = u64::from(length) * u64::from(element.size());
    match ptr.checked_add(size_bytes) {
        Some(end) if end <= memory_bytes => Ok(()),
        _ => Err(AbiTrap::PointerOutOfBounds { ptr, size_bytes, memory_bytes }.into()),
    }
}
