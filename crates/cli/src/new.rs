//! `lowlift new`: a component from a core module.

use std::path::{Path, PathBuf};

use component_tools::{ComponentizeError, File, Parts, StringEncoding, World};

use crate::failure::Failure;
use crate::input::{self, read_component};
use crate::{output, proposals, wit};

/// The arguments of `lowlift new`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The core module, binary or text.
    file: PathBuf,
    /// The WIT package with the world that the module is for: a file, or a directory with its
    /// `deps/`. Worlds in `component-type` sections of the module are added.
    #[arg(long, value_name = "PATH")]
    wit: Option<PathBuf>,
    /// The world, if the package has several: `NAME` for one of its own, `ns:package/NAME` for one
    /// of a dependency, with its version if there are several.
    #[arg(long, value_name = "NAME", requires = "wit")]
    world: Option<String>,
    #[command(flatten)]
    gates: wit::Gates,
    /// The string encoding of the module, for that world.
    #[arg(long, value_enum, requires = "wit", default_value_t)]
    string_encoding: Encoding,
    /// An adapter: a core module that provides what the main module imports from the module `NAME`.
    /// May be given several times.
    #[arg(long, value_name = "NAME=FILE", value_parser = adapter)]
    adapt: Vec<(String, PathBuf)>,
    /// Where to write the component.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// The string encodings of the Canonical ABI.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Encoding {
    #[default]
    Utf8,
    Utf16,
    #[value(name = "latin1+utf16")]
    Latin1Utf16,
}

fn adapter(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() => Ok((name.to_owned(), file.into())),
        Some(_) | None => Err("expected the module name and the file, NAME=FILE".to_owned()),
    }
}

/// Writes the component, and returns a line about it.
///
/// # Errors
///
/// If a file is not a core module, there is no such world, or the module does not fit it.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let (name, bytes) = (input::name(&args.file), read_component(&args.file)?);
    let world =
        args.wit.as_ref().map(|path| encoded_world(path, args.world.as_deref(), &args.gates)).transpose()?;
    let string_encoding = match args.string_encoding {
        Encoding::Utf8 => StringEncoding::Utf8,
        Encoding::Utf16 => StringEncoding::Utf16,
        Encoding::Latin1Utf16 => StringEncoding::Latin1Utf16,
    };
    let world = world.as_ref().map(|bytes| World { bytes, string_encoding });
    let adapters = args.adapt.iter().map(|(name, path)| Ok((name.clone(), read_component(path)?)));
    let adapters = adapters.collect::<Result<Vec<_>, Failure>>()?;
    let adapters: Vec<File<'_>> = adapters.iter().map(|(name, bytes)| File { name, bytes }).collect();
    let module = File { name: &name, bytes: &bytes };
    let parts = Parts { module, world, adapters: &adapters, proposals: proposals::chosen() };
    let component = component_tools::componentize(&parts).map_err(failure)?;
    output::binary(&args.output, &component, "component")
}

fn failure(error: ComponentizeError) -> Failure {
    let help = match &error {
        ComponentizeError::Invalid { error, .. } => proposals::help(error.proposals()),
        ComponentizeError::NoWorld { .. }
        | ComponentizeError::Import { .. }
        | ComponentizeError::Export { .. }
        | ComponentizeError::Signature { .. }
        | ComponentizeError::Mismatch(_)
        | ComponentizeError::Unsupported(_) => String::new(),
    };
    Failure::BadInput(format!("{error}{help}"))
}

/// Returns a world of a package in the binary format.
fn encoded_world(path: &Path, name: Option<&str>, gates: &wit::Gates) -> Result<Vec<u8>, Failure> {
    let file = input::name(path);
    let resolved = wit::resolve_path(path, gates)?;
    let world = match (name, &resolved.main_package().worlds[..]) {
        (Some(name), _) => wit::find_world(&resolved, name)?,
        (None, [world]) => *world,
        (None, own) => {
            let all: Vec<_> = resolved.worlds().map(|(id, _)| id).collect();
            let (problem, ids) = match own {
                [] if all.is_empty() => return Err(Failure::in_file(&file, "the package has no world")),
                [] => ("the package has no world; --world can name one of its dependencies", &all[..]),
                several => ("the package has several worlds, of which --world names one", several),
            };
            let names: Vec<_> = ids.iter().map(|id| format!("`{}`", resolved.world_name(*id))).collect();
            return Err(Failure::in_file(&file, format!("{problem}: {}", names.join(", "))));
        }
    };
    wit_parser_lite::wasm::encode_world(&resolved, world).map_err(|error| Failure::in_file(&file, error))
}
