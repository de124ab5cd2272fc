//! Units: modules that are compiled together, so that calls between them are direct. Other
//! compilers add functions of their own to a unit here.
//!
//! Invariant: what an import is connected to is of a type that the import admits.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::compile::built::{BuiltModule, describe};
use crate::compile::schedule::{Progress, Watch, unwatched};
use crate::compile::{self, FuncListing, artifact, schedule};
use crate::engine::Engine;
use crate::engine::cost::{InstanceCost, data_bytes};
use crate::engine::module::Module;
use crate::engine::valid::ValidModule;
use crate::error::{Error, Result};
use crate::module::index::to_u32;
use crate::module::info::{ModuleInfo, ModuleItem};
use crate::module::source::ModuleSource;
use crate::rt::{FileCopy, LoadedCode, Member};
use crate::translate::{BuildFn, Env, Links};
use crate::vm::compiled::Compiled;
use crate::vm::layout::VmLayout;

/// Modules to be compiled together: modules in the binary format, and [`BuiltModule`]s, whose
/// functions an embedder builds in Cranelift IR.
///
/// [`Unit::connect`] promises which function of the unit an import will be given. A call of that
/// import then enters the function's code directly; only the callee's instance is read from the
/// import. The result is a list of [`Module`]s, which are instantiated like any others by
/// [`Instance::new`](crate::Instance::new), with imports that keep the promise.
///
/// A function that copies bytes from one module's memory to another's, and calls the other:
///
/// ```
/// use jit::{BuiltModule, Config, Engine, Extern, FuncType, Instance, MemoryType, Module, Store};
/// use jit::{Unit, UnitModule, Val, ValType};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sender = wat::parse_str(
///     r#"(module
///         (import "adapter" "send" (func $send (param i32 i32) (result i32)))
///         (import "own" "memory" (memory 1))
///         (data (i32.const 8) "\01\02\03")
///         (func (export "run") (result i32) (call $send (i32.const 8) (i32.const 3))))"#,
/// )?;
/// let receiver = wat::parse_str(
///     r#"(module
///         (memory (export "memory") 1)
///         (func (export "take") (param i32) (result i32) (i32.load (local.get 0))))"#,
/// )?;
/// let memories = wat::parse_str(r#"(module (memory (export "memory") 1))"#)?;
///
/// // The adapter copies (address, length) of the sender's memory to address 64 of the receiver's.
/// let (minimum, maximum, page_size_log2) = (1, None, 16);
/// let memory = MemoryType { minimum, maximum, page_size_log2, memory64: false, shared: false };
/// let mut adapter = BuiltModule::new("adapter");
/// let from = adapter.import_memory("sender", "memory", memory);
/// let to = adapter.import_memory("receiver", "memory", memory);
/// let unary = FuncType::new([ValType::I32], [ValType::I32]);
/// let take = adapter.import_func("receiver", "take", unary);
/// adapter.func("send", FuncType::new([ValType::I32; 2], [ValType::I32]), move |body| {
///     use jit::clif::{InstBuilder, types};
///     let (address, len) = (body.params()[0], body.params()[1]);
///     let (address, len) = (body.word(address), body.word(len));
///     let at = body.builder().ins().iconst(types::I64, 64);
///     body.memory_copy(to, from, at, address, len);
///     let at = body.builder().ins().iconst(types::I32, 64);
///     let results = body.call(take, &[at]);
///     body.return_(&results);
/// });
///
/// let engine = Engine::new(&Config::new())?;
/// let mut unit = Unit::new(&engine);
/// let receiver = unit.add(&receiver)?;
/// let adapter = unit.build(adapter);
/// let sender = unit.add(&sender)?;
/// unit.connect(adapter, 2, receiver, "take")?;
/// unit.connect(sender, 0, adapter, "send")?;
/// let modules = unit.compile()?;
/// let module = |of: UnitModule| &modules[of.position()];
///
/// let mut store = Store::new(&engine, ());
/// let memories = Instance::new(&mut store, &Module::new(&engine, &memories)?, &[])?;
/// let own = memories.get_export(&store, "memory").ok_or("no memory")?;
/// let receiver = Instance::new(&mut store, module(receiver), &[])?;
/// let get = |name| receiver.get_export(&store, name).ok_or("no such export");
/// let imports = [own, get("memory")?, get("take")?];
/// let adapter = Instance::new(&mut store, module(adapter), &imports)?;
/// let send = adapter.get_export(&store, "send").ok_or("no send")?;
/// let sender = Instance::new(&mut store, module(sender), &[send, own])?;
/// let run = sender.get_func(&store, "run").ok_or("no run")?;
/// let mut results = [Val::I32(0)];
/// run.call(&mut store, &[], &mut results)?;
/// assert_eq!(results, [Val::I32(0x030201)]);
/// # Ok(())
/// # }
/// ```
pub struct Unit<'a> {
    engine: Engine,
    parts: Vec<Part<'a>>,
    /// Functions that the modules so far define.
    n_funcs: u32,
}

