//! Access to the guest's memory, always within bounds.
//!
//! Where the spec asserts bounds that it has checked before, the slice checks them again here. That
//! costs little, and not even a host whose memory shrinks can then cause a panic.

mod columns;
pub mod load;
pub mod scalar;
pub mod store;
pub mod string;

use crate::host::{Begin, Context, End, Host};
use crate::trap::{Allocation, MAX_LIST_BYTE_LENGTH, Trap, trap_if};

/// Returns the memory's size in bytes.
pub(crate) fn memory_bytes<H: Host>(cx: &Context<'_, H>) -> u64 {
    cx.host.memory().len() as u64
}

/// Returns the `n` bytes at `ptr`.
///
/// # Errors
///
/// When they are not all within the memory.
pub fn bytes<'a, H: Host>(cx: &'a Context<'_, H>, ptr: u64, n: u64) -> Result<&'a [u8], Trap> {
    let memory = cx.host.memory();
    let range = usize_range(ptr, n).and_then(|range| memory.get(range));
    range.ok_or_else(|| out_of_bounds(ptr, n, memory.len()))
}

/// Returns the `n` bytes at `ptr`, to write to.
///
/// # Errors
///
/// When they are not all within the memory.
pub fn bytes_mut<'a, H: Host>(cx: &'a mut Context<'_, H>, ptr: u64, n: u64) -> Result<&'a mut [u8], Trap> {
    let memory_bytes = cx.host.memory().len();
    let range = usize_range(ptr, n).and_then(|range| cx.host.memory_mut().get_mut(range));
    range.ok_or_else(|| out_of_bounds(ptr, n, memory_bytes))
}

/// Returns the unsigned integer of `n_bytes` (1, 2, 4 or 8) at `ptr` (the spec's `load_int`).
///
/// # Errors
///
/// When it is not within the memory.
pub fn load_int<H: Host>(cx: &Context<'_, H>, ptr: u64, n_bytes: u32) -> Result<u64, Trap> {
    let mut int = [0; 8];
    int[..n_bytes as usize].copy_from_slice(bytes(cx, ptr, u64::from(n_bytes))?);
    Ok(u64::from_le_bytes(int))
}

/// Writes the low `n_bytes` (1, 2, 4 or 8) of an integer at `ptr` (the spec's `store_int`).
///
/// # Errors
///
/// When there is no room within the memory.
pub fn store_int<H: Host>(cx: &mut Context<'_, H>, int: u64, ptr: u64, n_bytes: u32) -> Result<(), Trap> {
    bytes_mut(cx, ptr, u64::from(n_bytes))?.copy_from_slice(&int.to_le_bytes()[..n_bytes as usize]);
    Ok(())
}

/// Returns the pointer and the length at `ptr`, as a string or list is stored.
///
/// # Errors
///
/// When they are not within the memory.
pub fn load_pointer_and_length<H: Host>(cx: &mut Context<'_, H>, ptr: u64) -> Result<(u64, u64), Trap> {
    let size_bytes = cx.opts.ptr.size();
    let second = ptr + u64::from(size_bytes);
    cx.host.begin(Begin::LoadInt { ptr, size_bytes });
    let begin = load_int(cx, ptr, size_bytes)?;
    cx.host.end(End::Pointer(begin));
    cx.host.begin(Begin::LoadInt { ptr: second, size_bytes });
    let length = load_int(cx, second, size_bytes)?;
    cx.host.end(End::Length(length));
    Ok((begin, length))
}

/// Writes the pointer and the length of a string or list at `ptr`.
///
/// # Errors
///
/// When there is no room within the memory.
pub fn store_pointer_and_length<H: Host>(
    cx: &mut Context<'_, H>,
    (begin, length): (u64, u64),
    ptr: u64,
) -> Result<(), Trap> {
    let size_bytes = cx.opts.ptr.size();
    let second = ptr + u64::from(size_bytes);
    cx.host.begin(Begin::StoreInt { ptr, size_bytes });
    store_int(cx, begin, ptr, size_bytes)?;
    cx.host.end(End::Pointer(begin));
    cx.host.begin(Begin::StoreInt { ptr: second, size_bytes });
    store_int(cx, length, second, size_bytes)?;
    cx.host.end(End::Length(length));
    Ok(())
}

/// Checks that a pointer is aligned and that what it points to ends within the memory.
///
/// # Errors
///
/// When it is not aligned, or what it points to ends beyond the memory.
pub fn check_pointer<H: Host>(
    cx: &Context<'_, H>,
    ptr: u64,
    size_bytes: u64,
    alignment: u32,
) -> Result<(), Trap> {
    check_aligned(ptr, alignment)?;
    let memory_bytes = memory_bytes(cx);
    let is_out = ends_beyond(ptr, size_bytes, memory_bytes);
    trap_if(is_out, Trap::PointerOutOfBounds { ptr, size_bytes, memory_bytes })
}

