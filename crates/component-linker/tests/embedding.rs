//! What an embedder relies on when guests trap, call back, and lend resources: an instance that
//! trapped is never run again, traps keep their cause and their frames on the way through host
//! functions, and resources are neither lost nor used after they are gone.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use std::error::Error;
use std::fmt;

use component_linker::typed::{Resource, ResourceAny, ResourceError};
use component_linker::{
    CallError, Component, Config, Engine, HostError, Instance, InstantiateError, Linker, List, Store,
    StoreContextMut, Trap, TrapCause, TrapKind, Val,
};

/// What the host functions know and note.
#[derive(Default)]
struct Host {
    engine: Option<Engine>,
    instance: Option<Instance>,
    n_after: u32,
    ignored: Vec<String>,
    kept: Vec<ResourceAny>,
    dropped: Vec<u32>,
}

type Cx<'a> = StoreContextMut<'a, Host>;

fn component(wat: &str) -> (Engine, Component) {
    let engine = Engine::new(&Config::new().consume_fuel(true)).unwrap();
    let bytes = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    let component = Component::new(&engine, &bytes).unwrap_or_else(|error| panic!("{error}"));
    (engine, component)
}

fn start(wat: &str, define: impl FnOnce(&mut Linker<Host>)) -> (Store<Host>, Instance) {
    let (engine, component) = component(wat);
    let mut linker = Linker::new();
    define(&mut linker);
    let mut store = Store::new(&engine, Host::default());
    store.set_fuel(1_000_000);
    let instance = linker.instantiate(&mut store, &component).unwrap_or_else(|error| panic!("{error}"));
    store.data_mut().instance = Some(instance.clone());
    store.data_mut().engine = Some(engine);
    (store, instance)
}

fn call(
    store: &mut Store<Host>,
    instance: &Instance,
    name: &str,
    args: &[Val],
) -> Result<Option<Val>, CallError> {
    instance.get_func(&mut *store, &[name]).unwrap().call(&mut *store, args)
}

fn trap(result: Result<impl fmt::Debug, CallError>) -> Trap {
    match result {
        Err(CallError::Trap(trap)) => trap,
        other => panic!("{other:?} is no trap"),
    }
}

