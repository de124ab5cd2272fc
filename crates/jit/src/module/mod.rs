//! Modules as plain data: types and the registry that interns them, indices, decoding and
//! validation.
//!
//! Nothing here compiles or runs code.

pub(crate) mod decode;
pub(crate) mod image;
pub(crate) mod index;
pub(crate) mod info;
pub(crate) mod registry;
pub(crate) mod source;
pub(crate) mod types;
