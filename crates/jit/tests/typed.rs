//! Functions with Rust types, in both directions, and linking by name.

mod common;

use common::engine;
use jit::{
    Caller, ErrorKind, ExternRef, Func, FuncType, HostError, Instance, Linker, Module, Store, TrapKind, Val,
    ValType,
};

fn new_instance<T>(store: &mut Store<T>, text: &str) -> Instance {
    let module =
        Module::new(store.engine(), &wat::parse_str(text).expect("well formed")).expect("well formed");
    Instance::new(store, &module, &[]).expect("well formed")
}

#[test]
fn values_cross_in_registers_and_beyond_them() {
    let mut store = Store::new(&engine(), ());
    let instance = new_instance(
        &mut store,
        r#"(module
            (func (export "none"))
            (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
            (func (export "not") (param i64) (result i64) (i64.xor (local.get 0) (i64.const -1)))
            (func (export "half") (param f32) (result f32) (f32.mul (local.get 0) (f32.const 0.5)))
            (func (export "swap") (param i32 f64) (result f64 i32) (local.get 1) (local.get 0))
            (func (export "twelve")
                (param i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 i32 i64)
                (result i64 i32 i64 i32 f64 f32 i64 i32 f64 f32 i64 i32)
                (local.get 11) (local.get 10) (local.get 9) (local.get 8) (local.get 7) (local.get 6)
                (local.get 5) (local.get 4) (local.get 3) (local.get 2) (local.get 1) (local.get 0))
            (func (export "ref") (param funcref externref) (result externref) (local.get 1))
            (func (export "func") (param funcref) (result funcref) (local.get 0)))"#,
    );
    let none = instance.get_typed_func::<(), ()>(&mut store, "none").unwrap();
    none.call(&mut store, ()).unwrap();
    let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add").unwrap();
    assert_eq!(add.call(&mut store, (i32::MAX, 1)).unwrap(), i32::MIN);
    let add = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "add").unwrap();
    assert_eq!(add.call(&mut store, (u32::MAX, 2)).unwrap(), (1,));
    let not = instance.get_typed_func::<u64, i64>(&mut store, "not").unwrap();
    assert_eq!(not.call(&mut store, u64::MAX << 40).unwrap(), (1 << 40) - 1);
    let half = instance.get_typed_func::<f32, f32>(&mut store, "half").unwrap();
    assert_eq!(half.call(&mut store, 3.0).unwrap().to_bits(), 1.5_f32.to_bits());
    let swap = instance.get_typed_func::<(i32, f64), (f64, i32)>(&mut store, "swap").unwrap();
    assert_eq!(swap.call(&mut store, (7, -0.25)).unwrap(), (-0.25, 7));
    type Twelve = (i32, i64, f32, f64, i32, i64, f32, f64, i32, i64, i32, i64);
    type Reversed = (i64, i32, i64, i32, f64, f32, i64, i32, f64, f32, i64, i32);
    let twelve = instance.get_typed_func::<Twelve, Reversed>(&mut store, "twelve").unwrap();
    assert_eq!(
        twelve.call(&mut store, (1, 2, 3.0, 4.0, 5, 6, 7.0, 8.0, 9, 10, 11, 12)).unwrap(),
        (12, 11, 10, 9, 8.0, 7.0, 6, 5, 4.0, 3.0, 2, 1)
    );
    let reference = instance
        .get_typed_func::<(Option<Func>, Option<ExternRef>), Option<ExternRef>>(&mut store, "ref")
        .unwrap();
    let value = ExternRef::new(&mut store, "a host value");
    assert_eq!(reference.call(&mut store, (Some(none.func()), Some(value))).unwrap(), Some(value));
    assert_eq!(reference.call(&mut store, (None, None)).unwrap(), None);
    let func = instance.get_typed_func::<Option<Func>, Option<Func>>(&mut store, "func").unwrap();
    assert_eq!(func.call(&mut store, Some(none.func())).unwrap(), Some(none.func()));
}

#[test]
fn other_types_are_errors() {
    let mut store = Store::new(&engine(), ());
    let instance =
        new_instance(&mut store, r#"(module (func (export "f") (param i32) (result i64) (i64.const 0)))"#);
    let error = instance.get_typed_func::<i64, i64>(&mut store, "f").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Type);
    assert_eq!(error.message(), "a function of type [i32] -> [i64] is not of type [i64] -> [i64]");
    let error = instance.get_typed_func::<i32, ()>(&mut store, "f").unwrap_err();
    assert_eq!(error.message(), "a function of type [i32] -> [i64] is not of type [i32] -> []");
    let error = instance.get_typed_func::<(), ()>(&mut store, "g").unwrap_err();
    assert_eq!(error.message(), "no function is exported as `g`");
}

