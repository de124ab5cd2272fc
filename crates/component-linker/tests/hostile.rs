//! Guests that break the rules on purpose, or take all they can get: each ends in its own trap or
//! error, and the host goes on. One row per guest.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use component_linker::{
    CallError, Component, Config, Engine, InstantiateError, LimitKind, Linker, List, Store, StoreLimits,
    Trap, TrapCause, TrapKind, Val,
};

/// Small limits, so that the tests are quick.
fn limits() -> StoreLimits {
    StoreLimits {
        max_instances: 8,
        max_memories: 2,
        max_tables: 2,
        max_handles: 100,
        max_call_depth: 10,
        max_lifted_bytes: 1 << 20,
        max_string_bytes: 1000,
        max_size_bytes: 1 << 20,
        max_instance_bytes: 1 << 20,
        ..StoreLimits::default()
    }
}

/// Instantiates a guest and calls its `run`.
fn run(wat: &str, args: &[Val]) -> Result<Option<Val>, CallError> {
    let engine = Engine::new(&Config::new()).unwrap();
    let bytes = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    let component = Component::new(&engine, &bytes).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    let mut store = Store::with_limits(&engine, (), limits());
    let instance = Linker::new().instantiate(&mut store, &component).unwrap_or_else(|e| panic!("{e}\n{wat}"));
    let run = instance.get_func(&mut store, &["run"]).unwrap();
    let result = run.call(&mut store, args);
    if result.is_err() {
        let again = run.call(&mut store, args).expect_err("the instance is out of use");
        assert!(again.to_string().contains("cannot enter component instance"), "{again}");
    }
    result
}

fn check(wat: &str, args: &[Val], message: &str) {
    let error = run(wat, args).expect_err(message);
    let CallError::Trap(trap) = &error else { panic!("{error}\n{wat}") };
    let first_line = trap.cause().to_string();
    assert!(first_line.contains(message), "`{first_line}` is not `{message}` of\n{wat}");
}

