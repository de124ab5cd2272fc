//! Values to and from slots: what a word of a reference type means in a store.

use crate::embed::exception::ExnRef;
use crate::embed::func::Func;
use crate::embed::store::StoreOpaque;
use crate::embed::value::{ExternRef, Val};
use crate::module::types::{Top, ValType};
use crate::rt::FuncRefPtr;
use crate::vm::slot::ValRaw;

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
        Val::V128(bits) => ValRaw::from_u128(bits),
        Val::FuncRef(None) | Val::ExternRef(None) | Val::ExnRef(None) | Val::AnyRef(None) => {
            ValRaw::default()
        }
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
        ValType::V128 => Val::V128(raw.to_u128()),
        ValType::Ref(ty) => match ty.heap.top() {
            // Validity invariant: a `funcref` word is null or a function reference of the same
            // store.
            Top::Func => Val::FuncRef(
                FuncRefPtr::from_address(raw.to_u64()).map(|ptr| Func::from_ptr(store.id(), ptr)),
            ),
            Top::Extern => Val::ExternRef(ExternRef::from_word(store.id(), raw.to_u64())),
            Top::Exn => Val::ExnRef(ExnRef::from_word(store, raw.to_u64())),
            Top::Any => Val::AnyRef(None),
        },
    }
}
