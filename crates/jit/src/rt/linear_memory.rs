//! Linear memories. Follows the core specification, "Memory Instances".
//!
//! A memory is a reservation of all it may ever need, of which a prefix is accessible: growth never
//! moves it. A 32-bit memory reserves 4 GiB and a guard, so that an access whose constant offset is
//! below the guard's size needs no check: it hits the memory or faults.

use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Error, Result};
use crate::module::types::MemoryType;

use super::memory_def::{Bounds, MemoryDef, RELAXED, grown};
use super::mmap::Reservation;
use super::pool::{MemoryImage, MemoryPool, MemorySlot, SLOT_BYTES};
use super::shared_region::SharedRegion;

/// A linear memory.
#[derive(Debug)]
pub(crate) enum LinearMemory {
    /// It belongs to one store.
    Owned(OwnedMemory),
    /// Other stores may use it at the same time.
    Shared(Arc<SharedRegion>),
}

/// A memory of one store.
///
/// Invariant: `def` is a leaked box, freed by drop; `def.base` is the slot's, and `def.len` bytes
/// of it are accessible: a multiple of the memory's page size. `slot` is there until drop.
#[derive(Debug)]
pub(crate) struct OwnedMemory {
    def: NonNull<MemoryDef>,
    slot: Option<MemorySlot>,
    /// Where the slot goes on drop, if it has the size of pooled ones.
    pool: Option<Arc<MemoryPool>>,
    ty: MemoryType,
    limit_bytes: u64,
}

// SAFETY: the definition is owned by this value alone (one-thread invariant covers compiled code).
unsafe impl Send for OwnedMemory {}
// SAFETY: `&self` methods only read; writes need `&mut`.
unsafe impl Sync for OwnedMemory {}

impl LinearMemory {
    /// Creates a memory that never exceeds `limit_bytes`, whatever its type says. It is zeroed, or
    /// shows `image` already if the pool had a slot that does.
    pub(crate) fn new(
        ty: MemoryType,
        limit_bytes: u64,
        pool: &Arc<MemoryPool>,
        image: Option<&Arc<MemoryImage>>,
    ) -> Result<Self> {
        let bounds = Bounds::new(ty, limit_bytes)?;
        if ty.shared {
            return Ok(Self::Shared(Arc::new(SharedRegion::new(ty, bounds)?)));
        }
        let pool = (bounds.reserved == SLOT_BYTES).then(|| Arc::clone(pool));
        let mut slot = match &pool {
            Some(pool) => pool.take(image)?,
            None => {
                MemorySlot::new(usize::try_from(bounds.reserved).map_err(|e| Error::limit(e.to_string()))?)?
            }
        };
        let refuse = |e| Error::limit(format!("cannot make a memory of {} bytes: {e}", bounds.minimum));
        slot.resize(bounds.minimum).map_err(refuse)?;
        let def =
            MemoryDef { base: slot.reservation().base().as_ptr(), len: AtomicUsize::new(bounds.minimum) };
        let def = NonNull::from(Box::leak(Box::new(def)));
        Ok(Self::Owned(OwnedMemory { def, slot: Some(slot), pool, ty, limit_bytes: bounds.limit }))
    }

    /// Returns the bytes that a memory of this type starts with, given that none has more than
    /// `limit_bytes`.
    ///
    /// # Errors
    ///
    /// Fails if it starts with more.
    pub(crate) fn minimum_bytes(ty: MemoryType, limit_bytes: u64) -> Result<u64> {
        Ok(Bounds::new(ty, limit_bytes)?.minimum as u64)
    }

    fn def(&self) -> &MemoryDef {
        match self {
            // SAFETY: a live box of ours (type invariant), of which only the atomic field ever
            // changes.
            Self::Owned(memory) => unsafe { memory.def.as_ref() },
            Self::Shared(region) => region.def(),
        }
    }

    fn reservation(&self) -> &Reservation {
        match self {
            Self::Owned(memory) => memory.slot().reservation(),
            Self::Shared(region) => region.reservation(),
        }
    }

    fn declared(&self) -> MemoryType {
        match self {
            Self::Owned(memory) => memory.ty,
            Self::Shared(region) => region.ty(),
        }
    }

    /// Returns the base-two logarithm of the bytes of a page.
    pub(super) fn page_size_log2(&self) -> u32 {
        self.declared().page_size_log2
    }

    /// Returns the size in bytes.
    pub(crate) fn len(&self) -> usize {
        self.def().len.load(Ordering::Acquire)
    }

    /// Returns the size in pages.
    pub(crate) fn size(&self) -> u64 {
        self.len() as u64 >> self.declared().page_size_log2
    }

    /// Returns the type with the present size as its minimum, as import matching needs it.
    pub(crate) fn ty(&self) -> MemoryType {
        MemoryType { minimum: self.size(), ..self.declared() }
    }

    /// Returns the shared region, if it is one.
    pub(crate) fn shared(&self) -> Option<&Arc<SharedRegion>> {
        match self {
            Self::Owned(_) => None,
            Self::Shared(region) => Some(region),
        }
    }

