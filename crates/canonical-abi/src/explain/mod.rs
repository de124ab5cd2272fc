//! Layouts and flattened signatures with the reason for each byte and each core value, and traces
//! of what lifting and lowering do with concrete values; as data and as text. Follows
//! CanonicalABI.md, "Alignment", "Element Size" and "Flattening".
//!
//! - [`byte_map`] tells what each byte of a value in memory is: a tree of ranges that cover it, in
//!   bytes from the start of the value.
//! - [`explain_functype`] tells what each core parameter and result carries, and what lies behind
//!   pointers to spilled values, in bytes from the pointer. [`explain_task_return`] and
//!   [`explain_callback`] do so for the other core functions of an asynchronous lift.
//! - [`trace_lower_flat_values`] and [`trace_lift_flat_values`] tell each step with concrete
//!   values, at addresses in the guest's memory.
//!
//! Each result is plain data with public fields, and a table as text: `to_string()`, or
//! [`ByteMap::table`] and [`FlattenedFunc::table`] with a [`TableStyle`]. The functions that end in
//! `_with` take a [`View`], which gives types their names.
//!
//! ```
//! use canonical_abi::explain::{View, byte_map_with};
//! use canonical_abi::{PtrType, Types, ValType};
//!
//! let mut types = Types::new();
//! let point = types.record(vec![("x".into(), ValType::F32), ("y".into(), ValType::F32)])?;
//! let shape = types.variant(vec![("empty".into(), None), ("dot".into(), Some(point))])?;
//! let view = View { name_of: &|ty| (ty == point).then_some("point"), ..View::new(&types) };
//! let map = byte_map_with(view, shape, PtrType::I32);
//! assert_eq!((map.size, map.align), (12, 4));
//! assert_eq!(map.ty, "variant { empty, dot(point) }");
//! // The discriminant, padding, the payload of `dot`, and what `empty` leaves unused.
//! let ranges: Vec<_> = map.entries.iter().map(|entry| entry.bytes.clone()).collect();
//! assert_eq!(ranges, [0..1, 1..4, 4..12, 4..12]);
//! assert_eq!(map.entries[2].path, "dot");
//! # Ok::<(), canonical_abi::TypeError>(())
//! ```
//!
//! Few definitions may make very many paths, so an explanation stops after [`MAX_ENTRIES`] entries
//! and says so.

mod bytes;
mod columns;
mod flat;
mod table;
mod trace;

use alloc::format;
use alloc::string::String;
use core::fmt::{self, Write as _};

pub use bytes::{ByteEntry, ByteKind, ByteMap, byte_map, byte_map_with};
pub use flat::{
    CoreSlot, EventPart, FlattenedFunc, Reason, Role, Source, explain_callback, explain_functype,
    explain_functype_with, explain_task_return,
};
pub use table::{TableStyle, Tabled};
pub use trace::{Call, MAX_STEP_BYTES, Place, Step, Trace, trace_lift_flat_values, trace_lower_flat_values};

use crate::types::display::{NameOf, display_named};
use crate::types::{Types, ValType};

/// The most entries of one explanation.
pub const MAX_ENTRIES: usize = 10_000;

/// How many labels that are listed again count as an entry.
pub const LABELS_PER_ENTRY: usize = 10;

/// The longest text of a type within a table, in characters.
const BRIEF_CHARS: usize = 60;

/// Types, and how explanations show them.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The arena of the types.
    pub types: &'a Types,
    /// The names that types go by.
    pub name_of: &'a NameOf<'a>,
    /// Whether the parts of a type are left out where it is a part itself, since they are told
    /// elsewhere. Without this, explanations of many types that share parts would grow with the
    /// square of their number.
    pub is_closed: &'a dyn Fn(ValType) -> bool,
}

impl<'a> View<'a> {
    /// Returns the view in which types have no names, and all parts are shown.
    pub fn new(types: &'a Types) -> Self {
        Self { types, name_of: &|_| None, is_closed: &|_| false }
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("types", self.types).finish_non_exhaustive()
    }
}

/// How many entries may still be made.
struct Budget {
    left: usize,
}

impl Budget {
    fn new() -> Self {
        Self { left: MAX_ENTRIES }
    }

    /// Takes one entry, if there is one left.
    fn take(&mut self) -> bool {
        let has_one = self.left > 0;
        self.left = self.left.saturating_sub(1);
        has_one
    }
}

/// Returns a type as WIT, cut if that is long.
fn brief(view: View<'_>, ty: ValType) -> String {
    let mut text = Cut { text: String::new(), chars_left: BRIEF_CHARS };
    match write!(text, "{}", display_named(view.types, ty, view.name_of)) {
        Ok(()) => text.text,
        Err(fmt::Error) => text.text + "…",
    }
}

/// A text that fails to take more than some characters, so that nobody writes the rest.
struct Cut {
    text: String,
    chars_left: usize,
}

impl fmt::Write for Cut {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        match more.char_indices().nth(self.chars_left) {
            Some((end, _)) => {
                self.text.push_str(&more[..end]);
                Err(fmt::Error)
            }
            None => {
                self.chars_left -= more.chars().count();
                self.text.push_str(more);
                Ok(())
            }
        }
    }
}

/// Returns the path of a component: `a.b`, `b` at the root, `a[0]`.
fn join_path(path: &str, step: &str) -> String {
    if path.is_empty() || step.starts_with('[') { format!("{path}{step}") } else { format!("{path}.{step}") }
}

/// Returns a number with its noun, in the plural where that is due.
fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}
