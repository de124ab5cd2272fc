//! The Canonical ABI of the WebAssembly Component Model.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(feature = "proptest")]
pub mod arbitrary;
pub mod despecialize;
pub mod display;
pub mod explain;
pub mod flatten;
pub mod handles;
pub mod host;
pub mod label;
pub mod layout;
pub mod lift;
pub mod load;
pub mod lower;
mod memory;
mod specialize;
pub mod store;
pub mod string;
pub mod trap;
pub mod type_check;
pub mod type_error;
pub mod types;
pub mod value;

pub use display::display;
pub use flatten::{
    CoreFuncType, CoreType, Direction, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, Options,
    flatten_functype, flatten_type,
};
pub use host::{Context, Host};
pub use layout::{Layout, layout};
pub use lift::{CoreValue, CoreValueIter, lift_flat, lift_flat_values};
pub use load::load;
pub use lower::{lower_flat, lower_flat_values};
pub use store::store;
pub use string::StringEncoding;
pub use trap::Trap;
pub use type_check::{ValueTypeError, type_check};
pub use type_error::TypeError;
pub use types::{FuncType, PtrType, ResourceId, Types, ValType};
pub use value::{List, Value};
