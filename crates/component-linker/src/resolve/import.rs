//! Imports: what a nested component is given, and what the root asks of its host.
//! Follows Explainer.md, "Import and Export Definitions".
//!
//! The root's imports are abstract: a function becomes an imported function with its path, a
//! resource type a new one, and an instance is made by evaluating its type.

use std::rc::Rc;
use std::sync::Arc;

use super::alias::alias;
use super::fault::Fault;
use super::fits::{check_given, checked_import};
use super::frame::{
    Component, ComponentDeclarations, CoreType, Entity, Exports, Frame, FrameId, Func, Instance,
    InstanceType, Module, Type, get, no_argument,
};
use super::item::import_item;
use super::plan::{FuncDef, ImportedFunc, ImportedFuncId};
use super::program::GivenId;
use super::{Args, Resolver, given_component, push_entity, types};
use crate::decode::{ComponentDecl, ExportDecl, ExternType, ImportDecl, InstanceDecl, TypeBound};
use crate::error::Error;
use crate::func_type::Signature;
use crate::names::Path;

/// Evaluates an import of a component.
pub(super) fn import<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    args: &Args<'a>,
    import: &ImportDecl,
    offset: u64,
) -> Result<Entity<'a>, Fault> {
    let name = &import.name;
    match args {
        Args::Given(given) => match given.get(&**name) {
            Some(entity) => Ok(entity.clone()),
            // The root of a linked component has some of its imports satisfied already.
            None => match given_entity(resolver, frame, &[Arc::clone(name)], offset)? {
                Some(entity) => Ok(entity),
                None => Err(no_argument(name, offset).into()),
            },
        },
        Args::Checked(promised) if promised.contains_key(&**name) => {
            checked_import(resolver, frame, promised, import, offset)
        }
        Args::Checked(promised) => match given_entity(resolver, frame, &[Arc::clone(name)], offset)? {
            Some(entity) => Ok(entity),
            None => checked_import(resolver, frame, promised, import, offset),
        },
        Args::Root => {
            let path = &mut vec![Arc::clone(name)];
            let is_given = resolver.source(resolver.frame(frame).source).given.contains_key(path);
            let entity = abstract_entity(resolver, frame, path, import.ty, offset)?;
            if !is_given {
                import_item(resolver, import, &entity, offset)?;
            }
            Ok(entity)
        }
    }
}

/// Returns the module or component that satisfies an import, if there is one.
fn given_entity<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    path: &[Arc<str>],
    offset: u64,
) -> Result<Option<Entity<'a>>, Fault> {
    let source = resolver.source(resolver.frame(frame).source);
    Ok(match source.given.get(path) {
        Some(GivenId::Module(id)) => Some(Entity::Module(Module::Defined(*id))),
        Some(GivenId::Component(id)) => Some(Entity::Component(given_component(resolver, *id, offset)?)),
        None => None,
    })
}

/// Makes what an import of the root, or an export of an instance that it imports, stands for.
pub(super) fn abstract_entity<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    path: &mut Path,
    ty: ExternType,
    offset: u64,
) -> Result<Entity<'a>, Fault> {
    // Within an instance of an unknown component, paths are not those of the root.
    if resolver.n_unknown == 0
        && let Some(entity) = given_entity(resolver, frame, path, offset)?
    {
        check_given(resolver, frame, path, &entity, ty, offset)?;
        return Ok(entity);
    }
    Ok(match ty {
        ExternType::CoreModule(index) => {
            unsatisfied(resolver);
            let ty = get(&resolver.frame(frame).core_types, index, "core type", offset)?;
            let CoreType::Module(ty) = ty else {
                return Err(Error::internal(format_args!("core type {index} is no module's"), offset).into());
            };
            Entity::Module(Module::Imported(ty))
        }
        ExternType::Func(index) => {
            let ty = func_type(resolver, frame, index, offset)?;
            Entity::Func(imported_func(resolver, path, ty))
        }
        ExternType::Value => return Err(Error::unsupported("component values", offset).into()),
        ExternType::Type(TypeBound::Eq(index)) => {
            Entity::Type(get(&resolver.frame(frame).types, index, "type", offset)?)
        }
        ExternType::Type(TypeBound::SubResource) => {
            let imported = (resolver.n_unknown == 0).then(|| path.clone());
            Entity::Type(Type::Resource(resolver.fresh_resource(imported)))
        }
        ExternType::Instance(index) => {
            let ty = instance_type(resolver, frame, index, offset)?;
            Entity::Instance(resolver.nested(offset, |resolver| instance(resolver, ty, path, offset))?)
        }
        ExternType::Component(index) => {
            unsatisfied(resolver);
            Entity::Component(Component::Imported(component_type(resolver, frame, index, offset)?))
        }
    })
}

/// Returns the function type at an index.
pub(super) fn func_type(
    resolver: &Resolver<'_>,
    frame: FrameId,
    index: u32,
    offset: u64,
) -> Result<Arc<Signature>, Error> {
    match get(&resolver.frame(frame).types, index, "type", offset)? {
        Type::Func(ty) => Ok(ty),
        Type::Value(_) | Type::Resource(_) | Type::Instance(_) | Type::Component(_) => {
            Err(Error::internal(format_args!("type {index} is no function type"), offset))
        }
    }
}

