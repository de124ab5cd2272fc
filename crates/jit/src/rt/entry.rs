//! Entering compiled code, and leaving it by return or trap.
//!
//! The host enters through the entry trampoline of the function's signature, which records where to
//! continue after a trap (`translate::trampoline`). A trap is a signal whose handler continues
//! there, so that wasm frames vanish at once; frames of the host between two activations are left
//! by ordinary returns, because every host function is a call of its own with its own entry
//! beneath.

use std::arch::asm;
use std::cell::Cell;
use std::ptr;

use cranelift_codegen::ir::TrapCode;

use crate::error::HostError;
use crate::vm::slot::ValRaw;
use crate::vm::trap_code;

use super::block::FuncRefPtr;
use super::loaded_code::CodePlace;
use super::state::{Failure, VmState, VmStore, find_code};
use super::trampoline::SlotCall;

/// A trampoline of
/// [`TrampolineKind::EnterBySlots`](crate::vm::trampoline::TrampolineKind::EnterBySlots): function
/// reference, VM state, slots (arguments in, results out).
type Entry = unsafe extern "C" fn(u64, *mut VmStore, *mut ValRaw);

thread_local! {
    /// The VM state whose code runs on this thread, for the signal handler; null when none does.
    static CURRENT: Cell<*mut VmStore> = const { Cell::new(ptr::null_mut()) };
}

/// Returns the VM state whose code runs on this thread, or null. Signal-safe: a
/// constant-initialised thread-local without destructor is a plain memory access.
pub(super) fn current() -> *mut VmStore {
    CURRENT.get()
}

/// A store, as far as the run time must know it: something that owns a VM state.
pub(crate) trait HasVm: 'static {
    /// Returns the state, the same at each call.
    fn vm(&self) -> &VmState;
}

/// Why an activation ended without results, and where.
pub(crate) struct Stop {
    pub(crate) cause: StopCause,
    /// Places in modules' functions, innermost first.
    pub(crate) frames: Vec<CodePlace>,
}

/// Why an activation ended without results.
pub(crate) enum StopCause {
    /// Compiled code trapped with this code, and with this figure if its kind has one.
    Trap(TrapCode, u64),
    /// A host function failed.
    Error(HostError),
    /// Nothing caught this exception.
    Exception(u64),
}

/// Calls `func` with the arguments in `values`, which then holds the results.
///
/// # Panics
///
/// Panics with the payload of a host function that panicked. Panics if the call is of another
/// signature, and if there are too few slots.
pub(crate) fn call<S: HasVm>(
    store: &mut S,
    func: FuncRefPtr,
    call: SlotCall,
    values: &mut [ValRaw],
) -> Result<(), Box<Stop>> {
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

/// Makes the store's state that of the running activation, calls `f` with it, and returns its
/// value, or what stopped the compiled code.
///
/// # Panics
///
/// Panics with the payload of a host function that panicked.
///
/// # Safety
///
/// `f` only calls an entry trampoline, which returns even after a trap.
#[inline]
pub(super) unsafe fn enter<S: HasVm, R>(
    store: &mut S,
    f: impl FnOnce(*mut VmStore) -> R,
) -> Result<R, Box<Stop>> {
    let vm = store.vm().ptr();
    let here = stack_address();
    let outer_vm = CURRENT.get();
    // SAFETY: both point to VM states that are alive, as this call is nested in theirs or they are
    // ours. The pointer to the store is derived from `store`, which is not used until the call is
    // over.
    let (result, trapped) = unsafe {
        let is_nested = (*vm).runs();
        if is_nested {
            (*vm).suspend();
        }
        // The outermost entry of the thread sets the limit; a nested one keeps it, even in another
        // store.
        (*vm).running.stack_limit = if outer_vm.is_null() {
            lowest_address(here, (*vm).max_stack_bytes)
        } else {
            (*outer_vm).running.stack_limit
        };
        (*vm).inner = ptr::from_mut(store).cast();
        CURRENT.set(vm);
        let result = f(vm);
        CURRENT.set(outer_vm);
        if is_nested {
            (*vm).resume()
        } else {
            (*vm).rest()
        }
        (result, (*vm).trap_code.is_some())
    };
    if trapped { Err(take_stop(store.vm())) } else { Ok(result) }
}

/// Returns the lowest address that guests may use, given that they may use so many bytes from
/// `here` on.
#[inline]
fn lowest_address(here: usize, max_bytes: usize) -> usize {
    let lowest = here.saturating_sub(max_bytes);
    // What every thread has needs no look at this one.
    if max_bytes <= CHECKED_STACK_BYTES { lowest } else { lowest.max(lowest_of_thread(here)) }
}

/// Bytes of stack from which on the thread is asked how many it has.
const CHECKED_STACK_BYTES: usize = 1 << 20;
/// Bytes of the thread's stack that are left to host functions and signal handlers.
const HOST_STACK_BYTES: usize = 128 << 10;

/// Returns the lowest address of the thread's stack that guests may use; zero where `here` is on
/// another stack than the system's, whose owner knows its size.
#[cold]
fn lowest_of_thread(here: usize) -> usize {
    thread_local! {
        static BOUNDS: (usize, usize) = stack_bounds().unwrap_or((0, 0));
    }
    let (low, high) = BOUNDS.with(|bounds| *bounds);
    if (low..high).contains(&here) { low + HOST_STACK_BYTES } else { 0 }
}

/// Returns where the stack of this thread starts and ends, if the system says so.
fn stack_bounds() -> Option<(usize, usize)> {
    // SAFETY: the first call initialises the attributes, which are used only if it succeeds, and
    // freed.
    unsafe {
        let mut attributes = std::mem::zeroed::<libc::pthread_attr_t>();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
            return None;
        }
        let (mut low, mut len) = (ptr::null_mut(), 0);
        let status = libc::pthread_attr_getstack(&raw const attributes, &raw mut low, &raw mut len);
        libc::pthread_attr_destroy(&raw mut attributes);
        (status == 0).then(|| (low.addr(), low.addr().saturating_add(len)))
    }
}

/// Returns the stack pointer. A local variable's address would not do: AddressSanitizer may move it
/// off the stack.
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

/// Returns why the activation that has just ended was stopped.
#[cold]
fn take_stop(vm: &VmState) -> Box<Stop> {
    // SAFETY: the state is the store's, which `enter` has exclusively, and compiled code has
    // returned.
    let vm = unsafe { &mut *vm.ptr() };
    let code = vm.trap_code.take().expect("a trapped activation has a trap code");
    let frames = places(vm);
    let cause = match vm.failure.take() {
        _ if code != trap_code::HOST => StopCause::Trap(code, vm.figure),
        Some(Failure::Panic(payload)) => std::panic::resume_unwind(payload),
        Some(Failure::Error(error)) => StopCause::Error(error),
        Some(Failure::Exception(word)) => StopCause::Exception(word),
        None => unreachable!("a host trampoline leaves after it stored the failure"),
    };
    Box::new(Stop { cause, frames })
}

fn places(vm: &mut VmStore) -> Vec<CodePlace> {
    let frames = vm.frames.iter().enumerate().filter_map(|(i, &pc)| {
        // Below the innermost frame, program counters are return addresses: the call lies before
        // them.
        let pc = if i == 0 { pc } else { pc - 1 };
        find_code(&vm.codes, pc)?.place(pc)
    });
    let frames = frames.collect();
    vm.frames.clear();
    frames
}
