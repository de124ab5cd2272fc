//! The types of several components in one arena, so that a type of one can be compared with another's.

use wasm_encoder::ComponentBuilder;
use wasmparser::Validator;
use wasmparser::component_types::{ComponentType, ComponentTypeId};
use wasmparser::types::{Types, TypesRef};

use crate::error::Error;
use crate::validate::features;

/// The types of valid components, by their place in the list that they were made of.
pub(super) struct ComponentTypes {
    types: Types,
}

impl ComponentTypes {
    /// Reads the types of valid components.
    ///
    /// They are nested in one component, which is validated as a whole.
    pub(super) fn of<'a>(components: impl Iterator<Item = &'a [u8]>) -> Result<Self, Error> {
        let mut builder = ComponentBuilder::default();
        for bytes in components {
            builder.component_raw(None, bytes);
        }
        let types = Validator::new_with_features(features()).validate_all(&builder.finish())?;
        Ok(Self { types })
    }

    pub(super) fn types(&self) -> TypesRef<'_> {
        self.types.as_ref()
    }

    /// Returns the type of the component at this place.
    pub(super) fn component(&self, index: u32) -> &ComponentType {
        &self.types[self.id(index)]
    }

    fn id(&self, index: u32) -> ComponentTypeId {
        self.types().component_at(index)
    }
}
