//! Threads that the guest makes and switches between. Follows CanonicalABI.md, "`canon
//! thread.index`" to "`canon thread.yield-then-promote`".

use super::{Operation, Step};
use crate::embedding::Embedding;
use crate::ids::ThreadId;
use crate::state::{Ready, Store};
use crate::trap::{Trap, trap_if};

impl<E: Embedding> Store<E> {
    /// Returns the current thread's index (the spec's `canon_thread_index`).
    ///
    /// # Errors
    ///
    /// When the current instance must not be left.
    ///
    /// # Panics
    ///
    /// When the thread has not entered its instance.
    pub fn canon_thread_index(&self) -> Result<u32, Trap> {
        self.leave()?;
        Ok(self.threads[self.current_thread()].index.expect("code runs in threads that have entered"))
    }

    /// Makes a thread of the current task and returns its index (the spec's
    /// `canon_thread_new_indirect`, once the embedder has found the function). `cont` runs its code
    /// and says [`exit_thread`](Self::exit_thread) at its end.
    ///
    /// # Errors
    ///
    /// When the current instance must not be left, or has no room for a thread.
    pub fn canon_thread_new(&mut self, cont: E::Continuation) -> Result<u32, Trap> {
        self.leave()?;
        let thread = self.new_thread(self.current_task(), cont);
        self.register_thread(thread)
    }

    /// Ends the current thread, which the guest has made.
    ///
    /// # Errors
    ///
    /// When its task has no other thread and has not resolved.
    pub fn exit_thread(&mut self) -> Result<(), Trap> {
        self.unregister_thread(self.current_thread())
    }

    /// Lets a suspended thread run later (the spec's `canon_thread_resume_later`).
    ///
    /// # Errors
    ///
    /// When the current instance must not be left, or the index is none of a suspended thread.
    pub fn canon_thread_resume_later(&mut self, index: u32) -> Result<(), Trap> {
        let instance = self.leave()?;
        let other = self.suspended_thread(instance, index)?;
        self.start_waiting(other, Ready::Now);
        Ok(())
    }
}

/// How the current thread gives up control.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// Until another thread resumes it.
    Suspend,
    /// For a while.
    Yield,
}

/// Gives up control, perhaps to another thread.
#[derive(Debug)]
pub struct Switch {
    kind: Kind,
    to: Target,
    is_begun: bool,
}

#[derive(Debug)]
enum Target {
    Anyone,
    /// A thread that is suspended.
    Suspended(u32),
    /// A thread that is ready; otherwise anyone.
    Ready(u32),
}

impl Switch {
    /// The spec's `canon_thread_suspend`.
    pub fn suspend() -> Self {
        Self::new(Kind::Suspend, Target::Anyone)
    }

    /// The spec's `canon_thread_yield`.
    pub fn yield_() -> Self {
        Self::new(Kind::Yield, Target::Anyone)
    }

    /// The spec's `canon_thread_suspend_then_resume`.
    pub fn suspend_then_resume(index: u32) -> Self {
        Self::new(Kind::Suspend, Target::Suspended(index))
    }

    /// The spec's `canon_thread_yield_then_resume`.
    pub fn yield_then_resume(index: u32) -> Self {
        Self::new(Kind::Yield, Target::Suspended(index))
    }

    /// The spec's `canon_thread_suspend_then_promote`.
    pub fn suspend_then_promote(index: u32) -> Self {
        Self::new(Kind::Suspend, Target::Ready(index))
    }

    /// The spec's `canon_thread_yield_then_promote`.
    pub fn yield_then_promote(index: u32) -> Self {
        Self::new(Kind::Yield, Target::Ready(index))
    }

    fn new(kind: Kind, to: Target) -> Self {
        Self { kind, to, is_begun: false }
    }

    /// Finds the thread to switch to.
    fn target<E: Embedding>(&self, store: &mut Store<E>) -> Result<Option<ThreadId>, Trap> {
        let instance = store.leave()?;
        match self.to {
            Target::Anyone => Ok(None),
            Target::Suspended(index) => store.suspended_thread(instance, index).map(Some),
            Target::Ready(index) => {
                let other = store.instance(instance).threads.get(index)?;
                trap_if(other == store.current_thread(), Trap::NotSuspended)?;
                let is_ready = store.is_ready(other);
                if is_ready {
                    store.stop_waiting(other);
                }
                Ok(is_ready.then_some(other))
            }
        }
    }
}

impl<E: Embedding> Operation<E> for Switch {
    type Output = ();

    fn step(&mut self, store: &mut Store<E>) -> Result<Step<E::Buffer, ()>, Trap> {
        if self.is_begun {
            return Ok(Step::Done(()));
        }
        self.is_begun = true;
        let switch_to = self.target(store)?;
        match (self.kind, switch_to) {
            (Kind::Suspend, _) => {}
            (Kind::Yield, Some(_)) => {
                let thread = store.current_thread();
                store.start_waiting(thread, Ready::Now);
            }
            (Kind::Yield, None) if !store.wait_until(Ready::Now) => return Ok(Step::Done(())),
            (Kind::Yield, None) => {}
        }
        Ok(Step::Suspend { switch_to })
    }
}
