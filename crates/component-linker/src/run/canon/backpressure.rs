//! `canon backpressure.inc` and `canon backpressure.dec`: a counter that holds asynchronous calls
//! back. Follows CanonicalABI.md, "`canon backpressure.{inc,dec}`". Synchronous calls are never
//! held back.

use super::{CoreCaller, InstanceIndex, StoreContextMut, builtin};
use crate::trap::TrapCause;

/// The counter stays below this.
const LIMIT: u32 = 1 << 16;

/// Makes the core function of `backpressure.inc` (the spec's `canon_backpressure_inc`).
pub(crate) fn backpressure_inc<T>(cx: &mut StoreContextMut<'_, T>, instance: InstanceIndex) -> jit::Func {
    jit::Func::wrap(&mut cx.core, move |caller: CoreCaller<'_, T>| {
        builtin(caller, |cx| {
            let counter = &mut cx.state_mut().instance_mut(instance).head.backpressure;
            *counter += 1;
            if *counter == LIMIT { Err(TrapCause::Backpressure.into()) } else { Ok(()) }
        })
    })
}

/// Makes the core function of `backpressure.dec` (the spec's `canon_backpressure_dec`).
pub(crate) fn backpressure_dec<T>(cx: &mut StoreContextMut<'_, T>, instance: InstanceIndex) -> jit::Func {
    jit::Func::wrap(&mut cx.core, move |caller: CoreCaller<'_, T>| {
        builtin(caller, |cx| {
            let counter = &mut cx.state_mut().instance_mut(instance).head.backpressure;
            *counter = counter.checked_sub(1).ok_or(TrapCause::Backpressure)?;
            Ok(())
        })
    })
}
