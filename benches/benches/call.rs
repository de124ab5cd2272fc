//! The whole way: compiling a component, instantiating it, calling it.

use std::hint::black_box;

use component_linker::{Component, Config, Engine, Func, Linker, List, Store, Val};
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

criterion_group!(benches, compile, instantiate, call);
criterion_main!(benches);