/// A guest whose `run` has a type and a core body, with a memory of one page and a `realloc`.
fn guest(realloc: &str, core: &str, ty: &str, options: &str) -> String {
    format!(
        r#"(component
            (core module $m
              (memory (export "memory") 1)
              (func (export "realloc") (param i32 i32 i32 i32) (result i32) {realloc})
              {core})
            (core instance $i (instantiate $m))
            (type $shape' (variant (case "a") (case "b" u8)))
            (export $shape "shape" (type $shape'))
            (func (export "run") {ty} (canon lift (core func $i "run") {options}
              (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#
    )
}

#[test]
fn bad_values() {
    let returns = |value: &str, ty: &str, options: &str, message: &str| {
        let core = format!(r#"(func (export "run") (result i32) {value})"#);
        check(&guest("unreachable", &core, &format!("(result {ty})"), options), &[], message);
    };
    let pair = |ptr: i64, len: i64| {
        format!(
            "(i32.store (i32.const 0) (i32.const {ptr})) (i32.store (i32.const 4) (i32.const {len}))
             (i32.const 0)"
        )
    };
    returns("(i32.const 2)", "string", "", "unaligned pointer");
    returns("(i32.const 65536)", "string", "", "pointer out of bounds of memory");
    returns("(i32.const -4)", "string", "", "pointer out of bounds of memory");
    returns(&pair(65530, 100), "string", "", "string pointer/length out of bounds of memory");
    returns(&pair(-1, 2), "string", "", "string pointer/length out of bounds of memory");
    returns(&pair(0, 0x7fff_ffff), "(list u64)", "", "list");
    returns(&pair(0, 0x1fff_ffff), "(list u64)", "", "list");
    returns(&pair(4, 1), "(list u64)", "", "unaligned pointer");
    returns(&pair(65528, 2), "(list u64)", "", "list pointer/length out of bounds of memory");
    returns(&pair(0xff, 1), "string", "string-encoding=utf16", "unaligned pointer");
    let tagged = 0x8000_0000_i64;
    returns(&pair(0x101, tagged | 1), "string", "string-encoding=latin1+utf16", "unaligned pointer");
    returns(&pair(0, tagged | 0x7fff_ffff), "string", "string-encoding=latin1+utf16", "string");
    let utf8 = format!("(i32.store (i32.const 8) (i32.const 0xff)) {}", pair(8, 1));
    returns(&utf8, "string", "", "invalid utf-8");
    let utf16 = format!("(i32.store (i32.const 8) (i32.const 0xd800)) {}", pair(8, 1));
    returns(&utf16, "string", "string-encoding=utf16", "invalid utf-16");
    returns("(i32.const 0xd800)", "char", "", "invalid `char` bit pattern");
    returns("(i32.const 0x110000)", "char", "", "invalid `char` bit pattern");
    returns(
        "(i32.store8 (i32.const 0) (i32.const 2)) (i32.const 0)",
        "$shape",
        "",
        "invalid variant discriminant 2",
    );
}

#[test]
fn bad_realloc() {
    let takes = |realloc: &str, message: &str| {
        let core = r#"(func (export "run") (param i32 i32))"#;
        let args = [Val::List(List::U32(vec![1, 2, 3]))];
        check(&guest(realloc, core, r#"(param "l" (list u32))"#, ""), &args, message);
    };
    takes("(i32.const 2)", "realloc return: result not aligned");
    takes("(i32.const 65528)", "realloc return: beyond end of memory");
    takes("(i32.const -4)", "realloc return: beyond end of memory");
    takes("unreachable", "unreachable");
    takes("(drop (memory.grow (i32.const -1))) (i32.const 0x10000)", "realloc return: beyond end of memory");
}

/// A guest with a resource type of its own, and another one, and a core `run` that has `new`, `rep`
/// and `drop`.
fn handles(run: &str) -> String {
    format!(
        r#"(component
            (type $r (resource (rep i32)))
            (type $s (resource (rep i32)))
            (core func $new (canon resource.new $r))
            (core func $rep (canon resource.rep $r))
            (core func $drop (canon resource.drop $r))
            (core func $drop-other (canon resource.drop $s))
            (core module $m
              (import "" "new" (func $new (param i32) (result i32)))
              (import "" "rep" (func $rep (param i32) (result i32)))
              (import "" "drop" (func $drop (param i32)))
              (import "" "drop-other" (func $drop-other (param i32)))
              (func (export "run") {run}))
            (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))
              (export "rep" (func $rep)) (export "drop" (func $drop)) (export "drop-other" (func $drop-other))))))
            (func (export "run") (canon lift (core func $i "run"))))"#
    )
}

#[test]
fn forged_handles() {
    check(&handles("(drop (call $rep (i32.const 0)))"), &[], "unknown handle index 0");
    check(&handles("(drop (call $rep (i32.const 1)))"), &[], "unknown handle index 1");
    check(&handles("(call $drop (i32.const -1))"), &[], "unknown handle index 4294967295");
    check(
        &handles("(call $drop (call $new (i32.const 1))) (call $drop (i32.const 1))"),
        &[],
        "unknown handle index 1",
    );
    check(&handles("(call $drop-other (call $new (i32.const 1)))"), &[], "used with the wrong type");
}

#[test]
fn leaving_where_it_is_forbidden() {
    let guest = |core: &str, ty: &str, options: &str| {
        format!(
            r#"(component
                (component $c (core module $m (func (export "f"))) (core instance $m (instantiate $m))
                  (func (export "f") (canon lift (core func $m "f"))))
                (instance $c (instantiate $c))
                (core func $f (canon lower (func $c "f")))
                (core module $m
                  (import "" "f" (func $f))
                  (memory (export "memory") 1)
                  (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $f) (i32.const 0))
                  (func (export "after") (call $f))
                  {core})
                (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
                (func (export "run") {ty} (canon lift (core func $i "run") {options})))"#
        )
    };
    let message = "cannot leave component instance";
    check(&guest(r#"(func (export "run"))"#, "", r#"(post-return (core func $i "after"))"#), &[], message);
    check(
        &guest(
            r#"(func (export "run") (param i32 i32))"#,
            r#"(param "s" string)"#,
            r#"(memory (core memory $i "memory")) (realloc (core func $i "realloc"))"#,
        ),
        &[Val::String(String::from("x"))],
        message,
    );
}

/// Checks that a call ends at a limit.
fn check_limit(wat: &str, args: &[Val], kind: LimitKind, message: &str) {
    let error = run(wat, args).expect_err(message);
    let CallError::Trap(trap) = &error else { panic!("{error}") };
    let TrapCause::Limit(limit) = trap.cause() else { panic!("{trap}") };
    assert_eq!((limit.kind, limit.to_string().as_str()), (kind, message));
}

#[test]
fn greedy_calls() {
    check_limit(
        &handles("(loop (drop (call $new (i32.const 1))) (br 0))"),
        &[],
        LimitKind::Handles,
        "the store may not hold more than 100 handles",
    );
    check_limit(
        include_str!("components/recursion.wat"),
        &[],
        LimitKind::CallDepth,
        "calls between instances are more than 10 deep",
    );
    // 256 lists, each of the same 65,000 bytes
    let core = r#"(func (export "run") (result i32) (local $i i32)
        (loop
          (i32.store (i32.mul (local.get $i) (i32.const 8)) (i32.const 0))
          (i32.store offset=4 (i32.mul (local.get $i) (i32.const 8)) (i32.const 65000))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if 0 (i32.lt_u (local.get $i) (i32.const 256))))
        (i32.store (i32.const 65528) (i32.const 0))
        (i32.store (i32.const 65532) (i32.const 256))
        (i32.const 65528))"#;
    check_limit(
        &guest("unreachable", core, "(result (list (list u8)))", ""),
        &[],
        LimitKind::LiftedBytes,
        "the values of a call take more than 1048576 bytes",
    );
    // 100 lists of the same 12 records, each of a thousand bytes: a value each
    let core = r#"(func (export "run") (result i32) (local $i i32)
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 12012))
        (loop
          (i32.store offset=16384 (i32.mul (local.get $i) (i32.const 8)) (i32.const 0))
          (i32.store offset=16388 (i32.mul (local.get $i) (i32.const 8)) (i32.const 12))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if 0 (i32.lt_u (local.get $i) (i32.const 100))))
        (i32.store (i32.const 65528) (i32.const 16384))
        (i32.store (i32.const 65532) (i32.const 100))
        (i32.const 65528))"#;
    let ty = format!("(result (list (list (option (tuple{})))))", " u8".repeat(1000));
    check_limit(
        &guest("unreachable", core, &ty, ""),
        &[],
        LimitKind::LiftedBytes,
        "the values of a call take more than 1048576 bytes",
    );
    let core =
        r#"(func (export "run") (result i32) (i32.store (i32.const 4) (i32.const 1001)) (i32.const 0))"#;
    check_limit(
        &guest("unreachable", core, "(result string)", ""),
        &[],
        LimitKind::StringBytes,
        "a string takes more than 1000 bytes",
    );
    // A thousand zeros in UTF-16 take a thousand bytes, though they could have taken three times as
    // many.
    let core = r#"(func (export "run") (result i32) (i32.store (i32.const 0) (i32.const 1024))
            (i32.store (i32.const 4) (i32.const 1000)) (i32.const 0))"#;
    let zeros = guest("unreachable", core, "(result string)", "string-encoding=utf16");
    assert_eq!(run(&zeros, &[]).unwrap(), Some(Val::String("\0".repeat(1000))));
}

