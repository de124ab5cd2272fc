//! Waitable sets. Follows CanonicalABI.md, "`canon waitable-set.new`" to "`canon waitable.join`".

use super::{Operation, Step};
use crate::embedding::{Element, Embedding, Entry};
use crate::ids::{InstanceId, WaitableSetId};
use crate::state::instance::wrong;
use crate::state::{Event, Ready, Store, WaitableId};
use crate::trap::{Trap, trap_if};
use canonical_abi::handles::Table;

impl<E: Embedding> Store<E> {
    /// Makes a set and returns its index (the spec's `canon_waitable_set_new`).
    ///
    /// # Errors
    ///
    /// When the current instance must not be left, or has no room for a handle.
    pub fn canon_waitable_set_new(&mut self) -> Result<u32, Trap> {
        let instance = self.leave()?;
        let set = self.sets.add(crate::state::waitable::WaitableSet::default());
        self.add_element(instance, Element::WaitableSet(set))
    }

    /// Takes an event of a set's member, if there is one (the spec's `canon_waitable_set_poll`).
    ///
    /// # Errors
    ///
    /// When the current instance must not be left, or the index is none of a set.
    pub fn canon_waitable_set_poll(&mut self, index: u32) -> Result<Event, Trap> {
        let instance = self.leave()?;
        let set = self.waitable_set(instance, index)?;
        Ok(if self.set_has_event(set) { self.take_event(set) } else { Event::NONE })
    }

    /// Drops a set (the spec's `canon_waitable_set_drop`).
    ///
    /// # Errors
    ///
    /// When the current instance must not be left, the index is none of a set, or the set has
    /// members or waiters.
    pub fn canon_waitable_set_drop(&mut self, index: u32) -> Result<(), Trap> {
        let instance = self.leave()?;
        let set = self.waitable_set(instance, index)?;
        self.drop_set(set)?;
        self.instance_mut(instance).handles.remove(index)?;
        Ok(())
    }

    /// Moves a waitable to a set, or with 0 out of all (the spec's `canon_waitable_join`).
    ///
    /// # Errors
    ///
    /// When the current instance must not be left, an index is none of a waitable or of a set, or a
    /// thread waits for the waitable.
    pub fn canon_waitable_join(&mut self, index: u32, set: u32) -> Result<(), Trap> {
        let instance = self.leave()?;
        let waitable = match self.element(instance, index)? {
            Some(Element::Subtask(id)) => WaitableId::Subtask(id),
            Some(Element::End(id)) => WaitableId::End(id),
            Some(Element::WaitableSet(_) | Element::ErrorContext(_)) | None => {
                return Err(wrong(index, "waitable"));
            }
        };
        trap_if(self.waitable(waitable).has_sync_waiter, Trap::HasSyncWaiter)?;
        let set = if set == 0 { None } else { Some(self.waitable_set(instance, set)?) };
        self.join(waitable, set);
        Ok(())
    }

    /// Returns the set at `index` of an instance's table.
    pub(crate) fn waitable_set(&self, instance: InstanceId, index: u32) -> Result<WaitableSetId, Trap> {
        match self.element(instance, index)? {
            Some(Element::WaitableSet(set)) => Ok(set),
            Some(Element::Subtask(_) | Element::End(_) | Element::ErrorContext(_)) | None => {
                Err(wrong(index, "waitable set"))
            }
        }
    }

    /// Adds an entry to an instance's table.
    pub(crate) fn add_element(&mut self, instance: InstanceId, element: Element) -> Result<u32, Trap> {
        Ok(self.instance_mut(instance).handles.add(Entry::from_element(element))?)
    }
}

/// Waits for an event of a set's member (the spec's `canon_waitable_set_wait`).
#[derive(Debug)]
pub struct WaitableSetWait {
    index: u32,
    /// The set, while the thread waits.
    waiting: Option<WaitableSetId>,
}

impl WaitableSetWait {
    /// Returns the operation on the set at `index`.
    pub fn new(index: u32) -> Self {
        Self { index, waiting: None }
    }
}

impl<E: Embedding> Operation<E> for WaitableSetWait {
    type Output = Event;

    fn step(&mut self, store: &mut Store<E>) -> Result<Step<E::Buffer, Event>, Trap> {
        let set = match self.waiting.take() {
            Some(set) => {
                store.waited_for_set(set);
                set
            }
            None => {
                let instance = store.leave()?;
                let set = store.waitable_set(instance, self.index)?;
                if store.wait_for_set(set, Ready::Set(set)) {
                    self.waiting = Some(set);
                    return Ok(Step::Suspend { switch_to: None });
                }
                set
            }
        };
        Ok(Step::Done(store.take_event(set)))
    }
}
