//! The first stage of a component: decoded, validated and resolved, not compiled.

use std::fmt;
use std::sync::Arc;

use canonical_abi::Types;
use jit::{WasmFeatures, default_features};

use super::item::find_item;
use super::plan::{InstantiationPlan, Item, Unsupported};
use super::{Fault, Program, resolve};
use crate::decode::{decode, validate};
use crate::error::Error;

/// A component that has been decoded, validated and resolved, and not compiled. Cheap to clone.
///
/// It answers all questions about a component's types: what it imports and exports, and what its
/// functions take and return. It needs no [`Engine`](crate::Engine).
/// [`Component::compile`](crate::Component::compile) makes a [`Component`](crate::Component) of it
/// that can be instantiated.
///
/// ```
/// use component_linker::{ItemKind, ResolvedComponent, display_func};
///
/// let bytes = wat::parse_str(
///     r#"(component (import "double" (func (param "x" u32) (result u32))))"#,
/// )?;
/// let component = ResolvedComponent::new(&bytes)?;
/// let import = &component.imports()[0];
/// let ItemKind::Func(ty) = &import.kind else { unreachable!("it imports a function") };
/// assert_eq!(display_func(component.types(), &import.name, ty), "double: func(x: u32) -> u32");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ResolvedComponent {
    /// The core modules, by [`ModuleId`](crate::decode::ModuleId).
    pub(crate) modules: Vec<jit::ValidBytes>,
    pub(crate) resolution: Resolution,
}

/// What resolving yields. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Resolution {
    pub(crate) program: Arc<Program>,
    pub(crate) plan: Arc<InstantiationPlan>,
    pub(crate) types: Arc<Types>,
}

impl ResolvedComponent {
    /// Validates, decodes and resolves a component in the binary format.
    ///
    /// A component may use built-ins that are not supported yet: [`Self::unsupported`] lists them.
    ///
    /// # Errors
    ///
    /// If `bytes` are not a valid component, or use something that is not supported yet and cannot
    /// be left to trap.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        Self::with_features(bytes, default_features())
    }

    /// Does what [`Self::new`] does, for a component that may use these features of WebAssembly.
    ///
    /// # Errors
    ///
    /// As for [`Self::new`].
    pub fn with_features(bytes: &[u8], features: WasmFeatures) -> Result<Self, Error> {
        let definitions = decode(bytes, features)?;
        let modules = definitions.modules.iter().map(|module| {
            let valid = jit::ValidBytes::new(&bytes[module.range.clone()], features);
            valid.map_err(|error| Error::of_core(&error, module.range.start))
        });
        let modules = modules.collect::<Result<_, Error>>()?;
        let resolution = Resolution::new(Program::new(definitions)).map_err(Fault::into_error)?;
        Ok(Self { modules, resolution })
    }

    /// Checks that `bytes` are a valid component, supported or not.
    ///
    /// # Errors
    ///
    /// If they are not.
    pub fn validate(bytes: &[u8]) -> Result<(), Error> {
        validate(bytes, default_features())
    }

    /// Returns what the component imports, in order.
    pub fn imports(&self) -> &[Item] {
        &self.resolution.plan.imports
    }

    /// Returns what the component exports, in order.
    pub fn exports(&self) -> &[Item] {
        &self.resolution.plan.exports
    }

    /// Returns what the component imports at a path, in this version or in the newest of the
    /// compatible ones.
    pub fn import(&self, path: &[&str]) -> Option<&Item> {
        find_item(self.imports(), path).map(|found| found.item)
    }

    /// Returns what the component exports at a path, in this version or in the newest of the
    /// compatible ones.
    pub fn export(&self, path: &[&str]) -> Option<&Item> {
        find_item(self.exports(), path).map(|found| found.item)
    }

    /// Returns the types that the ids in its items name.
    pub fn types(&self) -> &Types {
        &self.resolution.types
    }

    /// Returns the built-ins and kinds of functions that the component defines and that are not
    /// supported yet. Calling one of them traps.
    pub fn unsupported(&self) -> &[Unsupported] {
        &self.resolution.plan.unsupported
    }
}

impl Resolution {
    /// Resolves the component of a program.
    pub(crate) fn new(program: Program) -> Result<Self, Fault> {
        let (plan, types) = resolve(&program)?;
        Ok(Self { program: Arc::new(program), plan: Arc::new(plan), types: Arc::new(types) })
    }
}

impl fmt::Debug for ResolvedComponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ResolvedComponent");
        debug.field("imports", &self.imports()).field("exports", &self.exports()).finish_non_exhaustive()
    }
}
