//! Satisfies the imports of a component with what a linker knows: by name, and by type where the
//! type is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use canonical_abi::name::compatible_name;
use canonical_abi::{ResourceId, display, display_func};

use super::definition::{
    Definition, Definitions, ExportedType, FuncDefinition, HostSignature, ResourceDefinition,
};
use crate::compile::{Component, Given};
use crate::func_type::Signature;
use crate::link_error::{LinkError, wrong_sort};
use crate::names::{Path, describe_path, join_path};
use crate::resolve::{Fault, ImportSort, ImportedFunc, Item, ItemKind, UnsatisfiedImport};
use crate::run::{Body, Func, HostState, Imports, ResourceIndex, State, StoreContextMut};
use crate::type_equality::{TypeScope, same_func, same_type};
use crate::typed::{Expected, TypeMismatch};

/// Looks up every import of a component, and checks the types of those that come with one.
pub(crate) fn satisfy_imports<T: 'static>(
    cx: &mut StoreContextMut<'_, T>,
    definitions: &Definitions<T>,
    component: &Component,
) -> Result<Imports<T>, LinkError> {
    let plan = &component.inner.plan;
    let (state, host) = cx.halves_mut();
    // Functions come first: where an instance lacks everything, they say more than its resource
    // types.
    let find_func = |import| Ok((import, func(definitions, component, import)?));
    let found = plan.imported_funcs.iter().map(find_func).collect::<Result<Vec<_>, LinkError>>()?;
    let mut resources = Vec::with_capacity(plan.resources.len());
    for def in &plan.resources {
        let index =
            def.imported.as_deref().map(|path| resource(state, host, definitions, path)).transpose()?;
        resources.push(index);
    }
    let importer = Importer { state, host, component, resources: &resources };
    let funcs = found.into_iter().map(|(import, func)| satisfy_func(&importer, import, func));
    let funcs = funcs.collect::<Result<Vec<_>, LinkError>>()?;
    check_types(&importer, definitions, component.imports(), &mut Path::new())?;
    Ok(Imports { funcs, resources })
}

/// Satisfies the imports of core modules and components, and resolves the component with them.
pub(crate) fn satisfy_modules<T: 'static>(
    definitions: &Definitions<T>,
    component: &Component,
) -> Result<Component, LinkError> {
    let unsatisfied = &component.inner.plan.unsatisfied_imports;
    if unsatisfied.is_empty() {
        return Ok(component.clone());
    }
    let mut given = BTreeMap::new();
    for UnsatisfiedImport { path, sort } in unsatisfied {
        let sort_name = match sort {
            ImportSort::Module => "core module",
            ImportSort::Component => "component",
        };
        let describe = || format!("import {}", describe_path(path, sort_name));
        let found = match (find(definitions, path), sort) {
            (Found::Definition(Definition::Module(module)), ImportSort::Module) => {
                Given::Module(module.clone())
            }
            (Found::Definition(Definition::Component(component)), ImportSort::Component) => {
                Given::Component(component.clone())
            }
            (Found::Definition(other), _) => return Err(wrong_sort(&describe(), other.sort())),
            (Found::NotAnInstance, _) => return Err(wrong_sort(&describe(), "function or a resource")),
            (Found::Nothing, _) => {
                return Err(LinkError::Missing(format!("{} is not provided", describe())));
            }
        };
        given.insert(path.clone(), found);
    }
    component.with_given(given).map_err(|fault| match fault {
        Fault::Error(error) => LinkError::Unsupported(error),
        Fault::Unfit(why) => LinkError::WrongType(why),
    })
}

/// The component whose imports are satisfied, and what its resource types are in the store.
struct Importer<'a, T: 'static> {
    state: &'a State,
    host: &'a HostState<T>,
    component: &'a Component,
    /// By [`ResourceId`], those that are imported.
    resources: &'a [Option<ResourceIndex>],
}

fn describe_func(component: &Component, import: &ImportedFunc) -> String {
    let ty = display_func(component.types(), last(&import.path), &import.signature.ty);
    match import.path.as_slice() {
        [outer @ .., _] if !outer.is_empty() => format!("import `{}` function `{ty}`", join_path(outer)),
        _ => format!("import function `{ty}`"),
    }
}

