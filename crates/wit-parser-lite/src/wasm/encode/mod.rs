//! Resolved packages to binary form.
//!
//! Each definition is complete in itself: the interfaces that it uses are imported, as instances
//! with only their types. A world contains complete interfaces, including functions.

mod scope;

use std::collections::{BTreeMap, HashSet};

use wasm_encoder::{
    ComponentBuilder, ComponentExportKind, ComponentExternName, ComponentType, ComponentTypeRef,
    CustomSection,
};

use self::scope::{Budget, Encoder, extern_name};
use super::error::EncodeError;
use super::metadata;
use crate::arena::{
    Accessor, FunctionId, InterfaceId, Owner, PackageId, Resolved, TypeDefId, TypeDefKind, WorldId,
    WorldItem, WorldItemKind,
};

/// The most bytes of types in a binary, about.
///
/// Every definition is complete in itself, so a chain of `use`s has a binary whose size is the
/// square of the text's. The packages of WASI take a hundredth of this.
pub const MAX_ENCODED_BYTES: usize = 8 << 20;

/// Returns a component whose only export is the type of `world`. Core modules carry their worlds in
/// this form.
///
/// # Errors
///
/// The binary would be larger than [`MAX_ENCODED_BYTES`].
///
/// ```
/// let text = "package demo:greet; world greeter { export greet: func(name: string) -> string; }";
/// let resolved = wit_parser_lite::parse(&[("greet.wit", text)]).unwrap();
/// let world = resolved.main_package().worlds[0];
/// let bytes = wit_parser_lite::wasm::encode_world(&resolved, world).unwrap();
/// assert!(bytes.starts_with(b"\0asm\x0d\0\x01\0")); // a component
/// ```
pub fn encode_world(resolved: &Resolved, world: WorldId) -> Result<Vec<u8>, EncodeError> {
    let mut component = ComponentBuilder::default();
    let ty = world_type(resolved, world, &Budget::new())?;
    export_type(&mut component, &resolved[world].name, &ty);
    Ok(component.finish())
}

/// Returns `package` as a component that exports a type for each interface and world.
///
/// Other packages are included only as far as its types and worlds need them. Items that gates
/// exclude from `resolved` are not included.
///
/// # Errors
///
/// The binary would be larger than [`MAX_ENCODED_BYTES`].
pub fn encode_package(resolved: &Resolved, package: PackageId) -> Result<Vec<u8>, EncodeError> {
    let mut component = ComponentBuilder::default();
    let budget = Budget::new();
    let in_package = |id: &InterfaceId| resolved[*id].package == package;
    for id in in_order_of_use(resolved, resolved[package].interfaces.iter().copied()).filter(in_package) {
        export_type(&mut component, &resolved[id].name, &interface_type(resolved, id, &budget)?);
    }
    for id in &resolved[package].worlds {
        export_type(&mut component, &resolved[*id].name, &world_type(resolved, *id, &budget)?);
    }
    if let Some(section) = metadata::write(resolved, package) {
        component.custom_section(&CustomSection { name: metadata::SECTION.into(), data: section.into() });
    }
    Ok(component.finish())
}

fn export_type(component: &mut ComponentBuilder, name: &str, ty: &ComponentType) {
    let index = component.type_component(None, ty);
    component.export(name, ComponentExportKind::Type, index, None);
}

/// Returns the component type that exports the world under its full name.
fn world_type(resolved: &Resolved, id: WorldId, budget: &Budget) -> Result<ComponentType, EncodeError> {
    let world = world_contents(resolved, id, budget)?;
    let mut wrapper = ComponentType::new();
    wrapper.ty().component(&world);
    wrapper.export(resolved.world_name(id), ComponentTypeRef::Component(0));
    Ok(wrapper)
}

/// Returns the component type that exports an interface under its full name and imports the
/// interfaces that it uses, with their types.
fn interface_type(
    resolved: &Resolved,
    id: InterfaceId,
    budget: &Budget,
) -> Result<ComponentType, EncodeError> {
    let mut encoder = Encoder::new(resolved, budget);
    let mut used = InOrderOfUse::new(resolved);
    for used in used.uses_of(id) {
        let ty = encoder.instance_type(used, |encoder| types(encoder, &resolved[used].types));
        encoder.import_instance(full_name(resolved, used), ty);
        encoder.bind_instance(used);
        budget.check()?;
    }
    let ty = complete_instance(&mut encoder, id);
    encoder.outer.export(full_name(resolved, id), ComponentTypeRef::Instance(ty));
    budget.check()?;
    Ok(encoder.outer)
}

