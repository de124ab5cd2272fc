//! Core modules as values: what a host passes to a component that imports one, and is given by one that exports one.

use std::fmt;
use std::sync::Arc;

use crate::component::core_error;
use crate::decode::{ModuleDefinition, Place, module_definition};
use crate::engine::Engine;
use crate::error::Error;
use crate::plan::Path;

/// A compiled core module that can meet an import of a component. Cheap to clone.
#[derive(Clone)]
pub struct Module {
    pub(crate) compiled: CompiledModule,
    pub(crate) place: Place,
}

/// A core module without its type.
#[derive(Clone)]
pub(crate) struct CompiledModule {
    pub(crate) core: jit::Module,
    pub(crate) shape: Arc<ModuleShape>,
}

/// What resolving needs to know of a module.
pub(crate) struct ModuleShape {
    imports: Vec<(String, String)>,
    n_memories: u32,
    n_tables: u32,
}

impl Module {
    /// Validates and compiles a core module in the binary format.
    ///
    /// # Errors
    ///
    /// If `bytes` are not a valid module, or use something that is not supported yet.
    pub fn new(engine: &Engine, bytes: &[u8]) -> Result<Self, Error> {
        let core = jit::Module::new(engine.core(), bytes).map_err(|error| core_error(&error, 0))?;
        let compiled = CompiledModule::new(core, &module_definition(bytes)?);
        Ok(Self { compiled, place: Place { bytes: Arc::from(bytes), path: Path::new() } })
    }
}

impl CompiledModule {
    pub(crate) fn new(core: jit::Module, definition: &ModuleDefinition<'_>) -> Self {
        let own = |&(module, name): &(&str, &str)| (String::from(module), String::from(name));
        let shape = ModuleShape {
            imports: definition.imports.iter().map(own).collect(),
            n_memories: definition.n_memories,
            n_tables: definition.n_tables,
        };
        Self { core, shape: Arc::new(shape) }
    }

    /// Returns the module as resolving takes it; its bytes are not needed any more.
    pub(crate) fn definition(&self) -> ModuleDefinition<'_> {
        let ModuleShape { imports, n_memories, n_tables } = &*self.shape;
        let imports = imports.iter().map(|(module, name)| (module.as_str(), name.as_str()));
        ModuleDefinition {
            range: 0..0,
            imports: imports.collect(),
            n_memories: *n_memories,
            n_tables: *n_tables,
        }
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").field("name", &self.compiled.core.name()).finish_non_exhaustive()
    }
}
