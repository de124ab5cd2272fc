//! Imports: what a nested component is given, and what the root asks of its host.
//! Follows Explainer.md, "Import and Export Definitions".
//!
//! The root's imports are abstract: a function becomes an imported function with its path, a resource type a new
//! one, and an instance is made by evaluating its type.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use wasmparser::{
    ComponentImport, ComponentTypeDeclaration, ComponentTypeRef, InstanceTypeDeclaration, TypeBounds,
};

use super::alias::alias;
use super::frame::{
    Component, ComponentDeclarations, Entity, Exports, Frame, FrameId, Func, Instance, InstanceType, Module,
    Type, get,
};
use super::item::import_item;
use super::{Args, Resolver, given_component, push_entity, types};
use crate::decode::GivenId;
use crate::error::Error;
use crate::func_type::Signature;
use crate::plan::{FuncDef, ImportedFunc, ImportedFuncId, Path, UnmetImport, UnmetSort};

/// Evaluates an import of a component.
pub(super) fn import<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    args: &Args<'a>,
    import: &ComponentImport<'a>,
    offset: u64,
) -> Result<Entity<'a>, Error> {
    let name = import.name.name;
    match args {
        Args::Given(given) => match given.get(name) {
            Some(entity) => Ok(entity.clone()),
            // The root of a linked component has some of its imports met already.
            None => match given_entity(resolver, frame, &[Arc::from(name)], offset)? {
                Some(entity) => Ok(entity),
                None => Err(Error::internal(format_args!("no argument `{name}`"), offset)),
            },
        },
        Args::Root => {
            let path = &mut vec![Arc::from(name)];
            if let Some(entity) = given_entity(resolver, frame, path, offset)? {
                return Ok(entity);
            }
            let entity = abstract_entity(resolver, frame, path, import.ty, offset)?;
            import_item(resolver, name, &entity, offset)?;
            Ok(entity)
        }
    }
}

/// Returns the module or component that meets an import, if there is one.
fn given_entity<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    path: &[Arc<str>],
    offset: u64,
) -> Result<Option<Entity<'a>>, Error> {
    let source = resolver.source(resolver.frame(frame).source);
    Ok(match source.given.get(path) {
        Some(GivenId::Module(id)) => Some(Entity::Module(Module::Defined(*id))),
        Some(GivenId::Component(id)) => Some(Entity::Component(given_component(resolver, *id, offset)?)),
        None => None,
    })
}

/// Makes what an import of the root, or an export of an instance that it imports, stands for.
fn abstract_entity<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    path: &mut Path,
    ty: ComponentTypeRef,
    offset: u64,
) -> Result<Entity<'a>, Error> {
    if let Some(entity) = given_entity(resolver, frame, path, offset)? {
        return Ok(entity);
    }
    let types = &resolver.frame(frame).types;
    Ok(match ty {
        ComponentTypeRef::Module(_) => {
            unmet(resolver, path, UnmetSort::Module);
            Entity::Module(Module::Imported)
        }
        ComponentTypeRef::Func(index) => match get(types, index, "type", offset)? {
            Type::Func(ty) => Entity::Func(imported_func(resolver, path, ty)),
            Type::Value(_) | Type::Resource(_) | Type::Instance(_) | Type::Component(_) => {
                return Err(Error::internal(format_args!("type {index} is no function type"), offset));
            }
        },
        ComponentTypeRef::Value(_) => return Err(Error::unsupported("component values", offset)),
        ComponentTypeRef::Type(TypeBounds::Eq(index)) => Entity::Type(get(types, index, "type", offset)?),
        ComponentTypeRef::Type(TypeBounds::SubResource) => {
            let imported = (resolver.n_unmet == 0).then(|| path.clone());
            Entity::Type(Type::Resource(resolver.fresh_resource(imported)))
        }
        ComponentTypeRef::Instance(index) => match get(types, index, "type", offset)? {
            Type::Instance(ty) => {
                Entity::Instance(resolver.nested(offset, |resolver| instance(resolver, ty, path, offset))?)
            }
            Type::Value(_) | Type::Func(_) | Type::Resource(_) | Type::Component(_) => {
                return Err(Error::internal(format_args!("type {index} is no instance type"), offset));
            }
        },
        ComponentTypeRef::Component(index) => match get(types, index, "type", offset)? {
            Type::Component(ty) => {
                unmet(resolver, path, UnmetSort::Component);
                Entity::Component(Component::Imported(ty))
            }
            Type::Value(_) | Type::Func(_) | Type::Resource(_) | Type::Instance(_) => {
                return Err(Error::internal(format_args!("type {index} is no component type"), offset));
            }
        },
    })
}

