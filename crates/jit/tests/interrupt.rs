//! Interruption: epochs from another thread, fuel that is counted the same each time.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

mod common;

use std::time::Duration;

use common::{call, module};
use jit::{Config, Engine, Instance, Store, TrapKind, Val};

const ENDLESS: &str = r#"(module
    (func (export "loop") (loop $l (br $l)))
    (func $f (export "tail") (return_call $f))
    (func (export "short") (result i32) (i32.const 7)))"#;

#[test]
fn an_epoch_ends_what_never_ends() {
    let engine = Engine::new(&Config::new().epoch_interruption(true)).unwrap();
    let module = module(&engine, ENDLESS);
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    assert_eq!(call(&mut store, instance, "short", &[]).unwrap(), [Val::I32(7)]);
    for func in ["loop", "tail"] {
        store.set_epoch_deadline(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..2 {
                    std::thread::sleep(Duration::from_millis(5));
                    engine.increment_epoch();
                }
            });
            let trap = call(&mut store, instance, func, &[]).unwrap_err();
            assert!(matches!(trap.kind(), TrapKind::Interrupt), "{trap}");
            assert_eq!(trap.backtrace().frames().len(), 1);
        });
        // Past the deadline nothing runs; a new one lets the guest run again.
        assert!(call(&mut store, instance, "short", &[]).is_err());
        store.set_epoch_deadline(1);
        assert_eq!(call(&mut store, instance, "short", &[]).unwrap(), [Val::I32(7)]);
    }
}

/// Checks how much fuel a call takes, or that it takes all.
fn check_fuel(func: &str, param: i32, expected: Option<u64>) {
    let engine = Engine::new(&Config::new().consume_fuel(true)).unwrap();
    let wat = r#"(module
        (func (export "straight") (param i32) (drop (i32.add (local.get 0) (i32.const 1))))
        (func (export "loop") (param i32)
            (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
        (func $callee (param i32))
        (func (export "call") (param i32) (call $callee (local.get 0)) (call $callee (local.get 0)))
        (func (export "if") (param i32) (if (local.get 0) (then (call $callee (i32.const 1))))))"#;
    let module = module(&engine, wat);
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    store.set_fuel(10_000);
    match (call(&mut store, instance, func, &[Val::I32(param)]), expected) {
        (Ok(_), Some(expected)) => assert_eq!(10_000 - store.fuel(), expected, "{func} {param}"),
        (Err(trap), None) => {
            assert!(matches!(trap.kind(), TrapKind::OutOfFuel), "{trap}");
            assert_eq!(store.fuel(), 0);
        }
        (result, _) => panic!("{func} {param}: {result:?}"),
    }
}

#[test]
fn fuel_is_counted_per_operator() {
    check_fuel("straight", 1, Some(3));
    check_fuel("loop", 1, Some(5));
    check_fuel("loop", 1000, Some(5000));
    check_fuel("loop", 0, None);
    check_fuel("call", 1, Some(4));
    check_fuel("if", 0, Some(2));
    check_fuel("if", 1, Some(4));
}

#[test]
fn without_fuel_nothing_runs() {
    let engine = Engine::new(&Config::new().consume_fuel(true)).unwrap();
    let module = module(&engine, ENDLESS);
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let trap = call(&mut store, instance, "short", &[]).unwrap_err();
    assert!(matches!(trap.kind(), TrapKind::OutOfFuel));
}
