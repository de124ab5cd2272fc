//! The seam between the suite and an engine: plain bytes, names and values in, plain outcomes out.
//!
//! Invariant: nothing in the trait refers to an engine's own types, so that a subject can as well
//! be a process at the other end of a pipe.

pub mod core;
mod core_value;
pub mod lowlift;
mod lowlift_value;
mod value;

pub use core_value::{CoreVal, Heap, LanePattern, Pattern};
pub use value::{Val, mismatch};

#[cfg(test)]
pub(crate) mod fake;

use std::fmt;

/// Names a component or module that a subject has defined; the subject gives out the numbers.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DefinitionId(pub u32);

/// Names an instance that a subject has made; the subject gives out the numbers.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct InstanceId(pub u32);

/// An engine under test. One subject runs one file.
pub trait Subject {
    /// Decodes, validates and keeps the component or module `wasm`.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Invalid`] if `wasm` is malformed or invalid.
    fn define(&mut self, wasm: &[u8]) -> Result<DefinitionId, Failure>;

    /// Decodes and validates the component or module `wasm`, keeping nothing.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Invalid`] if `wasm` is malformed or invalid.
    fn validate(&mut self, wasm: &[u8]) -> Result<(), Failure>;

    /// Instantiates `definition`. `named` may satisfy a component's imports: the instances of the
    /// script that have a name, each under its name. What is registered satisfies a module's.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Unlinkable`] if an import is not satisfied, [`FailureKind::Trap`] if a start
    /// function traps.
    fn instantiate(
        &mut self,
        definition: DefinitionId,
        named: &[(String, InstanceId)],
    ) -> Result<InstanceId, Failure>;

    /// Calls the function that `instance` exports as `name` and returns its results.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Misuse`] if there is no such function or the arguments are not of its type,
    /// [`FailureKind::Trap`] if the guest traps.
    fn invoke(&mut self, instance: InstanceId, name: &str, args: &[Val]) -> Result<Vec<Val>, Failure>;

    /// Returns the content of the global that `instance` exports as `name`.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Misuse`] if there is no such global.
    fn get(&mut self, instance: InstanceId, name: &str) -> Result<Val, Failure>;

    /// Registers the exports of `instance` for later imports from the module `name`.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Misuse`] if the engine's language has no such thing.
    fn register(&mut self, instance: InstanceId, name: &str) -> Result<(), Failure>;
}

/// Why a subject could not do what it was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// Which promise of the engine this is about.
    pub kind: FailureKind,
    /// The engine's own text; the suite's expected texts are looked for in it.
    pub message: String,
}

/// The kinds of failure that directives tell apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FailureKind {
    /// The binary is malformed or invalid.
    Invalid,
    /// The engine knows the feature and does not support it; satisfies no assertion.
    Unsupported,
    /// An import is not satisfied or has another type.
    Unlinkable,
    /// The guest trapped.
    Trap,
    /// The guest threw an exception that nobody caught.
    Exception,
    /// The script asks for something that is not there: a name, an arity, a type.
    Misuse,
    /// The engine says that it is at fault itself; satisfies no assertion.
    Internal,
}

impl Failure {
    /// Returns a failure of `kind` that says `message`.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            FailureKind::Invalid => write!(f, "invalid: {}", self.message),
            FailureKind::Unsupported => f.write_str(&self.message),
            FailureKind::Unlinkable => write!(f, "unlinkable: {}", self.message),
            FailureKind::Trap => write!(f, "trap: {}", self.message),
            FailureKind::Exception => write!(f, "exception: {}", self.message),
            FailureKind::Misuse => write!(f, "misuse: {}", self.message),
            FailureKind::Internal => write!(f, "internal: {}", self.message),
        }
    }
}

impl std::error::Error for Failure {}
