//! Calls into component instances. Follows CanonicalABI.md, "Tasks".

use super::{Store, SubtaskState};
use crate::embedding::Embedding;
use crate::ids::{InstanceId, SubtaskId, TaskId, ThreadId};
use crate::state::Ready;
use crate::trap::{Trap, trap_if};
use alloc::vec::Vec;
use canonical_abi::handles::{BorrowScope, Table};

/// What is known of a lifted function before it is called.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lifted {
    /// Whose function it is.
    pub instance: InstanceId,
    /// Whether its type is `async`.
    pub is_async_type: bool,
    /// Whether it is lifted with `async`.
    pub is_async: bool,
    /// Whether it is lifted with a callback.
    pub has_callback: bool,
}

/// Who called (what the spec's `on_start` and `on_resolve` refer to).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Caller {
    /// The host, which knows the call by this number.
    Host(u64),
    /// A component instance.
    Subtask(SubtaskId),
}

/// Where a call is (the spec's `Task.State`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TaskState {
    /// It has no arguments yet.
    Initial,
    /// It has its arguments.
    Started,
    /// It is to be cancelled and does not know yet.
    PendingCancel,
    /// It knows.
    CancelDelivered,
    /// It has returned, or was cancelled.
    Resolved,
}

/// A call into a component instance (the spec's `Task`).
#[derive(Debug)]
pub struct Task {
    pub(crate) lifted: Lifted,
    pub(crate) instance: InstanceId,
    caller: Caller,
    pub(crate) state: TaskState,
    /// The borrows that it was given (`num_borrows` in the spec).
    pub(crate) scope: Option<BorrowScope>,
    pub(crate) implicit_thread: Option<ThreadId>,
    threads: Vec<ThreadId>,
}

impl Lifted {
    /// Returns whether no other such call may run beside it (the spec's `needs_exclusive`).
    pub fn needs_exclusive(&self) -> bool {
        !self.is_async || self.has_callback
    }
}

impl Task {
    /// Returns where it is.
    pub fn state(&self) -> TaskState {
        self.state
    }

    /// Returns who called.
    pub fn caller(&self) -> Caller {
        self.caller
    }

    /// Returns the function that was called.
    pub fn lifted(&self) -> Lifted {
        self.lifted
    }

    pub(crate) fn has_pending_cancel(&self) -> bool {
        self.state == TaskState::PendingCancel
    }
}

impl<E: Embedding> Store<E> {
    /// Makes a task.
    pub(crate) fn new_task(&mut self, lifted: Lifted, caller: Caller) -> TaskId {
        self.tasks.add(Task {
            lifted,
            instance: lifted.instance,
            caller,
            state: TaskState::Initial,
            scope: None,
            implicit_thread: None,
            threads: Vec::new(),
        })
    }

