//! `include`. Follows WIT.md, "Union of Worlds with `include`".
//!
//! A world copies the types, functions and inline interfaces of an included world: renamed items
//! need another name, and a resource that is included under two names is two resources. Other
//! interfaces are not copied.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::context::{Context, Externs, Scope, attributes, next_interface};
use super::package::{Target, lookup};
use super::types::push_type;
use super::unique::{Name, check_unique};
use crate::arena::{
    Attributes, Case, Field, Function, FunctionId, Interface, InterfaceId, Owner, Resolved, Type, TypeDef,
    TypeDefId, TypeDefKind, World, WorldId, WorldItem, WorldItemKind, push,
};
use crate::ast::IncludeItem;
use crate::error::{Error, ErrorKind};

/// The new names of an `include … with`, by old name.
type Renames<'a> = HashMap<&'a str, &'a str>;

/// Adds the imports and exports of another world.
pub(super) fn include_item<'a>(
    cx: &mut Context<'a, '_>,
    scope: Scope,
    ast: &'a IncludeItem<'a>,
    imports: &mut Externs<'a>,
    exports: &mut Externs<'a>,
) {
    let target = match lookup(&cx.packages, scope.body, &ast.path, &mut cx.errors) {
        Some(Target::World(index)) => cx.worlds[index as usize],
        Some(Target::Interface(_)) => {
            let message = format!("`{}` is an interface, not a world", ast.path.id().name);
            let error = Error::new(ErrorKind::WrongKind, ast.path.span(), message);
            cx.errors.push(error.help("interfaces are imported or exported"));
            None
        }
        None => None,
    };
    let _checked_only = attributes(cx, scope.package, &ast.attributes);
    // A world that is missing here is part of a cycle, which is reported.
    let Some(target) = target else { return };
    let world = &cx.out.worlds[target as usize];
    let n_parts = size(cx, WorldId::new(target), world);
    if !cx.add(n_parts, ast.path.span()) {
        return;
    }
    let world = &cx.out.worlds[target as usize];
    let (included_imports, included_exports) = (world.imports.clone(), world.exports.clone());
    let is_foreign = world.package != scope.package;
    check_renames(cx, ast, included_imports.iter().chain(&included_exports));
    // After a fault the result is not used, and repeated inclusion would double the copies.
    if !cx.errors.is_empty() {
        return;
    }
    let renames: Renames<'_> = ast.names.iter().map(|rename| (rename.id.name, rename.alias.name)).collect();
    let copies = copy_types(cx, WorldId::new(target), scope.owner, &renames);
    for (externs, included) in [(imports, included_imports), (exports, included_exports)] {
        for mut item in included {
            item.span = ast.path.span();
            if is_foreign && item.attributes.since.is_some() {
                // Versions of one package have no meaning in another.
                (item.attributes.since, item.attributes.deprecated) = (None, None);
            }
            match item.kind {
                WorldItemKind::Interface(id) if item.name.is_none() => {
                    include_interface(cx, id, item, externs);
                    continue;
                }
                WorldItemKind::Interface(id) if cx.out[id].world.is_some() => {
                    let name = renamed(item.name.as_deref().unwrap_or_default(), &renames);
                    item.kind = WorldItemKind::Interface(copy_interface(cx, scope, id, name));
                }
                WorldItemKind::Interface(_) => {}
                WorldItemKind::Type(id) => item.kind = WorldItemKind::Type(copies.def(id)),
                WorldItemKind::Function(id) => {
                    item.kind =
                        WorldItemKind::Function(copy_function(cx, scope.owner, id, &renames, &copies));
                }
            }
            let name = renamed(&item.name.expect("only interfaces go without a plain name"), &renames);
            if externs.unique.add(&mut cx.errors, externs.what, Name::Text(name.clone()), item.span) {
                item.name = Some(name);
                externs.items.push(item);
            }
        }
    }
}

/// Returns the number of things to copy for a world: items, types, functions, and their parts.
fn size(cx: &Context<'_, '_>, id: WorldId, world: &World) -> usize {
    let of_type = |id: &TypeDefId| {
        let mut n_parts = 1;
        cx.out[*id].kind.for_each_type(|_| n_parts += 1);
        if let TypeDefKind::Enum(labels) | TypeDefKind::Flags(labels) = &cx.out[*id].kind {
            n_parts += labels.len();
        }
        n_parts
    };
    let of_function = |id: &FunctionId| 1 + cx.out[*id].params.len();
    let of_item = |item: &WorldItem| match item.kind {
        WorldItemKind::Interface(id) if cx.out[id].world.is_some() => {
            let functions: usize = cx.out[id].functions.iter().map(of_function).sum();
            1 + functions + types_of(&cx.out, id).iter().map(of_type).sum::<usize>()
        }
        WorldItemKind::Interface(_) | WorldItemKind::Type(_) => 1,
        WorldItemKind::Function(id) => of_function(&id),
    };
    let items = world.imports.iter().chain(&world.exports).map(of_item).sum::<usize>();
    items + cx.world_types[id.index() as usize].iter().map(of_type).sum::<usize>()
}

