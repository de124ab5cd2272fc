//! Throwing: makes an exception, finds its handler over the frame pointers, and continues there.
//! Follows the core specification, "Throw Contexts" and "Exceptions".
//!
//! Compiled code calls `throw` and `throw_ref` here, which do not return. A frame has handlers if
//! its return address is that of a call with an exception table (`TryCall`). Only the
//! running activation is searched: an exception without handler leaves it as a trap does, and
//! whoever called into it (a host function) may throw it again.

use std::arch::naked_asm;
use std::mem::offset_of;

use crate::heap::object::index_of;
use crate::module::index::TagIndex;
use crate::vm::catch::Catch;
use crate::vm::slot::ValRaw;
use crate::vm::{layout, trap_code as code};

use super::activation::Activation;
use super::roots::CodeFrame;
use super::signals::walk;
use super::state::{Failure, VmStore, find_code};

/// Where to continue, and with what: the fields that `resume` loads.
#[repr(C)]
struct Landing {
    pc: usize,
    sp: usize,
    fp: usize,
    /// The exception's word.
    exception: u64,
    /// Address of its payload.
    payload: usize,
}

/// Throws a new exception: context, tag index in the instance's module, address of the payload's
/// slots.
///
/// # Safety
///
/// Called by compiled code only, by the wasm convention, with its own context.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn throw(vmctx: *const u8, tag: u64, payload: *const ValRaw) -> ! {
    #[cfg(target_arch = "x86_64")]
    naked_asm!("mov rcx, [rsp]", "mov r8, rbp", "jmp {}", sym throw_new);
    // The convention of wasm functions starts with x2.
    #[cfg(target_arch = "aarch64")]
    naked_asm!(
        "mov x0, x2",
        "mov x1, x3",
        "mov x2, x4",
        "mov x3, x30",
        "mov x4, x29",
        "b {}",
        sym throw_new
    );
}

/// Throws an exception again: context, its word, which is not null.
///
/// # Safety
///
/// The same as for `throw`.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn throw_ref(vmctx: *const u8, exception: u64) -> ! {
    #[cfg(target_arch = "x86_64")]
    naked_asm!("mov rdx, [rsp]", "mov rcx, rbp", "jmp {}", sym throw_again);
    #[cfg(target_arch = "aarch64")]
    naked_asm!("mov x0, x2", "mov x1, x3", "mov x2, x30", "mov x3, x29", "b {}", sym throw_again);
}

/// Leaves the trampoline of a host function that has failed, with what waits in the VM state:
/// throws an exception, or ends the activation as a trap does.
///
/// # Safety
///
/// Called by such a trampoline only, by the C convention, with its store's state.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn leave_host(vm: *mut VmStore) -> ! {
    #[cfg(target_arch = "x86_64")]
    naked_asm!("mov rsi, [rsp]", "mov rdx, rbp", "jmp {}", sym leave_failed);
    #[cfg(target_arch = "aarch64")]
    naked_asm!("mov x1, x30", "mov x2, x29", "b {}", sym leave_failed);
}

/// Continues at a landing: the two payload registers of Cranelift's convention hold the exception.
///
/// # Safety
///
/// The landing is a handler of a frame of this thread that has not returned, and no frame above it
/// holds anything that must be dropped.
#[unsafe(naked)]
unsafe extern "C" fn resume(landing: *const Landing) -> ! {
    #[cfg(target_arch = "x86_64")]
    naked_asm!(
        // The stack pointer last: a signal may overwrite what is below it, and the landing will be.
        "mov rcx, [rdi + {pc}]",
        "mov rbp, [rdi + {fp}]",
        "mov rax, [rdi + {exception}]",
        "mov rdx, [rdi + {payload}]",
        "mov rsp, [rdi + {sp}]",
        "jmp rcx",
        pc = const offset_of!(Landing, pc),
        sp = const offset_of!(Landing, sp),
        fp = const offset_of!(Landing, fp),
        exception = const offset_of!(Landing, exception),
        payload = const offset_of!(Landing, payload),
    );
    #[cfg(target_arch = "aarch64")]
    naked_asm!(
        "mov x8, x0",
        "ldr x9, [x8, {pc}]",
        "ldr x10, [x8, {sp}]",
        "ldr x29, [x8, {fp}]",
        "ldr x0, [x8, {exception}]",
        "ldr x1, [x8, {payload}]",
        "mov sp, x10",
        "br x9",
        pc = const offset_of!(Landing, pc),
        sp = const offset_of!(Landing, sp),
        fp = const offset_of!(Landing, fp),
        exception = const offset_of!(Landing, exception),
        payload = const offset_of!(Landing, payload),
    );
}

/// Returns the VM state that a context names.
///
/// # Safety
///
/// `vmctx` is the context of running compiled code.
unsafe fn state_of(vmctx: *const u8) -> *mut VmStore {
    // SAFETY: the block of an instance starts with the address of the VM state.
    unsafe { vmctx.add(layout::STORE as usize).cast::<*mut VmStore>().read() }
}

