//! Worlds. Follows WIT.md, "WIT Worlds" and "Transitive imports and worlds".

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::context::{Context, Externs, Scope, TypeNames, attributes, lookup_interface};
use super::function::{Signature, check_setters, function};
use super::include::include_item;
use super::interface::{Definitions, InterfaceHead, definitions, interface_items};
use super::unique::Name;
use crate::arena::{
    Attributes, FunctionId, InterfaceId, Owner, TypeDefId, TypeDefKind, World, WorldId, WorldItem,
    WorldItemKind,
};
use crate::ast::{self, ExternItem, ExternKind, ExternType, WorldDefinition};
use crate::error::{Error, ErrorKind};
use crate::gate::gated;
use crate::span::{Span, count};

/// Adds the world with `index`.
pub(super) fn world(cx: &mut Context<'_, '_>, index: u32) {
    let source = &cx.packages.worlds[index as usize];
    let (package, body, ast) = (source.package, source.body, source.ast);
    let attributes = attributes(cx, package, &ast.attributes);
    let id = count(cx.out.worlds.len());
    let scope = Scope { owner: Owner::World(WorldId::new(id)), package, body };
    // Reserves the id, which the contents refer to.
    cx.out.worlds.push(World {
        name: ast.id.name.to_owned(),
        package,
        imports: Vec::new(),
        exports: Vec::new(),
        attributes,
        span: ast.id.span,
    });
    cx.world_types.push(Vec::new());
    let (mut imports, mut exports) = (Externs::new("import", false), Externs::new("export", true));
    let (parts, items) = included(cx, scope, ast);
    let defined = definitions(cx, scope, &parts, &mut imports.unique);
    for id in defined.types {
        let ty = &cx.out[id];
        let (name, kind) = (ty.name.clone(), WorldItemKind::Type(id));
        imports.items.push(item(name, kind, ty.attributes.clone(), ty.span));
    }
    for id in defined.methods {
        let function = &cx.out[id];
        let (name, kind) = (Some(function.name.clone()), WorldItemKind::Function(id));
        imports.items.push(item(name, kind, function.attributes.clone(), function.span));
    }
    for item in items.iter().copied() {
        match item {
            WorldDefinition::Import(item) => extern_item(cx, scope, &defined.names, item, &mut imports),
            WorldDefinition::Export(item) => extern_item(cx, scope, &defined.names, item, &mut exports),
            WorldDefinition::Use(_) | WorldDefinition::Typedef(_) | WorldDefinition::Include(_) => {}
        }
    }
    // Last, because an included interface may already be there, but not the other way round.
    for item in items {
        if let WorldDefinition::Include(item) = item {
            include_item(cx, scope, item, &mut imports, &mut exports);
        }
    }
    for externs in [&mut imports, &mut exports] {
        externs.items.sort_by_key(|item| item.span.start);
        let functions: Vec<_> =
            externs.items.iter().filter_map(|item| Some((function_of(item)?, item.span))).collect();
        check_setters(cx, &functions);
    }
    compatible_exports(cx, ast.id.span, &exports);
    implicit_imports(cx, ast.id.span, &mut imports, &exports);
    let world = &mut cx.out.worlds[id as usize];
    (world.imports, world.exports) = (imports.items, exports.items);
    cx.worlds[index as usize] = Some(id);
}

/// Returns the parts of a world that no gate excludes: types, and imports, exports and `include`s.
fn included<'a>(
    cx: &mut Context<'a, '_>,
    scope: Scope,
    ast: &'a ast::WorldItem<'a>,
) -> (Definitions<'a>, Vec<&'a WorldDefinition<'a>>) {
    let mut parts = Definitions::default();
    let mut items = Vec::with_capacity(ast.items.len());
    for item in &ast.items {
        let gate = gated(cx.features, attributes_of(item));
        match (item, gate) {
            (WorldDefinition::Use(item), Some(gate)) => parts.leave_out_use(item, gate),
            (WorldDefinition::Typedef(item), Some(gate)) => parts.leave_out_type(cx, item, gate),
            (WorldDefinition::Import(item), Some(gate)) => {
                cx.leave_out(scope, &format!("import {}", extern_label(item)), gate);
            }
            (WorldDefinition::Export(item), Some(gate)) => {
                cx.leave_out(scope, &format!("export {}", extern_label(item)), gate);
            }
            (WorldDefinition::Include(item), Some(gate)) => {
                cx.leave_out(scope, &format!("include {}", item.path.id().name), gate);
            }
            (WorldDefinition::Use(item), None) => parts.uses.push(item),
            (WorldDefinition::Typedef(item), None) => parts.typedefs.push(item),
            (WorldDefinition::Import(_) | WorldDefinition::Export(_) | WorldDefinition::Include(_), None) => {
                items.push(item);
            }
        }
    }
    (parts, items)
}

