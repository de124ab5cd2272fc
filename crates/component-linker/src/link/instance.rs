//! Instances of a linker: where what components import is provided.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use jit::HostError;

use super::definition::{
    Definition, Definitions, ExportedFunc, ExportedType, FuncDefinition, HostFuncType, HostSignature,
    ResourceDefinition,
};
use crate::Val;
use crate::compile::{Component, Module};
use crate::func_type::Signature;
use crate::link_error::{LinkError, wrong_sort};
use crate::names::{Path, describe_path};
use crate::resolve::{Item, ItemKind};
use crate::run::{HostResource, HostResourceType, Instance, StoreContextMut, TypedClosure};
use crate::typed::{LiftTuple, LowerTuple, Results};

/// One named instance of a [`Linker`](crate::Linker), or its root.
pub struct LinkerInstance<'a, T: 'static> {
    definitions: &'a mut Definitions<T>,
    allow_shadowing: bool,
    path: Path,
}

impl<'a, T: 'static> LinkerInstance<'a, T> {
    pub(super) fn root(definitions: &'a mut Definitions<T>, allow_shadowing: bool) -> Self {
        Self { definitions, allow_shadowing, path: Path::new() }
    }

    /// Provides a function.
    ///
    /// Arguments have been checked when `func` is called; the result is checked when it returns, a
    /// wrong one traps. An error that it returns becomes a trap of the guest.
    ///
    /// # Errors
    ///
    /// If the instance has something under `name` already, and shadowing is not allowed.
    pub fn func_new<F>(&mut self, name: &str, func: F) -> Result<(), LinkError>
    where
        F: Fn(&mut StoreContextMut<'_, T>, &[Val]) -> Result<Option<Val>, HostError> + Send + Sync + 'static,
    {
        self.define(name, Definition::Func(FuncDefinition::Host { func: Arc::new(func), ty: None }))
    }

    /// Provides a function of a type: a component that imports one of another type is not linked.
    /// Otherwise like [`Self::func_new`].
    ///
    /// # Errors
    ///
    /// If the instance has something under `name` already, and shadowing is not allowed.
    pub fn func_new_with_type<F>(&mut self, name: &str, ty: HostFuncType, func: F) -> Result<(), LinkError>
    where
        F: Fn(&mut StoreContextMut<'_, T>, &[Val]) -> Result<Option<Val>, HostError> + Send + Sync + 'static,
    {
        let HostFuncType { types, ty, resources } = ty;
        let ty = Some(Arc::new(HostSignature { types, signature: Signature::new(ty), resources }));
        self.define(name, Definition::Func(FuncDefinition::Host { func: Arc::new(func), ty }))
    }

    /// Provides a function on Rust types:
    /// `func_wrap("f", |cx, (a, b): (u32, String)| Ok((a + 1,)))`. A component that imports one of
    /// other types is not linked.
    ///
    /// Its arguments are a tuple, and so is its result: `()` or `(r,)`. An error that it returns
    /// becomes a trap of the guest.
    ///
    /// # Errors
    ///
    /// If the instance has something under `name` already, and shadowing is not allowed.
    pub fn func_wrap<F, P, R>(&mut self, name: &str, func: F) -> Result<(), LinkError>
    where
        F: Fn(&mut StoreContextMut<'_, T>, P) -> Result<R, HostError> + Send + Sync + 'static,
        P: LiftTuple + 'static,
        R: LowerTuple + Results + 'static,
    {
        self.define(name, Definition::Func(FuncDefinition::Typed(Arc::new(TypedClosure::new(func)))))
    }

    /// Provides a resource type whose values the host knows by a number of its choice, the
    /// representation. `dtor` is called with it when a guest drops the last handle to a resource.
    /// All components of a store that import it know it as one type. Handles to it are
    /// [`Resource<R>`](crate::typed::Resource)s in functions on Rust types; `R` may be any type,
    /// also one without values, and `()` for functions on [`Val`]s. Returns its name, by which a
    /// [`HostFuncType`] mentions it.
    ///
    /// # Errors
    ///
    /// If the instance has something under `name` already, and shadowing is not allowed.
    pub fn resource<R: 'static>(
        &mut self,
        name: &str,
        dtor: impl Fn(&mut StoreContextMut<'_, T>, u32) -> Result<(), HostError> + Send + Sync + 'static,
    ) -> Result<HostResource, LinkError> {
        let id = HostResource::fresh();
        let ty = HostResourceType { id, rust_type: TypeId::of::<R>(), dtor: Arc::new(dtor) };
        self.define(name, Definition::Resource(ResourceDefinition::Host(ty)))?;
        Ok(id)
    }

    /// Provides a core module.
    ///
    /// # Errors
    ///
    /// If the instance has something under `name` already, and shadowing is not allowed.
    pub fn define_module(&mut self, name: &str, module: &Module) -> Result<(), LinkError> {
        self.define(name, Definition::Module(module.clone()))
    }

    /// Provides a component.
    ///
    /// # Errors
    ///
    /// If the instance has something under `name` already, and shadowing is not allowed.
    pub fn define_component(&mut self, name: &str, component: &Component) -> Result<(), LinkError> {
        self.define(name, Definition::Component(component.clone()))
    }

    /// Provides the exports of an instance, each under its own name: functions, resource types,
    /// modules, components and instances. A component of the same store that imports them is linked
    /// to the instance itself: its calls go there without passing through the host, and resource
    /// types are the same types. Their types must be those that the component expects.
    ///
    /// # Errors
    ///
    /// If one of the names is taken, and shadowing is not allowed.
    pub fn define_exports(&mut self, instance: &Instance) -> Result<(), LinkError> {
        define_items(self, instance, instance.component().exports(), &mut Path::new())
    }

    /// Returns the place for an instance within this one.
    ///
    /// # Errors
    ///
    /// If `name` is something else than an instance already, and shadowing is not allowed.
    pub fn instance(&mut self, name: &str) -> Result<LinkerInstance<'_, T>, LinkError> {
        self.reborrow().into_instance(name)
    }

    /// Returns the place for an instance within this one, which it takes the place of.
    ///
    /// # Errors
    ///
    /// If `name` is something else than an instance already, and shadowing is not allowed.
    pub fn into_instance(self, name: &str) -> Result<Self, LinkError> {
        let Self { definitions, allow_shadowing, mut path } = self;
        path.push(Arc::from(name));
        let entry = definitions.entry(String::from(name));
        let definition = entry.or_insert_with(|| Definition::Instance(Definitions::new()));
        if allow_shadowing && !matches!(definition, Definition::Instance(_)) {
            *definition = Definition::Instance(Definitions::new());
        }
        match definition {
            Definition::Instance(definitions) => Ok(LinkerInstance { definitions, allow_shadowing, path }),
            other @ (Definition::Func(_)
            | Definition::Resource(_)
            | Definition::Type(_)
            | Definition::Module(_)
            | Definition::Component(_)) => Err(wrong_sort(&describe_path(&path, "instance"), other.sort())),
        }
    }

    fn reborrow(&mut self) -> LinkerInstance<'_, T> {
        let Self { definitions, allow_shadowing, path } = self;
        LinkerInstance { definitions, allow_shadowing: *allow_shadowing, path: path.clone() }
    }

    fn define(&mut self, name: &str, definition: Definition<T>) -> Result<(), LinkError> {
        if !self.allow_shadowing && self.definitions.contains_key(name) {
            let mut path = self.path.clone();
            path.push(Arc::from(name));
            let message = format!("{} is provided twice", describe_path(&path, definition.sort()));
            return Err(LinkError::Duplicate(message));
        }
        self.definitions.insert(String::from(name), definition);
        Ok(())
    }
}

