//! Worlds. Follows WIT.md, "WIT Worlds" and "Transitive imports and worlds".

use std::collections::BTreeSet;

use super::function::{Signature, check_setters, function};
use super::include::include_item;
use super::interface::{Definitions, Place, Scope, definitions, interface_items};
use super::{Context, TypeNames, UniqueNames, attributes, lookup_interface};
use crate::arena::{Attributes, FunctionId, InterfaceId, Owner, World, WorldId, WorldItem, WorldItemKind};
use crate::ast::{ExternItem, ExternKind, ExternType, WorldDefinition};
use crate::error::{Error, ErrorKind};
use crate::source::{Span, count};

/// The imports of a world, or its exports.
pub(super) struct Side {
    pub(super) what: &'static str,
    pub(super) items: Vec<WorldItem>,
    pub(super) unique: UniqueNames,
    /// The interfaces among them that go by their own names.
    pub(super) interfaces: BTreeSet<InterfaceId>,
}

impl Side {
    fn new(what: &'static str) -> Self {
        Self { what, items: Vec::new(), unique: UniqueNames::default(), interfaces: BTreeSet::new() }
    }
}

/// Adds the world with `index`.
pub(super) fn world(cx: &mut Context<'_>, index: u32) {
    let source = &cx.packages.worlds[index as usize];
    let (package, body, ast) = (source.package, source.body, source.ast);
    let attributes = attributes(cx, package, &ast.attributes);
    let id = count(cx.out.worlds.len());
    let scope = Scope { owner: Owner::World(WorldId::new(id)), package, body };
    // Reserved before its contents, so that they can name their owner.
    cx.out.worlds.push(World {
        name: ast.id.name.to_owned(),
        package,
        imports: Vec::new(),
        exports: Vec::new(),
        attributes,
        span: ast.id.span,
    });
    let (mut imports, mut exports) = (Side::new("import"), Side::new("export"));
    let mut parts = Definitions::default();
    for item in &ast.items {
        match item {
            WorldDefinition::Use(item) => parts.uses.push(item),
            WorldDefinition::Typedef(item) => parts.typedefs.push(item),
            WorldDefinition::Import(_) | WorldDefinition::Export(_) | WorldDefinition::Include(_) => {}
        }
    }
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
    for item in &ast.items {
        match item {
            WorldDefinition::Import(item) => extern_item(cx, scope, &defined.names, item, &mut imports),
            WorldDefinition::Export(item) => extern_item(cx, scope, &defined.names, item, &mut exports),
            WorldDefinition::Use(_) | WorldDefinition::Typedef(_) | WorldDefinition::Include(_) => {}
        }
    }
    // After all else, since an included interface may be there already but not the other way round.
    for item in &ast.items {
        if let WorldDefinition::Include(item) = item {
            include_item(cx, scope, item, &mut imports, &mut exports);
        }
    }
    for side in [&mut imports, &mut exports] {
        side.items.sort_by_key(|item| item.span.start);
        let functions: Vec<_> =
            side.items.iter().filter_map(|item| Some((function_of(item)?, item.span))).collect();
        check_setters(cx, &functions);
    }
    compatible_exports(cx, ast.id.span, &exports);
    implicit_imports(cx, &defined.uses, &mut imports, &exports);
    let world = &mut cx.out.worlds[id as usize];
    (world.imports, world.exports) = (imports.items, exports.items);
    cx.worlds[index as usize] = Some(id);
}

fn item(name: Option<String>, kind: WorldItemKind, attributes: Attributes, span: Span) -> WorldItem {
    WorldItem { name, kind, is_implicit: false, attributes, span }
}

