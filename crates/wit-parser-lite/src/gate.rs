//! Which gated items are included. Follows WIT.md, "Feature Gates".
//!
//! `@since` and `@deprecated` exclude nothing: they are checked against the package's version and
//! kept as data. `@unstable` excludes its item unless its feature is enabled; a reference to an
//! excluded item is an error.

use std::collections::BTreeSet;

use crate::ast::{
    Attributes, GateKind, Id, InterfaceDefinition, InterfaceItem, TypedefItem, TypedefKind, WorldDefinition,
    WorldItem,
};
use crate::error::{Error, ErrorKind};
use crate::faults::FaultList;
use crate::span::Span;

/// The features whose `@unstable` items are included.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Features {
    /// The features with these names.
    Only(BTreeSet<String>),
    /// All features.
    All,
}

impl Default for Features {
    /// Returns no features, the default that WIT.md asks of tools.
    fn default() -> Self {
        Self::Only(BTreeSet::new())
    }
}

impl Features {
    /// Returns the features with these names.
    pub fn only(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Only(names.into_iter().map(Into::into).collect())
    }

    /// Returns whether items of `feature` are included.
    pub fn contains(&self, feature: &str) -> bool {
        match self {
            Self::Only(names) => names.contains(feature),
            Self::All => true,
        }
    }
}

/// The gate that excludes an item.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gated<'a> {
    pub(crate) feature: &'a str,
    /// The span of the gate.
    pub(crate) span: Span,
}

/// Returns the gate that excludes an item with `attributes`, or `None` if the item is included.
pub(crate) fn gated<'a>(features: &Features, attributes: &Attributes<'a>) -> Option<Gated<'a>> {
    attributes.gates.iter().find_map(|gate| match &gate.kind {
        GateKind::Unstable(feature) if !features.contains(feature.name) => {
            Some(Gated { feature: feature.name, span: gate.span })
        }
        GateKind::Unstable(_) | GateKind::Since(_) | GateKind::Deprecated(_) => None,
    })
}

/// Returns the error that `name` refers to an excluded item.
#[cold]
pub(crate) fn gated_error(name: &str, span: Span, Gated { feature, span: gate }: Gated<'_>) -> Error {
    let message = format!("`{name}` is gated by feature `{feature}`, which is not enabled");
    Error::new(ErrorKind::Gated, span, message).note("the gate is here", gate).help(format!(
        "enable the feature, or write `@unstable(feature = {feature})` before what refers to it"
    ))
}

/// Checks that all functions of an excluded resource are excluded too.
pub(crate) fn check_resource(
    features: &Features,
    item: &TypedefItem<'_>,
    gate: Gated<'_>,
    errors: &mut FaultList,
) {
    if let TypedefKind::Resource(methods) = &item.kind {
        for method in methods {
            check_contained(features, method.id, &method.attributes, item.id, gate, errors);
        }
    }
}

/// Checks that all definitions of an excluded interface are excluded too.
pub(crate) fn check_interface(
    features: &Features,
    item: &InterfaceItem<'_>,
    gate: Gated<'_>,
    errors: &mut FaultList,
) {
    for definition in &item.items {
        match definition {
            InterfaceDefinition::Typedef(ty) => {
                check_contained(features, ty.id, &ty.attributes, item.id, gate, errors);
            }
            InterfaceDefinition::Use(it) => {
                for name in &it.names {
                    check_contained(
                        features,
                        name.alias.unwrap_or(name.id),
                        &it.attributes,
                        item.id,
                        gate,
                        errors,
                    );
                }
            }
            InterfaceDefinition::Func(it) => {
                check_contained(features, it.id, &it.attributes, item.id, gate, errors)
            }
        }
    }
}

/// Checks that all types of an excluded world are excluded too.
pub(crate) fn check_world(
    features: &Features,
    item: &WorldItem<'_>,
    gate: Gated<'_>,
    errors: &mut FaultList,
) {
    for definition in &item.items {
        match definition {
            WorldDefinition::Typedef(ty) => {
                check_contained(features, ty.id, &ty.attributes, item.id, gate, errors);
            }
            WorldDefinition::Use(it) => {
                for name in &it.names {
                    check_contained(
                        features,
                        name.alias.unwrap_or(name.id),
                        &it.attributes,
                        item.id,
                        gate,
                        errors,
                    );
                }
            }
            WorldDefinition::Import(_) | WorldDefinition::Export(_) | WorldDefinition::Include(_) => {}
        }
    }
}

fn check_contained(
    features: &Features,
    id: Id<'_>,
    attributes: &Attributes<'_>,
    container: Id<'_>,
    gate: Gated<'_>,
    errors: &mut FaultList,
) {
    if gated(features, attributes).is_some() {
        return;
    }
    let feature = gate.feature;
    let message = format!(
        "`{}` has no gate, but `{}` around it is gated by feature `{feature}`",
        id.name, container.name
    );
    let error = Error::new(ErrorKind::Gated, id.span, message).note("the gate is here", gate.span);
    errors.push(error.help(format!("write `@unstable(feature = {feature})` before it too")));
}