fn func<'a, T>(
    definitions: &'a Definitions<T>,
    component: &Component,
    import: &ImportedFunc,
) -> Result<&'a FuncDefinition<T>, LinkError> {
    let describe = || describe_func(component, import);
    match find(definitions, &import.path) {
        Found::Definition(Definition::Func(func)) => Ok(func),
        Found::Definition(other) => Err(wrong_sort(&describe(), other.sort())),
        Found::NotAnInstance => Err(wrong_sort(&describe(), "function or a resource")),
        Found::Nothing => Err(LinkError::Missing(format!("{} is not provided", describe()))),
    }
}

fn resource<T>(
    state: &mut State,
    host: &mut HostState<T>,
    definitions: &Definitions<T>,
    path: &[Arc<str>],
) -> Result<ResourceIndex, LinkError> {
    let describe = || format!("import {}", describe_path(path, "resource"));
    match find(definitions, path) {
        Found::Definition(Definition::Resource(ResourceDefinition::Host(ty))) => Ok(host.resource(state, ty)),
        Found::Definition(Definition::Resource(ResourceDefinition::Exported { store, index })) => {
            check_store(state, *store, describe)?;
            Ok(*index)
        }
        Found::Definition(other) => Err(wrong_sort(&describe(), other.sort())),
        Found::NotAnInstance => Err(wrong_sort(&describe(), "function or a resource")),
        Found::Nothing => Err(LinkError::Missing(format!("{} is not provided", describe()))),
    }
}

fn check_store(state: &State, store: u64, import: impl Fn() -> String) -> Result<(), LinkError> {
    if state.id == store {
        return Ok(());
    }
    Err(LinkError::WrongStore(format!("{} is provided by an instance of another store", import())))
}

/// Checks the type of what was found for a function, and makes the function's body of it.
fn satisfy_func<T: 'static>(
    importer: &Importer<'_, T>,
    import: &ImportedFunc,
    given: &FuncDefinition<T>,
) -> Result<Body<T>, LinkError> {
    match given {
        FuncDefinition::Host { func, ty } => {
            if let Some(ty) = ty {
                let HostSignature { types, signature, resources } = &**ty;
                let resource = |id: ResourceId| {
                    let name = resources.get(id.0 as usize)?;
                    importer.host.known_resource(*name)
                };
                check_func(importer, import, TypeScope { types, resources: &resource }, signature)?;
            }
            Ok(Body::Host(Arc::clone(func)))
        }
        FuncDefinition::Typed(func) => {
            let host_resource = |id: ResourceId| {
                let index = importer.resources.get(id.0 as usize).copied().flatten()?;
                importer.state.host_type(index)
            };
            let expected = Expected {
                name: last(&import.path),
                types: importer.component.types(),
                ty: &import.signature.ty,
                host_resources: &host_resource,
            };
            func.check(&expected).map_err(|mismatch| {
                let import = describe_func(importer.component, import);
                LinkError::WrongType(match mismatch {
                    TypeMismatch::Func { given, expected: _ } => format!("{import} is provided as `{given}`"),
                    TypeMismatch::Invalid(error) => format!("{import} is provided with no type: {error}"),
                })
            })?;
            Ok(Body::Typed(Arc::clone(func)))
        }
        FuncDefinition::Exported(Func { store, index, info }) => {
            check_store(importer.state, *store, || describe_func(importer.component, import))?;
            let resource = |id: ResourceId| info.resources.get(id.0 as usize).copied();
            let given = TypeScope { types: &info.types, resources: &resource };
            check_func(importer, import, given, &info.signature)?;
            let func = importer.host.func(*index);
            // A function that only calls another is left out, so that chains do not grow.
            Ok(Body::Exported(match &func.body {
                Body::Exported(callee) => Arc::clone(callee),
                Body::Lifted(_) | Body::Host(_) | Body::Typed(_) => Arc::clone(func),
            }))
        }
    }
}

