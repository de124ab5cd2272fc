//! What a store keeps: instances, tasks, threads, subtasks, waitables, streams and futures.
//!
//! A file has the state of one chapter of CanonicalABI.md, and the functions that the spec gives
//! the class. They use each other in circles, as the spec's classes do: a task has threads, a
//! thread belongs to a task, and both wait for what a third has.

pub(crate) mod end;
pub(crate) mod error_context;
pub(crate) mod instance;
pub(crate) mod subtask;
pub(crate) mod task;
pub(crate) mod thread;
pub(crate) mod waitable;

use crate::arena::Arena;
use crate::embedding::Embedding;
use crate::ids::{ThreadId, tag};
use crate::policy::{Choice, Policy};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
pub use end::{CopyResult, EndKind, EndState, Transfer};
pub use error_context::ErrorContext;
pub use instance::ComponentInstance;
pub use subtask::{Callee, SubtaskState};
pub use task::{Caller, Lifted, Task, TaskState};
pub use thread::{Ready, Thread, ThreadState};
pub(crate) use waitable::WaitableId;
pub use waitable::{Event, EventCode};

/// All that is concurrent (the spec's `Store`), with the embedder's choices.
#[derive(Debug)]
pub struct Store<E: Embedding> {
    pub(crate) instances: Vec<ComponentInstance<E>>,
    pub(crate) tasks: Arena<tag::Task, Task>,
    pub(crate) threads: Arena<tag::Thread, Thread<E::Continuation>>,
    pub(crate) subtasks: Arena<tag::Subtask, subtask::Subtask>,
    pub(crate) sets: Arena<tag::WaitableSet, waitable::WaitableSet>,
    pub(crate) ends: Arena<tag::End, end::End<E>>,
    pub(crate) error_contexts: Arena<tag::ErrorContext, ErrorContext>,
    /// The threads that wait, in the order in which they began to (the spec's `Store.waiting`).
    pub(crate) waiting: BTreeMap<u64, ThreadId>,
    /// How often a thread began to wait.
    n_waits: u64,
    /// The innermost thread that runs.
    pub(crate) current: Option<ThreadId>,
    /// The host's calls that have resolved, until the host asks.
    pub(crate) resolved_for_host: Vec<(u64, SubtaskState)>,
    /// The calls of host functions that are to be cancelled, until the host asks.
    pub(crate) cancelled_for_host: Vec<u64>,
    /// Who makes the choices.
    pub policy: E::Policy,
}

/// Something that runs the code of threads.
pub trait Runner<E: Embedding> {
    /// Runs a thread until it is suspended or ends.
    ///
    /// # Errors
    ///
    /// When it traps.
    fn run(
        &mut self,
        store: &mut Store<E>,
        thread: ThreadId,
        cont: E::Continuation,
    ) -> Result<Suspension<E::Continuation>, crate::trap::Trap>;
}

/// Why a thread does not run on.
#[derive(Debug)]
pub enum Suspension<C> {
    /// Its code has ended.
    Ended,
    /// It gave up control.
    Suspended {
        /// What is left to run.
        cont: C,
        /// Which thread runs in its place; `None` for whoever resumed it.
        switch_to: Option<ThreadId>,
    },
}

impl<E: Embedding> Store<E> {
    /// Returns a store without instances.
    pub fn new(policy: E::Policy) -> Self {
        Self {
            instances: Vec::new(),
            tasks: Arena::new(),
            threads: Arena::new(),
            subtasks: Arena::new(),
            sets: Arena::new(),
            ends: Arena::new(),
            error_contexts: Arena::new(),
            waiting: BTreeMap::new(),
            n_waits: 0,
            current: None,
            resolved_for_host: Vec::new(),
            cancelled_for_host: Vec::new(),
            policy,
        }
    }

    /// Runs a thread until it is suspended or ends, and whoever it switches to (the spec's
    /// `Thread.resume`).
    ///
    /// # Errors
    ///
    /// When one of them traps. The store is then of no more use.
    ///
    /// # Panics
    ///
    /// When the thread runs.
    pub fn resume<R: Runner<E>>(
        &mut self,
        runner: &mut R,
        thread: ThreadId,
    ) -> Result<(), crate::trap::Trap> {
        if self.threads[thread].waiting.is_some() {
            self.stop_waiting(thread);
        }
        let mut next = Some(thread);
        while let Some(thread) = next {
            let cont = self.threads[thread].cont.take().expect("a thread that runs is not resumed");
            let resumer = self.current.replace(thread);
            let suspension = runner.run(self, thread, cont)?;
            self.current = resumer;
            next = match suspension {
                Suspension::Ended => {
                    self.end_thread(thread);
                    None
                }
                Suspension::Suspended { cont, switch_to } => {
                    self.threads[thread].cont = Some(cont);
                    switch_to
                }
            };
        }
        Ok(())
    }

    /// Runs one thread of those that are ready, and returns whether there was any (the spec's
    /// `Store.tick`).
    ///
    /// # Errors
    ///
    /// When it traps.
    pub fn tick<R: Runner<E>>(&mut self, runner: &mut R) -> Result<bool, crate::trap::Trap> {
        let candidates: Vec<ThreadId> = self.ready_threads().collect();
        if candidates.is_empty() {
            return Ok(false);
        }
        let chosen = self.policy.choose(Choice::Tick, candidates.len());
        self.resume(runner, candidates[chosen]).map(|()| true)
    }

    /// Returns the threads that are ready, in the order in which they began to wait.
    pub fn ready_threads(&self) -> impl Iterator<Item = ThreadId> {
        self.waiting.values().copied().filter(|&thread| self.is_ready(thread))
    }

    /// Returns the threads that wait, with what each waits for, in that order.
    pub fn waiting_threads(&self) -> impl Iterator<Item = (ThreadId, Ready)> {
        self.waiting.values().filter_map(|&thread| match self.threads[thread].state() {
            ThreadState::Waiting(ready) => Some((thread, ready)),
            ThreadState::Running | ThreadState::Suspended => None,
        })
    }

    /// Returns the host's calls that have resolved since the last time, in order.
    pub fn take_resolved(&mut self) -> Vec<(u64, SubtaskState)> {
        core::mem::take(&mut self.resolved_for_host)
    }

    /// Returns the calls of host functions that were asked to be cancelled since the last time, in
    /// order.
    pub fn take_cancelled(&mut self) -> Vec<u64> {
        core::mem::take(&mut self.cancelled_for_host)
    }

    /// Returns how many threads, tasks, subtasks, sets and ends there are.
    pub fn census(&self) -> Census {
        Census {
            n_threads: self.threads.len(),
            n_tasks: self.tasks.len(),
            n_subtasks: self.subtasks.len(),
            n_sets: self.sets.len(),
            n_ends: self.ends.len(),
        }
    }
}

/// How many things a store has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Census {
    /// Threads that have not ended.
    pub n_threads: usize,
    /// Tasks with such a thread.
    pub n_tasks: usize,
    /// Subtasks that were not dropped.
    pub n_subtasks: usize,
    /// Waitable sets.
    pub n_sets: usize,
    /// Ends of streams and futures.
    pub n_ends: usize,
}
