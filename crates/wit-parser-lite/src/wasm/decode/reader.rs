//! The state of reading one component.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use wasmparser::component_types::{ComponentAnyTypeId, ComponentDefinedTypeId, ResourceId};
use wasmparser::types::Types;

use super::super::draft::Draft;
use super::super::names::NoForm;
use crate::arena::{InterfaceId, Owner, TypeDefId};

pub(super) type Result<T> = std::result::Result<T, NoForm>;

/// The reader of one component.
pub(super) struct Reader<'d, 't> {
    pub(super) draft: &'d mut Draft,
    pub(super) types: &'t Types,
    /// The definitions of named types.
    pub(super) named: HashMap<ComponentAnyTypeId, TypeDefId>,
    /// The first definition of each resource, for its unnamed aliases.
    pub(super) resources: HashMap<ResourceId, TypeDefId>,
    /// The definitions of unnamed types, one for each interface in which they occur.
    pub(super) anonymous: HashMap<(Owner, ComponentDefinedTypeId), TypeDefId>,
    /// The types by which an interface or world refers to types of others.
    pub(super) local: HashMap<(Owner, TypeDefId), TypeDefId>,
    /// The originals of definitions that are copies.
    pub(super) originals: HashMap<TypeDefId, TypeDefId>,
    /// The number of times that each name was asked for in an interface or world. Hyphens and case
    /// don't matter.
    pub(super) names: HashMap<(Owner, String), u32>,
    /// The interfaces that the world imports without a plain name.
    pub(super) imported: HashSet<InterfaceId>,
    /// The types that the world exports: by name, with whether the definition belongs to the
    /// export.
    pub(super) exported: HashMap<String, (TypeDefId, bool)>,
}

impl<'d, 't> Reader<'d, 't> {
    pub(super) fn new(draft: &'d mut Draft, types: &'t Types) -> Self {
        Self {
            draft,
            types,
            named: HashMap::new(),
            resources: HashMap::new(),
            anonymous: HashMap::new(),
            local: HashMap::new(),
            originals: HashMap::new(),
            names: HashMap::new(),
            imported: HashSet::new(),
            exported: HashMap::new(),
        }
    }

    /// Returns `name`, or a similar name that this interface or world does not have yet.
    pub(super) fn unused_name(&mut self, owner: Owner, name: &str) -> String {
        let folded = |name: &str| (owner, name.replace('-', "").to_ascii_lowercase());
        let count = self.names.entry(folded(name)).or_default();
        *count += 1;
        let mut number = *count;
        if number == 1 {
            return name.to_owned();
        }
        loop {
            let candidate = format!("{name}-{number}");
            if let Entry::Vacant(entry) = self.names.entry(folded(&candidate)) {
                entry.insert(1);
                self.names.insert(folded(name), number);
                return candidate;
            }
            number += 1;
        }
    }

    /// Returns whether `owner` can `use` types of `source`.
    pub(super) fn can_use(&self, owner: Owner, source: Owner) -> bool {
        match (owner, source) {
            (_, Owner::World(_)) => false,
            (Owner::Interface(_), Owner::Interface(id)) => self.draft.resolved[id].world.is_none(),
            // In a world, `use` refers to the imported interface.
            (Owner::World(_), Owner::Interface(id)) => self.imported.contains(&id),
        }
    }
}
