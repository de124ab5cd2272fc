//! Satisfies the imports of a component with what a linker has: chooses by name, and checks sorts
//! and types. It takes no store, so that a component can be linked once and instantiated in many.

use std::collections::BTreeMap;
use std::sync::Arc;

use canonical_abi::{ResourceId, ValType, display, display_func};

use super::choose::{choose, is_of_sort, sort, versions};
use super::definition::{
    Definition, Definitions, ExportedFunc, ExportedType, FuncDefinition, HostSignature, ResourceDefinition,
};
use crate::compile::{Component, Given};
use crate::func_type::Signature;
use crate::link_error::{LinkError, wrong_sort};
use crate::names::{Path, describe_path, quote_path};
use crate::resolve::{Fault, ImportedFunc, Item, ItemKind};
use crate::run::ResourceOrigin;
use crate::type_equality::{TypeScope, resources_of_func, resources_of_type, same_func, same_type};
use crate::typed::{Expected, TypeMismatch};

/// What satisfies the imports of a component, in the order of its plan.
pub(super) struct Satisfied<T: 'static> {
    pub(super) funcs: Vec<FuncDefinition<T>>,
    /// By [`ResourceId`]; `None` for those that the component defines.
    pub(super) resources: Vec<Option<ResourceDefinition<T>>>,
}

/// Satisfies every import of a component, and returns it without its imports of core modules and
/// components. The error has all imports that are not satisfied.
pub(super) fn satisfy_all<T: 'static>(
    definitions: &Definitions<T>,
    component: &Component,
) -> Result<(Component, Satisfied<T>), LinkError> {
    let component = match satisfy_modules(definitions, component) {
        Ok(component) => component,
        Err(error) => {
            let mut errors = error.each().to_vec();
            if let Err(error) = satisfy_imports(definitions, component) {
                errors.extend(
                    error.each().iter().filter(|error| !errors.contains(error)).cloned().collect::<Vec<_>>(),
                );
            }
            LinkError::of_all(errors)?;
            return Err(error);
        }
    };
    let satisfied = satisfy_imports(definitions, &component)?;
    Ok((component, satisfied))
}

/// Satisfies every import but those of core modules and components.
fn satisfy_imports<T: 'static>(
    definitions: &Definitions<T>,
    component: &Component,
) -> Result<Satisfied<T>, LinkError> {
    let n_resources = component.inner.plan.resources.len();
    let mut importer = Importer {
        component,
        definitions,
        path: Vec::new(),
        provided_as: None,
        n_funcs: 0,
        funcs: Vec::new(),
        resources: std::iter::repeat_with(|| None).take(n_resources).collect(),
        errors: Vec::new(),
    };
    importer.items(component.imports(), Some(definitions));
    let Importer { funcs, resources, errors, .. } = importer;
    LinkError::of_all(errors)?;
    Ok(Satisfied { funcs, resources })
}

/// Satisfies the imports of core modules and components, and resolves the component with them.
pub(super) fn satisfy_modules<T: 'static>(
    definitions: &Definitions<T>,
    component: &Component,
) -> Result<Component, LinkError> {
    if !component.inner.plan.is_open {
        return Ok(component.clone());
    }
    let mut given = BTreeMap::new();
    let mut errors = Vec::new();
    give_items(component.imports(), Some(definitions), &mut Path::new(), &mut given, &mut errors);
    LinkError::of_all(errors)?;
    component.with_given(given).map_err(|fault| match fault {
        Fault::Error(error) => LinkError::Unsupported(error),
        Fault::Unfit(why) => LinkError::WrongType(why),
    })
}

