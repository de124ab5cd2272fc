//! The types of several components in one arena, so that types of different components can be
//! compared.

use wasm_encoder::ComponentBuilder;
use wasmparser::component_types::ComponentType;
use wasmparser::types::{Types, TypesRef};

use crate::binary::valid_types;
use crate::error::Error;
use crate::proposals::Proposals;

/// The types of several valid components, which are numbered in the order in which they were given.
pub(crate) struct ComponentTypes {
    types: Types,
}

impl ComponentTypes {
    /// Reads the types of valid components, by nesting these in one component that is then
    /// validated.
    pub(crate) fn of<'a>(
        components: impl Iterator<Item = &'a [u8]>,
        proposals: Proposals,
    ) -> Result<Self, Error> {
        let mut builder = ComponentBuilder::default();
        for bytes in components {
            builder.component_raw(None, bytes);
        }
        Ok(Self { types: valid_types(&builder.finish(), proposals)? })
    }

    pub(crate) fn types(&self) -> TypesRef<'_> {
        self.types.as_ref()
    }

    /// Returns the type of a component.
    pub(crate) fn component(&self, index: u32) -> &ComponentType {
        &self.types[self.types().component_at(index)]
    }
}
