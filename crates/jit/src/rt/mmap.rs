//! Reserved address ranges, of which parts are made accessible, and files in memory that ranges
//! show copy-on-write.

use std::io::{self, Read as _};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::ptr::{self, NonNull};

/// Ranges of a reservation start and end at multiples of this, which is a multiple of every host's
/// page size.
pub(super) const PAGE: usize = 65536;

/// An address range of its own, page-aligned.
///
/// Invariant: `[base, base + len)` is mapped by `reserve` and unmapped only by drop; in between,
/// other mappings take the place of parts of it.
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
        // SAFETY: a fresh anonymous mapping at an address of the kernel's choice touches nothing
        // that exists.
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

    /// Makes `[from, to)` readable and writable; both are byte offsets and multiples of the page
    /// size.
    pub(super) fn make_accessible(&mut self, from: usize, to: usize) -> io::Result<()> {
        self.protect(from, to, libc::PROT_READ | libc::PROT_WRITE)
    }

    /// Makes what of `[from, to)` lies beyond the page of `from` readable and writable, which it
    /// was not; both are byte offsets.
    pub(super) fn extend_accessible(&self, from: usize, to: usize) -> io::Result<()> {
        let (from, to) = (from.next_multiple_of(PAGE), to.next_multiple_of(PAGE));
        self.protect_range(from, to.max(from), libc::PROT_READ | libc::PROT_WRITE)
    }

    /// Makes an accessible reservation longer. The new part is accessible and zero. The reservation
    /// may move.
    pub(super) fn extend(&mut self, len: usize) -> io::Result<()> {
        assert!(len >= self.len, "a reservation is made longer");
        // SAFETY: the range is our own single mapping; `&mut self` excludes references to what may
        // move.
        let base = unsafe { libc::mremap(self.base.as_ptr().cast(), self.len, len, libc::MREMAP_MAYMOVE) };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        self.base = NonNull::new(base.cast()).ok_or_else(|| io::Error::other("mremap returned null"))?;
        self.len = len;
        Ok(())
    }

    /// Makes `[from, to)` inaccessible; both are byte offsets and multiples of the page size.
    pub(super) fn make_inaccessible(&mut self, from: usize, to: usize) -> io::Result<()> {
        self.protect(from, to, libc::PROT_NONE)
    }

    fn protect(&mut self, from: usize, to: usize, protection: libc::c_int) -> io::Result<()> {
        self.protect_range(from, to, protection)
    }

    fn protect_range(&self, from: usize, to: usize, protection: libc::c_int) -> io::Result<()> {
        assert!(from <= to && to <= self.len, "the range lies in the reservation");
        if from == to {
            return Ok(());
        }
        // SAFETY: the range lies within our own mapping (asserted), so no one else's pages change.
        // Access is taken away through `&mut self` only, so that no reference to the pages is
        // alive.
        check(unsafe { libc::mprotect(self.base.as_ptr().add(from).cast(), to - from, protection) })
    }

    /// Gives the pages of `[0, to)` their first contents back: zeros, or those of the file that is
    /// mapped there.
    pub(super) fn reset(&mut self, to: usize) -> io::Result<()> {
        assert!(to <= self.len, "the range lies in the reservation");
        if to == 0 {
            return Ok(());
        }
        // SAFETY: the range lies within our own private mappings (asserted); `&mut self` excludes
        // other accesses.
        check(unsafe { libc::madvise(self.base.as_ptr().cast(), to, libc::MADV_DONTNEED) })
    }

    /// Shows a file at `[from, from + len)`, readable and writable, without ever writing to it.
    pub(super) fn map_file(&mut self, from: usize, len: usize, file: &OwnedFd) -> io::Result<()> {
        self.replace(from, len, libc::MAP_PRIVATE, file.as_raw_fd())
    }

    /// Puts fresh zeroed pages, readable and writable, at `[from, from + len)`.
    pub(super) fn map_zeros(&mut self, from: usize, len: usize) -> io::Result<()> {
        self.replace(from, len, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE, -1)
    }

    fn replace(&mut self, from: usize, len: usize, flags: libc::c_int, fd: libc::c_int) -> io::Result<()> {
        assert!(
            from.checked_add(len).is_some_and(|end| end <= self.len),
            "the range lies in the reservation"
        );
        // SAFETY: the range lies within our own mapping (asserted), whose pages are replaced; `&mut
        // self` excludes other accesses.
        let mapped = unsafe {
            libc::mmap(
                self.base.as_ptr().add(from).cast(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                flags | libc::MAP_FIXED,
                fd,
                0,
            )
        };
        if mapped == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
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
        // SAFETY: the mapping is ours and ends with us; by the liveness invariant nothing points
        // into it any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}

/// Returns a file of `len` bytes that only memory holds: zeros, which take no memory, but for the
/// parts.
pub(super) fn memory_file(len: usize, parts: &[(usize, &[u8])]) -> io::Result<OwnedFd> {
    // SAFETY: the name is a string that ends with zero; a descriptor that comes back is ours alone.
    let file = unsafe {
        let fd = libc::memfd_create(c"lowlift memory image".as_ptr(), libc::MFD_CLOEXEC);
        check(fd.min(0))?;
        OwnedFd::from_raw_fd(fd)
    };
    let file = std::fs::File::from(file);
    file.set_len(len as u64)?;
    for &(at, bytes) in parts {
        file.write_all_at(bytes, at as u64)?;
    }
    Ok(file.into())
}

fn check(status: libc::c_int) -> io::Result<()> {
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The contents of a file, read once, so that nothing that happens to the file later matters;
/// read-only but for what is made executable.
///
/// Invariant: `[base, base + len)` is one private anonymous mapping, unmapped only by drop and not
/// written to after `read`.
#[derive(Debug)]
pub(crate) struct FileCopy {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping is not written to; nothing about it is tied to a thread.
unsafe impl Send for FileCopy {}
// SAFETY: as for `Send`.
unsafe impl Sync for FileCopy {}

impl FileCopy {
    /// Reads a file, which is not empty.
    pub(crate) fn read(mut file: &std::fs::File) -> io::Result<Self> {
        let len = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        // SAFETY: a fresh mapping at an address of the kernel's choice touches nothing that exists.
        let base = unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            libc::mmap(ptr::null_mut(), len, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0)
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast()).ok_or_else(|| io::Error::other("mmap returned null"))?;
        let copy = Self { base, len };
        // SAFETY: just mapped, zeroed and writable; nobody else knows of it yet.
        let bytes = unsafe { std::slice::from_raw_parts_mut(base.as_ptr(), len) };
        // A file that has become shorter in the meantime is an error.
        file.read_exact(bytes)?;
        // SAFETY: our own mapping, to which no reference is alive.
        check(unsafe { libc::mprotect(base.as_ptr().cast(), len, libc::PROT_READ) })?;
        Ok(copy)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: mapped and readable as long as `self` lives (type invariant).
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.len) }
    }

    /// Makes a range that starts at a page executable.
    pub(super) fn make_executable(&self, range: std::ops::Range<usize>) -> io::Result<()> {
        assert!(range.start <= range.end && range.end <= self.len, "the range lies in the copy");
        assert!(range.start.is_multiple_of(PAGE), "the range starts at a page");
        if range.is_empty() {
            return Ok(());
        }
        // SAFETY: the range lies within our own mapping (asserted), and stays readable.
        check(unsafe {
            libc::mprotect(
                self.base.as_ptr().add(range.start).cast(),
                range.len(),
                libc::PROT_READ | libc::PROT_EXEC,
            )
        })
    }
}

impl Drop for FileCopy {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and ends with us; code in it is held by an `Arc` of every
        // store it may run in.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}
