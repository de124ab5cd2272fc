//! Whether a value is one of a type.
//!
//! Lowering relies on it: `store` and `lower_flat` panic on a value that [`type_check`] rejects.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use super::{List, RowKind, Rows, Value};
use crate::types::despecialize::{Cases, Despecialized, despecialize};
use crate::types::display::display;
use crate::types::{Types, ValType};

/// A value that is not of the type it is given for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ValueTypeError {
    /// Where within the value, as `.field[0].some`; empty for the value as a whole.
    pub path: String,
    /// The type that is expected there, in WIT.
    pub expected: String,
    /// What is there.
    pub given: String,
}

impl ValueTypeError {
    /// Prepends a step to the path, on the way out of the value.
    fn within(mut self, step: impl fmt::Display) -> Self {
        self.path.insert_str(0, &format!("{step}"));
        self
    }
}

impl fmt::Display for ValueTypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.path.is_empty() { "" } else { "at " };
        let colon = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{at}{}{colon}expected {}, given {}", self.path, self.expected, self.given)
    }
}

impl core::error::Error for ValueTypeError {}

/// Checks that `value` is one of type `ty`.
///
/// # Errors
///
/// When it is not; the error says where, what was expected and what is there.
pub fn type_check(types: &Types, ty: ValType, value: &Value) -> Result<(), ValueTypeError> {
    match (ty, value) {
        (ValType::Bool, Value::Bool(_))
        | (ValType::S8, Value::S8(_))
        | (ValType::U8, Value::U8(_))
        | (ValType::S16, Value::S16(_))
        | (ValType::U16, Value::U16(_))
        | (ValType::S32, Value::S32(_))
        | (ValType::U32, Value::U32(_))
        | (ValType::S64, Value::S64(_))
        | (ValType::U64, Value::U64(_))
        | (ValType::F32, Value::F32(_))
        | (ValType::F64, Value::F64(_))
        | (ValType::Char, Value::Char(_))
        | (ValType::String, Value::String(_))
        | (ValType::Own(_), Value::Own(_))
        // What is owned can be lent.
        | (ValType::Borrow(_), Value::Borrow(_) | Value::Own(_))
        | (ValType::ErrorContext, Value::ErrorContext(_))
        | (ValType::Stream(_), Value::Stream(_))
        | (ValType::Future(_), Value::Future(_)) => Ok(()),
        (ValType::List(id), Value::List(list)) => check_list(types, ty, types[id].element, list),
        (ValType::FixedLengthList(id), Value::List(list)) => {
            if u32::try_from(list.len()) != Ok(types[id].length) {
                return Err(error(types, ty, format!("a list of {} elements", list.len())));
            }
            check_list(types, ty, types[id].element, list)
        }
        (ValType::Map(id), Value::Map(entries)) => {
            for (i, (key, value)) in entries.iter().enumerate() {
                type_check(types, types[id].key, key).map_err(|e| e.within(format!("[{i}].key")))?;
                type_check(types, types[id].value, value).map_err(|e| e.within(format!("[{i}].value")))?;
            }
            Ok(())
        }
        (ValType::Record(_), Value::Record(values)) | (ValType::Tuple(_), Value::Tuple(values)) => {
            check_fields(types, ty, values)
        }
        (ValType::Flags(id), Value::Flags(bits)) => {
            let n_flags = types[id].labels.len();
            if n_flags < 32 && bits >> n_flags != 0 {
                return Err(error(types, ty, format!("flags with the bits {bits:#b}")));
            }
            Ok(())
        }
        (ValType::Variant(_), Value::Variant { case, payload }) => {
            check_case(types, ty, *case, payload.as_deref())
        }
        (ValType::Enum(_), Value::Enum(case)) => check_case(types, ty, *case, None),
        (ValType::Option(_), Value::Option(some)) => {
            check_case(types, ty, u32::from(some.is_some()), some.as_deref())
        }
        (ValType::Result(_), Value::Result(Ok(payload))) => check_case(types, ty, 0, payload.as_deref()),
        (ValType::Result(_), Value::Result(Err(payload))) => check_case(types, ty, 1, payload.as_deref()),
        // Every other of the several hundred pairs is a mismatch.
        (_, _) => Err(error(types, ty, value.kind().to_string())),
    }
}

