//! `canon lower`: a component function called by core code. Follows CanonicalABI.md, "`canon lower`".
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

use super::call::check_leave;
use super::guest::{Guest, Loans};
use super::lift::{Caller, Lifted, canon_lift};
use super::values::{LiftValues, LowerValues, Slots, Values, slot_pointer};
use super::{Body, FuncInfo, FuncInstance, HostFunc, Options, StoreContextMut, flat_func, with_slots};
use crate::trap::{Trap, TrapCause};
use crate::typed::FlatOut;

/// What core code that calls a component function takes it for.
pub(crate) struct Lowered {
    info: Arc<FuncInfo>,
    options: Options,
    /// Types of the core parameters.
    core_params: Vec<CoreType>,
    /// Which core parameter says where the result goes, if it is not flat.
    out_param: Option<usize>,
    max_flat_params: usize,
    max_flat_results: usize,
}

/// A call of a lowered function (the spec's `Subtask`).
///
/// Of the core call that it serves it borrows the slots: the parameters until it has started, the
/// results when it resolves. Between the two it could outlive that call.
pub(crate) struct Subtask<'a> {
    lowered: &'a Lowered,
    slots: &'a mut [ValRaw],
    lends: Lends,
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
pub(super) trait Callee<T: 'static> {
    /// Starts the call, runs it and resolves it.
    fn call(&self, cx: &mut StoreContextMut<'_, T>, subtask: &mut Subtask<'_>) -> Result<(), Trap>;
}

/// Makes the core function.
pub(crate) fn lower<T>(
    cx: &mut StoreContextMut<'_, T>,
    callee: Arc<FuncInstance<T>>,
    options: Options,
) -> jit::Func {
    let info = &callee.info;
    let flat = flatten_functype(&info.types, &info.signature.ty, &options.abi, Direction::Lower);
    let is_async = options.abi.is_async;
    let result_spills = info.signature.ty.result.is_some() && (is_async || flat.results.is_empty());
    let (max_flat_params, max_flat_results) = match is_async {
        false => (MAX_FLAT_PARAMS, MAX_FLAT_RESULTS),
        true => (MAX_FLAT_ASYNC_PARAMS, 0),
    };
    let lowered = Lowered {
        info: Arc::clone(info),
        options,
        core_params: flat.params.clone(),
        out_param: result_spills.then(|| flat.params.len() - 1),
        max_flat_params,
        max_flat_results,
    };
    flat_func(cx, &flat, move |cx, slots| call_lowered(cx, &lowered, &callee, slots))
}

fn call_lowered<T>(
    cx: &mut StoreContextMut<'_, T>,
    lowered: &Lowered,
    callee: &FuncInstance<T>,
    slots: &mut [ValRaw],
) -> Result<(), Trap> {
    match &callee.body {
        Body::Typed(host) => host.call_lowered(cx, lowered, slots),
        Body::Lifted(lifted) => canon_lower(cx, lowered, &LiftedCallee { info: &callee.info, lifted }, slots),
        Body::Host(func) => canon_lower(cx, lowered, &HostCallee { info: &callee.info, func }, slots),
        Body::Exported(callee) => call_lowered(cx, lowered, callee, slots),
    }
}

/// Runs one call (the spec's `canon_lower`). Since no callee blocks yet, an asynchronous call has
/// returned when it comes back.
#[inline]
pub(super) fn canon_lower<T, C: Callee<T>>(
    cx: &mut StoreContextMut<'_, T>,
    lowered: &Lowered,
    callee: &C,
    slots: &mut [ValRaw],
) -> Result<(), Trap> {
    check_leave(cx, lowered.options.instance)?;
    let mut subtask = Subtask { lowered, slots, lends: Lends::new(), state: SubtaskState::Starting };
    callee.call(cx, &mut subtask)?;
    subtask.deliver_resolve(cx);
    Ok(())
}

