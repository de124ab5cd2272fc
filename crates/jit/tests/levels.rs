//! Code of the full and of the cheap level does the same: random nests of `try_table`s, whose
//! results, traps and fuel are compared.
//!
//! With the verifier on, Cranelift also checks what the register allocators have done.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

mod common;

use std::fmt::Write as _;

use common::call;
use jit::{Config, Engine, Instance, Module, Store, Val, WasmFeatures};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

fn engines() -> [Engine; 2] {
    let features = WasmFeatures::default() | WasmFeatures::EXCEPTIONS;
    let config = Config::new().features(features).consume_fuel(true).max_wasm_stack(64 << 10).verifier(true);
    [config.clone(), config.always_cheap(true)].map(|config| Engine::new(&config).unwrap())
}

/// What can be seen of a run, as text.
fn seen(engine: &Engine, wasm: &[u8]) -> String {
    let module = Module::new(engine, wasm).unwrap();
    let mut store = Store::new(engine, ());
    store.set_fuel(1_000);
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let mut text = String::new();
    for argument in 0..8 {
        store.set_fuel(1_000);
        let outcome = match call(&mut store, instance, "f", &[Val::I32(argument)]) {
            Ok(values) => format!("{values:?}"),
            Err(trap) => trap.kind().to_string(),
        };
        writeln!(text, "f({argument}) {outcome}, {} left", store.fuel()).unwrap();
    }
    text
}

#[track_caller]
fn check(engines: &[Engine; 2], wasm: &[u8], source: &str) {
    let [full, cheap] = engines.each_ref().map(|engine| seen(engine, wasm));
    assert!(full == cheap, "at the full level:\n{full}\nat the cheap level:\n{cheap}\n{source}");
}

/// A `try_table`: its clauses, by tag or of all, with the reference or without, and what is in it.
#[derive(Clone, Debug)]
struct Try {
    clauses: Vec<(Option<u8>, bool)>,
    body: Vec<Step>,
}

/// A statement of a nest.
#[derive(Clone, Debug)]
enum Step {
    /// `local[0] = local[1] * 3 + local[2]`, of one type.
    Set(u8, u8, u8),
    /// Calls what throws the tag that a local says, and adds the results to a local of each type.
    Call(u8),
    /// Throws a tag if a local is odd.
    Throw(u8, u8),
    Nested(Try),
}

const N_LOCALS: u8 = 9;

fn step() -> impl Strategy<Value = Step> {
    let locals = 0..N_LOCALS;
    prop_oneof![
        (locals.clone(), locals.clone(), locals.clone()).prop_map(|(a, b, c)| Step::Set(a, b, c)),
        locals.clone().prop_map(Step::Call),
        (0..4_u8, locals).prop_map(|(tag, local)| Step::Throw(tag, local)),
    ]
}

fn nest() -> impl Strategy<Value = Try> {
    let clauses = proptest::collection::vec((proptest::option::weighted(0.85, 0..4_u8), any::<bool>()), 0..4);
    let leaf = (clauses.clone(), proptest::collection::vec(step(), 1..5))
        .prop_map(|(clauses, body)| Try { clauses, body });
    leaf.prop_recursive(6, 24, 3, move |inner| {
        let body = proptest::collection::vec(prop_oneof![step(), inner.prop_map(Step::Nested)], 1..5);
        (clauses.clone(), body).prop_map(|(clauses, body)| Try { clauses, body })
    })
}

/// Returns the type of a local and the instructions for its arithmetic.
fn ty(local: u8) -> &'static str {
    ["i32", "i64", "f64"][usize::from(local % 3)]
}

