//! Core modules as values: what a host passes to a component that imports one, and is given by one
//! that exports one.

use std::fmt;
use std::sync::Arc;

use crate::decode::{ModuleDefinition, module_definition};
use crate::engine::Engine;
use crate::error::Error;

/// A compiled core module that can satisfy an import of a component. Cheap to clone.
#[derive(Clone)]
pub struct Module {
    pub(crate) compiled: CompiledModule,
}

/// A core module's code, and its type as components see it.
#[derive(Clone)]
pub(crate) struct CompiledModule {
    pub(crate) core: jit::Module,
    pub(crate) definition: Arc<ModuleDefinition>,
}

impl Module {
    /// Validates and compiles a core module in the binary format.
    ///
    /// # Errors
    ///
    /// If `bytes` are not a valid module, or use something that is not supported yet.
    pub fn new(engine: &Engine, bytes: &[u8]) -> Result<Self, Error> {
        let core = jit::Module::new(engine.core(), bytes).map_err(|error| Error::of_core(&error, 0))?;
        let definition = Arc::new(module_definition(bytes)?);
        Ok(Self { compiled: CompiledModule { core, definition } })
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").field("name", &self.compiled.core.name()).finish_non_exhaustive()
    }
}
