//! Why bytes could not be read as WIT, or WIT not be written as bytes.

use std::fmt;

/// Why bytes could not be read as WIT.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
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

/// Why a package or world has no binary form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EncodeError {
    /// It would be larger than [`MAX_ENCODED_BYTES`](super::MAX_ENCODED_BYTES).
    TooLarge,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(
                f,
                "the binary form would take more than {} MiB: each interface and world repeats all that it uses",
                super::MAX_ENCODED_BYTES >> 20
            ),
        }
    }
}

impl std::error::Error for EncodeError {}
