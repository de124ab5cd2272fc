//! Rust types as component types.

use std::any::{TypeId, type_name};

use canonical_abi::{ResourceId, Types, ValType};

/// Where Rust types describe themselves.
#[derive(Debug, Default)]
pub struct Describe {
    pub(super) types: Types,
    /// What may stand for each [`ResourceId`] of a description.
    pub(super) resources: Vec<ResourceClaim>,
}

/// Which resource type a Rust type stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum ResourceClaim {
    /// The host's resource types of a Rust type.
    Host(TypeId),
    Any,
}

impl Describe {
    /// Returns the arena of the types, to build types in.
    pub fn types(&mut self) -> &mut Types {
        &mut self.types
    }

    /// Returns the arena of the types.
    pub fn into_types(self) -> Types {
        self.types
    }

    /// Returns a handle to a resource type of the host that was defined with the Rust type `R`.
    pub(super) fn host_resource<R: 'static>(&mut self) -> ValType {
        let name = type_name::<R>();
        let name = name.rsplit("::").next().unwrap_or(name);
        self.resource(ResourceClaim::Host(TypeId::of::<R>()), name)
    }

    /// Returns a handle to whatever resource type there is.
    pub(super) fn any_resource(&mut self) -> ValType {
        self.resource(ResourceClaim::Any, "any resource")
    }

    fn resource(&mut self, claim: ResourceClaim, name: &str) -> ValType {
        let id = u32::try_from(self.resources.len()).expect("a function has fewer than 2^32 resource types");
        self.resources.push(claim);
        self.types.name_resource(ResourceId(id), name);
        ValType::Own(ResourceId(id))
    }
}
