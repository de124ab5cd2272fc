//! Why bytes could not be read as WIT.

use std::fmt;

/// Why bytes could not be read as WIT.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DecodeError {
    /// What is wrong.
    pub message: String,
    /// The offset of the fault in the bytes, if it has one.
    pub offset: Option<u64>,
}

impl DecodeError {
    #[cold]
    pub(super) fn new(message: String) -> Self {
        Self { message, offset: None }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            Some(offset) => write!(f, "{} (at offset {offset:#x})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for DecodeError {}

impl From<wasmparser::BinaryReaderError> for DecodeError {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self { message: error.message().to_owned(), offset: Some(error.offset()) }
    }
}
