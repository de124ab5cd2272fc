//! The rows on compiling modules of a megabyte and more, and on how soon the first call of one
//! returns.
//!
//! Both engines compile for this processor at Cranelift's level `speed` with its default register
//! allocator, without its verifier, with its default mitigations; the peer leaves out unwind tables
//! for other tools too, as they have no counterpart here. Each uses all cores, but where the row
//! says one thread.

use std::hint::black_box;
use std::path::PathBuf;

use jit::{Instance, Module, Store};

use super::Report;
use super::program::{one_large, program};

/// Adds the rows; also for the core modules in these files.
pub(crate) fn rows(report: &mut Report, files: &[PathBuf]) -> wasmtime::Result<()> {
    for n_mb in [1, 10] {
        let names = [
            format!("compile a module of {n_mb} MB"),
            format!("compile a module of {n_mb} MB, one thread"),
            format!("first call of {n_mb} MB, here lazy"),
        ];
        if names.iter().any(|name| report.wants(name)) {
            let wasm = program(n_mb * 1_000_000, 1);
            compile(report, &names[0], &wasm, true)?;
            if n_mb == 1 {
                compile(report, &names[1], &wasm, false)?;
            }
            first_call(report, &names[2], &wasm)?;
        }
    }
    for n_ops in [1_000, 10_000, 50_000, 200_000] {
        let name = format!("compile a function of {n_ops} operators");
        if report.wants(&name) {
            compile(report, &name, &one_large(n_ops, 1), true)?;
        }
    }
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        compile(report, &format!("compile {name}"), &std::fs::read(file)?, true)?;
    }
    println!();
    Ok(())
}

/// Returns the peer's configuration: the same as here.
pub(crate) fn their_config() -> wasmtime::Config {
    let mut config = wasmtime::Config::new();
    config.native_unwind_info(false);
    config
}

fn compile(report: &mut Report, name: &str, wasm: &[u8], parallel: bool) -> wasmtime::Result<()> {
    let ours = jit::Engine::new(&jit::Config::new().parallel_compilation(parallel))?;
    let theirs = wasmtime::Engine::new(their_config().parallel_compilation(parallel))?;
    report.row(
        name,
        &mut || drop(black_box(Module::new(&ours, black_box(wasm)).expect("it is valid"))),
        &mut || drop(black_box(wasmtime::Module::new(&theirs, black_box(wasm)).expect("it is valid"))),
    );
    Ok(())
}

/// The call's arguments: two calls deep, the pointer 1000, the number 1000.
const ARGS: (i32, i32, i32) = (2, 1000, 1000);

/// Times the whole way from the bytes to the first result here, against compiling all on the peer.
fn first_call(report: &mut Report, name: &str, wasm: &[u8]) -> wasmtime::Result<()> {
    let ours = jit::Engine::new(&jit::Config::new().lazy_compilation(true))?;
    let theirs = wasmtime::Engine::new(&their_config())?;
    let first_call = || -> wasmtime::Result<i32> {
        let mut store = Store::new(&ours, ());
        let instance = Instance::new(&mut store, &Module::new(&ours, black_box(wasm))?, &[])?;
        let run = instance.get_typed_func::<(i32, i32, i32), i32>(&mut store, "run")?;
        Ok(run.call(&mut store, ARGS)?)
    };
    if report.wants(name) {
        let mut store = wasmtime::Store::new(&theirs, ());
        let module = wasmtime::Module::new(&theirs, wasm)?;
        let instance = wasmtime::Instance::new(&mut store, &module, &[])?;
        let run = instance.get_typed_func::<(i32, i32, i32), i32>(&mut store, "run")?;
        assert_eq!(first_call()?, run.call(&mut store, ARGS)?, "both engines compute the same");
    }
    report.row(
        name,
        &mut || {
            black_box(first_call().expect("it returns"));
        },
        &mut || drop(black_box(wasmtime::Module::new(&theirs, black_box(wasm)).expect("it is valid"))),
    );
    Ok(())
}
