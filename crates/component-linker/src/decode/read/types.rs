//! Type definitions. Follows Binary.md, "Type Definitions".

use std::sync::Arc;

use wasmparser::{
    ComponentDefinedType, ComponentExternName, ComponentFuncType, ComponentImport, ComponentType,
    ComponentTypeDeclaration, ComponentTypeRef, ComponentValType, InstanceTypeDeclaration, PrimitiveValType,
    TypeBounds,
};

use super::super::types::{
    Attributes, Case, ComponentDecl, DefType, DefValType, ExportDecl, ExternType, FuncTypeDef, ImportDecl,
    InstanceDecl, LabelValType, NameAttributes, PrimValType, TypeBound, ValTypeRef,
};
use super::alias::alias;
use super::core_types::core_type;
use crate::error::Error;

pub(super) fn def_type(ty: ComponentType<'_>) -> Result<DefType, Error> {
    Ok(match ty {
        ComponentType::Defined(ty) => DefType::DefVal(def_val_type(ty)),
        ComponentType::Func(ty) => DefType::Func(func_type(&ty)),
        ComponentType::Component(decls) => {
            let decls = decls.into_vec().into_iter().map(component_decl);
            DefType::Component(decls.collect::<Result<_, Error>>()?)
        }
        ComponentType::Instance(decls) => {
            let decls = decls.into_vec().into_iter().map(instance_decl);
            DefType::Instance(decls.collect::<Result<_, Error>>()?)
        }
        ComponentType::Resource { rep: _, dtor } => DefType::Resource { dtor },
    })
}

fn component_decl(decl: ComponentTypeDeclaration<'_>) -> Result<ComponentDecl, Error> {
    let decl = match decl {
        ComponentTypeDeclaration::Import(decl) => return Ok(ComponentDecl::Import(import(&decl))),
        ComponentTypeDeclaration::CoreType(ty) => InstanceTypeDeclaration::CoreType(ty),
        ComponentTypeDeclaration::Type(ty) => InstanceTypeDeclaration::Type(ty),
        ComponentTypeDeclaration::Alias(alias) => InstanceTypeDeclaration::Alias(alias),
        ComponentTypeDeclaration::Export { name, ty } => InstanceTypeDeclaration::Export { name, ty },
    };
    instance_decl(decl).map(ComponentDecl::InstanceDecl)
}

fn instance_decl(decl: InstanceTypeDeclaration<'_>) -> Result<InstanceDecl, Error> {
    Ok(match decl {
        InstanceTypeDeclaration::CoreType(ty) => InstanceDecl::CoreType(core_type(ty)?),
        InstanceTypeDeclaration::Type(ty) => InstanceDecl::Type(def_type(ty)?),
        InstanceTypeDeclaration::Alias(decl) => InstanceDecl::Alias(alias(&decl)),
        InstanceTypeDeclaration::Export { name, ty } => {
            let attributes = attributes(&name);
            InstanceDecl::Export(ExportDecl { name: Arc::from(name.name), attributes, ty: extern_type(ty) })
        }
    })
}

pub(super) fn import(import: &ComponentImport<'_>) -> ImportDecl {
    let ComponentImport { name, ty } = import;
    ImportDecl { name: Arc::from(name.name), attributes: attributes(name), ty: extern_type(*ty) }
}

pub(super) fn attributes(name: &ComponentExternName<'_>) -> NameAttributes {
    let ComponentExternName { name: _, implements, version_suffix, external_id } = name;
    let is_plain = implements.is_none() && version_suffix.is_none() && external_id.is_none();
    let attributes = || Attributes {
        implements: implements.map(Box::from),
        version_suffix: version_suffix.map(Box::from),
        external_id: external_id.map(Box::from),
    };
    (!is_plain).then(|| Arc::new(attributes()))
}