/// Returns the name of an import or export as it is written, without the package of a path.
fn extern_label<'a>(item: &ExternItem<'a>) -> &'a str {
    match &item.kind {
        ExternKind::Plain(id, _) => id.name,
        ExternKind::Path(path) => path.id().name,
    }
}

fn attributes_of<'s, 'a>(item: &'s WorldDefinition<'a>) -> &'s ast::Attributes<'a> {
    match item {
        WorldDefinition::Import(item) | WorldDefinition::Export(item) => &item.attributes,
        WorldDefinition::Use(item) => &item.attributes,
        WorldDefinition::Typedef(item) => &item.attributes,
        WorldDefinition::Include(item) => &item.attributes,
    }
}

fn item(name: Option<String>, kind: WorldItemKind, attributes: Attributes, span: Span) -> WorldItem {
    WorldItem { name, kind, is_implicit: false, attributes, span }
}

/// Adds an import or export as written.
fn extern_item<'a>(
    cx: &mut Context<'a, '_>,
    scope: Scope,
    names: &TypeNames<'a>,
    ast: &'a ExternItem<'a>,
    externs: &mut Externs<'a>,
) {
    let Owner::World(world) = scope.owner else { unreachable!("imports and exports stand in worlds") };
    let (id, ty) = match &ast.kind {
        ExternKind::Plain(id, ty) => (id, ty),
        ExternKind::Path(path) => {
            let attributes = attributes(cx, scope.package, &ast.attributes);
            let Some(named) = lookup_interface(cx, scope.body, path) else { return };
            let index = if externs.keeps_versions { named } else { cx.replacement(named) };
            let Some(target) = cx.interfaces[index as usize].as_ref().map(|target| target.id) else { return };
            if index != named {
                externs.merged.insert(target);
            }
            // Two versions that are unified are one import.
            if !(externs.merged.contains(&target) && externs.interfaces.contains_key(&target)) {
                add_interface(cx, externs, target, attributes, path.span());
            }
            return;
        }
    };
    let mut attributes = match ty {
        ExternType::Func(_) => Attributes::default(),
        ExternType::Interface(_) | ExternType::Path(_) => attributes(cx, scope.package, &ast.attributes),
    };
    let kind = match ty {
        ExternType::Func(func) => {
            let signature = Signature { label: *id, method: None, func };
            let function = function(cx, scope, names, &mut externs.unique, &ast.attributes, signature);
            if let Some(function) = function {
                let (name, attributes) = (cx.out[function].name.clone(), cx.out[function].attributes.clone());
                externs.items.push(item(Some(name), WorldItemKind::Function(function), attributes, id.span));
            }
            return;
        }
        ExternType::Interface(items) => {
            let head =
                InterfaceHead { package: scope.package, body: scope.body, id: *id, world: Some(world) };
            let of_interface = Attributes { docs: attributes.docs.take(), ..attributes.gates() };
            WorldItemKind::Interface(interface_items(cx, head, of_interface, items).id)
        }
        ExternType::Path(path) => {
            let Some(index) = lookup_interface(cx, scope.body, path) else { return };
            let Some(target) = &cx.interfaces[index as usize] else { return };
            WorldItemKind::Interface(target.id)
        }
    };
    if externs.unique.add(&mut cx.errors, externs.what, Name::label(id.name), id.span) {
        externs.items.push(item(Some(id.name.to_owned()), kind, attributes, id.span));
    }
}

/// Adds an interface without a plain name, of which there can be only one.
fn add_interface(
    cx: &mut Context<'_, '_>,
    externs: &mut Externs<'_>,
    id: InterfaceId,
    attributes: Attributes,
    span: Span,
) {
    let name = cx.out.interface_name(id).expect("only interfaces with a name are found by a path");
    if externs.unique.add(&mut cx.errors, externs.what, Name::Text(name), span) {
        externs.interfaces.insert(id, externs.items.len());
        externs.items.push(item(None, WorldItemKind::Interface(id), attributes, span));
    }
}

fn function_of(item: &WorldItem) -> Option<FunctionId> {
    match item.kind {
        WorldItemKind::Function(id) => Some(id),
        WorldItemKind::Interface(_) | WorldItemKind::Type(_) => None,
    }
}

