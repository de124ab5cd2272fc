//! The first stage of a module: decoded and validated, not compiled.

use std::sync::Arc;

use crate::engine::Engine;
use crate::error::Result;
use crate::module::info::{ExportType, ImportType};
use crate::module::source::{ModuleSource, ValidBytes};

/// A module that has been validated, function bodies included, and not compiled. Cheap to clone.
///
/// It answers everything about a module's types. [`Module::compile`](crate::Module::compile) and
/// [`Unit::add_valid`](crate::Unit::add_valid) compile it and do not validate it again. Making one
/// starts no thread and generates no code.
///
/// ```
/// use jit::{Config, Engine, ExternType, Module, ValidModule};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let wasm = wat::parse_str(r#"(module (func (export "f") (param i32)))"#)?;
/// let module = ValidModule::new(&Engine::new(&Config::new())?, &wasm)?;
/// let export = module.exports().next().ok_or("no export")?;
/// assert!(export.name == "f" && matches!(export.ty, ExternType::Func(_)));
/// let compiled = Module::compile(&module)?;
/// assert_eq!(compiled.exports().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ValidModule {
    engine: Engine,
    source: Arc<ModuleSource>,
}

impl ValidModule {
    /// Decodes and validates a module in the binary format.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are not a valid module, or if it has types that are not compiled yet.
    pub fn new(engine: &Engine, wasm: &[u8]) -> Result<Self> {
        let features = engine.settings().features;
        let source = Arc::new(ModuleSource::validate(wasm.into(), features, engine.registry())?);
        Ok(Self { engine: engine.clone(), source })
    }

    /// Decodes a module that has been validated apart from an engine. It is validated again only
    /// where the engine admits fewer features than that validation did.
    ///
    /// # Errors
    ///
    /// Fails if the module uses features that the engine does not admit, or if it has types that
    /// are not compiled yet.
    pub fn of_bytes(engine: &Engine, valid: &ValidBytes) -> Result<Self> {
        let features = engine.settings().features;
        let source = Arc::new(ModuleSource::of_valid(valid, features, engine.registry())?);
        Ok(Self { engine: engine.clone(), source })
    }

    /// Returns the engine that has the module's types.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Returns the module's bytes.
    pub fn wasm(&self) -> &[u8] {
        self.source.wasm()
    }

    /// Returns the name that the name section gives the module.
    pub fn name(&self) -> Option<&str> {
        self.source.info().name.as_deref()
    }

    /// Returns the imports in the module's order.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = ImportType<'_>> {
        self.source.info().import_types()
    }

    /// Returns the exports in the module's order.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = ExportType<'_>> {
        self.source.info().export_types()
    }

    /// Returns the module of a source that was validated for this engine.
    pub(crate) fn of_source(engine: &Engine, source: Arc<ModuleSource>) -> Self {
        Self { engine: engine.clone(), source }
    }

    pub(crate) fn source(&self) -> &Arc<ModuleSource> {
        &self.source
    }
}

impl std::fmt::Debug for ValidModule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let n_bytes = self.wasm().len();
        f.debug_struct("ValidModule")
            .field("name", &self.name())
            .field("n_bytes", &n_bytes)
            .finish_non_exhaustive()
    }
}
