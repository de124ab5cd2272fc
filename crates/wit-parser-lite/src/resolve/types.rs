//! Type definitions and types. Follows WIT.md, "Items: type" and "Types".

use std::collections::BTreeMap;

use super::context::{Context, Meaning, Scope, TypeFacts, TypeNames, attributes, docs};
use super::order::{cycle_error, order};
use super::unique::check_unique;
use crate::arena::{Attributes, Case, Field, Label, Owner, Type, TypeDef, TypeDefId, TypeDefKind};
use crate::ast::{self, Id, InterfaceDefinition, Primitive, Ty, TyKind, TypedefItem, TypedefKind};
use crate::error::{Error, ErrorKind};
use crate::gate::gated_error;
use crate::proposals::Proposal;
use crate::span::{Span, count};

/// The maximum number of labels of `flags` (CanonicalABI.md, "Element Size").
const MAX_FLAGS: usize = 32;

/// Adds the type definitions of an interface or world, in the order of their references, and
/// returns them.
pub(super) fn typedefs<'a>(
    cx: &mut Context<'a, '_>,
    scope: Scope,
    items: &[&'a TypedefItem<'a>],
    names: &mut TypeNames<'a>,
) -> Vec<TypeDefId> {
    let indices: BTreeMap<&str, u32> =
        items.iter().enumerate().map(|(index, item)| (item.id.name, count(index))).collect();
    let mut edges = Vec::new();
    for item in items {
        let mut references = Vec::new();
        typedef_references(&item.kind, &mut references);
        let local = |id: &Id<'_>| indices.get(id.name).map(|index| (*index, id.span));
        edges.push(references.iter().filter_map(local).collect());
    }
    let order = order(&edges, |cycle, span| {
        if cx.errors.is_full() {
            return;
        }
        let name = |index: u32| items[index as usize].id.name;
        cx.errors.push(cycle_error(("type", "contains"), &edges, cycle, span, name));
    });
    names.extend(items.iter().map(|item| (item.id.name, Meaning::Poisoned)));
    let mut types = Vec::new();
    for index in order {
        let item = items[index as usize];
        let attributes = attributes(cx, scope.package, &item.attributes);
        if let Some(kind) = typedef(cx, scope, names, item) {
            let name = Some(item.id.name.to_owned());
            let id =
                push_type(cx, TypeDef { name, owner: scope.owner, kind, attributes, span: item.id.span });
            names.insert(item.id.name, Meaning::Type(id));
            types.push(id);
        }
    }
    types
}

/// Collects the names that must be resolved before a type definition.
fn typedef_references<'a>(kind: &TypedefKind<'a>, names: &mut Vec<Id<'a>>) {
    match kind {
        TypedefKind::Variant(cases) => {
            cases.iter().filter_map(|case| case.ty.as_ref()).for_each(|ty| references(ty, names));
        }
        TypedefKind::Record(fields) => fields.iter().for_each(|field| references(&field.ty, names)),
        TypedefKind::Type(ty) => references(ty, names),
        // A resource's functions are resolved after all types.
        TypedefKind::Resource(_) | TypedefKind::Flags(_) | TypedefKind::Enum(_) => {}
    }
}

/// Collects the names in a type. The parser's depth limit bounds the recursion.
fn references<'a>(ty: &Ty<'a>, names: &mut Vec<Id<'a>>) {
    match &ty.kind {
        TyKind::Primitive(_) => {}
        TyKind::Tuple(parts) => parts.iter().for_each(|part| references(part, names)),
        TyKind::List(part) | TyKind::FixedLengthList(part, _) | TyKind::Option(part) => {
            references(part, names)
        }
        TyKind::Map(key, value) => {
            references(key, names);
            references(value, names);
        }
        TyKind::Result(ok, err) => [ok, err].into_iter().flatten().for_each(|part| references(part, names)),
        TyKind::Future(part) | TyKind::Stream(part) => part.iter().for_each(|part| references(part, names)),
        TyKind::Own(id) | TyKind::Borrow(id) | TyKind::Id(id) => names.push(*id),
    }
}

