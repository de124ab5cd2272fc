//! One component of several: imports are met by exports of the same name, what is left is imported from outside.
//! Follows Explainer.md, "Instance Definitions" and "Canonical Interface Name".
//!
//! The components are nested in the new one as they are. It imports what none of them provides, instantiates them from
//! the last to the first, and exports what the first exports. That what is provided fits what is asked for is left to
//! validation, which sees each instantiation with its types.

use std::fmt;

use wasm_encoder::{ComponentExportKind, ComponentExternName, ComponentTypeRef};
use wasmparser::Validator;
use wasmparser::component_types::{ComponentEntityType, ComponentItem, ComponentType};
use wasmparser::types::TypesRef;

use crate::encode::{Encoder, Naming};
use crate::error::Error;
use crate::types::ComponentTypes;
use crate::validate::{features, validate_component};
use crate::wiring::{Source, Wiring};

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
        validate_component(file.bytes)
            .map_err(|error| ComposeError::Invalid { file: file.name.to_owned(), error })?;
    }
    let types = ComponentTypes::of(files.iter().map(|file| file.bytes)).map_err(|error| mismatch(&error))?;
    let components: Vec<&ComponentType> = (0..).zip(&files).map(|(i, _)| types.component(i)).collect();
    let names: Vec<&str> = files.iter().map(|file| file.name).collect();
    let wiring = Wiring::new(types.types(), &components)?;
    check_use(&names, &components, &wiring)?;
    let parts = Parts {
        files: &files,
        names: &names,
        types: types.types(),
        components: &components,
        wiring: &wiring,
    };
    // An import more than needed would be one that the host must know of.
    make(&parts, Naming::None).or_else(|_| make(&parts, Naming::Import))
}

/// What the new component is made of.
struct Parts<'a> {
    files: &'a [File<'a>],
    names: &'a [&'a str],
    types: TypesRef<'a>,
    components: &'a [&'a ComponentType],
    wiring: &'a Wiring,
}

/// Returns the new component, if what is provided fits.
fn make(parts: &Parts<'_>, naming: Naming) -> Result<Vec<u8>, ComposeError> {
    let bytes = write(parts, naming, 0)?;
    let Err(error) = check(&bytes) else { return Ok(bytes) };
    // The files are instantiated from the last to the first: the first that fails is the one that does not fit.
    for file in (0..parts.files.len()).rev() {
        if let Err(error) = check(&write(parts, naming, file)?) {
            return Err(misfit(parts, file, &error));
        }
    }
    Err(mismatch(&error))
}

fn check(bytes: &[u8]) -> Result<(), Error> {
    Validator::new_with_features(features()).validate_all(bytes)?;
    Ok(())
}

/// Says which import of a file does not fit what which plug exports.
fn misfit(parts: &Parts<'_>, file: usize, error: &Error) -> ComposeError {
    let imports = parts.components[file].imports.iter().zip(&parts.wiring.sources[file]);
    let from_plugs = || {
        imports.clone().filter_map(|((key, item), source)| match source {
            Source::Plug { file, export } => {
                Some((key, item, *file, &parts.components[*file].exports[export]))
            }
            Source::PlugType { file, .. } => Some((key, item, *file, item)),
            Source::Import(_) => None,
        })
    };
    let name = parts.names[file];
    for (key, item, plug, export) in from_plugs() {
        let (wanted, given) = (sort(&item.ty), sort(&export.ty));
        if wanted != given {
            let plug = parts.names[plug];
            let message = format!(
                "import `{key}` of {name} is of the sort {wanted}, and {plug} exports one of the sort {given}"
            );
            return ComposeError::Mismatch(message);
        }
    }
    match from_plugs().find(|(key, ..)| error.message().contains(&format!("import `{key}`"))) {
        Some((key, _, plug, _)) => {
            let plug = parts.names[plug];
            let message = format!("import `{key}` of {name} is not what {plug} exports: {}", error.message());
            ComposeError::Mismatch(message)
        }
        None => ComposeError::Mismatch(format!("{name}: {}", error.message())),
    }
}

/// Returns the name of a sort of import or export.
fn sort(ty: &ComponentEntityType) -> &'static str {
    match ty {
        ComponentEntityType::Module(_) => "core module",
        ComponentEntityType::Func(_) => "function",
        ComponentEntityType::Value(_) => "value",
        ComponentEntityType::Type { .. } => "type",
        ComponentEntityType::Instance(_) => "instance",
        ComponentEntityType::Component(_) => "component",
    }
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

/// Writes the new component, or what of it is needed to instantiate the files from `first` on.
fn write(parts: &Parts<'_>, naming: Naming, first: usize) -> Result<Vec<u8>, ComposeError> {
    let Parts { files, names, types, components, wiring } = *parts;
    let mut encoder = Encoder::new(types, names, components, wiring, naming);
    let imports = encoder.imports()?;
    let builder = encoder.builder();
    let nested: Vec<u32> = files.iter().map(|file| builder.component_raw(None, file.bytes)).collect();
    // By file; those after the current one are there already.
    let mut instances = vec![0; files.len()];
    for file in (first..files.len()).rev() {
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
    let exports = components[0].exports.iter().filter(|_| first == 0);
    for (key, item) in exports {
        let kind = export_kind(&item.ty);
        let index = encoder.builder().alias_export(instances[0], key, kind);
        let ty = match (naming, item.ty) {
            // It may mention types of a plug, which have names in the interface that is imported for them. Without a
            // name for one of its types it is left to validation.
            (Naming::Import, ComponentEntityType::Func(id)) => {
                encoder.func_type(id, key).ok().map(ComponentTypeRef::Func)
            }
            (Naming::None | Naming::Import, _) => None,
        };
        encoder.builder().export(extern_name(key, item), kind, index, ty);
    }
    Ok(encoder.into_builder().finish())
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