#[test]
fn traps_and_nested_calls() {
    let engine = engine();
    let mut store = Store::new(&engine, Vec::new());
    let mut linker = Linker::new(&engine);
    // Calls back into the guest through the function it is given.
    linker
        .func_wrap(
            "h",
            "again",
            |mut caller: Caller<'_, Vec<i32>>, f: Option<Func>, n: i32| -> Result<i32, HostError> {
                caller.data_mut().push(n);
                let f = f.ok_or("null")?.typed::<i32, i32>(&mut caller)?;
                Ok(f.call(&mut caller, n - 1)? + 1)
            },
        )
        .unwrap();
    let text = r#"(module
        (import "h" "again" (func $again (param funcref i32) (result i32)))
        (func $down (export "down") (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0))
                (then (i32.div_u (i32.const 1) (global.get $g)))
                (else (call $again (ref.func $down) (local.get 0)))))
        (global $g (export "g") (mut i32) (i32.const 1)))"#;
    let module = Module::new(&engine, &wat::parse_str(text).unwrap()).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let down = instance.get_typed_func::<i32, i32>(&mut store, "down").unwrap();
    assert_eq!(down.call(&mut store, 3).unwrap(), 4);
    assert_eq!(store.data()[..], [3, 2, 1]);
    let zero = instance.get_export(&store, "g").unwrap().into_global().unwrap();
    zero.set(&mut store, Val::I32(0)).unwrap();
    for _ in 0..2 {
        let trap = down.call(&mut store, 2).unwrap_err();
        assert!(matches!(trap.kind(), TrapKind::IntegerDivideByZero), "{trap}");
        assert_eq!(trap.backtrace().frames().len(), 3);
    }
}

#[test]
fn host_functions_fail_and_panic_as_untyped_ones_do() {
    let mut store = Store::new(&engine(), ());
    let fails = Func::wrap(&mut store, |n: i64| -> Result<(i64, f32), HostError> {
        if n == 0 { Err("zero".into()) } else { Ok((n, 0.5)) }
    });
    assert_eq!(fails.ty(&store), FuncType::new([ValType::I64], [ValType::I64, ValType::F32]));
    let typed = fails.typed::<i64, (i64, f32)>(&mut store).unwrap();
    assert_eq!(typed.call(&mut store, 5).unwrap(), (5, 0.5));
    assert_eq!(typed.call(&mut store, 0).unwrap_err().to_string(), "zero");
    let panics = Func::wrap(&mut store, || -> i32 { panic!("on purpose") });
    let typed = panics.typed::<(), i32>(&mut store).unwrap();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| typed.call(&mut store, ())));
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!(fails.typed::<i64, (i64, f32)>(&mut store).unwrap().call(&mut store, 1).unwrap(), (1, 0.5));
}

#[test]
fn a_linker_names_what_does_not_fit() {
    let engine = engine();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("a", "f", |_: i32| 0_i64).unwrap();
    let error = linker.func_wrap("a", "f", || ()).err().unwrap();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Link, "`a::f` is defined twice"));
    let check = |linker: &Linker<()>, fields: &str, expected: &str| {
        let module = Module::new(&engine, &wat::parse_str(format!("(module {fields})")).unwrap()).unwrap();
        let result = linker.instantiate(&mut Store::new(&engine, ()), &module);
        let said = result.map_or_else(|error| error.to_string(), |_| "it links".to_owned());
        assert_eq!(said, expected, "{fields}");
    };
    let import = r#"(import "a" "f" (func (param i32) (result i64)))"#;
    check(&linker, import, "it links");
    check(
        &linker,
        r#"(import "a" "f" (func (result i64)))"#,
        "incompatible import type for `a::f`: expected func [] -> [i64], given func [i32] -> [i64]",
    );
    check(
        &linker,
        r#"(import "a" "f" (memory 1))"#,
        "incompatible import type for `a::f`: expected memory of at least 1 pages, given func [i32] -> [i64]",
    );
    check(&linker, r#"(import "a" "g" (global i32))"#, "unknown import `a::g`: expected global i32");
    check(&linker, r#"(import "b" "f" (func))"#, "unknown import `b::f`: expected func [] -> []");
    linker.allow_shadowing(true).func_wrap("a", "f", || 0_i64).unwrap();
    check(&linker, r#"(import "a" "f" (func (result i64)))"#, "it links");
    linker.func_new("a", "f", FuncType::new([ValType::I32], [ValType::I64]), |_, _, _| Ok(())).unwrap();
    check(&linker, import, "it links");
}

#[test]
fn instances_meet_imports() {
    let engine = engine();
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    let text = r#"(module (memory (export "m") 1) (func (export "one") (result i32) (i32.const 1)))"#;
    let module = Module::new(&engine, &wat::parse_str(text).unwrap()).unwrap();
    let first = linker.instantiate(&mut store, &module).unwrap();
    linker.instance(&store, "first", first).unwrap();
    assert!(linker.get(&mut store, "first", "m").is_some_and(|item| item.into_memory().is_some()));
    assert!(linker.get(&mut store, "first", "n").is_none());
    let text = r#"(module (import "first" "one" (func $one (result i32))) (import "first" "m" (memory 1))
        (func (export "two") (result i32) (i32.add (call $one) (call $one))))"#;
    let module = Module::new(&engine, &wat::parse_str(text).unwrap()).unwrap();
    let second = linker.instantiate(&mut store, &module).unwrap();
    let two = second.get_typed_func::<(), i32>(&mut store, "two").unwrap();
    assert_eq!(two.call(&mut store, ()).unwrap(), 2);
}
