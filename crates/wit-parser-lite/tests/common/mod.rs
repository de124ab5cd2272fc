//! A compact dump of resolved packages, for expectations.

use wit_parser_lite::{
    Attributes, Function, InterfaceId, Owner, Resolved, Type, TypeDefId, TypeDefKind, WorldItem,
    WorldItemKind,
};

/// Returns all packages with their interfaces and worlds, a line per definition.
pub(crate) fn dump(resolved: &Resolved) -> String {
    let mut out = String::new();
    for (id, package) in resolved.packages() {
        let mut attributes = Attributes::default();
        attributes.docs.clone_from(&package.docs);
        line(&mut out, 0, &attributes, &format!("package {}", resolved.package_name(id)));
        for id in &package.interfaces {
            interface(&mut out, resolved, *id, 1);
        }
        for id in &package.worlds {
            let world = &resolved[*id];
            line(&mut out, 1, &world.attributes, &format!("world {}", world.name));
            for (what, items) in [("import", &world.imports), ("export", &world.exports)] {
                for item in items {
                    world_item(&mut out, resolved, Owner::World(*id), what, item);
                }
            }
        }
    }
    out
}

fn interface(out: &mut String, resolved: &Resolved, id: InterfaceId, depth: usize) {
    let interface = &resolved[id];
    line(out, depth, &interface.attributes, &format!("interface {}", interface.name));
    for ty in &interface.types {
        line(out, depth + 1, &resolved[*ty].attributes, &definition(resolved, *ty));
    }
    for id in &interface.functions {
        let text = function(resolved, &resolved[*id]);
        line(out, depth + 1, &resolved[*id].attributes, &format!("{}: {text}", resolved[*id].name));
    }
}

fn world_item(out: &mut String, resolved: &Resolved, world: Owner, what: &str, item: &WorldItem) {
    let implicit = if item.is_implicit { " (implicit)" } else { "" };
    let name = item.name.as_deref();
    let text = match item.kind {
        WorldItemKind::Interface(id) => match (name, resolved.interface_name(id)) {
            (None, Some(full)) => format!("{what} {full}{implicit}"),
            (Some(name), Some(full)) => format!("{what} {name}: {full}"),
            (_, None) => {
                let mut attributes = item.attributes.clone();
                attributes.docs.clone_from(&resolved[id].attributes.docs);
                line(out, 2, &attributes, &format!("{what} {}:", name.unwrap_or("?")));
                return interface(out, resolved, id, 3);
            }
        },
        WorldItemKind::Function(id) => {
            assert_eq!(name, Some(resolved[id].name.as_str()));
            assert_eq!(resolved[id].owner, world);
            format!("{what} {}: {}", resolved[id].name, function(resolved, &resolved[id]))
        }
        WorldItemKind::Type(id) => {
            assert_eq!(name, resolved[id].name.as_deref());
            assert_eq!(resolved[id].owner, world);
            format!("{what} {}", definition(resolved, id))
        }
    };
    line(out, 2, &item.attributes, &text);
}

fn line(out: &mut String, depth: usize, attributes: &Attributes, text: &str) {
    let indent = "  ".repeat(depth);
    let mut push = |line: &str| *out += &format!("{line}\n");
    let Attributes { docs, since, unstable, deprecated, external_id, .. } = attributes;
    docs.iter().flat_map(|docs| docs.lines()).for_each(|docs| push(format!("{indent}/// {docs}").trim_end()));
    since.iter().for_each(|version| push(&format!("{indent}@since {version}")));
    unstable.iter().for_each(|feature| push(&format!("{indent}@unstable {feature}")));
    deprecated.iter().for_each(|version| push(&format!("{indent}@deprecated {version}")));
    external_id.iter().for_each(|id| push(&format!("{indent}@external-id {id:?}")));
    push(&format!("{indent}{text}"));
}

