//! Kinds of traps, as far as two engines can be held to the same: the one place that says which
//! trap here is which trap there.

use canonical_abi::Trap as AbiTrap;
use canonical_abi::trap::Allocation;
use component_linker::{CallError, Trap as ComponentTrap, TrapCause};
use jit::TrapKind;

/// Why a call ended early.
///
/// Coarser than either engine's traps where the other tells two of them not apart: each such case
/// says why.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Fault {
    /// A pointer that is not aligned, of the guest's or of its `realloc`.
    Unaligned,
    /// Core code or spilled values outside of a memory. The peer's adapters access spilled values
    /// without a check of their own, so that the core instruction traps.
    OutOfBounds,
    /// A string outside of its memory, or too long for any: the peer has one trap for both.
    StringOutOfBounds,
    /// A list outside of its memory, or too long for any, likewise.
    ListOutOfBounds,
    Discriminant,
    Char,
    Utf8,
    Utf16,
    Handle,
    CannotLeave,
    CannotEnter,
    Unreachable,
    TableOutOfBounds,
    /// An indirect call of what is not there.
    Uninitialized,
    IndirectCallType,
    DivideByZero,
    IntegerOverflow,
    InvalidConversion,
    StackOverflow,
    Exception,
    NullReference,
    OutOfFuel,
    Interrupt,
    /// A limit of this implementation's or a refusal of the embedder's, which nothing here should
    /// meet.
    Limit(String),
    /// Anything else.
    Other(String),
}

impl Fault {
    /// Returns what a trap of the Canonical ABI is, between components or with the host.
    pub(crate) fn of_abi(trap: &AbiTrap) -> Self {
        match trap {
            AbiTrap::UnalignedPointer { .. } | AbiTrap::ReallocUnaligned { .. } => Self::Unaligned,
            AbiTrap::PointerOutOfBounds { .. }
            | AbiTrap::ReallocOutOfBounds { of: Allocation::Params, .. } => Self::OutOfBounds,
            AbiTrap::StringOutOfBounds { .. }
            | AbiTrap::StringContentOutOfBounds
            | AbiTrap::StringTooLong { .. }
            | AbiTrap::ReallocOutOfBounds { of: Allocation::String, .. } => Self::StringOutOfBounds,
            AbiTrap::ListOutOfBounds { .. }
            | AbiTrap::ListContentOutOfBounds
            | AbiTrap::ListTooLong { .. }
            | AbiTrap::ReallocOutOfBounds { of: Allocation::List, .. } => Self::ListOutOfBounds,
            AbiTrap::InvalidDiscriminant { .. } => Self::Discriminant,
            AbiTrap::InvalidChar { .. } => Self::Char,
            AbiTrap::InvalidUtf8 { .. } => Self::Utf8,
            AbiTrap::InvalidUtf16 { .. } => Self::Utf16,
            AbiTrap::UnknownHandle { .. }
            | AbiTrap::NotAResource { .. }
            | AbiTrap::WrongHandle { .. }
            | AbiTrap::EndNotIdle { .. }
            | AbiTrap::EndInWaitableSet { .. }
            | AbiTrap::WrongResourceType { .. }
            | AbiTrap::NotOwned { .. }
            | AbiTrap::RemoveWhileLent { .. }
            | AbiTrap::BorrowsRemain { .. }
            | AbiTrap::TableFull => Self::Handle,
            AbiTrap::CannotLeave => Self::CannotLeave,
            AbiTrap::CannotEnter => Self::CannotEnter,
            AbiTrap::Unsupported { what } => Self::Other((*what).to_owned()),
        }
    }

    /// Returns what a trap of core code here is.
    pub(crate) fn of_core(kind: &TrapKind) -> Self {
        match kind {
            TrapKind::Unreachable => Self::Unreachable,
            TrapKind::MemoryOutOfBounds => Self::OutOfBounds,
            // The peer tells a table access from an indirect call out of bounds only by its text.
            TrapKind::TableOutOfBounds | TrapKind::UndefinedElement => Self::TableOutOfBounds,
            TrapKind::UninitializedElement { .. } => Self::Uninitialized,
            TrapKind::IndirectCallTypeMismatch => Self::IndirectCallType,
            TrapKind::IntegerDivideByZero => Self::DivideByZero,
            TrapKind::IntegerOverflow => Self::IntegerOverflow,
            TrapKind::InvalidConversionToInteger => Self::InvalidConversion,
            TrapKind::StackOverflow => Self::StackOverflow,
            TrapKind::Exception(_) => Self::Exception,
            TrapKind::NullException | TrapKind::NullFunction | TrapKind::NullReference => Self::NullReference,
            TrapKind::Interrupt => Self::Interrupt,
            TrapKind::OutOfFuel => Self::OutOfFuel,
            TrapKind::UnalignedAtomic => Self::Unaligned,
            TrapKind::TooManyExceptions => Self::Limit(kind.to_string()),
            TrapKind::ExpectedSharedMemory
            | TrapKind::EndlessWait
            | TrapKind::WaitTooLong
            | TrapKind::Built(_)
            | TrapKind::Host(_)
            | TrapKind::Mismatch(_) => Self::Other(kind.to_string()),
        }
    }

