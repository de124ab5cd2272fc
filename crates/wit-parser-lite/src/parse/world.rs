//! Worlds. Follows WIT.md, "Item: `world`" and "Item: `include`".

use super::attribute::{attributes, no_external_id};
use super::cursor::{Cursor, comma_separated, expected, missing_brace};
use super::function::{at_func_type, func_type};
use super::interface::{interface_items, use_item};
use super::names::{id, new_id, use_path};
use super::typedef::{at_typedef_item, typedef_item};
use crate::ast::{
    Attributes, ExternItem, ExternKind, ExternType, IncludeItem, IncludeName, WorldDefinition, WorldItem,
};
use crate::error::Result;
use crate::lex::TokenKind;

/// ```ebnf
/// world-item ::= gate 'world' id '{' world-items* '}'
/// world-items ::= gate world-definition
/// ```
pub(super) fn world_item<'a>(p: &mut Cursor<'a, '_>, attributes: Attributes<'a>) -> Result<WorldItem<'a>> {
    p.expect("world")?;
    let id = new_id(p)?;
    let open = p.open_brace()?;
    let mut items = Vec::new();
    while !p.eat("}") {
        if p.at_end() || p.at_toplevel_item() {
            missing_brace(p, "world", open);
            break;
        }
        let start = p.checkpoint();
        match self::attributes(p).and_then(|attributes| world_definition(p, attributes)) {
            Ok(item) => items.push(item),
            Err(error) => p.recover(start, error),
        }
    }
    Ok(WorldItem { attributes, id, items })
}

/// ```ebnf
/// world-definition ::= export-item
///                    | import-item
///                    | use-item
///                    | typedef-item
///                    | include-item
/// ```
fn world_definition<'a>(p: &mut Cursor<'a, '_>, attributes: Attributes<'a>) -> Result<WorldDefinition<'a>> {
    match p.text() {
        "import" => Ok(WorldDefinition::Import(import_item(p, attributes)?)),
        "export" => Ok(WorldDefinition::Export(export_item(p, attributes)?)),
        "use" => Ok(WorldDefinition::Use(use_item(p, attributes)?)),
        "include" => {
            no_external_id(p, &attributes, "`include`");
            Ok(WorldDefinition::Include(include_item(p, attributes)?))
        }
        _ if at_typedef_item(p) => Ok(WorldDefinition::Typedef(typedef_item(p, attributes)?)),
        _ => {
            let error = expected(p, "`import`, `export`, `include`, `use`, a type or `}`");
            if p.kind() == TokenKind::Id && p.text_after(1) == ":" {
                return Err(error.help("a function of a world is imported or exported"));
            }
            Err(error)
        }
    }
}

/// ```ebnf
/// import-item ::= external-id? 'import' id ':' extern-type
///               | 'import' use-path ';'
/// ```
fn import_item<'a>(p: &mut Cursor<'a, '_>, attributes: Attributes<'a>) -> Result<ExternItem<'a>> {
    p.expect("import")?;
    extern_item(p, attributes)
}

/// ```ebnf
/// export-item ::= external-id? 'export' id ':' extern-type
///               | 'export' use-path ';'
/// ```
fn export_item<'a>(p: &mut Cursor<'a, '_>, attributes: Attributes<'a>) -> Result<ExternItem<'a>> {
    p.expect("export")?;
    extern_item(p, attributes)
}

/// The common form of imports and exports. `a:b` without a space starts a path; `a: b` is a plain
/// name and its type.
fn extern_item<'a>(p: &mut Cursor<'a, '_>, attributes: Attributes<'a>) -> Result<ExternItem<'a>> {
    let is_label = p.text_after(1) == ":";
    let is_accessor = p.text_after(3) == "(";
    let is_path = p.kind_after(2) == TokenKind::Id && p.are_adjacent(3) && !is_accessor;
    if is_label && !is_path {
        let id = id(p)?;
        p.expect(":")?;
        let kind = ExternKind::Plain(id, extern_type(p)?);
        return Ok(ExternItem { attributes, kind });
    }
    let path = use_path(p)?;
    p.expect(";")?;
    Ok(ExternItem { attributes, kind: ExternKind::Path(path) })
}

/// ```ebnf
/// extern-type ::= func-type ';'
///               | 'interface' '{' interface-items* '}'
///               | use-path ';'
/// ```
fn extern_type<'a>(p: &mut Cursor<'a, '_>) -> Result<ExternType<'a>> {
    if p.eat("interface") {
        return Ok(ExternType::Interface(interface_items(p)?));
    }
    let ty = if at_func_type(p) {
        ExternType::Func(func_type(p)?)
    } else if p.kind() == TokenKind::Id {
        ExternType::Path(use_path(p)?)
    } else {
        return Err(expected(p, "`func`, `interface` or an interface's name"));
    };
    p.expect(";")?;
    Ok(ty)
}

/// ```ebnf
/// include-item ::= 'include' use-path ';'
///                | 'include' use-path 'with' '{' include-names-list '}'
/// ```
fn include_item<'a>(p: &mut Cursor<'a, '_>, attributes: Attributes<'a>) -> Result<IncludeItem<'a>> {
    p.expect("include")?;
    let path = use_path(p)?;
    if !p.eat("with") {
        p.expect(";")?;
        return Ok(IncludeItem { attributes, path, names: Vec::new() });
    }
    p.open_brace()?;
    let names = comma_separated(p, "}", include_names_item)?;
    // The grammar has no `;` here, but the example next to it does.
    p.eat(";");
    Ok(IncludeItem { attributes, path, names })
}

/// ```ebnf
/// include-names-list ::= include-names-item
///                      | include-names-list ',' include-names-item
/// include-names-item ::= id 'as' id
/// ```
fn include_names_item<'a>(p: &mut Cursor<'a, '_>) -> Result<IncludeName<'a>> {
    let name = id(p)?;
    p.expect("as")?;
    Ok(IncludeName { id: name, alias: id(p)? })
}
