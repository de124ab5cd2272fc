//! A small WIT front end: text to syntax trees to resolved packages, and on to Canonical ABI types.
//!
//! There is no IO: the caller passes the names and texts of a package's files. [`parse()`] does everything; the modules
//! hold the steps for tools that need them ([`lex`](mod@lex), [`ast`], [`parse`](mod@parse)). The grammar is that of WIT.md, with one
//! function per production; names of types and fields are the grammar's.
//!
//! | To | See |
//! |---|---|
//! | parse and resolve | [`parse()`], [`parse_with_dependencies`], [`parse_with_features`], [`parse_with_options`] |
//! | walk what is resolved | [`Resolved`], indexed by [`PackageId`], [`InterfaceId`], [`WorldId`], [`TypeDefId`], [`FunctionId`] |
//! | report faults | [`Error`], [`Note`], [`Location`]; each has a [`Display`](std::fmt::Display) |
//! | write | [`format()`](format::format) a file in one style, [`print()`](print::print) or export as [`json()`](json::json) what is resolved |
//! | read a directory | `load::Tree`, with the feature `load` |
//! | read and write packages in binary form | `wasm`, with the feature of that name |
//! | lay out and flatten | `abi::val_type`, `abi::func_type`, with the feature `abi` |
//!
//! # Parse a string
//!
//! ```
//! let text = "
//!     package demo:images;
//!     interface filters {
//!         record size { width: u32, height: u32 }
//!         scale: func(pixels: list<u8>, to: size) -> result<list<u8>, string>;
//!     }
//! ";
//! let resolved = wit_parser_lite::parse(&[("images.wit", text)]).unwrap();
//! let id = resolved.find_functions("scale")[0];
//! assert_eq!(resolved[id].params[1].name, "to");
//! ```
//!
//! # List a world's imports
//!
//! Those that it does not name, but what it imports and exports uses, are among them.
//!
//! ```
//! use wit_parser_lite::WorldItemKind;
//!
//! let text = "
//!     package demo:app@1.0.0;
//!     interface types { type color = u32; }
//!     interface canvas { use types.{color}; fill: func(with-color: color); }
//!     world painter { import canvas; import log: func(line: string); }
//! ";
//! let resolved = wit_parser_lite::parse(&[("app.wit", text)]).unwrap();
//! let (_, painter) = resolved.worlds().find(|(_, world)| world.name == "painter").unwrap();
//! let names = painter.imports.iter().map(|item| match (&item.name, item.kind) {
//!     (Some(name), _) => name.clone(),
//!     (None, WorldItemKind::Interface(id)) => resolved.interface_name(id).unwrap(),
//!     (None, WorldItemKind::Function(_) | WorldItemKind::Type(_)) => unreachable!("they have names"),
//! });
//! assert_eq!(
//!     names.collect::<Vec<_>>(),
//!     ["demo:app/types@1.0.0", "demo:app/canvas@1.0.0", "log"],
//! );
//! ```
//!
//! # Walk a type
//!
//! Definitions refer to definitions with smaller ids only, so that walking them ends.
//!
//! ```
//! use wit_parser_lite::{Resolved, Type, TypeDefKind};
//!
//! fn n_strings(resolved: &Resolved, ty: Type) -> usize {
//!     let of = |ty: Type| n_strings(resolved, ty);
//!     match resolved.dealias(ty) {
//!         Type::Primitive(primitive) => usize::from(primitive.name() == "string"),
//!         Type::Def(id) => match &resolved[id].kind {
//!             TypeDefKind::Record(fields) => fields.iter().map(|field| of(field.ty)).sum(),
//!             TypeDefKind::List(part) | TypeDefKind::Option(part) => of(*part),
//!             _ => 0, // and so on
//!         },
//!     }
//! }
//!
//! let text = "package a:b; interface i { record r { a: string, b: list<s>, c: u8 } type s = option<string>; }";
//! let resolved = wit_parser_lite::parse(&[("i.wit", text)]).unwrap();
//! let (r, _) = resolved.types().find(|(_, ty)| ty.name.as_deref() == Some("r")).unwrap();
//! assert_eq!(n_strings(&resolved, Type::Def(r)), 2);
//! ```
//!
//! # Report errors
//!
//! All faults of a package are reported in one run, in its syntax, its names and its types, and none that only follows
//! from another.
//!
//! ```
//! let text = "package a:b;\ninterface i {\n  record point { x f32 }\n  f: func(at: point, by: strng);\n}";
//! let errors = wit_parser_lite::parse(&[("i.wit", text)]).unwrap_err();
//! assert_eq!(errors[0].message, "expected `:`, found keyword `f32`");
//! assert_eq!((errors[0].location.line, errors[0].location.column), (3, 20));
//! // `point` is not called unknown. The other fault, as `Display` draws it:
//! assert_eq!(
//!     errors[1].to_string(),
//!     "\
//! i.wit:4:26: no type is named `strng` here
//!   |
//! 4 |   f: func(at: point, by: strng);
//!   |                          ^^^^^
//!   = help: did you mean `string`?"
//! );
//! assert_eq!(errors.len(), 2);
//! ```
//!
//! # Beyond the grammar
//!
//! Accepted as by other tools: the types `own<r>` and `error-context`, a `;` after `include … with { … }`, a comma after
//! the last parameter or renaming, doc comments between gates, and `@external-id` before `use`. Items gated by `@unstable` take part if their feature is chosen
//! ([`parse_with_features`]).

