//! What a core module imports and exports, and the worlds that it carries.

use std::collections::BTreeMap;

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{Module, RawSection};
use wasmparser::types::{CoreTypeId, EntityType, TypesRef};
use wasmparser::{FuncType, Payload, ValType};
use wit_parser_lite::wasm::WORLD_SECTION;

use super::error::ComponentizeError;
use crate::binary::{File, parser, valid_types};
use crate::error::{Error, ErrorKind};
use crate::proposals::Proposals;

/// A valid core module.
pub(super) struct CoreModule<'a> {
    pub(super) name: &'a str,
    /// The module without the sections that carry its worlds.
    pub(super) bytes: Vec<u8>,
    pub(super) imports: Vec<CoreImport>,
    pub(super) exports: BTreeMap<String, Extern>,
    /// The worlds in these sections, with the names of the sections.
    pub(super) worlds: Vec<Section<'a>>,
    /// The proposals that it may use.
    pub(super) proposals: Proposals,
}

/// An import of a core module.
pub(super) struct CoreImport {
    pub(super) module: String,
    pub(super) name: String,
    pub(super) ty: Extern,
}

/// The type of an import or export of a core module.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Extern {
    Func(FuncType),
    /// A memory, and whether it has 64-bit addresses.
    Memory {
        memory64: bool,
    },
    Table,
    Global,
    Tag,
}

impl Extern {
    fn new(types: TypesRef<'_>, ty: EntityType) -> Self {
        match ty {
            EntityType::Func(id) | EntityType::FuncExact(id) => Self::Func(func_type(types, id)),
            EntityType::Table(_) => Self::Table,
            EntityType::Memory(ty) => Self::Memory { memory64: ty.memory64 },
            EntityType::Global(_) => Self::Global,
            EntityType::Tag(_) => Self::Tag,
        }
    }

    /// Returns its sort.
    pub(super) fn kind(&self) -> wasm_encoder::ExportKind {
        match self {
            Self::Func(_) => wasm_encoder::ExportKind::Func,
            Self::Memory { .. } => wasm_encoder::ExportKind::Memory,
            Self::Table => wasm_encoder::ExportKind::Table,
            Self::Global => wasm_encoder::ExportKind::Global,
            Self::Tag => wasm_encoder::ExportKind::Tag,
        }
    }

    /// Returns it as errors describe it.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Func(ty) => display(ty),
            Self::Memory { .. } => "a memory".to_owned(),
            Self::Table => "a table".to_owned(),
            Self::Global => "a global".to_owned(),
            Self::Tag => "a tag".to_owned(),
        }
    }
}

fn func_type(types: TypesRef<'_>, id: CoreTypeId) -> FuncType {
    types[id].unwrap_func().clone()
}

/// Returns a core function type in the text format.
pub(super) fn display(ty: &FuncType) -> String {
    let list = |keyword: &str, types: &[ValType]| match types {
        [] => String::new(),
        types => {
            let types = types.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            format!(" ({keyword} {types})")
        }
    };
    format!("(func{}{})", list("param", ty.params()), list("result", ty.results()))
}

/// Returns a core function type of the encoder.
pub(super) fn encoded(ty: &FuncType) -> Result<wasm_encoder::FuncType, ComponentizeError> {
    let ty = RoundtripReencoder.func_type(ty.clone());
    ty.map_err(|error| ComponentizeError::Unsupported(format!("a core type: {error}")))
}

impl<'a> CoreModule<'a> {
    /// Reads a core module.
    pub(super) fn new(file: File<'a>, proposals: Proposals) -> Result<Self, ComponentizeError> {
        let read = || {
            let types = valid_types(file.bytes, proposals)?;
            let types = types.as_ref();
            let (Some(imports), Some(exports)) = (types.core_imports(), types.core_exports()) else {
                let message = "this is a component; expected a core module, of which one is to be made";
                return Err(Error::new(ErrorKind::Invalid, message, 0));
            };
            let (bytes, worlds) = without_worlds(file.bytes)?;
            let import = |(module, name, ty): (&str, &str, EntityType)| CoreImport {
                module: module.to_owned(),
                name: name.to_owned(),
                ty: Extern::new(types, ty),
            };
            let export = |(name, ty): (&str, EntityType)| (name.to_owned(), Extern::new(types, ty));
            Ok(Self {
                name: file.name,
                bytes,
                imports: imports.map(import).collect(),
                exports: exports.map(export).collect(),
                worlds,
                proposals,
            })
        };
        read().map_err(|error| ComponentizeError::Invalid { file: file.name.to_owned(), error })
    }

    /// Returns the module with other bytes.
    pub(super) fn with_bytes(self, bytes: Vec<u8>) -> Result<Self, ComponentizeError> {
        let file = File { name: self.name, bytes: &bytes };
        let CoreModule { imports, exports, .. } = CoreModule::new(file, self.proposals)?;
        Ok(Self { imports, exports, bytes, ..self })
    }

    /// Returns the type of an exported function.
    pub(super) fn func(&self, name: &str) -> Option<&FuncType> {
        match self.exports.get(name)? {
            Extern::Func(ty) => Some(ty),
            Extern::Memory { .. } | Extern::Table | Extern::Global | Extern::Tag => None,
        }
    }

    /// Returns the first of these names under which a function is exported.
    pub(super) fn first_func<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names.iter().copied().find(|name| self.func(name).is_some())
    }
}

/// A custom section: its name and its contents.
type Section<'a> = (&'a str, &'a [u8]);

/// Returns a module without the sections that carry its worlds, and these.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other sections are copied as they are")]
fn without_worlds(bytes: &[u8]) -> Result<(Vec<u8>, Vec<Section<'_>>), Error> {
    let mut module = Module::new();
    let mut worlds = Vec::new();
    for payload in parser().parse_all(bytes) {
        match payload? {
            Payload::CustomSection(section) if section.name().starts_with(WORLD_SECTION) => {
                worlds.push((section.name(), section.data()));
            }
            payload => {
                let Some((id, range)) = payload.as_section() else { continue };
                let (Ok(start), Ok(end)) = (usize::try_from(range.start), usize::try_from(range.end)) else {
                    return Err(Error::internal("a section lies outside of the address space", range.start));
                };
                module.section(&RawSection { id, data: &bytes[start..end] });
            }
        }
    }
    Ok((module.finish(), worlds))
}
