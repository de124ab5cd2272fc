//! Bad input: what is wrong with the bytes of a component, and where.
//!
//! The guest's own faults are [`Trap`](crate::Trap)s; a component that is fine but lacks an import
//! at link time is a [`LinkError`](crate::LinkError).

use std::fmt;

use canonical_abi::name::escape_lines;

/// Why a component was not accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    offset: u64,
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorKind {
    /// The bytes are no WebAssembly binary at all.
    NotWasm,
    /// The bytes are a core module where a component is called for.
    CoreModule,
    /// The binary ends too early or breaks a rule of the format or of validation.
    Invalid,
    /// The component is valid and asks for something that is not supported yet.
    Unsupported,
    /// The component is valid and exceeds a limit of this implementation.
    Limit,
    /// Whoever watched the compilation has ended it.
    Cancelled,
    /// An invariant of this crate did not hold: a bug to report.
    Internal,
}

impl Error {
    /// Returns what kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the message, without the offset.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the offset in bytes from the start of the component at which the error was found.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    #[cold]
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>, offset: u64) -> Self {
        // Messages of the validator quote names as they are: no line of them starts like one of
        // ours.
        let message = escape_lines(&message.into()).replace('\n', "\n  ");
        Self { kind, message, offset }
    }

    /// Places an error of a core module, which starts at `start`, in the component.
    #[cold]
    pub(crate) fn of_core(error: &jit::Error, start: usize) -> Self {
        let kind = match error.kind() {
            jit::ErrorKind::Invalid => ErrorKind::Invalid,
            jit::ErrorKind::Unsupported => ErrorKind::Unsupported,
            jit::ErrorKind::Limit | jit::ErrorKind::Host => ErrorKind::Limit,
            jit::ErrorKind::Cancelled => ErrorKind::Cancelled,
            jit::ErrorKind::Type | jit::ErrorKind::Link | jit::ErrorKind::Artifact => ErrorKind::Internal,
        };
        Self::new(kind, error.message(), start as u64 + error.offset().unwrap_or(0))
    }

    #[cold]
    pub(crate) fn unsupported(what: impl fmt::Display, offset: u64) -> Self {
        Self::new(ErrorKind::Unsupported, format!("not supported yet: {what}"), offset)
    }

    #[cold]
    pub(crate) fn internal(what: impl fmt::Display, offset: u64) -> Self {
        Self::new(ErrorKind::Internal, format!("internal error: {what}"), offset)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at offset {:#x})", self.message, self.offset)
    }
}

impl std::error::Error for Error {}
