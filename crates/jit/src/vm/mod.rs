//! The contract between compiled code and the run time.

pub(crate) mod layout;
