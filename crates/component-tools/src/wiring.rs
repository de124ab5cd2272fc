//! Which file satisfies which import of another, by name.
//! Follows Explainer.md, "Canonical Interface Name".

use std::collections::HashMap;
use std::fmt;

use canonical_abi::name::{compare_versions, is_compatible};
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentItem, ComponentType, ResourceId,
};
use wasmparser::types::TypesRef;

/// The source of each import of each file, and the imports that are left for the new component.
#[derive(Default)]
pub(crate) struct Wiring {
    /// By file and import.
    pub(crate) sources: Vec<Vec<Source>>,
    pub(crate) groups: Vec<Group>,
    pub(crate) origins: Origins,
}

/// Where an import comes from.
pub(crate) enum Source {
    /// The export of a later file under this name.
    Plug { file: usize, export: String },
    /// A type in an instance that a later file exports: the import is an alias of this type.
    PlugType { file: usize, instance: String, name: String },
    /// An import of the new component: an index into [`Wiring::groups`].
    Import(usize),
}

/// An import of the new component, and the imports of files that it satisfies.
pub(crate) struct Group {
    /// Its name: that of the member with the greatest version.
    pub(crate) key: String,
    pub(crate) item: ComponentItem,
    pub(crate) members: Vec<Member>,
}

/// An import of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Member {
    pub(crate) file: usize,
    pub(crate) import: usize,
}

/// Two files import something of one name, but of different sorts.
#[derive(Debug)]
pub(crate) struct SortMismatch {
    import: String,
}

/// Where a type comes from: an import, or an export of an imported instance.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) member: Member,
    pub(crate) export: Option<String>,
}

/// The origins of types that are imported. The origin of a resource is its first import.
#[derive(Default)]
pub(crate) struct Origins {
    by_type: HashMap<ComponentAnyTypeId, Origin>,
    by_resource: HashMap<ResourceId, Origin>,
    first_names: HashMap<ResourceId, ComponentAnyTypeId>,
}

impl fmt::Display for SortMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "import `{}` is asked for as two sorts of things", self.import)
    }
}

impl Source {
    /// Returns the file that provides it, if one does.
    pub(crate) fn file(&self) -> Option<usize> {
        match self {
            Self::Plug { file, .. } | Self::PlugType { file, .. } => Some(*file),
            Self::Import(_) => None,
        }
    }
}

impl Wiring {
    /// Returns the wiring of components. `providers` has for each file and import the file and the
    /// export that satisfy it.
    pub(crate) fn new(
        types: TypesRef<'_>,
        components: &[&ComponentType],
        providers: &[Vec<Option<(usize, String)>>],
    ) -> Result<Self, SortMismatch> {
        let mut wiring = Self::default();
        for (file, component) in components.iter().enumerate() {
            wiring.sources.push(Vec::new());
            for (import, (key, item)) in component.imports.iter().enumerate() {
                let member = Member { file, import };
                let source = match providers[file][import].clone() {
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

    /// Returns the wiring of worlds, none of which provides for another.
    pub(crate) fn of_worlds(types: TypesRef<'_>, worlds: &[&ComponentType]) -> Result<Self, SortMismatch> {
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

    /// Returns the source of an imported type that is an alias of a plug's.
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

    /// Returns the source of an import.
    pub(crate) fn source(&self, member: Member) -> &Source {
        &self.sources[member.file][member.import]
    }

    /// Adds an import to the group of its name, or of a compatible one, or to a new group.
    fn join(&mut self, member: Member, key: &str, item: &ComponentItem) -> Result<usize, SortMismatch> {
        let name = item.full_name(key);
        let is_same = |group: &Group| {
            let known = group.item.full_name(&group.key);
            is_compatible(&known, &name)
        };
        let Some(index) = self.groups.iter().position(is_same) else {
            let members = vec![member];
            self.groups.push(Group { key: key.to_owned(), item: item.clone(), members });
            return Ok(self.groups.len() - 1);
        };
        let group = &mut self.groups[index];
        if std::mem::discriminant(&group.item.ty) != std::mem::discriminant(&item.ty) {
            return Err(SortMismatch { import: name.into_owned() });
        }
        group.members.push(member);
        if compare_versions(&group.item.full_name(&group.key), &name).is_lt() {
            key.clone_into(&mut group.key);
            group.item = item.clone();
        }
        Ok(index)
    }
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

    /// Returns the origin of exactly this type.
    pub(crate) fn get(&self, ty: ComponentAnyTypeId) -> Option<&Origin> {
        self.by_type.get(&ty)
    }

    /// Returns the origin of a resource.
    pub(crate) fn resource(&self, id: ResourceId) -> Option<&Origin> {
        self.by_resource.get(&id)
    }

    /// Returns the type under which a resource is imported first.
    pub(crate) fn first_name(&self, id: ResourceId) -> Option<ComponentAnyTypeId> {
        self.first_names.get(&id).copied()
    }

    /// Returns the origin of a type, or of the type that it is an alias of.
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
