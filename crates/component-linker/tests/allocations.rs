//! What a synchronous call on Rust types asks of the allocator: what its result owns, and nothing
//! else.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use allocation_counter::measure;
use component_linker::{Component, ComponentType, Config, Engine, Instance, Lift, Linker, Lower, Store};

/// Checks that a call asks for so many pieces of memory from the second time on.
fn check(what: &str, expected: u64, mut call: impl FnMut()) {
    call();
    let asked = measure(|| (0..100).for_each(|_| call()));
    assert_eq!(asked.count_total, 100 * expected, "{what}");
}

fn instance(linker: &Linker<u64>, bytes: &[u8]) -> (Store<u64>, Instance) {
    let engine = Engine::new(&Config::new()).unwrap();
    let component = Component::new(&engine, bytes).unwrap();
    let mut store = Store::new(&engine, 0);
    let instance = linker.instantiate(&mut store, &component).unwrap();
    (store, instance)
}

/// Functions of scalars; `run` and `echo` call the host.
const SCALARS: &str = r#"(component
    (import "add" (func $add (param "a" u32) (param "b" u32) (result u32)))
    (import "log" (func $log (param "x" string)))
    (import "wide" (func $wide (param "x" (tuple u64 f64)) (result (tuple u64 f64))))
    (core module $libc
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
    (core instance $libc (instantiate $libc))
    (core func $core-add (canon lower (func $add)))
    (core func $core-log (canon lower (func $log) (memory (core memory $libc "memory"))))
    (core func $core-wide (canon lower (func $wide) (memory (core memory $libc "memory"))))
    (type $r (resource (rep i32)))
    (core func $new (canon resource.new $r))
    (core func $rep (canon resource.rep $r))
    (core func $drop (canon resource.drop $r))
    (core module $m
        (import "" "add" (func $add (param i32 i32) (result i32)))
        (import "" "log" (func $log (param i32 i32)))
        (import "" "wide" (func $wide (param i64 f64 i32)))
        (import "" "new" (func $new (param i32) (result i32)))
        (import "" "rep" (func $rep (param i32) (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (import "libc" "memory" (memory 1))
        (func (export "nop"))
        (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
        (func (export "run") (param i32 i32) (result i32) (call $add (local.get 0) (local.get 1)))
        (func (export "wide") (param i64 f64) (result i32)
            (call $wide (local.get 0) (local.get 1) (i32.const 64)) (i32.const 64))
        (func (export "log") (param i32 i32) (call $log (local.get 0) (local.get 1)))
        (func (export "handles") (param i32) (result i32) (local $h i32)
            (local.set $h (call $new (local.get 0)))
            (call $rep (local.get $h))
            (call $drop (local.get $h)))
        (func (export "post") (param i32)))
    (core instance $i (instantiate $m
        (with "" (instance (export "add" (func $core-add)) (export "log" (func $core-log))
            (export "wide" (func $core-wide)) (export "new" (func $new)) (export "rep" (func $rep))
            (export "drop" (func $drop))))
        (with "libc" (instance $libc))))
    (func (export "nop") (canon lift (core func $i "nop")))
    (func (export "add") (param "a" u32) (param "b" u32) (result u32)
        (canon lift (core func $i "add") (post-return (core func $i "post"))))
    (func (export "run") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "run")))
    (func (export "wide") (param "x" (tuple u64 f64)) (result (tuple u64 f64))
        (canon lift (core func $i "wide") (memory (core memory $libc "memory"))))
    (func (export "log") (param "x" string) (canon lift (core func $i "log")
        (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
    (func (export "handles") (param "rep" u32) (result u32) (canon lift (core func $i "handles"))))"#;

#[test]
fn calls_of_scalars_allocate_nothing() {
    let mut linker = Linker::<u64>::new();
    let mut root = linker.root();
    root.func_wrap("add", |cx, (a, b): (u32, u32)| {
        *cx.data_mut() += 1;
        Ok((a + b,))
    })
    .unwrap();
    root.func_wrap("wide", |_, (x,): ((u64, f64),)| Ok((x,))).unwrap();
    root.func_wrap("log", |_, (x,): (String,)| {
        assert_eq!(x, "a text");
        Ok(())
    })
    .unwrap();
    let (mut store, instance) = instance(&linker, &wat::parse_str(SCALARS).unwrap());
    let store = &mut store;
    let nop = instance.get_typed_func::<(), ()>(&mut *store, &["nop"]).unwrap();
    check("() -> ()", 0, || nop.call(&mut *store, ()).unwrap());
    for name in ["add", "run"] {
        let func = instance.get_typed_func::<(u32, u32), (u32,)>(&mut *store, &[name]).unwrap();
        check(name, 0, || assert_eq!(func.call(&mut *store, (1, 2)).unwrap(), (3,)));
    }
    let wide = instance.get_typed_func::<((u64, f64),), ((u64, f64),)>(&mut *store, &["wide"]).unwrap();
    check("a result in memory", 0, || {
        assert_eq!(wide.call(&mut *store, ((1 << 40, 0.5),)).unwrap(), ((1 << 40, 0.5),));
    });
    let log = instance.get_typed_func::<(&str,), ()>(&mut *store, &["log"]).unwrap();
    check("the host function's string", 1, || log.call(&mut *store, ("a text",)).unwrap());
    let handles = instance.get_typed_func::<(u32,), (u32,)>(&mut *store, &["handles"]).unwrap();
    check("handles", 0, || assert_eq!(handles.call(&mut *store, (7,)).unwrap(), (7,)));
    assert_eq!(*store.data(), 101);
}

#[derive(ComponentType, Lift, Lower)]
struct DataChunk {
    id: u64,
    payload: Vec<u8>,
}

#[test]
fn a_plugin_call_allocates_its_result() {
    let (mut store, instance) =
        instance(&Linker::new(), include_bytes!("../../../examples/guests/plugin-rs.wasm"));
    let path = ["techbytes:plugin/processing", "process"];
    type Processed = (Result<DataChunk, String>,);
    let process = instance.get_typed_func::<(&DataChunk,), Processed>(&mut store, &path).unwrap();
    let chunk = DataChunk { id: 7, payload: vec![1; 1000] };
    check("process", 1, || {
        let (back,) = process.call(&mut store, (&chunk,)).unwrap();
        assert_eq!(back.unwrap().payload, chunk.payload);
    });
}