fn definition(resolved: &Resolved, id: TypeDefId) -> String {
    let name = resolved[id].name.as_deref().unwrap_or("?");
    match &resolved[id].kind {
        TypeDefKind::Resource => format!("resource {name}"),
        TypeDefKind::Alias(ty) => format!("type {name} = {}", type_text(resolved, *ty)),
        TypeDefKind::Use(target) => {
            let used = &resolved[*target];
            let from = resolved.owner_name(used.owner);
            format!("use {from}.{} as {name}", used.name.as_deref().unwrap_or("?"))
        }
        kind @ (TypeDefKind::Record(_)
        | TypeDefKind::Variant(_)
        | TypeDefKind::Enum(_)
        | TypeDefKind::Flags(_)) => kind_text(resolved, kind).replacen(' ', &format!(" {name} "), 1),
        TypeDefKind::Tuple(_)
        | TypeDefKind::Option(_)
        | TypeDefKind::Result { .. }
        | TypeDefKind::List(_)
        | TypeDefKind::FixedLengthList(..)
        | TypeDefKind::Map(..)
        | TypeDefKind::Stream(_)
        | TypeDefKind::Future(_)
        | TypeDefKind::Own(_)
        | TypeDefKind::Borrow(_) => kind_text(resolved, &resolved[id].kind),
    }
}

fn function(resolved: &Resolved, function: &Function) -> String {
    let is_async = if function.is_async { "async " } else { "" };
    let params = list(&function.params, |param| format!("{}: {}", param.name, type_text(resolved, param.ty)));
    let result = function.result.map(|ty| format!(" -> {}", type_text(resolved, ty))).unwrap_or_default();
    format!("{is_async}func({params}){result}")
}

fn type_text(resolved: &Resolved, ty: Type) -> String {
    match ty {
        Type::Def(id) => resolved[id].name.clone().unwrap_or_else(|| kind_text(resolved, &resolved[id].kind)),
        Type::Primitive(primitive) => primitive.name().to_owned(),
    }
}

fn kind_text(resolved: &Resolved, kind: &TypeDefKind) -> String {
    let of = |ty: &Type| type_text(resolved, *ty);
    let payload =
        |payload: &Option<Type>| payload.as_ref().map(|ty| format!("<{}>", of(ty))).unwrap_or_default();
    let name = |id: &TypeDefId| of(&Type::Def(*id));
    match kind {
        TypeDefKind::Record(fields) => {
            format!("record {{ {} }}", list(fields, |field| format!("{}: {}", field.name, of(&field.ty))))
        }
        TypeDefKind::Variant(cases) => {
            let case = |ty: &Option<Type>| ty.as_ref().map(|ty| format!("({})", of(ty))).unwrap_or_default();
            format!("variant {{ {} }}", list(cases, |item| format!("{}{}", item.name, case(&item.ty))))
        }
        TypeDefKind::Enum(labels) => format!("enum {{ {} }}", list(labels, |label| label.name.clone())),
        TypeDefKind::Flags(labels) => format!("flags {{ {} }}", list(labels, |label| label.name.clone())),
        TypeDefKind::Tuple(parts) => format!("tuple<{}>", list(parts, of)),
        TypeDefKind::Option(ty) => format!("option<{}>", of(ty)),
        TypeDefKind::List(ty) => format!("list<{}>", of(ty)),
        TypeDefKind::FixedLengthList(ty, length) => format!("list<{}, {length}>", of(ty)),
        TypeDefKind::Map(key, value) => format!("map<{}, {}>", of(key), of(value)),
        TypeDefKind::Result { ok: None, err: None } => "result".to_owned(),
        TypeDefKind::Result { ok: Some(ok), err: None } => format!("result<{}>", of(ok)),
        TypeDefKind::Result { ok, err: Some(err) } => {
            format!("result<{}, {}>", ok.as_ref().map_or("_".to_owned(), of), of(err))
        }
        TypeDefKind::Stream(ty) => format!("stream{}", payload(ty)),
        TypeDefKind::Future(ty) => format!("future{}", payload(ty)),
        TypeDefKind::Own(id) => format!("own<{}>", name(id)),
        TypeDefKind::Borrow(id) => format!("borrow<{}>", name(id)),
        TypeDefKind::Use(id) => name(id),
        TypeDefKind::Alias(ty) => of(ty),
        TypeDefKind::Resource => "resource".to_owned(),
    }
}

fn list<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(", ")
}
