//! Traps: the message and the frames of each kind, and the ways through host functions.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::{call, engine, instance, module};
use jit::{
    AsContextMut, Caller, Extern, Func, FuncType, HostError, Instance, InstantiateError, Store, Trap,
    TrapKind, Val, ValType,
};

/// Checks the text of the trap that an export without parameters ends in, and that the instance
/// still works.
fn check(fields: &str, expected: &str) {
    let wat = format!(
        r#"(module $m (type $t (func)) (memory 1) (memory $m64 i64 1) (table $tab 2 funcref)
            (table $far i64 0x12346 funcref)
            (elem (i32.const 0) func $other) (func $other (param i32))
            (data $data "abc")
            (func $bad (export "bad") {fields})
            (func (export "good") (result i32) (i32.const 1)))"#
    );
    let (mut store, instance) = instance(&wat, |_| Vec::new());
    for _ in 0..2 {
        let trap = call(&mut store, instance, "bad", &[]).unwrap_err();
        let text = trap.to_string();
        let (message, frames) = text.split_once('\n').unwrap();
        assert_eq!(message, format!("wasm trap: {expected}"), "{fields}");
        assert!(frames.starts_with("    0: ") && frames.ends_with(" - m!bad"), "{frames}");
        assert_eq!(call(&mut store, instance, "good", &[]).unwrap(), [Val::I32(1)]);
    }
}

#[test]
fn each_kind() {
    check("unreachable", "wasm `unreachable` instruction executed");
    let memory = "out of bounds memory access";
    check("(drop (i32.load (i32.const 65533)))", memory);
    check("(drop (i32.load8_u (i32.const -1)))", memory);
    check("(drop (i64.load offset=0xffffffff (i32.const -1)))", memory);
    check("(i32.store offset=0x7fffffff (i32.const 0) (i32.const 0))", memory);
    check("(drop (i32.load $m64 (i64.const 65533)))", memory);
    check("(drop (i32.load $m64 offset=0xffffffffffffffff (i64.const 0)))", memory);
    check("(drop (i32.load $m64 offset=8 (i64.const -8)))", memory);
    check("(memory.fill (i32.const 65535) (i32.const 0) (i32.const 2))", memory);
    check("(memory.copy (i32.const 0) (i32.const 65535) (i32.const 2))", memory);
    check("(memory.init $data (i32.const 0) (i32.const 2) (i32.const 2))", memory);
    let table = "out of bounds table access";
    check("(drop (table.get (i32.const 2)))", table);
    check("(table.set (i32.const -1) (ref.null func))", table);
    check("(table.fill (i32.const 1) (ref.null func) (i32.const 2))", table);
    check("(table.copy (i32.const 1) (i32.const 0) (i32.const 2))", table);
    check("(call_indirect (type $t) (i32.const 2))", "undefined element");
    check("(call_indirect (type $t) (i32.const 1))", "uninitialized element 1");
    check("(return_call_indirect (type $t) (i32.const 1))", "uninitialized element 1");
    check("(call_indirect $far (type $t) (i64.const 0x12345))", "uninitialized element 74565");
    check("(call_indirect (type $t) (i32.const 0))", "indirect call type mismatch");
    check("(drop (i32.div_u (i32.const 1) (i32.const 0)))", "integer divide by zero");
    check("(drop (i64.rem_s (i64.const 1) (i64.const 0)))", "integer divide by zero");
    check("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", "integer overflow");
    check("(drop (i32.trunc_f64_s (f64.const 1e10)))", "integer overflow");
    check("(drop (i64.trunc_f32_u (f32.const nan)))", "invalid conversion to integer");
}

#[test]
fn stack_overflow_keeps_the_innermost_frames() {
    let wat = r#"(module $deep (func $f (export "f") (param i32) (result i32)
        (i32.add (call $f (i32.add (local.get 0) (i32.const 1))) (i32.const 1))))"#;
    let (mut store, instance) = instance(wat, |_| Vec::new());
    for _ in 0..3 {
        let trap = call(&mut store, instance, "f", &[Val::I32(0)]).unwrap_err();
        assert!(matches!(trap.kind(), TrapKind::StackOverflow), "{:?}", trap.kind());
        assert_eq!(trap.backtrace().frames().len(), 64);
        assert!(trap.backtrace().frames().iter().all(|f| f.func_name.as_deref() == Some("f")));
    }
}

