//! `canon lower`: a component function called by core code. Follows CanonicalABI.md,
//! "`canon lower`".
//!
//! [`canon_lower`] has the steps. What is called, and whether values are component values or Rust
//! values, is a matter of its [`Callee`].

use std::borrow::Cow;
use std::sync::Arc;

use canonical_abi::handles::Lends;
use canonical_abi::{
    CoreType, Direction, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, Value, flatten_functype,
    type_check,
};
use jit::ValRaw;

use super::call::{check_leave, check_return};
use super::guest::{Guest, Loans};
use super::lift::{Caller, canon_lift};
use super::values::{LiftValues, LowerValues, Slots, Values, slot_pointer};
use super::{Body, FuncInfo, FuncInstance, HostFunc, Options, StoreContextMut, flat_func, with_slots};
use crate::run::host::trap_of_host;
use crate::trap::{Trap, TrapCause};
use crate::typed::{FlatOut, Loan};

/// What core code that calls a component function takes it for.
pub(crate) struct Lowered {
    info: Arc<FuncInfo>,
    options: Options,
    /// Types of the core parameters.
    core_params: Vec<CoreType>,
    /// Which core parameter says where the result goes, if it is not flat.
    out_param: Option<usize>,
}

/// A call of a lowered function (the spec's `Subtask`).
///
/// Of the core call that it serves it borrows the slots: the parameters until it has started, the
/// results when it resolves. Between the two it could outlive that call.
///
/// Whether the function is lowered with the option `async` is a constant, so that typed calls know
/// when they are compiled which values are flat.
pub(crate) struct Subtask<'a, const ASYNC: bool> {
    lowered: &'a Lowered,
    slots: &'a mut [ValRaw],
    lends: Lends,
    /// The loan to the host, if a Rust value says that a resource is lent to it.
    loan: Option<Loan>,
    state: SubtaskState,
}

/// The spec's `Subtask.State`, with its numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum SubtaskState {
    Starting = 0,
    Started = 1,
    Returned = 2,
}

/// What a lowered function is, and how values pass to and from it.
pub(super) trait Callee<T: 'static, const ASYNC: bool> {
    /// Starts the call, runs it and resolves it.
    fn call(&self, cx: &mut StoreContextMut<'_, T>, subtask: &mut Subtask<'_, ASYNC>) -> Result<(), Trap>;
}

/// Makes the core function.
pub(crate) fn lower<T>(
    cx: &mut StoreContextMut<'_, T>,
    callee: Arc<FuncInstance<T>>,
    options: Options,
) -> jit::Func {
    match options.abi.is_async {
        false => lower_as::<T, false>(cx, &callee, options),
        true => lower_as::<T, true>(cx, &callee, options),
    }
}

fn lower_as<T, const ASYNC: bool>(
    cx: &mut StoreContextMut<'_, T>,
    callee: &Arc<FuncInstance<T>>,
    options: Options,
) -> jit::Func {
    let info = &callee.info;
    let flat = flatten_functype(&info.types, &info.signature.ty, &options.abi, Direction::Lower);
    let result_spills = info.signature.ty.result.is_some() && (ASYNC || flat.results.is_empty());
    let lowered = Lowered {
        info: Arc::clone(info),
        options,
        core_params: flat.params.clone(),
        out_param: result_spills.then(|| flat.params.len() - 1),
    };
    let mut callee = callee;
    while let Body::Exported(other) = &callee.body {
        callee = other;
    }
    let callee = Arc::clone(callee);
    match (&callee.body, ASYNC) {
        (Body::Typed(host), false) => {
            let host = Arc::clone(host);
            flat_func(cx, &flat, move |cx, slots| host.call_lowered(cx, &lowered, slots))
        }
        (Body::Typed(_), true) | (Body::Lifted(_) | Body::Host(_) | Body::Exported(_), _) => {
            flat_func(cx, &flat, move |cx, slots| canon_lower::<_, _, ASYNC>(cx, &lowered, &*callee, slots))
        }
    }
}

/// Runs one call (the spec's `canon_lower`). Since no callee blocks yet, an asynchronous call has
/// returned when it comes back.
#[inline]
pub(super) fn canon_lower<T, C: Callee<T, ASYNC>, const ASYNC: bool>(
    cx: &mut StoreContextMut<'_, T>,
    lowered: &Lowered,
    callee: &C,
    slots: &mut [ValRaw],
) -> Result<(), Trap> {
    check_leave(cx, lowered.options.instance)?;
    let mut subtask =
        Subtask { lowered, slots, lends: Lends::new(), loan: None, state: SubtaskState::Starting };
    if let Err(trap) = callee.call(cx, &mut subtask) {
        subtask.end_loan(cx);
        return Err(trap);
    }
    check_return(cx, lowered.options.instance)?;
    subtask.deliver_resolve(cx);
    Ok(())
}

