//! What is made, used and dropped many times leaves nothing behind: no mapping, no open file, no
//! byte of the heap.
//!
//! Each check runs its case a few times, so that what is kept on purpose is there (pools, caches,
//! capacity), and then as often as it says. One check runs at a time: what a process holds belongs
//! to all of its threads.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

mod common;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use common::{call, engine, module};
use jit::{
    Caller, Config, Engine, Extern, ExternRef, Func, HostError, Instance, Linker, Memory, MemoryType, Module,
    SharedMemory, Store, Table, TrapKind, TypedFunc, Val, WasmFeatures,
};

/// What the process holds of the system's.
#[derive(Debug)]
struct Held {
    mappings: usize,
    files: usize,
    threads: usize,
    resident_bytes: usize,
}

fn held() -> Held {
    let count = |folder: &str| std::fs::read_dir(folder).unwrap().count();
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    Held {
        mappings: std::fs::read_to_string("/proc/self/maps").unwrap().lines().count(),
        files: count("/proc/self/fd"),
        threads: count("/proc/self/task"),
        resident_bytes: pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096,
    }
}

/// Proof that no other test of this process runs.
struct Alone(#[expect(dead_code, reason = "it is held")] MutexGuard<'static, ()>);

fn alone() -> Alone {
    static ALONE: Mutex<()> = Mutex::new(());
    Alone(ALONE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Runs `case` `n` times, and checks that it leaves nothing behind.
fn check(_: &Alone, what: &str, n: usize, mut case: impl FnMut()) {
    (0..n / 50 + 20).for_each(|_| case());
    let before = held();
    let heap = allocation_counter::measure(|| (0..n).for_each(|_| case()));
    let after = held();
    // The test harness's threads come and go, with their stacks and the allocator's arenas.
    assert!(after.mappings <= before.mappings + 64, "{what}: {before:?} became {after:?}");
    assert!(
        after.files <= before.files && after.threads <= before.threads + 16,
        "{what}: {before:?} {after:?}"
    );
    assert!(after.resident_bytes < before.resident_bytes + (8 << 20), "{what}: {before:?} became {after:?}");
    // What other threads of a compilation gave back counts as less than nothing.
    assert!(heap.bytes_current <= 0, "{what}: {} bytes of the heap stay", heap.bytes_current);
}

/// Has something of all that an instance can have, and exports that use it.
const TEXT: &str = r#"(module $m
    (type $t (func (param i32) (result i32)))
    (tag $e (param i64)) (memory (export "memory") 1 3) (memory $far i64 1 2) (global $g (mut i32) (i32.const 0))
    (table $table 4 funcref) (elem (table $table) (i32.const 0) func $div $again) (elem $later func $throw)
    (data (i32.const 8) "abc") (data $piece "passive")
    (func $div (type $t) (i32.div_u (i32.const 10) (local.get 0)))
    (func $throw (type $t) (throw $e (i64.const 7)))
    (func $again (type $t) (i32.add (call $div (local.get 0)) (i32.const 1)))
    (func (export "use") (result i32)
        (drop (memory.grow (i32.const 1)))
        (memory.init $piece (i32.const 70000) (i32.const 0) (i32.const 7))
        (i64.store $far (i64.const 65528) (i64.const -1))
        (table.init $table $later (i32.const 3) (i32.const 0) (i32.const 1))
        (drop (table.grow $table (ref.null func) (i32.const 20)))
        (block $caught (result i64)
            (try_table (catch $e $caught) (drop (call_indirect (type $t) (i32.const 1) (i32.const 3))))
            unreachable)
        (i32.add (i32.wrap_i64) (call_indirect (type $t) (i32.const 5) (i32.const 1)))))"#;

/// Instantiates the module of [`TEXT`] in a store of its own, and uses the instance.
fn use_once(engine: &Engine, module: &Module) {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[]).unwrap();
    assert_eq!(call(&mut store, instance, "use", &[]).unwrap(), [Val::I32(10)]);
}

fn features() -> Config {
    Config::new().features(WasmFeatures::default() | WasmFeatures::THREADS | WasmFeatures::MEMORY64)
}

#[test]
fn instances() {
    let alone = alone();
    let wide = format!(r#"(module (memory 4) (data (i32.const 65536) "{}"))"#, "0123456789".repeat(4_000));
    for slots in [0, 8] {
        let engine = Engine::new(&features().pooled_memories(slots)).unwrap();
        let (used, image) = (module(&engine, TEXT), module(&engine, &wide));
        let what = format!("instances with {slots} slots");
        // Two thousand stores with two instances of one module and three of another: 10,000
        // instances.
        check(&alone, &what, 2_000, || {
            let mut store = Store::new(&engine, ());
            for _ in 0..2 {
                let instance = Instance::new(&mut store, &used, &[]).unwrap();
                assert_eq!(call(&mut store, instance, "use", &[]).unwrap(), [Val::I32(10)]);
            }
            for _ in 0..3 {
                Instance::new(&mut store, &image, &[]).unwrap();
            }
        });
    }
}

#[test]
fn instances_that_fail() {
    let alone = alone();
    let engine = engine();
    let start = module(&engine, r#"(module (memory 1) (table 2 funcref) (func $f unreachable) (start $f))"#);
    let element =
        module(&engine, r#"(module (memory 1) (table 2 funcref) (elem (i32.const 2) func 0) (func))"#);
    let import = module(&engine, r#"(module (import "" "" (func)) (memory 1))"#);
    check(&alone, "instances that fail", 2_000, || {
        let mut store = Store::new(&engine, ());
        for module in [&start, &element, &import] {
            assert!(Instance::new(&mut store, module, &[]).is_err());
        }
    });
}

#[test]
fn stores() {
    let alone = alone();
    let engine = Engine::new(&features()).unwrap();
    let linker = {
        let mut linker = Linker::<Vec<u8>>::new(&engine);
        linker.func_wrap("h", "f", |x: i32| x + 1).unwrap();
        linker
    };
    let text =
        r#"(module (import "h" "f" (func (param i32) (result i32))) (import "h" "m" (memory 1 1 shared)))"#;
    let importer = module(&engine, text);
    let ty = MemoryType { minimum: 1, maximum: Some(1), memory64: false, page_size_log2: 16, shared: false };
    let shared = SharedMemory::new(&engine, MemoryType { shared: true, ..ty }).unwrap();
    check(&alone, "stores", 10_000, || {
        let mut store = Store::new(&engine, vec![1; 1_000]);
        for i in 0..3 {
            ExternRef::new(&mut store, vec![i; 100]);
        }
        Memory::new(&mut store, ty).unwrap();
        let f = linker.get(&mut store, "h", "f").unwrap();
        let memory = shared.memory(&mut store);
        Instance::new(&mut store, &importer, &[f, memory.into()]).unwrap();
    });
}

#[test]
fn shared_memories_and_tables() {
    let alone = alone();
    let engine = Engine::new(&features()).unwrap();
    let ty = MemoryType { minimum: 1, maximum: Some(2), memory64: false, page_size_log2: 16, shared: true };
    let exporter = module(&engine, r#"(module (table (export "t") 1000 externref))"#);
    check(&alone, "shared memories and tables", 2_000, || {
        let memory = SharedMemory::new(&engine, ty).unwrap();
        memory.grow(1).unwrap();
        let mut store = Store::new(&engine, ());
        memory.memory(&mut store);
        let instance = Instance::new(&mut store, &exporter, &[]).unwrap();
        let table: Table = instance.get_export(&store, "t").and_then(Extern::into_table).unwrap();
        let reference = ExternRef::new(&mut store, 1);
        table.grow(&mut store, 5_000, Val::ExternRef(Some(reference))).unwrap();
    });
}

#[test]
fn engines() {
    let alone = alone();
    check(&alone, "engines", 200, || {
        let engine = engine();
        use_once(&engine, &module(&engine, TEXT));
    });
}

/// A module that is quick to compile.
const SMALL: &str = r#"(module (memory 1) (data (i32.const 8) "abc")
    (func (export "f") (param i32) (result i32) (i32.load8_u (local.get 0))))"#;

// Of the 10,000 modules, each way of making one takes its share.
const N_MODULES: usize = 3_334;

#[test]
fn eager_modules() {
    let alone = alone();
    let engine = engine();
    let [small, wasm] = [SMALL, TEXT].map(|text| wat::parse_str(text).unwrap());
    check(&alone, "eager modules", N_MODULES, || drop(Module::new(&engine, &small).unwrap()));
    check(&alone, "eager modules that ran", 200, || use_once(&engine, &Module::new(&engine, &wasm).unwrap()));
    let invalid = wat::parse_str("(module (func (result i32) (i32.const 1)) (func (result i32)))").unwrap();
    check(&alone, "invalid modules", 500, || assert!(Module::new(&engine, &invalid).is_err()));
}

#[test]
fn lazy_modules() {
    let alone = alone();
    let engine = Engine::new(&Config::new().lazy_compilation(true)).unwrap();
    let [small, wasm] = [SMALL, TEXT].map(|text| wat::parse_str(text).unwrap());
    check(&alone, "lazy modules", N_MODULES, || drop(Module::new(&engine, &small).unwrap()));
    check(&alone, "lazy modules that ran", 200, || use_once(&engine, &Module::new(&engine, &wasm).unwrap()));
}

#[test]
fn modules_from_files() {
    let alone = alone();
    let engine = engine();
    let path: PathBuf = std::env::temp_dir().join(format!("lowlift-leaks-{}", std::process::id()));
    let load = || Module::deserialize_file(&engine, &path);
    std::fs::write(&path, module(&engine, SMALL).serialize().unwrap()).unwrap();
    check(&alone, "artifacts", N_MODULES, || drop(load().unwrap()));
    let artifact = module(&engine, TEXT).serialize().unwrap();
    std::fs::write(&path, &artifact).unwrap();
    check(&alone, "artifacts that ran", 200, || use_once(&engine, &load().unwrap()));
    std::fs::write(&path, &artifact[..artifact.len() - 1]).unwrap();
    check(&alone, "damaged artifacts", 1_000, || assert!(load().is_err()));
    std::fs::remove_file(&path).unwrap();
}

/// Exports that end in each kind of trap, in an exception, and well; "nested" calls them through
/// the host.
const TRAPS: &str = r#"(module $m
    (import "h" "call" (func $host (param funcref)))
    (import "h" "fail" (func $fail))
    (type $void (func)) (tag $t (param i64 externref)) (memory 1) (table 3 funcref)
    (func (export "memory") (drop (i32.load (i32.const -1))))
    (func (export "unreachable") unreachable)
    (func (export "divide") (drop (i32.div_s (i32.const 1) (i32.load (i32.const 0)))))
    (func (export "null") (call_indirect (type $void) (i32.const 1)))
    (func (export "throw") (throw $t (i64.const 1) (ref.null extern)))
    (func (export "fail") (call $fail))
    (func $deep (export "deep") (call $deep))
    (func (export "nested") (param funcref) (call $host (local.get 0)))
    (func (export "caught") (param funcref)
        (block $h (try_table (catch_all $h) (call $host (local.get 0))))))"#;

/// Returns a store with an instance of [`TRAPS`].
fn trapping(engine: &Engine) -> (Store<()>, Instance) {
    let mut store = Store::new(engine, ());
    let mut linker = Linker::new(engine);
    let again = |mut caller: Caller<'_, ()>, func: Option<Func>| -> Result<(), HostError> {
        let held_by_the_host = vec![1_u8; 100];
        func.ok_or("null")?.typed::<(), ()>(&mut caller)?.call(&mut caller, ())?;
        drop(held_by_the_host);
        Ok(())
    };
    linker.func_wrap("h", "call", again).unwrap();
    linker.func_wrap("h", "fail", || -> Result<(), HostError> { Err("the host's own".into()) }).unwrap();
    let module = module(engine, TRAPS);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

fn func(store: &mut Store<()>, instance: Instance, name: &str) -> TypedFunc<(), ()> {
    instance.get_typed_func(store, name).unwrap()
}

const KINDS: [&str; 6] = ["memory", "unreachable", "divide", "null", "throw", "fail"];

#[test]
fn traps() {
    let alone = alone();
    for lazy in [false, true] {
        let engine = Engine::new(&Config::new().lazy_compilation(lazy)).unwrap();
        let (mut store, instance) = trapping(&engine);
        let funcs = KINDS.map(|name| func(&mut store, instance, name));
        // 50,000 in each mode.
        check(&alone, "traps", 50_000 / KINDS.len(), || {
            for func in &funcs {
                func.call(&mut store, ()).unwrap_err();
            }
        });
        let deep = func(&mut store, instance, "deep");
        check(&alone, "exhausted stacks", 200, || {
            assert!(matches!(deep.call(&mut store, ()).unwrap_err().kind(), TrapKind::StackOverflow));
        });
    }
}

#[test]
fn traps_through_host_frames() {
    let alone = alone();
    let engine = engine();
    let (mut store, instance) = trapping(&engine);
    let funcs = KINDS.map(|name| func(&mut store, instance, name).func());
    let nested = instance.get_typed_func::<Option<Func>, ()>(&mut store, "nested").unwrap();
    let caught = instance.get_typed_func::<Option<Func>, ()>(&mut store, "caught").unwrap();
    check(&alone, "traps through host frames", 100_000 / KINDS.len(), || {
        for func in funcs {
            nested.call(&mut store, Some(func)).unwrap_err();
        }
    });
    check(&alone, "exceptions through host frames, caught", 10_000, || {
        caught.call(&mut store, Some(funcs[4])).unwrap();
    });
    let panics = Func::wrap(&mut store, || -> () { std::panic::panic_any("on purpose") });
    std::panic::set_hook(Box::new(|_| {}));
    check(&alone, "panics through guests", 500, || {
        let call = std::panic::AssertUnwindSafe(|| nested.call(&mut store, Some(panics)));
        std::panic::catch_unwind(call).unwrap_err();
    });
    drop(std::panic::take_hook());
}

#[test]
fn traps_of_untyped_calls() {
    let alone = alone();
    let engine = engine();
    let (mut store, instance) = trapping(&engine);
    check(&alone, "traps of untyped calls", 50_000 / KINDS.len(), || {
        for name in KINDS {
            call(&mut store, instance, name, &[]).unwrap_err();
        }
    });
}
