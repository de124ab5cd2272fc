//! What types are called, and where. Follows WIT.md, "Identifiers" and "Item: `use`".

use std::collections::HashMap;

use wasmparser::component_types::{ComponentAnyTypeId, ResourceId};
use wasmparser::types::TypesRef;

/// Where a name is known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Scope {
    /// In the world itself.
    World,
    /// In the interface of this name.
    Interface(String),
}

/// The names of types.
#[derive(Default)]
pub(super) struct TypeNames {
    by_type: HashMap<ComponentAnyTypeId, (Scope, String)>,
    by_resource: HashMap<ResourceId, (Scope, String)>,
}

impl TypeNames {
    /// Remembers a name. A resource goes by its first one where an alias of it has none.
    pub(super) fn insert(&mut self, ty: ComponentAnyTypeId, scope: Scope, name: String) {
        if let ComponentAnyTypeId::Resource(id) = ty {
            self.by_resource.entry(id.resource()).or_insert_with(|| (scope.clone(), name.clone()));
        }
        self.by_type.insert(ty, (scope, name));
    }

    /// Returns the name of a type, or of what it is an alias of.
    pub(super) fn find(&self, types: TypesRef<'_>, ty: ComponentAnyTypeId) -> Option<&(Scope, String)> {
        let mut next = Some(ty);
        while let Some(ty) = next {
            if let Some(found) = self.by_type.get(&ty) {
                return Some(found);
            }
            next = types.peel_alias(ty);
        }
        match ty {
            ComponentAnyTypeId::Resource(id) => self.by_resource.get(&id.resource()),
            ComponentAnyTypeId::Defined(_)
            | ComponentAnyTypeId::Func(_)
            | ComponentAnyTypeId::Instance(_)
            | ComponentAnyTypeId::Component(_) => None,
        }
    }
}

/// The words that WIT keeps for itself.
const KEYWORDS: &[&str] = &[
    "as",
    "async",
    "bool",
    "borrow",
    "char",
    "constructor",
    "enum",
    "error-context",
    "export",
    "f32",
    "f64",
    "flags",
    "from",
    "func",
    "future",
    "import",
    "include",
    "interface",
    "list",
    "map",
    "option",
    "own",
    "package",
    "record",
    "resource",
    "result",
    "s16",
    "s32",
    "s64",
    "s8",
    "static",
    "stream",
    "string",
    "tuple",
    "type",
    "u16",
    "u32",
    "u64",
    "u8",
    "use",
    "variant",
    "with",
    "world",
];

/// Returns a name as WIT writes it: with a `%` if it is a keyword.
pub(super) fn escape(name: &str) -> String {
    match KEYWORDS.binary_search(&name) {
        Ok(_) => format!("%{name}"),
        Err(_) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_sorted_and_escaped() {
        assert!(KEYWORDS.is_sorted());
        assert_eq!((escape("list"), escape("lists")), ("%list".to_owned(), "lists".to_owned()));
    }
}
