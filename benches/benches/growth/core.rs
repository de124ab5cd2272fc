//! Core modules: compiling functions of shapes whose cost is not that of their size, and bulk
//! instructions.
//!
//! n is such that at 8n a function has 4 KB to 40 KB.

use std::fmt::Write as _;
use std::hint::black_box;

use jit::{Config, Engine, Instance, Module, Store, ValidModule};

use crate::{Kind, Work};

/// The kinds.
pub(crate) const KINDS: &[Kind] = &[
    Kind::new("straight code", 500, |n| compile(&straight(n))),
    Kind::new("small functions", 500, |n| compile(&small_functions(n))),
    Kind::new("`try_table` in each other, with tags of their own, around a call", 40, |n| {
        compile(&tries(n, 1))
    }),
    Kind::new("the same around as many calls", 40, |n| compile(&tries(n, n))),
    Kind::new("`try_table`s in a row × locals", 40, |n| compile(&tries_with_locals(n))),
    Kind::new("loops in each other × locals", 40, |n| compile(&loops_with_locals(n))),
    Kind::new("loops in a row × locals", 40, |n| compile(&loops_in_a_row(n))),
    Kind::new("ifs in a row × locals", 40, |n| compile(&ifs_with_locals(n))),
    Kind::new("ifs in each other × locals", 40, |n| compile(&nested_ifs(n))),
    Kind::new("`br_if`s × locals", 40, |n| compile(&branches_with_locals(n))),
    Kind::new("`br_table` × results", 40, |n| compile(&br_table_results(n))),
    Kind::new("blocks in each other × results", 40, |n| compile(&blocks_with_results(n))),
    Kind::new("calls of 1,000 parameters", 1, |n| compile(&wide_calls(n, 1_000, 0))),
    Kind::new("calls of 1,000 results", 1, |n| compile(&wide_calls(n, 0, 1_000))),
    Kind::new("calls from 1,000 results to 1,000 parameters", 100, |n| compile(&chained_calls(n))),
    Kind::new("loops in a row of 1,000 parameters and results", 40, |n| compile(&wide_blocks("loop", n))),
    Kind::new("ifs in a row of 1,000 parameters and results", 40, |n| compile(&wide_blocks("if", n))),
    Kind::new("`br_if`s with 1,000 operands", 80, |n| compile(&wide_branches(n))),
    Kind::new("loops in each other around uses of 1,000 locals", 80, |n| compile(&loops_around_uses(n))),
    Kind::new("values that live over calls", 60, |n| compile(&values_over_calls(n))),
    Kind::new("locals that live over calls", 60, |n| compile(&locals_over_calls(n))),
    Kind::new("`memory.fill`", 4 << 20, fill),
];

fn engine() -> Engine {
    let always_cheap = std::env::var_os("GROWTH_CHEAP").is_some();
    let config = Config::new().parallel_compilation(false).verifier(false).always_cheap(always_cheap);
    Engine::new(&config).expect("this machine is supported")
}

/// Compiles the module on one thread.
fn compile(text: &str) -> Work {
    let wasm = wat::parse_str(text).expect("valid text");
    let module = ValidModule::new(&engine(), &wasm).expect("valid");
    Work::new(wasm.len(), move || drop(black_box(Module::compile(&module).expect("it compiles"))))
}

/// Fills n bytes.
fn fill(n: usize) -> Work {
    let text = format!(
        "(module (memory {}) (func (export \"f\") (memory.fill (i32.const 0) (i32.const 1) (i32.const {n}))))",
        n.div_ceil(1 << 16)
    );
    let engine = engine();
    let module = Module::new(&engine, &wat::parse_str(text).expect("valid text")).expect("valid");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("it links");
    let func = instance.get_typed_func::<(), ()>(&mut store, "f").expect("it is exported");
    Work::new(n, move || func.call(&mut store, ()).expect("it returns"))
}

/// Returns `part` for each number below n, one after the other.
fn each(n: usize, part: impl Fn(usize) -> String) -> String {
    (0..n).fold(String::new(), |mut text, k| {
        let _ = write!(text, "{}", part(k));
        text
    })
}

/// Returns a module of a function with n locals, and `$f`, which takes and returns nothing.
fn with_locals(n: usize, body: &str) -> String {
    format!(
        "(module (func $f) (memory 1) (func (export \"g\") (param i32) {} {body} {}))",
        each(n, |k| format!("(local $l{k} i32)")),
        each(n, |k| format!("(i32.store (i32.const {k}) (local.get $l{k}))")),
    )
}

fn straight(n: usize) -> String {
    with_locals(
        4,
        &each(n, |k| format!("(local.set $l{} (i32.add (local.get 0) (local.get $l{})))", k % 4, k % 3)),
    )
}

fn small_functions(n: usize) -> String {
    format!("(module {})", "(func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))".repeat(n))
}

fn tries(n: usize, n_calls: usize) -> String {
    format!(
        "(module (func $f) {} (func (export \"g\") (block $out {} {} {})))",
        each(n, |k| format!("(tag $t{k})")),
        each(n, |k| format!("(try_table (catch $t{k} $out)")),
        "(call $f)".repeat(n_calls),
        ")".repeat(n),
    )
}