impl<const ASYNC: bool> Subtask<'_, ASYNC> {
    const MAX_FLAT_PARAMS: usize = if ASYNC { MAX_FLAT_ASYNC_PARAMS } else { MAX_FLAT_PARAMS };
    const MAX_FLAT_RESULTS: usize = if ASYNC { 0 } else { MAX_FLAT_RESULTS };

    /// Returns the name of the function that is called.
    pub(super) fn func_name(&self) -> Option<String> {
        self.lowered.info.name()
    }

    /// Lifts the arguments (the spec's `on_start`).
    #[inline]
    pub(super) fn start<T, A: LiftValues>(&mut self, cx: &mut StoreContextMut<'_, T>) -> Result<A, Trap> {
        self.go(SubtaskState::Starting, SubtaskState::Started);
        let Lowered { info, options, core_params, out_param: _ } = self.lowered;
        let guest = Guest::new(cx, info, options, Loans::Caller(&mut self.lends, &mut self.loan));
        let flat = Slots { types: core_params, slots: self.slots };
        A::lift(guest, Self::MAX_FLAT_PARAMS, &info.signature.param_types, flat)
    }

    /// Lowers the results (the spec's `on_resolve`).
    #[inline]
    pub(super) fn resolve<T, R: LowerValues>(
        &mut self,
        cx: &mut StoreContextMut<'_, T>,
        results: &R,
    ) -> Result<(), Trap> {
        self.go(SubtaskState::Started, SubtaskState::Returned);
        let Lowered { info, options, out_param, core_params: _ } = self.lowered;
        let out_param = out_param.and_then(|i| self.slots.get(i));
        let out_param = out_param.map(|slot| slot_pointer(*slot, options.abi.ptr));
        let guest = Guest::new(cx, info, options, Loans::None);
        let mut out = FlatOut::new(self.slots);
        results.lower(guest, Self::MAX_FLAT_RESULTS, &info.signature.result_types, out_param, &mut out)
    }

    /// Starts, calls a host function on component values, and resolves.
    fn call_host<T>(
        &mut self,
        cx: &mut StoreContextMut<'_, T>,
        call: impl FnOnce(&mut StoreContextMut<'_, T>, &[Value]) -> Result<Option<Value>, Trap>,
    ) -> Result<(), Trap> {
        let args: Values<'static> = self.start(cx)?;
        let result = call(cx, args.as_slice())?;
        self.resolve(cx, &Values::of_host(Cow::Owned(result.into_iter().collect())))
    }

    /// Gives back what the call was lent, and tells an asynchronous caller that it has returned.
    #[inline]
    fn deliver_resolve<T>(self, cx: &mut StoreContextMut<'_, T>) {
        let options = &self.lowered.options;
        if ASYNC {
            self.slots[0] = ValRaw::from_u64(self.state as u64);
        }
        if !self.lends.is_empty() {
            self.end_loan(cx);
            self.lends.end(cx.state_mut().instance_mut(options.instance).handles_mut());
        }
    }

    /// Ends the loan of the call, so that the host can't use what it keeps beyond it.
    fn end_loan<T>(&self, cx: &mut StoreContextMut<'_, T>) {
        if let Some(loan) = self.loan {
            cx.state_mut().loans.close(loan);
        }
    }

    #[inline]
    fn go(&mut self, from: SubtaskState, to: SubtaskState) {
        assert!(self.state == from, "a subtask goes from one state to the next");
        self.state = to;
    }
}

/// A function to which component values pass.
impl<T: 'static, const ASYNC: bool> Callee<T, ASYNC> for FuncInstance<T> {
    fn call(&self, cx: &mut StoreContextMut<'_, T>, subtask: &mut Subtask<'_, ASYNC>) -> Result<(), Trap> {
        let info = &self.info;
        match &self.body {
            Body::Lifted(lifted) => {
                with_slots(lifted.n_slots, |slots| canon_lift(cx, info, lifted, subtask, slots))
            }
            Body::Host(func) => subtask.call_host(cx, |cx, args| call_host(cx, info, func, args)),
            Body::Typed(func) => subtask.call_host(cx, |cx, args| func.call_values(cx, info, args)),
            Body::Exported(callee) => callee.call(cx, subtask),
        }
    }
}

impl<T: 'static, const ASYNC: bool> Caller<T> for Subtask<'_, ASYNC> {
    type Args = Values<'static>;
    type Results = Values<'static>;
    type Output = ();

    fn on_start(&mut self, cx: &mut StoreContextMut<'_, T>) -> Result<Self::Args, Trap> {
        self.start(cx)
    }

    fn on_resolve(&mut self, cx: &mut StoreContextMut<'_, T>, results: Self::Results) -> Result<(), Trap> {
        self.resolve(cx, &results)
    }

    /// No host value lies between the two.
    fn word(&self, trap: Trap) -> Trap {
        trap.between_components()
    }
}

/// Calls a host function on component values, and checks its result.
pub(super) fn call_host<T>(
    cx: &mut StoreContextMut<'_, T>,
    info: &FuncInfo,
    func: &HostFunc<T>,
    args: &[Value],
) -> Result<Option<Value>, Trap> {
    let result = func(cx, args).map_err(|error| trap_of_host(error, info.name()))?;
    let wrong = |what: String| {
        let cause = TrapCause::HostResult(format!("a host function returned {what}"));
        Trap::from(cause).in_host_func(info.name())
    };
    match (info.signature.ty.result, &result) {
        (None, None) => {}
        (Some(ty), Some(value)) => type_check(&info.types, ty, value)
            .map_err(|error| wrong(format!("a value of the wrong type: {error}")))?,
        (None, Some(_)) => return Err(wrong(String::from("a value where its type has none"))),
        (Some(_), None) => return Err(wrong(String::from("no value where its type has one"))),
    }
    Ok(result)
}