impl Subtask<'_> {
    /// Lifts the arguments (the spec's `on_start`).
    #[inline]
    pub(super) fn start<T, A: LiftValues>(&mut self, cx: &mut StoreContextMut<'_, T>) -> Result<A, Trap> {
        self.go(SubtaskState::Starting, SubtaskState::Started);
        let Lowered { info, options, core_params, max_flat_params, .. } = self.lowered;
        let guest = Guest::new(cx, info, options, Loans::Caller(&mut self.lends));
        let flat = Slots { types: core_params, slots: self.slots };
        A::lift(guest, *max_flat_params, &info.signature.param_types, flat)
    }

    /// Lowers the results (the spec's `on_resolve`).
    #[inline]
    pub(super) fn resolve<T, R: LowerValues>(
        &mut self,
        cx: &mut StoreContextMut<'_, T>,
        results: &R,
    ) -> Result<(), Trap> {
        self.go(SubtaskState::Started, SubtaskState::Returned);
        let Lowered { info, options, out_param, max_flat_results, .. } = self.lowered;
        let out_param = out_param.map(|i| slot_pointer(self.slots[i], options.abi.ptr));
        let guest = Guest::new(cx, info, options, Loans::None);
        let mut out = FlatOut::new(self.slots);
        results.lower(guest, *max_flat_results, &info.signature.result_types, out_param, &mut out)
    }

    /// Gives back what the call was lent, and tells an asynchronous caller that it has returned.
    #[inline]
    fn deliver_resolve<T>(self, cx: &mut StoreContextMut<'_, T>) {
        let options = &self.lowered.options;
        self.lends.end(cx.state_mut().instance_mut(options.instance).handles_mut());
        if options.abi.is_async {
            self.slots[0] = ValRaw::from_u64(self.state as u64);
        }
    }

    #[inline]
    fn go(&mut self, from: SubtaskState, to: SubtaskState) {
        assert!(self.state == from, "a subtask goes from one state to the next");
        self.state = to;
    }
}

/// A lifted function, to which component values pass.
struct LiftedCallee<'a> {
    info: &'a Arc<FuncInfo>,
    lifted: &'a Lifted,
}

impl<T: 'static> Callee<T> for LiftedCallee<'_> {
    fn call(&self, cx: &mut StoreContextMut<'_, T>, subtask: &mut Subtask<'_>) -> Result<(), Trap> {
        let Self { info, lifted } = self;
        with_slots(lifted.n_slots, |slots| canon_lift(cx, info, lifted, subtask, slots))
    }
}

impl<T: 'static> Caller<T> for Subtask<'_> {
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

/// A host function on component values.
struct HostCallee<'a, T: 'static> {
    info: &'a FuncInfo,
    func: &'a HostFunc<T>,
}

impl<T> Callee<T> for HostCallee<'_, T> {
    fn call(&self, cx: &mut StoreContextMut<'_, T>, subtask: &mut Subtask<'_>) -> Result<(), Trap> {
        let args: Values<'static> = subtask.start(cx)?;
        let result = call_host(cx, self.info, self.func, args.as_slice())?;
        subtask.resolve(cx, &Values::of_host(Cow::Owned(result.into_iter().collect())))
    }
}

/// Calls a host function on component values, and checks its result.
pub(super) fn call_host<T>(
    cx: &mut StoreContextMut<'_, T>,
    info: &FuncInfo,
    func: &HostFunc<T>,
    args: &[Value],
) -> Result<Option<Value>, Trap> {
    let result = func(cx, args).map_err(Trap::from_host)?;
    let wrong = |what: String| TrapCause::HostResult(format!("a host function returned {what}"));
    match (info.signature.ty.result, &result) {
        (None, None) => {}
        (Some(ty), Some(value)) => type_check(&info.types, ty, value)
            .map_err(|error| wrong(format!("a value of the wrong type: {error}")))?,
        (None, Some(_)) => return Err(wrong(String::from("a value where its type has none")).into()),
        (Some(_), None) => return Err(wrong(String::from("no value where its type has one")).into()),
    }
    Ok(result)
}
