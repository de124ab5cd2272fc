//! Component functions called by the host with component values.

use std::borrow::Cow;

use canonical_abi::Value;

use super::guest::Guest;
use super::lift::{Caller, canon_lift};
use super::lower::call_host;
use super::trace::CallTrace;
use super::values::{Slots, Values};
use super::{Body, FuncInstance, StoreContextMut, with_slots};
use crate::trap::Trap;
use crate::typed::FlatOut;

/// Calls a component function. The arguments are of its type. A `trace` is filled in, if there is
/// one.
pub(crate) fn invoke<T>(
    cx: &mut StoreContextMut<'_, T>,
    func: &FuncInstance<T>,
    args: &[Value],
    trace: Option<&mut CallTrace>,
) -> Result<Option<Value>, Trap> {
    let info = &func.info;
    match &func.body {
        Body::Lifted(lifted) => with_slots(lifted.n_slots, |slots| match trace {
            None => canon_lift(cx, info, lifted, &mut HostCaller { args }, slots),
            Some(trace) => canon_lift(cx, info, lifted, &mut TracedCaller { args, trace }, slots),
        }),
        Body::Host(host) => call_host(cx, info, host, args),
        Body::Typed(host) => host.call_values(cx, info, args),
        Body::Exported(callee) => invoke(cx, callee, args, trace),
    }
}

/// The host as a caller with component values.
struct HostCaller<'v> {
    args: &'v [Value],
}

impl<'v, T: 'static> Caller<T> for HostCaller<'v> {
    type Args = Values<'v>;
    type Results = Values<'static>;
    type Output = Option<Value>;

    fn on_start(&mut self, _: &mut StoreContextMut<'_, T>) -> Result<Values<'v>, Trap> {
        Ok(Values::of_host(self.args))
    }

    fn on_resolve(
        &mut self,
        _: &mut StoreContextMut<'_, T>,
        results: Values<'static>,
    ) -> Result<Option<Value>, Trap> {
        Ok(results.into_result())
    }
}

/// The host as a caller that wants to know what lowering and lifting do.
struct TracedCaller<'v, 't> {
    args: &'v [Value],
    trace: &'t mut CallTrace,
}

impl<'v, T: 'static> Caller<T> for TracedCaller<'v, '_> {
    type Args = Values<'v>;
    type Results = Values<'static>;
    type Output = Option<Value>;

    fn on_start(&mut self, _: &mut StoreContextMut<'_, T>) -> Result<Values<'v>, Trap> {
        Ok(Values::of_host(self.args))
    }

    fn on_resolve(
        &mut self,
        _: &mut StoreContextMut<'_, T>,
        results: Values<'static>,
    ) -> Result<Option<Value>, Trap> {
        Ok(results.into_result())
    }

    fn lower_params(
        &mut self,
        mut guest: Guest<'_, '_, T>,
        args: Values<'v>,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap> {
        let params = &guest.info.signature.ty.params;
        for value in self.trace.lower_params(&mut guest.context(), args.as_slice(), params)? {
            out.push(value.bits());
        }
        Ok(())
    }

    fn lift_results(
        &mut self,
        mut guest: Guest<'_, '_, T>,
        flat: Slots<'_>,
    ) -> Result<Values<'static>, Trap> {
        let result = guest.info.signature.ty.result;
        let values = self.trace.lift_results(&mut guest.context(), &flat.core_values(), result)?;
        Ok(Values::of_host(Cow::Owned(values)))
    }

    fn post_returned(&mut self) {
        self.trace.post_returned = true;
    }
}
