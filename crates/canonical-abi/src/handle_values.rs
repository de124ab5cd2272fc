//! Which of the host's functions lifts and lowers a handle of a type: resources, error contexts, streams and futures.
//! Follows CanonicalABI.md, "Loading" and "Storing".

use crate::host::{Context, Host};
use crate::specialize::mismatch;
use crate::types::{FutureId, ResourceId, StreamId, ValType};
use crate::value::Value;

/// A type whose values are handles.
#[derive(Clone, Copy)]
pub(crate) enum HandleType {
    Own(ResourceId),
    Borrow(ResourceId),
    ErrorContext,
    Stream(StreamId),
    Future(FutureId),
}

impl HandleType {
    /// Returns `ty`, which the caller knows to be one.
    pub(crate) fn of(ty: ValType) -> Self {
        match ty {
            ValType::Own(resource) => Self::Own(resource),
            ValType::Borrow(resource) => Self::Borrow(resource),
            ValType::ErrorContext => Self::ErrorContext,
            ValType::Stream(id) => Self::Stream(id),
            ValType::Future(id) => Self::Future(id),
            ValType::Bool
            | ValType::S8
            | ValType::U8
            | ValType::S16
            | ValType::U16
            | ValType::S32
            | ValType::U32
            | ValType::S64
            | ValType::U64
            | ValType::F32
            | ValType::F64
            | ValType::Char
            | ValType::String
            | ValType::List(_)
            | ValType::FixedLengthList(_)
            | ValType::Map(_)
            | ValType::Record(_)
            | ValType::Tuple(_)
            | ValType::Variant(_)
            | ValType::Enum(_)
            | ValType::Option(_)
            | ValType::Result(_)
            | ValType::Flags(_) => unreachable!("only types of handles are asked for"),
        }
    }
}

/// Returns the value of the handle at `index` of the guest's table.
pub(crate) fn lift_handle<H: Host>(
    cx: &mut Context<'_, H>,
    ty: ValType,
    index: u32,
) -> Result<Value, H::Error> {
    lift_rep(cx, ty, index).map(|rep| value_of(ty, rep))
}

/// Returns the representation of the handle at `index` of the guest's table.
pub(crate) fn lift_rep<H: Host>(cx: &mut Context<'_, H>, ty: ValType, index: u32) -> Result<u32, H::Error> {
    match HandleType::of(ty) {
        HandleType::Own(resource) => cx.host.lift_own(resource, index),
        HandleType::Borrow(resource) => cx.host.lift_borrow(resource, index),
        HandleType::ErrorContext => cx.host.lift_error_context(index),
        HandleType::Stream(id) => cx.host.lift_stream(cx.types[id].payload, index),
        HandleType::Future(id) => cx.host.lift_future(cx.types[id].payload, index),
    }
}

/// Adds a handle for what `rep` represents to the guest's table, and returns its index.
pub(crate) fn lower_rep<H: Host>(cx: &mut Context<'_, H>, ty: ValType, rep: u32) -> Result<u32, H::Error> {
    match HandleType::of(ty) {
        HandleType::Own(resource) => cx.host.lower_own(resource, rep),
        HandleType::Borrow(resource) => cx.host.lower_borrow(resource, rep),
        HandleType::ErrorContext => cx.host.lower_error_context(rep),
        HandleType::Stream(id) => cx.host.lower_stream(cx.types[id].payload, rep),
        HandleType::Future(id) => cx.host.lower_future(cx.types[id].payload, rep),
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

fn value_of(ty: ValType, rep: u32) -> Value {
    match HandleType::of(ty) {
        HandleType::Own(_) => Value::Own(rep),
        HandleType::Borrow(_) => Value::Borrow(rep),
        HandleType::ErrorContext => Value::ErrorContext(rep),
        HandleType::Stream(_) => Value::Stream(rep),
        HandleType::Future(_) => Value::Future(rep),
    }
}
