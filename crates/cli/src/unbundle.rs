//! `lowlift unbundle`: the core modules and nested components of a component, each in its own file.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::input::{self, read_component};
use crate::proposals;

/// The arguments of `lowlift unbundle`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A component, binary or text.
    file: PathBuf,
    /// The directory to write to, which is created if it does not exist.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

/// Writes the files, and returns a line for each: its path, the name of the module or component,
/// and its size and offset in the component.
///
/// A file is named after the path of indices to the module or component:
/// `component-1.module-0.wasm` is core module 0 of component 1.
///
/// # Errors
///
/// If the component is not valid, contains nothing, or a file cannot be written.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let file = input::name(&args.file);
    let bytes = read_component(&args.file)?;
    let part = component_tools::outline_with(&bytes, proposals::chosen());
    let part = part.map_err(|error| proposals::refused(&file, &bytes, error))?;
    let parts = part.nested();
    if parts.is_empty() {
        return Err(Failure::in_file(&file, "there is no core module and no component in it to write"));
    }
    fs::create_dir_all(&args.output).map_err(|error| failure(&args.output, &error))?;
    let mut listing = String::new();
    for (path, part) in parts {
        let to = args.output.join(format!("{path}.wasm"));
        let range = part.range.clone();
        fs::write(&to, &bytes[range.clone()]).map_err(|error| failure(&to, &error))?;
        let name = part.name.as_ref().map(|name| format!(" {name:?},")).unwrap_or_default();
        let (size, at) = (range.len(), range.start);
        let _ = writeln!(listing, "{}:{name} {size} bytes at {at:#x}", to.display());
    }
    Ok(listing)
}

fn failure(path: &Path, error: &std::io::Error) -> Failure {
    Failure::in_file(&path.display().to_string(), error)
}