/// Makes a function that calls its only argument's export "again" of the instance in the store's
/// data.
fn again(store: &mut Store<Option<Instance>>) -> Func {
    Func::new(store, FuncType::new([ValType::I32], [ValType::I32]), |mut caller, params, results| {
        let instance = caller.data().ok_or("no instance yet")?;
        let func = instance.get_func(&caller, "again").ok_or("no export")?;
        Ok(func.call(&mut caller, params, results)?)
    })
}

fn nested(wat: &str) -> (Store<Option<Instance>>, Instance) {
    let engine = engine();
    let module = module(&engine, wat);
    let mut store = Store::new(&engine, None);
    let host = again(&mut store);
    let instance = Instance::new(&mut store, &module, &[Extern::Func(host)]).unwrap();
    *store.data_mut() = Some(instance);
    (store, instance)
}

#[test]
fn nested_calls_show_the_frames_of_all_activations() {
    let wat = r#"(module $n
        (import "" "host" (func $host (param i32) (result i32)))
        (func $inner (param i32) (result i32) (i32.div_u (i32.const 100) (local.get 0)))
        (func $again (export "again") (param i32) (result i32) (call $inner (local.get 0)))
        (func $outer (export "outer") (param i32) (result i32)
            (i32.add (call $host (local.get 0)) (i32.const 1))))"#;
    let (mut store, instance) = nested(wat);
    assert_eq!(call(&mut store, instance, "outer", &[Val::I32(4)]).unwrap(), [Val::I32(26)]);
    let trap = call(&mut store, instance, "outer", &[Val::I32(0)]).unwrap_err();
    assert!(matches!(trap.kind(), TrapKind::IntegerDivideByZero));
    let names: Vec<_> = trap.backtrace().frames().iter().map(|f| f.func_name.clone().unwrap()).collect();
    assert_eq!(names, ["inner", "again", "outer"]);
    assert_eq!(call(&mut store, instance, "outer", &[Val::I32(50)]).unwrap(), [Val::I32(3)]);
}

#[test]
fn recursion_through_the_host_exhausts_the_guest_stack() {
    let wat = r#"(module
        (import "" "host" (func $host (param i32) (result i32)))
        (func (export "again") (param i32) (result i32) (call $host (local.get 0))))"#;
    let (mut store, instance) = nested(wat);
    for _ in 0..3 {
        let trap = call(&mut store, instance, "again", &[Val::I32(0)]).unwrap_err();
        assert!(matches!(trap.kind(), TrapKind::StackOverflow), "{trap}");
    }
}

#[derive(Debug, PartialEq)]
struct Refused(u32);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "refused {}", self.0)
    }
}

impl std::error::Error for Refused {}

/// An instance whose export "f" calls a host function through three wasm frames.
fn through_wasm(
    host: impl Fn(Caller<'_, ()>) -> Result<(), HostError> + Send + Sync + 'static,
) -> (Store<()>, Instance) {
    let wat = r#"(module $h (import "" "host" (func $host))
        (func $a (call $host)) (func $b (call $a) (call $a)) (func (export "f") (call $b)))"#;
    instance(wat, |store| {
        vec![Extern::Func(Func::new(store, FuncType::new([], []), move |caller, _, _| host(caller)))]
    })
}

#[test]
fn host_errors_come_back_to_the_caller() {
    let (mut store, instance) = through_wasm(|_| Err(Box::new(Refused(7))));
    let trap = call(&mut store, instance, "f", &[]).unwrap_err();
    assert_eq!(trap.downcast_ref(), Some(&Refused(7)));
    let text = trap.to_string();
    let lines: Vec<_> = text.lines().map(|line| line.rsplit(" - ").next().unwrap()).collect();
    assert_eq!(lines, ["refused 7", "h!a", "h!b", "h!<wasm function 3>"]);
}

