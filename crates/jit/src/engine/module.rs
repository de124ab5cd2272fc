//! Compiled modules: the handle, its code, its images.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread;

use crate::compile::schedule::{Watch, unwatched};
use crate::compile::{self, FuncListing, artifact};
use crate::engine::Engine;
use crate::engine::cost::{InstanceCost, data_bytes};
use crate::engine::lazy::{Entered, Lazily, LazyFuncs};
use crate::engine::valid::ValidModule;
use crate::error::{Error, Result};
use crate::module::image::{ImageContents, images};
use crate::module::index::FuncIndex;
use crate::module::info::{ExportType, ImportType, ModuleInfo};
use crate::module::source::ModuleSource;
use crate::rt::{FileCopy, FuncCode, LazyCode, LoadedCode, Member, MemoryImage, stubs};
use crate::translate::Links;
use crate::vm::compiled::Compiled;
use crate::vm::layout::VmLayout;

/// Images by defined memory. A memory without data has none.
pub(crate) type Images = Vec<Option<Arc<MemoryImage>>>;

/// A compiled module. Cheap to clone; clones share the code.
#[derive(Clone)]
pub struct Module(Arc<ModuleInner>);

struct ModuleInner {
    engine: Engine,
    info: Arc<ModuleInfo>,
    layout: VmLayout,
    code: Arc<LoadedCode>,
    /// The functions, if they are compiled when first called; `code` then has their stubs.
    lazy: Option<LazyFuncs>,
    /// The module's place in its unit, if it shares its code with others.
    links: Option<Links>,
    /// What it was compiled from; none for a built module.
    source: Option<Arc<ModuleSource>>,
    images: OnceLock<Option<Images>>,
    cost: InstanceCost,
}

impl Module {
    /// Validates and compiles a module in the binary format.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are not a valid module, if the module uses what is not compiled yet, or
    /// if the system refuses executable memory.
    pub fn new(engine: &Engine, wasm: &[u8]) -> Result<Self> {
        Self::new_watched(engine, wasm, &unwatched)
    }

    /// Like [`Module::new`], watched: see [`Watch`].
    ///
    /// # Errors
    ///
    /// Fails like [`Module::new`], and if `watch` ends it.
    pub fn new_watched(engine: &Engine, wasm: &[u8], watch: &Watch<'_>) -> Result<Self> {
        Self::compile_watched(&ValidModule::new(engine, wasm)?, watch)
    }

    /// Compiles a module that has been validated.
    ///
    /// # Errors
    ///
    /// Fails if the module uses what is not compiled yet, or if the system refuses executable
    /// memory.
    pub fn compile(module: &ValidModule) -> Result<Self> {
        Self::compile_watched(module, &unwatched)
    }

    /// Like [`Module::compile`], watched: see [`Watch`].
    ///
    /// # Errors
    ///
    /// Fails like [`Module::compile`], and if `watch` ends it.
    pub fn compile_watched(module: &ValidModule, watch: &Watch<'_>) -> Result<Self> {
        let (engine, source) = (module.engine(), module.source());
        let layout = VmLayout::new(source.info());
        let (compiled, lazy) = if engine.config().is_lazy() {
            (stubs(source.info().n_defined_funcs()), Some(LazyFuncs::new(source)))
        } else {
            (compile_source(engine, source, &layout, watch)?, None)
        };
        let code = Arc::new(LoadedCode::load(compiled, Arc::clone(source.info()))?);
        Ok(Self::of_parts(engine, source, layout, code, lazy))
    }

    fn of_parts(
        engine: &Engine,
        source: &Arc<ModuleSource>,
        layout: VmLayout,
        code: Arc<LoadedCode>,
        lazy: Option<LazyFuncs>,
    ) -> Self {
        let (engine, images) = (engine.clone(), OnceLock::new());
        let (info, source) = (Arc::clone(source.info()), Some(Arc::clone(source)));
        let (links, cost) = (None, InstanceCost::new(&info, layout.size(), data_bytes(&info)));
        Self(Arc::new(ModuleInner { engine, info, layout, code, lazy, links, source, images, cost }))
    }

