//! `lowlift validate`: whether files are valid components or core modules.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use component_tools::BinaryKind;

use crate::failure::{self, Failure};
use crate::input::{self, read_component};
use crate::proposals;

/// What `lowlift validate` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Components or core modules, binary or text; `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Returns a line with the kind of each file.
///
/// # Errors
///
/// When a file is invalid: the fault, and its offset in the binary. The lines of valid ones are
/// printed all the same.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let mut valid = String::new();
    let mut faults = Vec::new();
    for file in &args.files {
        match line(file) {
            Ok(line) => {
                let _ = writeln!(valid, "{line}");
            }
            Err(failure) => faults.push(failure.message()),
        }
    }
    if faults.is_empty() {
        return Ok(valid);
    }
    failure::print(&valid);
    Err(Failure::BadInput(faults.join("\nerror: ")))
}

fn line(path: &Path) -> Result<String, Failure> {
    let file = input::name(path);
    let bytes = read_component(path)?;
    let kind = component_tools::validate_with(&bytes, proposals::chosen());
    let kind = match kind.map_err(|error| proposals::refused(&file, &bytes, error))? {
        BinaryKind::Component => "component",
        BinaryKind::Module => "core module",
    };
    Ok(format!("{file}: valid {kind}, {} bytes", bytes.len()))
}
