//! Interfaces and `use`. Follows WIT.md, "Item: `interface`" and "Item: `use`".

use super::attribute::attributes;
use super::cursor::{Cursor, comma_separated, expected, missing_brace};
use super::function::func_item;
use super::names::{new_id, use_path};
use super::typedef::{at_typedef_item, typedef_item};
use crate::ast::{Attributes, InterfaceDefinition, InterfaceItem, UseItem, UseName};
use crate::error::Result;
use crate::lex::TokenKind;

/// ```ebnf
/// interface-item ::= gate 'interface' id '{' interface-items* '}'
/// ```
pub(super) fn interface_item<'a>(
    p: &mut Cursor<'a, '_>,
    attributes: Attributes<'a>,
) -> Result<InterfaceItem<'a>> {
    p.expect("interface")?;
    let id = new_id(p)?;
    Ok(InterfaceItem { attributes, id, items: interface_items(p)? })
}

/// `'{' interface-items* '}'`, where
///
/// ```ebnf
/// interface-items ::= gate interface-definition
/// ```
pub(super) fn interface_items<'a>(p: &mut Cursor<'a, '_>) -> Result<Vec<InterfaceDefinition<'a>>> {
    let open = p.open_brace()?;
    let mut items = Vec::new();
    while !p.eat("}") {
        if p.at_end() || p.at_toplevel_item() {
            missing_brace(p, "interface", open);
            break;
        }
        let start = p.checkpoint();
        match attributes(p).and_then(|attributes| interface_definition(p, attributes)) {
            Ok(item) => items.push(item),
            Err(error) => p.recover(start, error),
        }
    }
    Ok(items)
}

/// ```ebnf
/// interface-definition ::= use-item
///                        | external-id? typedef-item
///                        | external-id? func-item
/// ```
fn interface_definition<'a>(
    p: &mut Cursor<'a, '_>,
    attributes: Attributes<'a>,
) -> Result<InterfaceDefinition<'a>> {
    if p.at("use") {
        return Ok(InterfaceDefinition::Use(use_item(p, attributes)?));
    }
    if at_typedef_item(p) {
        return Ok(InterfaceDefinition::Typedef(typedef_item(p, attributes)?));
    }
    if p.kind() == TokenKind::Id || p.text_after(1) == ":" {
        let help = match p.text() {
            "union" => Some("a `variant` takes the place of the `union` of older WIT"),
            "struct" | "class" | "message" => {
                Some("WIT calls it `record`, or `resource` for an object with methods")
            }
            "fn" | "function" | "def" => Some("a function's name comes first: `name: func(…)`"),
            "pub" | "public" => Some("everything in an interface is public"),
            _ => None,
        };
        return match (func_item(p, attributes), help) {
            (Err(error), Some(help)) => Err(error.help(help)),
            (item, _) => item.map(InterfaceDefinition::Func),
        };
    }
    let error = expected(p, "a type, a function, `use` or `}`");
    Err(match p.text() {
        "import" | "export" | "include" => error.help(format!("`{}` belongs in a `world`", p.text())),
        "func" => error.help("a function's name comes first: `name: func(…)`"),
        _ => error,
    })
}

/// ```ebnf
/// use-item ::= 'use' use-path '.' '{' use-names-list '}' ';'
/// ```
pub(super) fn use_item<'a>(p: &mut Cursor<'a, '_>, attributes: Attributes<'a>) -> Result<UseItem<'a>> {
    p.expect("use")?;
    let path = use_path(p)?;
    if !p.eat(".") {
        if !p.at("{") {
            // The names are missing, so they may be any.
            p.lose_any_name();
        }
        let error = expected(p, "`.` and the types in braces");
        return Err(error.help(format!("write `use {}.{{some-type}};`", path.id().name)));
    }
    p.open_brace()?;
    let names = comma_separated(p, "}", use_names_item)?;
    p.expect(";")?;
    Ok(UseItem { attributes, path, names })
}

/// ```ebnf
/// use-names-list ::= use-names-item
///                  | use-names-item ',' use-names-list?
/// use-names-item ::= id
///                  | id 'as' id
/// ```
fn use_names_item<'a>(p: &mut Cursor<'a, '_>) -> Result<UseName<'a>> {
    let name = new_id(p)?;
    let alias = if p.eat("as") { Some(new_id(p)?) } else { None };
    Ok(UseName { id: name, alias })
}
