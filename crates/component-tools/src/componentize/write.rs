//! Writes the component: its imports, the core modules, their instances, what is lowered for them.

use std::collections::BTreeMap;

use canonical_abi::StringEncoding;
use wasm_encoder::{CanonicalOption, ComponentExportKind, ExportKind, ModuleArg};
use wasmparser::component_types::{AliasableResourceId, ComponentAnyTypeId};
use wasmparser::{FuncType, ValType};

use super::adapt::ALLOCATE_STACK;
use super::core::{CoreModule, Extern};
use super::error::ComponentizeError;
use super::matching::{Context, Export, Lower, Meaning, OwnResource};
use super::signature::Needs;
use super::{names, shim};
use crate::encode::Encoder;
use crate::wiring::Source;

/// What is to be written.
pub(super) struct Plan<'t> {
    /// By module, by import.
    pub(super) imports: Vec<Vec<Meaning<'t>>>,
    pub(super) resources: Vec<OwnResource>,
    pub(super) exports: Vec<Export<'t>>,
}

/// What stands at a place of the table.
enum Slot<'p, 't> {
    /// A function lowered for a module.
    Lower { module: usize, lower: &'p Lower<'t> },
    /// A core function of a module.
    Core { module: usize, export: &'p str },
}

/// The table of functions that are there only after the module that calls them.
#[derive(Default)]
struct Slots<'p, 't> {
    types: Vec<FuncType>,
    targets: Vec<Slot<'p, 't>>,
    /// By module and import.
    imports: BTreeMap<(usize, usize), usize>,
    /// By resource, in order.
    dtors: Vec<Option<usize>>,
}

impl<'p, 't> Slots<'p, 't> {
    fn push(&mut self, ty: FuncType, target: Slot<'p, 't>) -> usize {
        self.types.push(ty);
        self.targets.push(target);
        self.targets.len() - 1
    }
}

/// What a core module is given under one name: the name, the sort, the index.
type CoreArgument = (String, ExportKind, u32);

/// A component that is being written.
pub(super) struct Writer<'p, 't> {
    pub(super) cx: &'p Context<'t>,
    pub(super) encoder: Encoder<'p>,
    /// The core instances of the modules, once they are there.
    instances: Vec<Option<u32>>,
}

/// Returns the component in the binary format.
pub(super) fn write<'p, 't: 'p>(
    cx: &'p Context<'t>,
    plan: &'p Plan<'t>,
    encoder: Encoder<'p>,
) -> Result<Vec<u8>, ComponentizeError> {
    let mut writer = Writer { cx, encoder, instances: vec![None; cx.modules.len()] };
    let slots = slots(cx, plan);
    for lower in plan.imports.iter().flatten().filter_map(lowered) {
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
    for (resource, slot) in plan.resources.iter().zip(&slots.dtors) {
        let builder = writer.encoder.builder();
        let dtor =
            slot.map(|slot| builder.core_alias_export(None, table, &shim::slot_name(slot), ExportKind::Func));
        let index = builder.type_resource(None, ValType::I32.try_into().expect("i32 is known"), dtor);
        writer.encoder.know(ComponentAnyTypeId::Resource(resource.ty), index);
    }
    for (module, index) in modules.into_iter().enumerate() {
        let args = writer.arguments(plan, module, table, &slots)?;
        let args = args.iter().map(|(name, instance)| (name.as_str(), ModuleArg::Instance(*instance)));
        let instance = writer.encoder.builder().core_instantiate(None, index, args);
        writer.instances[module] = Some(instance);
    }
    if !slots.types.is_empty() || !initializers.is_empty() {
        writer.fix(&slots, table, &initializers)?;
    }
    for (i, export) in plan.exports.iter().enumerate() {
        writer.export(export, i + 1 == plan.exports.len())?;
    }
    Ok(writer.encoder.into_builder().finish())
}

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

/// Returns which imports go through the table: those that need the memory or an export of a module that comes later.
fn slots<'p, 't>(cx: &Context<'t>, plan: &'p Plan<'t>) -> Slots<'p, 't> {
    let mut slots = Slots::default();
    for (module, meanings) in plan.imports.iter().enumerate() {
        for (import, meaning) in meanings.iter().enumerate() {
            let Extern::Func(ty) = &cx.modules[module].imports[import].ty else { continue };
            let target = match meaning {
                Meaning::Lower(lower) if lower.needs.memory => Slot::Lower { module, lower },
                Meaning::Adapter { module, export } => Slot::Core { module: *module, export },
                Meaning::Lower(_)
                | Meaning::ResourceDrop(_)
                | Meaning::ResourceNew(_)
                | Meaning::ResourceRep(_)
                | Meaning::Main { .. } => continue,
            };
            let slot = slots.push(ty.clone(), target);
            slots.imports.insert((module, import), slot);
        }
    }
    for resource in &plan.resources {
        let slot = resource.dtor.as_ref().map(|(module, export)| {
            slots.push(FuncType::new([ValType::I32], []), Slot::Core { module: *module, export })
        });
        slots.dtors.push(slot);
    }
    slots
}

/// Returns the functions to call before any other, of the adapters first.
fn initializers(cx: &Context<'_>) -> Vec<(usize, &'static str)> {
    let mut initializers = Vec::new();
    for (index, module) in cx.modules.iter().enumerate().rev() {
        let stack = Some(ALLOCATE_STACK).filter(|name| index != 0 && module.func(name).is_some());
        initializers
            .extend([stack, module.first_func(names::INITIALIZE)].into_iter().flatten().map(|f| (index, f)));
    }
    initializers
}

impl Writer<'_, '_> {
    /// Returns the index of a function that the component imports, after importing it.
    fn import(&mut self, lower: &Lower<'_>) -> Result<u32, ComponentizeError> {
        let Source::Import(group) = self.cx.wiring.source(lower.member) else {
            unreachable!("the imports of worlds come from outside")
        };
        Ok(self.encoder.import_group(*group)?)
    }

    /// Lowers a function for a module.
    fn lower(&mut self, module: usize, lower: &Lower<'_>) -> Result<u32, ComponentizeError> {
        let import = self.import(lower)?;
        let builder = self.encoder.builder();
        let (func, name) = match lower.func {
            Some(name) => (builder.alias_export(import, name, ComponentExportKind::Func), name),
            None => (import, "a function of the world"),
        };
        let options = self.options(module, lower.needs, names::IMPORT_REALLOC, name)?;
        Ok(self.encoder.builder().lower_func(None, func, options))
    }

    /// Returns the canonical options of a function. They name exports of instances that are there.
    pub(super) fn options(
        &mut self,
        module: usize,
        needs: Needs,
        reallocs: &'static [&'static str],
        func: &str,
    ) -> Result<Vec<CanonicalOption>, ComponentizeError> {
        let mut options = Vec::new();
        if needs.memory {
            let memory = memory(&self.cx.modules[0], func)?;
            let index = self.alias(0, memory, ExportKind::Memory);
            options.push(CanonicalOption::Memory(index));
            options.push(match needs.string_encoding {
                StringEncoding::Utf8 => CanonicalOption::UTF8,
                StringEncoding::Utf16 => CanonicalOption::UTF16,
                StringEncoding::Latin1Utf16 => CanonicalOption::CompactUTF16,
            });
        }
        if needs.realloc {
            let (module, realloc) = realloc(self.cx, module, reallocs, func)?;
            options.push(CanonicalOption::Realloc(self.alias(module, realloc, ExportKind::Func)));
        }
        Ok(options)
    }

    /// Returns the index of an export of a module's instance.
    pub(super) fn alias(&mut self, module: usize, export: &str, kind: ExportKind) -> u32 {
        let instance = self.instances[module].expect("its instance is there before it is asked for");
        self.encoder.builder().core_alias_export(None, instance, export, kind)
    }

    fn resource(&mut self, ty: AliasableResourceId) -> Result<u32, ComponentizeError> {
        Ok(self.encoder.resource(ty)?)
    }

    /// Returns the arguments for a module's instance: a core instance for each module name of its imports.
    fn arguments(
        &mut self,
        plan: &Plan<'_>,
        module: usize,
        table: u32,
        slots: &Slots<'_, '_>,
    ) -> Result<Vec<(String, u32)>, ComponentizeError> {
        let mut by_name: Vec<(String, Vec<CoreArgument>)> = Vec::new();
        let cx = self.cx;
        for (i, (import, meaning)) in cx.modules[module].imports.iter().zip(&plan.imports[module]).enumerate()
        {
            let kind = import.ty.kind();
            let index = match (slots.imports.get(&(module, i)), meaning) {
                (Some(slot), _) => {
                    self.encoder.builder().core_alias_export(None, table, &shim::slot_name(*slot), kind)
                }
                (None, Meaning::Lower(lower)) => self.lower(module, lower)?,
                (None, Meaning::ResourceDrop(ty)) => {
                    let ty = self.resource(*ty)?;
                    self.encoder.builder().resource_drop(ty)
                }
                (None, Meaning::ResourceNew(ty)) => {
                    let ty = self.resource(*ty)?;
                    self.encoder.builder().resource_new(ty)
                }
                (None, Meaning::ResourceRep(ty)) => {
                    let ty = self.resource(*ty)?;
                    self.encoder.builder().resource_rep(ty)
                }
                (None, Meaning::Main { export }) => self.alias(0, export, kind),
                (None, Meaning::Adapter { .. }) => unreachable!("functions of adapters go through the table"),
            };
            let entry = (import.name.clone(), kind, index);
            match by_name.iter_mut().find(|(name, _)| *name == import.module) {
                Some((_, entries)) if entries.iter().any(|(name, ..)| *name == import.name) => {}
                Some((_, entries)) => entries.push(entry),
                None => by_name.push((import.module.clone(), vec![entry])),
            }
        }
        let builder = self.encoder.builder();
        let instance = |entries: Vec<CoreArgument>| {
            builder.core_instantiate_exports(
                None,
                entries.iter().map(|(name, kind, index)| (&**name, *kind, *index)),
            )
        };
        let (names, entries): (Vec<_>, Vec<_>) = by_name.into_iter().unzip();
        Ok(names.into_iter().zip(entries.into_iter().map(instance)).collect())
    }

    /// Fills the table and calls the initializers.
    fn fix(
        &mut self,
        slots: &Slots<'_, '_>,
        table: u32,
        initializers: &[(usize, &str)],
    ) -> Result<(), ComponentizeError> {
        let mut entries = Vec::new();
        for (slot, target) in slots.targets.iter().enumerate() {
            let index = match target {
                Slot::Lower { module, lower } => self.lower(*module, lower)?,
                Slot::Core { module, export } => self.alias(*module, export, ExportKind::Func),
            };
            entries.push((shim::slot_name(slot), ExportKind::Func, index));
        }
        for (place, (module, export)) in initializers.iter().enumerate() {
            let index = self.alias(*module, export, ExportKind::Func);
            entries.push((shim::initializer_name(place), ExportKind::Func, index));
        }
        let builder = self.encoder.builder();
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
}

/// Returns the name of the main module's memory, which a function needs.
fn memory(main: &CoreModule<'_>, func: &str) -> Result<&'static str, ComponentizeError> {
    let memories = names::MEMORY.iter().filter_map(|name| Some((*name, main.exports.get(*name)?)));
    for (name, ty) in memories {
        match ty {
            Extern::Memory { memory64: false } => return Ok(name),
            Extern::Memory { memory64: true } => {
                let text = format!("the 64-bit memory of {}", main.name);
                return Err(ComponentizeError::Unsupported(text));
            }
            Extern::Func(_) | Extern::Table | Extern::Global | Extern::Tag => {}
        }
    }
    Err(ComponentizeError::Export {
        file: main.name.to_owned(),
        export: "memory".to_owned(),
        problem: format!("`{func}` passes values in memory, for which the module has to export its memory"),
    })
}

/// Returns the allocator that a function needs: the module's own, or the main module's.
fn realloc(
    cx: &Context<'_>,
    module: usize,
    names: &'static [&'static str],
    func: &str,
) -> Result<(usize, &'static str), ComponentizeError> {
    let found =
        [module, 0].into_iter().find_map(|module| Some((module, cx.modules[module].first_func(names)?)));
    let Some((module, name)) = found else {
        return Err(ComponentizeError::Export {
            file: cx.modules[0].name.to_owned(),
            export: "cabi_realloc".to_owned(),
            problem: format!(
                "`{func}` gives the module values in memory, for which the module has to export an allocator"
            ),
        });
    };
    let expected = FuncType::new([ValType::I32; 4], [ValType::I32]);
    let given = cx.modules[module].func(name).expect("it was found above");
    match *given == expected {
        true => Ok((module, name)),
        false => Err(ComponentizeError::Signature {
            file: cx.modules[module].name.to_owned(),
            item: format!("export `{name}`"),
            wanted: format!("allocating values of `{func}`"),
            expected: super::core::display(&expected),
            given: super::core::display(given),
        }),
    }
}
