//! The faults of a run: collected up to a limit, without those that follow from others.

use std::collections::BTreeSet;

use crate::ast::WitFile;
use crate::error::{Error, MAX_ERRORS};

/// The faults found so far, up to a limit.
pub(crate) struct FaultList {
    errors: Vec<Error>,
    limit: usize,
    lost: Lost,
    /// What was reported as missing: further references to it are not faults of their own.
    missing: BTreeSet<String>,
}

/// The parts that the syntax trees lack because of faults in the text or syntax of their files. A
/// name that is not found may be defined there.
#[derive(Default)]
struct Lost {
    names: BTreeSet<String>,
    /// Whether anything is left out.
    is_any: bool,
    /// Whether a definition is left out whose name is missing.
    is_nameless: bool,
}

impl FaultList {
    /// Returns an empty list.
    pub(crate) fn new() -> Self {
        Self { errors: Vec::new(), limit: MAX_ERRORS, lost: Lost::default(), missing: BTreeSet::new() }
    }

    /// Returns an empty list for a run over these trees.
    pub(crate) fn of<'t, 'a: 't>(trees: impl Iterator<Item = &'t WitFile<'a>>) -> Self {
        let mut lost = Lost::default();
        for tree in trees {
            lost.is_any |= !tree.skipped.is_empty() || tree.lost.is_nameless;
            lost.is_nameless |= tree.lost.is_nameless;
            lost.names.extend(tree.lost.names.iter().map(|name| (*name).to_owned()));
        }
        Self { lost, ..Self::new() }
    }

    /// Returns a list that keeps nothing, for lookups whose faults are reported elsewhere.
    pub(crate) fn discard() -> Self {
        Self { limit: 0, ..Self::new() }
    }

    /// Returns whether `name` may be defined in what is left out.
    pub(crate) fn is_lost(&self, name: &str) -> bool {
        self.lost.is_nameless || self.lost.names.contains(name)
    }

    /// Returns whether anything is left out.
    pub(crate) fn is_any_lost(&self) -> bool {
        self.lost.is_any
    }

    pub(crate) fn push(&mut self, error: Error) {
        if !self.is_full() {
            self.errors.push(error);
        }
    }

    /// Returns whether `what` is reported as missing for the first time.
    pub(crate) fn is_first(&mut self, what: String) -> bool {
        self.missing.insert(what)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// Returns whether further faults would be dropped, so that no message need be written.
    pub(crate) fn is_full(&self) -> bool {
        self.errors.len() >= self.limit
    }

    /// Returns the faults in the order of the files.
    pub(crate) fn into_sorted(self) -> Vec<Error> {
        let mut errors = self.errors;
        errors.sort_by_key(|error| (error.span.file, error.span.start));
        errors
    }
}
