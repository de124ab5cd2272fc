//! Which of the things that a linker has is taken for an import: by name and version, by sort, and
//! whether an instance has all that is asked for.

use std::ops::Bound;

use canonical_abi::name::{compare_versions, compatible_name, is_compatible};

use super::definition::{Definition, Definitions};
use crate::resolve::{Item, ItemKind};

/// What is taken for an import, with the name that the linker knows it by.
pub(super) type Choice<'a, T> = (&'a str, &'a Definition<T>);

/// Returns what is taken for an import: what has its name, or else the newest of a compatible
/// version. Something that lacks part of what is asked for is passed over if another has it all, so
/// that what satisfies an import is whole.
pub(super) fn choose<'a, T>(definitions: &'a Definitions<T>, item: &Item) -> Option<Choice<'a, T>> {
    let exact = definitions.get_key_value(item.name.as_str());
    let exact = exact.map(|(name, definition)| (name.as_str(), definition));
    let others = compatible(definitions, &item.name);
    if others.is_empty() {
        return exact;
    }
    let mut candidates = exact.into_iter().chain(others);
    candidates.clone().find(|(_, definition)| fits(definition, &item.kind)).or_else(|| candidates.next())
}

/// Returns what has a compatible version of a name, and not this one, the newest first.
fn compatible<'a, T>(definitions: &'a Definitions<T>, name: &str) -> Vec<Choice<'a, T>> {
    if compatible_name(name).is_none() {
        return Vec::new();
    }
    let mut choices: Vec<_> = versions(definitions, name)
        .filter(|(other, _)| *other != name && is_compatible(other, name))
        .collect();
    choices.sort_by(|(a, _), (b, _)| compare_versions(b, a));
    choices
}

/// Returns everything that has the name without its version, in any version.
pub(super) fn versions<'a, T>(
    definitions: &'a Definitions<T>,
    name: &str,
) -> impl Iterator<Item = Choice<'a, T>> {
    let prefix = name.split_once('@').map_or_else(|| format!("{name}@"), |(base, _)| format!("{base}@"));
    let range = definitions.range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded));
    let choices = range.map(|(name, definition)| (name.as_str(), definition));
    choices.take_while(move |(name, _)| name.starts_with(&prefix))
}

/// Returns whether something is of the sort of an import and, if it is an instance, has all that is
/// asked for. Value types need not be there.
fn fits<T>(definition: &Definition<T>, kind: &ItemKind) -> bool {
    match kind {
        ItemKind::Instance(items) => match definition {
            Definition::Instance(definitions) => items.iter().all(|item| match choose(definitions, item) {
                Some((_, definition)) => fits(definition, &item.kind),
                None => is_optional(&item.kind),
            }),
            Definition::Func(_)
            | Definition::Resource(_)
            | Definition::Type(_)
            | Definition::Module(_)
            | Definition::Component(_) => false,
        },
        ItemKind::Func(_)
        | ItemKind::Resource(_)
        | ItemKind::Type(_)
        | ItemKind::OtherType
        | ItemKind::Module
        | ItemKind::Component => is_of_sort(definition, kind),
    }
}

/// Returns whether a linker may lack what a component imports.
fn is_optional(kind: &ItemKind) -> bool {
    match kind {
        ItemKind::Type(_) | ItemKind::OtherType => true,
        ItemKind::Instance(items) => items.iter().all(|item| is_optional(&item.kind)),
        ItemKind::Func(_) | ItemKind::Resource(_) | ItemKind::Module | ItemKind::Component => false,
    }
}

/// Returns whether something is of the sort that an import asks for.
pub(super) fn is_of_sort<T>(definition: &Definition<T>, kind: &ItemKind) -> bool {
    match definition {
        Definition::Func(_) => matches!(kind, ItemKind::Func(_)),
        Definition::Resource(_) => matches!(kind, ItemKind::Resource(_)),
        Definition::Type(_) => matches!(kind, ItemKind::Type(_) | ItemKind::OtherType),
        Definition::Module(_) => matches!(kind, ItemKind::Module),
        Definition::Component(_) => matches!(kind, ItemKind::Component),
        Definition::Instance(_) => matches!(kind, ItemKind::Instance(_)),
    }
}

/// Returns the sort of an import, as errors name it.
pub(super) fn sort(kind: &ItemKind) -> &'static str {
    match kind {
        ItemKind::Func(_) => "function",
        ItemKind::Instance(_) => "instance",
        ItemKind::Resource(_) => "resource",
        ItemKind::Type(_) | ItemKind::OtherType => "type",
        ItemKind::Module => "core module",
        ItemKind::Component => "component",
    }
}
