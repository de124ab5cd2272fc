//! What stores share: the configuration, interned types, validated and compiled modules.
//!
//! Nothing here knows a store.

pub(crate) mod config;
pub(crate) mod cost;
pub(crate) mod lazy;
pub(crate) mod module;
pub(crate) mod trampolines;
pub(crate) mod unit;
pub(crate) mod valid;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::compile::settings::CompileSettings;
use crate::error::Result;
use crate::module::registry::{InternedType, TypeRegistry};
use crate::rt::{self, LoadedCode, MemoryPool, VmOptions};
use crate::vm::trampoline::TrampolineKind;

pub use config::{Config, default_features};

use trampolines::TrampolineCache;

/// The compiler and what compiled modules share. Cheap to clone; clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<EngineInner>);

struct EngineInner {
    config: Config,
    settings: CompileSettings,
    registry: Arc<TypeRegistry>,
    trampolines: TrampolineCache,
    memory_pool: Arc<MemoryPool>,
    epoch: Arc<AtomicU64>,
}

impl Engine {
    /// Returns an engine that compiles for this processor and installs the process's trap signal
    /// handlers.
    ///
    /// # Errors
    ///
    /// Fails if Cranelift does not support the processor.
    pub fn new(config: &Config) -> Result<Self> {
        let settings = config.compile_settings()?;
        rt::install_signal_handlers();
        let inner = EngineInner {
            settings,
            registry: Arc::default(),
            trampolines: TrampolineCache::default(),
            memory_pool: Arc::new(MemoryPool::new(config.n_pooled_memories())),
            epoch: Arc::default(),
            config: config.clone(),
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

    /// Raises the epoch by one, from any thread. Guests whose deadline it reaches are interrupted.
    pub fn increment_epoch(&self) {
        self.0.epoch.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn epoch(&self) -> &Arc<AtomicU64> {
        &self.0.epoch
    }

    /// Returns what the state of a new store depends on.
    pub(crate) fn vm_options(&self) -> VmOptions {
        let EngineInner { config, registry, epoch, .. } = &*self.0;
        VmOptions {
            registry: Arc::clone(registry),
            epoch: Arc::clone(epoch),
            max_stack_bytes: config.max_wasm_stack_bytes(),
            has_epochs: config.has_epochs(),
            has_fuel: config.has_fuel(),
            collects_always: config.collects_always(),
        }
    }

    pub(crate) fn memory_pool(&self) -> &Arc<MemoryPool> {
        &self.0.memory_pool
    }

    /// Returns how this engine compiles.
    pub(crate) fn settings(&self) -> &CompileSettings {
        &self.0.settings
    }

    /// Returns the engine's types.
    pub(crate) fn registry(&self) -> &Arc<TypeRegistry> {
        &self.0.registry
    }

    /// Returns the code of a trampoline for functions of a type, which is the same at each call.
    ///
    /// # Errors
    ///
    /// Fails if Cranelift refuses the type or the system the memory.
    pub(crate) fn trampoline(&self, ty: &InternedType, kind: TrampolineKind) -> Result<Arc<LoadedCode>> {
        let EngineInner { settings, trampolines, .. } = &*self.0;
        trampolines.code(settings.isa.as_ref(), ty, kind)
    }
}
