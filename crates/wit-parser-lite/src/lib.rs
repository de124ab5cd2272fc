//! A small WIT front end: text to syntax trees to resolved packages, and on to Canonical ABI types.
//!
//! There is no IO: the caller passes the names and texts of a package's files. [`parse()`] does everything; the modules
//! hold the steps for tools that need them ([`lex`](mod@lex), [`ast`], [`parse`](mod@parse)). The grammar is that of WIT.md, with one
//! function per production; names of types and fields are the grammar's.
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
//!
//! let errors = wit_parser_lite::parse(&[("images.wit", &text.replace("size)", "siez)"))]).unwrap_err();
//! assert_eq!(errors[0].message, "no type is named `siez` here");
//! assert_eq!(errors[0].help.as_deref(), Some("did you mean `size`?"));
//! ```
//!
//! [`format()`](format::format) rewrites a file in one style, [`json()`](json::json) exports what is resolved.
//!
//! With the feature `load`, `load::Tree` reads a directory with its `deps/` from disk.
//! With the feature `abi`, `abi::func_type` and its siblings give the `canonical-abi` types of what is resolved.
//!
//! All syntax errors of a package are reported in one run, then all faults in its names and types. Not supported yet:
//! packages in binary form, and printing what is resolved.
//!
//! Beyond the grammar, as tools accept it: the types `own<r>` and `error-context`, a `;` after `include … with { … }`,
//! and doc comments between gates. Items gated by `@unstable` take part if their feature is chosen
//! ([`parse_with_features`]).

#![forbid(unsafe_code)]

#[cfg(feature = "abi")]
pub mod abi;
mod arena;
pub mod ast;
pub mod error;
pub mod format;
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

pub use arena::{
    Accessor, Attributes, Case, Field, Function, FunctionId, Interface, InterfaceId, Label, MethodKind,
    Owner, Package, PackageId, Primitive, Resolved, Type, TypeDef, TypeDefId, TypeDefKind, World, WorldId,
    WorldItem, WorldItemKind,
};
pub use error::{Error, ErrorKind, Note};
pub use gate::Features;
pub use parse::MAX_TYPE_DEPTH;
pub use resolve::MAX_ERRORS;
pub use source::{FileId, Location, Sources, Span};

/// Returns what the files of one package define, each file given by its name and text.
///
/// # Errors
///
/// All faults found, at least one and at most [`MAX_ERRORS`]. A syntax error keeps
/// names from being resolved, so that nothing is reported that only follows from it.
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
    let mut sources = Sources::default();
    let mut groups: Vec<Vec<FileId>> = Vec::new();
    // An empty file stands for no files, so that the error has a place.
    let files = if files.is_empty() { &[("no files", "")] } else { files };
    for group in std::iter::once(files).chain(dependencies.iter().copied()) {
        let ids: Result<_, Error> = group.iter().map(|(name, text)| sources.add(name, text)).collect();
        groups.push(ids.map_err(|error| vec![error])?);
    }
    let resolved = parse_groups(features, &sources, &groups)
        .map_err(|errors| errors.into_iter().map(|error| error.located(&sources)).collect::<Vec<_>>())?;
    Ok(Resolved { sources, ..resolved })
}

fn parse_groups(
    features: &Features,
    sources: &Sources,
    groups: &[Vec<FileId>],
) -> Result<Resolved, Vec<Error>> {
    let mut errors = Vec::new();
    let mut trees = Vec::with_capacity(groups.len());
    for group in groups {
        let mut files = Vec::with_capacity(group.len());
        for file in group {
            let (tokens, faults) = lex::lex(sources, *file);
            let (tree, more_faults) = parse::wit_file(*file, &tokens);
            files.push(tree);
            let start = errors.len();
            // In a line with a fault in its text, one of its grammar follows from that.
            let more_faults = more_faults
                .into_iter()
                .filter(|error| !faults.iter().any(|fault| share_line(sources, fault, error)));
            let more_faults: Vec<_> = more_faults.collect();
            errors.extend(faults);
            errors.extend(more_faults);
            errors[start..].sort_by_key(|error| error.span.start);
        }
        trees.push(files);
    }
    errors.truncate(MAX_ERRORS);
    if errors.is_empty() { resolve::resolve(&trees, features) } else { Err(errors) }
}

/// Returns whether two faults of one file start in one line.
fn share_line(sources: &Sources, a: &Error, b: &Error) -> bool {
    let (start, end) = (a.span.start.min(b.span.start), a.span.start.max(b.span.start));
    !sources.slice(Span { start, end, ..a.span }).contains('\n')
}