/// Makes the exception and throws it.
///
/// # Safety
///
/// The same as for `throw`; `pc` and `fp` are the return address and the frame pointer of the
/// compiled code that called it.
unsafe extern "C" fn throw_new(
    vmctx: *const u8,
    tag: u64,
    payload: *const ValRaw,
    pc: usize,
    fp: usize,
) -> ! {
    // SAFETY: the context is live; nobody uses the state while compiled code waits. The translator
    // passes a slot per parameter of the tag's type.
    unsafe {
        let vm = state_of(vmctx);
        let added = {
            let running = CodeFrame::new(pc, fp);
            let instance = vmctx.add(layout::INSTANCE as usize).cast::<u32>().read();
            let vm = &mut *vm;
            let data = &vm.entities.instances[instance as usize];
            let tag = TagIndex(u32::try_from(tag).expect("the translator passes u32 indices"));
            let n_values = data.info.tag_type(tag).params.len();
            let payload = std::slice::from_raw_parts(payload, n_values).into();
            let tag = data.tags[tag.pos()];
            vm.allocate_exception(Some(&running), tag, payload)
        };
        match added {
            Some(exception) => unwind(vm, exception, pc, fp),
            None => leave(vm, code::TOO_MANY_EXCEPTIONS, pc, fp),
        }
    }
}

/// # Safety
///
/// The same as for `leave_host`; `pc` and `fp` as for `throw_new`.
unsafe extern "C" fn leave_failed(vm: *mut VmStore, pc: usize, fp: usize) -> ! {
    // SAFETY: as the caller says; nothing that must be dropped is alive at `unwind` and `leave`.
    unsafe {
        (*vm).host_failed = 0;
        if let Some(Failure::Exception(exception)) = (*vm).failure {
            (*vm).failure = None;
            unwind(vm, exception, pc, fp)
        }
        leave(vm, code::HOST, pc, fp)
    }
}

/// # Safety
///
/// The same as for `throw_ref`; `pc` and `fp` as for `throw_new`.
unsafe extern "C" fn throw_again(vmctx: *const u8, exception: u64, pc: usize, fp: usize) -> ! {
    // SAFETY: as the caller says.
    unsafe { unwind(state_of(vmctx), exception, pc, fp) }
}

/// Continues at the handler of an exception, or leaves the activation with it.
///
/// # Safety
///
/// `vm` is the live state whose activation runs, `pc` and `fp` are those of its innermost frame,
/// and `exception` is the word of a live exception of its store.
unsafe fn unwind(vm: *mut VmStore, exception: u64, pc: usize, fp: usize) -> ! {
    // SAFETY: as the caller says; nothing that must be dropped is alive at `resume` and `leave`.
    unsafe {
        match find_handler(vm, exception, pc, fp) {
            Some(landing) => resume(&raw const landing),
            None => {
                (*vm).failure = Some(Failure::Exception(exception));
                leave(vm, code::HOST, pc, fp)
            }
        }
    }
}

/// Leaves the running activation as a trap with this code does.
///
/// # Safety
///
/// The same as for `unwind`.
pub(super) unsafe fn leave(
    vm: *mut VmStore,
    code: cranelift_codegen::ir::TrapCode,
    pc: usize,
    fp: usize,
) -> ! {
    // SAFETY: as the caller says; the entry trampoline's handler takes no values.
    unsafe {
        let vm = &mut *vm;
        vm.trap_code = Some(code);
        // The walk counts the innermost program counter as that of the instruction itself.
        walk(vm, pc - 1, fp);
        let Activation { handler_pc, entry_sp, entry_fp, .. } = vm.running;
        let landing = Landing { pc: handler_pc, sp: entry_sp, fp: entry_fp, exception: 0, payload: 0 };
        resume(&raw const landing)
    }
}

/// Searches the running activation from its innermost frame outwards.
///
/// # Safety
///
/// The same as for `unwind`.
unsafe fn find_handler(vm: *mut VmStore, exception: u64, pc: usize, fp: usize) -> Option<Landing> {
    // SAFETY: as the caller says; compiled code waits, so that these are the only references.
    let vm = unsafe { &mut *vm };
    let (codes, store, entry_fp) = (&vm.codes, &mut vm.entities, vm.running.entry_fp);
    let index = index_of(exception).expect("compiled code checks for null before it throws");
    let (thrown, payload) = store.exceptions.get(index);
    let payload = payload.as_ptr().expose_provenance();
    let (mut pc, mut fp) = (pc, fp);
    while fp != entry_fp {
        if let Some((code, call)) = find_code(codes, pc).and_then(|code| Some((code, code.try_call(pc)?))) {
            let sp = fp - call.frame_bytes as usize;
            let slot = sp + call.context_sp_offset as usize;
            let slot = std::ptr::with_exposed_provenance::<*const u8>(slot);
            // SAFETY: the frame keeps its context there during the call.
            let instance = unsafe { slot.read().add(layout::INSTANCE as usize).cast::<u32>().read() };
            let tags = &store.instances[instance as usize].tags;
            let catches = |catch: Catch| catch.tag.is_none_or(|tag| tags[tag.pos()] == thrown);
            if let Some((number, catch)) = code.catches(call).find(|(_, catch)| catches(*catch)) {
                if catch.with_ref {
                    store.exceptions.escape(index);
                } else {
                    store.exceptions.caught(index);
                }
                // Where several clauses share the landing, it looks at the number.
                vm.figure = u64::from(number);
                let pc = code.start() + call.landing as usize;
                return Some(Landing { pc, sp, fp, exception, payload });
            }
        }
        // SAFETY: every frame above the entry trampoline's starts with the caller's frame pointer
        // and the return address (Cranelift's `preserve_frame_pointers`).
        unsafe {
            let frame = std::ptr::with_exposed_provenance::<usize>(fp);
            (fp, pc) = (frame.read(), frame.add(1).read());
        }
    }
    None
}
