//! Why components could not be composed.

use std::fmt;

use crate::encode::EncodeError;
use crate::error::Error;
use crate::wiring::SortMismatch;

/// Why components could not be composed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ComposeError {
    /// A file is not a valid component.
    Invalid {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        error: Error,
    },
    /// A plug satisfies no import of a file before it.
    Unused {
        /// The file's name.
        file: String,
        /// What it exports.
        exports: Vec<String>,
        /// What the files before it import and no file provides.
        wanted: Vec<String>,
        /// Why exports that seem to be wanted are not used.
        reasons: Vec<String>,
    },
    /// An export is not of the type of the import that it should satisfy, or two files import
    /// different types under one name. The message names them.
    Mismatch(String),
    /// The new component would need something that is not supported yet.
    Unsupported(String),
    /// Several of the above.
    Several(Vec<Self>),
}

impl ComposeError {
    /// Returns the single errors.
    pub fn errors(&self) -> &[Self] {
        match self {
            Self::Several(errors) => errors,
            Self::Invalid { .. } | Self::Unused { .. } | Self::Mismatch(_) | Self::Unsupported(_) => {
                std::slice::from_ref(self)
            }
        }
    }

    /// Returns the error for these, if there is one.
    pub(super) fn of(mut errors: Vec<Self>) -> Option<Self> {
        match errors.len() {
            0 => None,
            1 => errors.pop(),
            _ => Some(Self::Several(errors)),
        }
    }
}

impl From<SortMismatch> for ComposeError {
    fn from(error: SortMismatch) -> Self {
        Self::Mismatch(error.to_string())
    }
}

impl From<EncodeError> for ComposeError {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::Provided { message, .. } => Self::Mismatch(message),
            EncodeError::Unsupported(message) => Self::Unsupported(message),
        }
    }
}

impl fmt::Display for ComposeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { file, error } => write!(f, "{file}: {error}"),
            Self::Unused { file, exports, wanted, reasons } => {
                let list = |names: &[String]| match names {
                    [] => "nothing".to_owned(),
                    names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
                };
                let (exports, wanted) = (list(exports), list(wanted));
                write!(f, "{file}: exports {exports}, and what comes before it still imports {wanted}")?;
                reasons.iter().try_for_each(|reason| write!(f, "\n  {reason}"))
            }
            Self::Mismatch(message) => write!(f, "the components do not fit: {message}"),
            Self::Unsupported(message) => write!(f, "not supported yet: {message}"),
            Self::Several(errors) => {
                for (i, error) in errors.iter().enumerate() {
                    let newline = if i == 0 { "" } else { "\n" };
                    write!(f, "{newline}{error}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for ComposeError {}
