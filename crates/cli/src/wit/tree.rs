//! `lowlift wit tree`: the definitions of packages, one per line.

use std::fmt::Write as _;

use wit_parser_lite::print::{parts_text, type_text};
use wit_parser_lite::{
    Attributes, Function, InterfaceId, Resolved, Type, TypeDefId, TypeDefKind, WorldItem, WorldItemKind,
};

/// Returns the packages with their interfaces and worlds, the main package first.
pub(super) fn tree(resolved: &Resolved) -> String {
    let mut out = String::new();
    for (id, package) in resolved.packages() {
        line(&mut out, 0, &format!("package {}", resolved.package_name(id)), None);
        for id in &package.interfaces {
            let it = &resolved[*id];
            line(&mut out, 1, &format!("interface {}", it.name), Some(&it.attributes));
            interface(&mut out, resolved, *id, 2);
        }
        for id in &package.worlds {
            let world = &resolved[*id];
            line(&mut out, 1, &format!("world {}", world.name), Some(&world.attributes));
            world.imports.iter().for_each(|item| world_item(&mut out, resolved, "import", item));
            world.exports.iter().for_each(|item| world_item(&mut out, resolved, "export", item));
        }
    }
    out
}

fn line(out: &mut String, depth: usize, text: &str, attributes: Option<&Attributes>) {
    let gate = attributes.map(gate).unwrap_or_default();
    writeln!(out, "{}{text}{gate}", "  ".repeat(depth)).expect("writing to a string cannot fail");
}

/// Returns the gates as they are shown after an entry.
fn gate(attributes: &Attributes) -> String {
    let mut out = String::new();
    let Attributes { since, unstable, deprecated, .. } = attributes;
    since.iter().for_each(|version| out += &format!("  @since {version}"));
    unstable.iter().for_each(|feature| out += &format!("  @unstable {feature}"));
    deprecated.iter().for_each(|version| out += &format!("  @deprecated {version}"));
    out
}

fn interface(out: &mut String, resolved: &Resolved, id: InterfaceId, depth: usize) {
    for id in &resolved[id].types {
        line(out, depth, &definition(resolved, *id), Some(&resolved[*id].attributes));
    }
    for id in &resolved[id].functions {
        let function = &resolved[*id];
        let text = format!("{}: {}", function.name, signature(resolved, function));
        line(out, depth, &text, Some(&function.attributes));
    }
}

fn world_item(out: &mut String, resolved: &Resolved, side: &str, item: &WorldItem) {
    let implied = if item.is_implicit { "  (used)" } else { "" };
    let name = item.name.as_deref().unwrap_or_default();
    let text = match item.kind {
        WorldItemKind::Interface(id) => match (&item.name, resolved.interface_name(id)) {
            (None, full) => format!("{side} {}{implied}", full.unwrap_or_default()),
            (Some(name), Some(full)) => format!("{side} {name}: {full}"),
            (Some(name), None) => {
                line(out, 2, &format!("{side} {name}: interface"), Some(&item.attributes));
                return interface(out, resolved, id, 3);
            }
        },
        WorldItemKind::Function(id) => format!("{side} {name}: {}", signature(resolved, &resolved[id])),
        WorldItemKind::Type(id) => definition(resolved, id),
    };
    line(out, 2, &text, Some(&item.attributes));
}

fn definition(resolved: &Resolved, id: TypeDefId) -> String {
    let name = resolved[id].name.as_deref().unwrap_or_default();
    let labels = |what: &str, names: Vec<String>| format!("{what} {name} {{ {} }}", names.join(", "));
    match &resolved[id].kind {
        TypeDefKind::Record(fields) => {
            let field = |name: &str, ty: Type| format!("{name}: {}", type_text(resolved, ty));
            labels("record", fields.iter().map(|it| field(&it.name, it.ty)).collect())
        }
        TypeDefKind::Variant(cases) => {
            let payload = |ty: Option<Type>| ty.map(|ty| format!("({})", type_text(resolved, ty)));
            let case = |name: &str, ty| format!("{name}{}", payload(ty).unwrap_or_default());
            labels("variant", cases.iter().map(|it| case(&it.name, it.ty)).collect())
        }
        TypeDefKind::Enum(cases) => labels("enum", cases.iter().map(|it| it.name.clone()).collect()),
        TypeDefKind::Flags(flags) => labels("flags", flags.iter().map(|it| it.name.clone()).collect()),
        TypeDefKind::Resource => format!("resource {name}"),
        TypeDefKind::Use(target) => {
            let used = &resolved[*target];
            let used_name = used.name.as_deref().unwrap_or_default();
            let alias = if used_name == name { String::new() } else { format!(" as {name}") };
            format!("use {}.{used_name}{alias}", resolved.owner_name(used.owner))
        }
        TypeDefKind::Alias(ty) => format!("type {name} = {}", type_text(resolved, *ty)),
        TypeDefKind::Tuple(_)
        | TypeDefKind::Option(_)
        | TypeDefKind::Result { .. }
        | TypeDefKind::List(_)
        | TypeDefKind::FixedLengthList(..)
        | TypeDefKind::Map(..)
        | TypeDefKind::Stream(_)
        | TypeDefKind::Future(_)
        | TypeDefKind::Own(_)
        | TypeDefKind::Borrow(_) => format!("type {name} = {}", parts_text(resolved, id)),
    }
}

fn signature(resolved: &Resolved, function: &Function) -> String {
    let params = function.params.iter();
    let params = params.map(|param| format!("{}: {}", param.name, type_text(resolved, param.ty)));
    let params: Vec<_> = params.collect();
    let result = function.result.map(|ty| format!(" -> {}", type_text(resolved, ty))).unwrap_or_default();
    let is_async = if function.is_async { "async " } else { "" };
    format!("{is_async}func({}){result}", params.join(", "))
}
