//! Traps: the guest's fault (or a host function's refusal), with the frames it came through.
//!
//! Follows the core specification, "Runtime Structure: Results"; the texts are the official
//! suite's.

use std::fmt;

use cranelift_codegen::ir::TrapCode;

use crate::embed::exception::{Exception, exception, rethrown};
use crate::embed::store::StoreOpaque;
use crate::error::{HostError, escape};
use crate::heap::object::index_of;
use crate::rt::{CodePlace, Failure, Frames, Stop, StopCause};
use crate::vm::trap_code as code;

/// Why execution stopped.
///
/// Display prints the message of the official suite ("integer divide by zero").
#[derive(Debug)]
pub enum TrapKind {
    /// The instruction `unreachable`.
    Unreachable,
    /// A load, store or bulk instruction outside of a memory.
    MemoryOutOfBounds,
    /// A table instruction outside of a table.
    TableOutOfBounds,
    /// An indirect call whose index lies outside of the table.
    UndefinedElement,
    /// An indirect call of a null element.
    UninitializedElement {
        /// Its position in the table.
        index: u64,
    },
    /// An indirect call of a function of another type.
    IndirectCallTypeMismatch,
    /// An integer division or remainder by zero.
    IntegerDivideByZero,
    /// An integer division or a conversion whose result has no representation.
    IntegerOverflow,
    /// A conversion of NaN to an integer.
    InvalidConversionToInteger,
    /// The guest's stack is used up.
    StackOverflow,
    /// An exception that nothing caught.
    Exception(Exception),
    /// The guest can reach more exceptions than the store may hold
    /// ([`StoreLimits::exception_bytes`](crate::StoreLimits::exception_bytes)).
    TooManyExceptions,
    /// A `throw_ref` of null.
    NullException,
    /// A call through a null reference.
    NullFunction,
    /// A null where a reference is needed.
    NullReference,
    /// An atomic access to an address that is not a multiple of its size.
    UnalignedAtomic,
    /// A wait on a memory that is not shared.
    ExpectedSharedMemory,
    /// A wait without a timeout on a memory that no other thread has.
    EndlessWait,
    /// The waits of a store without a deadline have taken longer than they may
    /// ([`StoreLimits::wait`](crate::StoreLimits::wait)).
    WaitTooLong,
    /// The store's deadline has passed
    /// ([`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline)).
    Interrupt,
    /// The store's fuel is used up ([`Store::set_fuel`](crate::Store::set_fuel)).
    OutOfFuel,
    /// A built function trapped with this code, whose meaning is its builder's
    /// ([`FuncBody::trap_if`](crate::FuncBody::trap_if)).
    Built(u8),
    /// A host function returned this error.
    Host(HostError),
    /// The caller's arguments or result slots do not match the function's type. Nothing was run.
    Mismatch(String),
}

impl fmt::Display for TrapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "wasm `unreachable` instruction executed",
            Self::MemoryOutOfBounds => "out of bounds memory access",
            Self::TableOutOfBounds => "out of bounds table access",
            Self::UndefinedElement => "undefined element",
            Self::UninitializedElement { index } => return write!(f, "uninitialized element {index}"),
            Self::IndirectCallTypeMismatch => "indirect call type mismatch",
            Self::IntegerDivideByZero => "integer divide by zero",
            Self::IntegerOverflow => "integer overflow",
            Self::InvalidConversionToInteger => "invalid conversion to integer",
            Self::StackOverflow => "call stack exhausted",
            Self::Exception(_) => "uncaught exception",
            Self::TooManyExceptions => "too many exceptions",
            Self::NullException => "null exception reference",
            Self::NullFunction => "null function reference",
            Self::NullReference => "null reference",
            Self::UnalignedAtomic => "unaligned atomic",
            Self::ExpectedSharedMemory => "expected shared memory",
            Self::EndlessWait => "a wait that nothing can end: nobody else has the memory",
            Self::WaitTooLong => "waiting took longer than a store without a deadline may",
            Self::Interrupt => "interrupt",
            Self::OutOfFuel => "all fuel consumed",
            Self::Built(code) => return write!(f, "built trap {code}"),
            Self::Host(error) => return error.fmt(f),
            Self::Mismatch(message) => message,
        })
    }
}

