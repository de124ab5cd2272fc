//! Components whose imports are satisfied, ready to be instantiated in any number of stores.

use std::fmt;
use std::sync::Arc;

use super::definition::{Definitions, ExportedFunc, FuncDefinition, ResourceDefinition};
use super::satisfy::{Satisfied, describe_func, satisfy_all};
use crate::compile::Component;
use crate::link_error::{InstantiateError, LinkError};
use crate::names::describe_path;
use crate::run::{
    AsContextMut, Body, ImportedResource, Imports, Instance, StoreContextMut, body_of_export, instantiate,
    watched,
};

/// A component with everything that satisfies its imports: names have been looked up and types
/// checked, so that an instantiation does neither. Made by
/// [`Linker::instantiate_pre`](crate::Linker::instantiate_pre). Cheap to clone.
///
/// It belongs to no store. If an import is satisfied by an export of an instance, it can be
/// instantiated in the store of that instance only.
pub struct InstancePre<T: 'static> {
    component: Component,
    satisfied: Arc<Satisfied<T>>,
}

impl<T: 'static> InstancePre<T> {
    pub(super) fn new(definitions: &Definitions<T>, component: &Component) -> Result<Self, LinkError> {
        let (component, satisfied) = satisfy_all(definitions, component)?;
        Ok(Self { component, satisfied: Arc::new(satisfied) })
    }

    /// Returns the component. Imports of core modules and components are satisfied, and no longer
    /// among its imports.
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// Instantiates the component: makes its core instances and runs their start functions.
    ///
    /// # Errors
    ///
    /// If an import is satisfied by an instance of another store, if a limit of the store would be
    /// exceeded, or if the component traps.
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>) -> Result<Instance, InstantiateError> {
        let mut cx = store.as_context_mut();
        let imports = self.imports(&mut cx).map_err(InstantiateError::Link)?;
        instantiate(&mut cx, &self.component, imports)
    }

    /// Returns what the imports are in a store.
    fn imports(&self, cx: &mut StoreContextMut<'_, T>) -> Result<Imports<T>, LinkError> {
        let Satisfied { funcs, resources } = &*self.satisfied;
        let plan = &self.component.inner.plan;
        let id = cx.store_id();
        let other_store = |import| {
            let message = format!("{import} is provided by an instance of another store");
            Err(LinkError::WrongStore(message))
        };
        for (given, def) in resources.iter().zip(&plan.resources) {
            if let Some(ResourceDefinition::Exported { store, .. }) = given
                && *store != id
            {
                let path = def.imported.as_deref().unwrap_or_default();
                return other_store(format!("import {}", describe_path(path, "resource")));
            }
        }
        for (given, import) in funcs.iter().zip(&plan.imported_funcs) {
            if let FuncDefinition::Exported(ExportedFunc { func, .. }) = given
                && func.store != id
            {
                return other_store(describe_func(&self.component, &import.path, &import.signature.ty));
            }
        }
        let resources = resources.iter().map(|given| given.as_ref().map(|given| imported(cx, given)));
        let resources = resources.collect();
        let is_watched = cx.has_hook();
        let body = |given| if is_watched { watched(body(cx, given)) } else { body(cx, given) };
        let funcs = funcs.iter().map(body).collect();
        Ok(Imports { funcs, resources })
    }
}

fn imported<T>(cx: &mut StoreContextMut<'_, T>, given: &ResourceDefinition<T>) -> ImportedResource {
    let origin = given.origin();
    match given {
        ResourceDefinition::Host(ty) => ImportedResource { index: cx.host_resource(ty), origin },
        ResourceDefinition::Exported { index, .. } => ImportedResource { index: *index, origin },
    }
}

fn body<T>(cx: &StoreContextMut<'_, T>, given: &FuncDefinition<T>) -> Body<T> {
    match given {
        FuncDefinition::Host { func, ty: _ } => Body::Host(Arc::clone(func)),
        FuncDefinition::Typed(func) => Body::Typed(Arc::clone(func)),
        FuncDefinition::Exported(ExportedFunc { func, origins: _ }) => body_of_export(cx, func),
    }
}

impl<T: 'static> Clone for InstancePre<T> {
    fn clone(&self) -> Self {
        Self { component: self.component.clone(), satisfied: Arc::clone(&self.satisfied) }
    }
}

impl<T: 'static> fmt::Debug for InstancePre<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstancePre").field("component", &self.component).finish_non_exhaustive()
    }
}
