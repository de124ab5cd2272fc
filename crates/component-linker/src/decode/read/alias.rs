//! Aliases. Follows Binary.md, "Alias Definitions".

use std::sync::Arc;

use wasmparser::{ComponentAlias, ComponentOuterAliasKind, ExternalKind};

use super::super::alias::{Alias, CoreSort, Sort};

pub(super) fn alias(alias: &ComponentAlias<'_>) -> Alias {
    match *alias {
        ComponentAlias::InstanceExport { kind: _, instance_index, name } => {
            Alias::Export { instance: instance_index, name: Arc::from(name) }
        }
        ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
            Alias::CoreExport { sort: external_kind(kind), instance: instance_index, name: Arc::from(name) }
        }
        ComponentAlias::Outer { kind, count, index } => {
            let sort = match kind {
                ComponentOuterAliasKind::CoreModule => Sort::Core(CoreSort::Module),
                ComponentOuterAliasKind::CoreType => Sort::Core(CoreSort::Type),
                ComponentOuterAliasKind::Type => Sort::Type,
                ComponentOuterAliasKind::Component => Sort::Component,
            };
            Alias::Outer { sort, count, index }
        }
    }
}

pub(super) fn external_kind(kind: ExternalKind) -> CoreSort {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => CoreSort::Func,
        ExternalKind::Table => CoreSort::Table,
        ExternalKind::Memory => CoreSort::Memory,
        ExternalKind::Global => CoreSort::Global,
        ExternalKind::Tag => CoreSort::Tag,
    }
}
