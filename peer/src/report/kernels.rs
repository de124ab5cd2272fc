//! The rows on the run time of generated code: the programs of the folder `kernels`.

use std::hint::black_box;

use jit::{Instance, Module, Store};

use super::Report;

/// A program of the folder `kernels`: its `run` does an amount of work and returns something that
/// depends on it all.
pub(crate) struct Kernel {
    name: &'static str,
    wat: &'static str,
    /// The amount: enough for a millisecond or so.
    n: i32,
}

macro_rules! kernel {
    ($name:literal, $n:literal) => {
        Kernel { name: $name, wat: include_str!(concat!("../../kernels/", $name, ".wat")), n: $n }
    };
}

/// All programs.
pub(crate) const KERNELS: &[Kernel] = &[
    kernel!("collatz", 5_000),
    kernel!("division", 20_000),
    kernel!("mandelbrot", 48),
    kernel!("matmul", 1),
    kernel!("triad", 1),
    kernel!("chase", 300),
    kernel!("fib", 24),
    kernel!("dispatch", 300),
    kernel!("interpreter", 300),
    kernel!("simd", 50),
    kernel!("sort", 10),
    kernel!("hash", 20),
];

/// Adds the rows and the mean of their ratios.
pub(crate) fn rows(report: &mut Report) -> wasmtime::Result<()> {
    let ours = jit::Engine::new(&jit::Config::new())?;
    let theirs = wasmtime::Engine::new(&wasmtime::Config::new())?;
    for Kernel { name, wat, n } in KERNELS {
        let row = format!("{PREFIX}{name}");
        if !report.wants(&row) {
            continue;
        }
        let wasm = wat::parse_str(wat)?;
        let mut our_store = Store::new(&ours, ());
        let instance = Instance::new(&mut our_store, &Module::new(&ours, &wasm)?, &[])?;
        let our_run = instance.get_typed_func::<i32, i64>(&mut our_store, "run")?;
        let mut run_ours = || our_run.call(&mut our_store, black_box(*n)).expect("it returns");
        let mut their_store = wasmtime::Store::new(&theirs, ());
        let module = wasmtime::Module::new(&theirs, &wasm)?;
        let instance = wasmtime::Instance::new(&mut their_store, &module, &[])?;
        let their_run = instance.get_typed_func::<i32, i64>(&mut their_store, "run")?;
        let mut run_theirs = || their_run.call(&mut their_store, black_box(*n)).expect("it returns");
        let (a, b) = (run_ours(), run_theirs());
        assert_eq!(a, b, "both engines compute the same in {name}");
        report.row(
            &row,
            &mut || {
                black_box(run_ours());
            },
            &mut || {
                black_box(run_theirs());
            },
        );
    }
    report.mean(PREFIX);
    Ok(())
}

const PREFIX: &str = "kernel ";
