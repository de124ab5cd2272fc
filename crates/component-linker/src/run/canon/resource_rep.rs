//! `canon resource.rep`. Follows CanonicalABI.md, "`canon resource.rep`".

use canonical_abi::handles;

use super::{CoreCaller, InstanceIndex, ResourceIndex, StoreContextMut, builtin};

/// Makes the core function: the index of a handle in, its representation out.
pub(crate) fn resource_rep<T>(
    cx: &mut StoreContextMut<'_, T>,
    instance: InstanceIndex,
    resource: ResourceIndex,
) -> jit::Func {
    jit::Func::wrap(&mut cx.core, move |caller: CoreCaller<'_, T>, index: u32| {
        builtin(caller, |cx| {
            let handles = cx.state().instance(instance).handles();
            Ok(handles::resource_rep(handles, resource.runtime(), index)?)
        })
    })
}
