//! What linear memories have in common, whether one store owns them or several share them: the
//! definition that compiled code reads, the bounds, and the rule of growth.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Error, Result};
use crate::module::types::MemoryType;
use crate::vm::offsets;

use super::mmap::PAGE;
use super::pool::SLOT_BYTES;

/// What compiled code knows of a memory.
#[repr(C)]
#[derive(Debug)]
pub(super) struct MemoryDef {
    pub(super) base: *mut u8,
    /// Accessible bytes. Atomic, as a shared memory may grow while others look.
    pub(super) len: AtomicUsize,
}

const _: () = assert!(std::mem::offset_of!(MemoryDef, len) == offsets::MEMORY_DEF_LEN as usize);

/// How large a memory starts and may become, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) minimum: usize,
    pub(super) limit: u64,
    /// Address space to reserve.
    pub(super) reserved: u64,
}

impl Bounds {
    /// Returns the bounds of a memory that never exceeds `limit_bytes`, whatever its type says.
    pub(super) fn new(ty: MemoryType, limit_bytes: u64) -> Result<Self> {
        let page_size = 1 << ty.page_size_log2;
        let bytes = |pages: u64| pages.saturating_mul(page_size);
        // A size in pages is an `i32`, of a memory of 4 GiB at most.
        let addressable = if ty.memory64 { u64::MAX } else { bytes(u64::from(u32::MAX)).min(4 << 30) };
        let limit = limit_bytes.min(ty.maximum.map_or(u64::MAX, bytes)).min(addressable);
        let limit = limit / page_size * page_size;
        let minimum = bytes(ty.minimum);
        if minimum > limit {
            return Err(Error::limit(format!(
                "memory of {} pages exceeds the limit of {} pages",
                ty.minimum,
                limit / page_size
            )));
        }
        let page = PAGE as u64;
        let reserved = if ty.memory64 {
            let whole = limit.checked_next_multiple_of(page).and_then(|bytes| bytes.checked_add(page));
            whole.ok_or_else(|| Error::limit(format!("cannot reserve {limit} bytes for a memory")))?
        } else {
            SLOT_BYTES
        };
        let minimum = usize::try_from(minimum).map_err(|e| Error::limit(e.to_string()))?;
        Ok(Self { minimum, limit, reserved })
    }
}

/// Returns the former size in pages and the new one in bytes, or `None` if that exceeds the limit.
pub(super) fn grown(ty: MemoryType, len: usize, delta: u64, limit_bytes: u64) -> Option<(u64, usize)> {
    let old = len as u64 >> ty.page_size_log2;
    let new_bytes = old.checked_add(delta)?.checked_mul(1 << ty.page_size_log2)?;
    if new_bytes > limit_bytes {
        return None;
    }
    Some((old, usize::try_from(new_bytes).ok()?))
}

/// The memory order of accesses to single bytes of a shared memory.
pub(super) const RELAXED: Ordering = Ordering::Relaxed;
