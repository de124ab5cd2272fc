//! Why an import or a type of a new component could not be written.

use crate::wiring::Member;

/// Why an import or a type of a new component could not be written. The message names it.
#[derive(Debug)]
pub(crate) enum EncodeError {
    /// An import needs a resource that only another file can provide.
    Provided {
        /// The import that this file satisfies.
        member: Member,
        /// What uses the resource, as part of a sentence.
        uses: String,
        message: String,
    },
    /// It is of a sort that is not supported yet.
    Unsupported(String),
}
