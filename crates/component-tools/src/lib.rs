//! Takes components apart and puts them together: the jobs of tools, none of which runs a guest.
//!
//! [`validate()`] checks a binary, [`outline()`] lists what it consists of, and [`world()`] writes
//! its imports and exports as WIT. [`link()`] makes one component of several, and
//! [`componentize()`] makes one of a core module.
//!
//! Follows Binary.md, and Explainer.md, "Instance Definitions" and "Import and Export
//! Definitions".
//!
//! ```
//! use component_tools::{File, link};
//!
//! let one = wat::parse_str(
//!     r#"(component (import "answer" (func (result u32))) (export "ask" (func 0)))"#,
//! )?;
//! let other = wat::parse_str(
//!     r#"(component
//!         (core module $m (func (export "answer") (result i32) (i32.const 42)))
//!         (core instance $i (instantiate $m))
//!         (func (export "answer") (result u32) (canon lift (core func $i "answer"))))"#,
//! )?;
//! let file = |name, bytes| File { name, bytes };
//! let linked = link(file("one", &one), &[file("other", &other)])?;
//! assert!(component_tools::world(&linked)?.contains("export ask: func() -> u32;"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod binary;
mod componentize;
mod convert;
mod encode;
mod error;
mod link;
mod outline;
mod proposals;
mod strip;
mod types;
mod wiring;
mod world;

pub use canonical_abi::StringEncoding;

pub use binary::{BinaryKind, File, validate, validate_with};
pub use componentize::{ComponentizeError, Parts, World, componentize};
pub use error::{Error, ErrorKind};
pub use link::{ComposeError, Linked, link, link_with};
pub use outline::{
    ComponentPart, CustomSection, Definition, ModulePart, Part, PartKind, outline, outline_with,
};
pub use proposals::{Proposals, UnknownProposal};
pub use strip::strip;
pub use world::world;
