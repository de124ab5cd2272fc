//! Host functions: the block that compiled code finds as their context, and the shim it calls.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use super::block::{FuncRef, FuncRefPtr};
use super::state::{Failure, VmState, VmStore};
use super::value::{ValRaw, val_from_raw, val_to_raw};
use crate::engine::Trampolines;
use crate::error::Error;
use crate::exception;
use crate::store::{Caller, StoreInner};
use crate::trap::HostError;
use crate::types::FuncType;
use crate::value::Val;

/// A host function of a store with data `T`.
pub(crate) struct HostFn<T: 'static> {
    pub(crate) ty: FuncType,
    #[expect(clippy::type_complexity, reason = "spelt out once, where it is stored")]
    pub(crate) func: Box<dyn Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), HostError> + Send + Sync>,
}

/// The context of a host function. Compiled code uses the first three fields.
#[repr(C)]
struct HostContext {
    store: *mut VmStore,
    /// Address of a `shim::<T>`.
    shim: usize,
    /// Address of `unwind::throw_ref`.
    throw: usize,
    /// The `HostFn<T>` of the same `T`.
    host: *const (),
    func_ref: FuncRef,
}

/// The status of a host function that failed.
const FAILED: u64 = 1;

/// Field offsets that compiled code uses.
pub(crate) mod offsets {
    pub(crate) const HOST_STORE: i32 = 0;
    pub(crate) const HOST_SHIM: i32 = 8;
    pub(crate) const HOST_THROW: i32 = 16;
    pub(crate) const HOST_FAILED: i64 = super::FAILED.cast_signed();
    const _: () = assert!(std::mem::offset_of!(super::HostContext, store) == 0);
    const _: () = assert!(std::mem::offset_of!(super::HostContext, shim) == 8);
    const _: () = assert!(std::mem::offset_of!(super::HostContext, throw) == 16);
}

/// Owner of a host function and its context.
///
/// Invariant: `context` is a leaked box freed by drop; its `host` points into `_func`.
pub(crate) struct HostBlock {
    context: NonNull<HostContext>,
    _func: Arc<dyn Any + Send + Sync>,
}

// SAFETY: the context is written once, in `new`, and points to things of the same store.
unsafe impl Send for HostBlock {}
// SAFETY: as for `Send`.
unsafe impl Sync for HostBlock {}

impl HostBlock {
    /// Creates the block of `func` in a store with VM state `vm`, whose data is of type `T`.
    pub(crate) fn new<T: 'static>(vm: &VmState, trampolines: &Trampolines, func: HostFn<T>) -> Self {
        let func = Arc::new(func);
        let at = Arc::as_ptr(&func).cast();
        Self::with_shim(vm, trampolines, (shim::<T> as *const ()).expose_provenance(), at, func)
    }

    /// `host` points into `func` and is what the shim expects.
    fn with_shim(
        vm: &VmState,
        trampolines: &Trampolines,
        shim: usize,
        host: *const (),
        func: Arc<dyn Any + Send + Sync>,
    ) -> Self {
        let context = Box::leak(Box::new(HostContext {
            store: vm.ptr(),
            shim,
            throw: (super::unwind::throw_ref as *const ()).expose_provenance(),
            host,
            func_ref: FuncRef { code: trampolines.host(), vmctx: 0, sig: trampolines.sig.0, _pad: 0 },
        }));
        context.func_ref.vmctx = (&raw mut *context).expose_provenance();
        Self { context: NonNull::from(context), _func: func }
    }

    /// Creates the block of a function on bare slots, `n_slots` of them, in a store with VM state `vm`, whose data is
    /// of type `T`.
    pub(crate) fn on_slots<T: 'static, F>(vm: &VmState, trampolines: &Trampolines, func: F) -> Self
    where
        F: Fn(Caller<'_, T>, &mut [ValRaw]) -> Result<(), HostError> + Send + Sync + 'static,
    {
        let host = Arc::new(SlotFn { n_slots: trampolines.n_slots, func });
        let at = Arc::as_ptr(&host).cast();
        Self::with_shim(vm, trampolines, (slot_shim::<T, F> as *const ()).expose_provenance(), at, host)
    }

    /// Returns the function reference of the host function.
    pub(crate) fn func_ref(&self) -> FuncRefPtr {
        // SAFETY: the context is live (type invariant), so that its field has an address.
        let func_ref = unsafe { &raw mut (*self.context.as_ptr()).func_ref };
        FuncRefPtr::from_ref(NonNull::new(func_ref).expect("a field of a live box is not at null"))
    }
}

