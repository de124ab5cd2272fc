//! Exceptions: what `throw` makes and `try_table` catches, and how the host sees and raises them.
//! Follows the core specification, "Exception Instances".

use std::sync::{Arc, OnceLock};

use crate::embed::raw::{val_from_raw, val_to_raw};
use crate::embed::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::embed::tag::Tag;
use crate::embed::trap::{HostError, Trap, TrapKind};
use crate::embed::value::Val;
use crate::error::{Error, Result};
use crate::heap::collect::{Object, collect, traced};
use crate::module::index::to_u32;
use crate::module::types::ValType;
use crate::rt::CodeFrame;
use crate::vm::slot::ValRaw;

/// An exception as a value: its tag and what was thrown with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    /// The tag, which handlers compare.
    pub tag: Tag,
    /// The payload, of the tag type's parameter types.
    pub payload: Vec<Val>,
}

/// A reference to an exception that a store owns. While there is a handle, or a clone of one, its exception lives.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ExnRef {
    store: StoreId,
    index: u32,
    /// Shared with the exception, which so knows whether there are handles.
    root: Arc<()>,
}

impl ExnRef {
    /// Gives an exception to the store and returns the reference to it.
    ///
    /// # Errors
    ///
    /// Fails if the payload does not fit the tag's type and if the store holds too many exceptions.
    ///
    /// # Panics
    ///
    /// As all methods do, panics if a handle belongs to another store.
    pub fn new(mut cx: impl AsContextMut, exception: &Exception) -> Result<Self> {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        let word = add(store, exception)?;
        Ok(Self::from_word(store, word).expect("an exception's word is not null"))
    }

    /// Returns the exception.
    pub fn get(&self, cx: impl AsContext) -> Exception {
        let store = cx.as_context().into_opaque();
        store.check(self.store);
        exception(store, self.index)
    }

    pub(crate) fn word(&self, store: &StoreOpaque) -> u64 {
        store.check(self.store);
        Object::Exception(self.index).word()
    }

    /// Returns the reference behind a word of compiled code, `None` for null.
    pub(crate) fn from_word(store: &StoreOpaque, word: u64) -> Option<Self> {
        let index = index_of(word)?;
        Some(Self { store: store.id(), index, root: store.exceptions.root(index) })
    }
}

/// Returns the position behind a word of compiled code, `None` for null.
pub(crate) fn index_of(word: u64) -> Option<u32> {
    let Object::Exception(index) = Object::from_word(word)?;
    Some(index)
}

/// Adds an exception, after a collection if it is time for one. Returns its word, or `None` if those that are in use leave
/// no room. `running` is as for [`collect`].
pub(crate) fn allocate(
    store: &mut StoreOpaque,
    running: Option<&CodeFrame>,
    tag: u32,
    payload: Box<[ValRaw]>,
) -> Option<u64> {
    let limit = usize::try_from(store.max_exception_bytes()).unwrap_or(usize::MAX);
    let always = store.engine().config().collects_always();
    if always || store.exceptions.bytes_with(&payload) > store.exceptions.collect_at(limit) {
        let held: Vec<_> = traced(store, tag, &payload).collect();
        collect(store, running, held);
        if store.exceptions.bytes_with(&payload) > limit {
            return None;
        }
    }
    Some(Object::Exception(store.exceptions.add(tag, payload)).word())
}

/// Adds an exception that the host made and returns the word that compiled code uses for it.
pub(crate) fn add(store: &mut StoreOpaque, exception: &Exception) -> Result<u64> {
    let tag = exception.tag.index(store);
    let ty = exception.tag.ty_in(store).func;
    let fits = |(value, &ty): (&Val, &ValType)| value.is_of(store, ty);
    let all_fit = exception.payload.iter().zip(&ty.params).all(fits);
    if !all_fit || exception.payload.len() != ty.params.len() {
        return Err(Error::type_mismatch(format!("the payload does not fit the tag's type {ty}")));
    }
    let payload = exception.payload.iter().map(|value| val_to_raw(store, value)).collect();
    let limit = || Error::limit("the store holds too many exceptions");
    allocate(store, None, tag, payload).ok_or_else(limit)
}

/// Returns a live exception as a value.
pub(crate) fn exception(store: &StoreOpaque, index: u32) -> Exception {
    let (tag, payload) = store.exceptions.get(index);
    let tag = Tag::from_index(store.id(), tag);
    let ty = tag.ty_in(store).func;
    let values = payload.iter().zip(&ty.params);
    let payload = values.map(|(&raw, &ty)| val_from_raw(store, raw, ty)).collect();
    Exception { tag, payload }
}

