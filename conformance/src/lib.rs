//! Runs the official suites, of components and of core modules, through an engine, directive by directive, and compares what
//! happens with a ledger of what is known not to pass.
//!
//! The way of a file: [`suite`] finds it, [`script`] turns it into plain data, [`run`] gives each directive
//! its meaning against a [`subjects::Subject`], [`pool`] keeps panics and endless loops inside the directive
//! that has them, [`ledger`] judges the outcome, [`report`] prints it.
//!
//! Beside that, [`oracle`] compares `canonical-abi` with the spec's own program on random types and values.
//!
//! Nothing here knows a particular file of the suite, and there is no way to skip a directive: it passes,
//! it fails, or it is not reached because what it names never came into being.
//!
//! ```
//! use conformance::{ledger::Ledger, subjects::Val};
//!
//! let ledger = Ledger::parse("values/strings.wast:12  not supported yet: utf16\n").expect("one good line");
//! assert_eq!(ledger.entries().len(), 1);
//! assert_eq!(Val::Tuple(vec![Val::U8(1), Val::Bool(true)]).to_string(), "(1, true)");
//! ```

#![forbid(unsafe_code)]

pub mod fuzz;
pub mod ledger;
pub mod oracle;
pub mod pool;
pub mod report;
pub mod run;
pub mod script;
mod script_core;
pub mod subjects;
pub mod suite;
mod wording;
