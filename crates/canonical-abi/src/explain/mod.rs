//! Layouts and flattened signatures with the reason for each byte and each core value, and traces
//! of what lifting and lowering do with concrete values; as data and as text. Follows
//! CanonicalABI.md, "Alignment", "Element Size" and "Flattening".
//!
//! Few definitions may make very many paths, so an explanation stops after [`MAX_ENTRIES`] entries
//! and says so.

mod bytes;
mod columns;
mod flat;
mod trace;

use alloc::format;
use alloc::string::{String, ToString};

pub use bytes::{ByteEntry, ByteKind, ByteMap, byte_map};
pub use flat::{CoreSlot, FlattenedFunc, Reason, Source, explain_functype};
pub use trace::{Call, MAX_STEP_BYTES, Place, Step, Trace, trace_lift_flat_values, trace_lower_flat_values};

use crate::types::display::display;
use crate::types::{Types, ValType};

/// The most entries of one explanation.
pub const MAX_ENTRIES: usize = 10_000;

/// The longest text of a type within a table, in characters.
const BRIEF_CHARS: usize = 60;

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
fn brief(types: &Types, ty: ValType) -> String {
    let text = display(types, ty).to_string();
    match text.char_indices().nth(BRIEF_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
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
