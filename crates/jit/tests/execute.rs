//! Results of calls, one line each. The official suite is the wide net; these are the cases of our
//! own making: calling conventions, blocks, memories, tables.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

mod common;

use common::{call, instance};
use jit::Val;

fn check(wat: &str, func: &str, params: &[Val], expected: &[Val]) {
    let (mut store, instance) = instance(wat, |_| Vec::new());
    // Twice: the second call finds what the first left.
    for _ in 0..2 {
        assert_eq!(call(&mut store, instance, func, params).unwrap(), expected, "{wat}");
    }
}

fn i32s<const N: usize>(values: [i32; N]) -> [Val; N] {
    values.map(Val::I32)
}

#[test]
fn arithmetic_and_locals() {
    let wat = r#"(module (func (export "f") (param i32 i32) (result i32) (local i32)
        (local.set 2 (i32.mul (local.get 0) (local.get 1)))
        (i32.sub (local.tee 0 (i32.add (local.get 2) (i32.const 1))) (local.get 1))))"#;
    check(wat, "f", &i32s([6, 7]), &i32s([36]));
    check(wat, "f", &i32s([0, 0]), &i32s([1]));
    check(wat, "f", &i32s([i32::MAX, 2]), &i32s([-3]));
}

#[test]
fn floats_keep_their_bits() {
    let nan = 0x7fa0_1234;
    let wat = r#"(module
        (func (export "id") (param f32) (result f32) (local.get 0))
        (func (export "neg") (param f32) (result f32) (f32.neg (local.get 0)))
        (func (export "min") (param f64 f64) (result f64) (f64.min (local.get 0) (local.get 1))))"#;
    check(wat, "id", &[Val::F32(nan)], &[Val::F32(nan)]);
    check(wat, "neg", &[Val::F32(nan)], &[Val::F32(nan | 1 << 31)]);
    let (zero, minus_zero) = (0.0_f64.to_bits(), (-0.0_f64).to_bits());
    check(wat, "min", &[Val::F64(zero), Val::F64(minus_zero)], &[Val::F64(minus_zero)]);
}

#[test]
fn more_results_than_registers() {
    let wat = r#"(module
        (func $many (param i32) (result i32 i64 f32 f64 i32 i32 i32 i32 i32 i32)
            (local.get 0) (i64.const 2) (f32.const 3) (f64.const 4)
            (i32.const 5) (i32.const 6) (i32.const 7) (i32.const 8) (i32.const 9) (i32.const 10))
        (func (export "f") (param i32) (result i32 i64 f32 f64 i32 i32 i32 i32 i32 i32)
            (call $many (local.get 0))))"#;
    let mut expected = vec![Val::I32(-1), Val::I64(2), Val::F32(3_f32.to_bits()), Val::F64(4_f64.to_bits())];
    expected.extend((5..=10).map(Val::I32));
    check(wat, "f", &i32s([-1]), &expected);
}

#[test]
fn more_params_than_registers() {
    let params = "i32 ".repeat(40);
    let sum = (0..40).map(|i| format!("(i32.add (local.get {i})")).collect::<String>();
    let wat = format!(
        r#"(module
            (func $sum (param {params}) (result i32) {sum} (i32.const 0) {close})
            (func (export "f") (param {params}) (result i32) (call $sum {args})))"#,
        close = ")".repeat(40),
        args = (0..40).map(|i| format!("(local.get {i})")).collect::<String>(),
    );
    let params: Vec<_> = (0..40).map(Val::I32).collect();
    check(&wat, "f", &params, &i32s([780]));
}

#[test]
fn branches_carry_operands() {
    let wat = r#"(module
        (func (export "table") (param i32) (result i32)
            (block (result i32) (block (result i32) (block (result i32)
                (br_table 0 1 2 1 (i32.const 100) (local.get 0)))
                (return (i32.add (i32.const 1))))
                (return (i32.add (i32.const 2))))
            (i32.add (i32.const 3)))
        (func (export "loop") (param i32) (result i32)
            (i32.const 0) (local.get 0)
            (loop (param i32 i32) (result i32)
                (local.set 0)
                (i32.add (local.get 0))
                (i32.sub (local.get 0) (i32.const 1))
                (br_if 0 (i32.ne (local.get 0) (i32.const 1)))
                (drop)))
        (func (export "dead") (result i32)
            (block (result i32) (br 0 (i32.const 9)) (if (i32.const 1) (then) (else)) (loop) (i32.add) (drop) (i32.const 1))))"#;
    for (index, expected) in [(0, 101), (1, 102), (2, 103), (3, 102), (-1, 102)] {
        check(wat, "table", &i32s([index]), &i32s([expected]));
    }
    check(wat, "loop", &i32s([4]), &i32s([10]));
    check(wat, "dead", &[], &i32s([9]));
}

