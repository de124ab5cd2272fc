//! What each import of the core modules means, and which core functions the exports of the world are lifted from.

mod exports;
mod imports;

use canonical_abi::Direction;
use wasmparser::FuncType;
use wasmparser::component_types::{
    AliasableResourceId, ComponentAnyTypeId, ComponentFuncTypeId, ComponentInstanceTypeId, ComponentItem,
};
use wasmparser::types::TypesRef;

use super::core::{CoreModule, display};
use super::error::ComponentizeError;
use super::signature::{CoreSignature, Needs, ResourceNames, signature};
use super::worlds::World;
use crate::wiring::{Member, Wiring};

pub(super) use self::exports::exports;
pub(super) use self::imports::import;

/// The modules and their worlds.
pub(super) struct Context<'t> {
    pub(super) types: TypesRef<'t>,
    pub(super) wiring: &'t Wiring,
    pub(super) worlds: &'t [World<'t>],
    /// The main module, then the adapters.
    pub(super) modules: &'t [CoreModule<'t>],
    pub(super) resources: &'t ResourceNames,
}

/// What an import of a core module means.
pub(super) enum Meaning<'t> {
    /// A function that the component imports.
    Lower(Lower<'t>),
    ResourceDrop(AliasableResourceId),
    ResourceNew(AliasableResourceId),
    ResourceRep(AliasableResourceId),
    /// A function of an adapter.
    Adapter {
        module: usize,
        export: &'t str,
    },
    /// An export of the main module, for an adapter.
    Main {
        export: &'t str,
    },
}

/// A function that the component imports.
pub(super) struct Lower<'t> {
    pub(super) member: Member,
    /// Its name, if the import is an instance.
    pub(super) func: Option<&'t str>,
    pub(super) id: ComponentFuncTypeId,
    pub(super) needs: Needs,
}

/// A function that the component exports.
pub(super) struct Lift {
    pub(super) module: usize,
    /// The name of the core function.
    pub(super) export: String,
    pub(super) post_return: Option<String>,
    pub(super) id: ComponentFuncTypeId,
    pub(super) needs: Needs,
}

/// An export of the component.
pub(super) struct Export<'t> {
    pub(super) key: &'t str,
    pub(super) item: &'t ComponentItem,
    pub(super) kind: ExportKind,
}

/// What is exported.
pub(super) enum ExportKind {
    Func(Lift),
    /// An instance, with its functions in order.
    Instance {
        id: ComponentInstanceTypeId,
        lifts: Vec<Lift>,
    },
    Type(ComponentAnyTypeId),
}

/// A resource that the component defines.
pub(super) struct OwnResource {
    pub(super) ty: AliasableResourceId,
    /// The module and the name of its destructor.
    pub(super) dtor: Option<(usize, String)>,
}

impl<'t> Context<'t> {
    fn worlds_of(&self, module: usize) -> impl Iterator<Item = (usize, &'t World<'t>)> + use<'t> {
        self.worlds.iter().enumerate().filter(move |(_, world)| world.module == module)
    }

    fn signature(
        &self,
        world: &World<'_>,
        func: (&str, ComponentFuncTypeId),
        direction: Direction,
    ) -> Result<CoreSignature, ComponentizeError> {
        signature(self.types, self.resources, func, world.string_encoding, direction)
    }
}

fn check_type(
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

fn list(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
