//! Resolved packages as JSON, in the shape that `wasm-tools component wit --json` prints.
//!
//! The document is an object with four arrays (`worlds`, `interfaces`, `types`, `packages`), whose
//! entries refer to one another by index. As in that tool's output, a package comes after its
//! dependencies, so the main package is last; an alias of an unnamed type has that type's parts
//! itself; and a resource as a value type is an `own` handle, a type of its own.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::arena::{
    Accessor, Attributes, Function, Interface, MethodKind, Owner, PackageId, Resolved, Type, TypeDef,
    TypeDefId, TypeDefKind, World, WorldItem, WorldItemKind,
};
use crate::span::count;

/// A JSON value. Objects keep their order.
enum Value<'r> {
    Null,
    Number(u32),
    String(Cow<'r, str>),
    Array(Vec<Self>),
    Object(Vec<Field<'r>>),
}

type Field<'r> = (Cow<'r, str>, Value<'r>);

/// Returns `resolved` as a JSON document, indented by two spaces.
pub fn json(resolved: &Resolved) -> String {
    let ids = Ids::new(resolved);
    let cx = &Context { resolved, ids: &ids };
    let types = ids.order.iter().map(|entry| match entry {
        Entry::Def(id) => type_def(cx, *id),
        Entry::Own(id) => own_handle(cx, *id),
    });
    // An entry at a time, since the values take more memory than their text.
    let mut out = String::from("{\n");
    write_entries(&mut out, "worlds", resolved.worlds().map(|(_, it)| world(cx, it)));
    out.push_str(",\n");
    write_entries(&mut out, "interfaces", resolved.interfaces().map(|(_, it)| interface(cx, it)));
    out.push_str(",\n");
    write_entries(&mut out, "types", types);
    out.push_str(",\n");
    write_entries(&mut out, "packages", ids.package_order.iter().map(|id| package(cx, *id)));
    out.push_str("\n}");
    out
}

/// Writes one of the arrays of the document.
fn write_entries<'r>(out: &mut String, name: &str, entries: impl Iterator<Item = Value<'r>>) {
    out.push_str("  ");
    write_string(out, name);
    out.push_str(": ");
    write_list(out, ['[', ']'], entries, 1, |out, entry| write_value(out, &entry, 2));
}

struct Context<'r> {
    resolved: &'r Resolved,
    ids: &'r Ids,
}

/// The contents of an entry of `types`.
enum Entry {
    Def(TypeDefId),
    /// The handle that owns this resource, or this alias of one.
    Own(TypeDefId),
}

/// The indices in the document.
struct Ids {
    order: Vec<Entry>,
    /// By [`TypeDefId`]; `None` where an alias has taken the place of the type.
    defs: Vec<Option<u32>>,
    /// By [`TypeDefId`].
    owns: Vec<Option<u32>>,
    package_order: Vec<PackageId>,
    /// By [`PackageId`].
    packages: Vec<u32>,
}

impl Ids {
    fn new(resolved: &Resolved) -> Self {
        let n_types = resolved.types().len();
        let (mut is_absorbed, mut is_owned) = (vec![false; n_types], vec![false; n_types]);
        for (_, ty) in resolved.types() {
            if let Some(target) = absorbed(resolved, &ty.kind) {
                is_absorbed[target.index() as usize] = true;
            } else {
                for_each_value(&ty.kind, |part| mark_resource(resolved, part, &mut is_owned));
            }
        }
        for (_, function) in resolved.functions() {
            let parts = function.params.iter().map(|param| param.ty).chain(function.result);
            parts.for_each(|part| mark_resource(resolved, part, &mut is_owned));
        }
        let (mut order, mut defs, mut owns) = (Vec::new(), vec![None; n_types], vec![None; n_types]);
        for (id, _) in resolved.types() {
            let index = id.index() as usize;
            if !is_absorbed[index] {
                defs[index] = Some(count(order.len()));
                order.push(Entry::Def(id));
            }
            if is_owned[index] {
                owns[index] = Some(count(order.len()));
                order.push(Entry::Own(id));
            }
        }
        let package_order = package_order(resolved);
        let mut packages = vec![0; package_order.len()];
        for (index, id) in package_order.iter().enumerate() {
            packages[id.index() as usize] = count(index);
        }
        Self { order, defs, owns, package_order, packages }
    }

