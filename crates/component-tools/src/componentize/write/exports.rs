//! Writes the exports of the component.
//!
//! An instance is exported through a small component. It imports the functions with the types that
//! they mention, and exports them again under the names of the interface, so that its functions
//! mention types by these names, as validation demands. The type of the export states which of
//! these types are types of other imports and exports.

use wasm_encoder::{CanonicalOption, ComponentBuilder, ComponentExportKind, ComponentTypeRef, ExportKind};
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentInstanceTypeId, ComponentItem,
};

use super::writer::Writer;
use crate::componentize::error::ComponentizeError;
use crate::componentize::matching::{Export, Exported, Lift};
use crate::componentize::merge::{self, MergedItem};
use crate::componentize::names;
use crate::encode::{AskedFor, Encoder, Known, extern_name};
use crate::wiring::Wiring;

impl Writer<'_, '_> {
    /// Writes an export. Nothing refers to the types of the last one.
    pub(super) fn export(&mut self, export: &Export<'_>, is_last: bool) -> Result<(), ComponentizeError> {
        let name = extern_name(export.key, export.item);
        match &export.kind {
            Exported::Func(lift) => {
                let func = self.lift(lift, export.key)?;
                self.encoder.builder().export(name, ComponentExportKind::Func, func, None);
            }
            Exported::Type(ty) => {
                let index = self.encoder.any_type(*ty, export.key)?;
                self.encoder.builder().export(name, ComponentExportKind::Type, index, None);
            }
            Exported::Instance { ids, lifts } => {
                let known = self.encoder.known();
                let instance = self.instance(ids, lifts, export.key)?;
                // The functions mention types without names, which later exports must not do.
                self.encoder.know_only(known);
                let ty = ComponentTypeRef::Instance(self.encoder.instance(ids, export.key)?);
                let builder = self.encoder.builder();
                let index = builder.export(name, ComponentExportKind::Instance, instance, Some(ty));
                if !is_last {
                    self.name_types(ids, index);
                }
            }
        }
        Ok(())
    }

    /// Lifts a function and returns its index.
    fn lift(&mut self, lift: &Lift, export: &str) -> Result<u32, ComponentizeError> {
        let ty = self.encoder.func_type(lift.id, export)?;
        let mut options = self.options(lift.module, lift.needs, names::EXPORT_REALLOC, export)?;
        if let Some(post_return) = &lift.post_return {
            options.push(CanonicalOption::PostReturn(self.alias(lift.module, post_return, ExportKind::Func)));
        }
        let func = self.alias(lift.module, &lift.export, ExportKind::Func);
        Ok(self.encoder.builder().lift_func(None, func, ty, options))
    }

    /// Writes the instance that stands for an interface, and returns its index.
    fn instance(
        &mut self,
        ids: &[ComponentInstanceTypeId],
        lifts: &[Lift],
        interface: &str,
    ) -> Result<u32, ComponentizeError> {
        let items = merge::items(self.cx.types, ids);
        let mut funcs = Vec::new();
        let names = items.iter().filter(|it| matches!(it.item.ty, ComponentEntityType::Func(_)));
        for (lift, MergedItem { name, .. }) in lifts.iter().zip(names) {
            funcs.push((*name, self.lift(lift, &format!("{interface}` `{name}"))?));
        }
        if funcs.len() == items.len() {
            let funcs = funcs.iter().map(|(name, func)| (*name, ComponentExportKind::Func, *func));
            let index = self.encoder.builder().instantiate_exports(None, funcs);
            return Ok(index);
        }
        let (component, asked_for) = self.renaming(ids, interface)?;
        let component = self.encoder.builder().component(None, component);
        let mut arguments = Vec::new();
        for AskedFor { name, ty } in asked_for {
            arguments.push((name, ComponentExportKind::Type, self.encoder.any_type(ty, interface)?));
        }
        let funcs = funcs.into_iter().enumerate();
        arguments.extend(funcs.map(|(i, (_, func))| (func_name(i), ComponentExportKind::Func, func)));
        Ok(self.encoder.builder().instantiate(None, component, arguments))
    }

    /// Returns the component that exports functions and types under the names of an interface, and
    /// the types that it imports beside the functions.
    fn renaming(
        &self,
        ids: &[ComponentInstanceTypeId],
        interface: &str,
    ) -> Result<(ComponentBuilder, Vec<AskedFor>), ComponentizeError> {
        let types = self.cx.types;
        let none = Wiring::default();
        let mut inner = Encoder::nested(types, &none);
        let (mut type_indices, mut funcs) = (Vec::new(), Vec::new());
        for MergedItem { name, item, others, .. } in merge::items(types, ids) {
            match item.ty {
                ComponentEntityType::Type { created, .. } => {
                    let index = inner.any_type(created, interface)?;
                    let others: Vec<_> = others.into_iter().filter_map(created_type).collect();
                    others.iter().for_each(|other| inner.know(*other, index));
                    type_indices.push((extern_name(name, item), created, others, index));
                }
                ComponentEntityType::Func(ty) => {
                    let index = ComponentTypeRef::Func(inner.func_type(ty, interface)?);
                    let index = inner.builder().import(&*func_name(funcs.len()), index);
                    funcs.push((extern_name(name, item), ty, index));
                }
                ComponentEntityType::Instance(_)
                | ComponentEntityType::Module(_)
                | ComponentEntityType::Component(_)
                | ComponentEntityType::Value(_) => {
                    unreachable!("such exports of interfaces are rejected before")
                }
            }
        }
        // From here on types are mentioned by the names of their exports.
        inner.know_only(Known::default());
        for (name, created, others, index) in type_indices {
            let index = inner.builder().export(name, ComponentExportKind::Type, index, None);
            others.into_iter().chain([created]).for_each(|ty| inner.know(ty, index));
        }
        for (name, ty, index) in funcs {
            let ty = ComponentTypeRef::Func(inner.func_type(ty, interface)?);
            inner.builder().export(name, ComponentExportKind::Func, index, Some(ty));
        }
        Ok(inner.into_nested())
    }

    /// Makes later exports mention types by their names in an exported instance.
    fn name_types(&mut self, ids: &[ComponentInstanceTypeId], instance: u32) {
        for MergedItem { name, item, others, .. } in merge::items(self.cx.types, ids) {
            if let Some(created) = created_type(item) {
                let index = self.encoder.builder().alias_export(instance, name, ComponentExportKind::Type);
                let others = others.into_iter().filter_map(created_type);
                others.chain([created]).for_each(|ty| self.encoder.know(ty, index));
            }
        }
    }
}

/// Returns the type that an import or an export defines.
fn created_type(item: &ComponentItem) -> Option<ComponentAnyTypeId> {
    if let ComponentEntityType::Type { created, .. } = item.ty { Some(created) } else { None }
}

/// Returns the name of a function that the component of [`Writer::renaming`] imports.
fn func_name(index: usize) -> String {
    format!("f{index}")
}
