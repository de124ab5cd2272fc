//! The values in frames of compiled code that collection traces.
//!
//! The translator declares values of traced types, Cranelift keeps them on the frame over every
//! call at which they are live, and the call's stack map (`StackMap`) says where. So a walk over
//! the return addresses of all activations finds each of them.

use super::activation::Parked;
use super::state::{VmStore, find_code};

/// Compiled code that waits for a call to return.
///
/// Invariant: it belongs to the running activation of the store it is used with.
pub(super) struct CodeFrame {
    /// Where the call returns to.
    pc: usize,
    /// The frame pointer, at which the caller's frame pointer and return address lie.
    fp: usize,
}

impl CodeFrame {
    /// Returns the frame with these registers.
    ///
    /// # Safety
    ///
    /// Compiled code with this frame pointer waits for a call that returns to `pc`, and does so as
    /// long as the result is used.
    pub(super) unsafe fn new(pc: usize, fp: usize) -> Self {
        Self { pc, fp }
    }

    /// Returns the frame that called the one whose frame pointer is `fp`.
    ///
    /// # Safety
    ///
    /// `fp` is that of a frame between an activation's innermost and its entry trampoline's callee.
    unsafe fn calling(fp: usize) -> Self {
        let frame = std::ptr::with_exposed_provenance::<usize>(fp);
        // SAFETY: every such frame starts with the caller's frame pointer and the return address
        // (Cranelift's `preserve_frame_pointers`).
        unsafe { Self { fp: frame.read(), pc: frame.add(1).read() } }
    }
}

/// Hands every value of a traced type that is live in a frame of compiled code to `root`: of the
/// running activation, of those it was entered from, and of those that are parked.
///
/// `running` is the innermost frame; without it, the running activation, if there is one, has
/// called a host function.
pub(super) fn stack_roots(vm: &VmStore, running: Option<&CodeFrame>, root: &mut dyn FnMut(u64)) {
    if vm.runs() {
        let frame = match running {
            Some(&CodeFrame { pc, fp }) => CodeFrame { pc, fp },
            // SAFETY: the trampoline of a host function notes its frame before it calls the host.
            None => unsafe { CodeFrame::calling(vm.running.exit_fp) },
        };
        // SAFETY: it is the innermost frame of the running activation.
        unsafe { frames_roots(vm, frame, vm.running.entry_fp, root) };
    }
    let parked = vm.parked.iter().flatten().flat_map(Parked::innermost_first);
    for activation in vm.suspended_innermost_first().chain(parked) {
        // SAFETY: a suspended or parked activation has called a host function, and its frames stay
        // as they are until it runs again.
        unsafe { frames_roots(vm, CodeFrame::calling(activation.exit_fp), activation.entry_fp, root) };
    }
}

/// Hands the values in the frames of one activation to `root`.
///
/// # Safety
///
/// `frame` is the innermost frame of an activation that has not ended, and `entry_fp` its entry's
/// frame pointer.
unsafe fn frames_roots(vm: &VmStore, mut frame: CodeFrame, entry_fp: usize, root: &mut dyn FnMut(u64)) {
    while frame.fp != entry_fp {
        let places = find_code(&vm.codes, frame.pc).map_or(&[][..], |code| code.stack_map(frame.pc));
        for &below in places {
            let place = std::ptr::with_exposed_provenance::<u64>(frame.fp - below as usize);
            // SAFETY: the frame keeps a value there while it waits for the call, as the stack map
            // says.
            root(unsafe { place.read() });
        }
        // SAFETY: not the entry trampoline's frame yet.
        frame = unsafe { CodeFrame::calling(frame.fp) };
    }
}
