//! Who provides what, by name. Follows Explainer.md, "Canonical Interface Name".

use std::collections::HashMap;

use canonical_abi::name::compatible_name;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentItem, ComponentType, ResourceId,
};
use wasmparser::types::TypesRef;

use crate::link::ComposeError;

/// The source of each import of each file, in order, and what is imported from outside.
#[derive(Default)]
pub(super) struct Wiring {
    /// By file, then by import.
    pub(super) sources: Vec<Vec<Source>>,
    pub(super) groups: Vec<Group>,
    pub(super) origins: Origins,
}

/// Where an import comes from.
pub(super) enum Source {
    /// An export of a later file, by its key.
    Plug { file: usize, export: String },
    /// A type that an instance of a later file exports. The import says that it equals this type.
    PlugType { file: usize, instance: String, name: String },
    /// An import of the new component: an index of [`Wiring::groups`].
    Import(usize),
}

/// One import of the new component, for all imports that it meets.
pub(super) struct Group {
    /// Its key: that of the member with the greatest version.
    pub(super) key: String,
    pub(super) item: ComponentItem,
    pub(super) members: Vec<Member>,
}

/// An import of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Member {
    pub(super) file: usize,
    pub(super) import: usize,
}

/// Where a type comes from: an import, or an export of an imported instance.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) member: Member,
    pub(super) export: Option<String>,
}

/// The types that imports bring, by id. A resource is known by its first import.
#[derive(Default)]
pub(super) struct Origins {
    by_type: HashMap<ComponentAnyTypeId, Origin>,
    by_resource: HashMap<ResourceId, Origin>,
    first_names: HashMap<ResourceId, ComponentAnyTypeId>,
}

impl Source {
    /// Returns the file that provides it.
    pub(super) fn file(&self) -> Option<usize> {
        match self {
            Self::Plug { file, .. } | Self::PlugType { file, .. } => Some(*file),
            Self::Import(_) => None,
        }
    }
}

impl Wiring {
    pub(super) fn new(types: TypesRef<'_>, components: &[&ComponentType]) -> Result<Self, ComposeError> {
        let mut wiring = Self::default();
        for (file, component) in components.iter().enumerate() {
            wiring.sources.push(Vec::new());
            for (import, (key, item)) in component.imports.iter().enumerate() {
                let member = Member { file, import };
                let source = match provider(components, file, &item.full_name(key)) {
                    Some((file, export)) => Source::Plug { file, export },
                    None => match wiring.plug_type(types, item) {
                        Some(source) => source,
                        None => Source::Import(wiring.join(member, key, item)?),
                    },
                };
                wiring.origins.add(types, member, item);
                wiring.sources[file].push(source);
            }
        }
        Ok(wiring)
    }

    /// Returns the wiring of worlds, whose imports all come from outside.
    pub(super) fn of_worlds(types: TypesRef<'_>, worlds: &[&ComponentType]) -> Result<Self, ComposeError> {
        let mut wiring = Self::default();
        for (file, world) in worlds.iter().enumerate() {
            wiring.sources.push(Vec::new());
            for (import, (key, item)) in world.imports.iter().enumerate() {
                let member = Member { file, import };
                let group = wiring.join(member, key, item)?;
                wiring.origins.add(types, member, item);
                wiring.sources[file].push(Source::Import(group));
            }
        }
        Ok(wiring)
    }

    /// Returns the source of a type that an instance from a plug exports.
    fn plug_type(&self, types: TypesRef<'_>, item: &ComponentItem) -> Option<Source> {
        let ComponentEntityType::Type { referenced, .. } = item.ty else { return None };
        let Origin { member, export } = self.origins.find(types, referenced)?;
        match (self.source(*member), export) {
            (Source::Plug { file, export: instance }, Some(name)) => {
                Some(Source::PlugType { file: *file, instance: instance.clone(), name: name.clone() })
            }
            (Source::PlugType { file, instance, name }, None) => {
                Some(Source::PlugType { file: *file, instance: instance.clone(), name: name.clone() })
            }
            (Source::Plug { .. } | Source::PlugType { .. } | Source::Import(_), _) => None,
        }
    }

    /// Returns where an import comes from.
    pub(super) fn source(&self, member: Member) -> &Source {
        &self.sources[member.file][member.import]
    }

