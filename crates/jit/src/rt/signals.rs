//! Signals that traps raise: a fault at a trap site of running code becomes a trap, any other goes
//! to the handler that was there before.
//!
//! The handler allocates nothing and takes no lock: it reads the thread's current VM state, which
//! is quiet because its thread is in compiled code. It runs on the alternate stack where the thread
//! has one (Rust's threads do); elsewhere the guest's stack limit leaves it room.

use std::mem::MaybeUninit;
use std::sync::OnceLock;

use super::entry::current;
use super::state::{MAX_FRAMES, N_INNERMOST, VmStore, find_code};
use cranelift_codegen::ir::TrapCode;

/// Signals that compiled code raises: memory faults, trap instructions, division.
const SIGNALS: [libc::c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];

/// The handlers that were there before ours, in the order of `SIGNALS`.
static FORMER: OnceLock<[libc::sigaction; 4]> = OnceLock::new();

/// Installs the handlers, once per process.
pub(crate) fn install() {
    FORMER.get_or_init(|| {
        // Read the former handlers first: one of ours may run as soon as it is installed.
        let former = SIGNALS.map(|signal| {
            let mut old = MaybeUninit::<libc::sigaction>::zeroed();
            // SAFETY: a null new action only asks; `old` is writable. All-zero is a valid
            // `sigaction`.
            unsafe {
                let status = libc::sigaction(signal, std::ptr::null(), old.as_mut_ptr());
                assert!(status == 0, "the kernel knows the signal");
                old.assume_init()
            }
        });
        for signal in SIGNALS {
            // SAFETY: all-zero is a valid `sigaction`; the handler has the three-argument form that
            // SA_SIGINFO announces and is signal-safe.
            unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
                action.sa_sigaction = handle as *const () as usize;
                libc::sigemptyset(&raw mut action.sa_mask);
                let status = libc::sigaction(signal, &raw const action, std::ptr::null_mut());
                assert!(status == 0, "the kernel knows the signal");
            }
        }
        former
    });
}

/// The registers of an interrupted thread that a trap reads and writes.
struct Registers<'a> {
    context: &'a mut libc::ucontext_t,
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
impl Registers<'_> {
    fn register(&mut self, register: libc::c_int) -> &mut i64 {
        &mut self.context.uc_mcontext.gregs
            [usize::try_from(register).expect("register numbers are positions")]
    }

    fn get(&mut self, register: libc::c_int) -> usize {
        usize::try_from(self.register(register).cast_unsigned()).expect("registers are words")
    }

    fn set(&mut self, register: libc::c_int, value: usize) {
        *self.register(register) = (value as u64).cast_signed();
    }

    fn pc(&mut self) -> usize {
        self.get(libc::REG_RIP)
    }

    fn fp(&mut self) -> usize {
        self.get(libc::REG_RBP)
    }

    fn resume_at(&mut self, pc: usize, sp: usize, fp: usize) {
        self.set(libc::REG_RIP, pc);
        self.set(libc::REG_RSP, sp);
        self.set(libc::REG_RBP, fp);
    }
}

#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
impl Registers<'_> {
    fn pc(&mut self) -> usize {
        usize::try_from(self.context.uc_mcontext.pc).expect("registers are words")
    }

    fn fp(&mut self) -> usize {
        usize::try_from(self.context.uc_mcontext.regs[29]).expect("registers are words")
    }

    fn resume_at(&mut self, pc: usize, sp: usize, fp: usize) {
        self.context.uc_mcontext.pc = pc as u64;
        self.context.uc_mcontext.sp = sp as u64;
        self.context.uc_mcontext.regs[29] = fp as u64;
    }
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
compile_error!("jit runs on Linux on x86-64 and aarch64 so far: signal contexts differ elsewhere");

/// The signal handler.
///
/// # Safety
///
/// Called by the kernel with a valid siginfo and ucontext.
unsafe extern "C" fn handle(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let vm = current();
    // SAFETY: the kernel passes a valid context and siginfo. `vm`, if not null, is the live state
    // of the store whose `entry::enter` is on this thread; if the interrupted instruction is
    // compiled code, no Rust code holds a reference to it. If it is Rust code, we only read fields
    // that change solely in `register_*`, which does not fault.
    let ours = !vm.is_null()
        && unsafe {
            let registers = Registers { context: &mut *context.cast::<libc::ucontext_t>() };
            let address = matches!(signal, libc::SIGSEGV | libc::SIGBUS).then(|| (*info).si_addr() as usize);
            trap(vm, registers, address)
        };
    if !ours {
        // SAFETY: we pass on what the kernel passed to us.
        unsafe { chain(signal, info, context) };
    }
}

