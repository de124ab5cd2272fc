//! `canon resource.rep`. Follows CanonicalABI.md, "`canon resource.rep`".

use canonical_abi::handles;

use super::{host_func, i32_func_type, i32_param};
use crate::store::{InstanceIndex, ResourceIndex, StoreContextMut};

/// Makes the core function: the index of a handle in, its representation out.
pub(crate) fn resource_rep<T>(
    cx: &mut StoreContextMut<'_, T>,
    instance: InstanceIndex,
    resource: ResourceIndex,
) -> jit::Func {
    host_func(cx, i32_func_type(1, 1), move |cx, params, results| {
        let handles = &cx.state().instance(instance).handles;
        let rep = handles::resource_rep(handles, resource.runtime(), i32_param(params))?;
        results[0] = jit::Val::I32(rep.cast_signed());
        Ok(())
    })
}