/// Returns the component type with the imports and exports of a world.
fn world_contents(resolved: &Resolved, id: WorldId, budget: &Budget) -> Result<ComponentType, EncodeError> {
    let mut encoder = Encoder::new(resolved, budget);
    let world = &resolved[id];
    for item in by_need(resolved, &world.imports) {
        if let WorldItemKind::Interface(id) = item.kind {
            let ty = complete_instance(&mut encoder, id);
            encoder.import_instance(item_name(resolved, item), ty);
            if item.name.is_none() {
                encoder.bind_instance(id);
            }
            budget.check()?;
        }
    }
    // In this order, the recursion between named types is short, and all types precede the
    // functions.
    let mut own_types: Vec<TypeDefId> = world.imports.iter().filter_map(type_of).collect();
    own_types.sort();
    types(&mut encoder, &own_types);
    for item in functions(resolved, &world.imports) {
        let ty = encoder.function(item);
        encoder.outer.import(function_name(resolved, item), ComponentTypeRef::Func(ty));
    }
    for item in by_need(resolved, &world.exports) {
        if let WorldItemKind::Interface(id) = item.kind {
            let ty = complete_instance(&mut encoder, id);
            encoder.outer.export(item_name(resolved, item), ComponentTypeRef::Instance(ty));
            if item.name.is_none() {
                encoder.bind_instance(id);
            }
            budget.check()?;
        }
    }
    for item in functions(resolved, &world.exports) {
        let ty = encoder.function(item);
        encoder.outer.export(function_name(resolved, item), ComponentTypeRef::Func(ty));
    }
    budget.check()?;
    Ok(encoder.outer)
}

/// Adds the type of an instance with all definitions of `id`, and returns its index.
fn complete_instance(encoder: &mut Encoder<'_>, id: InterfaceId) -> u32 {
    let resolved = encoder.resolved;
    let interface = &resolved[id];
    encoder.instance_type(id, |encoder| {
        types(encoder, &interface.types);
        for function in resources_first(resolved, &interface.functions) {
            let ty = encoder.function(function);
            encoder.export(function_name(resolved, function), ComponentTypeRef::Func(ty));
        }
    })
}

/// Adds named types, parts before wholes.
fn types(encoder: &mut Encoder<'_>, ids: &[TypeDefId]) {
    let mut ids = ids.to_vec();
    ids.sort();
    for id in ids {
        encoder.definition(id);
    }
}

/// Returns functions grouped by resource, each setter after its getter, as Binary.md, "Import and
/// Export Definitions", requires.
fn resources_first(resolved: &Resolved, functions: &[FunctionId]) -> Vec<FunctionId> {
    let mut functions = functions.to_vec();
    functions.sort_by_key(|id| {
        let function = &resolved[*id];
        let resource = function.method.map(|(_, resource)| resource);
        (resource.is_none(), resource, function.accessor == Some(Accessor::Set))
    });
    functions
}

/// Returns the functions among the imports of a world, or its exports.
fn functions(resolved: &Resolved, items: &[WorldItem]) -> Vec<FunctionId> {
    let functions = items.iter().filter_map(|item| match item.kind {
        WorldItemKind::Function(id) => Some(id),
        WorldItemKind::Interface(_) | WorldItemKind::Type(_) => None,
    });
    resources_first(resolved, &functions.collect::<Vec<_>>())
}

fn function_name(resolved: &Resolved, id: FunctionId) -> ComponentExternName<'_> {
    extern_name(&resolved[id].name, resolved[id].attributes.external_id.as_deref())
}

