//! The guest's faults that lifting, lowering and handle tables can find.
//!
//! Each variant carries the figures of its message; the messages contain the texts that the
//! official suite's `assert_trap` lines expect. The suite words some faults differently when two
//! components call each other than when the host calls one: [`Trap::between_components`]
//! translates.

use core::fmt;

use crate::types::MAX_FLAGS;

/// The longest string, in bytes of its encoding (CanonicalABI.md, "Loading").
pub const MAX_STRING_BYTE_LENGTH: u64 = (1 << 28) - 1;
/// The longest list, in bytes of its elements (CanonicalABI.md, "Loading").
pub const MAX_LIST_BYTE_LENGTH: u64 = (1 << 28) - 1;

const _: () = assert!(MAX_FLAGS == 32, "flags are packed into an i32");

/// What an end is an end of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EndKind {
    /// A stream.
    Stream,
    /// A future.
    Future,
}

/// Who implements a resource type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Implementer {
    /// A component instance.
    Guest,
    /// The embedder.
    Host,
}

/// What an end is doing (the spec's `End.State`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EndState {
    /// Nothing.
    Idle,
    /// It reads, or is being stopped.
    Copying,
    /// No more: it has read all, or its other end is gone.
    Done,
}

/// A fault of the guest's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Trap {
    /// A pointer that is not a multiple of its type's alignment.
    UnalignedPointer {
        /// The pointer.
        ptr: u64,
        /// The alignment, in bytes.
        alignment: u32,
    },
    /// A pointer to something that does not end within the memory.
    PointerOutOfBounds {
        /// The pointer.
        ptr: u64,
        /// The size of what it points to, in bytes.
        size_bytes: u64,
        /// The memory's size, in bytes.
        memory_bytes: u64,
    },
    /// A string whose bytes do not end within the memory.
    StringOutOfBounds {
        /// The pointer.
        ptr: u64,
        /// The string's length, in bytes.
        size_bytes: u64,
        /// The memory's size, in bytes.
        memory_bytes: u64,
    },
    /// A list whose elements do not end within the memory.
    ListOutOfBounds {
        /// The pointer.
        ptr: u64,
        /// The size of all elements, in bytes.
        size_bytes: u64,
        /// The memory's size, in bytes.
        memory_bytes: u64,
    },
    /// Between components: a string that is not within one of the memories.
    StringContentOutOfBounds,
    /// Between components: a list that is not within one of the memories.
    ListContentOutOfBounds,
    /// A string longer than [`MAX_STRING_BYTE_LENGTH`].
    StringTooLong {
        /// The string's length in bytes.
        size_bytes: u64,
    },
    /// A list longer than [`MAX_LIST_BYTE_LENGTH`].
    ListTooLong {
        /// The size of all elements, in bytes; `u64::MAX` stands for more.
        size_bytes: u64,
    },
    /// A `realloc` that returned a pointer that is not a multiple of the alignment asked for.
    ReallocUnaligned {
        /// The pointer.
        ptr: u64,
        /// The alignment, in bytes.
        alignment: u32,
    },
    /// A `realloc` that returned a block that does not end within the memory.
    ReallocOutOfBounds {
        /// The pointer.
        ptr: u64,
        /// The size asked for, in bytes.
        size_bytes: u64,
        /// What the block was for.
        of: Allocation,
    },
    /// A discriminant that names no case.
    InvalidDiscriminant {
        /// The discriminant.
        discriminant: u32,
        /// How many cases there are.
        n_cases: u32,
    },
    /// A `char` that is a surrogate or beyond U+10FFFF.
    InvalidChar {
        /// The bits.
        bits: u32,
    },
    /// A byte sequence that is not UTF-8.
    InvalidUtf8 {
        /// How many bytes were valid.
        valid_up_to_bytes: usize,
        /// How many bytes are invalid, or none if the string ends within a sequence.
        error_bytes: Option<u8>,
    },
    /// A sequence of code units that is not UTF-16.
    InvalidUtf16 {
        /// The unpaired surrogate.
        surrogate: u16,
    },
    /// An index that names no element of the handle table.
    UnknownHandle {
        /// The index.
        index: u32,
    },
    /// An index that names something else than a resource handle.
    NotAResource {
        /// The index.
        index: u32,
    },
    /// An index that names something else than a value of the type.
    WrongHandle {
        /// The index.
        index: u32,
        /// What was expected there.
        expected: &'static str,
    },
    /// A readable end that is given away while it reads, or when it is done.
    EndNotIdle {
        /// What it is an end of.
        kind: EndKind,
        /// What it is doing.
        state: EndState,
    },
    /// A readable end that is given away while it is in a waitable set.
    EndInWaitableSet {
        /// What it is an end of.
        kind: EndKind,
    },
    /// A resource handle of another resource type.
    WrongResourceType {
        /// The index.
        index: u32,
        /// Who implements the type that was expected. Tables don't know: they say
        /// [`Implementer::Guest`], and an embedder with resource types of its own says better.
        expected: Implementer,
        /// Who implements the type of the handle; likewise.
        given: Implementer,
    },
    /// A borrow where an owned handle is needed.
    NotOwned {
        /// The index.
        index: u32,
    },
    /// A handle that is dropped or given away while lent.
    RemoveWhileLent {
        /// The index.
        index: u32,
    },
    /// A call that returned before it dropped the borrows it was given.
    BorrowsRemain {
        /// How many remain.
        n_borrows: u32,
    },
    /// A handle table with the greatest number of elements.
    TableFull,
    /// A call out of an instance that must not be left (the spec's `may_leave`).
    CannotLeave,
    /// A call into an instance that must not be entered.
    CannotEnter,
    /// A value of a type for which the host has no table.
    Unsupported {
        /// What: `"stream"`, `"future"` or `"error-context"`.
        what: &'static str,
    },
}

