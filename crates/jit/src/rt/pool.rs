//! Slots: reservations for 32-bit memories that are reused, and the images that they show.
//!
//! A slot is reset with one system call when it is given back. That restores zeros and, where an
//! image is mapped, the image, so that the next memory with the same image finds its contents in
//! place.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::module::image::ImageContents;
use crate::vm::offsets::GUARD_SIZE;

use super::mmap::{PAGE, Reservation, memory_file};

/// Initial contents of a memory, as a file that only memory holds.
#[derive(Debug)]
pub(crate) struct MemoryImage {
    file: OwnedFd,
    start: usize,
    len: usize,
}

impl MemoryImage {
    /// Returns the image of these contents; `None` if the system refuses the file, which costs
    /// speed only. What lies between the parts takes no memory.
    pub(crate) fn new(contents: &ImageContents<'_>) -> Option<Arc<Self>> {
        let &ImageContents { start, len, ref parts } = contents;
        assert!(start.is_multiple_of(PAGE), "an image starts at a page");
        let len = len.next_multiple_of(PAGE);
        let file = memory_file(len, parts).ok()?;
        Some(Arc::new(Self { file, start, len }))
    }

    fn end(&self) -> usize {
        self.start + self.len
    }
}

/// Address space for a memory.
///
/// Invariant: of the reservation exactly `[0, accessible)` can be read and written, and `image` is
/// mapped in it.
#[derive(Debug)]
pub(super) struct MemorySlot {
    reservation: Reservation,
    accessible: usize,
    image: Option<Arc<MemoryImage>>,
}

impl MemorySlot {
    /// Reserves `len` bytes.
    pub(super) fn new(len: usize) -> Result<Self> {
        let refuse = |e| Error::limit(format!("cannot reserve {len} bytes for a memory: {e}"));
        let reservation = Reservation::reserve(len).map_err(refuse)?;
        Ok(Self { reservation, accessible: 0, image: None })
    }

    /// Returns the reservation of a slot that has shown no image.
    pub(super) fn into_reservation(self) -> Reservation {
        assert!(self.image.is_none(), "a fresh slot shows no image");
        self.reservation
    }

    pub(super) fn reservation(&self) -> &Reservation {
        &self.reservation
    }

    /// Makes exactly the first `to` bytes, rounded up to a page, accessible.
    pub(super) fn resize(&mut self, to: usize) -> std::io::Result<()> {
        let to = to.next_multiple_of(PAGE);
        if to >= self.accessible {
            self.reservation.make_accessible(self.accessible, to)?;
        } else {
            self.reservation.make_inaccessible(to, self.accessible)?;
        }
        self.accessible = to;
        Ok(())
    }

    /// Shows an image; what was at its place is lost.
    pub(super) fn show(&mut self, image: &Arc<MemoryImage>) -> std::io::Result<()> {
        if self.image.as_ref().is_some_and(|mapped| Arc::ptr_eq(mapped, image)) {
            return Ok(());
        }
        self.hide_image()?;
        assert!(image.end() <= self.accessible, "an image lies in the memory's minimum");
        self.reservation.map_file(image.start, image.len, &image.file)?;
        self.image = Some(Arc::clone(image));
        Ok(())
    }

    /// Puts zeros in the place of the image, if there is one.
    pub(super) fn hide_image(&mut self) -> std::io::Result<()> {
        if let Some(image) = &self.image {
            self.reservation.map_zeros(image.start, image.len)?;
            self.image = None;
        }
        Ok(())
    }
}

/// Bytes of address space of a slot for 32-bit memories.
pub(super) const SLOT_BYTES: u64 = (4 << 30) + GUARD_SIZE;

/// Slots of an engine that no memory uses. All have [`SLOT_BYTES`], and are reset.
#[derive(Debug)]
pub(crate) struct MemoryPool {
    idle: Mutex<Vec<MemorySlot>>,
    max_idle: usize,
}

impl MemoryPool {
    /// Returns a pool that keeps up to `max_idle` slots.
    pub(crate) fn new(max_idle: usize) -> Self {
        Self { idle: Mutex::default(), max_idle }
    }

    /// Returns an idle slot, if possible one that shows `image`, or a new one.
    pub(super) fn take(&self, image: Option<&Arc<MemoryImage>>) -> Result<MemorySlot> {
        let found = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let same = |slot: &MemorySlot| match (&slot.image, image) {
                (Some(mapped), Some(image)) => Arc::ptr_eq(mapped, image),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            let at = idle.iter().rposition(same).or(idle.len().checked_sub(1));
            at.map(|at| idle.swap_remove(at))
        };
        let mut slot = match found {
            Some(slot) => slot,
            None => MemorySlot::new(usize::try_from(SLOT_BYTES).map_err(|e| Error::limit(e.to_string()))?)?,
        };
        let wanted = match (&slot.image, image) {
            (Some(mapped), Some(image)) => Arc::ptr_eq(mapped, image),
            (Some(_), None) => false,
            (None, _) => true,
        };
        if !wanted {
            slot.hide_image().map_err(|e| Error::limit(format!("cannot clear a memory's slot: {e}")))?;
        }
        Ok(slot)
    }

    /// Resets a slot and keeps it, or frees it if there are enough.
    pub(super) fn give(&self, mut slot: MemorySlot) {
        if self.max_idle == 0 || slot.reservation.reset(slot.accessible).is_err() {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.max_idle {
            idle.push(slot);
        }
    }
}
