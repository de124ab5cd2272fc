//! Calls, in every direction.

use crate::guests::{SMALL, calling_component, calling_host, component, engine, resources};
use component_linker::{
    Component, ComponentType, Func, Instance, Lift, Linker, List, Lower, Store, TypedFunc, Val,
};
use std::hint::black_box;

/// Calls an exported function of core WebAssembly.
pub(crate) fn core(rounds: u32) {
    let text = r#"(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"#;
    let config = jit::Config::new().parallel_compilation(false);
    let engine = jit::Engine::new(&config).expect("this machine is supported");
    let module =
        jit::Module::new(&engine, &wat::parse_str(text).expect("valid text")).expect("a valid module");
    let mut store = jit::Store::new(&engine, ());
    let instance = jit::Instance::new(&mut store, &module, &[]).expect("it imports nothing");
    let func = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add").expect("its type");
    for _ in 0..rounds {
        black_box(func.call(&mut store, black_box((1, 2))).expect("it returns"));
    }
}

fn instance(linker: &Linker<()>, text: &str) -> (Store<()>, Instance) {
    let engine = engine();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component(&engine, text)).expect("it instantiates");
    (store, instance)
}

fn exported(store: &mut Store<()>, instance: &Instance, path: &[&str]) -> Func {
    instance.get_func(store, path).expect("it exports")
}

/// Calls a function of [`SMALL`] on Rust types.
macro_rules! small {
    ($rounds:expr, $name:expr, $params:ty, $results:ty, $arguments:expr) => {{
        let (mut store, instance) = instance(&Linker::new(), SMALL);
        let func: TypedFunc<$params, $results> =
            instance.get_typed_func(&mut store, &[$name]).expect("its type");
        for _ in 0..$rounds {
            let _ = black_box(func.call(&mut store, black_box($arguments)).expect("it returns"));
        }
    }};
}

/// Calls `() -> ()`.
pub(crate) fn none(rounds: u32) {
    small!(rounds, "none", (), (), ());
}

/// Calls `(u32, u32) -> u32`.
pub(crate) fn add(rounds: u32) {
    small!(rounds, "add", (u32, u32), (u32,), (1, 2));
}

/// Calls `string -> string`.
pub(crate) fn text(rounds: u32) {
    small!(rounds, "text", (&str,), (String,), ("some words ",));
}

/// A record of [`SMALL`].
#[derive(ComponentType, Lift, Lower)]
struct Entry {
    id: u64,
    name: String,
    on: bool,
}

/// Calls with a record that comes back.
pub(crate) fn record(rounds: u32) {
    let entry = Entry { id: 7, name: "some words".to_owned(), on: true };
    small!(rounds, "record", (&Entry,), (Entry,), (&entry,));
}

/// Calls `(u32, u32) -> u32` with values of component types.
pub(crate) fn values(rounds: u32) {
    let (mut store, instance) = instance(&Linker::new(), SMALL);
    let func = exported(&mut store, &instance, &["add"]);
    let arguments = [Val::U32(1), Val::U32(2)];
    for _ in 0..rounds {
        black_box(func.call(&mut store, black_box(&arguments)).expect("it returns"));
    }
}

fn process() -> (Store<()>, Func) {
    let engine = engine();
    let bytes = include_bytes!("../../../../examples/guests/plugin-rs.wasm");
    let component = Component::new(&engine, bytes).expect("a valid component");
    let mut linker = Linker::new();
    linker.stub_imports(&component).expect("nothing is linked yet");
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).expect("it instantiates");
    let func = exported(&mut store, &instance, &["techbytes:plugin/processing", "process"]);
    (store, func)
}

/// The chunk of the plugin's `process`.
#[derive(ComponentType, Lift, Lower)]
struct DataChunk {
    id: u64,
    payload: Vec<u8>,
}

