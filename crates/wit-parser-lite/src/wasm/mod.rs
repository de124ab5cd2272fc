//! WIT packages in binary form, behind the feature `wasm`. Follows WIT.md, "Package Format".
//!
//! A package is a component that exports a component type for each of its interfaces and worlds. A world by itself, as
//! tools put it into the custom section `component-type` of a core module, is such a component with one export. Of a
//! component that runs, its imports and exports are the world.

mod decode;
mod draft;
mod encode;
mod metadata;
mod scope;
mod world;

#[cfg(feature = "load")]
pub(crate) use decode::to_texts;
pub use decode::{DecodeError, decode};
pub use encode::{encode_package, encode_world};
