//! Canonical definitions as operations on a store. Follows CanonicalABI.md, "Canonical
//! Definitions".
//!
//! What never blocks is a method of [`Store`]. What may block is an [`Operation`]: whoever runs
//! the thread's code steps it, and does what it asks for between two steps.

mod context;
mod copy;
mod error_context;
mod lift;
mod lower;
mod subtask;
mod task;
mod threads;
mod waitable_set;

use crate::embedding::Embedding;
use crate::ids::ThreadId;
use crate::state::{Store, Transfer};
use crate::trap::Trap;
pub use copy::{BLOCKED, CancelCopy, Copy, Forward};
pub use lift::{CanonLift, EnterImplicitThread, NextEvent};
pub use lower::{AsyncLower, SyncLower};
pub use subtask::{RequestCancellation, SubtaskCancel};
pub use threads::Switch;
pub use waitable_set::WaitableSetWait;

/// What an operation asks for.
#[derive(Debug)]
pub enum Step<B, T> {
    /// Nothing more: it has ended with this.
    Done(T),
    /// The current thread gives up control, to this thread or to whoever resumed it. Step again
    /// when it runs again.
    Suspend {
        /// Which thread runs in its place.
        switch_to: Option<ThreadId>,
    },
    /// [`Store::resume`] of this thread. Step again when that has returned.
    Resume(ThreadId),
    /// The elements of a [`Transfer`] are to be copied, and [`Store::finish_transfer`] is to be
    /// said. Step again then.
    Transfer(Transfer<B>),
}

/// Something that may block.
pub trait Operation<E: Embedding> {
    /// What it ends with.
    type Output;

    /// Goes on until something is asked for.
    ///
    /// # Errors
    ///
    /// When the guest has broken a rule.
    ///
    /// # Panics
    ///
    /// When it has ended, or what it asked for was not done.
    fn step(&mut self, store: &mut Store<E>) -> Result<Step<E::Buffer, Self::Output>, Trap>;
}

impl<B, T> Step<B, T> {
    /// Returns the step with another output.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Step<B, U> {
        match self {
            Self::Done(output) => Step::Done(f(output)),
            Self::Suspend { switch_to } => Step::Suspend { switch_to },
            Self::Resume(thread) => Step::Resume(thread),
            Self::Transfer(transfer) => Step::Transfer(transfer),
        }
    }
}
