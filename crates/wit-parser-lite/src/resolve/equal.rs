//! Structural equality of definitions: names, kinds and types count; documentation, gates and spans
//! do not.
//!
//! Types are compared without recursion and each pair only once: chains of definitions can be as
//! long as the input, and spelled out they can be far longer.

use std::collections::{BTreeMap, HashSet};

use crate::arena::{
    Function, FunctionId, InterfaceId, Owner, Package, PackageId, Resolved, Type, TypeDefId, TypeDefKind,
    WorldItem, WorldItemKind,
};
use crate::span::Span;

/// The two sets of packages whose definitions are compared. They may be the same.
#[derive(Clone, Copy)]
pub(super) struct Pair<'r> {
    pub(super) a: &'r Resolved,
    pub(super) b: &'r Resolved,
}

/// A definition that one side has and the other lacks, or has in another form.
pub(super) struct Difference {
    /// Its kind and name, such as "function `f`".
    pub(super) what: String,
    pub(super) span: Span,
}

/// Returns whether two types are equal. An alias equals the type that it names, and a handle that
/// owns a resource equals the resource.
pub(super) fn types_equal(
    pair: Pair<'_>,
    a: Type,
    b: Type,
    same_resource: impl Fn(TypeDefId, TypeDefId) -> bool,
) -> bool {
    let mut seen = HashSet::new();
    let mut pending = vec![(a, b)];
    while let Some((a, b)) = pending.pop() {
        let (a, b) = match (despelled(pair.a, a), despelled(pair.b, b)) {
            (Type::Def(a), Type::Def(b)) => (a, b),
            (a, b) if a == b => continue,
            (Type::Primitive(_) | Type::Def(_), _) => return false,
        };
        if !seen.insert((a, b)) {
            continue;
        }
        let (a_kind, b_kind) = (&pair.a[a].kind, &pair.b[b].kind);
        let is_same = match (a_kind, b_kind) {
            (TypeDefKind::Resource, TypeDefKind::Resource) => same_resource(a, b),
            (a, b) => label_texts(a).eq(label_texts(b)) && same_shape(a, b),
        };
        if !is_same {
            return false;
        }
        pending.extend(parts(a_kind).into_iter().zip(parts(b_kind)));
    }
    true
}

/// Returns the type that `ty` is after aliases, or the resource if that is an owning handle.
pub(super) fn despelled(resolved: &Resolved, ty: Type) -> Type {
    let ty = resolved.dealias(ty);
    if let Type::Def(id) = ty
        && let TypeDefKind::Own(resource) = resolved[id].kind
    {
        return resolved.dealias(Type::Def(resource));
    }
    ty
}

/// Returns whether two kinds are equal apart from their labels and from the types in them, of which
/// they must have the same number.
fn same_shape(a: &TypeDefKind, b: &TypeDefKind) -> bool {
    if std::mem::discriminant(a) != std::mem::discriminant(b) {
        return false;
    }
    let optional = |kind: &TypeDefKind| match kind {
        TypeDefKind::Result { ok, err } => [ok.is_some(), err.is_some()],
        TypeDefKind::Stream(payload) | TypeDefKind::Future(payload) => [payload.is_some(), false],
        TypeDefKind::Record(_)
        | TypeDefKind::Variant(_)
        | TypeDefKind::Enum(_)
        | TypeDefKind::Flags(_)
        | TypeDefKind::Tuple(_)
        | TypeDefKind::Option(_)
        | TypeDefKind::List(_)
        | TypeDefKind::FixedLengthList(..)
        | TypeDefKind::Map(..)
        | TypeDefKind::Own(_)
        | TypeDefKind::Borrow(_)
        | TypeDefKind::Resource
        | TypeDefKind::Alias(_)
        | TypeDefKind::Use(_) => [false, false],
    };
    let same_cases = match (a, b) {
        (TypeDefKind::Variant(a), TypeDefKind::Variant(b)) => {
            a.iter().map(|case| case.ty.is_some()).eq(b.iter().map(|case| case.ty.is_some()))
        }
        (TypeDefKind::FixedLengthList(_, a), TypeDefKind::FixedLengthList(_, b)) => a == b,
        (a, b) => parts(a).len() == parts(b).len(),
    };
    optional(a) == optional(b) && same_cases
}

