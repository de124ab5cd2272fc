//! `canon resource.drop`, and destructors. Follows CanonicalABI.md, "`canon resource.drop`".

use std::sync::Arc;

use canonical_abi::handles::{self, Dropped};

use super::{check_enter, check_leave, host_func, i32_func_type, i32_param, with_task};
use crate::store::{InstanceIndex, ResourceIndex, ResourceType, StoreContextMut};
use crate::trap::Trap;

/// Makes the core function: the index of a handle in.
pub(crate) fn resource_drop<T>(
    cx: &mut StoreContextMut<'_, T>,
    instance: InstanceIndex,
    resource: ResourceIndex,
) -> jit::Func {
    host_func(cx, i32_func_type(1, 0), move |cx, params, _| {
        check_leave(cx, instance)?;
        let handles = &mut cx.state_mut().instance_mut(instance).handles;
        match handles::resource_drop(handles, resource.runtime(), i32_param(params))? {
            Dropped::Own { rep } => call_destructor(cx, resource, rep),
            Dropped::Borrow => Ok(()),
        }
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
            let (instance, dtor) = (*instance, *dtor);
            check_enter(cx, instance)?;
            let Some(dtor) = dtor else { return Ok(()) };
            with_task(cx, instance, |cx| {
                Ok(dtor.call(&mut cx.core, &[jit::Val::I32(rep.cast_signed())], &mut [])?)
            })
        }
        ResourceType::Host { dtor, rust_type: _ } => {
            let dtor = Arc::clone(dtor);
            dtor(cx, rep).map_err(Trap::from_host)
        }
        ResourceType::Undefined => Ok(()),
    }
}
