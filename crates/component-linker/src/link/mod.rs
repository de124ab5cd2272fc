//! Links a component to what a host provides: by name, and by type where the type is known.
//! Follows Explainer.md, "Instance Definitions" and "Type Checking".
//!
//! Names end here: what the room hands to [`crate::run`] is in the order of the plan's imports.

mod definition;
mod linker;
mod satisfy;

pub use definition::HostFuncType;
pub use linker::{Linker, LinkerInstance};
