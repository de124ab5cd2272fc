//! Linear memories. Follows the core specification, "Memory Instances".
//!
//! A memory is a reservation of all it may ever need, of which a prefix is accessible: growth never
//! moves it. A 32-bit memory reserves 4 GiB and a guard, so that an access whose constant offset is
//! below the guard's size needs no check: it hits the memory or faults.

use std::ptr::NonNull;

use super::mmap::Reservation;
use crate::error::{Error, Result};
use crate::types::MemoryType;

/// What is made accessible at once: a multiple of every host's page size.
const STEP: u64 = 65536;
/// Bytes of inaccessible address space after the 4 GiB of a 32-bit memory.
pub(crate) const GUARD_SIZE: u64 = 32 << 20;

/// What compiled code knows of a memory.
#[repr(C)]
#[derive(Debug)]
struct MemoryDef {
    base: *mut u8,
    /// Accessible bytes.
    len: usize,
}

/// Field offsets that compiled code uses.
pub(crate) mod offsets {
    pub(crate) const MEMORY_DEF_LEN: i32 = 8;
    pub(crate) use super::GUARD_SIZE;
    const _: () = assert!(std::mem::offset_of!(super::MemoryDef, len) == 8);
}

/// A linear memory.
///
/// Invariant: `def.base` is the reservation's, and `def.len` bytes of it are accessible: a multiple of the
/// memory's page size.
#[derive(Debug)]
pub(crate) struct LinearMemory {
    def: NonNull<MemoryDef>,
    reservation: Reservation,
    ty: MemoryType,
    limit_bytes: u64,
}

// SAFETY: the definition is owned by this value alone (one-thread invariant covers compiled code).
unsafe impl Send for LinearMemory {}
// SAFETY: `&self` methods only read; writes need `&mut`.
unsafe impl Sync for LinearMemory {}

impl LinearMemory {
    /// Creates a zeroed memory that never exceeds `limit_bytes`, whatever its type says.
    pub(crate) fn new(ty: MemoryType, limit_bytes: u64) -> Result<Self> {
        let page_size = 1 << ty.page_size_log2;
        let bytes = |pages: u64| pages.saturating_mul(page_size);
        let limit_bytes = limit_bytes.min(ty.maximum.map_or(u64::MAX, bytes)) / page_size * page_size;
        let minimum = bytes(ty.minimum);
        if minimum > limit_bytes {
            return Err(Error::limit(format!(
                "memory of {} pages exceeds the limit of {} pages",
                ty.minimum,
                limit_bytes / page_size
            )));
        }
        let reserved =
            if ty.memory64 { limit_bytes.next_multiple_of(STEP) + STEP } else { (4 << 30) + GUARD_SIZE };
        let refuse = |e| Error::limit(format!("cannot reserve {reserved} bytes for a memory: {e}"));
        let reserved_size = usize::try_from(reserved).map_err(|e| Error::limit(e.to_string()))?;
        let mut reservation = Reservation::reserve(reserved_size).map_err(refuse)?;
        let len = usize::try_from(minimum).map_err(|e| Error::limit(e.to_string()))?;
        reservation.make_accessible(0, stepped(minimum)?).map_err(refuse)?;
        let def = Box::new(MemoryDef { base: reservation.base().as_ptr(), len });
        Ok(Self { def: NonNull::from(Box::leak(def)), reservation, ty, limit_bytes })
    }

    fn len(&self) -> usize {
        // SAFETY: `def` is a live box of ours.
        unsafe { (*self.def.as_ptr()).len }
    }

    /// Returns the size in pages.
    pub(crate) fn size(&self) -> u64 {
        self.len() as u64 >> self.ty.page_size_log2
    }

    /// Returns the type with the present size as its minimum, as import matching needs it.
    pub(crate) fn ty(&self) -> MemoryType {
        MemoryType { minimum: self.size(), ..self.ty }
    }

    /// Returns the contents.
    pub(crate) fn data(&self) -> &[u8] {
        // SAFETY: the first `len` bytes are accessible (type invariant) and zero-initialised by the kernel;
        // while `&self` lives nothing writes (one-thread invariant).
        unsafe { std::slice::from_raw_parts(self.reservation.base().as_ptr(), self.len()) }
    }

    /// Returns the contents, writable.
    pub(crate) fn data_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `data`; `&mut self` makes the access the only one.
        unsafe { std::slice::from_raw_parts_mut(self.reservation.base().as_ptr(), self.len()) }
    }

    /// Grows by `delta` pages and returns the former size in pages, or `None` if a limit or the system refuses.
    pub(crate) fn grow(&mut self, delta: u64) -> Option<u64> {
        let old = self.size();
        let new_bytes = old.checked_add(delta)?.checked_mul(1 << self.ty.page_size_log2)?;
        if new_bytes > self.limit_bytes {
            return None;
        }
        let new_len = usize::try_from(new_bytes).ok()?;
        self.reservation.make_accessible(stepped(self.len() as u64).ok()?, stepped(new_bytes).ok()?).ok()?;
        // SAFETY: `def` is a live box of ours; compiled code does not run while `&mut self` is held.
        unsafe { (*self.def.as_ptr()).len = new_len };
        Some(old)
    }

    /// Returns the address of the first byte; it never changes.
    pub(crate) fn base_address(&self) -> usize {
        self.reservation.base().as_ptr() as usize
    }

    /// Returns the bytes of address space reserved, guard included.
    pub(crate) fn reserved_bytes(&self) -> usize {
        self.reservation.len()
    }

    /// Returns the address of the definition that compiled code reads.
    pub(crate) fn def_address(&self) -> usize {
        self.def.as_ptr() as usize
    }
}

/// Returns `bytes` rounded up to what is made accessible at once.
fn stepped(bytes: u64) -> Result<usize> {
    usize::try_from(bytes.next_multiple_of(STEP)).map_err(|e| Error::limit(e.to_string()))
}

impl Drop for LinearMemory {
    fn drop(&mut self) {
        // SAFETY: made by `Box::leak` in `new`, freed once; nothing runs any more (liveness invariant).
        drop(unsafe { Box::from_raw(self.def.as_ptr()) });
    }
}
