//! Packages that several dependencies define: all copies must have the same structure.
//!
//! Each copy is resolved in a run in which it replaces the first one, and the results are compared.
//! So a copy is checked like any other package, and the rest of the code knows nothing of copies.

use std::collections::BTreeMap;

use super::equal::{Pair, missing_in_package};
use super::package::{PackageKey, Repeat, package_text};
use crate::arena::{PackageId, Resolved};
use crate::error::{Error, ErrorKind, MAX_ERRORS};

/// Checks that each of `repeats` equals the definition that was used for `resolved`.
///
/// `resolve` is given the index of the definition to use for each of them.
pub(super) fn check_repeats(
    resolved: &Resolved,
    repeats: &[Repeat],
    resolve: impl Fn(BTreeMap<PackageKey, u32>) -> Result<Resolved, Vec<Error>>,
) -> Result<(), Vec<Error>> {
    let n_rounds = repeats.iter().map(|repeat| repeat.index).max().unwrap_or(0);
    let mut faults = Vec::new();
    for round in 1..=n_rounds {
        let repeats: Vec<_> = repeats.iter().filter(|repeat| repeat.index == round).collect();
        let chosen = repeats.iter().map(|repeat| (repeat.key.clone(), round)).collect();
        match resolve(chosen) {
            Ok(other) => {
                faults.extend(repeats.iter().filter_map(|repeat| difference(resolved, &other, repeat)));
            }
            Err(errors) => {
                // Faults of a copy itself are more useful than the report that it differs. Faults
                // of other packages follow from it.
                let is_own = |error: &Error| repeats.iter().any(|repeat| repeat.span.file == error.span.file);
                let (own, _) = errors.into_iter().partition::<Vec<_>, _>(is_own);
                let is_known = !own.is_empty();
                faults.extend(own);
                if !is_known {
                    faults.extend(repeats.iter().map(|repeat| differs(resolved, repeat)));
                }
            }
        }
    }
    faults.truncate(MAX_ERRORS);
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Returns the error that the definition of `repeat`, used in `other`, differs from that in
/// `resolved`.
fn difference(resolved: &Resolved, other: &Resolved, repeat: &Repeat) -> Option<Error> {
    let (first, second) = (package(resolved, &repeat.key), package(other, &repeat.key));
    let there = missing_in_package(Pair { a: resolved, b: other }, first, second);
    let here = missing_in_package(Pair { a: other, b: resolved }, second, first);
    let difference = there.or(here)?;
    let note = format!("only one of them has this {}, or in this form", difference.what);
    Some(differs(resolved, repeat).note(&note, difference.span))
}

fn differs(resolved: &Resolved, repeat: &Repeat) -> Error {
    let name = package_text(&repeat.key);
    let message = format!("package `{name}` is given twice, and the two differ");
    let first = resolved[package(resolved, &repeat.key)].span;
    let error = Error::new(ErrorKind::Duplicate, repeat.span, message).note("the other is given here", first);
    error.help("give one of them, or give them different versions")
}

fn package(resolved: &Resolved, (name, version): &PackageKey) -> PackageId {
    let mut packages = resolved.packages();
    let found = packages.find(|(_, package)| package.name == *name && package.version == *version);
    found.expect("one of the definitions takes part").0
}