/// Adds an interface, or merges it with one that is already there. If only one has a gate, that
/// gate remains.
fn include_interface(cx: &mut Context<'_, '_>, id: InterfaceId, item: WorldItem, externs: &mut Externs<'_>) {
    if let Entry::Vacant(entry) = externs.interfaces.entry(id) {
        entry.insert(externs.items.len());
        let name = cx.out.interface_name(id).expect("an item without a name has its interface's");
        externs.unique.add(&mut cx.errors, externs.what, Name::Text(name), item.span);
        externs.items.push(item);
        return;
    }
    let other = &mut externs.items[externs.interfaces[&id]];
    let none = Attributes::default();
    if item.attributes.has_gates_of(&none) || item.attributes.has_gates_of(&other.attributes) {
        return;
    }
    if other.attributes.has_gates_of(&none) {
        let Attributes { since, unstable, deprecated, .. } = item.attributes;
        other.attributes = Attributes { since, unstable, deprecated, ..other.attributes.clone() };
        return;
    }
    let what = externs.what;
    let message = format!("{what} `{}` comes with another gate than here", cx.out[id].name);
    let error = Error::new(ErrorKind::World, item.span, message);
    cx.errors.push(error.note("the other one is here", other.span));
}

/// Returns the label in `name` that an `include … with` can rename: for a function of a resource,
/// the resource's.
fn renamable(name: &str) -> &str {
    let bare = name.rsplit(']').next().unwrap_or(name);
    bare.split('.').next().unwrap_or(bare)
}

fn renamed(name: &str, renames: &Renames<'_>) -> String {
    let label = renamable(name);
    match renames.get(label) {
        Some(alias) => {
            let start = name.rfind(']').map_or(0, |at| at + 1);
            format!("{}{alias}{}", &name[..start], &name[start + label.len()..])
        }
        None => name.to_owned(),
    }
}

/// Checks that every `with` renames an item.
fn check_renames<'i>(
    cx: &mut Context<'_, '_>,
    ast: &IncludeItem<'_>,
    included: impl Iterator<Item = &'i WorldItem>,
) {
    if ast.names.is_empty() {
        return;
    }
    let (mut labels, mut interfaces) = (BTreeSet::new(), BTreeSet::new());
    for item in included {
        match (&item.name, item.kind) {
            (Some(name), _) => _ = labels.insert(renamable(name)),
            (None, WorldItemKind::Interface(id)) => _ = interfaces.insert(cx.out[id].name.clone()),
            (None, WorldItemKind::Function(_) | WorldItemKind::Type(_)) => {}
        }
    }
    check_unique(&mut cx.errors, "renamed item", ast.names.iter().map(|rename| rename.id));
    for rename in &ast.names {
        let is_found = labels.contains(rename.id.name) || cx.errors.is_lost(rename.id.name);
        if is_found || cx.errors.is_full() {
            continue;
        }
        let name = rename.id.name;
        let error = if interfaces.contains(name) {
            let message = format!("`{name}` is an interface's name, which `with` cannot change");
            Error::new(ErrorKind::World, rename.id.span, message)
        } else {
            let message = format!("world `{}` has no import or export named `{name}`", ast.path.id().name);
            Error::new(ErrorKind::Unknown, rename.id.span, message).suggest(name, labels.iter().copied())
        };
        cx.errors.push(error);
    }
}

/// The types of the included world with their copies.
struct Copies {
    types: BTreeMap<TypeDefId, TypeDefId>,
}

impl Copies {
    /// Returns the copy of `id`, or `id` if an interface defines it.
    fn def(&self, id: TypeDefId) -> TypeDefId {
        self.types.get(&id).copied().unwrap_or(id)
    }

    fn ty(&self, ty: Type) -> Type {
        match ty {
            Type::Primitive(_) => ty,
            Type::Def(id) => Type::Def(self.def(id)),
        }
    }

