//! Functions. Follows WIT.md, "Item: `interface`" and "Item: `resource`".

use super::attribute::attributes;
use super::cursor::{Cursor, comma_separated, expected, missing_brace};
use super::names::id;
use super::types::ty;
use crate::ast::{Accessor, Attributes, FuncItem, FuncType, Id, MethodKind, NamedType, ResourceMethod, Ty};
use crate::error::Result;
use crate::lex::TokenKind;

/// ```ebnf
/// func-item ::= id ':' func-type ';'
/// ```
pub(super) fn func_item<'a>(p: &mut Cursor<'a, '_>, attributes: Attributes<'a>) -> Result<FuncItem<'a>> {
    let id = id(p)?;
    p.expect(":")?;
    let func = func_type(p)?;
    p.expect(";")?;
    Ok(FuncItem { attributes, id, func })
}

/// Returns whether a `func-type` starts here. `get` and `set` are not keywords and need a
/// parenthesis after them.
pub(super) fn at_func_type(p: &Cursor<'_, '_>) -> bool {
    matches!(p.text(), "func" | "async") || (matches!(p.text(), "get" | "set") && p.text_after(1) == "(")
}

/// ```ebnf
/// func-type ::= 'async'? 'func' param-list result-list
///             | 'get' param-list result-list
///             | 'set' param-list result-list
/// ```
pub(super) fn func_type<'a>(p: &mut Cursor<'a, '_>) -> Result<FuncType<'a>> {
    let is_async = p.eat("async");
    let span = p.span();
    let accessor = match p.text() {
        "func" => None,
        "get" if !is_async => Some(Accessor::Get),
        "set" if !is_async => Some(Accessor::Set),
        "get" | "set" => {
            return Err(expected(p, "`func` after `async`").help("getters and setters cannot be async"));
        }
        "static" => {
            return Err(expected(p, "`func`").help("`static` comes before `async`, in a resource only"));
        }
        _ => return Err(expected(p, "`func`")),
    };
    p.bump();
    let params = param_list(p)?;
    let result = result_list(p)?;
    Ok(FuncType { accessor, is_async, params, result, span })
}

/// ```ebnf
/// param-list ::= '(' named-type-list ')'
/// named-type-list ::= ϵ
///                   | named-type ( ',' named-type )*
/// ```
fn param_list<'a>(p: &mut Cursor<'a, '_>) -> Result<Vec<NamedType<'a>>> {
    p.expect("(")?;
    comma_separated(p, ")", named_type)
}

/// ```ebnf
/// named-type ::= id ':' ty
/// ```
fn named_type<'a>(p: &mut Cursor<'a, '_>) -> Result<NamedType<'a>> {
    let is_bare_type = p.kind() == TokenKind::Keyword && matches!(p.text_after(1), "," | ")" | "<");
    if is_bare_type {
        let help = format!("parameters have names: `name: {}`", p.text());
        return Err(expected(p, "a name").help(help));
    }
    let id = id(p)?;
    p.expect(":")?;
    Ok(NamedType { id, ty: ty(p)? })
}

/// ```ebnf
/// result-list ::= ϵ
///               | '->' ty
/// ```
fn result_list<'a>(p: &mut Cursor<'a, '_>) -> Result<Option<Ty<'a>>> {
    if !p.eat("->") {
        return Ok(None);
    }
    if p.at("(") {
        let help = "a function returns one type: use a `tuple` or a `record` for several, nothing after `)` for none";
        return Err(expected(p, "a type").help(help));
    }
    ty(p).map(Some)
}

/// The braces of a `resource-item`:
///
/// ```ebnf
/// '{' ( gate external-id? resource-method )* '}'
/// ```
pub(super) fn resource_methods<'a>(p: &mut Cursor<'a, '_>) -> Result<Vec<ResourceMethod<'a>>> {
    let open = p.open_brace()?;
    let mut methods = Vec::new();
    while !p.eat("}") {
        if p.at_end() || p.at_toplevel_item() {
            missing_brace(p, "resource", open);
            break;
        }
        let start = p.checkpoint();
        match attributes(p).and_then(|attributes| resource_method(p, attributes)) {
            Ok(method) => methods.push(method),
            Err(error) => p.recover(start, error),
        }
    }
    Ok(methods)
}

/// ```ebnf
/// resource-method ::= func-item
///                   | id ':' 'static' func-type ';'
///                   | 'constructor' param-list ';'
/// ```
///
/// where a constructor may have a `result-list`, as the section's text says.
fn resource_method<'a>(p: &mut Cursor<'a, '_>, attributes: Attributes<'a>) -> Result<ResourceMethod<'a>> {
    if p.at("constructor") {
        let keyword = p.bump();
        let params = param_list(p)?;
        let result = result_list(p)?;
        p.expect(";")?;
        let func = FuncType { accessor: None, is_async: false, params, result, span: keyword.span };
        let id = Id { name: keyword.text, span: keyword.span };
        return Ok(ResourceMethod { attributes, kind: MethodKind::Constructor, id, func });
    }
    if p.kind() != TokenKind::Id {
        return Err(expected(p, "`constructor`, a function's name or `}`"));
    }
    let id = id(p)?;
    p.expect(":")?;
    let kind = if p.eat("static") { MethodKind::Static } else { MethodKind::Method };
    let func = func_type(p)?;
    p.expect(";")?;
    Ok(ResourceMethod { attributes, kind, id, func })
}
