//! Shared memories, atomic instructions, wait and notify, from one thread and from several.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jit::{
    Config, Engine, Func, FuncType, Instance, Memory, MemoryType, Module, SharedMemory, Store, StoreLimits,
    TrapKind, Val, WaitResult, WasmFeatures,
};

fn engine() -> Engine {
    Engine::new(&Config::new().features(WasmFeatures::default() | WasmFeatures::THREADS))
        .expect("well formed")
}

fn shared(engine: &Engine, minimum: u64, maximum: u64) -> SharedMemory {
    let ty =
        MemoryType { minimum, maximum: Some(maximum), memory64: false, page_size_log2: 16, shared: true };
    SharedMemory::new(engine, ty).expect("well formed")
}

/// Instantiates `body` with the shared memory as its memory 0.
fn instance(engine: &Engine, store: &mut Store<()>, memory: &SharedMemory, body: &str) -> Instance {
    let text = format!("(module (import \"\" \"\" (memory 1 4 shared)) {body})");
    let module = Module::new(engine, &wat::parse_str(text).expect("well formed")).expect("well formed");
    let memory = memory.memory(&mut *store);
    Instance::new(store, &module, &[memory.into()]).expect("well formed")
}

fn call(store: &mut Store<()>, instance: Instance, name: &str, params: &[Val]) -> Result<Val, TrapKind> {
    let func = instance.get_func(&*store, name).expect("well formed");
    let mut results = vec![Val::I32(0); func.ty(&*store).results.len()];
    func.call(store, params, &mut results).map_err(jit::Trap::into_kind)?;
    Ok(results.pop().unwrap_or(Val::I32(0)))
}

#[test]
fn several_threads_add_to_one_word() {
    let engine = engine();
    let memory = shared(&engine, 1, 4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut store = Store::new(&engine, ());
                let body = "(func (export \"run\") (local $i i32)
                    (loop $l
                        (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
                        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                                            (i32.const 1000)))))";
                let instance = instance(&engine, &mut store, &memory, body);
                call(&mut store, instance, "run", &[]).unwrap();
            });
        }
    });
    let word: Vec<_> = memory.data()[4..8].iter().map(|cell| cell.load(Ordering::Relaxed)).collect();
    assert_eq!(u32::from_le_bytes(word.try_into().unwrap()), 4000);
}

#[test]
fn a_guest_waits_until_another_thread_notifies() {
    let engine = engine();
    let memory = shared(&engine, 1, 4);
    let wait = "(func (export \"wait\") (param i64) (result i32)
        (memory.atomic.wait32 (i32.const 8) (i32.const 0) (local.get 0)))";
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut store = Store::new(&engine, ());
            let instance = instance(&engine, &mut store, &memory, wait);
            call(&mut store, instance, "wait", &[Val::I64(-1)]).unwrap()
        });
        // It may not have begun to wait: ask until somebody was woken.
        while memory.atomic_notify(8, 1).unwrap() == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(waiting.join().unwrap(), Val::I32(0));
    });
    let mut store = Store::new(&engine, ());
    let instance = instance(&engine, &mut store, &memory, wait);
    assert_eq!(call(&mut store, instance, "wait", &[Val::I64(1000)]).unwrap(), Val::I32(2));
    memory.data()[8].store(1, Ordering::SeqCst);
    assert_eq!(call(&mut store, instance, "wait", &[Val::I64(-1)]).unwrap(), Val::I32(1));
    assert_eq!(memory.atomic_wait32(8, 0, None).unwrap(), WaitResult::Mismatch);
    assert_eq!(memory.atomic_wait64(8, 1, Some(Duration::ZERO)).unwrap(), WaitResult::TimedOut);
    assert!(memory.atomic_wait32(9, 0, None).is_err());
    assert!(memory.atomic_notify(65536, 1).is_err());
}

