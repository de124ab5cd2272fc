//! The canonical definitions at run time, on top of the interpreter in `canonical-abi`.
//! Follows CanonicalABI.md, "Canonical Definitions". One file per definition.
//!
//! The rest of the room knows this module by few doors: one function per canonical definition,
//! which makes its core function at instantiation; [`invoke`] and [`call_typed`], which call a
//! component function for the host; and [`call_destructor`]. Compiled adapters can take their place
//! behind the same doors. No call looks anything up by name.
//!
//! The steps of a call stand once each: [`canon_lift`](lift::canon_lift) on the side of the callee,
//! [`canon_lower`](lower::canon_lower) on that of the caller, both generic over how values pass.

mod backpressure;
mod call;
mod context;
mod guest;
mod invoke;
mod lift;
mod lower;
mod resource_drop;
mod resource_new;
mod resource_rep;
mod scratch;
mod task_return;
mod trace;
mod typed;
mod unsupported;
mod values;

use canonical_abi::{CoreFuncType, CoreType};
use jit::ValRaw;

use super::func::{Body, FuncInfo, FuncInstance, Options};
use super::host::HostFunc;
use super::state::{InstanceIndex, ResourceIndex};
use super::store::{StoreContextMut, StoreData};
use crate::trap::Trap;
use crate::typed::MAX_SLOTS;

pub(crate) use backpressure::{backpressure_dec, backpressure_inc};
pub(crate) use call::{core_trap, with_call};
pub(crate) use context::{Slot, context_get, context_set};
pub(crate) use invoke::invoke;
pub(crate) use lift::Lifted;
pub(crate) use lower::{Lowered, lower};
pub(crate) use resource_drop::{call_destructor, resource_drop};
pub(crate) use resource_new::resource_new;
pub(crate) use resource_rep::resource_rep;
pub(crate) use scratch::{Scratch, from_values, to_values};
pub(crate) use task_return::task_return;
pub use trace::CallTrace;
pub(crate) use typed::{Target, TypedClosure, TypedHostFunc, call_typed, target};
pub(crate) use unsupported::unsupported;
pub(crate) use values::Values;

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

/// Gives a call room for its core values. Few are the rule, and to clear slots that nobody needs
/// took a quarter of a short call.
#[inline]
fn with_slots<R>(n_slots: usize, call: impl FnOnce(&mut [ValRaw]) -> R) -> R {
    match n_slots {
        0..=4 => call(&mut [ValRaw::default(); 4]),
        _ => call(&mut [ValRaw::default(); MAX_SLOTS]),
    }
}

/// Returns the bits of a slot that holds an `i32`.
fn slot_u32(slot: ValRaw) -> u32 {
    let [a, b, c, d, ..] = slot.to_u64().to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
