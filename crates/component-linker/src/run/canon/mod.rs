//! The canonical definitions at run time, on top of the interpreter in `canonical-abi`.
//! Follows CanonicalABI.md, "Canonical Definitions". One file per definition.
//!
//! The rest of the crate knows this module by few doors: one function per canonical definition, which makes its core
//! function at instantiation; [`FuncInstance`], a component function; and [`invoke`], which calls one. Compiled
//! adapters can take their place behind the same doors. No call looks anything up by name.

mod backpressure;
mod context;
mod guest;
mod lift;
mod lift_async;
mod lower;
mod resource_drop;
mod resource_new;
mod resource_rep;
mod scratch;
mod task_return;
mod trace;
mod typed;
mod unsupported;

use std::borrow::Cow;
use std::sync::Arc;

use canonical_abi::{
    CoreFuncType, CoreType, CoreValue, ResourceId, StringEncoding, Types, Value, type_check,
};

use jit::ValRaw;

use crate::func_type::Signature;
use crate::limits::LimitKind;
use crate::run::host::HostFunc;
use crate::run::store::{InstanceIndex, ResourceIndex, StoreContextMut, StoreData, Task};
use crate::trap::{Trap, TrapCause};
use crate::typed::MAX_SLOTS;

pub(crate) use backpressure::{backpressure_dec, backpressure_inc};
pub(crate) use context::{Slot, context_get, context_set};
pub(crate) use lift::Lifted;
pub(crate) use lower::lower;
pub(crate) use resource_drop::{call_destructor, resource_drop};
pub(crate) use resource_new::resource_new;
pub(crate) use resource_rep::resource_rep;
pub(crate) use scratch::{Scratch, from_values, to_values};
pub(crate) use task_return::task_return;
pub use trace::CallTrace;
pub(crate) use typed::{Target, TypedClosure, TypedHostFunc, call_typed, target};
pub(crate) use unsupported::unsupported;

/// A component function of a store.
pub(crate) struct FuncInstance<T: 'static> {
    pub(crate) info: Arc<FuncInfo>,
    pub(crate) body: Body<T>,
}

/// A function's type, with what its ids name.
#[derive(Debug)]
pub(crate) struct FuncInfo {
    pub(crate) types: Arc<Types>,
    pub(crate) signature: Arc<Signature>,
    /// The store's resource types by [`ResourceId`].
    pub(crate) resources: Arc<[ResourceIndex]>,
}

pub(crate) enum Body<T: 'static> {
    Lifted(Lifted),
    Host(HostFunc<T>),
    Typed(Arc<dyn TypedHostFunc<T>>),
    /// A function of another component, whose types are equal and whose ids are not.
    Exported(Arc<FuncInstance<T>>),
}

/// The canonical options at run time, and the instance they belong to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) abi: canonical_abi::Options,
    pub(crate) memory: Option<jit::Memory>,
    pub(crate) realloc: Option<jit::Func>,
    pub(crate) instance: InstanceIndex,
}

/// The core function of a canonical definition.
#[derive(Clone, Debug)]
pub(crate) enum BuiltinFunc {
    Func(jit::Func),
    /// Made by [`unsupported`] where it is used, with the type that is expected there.
    Unsupported {
        instance: InstanceIndex,
        what: String,
    },
}

/// Who calls a component function.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Caller {
    Host,
    /// A component, whose strings are in this encoding.
    Component(StringEncoding),
}

impl Caller {
    /// Words a trap that lifting or lowering raised as calls of this kind do.
    fn word(self, trap: Trap) -> Trap {
        match self {
            Self::Host => trap,
            Self::Component(_) => trap.between_components(),
        }
    }
}

impl FuncInfo {
    /// Returns the store's resource type for one that the function's type names.
    pub(crate) fn resource(&self, id: ResourceId) -> ResourceIndex {
        self.resources[id.0 as usize]
    }
}

