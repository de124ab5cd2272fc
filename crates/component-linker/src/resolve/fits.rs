//! Whether a module or a component that is given fits the import that it is given for.
//! Follows Explainer.md, "Type Checking".
//!
//! What is given is evaluated with what the import's type promises to it, and must yield what the
//! type promises to the importer. Types are values of one evaluation, so that equal ones have equal
//! ids, and a resource type stands for itself wherever it was passed.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use canonical_abi::{display, display_func};

use super::fault::Fault;
use super::frame::{
    Component, ComponentDeclarations, CoreType, Entity, Exports, FrameId, Func, Instance, InstanceType,
    Module, Type, get,
};
use super::import::{
    abstract_entity, component_type, declare, func_type, instance, instance_type, type_frame,
    unknown_instance,
};
use super::{Args, Resolver, push_entity, run_component};
use crate::decode::{ComponentDecl, ExternType, ImportDecl, TypeBound};
use crate::error::Error;
use crate::names::{Path, describe_path};

/// Checks that what is given for the import at a path fits the import's type. The evaluation stays
/// as it is.
pub(super) fn check_given<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    path: &[Arc<str>],
    given: &Entity<'a>,
    ty: ExternType,
    offset: u64,
) -> Result<(), Fault> {
    let seen = resolver.apart(|resolver| seen_as(resolver, frame, given, ty, offset));
    match seen {
        Ok(_) => Ok(()),
        Err(Fault::Unfit(why)) => {
            let import = describe_path(path, sort(given));
            Err(Fault::unfit(format!("import {import} is provided as one of another type: {why}")))
        }
        Err(error @ Fault::Error(_)) => Err(error),
    }
}

/// Checks that an entity is of a type, and returns what is known of one that is.
pub(super) fn seen_as<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    given: &Entity<'a>,
    ty: ExternType,
    offset: u64,
) -> Result<Entity<'a>, Fault> {
    match (ty, given) {
        (ExternType::CoreModule(index), Entity::Module(module)) => {
            let expected = get(&resolver.frame(frame).core_types, index, "core type", offset)?;
            let CoreType::Module(expected) = expected else {
                return Err(Error::internal(format_args!("core type {index} is no module's"), offset).into());
            };
            let given = match module {
                Module::Defined(id) => {
                    let module = Arc::clone(&resolver.program.modules[id.0 as usize]);
                    Rc::new(resolver.core_types.module_type(&module)?)
                }
                Module::Imported(ty) => Rc::clone(ty),
            };
            resolver.core_types.check_module(&given, &expected)?;
            Ok(Entity::Module(Module::Imported(expected)))
        }
        (ExternType::Func(index), Entity::Func(Func { def, signature })) => {
            let expected = func_type(resolver, frame, index, offset)?;
            same_func(resolver, &signature.ty, &expected.ty)?;
            Ok(Entity::Func(Func { def: *def, signature: expected }))
        }
        (ExternType::Value, _) => Err(Error::unsupported("component values", offset).into()),
        (ExternType::Type(TypeBound::SubResource), Entity::Type(Type::Resource(id))) => {
            Ok(Entity::Type(Type::Resource(*id)))
        }
        (ExternType::Type(TypeBound::SubResource), Entity::Type(given)) => {
            Err(Fault::unfit(format!("expected resource, found {}", type_sort(given))))
        }
        (ExternType::Type(TypeBound::Eq(index)), Entity::Type(given)) => {
            let expected = get(&resolver.frame(frame).types, index, "type", offset)?;
            same_type(resolver, given, &expected, offset)?;
            Ok(Entity::Type(given.clone()))
        }
        (ExternType::Instance(index), Entity::Instance(given)) => {
            let expected = instance_type(resolver, frame, index, offset)?;
            let seen = resolver.nested(offset, |resolver| instance_as(resolver, given, expected, offset))?;
            Ok(Entity::Instance(seen))
        }
        (ExternType::Component(index), Entity::Component(given)) => {
            let expected = component_type(resolver, frame, index, offset)?;
            resolver.nested(offset, |resolver| check_component(resolver, *given, expected, offset))?;
            Ok(Entity::Component(Component::Imported(expected)))
        }
        (
            ExternType::CoreModule(_)
            | ExternType::Func(_)
            | ExternType::Type(_)
            | ExternType::Instance(_)
            | ExternType::Component(_),
            given,
        ) => Err(Fault::unfit(format!("expected {}, found {}", extern_sort(ty), sort(given)))),
    }
}

/// Checks that an instance exports what a type says, or more, and returns it without the rest.
fn instance_as<'a>(
    resolver: &mut Resolver<'a>,
    given: &Instance<'a>,
    expected: InstanceType<'a>,
    offset: u64,
) -> Result<Instance<'a>, Fault> {
    let frame = type_frame(resolver, expected.parent, expected.size_bytes, offset)?;
    let mut seen = Exports::default();
    for declaration in expected.declarations {
        let Some(export) = declare(resolver, frame, declaration, expected.size_bytes, offset)? else {
            continue;
        };
        let name = &export.name;
        let Some(entity) = given.get(name) else {
            return Err(Fault::unfit(format!("missing expected export `{name}`")));
        };
        let entity = seen_as(resolver, frame, entity, export.ty, offset)
            .map_err(|fault| fault.within(|| format!("type mismatch in instance export `{name}`")))?;
        seen.insert(name, &export.attributes, entity.clone(), offset)?;
        push_entity(resolver, frame, entity);
    }
    Ok(Rc::new(seen))
}

