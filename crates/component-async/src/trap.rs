//! The guest's faults that concurrency adds to those of the Canonical ABI.

use canonical_abi::handles::ends::EndKind;
use core::fmt;

/// A fault of the guest's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Trap {
    /// One of the Canonical ABI: an unknown handle, a full table, an instance that must not be
    /// left.
    Abi(canonical_abi::Trap),
    /// An index that names no thread.
    UnknownThread {
        /// The index.
        index: u32,
    },
    /// A switch to a thread that runs or waits, or to the current one.
    NotSuspended,
    /// Something synchronous with a waitable that is in a waitable set.
    InWaitableSet,
    /// A waitable that joins a set, or whose copy is cancelled, while a thread waits for it.
    HasSyncWaiter,
    /// A call of a synchronous function that waits when nothing in its instance can run.
    CannotBlock,
    /// `task.return` or `task.cancel` in a task that was not lifted with `async`.
    NotAsync,
    /// `task.return` or `task.cancel` in a task that has resolved.
    AlreadyResolved,
    /// `task.cancel` in a task to which no cancellation was delivered.
    NotCancelled,
    /// A task whose last thread ends before the task has resolved.
    NotResolved,
    /// A callback code that means nothing.
    CallbackCode {
        /// The code: the low four bits of what the callback returned.
        code: u32,
    },
    /// A backpressure counter below zero, or at 2^16.
    Backpressure,
    /// A waitable set that is dropped with members or waiters.
    SetInUse,
    /// A subtask that is dropped before its resolution was delivered.
    SubtaskNotResolved,
    /// A second request to cancel a subtask, or one after its resolution was delivered.
    SubtaskNotCancellable,
    /// An end that is busy, for something that needs an idle one.
    Busy {
        /// What it is an end of.
        kind: EndKind,
        /// What was attempted.
        attempt: Attempt,
    },
    /// An end that is done, for something that needs an idle one.
    Done {
        /// What it is an end of.
        kind: EndKind,
        /// Whether it is the readable one.
        is_readable: bool,
        /// What was attempted.
        attempt: Attempt,
    },
    /// An end in a waitable set that is passed on.
    EndInWaitableSet {
        /// What it is an end of.
        kind: EndKind,
        /// What was attempted.
        attempt: Attempt,
    },
    /// `cancel-read` or `cancel-write` of an end that copies nothing.
    NotCopying {
        /// What it is an end of.
        kind: EndKind,
    },
    /// The writable end of a future that is dropped before a value was written.
    FutureNotWritten,
    /// A copy within one instance, of a payload that is no number.
    IntraComponent,
}

/// What was attempted with an end that does not allow it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Attempt {
    /// `read` or `write`.
    Copy,
    /// Passing it on as a value.
    Lift,
    /// Dropping it.
    Drop,
    /// `forward`.
    Forward,
}

/// Returns `Err(trap)` if `condition` holds (the spec's `trap_if`).
pub(crate) fn trap_if(condition: bool, trap: Trap) -> Result<(), Trap> {
    if condition { Err(trap) } else { Ok(()) }
}

impl From<canonical_abi::Trap> for Trap {
    fn from(trap: canonical_abi::Trap) -> Self {
        Self::Abi(trap)
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Abi(trap) => trap.fmt(f),
            Self::UnknownThread { index } => write!(f, "unknown thread index {index}"),
            Self::NotSuspended => f.write_str("cannot resume thread which is not suspended"),
            Self::InWaitableSet => {
                f.write_str("waitable cannot be used synchronously while added to a waitable set")
            }
            Self::HasSyncWaiter => f.write_str("waitable is used while a thread waits for it"),
            Self::CannotBlock => f.write_str("cannot block a synchronous task before returning"),
            Self::NotAsync => {
                f.write_str("`task.return` or `task.cancel` outside of an asynchronously lifted function")
            }
            Self::AlreadyResolved => {
                f.write_str("`task.return` or `task.cancel` in a task that has resolved")
            }
            Self::NotCancelled => f.write_str("`task.cancel` in a task that has not been cancelled"),
            Self::NotResolved => f.write_str("an asynchronous function ended without `task.return`"),
            Self::CallbackCode { code } => write!(f, "unsupported callback code {code}"),
            Self::Backpressure => f.write_str("backpressure counter out of its range"),
            Self::SetInUse => f.write_str("cannot drop waitable set with waiters or members"),
            Self::SubtaskNotResolved => f.write_str("cannot drop a subtask which has not yet resolved"),
            Self::SubtaskNotCancellable => {
                f.write_str("cannot cancel a subtask that has resolved or is being cancelled")
            }
            Self::Busy { kind: _, attempt: Attempt::Copy } => {
                f.write_str("cannot have concurrent operations active on a future/stream")
            }
            Self::Busy { kind, attempt } => write!(f, "cannot {} busy {}", attempt.verb(), name(*kind)),
            Self::Done { kind, is_readable, attempt } => done(f, *kind, *is_readable, *attempt),
            Self::EndInWaitableSet { kind, attempt } => {
                write!(f, "cannot {} {} while it's in a waitable set", attempt.verb(), name(*kind))
            }
            Self::NotCopying { kind } => write!(f, "cannot cancel a copy of a {} that has none", name(*kind)),
            Self::FutureNotWritten => {
                f.write_str("cannot drop future write end without first writing a value")
            }
            Self::IntraComponent => f.write_str(
                "cannot read from and write to intra-component future/stream with non-numeric payload",
            ),
        }
    }
}

impl core::error::Error for Trap {}

impl Attempt {
    fn verb(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Lift => "lift",
            Self::Drop => "drop",
            Self::Forward => "forward",
        }
    }
}

fn name(kind: EndKind) -> &'static str {
    match kind {
        EndKind::Stream => "stream",
        EndKind::Future => "future",
    }
}

fn done(f: &mut fmt::Formatter<'_>, kind: EndKind, is_readable: bool, attempt: Attempt) -> fmt::Result {
    let verb = match (attempt, is_readable) {
        (Attempt::Copy, true) => "read from",
        (Attempt::Copy, false) => "write to",
        (Attempt::Lift | Attempt::Drop | Attempt::Forward, _) => attempt.verb(),
    };
    let why = match (kind, is_readable) {
        (EndKind::Stream, true) => "being notified that the writable end dropped",
        (EndKind::Stream, false) => "being notified that the readable end dropped",
        (EndKind::Future, true) => "previous read succeeded",
        (EndKind::Future, false) => "previous write succeeded or readable end dropped",
    };
    write!(f, "cannot {verb} {} after {why}", name(kind))
}