fn give_items<T>(
    items: &[Item],
    scope: Option<&Definitions<T>>,
    path: &mut Path,
    given: &mut BTreeMap<Path, Given>,
    errors: &mut Vec<LinkError>,
) {
    for item in items {
        path.push(Arc::from(item.name.as_str()));
        let found = scope.and_then(|scope| choose(scope, item)).map(|(_, definition)| definition);
        match (&item.kind, found) {
            (ItemKind::Module, Some(Definition::Module(module))) => {
                given.insert(path.clone(), Given::Module(module.clone()));
            }
            (ItemKind::Component, Some(Definition::Component(component))) => {
                given.insert(path.clone(), Given::Component(component.clone()));
            }
            (ItemKind::Module | ItemKind::Component, found) => {
                let import = format!("import {}", describe_path(path, sort(&item.kind)));
                errors.push(match found {
                    Some(other) => wrong_sort(&import, other.sort()),
                    None => LinkError::Missing(format!("{import} is not provided")),
                });
            }
            (ItemKind::Instance(items), Some(Definition::Instance(scope))) => {
                give_items(items, Some(scope), path, given, errors);
            }
            (ItemKind::Instance(items), found) => {
                let n_before = errors.len();
                give_items::<T>(items, None, path, given, errors);
                if let (Some(other), true) = (found, errors.len() > n_before) {
                    errors.truncate(n_before);
                    let import = format!("import {}", describe_path(path, sort(&item.kind)));
                    errors.push(wrong_sort(&import, other.sort()));
                }
            }
            (ItemKind::Func(_) | ItemKind::Resource(_) | ItemKind::Type(_) | ItemKind::OtherType, _) => {}
        }
        path.pop();
    }
}

/// The component whose imports are satisfied, as far as they have been.
struct Importer<'a, T: 'static> {
    component: &'a Component,
    definitions: &'a Definitions<T>,
    /// Of the item that is looked at.
    path: Vec<&'a str>,
    /// The name of the instance that the item is looked for in, if it is not that of the import.
    provided_as: Option<&'a str>,
    /// How many functions have been looked at: the items name them in the order of the plan.
    n_funcs: usize,
    funcs: Vec<FuncDefinition<T>>,
    /// By [`ResourceId`], those that have been found.
    resources: Vec<Option<ResourceDefinition<T>>>,
    errors: Vec<LinkError>,
}