fn process_typed(rounds: u32, n_bytes: usize) {
    let (mut store, func) = process();
    let func = func.typed::<(&DataChunk,), (Result<DataChunk, String>,)>(&mut store).expect("its type");
    let chunk = DataChunk { id: 7, payload: vec![1; n_bytes] };
    for _ in 0..rounds {
        let _ = black_box(func.call(&mut store, black_box((&chunk,))).expect("it returns"));
    }
}

/// Calls the plugin with little.
pub(crate) fn process_small(rounds: u32) {
    process_typed(rounds, 3);
}

/// Calls the plugin with much.
pub(crate) fn process_large(rounds: u32) {
    process_typed(rounds, 64 << 10);
}

/// Calls the plugin with values of component types.
pub(crate) fn process_values(rounds: u32) {
    let (mut store, func) = process();
    let arguments = [Val::Record(vec![Val::U64(7), Val::List(List::U8(vec![1; 3]))])];
    for _ in 0..rounds {
        black_box(func.call(&mut store, black_box(&arguments)).expect("it returns"));
    }
}

/// Has a guest call something so many times.
fn loops((mut store, instance): (Store<()>, Instance), name: &str, rounds: u32) {
    let func: TypedFunc<(u32,), ()> = instance.get_typed_func(&mut store, &[name]).expect("its type");
    func.call(&mut store, (rounds,)).expect("it returns");
}

fn host(name: &str, rounds: u32) {
    let mut linker = Linker::new();
    let mut callees = linker.instance("callees").expect("nothing is linked yet");
    let defined = callees
        .func_wrap("none", |_, (): ()| Ok(()))
        .and_then(|()| callees.func_wrap("id", |_, (x,): (u32,)| Ok((x,))))
        .and_then(|()| {
            callees.func_wrap("text", |_, (x,): (String,)| {
                black_box(x);
                Ok(())
            })
        })
        .and_then(|()| {
            callees.func_wrap("bytes", |_, (x,): (Vec<u8>,)| {
                black_box(x);
                Ok(())
            })
        });
    defined.expect("nothing is linked yet");
    loops(instance(&linker, &calling_host()), name, rounds);
}

/// A guest calls the host's `() -> ()`.
pub(crate) fn host_none(rounds: u32) {
    host("none", rounds);
}

/// A guest calls the host's `u32 -> u32`.
pub(crate) fn host_id(rounds: u32) {
    host("id", rounds);
}

/// A guest passes a string to the host.
pub(crate) fn host_text(rounds: u32) {
    host("text", rounds);
}

fn across(name: &str, rounds: u32) {
    loops(instance(&Linker::new(), &calling_component()), name, rounds);
}

/// A component calls another one's `() -> ()`.
pub(crate) fn across_none(rounds: u32) {
    across("none", rounds);
}

/// A component calls another one's `u32 -> u32`.
pub(crate) fn across_id(rounds: u32) {
    across("id", rounds);
}

/// A component passes a string to another one.
pub(crate) fn across_text(rounds: u32) {
    across("text", rounds);
}

/// A component passes bytes to another one.
pub(crate) fn across_bytes(rounds: u32) {
    across("bytes", rounds);
}

fn with_resources(name: &str, rounds: u32) {
    let (mut store, instance) = instance(&Linker::new(), &resources());
    let set_up: TypedFunc<(), ()> = instance.get_typed_func(&mut store, &["set-up"]).expect("its type");
    set_up.call(&mut store, ()).expect("it returns");
    loops((store, instance), name, rounds);
}

/// A component lends a handle to another one, whose resource it is.
pub(crate) fn across_borrow(rounds: u32) {
    with_resources("borrow", rounds);
}

/// A component makes a resource and drops it.
pub(crate) fn new_and_drop(rounds: u32) {
    with_resources("new-and-drop", rounds);
}

/// A component asks for a resource's representation.
pub(crate) fn rep(rounds: u32) {
    with_resources("rep", rounds);
}
