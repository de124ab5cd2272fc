//! Documentation, gates and external ids. Follows WIT.md, "Feature Gates" and "Item: `world`".

use super::cursor::{Cursor, expected};
use super::names::{id, valid_semver};
use crate::ast::{Attributes, ExternalId, Gate, GateKind};
use crate::error::{Error, ErrorKind, Result};
use crate::lex::{Token, TokenKind};

/// ```ebnf
/// gate ::= gate-item*
/// ```
///
/// with the `external-id` that may follow. Returns the attributes of an item, including
/// documentation before, between and after the gates.
pub(super) fn attributes<'a>(p: &mut Cursor<'a, '_>) -> Result<Attributes<'a>> {
    let mut attributes = Attributes { docs: p.docs(), ..Attributes::default() };
    while p.at("@") {
        let start = p.bump().span;
        match p.text() {
            "external-id" => {
                let value = external_id(p)?;
                let span = start.to(p.last_span());
                if attributes.external_id.is_some() {
                    p.report(Error::new(ErrorKind::Attribute, span, "a second `@external-id`".to_owned()));
                }
                attributes.external_id = Some(ExternalId { value, span });
            }
            _ => {
                let kind = gate_item(p)?;
                attributes.gates.push(Gate { kind, span: start.to(p.last_span()) });
            }
        }
        attributes.docs.comments.extend(p.docs().comments);
    }
    if let Err(error) = gate_rules(&attributes) {
        p.report(error);
    }
    Ok(attributes)
}

/// ```ebnf
/// gate-item ::= unstable-gate
///             | since-gate
///             | deprecated-gate
/// ```
fn gate_item<'a>(p: &mut Cursor<'a, '_>) -> Result<GateKind<'a>> {
    match p.text() {
        "unstable" => unstable_gate(p),
        "since" => since_gate(p),
        "deprecated" => deprecated_gate(p),
        found => {
            let error = expected(p, "`since`, `unstable`, `deprecated` or `external-id`");
            Err(error.suggest(found, ["since", "unstable", "deprecated", "external-id"]))
        }
    }
}

/// ```ebnf
/// unstable-gate ::= '@unstable' '(' feature-field ')'
/// feature-field ::= 'feature' '=' id
/// ```
fn unstable_gate<'a>(p: &mut Cursor<'a, '_>) -> Result<GateKind<'a>> {
    p.bump();
    p.expect("(")?;
    field(p, "feature", "some-name")?;
    let feature = id(p)?;
    p.expect(")")?;
    Ok(GateKind::Unstable(feature))
}

/// ```ebnf
/// since-gate ::= '@since' '(' version-field ')'
/// ```
fn since_gate<'a>(p: &mut Cursor<'a, '_>) -> Result<GateKind<'a>> {
    p.bump();
    Ok(GateKind::Since(version_field(p)?))
}

/// ```ebnf
/// deprecated-gate ::= '@deprecated' '(' version-field ')'
/// ```
fn deprecated_gate<'a>(p: &mut Cursor<'a, '_>) -> Result<GateKind<'a>> {
    p.bump();
    Ok(GateKind::Deprecated(version_field(p)?))
}

/// ```ebnf
/// version-field ::= 'version' '=' <valid semver>
/// ```
///
/// with the parentheses around it.
fn version_field(p: &mut Cursor<'_, '_>) -> Result<semver::Version> {
    p.expect("(")?;
    field(p, "version", "1.0.0")?;
    let version = valid_semver(p)?;
    p.expect(")")?;
    Ok(version)
}

/// The name of a field and the `=` after it.
fn field(p: &mut Cursor<'_, '_>, name: &str, example: &str) -> Result<()> {
    let field = p.expect(name).and_then(|_| p.expect("="));
    field.map(drop).map_err(|error| error.help(format!("write `({name} = {example})`")))
}

/// The rules for the gates of a single item.
fn gate_rules(attributes: &Attributes<'_>) -> Result<()> {
    let (mut since, mut unstable, mut deprecated) = (None, None, None);
    for gate in &attributes.gates {
        let (seen, name) = match gate.kind {
            GateKind::Since(_) => (&mut since, "since"),
            GateKind::Unstable(_) => (&mut unstable, "unstable"),
            GateKind::Deprecated(_) => (&mut deprecated, "deprecated"),
        };
        if seen.replace(gate.span).is_some() {
            return Err(Error::new(ErrorKind::Attribute, gate.span, format!("a second `@{name}`")));
        }
    }
    if let (Some(since), Some(unstable)) = (since, unstable) {
        let message = "an item has either `@since` or `@unstable`, not both".to_owned();
        return Err(Error::new(ErrorKind::Attribute, unstable, message).note("the other gate is here", since));
    }
    match deprecated {
        Some(span) if since.is_none() && unstable.is_none() => {
            let message = "`@deprecated` needs `@since` or `@unstable` beside it".to_owned();
            Err(Error::new(ErrorKind::Attribute, span, message))
        }
        _ => Ok(()),
    }
}

/// ```ebnf
/// external-id ::= '@external-id' '(' string-literal ')'
/// ```
fn external_id(p: &mut Cursor<'_, '_>) -> Result<String> {
    p.bump();
    p.expect("(")?;
    if p.kind() != TokenKind::String {
        return Err(expected(p, "a string"));
    }
    let value = string_literal(p.bump())?;
    p.expect(")")?;
    Ok(value)
}

/// Reports an external id on an item that has none.
pub(super) fn no_external_id(p: &mut Cursor<'_, '_>, attributes: &Attributes<'_>, item: &str) {
    if let Some(external_id) = &attributes.external_id {
        let message = format!("`@external-id` is not allowed on {item}");
        let error = Error::new(ErrorKind::Attribute, external_id.span, message);
        p.report(error.help("it belongs to an import, an export, or a type or function of an interface"));
    }
}

/// `string-literal`, which is the core text format's `name`: bytes that must be UTF-8.
fn string_literal(token: Token<'_>) -> Result<String> {
    let fault = |what: &str| Error::new(ErrorKind::Literal, token.span, what.to_owned());
    let inner = &token.text[1..token.text.len() - 1];
    let mut bytes = Vec::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
            continue;
        }
        match chars.next() {
            Some('t') => bytes.push(b'\t'),
            Some('n') => bytes.push(b'\n'),
            Some('r') => bytes.push(b'\r'),
            Some(c @ ('"' | '\'' | '\\')) => bytes.push(c as u8),
            Some('u') => {
                let c = unicode_escape(&mut chars)
                    .ok_or_else(|| fault("`\\u{…}` takes a Unicode scalar value in hex"))?;
                bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
            }
            Some(high) => {
                let digits = high.to_digit(16).zip(chars.next().and_then(|low| low.to_digit(16)));
                let byte = digits.and_then(|(high, low)| u8::try_from(16 * high + low).ok());
                bytes.push(byte.ok_or_else(|| fault("an escape this text format does not have"))?);
            }
            None => return Err(fault("a string cannot end with `\\`")),
        }
    }
    String::from_utf8(bytes).map_err(|_| fault("the bytes of this string are not UTF-8"))
}

/// The `{…}` of `\u{…}`; underscores may stand between digits.
fn unicode_escape(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let (digits, rest) = chars.as_str().strip_prefix('{')?.split_once('}')?;
    *chars = rest.chars();
    let well_formed = !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__");
    let digits: String = digits.chars().filter(|c| *c != '_').collect();
    let is_hex = digits.chars().all(|c| c.is_ascii_hexdigit());
    if well_formed && is_hex { char::from_u32(u32::from_str_radix(&digits, 16).ok()?) } else { None }
}