/// Names a module of a [`Unit`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UnitModule(u32);

impl UnitModule {
    /// Returns the module's position in what [`Unit::compile`] returns: the order in which they
    /// were added.
    pub fn position(self) -> usize {
        self.0 as usize
    }
}

struct Part<'a> {
    info: Arc<ModuleInfo>,
    layout: VmLayout,
    links: Links,
    source: PartCode<'a>,
}

enum PartCode<'a> {
    Wasm(Arc<ModuleSource>),
    Built(Vec<BuildFn<'a>>),
}

impl Part<'_> {
    fn env<'e>(&'e self, engine: &'e Engine) -> Env<'e> {
        engine.settings().env(&self.info, &self.layout).in_unit(&self.links)
    }
}

impl<'a> Unit<'a> {
    /// Returns a unit without modules.
    pub fn new(engine: &Engine) -> Self {
        Self { engine: engine.clone(), parts: Vec::new(), n_funcs: 0 }
    }

    /// Adds a module in the binary format, after it has been validated.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are not a valid module.
    pub fn add(&mut self, wasm: &[u8]) -> Result<UnitModule> {
        Ok(self.add_valid(&ValidModule::new(&self.engine, wasm)?))
    }

    /// Adds a module that has been validated.
    ///
    /// # Panics
    ///
    /// Panics if it was validated for another engine than the unit's.
    pub fn add_valid(&mut self, module: &ValidModule) -> UnitModule {
        assert!(self.engine.same(module.engine()), "a unit's modules are of its engine");
        let source = module.source();
        self.push(Arc::clone(source.info()), PartCode::Wasm(Arc::clone(source)))
    }

    /// Adds a module whose functions are built when the unit is compiled.
    pub fn build(&mut self, module: BuiltModule<'a>) -> UnitModule {
        let (info, builders) = module.into_info(self.engine.registry());
        self.push(Arc::new(info), PartCode::Built(builders))
    }

    fn push(&mut self, info: Arc<ModuleInfo>, source: PartCode<'a>) -> UnitModule {
        let layout = VmLayout::new(&info);
        let links = Links { first: self.n_funcs, connected: HashMap::new() };
        self.n_funcs += info.n_defined_funcs();
        self.parts.push(Part { info, layout, links, source });
        UnitModule(to_u32(self.parts.len() - 1))
    }

    /// Promises that every instance of `importer` gets, for the import at `position` among all its
    /// imports, the function that some instance of `exporter` exports as `export`. Calls of the
    /// import are then direct. An instantiation that breaks the promise fails with
    /// [`LinkError::NotConnected`](crate::LinkError::NotConnected).
    ///
    /// In an engine whose functions are compiled when they are first called
    /// ([`Config::lazy_compilation`](crate::Config::lazy_compilation)) a promise has no effect:
    /// calls go through the import.
    ///
    /// # Errors
    ///
    /// Fails if the import or the export does not exist or is not a function, if their types do not
    /// match, or if the exported function is itself an import that is not connected.
    ///
    /// # Panics
    ///
    /// Panics if one of the modules belongs to another unit that has more of them.
    pub fn connect(
        &mut self,
        importer: UnitModule,
        position: usize,
        exporter: UnitModule,
        export: &str,
    ) -> Result<()> {
        let from = &self.parts[exporter.position()];
        let item = from.info.export_positions.get(export).map(|&at| from.info.exports[at].1);
        let Some(ModuleItem::Func(func)) = item else {
            return Err(Error::type_mismatch(format!("`{export}` is not an exported function")));
        };
        let callee = match from.info.code_position(func) {
            Some(at) => Some(from.links.first + to_u32(at)),
            None => from.links.connected.get(&func).copied(),
        };
        let callee = callee.ok_or_else(|| {
            Error::type_mismatch(format!("`{export}` is a function that its module imports"))
        })?;
        let given = from.info.types[from.info.funcs[func.pos()].pos()].id;
        let into = &mut self.parts[importer.position()];
        let Some(ModuleItem::Func(import)) = into.info.imports.get(position).map(|import| import.item) else {
            return Err(Error::type_mismatch(format!("import {position} is not an imported function")));
        };
        let expected = into.info.types[into.info.funcs[import.pos()].pos()].id;
        if !self.engine.registry().lock().is_subtype(given, expected) {
            return Err(Error::type_mismatch(format!("`{export}` is not of the type of import {position}")));
        }
        into.links.connected.insert(import, callee);
        Ok(())
    }

