//! Tokens to syntax tree: one function per production of WIT.md, named after it.
//!
//! The parser looks one token ahead, two for getters and setters, and four to distinguish `import
//! a:b/c` from `import a: b`. It continues after a fault: if the intention is clear, at once,
//! otherwise after the item with the fault. [`MAX_TYPE_DEPTH`] bounds the nesting of types, so no
//! input can exhaust the stack.

mod attribute;
mod cursor;
mod function;
mod interface;
mod lost;
mod names;
mod typedef;
mod types;
mod world;

use crate::ast::{
    FileItem, LostNames, NestedPackageDefinition, PackageDecl, PackageItem, PackageName, ToplevelUse, WitFile,
};
use crate::error::{Error, ErrorKind, Result};
use crate::lex::Token;
use crate::span::{FileId, Span};
use attribute::{attributes, no_external_id};
use cursor::{Cursor, Faults, expected, expected_after};
use interface::interface_item;
use names::{new_id, use_path, version_suffix};
pub use types::MAX_TYPE_DEPTH;
use world::world_item;

/// Returns the syntax tree of `file`, whose tokens are those that [`lex`](crate::lex::lex) returns,
/// and the faults.
///
/// ```ebnf
/// wit-file ::= (package-decl ';')? (package-items | nested-package-definition)*
/// ```
///
/// Items with faults are left out of the tree, which lists their spans.
///
/// # Panics
///
/// When the last of `tokens` is not the end of the file.
pub fn wit_file<'a>(file: FileId, tokens: &[Token<'a>]) -> (WitFile<'a>, Vec<Error>) {
    let p = &mut Cursor::new(tokens);
    let (skipped, lost) = (Vec::new(), LostNames::default());
    let end = tokens.last().map_or(0, |token| token.span.end);
    let span = Span { file, start: 0, end };
    let mut tree = WitFile { file, span, package: None, items: Vec::new(), skipped, lost };
    while !p.at_end() {
        if p.eat_missed_brace() {
            continue;
        }
        let (start, is_stray) = (p.checkpoint(), p.at_stray());
        if let Err(error) = file_item(p, &mut tree) {
            p.recover(start, error);
            if !p.has_moved(start) {
                p.bump();
            }
            if is_stray {
                p.pass_strays();
            }
        }
    }
    let Faults { errors, skipped, lost } = std::mem::take(&mut p.faults);
    (tree.skipped, tree.lost) = (skipped, lost);
    (tree, errors)
}

/// The header, or one item, of a file.
fn file_item<'a>(p: &mut Cursor<'a, '_>, tree: &mut WitFile<'a>) -> Result<()> {
    let attributes = attributes(p)?;
    if !p.at("package") {
        tree.items.push(FileItem::Package(package_items(p, attributes)?));
        return Ok(());
    }
    let is_first = tree.package.is_none() && tree.items.is_empty();
    let decl = package_decl(p, attributes)?;
    if p.at("{") {
        tree.items.push(FileItem::Nested(nested_package_definition(p, decl)?));
        return Ok(());
    }
    let end = if p.eat(";") { None } else { Some(expected_after(p, "`;` or `{` after the package's name")) };
    if !is_first {
        let message = "a package header must come first in its file".to_owned();
        let error = Error::new(ErrorKind::Package, decl.name.span, message);
        p.report(error.help("write `package … { … }` to define another package in this file"));
    } else {
        tree.package = Some(decl);
    }
    match end {
        Some(error) if p.starts_line() || p.at_end() => p.report(error),
        Some(error) => return Err(error),
        None => {}
    }
    Ok(())
}

