//! `conformance fuzz`: random calls, modules and linked files, here and on another engine.
//!
//! The comparisons live in the crate `peer`, which stands outside the workspace because it compiles
//! that engine; this builds and runs its command, whose output passes through.

use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode};

/// What is made at random.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Subject {
    /// Component types, values and string encodings, through a pair of components.
    Calls,
    /// Core modules.
    Core,
    /// Pairs of components, linked at run time and into one file.
    Links,
}

/// Runs the comparison and returns the status to exit with: 0 if the engines agree, 1 if not.
///
/// # Errors
///
/// If the crate `peer` cannot be built or run.
pub fn run(subject: Subject, n_cases: u64, seed: u64) -> Result<ExitCode, Box<dyn Error>> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../peer/Cargo.toml");
    let subject = match subject {
        Subject::Calls => "calls",
        Subject::Core => "core",
        Subject::Links => "links",
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--release", "--manifest-path"])
        .arg(manifest)
        .args(["--", subject, "--cases", &n_cases.to_string(), "--seed", &seed.to_string()])
        .status()
        .map_err(|error| format!("cargo could not be run: {error}"))?;
    // Not what cargo and the command exit with: a signal, say.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.ok_or("the comparison was ended from outside")?))
}
