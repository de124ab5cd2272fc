//! Values as compiled code passes them to and from the host: one 16-byte slot each.

use super::block::FuncRefPtr;
use crate::embed::exception::ExnRef;
use crate::embed::func::Func;
use crate::embed::store::StoreOpaque;
use crate::embed::value::{ExternRef, Val};
use crate::module::types::{Top, ValType};

/// Bytes of one value slot.
pub(crate) const VALUE_SIZE: u32 = 16;

/// One value slot: the bits of a value, zero-extended. References are words as in tables.
#[repr(C, align(16))]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ValRaw(u128);

const _: () = assert!(size_of::<ValRaw>() == VALUE_SIZE as usize);

impl ValRaw {
    /// Returns the slot of a value of up to 64 bits.
    #[inline]
    pub fn from_u64(bits: u64) -> Self {
        Self(u128::from(bits))
    }

    /// Returns the slot of a vector.
    pub(crate) fn from_u128(bits: u128) -> Self {
        Self(bits)
    }

    /// Returns the lower 64 bits: the word of an integer, float or reference.
    #[expect(clippy::cast_possible_truncation, reason = "the lower word is what is asked for")]
    #[inline]
    pub fn to_u64(self) -> u64 {
        self.0 as u64
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half word is what is asked for")]
    fn to_u32(self) -> u32 {
        self.0 as u32
    }
}

/// The bits of a value as an integer: of a word, or of a vector.
pub trait Word: Copy + 'static {
    /// Returns the slot, zero-extended.
    fn to_slot(self) -> ValRaw;

    /// Returns the lower bits of a slot.
    fn from_slot(slot: ValRaw) -> Self;
}

impl Word for u64 {
    #[inline]
    fn to_slot(self) -> ValRaw {
        ValRaw::from_u64(self)
    }

    #[inline]
    fn from_slot(slot: ValRaw) -> Self {
        slot.to_u64()
    }
}

impl Word for u128 {
    #[inline]
    fn to_slot(self) -> ValRaw {
        ValRaw(self)
    }

    #[inline]
    fn from_slot(slot: ValRaw) -> Self {
        slot.0
    }
}

/// Returns the slot for `val`.
///
/// # Panics
///
/// Panics if `val` is a reference of another store.
pub(crate) fn val_to_raw(store: &StoreOpaque, val: &Val) -> ValRaw {
    match *val {
        Val::I32(v) => ValRaw::from_u64(u64::from(v.cast_unsigned())),
        Val::I64(v) => ValRaw::from_u64(v.cast_unsigned()),
        Val::F32(bits) => ValRaw::from_u64(u64::from(bits)),
        Val::F64(bits) => ValRaw::from_u64(bits),
        Val::V128(bits) => ValRaw(bits),
        Val::FuncRef(None) | Val::ExternRef(None) | Val::ExnRef(None) | Val::AnyRef(None) => ValRaw(0),
        Val::FuncRef(Some(func)) => ValRaw::from_u64(func.ptr(store).address()),
        Val::ExternRef(Some(reference)) => ValRaw::from_u64(reference.word(store)),
        Val::AnyRef(Some(never)) => match never {},
        Val::ExnRef(Some(ref exception)) => ValRaw::from_u64(exception.word(store)),
    }
}

/// Returns the value in a slot that compiled code (or `val_to_raw`) filled with one of type `ty`.
pub(crate) fn val_from_raw(store: &StoreOpaque, raw: ValRaw, ty: ValType) -> Val {
    match ty {
        ValType::I32 => Val::I32(raw.to_u32().cast_signed()),
        ValType::I64 => Val::I64(raw.to_u64().cast_signed()),
        ValType::F32 => Val::F32(raw.to_u32()),
        ValType::F64 => Val::F64(raw.to_u64()),
        ValType::V128 => Val::V128(raw.0),
        ValType::Ref(ty) => match ty.heap.top() {
            // Validity invariant: a `funcref` word is null or a function reference of the same store.
            Top::Func => Val::FuncRef(
                FuncRefPtr::from_address(raw.to_u64()).map(|ptr| Func::from_ptr(store.id(), ptr)),
            ),
            Top::Extern => Val::ExternRef(ExternRef::from_word(store.id(), raw.to_u64())),
            Top::Exn => Val::ExnRef(ExnRef::from_word(store, raw.to_u64())),
            Top::Any => Val::AnyRef(None),
        },
    }
}
