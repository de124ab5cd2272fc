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
mod describe;
mod failure;
mod functions;
mod input;
mod inspect;
mod layout;
mod link;
mod new;
mod pointer;
mod progress;
mod render;
mod trace;
mod unbundle;
mod validate;
mod wave;
mod wit;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The WebAssembly Component Model from the command line.
#[derive(Debug, Parser)]
#[command(name = "lowlift", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Calls an exported function of a component and prints its result as WAVE.
    Call(call::Args),
    /// Shows where each byte of each type lies in linear memory.
    Layout(layout::Args),
    /// Shows the core signature of a function, lifted and lowered, and the reason for each core
    /// value.
    Describe(describe::Args),
    /// Calls a function and shows each step of lowering its arguments and lifting its result.
    Trace(trace::Args),
    /// Says whether a component or a core module is valid, and if not, what is wrong at which byte.
    Validate(validate::Args),
    /// Writes each core module and nested component of a component to a file of its own.
    Unbundle(unbundle::Args),
    /// Makes one component of several: exports of each satisfy imports of those before it.
    Link(link::Args),
    /// Makes a component of a core module, for the world that it is built for.
    New(new::Args),
    /// Shows what the JIT makes of each function: its operators, the Cranelift IR or the machine
    /// code.
    Compile(compile::Args),
    /// Shows what a component consists of, and its world as WIT.
    Inspect(inspect::Args),
    /// Formats, checks, lists and exports WIT packages.
    Wit(wit::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
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
        Command::Wit(args) => wit::run(&args),
    };
    match done {
        Ok(text) => failure::print(&text),
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
}