#[test]
fn greedy_components() {
    let check = |wat: &str, kind: LimitKind, message: &str| {
        let engine = Engine::new(&Config::new()).unwrap();
        let component = Component::new(&engine, &wat::parse_str(wat).unwrap()).unwrap();
        let mut store = Store::with_limits(&engine, (), limits());
        let error = Linker::new().instantiate(&mut store, &component).expect_err(message);
        let InstantiateError::Limit(limit) = error else { panic!("{error}") };
        assert_eq!((limit.kind, limit.to_string().as_str()), (kind, message));
    };
    let instances = |module: &str, n: usize| {
        let instances = "(core instance (instantiate $m))".repeat(n);
        format!("(component (core module $m {module}) {instances})")
    };
    check(&instances("", 8), LimitKind::Instances, "the store may not hold more than 8 instances");
    check(&instances("(memory 1)", 3), LimitKind::Memories, "the store may not hold more than 2 memories");
    check(&instances("(table 1 funcref)", 3), LimitKind::Tables, "the store may not hold more than 2 tables");
    check(
        &instances("(memory 1) (memory 1) (memory 1)", 1),
        LimitKind::Memories,
        "the store may not hold more than 2 memories",
    );
    let sizes = "the memories and tables of the store take more than 1048576 bytes";
    check(&instances("(memory 17)", 1), LimitKind::SizeBytes, sizes);
    check(&instances("(memory 8) (table 65537 funcref)", 1), LimitKind::SizeBytes, sizes);
    let data = format!("(data \"{}\")", "x".repeat(600_000));
    let instance = "the instances of the store take more than 1048576 bytes";
    check(&instances(&data, 1), LimitKind::InstanceBytes, instance);
    let core_funcs = r#"(core func (canon context.get i32 0))"#.repeat(4096);
    check(&format!("(component {core_funcs})"), LimitKind::InstanceBytes, instance);
}

