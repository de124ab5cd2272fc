//! Types as values of the evaluation. Follows Explainer.md, "Type Definitions".

use std::rc::Rc;
use std::sync::Arc;

use canonical_abi::{FuncType, TypeError, ValType};

use super::Resolver;
use super::alias::enclosing;
use super::core_types::{CoreTypeId, ModuleType, at, own_export, own_import};
use super::frame::{ComponentDeclarations, CoreType, FrameId, InstanceType, Type, get};
use super::plan::Step;
use crate::decode::{
    self, Case, DefType, DefValType, FuncTypeDef, LabelValType, ModuleDecl, PrimValType, ValTypeRef,
};
use crate::error::{Error, ErrorKind};
use crate::func_type::Signature;

/// Evaluates the definition of a core type and appends the type, or the types of a group, to their
/// index space.
pub(super) fn define_core(
    resolver: &mut Resolver<'_>,
    frame: FrameId,
    ty: &decode::CoreType,
    offset: u64,
) -> Result<(), Error> {
    let scope = &resolver.frames[frame.0 as usize].core_types;
    let new: Vec<_> = match ty {
        decode::CoreType::RecType(group) => {
            let sub = |index| sub_type(scope, index, offset);
            resolver.core_types.intern(group, scope.len(), sub)?.into_iter().map(CoreType::Sub).collect()
        }
        decode::CoreType::ModuleType(decls) => {
            vec![CoreType::Module(Rc::new(module_type(resolver, frame, decls, offset)?))]
        }
    };
    resolver.frame_mut(frame).core_types.extend(new);
    Ok(())
}

fn sub_type(scope: &[CoreType], index: u32, offset: u64) -> Result<CoreTypeId, Error> {
    match get(scope, index, "core type", offset)? {
        CoreType::Sub(id) => Ok(id),
        CoreType::Module(_) => Err(Error::internal(format_args!("core type {index} is a module's"), offset)),
    }
}

fn module_type(
    resolver: &mut Resolver<'_>,
    frame: FrameId,
    decls: &[ModuleDecl],
    offset: u64,
) -> Result<ModuleType, Error> {
    let mut scope: Vec<CoreTypeId> = Vec::new();
    let mut ty = ModuleType { imports: Vec::new(), exports: Vec::new() };
    for decl in decls {
        match decl {
            ModuleDecl::Import(import) => ty.imports.push(own_import(import, &scope)?),
            ModuleDecl::Export(export) => ty.exports.push(own_export(export, &scope)?),
            ModuleDecl::Type(group) => {
                let new = resolver.core_types.intern(group, scope.len(), |index| at(&scope, index))?;
                scope.extend(new);
            }
            ModuleDecl::OuterType { count: 0, index } => scope.push(at(&scope, *index)?),
            ModuleDecl::OuterType { count, index } => {
                let outer = resolver.frame(enclosing(resolver, frame, count - 1, offset)?);
                scope.push(sub_type(&outer.core_types, *index, offset)?);
            }
        }
    }
    Ok(ty)
}