/// Provides the items of an instance, or of an instance that it exports at `path`.
fn define_items<T: 'static>(
    into: &mut LinkerInstance<'_, T>,
    instance: &Instance,
    items: &[Item],
    path: &mut Path,
) -> Result<(), LinkError> {
    let inner = &*instance.inner;
    let origins = || Arc::clone(&inner.origins);
    for Item { name, kind, .. } in items {
        path.push(Arc::from(name.as_str()));
        match kind {
            ItemKind::Func(_) => {
                let func = instance.export_at(path).expect("each function among the exports has a path");
                let func = ExportedFunc { func, origins: origins() };
                into.define(name, Definition::Func(FuncDefinition::Exported(func)))?;
            }
            ItemKind::Resource(id) => {
                let (index, origin) = (inner.resources[id.0 as usize], inner.origins[id.0 as usize]);
                let resource = ResourceDefinition::Exported { store: inner.store, index, origin };
                into.define(name, Definition::Resource(resource))?;
            }
            ItemKind::Type(ty) => {
                let types = Arc::clone(&inner.component.inner.types);
                let ty = ExportedType { types, ty: *ty, origins: origins() };
                into.define(name, Definition::Type(ty))?;
            }
            ItemKind::Instance(items) => {
                define_items(&mut into.instance(name)?, instance, items, path)?;
            }
            ItemKind::Module => {
                if let Some(module) = inner.component.exported_module(path) {
                    into.define(name, Definition::Module(module))?;
                }
            }
            ItemKind::Component => {
                let component = inner.component.exported_component(path).map_err(LinkError::Unsupported)?;
                if let Some(component) = component {
                    into.define(name, Definition::Component(component))?;
                }
            }
            ItemKind::OtherType => {}
        }
        path.pop();
    }
    Ok(())
}

impl<T: 'static> fmt::Debug for LinkerInstance<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LinkerInstance").field(&self.path).finish()
    }
}
