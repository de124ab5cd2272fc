//! Lifted functions called, and host functions provided, with Rust types in place of component values: what `canon_lift`
//! and `canon_lower` do, without building values.
//! Follows CanonicalABI.md, "`canon lift`" and "`canon lower`".

use std::marker::PhantomData;
use std::sync::Arc;

use canonical_abi::handles::{BorrowScope, Lends};
use canonical_abi::{Context, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, StringEncoding, Value};
use jit::{HostError, ValRaw};

use super::guest::{Guest, Loans};
use super::{
    Body, FuncInfo, FuncInstance, Lifted, Options, Scratch, call_without_leave, check_enter, from_values,
    to_values, with_slots, with_task,
};
use crate::run::store::StoreContextMut;
use crate::trap::Trap;
use crate::typed::{
    Callee, FlatIn, FlatOut, LiftTuple, LowerTuple, Results, TypeMismatch, check_func, has_handles,
    lift_values, lower_values, n_flat,
};

/// A lifted function, with everything looked up that a call of it needs.
#[derive(Debug)]
pub(crate) struct Target {
    info: Arc<FuncInfo>,
    core_func: jit::Func,
    post_return: Option<jit::Func>,
    options: Options,
}

/// Prepares a function for typed calls, if it is a lifted one, of a synchronous type and lifted synchronously.
pub(crate) fn target<T>(func: &FuncInstance<T>) -> Option<Target> {
    let is_async = func.info.signature.ty.is_async;
    match &func.body {
        Body::Lifted(Lifted { core_func, post_return, options, .. })
            if !is_async && !options.abi.is_async =>
        {
            let info = Arc::clone(&func.info);
            Some(Target { info, core_func: *core_func, post_return: *post_return, options: *options })
        }
        Body::Exported(callee) => target(callee),
        Body::Lifted(_) | Body::Host(_) | Body::Typed(_) => None,
    }
}

/// Calls a lifted function from the host (the spec's `canon_lift`, as far as calls are synchronous).
pub(crate) fn call_typed<T, P: LowerTuple, R: LiftTuple>(
    cx: &mut StoreContextMut<'_, T>,
    target: &Target,
    params: &P,
) -> Result<R, Trap> {
    with_slots(const { n_slots::<P, R>() }, |slots| call_on_slots(cx, target, params, slots))
}

/// Returns how many slots the core function of such a type needs.
const fn n_slots<P: LowerTuple, R: LiftTuple>() -> usize {
    let n_params = if n_flat::<P>() > MAX_FLAT_PARAMS { 1 } else { n_flat::<P>() };
    if n_params == 0 && n_flat::<R>() > 0 { MAX_FLAT_RESULTS } else { n_params }
}

#[inline]
fn call_on_slots<T, P: LowerTuple, R: LiftTuple>(
    cx: &mut StoreContextMut<'_, T>,
    target: &Target,
    params: &P,
    slots: &mut [ValRaw],
) -> Result<R, Trap> {
    let instance = target.options.instance;
    check_enter(cx, instance)?;
    with_task(cx, instance, |cx| {
        let scope =
            const { has_handles::<P>() }.then(|| cx.state_mut().instance_mut(instance).handles.enter_scope());
        lower_params(cx, target, scope, params, &mut FlatOut::new(slots))?;
        target.core_func.call_raw(&mut cx.core, slots)?;
        let result = lift_results(cx, target, slots)?;
        if let Some(scope) = scope {
            cx.state_mut().instance_mut(instance).handles.exit_scope(scope)?;
        }
        if let Some(post_return) = target.post_return {
            call_without_leave(cx, instance, post_return, slots)?;
        }
        Ok(result)
    })
}

#[inline]
fn lower_params<T, P: LowerTuple>(
    cx: &mut StoreContextMut<'_, T>,
    target: &Target,
    scope: Option<BorrowScope>,
    params: &P,
    out: &mut FlatOut<'_>,
) -> Result<(), Trap> {
    let Target { info, options, .. } = target;
    let loans = scope.map_or(Loans::None, Loans::Callee);
    let mut guest = Guest::new(cx, info, options, loans, StringEncoding::Utf8);
    let mut cx = Context::new(&info.types, options.abi, &mut guest);
    lower_values(&mut cx, MAX_FLAT_PARAMS, params, &info.signature.param_types, None, out)
}

