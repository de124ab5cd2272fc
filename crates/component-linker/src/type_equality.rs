//! Whether types are equal that no validator has seen together: types of two components, or of a
//! component and the host. Follows Explainer.md, "Type Checking".
//!
//! Function types and value types must be equal, as the validator of components has it, where the
//! specification would allow subtypes. Resource types are equal if they are the same one of the
//! store.

use std::collections::HashSet;

use canonical_abi::{FuncType, ResourceId, Types, ValType};

/// The types of a component or of the host, and what their resource types are to both: `R` names
/// one.
#[derive(Clone, Copy)]
pub(crate) struct TypeScope<'a, R> {
    pub(crate) types: &'a Types,
    /// By [`ResourceId`]; `None` for one that no import brings.
    pub(crate) resources: &'a dyn Fn(ResourceId) -> Option<R>,
}

/// Types to be compared with those of another arena.
#[derive(Clone, Copy)]
pub(crate) struct Comparison<'a> {
    pub(crate) a: &'a Types,
    pub(crate) b: &'a Types,
    /// Whether two handles, each an `own` or a `borrow`, are of types that fit each other.
    pub(crate) handle: &'a dyn Fn(ValType, ValType) -> bool,
}

/// Returns whether two function types are equal.
pub(crate) fn same_func<R: Copy + PartialEq>(
    a: TypeScope<'_, R>,
    a_ty: &FuncType,
    b: TypeScope<'_, R>,
    b_ty: &FuncType,
) -> bool {
    let same_handle = |a_ty, b_ty| same_handle(a, a_ty, b, b_ty);
    let mut pairs = Pairs::new(Comparison { a: a.types, b: b.types, handle: &same_handle });
    a_ty.is_async == b_ty.is_async
        && a_ty.params.len() == b_ty.params.len()
        && a_ty
            .params
            .iter()
            .zip(&b_ty.params)
            .all(|((a_name, a_ty), (b_name, b_ty))| a_name == b_name && same(&mut pairs, *a_ty, *b_ty))
        && same_option(&mut pairs, a_ty.result, b_ty.result)
}

/// Returns whether two value types are equal.
pub(crate) fn same_type<R: Copy + PartialEq>(
    a: TypeScope<'_, R>,
    a_ty: ValType,
    b: TypeScope<'_, R>,
    b_ty: ValType,
) -> bool {
    let same_handle = |a_ty, b_ty| same_handle(a, a_ty, b, b_ty);
    same(&mut Pairs::new(Comparison { a: a.types, b: b.types, handle: &same_handle }), a_ty, b_ty)
}

/// Returns whether there are as many types of one arena as of the other, each equal but for
/// handles, which fit.
pub(crate) fn same_all(comparison: Comparison<'_>, a: &[ValType], b: &[ValType]) -> bool {
    let mut pairs = Pairs::new(comparison);
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(&mut pairs, *a, *b))
}

fn same_handle<R: Copy + PartialEq>(
    a: TypeScope<'_, R>,
    a_ty: ValType,
    b: TypeScope<'_, R>,
    b_ty: ValType,
) -> bool {
    if let (ValType::Own(a_id), ValType::Own(b_id)) | (ValType::Borrow(a_id), ValType::Borrow(b_id)) =
        (a_ty, b_ty)
    {
        let (a, b) = ((a.resources)(a_id), (b.resources)(b_id));
        a.is_some() && a == b
    } else {
        false
    }
}

/// What is compared. A type may have very many paths to few definitions; each pair is looked at
/// once.
struct Pairs<'a> {
    comparison: Comparison<'a>,
    seen: HashSet<(ValType, ValType)>,
}

impl<'a> Pairs<'a> {
    fn new(comparison: Comparison<'a>) -> Self {
        Self { comparison, seen: HashSet::new() }
    }
}