/// What a block of guest memory was allocated for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Allocation {
    /// A string's bytes.
    String,
    /// A list's elements.
    List,
    /// Spilled parameters.
    Params,
}

impl Trap {
    /// Returns the same fault as a call between two components words it, where no host value lies
    /// in between.
    #[must_use]
    pub fn between_components(self) -> Self {
        match self {
            Self::StringOutOfBounds { .. } | Self::ReallocOutOfBounds { of: Allocation::String, .. } => {
                Self::StringContentOutOfBounds
            }
            Self::ListOutOfBounds { .. } | Self::ReallocOutOfBounds { of: Allocation::List, .. } => {
                Self::ListContentOutOfBounds
            }
            Self::ReallocUnaligned { ptr, alignment } => Self::UnalignedPointer { ptr, alignment },
            Self::UnalignedPointer { .. }
            | Self::PointerOutOfBounds { .. }
            | Self::ReallocOutOfBounds { of: Allocation::Params, .. }
            | Self::StringContentOutOfBounds
            | Self::ListContentOutOfBounds
            | Self::StringTooLong { .. }
            | Self::ListTooLong { .. }
            | Self::InvalidDiscriminant { .. }
            | Self::InvalidChar { .. }
            | Self::InvalidUtf8 { .. }
            | Self::InvalidUtf16 { .. }
            | Self::UnknownHandle { .. }
            | Self::NotAResource { .. }
            | Self::WrongHandle { .. }
            | Self::EndNotIdle { .. }
            | Self::EndInWaitableSet { .. }
            | Self::WrongResourceType { .. }
            | Self::NotOwned { .. }
            | Self::RemoveWhileLent { .. }
            | Self::BorrowsRemain { .. }
            | Self::TableFull
            | Self::CannotLeave
            | Self::CannotEnter
            | Self::Unsupported { .. } => self,
        }
    }
}