fn write(text: &mut String, Try { clauses, body }: &Try, id: &mut usize) {
    *id += 1;
    let at = *id;
    // Each clause has a block of its own, the first the innermost: what is caught adds to a local.
    writeln!(text, "(block $end{at}").unwrap();
    for (k, (tag, with_ref)) in clauses.iter().enumerate().rev() {
        let payload = if tag.is_some() { "i32 i64" } else { "" };
        let reference = if *with_ref { "exnref" } else { "" };
        writeln!(text, "(block $c{at}-{k} (result {payload} {reference})").unwrap();
    }
    write!(text, "(try_table").unwrap();
    for (k, (tag, with_ref)) in clauses.iter().enumerate() {
        let reference = if *with_ref { "_ref" } else { "" };
        match tag {
            Some(tag) => write!(text, " (catch{reference} $t{tag} $c{at}-{k})").unwrap(),
            None => write!(text, " (catch_all{reference} $c{at}-{k})").unwrap(),
        }
    }
    writeln!(text).unwrap();
    for step in body {
        match step {
            Step::Set(a, b, c) => {
                // All of the type of the first.
                let of = |local: &u8| local / 3 * 3 + a % 3;
                let (b, c, ty) = (of(b), of(c), ty(*a));
                writeln!(
                    text,
                    "(local.set $l{a} ({ty}.add ({ty}.mul (local.get $l{b}) ({ty}.const 3)) (local.get $l{c})))"
                )
                .unwrap();
            }
            Step::Call(local) => {
                let local = local / 3 * 3;
                writeln!(text, "(call $may-throw (local.get $l{local})) (local.set $l2)").unwrap();
                writeln!(text, "(local.set $l1 (i64.add (local.get $l1)))").unwrap();
                writeln!(text, "(local.set $l0 (i32.add (local.get $l0)))").unwrap();
            }
            Step::Throw(tag, local) => {
                let local = local / 3 * 3;
                let odd = format!("(i32.and (local.get $l{local}) (i32.const 1))");
                let throw = format!("(throw $t{tag} (local.get $l{local}) (local.get $l1))");
                writeln!(text, "(if {odd} (then {throw}))").unwrap();
            }
            Step::Nested(nested) => write(text, nested, id),
        }
    }
    writeln!(text, "(br $end{at}))").unwrap();
    writeln!(text, "(br $end{at})").unwrap();
    for (k, (tag, with_ref)) in clauses.iter().enumerate() {
        writeln!(text, ")").unwrap();
        if *with_ref {
            writeln!(text, "(drop)").unwrap();
        }
        if tag.is_some() {
            writeln!(text, "(local.set $l1 (i64.add (local.get $l1))) (local.set $l0)").unwrap();
        }
        writeln!(text, "(local.set $l0 (i32.add (local.get $l0) (i32.const {})))", at * 10 + k).unwrap();
        writeln!(text, "(br $end{at})").unwrap();
    }
    writeln!(text, ")").unwrap();
}

fn nest_text(nest: &Try) -> String {
    let tags = (0..4).map(|tag| format!("(tag $t{tag} (param i32 i64))")).collect::<String>();
    let locals = (0..N_LOCALS).map(|k| format!("(local $l{k} {})", ty(k))).collect::<String>();
    let throws: String = (0..4)
        .map(|tag| {
            let is_it = format!("(i32.eq (i32.and (local.get 0) (i32.const 7)) (i32.const {}))", tag + 1);
            format!("(if {is_it} (then (throw $t{tag} (local.get 0) (i64.const {tag}))))")
        })
        .collect();
    let mut text = format!(
        "(module {tags} (func $may-throw (param i32) (result i32 i64 f64) {throws}
            (i32.add (local.get 0) (i32.const 1)) (i64.const 2) (f64.const 3))
        (func (export \"f\") (param $start i32) (result i32 i64 f64) {locals} (local.set $l0 (local.get $start))\n"
    );
    write(&mut text, nest, &mut 0);
    text + "(local.get $l0) (local.get $l1) (local.get $l2)))"
}

#[test]
fn nests_of_clauses_do_the_same_at_each_level() {
    let engines = engines();
    let config = ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    runner
        .run(&nest(), |nest| {
            let text = nest_text(&nest);
            check(&engines, &wat::parse_str(&text).unwrap(), &text);
            Ok(())
        })
        .unwrap();
}

/// Locals of each type in so many loops that they lie in the frame.
#[test]
fn very_many_locals_in_very_many_loops_keep_their_values() {
    const N: usize = 700;
    let ty = |k: usize| ["i32", "i64", "f32", "f64", "v128", "externref"][k % 6];
    let mut text = String::from(
        "(module (func (export \"f\") (param i32) (param $p i64) (param $r externref)
            (result i32 i64 f32 f64 v128 externref i64) ",
    );
    for k in 0..N {
        write!(text, "(local $l{k} {})", ty(k)).unwrap();
    }
    write!(text, "(local $unused f64) {}", "(loop ".repeat(N)).unwrap();
    for k in 0..N {
        let value = match ty(k) {
            "v128" => format!("(i32x4.add (local.get $l{k}) (i32x4.splat (i32.const 1)))"),
            "externref" => "(local.get $r)".to_owned(),
            ty => format!("({ty}.add (local.get $l{k}) ({ty}.const {k}))"),
        };
        write!(text, "(local.set $l{k} {value})").unwrap();
    }
    // The innermost loop runs three times.
    text += "(br_if 0 (i32.le_s (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 2)))";
    text += &")".repeat(N);
    for k in N - 10..N - 4 {
        write!(text, "(local.get $l{k})").unwrap();
    }
    text += "(local.get $p)))";
    let wasm = wat::parse_str(&text).unwrap();
    for engine in engines() {
        let module = Module::new(&engine, &wasm).unwrap();
        let mut store = Store::new(&engine, ());
        store.set_fuel(1 << 20);
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let reference = Val::ExternRef(Some(jit::ExternRef::new(&mut store, 5)));
        let results =
            call(&mut store, instance, "f", &[Val::I32(0), Val::I64(9), reference.clone()]).unwrap();
        let expected = [
            Val::I32(3 * 690),
            Val::I64(3 * 691),
            Val::F32((3_f32 * 692.0).to_bits()),
            Val::F64((3_f64 * 693.0).to_bits()),
            Val::V128(0x0000_0003_0000_0003_0000_0003_0000_0003),
            reference,
            Val::I64(9),
        ];
        assert_eq!(results, expected);
    }
}