/// Checks that a pointer is a multiple of the alignment.
pub(crate) fn check_aligned(ptr: u64, alignment: u32) -> Result<(), Trap> {
    trap_if(ptr % u64::from(alignment) != 0, Trap::UnalignedPointer { ptr, alignment })
}

/// Returns whether `size_bytes` from `ptr` reach beyond the memory.
pub(crate) fn ends_beyond(ptr: u64, size_bytes: u64, memory_bytes: u64) -> bool {
    ptr.checked_add(size_bytes).is_none_or(|end| end > memory_bytes)
}

/// Tells the host of the elements of a list from `i` on, before every so many that are handled one
/// by one.
///
/// # Errors
///
/// When the host refuses.
#[inline]
pub fn consume_elements<H: Host>(
    cx: &mut Context<'_, H>,
    i: u64,
    length: u64,
    element_size: u64,
) -> Result<(), H::Error> {
    /// How many are handled before the host is told again.
    const CHUNK: u64 = 1024;
    if i % CHUNK == 0 { cx.host.consume_bytes((length - i).min(CHUNK) * element_size) } else { Ok(()) }
}

/// Calls `realloc` for a new block and checks what it returns (the spec's `allocate` and the checks
/// after it).
///
/// # Errors
///
/// When `realloc` fails, or returns a block that is not aligned or not within the memory.
pub fn allocate<H: Host>(
    cx: &mut Context<'_, H>,
    alignment: u32,
    byte_length: u64,
    of: Allocation,
) -> Result<u64, H::Error> {
    reallocate(cx, (0, 0), alignment, byte_length, of)
}

/// Calls `realloc` for the elements of a list that are `element_size` bytes each, unless there are
/// too many.
///
/// # Errors
///
/// When there are too many, `realloc` fails, or returns a block that is not aligned or not within
/// the memory.
pub fn allocate_elements<H: Host>(
    cx: &mut Context<'_, H>,
    length: u64,
    element_size: u64,
    alignment: u32,
) -> Result<u64, H::Error> {
    let size_bytes = length.saturating_mul(element_size);
    trap_if(size_bytes > MAX_LIST_BYTE_LENGTH, Trap::ListTooLong { size_bytes })?;
    allocate(cx, alignment, size_bytes, Allocation::List)
}

/// Checks the range that a list's elements are in, in the order of the spec's
/// `load_list_from_range`.
///
/// # Errors
///
/// When the list is too long, not aligned, or ends beyond the memory.
pub fn check_elements<H: Host>(
    cx: &Context<'_, H>,
    ptr: u64,
    length: u64,
    element_size: u64,
    alignment: u32,
) -> Result<(), Trap> {
    let size_bytes = length.saturating_mul(element_size);
    trap_if(size_bytes > MAX_LIST_BYTE_LENGTH, Trap::ListTooLong { size_bytes })?;
    check_aligned(ptr, alignment)?;
    let memory_bytes = memory_bytes(cx);
    let is_out = ends_beyond(ptr, size_bytes, memory_bytes);
    trap_if(is_out, Trap::ListOutOfBounds { ptr, size_bytes, memory_bytes })
}

/// Calls `realloc` for the block `old` (pointer and size) and checks what it returns: first the
/// alignment, then the bounds, even of a block of no bytes (the spec's `reallocate` and the checks
/// after it).
pub(crate) fn reallocate<H: Host>(
    cx: &mut Context<'_, H>,
    old: (u64, u64),
    alignment: u32,
    byte_length: u64,
    of: Allocation,
) -> Result<u64, H::Error> {
    cx.host.consume_bytes(byte_length)?;
    let ptr = cx.host.realloc(old.0, old.1, u64::from(alignment), byte_length)?;
    trap_if(ptr % u64::from(alignment) != 0, Trap::ReallocUnaligned { ptr, alignment })?;
    let is_out = ends_beyond(ptr, byte_length, memory_bytes(cx));
    trap_if(is_out, Trap::ReallocOutOfBounds { ptr, size_bytes: byte_length, of })?;
    Ok(ptr)
}

fn usize_range(ptr: u64, n: u64) -> Option<core::ops::Range<usize>> {
    let start = usize::try_from(ptr).ok()?;
    Some(start..start.checked_add(usize::try_from(n).ok()?)?)
}

#[cold]
fn out_of_bounds(ptr: u64, size_bytes: u64, memory_bytes: usize) -> Trap {
    Trap::PointerOutOfBounds { ptr, size_bytes, memory_bytes: memory_bytes as u64 }
}
