//! Exceptions: what `throw` makes and `try_table` catches, and how the host sees and raises them.
//! Follows the core specification, "Exception Instances".

use std::sync::Arc;

use crate::embed::raw::{val_from_raw, val_to_raw};
use crate::embed::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::embed::tag::Tag;
use crate::embed::trap::{Trap, TrapKind};
use crate::embed::value::Val;
use crate::error::{Error, HostError, Result};
use crate::heap::object::{Object, index_of};
use crate::module::types::ValType;

/// An exception as a value: its tag and what was thrown with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    /// The tag, which handlers compare.
    pub tag: Tag,
    /// The payload, of the tag type's parameter types.
    pub payload: Vec<Val>,
}

/// A reference to an exception that a store owns. While there is a handle, or a clone of one, its
/// exception lives.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ExnRef {
    store: StoreId,
    index: u32,
    /// Shared with the exception: its count says whether there are handles.
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
    /// Panics, like all methods, if a handle belongs to another store.
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
        Some(Self { store: store.id(), index, root: store.entities().exceptions.root(index) })
    }
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
    store.vm_mut().allocate_exception(tag, payload).ok_or_else(limit)
}

/// Returns a live exception as a value.
pub(crate) fn exception(store: &StoreOpaque, index: u32) -> Exception {
    let (tag, payload) = store.entities().exceptions.get(index);
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
        | TrapKind::EndlessWait
        | TrapKind::WaitTooLong
        | TrapKind::Interrupt
        | TrapKind::OutOfFuel
        | TrapKind::Built(_)
        | TrapKind::Host(_)
        | TrapKind::Mismatch(_) => Err(trap),
    }
}
