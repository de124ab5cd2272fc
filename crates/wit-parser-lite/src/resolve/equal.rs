//! Structural equality of definitions: names, kinds and types count; documentation, gates and spans
//! do not.
//!
//! Types are compared without recursion and each pair only once: chains of definitions can be as
//! long as the input, and spelled out they can be far longer.

use std::collections::{BTreeMap, HashSet};

use crate::arena::{
    Attributes, Function, FunctionId, Interface, InterfaceId, Owner, Package, PackageId, Resolved, Type,
    TypeDefId, TypeDefKind, World, WorldId, WorldItem, WorldItemKind,
};
use crate::span::Span;

/// The two sets of packages whose definitions are compared. They may be the same.
#[derive(Clone, Copy)]
pub(super) struct Pair<'r> {
    pub(super) a: &'r Resolved,
    pub(super) b: &'r Resolved,
}

/// A comparison of definitions of two sets of packages.
pub(super) struct Comparison<'r> {
    pub(super) pair: Pair<'r>,
    /// Whether the second side may lack what a gate stands before: whoever made it may not have
    /// enabled the feature.
    pub(super) may_lack_gated: bool,
    /// Pairs of types that are equal, so that each is compared once.
    equal: HashSet<(TypeDefId, TypeDefId)>,
}

impl<'r> Comparison<'r> {
    pub(super) fn new(pair: Pair<'r>, may_lack_gated: bool) -> Self {
        Self { pair, may_lack_gated, equal: HashSet::new() }
    }

    fn may_lack(&self, attributes: &Attributes) -> bool {
        self.may_lack_gated && attributes.unstable.is_some()
    }
}

/// A definition that one side has and the other lacks, or has in another form.
pub(super) struct Difference {
    /// Its kind and name, such as "function `f`".
    pub(super) what: String,
    pub(super) span: Span,
}

