//! Calls between the host and core modules, both ways: what is timed is the call.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jit::{Config, Engine, Instance, Linker, Module, Store, WasmParams, WasmResults};

/// Functions that do nothing to speak of.
const CALLEES: &str = r#"(module
    (func (export "none"))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "two") (result i64 i64) (i64.const 1) (i64.const 2))
    (func (export "mixed") (param i64 f64) (result f64 i32) (local.get 1) (i32.const 2)))"#;

/// Loops that call the host a thousand times.
const CALLERS: &str = r#"(module
    (import "host" "none" (func $none))
    (import "host" "add" (func $add (param i32 i32) (result i32)))
    (import "host" "two" (func $two (param i64) (result i64 i64)))
    (func (export "none") (local $i i32)
        (loop
            (call $none)
            (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000)))))
    (func (export "add") (local $i i32)
        (loop
            (local.set $i (call $add (local.get $i) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $i) (i32.const 1000)))))
    (func (export "two") (local $i i64)
        (loop
            (call $two (local.get $i))
            (local.set $i (i64.sub))
            (br_if 0 (i64.lt_u (local.get $i) (i64.const 1000))))))"#;

fn store() -> (Engine, Store<u64>) {
    let engine = Engine::new(&Config::new()).expect("this machine is supported");
    let store = Store::new(&engine, 0);
    (engine, store)
}

fn module(engine: &Engine, text: &str) -> Module {
    Module::new(engine, &wat::parse_str(text).expect("valid text")).expect("valid")
}

fn row<P, R>(c: &mut Criterion, (store, instance): &mut (Store<u64>, Instance), name: &str, params: P)
where
    P: WasmParams + Copy,
    R: WasmResults,
{
    let func = instance.get_typed_func::<P, R>(&mut *store, name).expect("its type");
    c.bench_function(&format!("host to guest, {name}"), |b| {
        b.iter(|| func.call(&mut *store, black_box(params)).expect("it returns"));
    });
}

fn host_to_guest(c: &mut Criterion) {
    let (engine, mut store) = store();
    let instance = Instance::new(&mut store, &module(&engine, CALLEES), &[]).expect("it has no imports");
    let at = &mut (store, instance);
    row::<(), ()>(c, at, "none", ());
    row::<(i32, i32), i32>(c, at, "add", (1, 2));
    row::<(), (i64, i64)>(c, at, "two", ());
    row::<(i64, f64), (f64, i32)>(c, at, "mixed", (1, 2.0));
}

fn guest_to_host(c: &mut Criterion) {
    let (engine, mut store) = store();
    let mut linker = Linker::<u64>::new(&engine);
    let defined = linker
        .func_wrap("host", "none", || ())
        .and_then(|linker| linker.func_wrap("host", "add", |a: i32, b: i32| a.wrapping_add(b)))
        .and_then(|linker| linker.func_wrap("host", "two", |n: i64| (n + 3, 2_i64)));
    defined.expect("nothing is linked yet");
    let instance = linker.instantiate(&mut store, &module(&engine, CALLERS)).expect("its imports are there");
    for name in ["none", "add", "two"] {
        let func = instance.get_typed_func::<(), ()>(&mut store, name).expect("its type");
        c.bench_function(&format!("1000 calls of the host from a guest, {name}"), |b| {
            b.iter(|| func.call(&mut store, ()).expect("it returns"));
        });
    }
}

criterion_group!(benches, host_to_guest, guest_to_host);
criterion_main!(benches);