/// Adds an import or export as written.
fn extern_item<'a>(
    cx: &mut Context<'a>,
    scope: Scope,
    names: &TypeNames<'a>,
    ast: &'a ExternItem<'a>,
    side: &mut Side,
) {
    let Owner::World(world) = scope.owner else { unreachable!("imports and exports stand in worlds") };
    let (id, ty) = match &ast.kind {
        ExternKind::Plain(id, ty) => (id, ty),
        ExternKind::Path(path) => {
            let attributes = attributes(cx, scope.package, &ast.attributes);
            let Some(index) = lookup_interface(cx, scope.body, path) else { return };
            if let Some(target) = &cx.interfaces[index as usize] {
                let target = target.id;
                add_interface(cx, side, target, attributes, path.span());
            }
            return;
        }
    };
    let kind = match ty {
        ExternType::Func(func) => {
            let signature = Signature { label: *id, method: None, func };
            let function = function(cx, scope, names, &mut side.unique, &ast.attributes, signature);
            if let Some(function) = function {
                let (name, attributes) = (cx.out[function].name.clone(), cx.out[function].attributes.clone());
                side.items.push(item(Some(name), WorldItemKind::Function(function), attributes, id.span));
            }
            return;
        }
        ExternType::Interface(items) => {
            let place = Place { package: scope.package, body: scope.body, id: *id, world: Some(world) };
            WorldItemKind::Interface(interface_items(cx, place, Attributes::default(), items).id)
        }
        ExternType::Path(path) => {
            let Some(index) = lookup_interface(cx, scope.body, path) else { return };
            let Some(target) = &cx.interfaces[index as usize] else { return };
            WorldItemKind::Interface(target.id)
        }
    };
    let attributes = attributes(cx, scope.package, &ast.attributes);
    if side.unique.add(&mut cx.errors, side.what, id.name, id.span) {
        side.items.push(item(Some(id.name.to_owned()), kind, attributes, id.span));
    }
}

/// Adds an interface by its own name, which may stand there only once.
fn add_interface(cx: &mut Context<'_>, side: &mut Side, id: InterfaceId, attributes: Attributes, span: Span) {
    let name = cx.out.interface_name(id).expect("only interfaces with a name are found by a path");
    if side.unique.add(&mut cx.errors, side.what, &name, span) {
        side.interfaces.insert(id);
        side.items.push(item(None, WorldItemKind::Interface(id), attributes, span));
    }
}

/// Returns the interfaces among `roots` and those used from there, directly or not, in the order of the arena.
fn closure(cx: &Context<'_>, roots: impl IntoIterator<Item = InterfaceId>) -> BTreeSet<InterfaceId> {
    let mut pending: Vec<_> = roots.into_iter().collect();
    let mut reached = BTreeSet::new();
    while let Some(id) = pending.pop() {
        if reached.insert(id) {
            pending.extend(&cx.uses[id.index() as usize]);
        }
    }
    reached
}

fn function_of(item: &WorldItem) -> Option<FunctionId> {
    match item.kind {
        WorldItemKind::Function(id) => Some(id),
        WorldItemKind::Interface(_) | WorldItemKind::Type(_) => None,
    }
}

fn interfaces_of(side: &Side) -> impl Iterator<Item = InterfaceId> {
    side.items.iter().filter_map(|item| match item.kind {
        WorldItemKind::Interface(id) => Some(id),
        WorldItemKind::Function(_) | WorldItemKind::Type(_) => None,
    })
}

/// Adds an import of each interface that something here uses and that is not imported, or exported for exports.
fn implicit_imports(cx: &mut Context<'_>, own_uses: &[InterfaceId], imports: &mut Side, exports: &Side) {
    let mut roots: Vec<_> = own_uses.to_vec();
    roots.extend(interfaces_of(imports).flat_map(|id| &cx.uses[id.index() as usize]));
    let used_by_exports = interfaces_of(exports).flat_map(|id| &cx.uses[id.index() as usize]);
    roots.extend(used_by_exports.filter(|id| !exports.interfaces.contains(id)));
    let mut added = Vec::new();
    for id in closure(cx, roots) {
        if imports.interfaces.insert(id) {
            let span = cx.out[id].span;
            let kind = WorldItemKind::Interface(id);
            added.push(WorldItem {
                name: None,
                kind,
                is_implicit: true,
                attributes: Attributes::default(),
                span,
            });
        }
    }
    imports.items.splice(0..0, added);
}

/// Checks that no export uses one interface both as an export and, through another that is only imported, as an
/// import: their types would differ.
fn compatible_exports(cx: &mut Context<'_>, span: Span, exports: &Side) {
    let mut faults = Vec::new();
    for export in interfaces_of(exports) {
        let uses = &cx.uses[export.index() as usize];
        for used in uses.iter().filter(|id| !exports.interfaces.contains(id)) {
            let reached = closure(cx, [*used]);
            if let Some(conflict) = exports.interfaces.intersection(&reached).next() {
                faults.push((export, *used, *conflict));
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