    fn def(&self, id: TypeDefId) -> Value<'static> {
        let index = self.defs[id.index() as usize];
        Value::Number(index.expect("only its alias refers to a type whose place the alias took"))
    }
}

/// Returns the unnamed type that an alias gives a name.
fn absorbed(resolved: &Resolved, kind: &TypeDefKind) -> Option<TypeDefId> {
    match kind {
        TypeDefKind::Alias(Type::Def(target)) if resolved[*target].name.is_none() => Some(*target),
        TypeDefKind::Alias(_)
        | TypeDefKind::Record(_)
        | TypeDefKind::Tuple(_)
        | TypeDefKind::Variant(_)
        | TypeDefKind::Enum(_)
        | TypeDefKind::Flags(_)
        | TypeDefKind::Option(_)
        | TypeDefKind::Result { .. }
        | TypeDefKind::List(_)
        | TypeDefKind::FixedLengthList(..)
        | TypeDefKind::Map(..)
        | TypeDefKind::Stream(_)
        | TypeDefKind::Future(_)
        | TypeDefKind::Own(_)
        | TypeDefKind::Borrow(_)
        | TypeDefKind::Resource
        | TypeDefKind::Use(_) => None,
    }
}

fn mark_resource(resolved: &Resolved, ty: Type, is_owned: &mut [bool]) {
    if let Type::Def(id) = ty
        && resolved.resource(id).is_some()
    {
        is_owned[id.index() as usize] = true;
    }
}

/// Calls `part` for each value type in a definition.
fn for_each_value(kind: &TypeDefKind, mut part: impl FnMut(Type)) {
    match kind {
        TypeDefKind::Record(fields) => fields.iter().for_each(|field| part(field.ty)),
        TypeDefKind::Variant(cases) => cases.iter().filter_map(|case| case.ty).for_each(part),
        TypeDefKind::Tuple(parts) => parts.iter().copied().for_each(part),
        TypeDefKind::Option(ty) | TypeDefKind::List(ty) | TypeDefKind::FixedLengthList(ty, _) => part(*ty),
        TypeDefKind::Map(key, value) => [*key, *value].into_iter().for_each(part),
        TypeDefKind::Result { ok, err } => [*ok, *err].into_iter().flatten().for_each(part),
        TypeDefKind::Stream(payload) | TypeDefKind::Future(payload) => payload.iter().copied().for_each(part),
        TypeDefKind::Alias(_)
        | TypeDefKind::Own(_)
        | TypeDefKind::Borrow(_)
        | TypeDefKind::Use(_)
        | TypeDefKind::Enum(_)
        | TypeDefKind::Flags(_)
        | TypeDefKind::Resource => {}
    }
}

/// Returns the packages, each after its dependencies, with the main package last.
fn package_order(resolved: &Resolved) -> Vec<PackageId> {
    // Interfaces come after those they use, so the first interface of each package does not give
    // the order. This is a depth-first search on an explicit stack.
    let mut edges = vec![Vec::new(); resolved.packages().len()];
    for (_, ty) in resolved.types() {
        if let TypeDefKind::Use(target) = ty.kind {
            let from = resolved.owner_package(ty.owner);
            edges[from.index() as usize].push(resolved.owner_package(resolved[target].owner));
        }
    }
    for (_, world) in resolved.worlds() {
        for item in world.imports.iter().chain(&world.exports) {
            if let WorldItemKind::Interface(id) = item.kind {
                edges[world.package.index() as usize].push(resolved[id].package);
            }
        }
    }
    let (mut order, mut is_seen) = (Vec::new(), vec![false; edges.len()]);
    // The main package is first in the arena; the others come before it here.
    let (main, others): (Vec<_>, Vec<_>) =
        resolved.packages().map(|(id, _)| id).partition(|id| id.index() == 0);
    for root in others.into_iter().chain(main) {
        let mut path = vec![(root, 0)];
        if std::mem::replace(&mut is_seen[root.index() as usize], true) {
            continue;
        }
        while let Some((node, n_followed)) = path.last_mut() {
            match edges[node.index() as usize].get(*n_followed) {
                None => {
                    order.push(*node);
                    path.pop();
                }
                Some(target) => {
                    *n_followed += 1;
                    if !std::mem::replace(&mut is_seen[target.index() as usize], true) {
                        path.push((*target, 0));
                    }
                }
            }
        }
    }
    order
}