#[test]
fn limits_hold_for_all_instances_of_a_store() {
    let engine = Engine::new(&Config::new()).unwrap();
    let component = "(component (core module $m (memory 1)) (core instance (instantiate $m)))";
    let component = Component::new(&engine, &wat::parse_str(component).unwrap()).unwrap();
    let mut store = Store::with_limits(&engine, (), limits());
    for _ in 0..2 {
        Linker::new().instantiate(&mut store, &component).unwrap();
    }
    let error = Linker::new().instantiate(&mut store, &component).expect_err("a third memory");
    assert!(matches!(error, InstantiateError::Limit(limit) if limit.kind == LimitKind::Memories), "{error}");
}

#[test]
fn tables_that_nobody_touches_count_by_their_sizes() {
    let engine = Engine::new(&Config::new()).unwrap();
    let tables = "(table 10000000 funcref)".repeat(90);
    let wat = format!("(component (core module $m {tables}) (core instance (instantiate $m)))");
    let component = Component::new(&engine, &wat::parse_str(&wat).unwrap()).unwrap();
    let instantiate =
        |limits| Linker::new().instantiate(Store::with_limits(&engine, (), limits), &component).map(|_| ());
    let error = instantiate(StoreLimits::default()).expect_err("7 GB of tables");
    let message = "the memories and tables of the store take more than 4294967296 bytes";
    assert_eq!(error.to_string(), message);
    instantiate(StoreLimits { max_size_bytes: 8 << 30, ..StoreLimits::default() }).unwrap();
}

#[test]
fn growth_beyond_the_sizes_of_a_store_is_refused() {
    let core = r#"(memory (export "other") 8) (table $t 1 funcref)
        (func (export "run") (result i32)
          (if (i32.ne (memory.grow (i32.const 8)) (i32.const -1)) (then unreachable))
          (if (i32.ne (table.grow $t (ref.null func) (i32.const 65536)) (i32.const -1)) (then unreachable))
          (memory.grow (i32.const 6)))"#;
    let wat = guest("unreachable", core, "(result u32)", "");
    assert_eq!(run(&wat, &[]).unwrap(), Some(Val::U32(1)));
}

#[test]
fn a_call_that_ends_in_a_panic_is_no_longer_in_progress() {
    let engine = Engine::new(&Config::new()).unwrap();
    let wat = r#"(component
        (import "panic" (func $panic))
        (core func $panic (canon lower (func $panic)))
        (core module $m (import "" "panic" (func $panic)) (func (export "run") (call $panic)))
        (core instance $i (instantiate $m (with "" (instance (export "panic" (func $panic))))))
        (func (export "run") (canon lift (core func $i "run"))))"#;
    let component = Component::new(&engine, &wat::parse_str(wat).unwrap()).unwrap();
    let mut linker = Linker::new();
    linker.root().func_new("panic", |_, _| panic!("the host panics")).unwrap();
    let limits = StoreLimits { max_call_depth: 1, ..StoreLimits::default() };
    let mut store = Store::with_limits(&engine, (), limits);
    for _ in 0..3 {
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let run = instance.get_func(&mut store, &["run"]).unwrap();
        let call = std::panic::AssertUnwindSafe(|| run.call(&mut store, &[]));
        std::panic::catch_unwind(call).expect_err("the panic of the host passes through");
        let error = run.call(&mut store, &[]).unwrap_err().to_string();
        assert!(error.contains("cannot enter component instance"), "{error}");
    }
}

#[test]
fn endless_recursion_and_traps_of_start_functions() {
    let core = r#"(func $f (export "run") (call $f))"#;
    check(&guest("unreachable", core, "", ""), &[], "call stack exhausted");
    let engine = Engine::new(&Config::new()).unwrap();
    let wat =
        "(component (core module $m (func $f unreachable) (start $f)) (core instance (instantiate $m)))";
    let component = Component::new(&engine, &wat::parse_str(wat).unwrap()).unwrap();
    let error = Linker::new().instantiate(Store::new(&engine, ()), &component).expect_err("it traps");
    assert!(matches!(error, InstantiateError::Trap(_)), "{error}");
}

