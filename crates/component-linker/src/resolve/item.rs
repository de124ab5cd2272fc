//! The public view of the root's imports and exports.

use std::sync::Arc;

use canonical_abi::FuncType;

use super::Resolver;
use super::frame::{Entity, Exports, Module, Type};
use super::plan::{InstantiationPlan, Item, ItemKind};
use crate::error::{Error, ErrorKind};
use crate::limits::MAX_ITEM_BYTES;
use crate::names::Path;

/// About what an item or a parameter takes besides its name.
const ENTRY_BYTES: usize = 64;

/// Records an import of the root in the plan.
pub(super) fn import_item(
    resolver: &mut Resolver<'_>,
    name: &str,
    entity: &Entity<'_>,
    offset: u64,
) -> Result<(), Error> {
    let item = item(&mut resolver.n_item_bytes, name, entity).ok_or_else(|| too_many(offset))?;
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
    for (name, entity) in exports.iter() {
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

/// Describes all exports, or returns `None` if the limit is exceeded. `n_bytes` counts what has
/// been described.
fn items(n_bytes: &mut u64, exports: &Exports<'_>) -> Option<Vec<Item>> {
    exports.iter().map(|(name, entity)| item(n_bytes, name, entity)).collect()
}

fn item(n_bytes: &mut u64, name: &str, entity: &Entity<'_>) -> Option<Item> {
    let size = match entity {
        Entity::Func(func) => func_bytes(&func.signature.ty),
        Entity::Type(_) | Entity::Instance(_) | Entity::Module(_) | Entity::Component(_) => 0,
    };
    *n_bytes += (ENTRY_BYTES + name.len() + size) as u64;
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
    Some(Item { name: String::from(name), kind })
}

fn func_bytes(ty: &FuncType) -> usize {
    ty.params.iter().map(|(name, _)| ENTRY_BYTES + name.len()).sum()
}
