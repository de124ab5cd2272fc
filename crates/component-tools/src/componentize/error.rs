//! Why no component could be made of a core module.

use std::fmt;

use canonical_abi::name::escape;

use crate::encode::EncodeError;
use crate::error::Error;
use crate::wiring::SortMismatch;

/// Why no component could be made of a core module. Functions are shown as WIT and by their core
/// types.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ComponentizeError {
    /// A file is not a valid core module, or not a valid world.
    Invalid {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        error: Error,
    },
    /// The module does not say which world it is for, and none was given.
    NoWorld {
        /// The module's name.
        file: String,
    },
    /// The module imports something that neither the world nor an adapter has.
    Import {
        /// The module's name.
        file: String,
        /// The name of the import: module and field.
        import: [String; 2],
        /// What is wrong with it.
        problem: String,
    },
    /// The module lacks an export that the world or the Canonical ABI demands.
    Export {
        /// The module's name.
        file: String,
        /// The name of the export.
        export: String,
        /// What demands it, and what the module exports instead.
        problem: String,
    },
    /// The core type of an import or an export is not that of its function in the world.
    Signature {
        /// The module's name.
        file: String,
        /// The import or export, such as "import `a:b/c` `f`".
        item: String,
        /// Its function as WIT, or its other purpose.
        wanted: String,
        /// The core type of the function.
        expected: String,
        /// The core type of the import or export.
        given: String,
    },
    /// Worlds do not fit each other, or a module does not fit its world.
    Mismatch(String),
    /// The component would need something that is not supported yet.
    Unsupported(String),
}

impl From<SortMismatch> for ComponentizeError {
    fn from(error: SortMismatch) -> Self {
        Self::Mismatch(error.to_string())
    }
}

impl From<EncodeError> for ComponentizeError {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::Provided { message, .. } => Self::Mismatch(message),
            EncodeError::Unsupported(message) => Self::Unsupported(message),
        }
    }
}

impl fmt::Display for ComponentizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { file, error } => write!(f, "{file}: {error}"),
            Self::NoWorld { file } => write!(
                f,
                "{file}: the module has no `component-type` section that says which world it is for, and none was given"
            ),
            Self::Import { file, import: [module, name], problem } => {
                write!(f, "{file}: import `{}` `{}`: {problem}", escape(module), escape(name))
            }
            Self::Export { file, export, problem } => {
                write!(f, "{file}: export `{}`: {problem}", escape(export))
            }
            Self::Signature { file, item, wanted, expected, given } => {
                let item = escape(item);
                write!(
                    f,
                    "{file}: {item} has the wrong type\n  for: {wanted}\n  expected: {expected}\n  given: {given}"
                )
            }
            Self::Mismatch(message) => f.write_str(message),
            Self::Unsupported(message) => write!(f, "not supported yet: {message}"),
        }
    }
}

impl std::error::Error for ComponentizeError {}
