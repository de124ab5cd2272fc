//! Bad input: what is wrong with the bytes of a binary, and where.

use std::fmt;

use canonical_abi::name::{escape_lines, without_resource_ids};

/// Why a binary was not accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    offset: u64,
    proposals: Vec<String>,
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
    /// The binary is valid and asks for something that is not supported yet.
    Unsupported,
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

    /// Returns the offset in bytes from the start of the binary at which the error was found.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the names of the proposals that are off and with which the binary would be accepted.
    pub fn proposals(&self) -> &[String] {
        &self.proposals
    }

    pub(crate) fn needs(self, proposals: Vec<String>) -> Self {
        Self { proposals, ..self }
    }

    #[cold]
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>, offset: u64) -> Self {
        // Messages of the validator quote names as they are: no line of them starts like one of
        // ours.
        let message = escape_lines(&message.into()).replace('\n', "\n  ");
        Self { kind, message, offset, proposals: Vec::new() }
    }

    #[cold]
    pub(crate) fn internal(what: impl fmt::Display, offset: u64) -> Self {
        Self::new(ErrorKind::Internal, format!("internal error: {what}"), offset)
    }
}

impl From<wasmparser::Error> for Error {
    fn from(error: wasmparser::Error) -> Self {
        Self::new(ErrorKind::Invalid, without_resource_ids(error.message()), error.offset())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at offset {:#x})", self.message, self.offset)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_messages_are_escaped() {
        let error = Error::new(ErrorKind::Invalid, "a\u{1b}[2Jb\nerror: c", 0);
        assert_eq!(error.message(), "a\\u{1b}[2Jb\n  error: c");
    }
}
