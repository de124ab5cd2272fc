//! A component that is being written, and what all parts of it need: lowered functions, canonical
//! options, aliases.

use canonical_abi::StringEncoding;
use wasm_encoder::{CanonicalOption, ComponentExportKind, ExportKind};
use wasmparser::component_types::AliasableResourceId;
use wasmparser::{FuncType, ValType};

use crate::componentize::core::{CoreModule, Extern, display};
use crate::componentize::error::ComponentizeError;
use crate::componentize::matching::{Context, Lower};
use crate::componentize::names;
use crate::componentize::signature::Needs;
use crate::encode::Encoder;
use crate::wiring::Source;

/// A component that is being written.
pub(super) struct Writer<'p, 't> {
    pub(super) cx: &'p Context<'t>,
    pub(super) encoder: Encoder<'p>,
    /// By module, its core instance once that is written.
    instances: Vec<Option<u32>>,
}

impl<'p, 't> Writer<'p, 't> {
    pub(super) fn new(cx: &'p Context<'t>, encoder: Encoder<'p>) -> Self {
        Self { cx, encoder, instances: vec![None; cx.modules.len()] }
    }

    /// Records the core instance of a module.
    pub(super) fn add_instance(&mut self, module: usize, instance: u32) {
        self.instances[module] = Some(instance);
    }

    /// Returns the index of the import that a function is or belongs to, which is written if it is
    /// not yet.
    pub(super) fn import(&mut self, lower: &Lower<'_>) -> Result<u32, ComponentizeError> {
        let Source::Import(group) = self.cx.wiring.source(lower.member) else {
            unreachable!("no world provides for another")
        };
        Ok(self.encoder.import_group(*group)?)
    }

    /// Lowers a function for a module, and returns the index of the core function.
    pub(super) fn lower(&mut self, module: usize, lower: &Lower<'_>) -> Result<u32, ComponentizeError> {
        let import = self.import(lower)?;
        let builder = self.encoder.builder();
        let (func, name) = match lower.func {
            Some(name) => (builder.alias_export(import, name, ComponentExportKind::Func), name),
            None => (import, "a function of the world"),
        };
        let options = self.options(module, lower.needs, names::IMPORT_REALLOC, name)?;
        Ok(self.encoder.builder().lower_func(None, func, options))
    }

    /// Returns the canonical options of a function. Its memory and allocator are exports of
    /// instances that are written.
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
        let instance =
            self.instances[module].expect("modules are instantiated before their exports are used");
        self.encoder.builder().core_alias_export(None, instance, export, kind)
    }

    pub(super) fn resource(&mut self, ty: AliasableResourceId) -> Result<u32, ComponentizeError> {
        Ok(self.encoder.resource(ty)?)
    }
}

/// Returns the name of the main module's memory, for a function that needs it.
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

/// Returns the allocator for a function that needs one: the module's own, or the main module's.
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
            expected: display(&expected),
            given: display(given),
        }),
    }
}
