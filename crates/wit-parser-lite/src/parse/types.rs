//! Types. Follows WIT.md, "Types".

use super::cursor::{Cursor, comma_separated, expected};
use super::names::id;
use crate::ast::{Primitive, Ty, TyKind};
use crate::error::{Error, ErrorKind, Result};
use crate::lex::TokenKind;

/// The maximum depth of types: `list<list<u8>>` has depth 3.
pub const MAX_TYPE_DEPTH: u32 = 100;

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