fn tries_with_locals(n: usize) -> String {
    let part = |k| {
        let set = format!("(local.set $l{k} (i32.add (local.get $l{k}) (local.get 0)))");
        format!("(block $b{k} (try_table (catch_all $b{k}) (call $f) {set} (call $f)))")
    };
    with_locals(n, &each(n, part))
}

fn loops_with_locals(n: usize) -> String {
    let open = |k| format!("(loop $c{k} (local.set $l{k} (i32.add (local.get $l{k}) (local.get 0)))");
    let close = |k: usize| format!("(br_if $c{} (local.get $l{})))", n - 1 - k, k);
    with_locals(n, &(each(n, open) + &each(n, close)))
}

fn loops_in_a_row(n: usize) -> String {
    let part = |k| {
        let set = format!("(local.set $l{k} (i32.add (local.get $l{k}) (local.get $l{})))", (k + 7) % n);
        format!("(loop $c{k} {set} (br_if $c{k} (local.get $l{k})))")
    };
    with_locals(n, &each(n, part))
}

fn ifs_with_locals(n: usize) -> String {
    let part = |k| {
        let (a, b) = ((k * 7) % n, (k * 13 + 5) % n);
        format!(
            "(if (local.get $l{a}) (then (local.set $l{b} (local.get $l{k}))) (else (local.set $l{a} (local.get 0))))"
        )
    };
    with_locals(n, &each(n, part))
}

fn nested_ifs(n: usize) -> String {
    let open = |k| format!("(if (local.get $l{}) (then (local.set $l{k} (local.get 0))", (k * 7) % n);
    with_locals(n, &(each(n, open) + &"))".repeat(n)))
}

fn branches_with_locals(n: usize) -> String {
    let part = |k| {
        let (a, b) = ((k * 7) % n, (k * 13 + 5) % n);
        format!("(local.set $l{a} (i32.mul (local.get $l{b}) (local.get 0))) (br_if $out (local.get $l{k}))")
    };
    with_locals(n, &format!("(block $out {})", each(n, part)))
}

fn br_table_results(n: usize) -> String {
    let results = format!("(result {})", "i32 ".repeat(n));
    format!(
        "(module (func (export \"g\") (param i32) {results} {} {} (local.get 0) (br_table {}) {}))",
        format!("(block {results} ").repeat(n),
        each(n, |k| format!("(i32.const {k})")),
        each(n, |k| format!("{k} ")),
        // Each block adds to the top of its results, so that none is like another.
        "(i32.const 1) (i32.add))".repeat(n),
    )
}

fn blocks_with_results(n: usize) -> String {
    let results = format!("(result {})", "i32 ".repeat(n));
    format!(
        "(module (func (export \"g\") (param i32) {results} {} {} {}))",
        each(n, |k| format!("(block $b{k} {results} ")),
        each(n, |k| format!("(i32.const {k})")),
        each(n, |k| format!("(local.get 0) (br_if $b{}) (i32.const 1) (i32.add))", n - 1 - k)),
    )
}

fn wide_calls(n: usize, n_params: usize, n_results: usize) -> String {
    let (params, results) = ("i32 ".repeat(n_params), "i32 ".repeat(n_results));
    let call = format!("{} (call $f) {}", "(local.get 0)".repeat(n_params), "(drop)".repeat(n_results));
    format!(
        "(module (import \"\" \"f\" (func $f (param {params}) (result {results})))
            (func (export \"g\") (param i32) {}))",
        call.repeat(n),
    )
}

fn chained_calls(n: usize) -> String {
    let wide = "i32 ".repeat(1_000);
    format!(
        "(module (import \"\" \"f\" (func $f (param {wide}) (result {wide})))
            (func (export \"g\") (param i32) (result {wide}) {} {}))",
        "(local.get 0)".repeat(1_000),
        "(call $f)".repeat(n),
    )
}

fn wide_blocks(kind: &str, n: usize) -> String {
    let wide = "i32 ".repeat(1_000);
    let open =
        if kind == "if" { "(local.get 0) if (type $wide) else end " } else { "loop (type $wide) end " };
    format!(
        "(module (type $wide (func (param {wide}) (result {wide})))
            (func (export \"g\") (param i32) (result {wide}) {} {}))",
        "(local.get 0)".repeat(1_000),
        open.repeat(n),
    )
}

fn wide_branches(n: usize) -> String {
    let wide = "i32 ".repeat(1_000);
    format!(
        "(module (func (export \"g\") (param i32) (result {wide}) {} {}))",
        "(local.get 0)".repeat(1_000),
        "(local.get 0) (br_if 0)".repeat(n),
    )
}

fn loops_around_uses(n: usize) -> String {
    let uses = each(n, |k| format!("(local.set {} (i32.eqz (local.get {})))", k % 1_000, (k + 1) % 1_000));
    format!(
        "(module (func (export \"g\") (local {}) {} {uses} {}))",
        "i32 ".repeat(1_000),
        "loop ".repeat(n),
        "end ".repeat(n)
    )
}

fn values_over_calls(n: usize) -> String {
    format!(
        "(module (import \"\" \"f\" (func $f (result i32))) (func (export \"g\") (result i32) {} {}))",
        "(call $f)".repeat(n),
        "(i32.add)".repeat(n - 1),
    )
}

fn locals_over_calls(n: usize) -> String {
    let part =
        |k| format!("(local.set $l{k} (i32.add (local.get $l{}) (local.get 0))) (call $f)", (k * 7) % n);
    with_locals(n, &each(n, part))
}
