//! Imports: what a nested component is given, and what the root asks of its host.
//! Follows Explainer.md, "Import and Export Definitions".
//!
//! The root's imports are abstract: a function becomes an imported function with its path, a resource type a new
//! one, and an instance is made by evaluating its type.

use std::rc::Rc;
use std::sync::Arc;

use wasmparser::{ComponentImport, ComponentTypeRef, InstanceTypeDeclaration, TypeBounds};

use super::alias::alias;
use super::frame::{
    Component, Entity, Exports, Frame, FrameId, Func, Instance, InstanceType, Module, Type, get,
};
use super::item::import_item;
use super::{Args, Resolver, push_entity, types};
use crate::error::Error;
use crate::func_type::Signature;
use crate::plan::{FuncDef, ImportedFunc, ImportedFuncId, Path, Unsupported};

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
        Args::Given(given) => {
            let entity = given.get(name).cloned();
            entity.ok_or_else(|| Error::internal(format_args!("no argument `{name}`"), offset))
        }
        Args::Root => {
            let entity = abstract_entity(resolver, frame, &mut vec![Arc::from(name)], import.ty, offset)?;
            import_item(resolver, name, &entity, offset)?;
            Ok(entity)
        }
    }
}

/// Makes what an import of the root, or an export of an instance that it imports, stands for.
fn abstract_entity<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    path: &mut Path,
    ty: ComponentTypeRef,
    offset: u64,
) -> Result<Entity<'a>, Error> {
    let types = &resolver.frame(frame).types;
    Ok(match ty {
        ComponentTypeRef::Module(_) => {
            unmet(resolver, path, "a core module", offset);
            Entity::Module(Module::Imported)
        }
        ComponentTypeRef::Func(index) => match get(types, index, "type", offset)? {
            Type::Func(ty) => Entity::Func(imported_func(resolver, path, ty)),
            Type::Value(_) | Type::Resource(_) | Type::Instance(_) | Type::Component => {
                return Err(Error::internal(format_args!("type {index} is no function type"), offset));
            }
        },
        ComponentTypeRef::Value(_) => return Err(Error::unsupported("component values", offset)),
        ComponentTypeRef::Type(TypeBounds::Eq(index)) => Entity::Type(get(types, index, "type", offset)?),
        ComponentTypeRef::Type(TypeBounds::SubResource) => {
            Entity::Type(Type::Resource(resolver.fresh_resource(Some(path.clone()))))
        }
        ComponentTypeRef::Instance(index) => match get(types, index, "type", offset)? {
            Type::Instance(ty) => {
                Entity::Instance(resolver.nested(offset, |resolver| instance(resolver, ty, path, offset))?)
            }
            Type::Value(_) | Type::Func(_) | Type::Resource(_) | Type::Component => {
                return Err(Error::internal(format_args!("type {index} is no instance type"), offset));
            }
        },
        ComponentTypeRef::Component(_) => {
            unmet(resolver, path, "a component", offset);
            Entity::Component(Component::Imported)
        }
    })
}

fn unmet(resolver: &mut Resolver<'_>, path: &[Arc<str>], what: &str, offset: u64) {
    let what = format!("importing {what} (`{}`)", path.join("` from `"));
    resolver.plan.unmet_imports.push(Unsupported { what, offset });
}

fn imported_func(resolver: &mut Resolver<'_>, path: &[Arc<str>], signature: Arc<Signature>) -> Func {
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
    let instance = resolver.frame(parent).instance;
    let frame = resolver.push_frame(Frame::new(Some(parent), instance), offset)?;
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
