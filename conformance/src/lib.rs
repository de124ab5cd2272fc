//! Runs the official suites, of components and of core modules, through an engine, directive by
//! directive, and compares the outcomes with a ledger of what is known not to pass.
//!
//! A file goes through these modules: [`suite`] finds it, [`script`] turns it into plain data,
//! [`run`] gives each directive its meaning against a [`subjects::Subject`], [`pool`] keeps panics
//! and endless loops inside their directive, [`wordings`] accepts the failures that differ from the
//! suite's in words only, [`ledger`] judges each [`outcome`], [`report`] prints it.
//!
//! Separately, [`oracle`] compares `canonical-abi` with the spec's own program on random types and
//! values.
//!
//! Nothing here knows a particular file of the suite. No directive can be skipped: it passes, it
//! fails, or it is not reached because what it names never came into being.
//!
//! ```
//! use conformance::{ledger::Ledger, subjects::Val};
//!
//! let ledger = Ledger::parse("values/strings.wast:12  not supported yet: utf16\n").expect("good");
//! assert_eq!(ledger.entries().len(), 1);
//! assert_eq!(Val::Tuple(vec![Val::U8(1), Val::Bool(true)]).to_string(), "(1, true)");
//! ```

#![forbid(unsafe_code)]

pub mod fuzz;
pub mod ledger;
pub mod oracle;
pub mod outcome;
pub mod pool;
pub mod report;
pub mod run;
pub mod script;
pub mod subjects;
pub mod suite;
pub mod wordings;
