//! The whole way: compiling a component, instantiating it, calling it.

use std::hint::black_box;

use component_linker::{
    Component, ComponentType, Config, Engine, Func, Instance, Lift, Linker, List, Lower, Store, Val,
};
use criterion::{Criterion, criterion_group, criterion_main};

/// The plugins and their names, as binaries.
fn plugins() -> [(&'static str, Vec<u8>); 3] {
    let wat = wat::parse_str(include_str!("../../examples/plugin/plugin.wat")).expect("valid text");
    [
        ("plugin.wat", wat),
        ("plugin-rs.wasm", include_bytes!("../../examples/guests/plugin-rs.wasm").to_vec()),
        ("plugin-c.wasm", include_bytes!("../../examples/guests/plugin-c.wasm").to_vec()),
    ]
}

fn process(engine: &Engine, component: &Component) -> (Store<()>, Func) {
    let mut linker = Linker::new();
    linker.stub_imports(component).expect("nothing is linked yet");
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, component).expect("it instantiates");
    let func =
        instance.get_func(&mut store, &["techbytes:plugin/processing", "process"]).expect("it exports");
    (store, func)
}

fn data_chunk(n_bytes: usize) -> Val {
    Val::Record(vec![Val::U64(7), Val::List(List::U8(vec![1; n_bytes]))])
}

fn compile(c: &mut Criterion) {
    let engine = Engine::new(&Config::default()).expect("this machine is supported");
    let mut group = c.benchmark_group("compile");
    group.sample_size(10);
    for (name, bytes) in plugins() {
        group.bench_function(name, |b| b.iter(|| Component::new(&engine, black_box(&bytes)).expect("valid")));
    }
    group.finish();
}

fn instantiate(c: &mut Criterion) {
    let engine = Engine::new(&Config::default()).expect("this machine is supported");
    let mut group = c.benchmark_group("instantiate");
    for (name, bytes) in plugins() {
        let component = Component::new(&engine, &bytes).expect("valid");
        group.bench_function(name, |b| b.iter(|| process(&engine, black_box(&component))));
    }
    group.finish();
}

fn call(c: &mut Criterion) {
    let engine = Engine::new(&Config::default()).expect("this machine is supported");
    let mut group = c.benchmark_group("process");
    for (name, bytes) in plugins() {
        let component = Component::new(&engine, &bytes).expect("valid");
        let (mut store, func) = process(&engine, &component);
        for n_bytes in [3, 64 << 10] {
            let args = [data_chunk(n_bytes)];
            group.bench_function(format!("{name}, {n_bytes} bytes"), |b| {
                b.iter(|| func.call(&mut store, black_box(&args)).expect("it returns"));
            });
        }
    }
    group.finish();
}

/// Functions that do nothing to speak of: what is timed is the call.
const SMALL: &str = r#"(component
    (core module $m
        (memory (export "memory") 4)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "none"))
        (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
        (func (export "echo") (param i32 i32) (result i32)
            (i32.store (i32.const 0) (local.get 0))
            (i32.store (i32.const 4) (local.get 1))
            (i32.const 0)))
    (core instance $i (instantiate $m))
    (func (export "none") (canon lift (core func $i "none")))
    (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
    (func (export "echo") (param "x" (list u8)) (result (list u8))
        (canon lift (core func $i "echo") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#;

/// A component that passes on what a host function of the type `(u32, u32) -> u32` gives it.
const CALLBACK: &str = r#"(component
    (import "add" (func $add (param "a" u32) (param "b" u32) (result u32)))
    (core func $core (canon lower (func $add)))
    (core module $m
        (import "" "add" (func $add (param i32 i32) (result i32)))
        (func (export "run") (param i32 i32) (result i32) (call $add (local.get 0) (local.get 1))))
    (core instance $i (instantiate $m (with "" (instance (export "add" (func $core))))))
    (func (export "run") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "run"))))"#;

fn instance(engine: &Engine, linker: &Linker<()>, text: &str) -> (Store<()>, Instance) {
    let bytes = wat::parse_str(text).expect("valid text");
    let component = Component::new(engine, &bytes).expect("valid");
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, &component).expect("it instantiates");
    (store, instance)
}

