//! Bytes that are not a module, guests that ask for too much, many instances, many threads.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

mod common;

use common::{call, engine, module};
use jit::{
    Config, Engine, ErrorKind, Extern, ExternRef, ExternType, Func, Global, Instance, InstantiateError,
    Memory, Module, Store, Table, Tag, TrapKind, Val, ValType,
};
use proptest::prelude::*;

const SEED: &str = r#"(module $seed
    (import "" "f" (func $import (param i32) (result i32)))
    (import "" "g" (global $g i32))
    (type $t (func (param i32) (result i32)))
    (memory 1 2) (table 3 10 funcref) (global $m (mut i64) (i64.const 5))
    (elem (i32.const 0) $import $a $b) (data (i32.const 8) "hello") (data $p "passive")
    (func $a (param i32) (result i32) (local i64 f32)
        (loop $l (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $l (i32.gt_s (local.get 0) (i32.const 0))))
        (i32.load offset=4 (local.get 0)))
    (func $b (export "b") (param i32) (result i32)
        (block (block (br_table 0 1 0 (local.get 0))) (return (call $a (local.get 0))))
        (memory.init $p (i32.const 0) (i32.const 1) (i32.const 3))
        (call_indirect (type $t) (i32.const 7) (i32.and (local.get 0) (i32.const 3))))
    (func (export "c") (param f64 i64) (result f64 i32)
        (f64.div (local.get 0) (f64.convert_i64_s (local.get 1)))
        (i32.trunc_sat_f64_s (f64.sqrt (local.get 0)))
        (global.set $m (i64.rem_s (local.get 1) (i64.const 7))))
    (tag $e (param i32 v128)) (table $typed 2 (ref null $t)) (elem declare func $a)
    (func (export "d") (param i32) (result i32) (local v128 exnref)
        (block $h (result i32 v128 exnref)
            (try_table (catch_ref $e $h)
                (block $n
                    (drop (call_ref $t (local.get 0) (br_on_null $n (table.get $typed (local.get 0)))))
                    (return_call_ref $t (local.get 0) (ref.func $a)))
                (throw $e (i32.const 4) (i32x4.splat (local.get 0))))
            unreachable)
        (local.set 2) (local.set 1) (local.set 0)
        (local.set 1 (i8x16.swizzle (v128.load8x8_s (i32.const 8)) (i16x8.extmul_low_i8x16_s (local.get 1) (local.get 1))))
        (return_call $b (i8x16.extract_lane_s 3 (local.get 1)))))"#;

/// Returns an engine whose guests end, however their bytes were changed.
fn fueled_engine() -> Engine {
    Engine::new(&Config::new().consume_fuel(true)).unwrap()
}

/// Makes something of the type that an import asks for, if it is small.
fn stub(store: &mut Store<()>, ty: ExternType) -> Option<Extern> {
    Some(match ty {
        ExternType::Func(ty) => Func::new(store, ty, |_, _, _| Ok(())).into(),
        ExternType::Memory(ty) => Memory::new(store, ty).ok()?.into(),
        ExternType::Table(ty) => {
            Table::new(store, ty, Val::default_for(ValType::Ref(ty.element))).ok()?.into()
        }
        ExternType::Global(ty) => Global::new(store, ty, Val::default_for(ty.content)).ok()?.into(),
        ExternType::Tag(ty) => Tag::new(store, ty).into(),
    })
}

/// Compiles the bytes and, if they are a module, calls all its functions with zeros.
fn run(engine: &Engine, wasm: &[u8]) {
    let Ok(module) = Module::new(engine, wasm) else { return };
    let mut store = Store::new(engine, ());
    store.set_fuel(100_000);
    let types: Vec<_> = module.imports().map(|import| import.ty).collect();
    let imports: Option<Vec<_>> = types.into_iter().map(|ty| stub(&mut store, ty)).collect();
    let Some(imports) = imports else { return };
    let Ok(instance) = Instance::new(&mut store, &module, &imports) else { return };
    let funcs: Vec<_> = instance.exports(&store).filter_map(|(_, item)| item.into_func()).collect();
    for func in funcs {
        let ty = func.ty(&store);
        let params: Vec<_> = ty.params.iter().map(|&ty| Val::default_for(ty)).collect();
        let mut results: Vec<_> = ty.results.iter().map(|&ty| Val::default_for(ty)).collect();
        let _ = func.call(&mut store, &params, &mut results);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Changed bytes are refused, or compiled and run, without a panic.
    #[test]
    fn mutated_modules(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut wasm = wat::parse_str(SEED).unwrap();
        for (at, byte) in changes {
            let at = at.index(wasm.len());
            wasm[at] = byte;
        }
        run(&fueled_engine(), &wasm);
    }

    /// Cut modules likewise.
    #[test]
    fn cut_modules(at in any::<prop::sample::Index>()) {
        let wasm = wat::parse_str(SEED).unwrap();
        run(&fueled_engine(), &wasm[..at.index(wasm.len())]);
    }

    /// Every operation on arguments of any value gives a result or a trap.
    #[test]
    fn any_arguments(a in any::<i32>(), b in any::<u64>(), c in any::<i64>()) {
        let engine = engine();
        let module = module(&engine, SEED);
        let mut store = Store::new(&engine, ());
        let types: Vec<_> = module.imports().map(|import| import.ty).collect();
        let imports: Vec<_> = types.into_iter().map(|ty| stub(&mut store, ty).unwrap()).collect();
        let instance = Instance::new(&mut store, &module, &imports).unwrap();
        // A loop that counts down from `a` must end soon.
        let _ = call(&mut store, instance, "b", &[Val::I32(a % 1000)]);
        let _ = call(&mut store, instance, "c", &[Val::F64(b), Val::I64(c)]);
    }
}

#[test]
fn many_instances() {
    let engine = engine();
    let module =
        module(&engine, r#"(module (memory (export "m") 1) (func (export "f") (result i32) (i32.const 3)))"#);
    for _ in 0..40 {
        let mut store = Store::new(&engine, ());
        for _ in 0..25 {
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            assert_eq!(call(&mut store, instance, "f", &[]).unwrap(), [Val::I32(3)]);
        }
    }
}

#[test]
fn code_outlives_its_module_handle() {
    let engine = engine();
    let mut store = Store::new(&engine, ());
    let instance = {
        let module = module(&engine, r#"(module (func (export "f") unreachable))"#);
        Instance::new(&mut store, &module, &[]).unwrap()
    };
    drop(engine);
    let trap = call(&mut store, instance, "f", &[]).unwrap_err();
    assert!(matches!(trap.kind(), TrapKind::Unreachable));
}

#[test]
fn threads_trap_on_their_own() {
    let engine = engine();
    let wat = r#"(module (memory 1)
        (func (export "f") (param i32) (result i32) (i32.load (local.get 0))))"#;
    let module = module(&engine, wat);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut store = Store::new(&engine, ());
                let instance = Instance::new(&mut store, &module, &[]).unwrap();
                for address in 0..200 {
                    let address = if address % 2 == 0 { address } else { -address };
                    let result = call(&mut store, instance, "f", &[Val::I32(address)]);
                    assert_eq!(result.is_err(), address < 0);
                }
            });
        }
    });
}

