//! Which of the host's functions lifts and lowers a handle of a type: resources, error contexts, streams and futures.
//! Follows CanonicalABI.md, "Loading" and "Storing".

use crate::host::{Context, Host};
use crate::specialize::mismatch;
use crate::types::ValType;
use crate::value::Value;

const IS_HANDLE: &str = "only types of handles are asked for";

/// Returns the value of the handle at `index` of the guest's table.
pub(crate) fn lift_handle<H: Host>(
    cx: &mut Context<'_, H>,
    ty: ValType,
    index: u32,
) -> Result<Value, H::Error> {
    lift_rep(cx, ty, index).map(|rep| value_of(ty, rep))
}

/// Returns the representation of the handle at `index` of the guest's table.
#[expect(clippy::wildcard_enum_match_arm, reason = "only types of handles are asked for")]
pub(crate) fn lift_rep<H: Host>(cx: &mut Context<'_, H>, ty: ValType, index: u32) -> Result<u32, H::Error> {
    match ty {
        ValType::Own(resource) => cx.host.lift_own(resource, index),
        ValType::Borrow(resource) => cx.host.lift_borrow(resource, index),
        ValType::ErrorContext => cx.host.lift_error_context(index),
        ValType::Stream(id) => cx.host.lift_stream(cx.types[id].payload, index),
        ValType::Future(id) => cx.host.lift_future(cx.types[id].payload, index),
        _ => unreachable!("{IS_HANDLE}"),
    }
}

/// Adds a handle for what `rep` represents to the guest's table, and returns its index.
#[expect(clippy::wildcard_enum_match_arm, reason = "only types of handles are asked for")]
pub(crate) fn lower_rep<H: Host>(cx: &mut Context<'_, H>, ty: ValType, rep: u32) -> Result<u32, H::Error> {
    match ty {
        ValType::Own(resource) => cx.host.lower_own(resource, rep),
        ValType::Borrow(resource) => cx.host.lower_borrow(resource, rep),
        ValType::ErrorContext => cx.host.lower_error_context(rep),
        ValType::Stream(id) => cx.host.lower_stream(cx.types[id].payload, rep),
        ValType::Future(id) => cx.host.lower_future(cx.types[id].payload, rep),
        _ => unreachable!("{IS_HANDLE}"),
    }
}

/// Adds a handle for a value of a handle type to the guest's table, and returns its index.
pub(crate) fn lower_handle<H: Host>(
    cx: &mut Context<'_, H>,
    value: &Value,
    ty: ValType,
    rep: u32,
) -> Result<u32, H::Error> {
    match (value, ty) {
        (Value::Own(_), ValType::Own(_))
        | (Value::Borrow(_), ValType::Borrow(_))
        | (Value::ErrorContext(_), ValType::ErrorContext)
        | (Value::Stream(_), ValType::Stream(_))
        | (Value::Future(_), ValType::Future(_)) => lower_rep(cx, ty, rep),
        // A value that was not type-checked.
        (_, _) => mismatch(value),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only types of handles are asked for")]
fn value_of(ty: ValType, rep: u32) -> Value {
    match ty {
        ValType::Own(_) => Value::Own(rep),
        ValType::Borrow(_) => Value::Borrow(rep),
        ValType::ErrorContext => Value::ErrorContext(rep),
        ValType::Stream(_) => Value::Stream(rep),
        ValType::Future(_) => Value::Future(rep),
        _ => unreachable!("{IS_HANDLE}"),
    }
}
