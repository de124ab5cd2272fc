//! What happens around a call of a lowered function. Follows CanonicalABI.md, "`canon lower`".
//!
//! The caller makes a subtask ([`Store::canon_lower`]), calls, says what it has called
//! ([`Store::called`]), and steps [`SyncLower`] or asks [`AsyncLower`].

use super::{Operation, Step};
use crate::embedding::{Element, Embedding};
use crate::ids::SubtaskId;
use crate::state::{Callee, Ready, Store, SubtaskState};
use crate::trap::Trap;

impl<E: Embedding> Store<E> {
    /// Makes the subtask of a call out of the current instance (the first steps of the spec's
    /// `canon_lower`).
    ///
    /// # Errors
    ///
    /// When the instance must not be left.
    pub fn canon_lower(&mut self) -> Result<SubtaskId, Trap> {
        let instance = self.leave()?;
        Ok(self.new_subtask(instance))
    }

    /// Says what a subtask has called, to cancel it with.
    ///
    /// # Panics
    ///
    /// When the subtask is gone.
    pub fn called(&mut self, subtask: SubtaskId, callee: Callee) {
        self.subtasks[subtask].callee = Some(callee);
    }
}

/// Waits until a call has resolved (the end of the spec's `canon_lower`, without `async`).
#[derive(Debug)]
pub struct SyncLower {
    subtask: SubtaskId,
    is_begun: bool,
}

impl SyncLower {
    /// Returns the operation.
    pub fn new(subtask: SubtaskId) -> Self {
        Self { subtask, is_begun: false }
    }
}

impl<E: Embedding> Operation<E> for SyncLower {
    type Output = ();

    fn step(&mut self, store: &mut Store<E>) -> Result<Step<E::Buffer, ()>, Trap> {
        let is_resolved = store.subtask_state(self.subtask).is_resolved();
        if !self.is_begun && !is_resolved {
            self.is_begun = true;
            if store.wait_until(Ready::Resolved(self.subtask)) {
                return Ok(Step::Suspend { switch_to: None });
            }
        }
        store.deliver_resolve(self.subtask);
        store.drop_subtask(self.subtask)?;
        Ok(Step::Done(()))
    }
}

/// What a call with `async` returns (the end of the spec's `canon_lower`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AsyncLower {
    /// The callee has returned, and there is no subtask.
    Returned,
    /// It has not, and this is the subtask's handle.
    Blocked {
        /// Where the call is.
        state: SubtaskState,
        /// The index of the subtask in the current instance's table.
        index: u32,
    },
}

impl AsyncLower {
    /// Ends the call with `async` of a subtask.
    ///
    /// # Errors
    ///
    /// When the instance has no room for a handle.
    pub fn new<E: Embedding>(store: &mut Store<E>, subtask: SubtaskId) -> Result<Self, Trap> {
        let state = store.subtask_state(subtask);
        if state.is_resolved() {
            store.deliver_resolve(subtask);
            store.drop_subtask(subtask)?;
            return Ok(Self::Returned);
        }
        let instance = store.subtasks[subtask].instance;
        let index = store.add_element(instance, Element::Subtask(subtask))?;
        store.subtasks[subtask].index = Some(index);
        Ok(Self::Blocked { state, index })
    }

    /// Returns the core function's result.
    pub fn packed(self) -> u32 {
        match self {
            Self::Returned => SubtaskState::Returned as u32,
            Self::Blocked { state, index } => state as u32 | (index << 4),
        }
    }
}
