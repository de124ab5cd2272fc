//! Types as a component declares them. Each compound type has a name by way of an import that
//! equals its definition, so that exported functions may mention it.

use canonical_abi::types::{Case, Field};
use canonical_abi::{Types, ValType};
use wasm_encoder::{
    ComponentBuilder, ComponentDefinedTypeEncoder, ComponentTypeRef, ComponentValType, PrimitiveValType,
    TypeBounds,
};

/// What one component has declared.
pub(crate) struct Declared<'a> {
    types: &'a Types,
    /// The type index of the import `t0`, `t1`, ….
    indices: Vec<u32>,
}

impl<'a> Declared<'a> {
    pub(crate) fn new(types: &'a Types) -> Self {
        Self { types, indices: Vec::new() }
    }

    /// Returns the names of the imported types and their type indices.
    pub(crate) fn names(&self) -> impl Iterator<Item = (String, u32)> {
        self.indices.iter().enumerate().map(|(i, index)| (format!("t{i}"), *index))
    }

    /// Returns how to mention a type, after declaring it if need be.
    pub(crate) fn declare(&mut self, builder: &mut ComponentBuilder, ty: ValType) -> ComponentValType {
        if let Some(primitive) = primitive(ty) {
            return ComponentValType::Primitive(primitive);
        }
        let parts: Vec<ComponentValType> =
            parts(self.types, ty).into_iter().map(|part| self.declare(builder, part)).collect();
        let (definition, encoder) = builder.type_defined(None);
        define(encoder, self.types, ty, &parts);
        let bounds = ComponentTypeRef::Type(TypeBounds::Eq(definition));
        let name = format!("t{}", self.indices.len());
        let index = builder.import(name.as_str(), bounds);
        self.indices.push(index);
        ComponentValType::Type(index)
    }
}

fn primitive(ty: ValType) -> Option<PrimitiveValType> {
    Some(match ty {
        ValType::Bool => PrimitiveValType::Bool,
        ValType::S8 => PrimitiveValType::S8,
        ValType::U8 => PrimitiveValType::U8,
        ValType::S16 => PrimitiveValType::S16,
        ValType::U16 => PrimitiveValType::U16,
        ValType::S32 => PrimitiveValType::S32,
        ValType::U32 => PrimitiveValType::U32,
        ValType::S64 => PrimitiveValType::S64,
        ValType::U64 => PrimitiveValType::U64,
        ValType::F32 => PrimitiveValType::F32,
        ValType::F64 => PrimitiveValType::F64,
        ValType::Char => PrimitiveValType::Char,
        ValType::String => PrimitiveValType::String,
        ValType::ErrorContext => PrimitiveValType::ErrorContext,
        ValType::List(_)
        | ValType::FixedLengthList(_)
        | ValType::Map(_)
        | ValType::Record(_)
        | ValType::Tuple(_)
        | ValType::Variant(_)
        | ValType::Enum(_)
        | ValType::Option(_)
        | ValType::Result(_)
        | ValType::Flags(_)
        | ValType::Own(_)
        | ValType::Borrow(_)
        | ValType::Stream(_)
        | ValType::Future(_) => return None,
    })
}

/// Returns the types that a definition mentions, in its order.
fn parts(types: &Types, ty: ValType) -> Vec<ValType> {
    match ty {
        ValType::List(id) => vec![types[id].element],
        ValType::FixedLengthList(id) => vec![types[id].element],
        ValType::Map(id) => vec![types[id].key, types[id].value],
        ValType::Record(id) => types[id].fields.iter().map(|field| field.ty).collect(),
        ValType::Tuple(id) => types[id].types.clone(),
        ValType::Variant(id) => types[id].cases.iter().filter_map(|case| case.ty).collect(),
        ValType::Option(id) => vec![types[id].some],
        ValType::Result(id) => types[id].ok.into_iter().chain(types[id].err).collect(),
        ValType::Scalar(_)
        | ValType::String
        | ValType::ErrorContext
        | ValType::Enum(_)
        | ValType::Flags(_)
        | ValType::Own(_)
        | ValType::Borrow(_)
        | ValType::Stream(_)
        | ValType::Future(_) => vec![],
    }
}

/// Encodes a definition whose parts are to be mentioned as `parts` says.
fn define(encoder: ComponentDefinedTypeEncoder<'_>, types: &Types, ty: ValType, parts: &[ComponentValType]) {
    let mut mentions = parts.iter().copied();
    match ty {
        ValType::List(_) => encoder.list(parts[0]),
        ValType::FixedLengthList(id) => encoder.fixed_length_list(parts[0], types[id].length),
        ValType::Map(_) => encoder.map(parts[0], parts[1]),
        ValType::Record(id) => {
            let fields = types[id].fields.iter().zip(mentions);
            encoder.record(fields.map(|(Field { name, .. }, ty)| (name.as_str(), ty)));
        }
        ValType::Tuple(_) => encoder.tuple(mentions),
        ValType::Variant(id) => {
            let cases = types[id].cases.iter();
            encoder.variant(cases.map(|Case { name, ty }| {
                (name.as_str(), ty.map(|_| mentions.next().expect("a part for each payload")))
            }));
        }
        ValType::Enum(id) => encoder.enum_type(types[id].labels.iter().map(String::as_str)),
        ValType::Flags(id) => encoder.flags(types[id].labels.iter().map(String::as_str)),
        ValType::Option(_) => encoder.option(parts[0]),
        ValType::Result(id) => {
            let ok = types[id].ok.and_then(|_| mentions.next());
            encoder.result(ok, types[id].err.and_then(|_| mentions.next()));
        }
        ValType::Scalar(_)
        | ValType::String
        | ValType::ErrorContext
        | ValType::Own(_)
        | ValType::Borrow(_)
        | ValType::Stream(_)
        | ValType::Future(_) => unreachable!("random types have no {ty:?}"),
    }
}
