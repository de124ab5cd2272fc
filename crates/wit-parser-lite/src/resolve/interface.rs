//! Interfaces, and the definitions that interfaces and worlds have in common.

use std::collections::BTreeSet;

use super::context::{
    Context, Meaning, ResolvedInterface, Scope, TypeNames, attributes, lookup_interface, next_interface,
};
use super::function::{Signature, check_setters, function, method};
use super::types::{push_type, typedefs};
use super::unique::{Name, UniqueNames};
use crate::arena::{
    FunctionId, Interface, InterfaceId, Owner, PackageId, TypeDef, TypeDefId, TypeDefKind, WorldId,
};
use crate::ast::{self, FuncItem, Id, InterfaceDefinition, TypedefItem, TypedefKind, UseItem};
use crate::error::{Error, ErrorKind};
use crate::gate::{Gated, check_resource, gated, gated_error};

/// Adds the interface with `index`.
pub(super) fn interface(cx: &mut Context<'_, '_>, index: u32) {
    let source = &cx.packages.interfaces[index as usize];
    let (package, body, ast) = (source.package, source.body, source.ast);
    let attributes = attributes(cx, package, &ast.attributes);
    let head = InterfaceHead { package, body, id: ast.id, world: None };
    let resolved = interface_items(cx, head, attributes, &ast.items);
    cx.interfaces[index as usize] = Some(resolved);
}

/// The position and name of an interface.
pub(super) struct InterfaceHead<'a> {
    pub(super) package: PackageId,
    pub(super) body: u32,
    pub(super) id: Id<'a>,
    /// The world that defines it inline.
    pub(super) world: Option<WorldId>,
}

/// Adds an interface: one of a package or an inline one.
pub(super) fn interface_items<'a>(
    cx: &mut Context<'a, '_>,
    head: InterfaceHead<'a>,
    attributes: crate::arena::Attributes,
    items: &'a [InterfaceDefinition<'a>],
) -> ResolvedInterface<'a> {
    let id = next_interface(cx);
    let mut definitions = Definitions::default();
    for item in items {
        let (InterfaceDefinition::Use(ast::UseItem { attributes, .. })
        | InterfaceDefinition::Typedef(TypedefItem { attributes, .. })
        | InterfaceDefinition::Func(FuncItem { attributes, .. })) = item;
        if let Some(gate) = gated(cx.features, attributes) {
            match item {
                InterfaceDefinition::Use(item) => definitions.leave_out_use(item, gate),
                InterfaceDefinition::Typedef(item) => definitions.leave_out_type(cx, item, gate),
                InterfaceDefinition::Func(item) => definitions.gated.push((item.id.name, gate, false)),
            }
            continue;
        }
        match item {
            InterfaceDefinition::Use(item) => definitions.uses.push(item),
            InterfaceDefinition::Typedef(item) => definitions.typedefs.push(item),
            InterfaceDefinition::Func(item) => definitions.funcs.push(item),
        }
    }
    // Reserves the id, which the contents refer to.
    cx.out.interfaces.push(Interface {
        name: head.id.name.to_owned(),
        world: head.world,
        clone_of: None,
        package: head.package,
        types: Vec::new(),
        functions: Vec::new(),
        attributes,
        span: head.id.span,
    });
    cx.uses.push(Vec::new());
    let scope = Scope { owner: Owner::Interface(id), package: head.package, body: head.body };
    let mut unique = UniqueNames::default();
    let defined = self::definitions(cx, scope, &definitions, &mut unique);
    let mut functions = defined.methods;
    for item in &definitions.funcs {
        let signature = Signature { label: item.id, method: None, func: &item.func };
        functions.extend(function(cx, scope, &defined.names, &mut unique, &item.attributes, signature));
    }
    functions.sort_by_key(|id| cx.out[*id].span.start);
    let places: Vec<_> = functions.iter().map(|id| (*id, cx.out[*id].span)).collect();
    check_setters(cx, &places);
    let interface = &mut cx.out.interfaces[id.index() as usize];
    interface.types = defined.types;
    interface.functions = functions;
    cx.uses[id.index() as usize] = defined.uses;
    ResolvedInterface { id, names: defined.names }
}

/// The definitions of one interface or world, by kind.
#[derive(Default)]
pub(super) struct Definitions<'a> {
    pub(super) uses: Vec<&'a UseItem<'a>>,
    pub(super) typedefs: Vec<&'a TypedefItem<'a>>,
    /// Of an interface only: the functions of a world are imports and exports.
    pub(super) funcs: Vec<&'a FuncItem<'a>>,
    /// The names of what is excluded, with its gates, and whether they are types.
    pub(super) gated: Vec<(&'a str, Gated<'a>, bool)>,
}

impl<'a> Definitions<'a> {
    /// Notes that a type is excluded.
    pub(super) fn leave_out_type(
        &mut self,
        cx: &mut Context<'_, '_>,
        item: &TypedefItem<'a>,
        gate: Gated<'a>,
    ) {
        check_resource(cx.features, item, gate, &mut cx.errors);
        self.gated.push((item.id.name, gate, true));
    }

