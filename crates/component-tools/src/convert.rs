//! Types of wasmparser as types of the Canonical ABI, where equal types have equal ids.

use std::collections::HashMap;

use canonical_abi::{FuncType, ResourceId, TypeError, Types, ValType};
use wasmparser::PrimitiveValType;
use wasmparser::component_types::{
    self, AliasableResourceId, ComponentDefinedType, ComponentFuncTypeId, ComponentValType,
};
use wasmparser::types::TypesRef;

/// The resources of some components.
#[derive(Default)]
pub(crate) struct Resources {
    /// Their names, for showing types.
    pub(crate) names: HashMap<component_types::ResourceId, String>,
    /// For each the first that is the same: of the same name, in an import or export of the same
    /// name.
    pub(crate) firsts: HashMap<component_types::ResourceId, component_types::ResourceId>,
}

/// Converts types of wasmparser to types of the Canonical ABI.
pub(crate) struct Converter<'a> {
    from: TypesRef<'a>,
    resources: &'a Resources,
    /// The resources so far, by their ids in the Canonical ABI.
    known: Vec<component_types::ResourceId>,
    pub(crate) to: Types,
}

impl<'a> Converter<'a> {
    pub(crate) fn new(from: TypesRef<'a>, resources: &'a Resources) -> Self {
        Self { from, resources, known: Vec::new(), to: Types::new() }
    }

    pub(crate) fn func(&mut self, id: ComponentFuncTypeId) -> Result<FuncType, TypeError> {
        let from = self.from;
        let ty = from.get(id).expect("the id is of these types");
        let params = ty.params.iter().map(|(name, ty)| Ok((name.to_string(), self.val(*ty)?)));
        let params = params.collect::<Result<_, TypeError>>()?;
        Ok(FuncType { params, result: self.optional(ty.result)?, is_async: ty.async_ })
    }

    fn resource(&mut self, id: AliasableResourceId) -> ResourceId {
        let id = id.resource();
        let id = self.resources.firsts.get(&id).copied().unwrap_or(id);
        let known = self.known.iter().position(|known| *known == id);
        let place = known.unwrap_or_else(|| {
            self.known.push(id);
            self.known.len() - 1
        });
        let resource = ResourceId(u32::try_from(place).expect("validation bounds the number of types"));
        if let Some(name) = self.resources.names.get(&id) {
            self.to.name_resource(resource, name);
        }
        resource
    }

    fn optional(&mut self, ty: Option<ComponentValType>) -> Result<Option<ValType>, TypeError> {
        ty.map(|ty| self.val(ty)).transpose()
    }

    fn val(&mut self, ty: ComponentValType) -> Result<ValType, TypeError> {
        match ty {
            ComponentValType::Primitive(ty) => Ok(primitive(ty)),
            ComponentValType::Type(id) => {
                let from = self.from;
                self.defined(&from[id])
            }
        }
    }

    pub(crate) fn defined(&mut self, ty: &ComponentDefinedType) -> Result<ValType, TypeError> {
        match ty {
            ComponentDefinedType::Primitive(ty) => Ok(primitive(*ty)),
            ComponentDefinedType::Record(record) => {
                let fields = record.fields.iter().map(|(name, ty)| Ok((name.to_string(), self.val(*ty)?)));
                let fields = fields.collect::<Result<_, TypeError>>()?;
                self.to.record(fields)
            }
            ComponentDefinedType::Variant(variant) => {
                let cases = variant.cases.iter();
                let cases = cases.map(|(name, case)| Ok((name.to_string(), self.optional(case.ty)?)));
                let cases = cases.collect::<Result<_, TypeError>>()?;
                self.to.variant(cases)
            }
            ComponentDefinedType::List { element, .. } => {
                let element = self.val(*element)?;
                self.to.list(element)
            }
            ComponentDefinedType::Map { key, value, .. } => {
                let (key, value) = (self.val(*key)?, self.val(*value)?);
                self.to.map(key, value)
            }
            ComponentDefinedType::FixedLengthList { element, length, .. } => {
                let element = self.val(*element)?;
                self.to.fixed_length_list(element, *length)
            }
            ComponentDefinedType::Tuple(tuple) => {
                let elements =
                    tuple.types.iter().map(|ty| self.val(*ty)).collect::<Result<_, TypeError>>()?;
                self.to.tuple(elements)
            }
            ComponentDefinedType::Flags(labels) => {
                self.to.flags(labels.iter().map(ToString::to_string).collect())
            }
            ComponentDefinedType::Enum(labels) => {
                self.to.enum_(labels.iter().map(ToString::to_string).collect())
            }
            ComponentDefinedType::Option { ty, .. } => {
                let ty = self.val(*ty)?;
                self.to.option(ty)
            }
            ComponentDefinedType::Result { ok, err, .. } => {
                let (ok, err) = (self.optional(*ok)?, self.optional(*err)?);
                self.to.result(ok, err)
            }
            ComponentDefinedType::Own(id) => Ok(ValType::Own(self.resource(*id))),
            ComponentDefinedType::Borrow(id) => Ok(ValType::Borrow(self.resource(*id))),
            ComponentDefinedType::Future { ty, .. } => {
                let ty = self.optional(*ty)?;
                self.to.future(ty)
            }
            ComponentDefinedType::Stream { ty, .. } => {
                let ty = self.optional(*ty)?;
                self.to.stream(ty)
            }
        }
    }
}

fn primitive(ty: PrimitiveValType) -> ValType {
    match ty {
        PrimitiveValType::Bool => ValType::Bool,
        PrimitiveValType::S8 => ValType::S8,
        PrimitiveValType::U8 => ValType::U8,
        PrimitiveValType::S16 => ValType::S16,
        PrimitiveValType::U16 => ValType::U16,
        PrimitiveValType::S32 => ValType::S32,
        PrimitiveValType::U32 => ValType::U32,
        PrimitiveValType::S64 => ValType::S64,
        PrimitiveValType::U64 => ValType::U64,
        PrimitiveValType::F32 => ValType::F32,
        PrimitiveValType::F64 => ValType::F64,
        PrimitiveValType::Char => ValType::Char,
        PrimitiveValType::String => ValType::String,
        PrimitiveValType::ErrorContext => ValType::ErrorContext,
    }
}
