//! `lowlift link`: one component of several.

use std::path::{Path, PathBuf};

use component_tools::{ComposeError, File};

use crate::failure::Failure;
use crate::input::{self, read_component};
use crate::{output, proposals};

/// The arguments of `lowlift link`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The component whose exports the new component has, binary or text.
    file: PathBuf,
    /// A component whose exports satisfy imports of the components before it, under the same name
    /// or a compatible version. May be given several times.
    #[arg(long, value_name = "FILE", required = true)]
    plug: Vec<PathBuf>,
    /// Where to write the new component.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Writes the new component, and returns a line about it.
///
/// # Errors
///
/// If a file is not a valid component, a plug satisfies no import, or an export does not fit an
/// import.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let read = |path: &Path| Ok((input::name(path), read_component(path)?));
    let socket = read(&args.file)?;
    let plugs = args.plug.iter().map(|path| read(path)).collect::<Result<Vec<_>, Failure>>()?;
    let plug_files: Vec<_> = plugs.iter().map(file).collect();
    let linked =
        component_tools::link_with(file(&socket), &plug_files, proposals::chosen()).map_err(failure)?;
    for remark in &linked.remarks {
        eprintln!("note: {remark}");
    }
    output::binary(&args.output, &linked.bytes, &format!("{} components in one", plugs.len() + 1))
}

fn failure(error: ComposeError) -> Failure {
    let text = |error: &ComposeError| match error {
        ComposeError::Invalid { error: fault, .. } => {
            format!("{error}{}", proposals::help(fault.proposals()))
        }
        ComposeError::Unused { .. }
        | ComposeError::Mismatch(_)
        | ComposeError::Unsupported(_)
        | ComposeError::Several(_) => error.to_string(),
    };
    let errors: Vec<_> = error.errors().iter().map(text).collect();
    Failure::BadInput(errors.join("\nerror: "))
}

fn file((name, bytes): &(String, Vec<u8>)) -> File<'_> {
    File { name, bytes }
}
