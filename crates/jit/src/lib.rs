//! Core WebAssembly on Cranelift: validate, compile, instantiate, call.
//!
//! A [`ValidModule`] answers questions about a module; a [`Module`] is compiled from it. A
//! [`Store`] owns instances and everything that they share. Handles such as [`Func`] and [`Memory`]
//! are copies that name an item of a store. A guest's fault is a [`Trap`] with the wasm frames it
//! came through; bad input is an [`Error`]. The crate knows nothing of components.
//!
//! It runs the MVP with sign extension, saturating conversions, multi-value, bulk memory, reference
//! types (`funcref`, `externref`, typed ones), multi-memory, memory64, table64, custom page sizes,
//! extended constants, SIMD and relaxed SIMD, exceptions, tail calls, typed function references,
//! recursive type groups with subtypes, wide arithmetic, and threads ([`SharedMemory`]).
//! Instructions of the GC proposal are valid but not supported yet: compiling them fails with
//! [`ErrorKind::Unsupported`].
//!
//! A module is compiled as a whole, or function by function at the first call
//! ([`Config::lazy_compilation`]), or read from a file ([`Module::deserialize_file`]). A guest can
//! be interrupted by epochs or by fuel ([`Config`]), and what it takes of the host is bounded in
//! bytes ([`StoreLimits`]).
//!
//! ```
//! use jit::{Config, Engine, Extern, Func, FuncType, Instance, Module, Store, Val, ValType};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let wasm = wat::parse_str(
//!     r#"(module
//!         (import "host" "log" (func $log (param i32)))
//!         (func (export "double") (param i32) (result i32)
//!             (call $log (local.get 0))
//!             (i32.mul (local.get 0) (i32.const 2))))"#,
//! )?;
//! let engine = Engine::new(&Config::new())?;
//! let module = Module::new(&engine, &wasm)?;
//!
//! // The store's data is the log.
//! let mut store = Store::new(&engine, Vec::new());
//! let ty = FuncType::new([ValType::I32], []);
//! let log = Func::new(&mut store, ty, |mut caller, params, _results| {
//!     caller.data_mut().push(params[0].clone());
//!     Ok(())
//! });
//! let instance = Instance::new(&mut store, &module, &[Extern::Func(log)])?;
//! let double = instance.get_func(&store, "double").ok_or("no such export")?;
//! let mut results = [Val::I32(0)];
//! double.call(&mut store, &[Val::I32(21)], &mut results)?;
//! assert_eq!(results, [Val::I32(42)]);
//! assert_eq!(store.data(), &[Val::I32(21)]);
//! # Ok(())
//! # }
//! ```
//!
//! # Rooms
//!
//! Each module of the crate uses only those before it in this list.
//!
//! - `error`: [`Error`], and the type of host functions' errors.
//! - `module`: modules as plain data. Types and the registry that interns them, decoding,
//!   validation, what the bytes say.
//! - `vm`: the contract between compiled code and the run time, as definitions only: layout of an
//!   instance's block, field offsets, run-time functions, trap codes, value slots, the tables that
//!   describe code.
//! - `heap`: objects that are collected. Exceptions so far; structures and arrays belong here too.
//! - `rt`: the run time. Memories, tables, instances and activations; entering code, leaving it,
//!   signals, unwinding. The only room with `unsafe`. It knows no store, value or function of the
//!   embedder's.
//! - `translate`: from WebAssembly to Cranelift IR, and what built functions can use.
//! - `compile`: from IR to code and tables as plain data; which thread compiles what; files.
//! - `engine`: what stores share. Configuration, [`ValidModule`], [`Module`], [`Unit`], lazy
//!   functions, trampolines.
//! - `embed`: [`Store`] and its handles, instantiation, linking, traps.

mod compile;
mod embed;
mod engine;
mod error;
mod heap;
mod module;
mod rt;
mod translate;
mod vm;

pub use compile::FuncListing;
pub use compile::built::BuiltModule;
pub use compile::schedule::{Progress, Watch};
pub use embed::exception::{Exception, ExnRef};
pub use embed::external::Extern;
pub use embed::func::Func;
pub use embed::global::Global;
pub use embed::instance::Instance;
pub use embed::limits::{StoreLimits, StoreUsage};
pub use embed::link_error::{InstantiateError, LinkError};
pub use embed::linker::Linker;
pub use embed::memory::Memory;
pub use embed::shared_memory::SharedMemory;
pub use embed::store::{AsContext, AsContextMut, Caller, Store, StoreContext, StoreContextMut};
pub use embed::table::Table;
pub use embed::tag::Tag;
pub use embed::trap::{Backtrace, Frame, Trap, TrapKind};
pub use embed::typed::{HostResult, IntoFunc, TypedFunc, WasmParams, WasmResults, WasmTy};
pub use embed::value::{AnyRef, ExternRef, Val};
pub use engine::module::Module;
pub use engine::unit::{Unit, UnitModule};
pub use engine::valid::{DefinedFunc, ValidModule};
pub use engine::{Config, Engine, default_features};
pub use error::{BudgetKind, Error, ErrorKind, HostError, Result};
pub use module::info::{ExportType, ImportType};
pub use module::source::ValidBytes;
pub use module::types::{
    ExternType, FuncType, GlobalType, HeapType, MemoryType, RefType, TableType, TagType, TypeId, ValType,
};
pub use rt::{CHUNK_BYTES as COPY_CHUNK_BYTES, WaitResult};
pub use translate::{BuiltFunc, BuiltGlobal, BuiltMemory, BuiltTable, FuncBody};
pub use vm::slot::ValRaw;
pub use wasmparser::WasmFeatures;

/// The parts of Cranelift that bodies of built functions ([`FuncBody`]) are made with.
pub mod clif {
    pub use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
    pub use cranelift_codegen::ir::immediates::{Ieee32, Ieee64, Imm64};
    pub use cranelift_codegen::ir::{
        Block, BlockArg, InstBuilder, MemFlagsData, StackSlotData, StackSlotKind, TrapCode, Type, Value,
        types,
    };
    pub use cranelift_frontend::{FunctionBuilder, Variable};
}
