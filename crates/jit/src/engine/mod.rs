//! The engine: configuration, the compiler's target, and the types interned across modules.

pub(crate) mod lazy;
pub(crate) mod module;
pub(crate) mod trampolines;
pub(crate) mod unit;
pub(crate) mod valid;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use wasmparser::WasmFeatures;

use crate::compile::schedule::Schedule;
use crate::engine::module::Progress;
use crate::error::{Error, Result};
use crate::module::registry::{InternedType, Registry, SubType};
use crate::module::types::{FuncType, TypeId};
use crate::rt::{self, CodeRegion, MemoryPool};
use crate::translate::{CodeOptions, Interruption};

/// How modules are validated, compiled and bounded.
///
/// Built in the fluent style: `Config::new().max_wasm_stack(1 << 20)`.
#[derive(Clone, Debug)]
pub struct Config {
    features: WasmFeatures,
    max_wasm_stack_bytes: usize,
    max_memory_bytes: u64,
    max_table_elements: u64,
    pooled_memories: usize,
    verifier: bool,
    lazy: bool,
    cheap_first_above_bytes: usize,
    collects_always: bool,
    parallel: bool,
    options: CodeOptions,
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    /// Returns the default configuration: wasmparser's default features, 512 KiB of guest stack, memories up
    /// to 4 GiB, of which 64 are pooled, tables up to 10 million elements, Cranelift's verifier in debug builds only.
    pub fn new() -> Self {
        Self {
            features: WasmFeatures::default(),
            max_wasm_stack_bytes: 512 << 10,
            max_memory_bytes: 4 << 30,
            max_table_elements: 10_000_000,
            pooled_memories: 64,
            verifier: cfg!(debug_assertions),
            lazy: false,
            cheap_first_above_bytes: 32 << 10,
            collects_always: false,
            parallel: true,
            options: CodeOptions::default(),
        }
    }

    /// Sets the features that validation accepts. What is accepted and not compiled yet is an error of kind
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
    #[must_use]
    pub fn features(mut self, features: WasmFeatures) -> Self {
        self.features = features;
        self
    }

    /// Sets how many bytes of stack a guest may use, counted from where the host enters it. The thread
    /// must have more: what host functions need comes on top.
    #[must_use]
    pub fn max_wasm_stack(mut self, bytes: usize) -> Self {
        self.max_wasm_stack_bytes = bytes;
        self
    }

    /// Sets how many bytes each memory may have at most, whatever its type says.
    #[must_use]
    pub fn max_memory(mut self, bytes: u64) -> Self {
        self.max_memory_bytes = bytes;
        self
    }

    /// Sets for how many 32-bit memories the engine keeps address space that no store uses at present. Each takes
    /// 4 GiB of it, and no memory. A new memory that finds some costs few system calls, or none.
    #[must_use]
    pub fn pooled_memories(mut self, slots: usize) -> Self {
        self.pooled_memories = slots;
        self
    }

    /// Sets how many elements each table may have at most, whatever its type says.
    #[must_use]
    pub fn max_table_elements(mut self, elements: u64) -> Self {
        self.max_table_elements = elements;
        self
    }

    /// Sets whether Cranelift verifies the code that the translator makes (slow; finds our bugs).
    #[must_use]
    pub fn verifier(mut self, on: bool) -> Self {
        self.verifier = on;
        self
    }

    /// Sets whether a module's functions are compiled when they are first called, and not all when the module is made;
    /// off by default. A module is validated as a whole either way. What is valid and not supported is then a trap of
    /// the call ([`TrapKind::Host`](crate::TrapKind::Host) with the [`Error`]).
    #[must_use]
    pub fn lazy_compilation(mut self, on: bool) -> Self {
        self.lazy = on;
        self
    }

    /// Sets above how many bytes of its body a function of a lazy module is at first compiled at a cheap level: 32 KiB
    /// unless set, `usize::MAX` for never. At its eighth call it is compiled at the full level too, on a thread of its
    /// own ([`Config::parallel_compilation`]), and calls after that go there. A call that is running is not moved.
    #[must_use]
    pub fn cheap_first_above(mut self, bytes: usize) -> Self {
        self.cheap_first_above_bytes = bytes;
        self
    }

    pub(crate) fn cheap_first_above_bytes(&self) -> usize {
        self.cheap_first_above_bytes
    }

    /// Sets whether every allocation of an exception collects first (very slow; finds our bugs).
    #[doc(hidden)]
    #[must_use]
    pub fn collect_always(mut self, on: bool) -> Self {
        self.collects_always = on;
        self
    }

    pub(crate) fn collects_always(&self) -> bool {
        self.collects_always
    }

    /// Sets whether large modules are compiled on as many threads as there are cores; on by default. If not, the calling
    /// thread compiles alone.
    #[must_use]
    pub fn parallel_compilation(mut self, on: bool) -> Self {
        self.parallel = on;
        self
    }

    pub(crate) fn is_lazy(&self) -> bool {
        self.lazy
    }

    /// Sets whether guests are interrupted when the engine's epoch reaches their store's deadline
    /// ([`Engine::increment_epoch`]); off by default. It costs a check at function entries and loop headers.
    #[must_use]
    pub fn epoch_interruption(mut self, on: bool) -> Self {
        self.options.interruption.epochs = on;
        self
    }

    /// Sets whether guests use up their store's fuel
    /// ([`Store::set_fuel`](crate::Store::set_fuel)); off by default. Unlike epochs it is deterministic, and slower.
    #[must_use]
    pub fn consume_fuel(mut self, on: bool) -> Self {
        self.options.interruption.fuel = on;
        self
    }

