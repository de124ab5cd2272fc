//! A component from a core module, for a world.
//!
//! The names of the module's imports and exports say which functions of the world they stand for ([`names`]). What it
//! imports is lowered for it, what the world exports is lifted from it. Follows Explainer.md, "Canonical Definitions".
//!
//! ```text
//!  imports ──► lowered ──► shim ◄┄ table ┄ fixup      what is lowered needs the module's memory,
//!                           │                ▲        so the module is given functions that call
//!                           ▼                ┆        through a table, which is filled afterwards
//!              adapters ◄─► main module ┄┄┄┄┄┘
//!                             │
//!  exports ◄── lifted ◄───────┘
//! ```

mod adapt;
mod core;
mod error;
mod exports;
mod matching;
mod names;
mod shim;
mod signature;
mod worlds;
mod write;

use canonical_abi::StringEncoding;
use wasmparser::Validator;
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType};

use self::core::CoreModule;
use self::matching::{Context, ExportKind, Meaning};
use self::worlds::EncodedWorld;
use self::write::Plan;
use crate::encode::{Encoder, Live, Naming};
use crate::error::Error;
use crate::link::File;
use crate::types::ComponentTypes;
use crate::validate::features;
use crate::wiring::Wiring;

pub use self::error::ComponentizeError;

/// A world in the binary format: a component that exports one component type, which exports the world's.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The component.
    pub bytes: &'a [u8],
    /// How the module encodes strings. A `wit-component-encoding` section in the world takes precedence.
    pub string_encoding: StringEncoding,
}

/// What a component is to be made of.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The core module.
    pub module: File<'a>,
    /// The world that it is for, besides those that its own `component-type` sections hold.
    pub world: Option<World<'a>>,
    /// Core modules that stand between the main module and the world, each by the module name under which the main one
    /// imports it.
    pub adapters: &'a [File<'a>],
}

/// Makes a component of a core module.
///
/// The component imports what of the world the module imports, and exports all that the world exports.
///
/// # Errors
///
/// If the module or an adapter is none, there is no world, or the module does not fit it.
pub fn componentize(parts: &Parts<'_>) -> Result<Vec<u8>, ComponentizeError> {
    let files = std::iter::once(&parts.module).chain(parts.adapters);
    let modules = files.map(|file| CoreModule::new(*file)).collect::<Result<Vec<_>, _>>()?;
    let given = parts.world.map(|World { bytes, string_encoding }| EncodedWorld {
        module: 0,
        file: parts.module.name,
        bytes,
        string_encoding,
    });
    let own = modules.iter().enumerate().flat_map(|(module, core)| {
        let string_encoding = StringEncoding::default();
        core.worlds.iter().map(move |bytes| EncodedWorld { module, file: core.name, bytes, string_encoding })
    });
    let encoded: Vec<EncodedWorld<'_>> = given.into_iter().chain(own).collect();
    if encoded.is_empty() {
        return Err(ComponentizeError::NoWorld { file: parts.module.name.to_owned() });
    }
    worlds::check(&encoded)?;
    let types =
        ComponentTypes::of(encoded.iter().map(|world| world.bytes)).map_err(|error| mismatch(&error))?;
    let worlds = worlds::read(&types, &encoded)?;
    let (modules, worlds) = adapt::adapt(types.types(), modules, worlds)?;
    let world_types: Vec<_> = worlds.iter().map(|world| world.ty).collect();
    let wiring = Wiring::of_worlds(types.types(), &world_types)?;
    let resources = worlds::resource_names(types.types(), &worlds);
    let cx = Context {
        types: types.types(),
        wiring: &wiring,
        worlds: &worlds,
        modules: &modules,
        resources: &resources,
    };
    let plan = plan(&cx)?;
    let live = live(&cx, &plan);
    let names: Vec<&str> = worlds.iter().map(|world| modules[world.module].name).collect();
    let encoder = Encoder::new(types.types(), &names, &world_types, &wiring, Naming::None).only(&live);
    let bytes = write::write(&cx, &plan, encoder)?;
    Validator::new_with_features(features())
        .validate_all(&bytes)
        .map_err(|error| mismatch(&Error::from(error)))?;
    Ok(bytes)
}

fn mismatch(error: &Error) -> ComponentizeError {
    ComponentizeError::Mismatch(format!("the module and its world do not fit: {}", error.message()))
}

fn plan<'t>(cx: &Context<'t>) -> Result<Plan<'t>, ComponentizeError> {
    let imports = cx.modules.iter().enumerate().map(|(module, core)| {
        core.imports.iter().map(|import| matching::import(cx, module, import)).collect::<Result<Vec<_>, _>>()
    });
    let imports = imports.collect::<Result<Vec<_>, _>>()?;
    let (exports, resources) = matching::exports(cx)?;
    Ok(Plan { imports, resources, exports })
}

/// Returns what the plan uses of the worlds' imports.
fn live(cx: &Context<'_>, plan: &Plan<'_>) -> Live {
    let mut live = Live::default();
    for meaning in plan.imports.iter().flatten() {
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
    for export in &plan.exports {
        match &export.kind {
            ExportKind::Func(lift) => live.add_type(cx.types, ComponentAnyTypeId::Func(lift.id)),
            ExportKind::Instance { id, .. } => live.add_type(cx.types, ComponentAnyTypeId::Instance(*id)),
            ExportKind::Type(ty) => live.add_type(cx.types, *ty),
        }
    }
    live.add_origins(cx.types, &cx.wiring.origins);
    live
}
