//! Types as values of the evaluation. Follows Explainer.md, "Type Definitions".

use std::sync::Arc;

use canonical_abi::{FuncType, TypeError, ValType};
use wasmparser::{
    ComponentDefinedType, ComponentFuncType, ComponentType, ComponentValType, PrimitiveValType, VariantCase,
};

use super::Resolver;
use super::frame::{ComponentDeclarations, FrameId, InstanceType, Type, get};
use crate::error::{Error, ErrorKind};
use crate::func_type::Signature;
use crate::plan::Step;

/// Evaluates a type definition.
pub(super) fn define<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    ty: &'a ComponentType<'a>,
    size_bytes: u64,
    offset: u64,
) -> Result<Type<'a>, Error> {
    Ok(match ty {
        ComponentType::Defined(ty) => Type::Value(defined_type(resolver, frame, ty, offset)?),
        ComponentType::Func(ty) => {
            Type::Func(Arc::new(Signature::new(func_type(resolver, frame, ty, offset)?)))
        }
        ComponentType::Component(declarations) => {
            Type::Component(ComponentDeclarations { declarations, parent: frame, size_bytes })
        }
        ComponentType::Instance(declarations) => {
            Type::Instance(InstanceType { declarations, parent: frame, size_bytes })
        }
        ComponentType::Resource { rep: _, dtor } => {
            let resource = resolver.fresh_resource(None);
            let scope = resolver.frame(frame);
            let dtor = dtor.map(|dtor| get(&scope.core_funcs, dtor, "core function", offset)).transpose()?;
            let instance = scope.instance;
            resolver.push_step(Step::DefineResource { resource, instance, dtor }, offset)?;
            Type::Resource(resource)
        }
    })
}

fn func_type(
    resolver: &Resolver<'_>,
    frame: FrameId,
    ty: &ComponentFuncType<'_>,
    offset: u64,
) -> Result<FuncType, Error> {
    let param = |(name, ty): &(&str, ComponentValType)| {
        Ok((String::from(*name), val_type(resolver, frame, *ty, offset)?))
    };
    let params = ty.params.iter().map(param).collect::<Result<_, Error>>()?;
    let result = option(resolver, frame, ty.result, offset)?;
    Ok(FuncType { params, result, is_async: ty.async_ })
}

/// Returns the value type that a use of a type names.
pub(super) fn val_type(
    resolver: &Resolver<'_>,
    frame: FrameId,
    ty: ComponentValType,
    offset: u64,
) -> Result<ValType, Error> {
    match ty {
        ComponentValType::Primitive(ty) => Ok(primitive(ty)),
        ComponentValType::Type(index) => match get(&resolver.frame(frame).types, index, "type", offset)? {
            Type::Value(ty) => Ok(ty),
            Type::Func(_) | Type::Resource(_) | Type::Instance(_) | Type::Component(_) => {
                Err(Error::internal(format_args!("type {index} is no value type"), offset))
            }
        },
    }
}

/// Returns the value type that an optional use of a type names.
pub(super) fn option(
    resolver: &Resolver<'_>,
    frame: FrameId,
    ty: Option<ComponentValType>,
    offset: u64,
) -> Result<Option<ValType>, Error> {
    ty.map(|ty| val_type(resolver, frame, ty, offset)).transpose()
}

/// Returns the value type that the binary format's primitive names.
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

fn defined_type(
    resolver: &mut Resolver<'_>,
    frame: FrameId,
    ty: &ComponentDefinedType<'_>,
    offset: u64,
) -> Result<ValType, Error> {
    let scope = &*resolver;
    let val = |ty: ComponentValType| val_type(scope, frame, ty, offset);
    let opt = |ty: Option<ComponentValType>| option(scope, frame, ty, offset);
    let interned = match ty {
        ComponentDefinedType::Primitive(ty) => Ok(primitive(*ty)),
        ComponentDefinedType::Record(fields) => {
            let field = |(name, ty): &(&str, ComponentValType)| Ok((String::from(*name), val(*ty)?));
            let fields = fields.iter().map(field).collect::<Result<_, Error>>()?;
            resolver.types.record(fields)
        }
        ComponentDefinedType::Variant(cases) => {
            let case = |case: &VariantCase<'_>| Ok((String::from(case.name), opt(case.ty)?));
            let cases = cases.iter().map(case).collect::<Result<_, Error>>()?;
            resolver.types.variant(cases)
        }
        ComponentDefinedType::List(ty) => {
            let ty = val(*ty)?;
            resolver.types.list(ty)
        }
        ComponentDefinedType::Map(key, value) => {
            let (key, value) = (val(*key)?, val(*value)?);
            resolver.types.map(key, value)
        }
        ComponentDefinedType::FixedLengthList(ty, length) => {
            let ty = val(*ty)?;
            resolver.types.fixed_length_list(ty, *length)
        }
        ComponentDefinedType::Tuple(types) => {
            let types = types.iter().map(|ty| val(*ty)).collect::<Result<_, Error>>()?;
            resolver.types.tuple(types)
        }
        ComponentDefinedType::Flags(labels) => resolver.types.flags(strings(labels)),
        ComponentDefinedType::Enum(labels) => resolver.types.enum_(strings(labels)),
        ComponentDefinedType::Option(ty) => {
            let ty = val(*ty)?;
            resolver.types.option(ty)
        }
        ComponentDefinedType::Result { ok, err } => {
            let (ok, err) = (opt(*ok)?, opt(*err)?);
            resolver.types.result(ok, err)
        }
        ComponentDefinedType::Own(index) => Ok(ValType::Own(resource(scope, frame, *index, offset)?)),
        ComponentDefinedType::Borrow(index) => Ok(ValType::Borrow(resource(scope, frame, *index, offset)?)),
        ComponentDefinedType::Future(ty) => {
            let ty = opt(*ty)?;
            resolver.types.future(ty)
        }
        ComponentDefinedType::Stream(ty) => {
            let ty = opt(*ty)?;
            resolver.types.stream(ty)
        }
    };
    interned.map_err(|error: TypeError| Error::new(ErrorKind::Limit, error.to_string(), offset))
}

fn strings(labels: &[&str]) -> Vec<String> {
    labels.iter().copied().map(String::from).collect()
}

/// Returns the resource type at an index of the type index space.
pub(super) fn resource(
    resolver: &Resolver<'_>,
    frame: FrameId,
    index: u32,
    offset: u64,
) -> Result<canonical_abi::ResourceId, Error> {
    match get(&resolver.frame(frame).types, index, "type", offset)? {
        Type::Resource(id) => Ok(id),
        Type::Value(_) | Type::Func(_) | Type::Instance(_) | Type::Component(_) => {
            Err(Error::internal(format_args!("type {index} is no resource type"), offset))
        }
    }
}