    /// Sets whether relaxed vector instructions do the same on every processor; on by default. If not, they do what is
    /// fastest on this one, within what the relaxed SIMD proposal allows: `relaxed_madd` rounds once where the
    /// processor can, and `relaxed_swizzle` and `relaxed_q15mulr_s` are single instructions on x86-64.
    #[must_use]
    pub fn relaxed_simd_deterministic(mut self, on: bool) -> Self {
        self.options.native_relaxed_simd = !on;
        self
    }

    pub(crate) fn interruption(&self) -> Interruption {
        self.options.interruption
    }

    /// Returns all that the code of a module depends on, beside the target.
    pub(crate) fn code_options(&self) -> CodeOptions {
        self.options
    }

    pub(crate) fn wasm_features(&self) -> WasmFeatures {
        self.features
    }

    #[inline]
    pub(crate) fn max_wasm_stack_bytes(&self) -> usize {
        self.max_wasm_stack_bytes
    }

    pub(crate) fn max_memory_bytes(&self) -> u64 {
        self.max_memory_bytes
    }

    pub(crate) fn table_limit(&self) -> u64 {
        self.max_table_elements
    }
}

/// The compiler and what compiled modules share. Cheap to clone; clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<EngineInner>);

struct EngineInner {
    config: Config,
    isa: OwnedTargetIsa,
    /// The same target, for code that is to be there soon rather than fast.
    cheap_isa: OwnedTargetIsa,
    registry: Mutex<Registry>,
    /// Where the trampolines of all its types lie.
    trampolines: CodeRegion,
    memory_pool: Arc<MemoryPool>,
    epoch: Arc<AtomicU64>,
}

impl Engine {
    /// Returns an engine that compiles for this processor and installs the process's trap signal handlers.
    ///
    /// # Errors
    ///
    /// Fails if Cranelift does not support the processor.
    pub fn new(config: &Config) -> Result<Self> {
        let isa = host_isa(config, Level::Full)?;
        let cheap_isa = host_isa(config, Level::Cheap)?;
        rt::install_signal_handlers();
        let inner = EngineInner {
            config: config.clone(),
            isa,
            cheap_isa,
            registry: Mutex::default(),
            trampolines: CodeRegion::default(),
            memory_pool: Arc::new(MemoryPool::new(config.pooled_memories)),
            epoch: Arc::default(),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Returns the configuration.
    #[inline]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Returns whether both are the same engine.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Raises the epoch by one: guests whose deadline that reaches are interrupted. From any thread.
    pub fn increment_epoch(&self) {
        self.0.epoch.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn epoch(&self) -> &Arc<AtomicU64> {
        &self.0.epoch
    }

    pub(crate) fn memory_pool(&self) -> &Arc<MemoryPool> {
        &self.0.memory_pool
    }

    pub(crate) fn trampolines(&self) -> &CodeRegion {
        &self.0.trampolines
    }

    pub(crate) fn isa(&self) -> &OwnedTargetIsa {
        &self.0.isa
    }

    pub(crate) fn cheap_isa(&self) -> &OwnedTargetIsa {
        &self.0.cheap_isa
    }

    pub(crate) fn compiles_in_parallel(&self) -> bool {
        self.0.config.parallel
    }

    /// Returns how this engine compiles the functions of a module.
    pub(crate) fn schedule<'a>(&self, progress: &'a (dyn Fn(Progress) + Sync)) -> Schedule<'a> {
        Schedule { parallel: self.0.config.parallel, progress }
    }

    /// Returns the engine's types, locked.
    pub(crate) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.0.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the interned type of functions of type `ty`, the same for equal types.
    pub(crate) fn signature(&self, ty: &FuncType) -> Arc<InternedType> {
        Arc::clone(&self.registry().intern(vec![SubType::of_func(ty.clone())])[0])
    }

    /// Returns the type that `id` names.
    pub(crate) fn interned(&self, id: TypeId) -> Arc<InternedType> {
        Arc::clone(self.registry().get(id))
    }
}

/// How much work Cranelift does for the speed of the code.
#[derive(Clone, Copy)]
enum Level {
    Full,
    Cheap,
}

fn host_isa(config: &Config, level: Level) -> Result<OwnedTargetIsa> {
    let mut flags = settings::builder();
    let (opt_level, regalloc_algorithm) = match level {
        Level::Full => ("speed", "backtracking"),
        Level::Cheap => ("none", "single_pass"),
    };
    let pairs = [
        ("opt_level", opt_level),
        ("regalloc_algorithm", regalloc_algorithm),
        ("preserve_frame_pointers", "true"),
        ("enable_multi_ret_implicit_sret", "true"),
        // The explicit stack limit serves instead.
        ("enable_probestack", "false"),
        ("unwind_info", "false"),
        ("enable_verifier", if config.verifier { "true" } else { "false" }),
    ];
    for (name, value) in pairs {
        flags.set(name, value).map_err(|e| Error::host(format!("Cranelift setting {name}: {e}")))?;
    }
    let builder = cranelift_native::builder().map_err(Error::host)?;
    let isa = builder.finish(settings::Flags::new(flags)).map_err(|e| Error::host(e.to_string()))?;
    // Without SSE 4.1, rounding would become calls of library functions.
    let lacks_rounding = isa.name() == "x64"
        && !isa.isa_flags().iter().any(|flag| flag.name == "has_sse41" && flag.as_bool() == Some(true));
    if lacks_rounding {
        return Err(Error::unsupported("x86-64 processors without SSE 4.1"));
    }
    Ok(isa)
}
