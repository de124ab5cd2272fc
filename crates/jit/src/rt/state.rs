//! The VM state of a store: what compiled code, the signal handler and the host share.

use std::any::Any;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cranelift_codegen::ir::TrapCode;

use crate::embed::store::StoreOpaque;
use crate::embed::trap::HostError;
use crate::vm::offsets;

use super::loaded_code::LoadedCode;

/// Frames that a backtrace keeps, innermost first; the rest is dropped.
pub(super) const MAX_FRAMES: usize = 64;

/// The state. Compiled code uses the first eleven fields.
#[repr(C)]
pub(super) struct VmStore {
    /// Lowest stack address that wasm functions may use.
    pub(super) stack_limit: usize,
    /// Frame pointer of the trampoline through which wasm last left to the host.
    pub(super) exit_fp: usize,
    /// Frame pointer of the trampoline through which the host last entered wasm.
    pub(super) entry_fp: usize,
    /// Stack pointer of that trampoline at its call.
    pub(super) entry_sp: usize,
    /// Where that trampoline continues after a trap.
    pub(super) handler_pc: usize,
    /// The engine's epoch, kept alive by `_epoch`.
    pub(super) epoch: *const AtomicU64,
    /// The epoch at which the guest is interrupted.
    pub(super) deadline: u64,
    /// Fuel left; negative when a run of operators took more than there was.
    pub(super) fuel: i64,
    /// What the message of a trap says beside its kind: written right before the trap, where there is such a figure.
    pub(super) figure: u64,
    /// Not zero when the host function that was called last failed, until its trampoline has left: why is in `failure`.
    pub(super) host_failed: u64,
    /// Address of `unwind::leave_host`.
    leave_host: usize,
    _epoch: Arc<AtomicU64>,

    /// The store's type-independent part, reborrowed for the running call; null outside of calls.
    pub(super) opaque: *mut StoreOpaque,
    /// The whole store (`StoreInner<T>`), likewise.
    pub(super) inner: *mut (),
    /// The suspended activation that called the host, which made the running one.
    pub(super) prev: *const Activation,

    /// Code that may run in this store, sorted by address.
    pub(super) codes: Vec<Arc<LoadedCode>>,
    /// Address ranges of memories: a fault elsewhere is never a guest's.
    pub(super) memories: Vec<(usize, usize)>,

    /// Why the running activation was stopped, set by the signal handler.
    pub(super) trap_code: Option<TrapCode>,
    /// Program counters at the trap, innermost first. Its capacity is reserved beforehand, because the
    /// signal handler must not allocate.
    pub(super) frames: Vec<usize>,
    /// What a host function failed with, until its activation ends.
    pub(super) failure: Option<Failure>,
}

/// What the VM state says of an activation while a nested one runs.
pub(super) struct Activation {
    pub(super) exit_fp: usize,
    pub(super) entry_fp: usize,
    pub(super) entry_sp: usize,
    pub(super) handler_pc: usize,
    pub(super) stack_limit: usize,
    pub(super) opaque: *mut StoreOpaque,
    pub(super) inner: *mut (),
    pub(super) prev: *const Self,
}

/// What ended an activation, other than a trap of compiled code.
pub(crate) enum Failure {
    /// It returned an error.
    Error(HostError),
    /// Nothing caught this exception.
    Exception(u64),
    /// It panicked with this payload.
    Panic(Box<dyn Any + Send>),
}

const _: () = {
    use std::mem::offset_of;
    assert!(offset_of!(VmStore, stack_limit) == offsets::STORE_STACK_LIMIT as usize);
    assert!(offset_of!(VmStore, exit_fp) == offsets::STORE_EXIT_FP as usize);
    assert!(offset_of!(VmStore, entry_fp) == offsets::STORE_ENTRY_FP as usize);
    assert!(offset_of!(VmStore, entry_sp) == offsets::STORE_ENTRY_SP as usize);
    assert!(offset_of!(VmStore, handler_pc) == offsets::STORE_HANDLER_PC as usize);
    assert!(offset_of!(VmStore, epoch) == offsets::STORE_EPOCH as usize);
    assert!(offset_of!(VmStore, deadline) == offsets::STORE_DEADLINE as usize);
    assert!(offset_of!(VmStore, fuel) == offsets::STORE_FUEL as usize);
    assert!(offset_of!(VmStore, figure) == offsets::STORE_FIGURE as usize);
    assert!(offset_of!(VmStore, host_failed) == offsets::STORE_HOST_FAILED as usize);
    assert!(offset_of!(VmStore, leave_host) == offsets::STORE_LEAVE_HOST as usize);
};

