//! One component of several: imports are met by exports of the same name, what is left is imported from outside.
//! Follows Explainer.md, "Instance Definitions" and "Canonical Interface Name".
//!
//! The components are nested in the new one as they are. It imports what none of them provides, instantiates them from
//! the last to the first, and exports what the first exports. That what is provided fits what is asked for is left to
//! validation, which sees each instantiation with its types.

use std::fmt;

use wasm_encoder::{ComponentExportKind, ComponentExternName};
use wasmparser::Validator;
use wasmparser::component_types::{ComponentEntityType, ComponentItem, ComponentType};

use super::components::ComponentTypes;
use super::encode::{Encoder, Naming};
use super::wiring::{Source, Wiring};
use crate::decode::{features, validate};
use crate::error::Error;

/// A component to compose, with the name that errors give it.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// The name, such as that of its file.
    pub name: &'a str,
    /// The component in the binary format.
    pub bytes: &'a [u8],
}

/// Why components could not be composed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ComposeError {
    /// A file is not a valid component.
    Invalid {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        error: Error,
    },
    /// A plug exports nothing that a component before it imports.
    Unused {
        /// The file's name.
        file: String,
        /// What it exports.
        exports: Vec<String>,
        /// What the ones before it import and nothing provides.
        wanted: Vec<String>,
    },
    /// What is provided is not of the type that is asked for, or two components ask for one import with different
    /// types. The message names them.
    Mismatch(String),
    /// The components need something of the new one that is not supported yet.
    Unsupported(String),
}

/// Makes one component of several.
///
/// The imports of each are met by the exports of those after it: `socket` first, then the plugs in order. An interface
/// name meets one of a compatible version; the very name is preferred, then the earlier plug. What is left is imported
/// by the new component, once for all that ask for it, in the greatest compatible version asked for. The new
/// component exports what `socket` exports.
///
/// # Errors
///
/// If a file is no component, a plug is of no use, or what is provided does not fit.
pub fn link(socket: File<'_>, plugs: &[File<'_>]) -> Result<Vec<u8>, ComposeError> {
    let files: Vec<File<'_>> = std::iter::once(socket).chain(plugs.iter().copied()).collect();
    for file in &files {
        validate(file.bytes).map_err(|error| ComposeError::Invalid { file: file.name.to_owned(), error })?;
    }
    let types = ComponentTypes::of(files.iter().map(|file| file.bytes)).map_err(|error| mismatch(&error))?;
    let components: Vec<&ComponentType> = (0..).zip(&files).map(|(i, _)| types.component(i)).collect();
    let names: Vec<&str> = files.iter().map(|file| file.name).collect();
    let wiring = Wiring::new(types.types(), &components)?;
    check_use(&names, &components, &wiring)?;
    let make = |naming| {
        let encoder = Encoder::new(types.types(), &names, &components, &wiring, naming);
        let bytes = write(&files, &components, encoder)?;
        let valid = Validator::new_with_features(features()).validate_all(&bytes);
        valid.map(|_| bytes).map_err(|error| mismatch(&Error::from(error)))
    };
    // An import more than needed would be one that the host must know of.
    make(Naming::None).or_else(|_| make(Naming::Import))
}

fn mismatch(error: &Error) -> ComposeError {
    ComposeError::Mismatch(error.message().to_owned())
}

/// Checks that each plug provides something.
fn check_use(names: &[&str], components: &[&ComponentType], wiring: &Wiring) -> Result<(), ComposeError> {
    for file in 1..components.len() {
        if wiring.sources.iter().flatten().any(|source| source.file() == Some(file)) {
            continue;
        }
        let exports = components[file].exports.iter().map(|(key, item)| item.full_name(key).into_owned());
        let wanted = wiring.groups.iter().filter(|group| group.members.iter().any(|m| m.file < file));
        return Err(ComposeError::Unused {
            file: names[file].to_owned(),
            exports: exports.collect(),
            wanted: wanted.map(|group| group.key.clone()).collect(),
        });
    }
    Ok(())
}

/// Writes the new component.
fn write(
    files: &[File<'_>],
    components: &[&ComponentType],
    mut encoder: Encoder<'_>,
) -> Result<Vec<u8>, ComposeError> {
    let imports = encoder.imports()?;
    let wiring = encoder.wiring();
    let mut builder = encoder.into_builder();
    let nested: Vec<u32> = files.iter().map(|file| builder.component_raw(None, file.bytes)).collect();
    // By file; those after the current one are there already.
    let mut instances = vec![0; files.len()];
    for file in (0..files.len()).rev() {
        let mut args = Vec::new();
        for ((key, item), source) in components[file].imports.iter().zip(&wiring.sources[file]) {
            let kind = export_kind(&item.ty);
            let index = match source {
                Source::Import(group) => imports[*group],
                Source::Plug { file, export } => builder.alias_export(instances[*file], export, kind),
                Source::PlugType { file, instance, name } => {
                    let kind = ComponentExportKind::Instance;
                    let instance = builder.alias_export(instances[*file], instance, kind);
                    builder.alias_export(instance, name, ComponentExportKind::Type)
                }
            };
            args.push((key.as_str(), kind, index));
        }
        instances[file] = builder.instantiate(None, nested[file], args);
    }
    for (key, item) in &components[0].exports {
        let kind = export_kind(&item.ty);
        let index = builder.alias_export(instances[0], key, kind);
        builder.export(extern_name(key, item), kind, index, None);
    }
    Ok(builder.finish())
}

/// Returns the sort of an import or an export.
fn export_kind(ty: &ComponentEntityType) -> ComponentExportKind {
    match ty {
        ComponentEntityType::Module(_) => ComponentExportKind::Module,
        ComponentEntityType::Func(_) => ComponentExportKind::Func,
        ComponentEntityType::Value(_) => ComponentExportKind::Value,
        ComponentEntityType::Type { .. } => ComponentExportKind::Type,
        ComponentEntityType::Instance(_) => ComponentExportKind::Instance,
        ComponentEntityType::Component(_) => ComponentExportKind::Component,
    }
}

/// Returns the name of an import or an export with all that belongs to it.
pub(super) fn extern_name<'a>(key: &'a str, item: &'a ComponentItem) -> ComponentExternName<'a> {
    ComponentExternName {
        name: key.into(),
        implements: item.implements.as_deref().map(Into::into),
        version_suffix: item.version_suffix.as_deref().map(Into::into),
        external_id: item.external_id.as_deref().map(Into::into),
    }
}

impl fmt::Display for ComposeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { file, error } => write!(f, "{file}: {error}"),
            Self::Unused { file, exports, wanted } => {
                let list = |names: &[String]| match names {
                    [] => "nothing".to_owned(),
                    names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
                };
                write!(
                    f,
                    "{file}: exports {}, and what comes before it still imports {}",
                    list(exports),
                    list(wanted)
                )
            }
            Self::Mismatch(message) => write!(f, "the components do not fit: {message}"),
            Self::Unsupported(message) => write!(f, "not supported yet: {message}"),
        }
    }
}

impl std::error::Error for ComposeError {}