/// A component `a` with ways to a host function `hook`: straight, through a nested component,
/// through a destructor, through one that the host's resource has, and in a call that has a result
/// in memory. `after` is called when each has returned. `inner` traps, `good` does not.
const CALLERS: &str = r#"(component
    (import "hook" (func $hook (result u32)))
    (import "text" (func $text (result string)))
    (import "after" (func $after))
    (import "thing" (type $thing (sub resource)))
    (import "make" (func $make (result (own $thing))))
    (component $B
        (import "hook" (func $hook (result u32)))
        (core func $hook (canon lower (func $hook)))
        (core module $d (import "" "hook" (func $hook (result i32)))
            (func (export "dtor") (param i32) (drop (call $hook)))
            (func (export "f") (result i32) (call $hook)))
        (core instance $d (instantiate $d (with "" (instance (export "hook" (func $hook))))))
        (type $r' (resource (rep i32) (dtor (core func $d "dtor"))))
        (core func $new (canon resource.new $r'))
        (core module $n (import "" "new" (func $new (param i32) (result i32)))
            (func (export "make") (result i32) (call $new (i32.const 7))))
        (core instance $n (instantiate $n (with "" (instance (export "new" (func $new))))))
        (export $r "r" (type $r'))
        (func (export "f") (result u32) (canon lift (core func $d "f")))
        (func (export "make") (result (own $r)) (canon lift (core func $n "make"))))
    (instance $b (instantiate $B (with "hook" (func $hook))))
    (alias export $b "r" (type $r))
    (core module $mem (memory (export "m") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64)))
    (core instance $mem (instantiate $mem))
    (core func $hook' (canon lower (func $hook)))
    (core func $text' (canon lower (func $text)
        (memory (core memory $mem "m")) (realloc (core func $mem "realloc"))))
    (core func $after' (canon lower (func $after)))
    (core func $make' (canon lower (func $make)))
    (core func $drop' (canon resource.drop $thing))
    (core func $b-f (canon lower (func $b "f")))
    (core func $b-make (canon lower (func $b "make")))
    (core func $b-drop (canon resource.drop $r))
    (core module $m
        (import "" "hook" (func $hook (result i32)))
        (import "" "text" (func $text (param i32)))
        (import "" "after" (func $after))
        (import "" "make" (func $make (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (import "" "b-f" (func $b-f (result i32)))
        (import "" "b-make" (func $b-make (result i32)))
        (import "" "b-drop" (func $b-drop (param i32)))
        (func (export "straight") (result i32) (call $hook) (call $after))
        (func (export "text") (result i32) (call $text (i32.const 8)) (call $after) (i32.const 1))
        (func (export "nested") (result i32) (call $b-f) (call $after))
        (func (export "guest-dtor") (result i32) (call $b-drop (call $b-make)) (call $after) (i32.const 1))
        (func (export "host-dtor") (result i32) (call $drop (call $make)) (call $after) (i32.const 1))
        (func (export "inner") unreachable)
        (func $spin (export "spin") (loop (br 0)))
        (func (export "good") (result i32) (i32.const 7)))
    (core instance $i (instantiate $m (with "" (instance
        (export "hook" (func $hook')) (export "text" (func $text')) (export "after" (func $after'))
        (export "make" (func $make')) (export "drop" (func $drop')) (export "b-f" (func $b-f))
        (export "b-make" (func $b-make)) (export "b-drop" (func $b-drop))))))
    (func (export "straight") (result u32) (canon lift (core func $i "straight")))
    (func (export "text") (result u32) (canon lift (core func $i "text")))
    (func (export "nested") (result u32) (canon lift (core func $i "nested")))
    (func (export "guest-dtor") (result u32) (canon lift (core func $i "guest-dtor")))
    (func (export "host-dtor") (result u32) (canon lift (core func $i "host-dtor")))
    (func (export "inner") (canon lift (core func $i "inner")))
    (func (export "spin") (canon lift (core func $i "spin")))
    (func (export "good") (result u32) (canon lift (core func $i "good"))))"#;

/// What the host does within a call.
type Hook = fn(&mut Cx<'_>) -> Result<u32, HostError>;

struct Thing;

/// Defines what [`CALLERS`] imports, with typed functions or with functions on values.
fn hooks(linker: &mut Linker<Host>, typed: bool, hook: Hook) {
    let mut root = linker.root();
    if typed {
        root.func_wrap("hook", move |cx, ()| Ok((hook(cx)?,))).unwrap();
        root.func_wrap("text", move |cx, ()| Ok((hook(cx)?.to_string(),))).unwrap();
    } else {
        root.func_new("hook", move |cx, _| Ok(Some(Val::U32(hook(cx)?)))).unwrap();
        root.func_new("text", move |cx, _| Ok(Some(Val::String(hook(cx)?.to_string())))).unwrap();
    }
    let after = |cx: &mut Cx<'_>, ()| {
        cx.data_mut().n_after += 1;
        Ok(())
    };
    root.func_wrap("after", after).unwrap();
    root.resource::<Thing>("thing", move |cx, _| hook(cx).map(|_| ())).unwrap();
    root.func_wrap("make", |_, ()| Ok((Resource::<Thing>::new_own(1),))).unwrap();
}

const WAYS: [&str; 5] = ["straight", "text", "nested", "guest-dtor", "host-dtor"];

fn call_inner(cx: &mut Cx<'_>, name: &str) -> Result<Option<Val>, CallError> {
    let instance = cx.data().instance.clone().unwrap();
    let inner = instance.get_func(&mut *cx, &[name]).unwrap();
    inner.call(cx, &[])
}

#[test]
fn an_instance_that_trapped_within_is_not_returned_into() {
    let ignore: Hook = |cx| {
        let error = call_inner(cx, "inner").unwrap_err().to_string();
        cx.data_mut().ignored.push(error);
        Ok(1)
    };
    for (way, typed) in WAYS.iter().flat_map(|way| [(*way, false), (*way, true)]) {
        let (mut store, instance) = start(CALLERS, |linker| hooks(linker, typed, ignore));
        let result = match typed {
            true => {
                let func = instance.get_typed_func::<(), (u32,)>(&mut store, &[way]).unwrap();
                func.call(&mut store, ()).map(|_| ())
            }
            false => call(&mut store, &instance, way, &[]).map(|_| ()),
        };
        let trap = trap(result).to_string();
        assert!(trap.contains("component instance: it trapped before (wasm `unreachable`"), "{way}: {trap}");
        assert_eq!(store.data().ignored.len(), 1, "{way}");
        assert_eq!(store.data().n_after, 0, "{way}: the guest ran on");
        let again = call(&mut store, &instance, "good", &[]).unwrap_err().to_string();
        assert_eq!(
            again,
            "wasm trap: cannot enter component instance: it trapped before (wasm `unreachable` instruction \
             executed)"
        );
    }
}

/// The pinned text allows it: CanonicalABI.md, `canon_lift` and `canon_lower` for functions that
/// are not `async`, and Concurrency.md, "Reentrance".
#[test]
fn an_instance_is_entered_again_while_it_calls() {
    let reenter: Hook = |cx| match call_inner(cx, "good")? {
        Some(Val::U32(n)) => Ok(n),
        other => panic!("{other:?}"),
    };
    for (way, typed) in WAYS.iter().flat_map(|way| [(*way, false), (*way, true)]) {
        let (mut store, instance) = start(CALLERS, |linker| hooks(linker, typed, reenter));
        let expected = if matches!(way, "straight" | "nested") { 7 } else { 1 };
        assert_eq!(call(&mut store, &instance, way, &[]).unwrap(), Some(Val::U32(expected)), "{way}");
        assert_eq!(store.data().n_after, 1);
    }
}

/// An error of the host's own that says what it was caused by.
#[derive(Debug)]
struct Wrapped(CallError);

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the plugin failed")
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn a_trap_that_the_host_passes_on_keeps_its_cause() {
    let pass: Hook = |cx| Ok(call_inner(cx, "inner").map(|_| 1)?);
    let spin: Hook = |cx| Ok(call_inner(cx, "spin").map(|_| 1)?);
    let wrap: Hook = |cx| Err(Box::new(Wrapped(call_inner(cx, "spin").unwrap_err())));
    let anyhow: Hook = |cx| {
        let error = anyhow::Error::from(call_inner(cx, "spin").unwrap_err()).context("in the plugin");
        Err(error.into())
    };
    for (way, typed) in WAYS.iter().flat_map(|way| [(*way, false), (*way, true)]) {
        let run = |hook| {
            let (mut store, instance) = start(CALLERS, |linker| hooks(linker, typed, hook));
            trap(call(&mut store, &instance, way, &[]))
        };
        let passed = run(pass);
        assert!(matches!(passed.cause(), TrapCause::Core(TrapKind::Unreachable)), "{way}: {passed}");
        // Each frame once: that of `inner`, and those of the way.
        let n_frames = if matches!(way, "nested" | "guest-dtor") { 3 } else { 2 };
        assert_eq!(passed.frames().len(), n_frames, "{way}: {passed}");
        assert_eq!(passed.to_string().matches("unreachable").count(), 1, "{passed}");
        for hook in [spin, wrap, anyhow] {
            let trap = run(hook);
            assert!(matches!(trap.cause(), TrapCause::Core(TrapKind::OutOfFuel)), "{way}: {trap}");
            assert_eq!(trap.frames().len(), n_frames, "{way}: {trap}");
        }
        assert!(run(wrap).to_string().starts_with("the plugin failed"));
        assert!(run(wrap).downcast_ref::<Wrapped>().is_some());
    }
}

#[test]
fn errors_say_each_message_once() {
    let refuse: Hook = |_| Err("not today".into());
    let (mut store, instance) = start(CALLERS, |linker| hooks(linker, true, refuse));
    let error = call(&mut store, &instance, "straight", &[]).unwrap_err();
    let text = error.to_string();
    assert_eq!(text.matches("not today").count(), 1, "{text}");
    assert!(text.contains("host function `hook`"), "{text}");
    let again = call(&mut store, &instance, "good", &[]).unwrap_err().to_string();
    assert!(again.ends_with("it trapped before (not today)"), "{again}");
    let mut chain = vec![text];
    let mut source = error.source();
    while let Some(error) = source {
        chain.push(error.to_string());
        source = error.source();
    }
    assert_eq!(chain.len(), 1, "{chain:?}");
    let anyhow = format!("{:?}", anyhow::Error::from(error));
    assert_eq!(anyhow.matches("not today").count(), 1, "{anyhow}");
    assert_eq!(anyhow.matches(" - m!").count(), 1, "{anyhow}");
}

#[test]
fn instances_that_a_failed_instantiation_leaves_say_why() {
    let (engine, component) = component(
        r#"(component (core module $m (func $s unreachable) (start $s)) (core instance (instantiate $m)))"#,
    );
    let mut store = Store::new(&engine, Host::default());
    let error = Linker::new().instantiate(&mut store, &component).unwrap_err();
    assert!(matches!(&error, InstantiateError::Trap(_)), "{error}");
    assert!(error.source().is_none());
}

/// A component with a resource type of its own, functions that take it in every way, and two that
/// lend it to the host.
const OWNER: &str = r#"(component
    (import "noted" (func $noted (param "rep" u32)))
    (component $R
        (import "noted" (func $noted (param "rep" u32)))
        (core func $noted (canon lower (func $noted)))
        (core module $d (import "" "noted" (func $noted (param i32)))
            (func (export "dtor") (param i32) (call $noted (local.get 0))))
        (core instance $d (instantiate $d (with "" (instance (export "noted" (func $noted))))))
        (type $r' (resource (rep i32) (dtor (core func $d "dtor"))))
        (core func $new (canon resource.new $r'))
        (core module $m (import "" "new" (func $new (param i32) (result i32)))
            (memory (export "m") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
            (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
            (func (export "id") (param i32) (result i32) (local.get 0))
            (func (export "zero") (param i32) (result i32) (i32.const 0))
            (func (export "two") (param i32 i32) (result i32) (i32.const 2)))
        (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
        (export $r "r" (type $r'))
        (func (export "make") (param "rep" u32) (result (own $r)) (canon lift (core func $i "make")))
        (func (export "look") (param "x" (borrow $r)) (result u32) (canon lift (core func $i "id")))
        (func (export "take") (param "x" (own $r)) (result u32) (canon lift (core func $i "zero")))
        (func (export "take-two") (param "x" (own $r)) (param "y" (own $r)) (result u32)
            (canon lift (core func $i "two")))
        (func (export "take-and-look") (param "x" (own $r)) (param "y" (borrow $r)) (result u32)
            (canon lift (core func $i "two")))
        (func (export "look-and-take") (param "x" (borrow $r)) (param "y" (own $r)) (result u32)
            (canon lift (core func $i "two")))
        (func (export "look-two") (param "x" (borrow $r)) (param "y" (borrow $r)) (result u32)
            (canon lift (core func $i "two")))
        (func (export "take-all") (param "l" (list (own $r))) (result u32)
            (canon lift (core func $i "two") (memory (core memory $i "m")) (realloc (core func $i "realloc")))))
    (instance $r (instantiate $R (with "noted" (func $noted))))
    (export "owner" (instance $r)))"#;

fn owner() -> (Store<Host>, Instance) {
    start(OWNER, |linker| {
        let noted = |cx: &mut Cx<'_>, (rep,): (u32,)| {
            cx.data_mut().dropped.push(rep);
            Ok(())
        };
        linker.root().func_wrap("noted", noted).unwrap();
    })
}

type Two<'r> = (&'r ResourceAny, &'r ResourceAny);

#[test]
fn a_resource_passed_twice_is_refused_and_not_lost() {
    let (mut store, instance) = owner();
    let make = instance.get_typed_func::<(u32,), (ResourceAny,)>(&mut store, &["owner", "make"]).unwrap();
    let (x,) = make.call(&mut store, (41,)).unwrap();
    let (y,) = make.call(&mut store, (42,)).unwrap();
    let twice = |result: Result<(u32,), CallError>| {
        assert!(matches!(result, Err(CallError::Resource(ResourceError::Twice))), "{result:?}");
    };
    for name in ["take-two", "take-and-look", "look-and-take"] {
        let two = instance.get_typed_func::<Two<'_>, (u32,)>(&mut store, &["owner", name]).unwrap();
        twice(two.call(&mut store, (&x, &x)));
        assert!(x.owned(), "{name}");
    }
    let all =
        instance.get_typed_func::<(Vec<&ResourceAny>,), (u32,)>(&mut store, &["owner", "take-all"]).unwrap();
    twice(all.call(&mut store, (vec![&x, &y, &x],)));
    assert!(x.owned() && y.owned());
    // To lend it twice is fine, and so is everything else afterwards.
    let look = instance.get_typed_func::<Two<'_>, (u32,)>(&mut store, &["owner", "look-two"]).unwrap();
    assert_eq!(look.call(&mut store, (&x, &x)).unwrap(), (2,));
    assert_eq!(all.call(&mut store, (vec![&x, &y],)).unwrap(), (2,));
    assert!(!x.owned() && !y.owned());
}

/// A component that lends a resource of another to the host, and gives it away, or drops it, later.
const LENDER: &str = r#"(component
    (import "owner" (instance $o
        (export "r" (type $r (sub resource)))
        (export "make" (func (param "rep" u32) (result (own $r))))))
    (alias export $o "r" (type $r))
    (import "keep" (func $keep (param "x" (borrow $r))))
    (import "keep-all" (func $keep-all (param "l" (list (borrow $r)))))
    (import "now" (func $now))
    (core module $mem (memory (export "m") 1))
    (core instance $mem (instantiate $mem))
    (core func $make (canon lower (func $o "make")))
    (core func $keep' (canon lower (func $keep)))
    (core func $keep-all' (canon lower (func $keep-all) (memory (core memory $mem "m"))))
    (core func $now' (canon lower (func $now)))
    (core func $drop (canon resource.drop $r))
    (core module $m
        (import "" "make" (func $make (param i32) (result i32)))
        (import "" "keep" (func $keep (param i32)))
        (import "" "keep-all" (func $keep-all (param i32 i32)))
        (import "" "now" (func $now))
        (import "" "drop" (func $drop (param i32)))
        (import "" "m" (memory 1))
        (func (export "run") (local $x i32)
            (local.set $x (call $make (i32.const 40)))
            (call $keep (local.get $x))
            (call $now)
            (call $drop (local.get $x))
            (call $now))
        (func (export "run-all")
            (i32.store (i32.const 0) (call $make (i32.const 1)))
            (i32.store (i32.const 4) (call $make (i32.const 2)))
            (call $keep-all (i32.const 0) (i32.const 2))
            (call $now)))
    (core instance $i (instantiate $m (with "" (instance
        (export "make" (func $make)) (export "keep" (func $keep')) (export "keep-all" (func $keep-all'))
        (export "now" (func $now')) (export "drop" (func $drop)) (export "m" (memory $mem "m"))))))
    (func (export "run") (canon lift (core func $i "run")))
    (func (export "run-all") (canon lift (core func $i "run-all"))))"#;

#[test]
fn a_borrow_ends_with_its_call() {
    fn look(cx: &mut Cx<'_>, x: &ResourceAny) -> Result<(u32,), CallError> {
        let owner = cx.data().instance.clone().unwrap();
        let look = owner.get_typed_func::<(&ResourceAny,), (u32,)>(&mut *cx, &["owner", "look"]).unwrap();
        look.call(cx, (x,))
    }
    let (mut store, owner) = owner();
    let engine = store.data().engine.clone().unwrap();
    let lender = Component::new(&engine, &wat::parse_str(LENDER).unwrap()).unwrap();
    let mut linker = Linker::<Host>::new();
    let mut root = linker.root();
    root.define_exports(&owner).unwrap();
    let keep = |cx: &mut Cx<'_>, (x,): (ResourceAny,)| {
        assert_eq!(look(cx, &x)?, (40,), "it can be used during the call");
        cx.data_mut().kept.push(x);
        Ok(())
    };
    root.func_wrap("keep", keep).unwrap();
    let keep_all = |cx: &mut Cx<'_>, (all,): (Vec<ResourceAny>,)| {
        cx.data_mut().kept.extend(all);
        Ok(())
    };
    root.func_wrap("keep-all", keep_all).unwrap();
    let now = |cx: &mut Cx<'_>, ()| {
        for x in std::mem::take(&mut cx.data_mut().kept) {
            let result = look(cx, &x);
            assert!(matches!(result, Err(CallError::Resource(ResourceError::Returned))), "{result:?}");
            cx.data_mut().kept.push(x);
        }
        Ok(())
    };
    root.func_wrap("now", now).unwrap();
    let lender = linker.instantiate(&mut store, &lender).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(call(&mut store, &lender, "run", &[]).unwrap(), None);
    assert_eq!(store.data().dropped, [40]);
    assert_eq!(call(&mut store, &lender, "run-all", &[]).unwrap(), None);
    assert_eq!(store.data().kept.len(), 3);
}

#[test]
fn what_is_owned_can_be_lent_as_a_value() {
    let (mut store, instance) = owner();
    let look = instance.get_func(&mut store, &["owner", "look"]).unwrap();
    for lent in [Val::Own(9), Val::Borrow(9)] {
        assert_eq!(look.call(&mut store, &[lent]).unwrap(), Some(Val::U32(9)));
    }
    // Not the other way round.
    let take = instance.get_func(&mut store, &["owner", "take"]).unwrap();
    let error = take.call(&mut store, &[Val::Borrow(9)]).unwrap_err();
    assert!(matches!(error, CallError::Type { .. }), "{error}");
}

#[test]
fn a_list_without_elements_is_of_any_type() {
    let wat = r#"(component
        (core module $m (memory (export "m") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
            (func (export "len") (param i32 i32) (result i32) (local.get 1))
            (func (export "inner") (param i32 i32) (result i32) (i32.load offset=4 (local.get 0))))
        (core instance $i (instantiate $m))
        (func (export "bytes") (param "l" (list u8)) (result u32) (canon lift (core func $i "len")
            (memory (core memory $i "m")) (realloc (core func $i "realloc"))))
        (func (export "floats") (param "l" (list f64)) (result u32) (canon lift (core func $i "len")
            (memory (core memory $i "m")) (realloc (core func $i "realloc"))))
        (func (export "texts") (param "l" (list string)) (result u32) (canon lift (core func $i "len")
            (memory (core memory $i "m")) (realloc (core func $i "realloc"))))
        (func (export "lists") (param "l" (list (list char))) (result u32) (canon lift (core func $i "inner")
            (memory (core memory $i "m")) (realloc (core func $i "realloc")))))"#;
    let (mut store, instance) = start(wat, |_| {});
    let empty = || Val::List(List::Values(Vec::new()));
    for name in ["bytes", "floats", "texts"] {
        assert_eq!(call(&mut store, &instance, name, &[empty()]).unwrap(), Some(Val::U32(0)), "{name}");
    }
    let nested = Val::List(List::Values(vec![empty()]));
    assert_eq!(call(&mut store, &instance, "lists", &[nested]).unwrap(), Some(Val::U32(0)));
    let wrong = Val::List(List::Values(vec![Val::U8(1)]));
    assert!(call(&mut store, &instance, "bytes", &[wrong]).is_err());
}

/// A component that calls one within it, which calls back: `f` of the former is `body`.
fn donut(body: &str) -> String {
    format!(
        r#"(component
            (core module $m1 (func (export "f") (result i32) {body}))
            (core instance $i1 (instantiate $m1))
            (func $f (result u32) (canon lift (core func $i1 "f")))
            (component $C
                (import "f" (func $f (result u32)))
                (core func $f' (canon lower (func $f)))
                (core module $m (import "" "f" (func $f (result i32)))
                    (func (export "g") (result i32) (i32.add (i32.const 1) (call $f))))
                (core instance $i (instantiate $m (with "" (instance (export "f" (func $f'))))))
                (func (export "g") (result u32) (canon lift (core func $i "g"))))
            (instance $c (instantiate $C (with "f" (func $f))))
            (core func $g (canon lower (func $c "g")))
            (core module $m2 (import "" "g" (func $g (result i32)))
                (func (export "run") (result i32) (i32.add (i32.const 1) (call $g))))
            (core instance $i2 (instantiate $m2 (with "" (instance (export "g" (func $g))))))
            (func (export "run") (result u32) (canon lift (core func $i2 "run"))))"#
    )
}

#[test]
fn a_component_is_entered_again_by_the_one_that_it_calls() {
    let (mut store, instance) = start(&donut("(i32.const 5)"), |_| {});
    assert_eq!(call(&mut store, &instance, "run", &[]).unwrap(), Some(Val::U32(7)));
    let (mut store, instance) = start(&donut("unreachable"), |_| {});
    let trap = trap(call(&mut store, &instance, "run", &[]));
    assert!(matches!(trap.cause(), TrapCause::Core(TrapKind::Unreachable)), "{trap}");
    assert_eq!(trap.frames().len(), 3, "{trap}");
}

#[test]
fn a_handle_of_the_wrong_type_says_who_implements_both() {
    let wat = |kind: &str| {
        format!(
            r#"(component
                (import "thing" (type $thing (sub resource)))
                (import "make" (func $make (result (own $thing))))
                (type $own (resource (rep i32)))
                (core func $make' (canon lower (func $make)))
                (core func $new (canon resource.new $own))
                (core func $rep (canon resource.rep $own))
                (core func $drop-thing (canon resource.drop $thing))
                (core func $drop-own (canon resource.drop $own))
                (core module $m (import "" "make" (func $make (result i32)))
                    (import "" "new" (func $new (param i32) (result i32)))
                    (import "" "drop-thing" (func $drop-thing (param i32)))
                    (import "" "drop-own" (func $drop-own (param i32)))
                    (func (export "run") {kind}))
                (core instance $i (instantiate $m (with "" (instance
                    (export "make" (func $make')) (export "new" (func $new))
                    (export "drop-thing" (func $drop-thing)) (export "drop-own" (func $drop-own))))))
                (func (export "run") (canon lift (core func $i "run"))))"#
        )
    };
    let check = |kind: &str, message: &str| {
        let (mut store, instance) = start(&wat(kind), |linker| {
            let mut root = linker.root();
            root.resource::<Thing>("thing", |_, _| Ok(())).unwrap();
            root.func_wrap("make", |_, ()| Ok((Resource::<Thing>::new_own(1),))).unwrap();
        });
        let trap = trap(call(&mut store, &instance, "run", &[])).to_string();
        assert!(trap.contains(message), "{trap}");
    };
    let own_for_thing = "expected host-defined resource but found a guest-defined resource";
    check("(call $drop-thing (call $new (i32.const 1)))", own_for_thing);
    let thing_for_own = "expected guest-defined resource but found a host-defined resource";
    check("(call $drop-own (call $make))", thing_for_own);
}
