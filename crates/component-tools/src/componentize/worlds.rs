//! Worlds in the binary format: components that export one component type, which exports the
//! world's component type.
//!
//! Toolchains put them into custom sections of core modules. A custom section inside the world
//! states the string encoding of the module.

use canonical_abi::StringEncoding;
use wasmparser::Payload;
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentItem, ComponentType};
use wasmparser::types::TypesRef;

use super::error::ComponentizeError;
use super::names::means;
use super::signature::ResourceNames;
use crate::binary::{parser, validate_component};
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
    pub(super) bytes: &'a [u8],
    /// The string encoding of the module, if the world does not state it.
    pub(super) string_encoding: StringEncoding,
}

/// A world that a module is for.
pub(super) struct ModuleWorld<'t> {
    pub(super) module: usize,
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
        let ty = world_type(types.types(), types.component(index)).ok_or_else(|| {
            let message = "no world in the binary format: a component type that exports one component type";
            invalid(world, Error::new(ErrorKind::Invalid, message, 0))
        })?;
        let string_encoding = string_encoding(world).map_err(|error| invalid(world, error))?;
        Ok(ModuleWorld { module: world.module, ty, string_encoding })
    };
    (0..).zip(worlds).map(world).collect()
}

fn invalid(world: &EncodedWorld<'_>, error: Error) -> ComponentizeError {
    ComponentizeError::Invalid { file: format!("the world of {}", world.file), error }
}

fn world_type<'t>(types: TypesRef<'t>, component: &'t ComponentType) -> Option<&'t ComponentType> {
    let mut exports = component.exports.values();
    let (Some(item), None) = (exports.next(), exports.next()) else { return None };
    let ComponentEntityType::Type { referenced: ComponentAnyTypeId::Component(id), .. } = item.ty else {
        return None;
    };
    let mut exports = types.get(id)?.exports.values();
    let (Some(item), None) = (exports.next(), exports.next()) else { return None };
    let ComponentEntityType::Component(id) = item.ty else { return None };
    types.get(id)
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

/// Returns a name for each resource of the worlds.
pub(super) fn resource_names(types: TypesRef<'_>, worlds: &[ModuleWorld<'_>]) -> ResourceNames {
    let mut names = ResourceNames::new();
    for world in worlds {
        for (key, item) in world.ty.imports.iter().chain(&world.ty.exports) {
            match item.ty {
                ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. } => {
                    names.entry(id.resource()).or_insert_with(|| key.clone());
                }
                ComponentEntityType::Instance(id) => {
                    for (name, item) in &types[id].exports {
                        if let ComponentEntityType::Type {
                            created: ComponentAnyTypeId::Resource(id), ..
                        } = item.ty
                        {
                            names.entry(id.resource()).or_insert_with(|| name.clone());
                        }
                    }
                }
                ComponentEntityType::Type { .. }
                | ComponentEntityType::Module(_)
                | ComponentEntityType::Func(_)
                | ComponentEntityType::Value(_)
                | ComponentEntityType::Component(_) => {}
            }
        }
    }
    names
}
