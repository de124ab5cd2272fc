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

    /// Raises the epoch by one: guests whose store's deadline that reaches are interrupted. From
    /// any thread ([`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline)).
    pub fn increment_epoch(&self) {
        self.core.increment_epoch();
    }

    pub(crate) fn core(&self) -> &jit::Engine {
        &self.core
    }
}
