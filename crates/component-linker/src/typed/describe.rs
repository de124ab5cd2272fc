//! Rust types as component types, and whether a function has them.
//! Follows Explainer.md, "Type Checking".

use std::any::{TypeId, type_name};
use std::fmt;

use canonical_abi::{FuncType, ResourceId, TypeError, Types, ValType, display_func};

use super::tuple::ComponentTuple;
use crate::type_equality::{Comparison, same_all};

/// Where Rust types describe themselves.
#[derive(Debug, Default)]
pub struct Describe {
    types: Types,
    /// What may stand for each [`ResourceId`] of a description.
    resources: Vec<ResourceClaim>,
}

#[derive(Clone, Copy, Debug)]
enum ResourceClaim {
    /// The host's resource types of a Rust type.
    Host(TypeId),
    Any,
}

/// Why a function can't be called, or provided, with the given Rust types.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TypeMismatch {
    /// The function has other types.
    Func {
        /// The function's type as WIT.
        expected: String,
        /// What the Rust types are, as WIT.
        given: String,
    },
    /// There is no such component type, a record with two fields of one name for instance.
    Invalid(TypeError),
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

/// A function's type, and what its resource types are.
pub(crate) struct Expected<'a> {
    /// The name in messages.
    pub(crate) name: &'a str,
    pub(crate) types: &'a Types,
    pub(crate) ty: &'a FuncType,
    /// Which Rust type handles of a resource type stand for, if it is one of the host's.
    pub(crate) host_resources: &'a dyn Fn(ResourceId) -> Option<TypeId>,
}

/// Checks that a function has the parameters `P` and the results `R`. Parameters have no names in
/// Rust; their order counts.
pub(crate) fn check_func<P: ComponentTuple, R: ComponentTuple>(
    expected: &Expected<'_>,
) -> Result<(), TypeMismatch> {
    let mut describe = Describe::default();
    let params = P::describe_each(&mut describe).map_err(TypeMismatch::Invalid)?;
    let results = R::describe_each(&mut describe).map_err(TypeMismatch::Invalid)?;
    let fits_handle = |rust: ValType, component: ValType| {
        let (Some(rust), Some(component)) = (resource_of(rust), resource_of(component)) else { return false };
        match describe.resources[rust.0 as usize] {
            ResourceClaim::Any => true,
            ResourceClaim::Host(rust) => (expected.host_resources)(component) == Some(rust),
        }
    };
    let comparison = Comparison { a: &describe.types, b: expected.types, handle: &fits_handle };
    let ty = expected.ty;
    if same_all(comparison, &params, &ty.param_types()) && same_all(comparison, &results, &ty.result_type()) {
        return Ok(());
    }
    let names = ty.params.iter().map(|(name, _)| name.clone());
    let names = names.chain((ty.params.len()..).map(|i| format!("p{i}")));
    let given = FuncType {
        params: names.zip(params).collect(),
        result: results.first().copied(),
        is_async: ty.is_async,
    };
    Err(TypeMismatch::Func {
        expected: display_func(expected.types, expected.name, ty),
        given: display_func(&describe.types, expected.name, &given),
    })
}

fn resource_of(ty: ValType) -> Option<ResourceId> {
    if let ValType::Own(id) | ValType::Borrow(id) = ty { Some(id) } else { None }
}

impl fmt::Display for TypeMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Func { expected, given } => {
                write!(f, "expected `{expected}`, but the Rust types are those of `{given}`")
            }
            Self::Invalid(error) => write!(f, "the Rust types are no component types: {error}"),
        }
    }
}

impl std::error::Error for TypeMismatch {}
