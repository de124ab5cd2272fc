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

use super::activation::Activation;
use super::block::FuncRefPtr;
use super::loaded_code::CodePlace;
use super::stack;
use super::state::{Failure, MAX_FRAMES, N_INNERMOST, VmState, VmStore, find_code};
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
    pub(crate) frames: Frames,
}

/// Places in modules' functions, innermost first. Of many, those in the middle are left out.
pub(crate) struct Frames {
    pub(crate) places: Vec<CodePlace>,
    /// How many of the places come before those that are left out.
    pub(crate) n_innermost: usize,
    /// How many frames are left out.
    pub(crate) n_omitted: usize,
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
        (*vm).inner = ptr::from_mut(store).cast();
        CURRENT.set(vm);
        // The outermost entry of the thread sets how much guests may use. What every thread has
        // needs no look at this one.
        let n_bytes = (*vm).max_stack_bytes;
        let result = if outer_vm.is_null() && n_bytes <= EVERY_THREAD_HAS_BYTES {
            (*vm).running.stack_limit = here.saturating_sub(n_bytes);
            f(vm)
        } else {
            enter_with_a_look(vm, outer_vm, here, f)
        };
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

/// Calls `f` where the stack may not have enough room, or on another one.
///
/// # Safety
///
/// As for [`enter`]. `vm` runs, and `outer_vm` is null or the state that ran before.
#[inline(never)]
unsafe fn enter_with_a_look<R>(
    vm: *mut VmStore,
    outer_vm: *mut VmStore,
    here: usize,
    f: impl FnOnce(*mut VmStore) -> R,
) -> R {
    // SAFETY: the caller's contract.
    unsafe {
        // A nested entry has what the outer guest has left, even in another store. What the host
        // uses in between is not the guests'.
        let n_bytes = if outer_vm.is_null() {
            (*vm).max_stack_bytes
        } else {
            let Activation { exit_fp, stack_limit, .. } = (*outer_vm).running;
            exit_fp.saturating_sub(stack_limit)
        };
        (*vm).running.stack_limit = here.saturating_sub(n_bytes);
        if stack::has_room(here, n_bytes) { f(vm) } else { stack::on_other_stack(vm, n_bytes, f) }
    }
}

/// Bytes of stack from which on the thread is asked how many it has.
const EVERY_THREAD_HAS_BYTES: usize = 1 << 20;

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

fn places(vm: &mut VmStore) -> Frames {
    let n_omitted = vm.n_frames.saturating_sub(MAX_FRAMES);
    if n_omitted > 0 {
        // The outermost frames went round: puts them in order.
        let outermost = &mut vm.frames[N_INNERMOST..];
        outermost.rotate_left(n_omitted % outermost.len());
    }
    let mut frames = Frames { places: Vec::with_capacity(vm.frames.len()), n_innermost: 0, n_omitted };
    for (i, &pc) in vm.frames.iter().enumerate() {
        // Below the innermost frame, program counters are return addresses: the call lies before
        // them.
        let pc = if i == 0 { pc } else { pc - 1 };
        frames.places.extend(find_code(&vm.codes, pc).and_then(|code| code.place(pc)));
        if i < N_INNERMOST {
            frames.n_innermost = frames.places.len();
        }
    }
    vm.frames.clear();
    vm.n_frames = 0;
    frames
}