pub(super) fn extern_type(ty: ComponentTypeRef) -> ExternType {
    match ty {
        ComponentTypeRef::Module(index) => ExternType::CoreModule(index),
        ComponentTypeRef::Func(index) => ExternType::Func(index),
        ComponentTypeRef::Value(_) => ExternType::Value,
        ComponentTypeRef::Type(TypeBounds::Eq(index)) => ExternType::Type(TypeBound::Eq(index)),
        ComponentTypeRef::Type(TypeBounds::SubResource) => ExternType::Type(TypeBound::SubResource),
        ComponentTypeRef::Instance(index) => ExternType::Instance(index),
        ComponentTypeRef::Component(index) => ExternType::Component(index),
    }
}

fn func_type(ty: &ComponentFuncType<'_>) -> FuncTypeDef {
    FuncTypeDef { is_async: ty.async_, params: label_val_types(&ty.params), result: ty.result.map(val_type) }
}

fn def_val_type(ty: ComponentDefinedType<'_>) -> DefValType {
    match ty {
        ComponentDefinedType::Primitive(ty) => DefValType::PrimValType(prim_val_type(ty)),
        ComponentDefinedType::Record(fields) => DefValType::Record(label_val_types(&fields)),
        ComponentDefinedType::Variant(cases) => {
            let case = |case: &wasmparser::VariantCase<'_>| Case {
                label: Arc::from(case.name),
                ty: case.ty.map(val_type),
            };
            DefValType::Variant(cases.iter().map(case).collect())
        }
        ComponentDefinedType::List(ty) => DefValType::List(val_type(ty)),
        ComponentDefinedType::Map(key, value) => DefValType::Map(val_type(key), val_type(value)),
        ComponentDefinedType::FixedLengthList(ty, length) => {
            DefValType::FixedLengthList(val_type(ty), length)
        }
        ComponentDefinedType::Tuple(types) => {
            DefValType::Tuple(types.iter().copied().map(val_type).collect())
        }
        ComponentDefinedType::Flags(labels) => DefValType::Flags(strings(&labels)),
        ComponentDefinedType::Enum(labels) => DefValType::Enum(strings(&labels)),
        ComponentDefinedType::Option(ty) => DefValType::Option(val_type(ty)),
        ComponentDefinedType::Result { ok, err } => {
            DefValType::Result { ok: ok.map(val_type), error: err.map(val_type) }
        }
        ComponentDefinedType::Own(index) => DefValType::Own(index),
        ComponentDefinedType::Borrow(index) => DefValType::Borrow(index),
        ComponentDefinedType::Future(ty) => DefValType::Future(ty.map(val_type)),
        ComponentDefinedType::Stream(ty) => DefValType::Stream(ty.map(val_type)),
    }
}

fn label_val_types(fields: &[(&str, ComponentValType)]) -> Vec<LabelValType> {
    fields.iter().map(|&(label, ty)| LabelValType { label: Arc::from(label), ty: val_type(ty) }).collect()
}

fn strings(labels: &[&str]) -> Vec<Arc<str>> {
    labels.iter().copied().map(Arc::from).collect()
}

pub(super) fn val_type(ty: ComponentValType) -> ValTypeRef {
    match ty {
        ComponentValType::Primitive(ty) => ValTypeRef::PrimValType(prim_val_type(ty)),
        ComponentValType::Type(index) => ValTypeRef::Index(index),
    }
}

fn prim_val_type(ty: PrimitiveValType) -> PrimValType {
    match ty {
        PrimitiveValType::Bool => PrimValType::Bool,
        PrimitiveValType::S8 => PrimValType::S8,
        PrimitiveValType::U8 => PrimValType::U8,
        PrimitiveValType::S16 => PrimValType::S16,
        PrimitiveValType::U16 => PrimValType::U16,
        PrimitiveValType::S32 => PrimValType::S32,
        PrimitiveValType::U32 => PrimValType::U32,
        PrimitiveValType::S64 => PrimValType::S64,
        PrimitiveValType::U64 => PrimValType::U64,
        PrimitiveValType::F32 => PrimValType::F32,
        PrimitiveValType::F64 => PrimValType::F64,
        PrimitiveValType::Char => PrimValType::Char,
        PrimitiveValType::String => PrimValType::String,
        PrimitiveValType::ErrorContext => PrimValType::ErrorContext,
    }
}
