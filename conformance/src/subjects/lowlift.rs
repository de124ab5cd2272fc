//! Lowlift itself as a subject, through `component-linker`.

use super::{DefinitionId, Failure, FailureKind, InstanceId, Subject, Val};

/// Lowlift as a [`Subject`].
#[derive(Debug, Default)]
pub struct Lowlift;

impl Lowlift {
    /// Returns an engine that has defined nothing.
    pub fn new() -> Self {
        Self
    }
}

fn absent<T>() -> Result<T, Failure> {
    Err(Failure::new(FailureKind::Unsupported, "not supported yet: running components"))
}

impl Subject for Lowlift {
    fn define(&mut self, _wasm: &[u8]) -> Result<DefinitionId, Failure> {
        absent()
    }

    fn validate(&mut self, _wasm: &[u8]) -> Result<(), Failure> {
        absent()
    }

    fn instantiate(&mut self, _: DefinitionId, _: &[(String, InstanceId)]) -> Result<InstanceId, Failure> {
        absent()
    }

    fn invoke(&mut self, _: InstanceId, _: &str, _: &[Val]) -> Result<Option<Val>, Failure> {
        absent()
    }
}