    /// Returns a task, if it has not ended.
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(id)
    }

    /// Returns whether a task has resolved; one that has ended has.
    pub fn is_resolved(&self, id: TaskId) -> bool {
        self.tasks.get(id).is_none_or(|task| task.state == TaskState::Resolved)
    }

    /// Returns the instance that called the current task, unless that was the host.
    ///
    /// # Panics
    ///
    /// When no thread runs.
    pub fn caller_instance(&self) -> Option<InstanceId> {
        match self.tasks[self.current_task()].caller {
            Caller::Host(_) => None,
            Caller::Subtask(subtask) => Some(self.subtasks[subtask].instance),
        }
    }

    pub(crate) fn has_backpressure(&self, task: &Task) -> bool {
        let instance = self.instance(task.instance);
        instance.backpressure > 0 || (task.lifted.needs_exclusive() && instance.exclusive_thread.is_some())
    }

    /// Puts a thread in its instance's table (the spec's `Task.register_thread`).
    pub(crate) fn register_thread(&mut self, thread: ThreadId) -> Result<u32, Trap> {
        let task = self.threads[thread].task;
        let index = self.instance_mut_of(task).threads.add(thread)?;
        self.tasks[task].threads.push(thread);
        self.threads[thread].index = Some(index);
        Ok(index)
    }

    /// Takes a thread that ends out of its instance's table (the spec's `Task.unregister_thread`).
    pub(crate) fn unregister_thread(&mut self, thread: ThreadId) -> Result<(), Trap> {
        let Some(index) = self.threads[thread].index.take() else {
            unreachable!("a thread that ends was registered")
        };
        let id = self.threads[thread].task;
        let task = &mut self.tasks[id];
        task.threads.retain(|&other| other != thread);
        trap_if(task.threads.is_empty() && task.state != TaskState::Resolved, Trap::NotResolved)?;
        self.instance_mut_of(id).threads.remove(index);
        Ok(())
    }

    fn instance_mut_of(&mut self, task: TaskId) -> &mut super::ComponentInstance<E> {
        let instance = self.tasks[task].instance;
        self.instance_mut(instance)
    }

    /// Ends the implicit thread of the current task (the spec's `Task.exit_implicit_thread`).
    ///
    /// # Errors
    ///
    /// When the task has not resolved and has no other thread.
    ///
    /// # Panics
    ///
    /// When another thread runs.
    pub fn exit_implicit_thread(&mut self) -> Result<(), Trap> {
        let thread = self.current_thread();
        let id = self.current_task();
        let task = &self.tasks[id];
        assert!(task.implicit_thread == Some(thread), "the implicit thread runs");
        let Lifted { instance, is_async_type, .. } = task.lifted;
        let is_exclusive = is_async_type && task.lifted.needs_exclusive();
        self.unregister_thread(thread)?;
        if is_exclusive {
            self.release(instance, thread);
        }
        Ok(())
    }

    /// Lets other exclusive threads into the instance.
    pub(crate) fn release(&mut self, instance: InstanceId, thread: ThreadId) {
        let holder = self.instance_mut(instance).exclusive_thread.take();
        assert!(holder == Some(thread), "the exclusive thread releases");
    }

    /// Lets no other exclusive thread into the instance.
    pub(crate) fn acquire(&mut self, instance: InstanceId, thread: ThreadId) {
        let holder = self.instance_mut(instance).exclusive_thread.replace(thread);
        assert!(holder.is_none(), "one exclusive thread at a time");
    }

    /// Tells the current task that it is to be cancelled, if it is (the spec's
    /// `Task.deliver_pending_cancel`).
    pub(crate) fn deliver_pending_cancel(&mut self) -> bool {
        let id = self.current_task();
        let task = &mut self.tasks[id];
        let is_pending = task.has_pending_cancel();
        if is_pending {
            task.state = TaskState::CancelDelivered;
        }
        is_pending
    }

    /// Says that the current task gets its arguments now (the spec's `Task.start`). `scope` is what
    /// its borrows are counted in, if it takes any.
    ///
    /// The caller lifts the arguments next, and lowers them into the callee.
    ///
    /// # Panics
    ///
    /// When it has them.
    pub fn start_task(&mut self, scope: Option<BorrowScope>) {
        let id = self.current_task();
        let task = &mut self.tasks[id];
        assert!(task.state == TaskState::Initial, "a task starts once");
        task.state = TaskState::Started;
        task.scope = scope;
        if let Caller::Subtask(subtask) = task.caller {
            self.start_subtask(subtask);
        }
    }

    /// Checks that the current task may return (the first half of the spec's `Task.return_`). The
    /// caller then lowers the result, and says [`resolve_task`](Self::resolve_task).
    ///
    /// # Errors
    ///
    /// When it has returned, or holds borrows.
    pub fn check_return(&mut self) -> Result<(), Trap> {
        let id = self.current_task();
        trap_if(self.tasks[id].state == TaskState::Resolved, Trap::AlreadyResolved)?;
        self.exit_scope(id)
    }

    fn exit_scope(&mut self, id: TaskId) -> Result<(), Trap> {
        if let Some(scope) = self.tasks[id].scope {
            self.instance_mut_of(id).handles.exit_scope(scope)?;
            self.tasks[id].scope = None;
        }
        Ok(())
    }

    /// Says that the caller of the current task has its result (the second half of the spec's
    /// `Task.return_`).
    pub fn resolve_task(&mut self) {
        let id = self.current_task();
        self.resolve(id, SubtaskState::Returned);
    }

    /// Resolves the current task without a result (the spec's `Task.cancel`).
    pub(crate) fn cancel_task(&mut self) -> Result<(), Trap> {
        let id = self.current_task();
        trap_if(self.tasks[id].state != TaskState::CancelDelivered, Trap::NotCancelled)?;
        self.exit_scope(id)?;
        self.resolve(id, SubtaskState::CancelledBeforeReturned);
        Ok(())
    }

    fn resolve(&mut self, id: TaskId, how: SubtaskState) {
        let task = &mut self.tasks[id];
        task.state = TaskState::Resolved;
        match task.caller {
            Caller::Host(call) => self.resolved_for_host.push((call, how)),
            Caller::Subtask(subtask) => self.resolve_subtask(subtask, how),
        }
    }

    /// Lets a task wait to enter, and returns whether it must (part of the spec's
    /// `Task.enter_implicit_thread`).
    pub(crate) fn wait_to_enter(&mut self) -> bool {
        let id = self.current_task();
        let task = &self.tasks[id];
        if !task.lifted.is_async_type {
            return false;
        }
        let instance = task.instance;
        if !self.has_backpressure(task) && self.instance(instance).num_waiting_to_enter == 0 {
            return false;
        }
        self.instance_mut(instance).num_waiting_to_enter += 1;
        let must_wait = self.wait_until(Ready::Enter);
        if !must_wait {
            self.waited_to_enter();
        }
        must_wait
    }

    pub(crate) fn waited_to_enter(&mut self) {
        let instance = self.current_instance();
        self.instance_mut(instance).num_waiting_to_enter -= 1;
    }

    /// Removes a thread that has ended, and its task with its last thread.
    pub(crate) fn end_thread(&mut self, thread: ThreadId) {
        let ended = self.threads.remove(thread).expect("a thread ends once");
        assert!(ended.index.is_none(), "a thread that ends was unregistered");
        if self.tasks.get(ended.task).is_some_and(|task| task.threads.is_empty()) {
            self.tasks.remove(ended.task);
        }
    }
}