fn package<'r>(cx: &Context<'r>, id: PackageId) -> Value<'r> {
    let package = &cx.resolved[id];
    let mut fields = vec![field("name", string(cx.resolved.package_name(id)))];
    fields.extend(docs(package.docs.as_ref()));
    let interfaces = package.interfaces.iter();
    let worlds = package.worlds.iter();
    fields.push(field(
        "interfaces",
        Value::Object(
            interfaces.map(|id| (cx.resolved[*id].name.as_str().into(), Value::Number(id.index()))).collect(),
        ),
    ));
    fields.push(field(
        "worlds",
        Value::Object(
            worlds.map(|id| (cx.resolved[*id].name.as_str().into(), Value::Number(id.index()))).collect(),
        ),
    ));
    Value::Object(fields)
}

fn world<'r>(cx: &Context<'r>, world: &'r World) -> Value<'r> {
    let items =
        |items: &'r [WorldItem]| Value::Object(items.iter().map(|item| world_item(cx, item)).collect());
    let mut fields = vec![
        field("name", string(&world.name)),
        field("imports", items(&world.imports)),
        field("exports", items(&world.exports)),
        field("package", Value::Number(cx.ids.packages[world.package.index() as usize])),
    ];
    fields.extend(docs(world.attributes.docs.as_ref()));
    fields.extend(stability(&world.attributes));
    Value::Object(fields)
}

fn world_item<'r>(cx: &Context<'r>, item: &'r WorldItem) -> Field<'r> {
    let WorldItem { name, kind, attributes, .. } = item;
    match kind {
        WorldItemKind::Interface(id) => {
            let mut fields = vec![field("id", Value::Number(id.index()))];
            fields.extend(stability(attributes));
            fields.extend(external_id(attributes));
            fields.extend(docs(attributes.docs.as_ref()));
            let key = match name {
                Some(name) => Cow::from(name),
                None => format!("interface-{}", id.index()).into(),
            };
            (key, object([("interface", Value::Object(fields))]))
        }
        WorldItemKind::Function(id) => {
            let it = &cx.resolved[*id];
            (it.name.as_str().into(), object([("function", function(cx, it))]))
        }
        WorldItemKind::Type(id) => {
            let name = cx.resolved[*id].name.as_deref().unwrap_or_default();
            (name.into(), object([("type", cx.ids.def(*id))]))
        }
    }
}

fn interface<'r>(cx: &Context<'r>, interface: &'r Interface) -> Value<'r> {
    let types = interface.types.iter();
    let types =
        types.map(|id| (cx.resolved[*id].name.as_deref().unwrap_or_default().into(), cx.ids.def(*id)));
    let functions = interface.functions.iter().map(|id| &cx.resolved[*id]);
    let mut fields = vec![
        field("name", if interface.world.is_none() { string(&interface.name) } else { Value::Null }),
        field("types", Value::Object(types.collect())),
        field(
            "functions",
            Value::Object(functions.map(|it| (it.name.as_str().into(), function(cx, it))).collect()),
        ),
    ];
    fields.extend(docs(interface.attributes.docs.as_ref()));
    fields.extend(stability(&interface.attributes));
    fields.push(field("package", Value::Number(cx.ids.packages[interface.package.index() as usize])));
    fields.extend(interface.clone_of.map(|id| field("clone_of", Value::Number(id.index()))));
    Value::Object(fields)
}

fn function<'r>(cx: &Context<'r>, function: &'r Function) -> Value<'r> {
    let params = function.params.iter();
    let params = params.map(|param| object([("name", string(&param.name)), ("type", value(cx, param.ty))]));
    let mut fields = vec![
        field("name", string(&function.name)),
        field("kind", function_kind(cx, function)),
        field("params", Value::Array(params.collect())),
    ];
    fields.extend(function.result.map(|ty| field("result", value(cx, ty))));
    fields.extend(docs(function.attributes.docs.as_ref()));
    fields.extend(stability(&function.attributes));
    fields.extend(external_id(&function.attributes));
    Value::Object(fields)
}

