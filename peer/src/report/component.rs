//! The rows on components: what a host of plugins does all day.

use std::hint::black_box;

use component_linker::{self as ours, List, Val};
use wasmtime::component as theirs;

use super::Report;

const PLUGIN: &[u8] = include_bytes!("../../../examples/guests/plugin-rs.wasm");
const PROCESSING: &str = "techbytes:plugin/processing";

/// Calls of functions that do nothing, or next to it.
const EMPTY: &str = r#"(component
    (core module $m
      (func (export "nop"))
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
    (core instance $m (instantiate $m))
    (func (export "nop") (canon lift (core func $m "nop")))
    (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $m "add"))))"#;

/// `run` has one component pass a list of 1 MiB to the other, once; `nops` calls it often without
/// any arguments.
const PASS: &str = r#"(component
    (component $callee
      (core module $m
        (memory (export "memory") 64)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0x100000))
        (func (export "take") (param i32 i32))
        (func (export "nop")))
      (core instance $m (instantiate $m))
      (func (export "take") (param "bytes" (list u8)) (canon lift (core func $m "take")
        (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
      (func (export "nop") (canon lift (core func $m "nop"))))
    (component $caller
      (import "take" (func $take (param "bytes" (list u8))))
      (import "nop" (func $nop))
      (core module $libc (memory (export "memory") 64))
      (core instance $libc (instantiate $libc))
      (core func $take (canon lower (func $take) (memory (core memory $libc "memory"))))
      (core func $nop (canon lower (func $nop)))
      (core module $m
        (import "" "take" (func $take (param i32 i32)))
        (import "" "nop" (func $nop))
        (func (export "run") (call $take (i32.const 0x10000) (i32.const 0x100000)))
        (func (export "nops") (local $i i32)
          (loop
            (call $nop)
            (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))))
      (core instance $m (instantiate $m (with "" (instance
        (export "take" (func $take)) (export "nop" (func $nop))))))
      (func (export "run") (canon lift (core func $m "run")))
      (func (export "nops") (canon lift (core func $m "nops"))))
    (instance $callee (instantiate $callee))
    (instance $caller (instantiate $caller
      (with "take" (func $callee "take")) (with "nop" (func $callee "nop"))))
    (export "run" (func $caller "run"))
    (export "nops" (func $caller "nops")))"#;

/// Adds the rows.
pub(crate) fn rows(report: &mut Report) -> wasmtime::Result<()> {
    let ours = ours::Engine::new(&ours::Config::new())?;
    let theirs = wasmtime::Engine::new(&wasmtime::Config::new())?;
    calls(report, &ours, &theirs)?;
    passing(report, &ours, &theirs)?;
    process(report, &ours, &theirs)?;
    starting(report, &ours, &theirs)?;
    println!();
    Ok(())
}

/// An instance here.
struct Ours {
    store: ours::Store<()>,
    instance: ours::Instance,
}

impl Ours {
    fn new(engine: &ours::Engine, bytes: &[u8]) -> wasmtime::Result<Self> {
        let component = ours::Component::new(engine, bytes)?;
        let mut store = ours::Store::new(engine, ());
        let instance = ours::Linker::new().instantiate(&mut store, &component)?;
        Ok(Self { store, instance })
    }

    /// Returns what calls a function with these arguments, dynamically typed.
    fn call(self, path: &[&str], args: Vec<Val>) -> impl FnMut() + use<> {
        let Self { mut store, instance } = self;
        let func = instance.get_func(&mut store, path).expect("it exports that");
        move || {
            black_box(func.call(&mut store, black_box(&args)).expect("it returns"));
        }
    }

    /// Returns what calls a function with these arguments, statically typed.
    fn call_typed<P, R>(self, name: &str, args: P) -> impl FnMut() + use<P, R>
    where
        P: ours::typed::LowerTuple + Copy + 'static,
        R: ours::typed::Results + ours::typed::LiftTuple + 'static,
    {
        let Self { mut store, instance } = self;
        let func = instance.get_typed_func::<P, R>(&mut store, &[name]).expect("it exports that");
        move || {
            black_box(func.call(&mut store, black_box(args)).expect("it returns"));
        }
    }
}

/// An instance on the peer.
struct Theirs {
    store: wasmtime::Store<()>,
    instance: theirs::Instance,
}

impl Theirs {
    fn new(engine: &wasmtime::Engine, bytes: &[u8]) -> wasmtime::Result<Self> {
        let component = theirs::Component::new(engine, bytes)?;
        let mut store = wasmtime::Store::new(engine, ());
        let instance = theirs::Linker::new(engine).instantiate(&mut store, &component)?;
        Ok(Self { store, instance })
    }

    /// Returns what calls a function with these arguments, dynamically typed.
    fn call(self, name: &str, args: Vec<theirs::Val>, n_results: usize) -> impl FnMut() + use<> {
        let Self { mut store, instance } = self;
        let func = instance.get_func(&mut store, name).expect("it exports that");
        let mut results = vec![theirs::Val::Bool(false); n_results];
        move || func.call(&mut store, black_box(&args), black_box(&mut results)).expect("it returns")
    }

    /// Returns what calls a function with these arguments, statically typed.
    fn call_typed<P, R>(self, name: &str, args: P) -> impl FnMut() + use<P, R>
    where
        P: theirs::ComponentNamedList + theirs::Lower + Copy + Send + Sync,
        R: theirs::ComponentNamedList + theirs::Lift + Send + Sync + 'static,
        P: 'static,
    {
        let Self { mut store, instance } = self;
        let func = instance.get_typed_func::<P, R>(&mut store, name).expect("it exports that");
        move || {
            black_box(func.call(&mut store, black_box(args)).expect("it returns"));
        }
    }
}

fn calls(report: &mut Report, ours: &ours::Engine, theirs: &wasmtime::Engine) -> wasmtime::Result<()> {
    let bytes = wat::parse_str(EMPTY)?;
    let pair = || -> wasmtime::Result<_> { Ok((Ours::new(ours, &bytes)?, Theirs::new(theirs, &bytes)?)) };
    let (a, b) = pair()?;
    report.row(
        "component call () -> (), dynamic",
        &mut a.call(&["nop"], vec![]),
        &mut b.call("nop", vec![], 0),
    );
    let (a, b) = pair()?;
    let mut typed = b.call_typed::<(), ()>("nop", ());
    report.row("component call () -> ()", &mut a.call_typed::<(), ()>("nop", ()), &mut typed);
    let (a, b) = pair()?;
    let args = vec![theirs::Val::U32(1), theirs::Val::U32(2)];
    report.row(
        "component call (u32, u32) -> u32, dynamic",
        &mut a.call(&["add"], vec![Val::U32(1), Val::U32(2)]),
        &mut b.call("add", args, 1),
    );
    let (a, b) = pair()?;
    let mut typed = b.call_typed::<(u32, u32), (u32,)>("add", (1, 2));
    let mut call = a.call_typed::<(u32, u32), (u32,)>("add", (1, 2));
    report.row("component call (u32, u32) -> u32", &mut call, &mut typed);
    Ok(())
}

fn passing(report: &mut Report, ours: &ours::Engine, theirs: &wasmtime::Engine) -> wasmtime::Result<()> {
    let bytes = wat::parse_str(PASS)?;
    let rows =
        [("run", "list<u8> of 1 MiB between components"), ("nops", "1000 calls () -> () between components")];
    for (name, row) in rows {
        let (a, b) = (Ours::new(ours, &bytes)?, Theirs::new(theirs, &bytes)?);
        report.row(row, &mut a.call_typed::<(), ()>(name, ()), &mut b.call_typed::<(), ()>(name, ()));
    }
    Ok(())
}

/// What the plugin's `process` takes and gives, for the peer.
#[derive(Clone, Copy, theirs::ComponentType, theirs::Lower)]
#[component(record)]
struct TheirChunk<'a> {
    id: u64,
    payload: &'a [u8],
}

