//! Takes components apart and puts them together: the jobs of tools, none of which runs a guest.
//!
//! [`validate()`] judges a binary, [`outline()`] and [`world()`] describe one.
//! Follows Binary.md, and Explainer.md, "Instance Definitions" and "Import and Export Definitions".

mod components;
mod outline;
mod world;

use wasmparser::Validator;

use crate::decode::{check_header, features};
use crate::error::{Error, ErrorKind};

pub use outline::{ComponentPart, CustomSection, Item, ModulePart, Part, PartKind, outline};
pub use world::world;

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
