//! `canon resource.new`. Follows CanonicalABI.md, "`canon resource.new`".

use canonical_abi::handles;

use super::{check_leave, host_func, i32_func_type, i32_param};
use crate::store::{InstanceIndex, ResourceIndex, StoreContextMut};

/// Makes the core function: a representation in, the index of a new owned handle out.
pub(crate) fn resource_new<T>(
    cx: &mut StoreContextMut<'_, T>,
    instance: InstanceIndex,
    resource: ResourceIndex,
) -> jit::Func {
    host_func(cx, i32_func_type(1, 1), move |cx, params, results| {
        check_leave(cx, instance)?;
        let add = |table: &mut _| handles::resource_new(table, resource.runtime(), i32_param(params));
        let index = cx.state_mut().add_handle(instance, add)?;
        results[0] = jit::Val::I32(index.cast_signed());
        Ok(())
    })
}