fn same_option(pairs: &mut Pairs<'_>, a: Option<ValType>, b: Option<ValType>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(pairs, a, b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn same(pairs: &mut Pairs<'_>, a: ValType, b: ValType) -> bool {
    if !pairs.seen.insert((a, b)) {
        return true; // equal, or the comparison has failed already
    }
    let (a_types, b_types) = (pairs.comparison.a, pairs.comparison.b);
    match (a, b) {
        (ValType::List(a), ValType::List(b)) => same(pairs, a_types[a].element, b_types[b].element),
        (ValType::FixedLengthList(a), ValType::FixedLengthList(b)) => {
            let (a, b) = (&a_types[a], &b_types[b]);
            a.length == b.length && same(pairs, a.element, b.element)
        }
        (ValType::Map(a), ValType::Map(b)) => {
            let (a, b) = (&a_types[a], &b_types[b]);
            same(pairs, a.key, b.key) && same(pairs, a.value, b.value)
        }
        (ValType::Record(a), ValType::Record(b)) => {
            let (a, b) = (&a_types[a].fields, &b_types[b].fields);
            let mut fields = a.iter().zip(b);
            a.len() == b.len() && fields.all(|(a, b)| a.name == b.name && same(pairs, a.ty, b.ty))
        }
        (ValType::Tuple(a), ValType::Tuple(b)) => {
            let (a, b) = (&a_types[a].types, &b_types[b].types);
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(pairs, *a, *b))
        }
        (ValType::Variant(a), ValType::Variant(b)) => {
            let (a, b) = (&a_types[a].cases, &b_types[b].cases);
            let mut cases = a.iter().zip(b);
            a.len() == b.len() && cases.all(|(a, b)| a.name == b.name && same_option(pairs, a.ty, b.ty))
        }
        (ValType::Enum(a), ValType::Enum(b)) => a_types[a].labels == b_types[b].labels,
        (ValType::Flags(a), ValType::Flags(b)) => a_types[a].labels == b_types[b].labels,
        (ValType::Option(a), ValType::Option(b)) => same(pairs, a_types[a].some, b_types[b].some),
        (ValType::Result(a), ValType::Result(b)) => {
            let (a, b) = (a_types[a], b_types[b]);
            same_option(pairs, a.ok, b.ok) && same_option(pairs, a.err, b.err)
        }
        (ValType::Own(_) | ValType::Borrow(_), ValType::Own(_) | ValType::Borrow(_)) => {
            (pairs.comparison.handle)(a, b)
        }
        (ValType::Stream(a), ValType::Stream(b)) => {
            same_option(pairs, a_types[a].payload, b_types[b].payload)
        }
        (ValType::Future(a), ValType::Future(b)) => {
            same_option(pairs, a_types[a].payload, b_types[b].payload)
        }
        (a, b) => is_scalar(a) && a == b,
    }
}

/// Returns whether the type has no definition: such types are equal if they have the same name.
fn is_scalar(ty: ValType) -> bool {
    matches!(ty, ValType::Scalar(_) | ValType::String | ValType::ErrorContext)
}

/// Returns the resource types that a function type mentions, in the order of its text. Each type
/// within is looked at once.
pub(crate) fn resources_of_func(types: &Types, ty: &FuncType) -> Vec<ResourceId> {
    let mut mentions = Mentions { types, seen: HashSet::new(), resources: Vec::new() };
    ty.param_types().into_iter().chain(ty.result).for_each(|ty| mentions.visit(ty));
    mentions.resources
}

/// Returns the resource types that a value type mentions, in the order of its text.
pub(crate) fn resources_of_type(types: &Types, ty: ValType) -> Vec<ResourceId> {
    let mut mentions = Mentions { types, seen: HashSet::new(), resources: Vec::new() };
    mentions.visit(ty);
    mentions.resources
}

/// What a type mentions, as far as it has been looked at.
struct Mentions<'a> {
    types: &'a Types,
    seen: HashSet<ValType>,
    resources: Vec<ResourceId>,
}

impl Mentions<'_> {
    fn visit(&mut self, ty: ValType) {
        if !self.seen.insert(ty) {
            return;
        }
        let types = self.types;
        match ty {
            ValType::Own(id) | ValType::Borrow(id) => self.resources.push(id),
            ValType::List(id) => self.visit(types[id].element),
            ValType::FixedLengthList(id) => self.visit(types[id].element),
            ValType::Map(id) => {
                self.visit(types[id].key);
                self.visit(types[id].value);
            }
            ValType::Record(id) => types[id].fields.iter().for_each(|field| self.visit(field.ty)),
            ValType::Tuple(id) => types[id].types.iter().for_each(|ty| self.visit(*ty)),
            ValType::Variant(id) => {
                types[id].cases.iter().filter_map(|case| case.ty).for_each(|ty| self.visit(ty));
            }
            ValType::Option(id) => self.visit(types[id].some),
            ValType::Result(id) => {
                [types[id].ok, types[id].err].into_iter().flatten().for_each(|ty| self.visit(ty))
            }
            ValType::Stream(id) => types[id].payload.into_iter().for_each(|ty| self.visit(ty)),
            ValType::Future(id) => types[id].payload.into_iter().for_each(|ty| self.visit(ty)),
            ValType::Scalar(_)
            | ValType::String
            | ValType::ErrorContext
            | ValType::Enum(_)
            | ValType::Flags(_) => {}
        }
    }
}
