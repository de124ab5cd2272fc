//! Small programs in place of guests: what the state machines do is seen without an engine.
//!
//! A [`Scenario`] has functions, each of some instance, whose bodies are lists of [`Op`]s: calls,
//! canonical built-ins, and how a callback ends. [`run`] calls the first function as a host would,
//! then lets ready threads run until none is ready, and returns what was seen on the way.
//!
//! Guests keep handles in registers that all code of an instance shares. Each `write` sends the
//! next numbers of its instance, and each `read` has a place of its own in the instance's memory.

mod machine;
mod ops;

use crate::policy::Policy;
use crate::state::{EndKind, Event, SubtaskState};
use crate::trap::Trap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// How many registers an instance has.
pub const N_REGISTERS: usize = 8;
/// The most elements of an [`EndOp::Read`] or [`EndOp::Write`].
pub const MAX_ELEMENTS: u32 = 4;
/// The most reads of an instance that have a place; later ones share the last.
pub const MAX_READS: usize = 16;

/// How often a task's callback is called before it exits, whatever it says, so that each run ends.
pub const MAX_CALLBACKS: u32 = 3;

/// Names a register.
pub type Reg = usize;

/// What is run.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Scenario {
    /// The functions. The host calls the first.
    pub functions: Vec<Function>,
}

/// A lifted function, or the code of a thread.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Function {
    /// Whose it is.
    pub instance: u32,
    /// Whether its type is `async`. It is unless the function is lifted without.
    pub is_async_type: bool,
    /// How it is lifted.
    pub lift: Lift,
    /// What it takes: nothing, or a readable end, which it finds in register 0.
    pub param: Option<EndKind>,
    /// What it does.
    pub body: Vec<Op>,
    /// What its callback does, each time, up to [`MAX_CALLBACKS`] times.
    pub callback: Vec<Op>,
}

/// How a function is lifted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lift {
    /// Without `async`: it returns when its body ends.
    Sync,
    /// With `async`: it returns when it says so.
    Stackful,
    /// With `async` and a callback.
    Callback,
}

/// What guest code does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the fields are registers, and what the built-in takes")]
pub enum Op {
    /// Calls a function, lowered with `async` or without. A subtask's index goes to `into`.
    Call { function: usize, is_async: bool, arg: Reg, into: Reg },
    /// `task.return`
    Return,
    /// `task.cancel`
    Cancel,
    /// `subtask.cancel`
    SubtaskCancel { is_async: bool, of: Reg },
    /// `subtask.drop`
    SubtaskDrop { of: Reg },
    /// Something with waitable sets.
    Set(SetOp),
    /// `backpressure.inc`
    BackpressureInc,
    /// `backpressure.dec`
    BackpressureDec,
    /// Something with streams or futures.
    End(EndKind, EndOp),
    /// Something with threads.
    Thread(ThreadOp),
    /// `context.set` of the first word.
    ContextSet { to: u32 },
    /// `context.get` of the first word.
    ContextGet,
    /// Ends the core function or callback: the task ends.
    CallbackExit,
    /// Ends it: the callback is to be called after the others.
    CallbackYield,
    /// Ends it: the callback is to be called with an event of the set.
    CallbackWait { of: Reg },
}

/// What guest code does with waitable sets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the fields are registers")]
pub enum SetOp {
    /// `waitable-set.new`
    New { into: Reg },
    /// `waitable-set.wait`
    Wait { of: Reg },
    /// `waitable-set.poll`
    Poll { of: Reg },
    /// `waitable-set.drop`
    Drop { of: Reg },
    /// `waitable.join`, with register `set`, or with 0.
    Join { of: Reg, set: Option<Reg> },
}

/// What guest code does with streams and futures.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the fields are registers, and what the built-in takes")]
pub enum EndOp {
    /// `new`
    New { readable: Reg, writable: Reg },
    /// `read`, of so many elements (of a future always one).
    Read { of: Reg, n: u32, is_async: bool },
    /// `write`, of so many elements (to a future always one).
    Write { of: Reg, n: u32, is_async: bool },
    /// `cancel-read`, `cancel-write`
    Cancel { is_read: bool, of: Reg, is_async: bool },
    /// `drop-readable`, `drop-writable`
    Drop { is_readable: bool, of: Reg },
    /// `forward`
    Forward { readable: Reg, writable: Reg },
}

/// What guest code does with threads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the fields are registers, and a function")]
pub enum ThreadOp {
    /// `thread.new-indirect`, of a function's body.
    New { function: usize, into: Reg },
    /// `thread.index`
    Index { into: Reg },
    /// `thread.resume-later`
    ResumeLater { of: Reg },
    /// `thread.suspend`
    Suspend,
    /// `thread.yield`
    Yield,
    /// `thread.suspend-then-resume`
    SuspendThenResume { of: Reg },
    /// `thread.yield-then-resume`
    YieldThenResume { of: Reg },
    /// `thread.suspend-then-promote`
    SuspendThenPromote { of: Reg },
    /// `thread.yield-then-promote`
    YieldThenPromote { of: Reg },
}

/// What was seen.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Seen {
    /// A function or the code of a thread begins.
    Begin {
        /// Which.
        function: usize,
    },
    /// A callback is called with this event.
    Callback {
        /// Of which function.
        function: usize,
        /// Code, index and payload.
        event: (u32, u32, u32),
    },
    /// A built-in or a call of a function's code returned this.
    Result {
        /// Which function's code.
        function: usize,
        /// The value, or that of an event.
        value: (u32, u32, u32),
    },
    /// The host's call has returned, or was cancelled.
    Resolved,
}

/// How a run ended.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum End {
    /// The host's call has resolved, and no thread is ready.
    Resolved,
    /// It has not, and no thread is ready.
    Deadlock,
    /// A guest has trapped.
    Trap(String),
    /// More was seen than a run may see.
    TooLong,
}

/// What a run was.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Outcome {
    /// In order.
    pub seen: Vec<Seen>,
    /// How it ended.
    pub end: End,
    /// What was read, by instance.
    pub memories: Vec<Vec<u8>>,
}

/// Runs a scenario.
///
/// # Panics
///
/// When it names a function or register that is not there, or reads or writes too much at once.
pub fn run<P: Policy + fmt::Debug>(scenario: &Scenario, policy: &mut P) -> Outcome {
    machine::run(scenario, policy)
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for seen in &self.seen {
            writeln!(f, "{seen}")?;
        }
        match &self.end {
            End::Resolved => writeln!(f, "resolved"),
            End::Deadlock => writeln!(f, "deadlock"),
            End::Trap(trap) => writeln!(f, "trap: {trap}"),
            End::TooLong => writeln!(f, "too long"),
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin { function } => write!(f, "{function}: begins"),
            Self::Callback { function, event: (code, index, payload) } => {
                write!(f, "{function}: callback({code}, {index}, {payload})")
            }
            Self::Result { function, value: (value, 0, 0) } => write!(f, "{function}: {value}"),
            Self::Result { function, value: (code, index, payload) } => {
                write!(f, "{function}: ({code}, {index}, {payload})")
            }
            Self::Resolved => f.write_str("host: resolved"),
        }
    }
}

fn words(event: Event) -> (u32, u32, u32) {
    (event.code as u32, event.index, event.payload)
}

fn end_of(result: Result<bool, Trap>) -> End {
    match result {
        Ok(true) => End::Resolved,
        Ok(false) => End::Deadlock,
        Err(trap) => End::Trap(alloc::format!("{trap}")),
    }
}

fn is_return(how: SubtaskState) -> bool {
    how == SubtaskState::Returned
}
