//! Objects that guests refer to and that are collected: exceptions so far; structures and arrays go
//! here too.
//!
//! It knows words and roots, and nothing of stacks, instances and stores: its caller hands over the
//! roots.

pub(crate) mod collect;
pub(crate) mod exceptions;
pub(crate) mod object;
