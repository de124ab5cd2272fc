//! Concurrency of the WebAssembly Component Model as pure state machines: tasks and their threads,
//! subtasks, waitables and sets of them, streams, futures and error contexts, and the scheduler of
//! a store. Follows CanonicalABI.md and Concurrency.md, whose names it has.
//!
//! The crate knows no engine and suspends nothing. Code that is suspended is a value of the
//! embedder's ([`Embedding::Continuation`]): an engine's is a stack, a test's may be the number of
//! the next line. What may block is an [`Operation`](canon::Operation), which is stepped until it
//! has ended; between two steps it asks for what only the embedder can do: suspend the current
//! thread, resume another, copy elements. So every interleaving can be stepped through, and
//! repeated.
//!
//! A [`scenario`] stands for guests. Here one writes to a stream before it passes the readable end
//! to another, which reads:
//!
//! ```
//! use component_async::EndKind::Stream;
//! use component_async::policy::Deterministic;
//! use component_async::scenario::{EndOp, Function, Lift, Op, Scenario, SetOp, run};
//!
//! let (reader, writer, set) = (1, 2, 3);
//! let write = Function {
//!     instance: 0,
//!     is_async_type: true,
//!     lift: Lift::Stackful,
//!     param: None,
//!     body: vec![
//!         Op::End(Stream, EndOp::New { readable: reader, writable: writer }),
//!         Op::End(Stream, EndOp::Write { of: writer, n: 3, is_async: true }),
//!         Op::Call { function: 1, is_async: false, arg: reader, into: 0 },
//!         Op::Set(SetOp::New { into: set }),
//!         Op::Set(SetOp::Join { of: writer, set: Some(set) }),
//!         Op::Set(SetOp::Wait { of: set }),
//!         Op::Return,
//!     ],
//!     callback: vec![],
//! };
//! let read = Function {
//!     instance: 1,
//!     is_async_type: true,
//!     lift: Lift::Sync,
//!     param: Some(Stream),
//!     body: vec![Op::End(Stream, EndOp::Read { of: 0, n: 2, is_async: false })],
//!     callback: vec![],
//! };
//!
//! let outcome = run(&Scenario { functions: vec![write, read] }, &mut Deterministic);
//! let expected = "0: begins
//! 0: 4294967295
//! 1: begins
//! 1: 32
//! 0: (3, 2, 32)
//! host: resolved
//! resolved
//! ";
//! assert_eq!(outcome.to_string(), expected); // blocked; two elements read; as many written
//! assert_eq!(outcome.memories[1][..2], [1, 2]);
//! ```

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod arena;
pub mod buffer;
pub mod canon;
mod embedding;
mod ids;
pub mod policy;
pub mod scenario;
mod state;
mod trap;

pub use arena::Id;
pub use embedding::{Element, Embedding, Entry, Handle, Payload};
pub use ids::{EndId, ErrorContextId, InstanceId, SubtaskId, TaskId, ThreadId, WaitableSetId, tag};
pub use state::{
    Callee, Caller, Census, ComponentInstance, CopyResult, EndKind, EndState, ErrorContext, Event, EventCode,
    Lifted, Ready, Runner, Store, SubtaskState, Suspension, Task, TaskState, Thread, ThreadState, Transfer,
};
pub use trap::{Attempt, Trap};