/// Instantiates a guest and calls its `run`, if it gets so far; returns the trap.
fn run_endless(config: &Config, wat: &str, args: &[Val], bound: impl FnOnce(&mut Store<()>)) -> Trap {
    let engine = Engine::new(config).unwrap();
    let bytes = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    let component = Component::new(&engine, &bytes).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    let mut store = Store::with_limits(&engine, (), limits());
    bound(&mut store);
    let instance = match Linker::new().instantiate(&mut store, &component) {
        Err(InstantiateError::Trap(trap)) => return trap,
        instance => instance.unwrap_or_else(|error| panic!("{error}\n{wat}")),
    };
    let run = instance.get_func(&mut store, &["run"]).unwrap();
    match run.call(&mut store, args) {
        Err(CallError::Trap(trap)) => trap,
        other => panic!("{other:?}\n{wat}"),
    }
}

#[test]
fn endless_guests_are_stopped() {
    let endless = "(loop (br 0)) unreachable";
    let check = |wat: &str, args: &[Val]| {
        let trap = run_endless(&Config::new().consume_fuel(true), wat, args, |store| store.set_fuel(10_000));
        assert!(matches!(trap.cause(), TrapCause::Core(TrapKind::OutOfFuel)), "{trap}\n{wat}");
        // A deadline that is now: the clock is the host's affair.
        let epochs = Config::new().epoch_interruption(true);
        let trap = run_endless(&epochs, wat, args, |store| store.set_epoch_deadline(0));
        assert!(matches!(trap.cause(), TrapCause::Core(TrapKind::Interrupt)), "{trap}\n{wat}");
    };
    let start = format!(
        "(component (core module $m (func $f {endless}) (start $f)) (core instance (instantiate $m)))"
    );
    check(&start, &[]);
    check(&guest("unreachable", &format!(r#"(func (export "run") {endless})"#), "", ""), &[]);
    let realloc = guest(endless, r#"(func (export "run") (param i32 i32))"#, r#"(param "s" string)"#, "");
    check(&realloc, &[Val::String(String::from("x"))]);
    let core = format!(r#"(func (export "run")) (func (export "after") {endless})"#);
    check(&guest("unreachable", &core, "", r#"(post-return (core func $i "after"))"#), &[]);
    // Each call is short, but there is no end of them.
    check(&guest("unreachable", r#"(func $f) (func (export "run") (loop (call $f) (br 0)))"#, "", ""), &[]);
    let destructor = format!(
        r#"(component
            (core module $d (func (export "dtor") (param i32) {endless}))
            (core instance $d (instantiate $d))
            (type $r (resource (rep i32) (dtor (core func $d "dtor"))))
            (core func $new (canon resource.new $r))
            (core func $drop (canon resource.drop $r))
            (core module $m
              (import "" "new" (func $new (param i32) (result i32)))
              (import "" "drop" (func $drop (param i32)))
              (func (export "run") (call $drop (call $new (i32.const 1)))))
            (core instance $i (instantiate $m (with "" (instance
              (export "new" (func $new)) (export "drop" (func $drop))))))
            (func (export "run") (canon lift (core func $i "run"))))"#
    );
    check(&destructor, &[]);
}

#[test]
fn fuel_is_counted_and_deadlines_can_be_moved() {
    let engine = Engine::new(&Config::new().consume_fuel(true).epoch_interruption(true)).unwrap();
    let wat = guest("unreachable", r#"(func (export "run") (drop (i32.const 1)))"#, "", "");
    let component = Component::new(&engine, &wat::parse_str(&wat).unwrap()).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_fuel(1_000);
    store.set_epoch_deadline(1);
    let instance = Linker::new().instantiate(&mut store, &component).unwrap();
    let run = instance.get_func(&mut store, &["run"]).unwrap();
    run.call(&mut store, &[]).unwrap();
    let left = store.fuel();
    assert!(0 < left && left < 1_000, "{left}");
    engine.increment_epoch();
    store.set_epoch_deadline(1);
    run.call(&mut store, &[]).unwrap();
    assert!(store.fuel() < left);
    engine.increment_epoch();
    let error = run.call(&mut store, &[]).expect_err("the deadline is reached");
    assert!(error.to_string().contains("interrupt"), "{error}");
}