    fn kind(&self, kind: &TypeDefKind) -> TypeDefKind {
        let ty = |part: &Type| self.ty(*part);
        let optional = |part: &Option<Type>| part.as_ref().map(ty);
        match kind {
            TypeDefKind::Record(fields) => TypeDefKind::Record(
                fields.iter().map(|field| Field { ty: ty(&field.ty), ..field.clone() }).collect(),
            ),
            TypeDefKind::Variant(cases) => TypeDefKind::Variant(
                cases.iter().map(|case| Case { ty: optional(&case.ty), ..case.clone() }).collect(),
            ),
            TypeDefKind::Tuple(parts) => TypeDefKind::Tuple(parts.iter().map(ty).collect()),
            TypeDefKind::Option(part) => TypeDefKind::Option(ty(part)),
            TypeDefKind::Result { ok, err } => TypeDefKind::Result { ok: optional(ok), err: optional(err) },
            TypeDefKind::List(part) => TypeDefKind::List(ty(part)),
            TypeDefKind::FixedLengthList(part, length) => TypeDefKind::FixedLengthList(ty(part), *length),
            TypeDefKind::Map(key, value) => TypeDefKind::Map(ty(key), ty(value)),
            TypeDefKind::Stream(payload) => TypeDefKind::Stream(optional(payload)),
            TypeDefKind::Future(payload) => TypeDefKind::Future(optional(payload)),
            TypeDefKind::Own(id) => TypeDefKind::Own(self.def(*id)),
            TypeDefKind::Borrow(id) => TypeDefKind::Borrow(self.def(*id)),
            TypeDefKind::Use(id) => TypeDefKind::Use(self.def(*id)),
            TypeDefKind::Alias(target) => TypeDefKind::Alias(ty(target)),
            TypeDefKind::Enum(_) | TypeDefKind::Flags(_) | TypeDefKind::Resource => kind.clone(),
        }
    }
}

/// Adds copies of the types that `world` defines, in the order of the arena: parts before wholes.
fn copy_types(cx: &mut Context<'_, '_>, world: WorldId, owner: Owner, renames: &Renames<'_>) -> Copies {
    let mut copies = Copies { types: BTreeMap::new() };
    for id in cx.world_types[world.index() as usize].clone() {
        let ty = cx.out[id].clone();
        let name = ty.name.as_ref().map(|name| renamed(name, renames));
        let copy = push_type(cx, TypeDef { name, owner, kind: copies.kind(&ty.kind), ..ty });
        copies.types.insert(id, copy);
    }
    copies
}

/// Adds a copy of an inline interface of another world.
fn copy_interface(cx: &mut Context<'_, '_>, scope: Scope, id: InterfaceId, name: String) -> InterfaceId {
    let Owner::World(world) = scope.owner else { unreachable!("`include` stands in worlds") };
    let copy = next_interface(cx);
    let interface = cx.out[id].clone();
    // Reserves the id, which the contents refer to.
    cx.out.interfaces.push(Interface {
        name,
        world: Some(world),
        clone_of: Some(id),
        package: scope.package,
        ..interface.clone()
    });
    cx.uses.push(cx.uses[id.index() as usize].clone());
    let mut copies = Copies { types: BTreeMap::new() };
    for ty in types_of(&cx.out, id) {
        let def = cx.out[ty].clone();
        let def = TypeDef { owner: Owner::Interface(copy), kind: copies.kind(&def.kind), ..def };
        copies.types.insert(ty, push_type(cx, def));
    }
    let functions = interface.functions.iter().map(|function| {
        let function = copied(cx.out[*function].clone(), Owner::Interface(copy), &copies);
        push(&mut cx.out.functions, function, FunctionId::new)
    });
    let functions = functions.collect();
    let reserved = &mut cx.out.interfaces[copy.index() as usize];
    reserved.types = interface.types.iter().map(|ty| copies.def(*ty)).collect();
    reserved.functions = functions;
    copy
}

/// Returns the types of an interface, including unnamed ones, in the order of the arena.
fn types_of(resolved: &Resolved, id: InterfaceId) -> BTreeSet<TypeDefId> {
    let interface = &resolved[id];
    let mut pending: Vec<Type> = interface.types.iter().map(|ty| Type::Def(*ty)).collect();
    for function in &interface.functions {
        let Function { params, result, .. } = &resolved[*function];
        pending.extend(params.iter().map(|param| param.ty).chain(*result));
    }
    let mut types = BTreeSet::new();
    while let Some(ty) = pending.pop() {
        if let Type::Def(ty) = ty
            && resolved[ty].owner == Owner::Interface(id)
            && types.insert(ty)
        {
            resolved[ty].kind.for_each_type(|part| pending.push(part));
        }
    }
    types
}

fn copy_function(
    cx: &mut Context<'_, '_>,
    owner: Owner,
    id: FunctionId,
    renames: &Renames<'_>,
    copies: &Copies,
) -> FunctionId {
    let function = cx.out[id].clone();
    let name = renamed(&function.name, renames);
    let label = if function.method.is_none() { renamable(&name).to_owned() } else { function.label.clone() };
    let copy = copied(Function { name, label, ..function }, owner, copies);
    push(&mut cx.out.functions, copy, FunctionId::new)
}

/// Returns a function with the copies of its types.
fn copied(function: Function, owner: Owner, copies: &Copies) -> Function {
    Function {
        method: function.method.map(|(kind, resource)| (kind, copies.def(resource))),
        params: function
            .params
            .iter()
            .map(|param| Field { ty: copies.ty(param.ty), ..param.clone() })
            .collect(),
        result: function.result.map(|ty| copies.ty(ty)),
        owner,
        ..function
    }
}
