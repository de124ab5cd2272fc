//! Why no component could be made of a core module.

use std::fmt;

use crate::error::Error;
use crate::link::ComposeError;

/// Why no component could be made of a core module. Core names stand as the module has them, types of functions as WIT
/// and as core types.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ComponentizeError {
    /// A file is not a valid core module, or not the world that it should be.
    Invalid {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        error: Error,
    },
    /// Nothing says which world the module is for.
    NoWorld {
        /// The module's name.
        file: String,
    },
    /// The module imports what neither the world nor an adapter has.
    Import {
        /// The module's name.
        file: String,
        /// The name of the import: module and field.
        import: [String; 2],
        /// What is wrong with it.
        problem: String,
    },
    /// The module does not export what the world, or the Canonical ABI, asks for.
    Export {
        /// The module's name.
        file: String,
        /// The name of the export.
        export: String,
        /// What asks for it, and what there is instead.
        problem: String,
    },
    /// An import or an export has another core type than its function in the world asks for.
    Signature {
        /// The module's name.
        file: String,
        /// The import or export, such as "import `a:b/c` `f`".
        item: String,
        /// Its function as WIT, or what else it is for.
        wanted: String,
        /// The core type that this asks for.
        expected: String,
        /// The core type that it has.
        given: String,
    },
    /// Worlds, or a world and a module, do not go together.
    Mismatch(String),
    /// Something is needed that is not supported yet.
    Unsupported(String),
}

impl From<ComposeError> for ComponentizeError {
    fn from(error: ComposeError) -> Self {
        match error {
            ComposeError::Invalid { file, error } => Self::Invalid { file, error },
            ComposeError::Unsupported(message) => Self::Unsupported(message),
            ComposeError::Mismatch(message) => Self::Mismatch(message),
            error @ ComposeError::Unused { .. } => Self::Mismatch(error.to_string()),
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
                write!(f, "{file}: import `{module}` `{name}`: {problem}")
            }
            Self::Export { file, export, problem } => write!(f, "{file}: export `{export}`: {problem}"),
            Self::Signature { file, item, wanted, expected, given } => {
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
