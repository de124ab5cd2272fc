//! What a call asks of the allocator: nothing.

mod common;

use allocation_counter::measure;
use common::{engine, module};
use jit::{Caller, Extern, Func, FuncType, Instance, Store, Val, ValRaw, ValType};

/// Checks that the call allocates nothing from the second time on.
fn check(what: &str, mut call: impl FnMut()) {
    call();
    let asked = measure(|| (0..100).for_each(|_| call()));
    assert_eq!(asked.count_total, 0, "{what}");
}

#[test]
fn calls_allocate_nothing() {
    let engine = engine();
    let store = &mut Store::new(&engine, 0_u64);
    let module = module(
        &engine,
        r#"(module
            (import "" "add" (func $add (param i32 i32) (result i32)))
            (import "" "many" (func $many (param f64 v128) (result v128 f64 i32)))
            (import "" "dynamic" (func $dynamic (param i32) (result i32)))
            (func (export "none"))
            (func (export "pair") (param i64 f64) (result f64 i64) (local.get 1) (local.get 0))
            (func (export "add") (param i32 i32) (result i32) (call $add (local.get 0) (local.get 1)))
            (func (export "many") (param f64 v128) (result v128 f64 i32)
                (call $many (local.get 0) (local.get 1)))
            (func (export "dynamic") (param i32) (result i32) (call $dynamic (local.get 0))))"#,
    );
    let add = Func::wrap(&mut *store, |mut caller: Caller<'_, u64>, a: i32, b: i32| {
        *caller.data_mut() += 1;
        a + b
    });
    let many = Func::wrap(&mut *store, |a: f64, b: u128| (b, a, 7));
    let ty = FuncType::new([ValType::I32], [ValType::I32]);
    let dynamic = Func::new(&mut *store, ty, |_, params, results| {
        results.clone_from_slice(params);
        Ok(())
    });
    let imports = [add, many, dynamic].map(Extern::Func);
    let instance = Instance::new(&mut *store, &module, &imports).unwrap();

    let none = instance.get_typed_func::<(), ()>(&mut *store, "none").unwrap();
    check("() -> ()", || none.call(&mut *store, ()).unwrap());
    let pair = instance.get_typed_func::<(i64, f64), (f64, i64)>(&mut *store, "pair").unwrap();
    check("a pair", || assert_eq!(pair.call(&mut *store, (1, 2.0)).unwrap(), (2.0, 1)));
    let add = instance.get_typed_func::<(i32, i32), i32>(&mut *store, "add").unwrap();
    check("a wrapped host function", || assert_eq!(add.call(&mut *store, (1, 2)).unwrap(), 3));
    let many = instance.get_typed_func::<(f64, u128), (u128, f64, i32)>(&mut *store, "many").unwrap();
    check("three results", || assert_eq!(many.call(&mut *store, (1.0, 2)).unwrap(), (2, 1.0, 7)));
    let untyped = instance.get_func(&*store, "dynamic").unwrap();
    let mut results = [Val::I32(0)];
    check("values", || {
        untyped.call(&mut *store, &[Val::I32(4)], &mut results).unwrap();
        assert_eq!(results, [Val::I32(4)]);
    });
    let mut slots = [ValRaw::from_u64(6)];
    check("slots", || untyped.call_raw(&mut *store, &mut slots).unwrap());
    assert_eq!(slots[0].to_u64(), 6);
}
