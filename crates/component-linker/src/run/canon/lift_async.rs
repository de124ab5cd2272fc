//! `canon lift` with the option `async`. Follows CanonicalABI.md, "`canon lift`".
//!
//! Nothing blocks yet: the core function runs to its end in one go, and hands over its result by `task.return` on
//! the way. A callback that asks to wait or to yield traps and says that it is not supported yet. Since nobody else
//! runs before the core function has ended, the result goes to the caller then, not within `task.return`.

use std::borrow::Cow;
use std::sync::Arc;

use canonical_abi::Value;
use jit::ValRaw;

use super::lift::{Lifted, lower_params};
use super::{CallTrace, Caller, FuncInfo, check_enter, slot_u32, to_slots, with_slots, with_task};
use crate::run::store::{InstanceIndex, ReturnState, Returning, StoreContextMut};
use crate::trap::{TaskFault, Trap, TrapCause};

/// Calls a lifted function (the spec's `canon_lift` where `opts.async_`).
pub(super) fn canon_lift_async<'v, T, R>(
    cx: &mut StoreContextMut<'_, T>,
    info: &Arc<FuncInfo>,
    lifted: &Lifted,
    caller: Caller,
    trace: Option<&mut CallTrace>,
    on_start: impl FnOnce(&mut StoreContextMut<'_, T>) -> Result<Cow<'v, [Value]>, Trap>,
    on_resolve: impl FnOnce(&mut StoreContextMut<'_, T>, Option<Value>) -> Result<R, Trap>,
) -> Result<R, Trap> {
    let instance = lifted.options.instance;
    check_enter(cx, instance)?;
    enter_implicit_thread(cx, instance, lifted.has_callback)?;
    let args = on_start(cx)?;
    let run = |cx: &mut StoreContextMut<'_, T>, slots: &mut [ValRaw]| {
        let scope = cx.state_mut().instance_mut(instance).handles.enter_scope();
        let flat =
            lower_params(cx, info, lifted, caller, scope, trace, &args).map_err(|trap| caller.word(trap))?;
        to_slots(&flat, slots);
        let task = cx.state_mut().tasks.last_mut().expect("this call is in progress");
        let (info, options) = (Arc::clone(info), lifted.options);
        let state = ReturnState::Started;
        task.returning = Some(Box::new(Returning { info, options, scope, state }));
        lifted.core_func.call_raw(&mut cx.core, slots)?;
        if lifted.has_callback {
            check_exits(slot_u32(slots[0]))?;
        }
        let result = take_result(cx)?;
        exit_implicit_thread(cx, instance, lifted.has_callback);
        on_resolve(cx, result)
    };
    with_task(cx, instance, |cx| with_slots(lifted.n_slots, |slots| run(cx, slots)))
}

/// Lets a call of a function of asynchronous type into an instance (the spec's `Task.enter_implicit_thread`).
pub(super) fn enter_implicit_thread<T>(
    cx: &mut StoreContextMut<'_, T>,
    instance: InstanceIndex,
    needs_exclusive: bool,
) -> Result<(), Trap> {
    let instance = cx.state_mut().instance_mut(instance);
    if instance.backpressure > 0 || (needs_exclusive && instance.is_exclusive) {
        return Err(TrapCause::Unsupported(String::from("a call that waits to enter an instance")).into());
    }
    instance.is_exclusive |= needs_exclusive;
    Ok(())
}

/// Ends what [`enter_implicit_thread`] began. After a trap nobody enters the instance again.
pub(super) fn exit_implicit_thread<T>(
    cx: &mut StoreContextMut<'_, T>,
    instance: InstanceIndex,
    needs_exclusive: bool,
) {
    if needs_exclusive {
        cx.state_mut().instance_mut(instance).is_exclusive = false;
    }
}

/// Checks that the first thing that the guest asks for is the end of the call (the spec's
/// `unpack_callback_result`).
fn check_exits(packed: u32) -> Result<(), Trap> {
    let unsupported = |what: &str| Err(TrapCause::Unsupported(String::from(what)).into());
    match packed & 0xf {
        0 => Ok(()),
        1 => unsupported("a callback that yields"),
        2 => unsupported("a callback that waits"),
        code => Err(TrapCause::Task(TaskFault::CallbackCode { code }).into()),
    }
}

fn take_result<T>(cx: &mut StoreContextMut<'_, T>) -> Result<Option<Value>, Trap> {
    // Of the calls since `task.return`, if of any.
    cx.state_mut().string_tags.clear();
    let task = cx.state_mut().tasks.last_mut().expect("this call is in progress");
    match task.returning.take().map(|returning| returning.state) {
        Some(ReturnState::Resolved(result)) => Ok(result),
        Some(ReturnState::Started) => Err(TrapCause::Task(TaskFault::NotReturned).into()),
        None => unreachable!("set when the call began"),
    }
}
