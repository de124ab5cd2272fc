//! Run-time functions: what compiled code calls through its context instead of doing it itself.
//!
//! Each takes the instance's block and up to five 64-bit words and returns a word: a result, or
//! zero for success where the translator emits a trap on non-zero.

/// A run-time function, as a position in the table of addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Builtin {
    /// (memory, delta pages) -> former pages or all ones.
    MemoryGrow,
    /// (memory, address, byte, length) -> trap.
    MemoryFill,
    /// (destination memory, source memory, destination, source, length) -> trap.
    MemoryCopy,
    /// (memory, segment, destination, source, length) -> trap.
    MemoryInit,
    /// (segment) -> nothing.
    DataDrop,
    /// (table, element, delta) -> former elements or all ones.
    TableGrow,
    /// (table, index, element, length) -> trap.
    TableFill,
    /// (destination table, source table, destination, source, length) -> trap.
    TableCopy,
    /// (table, segment, destination, source, length) -> trap.
    TableInit,
    /// (segment) -> nothing.
    ElemDrop,
    /// (type, expected type) -> trap.
    CheckSubtype,
    /// (memory, address, count) -> woken or `WAIT_OUT_OF_BOUNDS`.
    AtomicNotify,
    /// (memory, address, expected, timeout) -> the instruction's result, or a `WAIT_` word.
    AtomicWait32,
    /// Like `AtomicWait32`.
    AtomicWait64,
    /// (tag, payload address): throws. By the wasm convention.
    Throw,
    /// (exception): throws. By the wasm convention.
    ThrowRef,
}

/// The number of run-time functions.
pub(crate) const N_BUILTINS: usize = 16;

impl Builtin {
    /// Returns the number of words it takes after the context.
    pub(crate) fn n_args(self) -> usize {
        match self {
            Self::DataDrop | Self::ElemDrop | Self::ThrowRef => 1,
            Self::MemoryGrow | Self::CheckSubtype | Self::Throw => 2,
            Self::TableGrow | Self::AtomicNotify => 3,
            Self::MemoryFill | Self::TableFill | Self::AtomicWait32 | Self::AtomicWait64 => 4,
            Self::MemoryCopy | Self::MemoryInit | Self::TableCopy | Self::TableInit => 5,
        }
    }

    /// Returns the byte offset of its address in the table of addresses.
    pub(crate) fn offset(self) -> i32 {
        self as i32 * 8
    }
}

/// What a wait or a notification outside of the memory returns.
pub(crate) const WAIT_OUT_OF_BOUNDS: u64 = u64::MAX;
/// What a wait returns when its store's deadline has passed.
pub(crate) const WAIT_INTERRUPTED: u64 = u64::MAX - 1;
