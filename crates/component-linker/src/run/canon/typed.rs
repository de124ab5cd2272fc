//! Lifted functions called, and host functions provided, with Rust values in place of component
//! values. The steps are those of [`canon_lift`] and [`canon_lower`].

use std::marker::PhantomData;
use std::sync::Arc;

use canonical_abi::{MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, Value};
use jit::{HostError, ValRaw};

use super::lift::{Caller, Lifted, canon_lift};
use super::lower::{Callee, Lowered, Subtask, canon_lower};
use super::scratch::{Scratch, from_values, to_values};
use super::values::{ToLift, ToLower};
use super::{Body, FuncInfo, FuncInstance, StoreContextMut, with_slots};
use crate::run::host::trap_of_host;
use crate::trap::Trap;
use crate::typed::{Expected, LiftTuple, LowerTuple, Results, TypeMismatch, check_func, has_handles, n_flat};

/// A lifted function, with everything looked up that a call of it needs.
#[derive(Debug)]
pub(crate) struct Target {
    info: Arc<FuncInfo>,
    lifted: Lifted,
}

/// Prepares a function for typed calls, if it is a lifted one.
pub(crate) fn target<T>(func: &FuncInstance<T>) -> Option<Target> {
    match &func.body {
        Body::Lifted(lifted) => Some(Target { info: Arc::clone(&func.info), lifted: lifted.clone() }),
        Body::Exported(callee) => target(callee),
        Body::Host(_) | Body::Typed(_) => None,
    }
}

/// Calls a lifted function from the host.
#[inline]
pub(crate) fn call_typed<T, P: LowerTuple, R: LiftTuple>(
    cx: &mut StoreContextMut<'_, T>,
    target: &Target,
    params: &P,
) -> Result<R, Trap> {
    let Target { info, lifted } = target;
    let mut caller = TypedCaller { params, results: PhantomData };
    with_slots(const { n_slots::<P, R>() }, |slots| canon_lift(cx, info, lifted, &mut caller, slots))
}

/// Returns how many slots the core function of such a type needs.
const fn n_slots<P: LowerTuple, R: LiftTuple>() -> usize {
    let n_params = if n_flat::<P>() > MAX_FLAT_PARAMS { 1 } else { n_flat::<P>() };
    if n_params == 0 && n_flat::<R>() > 0 { MAX_FLAT_RESULTS } else { n_params }
}

/// The host as a caller with Rust values.
struct TypedCaller<'p, P, R> {
    params: &'p P,
    results: PhantomData<fn() -> R>,
}

impl<'p, T: 'static, P: LowerTuple, R: LiftTuple> Caller<T> for TypedCaller<'p, P, R> {
    type Args = ToLower<'p, P>;
    type Results = ToLift<R>;
    type Output = R;

    #[inline]
    fn on_start(&mut self, _: &mut StoreContextMut<'_, T>) -> Result<Self::Args, Trap> {
        Ok(ToLower(self.params))
    }

    #[inline]
    fn on_resolve(&mut self, _: &mut StoreContextMut<'_, T>, results: ToLift<R>) -> Result<R, Trap> {
        Ok(results.0)
    }
}

/// A host function on Rust types.
pub(crate) trait TypedHostFunc<T: 'static>: Send + Sync {
    /// Checks that its types are those of a function.
    fn check(&self, expected: &Expected<'_>) -> Result<(), TypeMismatch>;

    /// Runs it for a guest that has lowered it without the option `async`: the slots hold the core
    /// values that it called with, and then those that it gets.
    fn call_lowered(
        &self,
        cx: &mut StoreContextMut<'_, T>,
        lowered: &Lowered,
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
    fn check(&self, expected: &Expected<'_>) -> Result<(), TypeMismatch> {
        check_func::<P, R>(expected)
    }

    fn call_lowered(
        &self,
        cx: &mut StoreContextMut<'_, T>,
        lowered: &Lowered,
        slots: &mut [ValRaw],
    ) -> Result<(), Trap> {
        canon_lower::<_, _, false>(cx, lowered, self, slots)
    }

    fn call_values(
        &self,
        cx: &mut StoreContextMut<'_, T>,
        info: &FuncInfo,
        args: &[Value],
    ) -> Result<Option<Value>, Trap> {
        let loan = const { has_handles::<P>() }.then(|| cx.state_mut().loans.open());
        let scratch = Scratch::new(info, cx.state()).lending(loan);
        let called = from_values::<P>(scratch, args, &info.signature.param_types)
            .and_then(|args| (self.func)(cx, args).map_err(|error| trap_of_host(error, info.name())));
        if let Some(loan) = loan {
            cx.state_mut().loans.close(loan);
        }
        let results = to_values(Scratch::new(info, cx.state()), &called?, &info.signature.result_types)?;
        Ok(results.into_iter().next())
    }
}

impl<T: 'static, F, P, R> Callee<T, false> for TypedClosure<F, P, R>
where
    F: Fn(&mut StoreContextMut<'_, T>, P) -> Result<R, HostError>,
    P: LiftTuple,
    R: LowerTuple,
{
    #[inline]
    fn call(&self, cx: &mut StoreContextMut<'_, T>, subtask: &mut Subtask<'_, false>) -> Result<(), Trap> {
        let ToLift(args) = subtask.start::<T, ToLift<P>>(cx)?;
        let results = (self.func)(cx, args).map_err(|error| trap_of_host(error, subtask.func_name()))?;
        subtask.resolve(cx, &ToLower(&results))
    }
}
