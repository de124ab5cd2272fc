//! Components at run time: stores, instances, and the calls between them and the host.
//!
//! The rest of the crate makes an [`Instance`] with [`instantiate`] and calls its [`Func`]s.
//! Nothing here looks anything up by name, but for exports that a host asks an instance for.
//!
//! Most files of this room form a circle, because what they define contains or uses each other. A
//! store has a state and the host's functions; a state has tasks; a task knows the function whose
//! result it waits for; a function is a guest's or the host's; and the steps of a call in `canon`
//! take the store, which host functions are called with and other guests are found in.

mod access;
mod canon;
mod func;
mod hook;
mod host;
mod instance;
mod instantiate;
mod resource;
mod state;
mod store;
mod task;
mod typed_func;

pub use access::Access;
pub use canon::CallTrace;
pub use hook::CallHook;
pub use host::HostResource;
pub use instance::{CallError, Func, Instance};
pub use store::{AsContextMut, Store, StoreContextMut};
pub use typed_func::{BindingsError, TypedFunc, TypedFuncError};

pub(crate) use canon::{TypedClosure, TypedHostFunc};
pub(crate) use func::{Body, body_of_export};
pub(crate) use hook::watched;
pub(crate) use host::{HostFunc, HostResourceType, ResourceOrigin};
pub(crate) use instantiate::{ImportedResource, Imports, instantiate};
pub(crate) use state::ResourceIndex;
