//! `lowlift wit build`: packages and worlds in binary form.

use std::io::Write as _;
use std::path::PathBuf;

use component_tools::validate_with;
use wit_parser_lite::wasm::{encode_package, encode_world};

use super::{Package, find_world, resolve};
use crate::failure::Failure;
use crate::proposals;

/// What `lowlift wit build` is given.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    package: Package,
    /// Writes the type of this world alone, as a core module's `component-type` section carries it:
    /// one of the package, or `ns:package/world` of a dependency, with its version if there are
    /// several.
    #[arg(long, value_name = "NAME")]
    world: Option<String>,
    /// Where to write it; `-` is standard output.
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
    let (main, _) = resolved.packages().next().expect("what was resolved has a main package");
    let (what, bytes) = match &args.world {
        None => (format!("package {}", resolved.package_name(main)), encode_package(&resolved, main)),
        Some(name) => {
            let world = find_world(&resolved, name)?;
            (format!("world {}", resolved.world_name(world)), encode_world(&resolved, world))
        }
    };
    let from = args.package.path.display().to_string();
    let bytes = bytes.map_err(|error| Failure::in_file(&from, error))?;
    // Binaries have limits that text has not, such as on the length of names.
    validate_with(&bytes, proposals::chosen()).map_err(|error| {
        let message = format!("{what} has no valid binary form: {error}");
        Failure::in_file(&from, message)
    })?;
    let to = args.output.display().to_string();
    if to == "-" {
        std::io::stdout().write_all(&bytes).map_err(|error| Failure::in_file("<stdout>", error))?;
        return Ok(String::new());
    }
    std::fs::write(&args.output, &bytes).map_err(|error| Failure::in_file(&to, error))?;
    Ok(format!("{to}: {what}, {} bytes\n", bytes.len()))
}
