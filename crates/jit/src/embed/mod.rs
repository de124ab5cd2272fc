//! Stores and their handles: instances, functions, memories, tables, globals, tags, exceptions,
//! linking.
//!
//! Handles are positions and pointers with a store's id. The data behind them is `rt`'s.

pub(crate) mod exception;
pub(crate) mod external;
pub(crate) mod func;
pub(crate) mod global;
pub(crate) mod instance;
pub(crate) mod instantiate;
pub(crate) mod limits;
pub(crate) mod link_error;
pub(crate) mod linker;
pub(crate) mod memory;
pub(crate) mod raw;
pub(crate) mod shared_memory;
pub(crate) mod signatures;
pub(crate) mod store;
pub(crate) mod table;
pub(crate) mod tag;
pub(crate) mod trap;
pub(crate) mod typed;
pub(crate) mod value;
