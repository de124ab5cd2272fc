//! Steps that have begun and not ended, and what steps show.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Place, Step};
use crate::core_value::CoreValue;
use crate::memory::string::utf16_tag;
use crate::options::StringEncoding;
use crate::types::despecialize::{Despecialized, despecialize};
use crate::types::layout::elem_size;
use crate::types::{PtrType, Types, ValType};
use crate::value::Value;

/// The longest string that a step shows, in characters.
const VALUE_CHARS: usize = 60;

/// A step that has begun.
pub(super) struct Open {
    pub(super) step: Step,
    pub(super) kind: Kind,
    /// How many components have begun within it.
    pub(super) n_parts: u64,
    /// The case, of a variant.
    pub(super) case: Option<u32>,
}

/// What an open step has to do with components.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// It is about all values, which are its parts.
    Values,
    /// It is a component of this type.
    Component(ValType, IsAt),
    /// It is about a list's elements, which are its parts.
    Elements(ValType, u64),
    /// It stores a string in two steps.
    StoreString,
    /// It has no parts.
    Other,
}

/// Where a component is.
#[derive(Clone, Copy)]
pub(super) enum IsAt {
    /// In core values to lift: from position `first` on, where `n_left` of them were left.
    Lifted { first: usize, n_left: usize },
    /// In core values that are lowered, from this position on.
    Lowered { first: usize },
    /// In memory.
    Memory { ptr: u64, size: u64 },
}

impl Open {
    /// Returns whether the step is about a component that is lifted from core values.
    pub(super) fn reads_flat(&self) -> bool {
        matches!(self.kind, Kind::Component(_, IsAt::Lifted { .. }))
    }

    /// Returns the label of a variant's case.
    pub(super) fn case_label(&self, types: &Types) -> Option<String> {
        let Kind::Component(ty, _) = self.kind else { return None };
        let Despecialized::Variant(cases) = despecialize(types, ty) else { return None };
        self.case.map(|case| cases.label(case as usize).to_string())
    }
}

/// Returns whether a type has neither parts nor contents elsewhere, so that one step shows the
/// whole value.
pub(super) fn is_leaf(types: &Types, ty: ValType) -> bool {
    matches!(
        despecialize(types, ty),
        Despecialized::Scalar(_) | Despecialized::Flags(_) | Despecialized::Handle(_)
    )
}

/// Returns a place in memory whose bytes the steps below show.
pub(super) fn range(address: u64, size: u64) -> Place {
    Place::Memory { address, size, bytes: Vec::new() }
}

/// Returns a place among the core values.
pub(super) fn core(first: usize, values: &[CoreValue]) -> Place {
    Place::Core { first, values: values.to_vec() }
}

/// Returns the size in bytes of a string of this tagged length.
pub(super) fn string_size(encoding: StringEncoding, ptr: PtrType, tagged_code_units: u64) -> u64 {
    let tag = utf16_tag(ptr);
    match encoding {
        StringEncoding::Utf8 => tagged_code_units,
        StringEncoding::Utf16 => tagged_code_units.saturating_mul(2),
        StringEncoding::Latin1Utf16 if tagged_code_units & tag != 0 => {
            (tagged_code_units ^ tag).saturating_mul(2)
        }
        StringEncoding::Latin1Utf16 => tagged_code_units,
    }
}

/// Returns the size in bytes of `length` elements.
pub(super) fn list_size(types: &Types, element: ValType, ptr: PtrType, length: u64) -> u64 {
    length.saturating_mul(u64::from(elem_size(types, element, ptr)))
}

/// Returns a value as one line, if it is short by nature.
pub(super) fn brief_value(value: &Value) -> Option<String> {
    let text = match value {
        Value::Bool(x) => format!("{x}"),
        Value::S8(x) => format!("{x}"),
        Value::U8(x) => format!("{x}"),
        Value::S16(x) => format!("{x}"),
        Value::U16(x) => format!("{x}"),
        Value::S32(x) => format!("{x}"),
        Value::U32(x) => format!("{x}"),
        Value::S64(x) => format!("{x}"),
        Value::U64(x) => format!("{x}"),
        Value::F32(x) => format!("{x}"),
        Value::F64(x) => format!("{x}"),
        Value::Char(x) => format!("{x:?}"),
        Value::String(s) => return Some(brief_string(s)),
        Value::Flags(bits) => format!("{bits:#b}"),
        Value::Own(rep) | Value::Borrow(rep) => format!("representation {rep}"),
        Value::ErrorContext(rep) | Value::Stream(rep) | Value::Future(rep) => format!("number {rep}"),
        Value::List(_)
        | Value::Map(_)
        | Value::Record(_)
        | Value::Tuple(_)
        | Value::Variant { .. }
        | Value::Enum(_)
        | Value::Option(_)
        | Value::Result(_) => return None,
    };
    Some(text)
}

/// Returns a string in quotes, cut if it is long.
pub(super) fn brief_string(s: &str) -> String {
    match s.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => format!("{:?}…", &s[..end]),
        None => format!("{s:?}"),
    }
}