    /// Returns a module of a unit; a built one has no source.
    pub(crate) fn of_unit(
        engine: &Engine,
        source: Option<Arc<ModuleSource>>,
        info: Arc<ModuleInfo>,
        layout: VmLayout,
        code: Arc<LoadedCode>,
        links: Links,
        cost: InstanceCost,
    ) -> Self {
        let (engine, images, links) = (engine.clone(), OnceLock::new(), Some(links));
        let lazy = None;
        Self(Arc::new(ModuleInner { engine, info, layout, code, lazy, links, source, images, cost }))
    }

    /// Compiles a module and returns the Cranelift IR and machine code of each function it defines.
    ///
    /// # Errors
    ///
    /// Fails like [`Module::new`].
    pub fn listings(engine: &Engine, wasm: &[u8]) -> Result<Vec<FuncListing>> {
        let module = ValidModule::new(engine, wasm)?;
        let source = module.source();
        let layout = VmLayout::new(source.info());
        let settings = engine.settings();
        compile::listings(&settings.env(source.info(), &layout), settings.levels(), source.bodies().collect())
    }

    /// Returns the compiled module as the contents of a file for [`Module::deserialize_file`].
    ///
    /// # Errors
    ///
    /// Fails on what is not supported yet, which a lazy module finds out here, and on a built
    /// module, which only its unit can write ([`Unit::serialize`](crate::Unit::serialize)).
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let ModuleInner { engine, layout, code, lazy, links, source, .. } = &*self.0;
        let Some(source) = source else {
            return Err(Error::unsupported("the artifact of a built module without its unit"));
        };
        if lazy.is_none() && links.is_none() {
            return Ok(artifact::write(engine.settings(), source.wasm(), code.compiled(), code.text()));
        }
        // The functions of a lazy module are not all compiled; the code of a unit calls its other
        // modules.
        let compiled = compile_source(engine, source, layout, &unwatched)?;
        Ok(artifact::write(engine.settings(), source.wasm(), &compiled, &compiled.text))
    }

    /// Returns the compiler of the module's functions, if they are compiled when first called.
    pub(crate) fn lazy_code(&self) -> Option<Arc<dyn LazyCode>> {
        self.0.lazy.is_some().then(|| Arc::clone(&self.0) as Arc<dyn LazyCode>)
    }

    /// Returns the module that [`Module::serialize`] wrote to a file. The file is read as a whole,
    /// and nothing is compiled again; what happens to the file later does not matter.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Artifact`](crate::ErrorKind::Artifact) if the file is something
    /// else, is damaged, or was made by another version of this crate, for another processor or
    /// with another configuration; with [`ErrorKind::Host`](crate::ErrorKind::Host) if it cannot be
    /// read or mapped.
    ///
    /// # Trust
    ///
    /// The file holds machine code. The checks find damage, not malice: anyone who can write to the
    /// file before it is read can do whatever this process can.
    pub fn deserialize_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Self> {
        let unreadable = |e: std::io::Error| Error::host(format!("{}: {e}", path.as_ref().display()));
        let file = File::open(path.as_ref()).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.len() == 0 {
            return Err(Error::artifact("an empty file"));
        }
        let file = Arc::new(FileCopy::read(&file).map_err(unreadable)?);
        let parts = artifact::check(engine.settings(), file.bytes())?;
        let source = Arc::new(ModuleSource::of_artifact(
            &file.bytes()[parts.wasm],
            engine.settings().features,
            engine.registry(),
        )?);
        let info = source.info();
        let layout = VmLayout::new(info);
        let compiled = artifact::read_tables(&file.bytes()[parts.tables])
            .filter(|compiled| compiled.funcs.len() == info.n_defined_funcs() as usize)
            .ok_or_else(|| Error::artifact("a compiled module whose tables are not its own"))?;
        let member = Member { info: Arc::clone(info), first: 0, first_in_text: 0 };
        let code = LoadedCode::of_file(&file, parts.text, compiled, vec![member])?;
        Ok(Self::of_parts(engine, &source, layout, Arc::new(code), None))
    }

    /// Validates a module in the binary format and compiles nothing.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are not a valid module, or if it has types that are not compiled yet.
    pub fn validate(engine: &Engine, wasm: &[u8]) -> Result<()> {
        ValidModule::new(engine, wasm).map(drop)
    }

    /// Returns the engine.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// Returns the name that the name section gives the module.
    pub fn name(&self) -> Option<&str> {
        self.0.info.name.as_deref()
    }

    /// Returns the imports in the order in which `Instance::new` takes them.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = ImportType<'_>> {
        self.0.info.import_types()
    }

    /// Returns the exports in the module's order.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = ExportType<'_>> {
        self.0.info.export_types()
    }

    pub(crate) fn info(&self) -> &Arc<ModuleInfo> {
        &self.0.info
    }

    /// Returns what instances take of the host.
    pub(crate) fn cost(&self) -> &InstanceCost {
        &self.0.cost
    }

    pub(crate) fn layout(&self) -> &VmLayout {
        &self.0.layout
    }

    /// Returns the images of the defined memories, if they take the place of the active data
    /// segments.
    pub(crate) fn images(&self) -> Option<&Images> {
        let make = |contents: Option<ImageContents<'_>>| match contents {
            Some(contents) => MemoryImage::new(&contents).map(Some),
            None => Some(None),
        };
        let all = || images(&self.0.info)?.into_iter().map(make).collect();
        self.0.images.get_or_init(all).as_ref()
    }

    pub(crate) fn code(&self) -> &Arc<LoadedCode> {
        &self.0.code
    }

    /// Returns the address of the function at `position` of those that the module defines: its
    /// code, or its stub.
    pub(crate) fn func_address(&self, position: usize) -> usize {
        let first = self.0.links.as_ref().map_or(0, |links| links.first);
        self.0.code.func_address(first as usize + position)
    }

    /// Returns the code that direct calls of a connected import enter; `None` if the import is not
    /// connected.
    pub(crate) fn connected_address(&self, import: FuncIndex) -> Option<usize> {
        let callee = self.0.links.as_ref()?.connected.get(&import)?;
        Some(self.0.code.func_address(*callee as usize))
    }
}

