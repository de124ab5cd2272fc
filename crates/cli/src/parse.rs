//! `lowlift parse`: WebAssembly text as a binary.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::{input, output};

/// The arguments of `lowlift parse`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A component or a core module as text; `-` for standard input.
    file: PathBuf,
    /// Where to write the binary; `-` for standard output.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Writes the binary, and returns a line about it.
///
/// # Errors
///
/// If the text has faults. What it says need not be valid.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let text = input::bytes(&args.file)?;
    if text.starts_with(b"\0asm") {
        let message = "this is a binary already; expected the text of a component or a core module";
        return Err(Failure::in_file(&input::name(&args.file), message));
    }
    let bytes = input::wasm(&args.file, text)?;
    output::binary(&args.output, &bytes, "binary")
}
