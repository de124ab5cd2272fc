//! `lowlift wit build`: packages and worlds in binary form.

use std::path::PathBuf;

use wit_parser_lite::wasm::{encode_package, encode_world};

use super::{Package, resolve};
use crate::failure::Failure;

/// What `lowlift wit build` is given.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    package: Package,
    /// Writes the type of this world alone, as a core module's `component-type` section carries it.
    #[arg(long, value_name = "NAME")]
    world: Option<String>,
    /// Where to write it.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Writes the file, and returns a line about it.
///
/// # Errors
///
/// The package has faults, the world does not exist, or the file can't be written.
pub(super) fn run(args: &Args) -> Result<String, Failure> {
    let resolved = resolve(&args.package)?;
    let (main, package) = resolved.packages().next().expect("what was resolved has a main package");
    let (what, bytes) = match &args.world {
        None => (format!("package {}", resolved.package_name(main)), encode_package(&resolved, main)),
        Some(name) => match package.worlds.iter().find(|id| resolved[**id].name == *name) {
            Some(world) => {
                (format!("world {}", resolved.world_name(*world)), encode_world(&resolved, *world))
            }
            None => {
                let worlds: Vec<_> = package.worlds.iter().map(|id| resolved[*id].name.as_str()).collect();
                let there = if worlds.is_empty() { "none".to_owned() } else { worlds.join(", ") };
                let message = format!("no world is named `{name}` in `{}`; it has: {there}", package.name);
                return Err(Failure::BadInput(message));
            }
        },
    };
    let to = args.output.display().to_string();
    std::fs::write(&args.output, &bytes).map_err(|error| Failure::in_file(&to, error))?;
    Ok(format!("{to}: {what}, {} bytes\n", bytes.len()))
}
