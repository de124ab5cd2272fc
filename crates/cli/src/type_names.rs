//! The names that types go by in what a command prints.
//!
//! Records, variants, enums and flags have names in WIT; long tuples may have. Types of equal
//! structure are one type in the arena, so a name is used only where it is the only one: among
//! those that the interface at hand defines or uses, or else among all. Otherwise the type is
//! written out.

use std::collections::HashMap;

use canonical_abi::{Types, ValType};

/// The most types of a tuple that is written out though it has a name.
const MAX_WRITTEN_OUT: usize = 8;

/// The names of types, by the interface that has them.
#[derive(Debug, Default)]
pub(crate) struct TypeNames {
    /// By owner; `None` where several names are possible.
    by_owner: HashMap<String, HashMap<ValType, Option<String>>>,
    by_type: HashMap<ValType, Option<String>>,
}

impl TypeNames {
    /// Adds the name of a type in `owner`, which defines it or uses it.
    pub(crate) fn add(&mut self, types: &Types, owner: &str, name: &str, ty: ValType) {
        if goes_by_name(types, ty) {
            add(self.by_owner.entry(owner.to_owned()).or_default(), name, ty);
            add(&mut self.by_type, name, ty);
        }
    }

    /// Returns the name of a type in `owner`.
    pub(crate) fn name(&self, owner: &str, ty: ValType) -> Option<&str> {
        let own = self.by_owner.get(owner).and_then(|names| names.get(&ty));
        own.or_else(|| self.by_type.get(&ty))?.as_deref()
    }
}

fn add(names: &mut HashMap<ValType, Option<String>>, name: &str, ty: ValType) {
    let known = names.entry(ty).or_insert_with(|| Some(name.to_owned()));
    if known.as_deref().is_some_and(|known| known != name) {
        *known = None;
    }
}

/// Returns whether a type goes by its name: WIT can only refer to it so, or it is long.
pub(crate) fn goes_by_name(types: &Types, ty: ValType) -> bool {
    match ty {
        ValType::Record(_) | ValType::Variant(_) | ValType::Enum(_) | ValType::Flags(_) => true,
        ValType::Tuple(id) => types[id].types.len() > MAX_WRITTEN_OUT,
        ValType::Scalar(_)
        | ValType::String
        | ValType::ErrorContext
        | ValType::List(_)
        | ValType::FixedLengthList(_)
        | ValType::Map(_)
        | ValType::Option(_)
        | ValType::Result(_)
        | ValType::Own(_)
        | ValType::Borrow(_)
        | ValType::Stream(_)
        | ValType::Future(_) => false,
    }
}