/// Returns the labels in a type.
fn label_texts(kind: &TypeDefKind) -> impl Iterator<Item = &str> {
    let (fields, cases, labels) = match kind {
        TypeDefKind::Record(fields) => (&**fields, &[][..], &[][..]),
        TypeDefKind::Variant(cases) => (&[][..], &**cases, &[][..]),
        TypeDefKind::Enum(labels) | TypeDefKind::Flags(labels) => (&[][..], &[][..], &**labels),
        TypeDefKind::Tuple(_)
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
        | TypeDefKind::Alias(_)
        | TypeDefKind::Use(_) => (&[][..], &[][..], &[][..]),
    };
    let fields = fields.iter().map(|field| field.name.as_str());
    let cases = cases.iter().map(|case| case.name.as_str());
    fields.chain(cases).chain(labels.iter().map(|label| label.name.as_str()))
}

/// Returns the types in a type, in order.
fn parts(kind: &TypeDefKind) -> Vec<Type> {
    match kind {
        TypeDefKind::Record(fields) => fields.iter().map(|field| field.ty).collect(),
        TypeDefKind::Variant(cases) => cases.iter().filter_map(|case| case.ty).collect(),
        TypeDefKind::Tuple(parts) => parts.clone(),
        TypeDefKind::Option(part) | TypeDefKind::List(part) | TypeDefKind::FixedLengthList(part, _) => {
            vec![*part]
        }
        TypeDefKind::Alias(part) => vec![*part],
        TypeDefKind::Map(key, value) => vec![*key, *value],
        TypeDefKind::Result { ok, err } => [ok, err].into_iter().flatten().copied().collect(),
        TypeDefKind::Stream(payload) | TypeDefKind::Future(payload) => payload.iter().copied().collect(),
        TypeDefKind::Own(id) | TypeDefKind::Borrow(id) | TypeDefKind::Use(id) => vec![Type::Def(*id)],
        TypeDefKind::Enum(_) | TypeDefKind::Flags(_) | TypeDefKind::Resource => Vec::new(),
    }
}

/// Returns the first definition of package `a` that package `b` lacks or has in another form.
pub(super) fn missing_in_package(pair: Pair<'_>, a: PackageId, b: PackageId) -> Option<Difference> {
    let (a, b): (&Package, &Package) = (&pair.a[a], &pair.b[b]);
    for id in &a.interfaces {
        let (name, span) = (&pair.a[*id].name, pair.a[*id].span);
        let Some(other) = b.interfaces.iter().find(|other| pair.b[**other].name == *name) else {
            return Some(Difference { what: format!("interface `{name}`"), span });
        };
        if let Some(difference) = missing_in_interface(pair, *id, *other) {
            return Some(difference);
        }
    }
    for id in &a.worlds {
        let world = &pair.a[*id];
        let missing = |what: String, span| Some(Difference { what, span });
        let Some(other) = b.worlds.iter().find(|other| pair.b[**other].name == world.name) else {
            return missing(format!("world `{}`", world.name), world.span);
        };
        let other = &pair.b[*other];
        for (what, items, others) in
            [("import", &world.imports, &other.imports), ("export", &world.exports, &other.exports)]
        {
            let mut others: BTreeMap<String, &WorldItem> =
                others.iter().map(|item| (item_name(pair.b, item), item)).collect();
            for item in items {
                let name = item_name(pair.a, item);
                let is_same = others.remove(&name).is_some_and(|other| items_equal(pair, item, other));
                if !is_same {
                    return missing(format!("{what} `{name}`"), item.span);
                }
            }
        }
    }
    None
}

