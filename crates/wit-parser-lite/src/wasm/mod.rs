//! WIT packages in binary form, behind the feature `wasm`. Follows WIT.md, "Package Format".
//!
//! A package is a component that exports a component type for each of its interfaces and worlds. A world by itself, as
//! tools put it into the custom section `component-type` of a core module, is such a component with one export.

mod encode;
mod scope;

pub use encode::{encode_package, encode_world};
