//! The `lowlift` command: calls components, shows layouts, describes signatures, traces calls.
//!
//! There is one file per subcommand. Exit status: 0 success, 1 bad input, 2 usage, 134 a trap in
//! the guest.
#![forbid(unsafe_code)]

mod abi;
mod bounds;
mod call;
mod catalog;
mod compile;
mod core_names;
mod describe;
mod failure;
mod fold;
mod functions;
mod help;
mod input;
mod inspect;
mod layout;
mod link;
mod manual;
mod new;
mod output;
mod parse;
mod parts;
mod pick;
mod pointer;
mod print;
mod progress;
mod proposals;
mod render;
mod signatures;
mod strip;
mod trace;
mod type_names;
mod unbundle;
mod validate;
mod wave;
mod wit;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum as _};
use component_tools::Proposals;

/// The WebAssembly Component Model from the command line.
#[derive(Debug, Parser)]
#[command(name = "lowlift", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every verb takes.
#[derive(Debug, clap::Args)]
struct Global {
    /// Accepts WebAssembly proposals that are off by default: their names, with commas between, or
    /// `all`. (`--features` is about `@unstable` items of WIT.)
    #[arg(long, global = true, value_name = "LIST", help_heading = "Global options")]
    proposals: Option<Proposals>,
    /// Whether text is in colour.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        help_heading = "Global options"
    )]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Calls an exported function of a component and prints its result as WAVE.
    #[command(after_help = help::CALL)]
    Call(call::Args),
    /// Shows where each byte of each type lies in linear memory.
    #[command(after_help = help::LAYOUT)]
    Layout(layout::Args),
    /// Shows the core signature of a function, lifted and lowered, and the reason for each core
    /// value.
    #[command(after_help = help::DESCRIBE)]
    Describe(describe::Args),
    /// Calls a function and shows each step of lowering its arguments and lifting its result.
    #[command(after_help = help::TRACE)]
    Trace(trace::Args),
    /// Says whether a component or a core module is valid, and if not, what is wrong at which byte.
    #[command(after_help = help::VALIDATE)]
    Validate(validate::Args),
    /// Writes each core module and nested component of a component to a file of its own.
    #[command(after_help = help::UNBUNDLE)]
    Unbundle(unbundle::Args),
    /// Makes one component of several: exports of each satisfy imports of those before it.
    #[command(after_help = help::LINK)]
    Link(link::Args),
    /// Makes a component of a core module, for the world that it is built for.
    #[command(after_help = help::NEW)]
    New(new::Args),
    /// Shows what the JIT makes of each function: its operators, the Cranelift IR or the machine
    /// code.
    #[command(after_help = help::COMPILE)]
    Compile(compile::Args),
    /// Shows what a component consists of, and its world as WIT.
    #[command(after_help = help::INSPECT)]
    Inspect(inspect::Args),
    /// Prints a binary as WebAssembly text.
    #[command(after_help = help::PRINT)]
    Print(print::Args),
    /// Writes WebAssembly text as a binary.
    #[command(after_help = help::PARSE)]
    Parse(parse::Args),
    /// Leaves out custom sections: names, producers, debug information.
    #[command(after_help = help::STRIP)]
    Strip(strip::Args),
    /// Formats, checks, lists and exports WIT packages.
    #[command(after_help = help::WIT)]
    Wit(wit::Args),
    /// Prints a script that completes this command's arguments in a shell.
    #[command(after_help = help::COMPLETIONS)]
    Completions(manual::CompletionsArgs),
    /// Prints a page for `man`, or writes those of all subcommands.
    #[command(after_help = help::MAN)]
    Man(manual::ManArgs),
}

fn main() -> ExitCode {
    let Cli { global, command } = arguments();
    proposals::choose(global.proposals.unwrap_or_default());
    let done = match command {
        Command::Call(args) => call::run(&args),
        Command::Layout(args) => layout::run(&args),
        Command::Describe(args) => describe::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Unbundle(args) => unbundle::run(&args),
        Command::Link(args) => link::run(&args),
        Command::New(args) => new::run(&args),
        Command::Compile(args) => compile::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Print(args) => print::run(&args),
        Command::Parse(args) => parse::run(&args),
        Command::Strip(args) => strip::run(&args),
        Command::Wit(args) => wit::run(&args),
        Command::Completions(args) => manual::completions(&args, Cli::command()),
        Command::Man(args) => manual::man(&args, Cli::command()),
    };
    match done {
        Ok(text) => failure::print(&text),
        Err(failure) => failure.report(),
    }
}

/// Reads the arguments. Wrong ones end the process with status 2.
fn arguments() -> Cli {
    // What clap prints itself, such as the help, is in colour or not before it has read anything.
    let args: Vec<OsString> = std::env::args_os().collect();
    let after = |arg: &OsString| arg.to_str()?.strip_prefix("--color").map(str::to_owned);
    let color =
        args.iter().enumerate().find_map(|(i, arg)| match (after(arg)?.strip_prefix('='), args.get(i + 1)) {
            (Some(value), _) => ColorChoice::from_str(value, true).ok(),
            (None, Some(value)) => ColorChoice::from_str(value.to_str()?, true).ok(),
            (None, None) => None,
        });
    let color = color.unwrap_or_default();
    match color {
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    let matches = Cli::command().color(color).get_matches_from(args);
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}
