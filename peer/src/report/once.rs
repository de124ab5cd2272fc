//! `peer once`: one engine compiles one module on one thread, for profilers and counters of
//! instructions.

use std::path::PathBuf;
use std::process::ExitCode;

use super::compiling::their_config;
use super::program::{one_large, program};

/// What `peer once` is given.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    engine: Engine,
    /// A core module, instead of a generated one
    file: Option<PathBuf>,
    /// How large the generated module is
    #[arg(long, default_value_t = 1_000_000)]
    bytes: usize,
    /// The generated module has one function of so many operators, and small ones
    #[arg(long)]
    operators: Option<u32>,
    /// Writes the module to a file
    #[arg(long)]
    write: Option<PathBuf>,
    /// Writes the machine code to a file: text here, an ELF object of the peer
    #[arg(long)]
    code: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Engine {
    Lowlift,
    Wasmtime,
    /// Only makes the module: what this counts is to be subtracted
    None,
}

/// Compiles once.
pub(crate) fn run(args: Args) -> wasmtime::Result<ExitCode> {
    let wasm = match (args.file, args.operators) {
        (Some(file), _) => std::fs::read(file)?,
        (None, Some(n_ops)) => one_large(n_ops, 1),
        (None, None) => program(args.bytes, 1),
    };
    if let Some(path) = args.write {
        std::fs::write(path, &wasm)?;
    }
    match args.engine {
        Engine::Lowlift => {
            let engine = jit::Engine::new(&jit::Config::new().parallel_compilation(false))?;
            if let Some(path) = args.code {
                let listings = jit::Module::listings(&engine, &wasm)?;
                let text = listings.iter().map(|func| format!("{}\n{}\n", func.clif, func.asm));
                std::fs::write(path, text.collect::<String>())?;
            } else {
                drop(jit::Module::new(&engine, &wasm)?);
            }
        }
        Engine::Wasmtime => {
            let engine = wasmtime::Engine::new(their_config().parallel_compilation(false))?;
            let module = wasmtime::Module::new(&engine, &wasm)?;
            if let Some(path) = args.code {
                std::fs::write(path, module.serialize()?)?;
            }
        }
        Engine::None => {}
    }
    Ok(ExitCode::SUCCESS)
}
