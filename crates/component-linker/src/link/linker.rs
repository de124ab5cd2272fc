//! The linker: satisfies a component's imports by name.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use jit::HostError;

use super::definition::{
    Definition, Definitions, ExportedType, FuncDefinition, HostFuncType, HostSignature, ResourceDefinition,
};
use super::satisfy::{Found, find, last, satisfy_imports, satisfy_modules};
use crate::Val;
use crate::compile::Component;
use crate::compile::Module;
use crate::func_type::Signature;
use crate::link_error::{InstantiateError, LinkError, wrong_sort};
use crate::names::{Path, describe_path};
use crate::resolve::{Item, ItemKind};
use crate::run::{
    AsContextMut, HostResource, HostResourceType, Instance, StoreContextMut, TypedClosure, instantiate,
};
use crate::typed::{LiftTuple, LowerTuple, Results};

/// Functions, resource types, core modules, components and instances by name.
///
/// Where a component imports `a:b/c@1.2.3` and the linker has no such instance but has one of a
/// compatible version (the same major version, or the same minor version of major version 0), that
/// one is used.
pub struct Linker<T: 'static> {
    definitions: Definitions<T>,
}

/// One named instance of a [`Linker`], or its root.
pub struct LinkerInstance<'a, T: 'static> {
    definitions: &'a mut Definitions<T>,
    path: Path,
}

impl<T: 'static> Linker<T> {
    /// Creates a linker that knows nothing.
    pub fn new() -> Self {
        Self { definitions: Definitions::new() }
    }

    /// Returns the place for functions that a component imports without an instance.
    pub fn root(&mut self) -> LinkerInstance<'_, T> {
        LinkerInstance { definitions: &mut self.definitions, path: Path::new() }
    }

    /// Returns the place for what a component imports from the instance `name`, such as
    /// `wasi:cli/stdout@0.2.6`.
    ///
    /// # Errors
    ///
    /// If `name` is a function or a resource already.
    pub fn instance(&mut self, name: &str) -> Result<LinkerInstance<'_, T>, LinkError> {
        self.root().into_instance(name)
    }

    /// Provides an instance under a name, like [`LinkerInstance::define_exports`].
    ///
    /// # Errors
    ///
    /// If `name` is a function or a resource already, or an instance that has one of the names.
    pub fn define_instance(&mut self, name: &str, instance: &Instance) -> Result<(), LinkError> {
        self.instance(name)?.define_exports(instance)
    }

    /// Provides a stub for each import of the component that the linker does not know: functions
    /// that trap when called and name the import, and resource types of the host.
    ///
    /// # Errors
    ///
    /// If the linker has something of another sort under the name of an import.
    pub fn stub_imports(&mut self, component: &Component) -> Result<(), LinkError> {
        let plan = &component.inner.plan;
        for path in plan.resources.iter().filter_map(|resource| resource.imported.as_ref()) {
            if let Found::Nothing = find(&self.definitions, path) {
                let (name, mut instance) = self.place(path)?;
                instance.resource::<()>(&name, |_, _| Ok(()))?;
            }
        }
        for import in &plan.imported_funcs {
            if let Found::Nothing = find(&self.definitions, &import.path) {
                let stub = Stub(import.path.clone());
                let (name, mut instance) = self.place(&import.path)?;
                instance.func_new(&name, move |_, _| Err(Box::new(stub.clone())))?;
            }
        }
        Ok(())
    }

    /// Returns the instance that a path ends in, and its last name.
    fn place(&mut self, path: &[Arc<str>]) -> Result<(String, LinkerInstance<'_, T>), LinkError> {
        let mut instance = self.root();
        for name in &path[..path.len().saturating_sub(1)] {
            instance = instance.into_instance(name)?;
        }
        Ok((String::from(last(path)), instance))
    }

    /// Satisfies the imports of core modules and components, and returns a component without these
    /// imports. [`Self::instantiate`] does so each time: link a component once if you instantiate
    /// it often.
    ///
    /// # Errors
    ///
    /// If one of them is not provided, or is of another type than the component expects.
    pub fn link(&self, component: &Component) -> Result<Component, LinkError> {
        satisfy_modules(&self.definitions, component)
    }

    /// Instantiates a component: makes its core instances and runs their start functions.
    ///
    /// # Errors
    ///
    /// If an import is not satisfied, or if the component traps.
    pub fn instantiate(
        &self,
        mut store: impl AsContextMut<Data = T>,
        component: &Component,
    ) -> Result<Instance, InstantiateError> {
        let mut cx = store.as_context_mut();
        let component = &self.link(component).map_err(InstantiateError::Link)?;
        let imports =
            satisfy_imports(&mut cx, &self.definitions, component).map_err(InstantiateError::Link)?;
        instantiate(&mut cx, component, imports)
    }
}

