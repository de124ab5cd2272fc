//! Which parts of the imports are used: functions that are called, types that are mentioned.

use std::collections::HashSet;

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentInstanceTypeId, ComponentItem,
    ComponentValType, ResourceId,
};
use wasmparser::types::TypesRef;

use crate::wiring::Origins;

/// Functions and types that are used. With a type, all types that it mentions are used.
#[derive(Default)]
pub(crate) struct Live {
    funcs: HashSet<(ComponentInstanceTypeId, String)>,
    types: HashSet<ComponentAnyTypeId>,
    resources: HashSet<ResourceId>,
}

impl Live {
    /// Adds a function of an imported instance, with the types that it mentions and the resource
    /// that it belongs to.
    pub(crate) fn add_func(&mut self, types: TypesRef<'_>, instance: ComponentInstanceTypeId, name: &str) {
        self.funcs.insert((instance, name.to_owned()));
        let exports = &types[instance].exports;
        let names = [Some(name), resource_of(name)].into_iter().flatten();
        for item in names.filter_map(|name| exports.get(name)) {
            if let Some(ty) = mentioned(&item.ty) {
                self.add_type(types, ty);
            }
        }
    }

    /// Adds a type and all that it mentions.
    pub(crate) fn add_type(&mut self, types: TypesRef<'_>, ty: ComponentAnyTypeId) {
        let mut todo = vec![ty];
        while let Some(ty) = todo.pop() {
            if !self.types.insert(ty) {
                continue;
            }
            todo.extend(types.peel_alias(ty));
            match ty {
                ComponentAnyTypeId::Resource(id) => {
                    self.resources.insert(id.resource());
                }
                ComponentAnyTypeId::Defined(id) => push_parts(&types[id], &mut todo),
                ComponentAnyTypeId::Func(id) => {
                    let vals = types[id].params.iter().map(|(_, ty)| *ty).chain(types[id].result);
                    todo.extend(vals.filter_map(any));
                }
                ComponentAnyTypeId::Instance(id) => {
                    todo.extend(types[id].exports.values().filter_map(|item| mentioned(&item.ty)));
                }
                ComponentAnyTypeId::Component(id) => {
                    let items = types[id].imports.values().chain(types[id].exports.values());
                    todo.extend(items.filter_map(|item| mentioned(&item.ty)));
                }
            }
        }
    }

    /// Adds the first import of each used resource, which other imports of the resource refer to.
    pub(crate) fn add_origins(&mut self, types: TypesRef<'_>, origins: &Origins) {
        let named: Vec<_> = self.resources.iter().filter_map(|id| origins.first_name(*id)).collect();
        for ty in named {
            self.add_type(types, ty);
        }
    }

    /// Returns whether an export of an imported instance is used.
    pub(super) fn is_used(
        &self,
        instance: ComponentInstanceTypeId,
        name: &str,
        item: &ComponentItem,
    ) -> bool {
        match item.ty {
            ComponentEntityType::Func(_) => self.funcs.contains(&(instance, name.to_owned())),
            ComponentEntityType::Type { created, .. } => self.types.contains(&created),
            ComponentEntityType::Module(_)
            | ComponentEntityType::Value(_)
            | ComponentEntityType::Instance(_)
            | ComponentEntityType::Component(_) => true,
        }
    }
}

/// Returns the resource that a function of this name belongs to (Explainer.md, `plainname`).
fn resource_of(name: &str) -> Option<&str> {
    let (annotation, rest) = name.strip_prefix('[')?.split_once(']')?;
    match annotation {
        "constructor" => Some(rest),
        "method" | "static" => {
            let rest = rest.strip_prefix("[get]").or(rest.strip_prefix("[set]")).unwrap_or(rest);
            rest.split_once('.').map(|(resource, _)| resource)
        }
        _ => None,
    }
}

fn any(ty: ComponentValType) -> Option<ComponentAnyTypeId> {
    match ty {
        ComponentValType::Primitive(_) => None,
        ComponentValType::Type(id) => Some(ComponentAnyTypeId::Defined(id)),
    }
}

/// Returns the type that an import or an export mentions.
fn mentioned(ty: &ComponentEntityType) -> Option<ComponentAnyTypeId> {
    match ty {
        ComponentEntityType::Module(_) => None,
        ComponentEntityType::Func(id) => Some(ComponentAnyTypeId::Func(*id)),
        ComponentEntityType::Value(ty) => any(*ty),
        ComponentEntityType::Type { created, .. } => Some(*created),
        ComponentEntityType::Instance(id) => Some(ComponentAnyTypeId::Instance(*id)),
        ComponentEntityType::Component(id) => Some(ComponentAnyTypeId::Component(*id)),
    }
}

fn push_parts(ty: &ComponentDefinedType, todo: &mut Vec<ComponentAnyTypeId>) {
    match ty {
        ComponentDefinedType::Primitive(_)
        | ComponentDefinedType::Flags(_)
        | ComponentDefinedType::Enum(_) => {}
        ComponentDefinedType::Record(record) => todo.extend(record.fields.values().copied().filter_map(any)),
        ComponentDefinedType::Variant(variant) => {
            todo.extend(variant.cases.values().filter_map(|case| case.ty).filter_map(any));
        }
        ComponentDefinedType::Tuple(tuple) => todo.extend(tuple.types.iter().copied().filter_map(any)),
        ComponentDefinedType::List { element, .. }
        | ComponentDefinedType::FixedLengthList { element, .. } => {
            todo.extend(any(*element));
        }
        ComponentDefinedType::Map { key, value, .. } => {
            todo.extend([*key, *value].into_iter().filter_map(any))
        }
        ComponentDefinedType::Option { ty, .. } => todo.extend(any(*ty)),
        ComponentDefinedType::Result { ok, err, .. } => {
            todo.extend([*ok, *err].into_iter().flatten().filter_map(any));
        }
        ComponentDefinedType::Own(id) | ComponentDefinedType::Borrow(id) => {
            todo.push(ComponentAnyTypeId::Resource(*id));
        }
        ComponentDefinedType::Future { ty, .. } | ComponentDefinedType::Stream { ty, .. } => {
            todo.extend(ty.and_then(any));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_of_functions() {
        let check = |name, expected| assert_eq!(resource_of(name), expected, "{name}");
        check("run", None);
        check("[get]run", None);
        check("[constructor]file", Some("file"));
        check("[method]file.read", Some("file"));
        check("[static]file.open", Some("file"));
        check("[method][get]file.size", Some("file"));
    }
}
