//! `lowlift completions` and `lowlift man`: what shells and manuals know of the command.

use std::fs;
use std::path::PathBuf;

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::failure::Failure;

/// The arguments of `lowlift completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// The arguments of `lowlift man`.
#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// The subcommand to print the page of, such as `call` or `wit check`; the command's own page
    /// if there is none.
    subcommand: Vec<String>,
    /// Writes all pages to this directory, which is created if it does not exist.
    #[arg(short, long, value_name = "DIR", conflicts_with = "subcommand")]
    output: Option<PathBuf>,
}

/// Returns a script for the shell.
pub(crate) fn completions(args: &CompletionsArgs, mut command: Command) -> Result<String, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "lowlift", &mut script);
    text(script)
}

/// Returns a page in the format of `man`, or a line for each page that was written.
///
/// # Errors
///
/// If there is no such subcommand, or a page can't be written.
pub(crate) fn man(args: &ManArgs, mut command: Command) -> Result<String, Failure> {
    command.build();
    if let Some(dir) = &args.output {
        let dir_name = dir.display().to_string();
        fs::create_dir_all(dir).map_err(|error| Failure::in_file(&dir_name, error))?;
        let mut listing = String::new();
        for command in with_subcommands(&command) {
            let to = dir.join(format!("{}.1", page_name(command)));
            let name = to.display().to_string();
            fs::write(&to, page(command)?).map_err(|error| Failure::in_file(&name, error))?;
            listing.push_str(&format!("{name}\n"));
        }
        return Ok(listing);
    }
    let mut wanted = &command;
    for name in &args.subcommand {
        wanted = wanted.find_subcommand(name).ok_or_else(|| {
            let names = wanted.get_subcommands().map(|it| format!("`{}`", it.get_name()));
            let names = names.collect::<Vec<_>>().join(", ");
            Failure::BadInput(format!("there is no subcommand `{name}`; there are: {names}"))
        })?;
    }
    page(wanted)
}

/// Returns a command and all below it.
fn with_subcommands(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().filter(|it| it.get_name() != "help");
    std::iter::once(command).chain(below.flat_map(with_subcommands)).collect()
}

/// Returns the name of a page: `lowlift-wit-check`.
fn page_name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(command: &Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    let written = Man::new(command.clone()).title(page_name(command).to_uppercase()).render(&mut page);
    written.map_err(|error| Failure::BadInput(error.to_string()))?;
    text(page)
}

fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| Failure::BadInput(error.to_string()))
}