#[test]
fn a_store_moves_between_threads() {
    let engine = engine();
    let module = module(&engine, r#"(module (func $f (export "f") (call $f)))"#);
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    for _ in 0..3 {
        store = std::thread::spawn(move || {
            let trap = call(&mut store, instance, "f", &[]).unwrap_err();
            assert!(matches!(trap.kind(), TrapKind::StackOverflow));
            store
        })
        .join()
        .unwrap();
    }
}

#[test]
fn limits_of_the_configuration() {
    let engine = Engine::new(&Config::new().max_memory(3 << 16).max_table_elements(5)).unwrap();
    let mut store = Store::new(&engine, ());
    let mut check = |wat: &str, expected: Result<&[Val], &str>| {
        let module = module(&engine, wat);
        let result = Instance::new(&mut store, &module, &[]);
        match (result, expected) {
            (Ok(instance), Ok(values)) => {
                assert_eq!(call(&mut store, instance, "f", &[]).unwrap(), values, "{wat}");
            }
            (Err(InstantiateError::Resource(error)), Err(message)) => {
                assert_eq!((error.kind(), error.message()), (ErrorKind::Limit, message));
            }
            (result, _) => panic!("{wat}: {:?}", result.err()),
        }
    };
    check("(module (memory 4))", Err("memory of 4 pages exceeds the limit of 3 pages"));
    check(
        "(module (memory i64 0x1000000000000))",
        Err("memory of 281474976710656 pages exceeds the limit of 3 pages"),
    );
    check("(module (table 6 funcref))", Err("table of 6 elements exceeds the limit of 5 elements"));
    let grow = r#"(func (export "f") (result i32 i32)"#;
    check(
        &format!("(module (memory 1) {grow} (memory.grow (i32.const 3)) (memory.grow (i32.const 2))))"),
        Ok(&[Val::I32(-1), Val::I32(1)]),
    );
    check(
        &format!(
            "(module (table 1 externref) {grow} (table.grow (ref.null extern) (i32.const -1))
                (table.grow (ref.null extern) (i32.const 4))))"
        ),
        Ok(&[Val::I32(-1), Val::I32(1)]),
    );
}

#[test]
#[should_panic(expected = "a handle is used with the store it belongs to")]
fn a_handle_of_another_store() {
    let engine = engine();
    let mut first = Store::new(&engine, ());
    let reference = ExternRef::new(&mut first, 1);
    let second = Store::new(&engine, ());
    reference.data(&second);
}

#[test]
fn external_references_come_back() {
    let engine = engine();
    let module = module(
        &engine,
        r#"(module (table 2 externref) (global $g (mut externref) (ref.null extern))
            (func (export "f") (param externref) (result externref externref)
                (table.set (i32.const 1) (local.get 0)) (global.set $g (local.get 0))
                (table.get (i32.const 1)) (global.get $g)))"#,
    );
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let reference = ExternRef::new(&mut store, "text");
    let param = Val::ExternRef(Some(reference));
    assert_eq!(
        call(&mut store, instance, "f", std::slice::from_ref(&param)).unwrap(),
        [param.clone(), param]
    );
    assert_eq!(reference.data(&store).downcast_ref(), Some(&"text"));
}

#[test]
fn what_is_shared_between_threads_may_be() {
    fn both<T: Send + Sync>() {}
    both::<Engine>();
    both::<Module>();
    both::<Store<()>>();
}
