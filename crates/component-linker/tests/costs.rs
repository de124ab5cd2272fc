//! What strings and lists cost that cross a component's boundary: fuel by their size, the look at
//! the deadline, and memory of the host, counted as it is allocated. Each type, both ways of
//! values.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use std::collections::{BTreeMap, HashMap};

use component_linker::typed::{LiftTuple, Map, Results};
use component_linker::{
    CallError, Component, Config, Engine, Instance, LimitKind, Linker, Store, StoreLimits, Trap, TrapCause,
    TrapKind, Val,
};

const KIB_64: usize = 64 << 10;

fn start(config: &Config, wat: &str, limits: StoreLimits) -> (Engine, Store<()>, Instance) {
    let engine = Engine::new(config).unwrap();
    let bytes = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    let component = Component::new(&engine, &bytes).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    let mut linker = Linker::new();
    let ticker = engine.clone();
    linker
        .root()
        .func_new("tick", move |_, _| {
            ticker.increment_epoch();
            Ok(None)
        })
        .unwrap();
    let mut store = Store::with_limits(&engine, (), limits);
    let instance = linker.instantiate(&mut store, &component).unwrap_or_else(|error| panic!("{error}"));
    (engine, store, instance)
}

/// A component that takes and returns 64 KiB of zeros as a value of a type, and one within it that
/// passes as many to it. All lift and lower with the options.
fn passer(ty: &str, len: usize, options: &str) -> String {
    // The component within has no names for the types of the outer one.
    let pass = if ty.contains('$') { String::new() } else { inner_passer(ty, len, options) };
    let memory = format!(r#"(memory (core memory $i "m")) (realloc (core func $i "realloc")) {options}"#);
    format!(
        r#"(component
            (import "tick" (func $tick))
            (core func $tick' (canon lower (func $tick)))
            (core module $m (import "" "tick" (func $tick)) (memory (export "m") 4)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 131072))
                (func (export "give") (result i32)
                    (call $tick) (i32.store (i32.const 4) (i32.const {len})) (i32.const 0))
                (func (export "take") (param i32 i32)))
            (core instance $i (instantiate $m (with "" (instance (export "tick" (func $tick'))))))
            (type $f (flags "a" "b")) (type $v (variant (case "a") (case "b" u8)))
            (export $f' "f" (type $f)) (export $v' "v" (type $v))
            (func $give (export "give") (result {ty}) (canon lift (core func $i "give") {memory}))
            (func $take (export "take") (param "x" {ty}) (canon lift (core func $i "take") {memory}))
            {pass})"#
    )
}

fn inner_passer(ty: &str, len: usize, options: &str) -> String {
    format!(
        r#"(component $Q
            (import "take" (func $take (param "x" {ty})))
            (core module $mem (memory (export "m") 4)) (core instance $i (instantiate $mem))
            (core func $take' (canon lower (func $take) (memory (core memory $i "m")) {options}))
            (core module $q (import "" "take" (func $take (param i32 i32)))
                (func (export "pass") (call $take (i32.const 0) (i32.const {len}))))
            (core instance $q (instantiate $q (with "" (instance (export "take" (func $take'))))))
            (func (export "pass") (canon lift (core func $q "pass"))))
        (instance $q (instantiate $Q (with "take" (func $take))))
        (export "pass" (func $q "pass"))"#
    )
}

/// Types with the length of 64 KiB of them, and the options.
fn types() -> Vec<(&'static str, usize, &'static str)> {
    vec![
        ("string", KIB_64, ""),
        ("string", KIB_64 / 2, "string-encoding=utf16"),
        ("string", KIB_64, "string-encoding=latin1+utf16"),
        ("(list u8)", KIB_64, ""),
        ("(list bool)", KIB_64, ""),
        ("(list f64)", KIB_64 / 8, ""),
        ("(list char)", KIB_64 / 4, ""),
        ("(list string)", KIB_64 / 8, ""),
        ("(list (list u8))", KIB_64 / 8, ""),
        ("(list (tuple u8 u8))", KIB_64 / 2, ""),
        ("(list (tuple u8 string))", KIB_64 / 12, ""),
        ("(list (option u8))", KIB_64 / 2, ""),
        ("(list (result u8))", KIB_64 / 2, ""),
        ("(list $v')", KIB_64 / 2, ""),
        ("(list $f')", KIB_64, ""),
    ]
}

fn call(
    store: &mut Store<()>,
    instance: &Instance,
    name: &str,
    args: &[Val],
) -> Result<Option<Val>, CallError> {
    instance.get_func(&mut *store, &[name]).unwrap().call(&mut *store, args)
}

fn trap<R>(result: Result<R, CallError>, what: &str) -> Trap {
    match result {
        Err(CallError::Trap(trap)) => trap,
        Err(error) => panic!("{what}: {error}"),
        Ok(_) => panic!("{what} returns"),
    }
}

#[test]
fn values_cost_fuel_by_their_size() {
    for (ty, len, options) in types() {
        let what = format!("{ty} {options}");
        let wat = passer(ty, len, options);
        let fresh = |fuel| {
            let (_, mut store, instance) =
                start(&Config::new().consume_fuel(true), &wat, StoreLimits::default());
            store.set_fuel(fuel);
            (store, instance)
        };
        let check = |name: &str, args: &[Val]| {
            let (mut store, instance) = fresh(1000);
            let trap = trap(call(&mut store, &instance, name, args), &format!("{name} {what}"));
            assert!(matches!(trap.cause(), TrapCause::Core(TrapKind::OutOfFuel)), "{name} {what}: {trap}");
        };
        let (mut store, instance) = fresh(10_000_000);
        let value = call(&mut store, &instance, "give", &[]).unwrap().unwrap();
        let used = 10_000_000 - store.fuel();
        assert!((8192 / 2..100_000).contains(&used), "{what}: {used}");
        call(&mut store, &instance, "take", std::slice::from_ref(&value)).unwrap();
        check("give", &[]);
        check("take", &[value]);
        if instance.get_func(&mut store, &["pass"]).is_some() {
            call(&mut store, &instance, "pass", &[]).unwrap();
            check("pass", &[]);
        }
    }
}

#[test]
fn values_are_interrupted_at_the_deadline() {
    for (ty, len, options) in types() {
        let what = format!("{ty} {options}");
        let config = Config::new().epoch_interruption(true);
        let (engine, mut store, instance) = start(&config, &passer(ty, len, options), StoreLimits::default());
        store.set_epoch_deadline(2);
        let value = call(&mut store, &instance, "give", &[]).unwrap().unwrap();
        // Lowering ends before any guest runs.
        engine.increment_epoch();
        let lowered = trap(call(&mut store, &instance, "take", &[value]), &what);
        assert!(matches!(lowered.cause(), TrapCause::Core(TrapKind::Interrupt)), "{what}: {lowered}");
        assert!(lowered.frames().is_empty(), "{what}: {lowered}");
        // The deadline passes when the guest has computed its result: lifting notices.
        let (_engine, mut store, instance) =
            start(&config, &passer(ty, len, options), StoreLimits::default());
        store.set_epoch_deadline(1);
        let lifted = trap(call(&mut store, &instance, "give", &[]), &what);
        assert!(matches!(lifted.cause(), TrapCause::Core(TrapKind::Interrupt)), "{what}: {lifted}");
    }
}

fn typed<R: LiftTuple + Results>(ty: &str, len: usize) {
    let wat = passer(ty, len, "");
    let (_, mut store, instance) = start(&Config::new().consume_fuel(true), &wat, StoreLimits::default());
    store.set_fuel(100);
    let give = instance.get_typed_func::<(), R>(&mut store, &["give"]).unwrap();
    let out = trap(give.call(&mut store, ()), ty);
    assert!(matches!(out.cause(), TrapCause::Core(TrapKind::OutOfFuel)), "{ty}: {out}");
}

#[test]
fn rust_values_cost_as_much() {
    typed::<(String,)>("string", KIB_64);
    typed::<(Vec<u8>,)>("(list u8)", KIB_64);
    typed::<(Vec<char>,)>("(list char)", KIB_64 / 4);
    typed::<(Vec<String>,)>("(list string)", KIB_64 / 8);
    typed::<(Vec<Vec<u8>>,)>("(list (list u8))", KIB_64 / 8);
    typed::<(Vec<(u8, u8)>,)>("(list (tuple u8 u8))", KIB_64 / 2);
    typed::<(Vec<Option<u8>>,)>("(list (option u8))", KIB_64 / 2);
}

/// A guest whose `run` returns a list of 4,096 values that are all in the same place: `len`
/// elements of `inner`. Their room is `limit` of the host's at most.
fn overlapping(ty: &str, len: usize) -> String {
    format!(
        r#"(component
            (core module $m (memory (export "m") 2)
                (func (export "run") (result i32) (local $i i32)
                    (loop $next
                        (i32.store offset=65540
                            (i32.mul (local.get $i) (i32.const 8)) (i32.const {len}))
                        (local.set $i (i32.add (local.get $i) (i32.const 1)))
                        (br_if $next (i32.lt_u (local.get $i) (i32.const 4096))))
                    (i32.store (i32.const 131064) (i32.const 65536))
                    (i32.store (i32.const 131068) (i32.const 4096))
                    (i32.const 131064)))
            (core instance $i (instantiate $m))
            (type $f (flags "a" "b")) (type $v (variant (case "a" u64) (case "b" u8)))
            (type $r (record (field "a" u8) (field "b" string)))
            (export $f' "f" (type $f)) (export $v' "v" (type $v)) (export $r' "r" (type $r))
            (func (export "run") (result (list {ty}))
                (canon lift (core func $i "run") (memory (core memory $i "m")))))"#
    )
}

const LIMIT: u64 = 8 << 20;

/// Checks that a call ends in the limit, and that no more was allocated than it says.
fn check_limit<R>(ty: &str, len: usize, run: impl Fn(&mut Store<()>, &Instance) -> Result<R, CallError>) {
    let limits = StoreLimits { max_lifted_bytes: LIMIT, ..StoreLimits::default() };
    let (_, mut store, instance) = start(&Config::new(), &overlapping(ty, len), limits);
    let mut result = None;
    let allocated = allocation_counter::measure(|| result = Some(run(&mut store, &instance)));
    let trap = trap(result.unwrap(), ty);
    let TrapCause::Limit(limit) = trap.cause() else { panic!("{ty}: {trap}") };
    assert_eq!((limit.kind, limit.max), (LimitKind::LiftedBytes, LIMIT), "{ty}");
    let peak = allocated.bytes_max;
    assert!(peak <= LIMIT + LIMIT / 8, "{ty}: {peak} bytes were allocated");
    // A column of `char`s is counted as the values that it is made of one by one.
    assert!(
        peak >= if ty.contains("char)") { LIMIT / 8 } else { LIMIT / 2 },
        "{ty}: {peak} bytes only: what is counted is not what is taken"
    );
}

#[test]
fn what_lifting_allocates_is_counted() {
    let dynamic = |ty: &str, len| {
        check_limit(ty, len, |store, instance| call(store, instance, "run", &[]));
    };
    dynamic("string", 65536);
    dynamic("(list u8)", 65536);
    dynamic("(list char)", 16384);
    dynamic("(list string)", 8192);
    dynamic("(list (list u8))", 8192);
    dynamic("(list (tuple u8 u8))", 32768);
    dynamic("(list (tuple u8 char))", 8192);
    dynamic("(list $r')", 5000);
    dynamic("(list (option u64))", 4096);
    dynamic("(list (option (option u8)))", 16384);
    dynamic("(list (result u64))", 4096);
    dynamic("(list $v')", 4096);
    dynamic("(list $f')", 65536);
    dynamic("(list (tuple (tuple u8 u8) (tuple u8 u8)))", 16384);
}

#[test]
fn what_lifting_to_rust_types_allocates_is_counted() {
    fn typed<R: LiftTuple + Results>(ty: &str, len: usize) {
        check_limit(ty, len, |store, instance| {
            let run = instance.get_typed_func::<(), R>(&mut *store, &["run"]).unwrap();
            run.call(store, ())
        });
    }
    typed::<(Vec<String>,)>("string", 65536);
    typed::<(Vec<Vec<u8>>,)>("(list u8)", 65536);
    typed::<(Vec<Vec<String>>,)>("(list string)", 8192);
    typed::<(Vec<Vec<(u8, u8)>>,)>("(list (tuple u8 u8))", 32768);
    typed::<(Vec<Vec<Option<u64>>>,)>("(list (option u64))", 4096);
    typed::<(Vec<Vec<Option<Box<u8>>>>,)>("(list (option u8))", 32768);
}

#[test]
fn maps_are_counted() {
    fn typed<R: LiftTuple + Results>() {
        check_limit("(map u32 u32)", 8192, |store, instance| {
            let run = instance.get_typed_func::<(), R>(&mut *store, &["run"]).unwrap();
            run.call(store, ())
        });
    }
    check_limit("(map u32 u32)", 8192, |store, instance| call(store, instance, "run", &[]));
    typed::<(Vec<Map<u32, u32>>,)>();
    // These hold one entry of the many with the same key, so only the limit is checked.
    let limits = StoreLimits { max_lifted_bytes: LIMIT, ..StoreLimits::default() };
    let wat = overlapping("(map u32 u32)", 8192);
    let (_, mut store, instance) = start(&Config::new(), &wat, limits);
    let hash = instance.get_typed_func::<(), (Vec<HashMap<u32, u32>>,)>(&mut store, &["run"]).unwrap();
    assert!(matches!(trap(hash.call(&mut store, ()), "hash").cause(), TrapCause::Limit(_)));
    let (_, mut store, instance) =
        start(&Config::new(), &wat, StoreLimits { max_lifted_bytes: LIMIT, ..StoreLimits::default() });
    let tree = instance.get_typed_func::<(), (Vec<BTreeMap<u32, u32>>,)>(&mut store, &["run"]).unwrap();
    assert!(matches!(trap(tree.call(&mut store, ()), "tree").cause(), TrapCause::Limit(_)));
}
