//! Core WebAssembly on Cranelift.

mod compile;
mod decode;
mod engine;
mod error;
mod func;
mod global;
mod index;
mod instance;
mod instantiate;
mod memory;
mod module;
mod rt;
mod store;
mod table;
mod tag;
mod translate;
mod trap;
mod types;
mod value;
mod vm_layout;

pub use engine::{Config, Engine};
pub use error::{Error, ErrorKind, Result};
pub use func::Func;
pub use global::Global;
pub use instance::{Extern, Instance, InstantiateError, LinkError};
pub use memory::Memory;
pub use module::{ExportType, ImportType, Module};
pub use store::{AsContext, AsContextMut, Caller, Store, StoreContext, StoreContextMut};
pub use table::Table;
pub use tag::Tag;
pub use trap::{Backtrace, Frame, HostError, Trap, TrapKind};
pub use types::{ExternType, FuncType, GlobalType, MemoryType, TableType, TagType, ValType};
pub use value::{ExternRef, Val};
pub use wasmparser::WasmFeatures;