fn function_kind<'r>(cx: &Context<'r>, function: &'r Function) -> Value<'r> {
    let Some((kind, resource)) = function.method else {
        return string(match (function.accessor, function.is_async) {
            (Some(Accessor::Get), _) => "getter",
            (Some(Accessor::Set), _) => "setter",
            (None, true) => "async-freestanding",
            (None, false) => "freestanding",
        });
    };
    let name = match (kind, function.accessor, function.is_async) {
        (MethodKind::Constructor, ..) => "constructor",
        (MethodKind::Method, Some(Accessor::Get), _) => "method-getter",
        (MethodKind::Method, Some(Accessor::Set), _) => "method-setter",
        (MethodKind::Method, None, true) => "async-method",
        (MethodKind::Method, None, false) => "method",
        (MethodKind::Static, Some(Accessor::Get), _) => "static-getter",
        (MethodKind::Static, Some(Accessor::Set), _) => "static-setter",
        (MethodKind::Static, None, true) => "async-static",
        (MethodKind::Static, None, false) => "static",
    };
    object([(name, cx.ids.def(resource))])
}

fn type_def<'r>(cx: &Context<'r>, id: TypeDefId) -> Value<'r> {
    let TypeDef { name, owner, kind, attributes, .. } = &cx.resolved[id];
    let kind = match absorbed(cx.resolved, kind) {
        Some(target) => &cx.resolved[target].kind,
        None => kind,
    };
    let owner = match owner {
        _ if name.is_none() => Value::Null,
        Owner::Interface(id) => object([("interface", Value::Number(id.index()))]),
        Owner::World(id) => object([("world", Value::Number(id.index()))]),
    };
    let mut fields = vec![
        field("name", name.as_ref().map_or(Value::Null, string)),
        field("kind", type_def_kind(cx, kind)),
        field("owner", owner),
    ];
    fields.extend(docs(attributes.docs.as_ref()));
    fields.extend(stability(attributes));
    fields.extend(external_id(attributes));
    Value::Object(fields)
}

fn own_handle<'r>(cx: &Context<'r>, id: TypeDefId) -> Value<'r> {
    object([
        ("name", Value::Null),
        ("kind", object([("handle", object([("own", cx.ids.def(id))]))])),
        ("owner", Value::Null),
    ])
}

fn type_def_kind<'r>(cx: &Context<'r>, kind: &'r TypeDefKind) -> Value<'r> {
    let of = |ty: &Type| value(cx, *ty);
    let optional = |ty: &Option<Type>| ty.as_ref().map_or(Value::Null, of);
    let labelled = |name: &'r str, docs_of: Option<&'r String>, ty: Option<Value<'r>>| {
        let mut fields = vec![field("name", string(name))];
        fields.extend(ty.map(|ty| field("type", ty)));
        fields.extend(docs(docs_of));
        Value::Object(fields)
    };
    match kind {
        TypeDefKind::Record(fields) => {
            let fields = fields.iter().map(|it| labelled(&it.name, it.docs.as_ref(), Some(of(&it.ty))));
            object([("record", object([("fields", Value::Array(fields.collect()))]))])
        }
        TypeDefKind::Variant(cases) => {
            let cases = cases.iter().map(|it| labelled(&it.name, it.docs.as_ref(), Some(optional(&it.ty))));
            object([("variant", object([("cases", Value::Array(cases.collect()))]))])
        }
        TypeDefKind::Enum(cases) => {
            let cases = cases.iter().map(|it| labelled(&it.name, it.docs.as_ref(), None));
            object([("enum", object([("cases", Value::Array(cases.collect()))]))])
        }
        TypeDefKind::Flags(flags) => {
            let flags = flags.iter().map(|it| labelled(&it.name, it.docs.as_ref(), None));
            object([("flags", object([("flags", Value::Array(flags.collect()))]))])
        }
        TypeDefKind::Tuple(parts) => {
            object([("tuple", object([("types", Value::Array(parts.iter().map(of).collect()))]))])
        }
        TypeDefKind::Option(ty) => object([("option", of(ty))]),
        TypeDefKind::Result { ok, err } => {
            object([("result", object([("ok", optional(ok)), ("err", optional(err))]))])
        }
        TypeDefKind::List(ty) => object([("list", of(ty))]),
        TypeDefKind::FixedLengthList(ty, length) => {
            object([("fixed-length-list", Value::Array(vec![of(ty), Value::Number(*length)]))])
        }
        TypeDefKind::Map(key, value) => object([("map", Value::Array(vec![of(key), of(value)]))]),
        TypeDefKind::Stream(payload) => object([("stream", optional(payload))]),
        TypeDefKind::Future(payload) => object([("future", optional(payload))]),
        TypeDefKind::Own(id) => object([("handle", object([("own", cx.ids.def(*id))]))]),
        TypeDefKind::Borrow(id) => object([("handle", object([("borrow", cx.ids.def(*id))]))]),
        TypeDefKind::Resource => string("resource"),
        // Not a value type: an alias of a resource is that resource, not a handle.
        TypeDefKind::Alias(Type::Def(id)) | TypeDefKind::Use(id) => object([("type", cx.ids.def(*id))]),
        TypeDefKind::Alias(ty @ Type::Primitive(_)) => object([("type", of(ty))]),
    }
}