fn item_name(resolved: &Resolved, item: &WorldItem) -> String {
    match (&item.name, item.kind) {
        (Some(name), _) => name.clone(),
        (None, WorldItemKind::Interface(id)) => resolved.owner_name(Owner::Interface(id)),
        (None, WorldItemKind::Function(_) | WorldItemKind::Type(_)) => String::new(),
    }
}

fn items_equal(pair: Pair<'_>, a: &WorldItem, b: &WorldItem) -> bool {
    match (a.kind, b.kind) {
        (WorldItemKind::Interface(a), WorldItemKind::Interface(b)) => {
            let (a_name, b_name) = (pair.a.interface_name(a), pair.b.interface_name(b));
            let is_inline = a_name.is_none();
            a_name == b_name && (!is_inline || interfaces_equal(pair, a, b))
        }
        (WorldItemKind::Function(a), WorldItemKind::Function(b)) => functions_equal(pair, a, b),
        (WorldItemKind::Type(a), WorldItemKind::Type(b)) => defs_equal(pair, Type::Def(a), Type::Def(b)),
        (WorldItemKind::Interface(_) | WorldItemKind::Function(_) | WorldItemKind::Type(_), _) => false,
    }
}

fn interfaces_equal(pair: Pair<'_>, a: InterfaceId, b: InterfaceId) -> bool {
    let swapped = Pair { a: pair.b, b: pair.a };
    missing_in_interface(pair, a, b).is_none() && missing_in_interface(swapped, b, a).is_none()
}

/// Returns the first definition of interface `a` that interface `b` lacks or has in another form.
pub(super) fn missing_in_interface(pair: Pair<'_>, a: InterfaceId, b: InterfaceId) -> Option<Difference> {
    let types: BTreeMap<_, _> = pair.b[b].types.iter().map(|id| (pair.b[*id].name.as_deref(), *id)).collect();
    for id in &pair.a[a].types {
        let ty = &pair.a[*id];
        let other = types.get(&ty.name.as_deref());
        if !other.is_some_and(|other| defs_equal(pair, Type::Def(*id), Type::Def(*other))) {
            let what = format!("type `{}`", ty.name.as_deref().unwrap_or_default());
            return Some(Difference { what, span: ty.span });
        }
    }
    let functions: BTreeMap<_, _> =
        pair.b[b].functions.iter().map(|id| (pair.b[*id].name.as_str(), *id)).collect();
    for id in &pair.a[a].functions {
        let Function { name, span, .. } = &pair.a[*id];
        let other = functions.get(name.as_str());
        if !other.is_some_and(|other| functions_equal(pair, *id, *other)) {
            return Some(Difference { what: format!("function `{name}`"), span: *span });
        }
    }
    None
}

fn functions_equal(pair: Pair<'_>, a: FunctionId, b: FunctionId) -> bool {
    let (a, b) = (&pair.a[a], &pair.b[b]);
    let same_params = a.params.len() == b.params.len()
        && a.params.iter().zip(&b.params).all(|(a, b)| a.name == b.name && defs_equal(pair, a.ty, b.ty));
    let same_results = match (a.result, b.result) {
        (Some(a), Some(b)) => defs_equal(pair, a, b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    a.name == b.name && a.is_async == b.is_async && same_params && same_results
}

/// Returns whether two types of different packages are equal. Resources are equal if they have the
/// same name in the same interface or world.
fn defs_equal(pair: Pair<'_>, a: Type, b: Type) -> bool {
    let place = |resolved: &Resolved, id: TypeDefId| {
        let owner = resolved[id].owner;
        let item = match owner {
            Owner::Interface(id) => resolved[id].name.clone(),
            Owner::World(id) => resolved[id].name.clone(),
        };
        (resolved[resolved.owner_package(owner)].name.clone(), item, resolved[id].name.clone())
    };
    types_equal(pair, a, b, |a, b| place(pair.a, a) == place(pair.b, b))
}
