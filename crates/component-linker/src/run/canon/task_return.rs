//! `canon task.return`: how an asynchronously lifted function hands over its result.
//! Follows CanonicalABI.md, "`canon task.return`".

use std::sync::Arc;

use canonical_abi::{
    Context, CoreValue, CoreValueIter, Direction, MAX_FLAT_PARAMS, StringEncoding, flatten_functype,
    lift_flat_values,
};

use super::guest::{Guest, Loans};
use super::{FuncInfo, Options, check_leave, flat_func, from_slots};
use crate::run::store::{ReturnState, StoreContextMut};
use crate::trap::{TaskFault, Trap, TrapCause};

/// Makes the core function. `info` is the type of a function that takes the result as its only parameter.
pub(crate) fn task_return<T>(
    cx: &mut StoreContextMut<'_, T>,
    info: Arc<FuncInfo>,
    options: Options,
) -> jit::Func {
    let flat = flatten_functype(&info.types, &info.signature.ty, &options.abi, Direction::Lower);
    let params = flat.params.clone();
    flat_func(cx, &flat, move |cx, slots| canon_task_return(cx, &info, &options, &from_slots(&params, slots)))
}

fn canon_task_return<T>(
    cx: &mut StoreContextMut<'_, T>,
    info: &FuncInfo,
    options: &Options,
    flat: &[CoreValue],
) -> Result<(), Trap> {
    check_leave(cx, options.instance)?;
    let fault = |fault| Err(TrapCause::Task(fault).into());
    let Some(returning) = cx.state().tasks.last().and_then(|task| task.returning.as_ref()) else {
        return fault(TaskFault::NotAsync);
    };
    let has_equal_options = returning.options.abi.string_encoding == options.abi.string_encoding
        && returning.options.memory == options.memory;
    if returning.info.signature.result_types != info.signature.param_types || !has_equal_options {
        return fault(TaskFault::ReturnMismatch);
    }
    if let ReturnState::Resolved(_) = returning.state {
        return fault(TaskFault::ReturnedTwice);
    }
    let scope = returning.scope;
    let mut guest = Guest::new(cx, info, options, Loans::Callee(scope), StringEncoding::Utf8);
    let mut lifting = Context::new(&info.types, options.abi, &mut guest);
    let mut flat = CoreValueIter::new(flat);
    let values = lift_flat_values(&mut lifting, MAX_FLAT_PARAMS, &mut flat, &info.signature.param_types)?;
    cx.state_mut().instance_mut(options.instance).handles.exit_scope(scope)?;
    let task = cx.state_mut().tasks.last_mut().and_then(|task| task.returning.as_mut());
    task.expect("seen above").state = ReturnState::Resolved(values.into_iter().next());
    Ok(())
}