/// Returns the instance type at an index.
pub(super) fn instance_type<'a>(
    resolver: &Resolver<'a>,
    frame: FrameId,
    index: u32,
    offset: u64,
) -> Result<InstanceType<'a>, Error> {
    match get(&resolver.frame(frame).types, index, "type", offset)? {
        Type::Instance(ty) => Ok(ty),
        Type::Value(_) | Type::Func(_) | Type::Resource(_) | Type::Component(_) => {
            Err(Error::internal(format_args!("type {index} is no instance type"), offset))
        }
    }
}

/// Returns the component type at an index.
pub(super) fn component_type<'a>(
    resolver: &Resolver<'a>,
    frame: FrameId,
    index: u32,
    offset: u64,
) -> Result<ComponentDeclarations<'a>, Error> {
    match get(&resolver.frame(frame).types, index, "type", offset)? {
        Type::Component(ty) => Ok(ty),
        Type::Value(_) | Type::Func(_) | Type::Resource(_) | Type::Instance(_) => {
            Err(Error::internal(format_args!("type {index} is no component type"), offset))
        }
    }
}

/// The root imports a module or a component that is not known.
fn unsatisfied(resolver: &mut Resolver<'_>) {
    if resolver.n_unknown == 0 {
        resolver.plan.is_open = true;
    }
}

/// Evaluates a component type into an instance of an unknown component of that type. What `import`
/// returns for each import is what the exports' types refer to.
pub(super) fn unknown_instance<'a>(
    resolver: &mut Resolver<'a>,
    ty: ComponentDeclarations<'a>,
    offset: u64,
    mut import: impl FnMut(&mut Resolver<'a>, FrameId, &'a ImportDecl) -> Result<Entity<'a>, Fault>,
) -> Result<Instance<'a>, Fault> {
    let frame = type_frame(resolver, ty.parent, ty.size_bytes, offset)?;
    let mut exports = Exports::default();
    resolver.n_unknown += 1;
    for declaration in ty.declarations {
        let entity = match declaration {
            ComponentDecl::Import(declaration) => import(resolver, frame, declaration)?,
            ComponentDecl::InstanceDecl(declaration) => {
                let export = declare(resolver, frame, declaration, ty.size_bytes, offset)?;
                let Some(export) = export else { continue };
                let entity = abstract_entity(resolver, frame, &mut Path::new(), export.ty, offset)?;
                exports.insert(&export.name, &export.attributes, entity.clone(), offset)?;
                entity
            }
        };
        push_entity(resolver, frame, entity);
    }
    resolver.n_unknown -= 1;
    Ok(Rc::new(exports))
}

fn imported_func(resolver: &mut Resolver<'_>, path: &[Arc<str>], signature: Arc<Signature>) -> Func {
    if resolver.n_unknown > 0 {
        return Func { def: FuncDef::Unknown, signature };
    }
    let imported = &mut resolver.plan.imported_funcs;
    let id =
        ImportedFuncId(u32::try_from(imported.len()).expect("each takes bytes of a declaration or a frame"));
    imported.push(ImportedFunc { path: path.to_vec(), signature: Arc::clone(&signature) });
    Func { def: FuncDef::Imported(id), signature }
}

/// Evaluates an instance type into an instance whose exports the host is to provide.
pub(super) fn instance<'a>(
    resolver: &mut Resolver<'a>,
    ty: InstanceType<'a>,
    path: &mut Path,
    offset: u64,
) -> Result<Instance<'a>, Fault> {
    let frame = type_frame(resolver, ty.parent, ty.size_bytes, offset)?;
    let mut exports = Exports::default();
    for declaration in ty.declarations {
        if let Some(export) = declare(resolver, frame, declaration, ty.size_bytes, offset)? {
            path.push(Arc::clone(&export.name));
            let entity = abstract_entity(resolver, frame, path, export.ty, offset);
            path.pop();
            let entity = entity?;
            exports.insert(&export.name, &export.attributes, entity.clone(), offset)?;
            push_entity(resolver, frame, entity);
        }
    }
    Ok(Rc::new(exports))
}

/// Makes the frame in which a component type or an instance type is evaluated.
pub(super) fn type_frame(
    resolver: &mut Resolver<'_>,
    parent: FrameId,
    size_bytes: u64,
    offset: u64,
) -> Result<FrameId, Error> {
    resolver.charge(size_bytes, offset)?;
    let scope = resolver.frame(parent);
    let (source, instance) = (scope.source, scope.instance);
    resolver.push_frame(Frame::new(source, Some(parent), instance), offset)
}

/// Evaluates a declaration of a component type or an instance type; an export is returned and left
/// to the caller.
pub(super) fn declare<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    declaration: &'a InstanceDecl,
    size_bytes: u64,
    offset: u64,
) -> Result<Option<&'a ExportDecl>, Error> {
    match declaration {
        InstanceDecl::CoreType(ty) => types::define_core(resolver, frame, ty, offset)?,
        InstanceDecl::Type(ty) => {
            let ty = types::define(resolver, frame, ty, size_bytes, offset)?;
            resolver.frame_mut(frame).types.push(ty);
        }
        InstanceDecl::Alias(declared) => alias(resolver, frame, declared, offset)?,
        InstanceDecl::Export(export) => return Ok(Some(export)),
    }
    Ok(None)
}
