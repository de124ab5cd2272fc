//! Exceptions: what `throw` makes and `try_table` catches, and how the host sees and raises them.
//! Follows the core specification, "Exception Instances".

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};
use crate::index::to_u32;
use crate::rt::{ValRaw, val_from_raw, val_to_raw};
use crate::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::tag::Tag;
use crate::trap::{HostError, Trap, TrapKind};
use crate::types::ValType;
use crate::value::Val;

/// An exception as a value: its tag and what was thrown with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    /// The tag, which handlers compare.
    pub tag: Tag,
    /// The payload, of the tag type's parameter types.
    pub payload: Vec<Val>,
}

/// A reference to an exception that a store owns. A copyable handle; the exception lives as long as the store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ExnRef {
    store: StoreId,
    index: u32,
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

    pub(crate) fn word(self, store: &StoreOpaque) -> u64 {
        store.check(self.store);
        u64::from(self.index) + 1
    }

    /// Returns the reference behind a word of compiled code, `None` for null. The exception is kept from
    /// then on.
    pub(crate) fn from_word(store: &StoreOpaque, word: u64) -> Option<Self> {
        let index = index_of(word)?;
        store.exceptions.root(index);
        Some(Self { store: store.id(), index })
    }
}

/// Returns the position behind a word of compiled code, `None` for null.
pub(crate) fn index_of(word: u64) -> Option<u32> {
    let index = word.checked_sub(1)?;
    Some(u32::try_from(index).expect("exnref words are numbers that the store gave out"))
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
    let payload = exception.payload.iter().map(|&value| val_to_raw(store, value)).collect();
    let limit = || Error::limit("the store holds too many exceptions");
    let index = store.exceptions.add(tag, payload).ok_or_else(limit)?;
    Ok(u64::from(index) + 1)
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

/// Bytes that the exceptions of a store may take together.
const MAX_BYTES: usize = 64 << 20;

/// Returns the bytes that an exception with this payload counts for.
fn slot_bytes(payload: &[ValRaw]) -> usize {
    64 + size_of_val(payload)
}

/// The exceptions of a store.
///
/// An exception whose reference the guest never got (no `catch_ref` saw it) is freed when it is caught.
/// Invariant: the payload of a freed exception stays where it is until the next exception is added, so
/// that the handler can read it.
#[derive(Default)]
pub(crate) struct Exceptions {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Counts the payloads of freed exceptions too.
    bytes: usize,
}

struct Slot {
    tag: u32,
    payload: Box<[ValRaw]>,
    /// Whether the guest may hold a reference to it.
    escaped: bool,
    /// Whether the host holds a reference to it.
    rooted: AtomicBool,
}

impl Exceptions {
    /// Adds an exception and returns its position, or `None` if there are too many.
    pub(crate) fn add(&mut self, tag: u32, payload: Box<[ValRaw]>) -> Option<u32> {
        let reused = self.free.last().copied();
        let former = reused.map_or(0, |index| slot_bytes(&self.slots[index as usize].payload));
        let bytes = self.bytes - former + slot_bytes(&payload);
        if bytes > MAX_BYTES {
            return None;
        }
        self.bytes = bytes;
        let slot = Slot { tag, payload, escaped: false, rooted: AtomicBool::new(false) };
        match reused {
            Some(index) => {
                self.free.pop();
                self.slots[index as usize] = slot;
                Some(index)
            }
            None => {
                self.slots.push(slot);
                Some(to_u32(self.slots.len()) - 1)
            }
        }
    }

    /// Returns the number of the tag and the payload of a live exception.
    pub(crate) fn get(&self, index: u32) -> (u32, &[ValRaw]) {
        let slot = &self.slots[index as usize];
        (slot.tag, &slot.payload)
    }

    /// Keeps an exception for the host.
    fn root(&self, index: u32) {
        self.slots[index as usize].rooted.store(true, Ordering::Relaxed);
    }

    /// Notes that the guest has a reference to an exception.
    pub(crate) fn escape(&mut self, index: u32) {
        self.slots[index as usize].escaped = true;
    }

    /// Frees an exception that was caught, unless there may be references to it.
    pub(crate) fn caught(&mut self, index: u32) {
        let slot = &self.slots[index as usize];
        if !slot.escaped && !slot.rooted.load(Ordering::Relaxed) {
            self.free.push(index);
        }
    }
}
