//! Threads, and how they wait. Follows CanonicalABI.md, "Threads".
//!
//! A thread runs, is suspended until another thread of its instance resumes it, or waits until a
//! condition holds. The condition is data ([`Ready`]), which a scheduler can ask again and a reader
//! can print.

use super::Store;
use crate::embedding::Embedding;
use crate::ids::{EndId, InstanceId, SubtaskId, TaskId, ThreadId, WaitableSetId};
use crate::policy::{Flip, Policy};
use crate::trap::{Trap, trap_if};

/// A thread (the spec's `Thread`).
#[derive(Debug)]
pub struct Thread<C> {
    /// What is left to run; `None` while it runs.
    pub(crate) cont: Option<C>,
    /// What it waits for, and since when.
    pub(crate) waiting: Option<(u64, Ready)>,
    pub(crate) task: TaskId,
    /// Its index in its instance's table.
    pub(crate) index: Option<u32>,
    /// What `context.get` and `context.set` access.
    pub storage: [u64; 2],
}

/// What a thread waits for (the spec's `ready_func`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ready {
    /// Nothing: it yielded.
    Now,
    /// That its task may enter its instance.
    Enter,
    /// That no exclusive thread is in its instance: its callback yielded.
    Exclusive,
    /// That a member of the set has an event.
    Set(WaitableSetId),
    /// That a member of the set has an event or its task is to be cancelled, and no exclusive
    /// thread is in its instance: its callback waits.
    Callback(WaitableSetId),
    /// That the subtask has resolved.
    Resolved(SubtaskId),
    /// That the end has an event.
    End(EndId),
}

/// What a thread does at the moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ThreadState {
    /// It runs.
    Running,
    /// It goes on when another thread resumes it.
    Suspended,
    /// It goes on when this holds.
    Waiting(Ready),
}

impl<C> Thread<C> {
    /// Returns what it does.
    pub fn state(&self) -> ThreadState {
        match (&self.cont, self.waiting) {
            (None, _) => ThreadState::Running,
            (Some(_), None) => ThreadState::Suspended,
            (Some(_), Some((_, ready))) => ThreadState::Waiting(ready),
        }
    }

    /// Returns the task that it belongs to.
    pub fn task(&self) -> TaskId {
        self.task
    }

    /// Returns its index in its instance's table, once it is there.
    pub fn index(&self) -> Option<u32> {
        self.index
    }
}

impl<E: Embedding> Store<E> {
    /// Makes a thread, which is suspended (the spec's `Thread.__init__`).
    pub(crate) fn new_thread(&mut self, task: TaskId, cont: E::Continuation) -> ThreadId {
        self.threads.add(Thread { cont: Some(cont), waiting: None, task, index: None, storage: [0, 0] })
    }

    /// Returns a thread, if it has not ended.
    pub fn thread(&self, id: ThreadId) -> Option<&Thread<E::Continuation>> {
        self.threads.get(id)
    }

    /// Returns the thread that runs (the spec's `current_thread`).
    ///
    /// # Panics
    ///
    /// When none does.
    pub fn current_thread(&self) -> ThreadId {
        self.current.expect("a thread runs")
    }

    /// Returns the task of the thread that runs (the spec's `current_task`).
    ///
    /// # Panics
    ///
    /// When none does.
    pub fn current_task(&self) -> TaskId {
        self.threads[self.current_thread()].task
    }

    /// Returns the instance whose code runs (the spec's `current_instance`).
    ///
    /// # Panics
    ///
    /// When none does.
    pub fn current_instance(&self) -> InstanceId {
        self.tasks[self.current_task()].instance
    }

    /// Returns the current thread's word `i`, of two.
    pub(crate) fn storage(&mut self, i: usize) -> &mut u64 {
        let current = self.current_thread();
        &mut self.threads[current].storage[i]
    }

    pub(crate) fn is_suspended(&self, thread: ThreadId) -> bool {
        self.threads[thread].state() == ThreadState::Suspended
    }

    /// Returns whether a thread waits for something that holds (the spec's `Thread.ready`).
    pub fn is_ready(&self, thread: ThreadId) -> bool {
        let thread = &self.threads[thread];
        thread.cont.is_some() && thread.waiting.is_some_and(|(_, ready)| self.holds(thread.task, ready))
    }

    /// Returns whether what a thread of `task` waits for holds.
    fn holds(&self, task: TaskId, ready: Ready) -> bool {
        let task = &self.tasks[task];
        let is_free = || self.instance(task.instance).exclusive_thread.is_none();
        match ready {
            Ready::Now => true,
            Ready::Enter => !self.has_backpressure(task),
            Ready::Exclusive => is_free(),
            Ready::Set(set) => self.set_has_event(set),
            Ready::Callback(set) => is_free() && (self.set_has_event(set) || task.has_pending_cancel()),
            Ready::Resolved(subtask) => self.subtasks[subtask].state.is_resolved(),
            Ready::End(end) => self.ends[end].waitable.has_pending_event(),
        }
    }

    /// The spec's `Thread.start_waiting`, of the current thread or of one that is suspended.
    pub(crate) fn start_waiting(&mut self, thread: ThreadId, ready: Ready) {
        let since = self.n_waits;
        self.n_waits += 1;
        let waiting = self.threads[thread].waiting.replace((since, ready));
        assert!(waiting.is_none(), "a thread waits for one thing");
        self.waiting.insert(since, thread);
    }

    /// The spec's `Thread.stop_waiting`.
    pub(crate) fn stop_waiting(&mut self, thread: ThreadId) {
        let waiting = self.threads[thread].waiting.take();
        let (since, _) = waiting.expect("the thread waits");
        self.waiting.remove(&since);
    }

    /// Lets the current thread wait, and returns whether it has to be suspended (the spec's
    /// `Thread.wait_until`).
    pub(crate) fn wait_until(&mut self, ready: Ready) -> bool {
        let thread = self.current_thread();
        if self.holds(self.threads[thread].task, ready) && self.policy.flip(Flip::GoOn) {
            return false;
        }
        self.start_waiting(thread, ready);
        true
    }

    /// Returns the thread at `index` of the current instance, if it is suspended and not the
    /// current one.
    pub(crate) fn suspended_thread(&self, instance: InstanceId, index: u32) -> Result<ThreadId, Trap> {
        let other = self.instance(instance).threads.get(index)?;
        trap_if(!self.is_suspended(other), Trap::NotSuspended)?;
        Ok(other)
    }
}
