//! The first stage of a module: decoded and validated, not compiled.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::compile::{self, FuncListing};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::module::index::FuncIndex;
use crate::module::info::{ExportType, ImportType, ModuleItem};
use crate::module::source::{ModuleSource, ValidBytes};
use crate::vm::layout::VmLayout;

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

/// A function that a module defines.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DefinedFunc<'a> {
    /// Position in the module's function index space.
    pub index: u32,
    /// Name, from the name section.
    pub name: Option<&'a str>,
    /// The names under which the module exports it.
    pub exports: Vec<&'a str>,
    /// The bytes of the body in the module: its locals and operators.
    pub body: Range<u64>,
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

    /// Returns the functions that the module defines, in order.
    pub fn defined_funcs(&self) -> impl ExactSizeIterator<Item = DefinedFunc<'_>> {
        let info = self.source.info();
        let mut exports: HashMap<FuncIndex, Vec<&str>> = HashMap::new();
        for (name, item) in &info.exports {
            if let ModuleItem::Func(func) = item {
                exports.entry(*func).or_default().push(name);
            }
        }
        self.source.bodies().enumerate().map(move |(position, body)| {
            let index = info.func_index_of_code(position);
            let name = info.func_names.get(&index).map(String::as_str);
            let exports = exports.remove(&index).unwrap_or_default();
            DefinedFunc { index: index.0, name, exports, body: body.range() }
        })
    }

    /// Compiles one function that the module defines, and returns its Cranelift IR and machine
    /// code.
    ///
    /// # Errors
    ///
    /// Fails like [`Module::compile`](crate::Module::compile), and if the module does not define a
    /// function of that index.
    pub fn listing(&self, index: u32) -> Result<FuncListing> {
        let info = self.source.info();
        let layout = VmLayout::new(info);
        let position = info.code_position(FuncIndex(index)).filter(|&at| at < self.source.bodies().len());
        let Some(position) = position else {
            return Err(Error::type_mismatch(format!("function {index} is not one that the module defines")));
        };
        let settings = self.engine.settings();
        let env = settings.env(info, &layout);
        compile::listing(&env, settings.levels(), position, &self.source.body(position))
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
