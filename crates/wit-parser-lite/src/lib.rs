//! A small WIT front end: text to syntax trees to resolved packages, and on to Canonical ABI types.
//!
//! There is no IO: the caller passes the names and texts of a package's files. [`parse()`] does
//! everything. The modules hold the steps for tools that need them: [`lex`](mod@lex), [`ast`],
//! [`parse`](mod@parse). The parser has one function per production of WIT.md's grammar, and types
//! and fields have the names of the grammar.
//!
//! | To | See |
//! |---|---|
//! | parse and resolve | [`parse()`], [`parse_with_dependencies`], [`parse_with_options`] |
//! | walk the result | [`Resolved`], indexed by ids such as [`PackageId`] and [`TypeDefId`] |
//! | report faults | [`Error`], [`Note`], [`Location`]; each has a [`Display`](std::fmt::Display) |
//! | format a file | [`format()`](format::format) |
//! | print the result | [`print()`](print::print) as WIT, [`json()`](json::json) |
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
//! They include those that the world does not name, but that its imports and exports use.
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
//!     (None, _) => unreachable!("functions and types have names"),
//! });
//! assert_eq!(
//!     names.collect::<Vec<_>>(),
//!     ["demo:app/types@1.0.0", "demo:app/canvas@1.0.0", "log"],
//! );
//! ```
//!
//! # Walk a type
//!
//! Definitions refer only to definitions with smaller ids, so the walk terminates.
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
//! let text = "package a:b;
//!     interface i { record r { a: string, b: list<s>, c: u8 } type s = option<string>; }";
//! let resolved = wit_parser_lite::parse(&[("i.wit", text)]).unwrap();
//! let (r, _) = resolved.types().find(|(_, ty)| ty.name.as_deref() == Some("r")).unwrap();
//! assert_eq!(n_strings(&resolved, Type::Def(r)), 2);
//! ```
//!
//! # Report errors
//!
//! One run reports all faults of a package, in its syntax, its names and its types, without those
//! that only follow from others.
//!
//! ```
//! let text = "package a:b;
//! interface i {
//!   record point { x f32 }
//!   f: func(at: point, by: strng);
//! }";
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
//! Other tools accept these too: the types `own<r>` and `error-context`, a `;` after
//! `include … with { … }`, a comma after the last parameter or renaming, doc comments between
//! gates, and `@external-id` before `use`. Items gated by `@unstable` are included if their feature
//! is enabled ([`parse_with_features`]).
//!
//! # Modules
//!
//! Each module uses only modules above it.
//!
//! ```text
//! name, span, proposals      labels; files, spans, positions; what WIT may say
//! ast, error                 syntax trees; faults as data
//! faults, source             the faults of a run; texts
//! lex, arena, gate           tokens; resolved packages; feature gates
//! parse, resolve             tokens to trees; trees to resolved packages
//! abi, json, print           the results as other types and as text
//! format, read               the formatter; a whole run from texts
//! wasm, fuzzing              binaries; properties of any input
//! load                       files on disk
//! ```

#![forbid(unsafe_code)]

#[cfg(feature = "abi")]
pub mod abi;
mod arena;
pub mod ast;
pub mod error;
mod faults;
pub mod format;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod gate;
pub mod json;
pub mod lex;
#[cfg(feature = "load")]
pub mod load;
mod name;
pub mod parse;
pub mod print;
mod proposals;
mod read;
mod resolve;
pub mod source;
mod span;
#[cfg(feature = "wasm")]
pub mod wasm;

pub use arena::{
    Accessor, Attributes, Case, Field, Function, FunctionId, Interface, InterfaceId, Label, LeftOut,
    MethodKind, Owner, Package, PackageId, Primitive, Resolved, Type, TypeDef, TypeDefId, TypeDefKind, World,
    WorldId, WorldItem, WorldItemKind,
};
pub use error::{Error, ErrorKind, Errors, MAX_ERRORS, Note};
pub use gate::Features;
pub use parse::MAX_TYPE_DEPTH;
pub use proposals::{Proposal, Proposals};
pub use read::{parse, parse_with_dependencies, parse_with_features, parse_with_options};
pub use resolve::Options;
pub use source::{FileId, Location, Sources, Span};

/// The examples of the README, to run them.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