    /// Returns what a trap of components here is.
    pub(crate) fn of_component(trap: &ComponentTrap) -> Self {
        match trap.cause() {
            TrapCause::Abi(trap) => Self::of_abi(trap),
            TrapCause::Core(kind) => Self::of_core(kind),
            TrapCause::Limit(limit) => Self::Limit(limit.to_string()),
            TrapCause::Poisoned { .. } => Self::CannotEnter,
            cause @ (TrapCause::Host(_)
            | TrapCause::Backpressure
            | TrapCause::Task(_)
            | TrapCause::Unsupported(_)
            | TrapCause::HostResult(_)) => Self::Other(cause.to_string()),
        }
    }

    /// Returns what the error of a call here is.
    pub(crate) fn of_call(error: &CallError) -> Self {
        match error {
            CallError::Trap(trap) => Self::of_component(trap),
            CallError::WrongStore
            | CallError::UnknownResource(_)
            | CallError::Resource(_)
            | CallError::Arity { .. }
            | CallError::Type { .. } => Self::Other(error.to_string()),
        }
    }

    /// Returns what an error of the peer's is.
    pub(crate) fn of_peer(error: &wasmtime::Error) -> Self {
        use wasmtime::Trap;
        let Some(trap) = error.downcast_ref::<Trap>() else { return Self::of_peer_text(error) };
        match trap {
            Trap::UnreachableCodeReached => Self::Unreachable,
            Trap::MemoryOutOfBounds => Self::OutOfBounds,
            Trap::TableOutOfBounds => Self::TableOutOfBounds,
            Trap::IndirectCallToNull => Self::Uninitialized,
            Trap::BadSignature => Self::IndirectCallType,
            Trap::IntegerDivisionByZero => Self::DivideByZero,
            Trap::IntegerOverflow => Self::IntegerOverflow,
            Trap::BadConversionToInteger => Self::InvalidConversion,
            Trap::StackOverflow => Self::StackOverflow,
            Trap::NullReference => Self::NullReference,
            Trap::OutOfFuel => Self::OutOfFuel,
            Trap::Interrupt => Self::Interrupt,
            Trap::UncaughtException => Self::Exception,
            Trap::CannotEnterComponent => Self::CannotEnter,
            Trap::CannotLeaveComponent => Self::CannotLeave,
            Trap::InvalidChar => Self::Char,
            Trap::StringOutOfBounds => Self::StringOutOfBounds,
            Trap::ListOutOfBounds => Self::ListOutOfBounds,
            Trap::InvalidDiscriminant => Self::Discriminant,
            Trap::UnalignedPointer | Trap::HeapMisaligned => Self::Unaligned,
            // Of another crate, and open.
            other => Self::Other(other.to_string()),
        }
    }

    /// Returns what an error of the peer's without a trap code is. Its transcoding functions and
    /// its lifting to host values say what is wrong in words only.
    fn of_peer_text(error: &wasmtime::Error) -> Self {
        if error.is::<wasmtime::ThrownException>() {
            return Self::Exception;
        }
        let text = error.root_cause().to_string();
        let says = |what: &str| text.contains(what);
        if says("not aligned") {
            Self::Unaligned
        } else if says("string pointer/length out of bounds") {
            Self::StringOutOfBounds
        } else if says("list pointer/length out of bounds") || says("map pointer/length out of bounds") {
            Self::ListOutOfBounds
        } else if says("pointer out of bounds of memory") || says("beyond end of memory") {
            Self::OutOfBounds
        } else if says("invalid utf8") || says("invalid utf-8") || says("incomplete utf-8") {
            Self::Utf8
        } else if says("invalid utf16") || says("unpaired surrogate") {
            Self::Utf16
        } else if says("discriminant") {
            Self::Discriminant
        } else if says("out of range for `char`") {
            Self::Char
        } else {
            Self::Other(text)
        }
    }
}