impl<'a, T: 'static> Importer<'a, T> {
    fn items(&mut self, items: &'a [Item], scope: Option<&'a Definitions<T>>) {
        for item in items {
            self.path.push(&item.name);
            self.item(item, scope);
            self.path.pop();
        }
    }

    fn item(&mut self, item: &'a Item, scope: Option<&'a Definitions<T>>) {
        let found = scope.and_then(|scope| choose(scope, item));
        match (&item.kind, found) {
            // What is not of the import's sort, of whichever sort that is.
            (kind, Some((_, definition))) if !is_of_sort(definition, kind) => {
                self.errors.push(wrong_sort(&self.describe(item), definition.sort()));
                self.n_funcs += n_funcs(item);
            }
            (ItemKind::Instance(items), Some((name, Definition::Instance(definitions)))) => {
                let provided_as = (name != item.name).then_some(name);
                let outer = std::mem::replace(&mut self.provided_as, provided_as);
                self.items(items, Some(definitions));
                self.provided_as = outer;
            }
            (ItemKind::Instance(items), _) => self.missing_instance(item, items, scope),
            (ItemKind::Func(_), found) => {
                let import = &self.component.inner.plan.imported_funcs[self.n_funcs];
                self.n_funcs += 1;
                match found {
                    Some((_, Definition::Func(func))) => self.func(import, func),
                    _ => self.missing(item, scope),
                }
            }
            (ItemKind::Resource(id), found) => match found {
                Some((_, Definition::Resource(resource))) => self.resource(*id, resource),
                // A type that is said to equal an earlier one need not be there.
                _ if !self.defines(*id) => {}
                _ => self.missing(item, scope),
            },
            (ItemKind::Type(ty), Some((_, Definition::Type(given)))) => self.value_type(item, *ty, given),
            // The host provides functions without the types that they mention.
            (ItemKind::Type(_) | ItemKind::OtherType, _) => {}
            // They have been given before.
            (ItemKind::Module | ItemKind::Component, _) => {}
        }
    }

    /// Returns whether the item that is looked at is what a resource type comes from.
    fn defines(&self, id: ResourceId) -> bool {
        let imported = &self.component.inner.plan.resources[id.0 as usize].imported;
        imported.as_ref().is_some_and(|path| path.iter().map(|name| &**name).eq(self.path.iter().copied()))
    }

    fn describe(&self, item: &Item) -> String {
        match &item.kind {
            ItemKind::Func(ty) => describe_func(self.component, &self.path, ty),
            kind @ (ItemKind::Instance(_)
            | ItemKind::Resource(_)
            | ItemKind::Type(_)
            | ItemKind::OtherType
            | ItemKind::Module
            | ItemKind::Component) => format!("import {}", describe_path(&self.path, sort(kind))),
        }
    }

    fn missing(&mut self, item: &Item, scope: Option<&Definitions<T>>) {
        let others = scope.map_or_else(String::new, |scope| other_versions(scope, &item.name));
        let by = self.provided_as.map_or_else(String::new, |name| {
            format!(" by `{name}`, the best that the linker has for `{}`", self.path[self.path.len() - 2])
        });
        self.errors.push(LinkError::Missing(format!("{} is not provided{by}{others}", self.describe(item))));
    }

    /// An instance that is not there is fine if it need not have anything. All that it has to have
    /// is one error.
    fn missing_instance(&mut self, item: &'a Item, items: &'a [Item], scope: Option<&'a Definitions<T>>) {
        let n_before = self.errors.len();
        self.items(items, None);
        let mut missing = self.errors.split_off(n_before);
        let others = scope.map_or_else(String::new, |scope| other_versions(scope, &item.name));
        if missing.len() > 1 {
            let implements = item.implements.as_ref();
            let implements =
                implements.map_or_else(String::new, |name| format!(", an implementation of `{name}`,"));
            let names = required(items).join(", ");
            let import = self.describe(item);
            let message = format!("{import}{implements} is not provided{others}: it has to have {names}");
            missing = vec![LinkError::Missing(message)];
        } else if let [LinkError::Missing(message)] = missing.as_mut_slice() {
            message.push_str(&others);
        }
        self.errors.append(&mut missing);
    }

    fn resource(&mut self, id: ResourceId, given: &ResourceDefinition<T>) {
        let index = id.0 as usize;
        if self.defines(id) {
            self.resources[index] = Some(given.clone());
            return;
        }
        let Some(expected) = self.origin(id) else { return };
        if given.origin() != expected {
            let import = describe_path(&self.path, "resource");
            let expected = self.describe_resource(id);
            let message = format!("import {import} is provided as another resource type than {expected}");
            self.errors.push(LinkError::WrongType(message));
        }
    }

    /// Returns which resource type an id of the component stands for, if it has been found.
    fn origin(&self, id: ResourceId) -> Option<ResourceOrigin> {
        Some(self.resources.get(id.0 as usize)?.as_ref()?.origin())
    }

    /// Says what the component calls a resource type.
    fn describe_resource(&self, id: ResourceId) -> String {
        let imported = &self.component.inner.plan.resources[id.0 as usize].imported;
        imported.as_ref().map_or_else(|| String::from("its own"), |path| describe_path(path, "resource"))
    }

    /// Checks the type of what was found for a function. A function of a resource type that has not
    /// been found has no type to compare.
    fn func(&mut self, import: &'a ImportedFunc, given: &FuncDefinition<T>) {
        let mentioned = resources_of_func(self.component.types(), &import.signature.ty);
        let checked = match mentioned.iter().all(|id| self.origin(*id).is_some()) {
            true => self.check_func(import, given),
            false => Ok(()),
        };
        match checked {
            Ok(()) => self.funcs.push(given.clone()),
            Err(error) => self.errors.push(error),
        }
    }

    fn check_func(&self, import: &ImportedFunc, given: &FuncDefinition<T>) -> Result<(), LinkError> {
        match given {
            FuncDefinition::Host { func: _, ty: None } => Ok(()),
            FuncDefinition::Host { func: _, ty: Some(ty) } => {
                let HostSignature { types, signature, resources } = &**ty;
                let host = |id: ResourceId| {
                    let wanted = *resources.get(id.0 as usize)?;
                    let mut found = self.resources.iter().flatten().map(ResourceDefinition::origin);
                    found.find(|it| matches!(it, ResourceOrigin::Host { id, .. } if *id == wanted))
                };
                self.check_types(import, TypeScope { types, resources: &host }, signature)
            }
            FuncDefinition::Typed(func) => {
                let host_resource = |id: ResourceId| self.origin(id)?.rust_type();
                let expected = Expected {
                    name: last(&import.path),
                    types: self.component.types(),
                    ty: &import.signature.ty,
                    host_resources: &host_resource,
                };
                func.check(&expected).map_err(|mismatch| {
                    let import = describe_func(self.component, &self.path, &import.signature.ty);
                    LinkError::WrongType(match mismatch {
                        TypeMismatch::Func { given, expected: _ } => {
                            format!("{import} is provided as `{given}`")
                        }
                        TypeMismatch::Invalid(error) => {
                            format!("{import} is provided with no type: {error}")
                        }
                    })
                })
            }
            FuncDefinition::Exported(ExportedFunc { func, origins }) => {
                let info = &func.info;
                let origin = |id: ResourceId| origins.get(id.0 as usize).copied();
                self.check_types(
                    import,
                    TypeScope { types: &info.types, resources: &origin },
                    &info.signature,
                )
            }
        }
    }

    fn check_types(
        &self,
        import: &ImportedFunc,
        given: TypeScope<'_, ResourceOrigin>,
        signature: &Signature,
    ) -> Result<(), LinkError> {
        let origin = |id: ResourceId| self.origin(id);
        let expected = TypeScope { types: self.component.types(), resources: &origin };
        if same_func(expected, &import.signature.ty, given, &signature.ty) {
            return Ok(());
        }
        let name = last(&import.path);
        let expected_text = display_func(expected.types, name, &import.signature.ty);
        let given_text = display_func(given.types, name, &signature.ty);
        let expected_ids = resources_of_func(expected.types, &import.signature.ty);
        let given_ids = resources_of_func(given.types, &signature.ty);
        let hint = self.other_resource((&expected_text, &expected_ids), (&given_text, &given_ids), given);
        let import = describe_func(self.component, &self.path, &import.signature.ty);
        Err(LinkError::WrongType(format!("{import} is provided as `{given_text}`{hint}")))
    }

    fn value_type(&mut self, item: &Item, ty: ValType, given: &ExportedType) {
        let ExportedType { types, ty: given_ty, origins } = given;
        let expected_origin = |id: ResourceId| self.origin(id);
        let expected = TypeScope { types: self.component.types(), resources: &expected_origin };
        let given_origin = |id: ResourceId| origins.get(id.0 as usize).copied();
        let given = TypeScope { types, resources: &given_origin };
        let expected_ids = resources_of_type(expected.types, ty);
        if expected_ids.iter().any(|id| self.origin(*id).is_none())
            || same_type(expected, ty, given, *given_ty)
        {
            return;
        }
        let expected_text = display(expected.types, ty).to_string();
        let given_text = display(types, *given_ty).to_string();
        let given_ids = resources_of_type(types, *given_ty);
        let hint = self.other_resource((&expected_text, &expected_ids), (&given_text, &given_ids), given);
        let import = self.describe(item);
        let message = format!("{import}, `{expected_text}`, is provided as `{given_text}`{hint}");
        self.errors.push(LinkError::WrongType(message));
    }

    /// Where two types have the same text, says which of their resource types differ.
    fn other_resource(
        &self,
        (expected_text, expected_ids): (&str, &[ResourceId]),
        (given_text, given_ids): (&str, &[ResourceId]),
        given: TypeScope<'_, ResourceOrigin>,
    ) -> String {
        let mut pairs = expected_ids.iter().zip(given_ids);
        let differ = |(a, b): &(&ResourceId, &ResourceId)| self.origin(**a) != (given.resources)(**b);
        match pairs.find(differ) {
            Some((expected, other)) if expected_text == given_text => {
                let name = given.types.resource_name(*other).unwrap_or("the resource");
                let origin = (given.resources)(*other);
                let other =
                    origin.and_then(|origin| find_resource(self.definitions, origin, &mut Vec::new()));
                let other = other.unwrap_or_else(|| String::from("a type that the linker does not have"));
                format!(", where `{name}` is {other}, not {}", self.describe_resource(*expected))
            }
            Some(_) | None => String::new(),
        }
    }
}

