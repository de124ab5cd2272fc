//! Type definitions. Follows WIT.md, "Items: type".

use super::cursor::{Cursor, comma_separated, expected, expected_after};
use super::function::resource_methods;
use super::names::{id, new_id};
use super::types::ty;
use crate::ast::{Attributes, Label, RecordField, TypedefItem, TypedefKind, VariantCase};
use crate::error::Result;

/// Returns whether a `typedef-item` starts here.
pub(super) fn at_typedef_item(p: &Cursor<'_, '_>) -> bool {
    matches!(p.text(), "resource" | "variant" | "record" | "flags" | "enum" | "type")
        && p.text_after(1) != ":"
}

/// ```ebnf
/// typedef-item ::= resource-item
///                | variant-items
///                | record-item
///                | flags-items
///                | enum-items
///                | type-item
/// ```
pub(super) fn typedef_item<'a>(
    p: &mut Cursor<'a, '_>,
    attributes: Attributes<'a>,
) -> Result<TypedefItem<'a>> {
    let keyword = p.bump().text;
    let id = new_id(p)?;
    let kind = match keyword {
        "resource" => resource_item(p)?,
        "variant" => variant_items(p)?,
        "record" => record_item(p)?,
        "flags" => flags_items(p)?,
        "enum" => enum_items(p)?,
        _ => type_item(p)?,
    };
    Ok(TypedefItem { attributes, id, kind })
}

/// ```ebnf
/// resource-item ::= 'resource' id ';'
///                 | 'resource' id '{' ( gate external-id? resource-method )* '}'
/// ```
///
/// Like the productions below, this function starts after the name.
fn resource_item<'a>(p: &mut Cursor<'a, '_>) -> Result<TypedefKind<'a>> {
    if p.eat(";") {
        return Ok(TypedefKind::Resource(Vec::new()));
    }
    if !p.at("{") && !p.at("constructor") {
        let error = expected_after(p, "`;` or `{`");
        if !p.starts_line() {
            return Err(error);
        }
        p.report(error);
        return Ok(TypedefKind::Resource(Vec::new()));
    }
    resource_methods(p).map(TypedefKind::Resource)
}

/// ```ebnf
/// variant-items ::= 'variant' id '{' variant-cases '}'
/// variant-cases ::= variant-case
///                 | variant-case ',' variant-cases?
/// variant-case ::= id
///                | id '(' ty ')'
/// ```
fn variant_items<'a>(p: &mut Cursor<'a, '_>) -> Result<TypedefKind<'a>> {
    let cases = braces(p, |p| {
        let (docs, id) = (p.docs(), id(p)?);
        let payload = if p.eat("(") {
            let payload = ty(p)?;
            p.expect(")")?;
            Some(payload)
        } else {
            None
        };
        Ok(VariantCase { docs, id, ty: payload })
    });
    cases.map(TypedefKind::Variant)
}

/// ```ebnf
/// record-item ::= 'record' id '{' record-fields '}'
/// record-fields ::= record-field
///                 | record-field ',' record-fields?
/// record-field ::= id ':' ty
/// ```
fn record_item<'a>(p: &mut Cursor<'a, '_>) -> Result<TypedefKind<'a>> {
    let fields = braces(p, |p| {
        let (docs, id) = (p.docs(), id(p)?);
        p.expect(":")?;
        Ok(RecordField { docs, id, ty: ty(p)? })
    });
    fields.map(TypedefKind::Record)
}

/// ```ebnf
/// flags-items ::= 'flags' id '{' flags-fields '}'
/// flags-fields ::= id
///                | id ',' flags-fields?
/// ```
fn flags_items<'a>(p: &mut Cursor<'a, '_>) -> Result<TypedefKind<'a>> {
    braces(p, label).map(TypedefKind::Flags)
}

/// ```ebnf
/// enum-items ::= 'enum' id '{' enum-cases '}'
/// enum-cases ::= id
///              | id ',' enum-cases?
/// ```
fn enum_items<'a>(p: &mut Cursor<'a, '_>) -> Result<TypedefKind<'a>> {
    braces(p, label).map(TypedefKind::Enum)
}

fn label<'a>(p: &mut Cursor<'a, '_>) -> Result<Label<'a>> {
    let (docs, id) = (p.docs(), id(p)?);
    if p.at("(") || p.at(":") {
        let help = "cases with a type belong to a `variant`, fields with a type to a `record`";
        return Err(expected(p, "`,` or `}`").help(help));
    }
    Ok(Label { docs, id })
}

/// A list with commas in braces, with or without a trailing comma.
fn braces<'a, 't, T>(
    p: &mut Cursor<'a, 't>,
    item: impl FnMut(&mut Cursor<'a, 't>) -> Result<T>,
) -> Result<Vec<T>> {
    p.open_brace()?;
    comma_separated(p, "}", item)
}

/// ```ebnf
/// type-item ::= 'type' id '=' ty ';'
/// ```
fn type_item<'a>(p: &mut Cursor<'a, '_>) -> Result<TypedefKind<'a>> {
    p.expect("=")?;
    let ty = ty(p)?;
    p.expect(";")?;
    Ok(TypedefKind::Type(ty))
}