/// The same small calls with component values and with Rust types.
fn small(c: &mut Criterion) {
    let engine = Engine::new(&Config::default()).expect("this machine is supported");
    let (mut store, instance) = instance(&engine, &Linker::new(), SMALL);
    let store = &mut store;
    let mut group = c.benchmark_group("small");
    let none = instance.get_func(&mut *store, &["none"]).expect("it exports");
    group.bench_function("() -> (), values", |b| b.iter(|| none.call(&mut *store, &[]).expect("it returns")));
    let none = none.typed::<(), ()>(&mut *store).expect("its type");
    group.bench_function("() -> (), typed", |b| b.iter(|| none.call(&mut *store, ()).expect("it returns")));
    let add = instance.get_func(&mut *store, &["add"]).expect("it exports");
    let args = [Val::U32(1), Val::U32(2)];
    group.bench_function("(u32, u32) -> u32, values", |b| {
        b.iter(|| add.call(&mut *store, black_box(&args)).expect("it returns"));
    });
    let add = add.typed::<(u32, u32), (u32,)>(&mut *store).expect("its type");
    group.bench_function("(u32, u32) -> u32, typed", |b| {
        b.iter(|| add.call(&mut *store, black_box((1, 2))).expect("it returns"));
    });
    let echo = instance.get_func(&mut *store, &["echo"]).expect("it exports");
    let bytes = vec![1_u8; 64 << 10];
    let args = [Val::List(List::U8(bytes.clone()))];
    group.bench_function("list<u8> of 64 KiB there and back, values", |b| {
        b.iter(|| echo.call(&mut *store, black_box(&args)).expect("it returns"));
    });
    let echo = echo.typed::<(&[u8],), (Vec<u8>,)>(&mut *store).expect("its type");
    group.bench_function("list<u8> of 64 KiB there and back, typed", |b| {
        b.iter(|| echo.call(&mut *store, black_box((&bytes,))).expect("it returns"));
    });
    group.finish();
}

/// A guest that calls the host back.
fn callback(c: &mut Criterion) {
    let engine = Engine::new(&Config::default()).expect("this machine is supported");
    let mut group = c.benchmark_group("callback (u32, u32) -> u32");
    let mut values = Linker::new();
    let add = values.root().func_new("add", |_, args| {
        let [Val::U32(a), Val::U32(b)] = args else { unreachable!("arguments are checked") };
        Ok(Some(Val::U32(a + b)))
    });
    add.expect("nothing is linked yet");
    let mut typed = Linker::new();
    typed.root().func_wrap("add", |_, (a, b): (u32, u32)| Ok((a + b,))).expect("nothing is linked yet");
    for (name, linker) in [("values", values), ("typed", typed)] {
        let (mut store, instance) = instance(&engine, &linker, CALLBACK);
        let run = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, &["run"]).expect("its type");
        group.bench_function(name, |b| {
            b.iter(|| run.call(&mut store, black_box((1, 2))).expect("it returns"));
        });
    }
    group.finish();
}

/// The chunk of the plugin's `process`.
#[derive(ComponentType, Lift, Lower)]
struct DataChunk {
    id: u64,
    payload: Vec<u8>,
}

/// As `call`, with Rust types.
fn typed(c: &mut Criterion) {
    let engine = Engine::new(&Config::default()).expect("this machine is supported");
    let mut group = c.benchmark_group("process, typed");
    for (name, bytes) in plugins() {
        let component = Component::new(&engine, &bytes).expect("valid");
        let (mut store, func) = process(&engine, &component);
        let chunks = [3, 64 << 10].map(|n_bytes| DataChunk { id: 7, payload: vec![1; n_bytes] });
        let func = func.typed::<(&DataChunk,), (Result<DataChunk, String>,)>(&mut store).expect("its type");
        for chunk in &chunks {
            let n_bytes = chunk.payload.len();
            group.bench_function(format!("{name}, {n_bytes} bytes"), |b| {
                b.iter(|| func.call(&mut store, black_box((chunk,))).expect("it returns"));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, compile, instantiate, call, small, callback, typed);
criterion_main!(benches);
