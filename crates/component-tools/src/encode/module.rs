//! Writes the types of core modules. Follows Binary.md, "Core Definitions".

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{EntityType, ModuleType, TagKind, TagType};
use wasmparser::component_types::ComponentCoreModuleTypeId;
use wasmparser::types::{self, CoreTypeId};

use super::error::EncodeError;
use super::{Encoder, Frame, unsupported};

impl Encoder<'_> {
    /// Writes the type of a core module in the innermost scope, and returns its index among the
    /// core types.
    pub(super) fn module(&mut self, id: ComponentCoreModuleTypeId, import: &str) -> Result<u32, EncodeError> {
        let types = self.types;
        let module = types.get(id).expect("the id is of these types");
        let mut ty = ModuleType::new();
        for ((from, name), entity) in &module.imports {
            let entity = self.entity(&mut ty, *entity, import)?;
            ty.import(from, name, entity);
        }
        for (name, entity) in &module.exports {
            let entity = self.entity(&mut ty, *entity, import)?;
            ty.export(name, entity);
        }
        Ok(match self.frames.last_mut() {
            Some(Frame { ty: instance, .. }) => {
                instance.core_type().module(&ty);
                instance.core_type_count() - 1
            }
            None => {
                let (index, encoder) = self.builder.core_type(None);
                encoder.module(&ty);
                index
            }
        })
    }

    fn entity(
        &self,
        module: &mut ModuleType,
        entity: types::EntityType,
        import: &str,
    ) -> Result<EntityType, EncodeError> {
        let reencoder = &mut RoundtripReencoder;
        let encoded = match entity {
            types::EntityType::Func(id) => {
                return Ok(EntityType::Function(self.core_func(module, id, import)?));
            }
            types::EntityType::FuncExact(id) => {
                return Ok(EntityType::FunctionExact(self.core_func(module, id, import)?));
            }
            types::EntityType::Tag(id) => {
                let func_type_idx = self.core_func(module, id, import)?;
                return Ok(EntityType::Tag(TagType { kind: TagKind::Exception, func_type_idx }));
            }
            types::EntityType::Table(ty) => reencoder.table_type(ty).map(EntityType::Table),
            types::EntityType::Memory(ty) => reencoder.memory_type(ty).map(EntityType::Memory),
            types::EntityType::Global(ty) => reencoder.global_type(ty).map(EntityType::Global),
        };
        encoded.map_err(|_| unsupported("core module with types of its own", import))
    }

    /// Writes a function type inside the type of a module, and returns its index there.
    fn core_func(&self, module: &mut ModuleType, id: CoreTypeId, import: &str) -> Result<u32, EncodeError> {
        let ty = self.types.get(id).expect("the id is of these types").unwrap_func();
        let unsupported = |_| unsupported("core module with types of its own", import);
        let params = RoundtripReencoder.val_types(ty.params().to_vec()).map_err(unsupported)?;
        let results = RoundtripReencoder.val_types(ty.results().to_vec()).map_err(unsupported)?;
        let index = module.type_count();
        module.ty().function(params, results);
        Ok(index)
    }
}
