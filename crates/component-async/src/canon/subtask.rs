//! Cancelling and dropping subtasks. Follows CanonicalABI.md, "Tasks" (`request_cancellation`),
//! "`canon subtask.cancel`" and "`canon subtask.drop`".

use super::{BLOCKED, Operation, Step};
use crate::embedding::{Element, Embedding};
use crate::ids::{InstanceId, SubtaskId, TaskId, ThreadId};
use crate::policy::{Choice, Flip, Policy};
use crate::state::instance::wrong;
use crate::state::{Callee, EventCode, Ready, Store, TaskState, WaitableId};
use crate::trap::{Trap, trap_if};
use alloc::vec::Vec;
use canonical_abi::handles::Table;

/// Asks a task to end without a result (the spec's `Task.request_cancellation`).
#[derive(Debug)]
pub struct RequestCancellation {
    task: TaskId,
    is_begun: bool,
}

impl RequestCancellation {
    /// Returns the operation. The task has not resolved, and was not asked before.
    pub fn new(task: TaskId) -> Self {
        Self { task, is_begun: false }
    }

    /// Asks, and returns the thread to resume at once, if there is one.
    fn begin<E: Embedding>(&mut self, store: &mut Store<E>) -> Option<ThreadId> {
        self.is_begun = true;
        let task = &mut store.tasks[self.task];
        let before = core::mem::replace(&mut task.state, TaskState::PendingCancel);
        match before {
            TaskState::Initial => task.implicit_thread,
            TaskState::Started => self.candidate(store),
            TaskState::PendingCancel | TaskState::CancelDelivered | TaskState::Resolved => {
                unreachable!("a task is asked once, and before it resolves")
            }
        }
    }

    fn candidate<E: Embedding>(&self, store: &mut Store<E>) -> Option<ThreadId> {
        let instance = store.tasks[self.task].instance;
        store.choose_thread_of(instance, Choice::Cancellation)
    }
}

impl<E: Embedding> Store<E> {
    /// Chooses a thread of an instance that is ready.
    pub(crate) fn choose_thread_of(&mut self, instance: InstanceId, what: Choice) -> Option<ThreadId> {
        let is_of = |&thread: &ThreadId| {
            let thread = &self.threads[thread];
            thread.index.is_some() && self.tasks[thread.task].instance == instance
        };
        let candidates: Vec<ThreadId> = self.ready_threads().filter(is_of).collect();
        if candidates.is_empty() {
            return None;
        }
        let chosen = self.policy.choose(what, candidates.len());
        Some(candidates[chosen])
    }
}

impl<E: Embedding> Operation<E> for RequestCancellation {
    type Output = ();

    fn step(&mut self, store: &mut Store<E>) -> Result<Step<E::Buffer, ()>, Trap> {
        let next = if self.is_begun {
            let goes_on = !store.is_resolved(self.task) && store.policy.flip(Flip::GoOnCancelling);
            if goes_on { self.candidate(store) } else { None }
        } else {
            self.begin(store)
        };
        Ok(next.map_or(Step::Done(()), Step::Resume))
    }
}

/// Cancels a call (the spec's `canon_subtask_cancel`). It ends with the subtask's state, or
/// [`BLOCKED`].
#[derive(Debug)]
pub struct SubtaskCancel {
    index: u32,
    is_async: bool,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Begin,
    Requesting(SubtaskId, RequestCancellation),
    Requested(SubtaskId),
    Waiting(SubtaskId),
}

impl SubtaskCancel {
    /// Returns the operation on the subtask at `index`.
    pub fn new(is_async: bool, index: u32) -> Self {
        Self { index, is_async, phase: Phase::Begin }
    }

    fn begin<E: Embedding>(&self, store: &mut Store<E>) -> Result<SubtaskId, Trap> {
        let instance = store.leave()?;
        let id = store.subtask_at(instance, self.index)?;
        let subtask = &store.subtasks[id];
        trap_if(subtask.is_resolve_delivered(), Trap::SubtaskNotCancellable)?;
        trap_if(subtask.cancellation_requested, Trap::SubtaskNotCancellable)?;
        trap_if(subtask.waitable.in_waitable_set(), Trap::InWaitableSet)?;
        Ok(id)
    }
}

impl<E: Embedding> Operation<E> for SubtaskCancel {
    type Output = u32;

    fn step(&mut self, store: &mut Store<E>) -> Result<Step<E::Buffer, u32>, Trap> {
        loop {
            match &mut self.phase {
                Phase::Begin => {
                    let id = self.begin(store)?;
                    let subtask = &mut store.subtasks[id];
                    if subtask.state.is_resolved() {
                        return Ok(Step::Done(store.cancelled(id)));
                    }
                    subtask.cancellation_requested = true;
                    subtask.waitable.has_sync_waiter = true;
                    self.phase = match subtask.callee {
                        Some(Callee::Task(task)) => Phase::Requesting(id, RequestCancellation::new(task)),
                        Some(Callee::Host(call)) => {
                            store.cancelled_for_host.push(call);
                            Phase::Requested(id)
                        }
                        None => unreachable!("a subtask with a handle has a callee"),
                    };
                }
                Phase::Requesting(id, request) => match request.step(store)? {
                    Step::Done(()) => self.phase = Phase::Requested(*id),
                    Step::Resume(thread) => return Ok(Step::Resume(thread)),
                    Step::Suspend { .. } | Step::Transfer(_) => unreachable!("a request resumes threads"),
                },
                Phase::Requested(id) => {
                    let id = *id;
                    let is_resolved = store.subtasks[id].state.is_resolved();
                    if !self.is_async && !is_resolved && store.wait_until(Ready::Resolved(id)) {
                        self.phase = Phase::Waiting(id);
                        return Ok(Step::Suspend { switch_to: None });
                    }
                    self.phase = Phase::Waiting(id);
                }
                Phase::Waiting(id) => {
                    let subtask = &mut store.subtasks[*id];
                    subtask.waitable.has_sync_waiter = false;
                    let is_resolved = subtask.state.is_resolved();
                    return Ok(Step::Done(if is_resolved { store.cancelled(*id) } else { BLOCKED }));
                }
            }
        }
    }
}

impl<E: Embedding> Store<E> {
    /// Delivers the resolution of a subtask to who cancelled it.
    fn cancelled(&mut self, id: SubtaskId) -> u32 {
        let event = self.get_pending_event(WaitableId::Subtask(id));
        assert!(event.code == EventCode::Subtask, "a subtask has events of subtasks");
        event.payload
    }

    /// Drops a subtask whose resolution was delivered (the spec's `canon_subtask_drop`).
    ///
    /// # Errors
    ///
    /// When the current instance must not be left, the index is none of a subtask, or its
    /// resolution was not delivered.
    pub fn canon_subtask_drop(&mut self, index: u32) -> Result<(), Trap> {
        let instance = self.leave()?;
        let id = self.subtask_at(instance, index)?;
        self.drop_subtask(id)?;
        self.instance_mut(instance).handles.remove(index)?;
        Ok(())
    }

    fn subtask_at(&self, instance: InstanceId, index: u32) -> Result<SubtaskId, Trap> {
        match self.element(instance, index)? {
            Some(Element::Subtask(id)) => Ok(id),
            Some(Element::WaitableSet(_) | Element::End(_) | Element::ErrorContext(_)) | None => {
                Err(wrong(index, "subtask"))
            }
        }
    }
}
