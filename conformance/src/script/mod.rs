//! A `.wast` script as plain data: one [`Directive`] per directive, its binaries encoded, its
//! values our own.
//!
//! Follows the script grammar of the reference interpreter as the `wast` crate reads it. Text that
//! does not encode is part of the data, since `assert_malformed` and `assert_invalid` ask for it.
//!
//! A script is in one of two languages: the component suite defines components, the core suite core
//! modules.
//!
//! Invariant: every directive that the parser sees becomes one [`Directive`], in order. What this
//! module cannot express becomes [`Action::Unknown`], which never passes.

mod core;
mod read;

pub use read::parse;

use crate::subjects::{Pattern, Val};
use std::fmt;

/// What scripts of a suite define and call.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Language {
    /// Components, and component values.
    Component,
    /// Core modules, and core values.
    Core,
}

/// Where a directive's keyword stands, counted from 1.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LineColumn {
    /// The line.
    pub line: u32,
    /// The column, in bytes, for a directive that shares its line with another one.
    pub column: Option<u32>,
}

impl fmt::Display for LineColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "{}:{column}", self.line),
            None => write!(f, "{}", self.line),
        }
    }
}

/// One directive of a script.
#[derive(Clone, Debug)]
pub struct Directive {
    /// Where it stands.
    pub position: LineColumn,
    /// What it asks for.
    pub action: Action,
}

/// A component's or module's bytes, or why its text does not encode.
pub type Encoded = Result<Vec<u8>, String>;

/// What a directive asks for.
#[derive(Clone, Debug)]
pub enum Action {
    /// `(component definition $name …)`: comes into being as a definition only.
    Define {
        /// The name that later directives use.
        name: Option<String>,
        /// The component.
        wasm: Encoded,
    },
    /// `(component $name …)`: a definition and an instance of it, both with that name.
    DefineAndInstantiate {
        /// The name that later directives use.
        name: Option<String>,
        /// The component.
        wasm: Encoded,
    },
    /// `(component instance $instance $definition)`.
    Instantiate {
        /// The name that later directives use.
        instance: Option<String>,
        /// The definition; without it, the latest one.
        definition: Option<String>,
    },
    /// `(invoke …)` for its effect: must return, with whatever value.
    Invoke(Call),
    /// `(assert_return …)`.
    AssertReturn {
        /// What is run.
        run: Run,
        /// What it must return.
        results: Vec<Expected>,
    },
    /// `(assert_trap …)`.
    AssertTrap {
        /// What is run.
        run: Run,
        /// The text that the trap's message must contain.
        message: String,
    },
    /// `(assert_exhaustion …)`: a trap that says that a resource is used up.
    AssertExhaustion {
        /// What is run.
        call: Call,
        /// The text that the trap's message must contain.
        message: String,
    },
    /// `(assert_exception …)`.
    AssertException(Run),
    /// `(register "name" $instance)`: later imports from that module find the instance's exports.
    Register {
        /// The module name of the imports.
        name: String,
        /// The instance; without it, the latest one.
        instance: Option<String>,
    },
    /// `(assert_invalid …)`.
    AssertInvalid {
        /// The component.
        wasm: Encoded,
        /// The text that the error must contain, if the language has one.
        message: String,
    },
    /// `(assert_malformed …)`.
    AssertMalformed {
        /// The component.
        wasm: Encoded,
        /// The text that the error must contain, if the language has one.
        message: String,
    },
    /// `(assert_unlinkable …)`.
    AssertUnlinkable {
        /// The component.
        wasm: Encoded,
        /// The text that the error must contain.
        message: String,
    },
    /// A directive that this crate does not know, in words. Always a failure.
    Unknown(String),
}

/// `(invoke $instance "name" args…)`.
#[derive(Clone, Debug)]
pub struct Call {
    /// The instance; without it, the latest one.
    pub instance: Option<String>,
    /// The exported function.
    pub name: String,
    /// Its arguments.
    pub args: Vec<Val>,
}

/// What a result must be.
#[derive(Clone, Debug)]
pub enum Expected {
    /// This component value.
    Val(Val),
    /// A core value that fits the pattern.
    Core(Pattern),
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Val(val) => val.fmt(f),
            Self::Core(pattern) => pattern.fmt(f),
        }
    }
}

/// What an assertion runs.
#[derive(Clone, Debug)]
pub enum Run {
    /// A call.
    Call(Call),
    /// `(get $instance "name")`: reads a global.
    Get {
        /// The instance; without it, the latest one.
        instance: Option<String>,
        /// The exported global.
        name: String,
    },
    /// The instantiation of a component that has no name.
    Instantiate(Encoded),
}

/// Returns the text of [`Action::Unknown`] for `what`, as an error.
pub(crate) fn unknown<T>(what: &str) -> Result<T, String> {
    Err(format!("unknown directive: {what}"))
}
