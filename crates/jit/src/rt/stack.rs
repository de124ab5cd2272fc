//! Stacks for calls that are nested deeply.
//!
//! Guests and the host call each other on one stack. What guests use of it is bounded by a limit
//! that compiled code checks; what the host uses between them is not, and depends on how deeply the
//! calls are nested. So a nested call that does not find enough room on its stack runs on another.
//!
//! Frames of the host never unwind over the change: an entry trampoline returns after every trap,
//! and a panic of a host function is passed on as a value ([`Failure`](super::state::Failure)).

use std::arch::naked_asm;
use std::cell::Cell;
use std::io;
use std::ptr;

use super::mmap::{PAGE, Reservation};
use super::state::VmStore;

/// What a call must find for the host, besides what the guest may still use.
const HOST_BYTES: usize = 256 << 10;

/// What a new stack has beyond that, so that it serves many nested calls.
const NESTED_BYTES: usize = 1 << 20;

/// An address range that a stack may use.
#[derive(Clone, Copy)]
struct Bounds {
    floor: usize,
    len: usize,
}

thread_local! {
    /// The stack that this thread runs on, as far as it is known: nothing at first.
    static BOUNDS: Cell<Bounds> = const { Cell::new(Bounds { floor: 0, len: 0 }) };
}

/// A stack of its own. The page at its lower end is not accessible.
pub(super) struct Stack(Reservation);

impl Stack {
    fn new(n_bytes: usize) -> io::Result<Self> {
        let len = n_bytes.next_multiple_of(PAGE) + PAGE;
        let mut reservation = Reservation::reserve(len)?;
        reservation.make_accessible(PAGE, len)?;
        Ok(Self(reservation))
    }

    fn bounds(&self) -> Bounds {
        Bounds { floor: self.0.base().as_ptr().expose_provenance() + PAGE, len: self.0.len() - PAGE }
    }
}

/// Returns whether there is room on the stack for a call whose guest may use `n_bytes`; `here` is
/// the stack pointer.
#[inline]
pub(super) fn has_room(here: usize, n_bytes: usize) -> bool {
    let Bounds { floor, len } = BOUNDS.get();
    let left = here.wrapping_sub(floor);
    (left < len && left >= n_bytes + HOST_BYTES) || find_room(here, n_bytes)
}

/// Does the same where the thread's stack is not known, or another one than is known.
#[cold]
fn find_room(here: usize, n_bytes: usize) -> bool {
    let is_within = |Bounds { floor, len }: Bounds| here.wrapping_sub(floor) < len;
    if !is_within(BOUNDS.get()) {
        let Some(bounds) = thread_bounds().filter(|bounds| is_within(*bounds)) else { return false };
        BOUNDS.set(bounds);
    }
    here - BOUNDS.get().floor >= n_bytes + HOST_BYTES
}

/// Asks the system for the stack that it gave to this thread.
fn thread_bounds() -> Option<Bounds> {
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut floor, mut len) = (ptr::null_mut(), 0);
    // SAFETY: the attributes are used and destroyed only after the system has filled them in, and
    // what they are asked for goes to two variables of ours.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let found = libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut floor, &raw mut len);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        (found == 0).then(|| Bounds { floor: floor.expose_provenance(), len })
    }
}

/// Runs `f` on another stack, with the limit for a guest that may use `n_bytes` of it. If the
/// system gives no stack, the limit is such that the guest traps at once.
///
/// # Safety
///
/// `vm` is the state of the running activation, and `f` does not unwind.
#[cold]
pub(super) unsafe fn on_other_stack<R, F: FnOnce(*mut VmStore) -> R>(
    vm: *mut VmStore,
    n_bytes: usize,
    f: F,
) -> R {
    // SAFETY: the caller's contract.
    let spare = unsafe { (*vm).spare_stack.take() };
    let enough = n_bytes + HOST_BYTES + NESTED_BYTES;
    let spare = spare.filter(|stack| stack.bounds().len >= enough);
    let Some(stack) = spare.or_else(|| Stack::new(enough).ok()) else {
        // SAFETY: the caller's contract.
        unsafe { (*vm).running.stack_limit = usize::MAX };
        return f(vm);
    };
    let bounds = stack.bounds();
    let top = bounds.floor + bounds.len;
    let mut call = Call { f: Some(f), vm, result: None };
    let outer = BOUNDS.replace(bounds);
    // SAFETY: the caller's contract for the state; the stack is mapped and nobody else's, its top
    // is a multiple of the page size, and `run` gets the call that it is made for.
    unsafe {
        (*vm).running.stack_limit = top - n_bytes;
        let data = (&raw mut call).cast();
        switch(ptr::with_exposed_provenance_mut(top), run::<R, F>, data);
    }
    BOUNDS.set(outer);
    // SAFETY: the caller's contract.
    unsafe { (*vm).spare_stack = Some(stack) };
    call.result.expect("the call has returned")
}

/// What runs on another stack.
struct Call<R, F> {
    f: Option<F>,
    vm: *mut VmStore,
    result: Option<R>,
}

/// # Safety
///
/// `data` points to the call, which nobody else uses meanwhile.
unsafe extern "C" fn run<R, F: FnOnce(*mut VmStore) -> R>(data: *mut ()) {
    // SAFETY: the contract.
    let call = unsafe { &mut *data.cast::<Call<R, F>>() };
    if let Some(f) = call.f.take() {
        call.result = Some(f(call.vm));
    }
}

/// Calls `run` with `data` on the stack that ends at `top`.
///
/// # Safety
///
/// The stack is mapped, nobody else's and has room, `top` is a multiple of 16, and `run` accepts
/// `data` and does not unwind.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "C" fn switch(top: *mut (), run: unsafe extern "C" fn(*mut ()), data: *mut ()) {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "mov rsp, rdi",
        "mov rdi, rdx",
        "call rsi",
        "mov rsp, rbp",
        "pop rbp",
        "ret",
    );
}

/// The same as on x86-64.
///
/// # Safety
///
/// The same.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
unsafe extern "C" fn switch(top: *mut (), run: unsafe extern "C" fn(*mut ()), data: *mut ()) {
    naked_asm!(
        "stp x29, x30, [sp, #-16]!",
        "mov x29, sp",
        "mov sp, x0",
        "mov x0, x2",
        "blr x1",
        "mov sp, x29",
        "ldp x29, x30, [sp], #16",
        "ret",
    );
}
