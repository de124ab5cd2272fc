//! The public view of the root's imports and exports.

use super::Resolver;
use super::frame::{Entity, Exports, Type};
use crate::component::{Item, ItemKind};
use crate::plan::FuncDef;

/// Records the exports of the root in the plan.
pub(super) fn export_items(resolver: &mut Resolver<'_>, exports: &Exports<'_>) {
    let plan = &mut resolver.plan;
    plan.exports = items(exports);
    let mut path = Vec::new();
    exported_funcs(exports, &mut path, &mut |path, def| {
        plan.exported_funcs.insert(path.to_vec(), def);
    });
}

fn exported_funcs(
    exports: &Exports<'_>,
    path: &mut Vec<String>,
    record: &mut impl FnMut(&[String], FuncDef),
) {
    for (name, entity) in exports.iter() {
        path.push(String::from(*name));
        match entity {
            Entity::Func(func) => record(path, func.def),
            Entity::Instance(instance) => exported_funcs(instance, path, record),
            Entity::Module(_) | Entity::Type(_) | Entity::Component(_) => {}
        }
        path.pop();
    }
}

fn items(exports: &Exports<'_>) -> Vec<Item> {
    exports.iter().map(|(name, entity)| name_item(name, entity_item(entity))).collect()
}

pub(super) fn name_item(name: &str, kind: ItemKind) -> Item {
    Item { name: String::from(name), kind }
}

/// Describes one entity.
pub(super) fn entity_item(entity: &Entity<'_>) -> ItemKind {
    match entity {
        Entity::Module(_) => ItemKind::Module,
        Entity::Func(func) => ItemKind::Func((*func.ty).clone()),
        Entity::Type(Type::Value(ty)) => ItemKind::Type(*ty),
        Entity::Type(Type::Resource(id)) => ItemKind::Resource(*id),
        Entity::Type(Type::Func(_) | Type::Instance { .. } | Type::Component) => ItemKind::OtherType,
        Entity::Instance(instance) => ItemKind::Instance(items(instance)),
        Entity::Component(_) => ItemKind::Component,
    }
}
