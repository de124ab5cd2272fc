//! Entering compiled code, and leaving it by return or trap.
//!
//! The host enters through the entry trampoline of the function's signature, which records where to
//! continue after a trap (`translate::trampoline`). A trap is a signal whose handler continues
//! there, so that wasm frames vanish at once; frames of the host between two activations are left by
//! ordinary returns, because every host function is a call of its own with its own entry beneath.

use std::arch::asm;
use std::cell::Cell;
use std::ptr;

use crate::embed::exception::{exception, index_of};
use crate::embed::store::{StoreInner, StoreOpaque};
use crate::embed::trap::{Backtrace, Trap, TrapKind, kind_of_code};
use crate::rt::SlotCall;
use crate::vm::slot::ValRaw;

use super::block::FuncRefPtr;
use super::state::{Activation, Failure, VmStore, find_code};

/// A trampoline of [`Kind::EnterBySlots`]: function reference, VM state, slots (arguments in, results out).
type Entry = unsafe extern "C" fn(u64, *mut VmStore, *mut ValRaw);

thread_local! {
    /// The VM state whose code runs on this thread, for the signal handler; null when none does.
    static CURRENT: Cell<*mut VmStore> = const { Cell::new(ptr::null_mut()) };
}

/// Returns the VM state whose code runs on this thread, or null. Signal-safe: a constant-initialised
/// thread-local without destructor is a plain memory access.
pub(super) fn current() -> *mut VmStore {
    CURRENT.get()
}

/// Calls `func` with the arguments in `values`, which then holds the results.
///
/// # Panics
///
/// Panics with the payload of a host function that panicked. Panics if the call is of another signature, and if there
/// are too few slots.
pub(crate) fn call<T: 'static>(
    store: &mut StoreInner<T>,
    func: FuncRefPtr,
    call: SlotCall,
    values: &mut [ValRaw],
) -> Result<(), Trap> {
    let SlotCall { entry, sig, n_slots, is_numeric: _ } = call;
    assert!(values.len() >= n_slots, "a slot for every parameter and result");
    assert!(func.sig() == sig, "the entry is that of the function's signature");
    let slots = values.as_mut_ptr();
    // SAFETY: the address is that of a trampoline of this kind (`SlotCall`'s invariant) with the
    // signature of `func` (asserted), and `values` has the slots it uses (asserted).
    unsafe {
        enter(store, |vm| {
            let entry: Entry = std::mem::transmute(ptr::with_exposed_provenance::<()>(entry));
            entry(func.address(), vm, slots);
        })
    }
}

/// Makes the store's state that of the running activation, calls `f` with it, and returns its value, or the trap that
/// stopped the compiled code.
///
/// # Panics
///
/// Panics with the payload of a host function that panicked.
///
/// # Safety
///
/// `f` does nothing but to call an entry trampoline, which returns after a trap too.
#[inline]
pub(super) unsafe fn enter<T: 'static, R>(
    store: &mut StoreInner<T>,
    f: impl FnOnce(*mut VmStore) -> R,
) -> Result<R, Trap> {
    let vm = store.opaque.vm().ptr();
    let max_stack = store.opaque.engine().config().max_wasm_stack_bytes();
    let here = stack_address();
    let outer_vm = CURRENT.get();
    // SAFETY: both point to VM states that are alive, as this call is nested in theirs or they are ours. The store's
    // pointers are derived from `store`, which is not used until the call is over.
    let (result, trapped) = unsafe {
        let suspended = if (*vm).entry_fp == 0 { None } else { Some(suspend(vm)) };
        // The outermost entry of the thread sets the limit; a nested one keeps it, even in another store.
        (*vm).stack_limit =
            if outer_vm.is_null() { here.saturating_sub(max_stack) } else { (*outer_vm).stack_limit };
        let inner = ptr::from_mut(store);
        (*vm).opaque = &raw mut (*inner).opaque;
        (*vm).inner = inner.cast();
        (*vm).prev = suspended.as_ref().map_or(ptr::null(), |suspended| suspended);
        CURRENT.set(vm);
        let result = f(vm);
        CURRENT.set(outer_vm);
        match &suspended {
            Some(suspended) => resume(vm, suspended),
            None => {
                (*vm).entry_fp = 0;
                (*vm).opaque = ptr::null_mut();
                (*vm).inner = ptr::null_mut();
            }
        }
        (result, (*vm).trap_code.is_some())
    };
    if trapped { Err(take_trap(&mut store.opaque)) } else { Ok(result) }
}

