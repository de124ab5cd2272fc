//! Makes one component of several: exports satisfy imports of the same name, and the new component
//! imports the rest. Follows Explainer.md, "Instance Definitions" and "Canonical Interface Name".
//!
//! The new component nests the given ones unchanged. It imports what none of them provides,
//! instantiates them from the last to the first, and exports what the first exports. Types are not
//! compared here: validation of the new component does that at each instantiation.

mod error;
mod fit;
mod remarks;

use std::collections::HashMap;

use wasm_encoder::{ComponentExportKind, ComponentTypeRef};
use wasmparser::component_types::{ComponentEntityType, ComponentType};
use wasmparser::types::TypesRef;

use self::fit::{Choice, Fitting, choose};
use self::remarks::Links;
use crate::binary::{File, validate_component, validate_with};
use crate::encode::{EncodeError, Encoder, Naming, extern_name};
use crate::error::Error;
use crate::proposals::Proposals;
use crate::types::ComponentTypes;
use crate::wiring::{Source, Wiring};

pub use self::error::ComposeError;

/// A component that was made of several.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Linked {
    /// The component in the binary format.
    pub bytes: Vec<u8>,
    /// What a user may want to know: imports that another version satisfies than their own, and
    /// imports that stay open although a file exports something of that name.
    pub remarks: Vec<String>,
}

/// Makes one component of several.
///
/// The files are `socket` and then the plugs. Exports of a file satisfy imports of the files before
/// it. An interface also satisfies an import of a compatible version if it has what the import asks
/// for; the same version is preferred, then the newest, then the earlier plug. The new component
/// imports the rest, compatible versions once and in the greatest version. It exports what `socket`
/// exports.
///
/// # Errors
///
/// If a file is not a component, a plug satisfies no import, or an export is not of the type of an
/// import of the same name.
pub fn link(socket: File<'_>, plugs: &[File<'_>]) -> Result<Vec<u8>, ComposeError> {
    Ok(link_with(socket, plugs, Proposals::default())?.bytes)
}

/// Does what [`link`] does, for components that may use these proposals, and says what it did.
///
/// # Errors
///
/// As for [`link`].
pub fn link_with(socket: File<'_>, plugs: &[File<'_>], proposals: Proposals) -> Result<Linked, ComposeError> {
    let files: Vec<File<'_>> = std::iter::once(socket).chain(plugs.iter().copied()).collect();
    let invalid = files.iter().filter_map(|file| {
        let error = validate_component(file.bytes, proposals).err()?;
        Some(ComposeError::Invalid { file: file.name.to_owned(), error })
    });
    if let Some(error) = ComposeError::of(invalid.collect()) {
        return Err(error);
    }
    let types = ComponentTypes::of(files.iter().map(|file| file.bytes), proposals)
        .map_err(|error| mismatch(&error))?;
    let components: Vec<&ComponentType> = (0..).zip(&files).map(|(i, _)| types.component(i)).collect();
    let names: Vec<&str> = files.iter().map(|file| file.name).collect();
    let types = types.types();
    let parts = Parts { files: &files, names: &names, types, components: &components, proposals };
    let fitting = Fitting::new(types, &components);
    // Imports that have to stay open, and why.
    let mut blocked = HashMap::new();
    let mut first_error = None;
    loop {
        let choice = choose(&fitting, &components, &blocked);
        let links = Links { names: &names, components: &components, choice: &choice, blocked: &blocked };
        let errors = [links.misfits(), links.unused()].concat();
        if let Some(error) = ComposeError::of(errors) {
            return Err(first_error.unwrap_or(error));
        }
        match attempt(&parts, &choice)? {
            Attempt::Done(bytes) => return Ok(Linked { bytes, remarks: links.remarks() }),
            Attempt::Failed(error) => return Err(first_error.unwrap_or(error)),
            Attempt::Blocked { file, import, reason, error } => {
                let error = first_error.unwrap_or(error);
                if blocked.insert((file, import), reason).is_some() {
                    return Err(error);
                }
                first_error = Some(error);
            }
        }
    }
}

/// The files and their types.
struct Parts<'a> {
    files: &'a [File<'a>],
    names: &'a [&'a str],
    types: TypesRef<'a>,
    components: &'a [&'a ComponentType],
    proposals: Proposals,
}

