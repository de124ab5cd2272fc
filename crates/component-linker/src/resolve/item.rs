//! The public view of the root's imports and exports.

use std::sync::Arc;

use canonical_abi::FuncType;
use canonical_abi::name::{best_match, is_compatible};

use super::Resolver;
use super::frame::{Entity, Export, Exports, Module, Type};
use super::plan::{InstantiationPlan, Item, ItemKind};
use crate::decode::{Attributes, ImportDecl, NameAttributes};
use crate::error::{Error, ErrorKind};
use crate::limits::MAX_ITEM_BYTES;
use crate::names::Path;

/// About what an item or a parameter takes besides its name.
const ENTRY_BYTES: usize = 64;

/// Records an import of the root in the plan.
pub(super) fn import_item(
    resolver: &mut Resolver<'_>,
    import: &ImportDecl,
    entity: &Entity<'_>,
    offset: u64,
) -> Result<(), Error> {
    let item = item(&mut resolver.n_item_bytes, &import.name, &import.attributes, entity)
        .ok_or_else(|| too_many(offset))?;
    resolver.plan.imports.push(item);
    Ok(())
}

/// Records the exports of the root in the plan.
pub(super) fn export_items(resolver: &mut Resolver<'_>, exports: &Exports<'_>) -> Result<(), Error> {
    let plan = &mut resolver.plan;
    plan.exports = items(&mut resolver.n_item_bytes, exports).ok_or_else(|| too_many(0))?;
    let mut path = Path::new();
    exported(exports, &mut path, plan);
    Ok(())
}

fn too_many(offset: u64) -> Error {
    let message = format!("the component's imports and exports take more than {MAX_ITEM_BYTES} bytes");
    Error::new(ErrorKind::Limit, message, offset)
}

/// Records functions and modules by their path.
fn exported(exports: &Exports<'_>, path: &mut Path, plan: &mut InstantiationPlan) {
    for Export { name, attributes: _, entity } in exports.iter() {
        path.push(Arc::clone(name));
        match entity {
            Entity::Func(func) => _ = plan.exported_funcs.insert(path.clone(), func.def),
            Entity::Module(Module::Defined(id)) => _ = plan.exported_modules.insert(path.clone(), *id),
            Entity::Component(_) => _ = plan.exported_components.insert(path.clone()),
            Entity::Instance(instance) => exported(instance, path, plan),
            Entity::Module(Module::Imported(_)) | Entity::Type(_) => {}
        }
        path.pop();
    }
}

impl Item {
    /// Returns whether the item is an implementation of an interface, of this version or of a
    /// compatible one, under a name of its own.
    pub fn is_implementation_of(&self, interface: &str) -> bool {
        let suffix = self.version_suffix.as_deref().unwrap_or_default();
        self.implements.as_ref().is_some_and(|name| is_compatible(&format!("{name}{suffix}"), interface))
    }
}

/// Describes all exports, or returns `None` if the limit is exceeded. `n_bytes` counts what has
/// been described.
fn items(n_bytes: &mut u64, exports: &Exports<'_>) -> Option<Vec<Item>> {
    let item = |export: &Export<'_>| item(n_bytes, &export.name, &export.attributes, &export.entity);
    exports.iter().map(item).collect()
}

fn item(n_bytes: &mut u64, name: &str, attributes: &NameAttributes, entity: &Entity<'_>) -> Option<Item> {
    let size = match entity {
        Entity::Func(func) => func_bytes(&func.signature.ty),
        Entity::Type(_) | Entity::Instance(_) | Entity::Module(_) | Entity::Component(_) => 0,
    };
    let attribute =
        |pick: fn(&Attributes) -> Option<&str>| attributes.as_deref().and_then(pick).map(String::from);
    let implements = attribute(|attributes| attributes.implements.as_deref());
    let version_suffix = attribute(|attributes| attributes.version_suffix.as_deref());
    let external_id = attribute(|attributes| attributes.external_id.as_deref());
    let texts = [&implements, &version_suffix, &external_id];
    let n_text: usize = texts.into_iter().flatten().map(String::len).sum();
    *n_bytes += (ENTRY_BYTES + name.len() + n_text + size) as u64;
    if *n_bytes > MAX_ITEM_BYTES {
        return None;
    }
    let kind = match entity {
        Entity::Module(_) => ItemKind::Module,
        Entity::Func(func) => ItemKind::Func(func.signature.ty.clone()),
        Entity::Type(Type::Value(ty)) => ItemKind::Type(*ty),
        Entity::Type(Type::Resource(id)) => ItemKind::Resource(*id),
        Entity::Type(Type::Func(_) | Type::Instance(_) | Type::Component(_)) => ItemKind::OtherType,
        Entity::Instance(instance) => ItemKind::Instance(items(n_bytes, instance)?),
        Entity::Component(_) => ItemKind::Component,
    };
    Some(Item { name: String::from(name), implements, version_suffix, external_id, kind })
}

/// An item, and the names that lead to it.
pub(crate) struct FoundItem<'a> {
    pub(crate) path: Path,
    pub(crate) item: &'a Item,
}

/// Finds an item by the names that lead to it. Each name stands also for the newest of the
/// compatible versions, if there is no item of exactly this name.
pub(crate) fn find_item<'a>(items: &'a [Item], path: &[&str]) -> Option<FoundItem<'a>> {
    let (name, rest) = path.split_first()?;
    let exact = || items.iter().find(|item| item.name == *name);
    let compatible = || {
        let found = best_match(items.iter().map(|item| item.name.as_str()), name)?;
        items.iter().find(|item| item.name == found)
    };
    let item = exact().or_else(compatible)?;
    let own_name = || Arc::from(item.name.as_str());
    if rest.is_empty() {
        return Some(FoundItem { path: vec![own_name()], item });
    }
    let ItemKind::Instance(items) = &item.kind else { return None };
    let mut found = find_item(items, rest)?;
    found.path.insert(0, own_name());
    Some(found)
}

fn func_bytes(ty: &FuncType) -> usize {
    ty.params.iter().map(|(name, _)| ENTRY_BYTES + name.len()).sum()
}