/// Evaluates a type definition.
pub(super) fn define<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    ty: &'a DefType,
    size_bytes: u64,
    offset: u64,
) -> Result<Type<'a>, Error> {
    Ok(match ty {
        DefType::DefVal(ty) => Type::Value(defined_type(resolver, frame, ty, offset)?),
        DefType::Func(ty) => Type::Func(Arc::new(Signature::new(func_type(resolver, frame, ty, offset)?))),
        DefType::Component(declarations) => {
            Type::Component(ComponentDeclarations { declarations, parent: frame, size_bytes })
        }
        DefType::Instance(declarations) => {
            Type::Instance(InstanceType { declarations, parent: frame, size_bytes })
        }
        DefType::Resource { dtor } => {
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
    ty: &FuncTypeDef,
    offset: u64,
) -> Result<FuncType, Error> {
    let param = |LabelValType { label, ty }: &LabelValType| {
        Ok((String::from(&**label), val_type(resolver, frame, *ty, offset)?))
    };
    let params = ty.params.iter().map(param).collect::<Result<_, Error>>()?;
    let result = option(resolver, frame, ty.result, offset)?;
    Ok(FuncType { params, result, is_async: ty.is_async })
}

/// Returns the value type that a use of a type names.
pub(super) fn val_type(
    resolver: &Resolver<'_>,
    frame: FrameId,
    ty: ValTypeRef,
    offset: u64,
) -> Result<ValType, Error> {
    match ty {
        ValTypeRef::PrimValType(ty) => Ok(primitive(ty)),
        ValTypeRef::Index(index) => match get(&resolver.frame(frame).types, index, "type", offset)? {
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
    ty: Option<ValTypeRef>,
    offset: u64,
) -> Result<Option<ValType>, Error> {
    ty.map(|ty| val_type(resolver, frame, ty, offset)).transpose()
}

/// Returns the value type that a primitive names.
fn primitive(ty: PrimValType) -> ValType {
    match ty {
        PrimValType::Bool => ValType::Bool,
        PrimValType::S8 => ValType::S8,
        PrimValType::U8 => ValType::U8,
        PrimValType::S16 => ValType::S16,
        PrimValType::U16 => ValType::U16,
        PrimValType::S32 => ValType::S32,
        PrimValType::U32 => ValType::U32,
        PrimValType::S64 => ValType::S64,
        PrimValType::U64 => ValType::U64,
        PrimValType::F32 => ValType::F32,
        PrimValType::F64 => ValType::F64,
        PrimValType::Char => ValType::Char,
        PrimValType::String => ValType::String,
        PrimValType::ErrorContext => ValType::ErrorContext,
    }
}

fn defined_type(
    resolver: &mut Resolver<'_>,
    frame: FrameId,
    ty: &DefValType,
    offset: u64,
) -> Result<ValType, Error> {
    let scope = &*resolver;
    let val = |ty: ValTypeRef| val_type(scope, frame, ty, offset);
    let opt = |ty: Option<ValTypeRef>| option(scope, frame, ty, offset);
    let interned = match ty {
        DefValType::PrimValType(ty) => Ok(primitive(*ty)),
        DefValType::Record(fields) => {
            let field = |field: &LabelValType| Ok((String::from(&*field.label), val(field.ty)?));
            let fields = fields.iter().map(field).collect::<Result<_, Error>>()?;
            resolver.types.record(fields)
        }
        DefValType::Variant(cases) => {
            let case = |case: &Case| Ok((String::from(&*case.label), opt(case.ty)?));
            let cases = cases.iter().map(case).collect::<Result<_, Error>>()?;
            resolver.types.variant(cases)
        }
        DefValType::List(ty) => {
            let ty = val(*ty)?;
            resolver.types.list(ty)
        }
        DefValType::Map(key, value) => {
            let (key, value) = (val(*key)?, val(*value)?);
            resolver.types.map(key, value)
        }
        DefValType::FixedLengthList(ty, length) => {
            let ty = val(*ty)?;
            resolver.types.fixed_length_list(ty, *length)
        }
        DefValType::Tuple(types) => {
            let types = types.iter().map(|ty| val(*ty)).collect::<Result<_, Error>>()?;
            resolver.types.tuple(types)
        }
        DefValType::Flags(labels) => resolver.types.flags(strings(labels)),
        DefValType::Enum(labels) => resolver.types.enum_(strings(labels)),
        DefValType::Option(ty) => {
            let ty = val(*ty)?;
            resolver.types.option(ty)
        }
        DefValType::Result { ok, error } => {
            let (ok, error) = (opt(*ok)?, opt(*error)?);
            resolver.types.result(ok, error)
        }
        DefValType::Own(index) => Ok(ValType::Own(resource(scope, frame, *index, offset)?)),
        DefValType::Borrow(index) => Ok(ValType::Borrow(resource(scope, frame, *index, offset)?)),
        DefValType::Future(ty) => {
            let ty = opt(*ty)?;
            resolver.types.future(ty)
        }
        DefValType::Stream(ty) => {
            let ty = opt(*ty)?;
            resolver.types.stream(ty)
        }
    };
    interned.map_err(|error: TypeError| Error::new(ErrorKind::Limit, error.to_string(), offset))
}

fn strings(labels: &[Arc<str>]) -> Vec<String> {
    labels.iter().map(|label| String::from(&**label)).collect()
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