/// Checks that a component imports what a type says, or less, and exports what it says, or more.
fn check_component<'a>(
    resolver: &mut Resolver<'a>,
    given: Component<'a>,
    expected: ComponentDeclarations<'a>,
    offset: u64,
) -> Result<(), Fault> {
    let mut imports = BTreeMap::new();
    unknown_instance(resolver, expected, offset, |resolver, frame, import| {
        let entity = abstract_entity(resolver, frame, &mut Path::new(), import.ty, offset)?;
        imports.insert(&*import.name, entity.clone());
        Ok(entity)
    })?;
    let exports = match given {
        Component::Defined { source, id, parent } => {
            let args = Args::Checked(imports.clone());
            Rc::new(run_component(resolver, source, id, parent, args, offset)?)
        }
        Component::Imported(ty) => unknown_instance(resolver, ty, offset, |resolver, frame, import| {
            checked_import(resolver, frame, &imports, import, offset)
        })?,
    };
    let frame = type_frame(resolver, expected.parent, expected.size_bytes, offset)?;
    for declaration in expected.declarations {
        let export = match declaration {
            ComponentDecl::Import(import) => {
                let entity = imports.get(&*import.name).cloned();
                let entity = entity.ok_or_else(|| Error::internal("an import is lost", offset))?;
                push_entity(resolver, frame, entity);
                continue;
            }
            ComponentDecl::InstanceDecl(declaration) => {
                declare(resolver, frame, declaration, expected.size_bytes, offset)?
            }
        };
        let Some(export) = export else { continue };
        let name = &export.name;
        let Some(entity) = exports.get(name) else {
            return Err(Fault::unfit(format!("missing export named `{name}`")));
        };
        let entity = seen_as(resolver, frame, entity, export.ty, offset)
            .map_err(|fault| fault.within(|| format!("type mismatch for export `{name}`")))?;
        push_entity(resolver, frame, entity);
    }
    Ok(())
}

/// Returns what is promised for an import, if it is of the import's type.
pub(super) fn checked_import<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    promised: &BTreeMap<&'a str, Entity<'a>>,
    import: &ImportDecl,
    offset: u64,
) -> Result<Entity<'a>, Fault> {
    let name = &import.name;
    let Some(entity) = promised.get(&**name) else {
        return Err(Fault::unfit(format!("missing import named `{name}`")));
    };
    seen_as(resolver, frame, entity, import.ty, offset)
        .map_err(|fault| fault.within(|| format!("type mismatch for import `{name}`")))
}

fn same_type<'a>(
    resolver: &mut Resolver<'a>,
    given: &Type<'a>,
    expected: &Type<'a>,
    offset: u64,
) -> Result<(), Fault> {
    match (given, expected) {
        (Type::Value(a), Type::Value(b)) if a == b => Ok(()),
        (Type::Value(a), Type::Value(b)) => {
            let (a, b) = (display(&resolver.types, *a), display(&resolver.types, *b));
            Err(Fault::unfit(format!("expected `{b}`, found `{a}`")))
        }
        (Type::Func(a), Type::Func(b)) => same_func(resolver, &a.ty, &b.ty),
        (Type::Resource(a), Type::Resource(b)) if a == b => Ok(()),
        (Type::Resource(_), Type::Resource(_)) => Err(Fault::unfit("resource types are not the same")),
        (Type::Instance(a), Type::Instance(b)) => resolver.nested(offset, |resolver| {
            let a = instance(resolver, *a, &mut Path::new(), offset)?;
            instance_as(resolver, &a, *b, offset).map(drop)
        }),
        (Type::Component(a), Type::Component(b)) => {
            resolver.nested(offset, |resolver| check_component(resolver, Component::Imported(*a), *b, offset))
        }
        (
            Type::Value(_) | Type::Func(_) | Type::Resource(_) | Type::Instance(_) | Type::Component(_),
            expected,
        ) => Err(Fault::unfit(format!("expected {}, found {}", type_sort(expected), type_sort(given)))),
    }
}

fn same_func(
    resolver: &Resolver<'_>,
    given: &canonical_abi::FuncType,
    expected: &canonical_abi::FuncType,
) -> Result<(), Fault> {
    if given == expected {
        return Ok(());
    }
    // A function type has no name of its own.
    let text = |ty| display_func(&resolver.types, "", ty).split_off(": ".len());
    let (given, expected) = (text(given), text(expected));
    let hint = if given == expected { ", of other resource types" } else { "" };
    Err(Fault::unfit(format!("expected `{expected}`, found `{given}`{hint}")))
}

fn extern_sort(ty: ExternType) -> &'static str {
    match ty {
        ExternType::CoreModule(_) => "core module",
        ExternType::Func(_) => "function",
        ExternType::Value => "value",
        ExternType::Type(_) => "type",
        ExternType::Component(_) => "component",
        ExternType::Instance(_) => "instance",
    }
}

fn sort(entity: &Entity<'_>) -> &'static str {
    match entity {
        Entity::Module(_) => "core module",
        Entity::Func(_) => "function",
        Entity::Type(_) => "type",
        Entity::Instance(_) => "instance",
        Entity::Component(_) => "component",
    }
}

fn type_sort(ty: &Type<'_>) -> &'static str {
    match ty {
        Type::Value(_) => "value type",
        Type::Func(_) => "function type",
        Type::Resource(_) => "resource type",
        Type::Instance(_) => "instance type",
        Type::Component(_) => "component type",
    }
}
