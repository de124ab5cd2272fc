//! How deep calls nest: as deep as the limit says on any thread, and what guests use of the stack
//! is bounded over all of them.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use std::hint::black_box;
use std::thread;

use component_linker::{
    CallError, Component, Config, Engine, Instance, LimitKind, Linker, Store, StoreContextMut, StoreLimits,
    TrapCause, TrapKind, Val,
};

/// `f(n, m)` uses the stack for `m` calls of its own, and then calls the host with `n - 1`.
const GUEST: &str = r#"(component
    (import "host" (func $host (param "n" u32) (param "m" u32) (result u32)))
    (core func $host' (canon lower (func $host)))
    (core module $m (import "" "host" (func $host (param i32 i32) (result i32)))
        (func $f (export "f") (param $n i32) (param $m i32) (result i32)
            (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
            (i32.add (i32.const 1) (call $down (local.get $n) (local.get $m) (local.get $m))))
        (func $down (param $n i32) (param $m i32) (param $left i32) (result i32)
            (if (result i32) (i32.eqz (local.get $left))
                (then (call $host (i32.sub (local.get $n) (i32.const 1)) (local.get $m)))
                (else
                    (i32.or (i32.const 0) (call $down (local.get $n) (local.get $m)
                        (i32.sub (local.get $left) (i32.const 1))))))))
    (core instance $i (instantiate $m (with "" (instance (export "host" (func $host'))))))
    (func (export "f") (param "n" u32) (param "m" u32) (result u32) (canon lift (core func $i "f"))))"#;

type Cx<'a> = StoreContextMut<'a, Option<Instance>>;

fn nested(cx: &mut Cx<'_>, n: u32, m: u32) -> Result<u32, CallError> {
    // Host functions have locals of their own.
    let locals = black_box([n; 500]);
    let instance = cx.data().clone().unwrap();
    let func = instance.get_typed_func::<(u32, u32), (u32,)>(&mut *cx, &["f"]).unwrap();
    let (result,) = func.call(cx, (n, m))?;
    assert_eq!(black_box(locals)[499], n);
    Ok(result)
}

fn run(n: u32, m: u32, typed: bool, limits: StoreLimits) -> Result<u32, CallError> {
    let engine = Engine::new(&Config::new()).unwrap();
    let component = Component::new(&engine, &wat::parse_str(GUEST).unwrap()).unwrap();
    let mut linker = Linker::<Option<Instance>>::new();
    let mut root = linker.root();
    if typed {
        root.func_wrap("host", |cx: &mut Cx<'_>, (n, m): (u32, u32)| Ok((nested(cx, n, m)?,))).unwrap();
    } else {
        let host = |cx: &mut Cx<'_>, args: &[Val]| match args {
            [Val::U32(n), Val::U32(m)] => Ok(Some(Val::U32(nested(cx, *n, *m)?))),
            _ => Err("other arguments".into()),
        };
        root.func_new("host", host).unwrap();
    }
    let mut store = Store::with_limits(&engine, None, limits);
    let instance = linker.instantiate(&mut store, &component).unwrap_or_else(|error| panic!("{error}"));
    *store.data_mut() = Some(instance);
    nested(&mut component_linker::AsContextMut::as_context_mut(&mut store), n, m)
}

/// Runs on a thread with so much stack.
fn on_thread<R: Send + 'static>(bytes: usize, run: impl FnOnce() -> R + Send + 'static) -> R {
    thread::Builder::new().stack_size(bytes).spawn(run).unwrap().join().unwrap()
}

#[test]
fn calls_nest_as_deep_as_the_limit_says_on_small_threads() {
    for (bytes, typed) in [(1 << 20, true), (1 << 20, false), (2 << 20, true), (8 << 20, false)] {
        let deepest = on_thread(bytes, move || run(999, 0, typed, StoreLimits::default()));
        assert_eq!(deepest.unwrap(), 999, "{bytes} bytes");
        let too_deep = on_thread(bytes, move || run(1000, 0, typed, StoreLimits::default())).unwrap_err();
        let CallError::Trap(trap) = too_deep else { panic!("{too_deep}") };
        assert!(
            matches!(trap.cause(), TrapCause::Limit(limit) if limit.kind == LimitKind::CallDepth),
            "{trap}"
        );
    }
}

#[test]
fn nested_guests_share_their_stack() {
    // Each of 100 guests uses a part that one alone could use many times.
    assert_eq!(run(1, 1000, true, StoreLimits::default()).unwrap(), 1);
    let error = on_thread(1 << 20, || run(900, 1000, true, StoreLimits::default())).unwrap_err();
    let CallError::Trap(trap) = error else { panic!("{error}") };
    assert!(matches!(trap.cause(), TrapCause::Core(TrapKind::StackOverflow)), "{trap}");
}

/// Without a limit on their number, the guests' own stack bounds nested calls.
#[test]
fn endless_recursion_ends_without_a_limit() {
    let limits = StoreLimits { max_call_depth: u64::MAX, ..StoreLimits::default() };
    let error = on_thread(1 << 20, || run(u32::MAX, 0, true, limits)).unwrap_err();
    let CallError::Trap(trap) = error else { panic!("{error}") };
    assert!(matches!(trap.cause(), TrapCause::Core(TrapKind::StackOverflow)), "{trap}");
    assert_eq!(trap.frames().len(), 64);
    assert!(trap.n_omitted_frames() > 1000);
}
