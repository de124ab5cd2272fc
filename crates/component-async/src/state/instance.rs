//! What a component instance keeps. Follows CanonicalABI.md, "Component Instances".

use super::Store;
use crate::embedding::Embedding;
use crate::ids::{InstanceId, ThreadId};
use crate::trap::{Trap, trap_if};
use alloc::vec::Vec;
use canonical_abi::handles::Table;

/// A component instance (the spec's `ComponentInstance`).
#[derive(Debug)]
pub struct ComponentInstance<E: Embedding> {
    /// Its handles.
    pub handles: E::Table,
    /// Its threads.
    pub(crate) threads: Threads,
    /// Whether its code may call out of it. `realloc` and post-return functions may not.
    pub may_leave: bool,
    /// How often it has asked for no more calls.
    pub(crate) backpressure: u32,
    /// How many tasks wait to enter.
    pub(crate) num_waiting_to_enter: u32,
    /// The implicit thread of a task that no other task of its kind may run beside.
    pub(crate) exclusive_thread: Option<ThreadId>,
}

/// The threads of an instance by their indices (a `Table[Thread]` in the spec).
#[derive(Debug, Default)]
pub(crate) struct Threads {
    /// The thread of index `i` is in slot `i - 1`.
    slots: Vec<Option<ThreadId>>,
    free: Vec<u32>,
}

impl Threads {
    pub(crate) fn get(&self, index: u32) -> Result<ThreadId, Trap> {
        let slot = (index as usize).checked_sub(1).and_then(|slot| self.slots.get(slot));
        slot.copied().flatten().ok_or(Trap::UnknownThread { index })
    }

    pub(crate) fn add(&mut self, thread: ThreadId) -> Result<u32, Trap> {
        if let Some(index) = self.free.pop() {
            self.slots[index as usize - 1] = Some(thread);
            return Ok(index);
        }
        let is_full = self.slots.len() >= canonical_abi::handles::MAX_LENGTH as usize;
        trap_if(is_full, Trap::Abi(canonical_abi::Trap::TableFull))?;
        self.slots.push(Some(thread));
        Ok(u32::try_from(self.slots.len()).expect("at most MAX_LENGTH threads"))
    }

    pub(crate) fn remove(&mut self, index: u32) {
        self.slots[index as usize - 1] = None;
        self.free.push(index);
    }
}

impl<E: Embedding> Store<E> {
    /// Adds an instance.
    ///
    /// # Panics
    ///
    /// When there are 2^32 already.
    pub fn add_instance(&mut self, handles: E::Table) -> InstanceId {
        let id = u32::try_from(self.instances.len()).expect("fewer than 2^32 instances");
        self.instances.push(ComponentInstance {
            handles,
            threads: Threads::default(),
            may_leave: true,
            backpressure: 0,
            num_waiting_to_enter: 0,
            exclusive_thread: None,
        });
        InstanceId(id)
    }

    /// Returns an instance.
    ///
    /// # Panics
    ///
    /// When it is another store's.
    pub fn instance(&self, id: InstanceId) -> &ComponentInstance<E> {
        &self.instances[id.0 as usize]
    }

    /// Returns an instance, to change it.
    ///
    /// # Panics
    ///
    /// When it is another store's.
    pub fn instance_mut(&mut self, id: InstanceId) -> &mut ComponentInstance<E> {
        &mut self.instances[id.0 as usize]
    }

    /// Returns the instance whose code runs (the spec's `current_instance`), if it may call out.
    pub(crate) fn leave(&self) -> Result<InstanceId, Trap> {
        let instance = self.current_instance();
        trap_if(!self.instance(instance).may_leave, Trap::Abi(canonical_abi::Trap::CannotLeave))?;
        Ok(instance)
    }

    /// Returns the entry of the current instance's table at `index`, if it is no resource.
    pub(crate) fn element(
        &self,
        instance: InstanceId,
        index: u32,
    ) -> Result<Option<crate::embedding::Element>, Trap> {
        use crate::embedding::Entry;
        Ok(self.instance(instance).handles.get(index)?.as_element())
    }
}

/// Returns the trap for an entry of another kind than expected.
pub(crate) fn wrong(index: u32, expected: &'static str) -> Trap {
    Trap::Abi(canonical_abi::Trap::WrongHandle { index, expected })
}
