//! `canon resource.new`. Follows CanonicalABI.md, "`canon resource.new`".

use canonical_abi::handles;

use super::call::check_leave;
use super::{CoreCaller, InstanceIndex, ResourceIndex, StoreContextMut, builtin};

/// Makes the core function: a representation in, the index of a new owned handle out.
pub(crate) fn resource_new<T>(
    cx: &mut StoreContextMut<'_, T>,
    instance: InstanceIndex,
    resource: ResourceIndex,
) -> jit::Func {
    jit::Func::wrap(&mut cx.core, move |caller: CoreCaller<'_, T>, rep: u32| {
        builtin(caller, |cx| {
            check_leave(cx, instance)?;
            let add = |table: &mut _| handles::resource_new(table, resource.runtime(), rep);
            cx.add_handle(instance, add)
        })
    })
}
