//! `canon lower`: a component function called by core code. Follows CanonicalABI.md, "`canon lower`".

use std::borrow::Cow;
use std::sync::Arc;

use canonical_abi::handles::Lends;
use canonical_abi::{
    Context, CoreFuncType, CoreValue, CoreValueIter, Direction, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS,
    MAX_FLAT_RESULTS, StringEncoding, flatten_functype, lift_flat_values, lower_flat_values,
};
use jit::ValRaw;

use super::guest::{Guest, Loans};
use super::typed::{TypedCaller, TypedHostFunc};
use super::{
    Body, Caller, FuncInfo, FuncInstance, Options, check_leave, flat_func, from_slots, invoke, to_slots,
};
use crate::run::store::StoreContextMut;
use crate::trap::Trap;

/// The spec's `Subtask.State.RETURNED`.
const SUBTASK_RETURNED: u64 = 2;

/// A lowered component function.
struct Lowered<T: 'static> {
    callee: Arc<FuncInstance<T>>,
    options: Options,
    core_type: CoreFuncType,
    result_spills: bool,
}

impl<T> Lowered<T> {
    /// Returns where the caller wants the result: the last parameter, if the result is not flat.
    fn out_param(&self, flat: &[CoreValue]) -> Option<u64> {
        match flat.last() {
            Some(CoreValue::I32(ptr)) if self.result_spills => Some(u64::from(*ptr)),
            Some(CoreValue::I64(ptr)) if self.result_spills => Some(*ptr),
            Some(CoreValue::I32(_) | CoreValue::I64(_) | CoreValue::F32(_) | CoreValue::F64(_)) | None => {
                None
            }
        }
    }
}

/// Makes the core function.
pub(crate) fn lower<T>(
    cx: &mut StoreContextMut<'_, T>,
    callee: Arc<FuncInstance<T>>,
    options: Options,
) -> jit::Func {
    let info = &callee.info;
    let flat = flatten_functype(&info.types, &info.signature.ty, &options.abi, Direction::Lower);
    let result_spills =
        info.signature.ty.result.is_some() && (options.abi.is_async || flat.results.is_empty());
    let lowered = Lowered { callee, options, core_type: flat.clone(), result_spills };
    flat_func(cx, &flat, move |cx, slots| canon_lower(cx, &lowered, slots))
}

/// Returns who the callee is to take the caller for, and the encoding of the strings that it returns.
fn encodings<T>(callee: &FuncInstance<T>, options: &Options) -> (Caller, StringEncoding) {
    match &callee.body {
        Body::Lifted(lifted) => {
            (Caller::Component(options.abi.string_encoding), lifted.options.abi.string_encoding)
        }
        Body::Host(_) | Body::Typed(_) => (Caller::Host, StringEncoding::Utf8),
        Body::Exported(callee) => encodings(callee, options),
    }
}

/// Returns the host function on Rust types that a call ends up in, if it does, and what it is called as.
fn typed_host<T>(callee: &FuncInstance<T>) -> Option<(&dyn TypedHostFunc<T>, &FuncInfo)> {
    match &callee.body {
        Body::Typed(host) => Some((&**host, &callee.info)),
        Body::Exported(callee) => typed_host(callee),
        Body::Lifted(_) | Body::Host(_) => None,
    }
}

/// Calls a host function on Rust types, without component values in between.
fn lower_typed<T>(
    cx: &mut StoreContextMut<'_, T>,
    host: &dyn TypedHostFunc<T>,
    caller: TypedCaller<'_>,
    slots: &mut [ValRaw],
) -> Result<(), Trap> {
    host.call(cx, caller, slots)
}

/// Runs one call (the spec's `canon_lower`). Since no callee blocks yet, an asynchronous call has returned when it
/// comes back.
fn canon_lower<T>(
    cx: &mut StoreContextMut<'_, T>,
    lowered: &Lowered<T>,
    slots: &mut [ValRaw],
) -> Result<(), Trap> {
    let Lowered { callee, options, core_type, result_spills: _ } = lowered;
    check_leave(cx, options.instance)?;
    if let (false, Some((host, info))) = (options.abi.is_async, typed_host(callee)) {
        return lower_typed(cx, host, TypedCaller { info, options }, slots);
    }
    let info = &*callee.info;
    let types = &info.types;
    let (caller, result_encoding) = encodings(callee, options);
    let flat = from_slots(&core_type.params, slots);
    let out_param = lowered.out_param(&flat);
    let mut flat = CoreValueIter::new(&flat);
    let (max_flat_params, max_flat_results) = match options.abi.is_async {
        false => (MAX_FLAT_PARAMS, MAX_FLAT_RESULTS),
        true => (MAX_FLAT_ASYNC_PARAMS, 0),
    };
    let mut lends = Lends::new();
    let on_start = |cx: &mut StoreContextMut<'_, T>| {
        let guest = Guest::new(cx, info, options, Loans::Caller(&mut lends), StringEncoding::Utf8);
        let mut guest = guest.keeping_tags(caller);
        let mut cx = Context::new(types, options.abi, &mut guest);
        let args = lift_flat_values(&mut cx, max_flat_params, &mut flat, &info.signature.param_types);
        args.map(Cow::Owned).map_err(|trap| caller.word(trap))
    };
    let on_resolve = |cx: &mut StoreContextMut<'_, T>, result| {
        let values: Vec<_> = Option::into_iter(result).collect();
        let mut lends = Lends::new();
        let mut guest = Guest::new(cx, info, options, Loans::Caller(&mut lends), result_encoding);
        let mut cx = Context::new(types, options.abi, &mut guest);
        lower_flat_values(&mut cx, max_flat_results, &values, &info.signature.result_types, out_param)
            .map_err(|trap| caller.word(trap))
    };
    let flat_results = invoke(cx, callee, caller, None, on_start, on_resolve)?;
    lends.end(&mut cx.state_mut().instance_mut(options.instance).handles);
    if options.abi.is_async {
        slots[0] = ValRaw::from_u64(SUBTASK_RETURNED);
    }
    to_slots(&flat_results, slots);
    Ok(())
}
