//! The cheap level of lazy modules: how long the first call of a large function takes, and how fast
//! its code is.

use std::fmt::Write as _;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jit::{Config, Engine, Instance, Module, Store, TypedFunc};

/// Loops of different kinds. Each is called too seldom here to be compiled again.
const KERNELS: &str = r#"(module (memory 1)
    (func (export "hash") (param i32) (result i32) (local $h i32)
        (loop
            (local.set $h (i32.mul (i32.const 16777619)
                (i32.xor (local.get $h) (i32.load8_u (i32.and (local.get 0) (i32.const 0xffff))))))
            (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get $h))
    (func (export "float") (param i32) (result i32) (local $x f64) (local $y f64)
        (loop
            (local.set $x (f64.add (f64.mul (local.get $x) (f64.const 0.999)) (f64.const 0.1)))
            (local.set $y (f64.add (local.get $y) (f64.sqrt (local.get $x))))
            (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (i32.trunc_sat_f64_s (local.get $y))))"#;

const LEVELS: [(&str, usize); 2] = [("cheap", 0), ("full", usize::MAX)];

/// Returns a function of about so many operators: arithmetic, loads, stores and branches.
fn large(n_operators: usize) -> Vec<u8> {
    let mut text =
        String::from("(module (memory 1) (func (export \"f\") (param i32) (result i32) (local i32 i32 i32)");
    for k in 0..n_operators / 14 {
        let (to, a, b) = (k % 4, (k + 1) % 4, (k + 2) % 4);
        let load = format!("(i32.load (i32.and (local.get {b}) (i32.const 0xfff0)))");
        let sum = format!("(i32.add (i32.mul (local.get {a}) (i32.const {k})) {load})");
        write!(text, "(local.set {to} {sum})").expect("a string takes any text");
        if k % 5 == 0 {
            let store = "(i32.store (i32.and (local.get 1) (i32.const 0xfff0)) (local.get 2))";
            write!(text, "(if (i32.gt_u (local.get 0) (i32.const {k})) (then {store}))")
                .expect("a string takes any text");
        }
    }
    wat::parse_str(text + "(local.get 2)))").expect("valid text")
}

/// Returns a store with an instance of the module, nothing of which is compiled, and one of its
/// functions.
fn fresh(wasm: &[u8], above: usize, name: &str) -> (Store<()>, TypedFunc<i32, i32>) {
    let config = Config::new().lazy_compilation(true).cheap_first_above(above).parallel_compilation(false);
    let engine = Engine::new(&config).expect("this machine is supported");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &Module::new(&engine, wasm).expect("valid"), &[]);
    let instance = instance.expect("it has no imports");
    let func = instance.get_typed_func(&mut store, name).expect("its type");
    (store, func)
}

fn first_calls(c: &mut Criterion) {
    for n_operators in [1_000, 20_000, 200_000] {
        let wasm = large(n_operators);
        let mut group = c.benchmark_group(format!("first call of {n_operators} operators"));
        group.sample_size(10);
        for (level, above) in LEVELS {
            group.bench_function(level, |b| {
                let call = |(mut store, func): (Store<()>, TypedFunc<i32, i32>)| {
                    func.call(&mut store, 1).expect("it returns");
                    store
                };
                b.iter_batched(|| fresh(&wasm, above, "f"), call, BatchSize::PerIteration);
            });
        }
    }
}

fn code(c: &mut Criterion) {
    let wasm = wat::parse_str(KERNELS).expect("valid text");
    for name in ["hash", "float"] {
        let mut group = c.benchmark_group(format!("a loop, {name}"));
        group.sample_size(10);
        for (level, above) in LEVELS {
            group.bench_function(level, |b| {
                let compiled = || {
                    let (mut store, func) = fresh(&wasm, above, name);
                    func.call(&mut store, 1).expect("it returns");
                    (store, func)
                };
                let call = |(mut store, func): (Store<()>, TypedFunc<i32, i32>)| {
                    func.call(&mut store, 1_000_000).expect("it returns");
                    store
                };
                b.iter_batched(compiled, call, BatchSize::PerIteration);
            });
        }
    }
}

criterion_group!(benches, first_calls, code);
criterion_main!(benches);