    /// Compiles the modules, which share one text, and returns them in the order in which they were
    /// added ([`UnitModule::position`]).
    ///
    /// With [`Config::lazy_compilation`](crate::Config::lazy_compilation) the modules in the binary
    /// format are like those of [`Module::new`]; built ones are compiled here.
    ///
    /// # Errors
    ///
    /// Fails like [`Module::compile`], and if Cranelift's verifier is on and refuses a built body.
    pub fn compile(self) -> Result<Vec<Module>> {
        self.compile_watched(&unwatched)
    }

    /// Like [`Unit::compile`], watched: see [`Watch`]. The functions of all modules count, built
    /// ones when all of their module are done. Nothing is watched where modules are lazy.
    ///
    /// # Errors
    ///
    /// Fails like [`Unit::compile`], and if `watch` ends it.
    pub fn compile_watched(self, watch: &Watch<'_>) -> Result<Vec<Module>> {
        if self.engine.config().is_lazy() {
            return self.compile_apart();
        }
        let compiled = self.compile_text(watch)?;
        self.load(|members| LoadedCode::load_unit(compiled, members))
    }

    /// Compiles the unit and returns the contents of a file for [`Unit::load_file`].
    ///
    /// # Errors
    ///
    /// Fails like [`Unit::compile`] of an engine that compiles modules as a whole.
    pub fn serialize(self) -> Result<Vec<u8>> {
        let description = self.describe()?;
        let compiled = self.compile_text(&unwatched)?;
        Ok(artifact::write(self.engine.settings(), &description, &compiled, &compiled.text))
    }

    /// Like [`Unit::compile`], but takes the code from a file that [`Unit::serialize`] of an equal
    /// unit has written. The functions of built modules are built for comparison and not compiled.
    ///
    /// # Errors
    ///
    /// Fails like [`Module::deserialize_file`], whose section on trust applies here too, and with
    /// [`ErrorKind::Artifact`](crate::ErrorKind::Artifact) if the file belongs to another unit.
    pub fn load_file(self, path: impl AsRef<Path>) -> Result<Vec<Module>> {
        let unreadable = |e: std::io::Error| Error::host(format!("{}: {e}", path.as_ref().display()));
        let file = File::open(path.as_ref()).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.len() == 0 {
            return Err(Error::artifact("an empty file"));
        }
        let file = Arc::new(FileCopy::read(&file).map_err(unreadable)?);
        let parts = artifact::check(self.engine.settings(), file.bytes())?;
        if file.bytes()[parts.wasm] != self.describe()? {
            return Err(Error::artifact("a compiled unit of other modules"));
        }
        let compiled = artifact::read_tables(&file.bytes()[parts.tables])
            .filter(|compiled| compiled.funcs.len() == self.n_funcs as usize)
            .ok_or_else(|| Error::artifact("a compiled unit whose tables are not its own"))?;
        self.load(|members| LoadedCode::of_file(&file, parts.text, compiled, members))
    }

