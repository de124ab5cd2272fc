//! Types. Follows WIT.md, "Items: type" and "Types".

use super::cursor::{Cursor, comma_separated, expected, expected_after};
use super::function::resource_methods;
use super::{MAX_TYPE_DEPTH, id, new_id};
use crate::ast::{
    Attributes, Label, Primitive, RecordField, Ty, TyKind, TypedefItem, TypedefKind, VariantCase,
};
use crate::error::{Error, ErrorKind, Result};
use crate::lex::TokenKind;

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

/// `ty`: a primitive type, a type with parts in angle brackets, or a name.
pub(super) fn ty<'a>(p: &mut Cursor<'a, '_>) -> Result<Ty<'a>> {
    let start = p.span();
    if p.type_depth == MAX_TYPE_DEPTH {
        let message = format!("types nest deeper than {MAX_TYPE_DEPTH}");
        return Err(Error::new(ErrorKind::Depth, start, message).help("give the inner type a name"));
    }
    p.type_depth += 1;
    let kind = ty_kind(p);
    p.type_depth -= 1;
    Ok(Ty { kind: kind?, span: start.to(p.last_span()) })
}

fn ty_kind<'a>(p: &mut Cursor<'a, '_>) -> Result<TyKind<'a>> {
    if p.kind() == TokenKind::Id {
        return id(p).map(TyKind::Id);
    }
    if let Some(primitive) = Primitive::ALL.into_iter().find(|primitive| primitive.name() == p.text()) {
        p.bump();
        return Ok(TyKind::Primitive(primitive));
    }
    match p.text() {
        "tuple" => tuple(p),
        "list" => list(p),
        "option" => option(p),
        "result" => result(p),
        "map" => map(p),
        "own" | "borrow" => handle(p),
        "future" => Ok(TyKind::Future(optional_parameter(p)?)),
        "stream" => Ok(TyKind::Stream(optional_parameter(p)?)),
        "record" | "variant" | "enum" | "flags" | "resource" => {
            let help = format!("define the {} by itself and write its name here", p.text());
            Err(expected(p, "a type").help(help))
        }
        "_" => Err(expected(p, "a type").help("`_` stands only for a `result`'s missing `ok` type")),
        _ => Err(expected(p, "a type")),
    }
}

/// ```ebnf
/// tuple ::= 'tuple' '<' tuple-list '>'
/// tuple-list ::= ty
///              | ty ',' tuple-list?
/// ```
fn tuple<'a>(p: &mut Cursor<'a, '_>) -> Result<TyKind<'a>> {
    p.bump();
    p.expect("<")?;
    comma_separated(p, ">", ty).map(TyKind::Tuple)
}

/// ```ebnf
/// list ::= 'list' '<' ty '>'
///        | 'list' '<' ty ',' uint '>'
/// uint ::= [1-9][0-9]*
/// ```
fn list<'a>(p: &mut Cursor<'a, '_>) -> Result<TyKind<'a>> {
    p.bump();
    p.expect("<")?;
    let element = Box::new(ty(p)?);
    if !p.eat(",") {
        p.expect(">")?;
        return Ok(TyKind::List(element));
    }
    if p.kind() != TokenKind::Integer {
        return Err(expected(p, "the list's length"));
    }
    let token = p.bump();
    let length = token.text.parse::<u32>().ok().filter(|_| !token.text.starts_with('0'));
    let Some(length) = length else {
        let message = format!("`{}` is not a list's length", token.text.chars().take(40).collect::<String>());
        let error = Error::new(ErrorKind::Type, token.span, message);
        p.report(error.help("a length is a number from 1 to 4294967295, without leading zeros"));
        p.expect(">")?;
        return Ok(TyKind::List(element));
    };
    p.expect(">")?;
    Ok(TyKind::FixedLengthList(element, length))
}

/// ```ebnf
/// option ::= 'option' '<' ty '>'
/// ```
fn option<'a>(p: &mut Cursor<'a, '_>) -> Result<TyKind<'a>> {
    p.bump();
    p.expect("<")?;
    let payload = Box::new(ty(p)?);
    p.expect(">")?;
    Ok(TyKind::Option(payload))
}

/// ```ebnf
/// result ::= 'result' '<' ty ',' ty '>'
///          | 'result' '<' '_' ',' ty '>'
///          | 'result' '<' ty '>'
///          | 'result'
/// ```
fn result<'a>(p: &mut Cursor<'a, '_>) -> Result<TyKind<'a>> {
    p.bump();
    if !p.eat("<") {
        return Ok(TyKind::Result(None, None));
    }
    if p.eat("_") {
        p.expect(",")?;
        let err = Box::new(ty(p)?);
        p.expect(">")?;
        return Ok(TyKind::Result(None, Some(err)));
    }
    let ok = Box::new(ty(p)?);
    let err = if p.eat(",") { Some(Box::new(ty(p)?)) } else { None };
    p.expect(">")?;
    Ok(TyKind::Result(Some(ok), err))
}

/// ```ebnf
/// map ::= 'map' '<' kt ',' ty '>'
/// ```
fn map<'a>(p: &mut Cursor<'a, '_>) -> Result<TyKind<'a>> {
    p.bump();
    p.expect("<")?;
    let key = Box::new(kt(p)?);
    p.expect(",")?;
    let value = Box::new(ty(p)?);
    p.expect(">")?;
    Ok(TyKind::Map(key, value))
}

/// ```ebnf
/// kt ::= 'u8' | 'u16' | 'u32' | 'u64'
///      | 's8' | 's16' | 's32' | 's64'
///      | 'char' | 'bool' | 'string'
/// ```
fn kt<'a>(p: &mut Cursor<'a, '_>) -> Result<Ty<'a>> {
    let key = ty(p)?;
    match key.kind {
        TyKind::Primitive(Primitive::F32 | Primitive::F64 | Primitive::ErrorContext)
        | TyKind::Tuple(_)
        | TyKind::List(_)
        | TyKind::FixedLengthList(..)
        | TyKind::Map(..)
        | TyKind::Option(_)
        | TyKind::Result(..)
        | TyKind::Future(_)
        | TyKind::Stream(_)
        | TyKind::Own(_)
        | TyKind::Borrow(_)
        | TyKind::Id(_) => {
            let message = "this type cannot be the key of a map".to_owned();
            let error = Error::new(ErrorKind::Type, key.span, message);
            p.report(error.help("keys are integers, `char`, `bool` or `string`, written out"));
        }
        TyKind::Primitive(_) => {}
    }
    Ok(key)
}

/// ```ebnf
/// handle ::= id
///          | 'borrow' '<' id '>'
/// ```
///
/// and `'own' '<' id '>'`, which is a keyword and which other tools accept.
fn handle<'a>(p: &mut Cursor<'a, '_>) -> Result<TyKind<'a>> {
    let is_own = p.bump().text == "own";
    p.expect("<")?;
    let resource = id(p)?;
    p.expect(">")?;
    Ok(if is_own { TyKind::Own(resource) } else { TyKind::Borrow(resource) })
}

/// ```ebnf
/// future ::= 'future' '<' ty '>'
///          | 'future'
/// stream ::= 'stream' '<' ty '>'
///          | 'stream'
/// ```
fn optional_parameter<'a>(p: &mut Cursor<'a, '_>) -> Result<Option<Box<Ty<'a>>>> {
    p.bump();
    if !p.eat("<") {
        return Ok(None);
    }
    let payload = ty(p)?;
    p.expect(">")?;
    Ok(Some(Box::new(payload)))
}
