//! What each line of a scenario's code begins.

use super::machine::{Code, Doing, Machine, Numbers, Part, Scripted};
use super::{EndOp, Op, Reg, SetOp, ThreadOp};
use crate::canon::{CancelCopy, Copy, Forward, SubtaskCancel, Switch, WaitableSetWait};
use crate::ids::EndId;
use crate::policy::Policy;
use crate::state::{Caller, EndKind, Store};
use crate::trap::Trap;
use core::fmt::Debug;

/// Begins a line. What it returns is seen when it has ended.
pub(super) fn begin<P: Policy + Debug>(
    machine: &mut Machine<'_>,
    store: &mut Store<Scripted<P>>,
    code: &mut Code,
    op: Op,
) -> Result<(), Trap> {
    match op {
        Op::Call { function, is_async, arg, into } => {
            call(machine, store, code, Call { function, is_async, arg, into })?;
        }
        Op::Return => {
            store.canon_task_return()?;
            store.check_return()?;
            store.resolve_task();
        }
        Op::Cancel => store.canon_task_cancel()?,
        Op::SubtaskCancel { is_async, of } => {
            let index = machine.register(code, of);
            code.doing = Doing::SubtaskCancel(SubtaskCancel::new(is_async, index));
        }
        Op::SubtaskDrop { of } => store.canon_subtask_drop(machine.register(code, of))?,
        Op::Set(op) => waitables(machine, store, code, op)?,
        Op::BackpressureInc => store.canon_backpressure_inc()?,
        Op::BackpressureDec => store.canon_backpressure_dec()?,
        Op::End(kind, op) => ends(machine, store, code, kind, op)?,
        Op::Thread(op) => threads(machine, store, code, op)?,
        Op::ContextSet { to } => store.canon_context_set(0, u64::from(to)),
        Op::ContextGet => {
            let value = store.canon_context_get(0);
            machine.result(code, u32::try_from(value).expect("a word of 32 bits was set"));
        }
        Op::CallbackExit => code.next_event(0),
        Op::CallbackYield => code.next_event(1),
        Op::CallbackWait { of } => {
            let set = machine.register(code, of);
            code.next_event(2 | (set << 4));
        }
    }
    Ok(())
}

struct Call {
    function: usize,
    is_async: bool,
    arg: Reg,
    into: Reg,
}

fn call<P: Policy + Debug>(
    machine: &mut Machine<'_>,
    store: &mut Store<Scripted<P>>,
    code: &mut Code,
    call: Call,
) -> Result<(), Trap> {
    let Call { function, is_async, arg, into } = call;
    let subtask = store.canon_lower()?;
    let param = machine.scenario.functions[function].param;
    let argument = param.map(|kind| (kind, machine.register(code, arg)));
    let lift = machine.lift(store, function, Caller::Subtask(subtask), argument);
    code.doing = Doing::Call { subtask, lift, is_async, into };
    Ok(())
}

/// Lifts what the caller of the current task passes (the spec's `on_start`).
pub(super) fn lift_argument<P: Policy + Debug>(
    store: &mut Store<Scripted<P>>,
    (kind, index): (EndKind, u32),
) -> Result<EndId, Trap> {
    let caller = store.caller_instance().expect("the host passes nothing");
    store.lift_end(caller, kind, &Numbers, index)
}

fn waitables<P: Policy + Debug>(
    machine: &mut Machine<'_>,
    store: &mut Store<Scripted<P>>,
    code: &mut Code,
    op: SetOp,
) -> Result<(), Trap> {
    match op {
        SetOp::New { into } => *machine.register_mut(code, into) = store.canon_waitable_set_new()?,
        SetOp::Wait { of } => {
            code.doing = Doing::SetWait(WaitableSetWait::new(machine.register(code, of)));
        }
        SetOp::Poll { of } => {
            let event = store.canon_waitable_set_poll(machine.register(code, of))?;
            machine.event(code, event);
        }
        SetOp::Drop { of } => store.canon_waitable_set_drop(machine.register(code, of))?,
        SetOp::Join { of, set } => {
            let set = set.map_or(0, |set| machine.register(code, set));
            store.canon_waitable_join(machine.register(code, of), set)?;
        }
    }
    Ok(())
}

fn ends<P: Policy + Debug>(
    machine: &mut Machine<'_>,
    store: &mut Store<Scripted<P>>,
    code: &mut Code,
    kind: EndKind,
    op: EndOp,
) -> Result<(), Trap> {
    match op {
        EndOp::New { readable, writable } => {
            let (reader, writer) = store.canon_new(kind, Numbers)?;
            *machine.register_mut(code, readable) = reader;
            *machine.register_mut(code, writable) = writer;
        }
        EndOp::Read { of, n, is_async } => {
            let end = store.check_copy(kind, true, &Numbers, is_async, machine.register(code, of))?;
            let place = machine.guest(code).place(elements(kind, n));
            code.doing = Doing::Copy(Copy::new(end, is_async, place));
        }
        EndOp::Write { of, n, is_async } => {
            let end = store.check_copy(kind, false, &Numbers, is_async, machine.register(code, of))?;
            let numbers = machine.guest(code).numbers(elements(kind, n));
            code.doing = Doing::Copy(Copy::new(end, is_async, numbers));
        }
        EndOp::Cancel { is_read, of, is_async } => {
            let index = machine.register(code, of);
            code.doing = Doing::CancelCopy(CancelCopy::new(kind, is_read, Numbers, is_async, index));
        }
        EndOp::Drop { is_readable, of } => {
            store.canon_drop(kind, is_readable, &Numbers, machine.register(code, of))?;
        }
        EndOp::Forward { readable, writable } => {
            let (readable, writable) = (machine.register(code, readable), machine.register(code, writable));
            code.doing = Doing::Forward(Forward::new(kind, Numbers, readable, writable));
        }
    }
    Ok(())
}

/// A future has one element.
fn elements(kind: EndKind, n: u32) -> u32 {
    match kind {
        EndKind::Stream => n,
        EndKind::Future => 1,
    }
}

fn threads<P: Policy + Debug>(
    machine: &mut Machine<'_>,
    store: &mut Store<Scripted<P>>,
    code: &mut Code,
    op: ThreadOp,
) -> Result<(), Trap> {
    let switch = match op {
        ThreadOp::New { function, into } => {
            let thread = Code::new(function, None, Part::Thread, Doing::Nothing);
            *machine.register_mut(code, into) = store.canon_thread_new(thread)?;
            return Ok(());
        }
        ThreadOp::Index { into } => {
            *machine.register_mut(code, into) = store.canon_thread_index()?;
            return Ok(());
        }
        ThreadOp::ResumeLater { of } => return store.canon_thread_resume_later(machine.register(code, of)),
        ThreadOp::Suspend => Switch::suspend(),
        ThreadOp::Yield => Switch::yield_(),
        ThreadOp::SuspendThenResume { of } => Switch::suspend_then_resume(machine.register(code, of)),
        ThreadOp::YieldThenResume { of } => Switch::yield_then_resume(machine.register(code, of)),
        ThreadOp::SuspendThenPromote { of } => Switch::suspend_then_promote(machine.register(code, of)),
        ThreadOp::YieldThenPromote { of } => Switch::yield_then_promote(machine.register(code, of)),
    };
    code.doing = Doing::Switch(switch);
    Ok(())
}