    /// Compiles the unit and returns the Cranelift IR and machine code of each function of one of
    /// its modules.
    ///
    /// # Errors
    ///
    /// Fails like [`Unit::compile`].
    ///
    /// # Panics
    ///
    /// Panics if the module belongs to another unit that has more of them.
    pub fn listings(self, of: UnitModule) -> Result<Vec<FuncListing>> {
        let part = &self.parts[of.position()];
        let (env, levels) = (part.env(&self.engine), self.engine.settings().levels());
        match &part.source {
            PartCode::Wasm(source) => compile::listings(&env, levels, source.bodies().collect()),
            PartCode::Built(builders) => compile::built_listings(&env, levels, builders),
        }
    }

    fn compile_text(&self, watch: &Watch<'_>) -> Result<Compiled> {
        let (settings, n_funcs) = (self.engine.settings(), self.n_funcs as usize);
        let mut funcs = Vec::with_capacity(n_funcs);
        for part in &self.parts {
            let env = part.env(&self.engine);
            let n_before = funcs.len();
            let watch = |Progress { n_done, .. }| watch(Progress { n_done: n_before + n_done, n_funcs });
            funcs.extend(match &part.source {
                PartCode::Wasm(source) => {
                    schedule::functions(&env, source.bodies().collect(), &settings.schedule(&watch))?
                }
                PartCode::Built(builders) => {
                    let funcs = compile::built_functions(&env, settings.levels(), builders)?;
                    if watch(Progress { n_done: funcs.len(), n_funcs }).is_break() {
                        return Err(Error::cancelled());
                    }
                    funcs
                }
            });
        }
        compile::assemble(settings.isa.as_ref(), funcs)
    }

    /// Makes the modules of a unit whose code is loaded by `load`.
    fn load(self, load: impl FnOnce(Vec<Member>) -> Result<LoadedCode>) -> Result<Vec<Module>> {
        let member = |part: &Part<'_>| {
            let first_in_text = part.links.first as usize;
            Member { info: Arc::clone(&part.info), first: 0, first_in_text }
        };
        let code = Arc::new(load(self.parts.iter().map(member).collect())?);
        let data = self.parts.iter().map(|part| data_bytes(&part.info)).fold(0, u64::saturating_add);
        let module = |Part { info, layout, links, source }| {
            let source = match source {
                PartCode::Wasm(source) => Some(source),
                PartCode::Built(_) => None,
            };
            let cost = InstanceCost::new(&info, layout.size(), data);
            Module::of_unit(&self.engine, source, info, layout, Arc::clone(&code), links, cost)
        };
        Ok(self.parts.into_iter().map(module).collect())
    }

    /// Compiles each module as if it were alone.
    fn compile_apart(self) -> Result<Vec<Module>> {
        let engine = &self.engine;
        let module = |Part { info, layout, source, .. }| match source {
            PartCode::Wasm(source) => Module::compile(&ValidModule::of_source(engine, source)),
            PartCode::Built(builders) => {
                let env = engine.settings().env(&info, &layout).lazy();
                let funcs = compile::built_functions(&env, engine.settings().levels(), &builders)?;
                let compiled = compile::assemble(engine.settings().isa.as_ref(), funcs)?;
                let code = Arc::new(LoadedCode::load(compiled, Arc::clone(&info))?);
                let cost = InstanceCost::new(&info, layout.size(), data_bytes(&info));
                Ok(Module::of_unit(engine, None, info, layout, code, Links::default(), cost))
            }
        };
        self.parts.into_iter().map(module).collect()
    }

    /// Returns all that the code depends on: the bytes of modules, the declarations and bodies of
    /// built ones, and what is connected.
    fn describe(&self) -> Result<Vec<u8>> {
        let mut description = Vec::new();
        for part in &self.parts {
            let mut text = String::new();
            let mut connected: Vec<_> = part.links.connected.iter().collect();
            connected.sort();
            write!(text, "{connected:?} ").expect("a string takes any text");
            let bytes: &[u8] = match &part.source {
                PartCode::Wasm(source) => source.wasm(),
                PartCode::Built(builders) => {
                    describe(&part.info, &mut text);
                    for clif in compile::built_ir(&part.env(&self.engine), builders)? {
                        text.push_str(&clif);
                    }
                    &[]
                }
            };
            for part in [text.as_bytes(), bytes] {
                description.extend_from_slice(&(part.len() as u64).to_le_bytes());
                description.extend_from_slice(part);
            }
        }
        Ok(description)
    }
}
