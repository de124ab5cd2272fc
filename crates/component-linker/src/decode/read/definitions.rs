//! Definitions, one by one: those of instances, imports and exports here, the others from their
//! files. Follows Binary.md, "Instance Definitions" and "Import and Export Definitions".

use std::sync::Arc;

use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExport, ComponentExternalKind, ComponentImport,
    ComponentInstance, ComponentType,
};

use super::super::alias::{CoreSort, Sort};
use super::super::definition::{
    CoreInlineExport, CoreInstanceExpr, CoreInstantiateArg, DefinitionKind, Export, InlineExport,
    InstanceExpr, InstantiateArg, SortIdx,
};
use super::alias::{alias as own_alias, external_kind};
use super::{canon as canons, core_types, types};
use crate::error::Error;

pub(super) fn core_instance(instance: wasmparser::Instance<'_>) -> Result<DefinitionKind, Error> {
    Ok(DefinitionKind::CoreInstance(match instance {
        wasmparser::Instance::Instantiate { module_index, args } => {
            let arg = |arg: &wasmparser::InstantiationArg<'_>| CoreInstantiateArg {
                name: Arc::from(arg.name),
                instance: arg.index,
            };
            CoreInstanceExpr::Instantiate { module: module_index, args: args.iter().map(arg).collect() }
        }
        wasmparser::Instance::FromExports(exports) => {
            let export = |export: &wasmparser::Export<'_>| CoreInlineExport {
                name: Arc::from(export.name),
                sort: external_kind(export.kind),
                index: export.index,
            };
            CoreInstanceExpr::InlineExports(exports.iter().map(export).collect())
        }
    }))
}

pub(super) fn core_type(ty: wasmparser::CoreType<'_>) -> Result<DefinitionKind, Error> {
    core_types::core_type(ty).map(DefinitionKind::CoreType)
}

pub(super) fn instance(instance: ComponentInstance<'_>) -> Result<DefinitionKind, Error> {
    Ok(DefinitionKind::Instance(match instance {
        ComponentInstance::Instantiate { component_index, args } => {
            let arg = |arg: &wasmparser::ComponentInstantiationArg<'_>| InstantiateArg {
                name: Arc::from(arg.name),
                sortidx: SortIdx { sort: sort(arg.kind), index: arg.index },
            };
            InstanceExpr::Instantiate { component: component_index, args: args.iter().map(arg).collect() }
        }
        ComponentInstance::FromExports(exports) => {
            let export = |export: &ComponentExport<'_>| InlineExport {
                name: Arc::from(export.name.name),
                attributes: types::attributes(&export.name),
                sortidx: SortIdx { sort: sort(export.kind), index: export.index },
            };
            InstanceExpr::InlineExports(exports.iter().map(export).collect())
        }
    }))
}

pub(super) fn alias(alias: ComponentAlias<'_>) -> Result<DefinitionKind, Error> {
    Ok(DefinitionKind::Alias(own_alias(&alias)))
}

pub(super) fn def_type(ty: ComponentType<'_>) -> Result<DefinitionKind, Error> {
    types::def_type(ty).map(DefinitionKind::Type)
}

pub(super) fn canon(canon: CanonicalFunction) -> Result<DefinitionKind, Error> {
    Ok(DefinitionKind::Canon(canons::canon(&canon)))
}

pub(super) fn import(import: ComponentImport<'_>) -> Result<DefinitionKind, Error> {
    Ok(DefinitionKind::Import(types::import(&import)))
}

pub(super) fn export(export: ComponentExport<'_>) -> Result<DefinitionKind, Error> {
    let ComponentExport { name, kind, index, ty } = export;
    Ok(DefinitionKind::Export(Export {
        name: Arc::from(name.name),
        attributes: types::attributes(&name),
        sortidx: SortIdx { sort: sort(kind), index },
        ty: ty.map(types::extern_type),
    }))
}

fn sort(kind: ComponentExternalKind) -> Sort {
    match kind {
        ComponentExternalKind::Module => Sort::Core(CoreSort::Module),
        ComponentExternalKind::Func => Sort::Func,
        ComponentExternalKind::Value => Sort::Value,
        ComponentExternalKind::Type => Sort::Type,
        ComponentExternalKind::Instance => Sort::Instance,
        ComponentExternalKind::Component => Sort::Component,
    }
}