/// Turns the fault into a trap of the running activation; returns whether it was one.
///
/// # Safety
///
/// `vm` is the live state of the store whose activation is the topmost on this thread.
unsafe fn trap(vm: *mut VmStore, mut registers: Registers<'_>, address: Option<usize>) -> bool {
    let pc = registers.pc();
    // SAFETY: live as the caller says; see `handle` about other references.
    let codes = unsafe { &(*vm).codes };
    let Some(code) = find_code(codes, pc).and_then(|code| code.trap_at(pc)) else { return false };
    // SAFETY: the interrupted instruction is compiled code: no reference to the state is held.
    let vm = unsafe { &mut *vm };
    // A memory fault must be in a guest's memory: any other is a bug of ours and must not look like
    // a trap.
    if let Some(address) = address
        && !(code == TrapCode::HEAP_OUT_OF_BOUNDS
            && vm.memories.iter().any(|&(start, end)| start <= address && address < end))
    {
        return false;
    }
    vm.trap_code = Some(code);
    // SAFETY: compiled code keeps frame pointers, and `pc` is in it.
    unsafe { walk(vm, pc, registers.fp()) };
    registers.resume_at(vm.running.handler_pc, vm.running.entry_sp, vm.running.entry_fp);
    true
}

/// Collects the program counters of the wasm frames, innermost first, into `vm.frames`. Of more
/// than it has room for it keeps the innermost and the outermost: the latter go round in the second
/// half.
///
/// # Safety
///
/// `pc` and `fp` are those of compiled code in the running activation of `vm`.
pub(super) unsafe fn walk(vm: &mut VmStore, pc: usize, fp: usize) {
    vm.frames.clear();
    vm.frames.push(pc);
    vm.n_frames = 1;
    let (mut fp, mut entry_fp) = (fp, vm.running.entry_fp);
    let mut suspended = vm.suspended.len();
    loop {
        // SAFETY: every frame between an activation's innermost and its entry trampoline starts
        // with the caller's frame pointer and the return address (Cranelift's
        // `preserve_frame_pointers`).
        let (caller_fp, return_pc) = unsafe {
            let frame = std::ptr::with_exposed_provenance::<usize>(fp);
            (frame.read(), frame.add(1).read())
        };
        if caller_fp != entry_fp {
            if vm.frames.len() < MAX_FRAMES {
                // Within the reserved capacity: no allocation.
                vm.frames.push(return_pc);
            } else {
                vm.frames[N_INNERMOST + vm.n_frames % (MAX_FRAMES - N_INNERMOST)] = return_pc;
            }
            vm.n_frames += 1;
            fp = caller_fp;
            continue;
        }
        // The return address is in the entry trampoline: go on with the activation that called the
        // host.
        let Some(below) = suspended.checked_sub(1) else { return };
        suspended = below;
        let activation = vm.suspended[below].activation;
        (fp, entry_fp) = (activation.exit_fp, activation.entry_fp);
    }
}

/// Hands a signal that is not a trap to the former handler.
///
/// # Safety
///
/// The arguments are those the kernel passed to our handler.
unsafe fn chain(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let position = SIGNALS.iter().position(|&s| s == signal);
    let former = FORMER.get().zip(position).map(|(former, at)| &former[at]);
    match former.map_or(libc::SIG_DFL, |former| former.sa_sigaction) {
        // To ignore a fault would repeat it for ever: let the default action end the process
        // instead.
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: all-zero is a valid `sigaction` with the default action; on return the fault
            // repeats.
            unsafe {
                let action: libc::sigaction = std::mem::zeroed();
                libc::sigaction(signal, &raw const action, std::ptr::null_mut());
            }
        }
        handler => {
            let with_info = former.is_some_and(|former| former.sa_flags & libc::SA_SIGINFO != 0);
            // SAFETY: a former handler, called in the form its flags announce, with the kernel's
            // arguments.
            unsafe {
                if with_info {
                    type Handler = unsafe extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
                    std::mem::transmute::<usize, Handler>(handler)(signal, info, context);
                } else {
                    type Handler = unsafe extern "C" fn(libc::c_int);
                    std::mem::transmute::<usize, Handler>(handler)(signal);
                }
            }
        }
    }
}
