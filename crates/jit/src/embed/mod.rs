//! Stores and their handles: instances, functions, memories, tables, globals, tags, exceptions,
//! linking.
//!
//! Handles are positions and pointers with a store's id. The data behind them is `rt`'s.
//!
//! Two circles of files lie here, because what they define contains or uses each other. A value may
//! be a function or an exception, an exception has a tag and values, a trap may be an exception
//! that nobody caught, and a call of a function passes values and may trap; the store keeps values
//! and its limits, and all of these are used with a store. In the other, a
//! [`Memory`](memory::Memory) may be shared, and a [`SharedMemory`](shared_memory::SharedMemory)
//! becomes a memory of each store that uses it.

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