impl<'a, T: 'static> LinkerInstance<'a, T> {
    /// Provides a function.
    ///
    /// Arguments have been checked when `func` is called; the result is checked when it returns, a
    /// wrong one traps. An error that it returns becomes a trap of the guest.
    ///
    /// # Errors
    ///
    /// If the instance has something under `name` already.
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
    /// If the instance has something under `name` already.
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
    /// If the instance has something under `name` already.
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
    /// If the instance has something under `name` already.
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
    /// If the instance has something under `name` already.
    pub fn define_module(&mut self, name: &str, module: &Module) -> Result<(), LinkError> {
        self.define(name, Definition::Module(module.clone()))
    }

    /// Provides a component.
    ///
    /// # Errors
    ///
    /// If the instance has something under `name` already.
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
    /// If one of the names is taken.
    pub fn define_exports(&mut self, instance: &Instance) -> Result<(), LinkError> {
        define_items(self, instance, instance.component().exports(), &mut Path::new())
    }

    /// Returns the place for an instance within this one.
    ///
    /// # Errors
    ///
    /// If `name` is a function or a resource already.
    pub fn into_instance(self, name: &str) -> Result<Self, LinkError> {
        let Self { definitions, mut path } = self;
        path.push(Arc::from(name));
        let entry = definitions.entry(String::from(name));
        match entry.or_insert_with(|| Definition::Instance(Definitions::new())) {
            Definition::Instance(definitions) => Ok(LinkerInstance { definitions, path }),
            other @ (Definition::Func(_)
            | Definition::Resource(_)
            | Definition::Type(_)
            | Definition::Module(_)
            | Definition::Component(_)) => Err(wrong_sort(&describe_path(&path, "instance"), other.sort())),
        }
    }

    fn reborrow(&mut self) -> LinkerInstance<'_, T> {
        LinkerInstance { definitions: self.definitions, path: self.path.clone() }
    }

    fn define(&mut self, name: &str, definition: Definition<T>) -> Result<(), LinkError> {
        if self.definitions.contains_key(name) {
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
    for Item { name, kind } in items {
        path.push(Arc::from(name.as_str()));
        match kind {
            ItemKind::Func(_) => {
                let func = instance.exported_func(path).expect("each function among the exports has a path");
                into.define(name, Definition::Func(FuncDefinition::Exported(func)))?;
            }
            ItemKind::Resource(id) => {
                let index = inner.resources[id.0 as usize];
                let resource = ResourceDefinition::Exported { store: inner.store, index };
                into.define(name, Definition::Resource(resource))?;
            }
            ItemKind::Type(ty) => {
                let types = Arc::clone(&inner.component.inner.types);
                let resources = Arc::clone(&inner.resources);
                let ty = ExportedType { store: inner.store, types, ty: *ty, resources };
                into.define(name, Definition::Type(ty))?;
            }
            ItemKind::Instance(items) => {
                define_items(&mut into.reborrow().into_instance(name)?, instance, items, path)?;
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

impl<T: 'static> Default for Linker<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: 'static> Clone for Linker<T> {
    fn clone(&self) -> Self {
        Self { definitions: self.definitions.clone() }
    }
}

impl<T: 'static> fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Linker").field(&self.definitions).finish()
    }
}

impl<T: 'static> fmt::Debug for LinkerInstance<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LinkerInstance").field(&self.path).finish()
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
