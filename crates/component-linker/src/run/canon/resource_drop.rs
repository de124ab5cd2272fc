//! `canon resource.drop`, and destructors. Follows CanonicalABI.md, "`canon resource.drop`".

use std::sync::Arc;

use canonical_abi::handles::{self, Dropped};
use jit::ValRaw;

use super::call::{call_core, check_enter, check_leave, check_return, with_call};
use super::{CoreCaller, InstanceIndex, ResourceIndex, StoreContextMut, builtin};
use crate::run::host::trap_of_host;
use crate::run::state::ResourceType;
use crate::trap::Trap;

/// Makes the core function: the index of a handle in.
pub(crate) fn resource_drop<T>(
    cx: &mut StoreContextMut<'_, T>,
    instance: InstanceIndex,
    resource: ResourceIndex,
) -> jit::Func {
    jit::Func::wrap(&mut cx.core, move |caller: CoreCaller<'_, T>, index: u32| {
        builtin(caller, |cx| {
            check_leave(cx, instance)?;
            let handles = cx.state_mut().instance_mut(instance).handles_mut();
            let dropped = handles::resource_drop(handles, resource.runtime(), index);
            match dropped.map_err(|trap| cx.state().word_handle(trap, resource.runtime(), instance))? {
                Dropped::Own { rep } => {
                    call_destructor(cx, resource, rep)?;
                    check_return(cx, instance)
                }
                Dropped::Borrow => Ok(()),
            }
        })
    })
}

/// Calls the destructor of a resource type, in the instance that implements it.
pub(crate) fn call_destructor<T>(
    cx: &mut StoreContextMut<'_, T>,
    resource: ResourceIndex,
    rep: u32,
) -> Result<(), Trap> {
    match cx.state().resource(resource) {
        ResourceType::Guest { instance, dtor } => {
            check_enter(cx, instance)?;
            let Some(dtor) = dtor else { return Ok(()) };
            let mut slots = [ValRaw::from_u64(u64::from(rep))];
            with_call(cx, instance, |cx| call_core(cx, dtor, &mut slots))
        }
        ResourceType::Host { dtor, rust_type: _ } => {
            let dtor = Arc::clone(cx.host().dtor(dtor));
            dtor(cx, rep).map_err(|error| trap_of_host(error, None))
        }
        ResourceType::Undefined => Ok(()),
    }
}
