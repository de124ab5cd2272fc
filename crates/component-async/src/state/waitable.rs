//! What can be waited for, and sets of it. Follows CanonicalABI.md, "Waitable State".

use super::{Ready, Store};
use crate::embedding::Embedding;
use crate::ids::{EndId, SubtaskId, WaitableSetId};
use crate::policy::{Choice, Policy};
use crate::trap::{Trap, trap_if};
use alloc::vec::Vec;

/// What has happened (the spec's `EventCode`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum EventCode {
    /// Nothing.
    None = 0,
    /// A subtask went on.
    Subtask = 1,
    /// A read of a stream ended.
    StreamRead = 2,
    /// A write to a stream ended.
    StreamWrite = 3,
    /// A read of a future ended.
    FutureRead = 4,
    /// A write to a future ended.
    FutureWrite = 5,
    /// The task is to be cancelled.
    TaskCancelled = 6,
}

/// An event as the guest sees it (the spec's `EventTuple`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Event {
    /// What has happened.
    pub code: EventCode,
    /// To which handle.
    pub index: u32,
    /// How it ended.
    pub payload: u32,
}

impl Event {
    /// Nothing has happened.
    pub const NONE: Self = Self { code: EventCode::None, index: 0, payload: 0 };
    /// The task is to be cancelled.
    pub const TASK_CANCELLED: Self = Self { code: EventCode::TaskCancelled, index: 0, payload: 0 };
}

/// Something that can be waited for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum WaitableId {
    Subtask(SubtaskId),
    End(EndId),
}

/// What all waitables have (the spec's `Waitable`).
#[derive(Debug, Default)]
pub(crate) struct Waitable {
    /// What its event will say; what else it says is found when it is delivered.
    pub(crate) pending: Option<Pending>,
    pub(crate) set: Option<WaitableSetId>,
    pub(crate) has_sync_waiter: bool,
}

/// An event that was not delivered yet (the spec's `pending_event`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    /// How many elements were copied, for ends.
    pub(crate) progress: u32,
}

impl Waitable {
    pub(crate) fn has_pending_event(&self) -> bool {
        self.pending.is_some()
    }

    pub(crate) fn in_waitable_set(&self) -> bool {
        self.set.is_some()
    }
}

/// Waitables that are waited for together (the spec's `WaitableSet`).
#[derive(Debug, Default)]
pub(crate) struct WaitableSet {
    elems: Vec<WaitableId>,
    pub(crate) num_waiting: u32,
}

impl<E: Embedding> Store<E> {
    pub(crate) fn waitable(&self, id: WaitableId) -> &Waitable {
        match id {
            WaitableId::Subtask(id) => &self.subtasks[id].waitable,
            WaitableId::End(id) => &self.ends[id].waitable,
        }
    }

    pub(crate) fn waitable_mut(&mut self, id: WaitableId) -> &mut Waitable {
        match id {
            WaitableId::Subtask(id) => &mut self.subtasks[id].waitable,
            WaitableId::End(id) => &mut self.ends[id].waitable,
        }
    }

    /// Takes the event of a waitable that has one, and does what its delivery does (the spec's
    /// `Waitable.get_pending_event`).
    pub(crate) fn get_pending_event(&mut self, id: WaitableId) -> Event {
        let pending = self.waitable_mut(id).pending.take().expect("the waitable has an event");
        match id {
            WaitableId::Subtask(id) => self.subtask_event(id),
            WaitableId::End(id) => self.end_event(id, pending.progress),
        }
    }

    /// Moves a waitable to a set, or out of all (the spec's `Waitable.join`).
    pub(crate) fn join(&mut self, id: WaitableId, set: Option<WaitableSetId>) {
        let waitable = self.waitable_mut(id);
        assert!(!waitable.has_sync_waiter, "nobody waits for the waitable alone");
        if let Some(old) = core::mem::replace(&mut waitable.set, set) {
            self.sets[old].elems.retain(|&elem| elem != id);
        }
        if let Some(set) = set {
            self.sets[set].elems.push(id);
        }
    }

    /// Returns whether a member of the set has an event (the spec's
    /// `WaitableSet.has_pending_event`).
    pub(crate) fn set_has_event(&self, set: WaitableSetId) -> bool {
        self.sets[set].elems.iter().any(|&elem| self.waitable(elem).has_pending_event())
    }

    /// Takes the event of a member (the spec's `WaitableSet.get_pending_event`).
    pub(crate) fn take_event(&mut self, set: WaitableSetId) -> Event {
        let elems = self.sets[set].elems.iter().copied();
        let ready: Vec<WaitableId> = elems.filter(|&elem| self.waitable(elem).has_pending_event()).collect();
        let chosen = ready[self.policy.choose(Choice::Event, ready.len())];
        self.get_pending_event(chosen)
    }

    /// Lets the current thread wait for a set, and returns whether it has to be suspended.
    pub(crate) fn wait_for_set(&mut self, set: WaitableSetId, ready: Ready) -> bool {
        self.sets[set].num_waiting += 1;
        let must_wait = self.wait_until(ready);
        if !must_wait {
            self.waited_for_set(set);
        }
        must_wait
    }

    pub(crate) fn waited_for_set(&mut self, set: WaitableSetId) {
        self.sets[set].num_waiting -= 1;
    }

    /// The spec's `WaitableSet.drop`.
    pub(crate) fn drop_set(&mut self, set: WaitableSetId) -> Result<(), Trap> {
        let WaitableSet { elems, num_waiting } = &self.sets[set];
        trap_if(!elems.is_empty() || *num_waiting > 0, Trap::SetInUse)?;
        self.sets.remove(set);
        Ok(())
    }
}
