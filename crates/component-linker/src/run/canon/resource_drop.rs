//! `canon resource.drop`, and destructors. Follows CanonicalABI.md, "`canon resource.drop`".

use std::sync::Arc;

use canonical_abi::handles::{self, Dropped};
use jit::ValRaw;

use super::call::{check_enter, check_leave, with_call};
use super::{CoreCaller, InstanceIndex, ResourceIndex, StoreContextMut, builtin};
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
            match handles::resource_drop(handles, resource.runtime(), index)? {
                Dropped::Own { rep } => call_destructor(cx, resource, rep),
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
            with_call(cx, instance, |cx| Ok(dtor.call_raw(&mut cx.core, &mut slots)?))
        }
        ResourceType::Host { dtor, rust_type: _ } => {
            let dtor = Arc::clone(cx.host().dtor(dtor));
            dtor(cx, rep).map_err(Trap::from_host)
        }
        ResourceType::Undefined => Ok(()),
    }
}
