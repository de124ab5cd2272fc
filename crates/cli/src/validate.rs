//! `lowlift validate`: whether a file is a valid component or core module.

use std::path::PathBuf;

use component_tools::BinaryKind;

use crate::failure::Failure;
use crate::input::read_component;
use crate::proposals;

/// What `lowlift validate` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A component or a core module, binary or text.
    file: PathBuf,
}

/// Returns a line with the kind of the file.
///
/// # Errors
///
/// When the file is invalid: the fault, and its offset in the binary.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let file = args.file.display().to_string();
    let bytes = read_component(&args.file)?;
    let kind = component_tools::validate_with(&bytes, proposals::chosen());
    let kind = kind.map_err(|error| proposals::refused(&file, &bytes, error))?;
    let kind = match kind {
        BinaryKind::Component => "component",
        BinaryKind::Module => "core module",
    };
    Ok(format!("{file}: valid {kind}, {} bytes\n", bytes.len()))
}