/// The parts, and which satisfies which import.
struct Wired<'a> {
    parts: &'a Parts<'a>,
    wiring: &'a Wiring,
}

/// How an attempt to link ended.
enum Attempt {
    Done(Vec<u8>),
    /// An import that stays open needs a resource that a plug defines. The import of a file that
    /// the plug satisfies would have to stay open too.
    Blocked {
        file: usize,
        import: usize,
        reason: String,
        error: ComposeError,
    },
    Failed(ComposeError),
}

fn attempt(parts: &Parts<'_>, choice: &Choice) -> Result<Attempt, ComposeError> {
    let wiring = Wiring::new(parts.types, parts.components, &choice.providers)?;
    let wired = Wired { parts, wiring: &wiring };
    // Each import is one more that a host has to provide: types are imported only if they must be.
    let made = wired.make(Naming::None).or_else(|_| wired.make(Naming::Import));
    Ok(match made {
        Ok(bytes) => Attempt::Done(bytes),
        Err(MakeError::Misfit(error)) => Attempt::Failed(error),
        Err(MakeError::Encode(EncodeError::Provided { member, uses, message })) => {
            let (key, item) =
                parts.components[member.file].imports.get_index(member.import).expect("it is an import");
            let (name, of) = (item.full_name(key), parts.names[member.file]);
            let reason = format!("import `{name}` of {of} stays open, because {uses}");
            let error = ComposeError::Mismatch(message);
            Attempt::Blocked { file: member.file, import: member.import, reason, error }
        }
        Err(MakeError::Encode(error @ EncodeError::Unsupported(_))) => Attempt::Failed(error.into()),
    })
}

enum MakeError {
    Encode(EncodeError),
    Misfit(ComposeError),
}

impl From<EncodeError> for MakeError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl Wired<'_> {
    /// Returns the new component, if what is provided fits.
    fn make(&self, naming: Naming) -> Result<Vec<u8>, MakeError> {
        let proposals = self.parts.proposals;
        let bytes = self.write(naming, 0)?;
        let Err(error) = validate_with(&bytes, proposals) else { return Ok(bytes) };
        // The files are instantiated from the last to the first. The first to fail has the import
        // that does not fit.
        for file in (0..self.parts.files.len()).rev() {
            if let Err(error) = validate_with(&self.write(naming, file)?, proposals) {
                return Err(MakeError::Misfit(self.misfit(file, &error)));
            }
        }
        Err(MakeError::Misfit(mismatch(&error)))
    }

    /// Returns the error about an import of a file and the plug whose export does not fit it.
    fn misfit(&self, file: usize, error: &Error) -> ComposeError {
        let Parts { components, names, .. } = self.parts;
        let mut imports = components[file].imports.iter().zip(&self.wiring.sources[file]);
        let found = imports.find_map(|((key, _), source)| {
            let plug = source.file().filter(|_| error.message().contains(&format!("import `{key}`")))?;
            Some((key, plug))
        });
        let name = names[file];
        match found {
            Some((key, plug)) => {
                let plug = names[plug];
                let message =
                    format!("import `{key}` of {name} is not what {plug} exports: {}", error.message());
                ComposeError::Mismatch(message)
            }
            None => ComposeError::Mismatch(format!("{name}: {}", error.message())),
        }
    }

    /// Writes the new component, or as much of it as instantiates the files from `first` on.
    fn write(&self, naming: Naming, first: usize) -> Result<Vec<u8>, EncodeError> {
        let Parts { files, names, types, components, .. } = *self.parts;
        let wiring = self.wiring;
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
                // The function may mention types of a plug. They have names in the interface that
                // is imported for its types. If a type has no name there, validation reports it.
                (Naming::Import, ComponentEntityType::Func(id)) => {
                    encoder.func_type(id, key).ok().map(ComponentTypeRef::Func)
                }
                (Naming::None | Naming::Import, _) => None,
            };
            encoder.builder().export(extern_name(key, item), kind, index, ty);
        }
        Ok(encoder.into_builder().finish())
    }
}

fn mismatch(error: &Error) -> ComposeError {
    ComposeError::Mismatch(error.message().to_owned())
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
