//! What happens in and around a call of a lifted function. Follows CanonicalABI.md, "`canon
//! lift`".
//!
//! The caller steps [`CanonLift`]. The code of the task's implicit thread steps
//! [`EnterImplicitThread`]; then [`Store::start_task`], and the core function. If that has a
//! callback, [`NextEvent`] says what to call it with, and when. At last
//! [`Store::exit_implicit_thread`].

use super::{Operation, Step};
use crate::embedding::Embedding;
use crate::ids::{InstanceId, TaskId, ThreadId, WaitableSetId};
use crate::policy::Choice;
use crate::state::{Caller, Event, Lifted, Ready, Store};
use crate::trap::Trap;

/// Starts a task, and for a synchronous function waits until it has resolved (the spec's
/// `canon_lift`). It ends with the task, which may have ended.
#[derive(Debug)]
pub struct CanonLift {
    task: TaskId,
    thread: ThreadId,
    instance: InstanceId,
    is_async_type: bool,
    is_begun: bool,
}

impl CanonLift {
    /// Makes the task and its implicit thread. `cont` runs the thread's code.
    pub fn new<E: Embedding>(
        store: &mut Store<E>,
        lifted: Lifted,
        caller: Caller,
        cont: E::Continuation,
    ) -> Self {
        let task = store.new_task(lifted, caller);
        let thread = store.new_thread(task, cont);
        store.tasks[task].implicit_thread = Some(thread);
        let Lifted { instance, is_async_type, .. } = lifted;
        Self { task, thread, instance, is_async_type, is_begun: false }
    }

    /// Returns the task, to cancel it with.
    pub fn task(&self) -> TaskId {
        self.task
    }
}

impl<E: Embedding> Operation<E> for CanonLift {
    type Output = TaskId;

    fn step(&mut self, store: &mut Store<E>) -> Result<Step<E::Buffer, TaskId>, Trap> {
        if !self.is_begun {
            self.is_begun = true;
            return Ok(Step::Resume(self.thread));
        }
        if self.is_async_type || store.is_resolved(self.task) {
            return Ok(Step::Done(self.task));
        }
        let chosen = store.choose_thread_of(self.instance, Choice::SyncCall);
        chosen.map(Step::Resume).ok_or(Trap::CannotBlock)
    }
}

/// Lets the current task into its instance (the spec's `Task.enter_implicit_thread`). It ends with
/// whether the task runs: it does not if it was cancelled while it waited.
#[derive(Debug, Default)]
pub struct EnterImplicitThread {
    has_waited: bool,
}

impl<E: Embedding> Operation<E> for EnterImplicitThread {
    type Output = bool;

    fn step(&mut self, store: &mut Store<E>) -> Result<Step<E::Buffer, bool>, Trap> {
        if self.has_waited {
            store.waited_to_enter();
            if store.deliver_pending_cancel() {
                store.cancel_task()?;
                return Ok(Step::Done(false));
            }
        } else if store.wait_to_enter() {
            self.has_waited = true;
            return Ok(Step::Suspend { switch_to: None });
        }
        let thread = store.current_thread();
        let task = &store.tasks[store.current_task()];
        let Lifted { instance, is_async_type, .. } = task.lifted;
        if is_async_type && task.lifted.needs_exclusive() {
            store.acquire(instance, thread);
        }
        store.register_thread(thread)?;
        Ok(Step::Done(true))
    }
}

/// What follows when a core function with a callback, or that callback, has returned (the loop in
/// the spec's `canon_lift`). It ends with the event to call the callback with, or with `None` when
/// the task is to end.
#[derive(Debug)]
pub struct NextEvent {
    packed: u32,
    waiting: Option<Waiting>,
}

#[derive(Debug)]
enum Waiting {
    Yielded,
    For(WaitableSetId),
}

/// What a callback asks for (the spec's `CallbackCode`, unpacked).
enum CallbackCode {
    Exit,
    Yield,
    Wait(u32),
}

impl NextEvent {
    /// Returns the operation. `packed` is what the core function returned.
    pub fn new(packed: u32) -> Self {
        Self { packed, waiting: None }
    }
}

impl<E: Embedding> Operation<E> for NextEvent {
    type Output = Option<Event>;

    fn step(&mut self, store: &mut Store<E>) -> Result<Step<E::Buffer, Option<Event>>, Trap> {
        let (instance, thread) = (store.current_instance(), store.current_thread());
        let event = match self.waiting.take() {
            Some(Waiting::Yielded) => store.after_yield(),
            Some(Waiting::For(set)) => {
                store.waited_for_set(set);
                store.after_wait(set)
            }
            None => {
                let code = unpack_callback_result(self.packed);
                if matches!(code, Ok(CallbackCode::Exit)) {
                    return Ok(Step::Done(None));
                }
                let code = code?;
                if store.deliver_pending_cancel() {
                    return Ok(Step::Done(Some(Event::TASK_CANCELLED)));
                }
                store.release(instance, thread);
                match code {
                    CallbackCode::Exit => unreachable!("seen above"),
                    CallbackCode::Yield if store.wait_until(Ready::Exclusive) => {
                        self.waiting = Some(Waiting::Yielded);
                        return Ok(Step::Suspend { switch_to: None });
                    }
                    CallbackCode::Yield => store.after_yield(),
                    CallbackCode::Wait(index) => {
                        let set = store.waitable_set(instance, index)?;
                        if store.wait_for_set(set, Ready::Callback(set)) {
                            self.waiting = Some(Waiting::For(set));
                            return Ok(Step::Suspend { switch_to: None });
                        }
                        store.after_wait(set)
                    }
                }
            }
        };
        store.acquire(instance, thread);
        Ok(Step::Done(Some(event)))
    }
}

impl<E: Embedding> Store<E> {
    fn after_yield(&mut self) -> Event {
        if self.deliver_pending_cancel() { Event::TASK_CANCELLED } else { Event::NONE }
    }

    fn after_wait(&mut self, set: WaitableSetId) -> Event {
        if self.deliver_pending_cancel() { Event::TASK_CANCELLED } else { self.take_event(set) }
    }
}

/// The spec's `unpack_callback_result`.
fn unpack_callback_result(packed: u32) -> Result<CallbackCode, Trap> {
    match packed & 0xf {
        0 => Ok(CallbackCode::Exit),
        1 => Ok(CallbackCode::Yield),
        2 => Ok(CallbackCode::Wait(packed >> 4)),
        code => Err(Trap::CallbackCode { code }),
    }
}
