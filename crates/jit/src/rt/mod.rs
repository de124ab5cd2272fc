//! The run time: everything that compiled code touches, behind safe functions. The only room with
//! `unsafe`.
//!
//! Compiled code works on raw memory: the VM state of a store, the block of an instance, linear
//! memories, tables, globals. This room owns those, enters compiled code, answers its calls into
//! the host and turns its signals into traps.
//!
//! It knows no `Store<T>`, `Val` or `Func`. What guests share is plain data ([`Entities`]), a store
//! is anything with a VM state ([`HasVm`]), a host function is a closure over such a store, and
//! code that is compiled late comes from a [`LazyCode`]. What stopped a call is a [`Stop`], which
//! the embedder's side turns into a trap.
//!
//! Two circles of files lie here. `state` is at the centre of one: it holds the activations, a
//! spare `stack` and the entities, whose instances may have functions that `stubs` compiles when
//! they are first called; it collects from the roots that `roots` finds, and tells compiled code
//! where `unwind` lies. All of these, like `entry` and `signals`, work on a store's state in turn.
//! The other is `host_block` and `registers`: a host function says in which registers its values
//! cross, and the C function for those registers runs the host function.
//!
//! The invariants that the proofs below rely on:
//!
//! - **Liveness**: every raw pointer inside a store's structures points into something the same
//!   store owns (or an `Arc` it holds) and never frees before its own drop.
//! - **Stability**: VM state, instance blocks, definitions, function references and linear memories
//!   never move while the store lives; a table's elements move only when it grows.
//! - **One thread**: a store is used by one thread at a time (`&mut` for everything that runs or
//!   writes), so that compiled code and the host never access the same cell at once.
//! - **Validity**: code was compiled from a validated module, or built by an embedder who keeps the
//!   contract of `BuiltModule`, so that a value of type `funcref` is null or a function reference
//!   of the same store.
//! - **Reachability**: a value of a traced type (`ValType::is_traced`) is null or names an object
//!   that was not freed, since every place where compiled code may find one is a root of
//!   collection.
#![allow(
    unsafe_code,
    reason = "the one folder of the crate that touches raw memory; see the invariants above"
)]

mod activation;
mod block;
mod budget;
mod builtins;
mod bulk;
mod entities;
mod entry;
mod host_block;
mod instance_data;
mod linear_memory;
mod loaded_code;
mod memory_def;
mod mmap;
mod pool;
mod registers;
mod roots;
mod shared_region;
mod signals;
mod stack;
mod state;
mod stubs;
mod table_cells;
mod trampoline;
mod unwind;

pub(crate) use block::{FuncRefPtr, GlobalCell};
pub(crate) use budget::DEFAULT_WAIT;
pub(crate) use builtins::addresses as builtin_addresses;
pub use bulk::CHUNK_BYTES;
pub(crate) use bulk::Refusal;
pub(crate) use entities::{DEFAULT_EXCEPTION_BYTES, Entities, VmOptions, table_bytes};
pub(crate) use entry::{Frames, HasVm, Stop, StopCause, call};
pub(crate) use host_block::{HostBlock, RegisterFn};
pub(crate) use instance_data::{InstanceData, memory_init, table_init};
pub(crate) use linear_memory::LinearMemory;
pub(crate) use loaded_code::{CodePlace, CodeRegion, LoadedCode, Member};
pub(crate) use mmap::FileCopy;
pub(crate) use pool::{MemoryImage, MemoryPool};
pub(crate) use registers::{AbiValue, Crossing, Vector};
pub(crate) use registers::{TypedEntry, vector_bits, vector_of};
pub use shared_region::WaitResult;
pub(crate) use shared_region::{Awaited, SharedRegion};
pub(crate) use signals::install as install_signal_handlers;
pub(crate) use state::{Failure, VmState};
pub(crate) use stubs::{FuncCode, LazyCode, stubs};
pub(crate) use table_cells::TableCells;
pub(crate) use trampoline::{SlotCall, Trampoline};