/// Returns the trap if the condition holds, as the spec's `trap_if`.
pub(crate) fn trap_if(condition: bool, trap: Trap) -> Result<(), Trap> {
    if condition { Err(trap) } else { Ok(()) }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnalignedPointer { ptr, alignment } => {
                write!(f, "unaligned pointer: {ptr:#x} is not a multiple of {alignment}")
            }
            Self::PointerOutOfBounds { ptr, size_bytes, memory_bytes } => {
                f.write_str("pointer out of bounds of memory")?;
                write_range(f, *ptr, *size_bytes, *memory_bytes)
            }
            Self::StringOutOfBounds { ptr, size_bytes, memory_bytes } => {
                f.write_str("string pointer/length out of bounds of memory")?;
                write_range(f, *ptr, *size_bytes, *memory_bytes)
            }
            Self::ListOutOfBounds { ptr, size_bytes, memory_bytes } => {
                f.write_str("list pointer/length out of bounds of memory")?;
                write_range(f, *ptr, *size_bytes, *memory_bytes)
            }
            Self::StringContentOutOfBounds => f.write_str("string content out-of-bounds"),
            Self::ListContentOutOfBounds => f.write_str("list content out-of-bounds"),
            Self::StringTooLong { size_bytes } => {
                write!(f, "string of {size_bytes} bytes is longer than {MAX_STRING_BYTE_LENGTH}")
            }
            Self::ListTooLong { size_bytes } => {
                write!(f, "list of {size_bytes} bytes is longer than {MAX_LIST_BYTE_LENGTH}")
            }
            Self::ReallocUnaligned { ptr, alignment } => {
                write!(f, "realloc return: result not aligned: {ptr:#x} is not a multiple of {alignment}")
            }
            Self::ReallocOutOfBounds { ptr, size_bytes, of: _ } => {
                write!(f, "realloc return: beyond end of memory: {size_bytes} bytes at {ptr:#x}")
            }
            Self::InvalidDiscriminant { discriminant, n_cases } => {
                write!(f, "invalid variant discriminant {discriminant}, with {n_cases} cases")
            }
            Self::InvalidChar { bits } => write!(f, "invalid `char` bit pattern {bits:#x}"),
            Self::InvalidUtf8 { valid_up_to_bytes, error_bytes: Some(n) } => {
                write!(f, "invalid utf-8 sequence of {n} bytes from index {valid_up_to_bytes}")
            }
            Self::InvalidUtf8 { valid_up_to_bytes, error_bytes: None } => {
                write!(f, "incomplete utf-8 byte sequence from index {valid_up_to_bytes}")
            }
            Self::InvalidUtf16 { surrogate } => {
                write!(f, "invalid utf-16: unpaired surrogate {surrogate:#x}")
            }
            Self::UnknownHandle { index } => write!(f, "unknown handle index {index}"),
            Self::NotAResource { index } => write!(f, "handle index {index} used with the wrong type"),
            Self::WrongHandle { index, expected } => {
                write!(f, "handle index {index} used with the wrong type, expected {expected}")
            }
            Self::EndNotIdle { kind, state } => f.write_str(not_idle(*kind, *state)),
            Self::EndInWaitableSet { kind } => {
                write!(f, "cannot lift {} while it's in a waitable set", end_name(*kind))
            }
            Self::WrongResourceType { index, expected, given } => {
                write!(f, "handle index {index} used with the wrong type, ")?;
                write_wrong_resource(f, *expected, *given)
            }
            Self::NotOwned { index } => {
                write!(f, "cannot lift own resource from the borrow at index {index}")
            }
            Self::RemoveWhileLent { index: _ } => f.write_str("cannot remove owned resource while borrowed"),
            Self::BorrowsRemain { n_borrows: _ } => {
                f.write_str("borrow handles still remain at the end of the call")
            }
            Self::TableFull => f.write_str("handle table has no free index"),
            Self::CannotLeave => f.write_str("cannot leave component instance"),
            Self::CannotEnter => f.write_str("cannot enter component instance"),
            Self::Unsupported { what } => write!(f, "not supported yet: a value of type {what}"),
        }
    }
}

fn not_idle(kind: EndKind, state: EndState) -> &'static str {
    match (kind, state) {
        (EndKind::Stream, EndState::Done) => {
            "cannot lift stream after being notified that the writable end dropped"
        }
        (EndKind::Future, EndState::Done) => "cannot lift future after previous read succeeded",
        (EndKind::Stream, EndState::Idle | EndState::Copying) => "cannot lift busy stream",
        (EndKind::Future, EndState::Idle | EndState::Copying) => "cannot lift busy future",
    }
}

fn write_wrong_resource(
    f: &mut fmt::Formatter<'_>,
    expected: Implementer,
    given: Implementer,
) -> fmt::Result {
    let differs = if expected == given { "different " } else { "" };
    let (expected, given) = (implementer_name(expected), implementer_name(given));
    write!(f, "expected {expected} resource but found a {differs}{given} resource")
}

fn implementer_name(implementer: Implementer) -> &'static str {
    match implementer {
        Implementer::Guest => "guest-defined",
        Implementer::Host => "host-defined",
    }
}

fn end_name(kind: EndKind) -> &'static str {
    match kind {
        EndKind::Stream => "stream",
        EndKind::Future => "future",
    }
}

fn write_range(f: &mut fmt::Formatter<'_>, ptr: u64, size_bytes: u64, memory_bytes: u64) -> fmt::Result {
    write!(f, ": {size_bytes} bytes at {ptr:#x}, of {memory_bytes}")
}

impl core::error::Error for Trap {}