#![forbid(unsafe_code)]

#[cfg(feature = "abi")]
pub mod abi;
mod arena;
pub mod ast;
pub mod error;
pub mod format;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod gate;
pub mod json;
pub mod lex;
#[cfg(feature = "load")]
pub mod load;
mod name;
mod package;
pub mod parse;
pub mod print;
mod resolve;
pub mod source;
#[cfg(feature = "wasm")]
pub mod wasm;

use std::collections::BTreeSet;

pub use arena::{
    Accessor, Attributes, Case, Field, Function, FunctionId, Interface, InterfaceId, Label, MethodKind,
    Owner, Package, PackageId, Primitive, Resolved, Type, TypeDef, TypeDefId, TypeDefKind, World, WorldId,
    WorldItem, WorldItemKind,
};
pub use error::{Error, ErrorKind, Note};
pub use gate::Features;
pub use parse::MAX_TYPE_DEPTH;
use resolve::LostNames;
pub use resolve::MAX_ERRORS;
pub use source::{FileId, Location, Sources, Span};

/// The examples of the README, to run them.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Returns what the files of one package define, each file given by its name and text.
///
/// # Errors
///
/// All faults found, at least one and at most [`MAX_ERRORS`], in the order of the files. Nothing is reported that only
/// follows from another fault: what a syntax error leaves out may be referred to.
pub fn parse(files: &[(&str, &str)]) -> Result<Resolved, Vec<Error>> {
    parse_with_dependencies(files, &[])
}

/// Returns what the files of one package define, with the packages it depends on, each given by its files.
///
/// # Errors
///
/// As for [`parse()`]. No files at all are an error too.
pub fn parse_with_dependencies(
    files: &[(&str, &str)],
    dependencies: &[&[(&str, &str)]],
) -> Result<Resolved, Vec<Error>> {
    parse_with_features(&Features::default(), files, dependencies)
}

/// Returns what the files of one package define for those who chose `features`, with the packages it depends on.
///
/// # Errors
///
/// As for [`parse()`]; a fault in an item that its gate leaves out counts too.
pub fn parse_with_features(
    features: &Features,
    files: &[(&str, &str)],
    dependencies: &[&[(&str, &str)]],
) -> Result<Resolved, Vec<Error>> {
    let options = Options { features: features.clone(), unify_versions: false };
    parse_with_options(&options, files, dependencies)
}

/// What takes part when packages are resolved.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// Whose gated items take part.
    pub features: Features,
    /// Whether versions of a package that are compatible by semantic versioning are taken as one: what is imported or
    /// used of `wasi:io@0.2.10` comes from `wasi:io@0.2.12` if that is given too. What a world exports, or imports under
    /// a plain name, keeps its version. That the newer version has all that the older one has is checked.
    pub unify_versions: bool,
}