#[derive(theirs::ComponentType, theirs::Lift)]
#[component(record)]
#[expect(dead_code, reason = "lifting it is what is timed")]
struct TheirProcessed {
    id: u64,
    payload: Vec<u8>,
}

/// The same here.
#[derive(ours::ComponentType, ours::Lower)]
struct OurChunk<'a> {
    id: u64,
    payload: &'a [u8],
}

#[derive(ours::ComponentType, ours::Lift)]
#[expect(dead_code, reason = "lifting it is what is timed")]
struct OurProcessed {
    id: u64,
    payload: Vec<u8>,
}

fn process(report: &mut Report, ours: &ours::Engine, theirs: &wasmtime::Engine) -> wasmtime::Result<()> {
    for (n_bytes, size) in [(3, "3 bytes"), (64 << 10, "64 KiB")] {
        let payload = vec![1; n_bytes];
        let Ours { store: mut our_store, instance } = Ours::new(ours, PLUGIN)?;
        let path = [PROCESSING, "process"];
        type OurAnswer = (Result<OurProcessed, String>,);
        let our_func = instance.get_typed_func::<(OurChunk<'_>,), OurAnswer>(&mut our_store, &path)?;
        let mut our_call = || {
            let chunk = OurChunk { id: 7, payload: black_box(&payload) };
            black_box(our_func.call(&mut our_store, (chunk,)).expect("it returns").0.is_ok());
        };
        let Theirs { mut store, instance } = Theirs::new(theirs, PLUGIN)?;
        let export = instance.get_export_index(&mut store, None, PROCESSING).expect("it exports that");
        let export =
            instance.get_export_index(&mut store, Some(&export), "process").expect("it exports that");
        type TheirAnswer = (Result<TheirProcessed, String>,);
        let func = instance.get_typed_func::<(TheirChunk<'_>,), TheirAnswer>(&mut store, &export)?;
        let mut their_call = || {
            let chunk = TheirChunk { id: 7, payload: black_box(&payload) };
            black_box(func.call(&mut store, (chunk,)).expect("it returns").0.is_ok());
        };
        report.row(&format!("process, {size}"), &mut our_call, &mut their_call);
        let chunk = Val::Record(vec![Val::U64(7), Val::List(List::U8(payload.clone()))]);
        let mut dynamic = Ours::new(ours, PLUGIN)?.call(&path, vec![chunk]);
        report.row(&format!("process, {size}, here dynamic"), &mut dynamic, &mut their_call);
    }
    Ok(())
}

fn starting(report: &mut Report, ours: &ours::Engine, theirs: &wasmtime::Engine) -> wasmtime::Result<()> {
    report.row(
        "compile plugin-rs",
        &mut || drop(black_box(ours::Component::new(ours, black_box(PLUGIN)).expect("it is valid"))),
        &mut || drop(black_box(theirs::Component::new(theirs, black_box(PLUGIN)).expect("it is valid"))),
    );
    let a = ours::Component::new(ours, PLUGIN)?;
    let linker = ours::Linker::new();
    let mut instantiate = || {
        let mut store = ours::Store::new(ours, ());
        black_box(linker.instantiate(&mut store, &a).expect("it has no imports"));
    };
    for (pooled, row) in [(false, "instantiate plugin-rs"), (true, "instantiate plugin-rs, peer pooled")] {
        let mut config = wasmtime::Config::new();
        if pooled {
            config.allocation_strategy(wasmtime::InstanceAllocationStrategy::pooling());
        }
        let engine = wasmtime::Engine::new(&config)?;
        let linked =
            theirs::Linker::new(&engine).instantiate_pre(&theirs::Component::new(&engine, PLUGIN)?)?;
        let mut theirs = || {
            let mut store = wasmtime::Store::new(&engine, ());
            black_box(linked.instantiate(&mut store).expect("it has no imports"));
        };
        report.row(row, &mut instantiate, &mut theirs);
    }
    Ok(())
}
