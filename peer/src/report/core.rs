//! The rows on core modules beside the kernels: compiling, instantiating, calling.

use std::fmt::Write;
use std::hint::black_box;

use jit::{Instance, Module, Store};
use wasmparser::{Parser, Payload};

use super::Report;

/// A module of one memory and 100 KB of data.
fn with_data() -> String {
    let mut data = String::new();
    for i in 0..100_000u32 {
        write!(data, "\\{:02x}", i.wrapping_mul(2_654_435_761) >> 24).expect("a String takes all");
    }
    format!(r#"(module (memory (export "memory") 2) (data (i32.const 0) "{data}") (func (export "run")))"#)
}

/// Returns the largest core module of a component: compiled from a C program and its
/// library.
fn big() -> wasmtime::Result<&'static [u8]> {
    const PLUGIN: &[u8] = include_bytes!("../../../examples/guests/plugin-c.wasm");
    let mut big: &[u8] = &[];
    for payload in Parser::new(0).parse_all(PLUGIN) {
        if let Payload::ModuleSection { unchecked_range: range, .. } = payload? {
            let module = &PLUGIN[usize::try_from(range.start)?..usize::try_from(range.end)?];
            if module.len() > big.len() {
                big = module;
            }
        }
    }
    Ok(big)
}

/// Adds the rows.
pub(crate) fn rows(report: &mut Report) -> wasmtime::Result<()> {
    let ours = jit::Engine::new(&jit::Config::new())?;
    let theirs = wasmtime::Engine::new(&wasmtime::Config::new())?;
    calls(report, &ours, &theirs)?;
    host_calls(report, &ours, &theirs)?;
    instantiate(report, &ours)?;
    compile(report, &ours, &theirs)?;
    println!();
    Ok(())
}

fn calls(report: &mut Report, ours: &jit::Engine, theirs: &wasmtime::Engine) -> wasmtime::Result<()> {
    let wasm = wat::parse_str(
        r#"(module
            (func (export "nop"))
            (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
            (func (export "two") (result i64 i64) (i64.const 1) (i64.const 2)))"#,
    )?;
    let mut our_store = Store::new(ours, ());
    let our_instance = Instance::new(&mut our_store, &Module::new(ours, &wasm)?, &[])?;
    let mut their_store = wasmtime::Store::new(theirs, ());
    let module = wasmtime::Module::new(theirs, &wasm)?;
    let their_instance = wasmtime::Instance::new(&mut their_store, &module, &[])?;

    let nop = our_instance.get_typed_func::<(), ()>(&mut our_store, "nop")?;
    let typed = their_instance.get_typed_func::<(), ()>(&mut their_store, "nop")?;
    report.row("core call () -> ()", &mut || nop.call(&mut our_store, ()).expect("it returns"), &mut || {
        typed.call(&mut their_store, ()).expect("it returns")
    });
    let add = our_instance.get_typed_func::<(i32, i32), i32>(&mut our_store, "add")?;
    let typed = their_instance.get_typed_func::<(i32, i32), i32>(&mut their_store, "add")?;
    report.row(
        "core call (i32, i32) -> i32",
        &mut || {
            black_box(add.call(&mut our_store, black_box((1, 2))).expect("it returns"));
        },
        &mut || {
            black_box(typed.call(&mut their_store, black_box((1, 2))).expect("it returns"));
        },
    );
    let two = our_instance.get_typed_func::<(), (i64, i64)>(&mut our_store, "two")?;
    let typed = their_instance.get_typed_func::<(), (i64, i64)>(&mut their_store, "two")?;
    report.row(
        "core call () -> (i64, i64)",
        &mut || {
            black_box(two.call(&mut our_store, ()).expect("it returns"));
        },
        &mut || {
            black_box(typed.call(&mut their_store, ()).expect("it returns"));
        },
    );
    Ok(())
}

/// Loops in a guest that call the host.
fn host_calls(report: &mut Report, ours: &jit::Engine, theirs: &wasmtime::Engine) -> wasmtime::Result<()> {
    let wasm = wat::parse_str(
        r#"(module
            (import "host" "none" (func $none))
            (import "host" "add" (func $add (param i32 i32) (result i32)))
            (func (export "none") (local $i i32)
                (loop
                    (call $none)
                    (br_if 0
                        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000)))))
            (func (export "add") (local $i i32)
                (loop
                    (local.set $i (call $add (local.get $i) (i32.const 1)))
                    (br_if 0 (i32.lt_u (local.get $i) (i32.const 1000))))))"#,
    )?;
    let mut our_linker = jit::Linker::new(ours);
    our_linker.func_wrap("host", "none", || ())?.func_wrap("host", "add", |a: i32, b: i32| a + b)?;
    let mut our_store = Store::new(ours, ());
    let our_instance = our_linker.instantiate(&mut our_store, &Module::new(ours, &wasm)?)?;
    let mut their_linker = wasmtime::Linker::new(theirs);
    their_linker.func_wrap("host", "none", || ())?.func_wrap("host", "add", |a: i32, b: i32| a + b)?;
    let mut their_store = wasmtime::Store::new(theirs, ());
    let their_instance =
        their_linker.instantiate(&mut their_store, &wasmtime::Module::new(theirs, &wasm)?)?;
    for (name, row) in [("none", "1000 host calls () -> ()"), ("add", "1000 host calls (i32, i32) -> i32")] {
        let run = our_instance.get_typed_func::<(), ()>(&mut our_store, name)?;
        let typed = their_instance.get_typed_func::<(), ()>(&mut their_store, name)?;
        report.row(row, &mut || run.call(&mut our_store, ()).expect("it returns"), &mut || {
            typed.call(&mut their_store, ()).expect("it returns")
        });
    }
    Ok(())
}

fn instantiate(report: &mut Report, ours: &jit::Engine) -> wasmtime::Result<()> {
    let wasm = wat::parse_str(with_data())?;
    let module = Module::new(ours, &wasm)?;
    let mut instantiate = || {
        let mut store = Store::new(ours, ());
        black_box(Instance::new(&mut store, &module, &[]).expect("it has no imports"));
    };
    for (pooled, row) in
        [(false, "instantiate a memory, 100 KB of data"), (true, "instantiate a memory, 100 KB, peer pooled")]
    {
        let mut config = wasmtime::Config::new();
        if pooled {
            config.allocation_strategy(wasmtime::InstanceAllocationStrategy::pooling());
        }
        let theirs = wasmtime::Engine::new(&config)?;
        let linked =
            wasmtime::Linker::<()>::new(&theirs).instantiate_pre(&wasmtime::Module::new(&theirs, &wasm)?)?;
        let mut theirs = || {
            let mut store = wasmtime::Store::new(&theirs, ());
            black_box(linked.instantiate(&mut store).expect("it has no imports"));
        };
        report.row(row, &mut instantiate, &mut theirs);
    }
    Ok(())
}

fn compile(report: &mut Report, ours: &jit::Engine, theirs: &wasmtime::Engine) -> wasmtime::Result<()> {
    let wasm = big()?;
    report.row(
        &format!("compile a module of {} KB", wasm.len() / 1000),
        &mut || drop(black_box(Module::new(ours, black_box(wasm)).expect("it is valid"))),
        &mut || drop(black_box(wasmtime::Module::new(theirs, black_box(wasm)).expect("it is valid"))),
    );
    Ok(())
}
