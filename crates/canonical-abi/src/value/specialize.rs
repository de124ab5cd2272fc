//! Back from despecialized values: which form of [`Value`] a type has, and what a value
//! holds.
//!
//! Functions that look into a value rely on `type_check`; they panic on a value that it rejects.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Value;
use crate::types::ValType;

/// Returns the value of a record or tuple.
pub(crate) fn record_value(ty: ValType, values: Vec<Value>) -> Value {
    if matches!(ty, ValType::Tuple(_)) { Value::Tuple(values) } else { Value::Record(values) }
}

/// Returns the value of a variant, enum, option or result.
pub(crate) fn variant_value(ty: ValType, case: u32, payload: Option<Box<Value>>) -> Value {
    if matches!(ty, ValType::Enum(_)) {
        Value::Enum(case)
    } else if matches!(ty, ValType::Option(_)) {
        Value::Option(payload)
    } else if matches!(ty, ValType::Result(_)) {
        Value::Result(if case == 0 { Ok(payload) } else { Err(payload) })
    } else {
        Value::Variant { case, payload }
    }
}

/// Returns a record's or tuple's values.
pub(crate) fn record_fields(value: &Value) -> &[Value] {
    let (Value::Record(values) | Value::Tuple(values)) = value else { mismatch(value) };
    values
}

/// Returns the case and the payload of a variant, enum, option or result (the spec's `match_case`).
pub(crate) fn match_case(value: &Value) -> (u32, Option<&Value>) {
    if let Value::Variant { case, payload } = value {
        (*case, payload.as_deref())
    } else if let Value::Enum(case) = value {
        (*case, None)
    } else if let Value::Option(some) = value {
        (u32::from(some.is_some()), some.as_deref())
    } else if let Value::Result(result) = value {
        match result {
            Ok(payload) => (0, payload.as_deref()),
            Err(payload) => (1, payload.as_deref()),
        }
    } else {
        mismatch(value)
    }
}

/// Reports a value that was not type-checked before it was lowered.
#[cold]
pub(crate) fn mismatch(value: &Value) -> ! {
    panic!("a value is type-checked before it is lowered, but this is a {}", value.kind())
}
