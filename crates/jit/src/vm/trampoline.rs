//! Which trampolines there are between the host and functions of a type.

/// What a trampoline connects, and where the values are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TrampolineKind {
    /// From the host into a function, with values in slots in memory.
    EnterBySlots,
    /// From the host into a function, with values in the registers of the C convention.
    EnterByRegisters,
    /// From wasm to a host function that finds its values in slots.
    HostBySlots,
    /// From wasm to a host function that takes its values in the registers of the C convention.
    HostByRegisters,
}

/// The number of kinds.
pub(crate) const N_KINDS: usize = 4;
