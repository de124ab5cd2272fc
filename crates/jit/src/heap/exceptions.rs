//! The exceptions of a store: what `throw` makes and `try_table` catches.
//! Follows the core specification, "Exception Instances".

use std::sync::{Arc, OnceLock};

use crate::module::index::to_u32;
use crate::module::types::TypeId;
use crate::vm::slot::ValRaw;

/// What a store knows of a tag.
#[derive(Debug)]
pub(crate) struct TagEntity {
    pub(crate) ty: TypeId,
    /// Positions of the payload's values that collection traces.
    pub(crate) traced: Box<[u32]>,
}

/// Bytes of exceptions that are added at least between two collections.
const MIN_HEADROOM_BYTES: usize = 256 << 10;

/// Returns the bytes that an exception with this payload counts for.
fn slot_bytes(payload: &[ValRaw]) -> usize {
    64 + size_of_val(payload)
}

/// The exceptions of a store.
///
/// An exception to which no reference was ever made (no `catch_ref` saw it) is freed when it is
/// caught, all others by a collection. Invariant: the payload of an exception freed when it is
/// caught stays where it is until the next one is added, so that the handler can read it.
#[derive(Default)]
pub(crate) struct Exceptions {
    slots: Vec<ExceptionSlot>,
    free: Vec<u32>,
    bytes: usize,
    /// Bytes to be added after the last collection before the next one is due.
    headroom: usize,
    /// Bytes after the last collection.
    kept: usize,
}

#[derive(Default)]
struct ExceptionSlot {
    tag: u32,
    payload: Box<[ValRaw]>,
    /// Whether the guest may hold a reference to it.
    escaped: bool,
    /// Whether the running collection has reached it.
    reached: bool,
    /// What the host's handles share, once there is one.
    root: OnceLock<Arc<()>>,
}

impl Exceptions {
    /// Returns how many there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Returns how many bytes they count for.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns how many bytes there are with one more exception.
    pub(crate) fn bytes_with(&self, payload: &[ValRaw]) -> usize {
        self.bytes + slot_bytes(payload)
    }

    /// Returns the bytes beyond which a collection is due: what is in use may take `limit`, and a
    /// quarter of that may be added to it, so that a store near its limit does not collect all the
    /// time.
    pub(crate) fn collect_at(&self, limit: usize) -> usize {
        self.kept.saturating_add(self.headroom.max(MIN_HEADROOM_BYTES)).min(limit.saturating_add(limit / 4))
    }

    /// Adds an exception and returns its position.
    pub(crate) fn add(&mut self, tag: u32, payload: Box<[ValRaw]>) -> u32 {
        self.bytes = self.bytes_with(&payload);
        let slot = ExceptionSlot { tag, payload, ..ExceptionSlot::default() };
        match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = slot;
                index
            }
            None => {
                self.slots.push(slot);
                to_u32(self.slots.len()) - 1
            }
        }
    }

    /// Returns the number of the tag and the payload of a live exception.
    pub(crate) fn get(&self, index: u32) -> (u32, &[ValRaw]) {
        let slot = &self.slots[index as usize];
        (slot.tag, &slot.payload)
    }

    /// Returns the root that keeps an exception alive for the host.
    pub(crate) fn root(&self, index: u32) -> Arc<()> {
        Arc::clone(self.slots[index as usize].root.get_or_init(Arc::default))
    }

    /// Notes that the guest has a reference to an exception.
    pub(crate) fn escape(&mut self, index: u32) {
        self.slots[index as usize].escaped = true;
    }

    /// Frees an exception that was caught, unless there may be references to it.
    pub(crate) fn caught(&mut self, index: u32) {
        let slot = &self.slots[index as usize];
        // If there ever was a handle, the host may have passed the reference to the guest.
        if !slot.escaped && slot.root.get().is_none() {
            self.bytes -= slot_bytes(&slot.payload);
            // The next one takes its place.
            self.free.push(index);
        }
    }

    /// Returns the exceptions that the host has handles to.
    pub(crate) fn of_the_host(&self) -> Vec<u32> {
        let has_handles =
            |slot: &ExceptionSlot| slot.root.get().is_some_and(|root| Arc::strong_count(root) > 1);
        (0..).zip(&self.slots).filter(|(_, slot)| has_handles(slot)).map(|(index, _)| index).collect()
    }

    /// Notes that an exception is reached; returns whether it was not before, since the last sweep.
    pub(crate) fn reach(&mut self, index: u32) -> bool {
        !std::mem::replace(&mut self.slots[index as usize].reached, true)
    }

    /// Frees what was not reached. `n_words` is how many words the collection has looked at.
    pub(crate) fn sweep(&mut self, n_words: usize) {
        self.free.clear();
        self.bytes = 0;
        for (index, slot) in (0..).zip(&mut self.slots) {
            if std::mem::take(&mut slot.reached) {
                self.bytes += slot_bytes(&slot.payload);
            } else {
                *slot = ExceptionSlot::default();
                self.free.push(index);
            }
        }
        self.kept = self.bytes;
        // As much is added before the next collection as this one has looked at, so that collecting
        // takes a constant time per exception.
        self.headroom = self.kept.max(8 * (n_words + self.slots.len()));
    }
}
