//! Texts to [`Resolved`] in one run: every file is lexed and parsed, then all are resolved
//! together.
//!
//! A run reports independent faults only. Names that are not found are not reported if they may be
//! defined in an item that a fault excludes. A fault of a later step is not reported if an earlier
//! step has one in the same item and line.

use std::collections::{BTreeMap, BTreeSet};

use crate::arena::Resolved;
#[cfg(all(feature = "load", feature = "wasm"))]
use crate::ast::FileItem;
use crate::ast::WitFile;
use crate::error::{Error, Errors, MAX_ERRORS};
use crate::gate::Features;
use crate::lex;
use crate::parse::wit_file;
use crate::resolve::{self, Options};
#[cfg(all(feature = "load", feature = "wasm"))]
use crate::resolve::{check_copy, package_key, package_text};
use crate::source::Sources;
use crate::span::{FileId, Span};

/// Returns what the files of one package define. Each file is given by name and text.
///
/// # Errors
///
/// All faults, at least one and at most [`MAX_ERRORS`], in the order of the files, without those
/// that follow from others: a name may be defined in what a syntax error excludes.
pub fn parse(files: &[(&str, &str)]) -> Result<Resolved, Errors> {
    parse_with_dependencies(files, &[])
}

/// Returns what the files of one package define. The packages that it depends on are given by their
/// files.
///
/// # Errors
///
/// As for [`parse()`]. It is also an error to give no files.
pub fn parse_with_dependencies(
    files: &[(&str, &str)],
    dependencies: &[&[(&str, &str)]],
) -> Result<Resolved, Errors> {
    parse_with_features(&Features::default(), files, dependencies)
}

/// Like [`parse_with_dependencies`], with the items that `features` include.
///
/// # Errors
///
/// As for [`parse()`]. A fault in an excluded item is reported too.
pub fn parse_with_features(
    features: &Features,
    files: &[(&str, &str)],
    dependencies: &[&[(&str, &str)]],
) -> Result<Resolved, Errors> {
    parse_with_options(&Options::default().features(features.clone()), files, dependencies)
}

/// Like [`parse_with_dependencies`], with these options.
///
/// ```
/// use wit_parser_lite::{Options, WorldItemKind, parse_with_options};
///
/// let main = [("w.wit", "package my:app; world w { import x:y/i@0.2.10; import x:y/i@0.2.12; }")];
/// let (old, new): (&[_], &[_]) = (
///     &[("old.wit", "package x:y@0.2.10; interface i { f: func(); }")],
///     &[("new.wit", "package x:y@0.2.12; interface i { f: func(); g: func(); }")],
/// );
/// let options = Options::default().unify_versions(true);
/// let resolved = parse_with_options(&options, &main, &[old, new]).unwrap();
/// let (_, world) = resolved.worlds().next().unwrap();
/// assert_eq!(world.imports.len(), 1);
/// let WorldItemKind::Interface(id) = world.imports[0].kind else { unreachable!() };
/// assert_eq!(resolved.interface_name(id).as_deref(), Some("x:y/i@0.2.12"));
/// ```
///
/// # Errors
///
/// As for [`parse_with_features`], and for versions that are not as compatible as they claim.
pub fn parse_with_options(
    options: &Options,
    files: &[(&str, &str)],
    dependencies: &[&[(&str, &str)]],
) -> Result<Resolved, Errors> {
    let mut sources = Sources::default();
    let mut groups: Vec<Vec<FileId>> = Vec::new();
    // An empty file instead of no files gives the error a position.
    let files = if files.is_empty() { &[("no files", "")] } else { files };
    for group in std::iter::once(files).chain(dependencies.iter().copied()) {
        let ids: Result<_, Error> = group.iter().map(|(name, text)| sources.add(name, text)).collect();
        groups.push(ids.map_err(|error| Errors::new(vec![error]))?);
    }
    let resolved = parse_groups(options, &sources, &groups)
        .map_err(|errors| Errors::new(errors.into_iter().map(|error| sources.located(error)).collect()))?;
    Ok(Resolved { sources, ..resolved })
}

fn parse_groups(
    options: &Options,
    sources: &Sources,
    groups: &[Vec<FileId>],
) -> Result<Resolved, Vec<Error>> {
    let mut faults = Vec::new();
    let mut trees = Vec::with_capacity(groups.len());
    for group in groups {
        let mut files = Vec::with_capacity(group.len());
        for file in group {
            let (tree, errors) = parse_file(sources, *file);
            files.push(tree);
            faults.extend(errors);
        }
        trees.push(files);
    }
    let resolved = resolve::resolve(sources, &trees, options);
    if faults.is_empty() {
        return resolved;
    }
    add_independent(sources, &mut faults, resolved.err().unwrap_or_default());
    faults.sort_by_key(|error| (error.span.file, error.span.start));
    faults.truncate(MAX_ERRORS);
    Err(faults)
}

