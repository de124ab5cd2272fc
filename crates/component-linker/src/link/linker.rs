//! The linker: satisfies a component's imports by name.

use std::fmt;

use super::definition::Definitions;
use super::instance::LinkerInstance;
use super::pre::InstancePre;
use super::satisfy::satisfy_modules;
use super::stub::stub_imports;
use crate::compile::Component;
use crate::link_error::{InstantiateError, LinkError};
use crate::run::{AsContextMut, Instance};

/// Functions, resource types, core modules, components and instances by name.
///
/// Where a component imports `a:b/c@1.2.3`, what the linker has under this name is taken, or else
/// the newest of the compatible versions: those of the same major version, or of the same minor
/// version if the major version is 0, or those that differ in build metadata only. An instance that
/// lacks a function or a resource type that the component imports from it is passed over if another
/// has them all; one import is never satisfied by parts of two instances.
///
/// An import that is an interface under a name of its own (`import cold: store` in WIT) is looked
/// up by that name, `cold`. [`Item::implements`](crate::Item::implements) says of which interface
/// it is.
pub struct Linker<T: 'static> {
    definitions: Definitions<T>,
    allow_shadowing: bool,
}

impl<T: 'static> Linker<T> {
    /// Creates a linker that knows nothing.
    pub fn new() -> Self {
        Self { definitions: Definitions::new(), allow_shadowing: false }
    }

    /// Says whether a name may be given again: what is provided later takes the place of what was
    /// provided before. At first it may not.
    ///
    /// Two worlds that import one interface can both be added to a linker that allows it.
    pub fn allow_shadowing(&mut self, allow: bool) -> &mut Self {
        self.allow_shadowing = allow;
        self
    }

    /// Returns the place for functions that a component imports without an instance.
    pub fn root(&mut self) -> LinkerInstance<'_, T> {
        LinkerInstance::root(&mut self.definitions, self.allow_shadowing)
    }

    /// Returns the place for what a component imports from the instance `name`, such as
    /// `wasi:cli/stdout@0.2.6`.
    ///
    /// # Errors
    ///
    /// If `name` is something else than an instance already, and shadowing is not allowed.
    pub fn instance(&mut self, name: &str) -> Result<LinkerInstance<'_, T>, LinkError> {
        self.root().into_instance(name)
    }

    /// Provides an instance under a name, like [`LinkerInstance::define_exports`].
    ///
    /// # Errors
    ///
    /// If `name` is something else than an instance already, or an instance that has one of the
    /// names, and shadowing is not allowed.
    pub fn define_instance(&mut self, name: &str, instance: &Instance) -> Result<(), LinkError> {
        self.instance(name)?.define_exports(instance)
    }

    /// Provides a stub for each import of the component that the linker does not know: functions
    /// that trap when called and name the import, and resource types of the host.
    ///
    /// # Errors
    ///
    /// If the linker has something of another sort under the name of an import, or if the component
    /// imports core modules or components that the linker does not know: there are no stubs for
    /// these. The error names all such imports; stubs for the others have been provided.
    pub fn stub_imports(&mut self, component: &Component) -> Result<(), LinkError> {
        stub_imports(&mut self.definitions, component)
    }

    /// Satisfies the imports of core modules and components, and returns a component without these
    /// imports. [`Self::instantiate`] does so each time.
    ///
    /// # Errors
    ///
    /// If one of them is not provided, or is of another type than the component expects.
    pub fn link(&self, component: &Component) -> Result<Component, LinkError> {
        satisfy_modules(&self.definitions, component)
    }

    /// Satisfies the imports of a component, to instantiate it often: names are looked up and types
    /// checked now, and not when it is instantiated.
    ///
    /// ```
    /// # use component_linker::{Component, Config, Engine, Linker, Store};
    /// # let engine = Engine::new(&Config::new())?;
    /// # let text = r#"(component (import "f" (func $f)) (export "g" (func $f)))"#;
    /// # let bytes = wat::parse_str(text)?;
    /// # let component = Component::new(&engine, &bytes)?;
    /// # let mut linker = Linker::<u32>::new();
    /// # linker.root().func_wrap("f", |_, (): ()| Ok(()))?;
    /// let pre = linker.instantiate_pre(&component)?;
    /// for request in 0..3 {
    ///     let mut store = Store::new(&engine, request);
    ///     let instance = pre.instantiate(&mut store)?;
    ///     // …
    /// #   let _ = instance;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If an import is not satisfied. The error has all of them.
    pub fn instantiate_pre(&self, component: &Component) -> Result<InstancePre<T>, LinkError> {
        InstancePre::new(&self.definitions, component)
    }

    /// Instantiates a component: makes its core instances and runs their start functions.
    ///
    /// # Errors
    ///
    /// If an import is not satisfied, or if the component traps.
    pub fn instantiate(
        &self,
        store: impl AsContextMut<Data = T>,
        component: &Component,
    ) -> Result<Instance, InstantiateError> {
        self.instantiate_pre(component).map_err(InstantiateError::Link)?.instantiate(store)
    }
}

impl<T: 'static> Default for Linker<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: 'static> Clone for Linker<T> {
    fn clone(&self) -> Self {
        Self { definitions: self.definitions.clone(), allow_shadowing: self.allow_shadowing }
    }
}

impl<T: 'static> fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Linker").field(&self.definitions).finish()
    }
}
