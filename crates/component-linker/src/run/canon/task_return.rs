//! `canon task.return`: how an asynchronously lifted function hands over its result.
//! Follows CanonicalABI.md, "`canon task.return`".

use std::sync::Arc;

use canonical_abi::{Direction, MAX_FLAT_PARAMS, flatten_functype};

use super::call::check_leave;
use super::guest::{Guest, Loans};
use super::values::{LiftValues, Slots, Values};
use super::{FuncInfo, Options, StoreContextMut, flat_func};
use crate::trap::{TaskFault, Trap, TrapCause};

/// Makes the core function. `info` is the type of a function that takes the result as its only
/// parameter.
pub(crate) fn task_return<T>(
    cx: &mut StoreContextMut<'_, T>,
    info: Arc<FuncInfo>,
    options: Options,
) -> jit::Func {
    let flat = flatten_functype(&info.types, &info.signature.ty, &options.abi, Direction::Lower);
    let params = flat.params.clone();
    flat_func(cx, &flat, move |cx, slots| {
        canon_task_return(cx, &info, &options, Slots { types: &params, slots })
    })
}

fn canon_task_return<T>(
    cx: &mut StoreContextMut<'_, T>,
    info: &FuncInfo,
    options: &Options,
    flat: Slots<'_>,
) -> Result<(), Trap> {
    check_leave(cx, options.instance)?;
    let fault = |fault| Err(TrapCause::Task(fault).into());
    let Some(returning) = cx.state().tasks.current().and_then(|task| task.returning.as_deref()) else {
        return fault(TaskFault::NotAsync);
    };
    // A `task.return` without a memory has a result that needs none: validation has seen to that.
    let has_equal_options = returning.options.abi.string_encoding == options.abi.string_encoding
        && (options.memory.is_none() || returning.options.memory == options.memory);
    if returning.info.signature.result_types != info.signature.param_types || !has_equal_options {
        return fault(TaskFault::ReturnMismatch);
    }
    if returning.result.is_some() {
        return fault(TaskFault::ReturnedTwice);
    }
    let scope = returning.scope;
    let guest = Guest::new(cx, info, options, Loans::None);
    let values = Values::lift(guest, MAX_FLAT_PARAMS, &info.signature.param_types, flat)?;
    if let Some(scope) = scope {
        cx.state_mut().instance_mut(options.instance).handles_mut().exit_scope(scope)?;
    }
    let task = cx.state_mut().tasks.current_mut();
    task.returning.as_mut().expect("seen above").result = Some(values);
    Ok(())
}
