//! Functions that are compiled when they are first called.
//!
//! Until then, a function's reference has the address of its stub: a few instructions that put the
//! function's position into a register and jump to `enter_lazy`. That saves the registers that may
//! hold arguments, has the function compiled (or finds that it was), writes its address into the
//! reference, and jumps to it as if nothing had happened.

use std::arch::naked_asm;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::error::Result;
use crate::module::index::to_u32;
use crate::vm::compiled::{Compiled, FuncRange};
use crate::vm::{layout, trap_code};

use super::loaded_code::LoadedCode;
use super::state::{Failure, VmStore};
use super::unwind::leave;

/// Bytes of a stub.
const STUB_BYTES: usize = 24;

/// Returns the stubs of a module's functions as code; a function's position is that of its stub.
pub(crate) fn stubs(n_funcs: u32) -> Compiled {
    let target = (enter_lazy as *const ()).expose_provenance() as u64;
    let mut compiled = Compiled::default();
    for position in 0..n_funcs {
        let start = to_u32(compiled.text.len());
        compiled.text.extend_from_slice(&stub(position, target));
        compiled.funcs.push(FuncRange { start, end: to_u32(compiled.text.len()) });
    }
    compiled
}

#[cfg(target_arch = "x86_64")]
fn stub(position: u32, target: u64) -> [u8; STUB_BYTES] {
    // int3 behind the jump: never reached.
    let mut stub = [0xcc; STUB_BYTES];
    stub[0] = 0xb8; // mov eax, position
    stub[1..5].copy_from_slice(&position.to_le_bytes());
    stub[5..7].copy_from_slice(&[0x49, 0xbb]); // mov r11, target
    stub[7..15].copy_from_slice(&target.to_le_bytes());
    stub[15..18].copy_from_slice(&[0x41, 0xff, 0xe3]); // jmp r11
    stub
}

#[cfg(target_arch = "aarch64")]
fn stub(position: u32, target: u64) -> [u8; STUB_BYTES] {
    let mut stub = [0; STUB_BYTES];
    let code = [
        0x5280_0010 | (position & 0xffff) << 5, // movz w16, position
        0x72a0_0010 | (position >> 16) << 5,    // movk w16, position >> 16, lsl 16
        0x5800_0051,                            // ldr x17, target
        0xd61f_0220,                            // br x17
    ];
    for (place, word) in stub.chunks_exact_mut(4).zip(code) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    stub[16..].copy_from_slice(&target.to_le_bytes());
    stub
}

/// What stubs jump to: the position is in a scratch register, everything else as at the function's
/// entry.
///
/// # Safety
///
/// Called by stubs only.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "C" fn enter_lazy() {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "sub rsp, 176",
        "mov [rsp], rdi",
        "mov [rsp + 8], rsi",
        "mov [rsp + 16], rdx",
        "mov [rsp + 24], rcx",
        "mov [rsp + 32], r8",
        "mov [rsp + 40], r9",
        "movups [rsp + 48], xmm0",
        "movups [rsp + 64], xmm1",
        "movups [rsp + 80], xmm2",
        "movups [rsp + 96], xmm3",
        "movups [rsp + 112], xmm4",
        "movups [rsp + 128], xmm5",
        "movups [rsp + 144], xmm6",
        "movups [rsp + 160], xmm7",
        "mov esi, eax",
        "mov rdx, rbp",
        "call {}",
        "mov r11, rax",
        "mov rdi, [rsp]",
        "mov rsi, [rsp + 8]",
        "mov rdx, [rsp + 16]",
        "mov rcx, [rsp + 24]",
        "mov r8, [rsp + 32]",
        "mov r9, [rsp + 40]",
        "movups xmm0, [rsp + 48]",
        "movups xmm1, [rsp + 64]",
        "movups xmm2, [rsp + 80]",
        "movups xmm3, [rsp + 96]",
        "movups xmm4, [rsp + 112]",
        "movups xmm5, [rsp + 128]",
        "movups xmm6, [rsp + 144]",
        "movups xmm7, [rsp + 160]",
        "mov rsp, rbp",
        "pop rbp",
        "jmp r11",
        sym address,
    );
}

