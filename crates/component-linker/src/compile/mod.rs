//! The second stage of a component: its core modules compiled, as one unit.
//!
//! What is compiled has been validated and resolved; nothing here looks at the bytes of a component
//! again.

mod component;
mod module;
mod promises;

pub use component::Component;
pub use module::Module;

pub(crate) use component::Given;