fn unmet(resolver: &mut Resolver<'_>, path: &[Arc<str>], sort: UnmetSort) {
    if resolver.n_unmet == 0 {
        resolver.plan.unmet_imports.push(UnmetImport { path: path.to_vec(), sort });
    }
}

/// Evaluates the type of an unmet component into an instance of it, to know the types of what it exports.
pub(super) fn unmet_instance<'a>(
    resolver: &mut Resolver<'a>,
    ty: ComponentDeclarations<'a>,
    given: &BTreeMap<&'a str, Entity<'a>>,
    offset: u64,
) -> Result<Instance<'a>, Error> {
    let ComponentDeclarations { declarations, parent, size_bytes } = ty;
    resolver.charge(size_bytes, offset)?;
    let scope = resolver.frame(parent);
    let (source, instance) = (scope.source, scope.instance);
    let frame = resolver.push_frame(Frame::new(source, Some(parent), instance), offset)?;
    let mut exports = Exports::default();
    resolver.n_unmet += 1;
    for declaration in declarations {
        match declaration {
            ComponentTypeDeclaration::CoreType(_) => {}
            ComponentTypeDeclaration::Type(ty) => {
                let ty = types::define(resolver, frame, ty, size_bytes, offset)?;
                resolver.frame_mut(frame).types.push(ty);
            }
            ComponentTypeDeclaration::Alias(declared) => alias(resolver, frame, declared, offset)?,
            ComponentTypeDeclaration::Import(import) => {
                let name = import.name.name;
                let entity = given.get(name).cloned();
                let entity =
                    entity.ok_or_else(|| Error::internal(format_args!("no argument `{name}`"), offset))?;
                push_entity(resolver, frame, entity);
            }
            ComponentTypeDeclaration::Export { name, ty } => {
                let entity = abstract_entity(resolver, frame, &mut Path::new(), *ty, offset)?;
                exports.insert(name.name, entity.clone(), offset)?;
                push_entity(resolver, frame, entity);
            }
        }
    }
    resolver.n_unmet -= 1;
    Ok(Rc::new(exports))
}

fn imported_func(resolver: &mut Resolver<'_>, path: &[Arc<str>], signature: Arc<Signature>) -> Func {
    if resolver.n_unmet > 0 {
        return Func { def: FuncDef::Unmet, signature };
    }
    let imported = &mut resolver.plan.imported_funcs;
    let id =
        ImportedFuncId(u32::try_from(imported.len()).expect("each takes bytes of a declaration or a frame"));
    imported.push(ImportedFunc { path: path.to_vec(), signature: Arc::clone(&signature) });
    Func { def: FuncDef::Imported(id), signature }
}

/// Evaluates an instance type into an instance whose exports the host is to provide.
fn instance<'a>(
    resolver: &mut Resolver<'a>,
    ty: InstanceType<'a>,
    path: &mut Path,
    offset: u64,
) -> Result<Instance<'a>, Error> {
    let InstanceType { declarations, parent, size_bytes } = ty;
    resolver.charge(size_bytes, offset)?;
    let scope = resolver.frame(parent);
    let (source, instance) = (scope.source, scope.instance);
    let frame = resolver.push_frame(Frame::new(source, Some(parent), instance), offset)?;
    let mut exports = Exports::default();
    for declaration in declarations {
        match declaration {
            InstanceTypeDeclaration::CoreType(_) => {}
            InstanceTypeDeclaration::Type(ty) => {
                let ty = types::define(resolver, frame, ty, size_bytes, offset)?;
                resolver.frame_mut(frame).types.push(ty);
            }
            InstanceTypeDeclaration::Alias(declared) => alias(resolver, frame, declared, offset)?,
            InstanceTypeDeclaration::Export { name, ty } => {
                path.push(Arc::from(name.name));
                let entity = abstract_entity(resolver, frame, path, *ty, offset);
                path.pop();
                let entity = entity?;
                exports.insert(name.name, entity.clone(), offset)?;
                push_entity(resolver, frame, entity);
            }
        }
    }
    Ok(Rc::new(exports))
}
