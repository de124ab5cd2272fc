//! Why an instance could not be made.

use std::fmt;

use crate::embed::trap::Trap;
use crate::error::{Error, escape};
use crate::module::types::ExternType;

/// Why an instance could not be made.
#[derive(Debug)]
pub enum InstantiateError {
    /// The imports do not match.
    Link(LinkError),
    /// A segment or the start function trapped. Its earlier effects stay (core specification,
    /// "Instantiation").
    Trap(Trap),
    /// A limit of the configuration or of the system is exceeded.
    Resource(Error),
}

/// Which import does not match, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LinkError {
    /// The number of imports given is not the module's.
    Count {
        /// How many the module has.
        expected: usize,
        /// How many were given.
        given: usize,
    },
    /// The import's name is not defined.
    Unknown {
        /// The import's first name.
        module: String,
        /// The import's second name.
        name: String,
        /// What the module expects.
        expected: Box<ExternType>,
    },
    /// The given item is not of the import's kind or type.
    IncompatibleType {
        /// The import's first name.
        module: String,
        /// The import's second name.
        name: String,
        /// What the module expects.
        expected: Box<ExternType>,
        /// What was given.
        given: Box<ExternType>,
    },
    /// The given function is not the one that the import was connected to
    /// ([`Unit::connect`](crate::Unit::connect)).
    NotConnected {
        /// The import's first name.
        module: String,
        /// The import's second name.
        name: String,
    },
    /// The module and the store belong to different engines.
    OtherEngine,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { expected, given } => {
                write!(f, "unknown import: expected {expected} imports, given {given}")
            }
            Self::Unknown { module, name, expected } => {
                write!(
                    f,
                    "unknown import `{}::{}`: expected {}",
                    escape(module),
                    escape(name),
                    describe(expected)
                )
            }
            Self::IncompatibleType { module, name, expected, given } => write!(
                f,
                "incompatible import type for `{}::{}`: expected {}, given {}",
                escape(module),
                escape(name),
                describe(expected),
                describe(given)
            ),
            Self::NotConnected { module, name } => {
                let (module, name) = (escape(module), escape(name));
                write!(f, "`{module}::{name}` was compiled to be another function of its unit")
            }
            Self::OtherEngine => f.write_str("the module was compiled by another engine than the store's"),
        }
    }
}

fn describe(ty: &ExternType) -> String {
    let limits = |minimum, maximum: Option<u64>| match maximum {
        Some(maximum) => format!("{minimum} to {maximum}"),
        None => format!("at least {minimum}"),
    };
    match ty {
        ExternType::Func(ty) => format!("func {ty}"),
        ExternType::Memory(ty) => {
            let shared = if ty.shared { "shared " } else { "" };
            let width = if ty.memory64 { "64-bit " } else { "" };
            format!("{shared}{width}memory of {} pages", limits(ty.minimum, ty.maximum))
        }
        ExternType::Table(ty) => format!("table of {} {}", limits(ty.minimum, ty.maximum), ty.element),
        ExternType::Global(ty) => format!("global {}{}", if ty.mutable { "mut " } else { "" }, ty.content),
        ExternType::Tag(ty) => format!("tag {}", ty.func),
    }
}

impl std::error::Error for LinkError {}

impl fmt::Display for InstantiateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(error) => error.fmt(f),
            Self::Trap(trap) => trap.fmt(f),
            Self::Resource(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for InstantiateError {}

impl From<LinkError> for InstantiateError {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}

impl From<Trap> for InstantiateError {
    fn from(trap: Trap) -> Self {
        Self::Trap(trap)
    }
}

impl From<Error> for InstantiateError {
    fn from(error: Error) -> Self {
        Self::Resource(error)
    }
}
