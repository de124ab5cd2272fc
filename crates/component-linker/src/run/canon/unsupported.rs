//! Built-ins that are not supported yet: functions that trap when called, so that a component that
//! defines but never calls them works. They do check that the instance may be left, as all of them
//! would.

use super::call::check_leave;
use super::{CoreCaller, InstanceIndex, StoreContextMut, builtin};
use crate::trap::TrapCause;

/// Makes a core function of the type that its user expects.
pub(crate) fn unsupported<T>(
    cx: &mut StoreContextMut<'_, T>,
    instance: InstanceIndex,
    what: &str,
    ty: jit::FuncType,
) -> jit::Func {
    let what = String::from(what);
    let call = move |caller: CoreCaller<'_, T>, _: &[jit::Val], _: &mut [jit::Val]| {
        builtin(caller, |cx| {
            check_leave(cx, instance)?;
            Err(TrapCause::Unsupported(what.clone()).into())
        })
    };
    jit::Func::new(&mut cx.core, ty, call)
}