/// Returns the stack pointer. The address of a local variable would not do: with AddressSanitizer those may lie elsewhere.
#[inline]
fn stack_address() -> usize {
    let pointer: usize;
    // SAFETY: the instruction reads a register and nothing else.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        asm!("mov {}, rsp", out(reg) pointer, options(nomem, nostack, preserves_flags));
        #[cfg(target_arch = "aarch64")]
        asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    pointer
}

/// Copies what the VM state says of the running activation.
///
/// # Safety
///
/// `vm` is alive.
unsafe fn suspend(vm: *mut VmStore) -> Activation {
    // SAFETY: alive as the caller says; no reference to the state is held across this read.
    let vm = unsafe { &*vm };
    Activation {
        exit_fp: vm.exit_fp,
        entry_fp: vm.entry_fp,
        entry_sp: vm.entry_sp,
        handler_pc: vm.handler_pc,
        stack_limit: vm.stack_limit,
        opaque: vm.opaque,
        inner: vm.inner,
        prev: vm.prev,
    }
}

/// Puts back what `suspend` copied.
///
/// # Safety
///
/// `vm` is alive and no compiled code of it runs above the suspended activation.
unsafe fn resume(vm: *mut VmStore, suspended: &Activation) {
    // SAFETY: alive as the caller says; no other reference to the state is held.
    let vm = unsafe { &mut *vm };
    vm.exit_fp = suspended.exit_fp;
    vm.entry_fp = suspended.entry_fp;
    vm.entry_sp = suspended.entry_sp;
    vm.handler_pc = suspended.handler_pc;
    vm.stack_limit = suspended.stack_limit;
    vm.opaque = suspended.opaque;
    vm.inner = suspended.inner;
    vm.prev = suspended.prev;
}

/// Returns the trap that the signal handler recorded.
#[cold]
fn take_trap(store: &mut StoreOpaque) -> Trap {
    // SAFETY: the state is the store's, and compiled code has returned.
    let vm = unsafe { &mut *store.vm().ptr() };
    let code = vm.trap_code.take().expect("a trapped activation has a trap code");
    let backtrace = symbolize(vm);
    let kind = match (kind_of_code(code, vm.figure), vm.failure.take()) {
        (Some(kind), _) => kind,
        (None, Some(Failure::Panic(payload))) => std::panic::resume_unwind(payload),
        (None, Some(Failure::Error(error))) => match error.downcast::<Trap>() {
            // A trap that a host function passes on keeps its own kind and (longer) backtrace.
            Ok(trap) => return *trap,
            Err(error) => TrapKind::Host(error),
        },
        (None, Some(Failure::Exception(word))) => {
            let index = index_of(word).expect("an exception that was thrown is not null");
            let thrown = exception(store, index);
            store.exceptions.caught(index);
            TrapKind::Exception(thrown)
        }
        (None, None) => unreachable!("a host trampoline traps after it stored the failure"),
    };
    Trap::new(kind, backtrace)
}

fn symbolize(vm: &mut VmStore) -> Backtrace {
    let frames = vm.frames.iter().enumerate().filter_map(|(i, &pc)| {
        // Below the innermost frame, program counters are return addresses: the call lies before them.
        let pc = if i == 0 { pc } else { pc - 1 };
        find_code(&vm.codes, pc)?.frame(pc)
    });
    let backtrace = Backtrace::new(frames.collect());
    vm.frames.clear();
    backtrace
}
