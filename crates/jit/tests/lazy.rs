//! Functions that are compiled when they are first called.

use jit::{Caller, Config, Engine, Func, Instance, Linker, Module, Store, TrapKind};

fn lazy() -> Engine {
    Engine::new(&Config::new().lazy_compilation(true)).expect("a supported machine")
}

fn module(engine: &Engine, text: &str) -> Module {
    Module::new(engine, &wat::parse_str(text).expect("well formed")).expect("valid")
}

const TEXT: &str = r#"(module $m
    (tag $t (param i32))
    (type $unary (func (param i32) (result i32)))
    (table 2 funcref) (elem (i32.const 0) func $double $throw)
    (func $double (type $unary) (i32.mul (local.get 0) (i32.const 2)))
    (func $throw (type $unary) (throw $t (local.get 0)))
    (func $fact (export "fact") (param i64) (result i64)
        (if (result i64) (i64.eqz (local.get 0))
            (then (i64.const 1))
            (else (i64.mul (local.get 0) (call $fact (i64.sub (local.get 0) (i64.const 1)))))))
    (func (export "indirect") (param i32 i32) (result i32)
        (block $caught (result i32)
            (try_table (result i32) (catch $t $caught)
                (call_indirect (type $unary) (local.get 0) (local.get 1)))))
    (func $odd (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (return_call $even (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 0))))
    (func $even (export "even") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (return_call $odd (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 1))))
    (func (export "trap") (param i32) (result i32) (call $div (local.get 0)))
    (func $div (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
    (func $many (param i64 i64 i64 i64 i64 i64 i64 i64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64) (result f64)
        (f64.sub (local.get 17) (f64.add (local.get 8) (f64.convert_i64_s (i64.add (local.get 0) (local.get 7))))))
    (func (export "many") (result f64)
        (call $many (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)
            (i64.const 8) (f64.const 9) (f64.const 10) (f64.const 11) (f64.const 12) (f64.const 13) (f64.const 14)
            (f64.const 15) (f64.const 16) (f64.const 17) (f64.const 1000))))"#;

/// Calls every export twice: the first call compiles, the second one finds it compiled.
fn check<T: 'static>(store: &mut Store<T>, instance: Instance) {
    for _ in 0..2 {
        let fact = instance.get_typed_func::<i64, i64>(&mut *store, "fact").expect("exported");
        assert_eq!(fact.call(&mut *store, 10).expect("it returns"), 3_628_800);
        let indirect = instance.get_typed_func::<(i32, i32), i32>(&mut *store, "indirect").expect("exported");
        assert_eq!(indirect.call(&mut *store, (21, 0)).expect("it returns"), 42);
        assert_eq!(indirect.call(&mut *store, (21, 1)).expect("it returns"), 21);
        let even = instance.get_typed_func::<i32, i32>(&mut *store, "even").expect("exported");
        assert_eq!(even.call(&mut *store, 100_001).expect("it returns"), 0);
        let trap = instance.get_typed_func::<i32, i32>(&mut *store, "trap").expect("exported");
        let trap = trap.call(&mut *store, 0).expect_err("it traps");
        assert!(matches!(trap.kind(), TrapKind::IntegerDivideByZero));
        let frames: Vec<_> = trap.backtrace().frames().iter().map(|frame| frame.func_index).collect();
        assert_eq!(frames, [7, 6]);
        assert!(trap.backtrace().frames()[0].module_offset.is_some());
        let many = instance.get_typed_func::<(), f64>(&mut *store, "many").expect("exported");
        assert_eq!(many.call(&mut *store, ()).expect("it returns").to_bits(), 982_f64.to_bits());
    }
}

#[test]
fn the_first_call_compiles() {
    let engine = lazy();
    let module = module(&engine, TEXT);
    for _ in 0..2 {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        check(&mut store, instance);
    }
}

#[test]
fn a_large_function_is_compiled_cheaply_first() {
    for parallel in [false, true] {
        let config = Config::new().lazy_compilation(true).cheap_first_above(0).parallel_compilation(parallel);
        let engine = Engine::new(&config).expect("a supported machine");
        let module = module(&engine, TEXT);
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        // Each checks twice: the eighth call of every function is among them, and calls after it.
        for _ in 0..8 {
            check(&mut store, instance);
        }
    }
}

