//! Worlds in the binary format: components that export one component type, which exports the world's.
//!
//! The toolchains put them in custom sections of core modules. A custom section within says how the module encodes its
//! strings.

use canonical_abi::StringEncoding;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentItem, ComponentType,
};
use wasmparser::types::TypesRef;
use wasmparser::{Parser, Payload};

use super::error::ComponentizeError;
use super::names::means;
use super::signature::ResourceNames;
use crate::compose::components::ComponentTypes;
use crate::decode::{features, validate};
use crate::error::{Error, ErrorKind};

/// The custom section that holds a version and the string encoding.
const ENCODING_SECTION: &str = "wit-component-encoding";

/// A world in the binary format, and whose it is.
#[derive(Clone, Copy)]
pub(super) struct EncodedWorld<'a> {
    /// The module that it is for: 0 is the main one, the adapters follow.
    pub(super) module: usize,
    /// The name of the module.
    pub(super) file: &'a str,
    pub(super) bytes: &'a [u8],
}

/// A world that a module is for.
pub(super) struct World<'t> {
    pub(super) module: usize,
    pub(super) ty: &'t ComponentType,
    pub(super) string_encoding: StringEncoding,
}

/// Checks that each is a valid component.
pub(super) fn check(worlds: &[EncodedWorld<'_>]) -> Result<(), ComponentizeError> {
    worlds.iter().try_for_each(|world| validate(world.bytes).map_err(|error| invalid(world, error)))
}

/// Returns the worlds, whose types are those of the encoded ones.
pub(super) fn read<'t>(
    types: &'t ComponentTypes,
    worlds: &[EncodedWorld<'_>],
) -> Result<Vec<World<'t>>, ComponentizeError> {
    let world = |(index, world): (u32, &EncodedWorld<'_>)| {
        let ty = world_type(types.types(), types.component(index)).ok_or_else(|| {
            let message = "no world in the binary format: a component type that exports one component type";
            invalid(world, Error::new(ErrorKind::Invalid, message, 0))
        })?;
        let string_encoding = string_encoding(world.bytes).map_err(|error| invalid(world, error))?;
        Ok(World { module: world.module, ty, string_encoding })
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

fn string_encoding(bytes: &[u8]) -> Result<StringEncoding, Error> {
    let mut parser = Parser::new(0);
    parser.set_features(features());
    for payload in parser.parse_all(bytes) {
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
    Ok(StringEncoding::default())
}

/// An instance that a world imports or exports.
#[derive(Clone, Copy)]
pub(super) struct Interface<'t> {
    /// Its place among the world's imports or exports.
    pub(super) index: usize,
    pub(super) exports: &'t wasmparser::collections::IndexMap<String, ComponentItem>,
}

/// Returns the interface of a world's imports or exports that a core name means; the very name is preferred.
pub(super) fn interface<'t>(
    types: TypesRef<'t>,
    items: &'t wasmparser::collections::IndexMap<String, ComponentItem>,
    given: &str,
) -> Option<Interface<'t>> {
    let instances = || {
        items.iter().enumerate().filter_map(|(index, (key, item))| match item.ty {
            ComponentEntityType::Instance(id) => Some((index, item.full_name(key), id)),
            ComponentEntityType::Module(_)
            | ComponentEntityType::Func(_)
            | ComponentEntityType::Value(_)
            | ComponentEntityType::Type { .. }
            | ComponentEntityType::Component(_) => None,
        })
    };
    let exact = instances().find(|(_, name, _)| name == given);
    let (index, _, id) = exact.or_else(|| instances().find(|(_, name, _)| means(given, name)))?;
    Some(Interface { index, exports: &types.get(id)?.exports })
}

/// Returns a name for each resource of the worlds.
pub(super) fn resource_names(types: TypesRef<'_>, worlds: &[World<'_>]) -> ResourceNames {
    let mut names = ResourceNames::new();
    for world in worlds {
        for (key, item) in world.ty.imports.iter().chain(&world.ty.exports) {
            match item.ty {
                ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. } => {
                    names.entry(id.resource()).or_insert_with(|| key.clone());
                }
                ComponentEntityType::Instance(id) => {
                    for (name, item) in &types[id].exports {
                        if let ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. } = item.ty {
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
