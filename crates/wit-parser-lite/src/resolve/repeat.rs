//! Packages that several dependencies define: all copies must have the same structure.
//!
//! A copy with the same tokens is the same. Each other copy is resolved in a run in which it
//! replaces the first one, and the results are compared. So a copy is checked like any other
//! package, and the rest of the code knows nothing of copies.
//!
//! All gated items take part, and gates are not compared: a copy that was made from a binary has
//! none, and lacks the items whose features were not enabled.

use std::collections::BTreeMap;

use super::equal::{Comparison, Difference, Pair, missing_in_package};
use super::package::{PackageKey, Repeat, package_text};
use crate::arena::{PackageId, Resolved};
use crate::error::{Error, ErrorKind, MAX_ERRORS};
use crate::lex::{Token, TokenKind, lex};
use crate::source::Sources;
use crate::span::{FileId, Span};

/// The most bytes of text that are resolved again to compare copies.
const MAX_BYTES: usize = 32 << 20;

/// The tokens of the files in which packages are defined, each file's read once.
struct Texts<'s> {
    sources: &'s Sources,
    files: BTreeMap<FileId, Vec<Token<'s>>>,
}

impl<'s> Texts<'s> {
    /// Returns the texts of the tokens in these spans, without comments.
    fn tokens(&mut self, spans: &[Span]) -> Vec<&'s str> {
        let mut texts = Vec::new();
        for span in spans {
            let sources = self.sources;
            let tokens = self.files.entry(span.file).or_insert_with(|| lex(sources, span.file).0);
            let start = tokens.partition_point(|token| token.span.start < span.start);
            let inside = tokens[start..].iter().take_while(|token| token.span.end <= span.end);
            let is_comment = |kind| matches!(kind, TokenKind::Comment | TokenKind::DocComment);
            texts.extend(inside.filter(|token| !is_comment(token.kind)).map(|token| token.text));
        }
        texts
    }
}

/// Checks that each of `repeats` equals the first definition.
///
/// `resolve` is given the index of the definition to use for each of them, and includes all gated
/// items.
pub(super) fn check_repeats(
    sources: &Sources,
    repeats: &[Repeat],
    resolve: impl Fn(BTreeMap<PackageKey, u32>) -> Result<Resolved, Vec<Error>>,
) -> Result<(), Vec<Error>> {
    let mut texts = Texts { sources, files: BTreeMap::new() };
    let mut rounds: BTreeMap<u32, Vec<&Repeat>> = BTreeMap::new();
    for repeat in repeats {
        let [own, first] = &repeat.texts;
        if texts.tokens(own) != texts.tokens(first) {
            rounds.entry(repeat.index).or_default().push(repeat);
        }
    }
    let Some(last) = rounds.values().flatten().last() else { return Ok(()) };
    if rounds.len().saturating_mul(sources.n_bytes()) > MAX_BYTES {
        let name = package_text(&last.key);
        let message = format!("package `{name}` is given {} times, too often to compare", last.index + 1);
        return Err(vec![Error::new(ErrorKind::TooLarge, last.span, message)]);
    }
    let resolved = &resolve(BTreeMap::new())?;
    let mut faults = Vec::new();
    for (round, repeats) in rounds {
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
        if faults.len() >= MAX_ERRORS {
            break;
        }
    }
    faults.truncate(MAX_ERRORS);
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Returns the error that the definition of `repeat`, used in `other`, differs from that in
/// `resolved`.
fn difference(resolved: &Resolved, other: &Resolved, repeat: &Repeat) -> Option<Error> {
    let (first, second) = (package(resolved, &repeat.key), package(other, &repeat.key));
    let missing = |a, b, of_a, of_b| -> Option<Difference> {
        missing_in_package(&mut Comparison::new(Pair { a, b }, true), of_a, of_b)
    };
    let there = missing(resolved, other, first, second);
    let difference = there.or_else(|| missing(other, resolved, second, first))?;
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

#[cfg(all(feature = "load", feature = "wasm"))]
/// Checks that what a binary describes of other packages agrees with their definitions, of which
/// the binary may have a part only.
pub(crate) fn check_copy(file: &str, copy: &Resolved, resolved: &Resolved) -> Vec<Error> {
    let by_name: BTreeMap<String, PackageId> =
        resolved.packages().map(|(id, _)| (resolved.package_name(id), id)).collect();
    let mut comparison = Comparison::new(Pair { a: copy, b: resolved }, true);
    let mut faults = Vec::new();
    // The first package is the binary's own, which is compared like others.
    for (id, _) in copy.packages().skip(1) {
        let name = copy.package_name(id);
        let Some(definition) = by_name.get(&name) else { continue };
        let Some(difference) = missing_in_package(&mut comparison, id, *definition) else { continue };
        let message = format!("package `{name}` is given twice, and the two differ");
        let error = Error::new(ErrorKind::Duplicate, resolved[*definition].span, message);
        let what = &difference.what;
        let remark = format!("`{file}` has a copy of it, with another {what}, or one that is missing here");
        faults.push(
            error.remark(remark).help("build the binary again from this text, or take the text it is from"),
        );
    }
    faults
}
