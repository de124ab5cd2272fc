//! Host functions: the block that compiled code finds as their context, and the C functions that it
//! calls.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use crate::vm::offsets;
use crate::vm::slot::ValRaw;
use crate::vm::trampoline::TrampolineKind;

use super::block::{FuncRef, FuncRefPtr};
use super::entry::HasVm;
use super::registers::{AbiParams, AbiResults};
use super::state::{Failure, VmState, VmStore};
use super::trampoline::Trampoline;

/// The context of a host function. Compiled code uses the first two fields.
#[repr(C)]
pub(crate) struct HostContext {
    store: *mut VmStore,
    /// Address of what the trampoline calls.
    code: usize,
    /// What `code` expects: a `SlotFn` or a closure.
    host: *const (),
    func_ref: FuncRef,
}

const _: () = {
    assert!(std::mem::offset_of!(HostContext, store) == offsets::HOST_STORE as usize);
    assert!(std::mem::offset_of!(HostContext, code) == offsets::HOST_CODE as usize);
};

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
    /// Creates the block of a host function `M` that takes its values in registers.
    ///
    /// # Panics
    ///
    /// Panics if the trampoline is not that of host functions with values in registers.
    pub(crate) fn on_registers<S: HasVm, M: RegisterFn<S>>(
        store: &S,
        trampoline: Trampoline,
        func: Arc<M::Func>,
    ) -> Self {
        assert!(
            trampoline.kind == TrampolineKind::HostByRegisters,
            "the kind of trampoline that the function is for"
        );
        let host = Arc::as_ptr(&func).cast();
        Self::new(store.vm(), trampoline, M::Params::code::<S, M>(), host, func)
    }

    /// Creates the block of a function on slots, `n_slots` of them.
    ///
    /// # Panics
    ///
    /// Panics if the trampoline is not that of host functions with values in slots.
    pub(crate) fn on_slots<S: HasVm, F>(store: &S, trampoline: Trampoline, n_slots: usize, func: F) -> Self
    where
        F: Fn(&mut S, &mut [ValRaw]) -> Result<(), Failure> + Send + Sync + 'static,
    {
        assert!(
            trampoline.kind == TrampolineKind::HostBySlots,
            "the kind of trampoline that the function is for"
        );
        let func = Arc::new(SlotFn { n_slots, func });
        let host = Arc::as_ptr(&func).cast();
        let code = (run_on_slots::<S, F> as *const ()).expose_provenance();
        Self::new(store.vm(), trampoline, code, host, func)
    }

    /// `host` points into `func` and is what `code` expects, which is what the trampoline calls.
    fn new(
        vm: &VmState,
        trampoline: Trampoline,
        code: usize,
        host: *const (),
        func: Arc<dyn Any + Send + Sync>,
    ) -> Self {
        let context = Box::leak(Box::new(HostContext {
            store: vm.ptr(),
            code,
            host,
            func_ref: FuncRef { code: trampoline.address, vmctx: 0, sig: trampoline.sig.0, _pad: 0 },
        }));
        context.func_ref.vmctx = (&raw mut *context).expose_provenance();
        Self { context: NonNull::from(context), _func: func }
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
        // SAFETY: a leaked box (type invariant), freed once; nothing runs any more (liveness
        // invariant).
        drop(unsafe { Box::from_raw(self.context.as_ptr()) });
    }
}

/// A host function on slots.
struct SlotFn<F> {
    n_slots: usize,
    func: F,
}

/// A host function that takes its values in registers: how a value of `Func` is run in stores `S`.
pub(crate) trait RegisterFn<S> {
    /// The function.
    type Func: Send + Sync + 'static;
    /// What crosses as its parameters.
    type Params: AbiParams;
    /// What crosses as its results.
    type Results: AbiResults;

    /// Runs the function.
    fn run(func: &Self::Func, store: &mut S, params: Self::Params) -> Result<Self::Results, Failure>;
}

/// What the trampoline of a [`SlotFn<F>`] calls.
///
/// # Safety
///
/// `context` is the context of such a host function of a store `S`, whose code runs, and `values`
/// has so many slots, filled.
unsafe extern "C" fn run_on_slots<S: HasVm, F>(context: *const HostContext, values: *mut ValRaw)
where
    F: Fn(&mut S, &mut [ValRaw]) -> Result<(), Failure>,
{
    // SAFETY: as the caller says.
    unsafe {
        let (vm, store, host) = parts::<S, SlotFn<F>>(context);
        let values = std::slice::from_raw_parts_mut(values, host.n_slots);
        if let Err(failure) = guarded(|| (host.func)(store, values)) {
            fail(vm, failure);
        }
    }
}

/// Runs a host function on the arguments that a trampoline passed in registers, and returns the
/// results as it expects them: after a failure, zeros that it ignores.
///
/// # Safety
///
/// `context` is the context of the host function `M` of a store `S`, whose code runs.
#[inline]
pub(super) unsafe fn run_on_registers<S: HasVm, M: RegisterFn<S>>(
    context: *const HostContext,
    args: M::Params,
) -> <M::Results as AbiResults>::Returned {
    // SAFETY: as the caller says; all that crosses in registers is numbers, for which zero is a
    // value.
    unsafe {
        let (vm, store, host) = parts::<S, M::Func>(context);
        match guarded(|| M::run(host, store, args)) {
            Ok(results) => results.returned(),
            Err(failure) => {
                fail(vm, failure);
                std::mem::zeroed()
            }
        }
    }
}

/// Returns the VM state, the store and the function that a context names.
///
/// # Safety
///
/// `context` is the context of a host function of a store `S`, whose code runs; what it names as
/// `host` is an `F`. The results are not used after the host function returned.
#[inline]
unsafe fn parts<'a, S: HasVm, F>(context: *const HostContext) -> (*mut VmStore, &'a mut S, &'a F) {
    // SAFETY: the context is live and its pointers are the store's (liveness invariant); `inner` is
    // the reborrow that `entry::enter` left for the time of the call, used by nobody else until we
    // return; the block keeps `host` alive.
    unsafe {
        let vm = (*context).store;
        (vm, &mut *(*vm).inner.cast::<S>(), &*(*context).host.cast::<F>())
    }
}

/// Runs host code; a panic becomes a failure.
#[inline]
fn guarded<R>(run: impl FnOnce() -> Result<R, Failure>) -> Result<R, Failure> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result,
        Err(payload) => Err(Failure::Panic(payload)),
    }
}

/// Leaves the failure in the VM state, where the trampoline looks after the call.
///
/// # Safety
///
/// `vm` is the live VM state of the store whose code called the host.
#[cold]
unsafe fn fail(vm: *mut VmStore, failure: Failure) {
    // SAFETY: the VM state is live, and no other reference to it is held.
    unsafe {
        (*vm).failure = Some(failure);
        (*vm).host_failed = 1;
    }
}
