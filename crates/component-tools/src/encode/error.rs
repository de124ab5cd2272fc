//! Why an import or a type of a new component could not be written.

/// Why an import or a type of a new component could not be written. The message names it.
#[derive(Debug)]
pub(crate) enum EncodeError {
    /// An import needs a type that only another file can provide.
    Mismatch(String),
    /// It is of a sort that is not supported yet.
    Unsupported(String),
}