/// ```ebnf
/// package-items ::= toplevel-use-item | interface-item | world-item
/// ```
fn package_items<'a>(
    p: &mut Cursor<'a, '_>,
    attributes: crate::ast::Attributes<'a>,
) -> Result<PackageItem<'a>> {
    match p.text() {
        "use" => {
            no_external_id(p, &attributes, "use");
            Ok(PackageItem::Use(toplevel_use_item(p, attributes)?))
        }
        "interface" => {
            no_external_id(p, &attributes, "an interface");
            Ok(PackageItem::Interface(interface_item(p, attributes)?))
        }
        "world" => {
            no_external_id(p, &attributes, "a world");
            Ok(PackageItem::World(world_item(p, attributes)?))
        }
        "record" | "variant" | "enum" | "flags" | "resource" | "type" => {
            let help = "types are defined in an `interface` or a `world`";
            Err(expected(p, "`interface`, `world`, `use` or `package`").help(help))
        }
        "default" => {
            let help = "`default` is older WIT's: leave it out";
            Err(expected(p, "`interface`, `world`, `use` or `package`").help(help))
        }
        "}" => {
            let message = "this `}` closes nothing".to_owned();
            Err(Error::new(ErrorKind::Syntax, p.span(), message))
        }
        _ => Err(expected(p, "`interface`, `world`, `use` or `package`")),
    }
}

/// ```ebnf
/// nested-package-definition ::= package-decl '{' package-items* '}'
/// ```
fn nested_package_definition<'a>(
    p: &mut Cursor<'a, '_>,
    package: PackageDecl<'a>,
) -> Result<NestedPackageDefinition<'a>> {
    p.expect("{")?;
    let mut items = Vec::new();
    while !p.eat("}") {
        if p.at_end() {
            return Err(expected(p, "`}`").note("the package starts here", package.name.span));
        }
        let start = p.checkpoint();
        match nested_item(p) {
            Ok(item) => items.push(item),
            Err(error) => p.recover(start, error),
        }
    }
    let span = package.name.span.to(p.last_span());
    Ok(NestedPackageDefinition { package, items, span })
}

/// An item of a package in braces.
fn nested_item<'a>(p: &mut Cursor<'a, '_>) -> Result<PackageItem<'a>> {
    let attributes = attributes(p)?;
    if p.at("package") {
        let message = "a package in braces cannot contain another package".to_owned();
        let error = Error::new(ErrorKind::Package, p.span(), message);
        return Err(error.help("move it to the top level of the file"));
    }
    package_items(p, attributes)
}

/// ```ebnf
/// package-decl ::= 'package' ( id ':' )+ id ( '/' id )* ('@' valid-semver)?
/// ```
fn package_decl<'a>(
    p: &mut Cursor<'a, '_>,
    attributes: crate::ast::Attributes<'a>,
) -> Result<PackageDecl<'a>> {
    if let Some(gate) = attributes.gates.first() {
        let message = "a package cannot be gated".to_owned();
        p.report(Error::new(ErrorKind::Attribute, gate.span, message));
    }
    no_external_id(p, &attributes, "a package");
    p.expect("package")?;
    let first = new_id(p)?;
    if !p.at(":") {
        let error = expected(p, "`:` after the package's namespace");
        return Err(
            error.help(format!("a package name has a namespace: `package my-namespace:{}`", first.name))
        );
    }
    let mut namespaces = Vec::new();
    let mut last = first;
    while p.eat(":") {
        namespaces.push(last);
        last = new_id(p)?;
    }
    let mut names = vec![last];
    while p.eat("/") {
        names.push(new_id(p)?);
    }
    let version = version_suffix(p)?;
    let span = first.span.to(p.last_span());
    Ok(PackageDecl { docs: attributes.docs, name: PackageName { namespaces, names, version, span } })
}

/// ```ebnf
/// toplevel-use-item ::= 'use' use-path ('as' id)? ';'
/// ```
fn toplevel_use_item<'a>(
    p: &mut Cursor<'a, '_>,
    attributes: crate::ast::Attributes<'a>,
) -> Result<ToplevelUse<'a>> {
    p.expect("use")?;
    let path = use_path(p).inspect_err(|_| p.lose_any_name())?;
    if p.at(".") {
        let help = "types are used inside an `interface` or a `world`";
        return Err(expected(p, "`as` or `;`").help(help));
    }
    let alias = if p.eat("as") { Some(new_id(p)?) } else { None };
    p.expect(";")?;
    Ok(ToplevelUse { attributes, path, alias })
}
