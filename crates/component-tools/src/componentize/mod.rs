//! Makes a component of a core module, for a world. Follows Explainer.md, "Canonical Definitions".
//!
//! The names of the module's imports and exports say which functions of the world they stand for
//! ([`names`]). Imports of the world are lowered for the module, exports are lifted from it.
//!
//! ```text
//!  imports ──► lowered ──► shim ◄┄ table ┄ fixup      a lowered function needs a memory,
//!                           │                ▲        so the module imports functions that call
//!                           ▼                ┆        through a table, which is filled afterwards
//!              adapters ◄─► main module ┄┄┄┄┄┘
//!                             │
//!  exports ◄── lifted ◄───────┘
//! ```

mod adapt;
mod core;
mod error;
mod matching;
mod merge;
mod names;
mod shim;
mod signature;
mod worlds;
mod write;

use canonical_abi::StringEncoding;
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType};

use self::core::CoreModule;
use self::matching::{Context, Exported, Matched, Meaning};
use self::worlds::EncodedWorld;
use crate::binary::{File, validate_with};
use crate::encode::{Encoder, Live, Naming};
use crate::error::Error;
use crate::proposals::Proposals;
use crate::types::ComponentTypes;
use crate::wiring::Wiring;

pub use self::error::ComponentizeError;

/// A world in the binary format: a component that exports one component type, which exports the
/// world's component type.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The component.
    pub bytes: &'a [u8],
    /// The string encoding of the module. A section `wit-component-encoding` in the world takes
    /// precedence.
    pub string_encoding: StringEncoding,
}

/// What to make a component of.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The core module.
    pub module: File<'a>,
    /// The world that the module is for, beside those in its own `component-type` sections.
    pub world: Option<World<'a>>,
    /// Core modules that implement imports of the main module by imports of the world. Each is
    /// named after the module name of these imports.
    pub adapters: &'a [File<'a>],
    /// The proposals that the files and the component may use.
    pub proposals: Proposals,
}

/// Makes a component of a core module.
///
/// The component imports as much of the world as the module imports, and exports all that the world
/// exports.
///
/// # Errors
///
/// If the module or an adapter is not a valid core module, there is no world, or the module does
/// not fit it.
pub fn componentize(parts: &Parts<'_>) -> Result<Vec<u8>, ComponentizeError> {
    let files = std::iter::once(&parts.module).chain(parts.adapters);
    let modules = files.map(|file| CoreModule::new(*file, parts.proposals)).collect::<Result<Vec<_>, _>>()?;
    let given = parts.world.map(|World { bytes, string_encoding }| EncodedWorld {
        module: 0,
        file: parts.module.name,
        section: None,
        bytes,
        string_encoding,
    });
    let own = modules.iter().enumerate().flat_map(|(module, core)| {
        let string_encoding = StringEncoding::default();
        core.worlds.iter().map(move |&(section, bytes)| {
            let section = Some(section);
            EncodedWorld { module, file: core.name, section, bytes, string_encoding }
        })
    });
    let encoded: Vec<EncodedWorld<'_>> = given.into_iter().chain(own).collect();
    if encoded.is_empty() {
        return Err(ComponentizeError::NoWorld { file: parts.module.name.to_owned() });
    }
    worlds::check(&encoded, parts.proposals)?;
    let types = ComponentTypes::of(encoded.iter().map(|world| world.bytes), parts.proposals)
        .map_err(|error| mismatch(&error))?;
    let worlds = worlds::read(&types, &encoded)?;
    let (modules, worlds) = adapt::adapt(types.types(), modules, worlds)?;
    let world_types: Vec<_> = worlds.iter().map(|world| world.ty).collect();
    let wiring = Wiring::of_worlds(types.types(), &world_types)?;
    let resources = worlds::resources(types.types(), &worlds);
    merge::check(types.types(), &worlds, &wiring, &resources)?;
    let cx = Context {
        types: types.types(),
        wiring: &wiring,
        worlds: &worlds,
        modules: &modules,
        resources: &resources,
    };
    let matched = matching::matched(&cx)?;
    let live = live(&cx, &matched);
    let names: Vec<&str> = worlds.iter().map(|world| modules[world.module].name).collect();
    let encoder = Encoder::new(types.types(), &names, &world_types, &wiring, Naming::None).only(&live);
    let bytes = write::write(&cx, &matched, encoder)?;
    validate_with(&bytes, parts.proposals).map_err(|error| mismatch(&error))?;
    Ok(bytes)
}

fn mismatch(error: &Error) -> ComponentizeError {
    ComponentizeError::Mismatch(format!("the module and its world do not fit: {}", error.message()))
}

/// Returns what is used of the imports of the worlds.
fn live(cx: &Context<'_>, matched: &Matched<'_>) -> Live {
    let mut live = Live::default();
    for meaning in matched.imports.iter().flatten() {
        match meaning {
            Meaning::Lower(lower) => {
                live.add_type(cx.types, ComponentAnyTypeId::Func(lower.id));
                let (_, item) = cx.worlds[lower.member.file]
                    .ty
                    .imports
                    .get_index(lower.member.import)
                    .expect("members are imports of their worlds");
                if let (Some(name), ComponentEntityType::Instance(id)) = (lower.func, item.ty) {
                    live.add_func(cx.types, id, name);
                }
            }
            Meaning::ResourceDrop(ty) | Meaning::ResourceNew(ty) | Meaning::ResourceRep(ty) => {
                live.add_type(cx.types, ComponentAnyTypeId::Resource(*ty));
            }
            Meaning::Adapter { .. } | Meaning::Main { .. } => {}
        }
    }
    for export in &matched.exports {
        match &export.kind {
            Exported::Func(lift) => live.add_type(cx.types, ComponentAnyTypeId::Func(lift.id)),
            Exported::Instance { ids, .. } => {
                for id in ids {
                    live.add_type(cx.types, ComponentAnyTypeId::Instance(*id));
                }
            }
            Exported::Type(ty) => live.add_type(cx.types, *ty),
        }
    }
    live.add_origins(cx.types, &cx.wiring.origins);
    live
}