/// Returns the kind of a type definition, or `None` after reporting a fault.
fn typedef(
    cx: &mut Context<'_, '_>,
    scope: Scope,
    names: &TypeNames<'_>,
    item: &TypedefItem<'_>,
) -> Option<TypeDefKind> {
    match &item.kind {
        TypedefKind::Resource(_) => Some(TypeDefKind::Resource),
        TypedefKind::Type(ast) => Some(TypeDefKind::Alias(ty(cx, scope, names, ast)?)),
        TypedefKind::Record(fields) => {
            not_empty(cx, "record", "field", item.id, fields.len())?;
            check_unique(&mut cx.errors, "field", fields.iter().map(|field| field.id));
            let mut resolved = Vec::with_capacity(fields.len());
            for field in fields {
                let ty = ty(cx, scope, names, &field.ty);
                let (name, docs) = (field.id.name.to_owned(), docs(&field.docs));
                resolved.extend(ty.map(|ty| Field { name, ty, docs, span: field.id.span }));
            }
            (resolved.len() == fields.len()).then_some(TypeDefKind::Record(resolved))
        }
        TypedefKind::Variant(cases) => {
            not_empty(cx, "variant", "case", item.id, cases.len())?;
            check_unique(&mut cx.errors, "case", cases.iter().map(|case| case.id));
            let mut resolved = Vec::with_capacity(cases.len());
            for case in cases {
                let ty = optional_ty(cx, scope, names, case.ty.as_ref());
                let (name, docs) = (case.id.name.to_owned(), docs(&case.docs));
                resolved.extend(ty.map(|ty| Case { name, ty, docs, span: case.id.span }));
            }
            (resolved.len() == cases.len()).then_some(TypeDefKind::Variant(resolved))
        }
        TypedefKind::Enum(cases) => {
            not_empty(cx, "enum", "case", item.id, cases.len())?;
            Some(TypeDefKind::Enum(labels(cx, "case", cases)))
        }
        TypedefKind::Flags(flags) => {
            not_empty(cx, "flags", "flag", item.id, flags.len())?;
            if let Some(flag) = flags.get(MAX_FLAGS) {
                let message = format!("`{}` has {} flags, more than {MAX_FLAGS}", item.id.name, flags.len());
                cx.errors.push(Error::new(ErrorKind::Type, flag.id.span, message));
            }
            Some(TypeDefKind::Flags(labels(cx, "flag", flags)))
        }
    }
}

fn not_empty(cx: &mut Context<'_, '_>, what: &str, part: &str, id: Id<'_>, n_parts: usize) -> Option<()> {
    if n_parts > 0 {
        return Some(());
    }
    let message = format!("{what} `{}` needs at least one {part}", id.name);
    cx.errors.push(Error::new(ErrorKind::Type, id.span, message));
    None
}

