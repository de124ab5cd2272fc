//! Bulk instructions cost fuel by their size and end at the deadline, however a module is compiled.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

mod common;

use common::call;
use jit::{
    COPY_CHUNK_BYTES, Caller, Config, Engine, Extern, HostError, Instance, Linker, Memory, Module, Store,
    TrapKind, Val, WasmFeatures,
};

/// Each function does one instruction of a given length, right after a call of the host.
const TEXT: &str = r#"(module
    (import "" "ready" (func $ready))
    (memory $m (export "memory") 128) (memory $other 128) (memory $large i64 128) (memory $shared 1 128 shared)
    (table $t 1000000 funcref) (table $u i64 1000000 funcref) (table $grows 1 funcref)
    (data $data "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
    (elem $elem func $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f)
    (func $f (export "nothing") (param i32) (call $ready))
    (func (export "memory.fill") (param i32) (call $ready)
        (memory.fill $m (i32.const 0) (i32.const 7) (local.get 0)))
    (func (export "memory.fill i64") (param i32) (call $ready)
        (memory.fill $large (i64.const 0) (i32.const 7) (i64.extend_i32_u (local.get 0))))
    (func (export "memory.fill shared") (param i32) (call $ready)
        (drop (memory.grow $shared (i32.const 127)))
        (memory.fill $shared (i32.const 0) (i32.const 7) (local.get 0)))
    (func (export "memory.copy") (param i32) (call $ready)
        (memory.copy $m $m (i32.const 8) (i32.const 0) (local.get 0)))
    (func (export "memory.copy back") (param i32) (call $ready)
        (memory.copy $m $m (i32.const 0) (i32.const 8) (local.get 0)))
    (func (export "memory.copy between") (param i32) (call $ready)
        (memory.copy $m $other (i32.const 0) (i32.const 0) (local.get 0)))
    (func (export "memory.init") (param i32) (call $ready)
        (memory.init $m $data (i32.const 0) (i32.const 0) (local.get 0)))
    (func (export "table.fill") (param i32) (call $ready)
        (table.fill $t (i32.const 0) (ref.func $f) (local.get 0)))
    (func (export "table.fill i64") (param i32) (call $ready)
        (table.fill $u (i64.const 0) (ref.func $f) (i64.extend_i32_u (local.get 0))))
    (func (export "table.copy") (param i32) (call $ready)
        (table.copy $t $t (i32.const 1) (i32.const 0) (local.get 0)))
    (func (export "table.copy between") (param i32) (call $ready)
        (table.copy $t $u (i32.const 0) (i64.const 0) (local.get 0)))
    (func (export "table.init") (param i32) (call $ready)
        (table.init $t $elem (i32.const 0) (i32.const 0) (local.get 0)))
    (func (export "table.grow") (param i32) (call $ready)
        (drop (table.grow $grows (ref.func $f) (local.get 0))))
    (func (export "table.grow null") (param i32) (call $ready)
        (drop (table.grow $grows (ref.null func) (local.get 0))))
    (func (export "memory.grow") (param i32) (call $ready)
        (drop (memory.grow $m (local.get 0)))))"#;

/// The names of functions that move bytes, and of those that set elements of tables.
const BYTES: [&str; 6] = [
    "memory.fill",
    "memory.fill i64",
    "memory.fill shared",
    "memory.copy",
    "memory.copy back",
    "memory.copy between",
];
const ELEMENTS: [&str; 6] =
    ["table.fill", "table.fill i64", "table.copy", "table.copy between", "table.grow", "table.grow null"];

fn config() -> Config {
    Config::new().features(WasmFeatures::default() | WasmFeatures::THREADS)
}

/// Gives an instance of the module, whose host function raises the epoch, to `check`: compiled
/// before, when first called, and taken from a file.
fn in_every_mode(config: &Config, check: impl Fn(&mut Store<()>, Instance)) {
    let wasm = wat::parse_str(TEXT).unwrap();
    for lazy in [false, true] {
        let engine = Engine::new(&config.clone().lazy_compilation(lazy)).unwrap();
        let module = Module::new(&engine, &wasm).unwrap();
        check_module(&engine, &module, &check);
        let file = std::env::temp_dir().join(format!("lowlift-bulk-{}-{lazy}", std::process::id()));
        std::fs::write(&file, module.serialize().unwrap()).unwrap();
        let mapped = Module::deserialize_file(&engine, &file);
        std::fs::remove_file(&file).unwrap();
        check_module(&engine, &mapped.unwrap(), &check);
    }
}

fn check_module(engine: &Engine, module: &Module, check: impl Fn(&mut Store<()>, Instance)) {
    let mut linker = Linker::new(engine);
    linker.func_wrap("", "ready", |caller: Caller<'_, ()>| caller.engine().increment_epoch()).unwrap();
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, module).unwrap();
    check(&mut store, instance);
}

/// Calls with plenty of fuel and returns how much it took.
fn fuel_of(store: &mut Store<()>, instance: Instance, name: &str, len: i32) -> u64 {
    store.set_fuel(10_000_000);
    call(store, instance, name, &[Val::I32(len)]).unwrap_or_else(|trap| panic!("{name} {len}: {trap}"));
    10_000_000 - store.fuel()
}

