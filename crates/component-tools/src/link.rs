//! Makes one component of several: exports satisfy imports of the same name, and the new component
//! imports the rest. Follows Explainer.md, "Instance Definitions" and "Canonical Interface Name".
//!
//! The new component nests the given ones unchanged. It imports what none of them provides,
//! instantiates them from the last to the first, and exports what the first exports. Types are not
//! compared here: validation of the new component does that at each instantiation.

use std::fmt;

use wasm_encoder::{ComponentExportKind, ComponentTypeRef};
use wasmparser::component_types::{ComponentEntityType, ComponentType};
use wasmparser::types::TypesRef;

use crate::binary::{File, validate_component, validate_with};
use crate::encode::{EncodeError, Encoder, Naming, extern_name};
use crate::error::Error;
use crate::proposals::Proposals;
use crate::types::ComponentTypes;
use crate::wiring::{SortMismatch, Source, Wiring};

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
    /// A plug exports nothing that a file before it imports.
    Unused {
        /// The file's name.
        file: String,
        /// What it exports.
        exports: Vec<String>,
        /// What the files before it import and no file provides.
        wanted: Vec<String>,
    },
    /// An export is not of the type of the import that it should satisfy, or two files import
    /// different types under one name. The message names them.
    Mismatch(String),
    /// The new component would need something that is not supported yet.
    Unsupported(String),
}

/// Makes one component of several.
///
/// The files are `socket` and then the plugs. Exports of a file satisfy imports of the files before
/// it. An interface also satisfies an import of a compatible version; the same version is
/// preferred, then the earlier plug. The new component imports the rest, compatible versions once
/// and in the greatest version. It exports what `socket` exports.
///
/// # Errors
///
/// If a file is not a component, a plug satisfies no import, or an export is not of the type of an
/// import that it should satisfy.
pub fn link(socket: File<'_>, plugs: &[File<'_>]) -> Result<Vec<u8>, ComposeError> {
    link_with(socket, plugs, Proposals::default())
}

/// Does what [`link`] does, for components that may use these proposals.
///
/// # Errors
///
/// As for [`link`].
pub fn link_with(
    socket: File<'_>,
    plugs: &[File<'_>],
    proposals: Proposals,
) -> Result<Vec<u8>, ComposeError> {
    let files: Vec<File<'_>> = std::iter::once(socket).chain(plugs.iter().copied()).collect();
    for file in &files {
        validate_component(file.bytes, proposals)
            .map_err(|error| ComposeError::Invalid { file: file.name.to_owned(), error })?;
    }
    let types = ComponentTypes::of(files.iter().map(|file| file.bytes), proposals)
        .map_err(|error| mismatch(&error))?;
    let components: Vec<&ComponentType> = (0..).zip(&files).map(|(i, _)| types.component(i)).collect();
    let names: Vec<&str> = files.iter().map(|file| file.name).collect();
    let wiring = Wiring::new(types.types(), &components)?;
    check_use(&names, &components, &wiring)?;
    let linked = Linked {
        files: &files,
        names: &names,
        types: types.types(),
        components: &components,
        wiring: &wiring,
        proposals,
    };
    // Each import is one more that a host has to provide: types are imported only if they must be.
    make(&linked, Naming::None).or_else(|_| make(&linked, Naming::Import))
}

/// The files, their types, and which satisfies which import.
struct Linked<'a> {
    files: &'a [File<'a>],
    names: &'a [&'a str],
    types: TypesRef<'a>,
    components: &'a [&'a ComponentType],
    wiring: &'a Wiring,
    proposals: Proposals,
}

/// Returns the new component, if what is provided fits.
fn make(linked: &Linked<'_>, naming: Naming) -> Result<Vec<u8>, ComposeError> {
    let bytes = write(linked, naming, 0)?;
    let Err(error) = validate_with(&bytes, linked.proposals) else { return Ok(bytes) };
    // The files are instantiated from the last to the first. The first to fail has the import that
    // does not fit.
    for file in (0..linked.files.len()).rev() {
        if let Err(error) = validate_with(&write(linked, naming, file)?, linked.proposals) {
            return Err(misfit(linked, file, &error));
        }
    }
    Err(mismatch(&error))
}

/// Returns the error about an import of a file and the plug whose export does not fit it.
fn misfit(linked: &Linked<'_>, file: usize, error: &Error) -> ComposeError {
    let imports = linked.components[file].imports.iter().zip(&linked.wiring.sources[file]);
    let from_plugs = || {
        imports.clone().filter_map(|((key, item), source)| match source {
            Source::Plug { file, export } => {
                Some((key, item, *file, &linked.components[*file].exports[export]))
            }
            Source::PlugType { file, .. } => Some((key, item, *file, item)),
            Source::Import(_) => None,
        })
    };
    let name = linked.names[file];
    for (key, item, plug, export) in from_plugs() {
        let (wanted, given) = (sort(&item.ty), sort(&export.ty));
        if wanted != given {
            let plug = linked.names[plug];
            let message = format!(
                "import `{key}` of {name} is of the sort {wanted}, and {plug} exports one of the sort {given}"
            );
            return ComposeError::Mismatch(message);
        }
    }
    match from_plugs().find(|(key, ..)| error.message().contains(&format!("import `{key}`"))) {
        Some((key, _, plug, _)) => {
            let plug = linked.names[plug];
            let message = format!("import `{key}` of {name} is not what {plug} exports: {}", error.message());
            ComposeError::Mismatch(message)
        }
        None => ComposeError::Mismatch(format!("{name}: {}", error.message())),
    }
}

/// Returns the name of an item's sort.
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

/// Checks that each plug satisfies an import.
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

/// Writes the new component, or as much of it as instantiates the files from `first` on.
fn write(linked: &Linked<'_>, naming: Naming, first: usize) -> Result<Vec<u8>, ComposeError> {
    let Linked { files, names, types, components, wiring, .. } = *linked;
    let mut encoder = Encoder::new(types, names, components, wiring, naming);
    let imports = encoder.imports()?;
    let builder = encoder.builder();
    let nested: Vec<u32> = files.iter().map(|file| builder.component_raw(None, file.bytes)).collect();
    // By file, from the last one on.
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
            // The function may mention types of a plug. They have names in the interface that is
            // imported for its types. If a type has no name there, validation reports it.
            (Naming::Import, ComponentEntityType::Func(id)) => {
                encoder.func_type(id, key).ok().map(ComponentTypeRef::Func)
            }
            (Naming::None | Naming::Import, _) => None,
        };
        encoder.builder().export(extern_name(key, item), kind, index, ty);
    }
    Ok(encoder.into_builder().finish())
}

/// Returns an item's sort.
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

impl From<SortMismatch> for ComposeError {
    fn from(error: SortMismatch) -> Self {
        Self::Mismatch(error.to_string())
    }
}

impl From<EncodeError> for ComposeError {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::Mismatch(message) => Self::Mismatch(message),
            EncodeError::Unsupported(message) => Self::Unsupported(message),
        }
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
