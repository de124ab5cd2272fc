//! The VM state of a store: what compiled code, the signal handler and the host share.

use std::any::Any;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cranelift_codegen::ir::TrapCode;

use crate::error::HostError;
use crate::heap::collect;
use crate::heap::object::Object;
use crate::vm::offsets;
use crate::vm::slot::ValRaw;

use super::activation::{Activation, Parked, Suspended};
use super::bulk::Refusal;
use super::entities::{Entities, VmOptions};
use super::loaded_code::LoadedCode;
use super::roots::{CodeFrame, stack_roots};
use super::stack::Stack;

/// Frames that a backtrace keeps; of more, those in the middle are dropped.
pub(super) const MAX_FRAMES: usize = 64;

/// How many of them are the innermost ones, if some are dropped.
pub(super) const N_INNERMOST: usize = MAX_FRAMES / 2;

/// The state. Compiled code uses the fields up to `leave_host`.
#[repr(C)]
pub(super) struct VmStore {
    /// The registers of the activation that runs.
    pub(super) running: Activation,
    /// The engine's epoch, kept alive by `_epoch`.
    pub(super) epoch: *const AtomicU64,
    /// The epoch at which the guest is interrupted.
    pub(super) deadline: u64,
    /// Fuel left; negative when a run of operators took more than there was.
    pub(super) fuel: i64,
    /// What the message of a trap says beside its kind: written right before the trap, where there
    /// is such a figure.
    pub(super) figure: u64,
    /// Not zero when the host function that was called last failed, until its trampoline has left:
    /// why is in `failure`.
    pub(super) host_failed: u64,
    /// Address of `unwind::leave_host`.
    leave_host: usize,
    _epoch: Arc<AtomicU64>,

    /// The whole store, reborrowed for the running activation; null while none runs.
    pub(super) inner: *mut (),
    /// Bytes of stack that a guest may use, from where the host enters it.
    pub(super) max_stack_bytes: usize,
    /// The activations that the running one was entered from, outermost first.
    pub(super) suspended: Vec<Suspended>,
    /// Chains of activations that are put aside, by id.
    pub(super) parked: Vec<Option<Parked>>,

    /// Code that may run in this store, sorted by address.
    pub(super) codes: Vec<Arc<LoadedCode>>,
    /// Address ranges of memories: a fault elsewhere is never a guest's.
    pub(super) memories: Vec<(usize, usize)>,
    /// Instances and what they share.
    pub(super) entities: Entities,
    /// Whether the guest is interrupted at the deadline.
    pub(super) has_epochs: bool,
    /// Whether the guest uses up fuel.
    pub(super) has_fuel: bool,

    /// A stack for deeply nested calls that none of them uses.
    pub(super) spare_stack: Option<Stack>,

    /// Why the running activation was stopped, set by the signal handler.
    pub(super) trap_code: Option<TrapCode>,
    /// Program counters at the trap, innermost first. Its capacity is reserved beforehand, because
    /// the signal handler must not allocate.
    pub(super) frames: Vec<usize>,
    /// How many frames there were at the trap.
    pub(super) n_frames: usize,
    /// What a host function failed with, until its activation ends.
    pub(super) failure: Option<Failure>,
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
    assert!(offset_of!(VmStore, running.stack_limit) == offsets::STORE_STACK_LIMIT as usize);
    assert!(offset_of!(VmStore, running.exit_fp) == offsets::STORE_EXIT_FP as usize);
    assert!(offset_of!(VmStore, running.entry_fp) == offsets::STORE_ENTRY_FP as usize);
    assert!(offset_of!(VmStore, running.entry_sp) == offsets::STORE_ENTRY_SP as usize);
    assert!(offset_of!(VmStore, running.handler_pc) == offsets::STORE_HANDLER_PC as usize);
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

// SAFETY: the state belongs to one store, which one thread uses at a time; its raw pointers are
// null outside of calls.
unsafe impl Send for VmState {}
// SAFETY: `&self` methods only compute addresses.
unsafe impl Sync for VmState {}

impl VmState {
    /// Creates the state of a new store.
    pub(crate) fn new(options: VmOptions) -> Self {
        let state = VmStore {
            running: Activation::default(),
            epoch: Arc::as_ptr(&options.epoch),
            deadline: u64::MAX,
            fuel: 0,
            figure: 0,
            host_failed: 0,
            leave_host: (super::unwind::leave_host as *const ()).expose_provenance(),
            _epoch: options.epoch,
            inner: ptr::null_mut(),
            max_stack_bytes: options.max_stack_bytes,
            suspended: Vec::new(),
            parked: Vec::new(),
            codes: Vec::new(),
            memories: Vec::new(),
            entities: Entities::new(options.registry, options.collects_always),
            has_epochs: options.has_epochs,
            has_fuel: options.has_fuel,
            spare_stack: None,
            trap_code: None,
            frames: Vec::with_capacity(MAX_FRAMES),
            n_frames: 0,
            failure: None,
        };
        Self(NonNull::from(Box::leak(Box::new(state))))
    }

    /// Returns what the guests of the store share.
    #[inline]
    pub(crate) fn entities(&self) -> &Entities {
        // SAFETY: live by the type's invariant; nothing writes while `&self` lives (one-thread
        // invariant), and compiled code reaches entities through run-time functions only.
        unsafe { &(*self.ptr()).entities }
    }

