//! Reserved address ranges: no access until a prefix is made readable and writable.

use std::io;
use std::ptr::{self, NonNull};

/// An address range of its own, page-aligned.
///
/// Invariant: `[base, base + len)` is one mapping made by `reserve` and unmapped only by drop.
#[derive(Debug)]
pub(super) struct Reservation {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: the range belongs to this value alone; nothing about it is tied to a thread.
unsafe impl Send for Reservation {}
// SAFETY: `&self` methods only read the two fields.
unsafe impl Sync for Reservation {}

impl Reservation {
    /// Reserves `len` bytes (more than zero, a multiple of the page size) without access.
    pub(super) fn reserve(len: usize) -> io::Result<Self> {
        // SAFETY: a fresh anonymous mapping at an address of the kernel's choice touches nothing that exists.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                len,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast()).ok_or_else(|| io::Error::other("mmap returned null"))?;
        Ok(Self { base, len })
    }

    /// Makes `[from, to)` readable and writable; both are byte offsets and multiples of the page size.
    pub(super) fn make_accessible(&mut self, from: usize, to: usize) -> io::Result<()> {
        assert!(from <= to && to <= self.len, "accessible range lies in the reservation");
        if from == to {
            return Ok(());
        }
        // SAFETY: the range lies within our own mapping (asserted), so no one else's pages change.
        let status = unsafe {
            libc::mprotect(self.base.as_ptr().add(from).cast(), to - from, libc::PROT_READ | libc::PROT_WRITE)
        };
        if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    pub(super) fn base(&self) -> NonNull<u8> {
        self.base
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and ends with us; by the liveness invariant nothing points into it any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}