/// Calls a component function: takes the arguments from `on_start`, gives the result to `on_resolve`, and returns
/// what that returns (the spec's `OnStart` and `OnResolve`). A `trace` is filled in, if there is one. The callee's post-return function runs after
/// `on_resolve`, so that the result's memory is still there.
pub(crate) fn invoke<'v, T, R>(
    cx: &mut StoreContextMut<'_, T>,
    func: &FuncInstance<T>,
    caller: Caller,
    trace: Option<&mut CallTrace>,
    on_start: impl FnOnce(&mut StoreContextMut<'_, T>) -> Result<Cow<'v, [Value]>, Trap>,
    on_resolve: impl FnOnce(&mut StoreContextMut<'_, T>, Option<Value>) -> Result<R, Trap>,
) -> Result<R, Trap> {
    match &func.body {
        Body::Lifted(lifted) if lifted.options.abi.is_async => {
            lift_async::canon_lift_async(cx, &func.info, lifted, caller, trace, on_start, on_resolve)
        }
        Body::Lifted(lifted) => lift::canon_lift(cx, &func.info, lifted, caller, trace, on_start, on_resolve),
        Body::Host(host) => {
            let args = on_start(cx)?;
            let result = host(cx, &args).map_err(Trap::from_host)?;
            check_host_result(&func.info, result.as_ref())?;
            on_resolve(cx, result)
        }
        Body::Typed(host) => {
            let args = on_start(cx)?;
            let result = host.call_values(cx, &func.info, &args)?;
            on_resolve(cx, result)
        }
        Body::Exported(callee) => invoke(cx, callee, caller, trace, on_start, on_resolve),
    }
}

fn check_host_result(info: &FuncInfo, result: Option<&Value>) -> Result<(), Trap> {
    let wrong = |what: String| TrapCause::HostResult(format!("a host function returned {what}"));
    match (info.signature.ty.result, result) {
        (None, None) => Ok(()),
        (Some(ty), Some(value)) => type_check(&info.types, ty, value)
            .map_err(|error| wrong(format!("a value of the wrong type: {error}")).into()),
        (None, Some(_)) => Err(wrong(String::from("a value where its type has none")).into()),
        (Some(_), None) => Err(wrong(String::from("no value where its type has one")).into()),
    }
}

/// Checks that an instance can be entered. Recursion between instances is allowed; the core stack bounds it.
fn check_enter<T>(cx: &StoreContextMut<'_, T>, instance: InstanceIndex) -> Result<(), Trap> {
    match cx.state().instance(instance).poisoned {
        true => Err(canonical_abi::Trap::CannotEnter.into()),
        false => Ok(()),
    }
}

/// Checks that an instance can be left (the spec's `may_leave`).
fn check_leave<T>(cx: &StoreContextMut<'_, T>, instance: InstanceIndex) -> Result<(), Trap> {
    match cx.state().instance(instance).may_leave {
        true => Ok(()),
        false => Err(canonical_abi::Trap::CannotLeave.into()),
    }
}

/// Runs `body` as a call into an instance. A trap that passes through poisons the instance, and so does a panic of a
/// host function.
pub(crate) fn with_task<T, R>(
    cx: &mut StoreContextMut<'_, T>,
    instance: InstanceIndex,
    body: impl FnOnce(&mut StoreContextMut<'_, T>) -> Result<R, Trap>,
) -> Result<R, Trap> {
    let state = cx.state_mut();
    LimitKind::CallDepth.check(state.tasks.len() as u64 + 1, state.limits.max_call_depth)?;
    state.tasks.push(Task { storage: [0; 2], returning: None });
    let mut entered = Entered { cx, instance, returned: false };
    let result = body(entered.cx);
    entered.returned = result.is_ok();
    result
}

/// A call in progress. Ends it when dropped.
struct Entered<'a, 'c, T: 'static> {
    cx: &'a mut StoreContextMut<'c, T>,
    instance: InstanceIndex,
    returned: bool,
}

impl<T> Drop for Entered<'_, '_, T> {
    fn drop(&mut self) {
        let state = self.cx.state_mut();
        state.tasks.pop();
        if !self.returned {
            state.instance_mut(self.instance).poisoned = true;
        }
    }
}

/// Calls a core function that must not leave its instance: `realloc` or `post-return`.
#[inline]
fn call_without_leave<T>(
    cx: &mut StoreContextMut<'_, T>,
    instance: InstanceIndex,
    func: jit::Func,
    slots: &mut [ValRaw],
) -> Result<(), Trap> {
    cx.state_mut().instance_mut(instance).may_leave = false;
    func.call_raw(&mut cx.core, slots)?;
    cx.state_mut().instance_mut(instance).may_leave = true;
    Ok(())
}

/// What the core function of a built-in gets of the store.
type CoreCaller<'a, T> = jit::Caller<'a, StoreData<T>>;

/// Runs a built-in for core code.
#[inline]
fn builtin<T, R>(
    mut caller: CoreCaller<'_, T>,
    run: impl FnOnce(&mut StoreContextMut<'_, T>) -> Result<R, Trap>,
) -> Result<R, jit::HostError> {
    let mut cx = StoreContextMut { core: jit::AsContextMut::as_context_mut(&mut caller) };
    run(&mut cx).map_err(|trap| Box::new(trap) as jit::HostError)
}

/// Makes a core function of a type that the component's types say, on slots.
fn flat_func<T: 'static>(
    cx: &mut StoreContextMut<'_, T>,
    ty: &CoreFuncType,
    run: impl Fn(&mut StoreContextMut<'_, T>, &mut [ValRaw]) -> Result<(), Trap> + Send + Sync + 'static,
) -> jit::Func {
    let call = move |caller: CoreCaller<'_, T>, slots: &mut [ValRaw]| builtin(caller, |cx| run(cx, slots));
    jit::Func::new_raw(&mut cx.core, &core_func_type(ty), call)
}

/// Returns the flattened type as a core function type.
pub(crate) fn core_func_type(ty: &CoreFuncType) -> jit::FuncType {
    let types = |types: &[CoreType]| types.iter().map(|ty| core_type(*ty)).collect::<Vec<_>>();
    jit::FuncType::new(types(&ty.params), types(&ty.results))
}

fn core_type(ty: CoreType) -> jit::ValType {
    match ty {
        CoreType::I32 => jit::ValType::I32,
        CoreType::I64 => jit::ValType::I64,
        CoreType::F32 => jit::ValType::F32,
        CoreType::F64 => jit::ValType::F64,
    }
}

/// Gives a call room for its core values. Few are the rule, and to clear slots that nobody needs took a quarter of a short
/// call.
#[inline]
fn with_slots<R>(n_slots: usize, call: impl FnOnce(&mut [ValRaw]) -> R) -> R {
    match n_slots {
        0..=4 => call(&mut [ValRaw::default(); 4]),
        _ => call(&mut [ValRaw::default(); MAX_SLOTS]),
    }
}

/// Puts core values into the first of the slots.
fn to_slots(values: &[CoreValue], slots: &mut [ValRaw]) {
    for (slot, value) in slots.iter_mut().zip(values) {
        *slot = ValRaw::from_u64(value.bits());
    }
}

/// Returns the core values of these types in the first of the slots.
fn from_slots(types: &[CoreType], slots: &[ValRaw]) -> Vec<CoreValue> {
    types.iter().zip(slots).map(|(ty, slot)| CoreValue::from_bits(*ty, slot.to_u64())).collect()
}

/// Returns the bits of a slot that holds an `i32`.
fn slot_u32(slot: ValRaw) -> u32 {
    let [a, b, c, d, ..] = slot.to_u64().to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
