//! The tasks of a store: what the calls into its component instances keep while they are in
//! progress. Follows CanonicalABI.md, "Task State".
//!
//! The current task is an id, and each call restores the id of the one that it interrupted. A call
//! that runs to its end in one go has no task until something asks for one: most never do.

use std::num::NonZeroU32;
use std::sync::Arc;

use canonical_abi::handles::BorrowScope;

use super::canon::Values;
use super::func::{FuncInfo, Options};
use crate::limits::{LimitExceeded, LimitKind};

/// Names a task of a store while its call is in progress; later calls use the number again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct TaskId(NonZeroU32);

/// A call into a component instance (CanonicalABI.md, "Task State").
#[derive(Debug, Default)]
pub(crate) struct Task {
    /// What `context.get` and `context.set` access.
    pub(crate) storage: [u64; 2],
    /// What `task.return` is held to, in a call of an asynchronously lifted function.
    pub(crate) returning: Option<Box<Returning>>,
}

/// The result of an asynchronously lifted function in the making.
#[derive(Debug)]
pub(crate) struct Returning {
    pub(crate) info: Arc<FuncInfo>,
    pub(crate) options: Options,
    /// `None` if the function takes no handles.
    pub(crate) scope: Option<BorrowScope>,
    /// What `task.return` was called with, once it was.
    pub(crate) result: Option<Values<'static>>,
}

/// Where a call is (the spec's `Task.State`). It only moves on to the next state.
///
/// A call can wait in `Initial`, for a place in its instance, and in `Started`. To cancel it is to
/// resolve it without a result.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TaskState {
    /// The caller has called, and its arguments are not lowered yet (the spec's `INITIAL`).
    Initial,
    /// The callee has its arguments (the spec's `STARTED`).
    Started,
    /// The caller has its result; the callee may still run (the spec's `RESOLVED`).
    Resolved,
    /// The callee has ended (the spec's `exit_implicit_thread`).
    Exited,
}

/// All tasks of a store, and which one is current.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    /// Task `n` is in slot `n - 1`.
    slots: Vec<Slot>,
    first_free: Option<TaskId>,
    current: Current,
}

/// The innermost call in progress. Whoever switches to another stack swaps this.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Current {
    /// `None` for a call whose task nobody has asked for, and outside of all calls.
    task: Option<TaskId>,
    /// How many calls are in progress on this stack.
    depth: u32,
}

#[derive(Debug)]
enum Slot {
    InProgress(Task),
    Free { next: Option<TaskId> },
}

impl Tasks {
    /// Begins a call within the current one, and returns what to [`exit`](Self::exit) it with.
    #[inline]
    pub(crate) fn enter(&mut self, max_depth: u64) -> Result<Current, LimitExceeded> {
        let caller = self.current;
        let depth = caller.depth.saturating_add(1);
        LimitKind::CallDepth.check(u64::from(depth), max_depth)?;
        self.current = Current { task: None, depth };
        Ok(caller)
    }

    /// Ends the current call, and its task if it has one. `caller` is current again.
    #[inline]
    pub(crate) fn exit(&mut self, caller: Current) {
        if let Some(id) = self.current.task {
            self.remove(id);
        }
        self.current = caller;
    }

    /// Returns the task of the current call, if it has one (the spec's `current_task`).
    pub(crate) fn current(&self) -> Option<&Task> {
        self.current.task.map(|id| self.get(id))
    }

    /// Returns the task of the current call, which has one from now on.
    pub(crate) fn current_mut(&mut self) -> &mut Task {
        let id = match self.current.task {
            Some(id) => id,
            None => {
                let id = self.add();
                self.current.task = Some(id);
                id
            }
        };
        match &mut self.slots[id.slot()] {
            Slot::InProgress(task) => task,
            Slot::Free { .. } => unreachable!("the current task is in progress"),
        }
    }

    fn get(&self, id: TaskId) -> &Task {
        match &self.slots[id.slot()] {
            Slot::InProgress(task) => task,
            Slot::Free { .. } => unreachable!("an id names a task in progress"),
        }
    }

    fn add(&mut self) -> TaskId {
        let new = Slot::InProgress(Task::default());
        let Some(id) = self.first_free else {
            self.slots.push(new);
            let id = u32::try_from(self.slots.len()).ok().and_then(NonZeroU32::new);
            return TaskId(id.expect("fewer than 2^32 calls are in progress"));
        };
        match std::mem::replace(&mut self.slots[id.slot()], new) {
            Slot::Free { next } => self.first_free = next,
            Slot::InProgress(_) => unreachable!("the free list names free slots"),
        }
        id
    }

    #[cold]
    fn remove(&mut self, id: TaskId) {
        self.slots[id.slot()] = Slot::Free { next: self.first_free };
        self.first_free = Some(id);
    }
}

impl TaskId {
    fn slot(self) -> usize {
        self.0.get() as usize - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_used_again_and_callers_restored() {
        let mut tasks = Tasks::default();
        let outer = tasks.enter(2).unwrap();
        tasks.current_mut().storage = [1, 2];
        let inner = tasks.enter(2).unwrap();
        assert!(tasks.current().is_none(), "nobody has asked for the inner call's task");
        tasks.current_mut().storage = [3, 4];
        assert!(tasks.enter(2).is_err());
        tasks.exit(inner);
        assert_eq!(tasks.current().unwrap().storage, [1, 2]);
        let inner = tasks.enter(2).unwrap();
        assert_eq!(tasks.current_mut().storage, [0, 0], "the slot is used again, its task is new");
        assert_eq!(tasks.slots.len(), 2);
        tasks.exit(inner);
        tasks.exit(outer);
        assert!(tasks.current().is_none());
    }
}
