//! Values in core values. Follows CanonicalABI.md, "Flat Lifting", "Flat Lowering" and "Lifting and
//! Lowering Values".

pub mod lift;
pub mod lower;

pub use crate::core_value::{CoreValue, CoreValueIter};