/// Owner of a store's VM state.
///
/// Invariant: the pointer is a leaked box, freed by drop.
pub(crate) struct VmState(NonNull<VmStore>);

// SAFETY: the state belongs to one store, which one thread uses at a time; its raw pointers are null
// outside of calls.
unsafe impl Send for VmState {}
// SAFETY: `&self` methods only compute addresses.
unsafe impl Sync for VmState {}

impl VmState {
    /// Creates the state of a new store.
    pub(crate) fn new(epoch: &Arc<AtomicU64>) -> Self {
        let state = VmStore {
            stack_limit: 0,
            exit_fp: 0,
            entry_fp: 0,
            entry_sp: 0,
            handler_pc: 0,
            epoch: Arc::as_ptr(epoch),
            deadline: u64::MAX,
            fuel: 0,
            figure: 0,
            host_failed: 0,
            leave_host: (super::unwind::leave_host as *const ()).expose_provenance(),
            _epoch: Arc::clone(epoch),
            opaque: ptr::null_mut(),
            inner: ptr::null_mut(),
            prev: ptr::null(),
            codes: Vec::new(),
            memories: Vec::new(),
            trap_code: None,
            frames: Vec::with_capacity(MAX_FRAMES),
            failure: None,
        };
        Self(NonNull::from(Box::leak(Box::new(state))))
    }

    /// Returns the address, for the blocks through which compiled code finds the state.
    pub(crate) fn address(&self) -> usize {
        self.0.as_ptr().expose_provenance()
    }

    #[inline]
    pub(super) fn ptr(&self) -> *mut VmStore {
        self.0.as_ptr()
    }

    /// Sets the epoch at which the guest is interrupted.
    pub(crate) fn set_deadline(&mut self, epoch: u64) {
        // SAFETY: as in `register_code`.
        unsafe { (*self.ptr()).deadline = epoch };
    }

    /// Returns whether the epoch has reached the deadline.
    pub(crate) fn deadline_passed(&self) -> bool {
        // SAFETY: live by the type's invariant; both fields are read only while compiled code waits.
        unsafe { (*self.ptr())._epoch.load(Ordering::Relaxed) >= (*self.ptr()).deadline }
    }

    /// Sets the fuel that is left.
    pub(crate) fn set_fuel(&mut self, fuel: u64) {
        // SAFETY: as in `register_code`.
        unsafe { (*self.ptr()).fuel = i64::try_from(fuel).unwrap_or(i64::MAX) };
    }

    /// Returns the fuel that is left.
    pub(crate) fn fuel(&self) -> u64 {
        // SAFETY: live by the type's invariant; nothing writes while `&self` lives (one-thread invariant).
        unsafe { (*self.ptr()).fuel }.try_into().unwrap_or(0)
    }

    /// Lets the signal handler know code that may run in this store.
    pub(crate) fn register_code(&mut self, code: &Arc<LoadedCode>) {
        // SAFETY: live by the type's invariant; `&mut self` and the one-thread invariant exclude other
        // accesses (the signal handler reads only while compiled code runs).
        let codes = unsafe { &mut (*self.ptr()).codes };
        if let Err(at) = codes.binary_search_by_key(&code.start(), |c| c.start()) {
            codes.insert(at, Arc::clone(code));
        }
    }

    /// Lets the signal handler know the address range of a memory.
    pub(crate) fn register_memory(&mut self, start: usize, len: usize) {
        // SAFETY: as in `register_code`.
        unsafe { (*self.ptr()).memories.push((start, start + len)) };
    }
}

impl Drop for VmState {
    fn drop(&mut self) {
        // SAFETY: a leaked box (type invariant), freed once; nothing runs any more (liveness invariant).
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// Returns the code of the store that holds address `pc`.
pub(super) fn find_code(codes: &[Arc<LoadedCode>], pc: usize) -> Option<&Arc<LoadedCode>> {
    let after = codes.partition_point(|code| code.start() <= pc);
    codes[..after].last().filter(|code| pc < code.end())
}
