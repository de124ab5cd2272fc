//! Call hooks: what an embedder runs whenever control passes between the host and guests.
//!
//! Calls that no hook watches cost nothing for it: a hook stands between the parts of a call that
//! are put together when a component is instantiated or a function is fetched.

use std::sync::Arc;

use canonical_abi::Value;
use jit::{HostError, ValRaw};

use super::canon::{Lowered, TypedHostFunc};
use super::func::{Body, FuncInfo};
use super::host::{HostDtor, HostFunc, trap_of_host};
use super::store::StoreContextMut;
use crate::trap::Trap;
use crate::typed::{Expected, TypeMismatch};

/// Where control passes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallHook {
    /// The host calls a function of a guest.
    CallingWasm,
    /// A function of a guest that the host called has ended, by a trap perhaps.
    ReturningFromWasm,
    /// A guest calls a function of the host.
    CallingHost,
    /// A function of the host that a guest called has ended, by an error perhaps.
    ReturningFromHost,
}

/// What an embedder runs when control passes between the host and guests.
pub(crate) type Hook<T> =
    Arc<dyn Fn(&mut StoreContextMut<'_, T>, CallHook) -> Result<(), HostError> + Send + Sync>;

const WASM: (CallHook, CallHook) = (CallHook::CallingWasm, CallHook::ReturningFromWasm);
const HOST: (CallHook, CallHook) = (CallHook::CallingHost, CallHook::ReturningFromHost);

/// Calls a guest for the host, under the hook of the store if it has one.
pub(super) fn calling_wasm<T, R>(
    cx: &mut StoreContextMut<'_, T>,
    call: impl FnOnce(&mut StoreContextMut<'_, T>) -> Result<R, Trap>,
) -> Result<R, Trap> {
    around(cx, WASM, trap, call)
}

/// Puts the hook of the store around what the host provides to guests.
pub(crate) fn watched<T: 'static>(body: Body<T>) -> Body<T> {
    match body {
        Body::Host(func) => Body::Host(watched_func(func)),
        Body::Typed(func) => Body::Typed(Arc::new(Watched(func))),
        // They are watched already, where the instance was made that they are of.
        body @ (Body::Lifted(_) | Body::Exported(_)) => body,
    }
}

fn watched_func<T: 'static>(func: HostFunc<T>) -> HostFunc<T> {
    Arc::new(move |cx, args| around(cx, HOST, std::convert::identity, |cx| func(cx, args)))
}

/// Puts the hook of the store around a destructor of the host.
pub(crate) fn watched_dtor<T: 'static>(dtor: HostDtor<T>) -> HostDtor<T> {
    Arc::new(move |cx, rep| around(cx, HOST, std::convert::identity, |cx| dtor(cx, rep)))
}

/// Runs a call between two calls of the hook, of which the second runs whatever the first call's
/// end. What the hook returns then is what counts.
fn around<T, R, E>(
    cx: &mut StoreContextMut<'_, T>,
    (before, after): (CallHook, CallHook),
    error: impl Fn(HostError) -> E,
    call: impl FnOnce(&mut StoreContextMut<'_, T>) -> Result<R, E>,
) -> Result<R, E> {
    let Some(hook) = cx.host().hook.clone() else { return call(cx) };
    hook(cx, before).map_err(&error)?;
    let result = call(cx);
    hook(cx, after).map_err(&error)?;
    result
}

fn trap(error: HostError) -> Trap {
    trap_of_host(error, None)
}

/// A function on Rust types under the hook of its store.
struct Watched<T: 'static>(Arc<dyn TypedHostFunc<T>>);

impl<T: 'static> TypedHostFunc<T> for Watched<T> {
    fn check(&self, expected: &Expected<'_>) -> Result<(), TypeMismatch> {
        self.0.check(expected)
    }

    fn call_lowered(
        &self,
        cx: &mut StoreContextMut<'_, T>,
        lowered: &Lowered,
        slots: &mut [ValRaw],
    ) -> Result<(), Trap> {
        around(cx, HOST, trap, |cx| self.0.call_lowered(cx, lowered, slots))
    }

    fn call_values(
        &self,
        cx: &mut StoreContextMut<'_, T>,
        info: &FuncInfo,
        args: &[Value],
    ) -> Result<Option<Value>, Trap> {
        around(cx, HOST, trap, |cx| self.0.call_values(cx, info, args))
    }
}