    /// Notes that a `use` is excluded.
    pub(super) fn leave_out_use(&mut self, item: &UseItem<'a>, gate: Gated<'a>) {
        self.gated.extend(item.names.iter().map(|name| (name.alias.unwrap_or(name.id).name, gate, true)));
    }
}

/// The results of [`Definitions`], without plain functions.
pub(super) struct Defined<'a> {
    pub(super) names: TypeNames<'a>,
    /// In source order.
    pub(super) types: Vec<TypeDefId>,
    /// The functions of resources.
    pub(super) methods: Vec<FunctionId>,
    pub(super) uses: Vec<InterfaceId>,
    /// The same as `uses`.
    used: BTreeSet<InterfaceId>,
}

/// Adds types, those of `use` first, and the functions of resources.
pub(super) fn definitions<'a>(
    cx: &mut Context<'a, '_>,
    scope: Scope,
    definitions: &Definitions<'a>,
    unique: &mut UniqueNames<'a>,
) -> Defined<'a> {
    let mut defined = Defined {
        names: TypeNames::new(),
        types: Vec::new(),
        methods: Vec::new(),
        uses: Vec::new(),
        used: BTreeSet::new(),
    };
    for (name, gate, is_type) in &definitions.gated {
        cx.leave_out(scope, name, *gate);
        if *is_type {
            defined.names.insert(name, Meaning::Gated(*gate));
        }
    }
    for item in &definitions.uses {
        use_item(cx, scope, item, unique, &mut defined);
    }
    let mut items: Vec<&'a TypedefItem<'a>> = Vec::new();
    for item in &definitions.typedefs {
        if unique.add(&mut cx.errors, "type", Name::label(item.id.name), item.id.span) {
            items.push(item);
        }
    }
    for item in &definitions.funcs {
        defined.names.entry(item.id.name).or_insert(Meaning::Function);
    }
    let types = typedefs(cx, scope, &items, &mut defined.names);
    defined.types.extend(types);
    defined.types.sort_by_key(|id| cx.out[*id].span.start);
    for item in &items {
        let TypedefKind::Resource(methods) = &item.kind else { continue };
        let Some(Meaning::Type(resource)) = defined.names.get(item.id.name).copied() else { continue };
        let borrow = TypeDef {
            name: None,
            owner: scope.owner,
            kind: TypeDefKind::Borrow(resource),
            attributes: crate::arena::Attributes::default(),
            span: item.id.span,
        };
        let self_type = push_type(cx, borrow);
        for ast in methods {
            if let Some(gate) = gated(cx.features, &ast.attributes) {
                cx.leave_out(scope, &format!("{}.{}", item.id.name, ast.id.name), gate);
                continue;
            }
            let id = method(cx, scope, &defined.names, unique, (item.id.name, resource, self_type), ast);
            defined.methods.extend(id);
        }
    }
    defined
}

/// Adds the types that a `use` names.
fn use_item<'a>(
    cx: &mut Context<'a, '_>,
    scope: Scope,
    item: &'a ast::UseItem<'a>,
    unique: &mut UniqueNames<'a>,
    defined: &mut Defined<'a>,
) {
    let attributes = attributes(cx, scope.package, &item.attributes);
    let index = lookup_interface(cx, scope.body, &item.path).map(|index| cx.replacement(index));
    if let Some(index) = index
        && let Some(target) = &cx.interfaces[index as usize]
        && defined.used.insert(target.id)
    {
        defined.uses.push(target.id);
    }
    for name in &item.names {
        let local = name.alias.unwrap_or(name.id);
        if !unique.add(&mut cx.errors, "type", Name::label(local.name), local.span) {
            continue;
        }
        defined.names.insert(local.name, Meaning::Poisoned);
        // An interface that is missing here is part of a cycle, which is reported.
        let Some(target) = index.and_then(|index| cx.interfaces[index as usize].as_ref()) else { continue };
        match target.names.get(name.id.name) {
            Some(Meaning::Type(used)) => {
                let kind = TypeDefKind::Use(*used);
                let (name, owner) = (Some(local.name.to_owned()), scope.owner);
                let ty = TypeDef { name, owner, kind, attributes: attributes.clone(), span: local.span };
                let id = push_type(cx, ty);
                defined.types.push(id);
                defined.names.insert(local.name, Meaning::Type(id));
            }
            Some(Meaning::Poisoned) => {}
            Some(Meaning::Gated(gate)) => {
                cx.errors.push(gated_error(name.id.name, name.id.span, *gate));
            }
            Some(Meaning::Function) => {
                let message = format!("`{}` is a function: only types can be used", name.id.name);
                cx.errors.push(Error::new(ErrorKind::WrongKind, name.id.span, message));
            }
            None if cx.errors.is_full() || cx.errors.is_lost(name.id.name) => {}
            None => {
                let message = format!("interface `{}` has no type `{}`", item.path.id().name, name.id.name);
                let error = Error::new(ErrorKind::Unknown, name.id.span, message);
                let error = error.suggest(name.id.name, target.names.keys().copied());
                cx.errors.push(error);
            }
        }
    }
}
