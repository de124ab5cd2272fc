//! Writes the component: its imports, the core modules and their instances, what is lowered for
//! them and what is lifted from them.

mod exports;
mod slots;
mod writer;

use wasm_encoder::{ExportKind, ModuleArg};
use wasmparser::ValType;
use wasmparser::component_types::ComponentAnyTypeId;

use self::slots::{Slot, Slots};
use self::writer::Writer;
use super::error::ComponentizeError;
use super::matching::{Context, Lower, Matched, Meaning};
use super::{names, shim};
use crate::encode::Encoder;

/// An export in an argument of a core module: its name, sort and index.
type CoreArgument = (String, ExportKind, u32);

/// Returns the component in the binary format.
pub(super) fn write<'p, 't: 'p>(
    cx: &'p Context<'t>,
    matched: &'p Matched<'t>,
    encoder: Encoder<'p>,
) -> Result<Vec<u8>, ComponentizeError> {
    let mut writer = Writer::new(cx, encoder);
    let slots = Slots::new(cx, matched);
    for lower in matched.imports.iter().flatten().filter_map(lowered) {
        writer.import(lower)?;
    }
    let initializers: Vec<(usize, &str)> = initializers(cx);
    let builder = writer.encoder.builder();
    let modules: Vec<u32> =
        cx.modules.iter().map(|module| builder.core_module_raw(None, &module.bytes)).collect();
    let table = match slots.types.is_empty() {
        true => None,
        false => {
            let module = builder.core_module(None, &shim::shim(&slots.types)?);
            Some(builder.core_instantiate(None, module, std::iter::empty::<(&str, ModuleArg)>()))
        }
    };
    let table = table.unwrap_or_default();
    for (resource, slot) in matched.resources.iter().zip(&slots.dtors) {
        let builder = writer.encoder.builder();
        let dtor =
            slot.map(|slot| builder.core_alias_export(None, table, &shim::slot_name(slot), ExportKind::Func));
        let index = builder.type_resource(None, ValType::I32.try_into().expect("i32 is known"), dtor);
        for ty in std::iter::once(&resource.ty).chain(&resource.others) {
            writer.encoder.know(ComponentAnyTypeId::Resource(*ty), index);
        }
    }
    for (module, index) in modules.into_iter().enumerate() {
        let args = arguments(&mut writer, matched, module, table, &slots)?;
        let args = args.iter().map(|(name, instance)| (name.as_str(), ModuleArg::Instance(*instance)));
        let instance = writer.encoder.builder().core_instantiate(None, index, args);
        writer.add_instance(module, instance);
    }
    if !slots.types.is_empty() || !initializers.is_empty() {
        fix(&mut writer, &slots, table, &initializers)?;
    }
    for (i, export) in matched.exports.iter().enumerate() {
        writer.export(export, i + 1 == matched.exports.len())?;
    }
    Ok(writer.encoder.into_builder().finish())
}

/// Returns the function that an import means, if the component imports it.
fn lowered<'p, 't>(meaning: &'p Meaning<'t>) -> Option<&'p Lower<'t>> {
    match meaning {
        Meaning::Lower(lower) => Some(lower),
        Meaning::ResourceDrop(_)
        | Meaning::ResourceNew(_)
        | Meaning::ResourceRep(_)
        | Meaning::Adapter { .. }
        | Meaning::Main { .. } => None,
    }
}

/// Returns the functions to call before any other, those of adapters first.
fn initializers(cx: &Context<'_>) -> Vec<(usize, &'static str)> {
    let mut initializers = Vec::new();
    for (index, module) in cx.modules.iter().enumerate().rev() {
        let stack = Some(names::ALLOCATE_STACK).filter(|name| index != 0 && module.func(name).is_some());
        initializers
            .extend([stack, module.first_func(names::INITIALIZE)].into_iter().flatten().map(|f| (index, f)));
    }
    initializers
}

/// Returns the arguments for a module: a core instance for each module name of its imports.
fn arguments(
    writer: &mut Writer<'_, '_>,
    matched: &Matched<'_>,
    module: usize,
    table: u32,
    slots: &Slots<'_, '_>,
) -> Result<Vec<(String, u32)>, ComponentizeError> {
    let mut by_name: Vec<(String, Vec<CoreArgument>)> = Vec::new();
    let cx = writer.cx;
    for (i, (import, meaning)) in cx.modules[module].imports.iter().zip(&matched.imports[module]).enumerate()
    {
        let kind = import.ty.kind();
        let index = match (slots.imports.get(&(module, i)), meaning) {
            (Some(slot), _) => {
                writer.encoder.builder().core_alias_export(None, table, &shim::slot_name(*slot), kind)
            }
            (None, Meaning::Lower(lower)) => writer.lower(module, lower)?,
            (None, Meaning::ResourceDrop(ty)) => {
                let ty = writer.resource(*ty)?;
                writer.encoder.builder().resource_drop(ty)
            }
            (None, Meaning::ResourceNew(ty)) => {
                let ty = writer.resource(*ty)?;
                writer.encoder.builder().resource_new(ty)
            }
            (None, Meaning::ResourceRep(ty)) => {
                let ty = writer.resource(*ty)?;
                writer.encoder.builder().resource_rep(ty)
            }
            (None, Meaning::Main { export }) => writer.alias(0, export, kind),
            (None, Meaning::Adapter { .. }) => unreachable!("functions of adapters go through the table"),
        };
        let entry = (import.name.clone(), kind, index);
        match by_name.iter_mut().find(|(name, _)| *name == import.module) {
            Some((_, entries)) if entries.iter().any(|(name, ..)| *name == import.name) => {}
            Some((_, entries)) => entries.push(entry),
            None => by_name.push((import.module.clone(), vec![entry])),
        }
    }
    let builder = writer.encoder.builder();
    let instance = |entries: Vec<CoreArgument>| {
        builder.core_instantiate_exports(
            None,
            entries.iter().map(|(name, kind, index)| (&**name, *kind, *index)),
        )
    };
    let (names, entries): (Vec<_>, Vec<_>) = by_name.into_iter().unzip();
    Ok(names.into_iter().zip(entries.into_iter().map(instance)).collect())
}

/// Instantiates the module that fills the table and calls the initializers.
fn fix(
    writer: &mut Writer<'_, '_>,
    slots: &Slots<'_, '_>,
    table: u32,
    initializers: &[(usize, &str)],
) -> Result<(), ComponentizeError> {
    let mut entries = Vec::new();
    for (slot, function) in slots.functions.iter().enumerate() {
        let index = match function {
            Slot::Lower { module, lower } => writer.lower(*module, lower)?,
            Slot::Core { module, export } => writer.alias(*module, export, ExportKind::Func),
        };
        entries.push((shim::slot_name(slot), ExportKind::Func, index));
    }
    for (place, (module, export)) in initializers.iter().enumerate() {
        let index = writer.alias(*module, export, ExportKind::Func);
        entries.push((shim::initializer_name(place), ExportKind::Func, index));
    }
    let builder = writer.encoder.builder();
    if !slots.types.is_empty() {
        let index = builder.core_alias_export(None, table, shim::TABLE, ExportKind::Table);
        entries.push((shim::TABLE.to_owned(), ExportKind::Table, index));
    }
    let fixup = builder.core_module(None, &shim::fixup(&slots.types, initializers.len())?);
    let entries = entries.iter().map(|(name, kind, index)| (&**name, *kind, *index));
    let argument = builder.core_instantiate_exports(None, entries);
    builder.core_instantiate(None, fixup, [("", ModuleArg::Instance(argument))]);
    Ok(())
}