/// The same as on x86-64.
///
/// # Safety
///
/// Called by stubs only.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
unsafe extern "C" fn enter_lazy() {
    naked_asm!(
        "stp x29, x30, [sp, #-16]!",
        "mov x29, sp",
        "sub sp, sp, #208",
        "stp x0, x1, [sp]",
        "stp x2, x3, [sp, #16]",
        "stp x4, x5, [sp, #32]",
        "stp x6, x7, [sp, #48]",
        "str x8, [sp, #64]",
        "stp q0, q1, [sp, #80]",
        "stp q2, q3, [sp, #112]",
        "stp q4, q5, [sp, #144]",
        "stp q6, q7, [sp, #176]",
        // The convention of wasm functions starts with x2: the context.
        "mov x0, x2",
        "mov w1, w16",
        "mov x2, x29",
        "bl {}",
        "mov x17, x0",
        "ldp x0, x1, [sp]",
        "ldp x2, x3, [sp, #16]",
        "ldp x4, x5, [sp, #32]",
        "ldp x6, x7, [sp, #48]",
        "ldr x8, [sp, #64]",
        "ldp q0, q1, [sp, #80]",
        "ldp q2, q3, [sp, #112]",
        "ldp q4, q5, [sp, #144]",
        "ldp q6, q7, [sp, #176]",
        "mov sp, x29",
        "ldp x29, x30, [sp], #16",
        "br x17",
        sym address,
    );
}

/// Who compiles the functions of a module when they are first called.
pub(crate) trait LazyCode: Send + Sync {
    /// Returns the code of the function at `position` of those that the module defines.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be compiled.
    fn func_code(self: Arc<Self>, position: u32) -> Result<FuncCode>;
}

/// What a call of a function may enter.
pub(crate) enum FuncCode {
    /// This, at every call from now on.
    Final(Arc<LoadedCode>),
    /// This; the next call is to ask again.
    Cheap(Arc<LoadedCode>),
}

/// Returns the address of the compiled function at `position` of the instance's module, and
/// remembers it in the instance; leaves the activation if it cannot be compiled. `fp` is the frame
/// pointer of `enter_lazy`.
///
/// # Safety
///
/// Called by `enter_lazy` only, with the context of the running function's instance.
unsafe extern "C" fn address(vmctx: *const u8, position: u32, fp: usize) -> usize {
    // SAFETY: the block is live and filled at instantiation, and nobody uses the state while
    // compiled code waits for us.
    let (vm, instance) = unsafe {
        let vm = vmctx.add(layout::STORE as usize).cast::<*mut VmStore>().read();
        let instance = vmctx.add(layout::INSTANCE as usize).cast::<u32>().read();
        (vm, instance)
    };
    // SAFETY: as above; the reference ends before the state is used again.
    let compile = || compiled(unsafe { &mut *vm }, instance, position);
    let failure = match catch_unwind(AssertUnwindSafe(compile)) {
        Ok(Ok(address)) => return address,
        Ok(Err(error)) => Failure::Error(error.into()),
        Err(panic) => Failure::Panic(panic),
    };
    // SAFETY: the VM state is live and its activation runs; nothing that must be dropped is alive.
    // The frame of `enter_lazy` starts with its caller's frame pointer and the return address, as
    // compiled code's do.
    unsafe {
        (*vm).failure = Some(failure);
        leave(vm, trap_code::HOST, address as *const () as usize, fp)
    }
}

fn compiled(vm: &mut VmStore, instance: u32, position: u32) -> Result<usize> {
    let data = &vm.entities.instances[instance as usize];
    let lazy = data.lazy.as_ref().expect("only the functions of a lazy module have stubs");
    let (code, is_final) = match Arc::clone(lazy).func_code(position)? {
        FuncCode::Final(code) => (code, true),
        FuncCode::Cheap(code) => (code, false),
    };
    // Each store that runs the function knows its code, for traps.
    vm.register_code(&code);
    let address = code.func_address(0);
    if is_final {
        let data = &mut vm.entities.instances[instance as usize];
        let func = data.info.func_index_of_code(position as usize);
        data.set_code(func, address);
    }
    Ok(address)
}
