//! The contract between compiled code and the run time: where compiled code finds things, what it
//! may call, which traps it raises, and the tables that describe it. Only definitions: the code
//! generator and the run time are elsewhere.

pub(crate) mod builtin;
pub(crate) mod catch;
pub(crate) mod compiled;
pub(crate) mod layout;
pub(crate) mod offsets;
pub(crate) mod slot;
pub(crate) mod trampoline;
pub(crate) mod trap_code;
