//! Trampolines that a store keeps.

use crate::module::types::TypeId;
use crate::vm::trampoline::TrampolineKind;

/// A trampoline as a store has it.
///
/// Invariant: `address` is that of a trampoline of the kind `kind` for functions of the type `sig`,
/// and the store that it was asked of keeps its code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trampoline {
    pub(crate) kind: TrampolineKind,
    pub(crate) sig: TypeId,
    pub(crate) address: usize,
}

/// What a call with values in slots needs.
///
/// Invariant: `entry` is the address of the trampoline [`TrampolineKind::EnterBySlots`] of the type
/// `sig`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlotCall {
    pub(crate) entry: usize,
    pub(crate) sig: TypeId,
    /// The larger of the numbers of parameters and results.
    pub(crate) n_slots: usize,
    /// Whether there are no references among them.
    pub(crate) is_numeric: bool,
}
