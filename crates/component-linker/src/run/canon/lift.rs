//! `canon lift`: a core function called as a component function. Follows CanonicalABI.md,
//! "`canon lift`".
//!
//! [`canon_lift`] has the steps. Who calls, and whether values are component values or Rust values,
//! is a matter of its [`Caller`].
//!
//! Nothing waits yet: the core function runs to its end in one go. With the option `async` it hands
//! over its result by `task.return` on the way; a callback that asks to wait or to yield traps and
//! says that it is not supported yet. Since nobody else runs before the core function has ended,
//! the result goes to the caller then, not within `task.return`.

use std::sync::Arc;

use canonical_abi::{CoreFuncType, CoreType, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS};
use jit::ValRaw;

use super::call::{Running, call_core, call_without_leave, check_enter};
use super::guest::{Guest, Loans};
use super::values::{LiftValues, LowerValues, Slots};
use super::{FuncInfo, InstanceIndex, Options, StoreContextMut, slot_u32};
use crate::run::task::Returning;
use crate::trap::{TaskFault, Trap, TrapCause};
use crate::typed::FlatOut;

/// A lifted core function.
#[derive(Clone, Debug)]
pub(crate) struct Lifted {
    core_func: jit::Func,
    post_return: Option<jit::Func>,
    options: Options,
    /// Whether the component function's type is asynchronous.
    is_async_type: bool,
    /// Types of the core results.
    core_results: Vec<CoreType>,
    /// How many slots a call needs.
    pub(super) n_slots: usize,
}