impl LazyCode for ModuleInner {
    fn func_code(self: Arc<Self>, position: u32) -> Result<FuncCode> {
        let (code, is_due) = match self.with_lazy(|funcs, of| funcs.get(of, position))? {
            Entered::Final(code) => return Ok(FuncCode::Final(code)),
            Entered::Cheap { code, is_due } => (code, is_due),
        };
        if !is_due {
            return Ok(FuncCode::Cheap(code));
        }
        if self.engine.settings().parallel {
            let compile = move || self.with_lazy(|funcs, of| drop(funcs.compile_fully(of, position)));
            // If the system has no thread for it, the cheap code stays in use.
            drop(thread::Builder::new().name("lowlift compile".to_owned()).spawn(compile));
            return Ok(FuncCode::Cheap(code));
        }
        self.with_lazy(|funcs, of| funcs.compile_fully(of, position)).map(FuncCode::Final)
    }
}

impl ModuleInner {
    fn with_lazy<R>(&self, f: impl FnOnce(&LazyFuncs, &Lazily<'_>) -> R) -> R {
        let Self { engine, info, layout, lazy, source, .. } = self;
        let parts = lazy.as_ref().zip(source.as_deref());
        let (funcs, source) = parts.expect("only the functions of a lazy module have stubs");
        let of = Lazily {
            env: &engine.settings().env(info, layout).lazy(),
            levels: engine.settings().levels(),
            cheap_first_above_bytes: engine.config().cheap_first_above_bytes() as u64,
            source,
        };
        f(funcs, &of)
    }
}

/// Compiles all functions of a module.
fn compile_source(
    engine: &Engine,
    source: &ModuleSource,
    layout: &VmLayout,
    watch: &Watch<'_>,
) -> Result<Compiled> {
    let settings = engine.settings();
    let env = settings.env(source.info(), layout);
    compile::module(&env, source.bodies().collect(), &settings.schedule(watch))
}
