//! Names, paths and versions. Follows WIT.md, "WIT Identifiers" and "Item: `use`".

use semver::Version;

use super::cursor::{Cursor, expected};
use crate::ast::{Id, PackageName, UsePath};
use crate::error::{Error, ErrorKind, Result};
use crate::lex::TokenKind;

/// ```ebnf
/// use-path ::= id
///            | id ':' id '/' id ('@' valid-semver)?
///            | ( id ':' )+ id ( '/' id )+ ('@' valid-semver)?
/// ```
pub(super) fn use_path<'a>(p: &mut Cursor<'a, '_>) -> Result<UsePath<'a>> {
    let first = id(p)?;
    if !p.at(":") {
        return Ok(UsePath::Id(first));
    }
    let (mut namespaces, mut last) = (Vec::new(), first);
    while p.eat(":") {
        namespaces.push(last);
        last = id(p)?;
    }
    if !p.at("/") {
        let error = expected(p, "`/` and the name of an interface or world");
        return Err(error.remark(format!("`{}:{}` names a package", first.name, last.name)));
    }
    let mut names = Vec::new();
    while p.eat("/") {
        names.push(last);
        last = id(p)?;
    }
    let version = version_suffix(p)?;
    let span = first.span.to(p.last_span());
    Ok(UsePath::Package { package: PackageName { namespaces, names, version, span }, id: last })
}

/// The version after a name: `('@' valid-semver)?`
pub(super) fn version_suffix(p: &mut Cursor<'_, '_>) -> Result<Option<Version>> {
    if p.eat("@") { Ok(Some(valid_semver(p)?)) } else { Ok(None) }
}

/// `valid-semver`, a version as <https://semver.org> defines it.
pub(super) fn valid_semver(p: &mut Cursor<'_, '_>) -> Result<Version> {
    match p.kind() {
        TokenKind::Version | TokenKind::Integer => {
            let token = p.bump();
            Version::parse(token.text).map_err(|fault| {
                let message = format!("`{}` is not a version: {fault}", token.text);
                Error::new(ErrorKind::Version, token.span, message)
                    .help("a version has three parts, such as `1.0.0`")
            })
        }
        TokenKind::Keyword
        | TokenKind::Id
        | TokenKind::String
        | TokenKind::Operator
        | TokenKind::Comment
        | TokenKind::DocComment
        | TokenKind::End => Err(expected(p, "a version such as `1.0.0`")),
    }
}

/// The name of a new definition. If it is missing, the definition may have any name.
pub(super) fn new_id<'a>(p: &mut Cursor<'a, '_>) -> Result<Id<'a>> {
    id(p).inspect_err(|_| p.lose_any_name())
}

/// An `id`. Keywords need a `%`.
pub(super) fn id<'a>(p: &mut Cursor<'a, '_>) -> Result<Id<'a>> {
    if p.kind() == TokenKind::Id {
        let token = p.bump();
        return Ok(Id { name: token.name(), span: token.span });
    }
    let error = expected(p, "a name");
    if p.kind() == TokenKind::Keyword {
        let help = format!("write `%{}` to use the keyword as a name", p.text());
        let error = error.help(help);
        let is_name = matches!(p.text_after(1), ":" | "," | "{" | "}" | "=" | ";" | ")" | ">");
        if is_name {
            p.report(error);
            let token = p.bump();
            return Ok(Id { name: token.text, span: token.span });
        }
        return Err(error);
    }
    Err(error)
}
