//! Whether a function has the types that Rust types describe.
//! Follows Explainer.md, "Type Checking".

use std::any::TypeId;
use std::fmt;

use canonical_abi::{FuncType, ResourceId, TypeError, Types, ValType, display, display_func};

use super::describe::{Describe, ResourceClaim};
use super::tuple::ComponentTuple;
use crate::type_equality::{Comparison, same_all};

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
    // What is no fault is not shown as one: a Rust type stands for `own` and for `borrow`.
    let shown = |rust, component: Option<ValType>| match component {
        Some(ty) if same_all(comparison, &[rust], &[ty]) => display(expected.types, ty).to_string(),
        Some(_) | None => display(&describe.types, rust).to_string(),
    };
    let expected_params = ty.params.iter().map(|(name, ty)| (name.clone(), Some(*ty)));
    let expected_params = expected_params.chain((ty.params.len()..).map(|i| (format!("p{i}"), None)));
    let params = params.iter().zip(expected_params);
    let params: Vec<_> = params.map(|(rust, (name, ty))| format!("{name}: {}", shown(*rust, ty))).collect();
    let asyncness = if ty.is_async { "async " } else { "" };
    let result = results.first().map(|rust| format!(" -> {}", shown(*rust, ty.result)));
    Err(TypeMismatch::Func {
        expected: display_func(expected.types, expected.name, ty),
        given: format!(
            "{}: {asyncness}func({}){}",
            expected.name,
            params.join(", "),
            result.unwrap_or_default()
        ),
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