/// Who calls a lifted function: the spec's `OnStart` and `OnResolve`, and how the values pass.
///
/// A caller owns what it needs but for what the host lends for the length of its call, so that the
/// callee of a component can resolve after the core function that called has gone on.
pub(super) trait Caller<T: 'static> {
    type Args: LowerValues;
    type Results: LiftValues;
    /// What is left of the results when the caller has them.
    type Output;

    /// Returns the arguments.
    fn on_start(&mut self, cx: &mut StoreContextMut<'_, T>) -> Result<Self::Args, Trap>;

    /// Takes the results. The callee's memory still has what they were lifted from.
    fn on_resolve(
        &mut self,
        cx: &mut StoreContextMut<'_, T>,
        results: Self::Results,
    ) -> Result<Self::Output, Trap>;

    /// Lowers the arguments into the callee.
    #[inline]
    fn lower_params(
        &mut self,
        guest: Guest<'_, '_, T>,
        args: Self::Args,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap> {
        let tys = &guest.info.signature.param_types;
        args.lower(guest, MAX_FLAT_PARAMS, tys, None, out)
    }

    /// Lifts the results out of the callee.
    #[inline]
    fn lift_results(&mut self, guest: Guest<'_, '_, T>, flat: Slots<'_>) -> Result<Self::Results, Trap> {
        let tys = &guest.info.signature.result_types;
        Self::Results::lift(guest, MAX_FLAT_RESULTS, tys, flat)
    }

    /// The callee's post-return function has returned.
    #[inline]
    fn post_returned(&mut self) {}

    /// Words a trap that lifting or lowering raised as calls of this kind do.
    #[inline]
    fn word(&self, trap: Trap) -> Trap {
        trap
    }
}

impl Lifted {
    /// `flat` is the type of the core function.
    pub(crate) fn new(
        info: &FuncInfo,
        flat: CoreFuncType,
        options: Options,
        core_func: jit::Func,
        post_return: Option<jit::Func>,
    ) -> Self {
        let n_slots = flat.params.len().max(flat.results.len());
        let is_async_type = info.signature.ty.is_async;
        Self { core_func, post_return, options, is_async_type, core_results: flat.results, n_slots }
    }

    /// Returns whether a call keeps others out of the instance (the spec's `needs_exclusive`).
    fn needs_exclusive(&self) -> bool {
        !self.options.abi.is_async || self.options.abi.has_callback
    }
}

/// Calls a lifted function (the spec's `canon_lift`).
#[inline]
pub(super) fn canon_lift<T, C: Caller<T>>(
    cx: &mut StoreContextMut<'_, T>,
    info: &Arc<FuncInfo>,
    lifted: &Lifted,
    caller: &mut C,
    slots: &mut [ValRaw],
) -> Result<C::Output, Trap> {
    let Lifted { core_func, options, is_async_type, .. } = lifted;
    let instance = options.instance;
    check_enter(cx, instance)?;
    if *is_async_type {
        enter_implicit_thread(cx, instance, lifted.needs_exclusive())?;
    }
    let args = caller.on_start(cx).map_err(|trap| caller.word(trap))?;
    let mut running = Running::enter(cx, instance)?;
    let scope = const { C::Args::HAS_HANDLES }.then(|| {
        let instance = running.cx.state_mut().instance_mut(instance);
        instance.handles_mut().enter_scope()
    });
    let guest = Guest::new(running.cx, info, options, scope.map_or(Loans::None, Loans::Callee));
    let lowered = caller.lower_params(guest, args, &mut FlatOut::new(slots));
    lowered.map_err(|trap| caller.word(trap))?;
    running.start();

    let results = if options.abi.is_async {
        let (info, options) = (Arc::clone(info), *options);
        let returning = Returning { info, options, scope, result: None };
        call_returning(running.cx, lifted, returning, slots)?
    } else {
        call_core(running.cx, *core_func, slots)?;
        let guest = Guest::new(running.cx, info, options, Loans::None);
        let flat = Slots { types: &lifted.core_results, slots };
        let results = caller.lift_results(guest, flat).map_err(|trap| caller.word(trap))?;
        if let Some(scope) = scope {
            running.cx.state_mut().instance_mut(instance).handles_mut().exit_scope(scope)?;
        }
        results
    };
    let output = caller.on_resolve(running.cx, results).map_err(|trap| caller.word(trap))?;
    running.resolve();

    if let Some(post_return) = lifted.post_return {
        call_without_leave(running.cx, instance, post_return, slots)?;
        caller.post_returned();
    }
    if *is_async_type {
        exit_implicit_thread(running.cx, instance, lifted.needs_exclusive());
    }
    running.exit();
    Ok(output)
}

/// Calls a core function that hands over its result by `task.return`, and returns that result.
fn call_returning<T, R: LiftValues>(
    cx: &mut StoreContextMut<'_, T>,
    lifted: &Lifted,
    returning: Returning,
    slots: &mut [ValRaw],
) -> Result<R, Trap> {
    cx.state_mut().tasks.current_mut().returning = Some(Box::new(returning));
    call_core(cx, lifted.core_func, slots)?;
    if lifted.options.abi.has_callback {
        check_exits(slot_u32(slots[0]))?;
    }
    let returning = cx.state_mut().tasks.current_mut().returning.take();
    let Returning { info, result, .. } = *returning.expect("set when the call began");
    let result = result.ok_or(TrapCause::Task(TaskFault::NotReturned))?;
    R::from_result(result, &info, cx.state())
}

/// Lets a call of a function of asynchronous type into an instance (the spec's
/// `Task.enter_implicit_thread`).
fn enter_implicit_thread<T>(
    cx: &mut StoreContextMut<'_, T>,
    instance: InstanceIndex,
    needs_exclusive: bool,
) -> Result<(), Trap> {
    let head = &mut cx.state_mut().instance_mut(instance).head;
    if head.backpressure > 0 || (needs_exclusive && head.is_exclusive) {
        return Err(TrapCause::Unsupported(String::from("a call that waits to enter an instance")).into());
    }
    head.is_exclusive |= needs_exclusive;
    Ok(())
}

/// Ends what [`enter_implicit_thread`] began. After a trap nobody enters the instance again.
fn exit_implicit_thread<T>(cx: &mut StoreContextMut<'_, T>, instance: InstanceIndex, needs_exclusive: bool) {
    if needs_exclusive {
        cx.state_mut().instance_mut(instance).head.is_exclusive = false;
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
