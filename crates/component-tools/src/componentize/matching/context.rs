//! The core modules and their worlds, and what matching imports and exports has in common.

use canonical_abi::Direction;
use wasmparser::FuncType;
use wasmparser::component_types::ComponentFuncTypeId;
use wasmparser::types::TypesRef;

use crate::componentize::core::{CoreModule, display};
use crate::componentize::error::ComponentizeError;
use crate::componentize::signature::{CoreSignature, signature};
use crate::componentize::worlds::ModuleWorld;
use crate::convert::Resources;
use crate::wiring::Wiring;

/// The modules and their worlds.
pub(in crate::componentize) struct Context<'t> {
    pub(in crate::componentize) types: TypesRef<'t>,
    pub(in crate::componentize) wiring: &'t Wiring,
    pub(in crate::componentize) worlds: &'t [ModuleWorld<'t>],
    /// The main module, then the adapters.
    pub(in crate::componentize) modules: &'t [CoreModule<'t>],
    pub(in crate::componentize) resources: &'t Resources,
}

impl<'t> Context<'t> {
    /// Returns the worlds that a module is for, with their indices.
    pub(super) fn worlds_of(
        &self,
        module: usize,
    ) -> impl Iterator<Item = (usize, &'t ModuleWorld<'t>)> + use<'t> {
        self.worlds.iter().enumerate().filter(move |(_, world)| world.module == module)
    }

    /// Returns the core signature of a function of a world.
    pub(super) fn signature(
        &self,
        world: &ModuleWorld<'_>,
        func: (&str, ComponentFuncTypeId),
        direction: Direction,
    ) -> Result<CoreSignature, ComponentizeError> {
        signature(self.types, self.resources, func, world.string_encoding, direction)
    }
}

/// Checks that an import or an export has the core type that its function asks for.
pub(super) fn check_type(
    cx: &Context<'_>,
    module: usize,
    item: &str,
    (wanted, expected): (&str, &FuncType),
    given: &FuncType,
) -> Result<(), ComponentizeError> {
    if given == expected {
        return Ok(());
    }
    Err(ComponentizeError::Signature {
        file: cx.modules[module].name.to_owned(),
        item: item.to_owned(),
        wanted: wanted.to_owned(),
        expected: display(expected),
        given: display(given),
    })
}

/// Returns names as an error lists them.
pub(super) fn list(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
