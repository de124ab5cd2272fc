//! What an observing host learns about lifting and lowering: the specification's functions as they
//! begin and end.
//!
//! `explain` makes traces of it. The observer works out paths, types and texts, so that announcing
//! a step costs nothing.

use super::{Context, Host};
use crate::core_value::CoreValue;
use crate::types::ValType;
use crate::value::Value;

/// A step that begins.
#[derive(Clone, Copy, Debug)]
pub enum Begin<'a> {
    /// `lift_flat_values`, from these core values.
    LiftFlatValues {
        /// The core values.
        flat: &'a [CoreValue],
    },
    /// `lower_flat_values`.
    LowerFlatValues,
    /// All values are loaded from a block, as the fields of a tuple.
    LoadValues {
        /// The block's address.
        ptr: u64,
        /// Its size in bytes.
        size_bytes: u64,
    },
    /// All values are stored into a block, as the fields of a tuple.
    StoreValues {
        /// The block's address.
        ptr: u64,
        /// Its size in bytes.
        size_bytes: u64,
    },
    /// `lift_flat`, `lower_flat`, `load` or `store` of a value.
    Value {
        /// The value's type.
        ty: ValType,
        /// Where it is.
        access: Access<'a>,
    },
    /// `load_int` of a discriminant, pointer or length.
    LoadInt {
        /// Its address.
        ptr: u64,
        /// Its size in bytes.
        size_bytes: u32,
    },
    /// `store_int` of a discriminant, pointer or length.
    StoreInt {
        /// Its address.
        ptr: u64,
        /// Its size in bytes.
        size_bytes: u32,
    },
    /// `load_string_from_range`.
    LoadString {
        /// The address of the first code unit.
        ptr: u64,
        /// The length.
        tagged_code_units: u64,
    },
    /// `store_string_into_range`.
    StoreString {
        /// The string.
        string: &'a str,
    },
    /// `load_list_from_range`.
    LoadList {
        /// The address of the first element.
        ptr: u64,
        /// How many elements there are.
        length: u64,
        /// Their type.
        element: ValType,
    },
    /// `store_list_into_range`.
    StoreList,
    /// `load_list_from_valid_range`.
    LoadElements {
        /// The address of the first element.
        ptr: u64,
        /// How many elements there are.
        length: u64,
        /// Their type.
        element: ValType,
    },
    /// `store_list_into_valid_range`.
    StoreElements {
        /// The address of the first element.
        ptr: u64,
        /// How many elements there are.
        length: u64,
        /// Their type.
        element: ValType,
    },
}

/// Which of four functions begins for a value, and where the value is.
#[derive(Clone, Copy, Debug)]
pub enum Access<'a> {
    /// `lift_flat`, from the first of these core values, which are all that are left.
    LiftFlat(&'a [CoreValue]),
    /// `lower_flat`, to core values after as many others.
    LowerFlat(usize),
    /// `load`, from this address.
    Load(u64),
    /// `store`, to this address.
    Store(u64),
}

/// The outcome of a step.
#[derive(Clone, Copy, Debug)]
pub enum End<'a> {
    /// Nothing beyond what the steps within it have shown.
    Nothing,
    /// This value was lifted or loaded, or stored.
    Value(&'a Value),
    /// Core values were appended, for one value or for all.
    Flat {
        /// The value, if it is one.
        value: Option<&'a Value>,
        /// The core values.
        flat: &'a [CoreValue],
    },
    /// The integer is a pointer.
    Pointer(u64),
    /// The integer is a length.
    Length(u64),
    /// The integer is the discriminant of this case.
    Discriminant(u32),
    /// The string was loaded.
    Loaded(&'a str),
    /// The string was stored.
    Stored {
        /// The string.
        string: &'a str,
        /// The address of the first code unit.
        ptr: u64,
        /// The length.
        tagged_code_units: u64,
    },
}

/// Runs a step, and reports its beginning and its outcome to a host that observes.
#[inline(always)]
pub(crate) fn observed<'a, H: Host, R>(
    cx: &mut Context<'a, H>,
    begin: Begin<'_>,
    step: impl FnOnce(&mut Context<'a, H>) -> Result<R, H::Error>,
    end: impl for<'r> FnOnce(&'r R) -> End<'r>,
) -> Result<R, H::Error> {
    // Passing the result by reference below would make the compiler copy it here as well.
    if !H::OBSERVES {
        return step(cx);
    }
    cx.host.begin(begin);
    let result = step(cx)?;
    cx.host.end(end(&result));
    Ok(result)
}
