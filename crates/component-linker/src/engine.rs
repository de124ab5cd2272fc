//! The engine: what all components of a process share.

pub use jit::Config;

/// Compiles the core modules of components. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    core: jit::Engine,
}

impl Engine {
    /// Creates an engine for this machine.
    ///
    /// # Errors
    ///
    /// If this machine is not supported.
    pub fn new(config: &Config) -> Result<Self, jit::Error> {
        Ok(Self { core: jit::Engine::new(config)? })
    }

    pub(crate) fn core(&self) -> &jit::Engine {
        &self.core
    }
}
