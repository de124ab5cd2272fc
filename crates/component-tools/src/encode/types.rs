//! Writes the definitions of types. Follows Binary.md, "Type Definitions".

use wasm_encoder::{ComponentTypeEncoder, ComponentValType};
use wasmparser::component_types::{
    self, ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentFuncTypeId,
};

use super::error::EncodeError;
use super::{Encoder, Frame};

impl Encoder<'_> {
    /// Writes a type in the innermost scope, and returns its index.
    pub(super) fn define(&mut self, write: impl FnOnce(ComponentTypeEncoder<'_>)) -> u32 {
        match self.frames.last_mut() {
            Some(Frame { ty, .. }) => {
                write(ty.ty());
                ty.type_count() - 1
            }
            None => {
                let (index, encoder) = self.builder.ty(None);
                write(encoder);
                index
            }
        }
    }

    pub(super) fn func(&mut self, id: ComponentFuncTypeId, import: &str) -> Result<u32, EncodeError> {
        let types = self.types;
        let ty = types.get(id).expect("the id is of these types");
        let params = ty.params.iter().map(|(name, ty)| Ok((name.as_str(), self.val(*ty, import)?)));
        let params = params.collect::<Result<Vec<_>, EncodeError>>()?;
        let result = self.optional(ty.result, import)?;
        Ok(self.define(|encoder| {
            encoder.function().async_(ty.async_).params(params).result(result);
        }))
    }

    fn val(
        &mut self,
        ty: component_types::ComponentValType,
        import: &str,
    ) -> Result<ComponentValType, EncodeError> {
        Ok(match ty {
            component_types::ComponentValType::Primitive(ty) => ComponentValType::Primitive(ty.into()),
            component_types::ComponentValType::Type(id) => {
                ComponentValType::Type(self.index_of(ComponentAnyTypeId::Defined(id), import)?)
            }
        })
    }

    fn optional(
        &mut self,
        ty: Option<component_types::ComponentValType>,
        import: &str,
    ) -> Result<Option<ComponentValType>, EncodeError> {
        ty.map(|ty| self.val(ty, import)).transpose()
    }

    pub(super) fn defined(&mut self, id: ComponentDefinedTypeId, import: &str) -> Result<u32, EncodeError> {
        let types = self.types;
        Ok(match types.get(id).expect("the id is of these types") {
            ComponentDefinedType::Primitive(ty) => self.define(|e| e.defined_type().primitive((*ty).into())),
            ComponentDefinedType::Record(record) => {
                let fields =
                    record.fields.iter().map(|(name, ty)| Ok((name.as_str(), self.val(*ty, import)?)));
                let fields = fields.collect::<Result<Vec<_>, EncodeError>>()?;
                self.define(|e| e.defined_type().record(fields))
            }
            ComponentDefinedType::Variant(variant) => {
                let cases = variant.cases.iter();
                let cases = cases.map(|(name, case)| Ok((name.as_str(), self.optional(case.ty, import)?)));
                let cases = cases.collect::<Result<Vec<_>, EncodeError>>()?;
                self.define(|e| e.defined_type().variant(cases))
            }
            ComponentDefinedType::List { element, .. } => {
                let element = self.val(*element, import)?;
                self.define(|e| e.defined_type().list(element))
            }
            ComponentDefinedType::Map { key, value, .. } => {
                let (key, value) = (self.val(*key, import)?, self.val(*value, import)?);
                self.define(|e| e.defined_type().map(key, value))
            }
            ComponentDefinedType::FixedLengthList { element, length, .. } => {
                let element = self.val(*element, import)?;
                self.define(|e| e.defined_type().fixed_length_list(element, *length))
            }
            ComponentDefinedType::Tuple(tuple) => {
                let elements = tuple.types.iter().map(|ty| self.val(*ty, import));
                let elements = elements.collect::<Result<Vec<_>, EncodeError>>()?;
                self.define(|e| e.defined_type().tuple(elements))
            }
            ComponentDefinedType::Flags(labels) => {
                let labels = labels.iter().map(|label| label.as_str()).collect::<Vec<_>>();
                self.define(|e| e.defined_type().flags(labels))
            }
            ComponentDefinedType::Enum(labels) => {
                let labels = labels.iter().map(|label| label.as_str()).collect::<Vec<_>>();
                self.define(|e| e.defined_type().enum_type(labels))
            }
            ComponentDefinedType::Option { ty, .. } => {
                let ty = self.val(*ty, import)?;
                self.define(|e| e.defined_type().option(ty))
            }
            ComponentDefinedType::Result { ok, err, .. } => {
                let (ok, err) = (self.optional(*ok, import)?, self.optional(*err, import)?);
                self.define(|e| e.defined_type().result(ok, err))
            }
            ComponentDefinedType::Own(id) => {
                let index = self.index_of(ComponentAnyTypeId::Resource(*id), import)?;
                self.define(|e| e.defined_type().own(index))
            }
            ComponentDefinedType::Borrow(id) => {
                let index = self.index_of(ComponentAnyTypeId::Resource(*id), import)?;
                self.define(|e| e.defined_type().borrow(index))
            }
            ComponentDefinedType::Future { ty, .. } => {
                let ty = self.optional(*ty, import)?;
                self.define(|e| e.defined_type().future(ty))
            }
            ComponentDefinedType::Stream { ty, .. } => {
                let ty = self.optional(*ty, import)?;
                self.define(|e| e.defined_type().stream(ty))
            }
        })
    }
}
