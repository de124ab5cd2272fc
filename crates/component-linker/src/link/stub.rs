//! Stubs: what stands in for imports that a linker lacks.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use super::choose::{choose, is_of_sort, sort};
use super::definition::{Definition, Definitions, FuncDefinition, ResourceDefinition};
use crate::compile::Component;
use crate::link_error::{LinkError, wrong_sort};
use crate::names::{Path, describe_path};
use crate::resolve::{Item, ItemKind};
use crate::run::{HostResource, HostResourceType};

/// Provides a stub for each import that a linker lacks. The error has those that no stub can stand
/// in for; all others have been provided.
pub(super) fn stub_imports<T: 'static>(
    definitions: &mut Definitions<T>,
    component: &Component,
) -> Result<(), LinkError> {
    let mut stubs = Stubs { component, path: Path::new(), errors: Vec::new() };
    stubs.items(definitions, component.imports());
    LinkError::of_all(stubs.errors)
}

struct Stubs<'a> {
    component: &'a Component,
    /// Of the item that is looked at.
    path: Path,
    errors: Vec<LinkError>,
}

impl Stubs<'_> {
    fn items<T: 'static>(&mut self, definitions: &mut Definitions<T>, items: &[Item]) {
        for item in items {
            self.path.push(Arc::from(item.name.as_str()));
            self.item(definitions, item);
            self.path.pop();
        }
    }

    fn item<T: 'static>(&mut self, definitions: &mut Definitions<T>, item: &Item) {
        let import = || format!("import {}", describe_path(&self.path, sort(&item.kind)));
        let name = &item.name;
        match (&item.kind, choose(definitions, item)) {
            (kind, Some((_, other))) if !is_of_sort(other, kind) => {
                self.errors.push(wrong_sort(&import(), other.sort()));
            }
            (ItemKind::Instance(items), found) => {
                // What an instance of another version has is kept, under the name of the import.
                let mut instance = match found {
                    Some((_, Definition::Instance(found))) => found.clone(),
                    Some(_) | None => Definitions::new(),
                };
                self.items(&mut instance, items);
                if !instance.is_empty() {
                    definitions.insert(name.clone(), Definition::Instance(instance));
                }
            }
            (ItemKind::Func(_), None) => {
                let stub = Stub(self.path.clone());
                let func = FuncDefinition::Host {
                    func: Arc::new(move |_, _| Err(Box::new(stub.clone()))),
                    ty: None,
                };
                definitions.insert(name.clone(), Definition::Func(func));
            }
            (ItemKind::Resource(id), None) => {
                // A type that is said to equal an earlier one is not one of its own.
                let imported = &self.component.inner.plan.resources[id.0 as usize].imported;
                if imported.as_ref() == Some(&self.path) {
                    let ty = HostResourceType {
                        id: HostResource::fresh(),
                        rust_type: TypeId::of::<()>(),
                        dtor: Arc::new(|_, _| Ok(())),
                    };
                    definitions.insert(name.clone(), Definition::Resource(ResourceDefinition::Host(ty)));
                }
            }
            (ItemKind::Module | ItemKind::Component, None) => {
                let message = format!("{} has to be provided: there is no stub for one", import());
                self.errors.push(LinkError::NoStub(message));
            }
            (ItemKind::Type(_) | ItemKind::OtherType, None) => {}
            (
                ItemKind::Func(_)
                | ItemKind::Resource(_)
                | ItemKind::Type(_)
                | ItemKind::OtherType
                | ItemKind::Module
                | ItemKind::Component,
                Some(_),
            ) => {}
        }
    }
}

/// The error of a stubbed import.
#[derive(Clone, Debug)]
struct Stub(Path);

impl fmt::Display for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "import {} was called, but is only a stub", describe_path(&self.0, "function"))
    }
}

impl std::error::Error for Stub {}
