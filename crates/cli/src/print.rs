//! `lowlift print`: a binary as WebAssembly text.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::input::{self, read_component};
use crate::output;

/// The arguments of `lowlift print`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A component or a core module, binary or text; `-` for standard input.
    file: PathBuf,
    /// Leaves out function bodies, data and custom sections.
    #[arg(long)]
    skeleton: bool,
    /// Shows before each line the offset in the binary that it comes from.
    #[arg(long)]
    offsets: bool,
    /// Writes the text here.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Returns the text.
///
/// # Errors
///
/// If the file can't be read as WebAssembly. It need not be valid.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let bytes = read_component(&args.file)?;
    let mut text = String::new();
    let mut config = wasmprinter::Config::new();
    let features = component_tools::Proposals::all().features();
    config.features(features).print_skeleton(args.skeleton).print_offsets(args.offsets);
    let mut printed = wasmprinter::PrintFmtWrite(&mut text);
    config.print(&bytes, &mut printed).map_err(|error| Failure::in_file(&input::name(&args.file), error))?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    output::text(args.output.as_deref(), text)
}