/// Returns the interfaces among `items`, each after those that it uses.
fn by_need<'r>(resolved: &'r Resolved, items: &'r [WorldItem]) -> Vec<&'r WorldItem> {
    let (mut ordered, mut order) = (Vec::with_capacity(items.len()), InOrderOfUse::new(resolved));
    let by_own_name = items.iter().filter(|item| item.name.is_none());
    let by_own_name: BTreeMap<_, _> =
        by_own_name.filter_map(|item| Some((interface_of(item)?, item))).collect();
    for item in items {
        let Some(id) = interface_of(item) else { continue };
        let needed = if item.name.is_some() { order.uses_of(id) } else { order.with_uses(id) };
        ordered.extend(needed.iter().filter_map(|id| by_own_name.get(id)));
        if item.name.is_some() {
            ordered.push(item);
        }
    }
    ordered
}

/// Returns these interfaces and all that they use, each after those that it uses. Other readers
/// rely on that order.
fn in_order_of_use(
    resolved: &Resolved,
    ids: impl Iterator<Item = InterfaceId>,
) -> impl Iterator<Item = InterfaceId> {
    let mut order = InOrderOfUse::new(resolved);
    ids.flat_map(|id| order.with_uses(id)).collect::<Vec<_>>().into_iter()
}

/// Interfaces in depth-first source order, so that what is read back is written in the same order.
/// Each is returned once.
struct InOrderOfUse<'r> {
    resolved: &'r Resolved,
    seen: HashSet<InterfaceId>,
}

impl<'r> InOrderOfUse<'r> {
    fn new(resolved: &'r Resolved) -> Self {
        Self { resolved, seen: HashSet::new() }
    }

    /// Returns the interfaces that `id` uses, directly or not, each after those that it uses.
    fn uses_of(&mut self, id: InterfaceId) -> Vec<InterfaceId> {
        uses(self.resolved, id).flat_map(|used| self.with_uses(used)).collect()
    }

    /// Returns the interfaces that `id` uses, directly or not, each after those that it uses, then
    /// `id`.
    fn with_uses(&mut self, id: InterfaceId) -> Vec<InterfaceId> {
        let mut ordered = Vec::new();
        if !self.seen.insert(id) {
            return ordered;
        }
        let mut path = vec![(id, uses(self.resolved, id))];
        while let Some((node, rest)) = path.last_mut() {
            match rest.next() {
                Some(used) => {
                    if self.seen.insert(used) {
                        path.push((used, uses(self.resolved, used)));
                    }
                }
                None => {
                    ordered.push(*node);
                    path.pop();
                }
            }
        }
        ordered
    }
}

/// Returns the interfaces that `id` uses directly, some of them several times.
fn uses(resolved: &Resolved, id: InterfaceId) -> impl Iterator<Item = InterfaceId> {
    resolved[id].types.iter().filter_map(|ty| match resolved[*ty].kind {
        TypeDefKind::Use(target) => match resolved[target].owner {
            Owner::Interface(id) => Some(id),
            Owner::World(_) => unreachable!("`use` takes types of interfaces"),
        },
        TypeDefKind::Record(_)
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
        | TypeDefKind::Alias(_) => None,
    })
}

fn interface_of(item: &WorldItem) -> Option<InterfaceId> {
    match item.kind {
        WorldItemKind::Interface(id) => Some(id),
        WorldItemKind::Function(_) | WorldItemKind::Type(_) => None,
    }
}

fn type_of(item: &WorldItem) -> Option<TypeDefId> {
    match item.kind {
        WorldItemKind::Type(id) => Some(id),
        WorldItemKind::Interface(_) | WorldItemKind::Function(_) => None,
    }
}

fn full_name(resolved: &Resolved, id: InterfaceId) -> String {
    resolved.interface_name(id).expect("only interfaces with a name are used or stand in a package")
}

/// Returns the `externname` and `attribute`s of an imported or exported interface.
fn item_name<'r>(resolved: &'r Resolved, item: &'r WorldItem) -> ComponentExternName<'r> {
    let external_id = item.attributes.external_id.as_deref();
    let full = interface_of(item).and_then(|id| resolved.interface_name(id));
    let (name, implements) = match &item.name {
        Some(name) => (name.clone(), full),
        None => (full.expect("without a plain name it goes by its interface's"), None),
    };
    ComponentExternName {
        implements: implements.map(Into::into),
        external_id: external_id.map(Into::into),
        ..ComponentExternName::from(name)
    }
}
