//! Decodes, links, instantiates and calls WebAssembly components.
//!
//! The way of a component: [`Component::new`] validates and decodes its bytes, resolves nesting,
//! aliases and types into a flat list of steps, and compiles its core modules. A [`Linker`]
//! satisfies its imports by name and runs the steps in a [`Store`]. The resulting [`Instance`] has
//! [`Func`]s, which lower their arguments, run the guest and lift its result as the Canonical ABI
//! says.
//!
//! ```
//! use component_linker::{Component, Config, Engine, Linker, Store, Val};
//!
//! let bytes = wat::parse_str(
//!     r#"(component
//!         (import "double" (func $double (param "x" u32) (result u32)))
//!         (core func $double (canon lower (func $double)))
//!         (core module $m
//!             (import "host" "double" (func $double (param i32) (result i32)))
//!             (func (export "run") (param i32) (result i32)
//!                 (i32.add (call $double (local.get 0)) (i32.const 2))))
//!         (core instance $i (instantiate $m
//!             (with "host" (instance (export "double" (func $double))))))
//!         (func (export "run") (param "x" u32) (result u32) (canon lift (core func $i "run"))))"#,
//! )?;
//! let engine = Engine::new(&Config::new())?;
//! let component = Component::new(&engine, &bytes)?;
//!
//! let mut linker = Linker::new();
//! linker.root().func_new("double", |cx, args| {
//!     *cx.data_mut() += 1;
//!     let [Val::U32(x)] = args else { unreachable!("arguments are checked") };
//!     Ok(Some(Val::U32(2 * x)))
//! })?;
//!
//! let mut store = Store::new(&engine, 0);
//! let instance = linker.instantiate(&mut store, &component)?;
//! let run = instance.get_func(&mut store, &["run"]).expect("the component exports it");
//! assert_eq!(run.call(&mut store, &[Val::U32(20)])?, Some(Val::U32(42)));
//! assert_eq!(*store.data(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With Rust types in place of [`Val`]s ([`typed`]), types are checked once, and values go straight
//! into and out of the guest:
//!
//! ```
//! # use component_linker::{Component, Config, Engine, Linker, Store};
//! # let bytes = wat::parse_str(
//! #     r#"(component
//! #         (import "double" (func $double (param "x" u32) (result u32)))
//! #         (core func $double (canon lower (func $double)))
//! #         (core module $m
//! #             (import "host" "double" (func $double (param i32) (result i32)))
//! #             (func (export "run") (param i32) (result i32)
//! #                 (i32.add (call $double (local.get 0)) (i32.const 2))))
//! #         (core instance $i (instantiate $m
//! #             (with "host" (instance (export "double" (func $double))))))
//! #         (func (export "run") (param "x" u32) (result u32)
//! #             (canon lift (core func $i "run"))))"#,
//! # )?;
//! # let engine = Engine::new(&Config::new())?;
//! # let component = Component::new(&engine, &bytes)?;
//! let mut linker = Linker::new();
//! linker.root().func_wrap("double", |_, (x,): (u32,)| Ok((2 * x,)))?;
//! let mut store = Store::new(&engine, ());
//! let instance = linker.instantiate(&mut store, &component)?;
//! let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, &["run"])?;
//! assert_eq!(run.call(&mut store, (20,))?, (42,));
//!
//! let error = instance.get_typed_func::<(&str,), (u32,)>(&mut store, &["run"]).unwrap_err();
//! assert!(error.to_string().contains("expected `run: func(x: u32) -> u32`"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`bindings!`] writes all of that for a WIT world, and the derives make component types of one's
//! own:
//!
//! ```
//! use component_linker::{Component, Config, Engine, Linker, Store, bindings};
//!
//! bindings!({ path: "../../examples/plugin/plugin.wit" });
//!
//! use exports::techbytes::plugin::processing::DataChunk;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bytes = wat::parse_file("../../examples/plugin/plugin.wat")?;
//! let engine = Engine::new(&Config::new())?;
//! let component = Component::new(&engine, &bytes)?;
//! let mut store = Store::new(&engine, ());
//! let plugin = Plugin::instantiate(&mut store, &component, &Linker::new())?;
//! let chunk = DataChunk { id: 7, payload: vec![1, 2, 3] };
//! let processed = plugin.techbytes_plugin_processing().call_process(&mut store, &chunk)?;
//! assert_eq!(processed, Ok(chunk));
//! # Ok(())
//! # }
//! ```
//!
//! Who only asks what a component imports and exports takes a [`ResolvedComponent`], the first
//! stage, which needs no [`Engine`] and compiles nothing; [`Component::compile`] makes the second
//! stage of it.
//!
//! Values are [`Val`]s and types [`ValType`]s, both of the crate `canonical-abi`. A resource that a
//! guest defines is known to the host by its representation, a number of the guest's choice:
//! [`Val::Own`] moves the resource, [`Val::Borrow`] lends it for a call, and
//! [`Instance::drop_resource`] drops one that the host was given. Nothing keeps a host from giving
//! away what it does not own; guests are held to the rules by their handle tables.
//!
//! What goes wrong is of one of three kinds: an [`Error`] is about a component's bytes, a
//! [`LinkError`] about its imports, and a [`Trap`] is the guest's fault or a host function's
//! refusal. After a trap the component instances that it passed through cannot be entered any more.
//!
//! Calls run to their end: asynchronous functions are lifted and lowered as long as nothing has to
//! wait. Components that use the built-ins of concurrency are decoded and instantiated; calling
//! such a built-in traps and says that it is not supported yet ([`Component::unsupported`] lists
//! them). Start functions of components are not supported yet either.
//!
//! A component can import core modules and components too ([`LinkerInstance::define_module`],
//! [`LinkerInstance::define_component`]), and functions and resource types of another instance of
//! its store ([`LinkerInstance::define_exports`]). What guests may take of the host is bounded by
//! [`StoreLimits`].
//!
//! [`coming_from_wasmtime`] says what is different for embedders who know that engine.
#![forbid(unsafe_code)]

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

