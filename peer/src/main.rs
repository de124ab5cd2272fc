//! The command `peer`: holds Lowlift against another engine, wasmtime.
//!
//! `peer calls` sends random values between two components, `peer links` does so between linked
//! ones, `peer core` runs random core modules: the engines must agree in results and traps.
//! `peer report` prints their times side by side.
//!
//! The crate stands outside the workspace, so that the other engine is compiled on request only:
//! `cargo run --release -p conformance -- fuzz calls` does.
//!
//! Exit status: 0 if the engines agree, 1 if not, 2 if the command is not understood or cannot be
//! run.

#![forbid(unsafe_code)]

mod calls;
mod fault;
mod modules;
mod random;
mod report;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Holds Lowlift against another engine.
#[derive(Parser)]
#[command(name = "peer")]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Random types, values and encodings through pairs of components
    Calls(calls::Args),
    /// The same through pairs that are linked, at run time here and into one file
    Links(calls::Args),
    /// Random core modules
    Core(modules::Args),
    /// Times, in one run
    Report(report::Args),
    /// One compilation on one engine and thread, to be counted by `perf stat` or `callgrind`
    Once(report::once::Args),
}

fn main() -> ExitCode {
    let outcome = match Options::parse().command {
        Command::Calls(args) => calls::run(args, calls::Mode::Nested),
        Command::Links(args) => calls::run(args, calls::Mode::Linked),
        Command::Core(args) => modules::run(args),
        Command::Report(args) => report::run(args),
        Command::Once(args) => report::once::run(args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(2)
    })
}