fn labels(cx: &mut Context<'_, '_>, what: &str, labels: &[ast::Label<'_>]) -> Vec<Label> {
    check_unique(&mut cx.errors, what, labels.iter().map(|label| label.id));
    let mut resolved = Vec::with_capacity(labels.len());
    for label in labels {
        resolved.push(Label { name: label.id.name.to_owned(), docs: docs(&label.docs), span: label.id.span });
    }
    resolved
}

/// Returns the type that `ast` refers to, or `None` after reporting a fault.
pub(super) fn ty(
    cx: &mut Context<'_, '_>,
    scope: Scope,
    names: &TypeNames<'_>,
    ast: &Ty<'_>,
) -> Option<Type> {
    let kind = match &ast.kind {
        TyKind::Primitive(primitive) => {
            if *primitive == Primitive::ErrorContext {
                cx.need(Proposal::ErrorContext, ast.span, "`error-context`");
            }
            return Some(Type::Primitive(*primitive));
        }
        TyKind::Id(id) => return named(cx, scope, names, *id).map(Type::Def),
        TyKind::Own(id) => TypeDefKind::Own(resource(cx, scope, names, *id)?),
        TyKind::Borrow(id) => TypeDefKind::Borrow(resource(cx, scope, names, *id)?),
        TyKind::Tuple(parts) if parts.is_empty() => {
            let message = "a tuple needs at least one type".to_owned();
            cx.errors.push(Error::new(ErrorKind::Type, ast.span, message));
            return None;
        }
        TyKind::Tuple(parts) => {
            let resolved: Vec<_> = parts.iter().filter_map(|part| ty(cx, scope, names, part)).collect();
            (resolved.len() == parts.len()).then_some(TypeDefKind::Tuple(resolved))?
        }
        TyKind::List(part) => TypeDefKind::List(ty(cx, scope, names, part)?),
        TyKind::FixedLengthList(part, length) => {
            TypeDefKind::FixedLengthList(ty(cx, scope, names, part)?, *length)
        }
        TyKind::Option(part) => TypeDefKind::Option(ty(cx, scope, names, part)?),
        TyKind::Map(key, value) => {
            let (key, value) = (ty(cx, scope, names, key), ty(cx, scope, names, value));
            TypeDefKind::Map(key?, value?)
        }
        TyKind::Result(ok, err) => {
            let ok = optional_ty(cx, scope, names, ok.as_deref());
            let err = optional_ty(cx, scope, names, err.as_deref());
            TypeDefKind::Result { ok: ok?, err: err? }
        }
        TyKind::Future(part) => {
            TypeDefKind::Future(without_borrow(cx, "future", scope, names, part.as_deref())?)
        }
        TyKind::Stream(part) => {
            TypeDefKind::Stream(without_borrow(cx, "stream", scope, names, part.as_deref())?)
        }
    };
    Some(Type::Def(anonymous(cx, scope, kind, ast.span)))
}

fn optional_ty(
    cx: &mut Context<'_, '_>,
    scope: Scope,
    names: &TypeNames<'_>,
    ast: Option<&Ty<'_>>,
) -> Option<Option<Type>> {
    match ast {
        Some(ast) => ty(cx, scope, names, ast).map(Some),
        None => Some(None),
    }
}

/// Returns the payload of a stream or future. It cannot hold a `borrow`, since nothing bounds its
/// time in transit.
fn without_borrow(
    cx: &mut Context<'_, '_>,
    what: &str,
    scope: Scope,
    names: &TypeNames<'_>,
    ast: Option<&Ty<'_>>,
) -> Option<Option<Type>> {
    let Some(ast) = ast else { return Some(None) };
    let payload = ty(cx, scope, names, ast)?;
    if holds_borrow(cx, payload) {
        let message = format!("a {what} cannot carry a `borrow`");
        cx.errors.push(Error::new(ErrorKind::Type, ast.span, message));
        return None;
    }
    Some(Some(payload))
}

/// Returns the type with the name `id`.
fn named(cx: &mut Context<'_, '_>, scope: Scope, names: &TypeNames<'_>, id: Id<'_>) -> Option<TypeDefId> {
    let error = match names.get(id.name) {
        Some(Meaning::Type(id)) => return Some(*id),
        Some(Meaning::Poisoned) => return None,
        Some(Meaning::Gated(gate)) => gated_error(id.name, id.span, *gate),
        Some(Meaning::Function) => {
            let message = format!("`{}` is a function, not a type", id.name);
            Error::new(ErrorKind::WrongKind, id.span, message)
        }
        None if cx.errors.is_full() || cx.errors.is_lost(id.name) => return None,
        None if !cx.unknown.insert((scope.owner, id.name.to_owned())) => return None,
        None => unknown_type(cx, scope, names, id),
    };
    cx.errors.push(error);
    None
}

fn unknown_type(cx: &Context<'_, '_>, scope: Scope, names: &TypeNames<'_>, id: Id<'_>) -> Error {
    let error = Error::new(ErrorKind::Unknown, id.span, format!("no type is named `{}` here", id.name));
    if let Some(interface) = defining_interface(cx, scope, id.name) {
        let help = format!("interface `{interface}` defines it: write `use {interface}.{{{}}};`", id.name);
        return error.help(help);
    }
    // The names in other languages and in older WIT.
    let keyword = match id.name {
        "float32" | "float" => "f32",
        "float64" | "double" => "f64",
        "i8" => "s8",
        "i16" => "s16",
        "i32" | "int" => "s32",
        "i64" | "long" => "s64",
        "byte" => "u8",
        "boolean" => "bool",
        "str" => "string",
        "vec" | "array" => "list",
        "optional" => "option",
        _ => {
            let mut candidates: Vec<&str> = vec!["list", "option", "result", "tuple"];
            for primitive in Primitive::ALL {
                candidates.push(primitive.name());
            }
            let types = names.iter().filter(|(_, meaning)| !matches!(meaning, Meaning::Function));
            candidates.extend(types.map(|(name, _)| *name));
            return error.suggest(id.name, candidates);
        }
    };
    error.help(format!("WIT calls it `{keyword}`"))
}

/// Returns the first interface of the package that defines a type `name`.
fn defining_interface<'a>(cx: &Context<'a, '_>, scope: Scope, name: &str) -> Option<&'a str> {
    let siblings = cx.packages.interfaces.iter().filter(|source| source.package == scope.package);
    let defines = |item: &InterfaceDefinition<'_>| match item {
        InterfaceDefinition::Typedef(item) => item.id.name == name,
        InterfaceDefinition::Use(_) | InterfaceDefinition::Func(_) => false,
    };
    let found = siblings.map(|source| source.ast).find(|interface| interface.items.iter().any(defines));
    found.map(|interface| interface.id.name)
}

