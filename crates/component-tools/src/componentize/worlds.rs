//! Worlds in the binary format: components that export one component type, which exports the
//! world's component type.
//!
//! Toolchains put them into custom sections of core modules. A custom section inside the world
//! states the string encoding of the module.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use canonical_abi::StringEncoding;
use canonical_abi::name::compatible_name;
use wasmparser::Payload;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentItem, ComponentType, ResourceId,
};
use wasmparser::types::TypesRef;

use super::error::ComponentizeError;
use super::names::means;
use crate::binary::{parser, validate_component};
use crate::convert::Resources;
use crate::error::{Error, ErrorKind};
use crate::proposals::Proposals;
use crate::types::ComponentTypes;

/// The custom section that holds a version and the string encoding.
const ENCODING_SECTION: &str = "wit-component-encoding";

/// A world in the binary format, and the module that it is for.
#[derive(Clone, Copy)]
pub(super) struct EncodedWorld<'a> {
    /// The index of the module: 0 is the main module, the adapters follow.
    pub(super) module: usize,
    /// The name of the module.
    pub(super) file: &'a str,
    /// The custom section of the module that holds it, or none if it was given.
    pub(super) section: Option<&'a str>,
    pub(super) bytes: &'a [u8],
    /// The string encoding of the module, if the world does not state it.
    pub(super) string_encoding: StringEncoding,
}

/// A world that a module is for.
pub(super) struct ModuleWorld<'t> {
    pub(super) module: usize,
    /// Its name and where it comes from, for errors.
    pub(super) place: String,
    pub(super) ty: &'t ComponentType,
    pub(super) string_encoding: StringEncoding,
}

/// Checks that each world is a valid component.
pub(super) fn check(worlds: &[EncodedWorld<'_>], proposals: Proposals) -> Result<(), ComponentizeError> {
    let check = |world: &EncodedWorld<'_>| validate_component(world.bytes, proposals);
    worlds.iter().try_for_each(|world| check(world).map_err(|error| invalid(world, error)))
}

/// Returns the worlds. `types` are the types of the encoded ones, in the same order.
pub(super) fn read<'t>(
    types: &'t ComponentTypes,
    worlds: &[EncodedWorld<'_>],
) -> Result<Vec<ModuleWorld<'t>>, ComponentizeError> {
    let world = |(index, world): (u32, &EncodedWorld<'_>)| {
        let (name, ty) = world_type(types.types(), types.component(index)).ok_or_else(|| {
            let message = "no world in the binary format: a component type that exports one component type";
            invalid(world, Error::new(ErrorKind::Invalid, message, 0))
        })?;
        let string_encoding = string_encoding(world).map_err(|error| invalid(world, error))?;
        let place = match world.section {
            Some(section) => format!("the world `{name}` in the section `{section}` of {}", world.file),
            None => format!("the world `{name}` that was given"),
        };
        Ok(ModuleWorld { module: world.module, place, ty, string_encoding })
    };
    (0..).zip(worlds).map(world).collect()
}

fn invalid(world: &EncodedWorld<'_>, error: Error) -> ComponentizeError {
    ComponentizeError::Invalid { file: format!("the world of {}", world.file), error }
}

/// Returns the name and the type of an encoded world.
fn world_type<'t>(types: TypesRef<'t>, component: &'t ComponentType) -> Option<(&'t str, &'t ComponentType)> {
    let mut exports = component.exports.values();
    let (Some(item), None) = (exports.next(), exports.next()) else { return None };
    let ComponentEntityType::Type { referenced: ComponentAnyTypeId::Component(id), .. } = item.ty else {
        return None;
    };
    let mut exports = types.get(id)?.exports.iter();
    let (Some((name, item)), None) = (exports.next(), exports.next()) else { return None };
    let ComponentEntityType::Component(id) = item.ty else { return None };
    Some((name, types.get(id)?))
}

fn string_encoding(world: &EncodedWorld<'_>) -> Result<StringEncoding, Error> {
    for payload in parser().parse_all(world.bytes) {
        let Payload::CustomSection(section) = payload? else { continue };
        if section.name() != ENCODING_SECTION {
            continue;
        }
        return match section.data() {
            [_version, 0x00] => Ok(StringEncoding::Utf8),
            [_version, 0x01] => Ok(StringEncoding::Utf16),
            [_version, 0x02] => Ok(StringEncoding::Latin1Utf16),
            _ => {
                let message = format!("unknown string encoding in the section `{ENCODING_SECTION}`");
                Err(Error::new(ErrorKind::Invalid, message, section.data_offset()))
            }
        };
    }
    Ok(world.string_encoding)
}

/// An instance that a world imports or exports.
#[derive(Clone, Copy)]
pub(super) struct Interface<'t> {
    /// Its index among the world's imports or exports.
    pub(super) index: usize,
    pub(super) exports: &'t wasmparser::collections::IndexMap<String, ComponentItem>,
}

/// Returns the interfaces of a world's imports or exports that a core name means, the one of the
/// same version first.
pub(super) fn interfaces<'t>(
    types: TypesRef<'t>,
    items: &'t wasmparser::collections::IndexMap<String, ComponentItem>,
    given: &str,
) -> Vec<Interface<'t>> {
    let mut found = Vec::new();
    for (index, (key, item)) in items.iter().enumerate() {
        let ComponentEntityType::Instance(id) = item.ty else { continue };
        let name = item.full_name(key);
        if means(given, &name) {
            let exports = &types.get(id).expect("the id is of these types").exports;
            found.push((name != given, Interface { index, exports }));
        }
    }
    found.sort_by_key(|(is_other, _)| *is_other);
    found.into_iter().map(|(_, interface)| interface).collect()
}

/// Returns the resources of the worlds: their names, and which are the same.
pub(super) fn resources(types: TypesRef<'_>, worlds: &[ModuleWorld<'_>]) -> Resources {
    let mut resources = Resources::default();
    let mut firsts: HashMap<(&str, String, &str), ResourceId> = HashMap::new();
    let mut add = |direction, owner: &str, name, ty: &ComponentEntityType| {
        let ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. } = ty else { return };
        let id = id.resource();
        // It is an alias if it is known already.
        if let Entry::Vacant(entry) = resources.names.entry(id) {
            entry.insert(String::from(name));
            // Imports of compatible versions become one.
            let shared = if direction == "import" { compatible_name(owner) } else { None };
            let owner = shared.unwrap_or(owner).to_owned();
            let first = *firsts.entry((direction, owner, name)).or_insert(id);
            resources.firsts.insert(id, first);
        }
    };
    for world in worlds {
        for (direction, items) in [("import", &world.ty.imports), ("export", &world.ty.exports)] {
            for (key, item) in items {
                add(direction, "", key, &item.ty);
                let ComponentEntityType::Instance(id) = item.ty else { continue };
                let owner = item.full_name(key);
                for (name, item) in &types[id].exports {
                    add(direction, &owner, name, &item.ty);
                }
            }
        }
    }
    resources
}
