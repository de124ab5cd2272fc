//! Where compiled code finds fields of the structures that it shares with the run time, in bytes.
//!
//! `rt` defines the structures and asserts beside each that its fields lie here.

/// The state of a store. Lowest stack address that wasm functions may use.
pub(crate) const STORE_STACK_LIMIT: i32 = 0;
/// Frame pointer of the trampoline through which wasm last left to the host.
pub(crate) const STORE_EXIT_FP: i32 = 8;
/// Frame pointer of the trampoline through which the host last entered wasm.
pub(crate) const STORE_ENTRY_FP: i32 = 16;
/// Stack pointer of that trampoline at its call.
pub(crate) const STORE_ENTRY_SP: i32 = 24;
/// Where that trampoline continues after a trap.
pub(crate) const STORE_HANDLER_PC: i32 = 32;
/// Address of the engine's epoch.
pub(crate) const STORE_EPOCH: i32 = 40;
/// The epoch at which the guest is interrupted.
pub(crate) const STORE_DEADLINE: i32 = 48;
/// Fuel left.
pub(crate) const STORE_FUEL: i32 = 56;
/// What the message of a trap says beside its kind.
pub(crate) const STORE_FIGURE: i32 = 64;
/// Not zero when the host function that was called last failed.
pub(crate) const STORE_HOST_FAILED: i32 = 72;
/// Address of what a trampoline jumps to after that.
pub(crate) const STORE_LEAVE_HOST: i32 = 80;

/// A function reference: code, context, signature id.
pub(crate) const FUNC_REF_CODE: i32 = 0;
/// The context to pass to it.
pub(crate) const FUNC_REF_VMCTX: i32 = 8;
/// The engine-wide id of its type, 32 bits.
pub(crate) const FUNC_REF_SIG: i32 = 16;
/// Bytes of a function reference.
pub(crate) const FUNC_REF_SIZE: u32 = 24;

/// The context of a host function: address of the store's state.
pub(crate) const HOST_STORE: i32 = 0;
/// Address of what its trampoline calls.
pub(crate) const HOST_CODE: i32 = 8;

/// The definition of a memory: accessible bytes.
pub(crate) const MEMORY_DEF_LEN: i32 = 8;
/// Bytes of inaccessible address space after the 4 GiB of a 32-bit memory.
pub(crate) const GUARD_SIZE: u64 = 32 << 20;

/// The definition of a table: address of the elements.
pub(crate) const TABLE_DEF_BASE: i32 = 0;
/// The number of elements.
pub(crate) const TABLE_DEF_LEN: i32 = 8;

/// Bytes of one value slot.
pub(crate) const VALUE_SIZE: u32 = 16;