#[test]
fn several_threads_call_first() {
    let engine = lazy();
    for _ in 0..20 {
        let module = module(&engine, TEXT);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut store = Store::new(&engine, ());
                    let instance = Instance::new(&mut store, &module, &[]).unwrap();
                    check(&mut store, instance);
                });
            }
        });
    }
}

#[test]
fn imports_references_and_host_functions() {
    let engine = lazy();
    let mut store = Store::new(&engine, 0);
    let mut linker = Linker::new(&engine);
    linker.func_wrap("h", "note", |mut caller: Caller<'_, i32>, n: i32| *caller.data_mut() += n).unwrap();
    let text = r#"(module (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
        (func (export "get") (result funcref) (ref.func $hidden)) (elem declare func $hidden)
        (func $hidden (param i32) (result i32) (i32.add (local.get 0) (i32.const 5))))"#;
    let first = linker.instantiate(&mut store, &module(&engine, text)).unwrap();
    linker.instance(&store, "first", first).unwrap();
    let text = r#"(module (import "first" "f" (func $f (param i32) (result i32)))
        (import "h" "note" (func $note (param i32)))
        (func (export "run") (param i32) (result i32)
            (call $note (i32.const 3)) (call $f (call $f (local.get 0)))))"#;
    let second = linker.instantiate(&mut store, &module(&engine, text)).unwrap();
    let run = second.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    assert_eq!([run.call(&mut store, 1).unwrap(), run.call(&mut store, 2).unwrap()], [3, 4]);
    assert_eq!(*store.data(), 6);
    let get = first.get_typed_func::<(), Option<Func>>(&mut store, "get").unwrap();
    let hidden = get.call(&mut store, ()).unwrap().unwrap().typed::<i32, i32>(&mut store).unwrap();
    assert_eq!([hidden.call(&mut store, 1).unwrap(), hidden.call(&mut store, 2).unwrap()], [6, 7]);
}

#[test]
fn what_is_wrong_is_found_in_time() {
    let engine = lazy();
    let invalid = wat::parse_str("(module (func (result i32)))").unwrap();
    assert_eq!(Module::new(&engine, &invalid).err().map(|error| error.kind()), Some(jit::ErrorKind::Invalid));
    // Valid and not supported: the call that would compile it traps, and so does the next one.
    let text = r#"(module (func $gc (drop (ref.i31 (i32.const 0)))) (func (export "run") (call $gc))
        (func (export "gc") (call $gc)))"#;
    let module = module(&engine, text);
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    for name in ["run", "gc", "run"] {
        let run = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
        let trap = run.call(&mut store, ()).unwrap_err();
        let error = trap.downcast_ref::<jit::Error>().map(jit::Error::message);
        assert_eq!(error, Some("not supported yet: the instruction RefI31"));
        assert_eq!(trap.backtrace().frames().len(), 1, "{trap}");
    }
    assert!(module.serialize().is_err());
}

/// Returns how many mappings the process has.
fn mappings() -> usize {
    std::fs::read_to_string("/proc/self/maps").map_or(0, |maps| maps.lines().count())
}

#[test]
fn many_compiled_functions_take_few_mappings() {
    let engine =
        Engine::new(&Config::new().lazy_compilation(true).verifier(false)).expect("a supported machine");
    let func = |i| {
        format!(
            "(func $f{i} (param i32) (result i32) (call $f{} (i32.add (local.get 0) (i32.const {i}))))",
            i + 1
        )
    };
    let funcs: String = (0..1500).map(func).collect();
    let last = "(func $f1500 (param i32) (result i32) (local.get 0))";
    let module = module(&engine, &format!("(module {funcs} {last} (export \"first\" (func $f0)))"));
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("no imports");
    let first = instance.get_typed_func::<i32, i32>(&mut store, "first").expect("exported");
    let before = mappings();
    assert_eq!(first.call(&mut store, 1).expect("it returns"), 1 + 1499 * 1500 / 2);
    // Other tests run beside this one and have some.
    assert!(mappings() < before + 500, "{before} mappings became {}", mappings());
}
