//! Modules as plain data: types, indices, what a module's bytes say.

pub(crate) mod decode;
pub(crate) mod image;
pub(crate) mod index;
pub(crate) mod info;
pub(crate) mod registry;
pub(crate) mod source;
pub(crate) mod types;