#[test]
fn growth_is_seen_by_other_stores() {
    let engine = engine();
    let memory = shared(&engine, 1, 4);
    let body = "(func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export \"size\") (result i32) (memory.size))
        (func (export \"load\") (param i32) (result i32) (i32.load (local.get 0)))";
    let (mut one, mut two) = (Store::new(&engine, ()), Store::new(&engine, ()));
    let (in_one, in_two) =
        (instance(&engine, &mut one, &memory, body), instance(&engine, &mut two, &memory, body));
    assert!(matches!(call(&mut two, in_two, "load", &[Val::I32(65536)]), Err(TrapKind::MemoryOutOfBounds)));
    assert_eq!(call(&mut one, in_one, "grow", &[Val::I32(2)]).unwrap(), Val::I32(1));
    assert_eq!(call(&mut two, in_two, "size", &[]).unwrap(), Val::I32(3));
    assert_eq!(call(&mut two, in_two, "load", &[Val::I32(65536)]).unwrap(), Val::I32(0));
    assert_eq!(call(&mut two, in_two, "grow", &[Val::I32(2)]).unwrap(), Val::I32(-1));
    assert_eq!((memory.size(), memory.grow(1), memory.size()), (3, Some(3), 4));
    assert!(matches!(
        call(&mut one, in_one, "load", &[Val::I32(4 * 65536)]),
        Err(TrapKind::MemoryOutOfBounds)
    ));
}

#[test]
fn bulk_instructions_and_segments_reach_shared_memories() {
    let engine = engine();
    let memory = shared(&engine, 1, 4);
    let mut store = Store::new(&engine, ());
    let body = "(memory $own 1) (data (memory 0) (i32.const 0) \"abcdef\")
        (func (export \"run\")
            (memory.copy (i32.const 2) (i32.const 0) (i32.const 4))
            (memory.copy (i32.const 10) (i32.const 2) (i32.const 4))
            (memory.copy $own 0 (i32.const 0) (i32.const 0) (i32.const 6))
            (memory.copy 0 $own (i32.const 20) (i32.const 2) (i32.const 2))
            (memory.fill (i32.const 30) (i32.const 7) (i32.const 2)))
        (func (export \"beyond\") (memory.fill (i32.const 65535) (i32.const 7) (i32.const 2)))";
    let instance = instance(&engine, &mut store, &memory, body);
    call(&mut store, instance, "run", &[]).unwrap();
    let bytes = |range: std::ops::Range<usize>| {
        memory.data()[range].iter().map(|cell| cell.load(Ordering::Relaxed)).collect::<Vec<_>>()
    };
    assert_eq!([bytes(0..6), bytes(10..14), bytes(20..22), bytes(30..32)].concat(), b"ababcdabcdab\x07\x07");
    assert!(matches!(call(&mut store, instance, "beyond", &[]), Err(TrapKind::MemoryOutOfBounds)));
}

#[test]
fn what_is_refused() {
    let engine = engine();
    let memory = shared(&engine, 1, 4);
    let mut store = Store::new(&engine, ());
    let body = "(memory $own 1)
        (func (export \"unaligned\") (result i32) (i32.atomic.load (i32.const 2)))
        (func (export \"unshared\") (result i32)
            (memory.atomic.wait32 $own (i32.const 0) (i32.const 0) (i64.const 0)))
        (func (export \"beyond\") (result i64) (i64.atomic.load (i32.const 65536)))
        (func (export \"nobody\") (result i32) (memory.atomic.notify $own (i32.const 0) (i32.const 1)))";
    let instance = instance(&engine, &mut store, &memory, body);
    let mut trap = |name| call(&mut store, instance, name, &[]);
    assert!(matches!(trap("unaligned"), Err(TrapKind::UnalignedAtomic)));
    assert!(matches!(trap("unshared"), Err(TrapKind::ExpectedSharedMemory)));
    assert!(matches!(trap("beyond"), Err(TrapKind::MemoryOutOfBounds)));
    assert_eq!(trap("nobody").unwrap(), Val::I32(0));
    let unshared = MemoryType { shared: false, ..memory.ty() };
    assert!(SharedMemory::new(&engine, unshared).is_err());
    let unshared = Memory::new(&mut store, unshared).unwrap();
    assert!(unshared.shared(&store).is_none());
    let text = "(module (import \"\" \"\" (memory 1 4 shared)))";
    let module = Module::new(&engine, &wat::parse_str(text).unwrap()).unwrap();
    let error = Instance::new(&mut store, &module, &[unshared.into()]).unwrap_err().to_string();
    assert!(error.starts_with("incompatible import type for `::`: expected shared memory"), "{error}");
}

#[test]
fn a_waiting_guest_is_interrupted() {
    let features = WasmFeatures::default() | WasmFeatures::THREADS;
    let engine = Engine::new(&Config::new().features(features).epoch_interruption(true)).unwrap();
    let memory = shared(&engine, 1, 4);
    let mut store = Store::new(&engine, ());
    let text = "(module (import \"\" \"\" (memory 1 4 shared)) (import \"\" \"\" (func $ready))
        (func (export \"wait\") (result i32) (call $ready)
            (memory.atomic.wait64 (i32.const 0) (i64.const 0) (i64.const -1))))";
    let module = Module::new(&engine, &wat::parse_str(text).unwrap()).unwrap();
    let ready = Func::new(&mut store, FuncType::new([], []), |caller, _, _| {
        caller.engine().increment_epoch();
        Ok(())
    });
    let imports = [memory.memory(&mut store).into(), ready.into()];
    let instance = Instance::new(&mut store, &module, &imports).unwrap();
    store.set_epoch_deadline(1);
    assert!(matches!(call(&mut store, instance, "wait", &[]), Err(TrapKind::Interrupt)));
}

/// Waits at once, with the value that is there, for so many nanoseconds.
const WAITS: &str = "(func (export \"wait32\") (param i64) (result i32)
        (memory.atomic.wait32 (i32.const 0) (i32.const 0) (local.get 0)))
    (func (export \"wait64\") (param i64) (result i32)
        (memory.atomic.wait64 (i32.const 8) (i64.const 0) (local.get 0)))";

/// A limit of the store's is there whatever the guest asks for: without one it can't wait at all.
#[test]
fn no_wait_outlasts_a_limit() {
    for lazy in [false, true] {
        let features = WasmFeatures::default() | WasmFeatures::THREADS;
        let engine = Engine::new(&Config::new().features(features).lazy_compilation(lazy)).unwrap();
        let memory = shared(&engine, 1, 4);
        let mut store = Store::new(&engine, ());
        let instance = instance(&engine, &mut store, &memory, WAITS);
        let limit = |milliseconds| StoreLimits {
            wait: Some(Duration::from_millis(milliseconds)),
            ..StoreLimits::default()
        };
        for name in ["wait32", "wait64"] {
            for timeout in [-1, i64::MIN, i64::MAX, 60_000_000_000] {
                store.set_limits(limit(1));
                let trap = call(&mut store, instance, name, &[Val::I64(timeout)]).unwrap_err();
                assert!(matches!(trap, TrapKind::WaitTooLong), "{name} {timeout}: {trap}");
            }
            // The limit is for all waits together.
            store.set_limits(limit(50));
            let mut results = (0..100).map(|_| call(&mut store, instance, name, &[Val::I64(5_000_000)]));
            assert!(matches!(results.next(), Some(Ok(Val::I32(2)))));
            assert!(results.any(|result| matches!(result, Err(TrapKind::WaitTooLong))));
        }
    }
}

#[test]
fn a_wait_that_nobody_can_end_traps_at_once() {
    for interruptible in [false, true] {
        let features = WasmFeatures::default() | WasmFeatures::THREADS;
        let engine =
            Engine::new(&Config::new().features(features).epoch_interruption(interruptible)).unwrap();
        let text = format!("(module (memory 1 1 shared) {WAITS})");
        let module = Module::new(&engine, &wat::parse_str(text).unwrap()).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        for name in ["wait32", "wait64"] {
            let trap = call(&mut store, instance, name, &[Val::I64(-1)]).unwrap_err();
            assert!(matches!(trap, TrapKind::EndlessWait), "{trap}");
            assert_eq!(call(&mut store, instance, name, &[Val::I64(0)]).unwrap(), Val::I32(2));
            assert_eq!(call(&mut store, instance, name, &[Val::I64(1)]).unwrap(), Val::I32(2));
        }
    }
}
