//! Why a component could not be linked or instantiated.

use std::fmt;

use canonical_abi::name::escape_lines;

use crate::error::Error;
use crate::limits::LimitExceeded;
use crate::names::with_article;
use crate::trap::Trap;

/// Why a component could not be linked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LinkError {
    /// The linker has nothing for an import. The message names it and its type.
    Missing(String),
    /// The linker has something of another sort under the name of an import.
    WrongSort(String),
    /// What the linker has for an import is of another type. The message names the import, its
    /// type, and the type of what is provided.
    WrongType(String),
    /// What the linker has for an import is an export of an instance in another store.
    WrongStore(String),
    /// A name was given to the linker twice.
    Duplicate(String),
    /// There is no stub for an import: it is a core module or a component.
    NoStub(String),
    /// The component needs something at instantiation that is not supported yet.
    Unsupported(Error),
    /// A core module did not accept an argument. Validation of the component rules this out.
    Core(String),
    /// Several of these, in the order of their messages: one for each import that is not satisfied.
    Several(Vec<Self>),
}

/// Why a component could not be instantiated.
#[derive(Debug)]
pub enum InstantiateError {
    /// Its imports could not be satisfied; nothing has run.
    Link(LinkError),
    /// It trapped while its core modules were initialized.
    Trap(Trap),
    /// It would exceed a limit of the store.
    Limit(LimitExceeded),
    /// A limit of the configuration or of the system is exceeded.
    Resource(jit::Error),
}

pub(crate) fn wrong_sort(expected: &str, given: &str) -> LinkError {
    LinkError::WrongSort(format!("{expected} is provided as {}", with_article(given)))
}

impl LinkError {
    /// Returns one error for all, if there are any.
    pub(crate) fn of_all(mut errors: Vec<Self>) -> Result<(), Self> {
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => {
                errors.sort_by_cached_key(ToString::to_string);
                Err(Self::Several(errors))
            }
        }
    }

    /// Returns each error by itself: those of [`Self::Several`], or this one.
    pub fn each(&self) -> &[Self] {
        match self {
            Self::Several(errors) => errors,
            Self::Missing(_)
            | Self::WrongSort(_)
            | Self::WrongType(_)
            | Self::WrongStore(_)
            | Self::Duplicate(_)
            | Self::NoStub(_)
            | Self::Unsupported(_)
            | Self::Core(_) => std::slice::from_ref(self),
        }
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(message)
            | Self::WrongSort(message)
            | Self::WrongType(message)
            | Self::WrongStore(message)
            | Self::Duplicate(message)
            | Self::NoStub(message)
            | Self::Core(message) => f.write_str(&escape_lines(message)),
            Self::Unsupported(error) => error.fmt(f),
            Self::Several(errors) => {
                write!(f, "{} imports are not satisfied:", errors.len())?;
                errors.iter().try_for_each(|error| write!(f, "\n  {error}"))
            }
        }
    }
}

impl std::error::Error for LinkError {}

impl fmt::Display for InstantiateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(error) => error.fmt(f),
            Self::Trap(trap) => trap.fmt(f),
            Self::Limit(limit) => limit.fmt(f),
            Self::Resource(error) => error.fmt(f),
        }
    }
}

/// The message is that of the cause, which is therefore no source of its own.
impl std::error::Error for InstantiateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Link(error) => error.source(),
            Self::Trap(trap) => trap.source(),
            Self::Limit(limit) => limit.source(),
            Self::Resource(error) => error.source(),
        }
    }
}
