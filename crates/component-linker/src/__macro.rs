//! What the expansions of the macros name. Nothing for people.

pub use std::primitive::*;
pub use std::result::Result::{self, Ok};
pub use std::string::String;
pub use std::{unreachable, vec};

pub use canonical_abi::{TypeError, ValType};

pub use crate::trap::Trap;
pub use crate::typed::{
    ComponentType, Context, Describe, FlatIn, FlatOut, Lift, LiftPayload, Lower, LowerPayload, Payload,
    Shape, TypedHost, lift_discriminant, load_discriminant, load_flags, part, store_discriminant,
    store_flags,
};