/// Finds what a linker calls a resource type.
fn find_resource<'a, T>(
    definitions: &'a Definitions<T>,
    origin: ResourceOrigin,
    path: &mut Vec<&'a str>,
) -> Option<String> {
    for (name, definition) in definitions {
        path.push(name);
        let found = match definition {
            Definition::Resource(resource) if resource.origin() == origin => {
                Some(describe_path(path, "resource"))
            }
            Definition::Instance(definitions) => find_resource(definitions, origin, path),
            Definition::Func(_)
            | Definition::Resource(_)
            | Definition::Type(_)
            | Definition::Module(_)
            | Definition::Component(_) => None,
        };
        path.pop();
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Names the other versions of an import that a linker has, which do not fit.
fn other_versions<T>(definitions: &Definitions<T>, name: &str) -> String {
    let others: Vec<_> =
        versions(definitions, name).map(|(other, _)| other).filter(|it| *it != name).collect();
    match others.as_slice() {
        [] => String::new(),
        others => {
            format!("; the linker has {}, which is not compatible", quote_path(others).replace("` `", "`, `"))
        }
    }
}

/// Names what an instance has to have.
fn required(items: &[Item]) -> Vec<String> {
    let name = |item: &Item| match &item.kind {
        kind @ (ItemKind::Func(_) | ItemKind::Resource(_) | ItemKind::Module | ItemKind::Component) => {
            vec![format!("{} `{}`", sort(kind), item.name)]
        }
        kind @ ItemKind::Instance(items) => match required(items).is_empty() {
            true => Vec::new(),
            false => vec![format!("{} `{}`", sort(kind), item.name)],
        },
        ItemKind::Type(_) | ItemKind::OtherType => Vec::new(),
    };
    items.iter().flat_map(name).collect()
}

fn n_funcs(item: &Item) -> usize {
    match &item.kind {
        ItemKind::Func(_) => 1,
        ItemKind::Instance(items) => items.iter().map(n_funcs).sum(),
        ItemKind::Resource(_)
        | ItemKind::Type(_)
        | ItemKind::OtherType
        | ItemKind::Module
        | ItemKind::Component => 0,
    }
}

/// Describes an imported function with its type.
pub(super) fn describe_func(
    component: &Component,
    path: &[impl AsRef<str>],
    ty: &canonical_abi::FuncType,
) -> String {
    match path {
        [outer @ .., name] => {
            let ty = display_func(component.types(), name.as_ref(), ty);
            let outer = if outer.is_empty() { String::new() } else { quote_path(outer) + " " };
            format!("import {outer}function `{ty}`")
        }
        [] => String::from("import function"),
    }
}

pub(super) fn last(path: &[Arc<str>]) -> &str {
    path.last().map_or("", |name| &**name)
}
