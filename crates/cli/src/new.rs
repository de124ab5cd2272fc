//! `lowlift new`: a component from a core module.

use std::fs;
use std::path::PathBuf;

use component_linker::compose::{self, File, Parts};

use crate::failure::Failure;
use crate::input::read_component;

/// What `lowlift new` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The core module, binary or text. Its `component-type` sections say which world it is for.
    file: PathBuf,
    /// A core module that provides what the main one imports from the module `NAME`; may be given several times.
    #[arg(long, value_name = "NAME=FILE", value_parser = adapter)]
    adapt: Vec<(String, PathBuf)>,
    /// Where to write the component.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

fn adapter(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() => Ok((name.to_owned(), file.into())),
        Some(_) | None => Err("expected the module name and the file, NAME=FILE".to_owned()),
    }
}

/// Writes the component, and returns a line that says so.
///
/// # Errors
///
/// When a file is no core module, or the module does not fit its world.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let (name, bytes) = (args.file.display().to_string(), read_component(&args.file)?);
    let adapters = args.adapt.iter().map(|(name, path)| Ok((name.clone(), read_component(path)?)));
    let adapters = adapters.collect::<Result<Vec<_>, Failure>>()?;
    let adapters: Vec<File<'_>> = adapters.iter().map(|(name, bytes)| File { name, bytes }).collect();
    let parts = Parts { module: File { name: &name, bytes: &bytes }, world: None, adapters: &adapters };
    let component = compose::componentize(&parts).map_err(|error| Failure::BadInput(error.to_string()))?;
    let to = args.output.display().to_string();
    fs::write(&args.output, &component).map_err(|error| Failure::in_file(&to, error))?;
    Ok(format!("{to}: component, {} bytes\n", component.len()))
}
