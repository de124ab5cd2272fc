//! `lowlift strip`: a component or a core module without custom sections.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::input::{self, read_component};
use crate::{output, proposals};

/// Sections that say what a module is for: its world, and how it is linked with others.
const MEANINGFUL: [&str; 2] = ["component-type", "dylink.0"];

/// The arguments of `lowlift strip`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A component or a core module, binary or text; `-` for standard input.
    file: PathBuf,
    /// Keeps the custom sections of this name, such as `name` or `producers`. May be given several
    /// times, or with commas.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    keep: Vec<String>,
    /// Leaves out all others too: those that `new` reads (`component-type…`), and `dylink.0`.
    #[arg(long)]
    all: bool,
    /// Where to write it; `-` for standard output.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Writes the file, and returns a line about it.
///
/// # Errors
///
/// If the file is not valid.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let bytes = read_component(&args.file)?;
    let is_kept = |name: &str| {
        let is_meaningful = MEANINGFUL.iter().any(|prefix| name.starts_with(prefix));
        // Components have a section of their own for names.
        let name = if name == "component-name" { "name" } else { name };
        args.keep.iter().any(|kept| kept == name) || (!args.all && is_meaningful)
    };
    let stripped = component_tools::strip(&bytes, proposals::chosen(), is_kept)
        .map_err(|error| proposals::refused(&input::name(&args.file), &bytes, error))?;
    let what = format!("{} bytes less", bytes.len() - stripped.len());
    output::binary(&args.output, &stripped, &what)
}