    /// Adds an import to the group of its name, or to a new one.
    fn join(&mut self, member: Member, key: &str, item: &ComponentItem) -> Result<usize, ComposeError> {
        let name = item.full_name(key);
        let is_same = |group: &Group| {
            let known = group.item.full_name(&group.key);
            known == name
                || compatible_name(&known).is_some_and(|known| compatible_name(&name) == Some(known))
        };
        let Some(index) = self.groups.iter().position(is_same) else {
            let members = vec![member];
            self.groups.push(Group { key: key.to_owned(), item: item.clone(), members });
            return Ok(self.groups.len() - 1);
        };
        let group = &mut self.groups[index];
        if std::mem::discriminant(&group.item.ty) != std::mem::discriminant(&item.ty) {
            let message = format!("import `{name}` is asked for as two sorts of things");
            return Err(ComposeError::Mismatch(message));
        }
        group.members.push(member);
        if version(&group.item.full_name(&group.key)) < version(&name) {
            key.clone_into(&mut group.key);
            group.item = item.clone();
        }
        Ok(index)
    }
}

/// Returns the first file after `file` that exports `name` or a compatible one, and the key of the export.
fn provider(components: &[&ComponentType], file: usize, name: &str) -> Option<(usize, String)> {
    let later = || components.iter().enumerate().skip(file + 1);
    let find = |fits: &dyn Fn(&str) -> bool| {
        later().find_map(|(file, component)| {
            let (key, _) = component.exports.iter().find(|(key, item)| fits(&item.full_name(key)))?;
            Some((file, key.clone()))
        })
    };
    let compatible = compatible_name(name);
    find(&|offered| offered == name)
        .or_else(|| find(&|offered| compatible.is_some() && compatible_name(offered) == compatible))
}

/// Returns the numbers of a version, to be compared.
fn version(name: &str) -> Vec<u64> {
    let Some((_, version)) = name.rsplit_once('@') else { return Vec::new() };
    let release = version.split_once('+').map_or(version, |(release, _)| release);
    release.split('.').map(|number| number.parse().unwrap_or(0)).collect()
}

impl Origins {
    fn add(&mut self, types: TypesRef<'_>, member: Member, item: &ComponentItem) {
        match item.ty {
            ComponentEntityType::Type { created, .. } => {
                self.insert(created, Origin { member, export: None })
            }
            ComponentEntityType::Instance(id) => {
                for (name, item) in &types[id].exports {
                    if let ComponentEntityType::Type { created, .. } = item.ty {
                        self.insert(created, Origin { member, export: Some(name.clone()) });
                    }
                }
            }
            ComponentEntityType::Module(_)
            | ComponentEntityType::Func(_)
            | ComponentEntityType::Value(_)
            | ComponentEntityType::Component(_) => {}
        }
    }

    fn insert(&mut self, ty: ComponentAnyTypeId, origin: Origin) {
        if let ComponentAnyTypeId::Resource(id) = ty {
            self.by_resource.entry(id.resource()).or_insert_with(|| origin.clone());
            self.first_names.entry(id.resource()).or_insert(ty);
        }
        self.by_type.insert(ty, origin);
    }

    /// Returns where exactly this type comes from.
    pub(super) fn get(&self, ty: ComponentAnyTypeId) -> Option<&Origin> {
        self.by_type.get(&ty)
    }

    /// Returns where a resource comes from first.
    pub(super) fn resource(&self, id: ResourceId) -> Option<&Origin> {
        self.by_resource.get(&id)
    }

    /// Returns the type under which a resource is imported first.
    pub(super) fn first_name(&self, id: ResourceId) -> Option<ComponentAnyTypeId> {
        self.first_names.get(&id).copied()
    }

    /// Returns where a type, or what it is an alias of, comes from.
    fn find(&self, types: TypesRef<'_>, ty: ComponentAnyTypeId) -> Option<&Origin> {
        let mut next = Some(ty);
        while let Some(ty) = next {
            if let Some(origin) = self.get(ty) {
                return Some(origin);
            }
            next = types.peel_alias(ty);
        }
        match ty {
            ComponentAnyTypeId::Resource(id) => self.resource(id.resource()),
            ComponentAnyTypeId::Defined(_)
            | ComponentAnyTypeId::Func(_)
            | ComponentAnyTypeId::Instance(_)
            | ComponentAnyTypeId::Component(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(version("a:b/c@0.2.9") < version("a:b/c@0.2.10"));
        assert!(version("a:b/c@1.10.0+x") > version("a:b/c@1.9.9"));
        assert_eq!(version("run"), version("a:b/c"));
    }
}