fn interfaces_of(externs: &Externs<'_>) -> impl Iterator<Item = InterfaceId> {
    externs.items.iter().filter_map(|item| match item.kind {
        WorldItemKind::Interface(id) => Some(id),
        WorldItemKind::Function(_) | WorldItemKind::Type(_) => None,
    })
}

/// Adds an import of each interface that is used here but neither imported nor, for exports,
/// exported. It has the gate of its user.
fn implicit_imports(cx: &mut Context<'_, '_>, span: Span, imports: &mut Externs<'_>, exports: &Externs<'_>) {
    let mut roots = Vec::new();
    let uses = |cx: &Context<'_, '_>, id: InterfaceId| cx.uses[id.index() as usize].clone();
    for item in &imports.items {
        match item.kind {
            WorldItemKind::Interface(id) => roots.extend(uses(cx, id).into_iter().map(|used| (used, item))),
            WorldItemKind::Type(id) => roots.extend(used_interface(cx, id).map(|used| (used, item))),
            WorldItemKind::Function(_) => {}
        }
    }
    for item in &exports.items {
        if let WorldItemKind::Interface(id) = item.kind {
            let uses = uses(cx, id).into_iter().filter(|id| !exports.interfaces.contains_key(id));
            roots.extend(uses.map(|used| (used, item)));
        }
    }
    let mut added = Vec::new();
    for (root, user) in roots {
        let mut pending = vec![root];
        while let Some(id) = pending.pop() {
            if let Entry::Vacant(entry) = imports.interfaces.entry(id) {
                entry.insert(usize::MAX);
                if !cx.add(1, span) {
                    return;
                }
                let (kind, span) = (WorldItemKind::Interface(id), cx.out[id].span);
                let attributes = user.attributes.gates();
                added.push((id, WorldItem { name: None, kind, is_implicit: true, attributes, span }));
                pending.extend(&cx.uses[id.index() as usize]);
            }
        }
    }
    // Interfaces use earlier ones only, so in this order each comes after those that it uses.
    added.sort_by_key(|(id, _)| *id);
    imports.items.splice(0..0, added.into_iter().map(|(_, item)| item));
}

/// Returns the interface whose type a `use` in a world names.
fn used_interface(cx: &Context<'_, '_>, id: TypeDefId) -> Option<InterfaceId> {
    let TypeDefKind::Use(target) = cx.out[id].kind else { return None };
    match cx.out[target].owner {
        Owner::Interface(interface) => Some(interface),
        Owner::World(_) => None,
    }
}

/// Checks that no export uses an interface both as an export and, through another interface that is
/// only imported, as an import: the types would differ.
fn compatible_exports(cx: &mut Context<'_, '_>, span: Span, exports: &Externs<'_>) {
    let mut faults = Vec::new();
    let mut reached = BTreeMap::new();
    for export in interfaces_of(exports) {
        let uses = &cx.uses[export.index() as usize];
        for used in uses.iter().filter(|id| !exports.interfaces.contains_key(id)) {
            if let Some(conflict) = reached_export(cx, *used, exports, &mut reached) {
                faults.push((export, *used, conflict));
                break;
            }
        }
    }
    for (export, used, conflict) in faults {
        let name = |id| cx.out.owner_name(Owner::Interface(id));
        let (export, used, conflict) = (name(export), name(used), name(conflict));
        let message =
            format!("export `{export}` uses `{used}`, an import, which uses `{conflict}`, an export");
        let error = Error::new(ErrorKind::World, span, message);
        cx.errors.push(error.help(format!("export `{used}` too")));
    }
}

/// Returns the first export, in the order of the arena, among `root` and the interfaces that it
/// uses, directly or not. `known` has the answers so far, so that all answers for a world take time
/// linear in what it reaches.
fn reached_export(
    cx: &Context<'_, '_>,
    root: InterfaceId,
    exports: &Externs<'_>,
    known: &mut BTreeMap<InterfaceId, Option<InterfaceId>>,
) -> Option<InterfaceId> {
    let mut path = vec![(root, 0)];
    while let Some((id, n_followed)) = path.last_mut() {
        let (id, uses) = (*id, &cx.uses[id.index() as usize]);
        if let Some(used) = uses.get(*n_followed) {
            *n_followed += 1;
            if !known.contains_key(used) {
                path.push((*used, 0));
            }
            continue;
        }
        let own = exports.interfaces.contains_key(&id).then_some(id);
        let first = uses.iter().filter_map(|used| known[used]).chain(own).min();
        known.insert(id, first);
        path.pop();
    }
    known[&root]
}