#[test]
fn each_costs_one_more_for_eight_bytes() {
    in_every_mode(&config().consume_fuel(true), |store, instance| {
        let mut check = |name: &str, len: i32, cost: u64| {
            let none = fuel_of(store, instance, name, 0);
            assert_eq!(fuel_of(store, instance, name, len) - none, cost, "{name} {len}");
        };
        for name in BYTES {
            for (len, cost) in [(1, 1), (8, 1), (9, 2), (1 << 20, 1 << 17)] {
                check(name, len, cost);
            }
        }
        check("memory.init", 64, 8);
        for name in ELEMENTS {
            for (len, cost) in [(1, 1), (1000, 1000), (500_000, 500_000)] {
                check(name, len, cost);
            }
        }
        check("table.init", 16, 16);
        // Touches no page, and costs as much if it is refused.
        check("memory.grow", 100, 0);
        check("memory.grow", -1, 0);
        check("table.grow", -1, 0);
    });
}

#[test]
fn what_the_fuel_does_not_pay_for_changes_nothing() {
    in_every_mode(&config().consume_fuel(true), |store, instance| {
        let all = BYTES.iter().chain(&["memory.init"]).map(|name| (name, 64));
        let all = all.chain(ELEMENTS.iter().chain(&["table.init"]).map(|name| (name, 16)));
        for (name, len) in all {
            let costs = fuel_of(store, instance, name, len);
            store.set_fuel(costs - 1);
            let trap = call(store, instance, name, &[Val::I32(len)]).unwrap_err();
            assert!(matches!(trap.kind(), TrapKind::OutOfFuel), "{name}: {trap}");
            assert_eq!((store.fuel(), trap.backtrace().frames().len()), (0, 1), "{name}");
        }
        let memory = memory(store, instance);
        memory.data_mut(&mut *store)[..64].fill(1);
        store.set_fuel(12);
        call(store, instance, "memory.fill", &[Val::I32(64)]).unwrap_err();
        assert_eq!(memory.data(&*store)[..64], [1; 64]);
        // What is out of bounds is so with any fuel.
        store.set_fuel(100);
        let trap = call(store, instance, "memory.fill", &[Val::I32(-1)]).unwrap_err();
        assert!(matches!(trap.kind(), TrapKind::MemoryOutOfBounds), "{trap}");
        let trap = call(store, instance, "table.fill", &[Val::I32(-1)]).unwrap_err();
        assert!(matches!(trap.kind(), TrapKind::TableOutOfBounds), "{trap}");
    });
}

fn memory(store: &Store<()>, instance: Instance) -> Memory {
    match instance.get_export(store, "memory") {
        Some(Extern::Memory(memory)) => memory,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_ends_at_the_deadline() {
    in_every_mode(&config().epoch_interruption(true), |store, instance| {
        let memory = memory(store, instance);
        let bytes = BYTES.iter().map(|name| (name, 4 << 20));
        for (name, len) in bytes.chain(ELEMENTS.iter().map(|name| (name, 400_000))) {
            memory.data_mut(&mut *store).fill(0);
            store.set_epoch_deadline(1);
            let trap = call(store, instance, name, &[Val::I32(len)]).unwrap_err();
            assert!(matches!(trap.kind(), TrapKind::Interrupt), "{name}: {trap}");
            if *name == "memory.fill" {
                let data = memory.data(&*store);
                assert_eq!(data.iter().position(|&byte| byte == 0), Some(COPY_CHUNK_BYTES));
            }
            store.set_epoch_deadline(2);
            call(store, instance, name, &[Val::I32(len / 2)]).unwrap();
        }
    });
}

#[test]
fn chunks_copy_what_overlaps_as_one_copy_would() {
    in_every_mode(&config().epoch_interruption(true), |store, instance| {
        let memory = memory(store, instance);
        let len = 3 * COPY_CHUNK_BYTES + 17;
        for (name, to, from) in [("memory.copy", 8, 0), ("memory.copy back", 0, 8)] {
            let before: Vec<u8> = (0..=u8::MAX).cycle().step_by(7).take(len + 8).collect();
            memory.data_mut(&mut *store)[..len + 8].copy_from_slice(&before);
            call(store, instance, name, &[Val::I32(i32::try_from(len).unwrap())]).unwrap();
            assert!(memory.data(&*store)[to..to + len] == before[from..from + len], "{name}");
        }
    });
}

#[test]
fn a_host_pays_for_what_it_moves() {
    let engine = Engine::new(&Config::new().consume_fuel(true).epoch_interruption(true)).unwrap();
    let module = common::module(
        &engine,
        r#"(module (import "" "move" (func $move (param i32)))
            (func $f (export "f") (param i32) (call $move (local.get 0))))"#,
    );
    let mut linker = Linker::new(&engine);
    let move_bytes = |mut caller: Caller<'_, ()>, len: i32| {
        let mut cx = jit::AsContextMut::as_context_mut(&mut caller);
        Ok::<_, HostError>(cx.consume_bytes(u64::from(len.cast_unsigned()))?)
    };
    linker.func_wrap("", "move", move_bytes).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    assert_eq!(fuel_of(&mut store, instance, "f", 800), 2 + 100);
    store.set_fuel(100);
    let trap = call(&mut store, instance, "f", &[Val::I32(-1)]).unwrap_err();
    assert!(matches!(trap.kind(), TrapKind::OutOfFuel), "{trap}");
    assert_eq!(trap.backtrace().frames()[0].func_name.as_deref(), Some("f"));
    store.set_fuel(100);
    store.set_epoch_deadline(0);
    assert!(matches!(store.consume_bytes(8).unwrap_err().kind(), TrapKind::Interrupt));
}
