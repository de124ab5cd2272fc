//! Traps: the guest's faults, and host functions that fail. Follows CanonicalABI.md, "trap_if", and
//! Explainer.md: a trap ends every component instance it passes through.

use std::fmt;

use jit::{Frame, HostError};

use crate::limits::LimitExceeded;

/// Why a call ended early, with the WebAssembly frames that it left behind.
///
/// Displays the cause, then the frames, one a line.
#[derive(Debug)]
pub struct Trap {
    cause: TrapCause,
    frames: Vec<Frame>,
}

/// The causes of a [`Trap`].
#[derive(Debug)]
pub enum TrapCause {
    /// A rule of the Canonical ABI was broken.
    Abi(canonical_abi::Trap),
    /// A core instruction trapped.
    Core(jit::TrapKind),
    /// A host function returned an error.
    Host(HostError),
    /// A limit of the store was reached.
    Limit(LimitExceeded),
    /// A component counted its backpressure beyond what the Canonical ABI allows.
    Backpressure,
    /// A rule about asynchronous calls was broken.
    Task(TaskFault),
    /// The component called something that is not supported yet.
    Unsupported(String),
    /// A host function returned a value that is not of its type.
    HostResult(String),
}

/// How a component can break the rules of asynchronous calls (CanonicalABI.md,
/// "`canon task.return`" and "`canon lift`").
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TaskFault {
    /// `task.return` was called where no asynchronously lifted function is.
    NotAsync,
    /// `task.return` has another result type, string encoding or memory than the function.
    ReturnMismatch,
    /// `task.return` was called a second time.
    ReturnedTwice,
    /// The function ended without a call of `task.return`.
    NotReturned,
    /// The function or its callback returned a code that means nothing.
    CallbackCode {
        /// The code: the low four bits of what was returned.
        code: u32,
    },
}

impl Trap {
    /// Returns what caused the trap.
    pub fn cause(&self) -> &TrapCause {
        &self.cause
    }

    /// Returns the WebAssembly frames, innermost first, across all components.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Returns the error of a host function if it is the cause and of type `E`.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        match &self.cause {
            TrapCause::Host(error) => error.downcast_ref(),
            TrapCause::Abi(_)
            | TrapCause::Core(_)
            | TrapCause::Limit(_)
            | TrapCause::Backpressure
            | TrapCause::Task(_)
            | TrapCause::Unsupported(_)
            | TrapCause::HostResult(_) => None,
        }
    }

    /// Words a trap of the Canonical ABI like one between two components, without a host value
    /// between them. Traps that came through core frames happened elsewhere.
    pub(crate) fn between_components(self) -> Self {
        if !self.frames.is_empty() {
            self
        } else if let TrapCause::Abi(trap) = self.cause {
            trap.between_components().into()
        } else {
            self
        }
    }

    /// Returns the trap for an error of a host function. A trap that the function passes on stays
    /// as it is.
    #[cold]
    pub(crate) fn from_host(error: HostError) -> Self {
        match error.downcast::<Self>() {
            Ok(trap) => *trap,
            Err(error) => TrapCause::Host(error).into(),
        }
    }
}

impl From<TrapCause> for Trap {
    #[cold]
    fn from(cause: TrapCause) -> Self {
        Self { cause, frames: Vec::new() }
    }
}

impl From<canonical_abi::Trap> for Trap {
    #[cold]
    fn from(trap: canonical_abi::Trap) -> Self {
        TrapCause::Abi(trap).into()
    }
}

impl From<LimitExceeded> for Trap {
    #[cold]
    fn from(limit: LimitExceeded) -> Self {
        TrapCause::Limit(limit).into()
    }
}

impl From<jit::Trap> for Trap {
    /// Adds the frames that the core trap left to those of the trap that a built-in raised within,
    /// if one did.
    #[cold]
    fn from(trap: jit::Trap) -> Self {
        let frames = trap.backtrace().frames().to_vec();
        let kind = trap.into_kind();
        let mut trap = if let jit::TrapKind::Host(error) = kind {
            Self::from_host(error)
        } else {
            TrapCause::Core(kind).into()
        };
        trap.frames.extend(frames);
        trap
    }
}

impl fmt::Display for TrapCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Abi(trap) => write!(f, "wasm trap: {trap}"),
            Self::Core(kind) => write!(f, "wasm trap: {kind}"),
            Self::Host(error) => error.fmt(f),
            Self::Limit(limit) => write!(f, "wasm trap: {limit}"),
            Self::Backpressure => f.write_str("wasm trap: backpressure counter out of its range"),
            Self::Task(fault) => write!(f, "wasm trap: {fault}"),
            Self::Unsupported(what) => write!(f, "not supported yet: {what}"),
            Self::HostResult(message) => f.write_str(message),
        }
    }
}

impl fmt::Display for TaskFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsync => f.write_str("`task.return` outside of an asynchronously lifted function"),
            Self::ReturnMismatch => {
                f.write_str("`task.return` differs from its function in result type or options")
            }
            Self::ReturnedTwice => f.write_str("`task.return` called a second time"),
            Self::NotReturned => f.write_str("an asynchronous function ended without `task.return`"),
            Self::CallbackCode { code } => write!(f, "unsupported callback code {code}"),
        }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cause)?;
        for (i, frame) in self.frames.iter().enumerate() {
            write!(f, "\n{i:>5}: {frame}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Trap {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            TrapCause::Host(error) => Some(error.as_ref()),
            TrapCause::Abi(_)
            | TrapCause::Core(_)
            | TrapCause::Limit(_)
            | TrapCause::Backpressure
            | TrapCause::Task(_)
            | TrapCause::Unsupported(_)
            | TrapCause::HostResult(_) => None,
        }
    }
}