fn check_list(types: &Types, ty: ValType, element: ValType, list: &List) -> Result<(), ValueTypeError> {
    let at = |i: usize, e: ValueTypeError| e.within(format!("[{i}]"));
    if check_elements(types, element, list, &at)? {
        Ok(())
    } else {
        Err(error(types, ty, list.kind().to_string()))
    }
}

/// Checks the elements of a list and returns whether it has the form for them; `at` says which
/// element an error is in.
fn check_elements(
    types: &Types,
    element: ValType,
    list: &List,
    at: &dyn Fn(usize, ValueTypeError) -> ValueTypeError,
) -> Result<bool, ValueTypeError> {
    match (list, element) {
        (List::Bool(_), ValType::Bool)
        | (List::S8(_), ValType::S8)
        | (List::U8(_), ValType::U8)
        | (List::S16(_), ValType::S16)
        | (List::U16(_), ValType::U16)
        | (List::S32(_), ValType::S32)
        | (List::U32(_), ValType::U32)
        | (List::S64(_), ValType::S64)
        | (List::U64(_), ValType::U64)
        | (List::F32(_), ValType::F32)
        | (List::F64(_), ValType::F64)
        | (List::Char(_), ValType::Char) => Ok(true),
        (List::Values(values), _) if values.is_empty() || !is_scalar(element) => {
            for (i, value) in values.iter().enumerate() {
                type_check(types, element, value).map_err(|e| at(i, e))?;
            }
            Ok(true)
        }
        (List::Rows(rows), ValType::Record(_)) if rows.kind() == RowKind::Record => {
            check_rows(types, element, rows, at)
        }
        (List::Rows(rows), ValType::Tuple(_)) if rows.kind() == RowKind::Tuple => {
            check_rows(types, element, rows, at)
        }
        (_, _) => Ok(false),
    }
}

fn check_rows(
    types: &Types,
    element: ValType,
    rows: &Rows,
    at: &dyn Fn(usize, ValueTypeError) -> ValueTypeError,
) -> Result<bool, ValueTypeError> {
    let Despecialized::Record(fields) = despecialize(types, element) else {
        unreachable!("records and tuples despecialize to records")
    };
    if fields.len() != rows.columns().len() {
        return Ok(false);
    }
    for (i, (ty, column)) in fields.types().zip(rows.columns()).enumerate() {
        let at_field = |row, e: ValueTypeError| at(row, e.within(format!(".{}", fields.label(i))));
        if !check_elements(types, ty, column, &at_field)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns whether lists of `ty` are typed lists, whose form `List::from_values` gives.
fn is_scalar(ty: ValType) -> bool {
    !matches!(List::from_values(ty, alloc::vec::Vec::new()), List::Values(_))
}

fn check_fields(types: &Types, ty: ValType, values: &[Value]) -> Result<(), ValueTypeError> {
    let Despecialized::Record(fields) = despecialize(types, ty) else {
        unreachable!("records and tuples despecialize to records")
    };
    if fields.len() != values.len() {
        return Err(error(types, ty, format!("{} values", values.len())));
    }
    for (i, (ty, value)) in fields.types().zip(values).enumerate() {
        type_check(types, ty, value).map_err(|e| e.within(format!(".{}", fields.label(i))))?;
    }
    Ok(())
}

fn check_case(types: &Types, ty: ValType, case: u32, payload: Option<&Value>) -> Result<(), ValueTypeError> {
    let Despecialized::Variant(cases) = despecialize(types, ty) else {
        unreachable!("variants, enums, options and results despecialize to variants")
    };
    let case = case as usize;
    if case >= cases.len() {
        return Err(error(types, ty, format!("case {case} of {}", cases.len())));
    }
    match (cases.payload(case), payload) {
        (None, None) => Ok(()),
        (Some(ty), Some(value)) => {
            type_check(types, ty, value).map_err(|e| e.within(format!(".{}", cases.label(case))))
        }
        (Some(_), None) => Err(error(types, ty, given_case(cases, case, "without a payload"))),
        (None, Some(_)) => Err(error(types, ty, given_case(cases, case, "with a payload"))),
    }
}

fn given_case(cases: Cases<'_>, case: usize, how: &str) -> String {
    format!("{} {how}", cases.label(case))
}

#[cold]
fn error(types: &Types, ty: ValType, given: String) -> ValueTypeError {
    ValueTypeError { path: String::new(), expected: display(types, ty).to_string(), given }
}