#[test]
fn memories() {
    let wat = r#"(module
        (memory $a 1 2) (memory $b i64 1) (data $d "\01\02\03\04")
        (func (export "narrow") (param i32) (result i32 i64)
            (i32.store8 $a (i32.const 65535) (local.get 0))
            (i32.load8_s $a offset=65535 (i32.const 0)) (i64.load8_u $a (i32.const 65535)))
        (func (export "between") (result i32)
            (memory.init $a $d (i32.const 8) (i32.const 1) (i32.const 3))
            (memory.copy $b $a (i64.const 16) (i32.const 8) (i32.const 4))
            (memory.fill $b (i64.const 17) (i32.const 0xff) (i64.const 1))
            (i32.load $b (i64.const 16)))
        (func (export "grow") (result i32 i32) (memory.grow $a (i32.const 2)) (memory.size $a))
        (func (export "grow64") (result i64 i64) (memory.grow $b (i64.const 0)) (memory.size $b)))"#;
    check(wat, "narrow", &i32s([-1]), &[Val::I32(-1), Val::I64(255)]);
    check(wat, "between", &[], &i32s([0x0004_ff02]));
    check(wat, "grow", &[], &i32s([-1, 1]));
    check(wat, "grow64", &[], &[Val::I64(1), Val::I64(1)]);
}

#[test]
fn tables_and_references() {
    let wat = r#"(module
        (type $t (func (result i32)))
        (table $f 3 4 funcref) (table $e 1 externref)
        (elem (table $f) (i32.const 0) func $one $two)
        (func $one (type $t) (i32.const 1)) (func $two (type $t) (i32.const 2))
        (func (export "indirect") (param i32) (result i32) (call_indirect $f (type $t) (local.get 0)))
        (func (export "move") (result i32)
            (table.set $f (i32.const 2) (table.get $f (i32.const 1)))
            (call_indirect $f (type $t) (i32.const 2)))
        (func (export "nulls") (result i32 i32)
            (ref.is_null (table.get $e (i32.const 0))) (ref.is_null (ref.func $one)))
        (func (export "grow") (result i32 i32)
            (table.grow $f (ref.null func) (i32.const 2)) (table.size $f)))"#;
    check(wat, "indirect", &i32s([1]), &i32s([2]));
    check(wat, "move", &[], &i32s([2]));
    check(wat, "nulls", &[], &i32s([1, 0]));
    check(wat, "grow", &[], &i32s([-1, 3]));
}

#[test]
fn constant_expressions() {
    let wat = r#"(module
        (global $a i32 (i32.const 20))
        (global $b (mut i32) (i32.add (global.get $a) (i32.mul (i32.const 2) (i32.const 11))))
        (global $c i64 (i64.sub (i64.const 1) (i64.const 2)))
        (func (export "f") (result i32 i64) (global.get $b) (global.get $c)))"#;
    check(wat, "f", &[], &[Val::I32(42), Val::I64(-1)]);
}

#[test]
fn many_functions_call_each_other() {
    // Enough of them that several threads compile: each adds its number to what the one 150 on
    // returns.
    let n = 600;
    let funcs: String = (0..n)
        .map(|i| match (i + 150) % n {
            0 => format!("(func $f{i} (result i32) (i32.const {i}))"),
            next => format!("(func $f{i} (result i32) (i32.add (i32.const {i}) (call $f{next})))"),
        })
        .collect();
    let wat = format!(r#"(module {funcs} (func (export "f") (result i32) (call $f0)))"#);
    check(&wat, "f", &[], &i32s([150 + 300 + 450]));
}

#[test]
fn the_first_invalid_function_is_reported() {
    let valid = "(func (result i32) (i32.const 1))".repeat(400);
    let wasm = wat::parse_str(format!("(module {valid} (func (result i32)) {valid} (func (result i64)))"));
    let error = jit::Module::new(&common::engine(), &wasm.unwrap()).err().unwrap();
    assert_eq!(error.message(), "type mismatch: expected i32 but nothing on stack");
}
