//! Calls out of component instances. Follows CanonicalABI.md, "Subtask State".

use super::waitable::{Event, EventCode, Pending, Waitable};
use super::{Store, WaitableId};
use crate::embedding::Embedding;
use crate::ids::{InstanceId, SubtaskId, TaskId};
use crate::trap::{Trap, trap_if};
use canonical_abi::handles::{Lends, Table};

/// Where a call is, as its caller sees it (the spec's `Subtask.State`, with its numbers).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum SubtaskState {
    /// The callee has no arguments yet.
    Starting = 0,
    /// It has.
    Started = 1,
    /// It has returned.
    Returned = 2,
    /// It was cancelled before it had its arguments.
    CancelledBeforeStarted = 3,
    /// It was cancelled before it returned.
    CancelledBeforeReturned = 4,
}

/// What is called (what the spec's `on_cancel` refers to).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Callee {
    /// A task of a component instance.
    Task(TaskId),
    /// A function of the host, which knows the call by this number.
    Host(u64),
}

/// A call out of a component instance (the spec's `Subtask`).
#[derive(Debug)]
pub(crate) struct Subtask {
    pub(crate) waitable: Waitable,
    /// Who calls.
    pub(crate) instance: InstanceId,
    pub(crate) state: SubtaskState,
    pub(crate) callee: Option<Callee>,
    /// What the call was lent; `None` once its resolution was delivered.
    lenders: Option<Lends>,
    pub(crate) cancellation_requested: bool,
    /// Its index in the caller's table, once it is there.
    pub(crate) index: Option<u32>,
}

impl SubtaskState {
    /// The spec's `Subtask.resolved`.
    pub fn is_resolved(self) -> bool {
        match self {
            Self::Starting | Self::Started => false,
            Self::Returned | Self::CancelledBeforeStarted | Self::CancelledBeforeReturned => true,
        }
    }
}

impl Subtask {
    /// The spec's `Subtask.resolve_delivered`.
    pub(crate) fn is_resolve_delivered(&self) -> bool {
        self.lenders.is_none()
    }
}

impl<E: Embedding> Store<E> {
    /// Makes the subtask of a call out of an instance.
    pub(crate) fn new_subtask(&mut self, instance: InstanceId) -> SubtaskId {
        self.subtasks.add(Subtask {
            waitable: Waitable::default(),
            instance,
            state: SubtaskState::Starting,
            callee: None,
            lenders: Some(Lends::new()),
            cancellation_requested: false,
            index: None,
        })
    }

    /// Returns where a call is.
    ///
    /// # Panics
    ///
    /// When the subtask is gone.
    pub fn subtask_state(&self, id: SubtaskId) -> SubtaskState {
        self.subtasks[id].state
    }

    /// Returns what the call was lent, for lifting its arguments (`add_lender` in the spec).
    ///
    /// # Panics
    ///
    /// When the call has resolved.
    pub fn lenders(&mut self, id: SubtaskId) -> &mut Lends {
        let subtask = &mut self.subtasks[id];
        assert!(!subtask.state.is_resolved(), "a call in progress is lent handles");
        subtask.lenders.as_mut().expect("what has not resolved was not delivered")
    }

    /// Says that the callee gets its arguments (the spec's `on_start` of `canon_lower`). Whoever
    /// has the host for a callee says so when it starts.
    ///
    /// # Panics
    ///
    /// When it has them.
    pub fn start_subtask(&mut self, id: SubtaskId) {
        let subtask = &mut self.subtasks[id];
        assert!(subtask.state == SubtaskState::Starting, "a subtask starts once");
        subtask.state = SubtaskState::Started;
        self.on_progress(id);
    }

    /// Says that the call has ended (the spec's `on_resolve` of `canon_lower`). If it was
    /// cancelled, whether it had started is found here.
    ///
    /// # Panics
    ///
    /// When it has ended.
    pub fn resolve_subtask(&mut self, id: SubtaskId, how: SubtaskState) {
        let subtask = &mut self.subtasks[id];
        assert!(!subtask.state.is_resolved(), "a subtask resolves once");
        subtask.state = match (how, subtask.state) {
            (SubtaskState::Returned, _) => SubtaskState::Returned,
            (_, SubtaskState::Starting) => SubtaskState::CancelledBeforeStarted,
            (_, _) => SubtaskState::CancelledBeforeReturned,
        };
        self.on_progress(id);
    }

    /// A subtask with a handle has an event whenever it goes on.
    fn on_progress(&mut self, id: SubtaskId) {
        let subtask = &mut self.subtasks[id];
        if subtask.index.is_some() {
            subtask.waitable.pending = Some(Pending { progress: 0 });
        }
    }

    /// Gives back what the call was lent (the spec's `Subtask.deliver_resolve`).
    pub(crate) fn deliver_resolve(&mut self, id: SubtaskId) {
        let subtask = &mut self.subtasks[id];
        assert!(subtask.state.is_resolved(), "a resolution is delivered");
        let lenders = subtask.lenders.take().expect("a resolution is delivered once");
        let instance = subtask.instance;
        self.instance_mut(instance).handles.end_lends(lenders);
    }

    /// The event of a subtask, at its delivery.
    pub(super) fn subtask_event(&mut self, id: SubtaskId) -> Event {
        if self.subtasks[id].state.is_resolved() {
            self.deliver_resolve(id);
        }
        let subtask = &self.subtasks[id];
        let index = subtask.index.expect("a subtask with an event has a handle");
        Event { code: EventCode::Subtask, index, payload: subtask.state as u32 }
    }

    /// The spec's `Subtask.drop`.
    pub(crate) fn drop_subtask(&mut self, id: SubtaskId) -> Result<(), Trap> {
        let subtask = &self.subtasks[id];
        trap_if(!subtask.is_resolve_delivered(), Trap::SubtaskNotResolved)?;
        self.join(WaitableId::Subtask(id), None);
        self.subtasks.remove(id);
        Ok(())
    }
}
