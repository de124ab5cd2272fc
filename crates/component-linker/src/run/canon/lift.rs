//! `canon lift`: a core function called with component values. Follows CanonicalABI.md, "`canon lift`".

use std::borrow::Cow;

use canonical_abi::handles::BorrowScope;
use canonical_abi::{
    Context, CoreType, CoreValue, CoreValueIter, Direction, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS,
    StringEncoding, Value, flatten_functype, lift_flat_values, lower_flat_values,
};
use jit::ValRaw;

use super::guest::{Guest, Loans};
use super::lift_async::{enter_implicit_thread, exit_implicit_thread};
use super::{
    CallTrace, Caller, FuncInfo, Options, call_without_leave, check_enter, from_slots, to_slots, with_slots,
    with_task,
};
use crate::run::store::StoreContextMut;
use crate::trap::Trap;

/// A lifted core function.
#[derive(Debug)]
pub(crate) struct Lifted {
    pub(crate) core_func: jit::Func,
    pub(crate) post_return: Option<jit::Func>,
    pub(crate) options: Options,
    /// Whether the core function says what is to come by a callback code.
    pub(super) has_callback: bool,
    /// Types of the core results.
    core_results: Vec<CoreType>,
    /// How many slots a call needs.
    pub(super) n_slots: usize,
}

impl Lifted {
    pub(crate) fn new(
        info: &FuncInfo,
        options: Options,
        core_func: jit::Func,
        post_return: Option<jit::Func>,
    ) -> Self {
        let flat = flatten_functype(&info.types, &info.signature.ty, &options.abi, Direction::Lift);
        let has_callback = options.abi.has_callback;
        let n_slots = flat.params.len().max(flat.results.len());
        Self { core_func, post_return, options, has_callback, core_results: flat.results, n_slots }
    }
}

/// Calls a lifted function (the spec's `canon_lift` where not `opts.async_`).
pub(super) fn canon_lift<'v, T, R>(
    cx: &mut StoreContextMut<'_, T>,
    info: &FuncInfo,
    lifted: &Lifted,
    caller: Caller,
    mut trace: Option<&mut CallTrace>,
    on_start: impl FnOnce(&mut StoreContextMut<'_, T>) -> Result<Cow<'v, [Value]>, Trap>,
    on_resolve: impl FnOnce(&mut StoreContextMut<'_, T>, Option<Value>) -> Result<R, Trap>,
) -> Result<R, Trap> {
    let instance = lifted.options.instance;
    check_enter(cx, instance)?;
    let is_async = info.signature.ty.is_async;
    if is_async {
        enter_implicit_thread(cx, instance, true)?;
    }
    let args = on_start(cx)?;
    let run = |cx: &mut StoreContextMut<'_, T>, slots: &mut [ValRaw]| {
        let scope = cx.state_mut().instance_mut(instance).handles.enter_scope();
        let flat = lower_params(cx, info, lifted, caller, scope, trace.as_deref_mut(), &args)
            .map_err(|trap| caller.word(trap))?;
        drop(args);
        to_slots(&flat, slots);
        lifted.core_func.call_raw(&mut cx.core, slots)?;
        let result = lift_results(cx, info, lifted, caller, scope, trace.as_deref_mut(), slots)
            .map_err(|trap| caller.word(trap))?;
        cx.state_mut().instance_mut(instance).handles.exit_scope(scope)?;
        let resolved = on_resolve(cx, result)?;
        if let Some(post_return) = lifted.post_return {
            call_without_leave(cx, instance, post_return, slots)?;
            if let Some(trace) = trace {
                trace.post_returned = true;
            }
        }
        if is_async {
            exit_implicit_thread(cx, instance, true);
        }
        Ok(resolved)
    };
    with_task(cx, instance, |cx| with_slots(lifted.n_slots, |slots| run(cx, slots)))
}

/// Lowers the arguments into the callee: the spec's steps of `canon_lift` before the call.
pub(super) fn lower_params<T>(
    cx: &mut StoreContextMut<'_, T>,
    info: &FuncInfo,
    lifted: &Lifted,
    caller: Caller,
    scope: BorrowScope,
    trace: Option<&mut CallTrace>,
    args: &[Value],
) -> Result<Vec<CoreValue>, Trap> {
    let source_encoding = match caller {
        Caller::Host => StringEncoding::Utf8,
        Caller::Component(encoding) => encoding,
    };
    let mut guest = Guest::new(cx, info, &lifted.options, Loans::Callee(scope), source_encoding);
    let mut cx = Context::new(&info.types, lifted.options.abi, &mut guest);
    match trace {
        None => lower_flat_values(&mut cx, MAX_FLAT_PARAMS, args, &info.signature.param_types, None),
        Some(trace) => trace.lower_params(&mut cx, args, &info.signature.ty.params),
    }
}

fn lift_results<T>(
    cx: &mut StoreContextMut<'_, T>,
    info: &FuncInfo,
    lifted: &Lifted,
    caller: Caller,
    scope: BorrowScope,
    trace: Option<&mut CallTrace>,
    slots: &[ValRaw],
) -> Result<Option<Value>, Trap> {
    let flat = from_slots(&lifted.core_results, slots);
    let guest = Guest::new(cx, info, &lifted.options, Loans::Callee(scope), StringEncoding::Utf8);
    let mut guest = guest.keeping_tags(caller);
    let mut cx = Context::new(&info.types, lifted.options.abi, &mut guest);
    let values = match trace {
        None => {
            let mut flat = CoreValueIter::new(&flat);
            lift_flat_values(&mut cx, MAX_FLAT_RESULTS, &mut flat, &info.signature.result_types)?
        }
        Some(trace) => trace.lift_results(&mut cx, &flat, info.signature.ty.result)?,
    };
    Ok(values.into_iter().next())
}
