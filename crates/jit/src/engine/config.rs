//! The configuration of an engine.

use wasmparser::WasmFeatures;

use crate::compile::settings::CompileSettings;
use crate::error::Result;
use crate::translate::CodeOptions;

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
    always_cheap: bool,
    collects_always: bool,
    parallel: bool,
    options: CodeOptions,
}

/// Returns the features of WebAssembly that are on unless a configuration says otherwise.
///
/// Those of components say nothing to core modules. They stand here so that one set holds for a
/// component and for the modules in it. It agrees with the official suites on every check of
/// validation.
pub fn default_features() -> WasmFeatures {
    WasmFeatures::default()
        | WasmFeatures::CM_MORE_ASYNC_BUILTINS
        | WasmFeatures::CM_THREADING
        | WasmFeatures::CM_ASYNC_STACKFUL
        | WasmFeatures::CM_FIXED_LENGTH_LISTS
        | WasmFeatures::CM_FORWARD
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    /// Returns the default configuration: [`default_features`], 512 KiB of guest stack, memories up
    /// to 4 GiB, of which 64 are pooled, tables up to 10 million elements, Cranelift's verifier in
    /// debug builds only.
    pub fn new() -> Self {
        Self {
            features: default_features(),
            max_wasm_stack_bytes: 512 << 10,
            max_memory_bytes: 4 << 30,
            max_table_elements: 10_000_000,
            pooled_memories: 64,
            verifier: cfg!(debug_assertions),
            lazy: false,
            cheap_first_above_bytes: 32 << 10,
            always_cheap: false,
            collects_always: false,
            parallel: true,
            options: CodeOptions::default(),
        }
    }

    /// Sets the features that validation accepts. What is valid but not supported yet is an error
    /// of kind [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
    #[must_use]
    pub fn features(mut self, features: WasmFeatures) -> Self {
        self.features = features;
        self
    }

    /// Returns the features that validation accepts.
    pub fn accepted_features(&self) -> WasmFeatures {
        self.features
    }

    /// Sets how many bytes of stack guests may use, counted from where the host enters them. What
    /// host functions use between guests does not count. The thread must have 256 KiB more, for
    /// host functions; where it has not, because the limit is above 1 MiB or calls are nested
    /// deeply, they go on on a stack of the store's.
    #[must_use]
    pub fn max_wasm_stack(mut self, bytes: usize) -> Self {
        self.max_wasm_stack_bytes = bytes;
        self
    }

    /// Sets how many bytes each memory may have at most, whatever its type says. A 64-bit memory
    /// whose type has no lower maximum reserves so much address space: what the system does not
    /// have is an error where the memory is made.
    #[must_use]
    pub fn max_memory(mut self, bytes: u64) -> Self {
        self.max_memory_bytes = bytes;
        self
    }

    /// Sets for how many 32-bit memories the engine keeps address space that no store uses at
    /// present. Each takes 4 GiB of address space, and no memory. A new memory that reuses one
    /// needs few system calls, or none.
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

    /// Sets whether functions are compiled when they are first called instead of when their module
    /// is made; off by default. A module is validated as a whole either way. With it on, what is
    /// valid but not supported is a trap of the call ([`TrapKind::Host`](crate::TrapKind::Host)
    /// with the [`Error`](crate::Error)).
    #[must_use]
    pub fn lazy_compilation(mut self, on: bool) -> Self {
        self.lazy = on;
        self
    }

    /// Sets the size of a body, in bytes, above which a function of a lazy module is first compiled
    /// at a cheap level: 32 KiB unless set, `usize::MAX` for never. At its eighth call it is
    /// compiled again at the full level, on another thread if [`Config::parallel_compilation`] is
    /// on. Later calls use that code; a running call stays where it is.
    #[must_use]
    pub fn cheap_first_above(mut self, bytes: usize) -> Self {
        self.cheap_first_above_bytes = bytes;
        self
    }

    /// Sets whether all functions are compiled at the cheap level: without optimisation and with a
    /// quick allocator of registers; off by default. Otherwise only those functions are for which
    /// the full level would take long for their size.
    #[must_use]
    pub fn always_cheap(mut self, on: bool) -> Self {
        self.always_cheap = on;
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

    /// Sets whether large modules are compiled on as many threads as there are cores; on by
    /// default. Otherwise the calling thread compiles alone.
    #[must_use]
    pub fn parallel_compilation(mut self, on: bool) -> Self {
        self.parallel = on;
        self
    }

    pub(crate) fn is_lazy(&self) -> bool {
        self.lazy
    }

    /// Sets whether guests are interrupted when the engine's epoch reaches their store's deadline
    /// ([`Engine::increment_epoch`](crate::Engine::increment_epoch)); off by default. It costs a
    /// check at function entries and loop headers; bulk instructions check it after each MiB.
    #[must_use]
    pub fn epoch_interruption(mut self, on: bool) -> Self {
        self.options.interruption.epochs = on;
        self
    }

    /// Sets whether guests use up their store's fuel ([`Store::set_fuel`](crate::Store::set_fuel));
    /// off by default. Unlike epochs it is deterministic, and slower. An operator costs one; one
    /// that moves bytes or table elements (`memory.fill`, `memory.copy`, `memory.init` and those of
    /// tables, `table.grow` included) costs one more for each 8 bytes begun, and an element has 8
    /// bytes. `memory.grow` costs one, as it touches no page. A bulk instruction that the fuel does
    /// not pay for changes nothing.
    #[must_use]
    pub fn consume_fuel(mut self, on: bool) -> Self {
        self.options.interruption.fuel = on;
        self
    }

    /// Sets whether relaxed vector instructions do the same on every processor; on by default.
    /// Otherwise they do what is fastest on this one, within what the relaxed SIMD proposal allows:
    /// `relaxed_madd` rounds once where the processor can, and `relaxed_swizzle` and
    /// `relaxed_q15mulr_s` are single instructions on x86-64.
    #[must_use]
    pub fn relaxed_simd_deterministic(mut self, on: bool) -> Self {
        self.options.native_relaxed_simd = !on;
        self
    }

    /// Sets whether the checks of bounds that are branches hold in speculation too: where the
    /// processor predicts one wrongly, the access goes to the first element or byte; off by
    /// default. Such are the checks of tables, indirect calls included, and of memories with 64-bit
    /// addresses, small pages or large offsets; others end in pages that nobody can read. It costs
    /// a conditional move for each access, and it is no defence by itself: neither null references,
    /// types of indirect calls nor the targets of calls and returns are guarded.
    #[must_use]
    pub fn guard_speculation(mut self, on: bool) -> Self {
        self.options.guards_speculation = on;
        self
    }

    pub(crate) fn has_epochs(&self) -> bool {
        self.options.interruption.epochs
    }

    pub(crate) fn has_fuel(&self) -> bool {
        self.options.interruption.fuel
    }

    /// Returns how modules are compiled.
    pub(crate) fn compile_settings(&self) -> Result<CompileSettings> {
        let Self { options, features, parallel, verifier, always_cheap, .. } = *self;
        CompileSettings::new(options, features, parallel, verifier, always_cheap)
    }

    /// Returns the number of memories for which the engine keeps address space.
    pub(crate) fn n_pooled_memories(&self) -> usize {
        self.pooled_memories
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
