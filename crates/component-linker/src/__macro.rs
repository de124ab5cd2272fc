//! What the expansions of the macros name. Nothing for people.

pub use std::marker::{Copy, Send, Sized, Sync};
pub use std::ops::Fn;
pub use std::option::Option;
pub use std::primitive::*;
pub use std::result::Result::{self, Err, Ok};
pub use std::string::String;
pub use std::vec::Vec;
pub use std::{unreachable, vec};

pub use canonical_abi::{TypeError, ValType};
pub use jit::HostError;

pub use crate::compile::Component;
pub use crate::link::Linker;
pub use crate::link_error::LinkError;
pub use crate::run::{
    Access, AsContextMut, BindingsError, CallError, Instance, StoreContextMut, TypedFunc, TypedFuncError,
};
pub use crate::trap::Trap;
pub use crate::typed::{
    ComponentType, Context, Describe, ErrorContext, FlatIn, FlatOut, Future, Lift, LiftPayload, Lower,
    LowerPayload, Map, Payload, Resource, ResourceAny, Shape, Stream, TypedHost, flags_slot,
    lift_discriminant, load_discriminant, load_flags, part, set_labels, store_discriminant, store_flags,
};

/// The macros, which bindings use in turn.
#[cfg(feature = "macros")]
pub mod derive {
    pub use component_macros::{ComponentType, Lift, Lower, flags};
}
