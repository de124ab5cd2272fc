//! The Canonical ABI of the WebAssembly Component Model: how component values sit in linear memory,
//! how they are passed in core WebAssembly values, and how to get them in and out.
//!
//! The crate knows no engine: it works on byte slices and a small trait, [`Host`]. It has no
//! dependencies, needs `alloc` only, and reads like the specification, whose function names it has.
//!
//! ```
//! use canonical_abi::explain::byte_map;
//! use canonical_abi::{PtrType, Types, ValType, flatten_type, layout};
//!
//! let mut types = Types::new();
//! let payload = types.list(ValType::U8)?;
//! let fields = vec![("id".into(), ValType::U64), ("payload".into(), payload)];
//! let message = types.record(fields)?;
//!
//! let layout = layout(&types, message, PtrType::I32);
//! assert_eq!((layout.size(), layout.align()), (16, 8));
//! assert_eq!(flatten_type(&types, message, PtrType::I32).len(), 3);
//! println!("{}", byte_map(&types, message, PtrType::I32)); // every byte's meaning, as a table
//! # Ok::<(), canonical_abi::TypeError>(())
//! ```
//!
//! # Lifting a value from bytes
//!
//! [`Standalone`](standalone::Standalone) is a host that is just a buffer.
//!
//! ```
//! use canonical_abi::standalone::Standalone;
//! use canonical_abi::{Context, Options, Types, ValType, Value, load};
//!
//! let mut types = Types::new();
//! let pair = types.tuple(vec![ValType::U8, ValType::String]).unwrap();
//! // A byte, three of padding, the string's pointer and length, and the string.
//! let mut host = Standalone { memory: b"\x07\0\0\0\x0c\0\0\0\x02\0\0\0hi".to_vec() };
//! let mut cx = Context::new(&types, Options::default(), &mut host);
//! let value = load(&mut cx, 0, pair)?;
//! assert_eq!(value, Value::Tuple(vec![Value::U8(7), Value::String("hi".into())]));
//! # Ok::<(), canonical_abi::Trap>(())
//! ```
//!
//! # Your own host
//!
//! A host stands for one component instance: its memory, its `realloc`, its handles ([`handles`]
//! does these).
//!
//! ```
//! use canonical_abi::handles::{self, BorrowScope, HandleTable, Lends, RuntimeResource};
//! use canonical_abi::{
//!     Context, CoreValue, Host, List, MAX_FLAT_PARAMS, Options, ResourceId, Trap, Types, ValType,
//!     Value, lower_flat_values,
//! };
//!
//! struct Instance {
//!     memory: Vec<u8>,
//!     table: HandleTable,
//!     /// Of the call in progress: what it lends, and what it was lent.
//!     lends: Lends,
//!     scope: BorrowScope,
//! }
//!
//! impl Host for Instance {
//!     type Error = Trap;
//!     fn memory(&self) -> &[u8] {
//!         &self.memory
//!     }
//!     fn memory_mut(&mut self) -> &mut [u8] {
//!         &mut self.memory
//!     }
//!     fn realloc(&mut self, _: u64, _: u64, _: u64, new_size: u64) -> Result<u64, Trap> {
//!         Ok(64 - new_size) // An engine calls the guest here. The answer is checked.
//!     }
//!     fn lift_own(&mut self, rt: ResourceId, index: u32) -> Result<u32, Trap> {
//!         handles::lift_own(&mut self.table, RuntimeResource(rt.0), index)
//!     }
//!     fn lift_borrow(&mut self, rt: ResourceId, index: u32) -> Result<u32, Trap> {
//!         handles::lift_borrow(&mut self.table, &mut self.lends, RuntimeResource(rt.0), index)
//!     }
//!     fn lower_own(&mut self, rt: ResourceId, rep: u32) -> Result<u32, Trap> {
//!         handles::lower_own(&mut self.table, RuntimeResource(rt.0), rep)
//!     }
//!     fn lower_borrow(&mut self, rt: ResourceId, rep: u32) -> Result<u32, Trap> {
//!         handles::lower_borrow(&mut self.table, self.scope, RuntimeResource(rt.0), rep)
//!     }
//! }
//!
//! let mut types = Types::new();
//! let tys = [types.list(ValType::U16).unwrap(), ValType::Own(ResourceId(0))];
//! let values = [Value::List(List::U16(vec![1, 2])), Value::Own(40)];
//!
//! let mut table = HandleTable::new();
//! let scope = table.enter_scope();
//! let mut instance = Instance { memory: vec![0; 64], table, lends: Lends::new(), scope };
//! let mut cx = Context::new(&types, Options::default(), &mut instance);
//! let flat = lower_flat_values(&mut cx, MAX_FLAT_PARAMS, &values, &tys, None)?;
//! assert_eq!(flat, [CoreValue::I32(60), CoreValue::I32(2), CoreValue::I32(1)]);
//! assert_eq!(instance.memory[60..], [1, 0, 2, 0]);
//! # Ok::<(), Trap>(())
//! ```
//!
//! # Where to find what
//!
//! | CanonicalABI.md | here |
//! |---|---|
//! | Explainer.md, "Type Definitions" | [`types`], [`label`], [`value`] |
//! | "Canonical ABI Options" | [`Options`] |
//! | "Lifting and Lowering Context" | [`host`] |
//! | "Table State", "Resource State", `canon resource.*` | [`handles`] |
//! | streams, futures and error contexts as values, `canon error-context.drop` | [`ends`] |
//! | "Despecialization", "Type Predicates" | [`despecialize`](mod@despecialize) |
//! | "Alignment", "Element Size" | [`layout`](mod@layout), [`symbolic`] |
//! | "Loading" | [`load`](mod@load), [`string`] |
//! | "Storing" | [`store`](mod@store), [`string`] |
//! | "Flattening" | [`flatten`] |
//! | "Flat Lifting", "Lifting and Lowering Values" | [`lift`] |
//! | "Flat Lowering", "Lifting and Lowering Values" | [`lower`] |
//! | the same for Rust's own scalar types, one by one and in bulk | [`scalar`] |
//! | bounds, alignment, `realloc` | [`memory`] |
//! | all of these in one, for the values of a call between two components | [`plan`] |
//! | every `trap_if` | [`trap`] |
//! | Explainer.md, "Canonical Interface Name" | [`name`] |
//!
//! [`explain`] draws layouts and signatures with the reason for each byte and each core value, and
//! writes down step by step what lifting or lowering does with a value. With the feature
//! `proptest`, `arbitrary` makes random types and values for tests. With the feature `simd`, UTF-8
//! is validated with vector instructions by the crate simdutf8, which needs `std`.
//!
//! The rooms in order, each using those before it only: [`types`] (with layouts and flattened
//! types), core values, the options, [`flatten`], [`trap`], [`value`], [`host`], [`handles`],
//! [`memory`] (load and store), `flat` (lift and lower), [`plan`] and [`explain`].
//!
//! # What it leaves to the engine
//!
//! What runs between values: tasks, and what is read from streams and futures. A stream, a future
//! and an error context are values by the engine's number for them, as a resource is by its
//! representation; [`ends`] has the rules of handing one on. A host that has none of these leaves
//! their methods as they are, which then trap with [`Trap::Unsupported`].
//!
//! # What it guarantees
//!
//! Whatever a guest's memory and core values contain, lifting ends in a value of the type or in a
//! [`Trap`]; it never panics. Recursion is bounded by [`types::MAX_TYPE_DEPTH`]. Memory is reserved
//! only for elements whose place in the guest's memory was checked, and the host is asked first
//! ([`Host::reserve`]).
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(feature = "proptest")]
pub mod arbitrary;
mod core_value;
pub mod explain;
mod flat;
pub mod flatten;
pub mod handles;
pub mod host;
pub mod memory;
pub mod name;
mod options;
pub mod plan;
pub mod standalone;
pub mod trap;
pub mod types;
pub mod value;

pub use core_value::{CoreValue, CoreValueIter};
pub use flat::lift::{lift_flat, lift_flat_values};
pub use flat::lower::{lower_flat, lower_flat_values};
pub use flat::{lift, lower};
pub use flatten::{CoreFuncType, Direction, flatten_functype};
pub use handles::ends;
pub use host::{Context, Host};
pub use memory::load::load;
pub use memory::store::store;
pub use memory::{load, scalar, store, string};
pub use options::{Options, StringEncoding};
pub use trap::Trap;
pub use types::display::{
    NameOf, display, display_definition, display_func, display_func_named, display_named,
};
pub use types::flat::{CoreType, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, flatten_type};
pub use types::layout::{Layout, layout};
pub use types::symbolic::{ArchAlign, ArchSize, symbolic_layout};
pub use types::type_error::TypeError;
pub use types::{FuncType, PtrType, ResourceId, ScalarType, Types, ValType};
pub use types::{despecialize, display, label, layout, predicates, symbolic, type_error};
pub use value::type_check::{ValueTypeError, type_check};
pub use value::{List, RowKind, Rows, Value, type_check};