#[inline]
fn lift_results<T, R: LiftTuple>(
    cx: &mut StoreContextMut<'_, T>,
    target: &Target,
    slots: &[ValRaw],
) -> Result<R, Trap> {
    let Target { info, options, .. } = target;
    let mut guest = Guest::new(cx, info, options, Loans::None, StringEncoding::Utf8);
    let mut cx = Context::new(&info.types, options.abi, &mut guest);
    lift_values(&mut cx, MAX_FLAT_RESULTS, &info.signature.result_types, &mut FlatIn::new(slots))
}

/// A host function on Rust types.
pub(crate) trait TypedHostFunc<T: 'static>: Send + Sync {
    /// Checks that its types are those of a function.
    fn check(&self, callee: &Callee<'_>) -> Result<(), TypeMismatch>;

    /// Runs it for a guest: the slots hold the core values that it called with, and then those that it gets.
    fn call(
        &self,
        cx: &mut StoreContextMut<'_, T>,
        caller: TypedCaller<'_>,
        slots: &mut [ValRaw],
    ) -> Result<(), Trap>;

    /// Runs it with component values.
    fn call_values(
        &self,
        cx: &mut StoreContextMut<'_, T>,
        info: &FuncInfo,
        args: &[Value],
    ) -> Result<Option<Value>, Trap>;
}

/// Who calls a typed host function: what it takes the function's type for, and how values are passed.
#[derive(Clone, Copy)]
pub(crate) struct TypedCaller<'a> {
    pub(crate) info: &'a FuncInfo,
    pub(crate) options: &'a Options,
}

/// A closure as a [`TypedHostFunc`].
pub(crate) struct TypedClosure<F, P, R> {
    func: F,
    types: PhantomData<fn(P) -> R>,
}

impl<F, P, R> TypedClosure<F, P, R> {
    pub(crate) fn new(func: F) -> Self {
        Self { func, types: PhantomData }
    }
}

impl<T: 'static, F, P, R> TypedHostFunc<T> for TypedClosure<F, P, R>
where
    F: Fn(&mut StoreContextMut<'_, T>, P) -> Result<R, HostError> + Send + Sync,
    P: LiftTuple,
    R: LowerTuple + Results,
{
    fn check(&self, callee: &Callee<'_>) -> Result<(), TypeMismatch> {
        check_func::<P, R>(callee)
    }

    fn call(
        &self,
        cx: &mut StoreContextMut<'_, T>,
        caller: TypedCaller<'_>,
        slots: &mut [ValRaw],
    ) -> Result<(), Trap> {
        let TypedCaller { info, options } = caller;
        let mut lends = Lends::new();
        let mut guest = Guest::new(cx, info, options, Loans::Caller(&mut lends), StringEncoding::Utf8);
        let mut guest = Context::new(&info.types, options.abi, &mut guest);
        let mut flat = FlatIn::new(slots);
        let args = lift_values::<P, _>(&mut guest, MAX_FLAT_PARAMS, &info.signature.param_types, &mut flat)?;
        let out_param =
            (const { n_flat::<R>() } > MAX_FLAT_RESULTS).then(|| flat.next_pointer(options.abi.ptr));
        let result = (self.func)(cx, args).map_err(Trap::from_host)?;
        let mut guest = Guest::new(cx, info, options, Loans::None, StringEncoding::Utf8);
        let mut guest = Context::new(&info.types, options.abi, &mut guest);
        let mut out = FlatOut::new(slots);
        let tys = &info.signature.result_types;
        lower_values(&mut guest, MAX_FLAT_RESULTS, &result, tys, out_param, &mut out)?;
        lends.end(&mut cx.state_mut().instance_mut(options.instance).handles);
        Ok(())
    }

    fn call_values(
        &self,
        cx: &mut StoreContextMut<'_, T>,
        info: &FuncInfo,
        args: &[Value],
    ) -> Result<Option<Value>, Trap> {
        let store = cx.state().id;
        let args = from_values::<P>(Scratch::new(info, store), args, &info.signature.param_types)?;
        let result = (self.func)(cx, args).map_err(Trap::from_host)?;
        let results = to_values(Scratch::new(info, store), &result, &info.signature.result_types)?;
        Ok(results.into_iter().next())
    }
}