    /// Returns what the guests of the store share, writable.
    #[inline]
    pub(crate) fn entities_mut(&mut self) -> &mut Entities {
        // SAFETY: as in `entities`; `&mut self` makes the access the only one.
        unsafe { &mut (*self.ptr()).entities }
    }

    /// Frees the exceptions that are unreachable. The running activation, if there is one, has
    /// called the host.
    pub(crate) fn collect(&mut self) {
        // SAFETY: live by the type's invariant; `&mut self` makes the access the only one.
        unsafe { &mut *self.ptr() }.collect(None, &[]);
    }

    /// Adds an exception, after a collection if it is time for one. Returns its word, or `None` if
    /// those that are in use leave no room. The running activation, if there is one, has called the
    /// host.
    pub(crate) fn allocate_exception(&mut self, tag: u32, payload: Box<[ValRaw]>) -> Option<u64> {
        // SAFETY: as in `collect`.
        unsafe { &mut *self.ptr() }.allocate_exception(None, tag, payload)
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

    /// Sets the fuel that is left.
    pub(crate) fn set_fuel(&mut self, fuel: u64) {
        // SAFETY: as in `register_code`.
        unsafe { (*self.ptr()).fuel = i64::try_from(fuel).unwrap_or(i64::MAX) };
    }

    /// Returns the fuel that is left.
    pub(crate) fn fuel(&self) -> u64 {
        // SAFETY: live by the type's invariant; nothing writes while `&self` lives (one-thread
        // invariant).
        unsafe { (*self.ptr()).fuel }.try_into().unwrap_or(0)
    }

    /// Takes the fuel that moving so many bytes for a guest costs, and looks at the deadline.
    pub(crate) fn pay(&mut self, bytes: u64) -> Result<(), Refusal> {
        // SAFETY: as in `collect`.
        let vm = unsafe { &mut *self.ptr() };
        vm.pay(bytes)?;
        vm.look_at_deadline()
    }

    /// Lets the signal handler know code that may run in this store.
    pub(crate) fn register_code(&mut self, code: &Arc<LoadedCode>) {
        // SAFETY: live by the type's invariant; `&mut self` and the one-thread invariant exclude
        // other accesses (the signal handler reads only while compiled code runs).
        unsafe { &mut *self.ptr() }.register_code(code);
    }

    /// Returns whether code was registered.
    pub(crate) fn knows_code(&self, code: &LoadedCode) -> bool {
        // SAFETY: live by the type's invariant; nothing writes while `&self` lives.
        let codes = unsafe { &(*self.ptr()).codes };
        codes.binary_search_by_key(&code.start(), |known| known.start()).is_ok()
    }

    /// Lets the signal handler know the address range of a memory.
    pub(crate) fn register_memory(&mut self, start: usize, len: usize) {
        // SAFETY: as in `register_code`.
        unsafe { (*self.ptr()).memories.push((start, start + len)) };
    }
}

impl VmStore {
    pub(super) fn register_code(&mut self, code: &Arc<LoadedCode>) {
        if let Err(at) = self.codes.binary_search_by_key(&code.start(), |c| c.start()) {
            self.codes.insert(at, Arc::clone(code));
        }
    }

    /// Returns whether the guest is to be interrupted.
    pub(super) fn deadline_passed(&self) -> bool {
        self.has_epochs && self._epoch.load(Ordering::Relaxed) >= self.deadline
    }

    /// Returns whether time ends what the guest does.
    pub(super) fn has_deadline(&self) -> bool {
        self.has_epochs && self.deadline != u64::MAX
    }

    /// Frees the exceptions that are unreachable. `running` is the innermost frame of compiled code
    /// if that has called the host other than through a host function. `held` are words that the
    /// object to be allocated will hold.
    pub(super) fn collect(&mut self, running: Option<&CodeFrame>, held: &[u64]) {
        let mut exceptions = std::mem::take(&mut self.entities.exceptions);
        collect::collect(&mut exceptions, &self.entities.tags, |root| {
            held.iter().copied().for_each(&mut *root);
            stack_roots(self, running, root);
            self.entities.roots(root);
        });
        self.entities.exceptions = exceptions;
    }

    /// Adds an exception as [`VmState::allocate_exception`] does; `running` is as for `collect`.
    pub(super) fn allocate_exception(
        &mut self,
        running: Option<&CodeFrame>,
        tag: u32,
        payload: Box<[ValRaw]>,
    ) -> Option<u64> {
        let Entities { tags, exceptions, max_exception_bytes, collects_always, .. } = &self.entities;
        let limit = usize::try_from(*max_exception_bytes).unwrap_or(usize::MAX);
        if *collects_always || exceptions.bytes_with(&payload) > exceptions.collect_at(limit) {
            let held: Vec<_> = collect::traced(&tags[tag as usize], &payload).collect();
            self.collect(running, &held);
            if self.entities.exceptions.bytes_with(&payload) > limit {
                return None;
            }
        }
        Some(Object::Exception(self.entities.exceptions.add(tag, payload)).word())
    }
}

impl Drop for VmState {
    fn drop(&mut self) {
        // SAFETY: a leaked box (type invariant), freed once; nothing runs any more (liveness
        // invariant).
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// Returns the code of the store that holds address `pc`.
pub(super) fn find_code(codes: &[Arc<LoadedCode>], pc: usize) -> Option<&Arc<LoadedCode>> {
    let after = codes.partition_point(|code| code.start() <= pc);
    codes[..after].last().filter(|code| pc < code.end())
}