fn check_func<T>(
    importer: &Importer<'_, T>,
    import: &ImportedFunc,
    given: TypeScope<'_, ResourceIndex>,
    signature: &Signature,
) -> Result<(), LinkError> {
    let resource = |id: ResourceId| importer.resources.get(id.0 as usize).copied().flatten();
    let expected = TypeScope { types: importer.component.types(), resources: &resource };
    if same_func(expected, &import.signature.ty, given, &signature.ty) {
        return Ok(());
    }
    let name = last(&import.path);
    let expected_text = display_func(expected.types, name, &import.signature.ty);
    let given_text = display_func(given.types, name, &signature.ty);
    let hint = if expected_text == given_text { ", of other resource types" } else { "" };
    let import = describe_func(importer.component, import);
    Err(LinkError::WrongType(format!("{import} is provided as `{given_text}`{hint}")))
}

/// Checks the value types that the component imports and the linker has. Others need not
/// be there: the host provides functions without the types that they mention.
fn check_types<T>(
    importer: &Importer<'_, T>,
    definitions: &Definitions<T>,
    items: &[Item],
    path: &mut Path,
) -> Result<(), LinkError> {
    for Item { name, kind } in items {
        path.push(Arc::from(name.as_str()));
        match kind {
            ItemKind::Type(ty) => {
                if let Found::Definition(Definition::Type(given)) = find(definitions, path) {
                    check_type(importer, path, *ty, given)?;
                }
            }
            ItemKind::Instance(items) => check_types(importer, definitions, items, path)?,
            ItemKind::Func(_)
            | ItemKind::Resource(_)
            | ItemKind::OtherType
            | ItemKind::Module
            | ItemKind::Component => {}
        }
        path.pop();
    }
    Ok(())
}

fn check_type<T>(
    importer: &Importer<'_, T>,
    path: &[Arc<str>],
    ty: canonical_abi::ValType,
    given: &ExportedType,
) -> Result<(), LinkError> {
    let describe = || format!("import {}", describe_path(path, "type"));
    check_store(importer.state, given.store, describe)?;
    let expected_resource = |id: ResourceId| importer.resources.get(id.0 as usize).copied().flatten();
    let expected = TypeScope { types: importer.component.types(), resources: &expected_resource };
    let given_resource = |id: ResourceId| given.resources.get(id.0 as usize).copied();
    let given_scope = TypeScope { types: &given.types, resources: &given_resource };
    if same_type(expected, ty, given_scope, given.ty) {
        return Ok(());
    }
    let expected = display(expected.types, ty);
    let given = display(&given.types, given.ty);
    Err(LinkError::WrongType(format!("{}, `{expected}`, is provided as `{given}`", describe())))
}

pub(crate) fn last(path: &[Arc<str>]) -> &str {
    path.last().map_or("", |name| &**name)
}

/// What a linker has under a path.
pub(crate) enum Found<'a, T: 'static> {
    Definition(&'a Definition<T>),
    NotAnInstance,
    Nothing,
}

/// Finds a path. If the instance of exactly this name lacks the rest, one of a compatible version
/// may have it.
pub(crate) fn find<'a, T>(definitions: &'a Definitions<T>, path: &[Arc<str>]) -> Found<'a, T> {
    let Some((name, rest)) = path.split_first() else { return Found::Nothing };
    let mut best = Found::Nothing;
    for definition in candidates(definitions, name) {
        best = match (definition, rest) {
            (definition, []) => Found::Definition(definition),
            (Definition::Instance(definitions), rest) => find(definitions, rest),
            (
                Definition::Func(_)
                | Definition::Resource(_)
                | Definition::Type(_)
                | Definition::Module(_)
                | Definition::Component(_),
                _,
            ) => Found::NotAnInstance,
        };
        if let Found::Definition(_) | Found::NotAnInstance = best {
            break;
        }
    }
    best
}

/// Returns what has exactly this name, then what has one of a compatible version, the last one
/// first.
fn candidates<'a, T>(definitions: &'a Definitions<T>, name: &str) -> impl Iterator<Item = &'a Definition<T>> {
    let compatible = compatible_name(name).map(|wanted| {
        let matches = move |other: &str| other != name && compatible_name(other) == Some(wanted);
        definitions.iter().rev().filter(move |(other, _)| matches(other)).map(|(_, definition)| definition)
    });
    definitions.get(name).into_iter().chain(compatible.into_iter().flatten())
}
