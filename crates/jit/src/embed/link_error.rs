//! Why an instance could not be made.

use std::fmt;

use crate::embed::trap::Trap;
use crate::error::{Error, escape};
use crate::module::types::{ExternType, MemoryType};

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
            Self::IncompatibleType { module, name, expected, given } => {
                let (module, name) = (escape(module), escape(name));
                write!(f, "incompatible import type for `{module}::{name}`: {}", differ(expected, given))
            }
            Self::NotConnected { module, name } => {
                let (module, name) = (escape(module), escape(name));
                write!(f, "`{module}::{name}` was compiled to be another function of its unit")
            }
            Self::OtherEngine => f.write_str("the module was compiled by another engine than the store's"),
        }
    }
}

/// Returns what was expected and what was given, so that the difference shows.
fn differ(expected: &ExternType, given: &ExternType) -> String {
    let (mut texts, mut what) = ((describe(expected), describe(given)), "");
    if let (ExternType::Memory(expected), ExternType::Memory(given)) = (expected, given)
        && expected.page_size_log2 != given.page_size_log2
    {
        what = "page size: ";
        texts = (describe_memory(expected, true), describe_memory(given, true));
    }
    let (expected, given) = texts;
    // What has equal texts differs in what a text doesn't show.
    let hidden = if expected == given { " of another recursion group or supertype" } else { "" };
    format!("{what}expected {expected}, given {given}{hidden}")
}

fn describe(ty: &ExternType) -> String {
    match ty {
        ExternType::Func(ty) => format!("func {ty}"),
        ExternType::Memory(ty) => describe_memory(ty, ty.page_size_log2 != 16),
        ExternType::Table(ty) => {
            let width = if ty.table64 { "64-bit " } else { "" };
            format!("{width}table of {} {}", limits(ty.minimum, ty.maximum), ty.element)
        }
        ExternType::Global(ty) => format!("global {}{}", if ty.mutable { "mut " } else { "" }, ty.content),
        ExternType::Tag(ty) => format!("tag {}", ty.func),
    }
}

fn describe_memory(ty: &MemoryType, with_page_size: bool) -> String {
    let shared = if ty.shared { "shared " } else { "" };
    let width = if ty.memory64 { "64-bit " } else { "" };
    let page_size = match 1_u64 << ty.page_size_log2 {
        _ if !with_page_size => String::new(),
        1 => " of 1 byte".to_owned(),
        bytes => format!(" of {bytes} bytes"),
    };
    format!("{shared}{width}memory of {} pages{page_size}", limits(ty.minimum, ty.maximum))
}

fn limits(minimum: u64, maximum: Option<u64>) -> String {
    match maximum {
        Some(maximum) => format!("{minimum} to {maximum}"),
        None => format!("at least {minimum}"),
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
