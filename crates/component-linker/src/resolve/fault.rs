//! Why a component cannot be resolved.

use crate::error::Error;

/// Why a component cannot be resolved.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It asks for something that is not supported or exceeds a limit.
    Error(Error),
    /// What is given for an import is of another type: why.
    Unfit(String),
}

impl Fault {
    #[cold]
    pub(super) fn unfit(why: impl Into<String>) -> Self {
        Self::Unfit(why.into())
    }

    /// Says where, if something is of another type.
    #[cold]
    pub(super) fn within(self, place: impl FnOnce() -> String) -> Self {
        match self {
            Self::Unfit(why) => Self::Unfit(format!("{}\n{why}", place())),
            error @ Self::Error(_) => error,
        }
    }

    /// Returns the error of a component to which nothing was given.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Error(error) => error,
            Self::Unfit(why) => Error::internal(format_args!("a valid component does not fit: {why}"), 0),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}