/// Returns the type with the name `id`, which must be a resource.
fn resource(cx: &mut Context<'_, '_>, scope: Scope, names: &TypeNames<'_>, id: Id<'_>) -> Option<TypeDefId> {
    let found = named(cx, scope, names, id)?;
    if cx.out.resource(found).is_none() {
        let message = format!("`{}` is not a resource, so there are no handles to it", id.name);
        let error = Error::new(ErrorKind::WrongKind, id.span, message);
        cx.errors.push(error.note("it is defined here", cx.out[found].span));
        return None;
    }
    Some(found)
}

/// Adds a type without a name.
pub(super) fn anonymous(cx: &mut Context<'_, '_>, scope: Scope, kind: TypeDefKind, span: Span) -> TypeDefId {
    push_type(cx, TypeDef { name: None, owner: scope.owner, kind, attributes: Attributes::default(), span })
}

/// Adds a type whose parts are already in the arena.
pub(super) fn push_type(cx: &mut Context<'_, '_>, ty: TypeDef) -> TypeDefId {
    let holds = |ty: &Type| holds_borrow(cx, *ty);
    let holds_borrow = match &ty.kind {
        TypeDefKind::Record(fields) => fields.iter().any(|field| holds(&field.ty)),
        TypeDefKind::Variant(cases) => cases.iter().filter_map(|case| case.ty.as_ref()).any(holds),
        TypeDefKind::Tuple(parts) => parts.iter().any(holds),
        TypeDefKind::Option(part)
        | TypeDefKind::List(part)
        | TypeDefKind::FixedLengthList(part, _)
        | TypeDefKind::Alias(part) => holds(part),
        TypeDefKind::Map(key, value) => holds(key) || holds(value),
        TypeDefKind::Result { ok, err } => [ok, err].into_iter().flatten().any(holds),
        TypeDefKind::Stream(part) | TypeDefKind::Future(part) => part.iter().any(holds),
        TypeDefKind::Use(id) => holds(&Type::Def(*id)),
        TypeDefKind::Borrow(_) => true,
        TypeDefKind::Own(_) | TypeDefKind::Resource | TypeDefKind::Enum(_) | TypeDefKind::Flags(_) => false,
    };
    cx.facts.push(TypeFacts { holds_borrow });
    let owner = ty.owner;
    let id = cx.out.push_type(ty);
    if let Owner::World(world) = owner {
        cx.world_types[world.index() as usize].push(id);
    }
    id
}

/// Returns whether a value of `ty` may hold a `borrow`.
pub(super) fn holds_borrow(cx: &Context<'_, '_>, ty: Type) -> bool {
    matches!(ty, Type::Def(id) if cx.facts[id.index() as usize].holds_borrow)
}
