//! Objects that guests refer to and that are collected.

pub(crate) mod collect;
