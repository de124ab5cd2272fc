//! What types consist of.

use std::collections::HashSet;

use canonical_abi::{Types, ValType};

/// Returns the types that the roots consist of, themselves included.
pub(crate) fn reachable(types: &Types, roots: impl Iterator<Item = ValType>) -> HashSet<ValType> {
    let mut reached = HashSet::new();
    let mut open: Vec<_> = roots.collect();
    while let Some(ty) = open.pop() {
        if reached.insert(ty) {
            open.extend(components(types, ty).into_iter().filter_map(|(_, ty)| ty));
        }
    }
    reached
}

/// Returns a type's components with their labels.
pub(crate) fn components(types: &Types, ty: ValType) -> Vec<(String, Option<ValType>)> {
    let unnamed = |ty: Option<ValType>| (String::new(), ty);
    let labels = |labels: &[String]| labels.iter().map(|label| (label.clone(), None)).collect();
    match ty {
        ValType::List(id) => vec![unnamed(Some(types[id].element))],
        ValType::FixedLengthList(id) => vec![unnamed(Some(types[id].element))],
        ValType::Map(id) => vec![unnamed(Some(types[id].key)), unnamed(Some(types[id].value))],
        ValType::Record(id) => types[id].fields.iter().map(|f| (f.name.clone(), Some(f.ty))).collect(),
        ValType::Tuple(id) => types[id].types.iter().map(|ty| unnamed(Some(*ty))).collect(),
        ValType::Variant(id) => types[id].cases.iter().map(|case| (case.name.clone(), case.ty)).collect(),
        ValType::Enum(id) => labels(&types[id].labels),
        ValType::Flags(id) => labels(&types[id].labels),
        ValType::Option(id) => vec![unnamed(Some(types[id].some))],
        ValType::Result(id) => vec![unnamed(types[id].ok), unnamed(types[id].err)],
        ValType::Stream(id) => vec![unnamed(types[id].payload)],
        ValType::Future(id) => vec![unnamed(types[id].payload)],
        ValType::Scalar(_)
        | ValType::String
        | ValType::ErrorContext
        | ValType::Own(_)
        | ValType::Borrow(_) => Vec::new(),
    }
}