/// Returns the syntax tree of a file, and the faults in its text and syntax.
fn parse_file(sources: &Sources, file: FileId) -> (WitFile<'_>, Vec<Error>) {
    let lexed = lex::scan(sources, file);
    let (mut tree, more_errors) = wit_file(file, &lexed.tokens);
    let mut errors = lexed.errors;
    add_independent(sources, &mut errors, more_errors);
    errors.sort_by_key(|error| error.span.start);
    for span in lexed.left_out {
        tree.lost.names.extend(lex::names_in(sources.slice(span)));
        tree.skipped.push(span);
    }
    (tree, errors)
}

/// Adds the faults of a later step, except those that follow from a fault of an earlier step: they
/// are in the same line, and no item ends between them.
fn add_independent(sources: &Sources, faults: &mut Vec<Error>, more: Vec<Error>) {
    if faults.is_empty() || more.is_empty() {
        return faults.extend(more);
    }
    let mut item_lines = ItemLines { sources, files: BTreeMap::new() };
    let known: BTreeSet<_> = faults.iter().map(|error| item_lines.of(error)).collect();
    faults.extend(more.into_iter().filter(|error| !known.contains(&item_lines.of(error))));
}

/// The lines and items of files with faults.
struct ItemLines<'s> {
    sources: &'s Sources,
    /// For each file, the positions of the tokens at which items start or end.
    files: BTreeMap<FileId, Vec<u32>>,
}

impl ItemLines<'_> {
    /// Returns a key that positions in the same line and item share.
    fn of(&mut self, error: &Error) -> (FileId, Option<usize>, usize) {
        let Span { file, start, .. } = error.span;
        let line = self.sources.text(file)[..start as usize].rfind('\n');
        let bounds = self.files.entry(file).or_insert_with(|| {
            let tokens = lex::lex(self.sources, file).0;
            let bounds = tokens.iter().filter(|token| matches!(token.text, "{" | "}" | ";"));
            bounds.map(|token| token.span.start).collect()
        });
        (file, line, bounds.partition_point(|bound| *bound < start))
    }
}

/// Returns the names, with versions, of the packages that a file defines. Faults are ignored.
#[cfg(all(feature = "load", feature = "wasm"))]
pub(crate) fn names_in(name: &str, text: &str) -> Vec<String> {
    let mut sources = Sources::default();
    let Ok(file) = sources.add(name, text) else { return Vec::new() };
    let (tokens, _) = lex::lex(&sources, file);
    let (tree, _) = wit_file(file, &tokens);
    let nested = tree.items.iter().filter_map(|item| match item {
        FileItem::Nested(nested) => Some(&nested.package.name),
        FileItem::Package(_) => None,
    });
    let header = tree.package.iter().map(|header| &header.name);
    header.chain(nested).map(|name| package_text(&package_key(name))).collect()
}

/// Returns the faults of `resolved` that come from binaries among its packages: each binary
/// describes the packages that it uses, too, and these copies must agree with the definitions. Each
/// binary is given by its name and its packages as texts, its own first.
///
/// All gated items must be in `resolved`.
#[cfg(all(feature = "load", feature = "wasm"))]
pub(crate) fn check_copies<'c>(
    resolved: &Resolved,
    copies: impl Iterator<Item = (&'c str, Vec<&'c str>)>,
) -> Vec<Error> {
    let options = Options::default().features(Features::All).proposals(crate::Proposals::all());
    let mut faults = Vec::new();
    for (file, texts) in copies {
        let packages: Vec<_> = texts.iter().map(|text| [(file, *text)]).collect();
        let packages: Vec<&[_]> = packages.iter().map(|package| package.as_slice()).collect();
        let Some((own, others)) = packages.split_first() else { continue };
        // A fault of the binary itself is reported where its package is resolved.
        if let Ok(copy) = parse_with_options(&options, own, others) {
            faults.extend(check_copy(file, &copy, resolved));
        }
        if faults.len() >= MAX_ERRORS {
            break;
        }
    }
    faults.truncate(MAX_ERRORS);
    faults.into_iter().map(|error| resolved.sources().located(error)).collect()
}