/// Returns whether two types are equal. An alias equals the type that it names, and a handle that
/// owns a resource equals the resource.
///
/// `known` has pairs of types that are equal, and gets those that are found equal here.
pub(super) fn types_equal(
    pair: Pair<'_>,
    a: Type,
    b: Type,
    known: &mut HashSet<(TypeDefId, TypeDefId)>,
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
        if known.contains(&(a, b)) || !seen.insert((a, b)) {
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
    known.extend(seen);
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
pub(super) fn missing_in_package(cmp: &mut Comparison<'_>, a: PackageId, b: PackageId) -> Option<Difference> {
    let pair = cmp.pair;
    let (a, b): (&Package, &Package) = (&pair.a[a], &pair.b[b]);
    let others: BTreeMap<&str, InterfaceId> =
        b.interfaces.iter().map(|id| (pair.b[*id].name.as_str(), *id)).collect();
    for id in &a.interfaces {
        let Interface { name, span, attributes, .. } = &pair.a[*id];
        let difference = match others.get(name.as_str()) {
            Some(other) => missing_in_interface(cmp, *id, *other),
            None if cmp.may_lack(attributes) => None,
            None => Some(Difference { what: format!("interface `{name}`"), span: *span }),
        };
        if difference.is_some() {
            return difference;
        }
    }
    let others: BTreeMap<&str, WorldId> =
        b.worlds.iter().map(|id| (pair.b[*id].name.as_str(), *id)).collect();
    for id in &a.worlds {
        let World { name, span, attributes, .. } = &pair.a[*id];
        let difference = match others.get(name.as_str()) {
            Some(other) => missing_in_world(cmp, *id, *other),
            None if cmp.may_lack(attributes) => None,
            None => Some(Difference { what: format!("world `{name}`"), span: *span }),
        };
        if difference.is_some() {
            return difference;
        }
    }
    None
}

/// Returns the first import or export of world `a` that world `b` lacks or has in another form.
fn missing_in_world(cmp: &mut Comparison<'_>, a: WorldId, b: WorldId) -> Option<Difference> {
    let pair = cmp.pair;
    let (a, b) = (&pair.a[a], &pair.b[b]);
    for (what, items, others) in [("import", &a.imports, &b.imports), ("export", &a.exports, &b.exports)] {
        let others: BTreeMap<String, &WorldItem> =
            others.iter().map(|item| (item_name(pair.b, item), item)).collect();
        for item in items {
            let name = item_name(pair.a, item);
            let is_same = match others.get(&name) {
                Some(other) => items_equal(cmp, item, other),
                None => cmp.may_lack(item_attributes(pair.a, item)),
            };
            if !is_same {
                return Some(Difference { what: format!("{what} `{name}`"), span: item.span });
            }
        }
    }
    None
}

fn item_attributes<'r>(resolved: &'r Resolved, item: &'r WorldItem) -> &'r Attributes {
    match item.kind {
        WorldItemKind::Interface(_) => &item.attributes,
        WorldItemKind::Function(id) => &resolved[id].attributes,
        WorldItemKind::Type(id) => &resolved[id].attributes,
    }
}

fn item_name(resolved: &Resolved, item: &WorldItem) -> String {
    match (&item.name, item.kind) {
        (Some(name), _) => name.clone(),
        (None, WorldItemKind::Interface(id)) => resolved.owner_name(Owner::Interface(id)),
        (None, WorldItemKind::Function(_) | WorldItemKind::Type(_)) => String::new(),
    }
}

fn items_equal(cmp: &mut Comparison<'_>, a: &WorldItem, b: &WorldItem) -> bool {
    match (a.kind, b.kind) {
        (WorldItemKind::Interface(a), WorldItemKind::Interface(b)) => {
            let (a_name, b_name) = (cmp.pair.a.interface_name(a), cmp.pair.b.interface_name(b));
            let is_inline = a_name.is_none();
            a_name == b_name && (!is_inline || missing_in_interface(cmp, a, b).is_none())
        }
        (WorldItemKind::Function(a), WorldItemKind::Function(b)) => functions_equal(cmp, a, b),
        (WorldItemKind::Type(a), WorldItemKind::Type(b)) => defs_equal(cmp, Type::Def(a), Type::Def(b)),
        (WorldItemKind::Interface(_) | WorldItemKind::Function(_) | WorldItemKind::Type(_), _) => false,
    }
}

/// Returns the first definition of interface `a` that interface `b` lacks or has in another form.
pub(super) fn missing_in_interface(
    cmp: &mut Comparison<'_>,
    a: InterfaceId,
    b: InterfaceId,
) -> Option<Difference> {
    let pair = cmp.pair;
    let types: BTreeMap<_, _> = pair.b[b].types.iter().map(|id| (pair.b[*id].name.as_deref(), *id)).collect();
    for id in &pair.a[a].types {
        let ty = &pair.a[*id];
        let is_same = match types.get(&ty.name.as_deref()) {
            Some(other) => defs_equal(cmp, Type::Def(*id), Type::Def(*other)),
            None => cmp.may_lack(&ty.attributes),
        };
        if !is_same {
            let what = format!("type `{}`", ty.name.as_deref().unwrap_or_default());
            return Some(Difference { what, span: ty.span });
        }
    }
    let functions: BTreeMap<_, _> =
        pair.b[b].functions.iter().map(|id| (pair.b[*id].name.as_str(), *id)).collect();
    for id in &pair.a[a].functions {
        let Function { name, span, attributes, .. } = &pair.a[*id];
        let is_same = match functions.get(name.as_str()) {
            Some(other) => functions_equal(cmp, *id, *other),
            None => cmp.may_lack(attributes),
        };
        if !is_same {
            return Some(Difference { what: format!("function `{name}`"), span: *span });
        }
    }
    None
}

fn functions_equal(cmp: &mut Comparison<'_>, a: FunctionId, b: FunctionId) -> bool {
    let (a, b) = (&cmp.pair.a[a], &cmp.pair.b[b]);
    let mut params = a.params.iter().zip(&b.params);
    let same_params = a.params.len() == b.params.len()
        && params.all(|(a, b)| a.name == b.name && defs_equal(cmp, a.ty, b.ty));
    let same_results = match (a.result, b.result) {
        (Some(a), Some(b)) => defs_equal(cmp, a, b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    a.name == b.name && a.is_async == b.is_async && same_params && same_results
}

/// Returns whether two types of different packages are equal. Resources are equal if they have the
/// same name in the same interface or world.
fn defs_equal(cmp: &mut Comparison<'_>, a: Type, b: Type) -> bool {
    let place = |resolved: &Resolved, id: TypeDefId| {
        let owner = resolved[id].owner;
        let item = match owner {
            Owner::Interface(id) => resolved[id].name.clone(),
            Owner::World(id) => resolved[id].name.clone(),
        };
        (resolved[resolved.owner_package(owner)].name.clone(), item, resolved[id].name.clone())
    };
    let pair = cmp.pair;
    types_equal(pair, a, b, &mut cmp.equal, |a, b| place(pair.a, a) == place(pair.b, b))
}