#[test]
fn host_panics_come_back_to_the_caller() {
    let (mut store, instance) = through_wasm(|_| std::panic::panic_any(11_u8));
    for _ in 0..2 {
        let unwound = catch_unwind(AssertUnwindSafe(|| call(&mut store, instance, "f", &[])));
        assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&11_u8));
    }
}

#[test]
fn host_functions_see_their_arguments_and_are_held_to_their_results() {
    let types =
        [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::FUNCREF, ValType::EXTERNREF];
    let ty = FuncType::new(types, types);
    let (mut store, _) = instance("(module)", |_| Vec::new());
    let echo = Func::new(&mut store, ty.clone(), |_, params, results| {
        results.clone_from_slice(params);
        Ok(())
    });
    let params = [
        Val::I32(-1),
        Val::I64(i64::MIN),
        Val::F32(1),
        Val::F64(2),
        Val::FuncRef(Some(echo)),
        Val::ExternRef(None),
    ];
    let mut results = [const { Val::I32(0) }; 6];
    echo.call(&mut store, &params, &mut results).unwrap();
    assert_eq!(results, params);

    let wrong = Func::new(&mut store, ty, |_, _, results| {
        results.fill(Val::I64(0));
        Ok(())
    });
    let trap = wrong.call(&mut store, &params, &mut results).unwrap_err();
    assert_eq!(trap.to_string(), "host function returned i64 instead of i32");
}

#[test]
fn many_stack_arguments_survive_a_trap() {
    let params = "i64 ".repeat(30);
    let args = "(i64.const 1) ".repeat(30);
    let wat = format!(
        r#"(module (import "" "host" (func $host (param {params}) (result {params})))
            (func $g (param {params}) (result {params}) (call $host {gets}))
            (func (export "f") (result {params}) (call $g {args})))"#,
        gets = (0..30).map(|i| format!("(local.get {i})")).collect::<String>(),
    );
    let types = [ValType::I64; 30];
    let (mut store, instance) = instance(&wat, |store| {
        let host = Func::new(store, FuncType::new(types, types), |_, params, _| {
            Err(Box::new(Refused(u32::from(params == [const { Val::I64(1) }; 30]))))
        });
        vec![Extern::Func(host)]
    });
    for _ in 0..100 {
        let trap = call(&mut store, instance, "f", &[]).unwrap_err();
        assert_eq!(trap.downcast_ref(), Some(&Refused(1)));
    }
}

#[test]
fn mismatched_calls_run_nothing() {
    let wat = r#"(module (func (export "f") (param i32) (result i32) unreachable))"#;
    let (mut store, instance) = instance(wat, |_| Vec::new());
    let func = instance.get_func(&store, "f").unwrap();
    let check = |store: &mut Store<()>, params: &[Val], n_results: usize, expected: &str| {
        let trap: Trap = func.call(store, params, &mut vec![Val::I32(0); n_results]).unwrap_err();
        assert!(matches!(trap.kind(), TrapKind::Mismatch(_)));
        assert_eq!(trap.kind().to_string(), expected);
    };
    let ty = "a function of type [i32] -> [i32] was called as";
    check(&mut store, &[], 1, &format!("{ty} [] -> [] with 1 result slots"));
    check(&mut store, &[Val::I64(0)], 1, &format!("{ty} [i64] -> [] with 1 result slots"));
    check(&mut store, &[Val::I32(0)], 0, &format!("{ty} [i32] -> [] with 0 result slots"));
}

#[test]
fn start_functions_and_segments_trap() {
    let check = |wat: &str, expected: &str| {
        let engine = engine();
        let module = module(&engine, wat);
        let mut store = Store::new(&engine, ());
        let Err(InstantiateError::Trap(trap)) = Instance::new(store.as_context_mut(), &module, &[]) else {
            panic!("{wat} does not trap");
        };
        assert_eq!(trap.kind().to_string(), expected);
    };
    check("(module (func $f unreachable) (start $f))", "wasm `unreachable` instruction executed");
    check(r#"(module (memory 1) (data (i32.const 65535) "ab"))"#, "out of bounds memory access");
    check("(module (table 1 funcref) (elem (i32.const 1) func $f) (func $f))", "out of bounds table access");
}
