//! A call into a component instance as an object. Follows CanonicalABI.md, "Task State".

use jit::ValRaw;

use super::{InstanceIndex, StoreContextMut};
use crate::run::task::{Current, TaskState};
use crate::trap::Trap;

/// A call into a component instance: where it is, and which call goes on when it has ended.
///
/// It borrows nothing, so that a call which has to wait can be put aside together with the stack
/// that it runs on, while the caller's task is made current again.
#[derive(Debug)]
struct Call {
    instance: InstanceIndex,
    /// What was current when the call began.
    caller: Current,
    state: TaskState,
}

/// A call that runs now, with the store that it runs in. If it is dropped before its
/// [`exit`](Self::exit), by a trap or by a panic of a host function, its instance is poisoned.
pub(super) struct Running<'a, 'c, T: 'static> {
    pub(super) cx: &'a mut StoreContextMut<'c, T>,
    call: Call,
}

impl<'a, 'c, T> Running<'a, 'c, T> {
    /// Begins a call, which is current from now on.
    #[inline]
    pub(super) fn enter(cx: &'a mut StoreContextMut<'c, T>, instance: InstanceIndex) -> Result<Self, Trap> {
        let state = cx.state_mut();
        let caller = state.tasks.enter(state.limits.max_call_depth)?;
        Ok(Self { cx, call: Call { instance, caller, state: TaskState::Initial } })
    }

    /// The callee has its arguments.
    #[inline]
    pub(super) fn start(&mut self) {
        self.go(TaskState::Initial, TaskState::Started);
    }

    /// The caller has its result.
    #[inline]
    pub(super) fn resolve(&mut self) {
        self.go(TaskState::Started, TaskState::Resolved);
    }

    /// The callee has ended: the caller goes on.
    #[inline]
    pub(super) fn exit(mut self) {
        self.go(TaskState::Resolved, TaskState::Exited);
    }

    #[inline]
    fn go(&mut self, from: TaskState, to: TaskState) {
        assert!(self.call.state == from, "a call goes from one state to the next");
        self.call.state = to;
    }
}

impl<T> Drop for Running<'_, '_, T> {
    #[inline]
    fn drop(&mut self) {
        let state = self.cx.state_mut();
        state.tasks.exit(self.call.caller);
        if self.call.state != TaskState::Exited {
            state.poison(self.call.instance);
        }
    }
}

/// Runs core code in an instance as a call that has neither arguments nor a result of component
/// types: `realloc`, a destructor, a start function.
#[inline]
pub(crate) fn with_call<T, R>(
    cx: &mut StoreContextMut<'_, T>,
    instance: InstanceIndex,
    run: impl FnOnce(&mut StoreContextMut<'_, T>) -> Result<R, Trap>,
) -> Result<R, Trap> {
    // The innermost call that the limit allows can still have its `realloc` called.
    let state = cx.state_mut();
    let caller = state.tasks.enter(state.limits.max_call_depth.saturating_add(1))?;
    let mut running = Running { cx, call: Call { instance, caller, state: TaskState::Initial } };
    running.start();
    let result = run(running.cx)?;
    running.resolve();
    running.exit();
    Ok(result)
}

/// Checks that an instance can be entered. Recursion between instances is allowed (Concurrency.md,
/// "Reentrance"); the depth of calls and the core stack bound it.
#[inline]
pub(super) fn check_enter<T>(cx: &StoreContextMut<'_, T>, instance: InstanceIndex) -> Result<(), Trap> {
    cx.state().check_enter(instance)
}

/// Checks that a call which an instance has made may return into it: not if the instance has
/// trapped meanwhile, entered a second time, and the host has ignored that (Explainer.md,
/// "Component Invariants").
#[inline]
pub(super) fn check_return<T>(cx: &StoreContextMut<'_, T>, instance: InstanceIndex) -> Result<(), Trap> {
    cx.state().check_return(instance)
}

/// Calls a core function.
#[inline]
pub(super) fn call_core<T>(
    cx: &mut StoreContextMut<'_, T>,
    func: jit::Func,
    slots: &mut [ValRaw],
) -> Result<(), Trap> {
    func.call_raw(&mut cx.core, slots).map_err(|trap| core_trap(cx, trap))
}

/// Returns the trap that a core function has ended in.
#[cold]
pub(crate) fn core_trap<T>(cx: &StoreContextMut<'_, T>, trap: jit::Trap) -> Trap {
    Trap::of_core(trap, cx.state().id)
}

/// Checks that an instance can be left (the spec's `may_leave`).
#[inline]
pub(super) fn check_leave<T>(cx: &StoreContextMut<'_, T>, instance: InstanceIndex) -> Result<(), Trap> {
    match cx.state().instance(instance).head.may_leave {
        true => Ok(()),
        false => Err(canonical_abi::Trap::CannotLeave.into()),
    }
}

/// Calls a core function that must not leave its instance: `realloc` or `post-return`.
#[inline]
pub(super) fn call_without_leave<T>(
    cx: &mut StoreContextMut<'_, T>,
    instance: InstanceIndex,
    func: jit::Func,
    slots: &mut [ValRaw],
) -> Result<(), Trap> {
    cx.state_mut().instance_mut(instance).head.may_leave = false;
    call_core(cx, func, slots)?;
    cx.state_mut().instance_mut(instance).head.may_leave = true;
    Ok(())
}
