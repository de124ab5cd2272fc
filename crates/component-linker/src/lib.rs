//! Decodes, links, instantiates and calls WebAssembly components.
#![forbid(unsafe_code)]

mod canon;
mod component;
mod decode;
mod engine;
mod error;
mod func_type;
mod host;
mod instance;
mod instantiate;
mod linker;
mod names;
mod plan;
mod resolve;
mod store;
mod trap;

pub use canonical_abi::{FuncType, List, ResourceId, Types, ValType, Value as Val, ValueTypeError, display};
pub use jit::{Frame, HostError};

pub use component::{Component, Item, ItemKind};
pub use engine::{Config, Engine};
pub use error::{Error, ErrorKind};
pub use func_type::display_func;
pub use instance::{CallError, Func, Instance};
pub use linker::{InstantiateError, LinkError, Linker, LinkerInstance};
pub use plan::Unsupported;
pub use store::{AsContextMut, Store, StoreContextMut};
pub use trap::{Trap, TrapCause};