/// One wasm frame of a [`Backtrace`]. Displayed, names of Rust's are demangled, and what a terminal
/// would obey is escaped.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Frame {
    /// Name of the module, from its name section.
    pub module: Option<String>,
    /// Position in the module's function index space.
    pub func_index: u32,
    /// Name of the function, from the name section.
    pub func_name: Option<String>,
    /// Byte offset in the module of the instruction that was running, if known.
    pub module_offset: Option<u32>,
}

impl Frame {
    fn at(place: CodePlace) -> Self {
        let CodePlace { info, func, module_offset } = place;
        let (module, func_name) = (info.name.clone(), info.func_names.get(&func).cloned());
        Self { module, func_index: func.0, func_name, module_offset }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.module_offset {
            Some(offset) => write!(f, "{offset:#6x} - ")?,
            None => f.write_str("     ? - ")?,
        }
        f.write_str(&escape(self.module.as_deref().unwrap_or("<unknown>")))?;
        match &self.func_name {
            // Without the hash that tells equal names apart.
            Some(name) => write!(f, "!{}", escape(&format!("{:#}", rustc_demangle::demangle(name)))),
            None => write!(f, "!<wasm function {}>", self.func_index),
        }
    }
}

/// The wasm frames that were active at a trap, innermost first.
///
/// Frames of nested calls (guest, host, guest) follow each other; host frames are not shown. Of
/// more than 64 frames, the innermost and the outermost 32 are kept.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Backtrace {
    frames: Vec<Frame>,
    n_innermost: usize,
    n_omitted: usize,
}

impl Backtrace {
    pub(crate) fn new(frames: Frames) -> Self {
        let Frames { places, n_innermost, n_omitted } = frames;
        Self { frames: places.into_iter().map(Frame::at).collect(), n_innermost, n_omitted }
    }

    /// Returns the frames that are kept, innermost first.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Returns how many of the frames come before those that were left out.
    pub fn n_innermost(&self) -> usize {
        self.n_innermost
    }

    /// Returns how many frames were left out.
    pub fn n_omitted(&self) -> usize {
        self.n_omitted
    }
}

impl fmt::Display for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { frames, n_innermost, n_omitted } = self;
        for (i, frame) in frames.iter().enumerate() {
            let newline = if i == 0 { "" } else { "\n" };
            if *n_omitted > 0 && i == *n_innermost {
                write!(f, "{newline}       … {n_omitted} frames are left out …")?;
            }
            let number = if i < *n_innermost { i } else { i + n_omitted };
            write!(f, "{newline}{number:>5}: {frame}")?;
        }
        Ok(())
    }
}

/// A trap: its kind and the wasm frames it came through.
///
/// Display prints `wasm trap: ` and the kind's message, then one line per frame. A host error
/// prints as itself, without the prefix.
#[derive(Debug)]
pub struct Trap {
    kind: TrapKind,
    backtrace: Backtrace,
}

impl Trap {
    pub(crate) fn new(kind: TrapKind, backtrace: Backtrace) -> Self {
        Self { kind, backtrace }
    }

    /// Returns the trap that a host function's error would become, without frames.
    pub fn host(error: impl Into<HostError>) -> Self {
        Self::new(TrapKind::Host(error.into()), Backtrace::default())
    }

    /// Returns the trap that stands for an exception: a host function that returns it as its error
    /// throws it.
    pub fn exception(exception: Exception) -> Self {
        Self::new(TrapKind::Exception(exception), Backtrace::default())
    }

    /// Returns why execution stopped.
    pub fn kind(&self) -> &TrapKind {
        &self.kind
    }

    /// Returns why execution stopped, without the frames.
    pub fn into_kind(self) -> TrapKind {
        self.kind
    }

    /// Returns the wasm frames, innermost first.
    pub fn backtrace(&self) -> &Backtrace {
        &self.backtrace
    }

