//! The contract between compiled code and the run time: what compiled code finds where, what it may call,
//! and what it says of itself. Neither side is here.

pub(crate) mod builtin;
pub(crate) mod catch;
pub(crate) mod compiled;
pub(crate) mod layout;
pub(crate) mod offsets;
pub(crate) mod slot;
pub(crate) mod trampoline;
pub(crate) mod trap_code;
