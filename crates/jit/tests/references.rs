//! Tail calls, typed function references, recursive types and subtypes, wide arithmetic, small
//! pages.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

mod common;

use common::call;
use jit::{Config, Engine, Extern, Func, FuncType, Instance, Module, Store, Val, WasmFeatures};

fn engine() -> Engine {
    let more = WasmFeatures::WIDE_ARITHMETIC | WasmFeatures::CUSTOM_PAGE_SIZES;
    Engine::new(&Config::new().features(WasmFeatures::default() | more)).unwrap()
}

/// Checks what an export returns, or the text of the trap it ends in.
fn check(wat: &str, func: &str, params: &[Val], expected: Result<&[Val], &str>) {
    let engine = engine();
    let module = Module::new(&engine, &wat::parse_str(wat).unwrap()).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let result = call(&mut store, instance, func, params).map_err(|trap| trap.kind().to_string());
    assert_eq!(result.as_deref(), expected.map_err(str::to_owned).as_deref(), "{func} {params:?}");
}

#[test]
fn tail_calls_use_no_stack() {
    let wat = r#"(module
        (type $t (func (param i64 i32) (result i64)))
        (table funcref (elem $odd $even))
        (elem declare func $even)
        (func $even (export "even") (param i64 i32) (result i64)
            (if (i64.eqz (local.get 0)) (then (return (i64.const 1))))
            (return_call $odd (i64.sub (local.get 0) (i64.const 1)) (local.get 1)))
        (func $odd (type $t)
            (if (i64.eqz (local.get 0)) (then (return (i64.const 0))))
            (if (local.get 1)
                (then (return_call_indirect (type $t)
                    (i64.sub (local.get 0) (i64.const 1)) (local.get 1) (i32.const 1))))
            (return_call_ref $t
                (i64.sub (local.get 0) (i64.const 1)) (local.get 1) (ref.func $even)))
        (func $many (export "many") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
            (result i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
            (if (i32.eqz (local.get 0)) (then (return_call $rotate
                (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
                (local.get 5) (local.get 6) (local.get 7) (local.get 8) (local.get 9))))
            (return_call $many
                (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
                (local.get 5) (local.get 6) (local.get 7) (local.get 8) (local.get 9)))
        (func $rotate (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
            (result i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
            (local.get 9) (local.get 0) (local.get 1) (local.get 2) (local.get 3)
            (local.get 4) (local.get 5) (local.get 6) (local.get 7) (local.get 8)))"#;
    for (n, expected) in [(1_000_000, 1), (1_000_001, 0)] {
        for through_table in [0, 1] {
            let params = [Val::I64(n), Val::I32(through_table)];
            check(wat, "even", &params, Ok(&[Val::I64(expected)]));
        }
    }
    let mut numbers: Vec<_> = (0..10).map(Val::I32).collect();
    numbers[0] = Val::I32(100_000);
    let mut rotated = numbers.clone();
    rotated[0] = Val::I32(0);
    rotated.rotate_right(1);
    check(wat, "many", &numbers, Ok(&rotated));
}

#[test]
fn function_references() {
    let wat = r#"(module
        (type $t (func (param i32) (result i32)))
        (func $double (type $t) (i32.mul (local.get 0) (i32.const 2)))
        (table $typed 2 2 (ref null $t)) (elem (table $typed) (i32.const 0) (ref null $t) (ref.func $double))
        (func (export "call") (param i32) (result i32)
            (call_ref $t (i32.const 21) (table.get $typed (local.get 0))))
        (func (export "nonnull") (param i32)
            (drop (ref.as_non_null (table.get $typed (local.get 0)))))
        (func (export "onnull") (param i32) (result i32)
            (block $null
                (return (call_ref $t (i32.const 5) (br_on_null $null (table.get $typed (local.get 0))))))
            (i32.const -1))
        (func (export "onnonnull") (param i32) (result i32)
            (block $some (result (ref $t))
                (br_on_non_null $some (table.get $typed (local.get 0)))
                (return (i32.const -1)))
            (drop) (i32.const 1)))"#;
    check(wat, "call", &[Val::I32(0)], Ok(&[Val::I32(42)]));
    check(wat, "call", &[Val::I32(1)], Err("null function reference"));
    check(wat, "nonnull", &[Val::I32(0)], Ok(&[]));
    check(wat, "nonnull", &[Val::I32(1)], Err("null reference"));
    check(wat, "onnull", &[Val::I32(0)], Ok(&[Val::I32(10)]));
    check(wat, "onnull", &[Val::I32(1)], Ok(&[Val::I32(-1)]));
    check(wat, "onnonnull", &[Val::I32(0)], Ok(&[Val::I32(1)]));
    check(wat, "onnonnull", &[Val::I32(1)], Ok(&[Val::I32(-1)]));
}

#[test]
fn subtypes_and_groups() {
    let wat = r#"(module
        (type $super (sub (func (result i32))))
        (type $sub (sub final $super (func (result i32))))
        (rec (type $a (func (param (ref null $b)) (result i32))) (type $b (struct (field (ref null $a)))))
        (rec (type $c (func (param (ref null $d)) (result i32))) (type $d (struct (field (ref null $c)))))
        (rec (type $e (func (param (ref null $b)) (result i32))))
        (func $f (type $sub) (i32.const 1))
        (func $g (type $a) (i32.const 2))
        (table funcref (elem $f $g))
        (func (export "super") (result i32) (call_indirect (type $super) (i32.const 0)))
        (func (export "sub") (result i32) (call_indirect (type $sub) (i32.const 0)))
        (func (export "same") (result i32) (call_indirect (type $c) (ref.null $d) (i32.const 1)))
        (func (export "other") (result i32) (call_indirect (type $e) (ref.null $b) (i32.const 1)))
        (func (export "mismatch") (result i32) (call_indirect (type $super) (i32.const 1))))"#;
    check(wat, "super", &[], Ok(&[Val::I32(1)]));
    check(wat, "sub", &[], Ok(&[Val::I32(1)]));
    check(wat, "same", &[], Ok(&[Val::I32(2)]));
    check(wat, "other", &[], Err("indirect call type mismatch"));
    check(wat, "mismatch", &[], Err("indirect call type mismatch"));
}

#[test]
fn references_that_the_host_gives_are_checked() {
    let engine = engine();
    let wat = r#"(module (type $t (func (result i32)))
        (func (export "f") (param (ref $t)) (result i32) (call_ref $t (local.get 0)))
        (func (export "seven") (result i32) (i32.const 7)))"#;
    let module = Module::new(&engine, &wat::parse_str(wat).unwrap()).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let seven = instance.get_func(&store, "seven");
    let other = Func::new(&mut store, FuncType::new([], []), |_, _, _| Ok(()));
    assert_eq!(call(&mut store, instance, "f", &[Val::FuncRef(seven)]).unwrap(), [Val::I32(7)]);
    for wrong in [None, Some(other)] {
        let trap = call(&mut store, instance, "f", &[Val::FuncRef(wrong)]).unwrap_err();
        assert!(matches!(trap.kind(), jit::TrapKind::Mismatch(_)), "{trap}");
    }
    assert!(matches!(instance.get_export(&store, "f"), Some(Extern::Func(_))));
}

#[test]
fn wide_arithmetic() {
    let wat = r#"(module
        (func (export "add") (param i64 i64 i64 i64) (result i64 i64)
            (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
        (func (export "sub") (param i64 i64 i64 i64) (result i64 i64)
            (i64.sub128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
        (func (export "mul_s") (param i64 i64) (result i64 i64) (i64.mul_wide_s (local.get 0) (local.get 1)))
        (func (export "mul_u") (param i64 i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 1))))"#;
    let i64s = |values: &[i64]| values.iter().copied().map(Val::I64).collect::<Vec<_>>();
    check(wat, "add", &i64s(&[-1, 1, 2, 3]), Ok(&i64s(&[1, 5])));
    check(wat, "sub", &i64s(&[0, 5, 1, 3]), Ok(&i64s(&[-1, 1])));
    check(wat, "mul_s", &i64s(&[-2, 3]), Ok(&i64s(&[-6, -1])));
    check(wat, "mul_u", &i64s(&[-2, 3]), Ok(&i64s(&[-6, 2])));
}

#[test]
fn memories_with_pages_of_one_byte() {
    let wat = r#"(module (memory 10 20 (pagesize 1))
        (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "wide") (param i32) (result i32) (i32.load (local.get 0)))
        (func (export "grow") (param i32) (result i32 i32) (memory.grow (local.get 0)) (memory.size)))"#;
    check(wat, "load", &[Val::I32(9)], Ok(&[Val::I32(0)]));
    check(wat, "load", &[Val::I32(10)], Err("out of bounds memory access"));
    check(wat, "wide", &[Val::I32(6)], Ok(&[Val::I32(0)]));
    check(wat, "wide", &[Val::I32(7)], Err("out of bounds memory access"));
    check(wat, "grow", &[Val::I32(10)], Ok(&[Val::I32(10), Val::I32(20)]));
    check(wat, "grow", &[Val::I32(11)], Ok(&[Val::I32(-1), Val::I32(10)]));
}