impl Drop for HostBlock {
    fn drop(&mut self) {
        // SAFETY: a leaked box (type invariant), freed once; nothing runs any more (liveness invariant).
        drop(unsafe { Box::from_raw(self.context.as_ptr()) });
    }
}

/// What a host trampoline calls: runs the closure over the value slots; zero for success, `FAILED` after a
/// failure, which then waits in the VM state, and more for an exception: the sum with its word.
///
/// # Safety
///
/// `context` is the context of a host function of a store with data `T`, whose code runs, and `values`
/// has a slot for every parameter and every result.
unsafe extern "C" fn shim<T: 'static>(context: *const HostContext, values: *mut ValRaw) -> u64 {
    // SAFETY: the context is live and its pointers are the store's (liveness invariant); `inner` is the
    // reborrow that `entry::call` left for the time of the call, used by nobody else until we return;
    // `host` is a `HostFn<T>` kept alive by the block.
    let (vm, inner, host) = unsafe {
        let vm = (*context).store;
        (vm, &mut *(*vm).inner.cast::<StoreInner<T>>(), &*(*context).host.cast::<HostFn<T>>())
    };
    let n_slots = host.ty.params.len().max(host.ty.results.len());
    // SAFETY: the trampoline of this signature reserves so many slots on its frame and has filled those
    // of the parameters; the others may be uninitialised, and are zeroed by it.
    let values = unsafe { std::slice::from_raw_parts_mut(values, n_slots) };
    // SAFETY: the VM state is live, and `inner` is of the running call.
    unsafe { finish(vm, inner, |inner| invoke(inner, host, values)) }
}

/// A host function on bare slots.
struct SlotFn<F> {
    n_slots: usize,
    func: F,
}

/// As [`shim`], for a [`SlotFn<F>`].
///
/// # Safety
///
/// As for [`shim`].
unsafe extern "C" fn slot_shim<T: 'static, F>(context: *const HostContext, values: *mut ValRaw) -> u64
where
    F: Fn(Caller<'_, T>, &mut [ValRaw]) -> Result<(), HostError>,
{
    // SAFETY: as in `shim`; `host` is a `SlotFn<F>` kept alive by the block, and the trampoline has reserved and filled
    // so many slots.
    unsafe {
        let vm = (*context).store;
        let (inner, host) =
            (&mut *(*vm).inner.cast::<StoreInner<T>>(), &*(*context).host.cast::<SlotFn<F>>());
        let values = std::slice::from_raw_parts_mut(values, host.n_slots);
        finish(vm, inner, |inner| (host.func)(Caller::new(inner), values))
    }
}

/// Runs a host function and returns the status of it.
///
/// # Safety
///
/// `vm` is the live VM state of the store `inner`, whose code called the host.
#[inline]
unsafe fn finish<T: 'static>(
    vm: *mut VmStore,
    inner: &mut StoreInner<T>,
    run: impl FnOnce(&mut StoreInner<T>) -> Result<(), HostError>,
) -> u64 {
    let failure = match catch_unwind(AssertUnwindSafe(|| run(inner))) {
        Ok(Ok(())) => return 0,
        Ok(Err(error)) => match exception::rethrown(&mut inner.opaque, error) {
            Ok(word) => return FAILED + word,
            Err(error) => Failure::Error(error),
        },
        Err(payload) => Failure::Panic(payload),
    };
    // SAFETY: the VM state is live; `inner` is not used any more.
    unsafe { (*vm).failure = Some(failure) };
    FAILED
}

fn invoke<T: 'static>(
    store: &mut StoreInner<T>,
    host: &HostFn<T>,
    values: &mut [ValRaw],
) -> Result<(), HostError> {
    let HostFn { ty, func } = host;
    let mut vals = store.opaque.take_scratch();
    vals.extend(ty.params.iter().zip(&*values).map(|(&ty, &raw)| val_from_raw(&store.opaque, raw, ty)));
    vals.extend(ty.results.iter().map(|&ty| Val::default_for(ty)));
    let (params, results) = vals.split_at_mut(ty.params.len());
    func(Caller::new(store), params, results)?;
    for ((slot, val), &ty) in values.iter_mut().zip(&*results).zip(&ty.results) {
        if !val.is_of(&store.opaque, ty) {
            let message = format!("host function returned {} instead of {ty}", val.ty());
            return Err(Error::type_mismatch(message).into());
        }
        *slot = val_to_raw(&store.opaque, val);
    }
    store.opaque.put_scratch(vals);
    Ok(())
}
