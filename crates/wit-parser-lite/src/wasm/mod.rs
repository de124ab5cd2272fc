//! WIT packages in binary form, behind the feature `wasm`. Follows WIT.md, "Package Format".
//!
//! A package is a component that exports a component type for each of its interfaces and worlds. A
//! single world is such a component with one export; toolchains put it into a custom section of a
//! core module ([`WORLD_SECTION`]). The world of a component that runs consists of its imports and
//! exports.

mod decode;
mod draft;
mod encode;
mod error;
mod features;
mod metadata;
mod names;

pub use decode::{WORLD_SECTION, WitText, decode, decode_with_features, to_text, to_text_with_features};
#[cfg(feature = "load")]
pub(crate) use decode::{merged_texts, to_texts};
pub use encode::{MAX_ENCODED_BYTES, encode_package, encode_world};
pub use error::{DecodeError, EncodeError};
pub use features::default_features;