/// A value type.
fn value<'r>(cx: &Context<'r>, ty: Type) -> Value<'r> {
    match ty {
        Type::Primitive(primitive) => string(primitive.name()),
        Type::Def(id) => match cx.ids.owns[id.index() as usize] {
            Some(index) => Value::Number(index),
            None => cx.ids.def(id),
        },
    }
}

fn docs<'r>(docs: Option<&'r String>) -> Option<Field<'r>> {
    docs.map(|docs| field("docs", object([("contents", string(docs))])))
}

fn stability<'r>(attributes: &'r Attributes) -> Option<Field<'r>> {
    let Attributes { since, unstable, deprecated, .. } = attributes;
    let (name, mut fields) = match (since, unstable) {
        (Some(since), _) => ("stable", vec![field("since", string(since.to_string()))]),
        (None, Some(feature)) => ("unstable", vec![field("feature", string(feature))]),
        (None, None) => return None,
    };
    fields.extend(deprecated.as_ref().map(|version| field("deprecated", string(version.to_string()))));
    Some(field("stability", object([(name, Value::Object(fields))])))
}

fn external_id<'r>(attributes: &'r Attributes) -> Option<Field<'r>> {
    attributes.external_id.as_ref().map(|id| field("external_id", string(id)))
}

fn string<'r>(text: impl Into<Cow<'r, str>>) -> Value<'r> {
    Value::String(text.into())
}

fn field<'r>(name: &'r str, value: Value<'r>) -> Field<'r> {
    (name.into(), value)
}

fn object<'r, const N: usize>(fields: [(&'r str, Value<'r>); N]) -> Value<'r> {
    Value::Object(fields.into_iter().map(|(name, value)| field(name, value)).collect())
}

/// Writes a value. Its depth is bounded by the shape of the document, not by the types in it.
fn write_value(out: &mut String, value: &Value<'_>, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Number(number) => {
            write!(out, "{number}").expect("writing to a string cannot fail");
        }
        Value::String(text) => write_string(out, text),
        Value::Array(items) => write_list(out, ['[', ']'], items, depth, |out, item| {
            write_value(out, item, depth + 1);
        }),
        Value::Object(fields) => write_list(out, ['{', '}'], fields, depth, |out, (name, value)| {
            write_string(out, name);
            out.push_str(": ");
            write_value(out, value, depth + 1);
        }),
    }
}

fn write_list<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    depth: usize,
    mut item: impl FnMut(&mut String, T),
) {
    out.push(open);
    let mut is_empty = true;
    for it in items {
        out.push_str(if is_empty { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(depth + 1));
        item(out, it);
        is_empty = false;
    }
    if !is_empty {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
    out.push(close);
}

/// Writes a string with its quotes and escapes (RFC 8259, "Strings").
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("writing to a string cannot fail");
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