/// Returns what the files of one package define, with the packages it depends on.
///
/// ```
/// use wit_parser_lite::{Options, WorldItemKind, parse_with_options};
///
/// let main = [("w.wit", "package my:app; world w { import x:y/i@0.2.10; import x:y/i@0.2.12; }")];
/// let (old, new): (&[_], &[_]) = (
///     &[("old.wit", "package x:y@0.2.10; interface i { f: func(); }")],
///     &[("new.wit", "package x:y@0.2.12; interface i { f: func(); g: func(); }")],
/// );
/// let options = Options { unify_versions: true, ..Options::default() };
/// let resolved = parse_with_options(&options, &main, &[old, new]).unwrap();
/// let (_, world) = resolved.worlds().next().unwrap();
/// assert_eq!(world.imports.len(), 1);
/// let WorldItemKind::Interface(id) = world.imports[0].kind else { unreachable!() };
/// assert_eq!(resolved.interface_name(id).as_deref(), Some("x:y/i@0.2.12"));
/// ```
///
/// # Errors
///
/// As for [`parse_with_features`], and for versions that are not as compatible as they say.
pub fn parse_with_options(
    options: &Options,
    files: &[(&str, &str)],
    dependencies: &[&[(&str, &str)]],
) -> Result<Resolved, Vec<Error>> {
    let mut sources = Sources::default();
    let mut groups: Vec<Vec<FileId>> = Vec::new();
    // An empty file stands for no files, so that the error has a place.
    let files = if files.is_empty() { &[("no files", "")] } else { files };
    for group in std::iter::once(files).chain(dependencies.iter().copied()) {
        let ids: Result<_, Error> = group.iter().map(|(name, text)| sources.add(name, text)).collect();
        groups.push(ids.map_err(|error| vec![error])?);
    }
    let resolved = parse_groups(options, &sources, &groups)
        .map_err(|errors| errors.into_iter().map(|error| error.located(&sources)).collect::<Vec<_>>())?;
    Ok(Resolved { sources, ..resolved })
}

fn parse_groups(
    options: &Options,
    sources: &Sources,
    groups: &[Vec<FileId>],
) -> Result<Resolved, Vec<Error>> {
    let (mut faults, mut lost) = (Vec::new(), LostNames::default());
    let mut trees = Vec::with_capacity(groups.len());
    for group in groups {
        let mut files = Vec::with_capacity(group.len());
        for file in group {
            let (tokens, mut errors) = lex::lex(sources, *file);
            let (tree, more_errors) = parse::wit_file(*file, &tokens);
            add_independent(sources, &mut errors, more_errors);
            errors.sort_by_key(|error| error.span.start);
            lost_names(sources, &tree, &errors, &mut lost);
            files.push(tree);
            faults.extend(errors);
        }
        trees.push(files);
    }
    let resolved = resolve::resolve(&trees, options, lost);
    if faults.is_empty() {
        return resolved;
    }
    add_independent(sources, &mut faults, resolved.err().unwrap_or_default());
    faults.sort_by_key(|error| (error.span.file, error.span.start));
    faults.truncate(MAX_ERRORS);
    Err(faults)
}

/// Adds faults of a later step, but for those in a line with a fault of an earlier one, from which they follow.
fn add_independent(sources: &Sources, faults: &mut Vec<Error>, more: Vec<Error>) {
    let line = |error: &Error| {
        let before = &sources.text(error.span.file)[..error.span.start as usize];
        (error.span.file, before.rfind('\n'))
    };
    let lines: BTreeSet<_> = faults.iter().map(line).collect();
    faults.extend(more.into_iter().filter(|error| !lines.contains(&line(error))));
}

/// The words after which a definition's name stands.
const DEFINITIONS: [&str; 9] =
    ["package", "interface", "world", "record", "variant", "enum", "flags", "resource", "type"];

/// Collects the names in what a file's faults kept out of its tree.
fn lost_names(sources: &Sources, tree: &ast::WitFile<'_>, errors: &[Error], lost: &mut LostNames) {
    for span in &tree.skipped {
        lost.add(sources.slice(*span));
    }
    for error in errors {
        let (before, rest) = sources.text(error.span.file).split_at(error.span.start as usize);
        if error.kind == ErrorKind::Syntax && lacks_name(sources, tree, before, error) {
            lost.add_nameless();
        }
        if error.kind == ErrorKind::Literal {
            // A comment that does not end may hold anything up to the end of the file.
            let line = || rest.lines().next().unwrap_or("");
            lost.add(if rest.starts_with("/*") { rest } else { line() });
        }
    }
}

/// Returns whether a definition or a `use` is left out for `error` and may be of any name: it stands where a
/// definition's name should be, or in a `use`, after the text `before`.
fn lacks_name(sources: &Sources, tree: &ast::WitFile<'_>, before: &str, error: &Error) -> bool {
    let is_use = |span: &&Span| {
        span.start <= error.span.start
            && error.span.end <= span.end
            && sources.slice(**span).starts_with("use ")
    };
    let before = before.trim_end();
    DEFINITIONS.iter().any(|keyword| before.ends_with(keyword))
        || tree.skipped.iter().any(|span| is_use(&span))
}