    /// Returns the contents; empty for a shared memory, whose bytes may change at any time.
    pub(crate) fn data(&self) -> &[u8] {
        match self {
            // SAFETY: the first `len` bytes are accessible (type invariant) and initialised by the
            // kernel; while `&self` lives nothing writes (one-thread invariant).
            Self::Owned(memory) => unsafe {
                std::slice::from_raw_parts(memory.slot().reservation().base().as_ptr(), self.len())
            },
            Self::Shared(_) => &[],
        }
    }

    /// Returns the contents, writable; empty for a shared memory.
    pub(crate) fn data_mut(&mut self) -> &mut [u8] {
        let len = self.len();
        match self {
            // SAFETY: as in `data`; `&mut self` makes the access the only one.
            Self::Owned(memory) => unsafe {
                std::slice::from_raw_parts_mut(memory.slot().reservation().base().as_ptr(), len)
            },
            Self::Shared(_) => &mut [],
        }
    }

    /// Sets the bytes of a range that lies in the memory.
    pub(crate) fn fill(&mut self, range: Range<usize>, byte: u8) {
        match self {
            Self::Owned(_) => self.data_mut()[range].fill(byte),
            Self::Shared(region) => region.cells()[range].iter().for_each(|cell| cell.store(byte, RELAXED)),
        }
    }

    /// Writes bytes from `at` on, where the memory has room for them.
    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        match self {
            Self::Owned(_) => self.data_mut()[at..at + bytes.len()].copy_from_slice(bytes),
            Self::Shared(region) => {
                let cells = &region.cells()[at..at + bytes.len()];
                cells.iter().zip(bytes).for_each(|(cell, &byte)| cell.store(byte, RELAXED));
            }
        }
    }

    /// Copies bytes from a range that lies in this memory to `into` from `to` on, where it has
    /// room. At least one of both is shared.
    pub(crate) fn copy_shared(&self, from: Range<usize>, into: &mut Self, to: usize) {
        let to = to..to + from.len();
        match (self, into) {
            (Self::Shared(source), Self::Shared(target)) if Arc::ptr_eq(source, target) => {
                source.copy_within(from, to.start);
            }
            (Self::Shared(source), Self::Shared(target)) => {
                for (from, to) in source.cells()[from].iter().zip(&target.cells()[to]) {
                    to.store(from.load(RELAXED), RELAXED);
                }
            }
            (Self::Shared(source), target @ Self::Owned(_)) => {
                for (from, to) in source.cells()[from].iter().zip(&mut target.data_mut()[to]) {
                    *to = from.load(RELAXED);
                }
            }
            (source @ Self::Owned(_), target) => target.write(to.start, &source.data()[from]),
        }
    }

    /// Grows by `delta` pages and returns the former size in pages, or `None` if a limit or the
    /// system refuses.
    pub(super) fn grow(&mut self, delta: u64) -> Option<u64> {
        match self {
            Self::Owned(memory) => memory.grow(delta),
            Self::Shared(region) => region.grow(delta),
        }
    }

    /// Shows an image in the place of its bytes. Nothing has been written to the memory yet.
    pub(crate) fn show(&mut self, image: &Arc<MemoryImage>) -> Result<()> {
        match self {
            Self::Owned(memory) => memory.slot_mut().show(image).map_err(refused),
            Self::Shared(_) => panic!("shared memories have no images"),
        }
    }

    /// Puts zeros in the place of the image that the pool's slot may have shown from the start.
    pub(crate) fn hide_image(&mut self) -> Result<()> {
        match self {
            Self::Owned(memory) => memory.slot_mut().hide_image().map_err(refused),
            Self::Shared(_) => Ok(()),
        }
    }

    /// Returns the address of the first byte; it never changes.
    pub(crate) fn base_address(&self) -> usize {
        self.reservation().base().as_ptr() as usize
    }

    /// Returns the bytes of address space reserved, guard included.
    pub(crate) fn reserved_bytes(&self) -> usize {
        self.reservation().len()
    }

    /// Returns the address of the definition that compiled code reads.
    pub(crate) fn def_address(&self) -> usize {
        (&raw const *self.def()) as usize
    }
}

#[cold]
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn refused(error: std::io::Error) -> Error {
    Error::limit(format!("cannot map a memory's initial contents: {error}"))
}

impl OwnedMemory {
    fn slot(&self) -> &MemorySlot {
        self.slot.as_ref().expect("only drop takes the slot")
    }

    fn slot_mut(&mut self) -> &mut MemorySlot {
        self.slot.as_mut().expect("only drop takes the slot")
    }

    fn grow(&mut self, delta: u64) -> Option<u64> {
        // SAFETY: a live box of ours (type invariant).
        let len = unsafe { &self.def.as_ref().len };
        let (old, new_bytes) = grown(self.ty, len.load(RELAXED), delta, self.limit_bytes)?;
        self.slot_mut().resize(new_bytes).ok()?;
        len.store(new_bytes, RELAXED);
        Some(old)
    }
}

impl Drop for OwnedMemory {
    fn drop(&mut self) {
        // SAFETY: made by `Box::leak` in `new`, freed once; nothing runs any more (liveness
        // invariant).
        drop(unsafe { Box::from_raw(self.def.as_ptr()) });
        if let (Some(pool), Some(slot)) = (&self.pool, self.slot.take()) {
            pool.give(slot);
        }
    }
}
