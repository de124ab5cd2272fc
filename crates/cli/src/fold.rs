//! Which types are told once, where everything told everywhere would be too much.

use std::collections::{HashMap, HashSet};

use canonical_abi::explain::{LABELS_PER_ENTRY, MAX_ENTRIES};
use canonical_abi::{Types, ValType};

use crate::parts::components;

/// How many rows a document has before types are folded.
const MAX_ROWS: u64 = 10_000;

/// The types whose parts a document shows once, where it is about the type, and not wherever
/// another type or a function has a component of it. A document of usual size folds nothing.
/// Without this, documents would grow with the product of the numbers of types and of their users.
#[derive(Debug, Default)]
pub(crate) struct Folds {
    closed: HashSet<ValType>,
    n_rows: u64,
}

impl Folds {
    /// Returns what a document about `roots` folds, that is also about each of `listed`.
    pub(crate) fn new(
        types: &Types,
        roots: impl Iterator<Item = ValType>,
        listed: impl Iterator<Item = ValType>,
    ) -> Self {
        let mut known = HashMap::new();
        let n_rows = roots.fold(0u64, |sum, ty| sum.saturating_add(n_rows(types, &mut known, ty)));
        let closed = if n_rows > MAX_ROWS { listed.collect() } else { HashSet::new() };
        Self { closed, n_rows }
    }

    /// Returns whether a type is shown without its parts where it is a part.
    pub(crate) fn is_closed(&self, ty: ValType) -> bool {
        self.closed.contains(&ty)
    }

    /// Returns a remark for the reader, if anything is folded.
    pub(crate) fn remark(&self) -> Option<String> {
        (!self.closed.is_empty()).then(|| {
            format!(
                "with all parts of all types this would be some {} rows: the parts of a type that has a name are \
                 listed once, with the type (`--full` for all)",
                self.n_rows
            )
        })
    }
}

/// Returns about how many rows the explanation of a type has.
fn n_rows(types: &Types, known: &mut HashMap<ValType, u64>, ty: ValType) -> u64 {
    if let Some(n) = known.get(&ty) {
        return *n;
    }
    let parts: u64 = match ty {
        // Only the pointer and the length are in the value.
        ValType::List(_) | ValType::Map(_) | ValType::String => 2,
        ValType::Stream(_) | ValType::Future(_) => 0,
        ValType::Enum(id) => (types[id].labels.len() / LABELS_PER_ENTRY) as u64,
        ValType::Flags(id) => (types[id].labels.len() / LABELS_PER_ENTRY) as u64,
        ValType::Scalar(_)
        | ValType::ErrorContext
        | ValType::Own(_)
        | ValType::Borrow(_)
        | ValType::FixedLengthList(_)
        | ValType::Record(_)
        | ValType::Tuple(_)
        | ValType::Variant(_)
        | ValType::Option(_)
        | ValType::Result(_) => {
            let parts = components(types, ty).into_iter().filter_map(|(_, ty)| ty);
            parts.fold(1u64, |sum, ty| sum.saturating_add(n_rows(types, known, ty)))
        }
    };
    let n = (1 + parts).min(MAX_ENTRIES as u64);
    known.insert(ty, n);
    n
}
