//! Several worlds as one. A module may carry the worlds of several libraries, and adapters have
//! worlds of their own.
//!
//! What two worlds import or export under one name becomes one import or export. An interface has
//! the functions and types of all of them. What has the same name there must be the same: a
//! function with the same names of parameters and the same types, a type with the same parts.

use std::collections::HashMap;

use canonical_abi::{FuncType, Types, ValType, display, display_func};
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentInstanceTypeId, ComponentItem, ResourceId,
};
use wasmparser::types::TypesRef;

use super::error::ComponentizeError;
use super::worlds::ModuleWorld;
use crate::convert::{Converter, Resources};
use crate::wiring::Wiring;

/// An item of an interface as all worlds state it.
pub(super) struct MergedItem<'t> {
    pub(super) name: &'t str,
    /// The place of the first world that has it.
    pub(super) first: usize,
    /// As the first world states it.
    pub(super) item: &'t ComponentItem,
    /// As the other worlds state it.
    pub(super) others: Vec<&'t ComponentItem>,
}

/// Returns the items of an interface that several worlds have, each name once.
pub(super) fn items<'t>(types: TypesRef<'t>, ids: &[ComponentInstanceTypeId]) -> Vec<MergedItem<'t>> {
    let mut items: Vec<MergedItem<'t>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (first, id) in ids.iter().enumerate() {
        for (name, item) in &types.get(*id).expect("the id is of these types").exports {
            match places.get(name.as_str()) {
                Some(place) => items[*place].others.push(item),
                None => {
                    places.insert(name, items.len());
                    items.push(MergedItem { name, first, item, others: Vec::new() });
                }
            }
        }
    }
    items
}

/// Checks that the worlds agree on what several of them import or export.
pub(super) fn check(
    types: TypesRef<'_>,
    worlds: &[ModuleWorld<'_>],
    wiring: &Wiring,
    resources: &Resources,
) -> Result<(), ComponentizeError> {
    let mut checker =
        Checker { types, worlds, converter: Converter::new(types, resources), firsts: &resources.firsts };
    for group in &wiring.groups {
        let mut members = group.members.iter().map(|member| {
            let (key, item) =
                worlds[member.file].ty.imports.get_index(member.import).expect("it is an import");
            Stated { world: member.file, name: item.full_name(key).into_owned(), item }
        });
        let Some(first) = members.next() else { continue };
        members.try_for_each(|other| checker.same(&first, &other, "import"))?;
    }
    let mut exports: HashMap<String, Stated<'_>> = HashMap::new();
    for (world, stated) in worlds.iter().enumerate() {
        for (key, item) in &stated.ty.exports {
            let name = item.full_name(key).into_owned();
            let other = Stated { world, name: name.clone(), item };
            match exports.get(&name) {
                Some(first) => checker.same(first, &other, "export")?,
                None => {
                    exports.insert(name, other);
                }
            }
        }
    }
    Ok(())
}

/// An import or an export, and the world that has it.
struct Stated<'a> {
    world: usize,
    name: String,
    item: &'a ComponentItem,
}

struct Checker<'a> {
    types: TypesRef<'a>,
    worlds: &'a [ModuleWorld<'a>],
    /// Equal types of all worlds have the same id here.
    converter: Converter<'a>,
    firsts: &'a HashMap<ResourceId, ResourceId>,
}

impl Checker<'_> {
    fn same(&mut self, a: &Stated<'_>, b: &Stated<'_>, what: &str) -> Result<(), ComponentizeError> {
        let place = format!("the {what} `{}`", a.name);
        let (ComponentEntityType::Instance(one), ComponentEntityType::Instance(other)) =
            (a.item.ty, b.item.ty)
        else {
            return self.same_item((a, b), &place, (&a.name, &a.item.ty, &b.item.ty));
        };
        let types = self.types;
        let items = &types.get(one).expect("the id is of these types").exports;
        for (name, other) in &types.get(other).expect("the id is of these types").exports {
            let Some(item) = items.get(name) else { continue };
            self.same_item((a, b), &format!("`{name}` of {place}"), (name, &item.ty, &other.ty))?;
        }
        Ok(())
    }

    fn same_item(
        &mut self,
        (a, b): (&Stated<'_>, &Stated<'_>),
        place: &str,
        (name, one, other): (&str, &ComponentEntityType, &ComponentEntityType),
    ) -> Result<(), ComponentizeError> {
        let (one, other) = (self.meaning(one)?, self.meaning(other)?);
        if one == other {
            return Ok(());
        }
        let text = |stated: &Stated<'_>, meaning: &Meaning| {
            let world = &self.worlds[stated.world];
            let version = if a.name == b.name { String::new() } else { format!(", as `{}`", stated.name) };
            format!("\n  {} has: {}{version}", world.place, meaning.text(&self.converter.to, name))
        };
        let (one, other) = (text(a, &one), text(b, &other));
        Err(ComponentizeError::Mismatch(format!("the worlds contradict each other in {place}{one}{other}")))
    }

    fn meaning(&mut self, ty: &ComponentEntityType) -> Result<Meaning, ComponentizeError> {
        let unsupported = |error| ComponentizeError::Unsupported(format!("a type of the world: {error}"));
        Ok(match ty {
            ComponentEntityType::Func(id) => Meaning::Func(self.converter.func(*id).map_err(unsupported)?),
            ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. } => {
                let id = id.resource();
                Meaning::Resource(self.firsts.get(&id).copied().unwrap_or(id))
            }
            ComponentEntityType::Type { created: ComponentAnyTypeId::Defined(id), .. } => {
                let types = self.types;
                Meaning::Type(self.converter.defined(&types[*id]).map_err(unsupported)?)
            }
            ComponentEntityType::Type { .. } => Meaning::Other("a type"),
            ComponentEntityType::Module(_) => Meaning::Other("a core module"),
            ComponentEntityType::Value(_) => Meaning::Other("a value"),
            ComponentEntityType::Instance(_) => Meaning::Other("an interface"),
            ComponentEntityType::Component(_) => Meaning::Other("a component"),
        })
    }
}

/// What is compared of an item.
#[derive(Debug, Eq, PartialEq)]
enum Meaning {
    Func(FuncType),
    Type(ValType),
    Resource(ResourceId),
    /// Only its sort.
    Other(&'static str),
}

impl Meaning {
    /// Returns it as WIT.
    fn text(&self, types: &Types, name: &str) -> String {
        match self {
            Self::Func(ty) => display_func(types, name, ty),
            Self::Type(ty) => format!("type {name} = {}", display(types, *ty)),
            Self::Resource(_) => format!("resource {name}"),
            Self::Other(sort) => format!("{sort} `{name}`"),
        }
    }
}
