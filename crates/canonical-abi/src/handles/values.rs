//! Which of the host's functions lifts and lowers a handle of a type.
//! Follows CanonicalABI.md, "Loading" and "Storing".

use crate::host::{Context, Host};
use crate::types::ValType;
use crate::types::despecialize::{Despecialized, HandleType, despecialize};
use crate::value::Value;
use crate::value::specialize::mismatch;

/// Returns the value of the handle at `index` of the guest's table.
pub(crate) fn lift_handle<H: Host>(
    cx: &mut Context<'_, H>,
    ty: HandleType,
    index: u32,
) -> Result<Value, H::Error> {
    lift_rep(cx, ty, index).map(|rep| match ty {
        HandleType::Own(_) => Value::Own(rep),
        HandleType::Borrow(_) => Value::Borrow(rep),
        HandleType::ErrorContext => Value::ErrorContext(rep),
        HandleType::Stream(_) => Value::Stream(rep),
        HandleType::Future(_) => Value::Future(rep),
    })
}

/// Returns the representation of the handle at `index` of the guest's table.
pub(crate) fn lift_rep<H: Host>(
    cx: &mut Context<'_, H>,
    ty: HandleType,
    index: u32,
) -> Result<u32, H::Error> {
    match ty {
        HandleType::Own(resource) => cx.host.lift_own(resource, index),
        HandleType::Borrow(resource) => cx.host.lift_borrow(resource, index),
        HandleType::ErrorContext => cx.host.lift_error_context(index),
        HandleType::Stream(payload) => cx.host.lift_stream(payload, index),
        HandleType::Future(payload) => cx.host.lift_future(payload, index),
    }
}

/// Adds a handle for what `rep` represents to the guest's table, and returns its index.
pub(crate) fn lower_rep<H: Host>(cx: &mut Context<'_, H>, ty: HandleType, rep: u32) -> Result<u32, H::Error> {
    match ty {
        HandleType::Own(resource) => cx.host.lower_own(resource, rep),
        HandleType::Borrow(resource) => cx.host.lower_borrow(resource, rep),
        HandleType::ErrorContext => cx.host.lower_error_context(rep),
        HandleType::Stream(payload) => cx.host.lower_stream(payload, rep),
        HandleType::Future(payload) => cx.host.lower_future(payload, rep),
    }
}

/// Adds a handle for a value of a handle type to the guest's table, and returns its index.
pub(crate) fn lower_handle<H: Host>(
    cx: &mut Context<'_, H>,
    value: &Value,
    ty: ValType,
    rep: u32,
) -> Result<u32, H::Error> {
    let Despecialized::Handle(ty) = despecialize(cx.types, ty) else { mismatch(value) };
    match (value, ty) {
        (Value::Own(_), HandleType::Own(_))
        // What is owned can be lent.
        | (Value::Borrow(_) | Value::Own(_), HandleType::Borrow(_))
        | (Value::ErrorContext(_), HandleType::ErrorContext)
        | (Value::Stream(_), HandleType::Stream(_))
        | (Value::Future(_), HandleType::Future(_)) => lower_rep(cx, ty, rep),
        // A value that was not type-checked.
        (_, _) => mismatch(value),
    }
}
