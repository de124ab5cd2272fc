//! Takes components apart and puts them together: the jobs of tools, none of which runs a guest.
//!
//! [`validate()`] judges a binary, [`outline()`] and [`world()`] describe one, [`link()`] makes one component of several,
//! [`componentize()`] one of a core module.
//! Follows Binary.md, and Explainer.md, "Instance Definitions" and "Import and Export Definitions".
//!
//! ```
//! use component_linker::compose::{File, link};
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
//! assert!(component_linker::Component::validate(&linked).is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod componentize;
mod components;
mod encode;
mod link;
mod outline;
mod wiring;
mod world;

use wasmparser::Validator;

use crate::decode::{check_header, features};
use crate::error::{Error, ErrorKind};

pub use canonical_abi::StringEncoding;

pub use self::componentize::{ComponentizeError, Parts, World, componentize};
pub use self::link::{ComposeError, File, link};
pub use self::outline::{ComponentPart, CustomSection, Item, ModulePart, Part, PartKind, outline};
pub use self::world::world;

/// What a WebAssembly binary is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BinaryKind {
    /// A component.
    Component,
    /// A core module.
    Module,
}

/// Checks that `bytes` are a valid component or a valid core module, and returns which.
///
/// # Errors
///
/// If they are neither.
pub fn validate(bytes: &[u8]) -> Result<BinaryKind, Error> {
    let kind = match check_header(bytes) {
        Ok(()) => BinaryKind::Component,
        Err(error) if error.kind() == ErrorKind::CoreModule => BinaryKind::Module,
        Err(error) => return Err(error),
    };
    Validator::new_with_features(features()).validate_all(bytes)?;
    Ok(kind)
}