#[doc = include_str!("../docs/coming_from_wasmtime.md")]
pub mod coming_from_wasmtime {}

// The macros name the crate so, also within it.
#[cfg(test)]
extern crate self as component_linker;

#[doc(hidden)]
pub mod __macro;
mod compile;
mod decode;
mod engine;
mod error;
mod func_type;
mod limits;
mod link;
mod link_error;
#[cfg(feature = "macros")]
mod macros;
mod names;
mod resolve;
mod run;
mod trap;
mod type_equality;
pub mod typed;

pub use canonical_abi::{
    FuncType, List, ResourceId, Types, ValType, Value as Val, ValueTypeError, display, display_func,
};
pub use jit::{Frame, HostError, Progress, TrapKind, WasmFeatures, Watch, default_features};

pub use compile::{Component, Module};
pub use engine::{Config, Engine};
pub use error::{Error, ErrorKind};
pub use limits::{LimitExceeded, LimitKind, StoreLimits};
pub use link::{HostFuncType, InstancePre, Linker, LinkerInstance};
pub use link_error::{InstantiateError, LinkError};
#[cfg(feature = "macros")]
pub use macros::{ComponentType, Lift, Lower, bindings, flags};
pub use resolve::{CanonOptions, Item, ItemKind, ResolvedComponent, Unsupported};
pub use run::{
    Access, AsContextMut, BindingsError, CallError, CallHook, CallTrace, Func, HostResource, Instance, Store,
    StoreContextMut, TypedFunc, TypedFuncError,
};
pub use trap::{TaskFault, Trap, TrapCause};
pub use typed::{
    ComponentType, Lift, Lower, Resource, ResourceAny, ResourceError, ResourceKey, ResourceTable,
    ResourceTableError,
};