/// Returns the word of the exception that a host function's error stands for, or the error.
pub(crate) fn rethrown(store: &mut StoreOpaque, error: HostError) -> Result<u64, HostError> {
    let trap = error.downcast::<Trap>()?;
    match trap.kind() {
        TrapKind::Exception(exception) => Ok(add(store, exception)?),
        TrapKind::Unreachable
        | TrapKind::MemoryOutOfBounds
        | TrapKind::TableOutOfBounds
        | TrapKind::UndefinedElement
        | TrapKind::UninitializedElement { .. }
        | TrapKind::IndirectCallTypeMismatch
        | TrapKind::IntegerDivideByZero
        | TrapKind::IntegerOverflow
        | TrapKind::InvalidConversionToInteger
        | TrapKind::StackOverflow
        | TrapKind::TooManyExceptions
        | TrapKind::NullException
        | TrapKind::NullFunction
        | TrapKind::NullReference
        | TrapKind::UnalignedAtomic
        | TrapKind::ExpectedSharedMemory
        | TrapKind::Interrupt
        | TrapKind::OutOfFuel
        | TrapKind::Built(_)
        | TrapKind::Host(_)
        | TrapKind::Mismatch(_) => Err(trap),
    }
}

/// Bytes of exceptions that are added at least between two collections.
const MIN_HEADROOM_BYTES: usize = 256 << 10;

/// Returns the bytes that an exception with this payload counts for.
fn slot_bytes(payload: &[ValRaw]) -> usize {
    64 + size_of_val(payload)
}

/// The exceptions of a store.
///
/// An exception whose reference nobody ever got (no `catch_ref` saw it) is freed when it is caught, all others by a
/// collection.
/// Invariant: the payload of an exception freed when it is caught stays where it is until the next one is added, so that
/// the handler can read it.
#[derive(Default)]
pub(crate) struct Exceptions {
    slots: Vec<Slot>,
    free: Vec<u32>,
    bytes: usize,
    /// How many more bytes than after the last collection are to be there before the next one.
    headroom: usize,
    /// Bytes after the last collection.
    kept: usize,
}

#[derive(Default)]
struct Slot {
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

    /// Returns how many bytes there are with one more exception.
    fn bytes_with(&self, payload: &[ValRaw]) -> usize {
        self.bytes + slot_bytes(payload)
    }

    /// Returns the bytes beyond which a collection is due: what is in use may take `limit`, and a quarter of that may
    /// be added to it, lest a store near its limit collects all the time.
    fn collect_at(&self, limit: usize) -> usize {
        self.kept.saturating_add(self.headroom.max(MIN_HEADROOM_BYTES)).min(limit.saturating_add(limit / 4))
    }

    /// Adds an exception and returns its position.
    fn add(&mut self, tag: u32, payload: Box<[ValRaw]>) -> u32 {
        self.bytes = self.bytes_with(&payload);
        let slot = Slot { tag, payload, ..Slot::default() };
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

    /// Returns what keeps an exception for the host.
    fn root(&self, index: u32) -> Arc<()> {
        Arc::clone(self.slots[index as usize].root.get_or_init(Arc::default))
    }

    /// Notes that the guest has a reference to an exception.
    pub(crate) fn escape(&mut self, index: u32) {
        self.slots[index as usize].escaped = true;
    }

    /// Frees an exception that was caught, unless there may be references to it.
    pub(crate) fn caught(&mut self, index: u32) {
        let slot = &self.slots[index as usize];
        // Where there was a handle once, the host may have passed the reference to the guest.
        if !slot.escaped && slot.root.get().is_none() {
            self.bytes -= slot_bytes(&slot.payload);
            // The next one takes its place.
            self.free.push(index);
        }
    }

    /// Returns the exceptions that the host has handles to.
    pub(crate) fn of_the_host(&self) -> Vec<u32> {
        let has_handles = |slot: &Slot| slot.root.get().is_some_and(|root| Arc::strong_count(root) > 1);
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
                *slot = Slot::default();
                self.free.push(index);
            }
        }
        self.kept = self.bytes;
        // As much is added before the next collection as this one has looked at, so that collecting takes a constant
        // time per exception.
        self.headroom = self.kept.max(8 * (n_words + self.slots.len()));
    }
}
