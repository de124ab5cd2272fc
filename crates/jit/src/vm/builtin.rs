//! Run-time functions: what compiled code calls through its context instead of doing it itself.
//!
//! Each takes the instance's block and up to five 64-bit words and returns a word: a result, or
//! zero for success where the translator emits a trap on non-zero. What went wrong is a status, one
//! of the constants below; no result is as large.

/// A run-time function, as a position in the table of addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Builtin {
    /// (memory, delta pages) -> former pages or `NOT_GROWN`.
    MemoryGrow,
    /// (memory, address, byte, length) -> trap.
    MemoryFill,
    /// (destination memory, source memory, destination, source, length) -> trap.
    MemoryCopy,
    /// (memory, segment, destination, source, length) -> trap.
    MemoryInit,
    /// (segment) -> nothing.
    DataDrop,
    /// (table, element, delta) -> former elements, `NOT_GROWN`, or a status.
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
    /// (memory, address, count) -> woken, or a status.
    AtomicNotify,
    /// (memory, address, expected, timeout) -> the instruction's result, or a status.
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

    /// Returns whether it does work in proportion to an operand: such a function may return any
    /// status.
    pub(crate) fn is_bulk(self) -> bool {
        match self {
            Self::MemoryFill | Self::MemoryCopy | Self::MemoryInit => true,
            Self::TableGrow | Self::TableFill | Self::TableCopy | Self::TableInit => true,
            Self::MemoryGrow | Self::DataDrop | Self::ElemDrop | Self::CheckSubtype => false,
            Self::AtomicNotify | Self::AtomicWait32 | Self::AtomicWait64 => false,
            Self::Throw | Self::ThrowRef => false,
        }
    }

    /// Returns the byte offset of its address in the table of addresses.
    pub(crate) fn offset(self) -> i32 {
        self as i32 * 8
    }
}

/// What growth that is refused returns.
pub(crate) const NOT_GROWN: u64 = u64::MAX;
/// What a function that accesses something out of bounds returns.
pub(crate) const OUT_OF_BOUNDS: u64 = u64::MAX - 1;
/// What a function returns when its store's deadline has passed.
pub(crate) const INTERRUPTED: u64 = u64::MAX - 2;
/// What a function returns when its store's fuel does not pay for it.
pub(crate) const OUT_OF_FUEL: u64 = u64::MAX - 3;
/// What a wait returns that nobody can end.
pub(crate) const ENDLESS_WAIT: u64 = u64::MAX - 4;
/// What a wait returns when the waits of its store have taken too long.
pub(crate) const WAIT_TOO_LONG: u64 = u64::MAX - 5;