    /// Returns the host error behind the trap, if it is one of type `E`.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.host_error().and_then(|error| error.downcast_ref())
    }

    fn host_error(&self) -> Option<&HostError> {
        if let TrapKind::Host(error) = &self.kind { Some(error) } else { None }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host_error().is_none() {
            f.write_str("wasm trap: ")?;
        }
        write!(f, "{}", self.kind)?;
        if !self.backtrace.frames.is_empty() {
            write!(f, "\n{}", self.backtrace)?;
        }
        Ok(())
    }
}

impl std::error::Error for Trap {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.host_error().map(|error| error.as_ref() as _)
    }
}

/// Returns the trap that ended an activation.
#[cold]
pub(crate) fn trap(store: &mut StoreOpaque, stop: Stop) -> Trap {
    let Stop { cause, frames } = stop;
    let backtrace = Backtrace::new(frames);
    let kind = match cause {
        StopCause::Trap(code, figure) => kind_of_code(code, figure),
        StopCause::Error(error) => match error.downcast::<Trap>() {
            // A trap that a host function passes on keeps its own kind and (longer) backtrace. One
            // that the host function has made has none.
            Ok(trap) if trap.backtrace.frames.is_empty() => return Trap::new(trap.kind, backtrace),
            Ok(trap) => return *trap,
            Err(error) => TrapKind::Host(error),
        },
        StopCause::Exception(word) => {
            let index = index_of(word).expect("an exception that was thrown is not null");
            let thrown = exception(store, index);
            store.entities_mut().exceptions.caught(index);
            TrapKind::Exception(thrown)
        }
    };
    Trap::new(kind, backtrace)
}

/// Returns what a host function's error does to the activation that called it: throws an exception,
/// or ends it.
#[cold]
pub(crate) fn failure(store: &mut StoreOpaque, error: HostError) -> Failure {
    match rethrown(store, error) {
        Ok(word) => Failure::Exception(word),
        Err(error) => Failure::Error(error),
    }
}

/// Returns the kind for a trap code of compiled code other than [`code::HOST`]. `figure` is what
/// the code stored with it, if its kind has a figure.
///
/// # Panics
///
/// Panics on a code that the translator never emits.
pub(crate) fn kind_of_code(code: TrapCode, figure: u64) -> TrapKind {
    match code {
        code::UNREACHABLE => TrapKind::Unreachable,
        code::TABLE_OUT_OF_BOUNDS => TrapKind::TableOutOfBounds,
        code::UNDEFINED_ELEMENT => TrapKind::UndefinedElement,
        code::UNINITIALIZED_ELEMENT => TrapKind::UninitializedElement { index: figure },
        code::SIGNATURE_MISMATCH => TrapKind::IndirectCallTypeMismatch,
        code::TOO_MANY_EXCEPTIONS => TrapKind::TooManyExceptions,
        code::NULL_EXCEPTION => TrapKind::NullException,
        code::NULL_FUNCTION => TrapKind::NullFunction,
        code::NULL_REFERENCE => TrapKind::NullReference,
        code::UNALIGNED_ATOMIC => TrapKind::UnalignedAtomic,
        code::EXPECTED_SHARED_MEMORY => TrapKind::ExpectedSharedMemory,
        code::ENDLESS_WAIT => TrapKind::EndlessWait,
        code::WAIT_TOO_LONG => TrapKind::WaitTooLong,
        code::INTERRUPT => TrapKind::Interrupt,
        code::OUT_OF_FUEL => TrapKind::OutOfFuel,
        TrapCode::STACK_OVERFLOW => TrapKind::StackOverflow,
        TrapCode::INTEGER_OVERFLOW => TrapKind::IntegerOverflow,
        TrapCode::HEAP_OUT_OF_BOUNDS => TrapKind::MemoryOutOfBounds,
        TrapCode::INTEGER_DIVISION_BY_ZERO => TrapKind::IntegerDivideByZero,
        TrapCode::BAD_CONVERSION_TO_INTEGER => TrapKind::InvalidConversionToInteger,
        _ => match code::of_built(code) {
            Some(code) => TrapKind::Built(code),
            None => panic!("the translator emits no trap code {code}"),
        },
    }
}
