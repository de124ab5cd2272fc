//! Calls and host functions on Rust types: what fits, what does not, and how values get through.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use std::collections::{BTreeMap, HashMap};

use component_linker::typed::{ComponentType, LiftTuple, LowerTuple, Map, Results};
use component_linker::{
    CallError, Component, Config, Engine, HostError, Instance, Lift, Linker, Lower, Resource, ResourceAny,
    Store, StoreContextMut, Val,
};

/// A component that calls `host` with the parameters that it gets, and exports `host` itself
/// besides.
fn forwarding(ty: &str) -> String {
    format!(
        r#"(component
            (import "host" (func $host {ty}))
            (core module $libc
                (memory (export "memory") 1)
                (global $next (mut i32) (i32.const 8))
                (func (export "realloc") (param $old i32) (param i32) (param $align i32) (param $size i32) (result i32)
                    (local $ptr i32)
                    (local.set $ptr (i32.and
                        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
                        (i32.sub (i32.const 0) (local.get $align))))
                    (global.set $next (i32.add (local.get $ptr) (local.get $size)))
                    (local.get $ptr)))
            (core instance $libc (instantiate $libc))
            (core func $core (canon lower (func $host) (memory (core memory $libc "memory"))
                (realloc (core func $libc "realloc"))))
            (core module $m
                (import "" "host" (func $host (param i32 i32 i32)))
                (func (export "run") (param i32 i32) (result i32)
                    (call $host (local.get 0) (local.get 1) (i32.const 0))
                    (i32.const 0)))
            (core instance $m (instantiate $m (with "" (instance (export "host" (func $core))))))
            (func $run {ty} (canon lift (core func $m "run") (memory (core memory $libc "memory"))
                (realloc (core func $libc "realloc"))))
            (export "run" (func $run))
            (export "same" (func $host)))"#
    )
}

fn component(engine: &Engine, text: &str) -> Component {
    Component::new(engine, &wat::parse_str(text).unwrap()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn engine() -> Engine {
    Engine::new(&Config::new()).unwrap()
}

/// Sends a value through a guest to a host function and back, with each of the two being on Rust
/// types or not.
fn echo<V: Lift + Lower + Clone + PartialEq + std::fmt::Debug + 'static>(ty: &str, value: &V) {
    let engine = engine();
    let component = component(&engine, &forwarding(&format!(r#"(param "x" {ty}) (result {ty})"#)));
    let mut typed = Linker::new();
    typed.root().func_wrap("host", |_, (x,): (V,)| Ok((x,))).unwrap();
    let mut dynamic = Linker::new();
    dynamic.root().func_new("host", |_, args| Ok(Some(args[0].clone()))).unwrap();
    for linker in [typed, dynamic] {
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &component).unwrap_or_else(|error| panic!("{error}"));
        for name in ["run", "same"] {
            let func = instance.get_typed_func::<(&V,), (V,)>(&mut store, &[name]);
            let func = func.unwrap_or_else(|error| panic!("{error}"));
            let (back,) = func.call(&mut store, (value,)).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(&back, value, "{name}");
        }
    }
}

#[test]
fn values_go_there_and_back() {
    echo("string", &String::from("naïve 😀"));
    echo("(list u8)", &vec![1_u8, 2, 3]);
    echo("(list string)", &vec![String::from("a"), String::new()]);
    echo("(list (tuple u8 (option f64)))", &vec![(1_u8, Some(0.5)), (2, None)]);
    let entries = [(String::from("a"), 1_u32), (String::from("b"), 2)];
    echo("(map string u32)", &Map(entries.to_vec()));
    echo("(map string u32)", &BTreeMap::from(entries.clone()));
    echo("(map string u32)", &HashMap::<_, _>::from(entries));
}

const SCALARS: &str = r#"(component
    (core module $m
        (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
        (func (export "none"))
        (func (export "sixteen") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
            (result i64)
            (i64.extend_i32_s (i32.sub (local.get 15) (local.get 0)))))
    (core instance $i (instantiate $m))
    (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
    (func (export "none") (canon lift (core func $i "none")))
    (type $eight (tuple s16 s16 s16 s16 s16 s16 s16 s16))
    (func (export "sixteen") (param "a" $eight) (param "b" $eight) (result s64)
        (canon lift (core func $i "sixteen"))))"#;

fn scalars() -> (Store<()>, Instance) {
    let engine = engine();
    let component = component(&engine, SCALARS);
    let mut store = Store::new(&engine, ());
    let instance = Linker::new().instantiate(&mut store, &component).unwrap();
    (store, instance)
}

#[test]
fn scalars_are_passed_flat() {
    let (mut store, instance) = scalars();
    let add = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, &["add"]).unwrap();
    assert_eq!(add.call(&mut store, (40, 2)).unwrap(), (42,));
    let none = instance.get_func(&mut store, &["none"]).unwrap().typed::<(), ()>(&mut store).unwrap();
    none.call(&mut store, ()).unwrap();
    type Eight = (i16, i16, i16, i16, i16, i16, i16, i16);
    let sixteen = instance.get_typed_func::<(Eight, Eight), (i64,)>(&mut store, &["sixteen"]).unwrap();
    let args = ((-1, 0, 0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0, 0, -5));
    assert_eq!(sixteen.call(&mut store, args).unwrap(), (-4,));
}

#[test]
fn other_types_are_told() {
    fn check<P: LowerTuple, R: LiftTuple + Results>(
        on: &mut (Store<()>, Instance),
        name: &str,
        expected: &str,
    ) {
        let error = on.1.get_typed_func::<P, R>(&mut on.0, &[name]).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let add = "`add`: expected `add: func(a: u32, b: u32) -> u32`, but the Rust types are those of ";
    let mut on = scalars();
    check::<(u32,), (u32,)>(&mut on, "add", &format!("{add}`add: func(a: u32) -> u32`"));
    check::<(u32, i32), (u32,)>(&mut on, "add", &format!("{add}`add: func(a: u32, b: s32) -> u32`"));
    check::<(u32, u32), ()>(&mut on, "add", &format!("{add}`add: func(a: u32, b: u32)`"));
    check::<(u32, &str, Vec<[char; 2]>), (Option<Result<(), u8>>,)>(
        &mut on,
        "add",
        &format!("{add}`add: func(a: u32, b: string, p2: list<list<char, 2>>) -> option<result<_, u8>>`"),
    );
    check::<(), ()>(&mut on, "nope", "there is no export function `nope`");
    let add = on.1.get_typed_func::<(u32, u32), (u32,)>(&mut on.0, &["add"]).unwrap();
    let mut other = Store::new(&engine(), ());
    assert!(matches!(add.call(&mut other, (1, 2)), Err(CallError::WrongStore)));
}

#[test]
fn a_host_function_of_other_types_is_not_linked() {
    fn check<P: LiftTuple + 'static, R: LowerTuple + Results + 'static>(expected: &str) {
        let engine = engine();
        let component = component(&engine, &forwarding(r#"(param "x" string) (result (list u8))"#));
        let mut linker = Linker::new();
        linker
            .root()
            .func_wrap("host", |_: &mut StoreContextMut<'_, ()>, _: P| Err::<R, HostError>("".into()))
            .unwrap();
        let error = linker.instantiate(Store::new(&engine, ()), &component).unwrap_err();
        let text = "import function `host: func(x: string) -> list<u8>` is provided as ";
        assert_eq!(error.to_string(), format!("{text}{expected}"));
    }
    check::<(Vec<u8>,), (Vec<u8>,)>("`host: func(x: list<u8>) -> list<u8>`");
    check::<(), ()>("`host: func()`");
    check::<(Resource<()>,), (ResourceAny,)>("`host: func(x: own<()>) -> own<any resource>`");
}

#[test]
fn an_error_of_the_host_is_the_trap() {
    let engine = engine();
    let component = component(&engine, &forwarding(r#"(param "x" string) (result (list u8))"#));
    let mut linker = Linker::new();
    let refuse = |_: &mut StoreContextMut<'_, ()>, (x,): (String,)| Err::<(Vec<u8>,), HostError>(x.into());
    linker.root().func_wrap("host", refuse).unwrap();
    for (name, poisons) in [("same", false), ("run", true)] {
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let run = instance.get_typed_func::<(&str,), (Vec<u8>,)>(&mut store, &[name]).unwrap();
        let error = run.call(&mut store, ("no",)).unwrap_err().to_string();
        assert_eq!(error.lines().next(), Some("no"));
        let again = run.call(&mut store, ("no",)).unwrap_err().to_string();
        assert_eq!(again.contains("cannot enter"), poisons, "{again}");
    }
}

/// What the host's resources are.
struct Thing;

/// The representations of the host's resources that were dropped.
type Dropped = Vec<u32>;

const THINGS: &str = r#"(component
    (import "thing" (type $thing (sub resource)))
    (import "make" (func $make (param "n" u32) (result (own $thing))))
    (import "look" (func $look (param "x" (borrow $thing)) (result u32)))
    (import "take" (func $take (param "x" (own $thing)) (result u32)))
    (core func $core-make (canon lower (func $make)))
    (core func $core-look (canon lower (func $look)))
    (core func $core-take (canon lower (func $take)))
    (core func $drop (canon resource.drop $thing))
    (core module $m
        (import "" "make" (func $make (param i32) (result i32)))
        (import "" "look" (func $look (param i32) (result i32)))
        (import "" "take" (func $take (param i32) (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (func (export "made") (param i32) (result i32) (call $make (local.get 0)))
        (func (export "looked") (param i32) (result i32)
            (call $look (local.get 0)) (call $drop (local.get 0)))
        (func (export "taken") (param i32) (result i32) (call $take (local.get 0)))
        (func (export "dropped") (param i32) (call $drop (local.get 0)))
        (func (export "lent-and-taken") (param i32) (result i32)
            (drop (call $look (local.get 0))) (call $take (local.get 0))))
    (core instance $i (instantiate $m (with "" (instance
        (export "make" (func $core-make)) (export "look" (func $core-look))
        (export "take" (func $core-take)) (export "drop" (func $drop))))))
    (func (export "made") (param "n" u32) (result (own $thing)) (canon lift (core func $i "made")))
    (func (export "looked") (param "x" (borrow $thing)) (result u32) (canon lift (core func $i "looked")))
    (func (export "taken") (param "x" (own $thing)) (result u32) (canon lift (core func $i "taken")))
    (func (export "dropped") (param "x" (own $thing)) (canon lift (core func $i "dropped")))
    (func (export "lent-and-taken") (param "x" (own $thing)) (result u32)
        (canon lift (core func $i "lent-and-taken"))))"#;

fn things() -> (Store<Dropped>, Instance) {
    let engine = engine();
    let component = component(&engine, THINGS);
    let mut linker = Linker::new();
    let mut root = linker.root();
    let drop_thing = |cx: &mut StoreContextMut<'_, Dropped>, rep| {
        cx.data_mut().push(rep);
        Ok(())
    };
    root.resource::<Thing>("thing", drop_thing).unwrap();
    root.func_wrap("make", |_, (n,): (u32,)| Ok((Resource::<Thing>::new_own(n + 1),))).unwrap();
    root.func_wrap("look", |_, (x,): (Resource<Thing>,)| Ok((x.rep() * 10 + u32::from(x.owned()),))).unwrap();
    root.func_wrap("take", |_, (x,): (Resource<Thing>,)| Ok((x.rep() * 10 + u32::from(x.owned()),))).unwrap();
    let mut store = Store::new(&engine, Dropped::new());
    let instance = linker.instantiate(&mut store, &component).unwrap_or_else(|error| panic!("{error}"));
    (store, instance)
}

#[test]
fn resources_of_the_host_go_round() {
    let (mut store, instance) = things();
    let made = instance.get_typed_func::<(u32,), (Resource<Thing>,)>(&mut store, &["made"]).unwrap();
    let looked = instance.get_typed_func::<(&Resource<Thing>,), (u32,)>(&mut store, &["looked"]).unwrap();
    let taken = instance.get_typed_func::<(&Resource<Thing>,), (u32,)>(&mut store, &["taken"]).unwrap();
    let (thing,) = made.call(&mut store, (6,)).unwrap();
    assert!(thing.owned());
    for _ in 0..2 {
        assert_eq!(looked.call(&mut store, (&thing,)).unwrap(), (70,));
    }
    assert_eq!(taken.call(&mut store, (&thing,)).unwrap(), (71,));
    assert!(!thing.owned());
    // What is gone is told before anything runs, so that the guest stays in use.
    let gone = taken.call(&mut store, (&thing,)).unwrap_err().to_string();
    assert_eq!(gone, "the resource is already closed: it was given away or dropped");
    let gone = looked.call(&mut store, (&thing,)).unwrap_err().to_string();
    assert_eq!(gone, "the resource is already closed: it was given away or dropped");
    let borrowed = taken.call(&mut store, (&Resource::new_borrow(3),)).unwrap_err().to_string();
    assert_eq!(borrowed, "a borrowed resource can't be given away");
    let dropped = instance.get_typed_func::<(Resource<Thing>,), ()>(&mut store, &["dropped"]).unwrap();
    dropped.call(&mut store, (Resource::new_own(5),)).unwrap();
    assert_eq!(*store.data(), [5]);
    let both =
        instance.get_typed_func::<(Resource<Thing>,), (u32,)>(&mut store, &["lent-and-taken"]).unwrap();
    assert_eq!(both.call(&mut store, (Resource::new_own(4),)).unwrap(), (41,));
}

#[test]
fn resources_of_any_type_go_round() {
    let (mut store, instance) = things();
    let made = instance.get_typed_func::<(u32,), (ResourceAny,)>(&mut store, &["made"]).unwrap();
    let taken = instance.get_typed_func::<(&ResourceAny,), (u32,)>(&mut store, &["taken"]).unwrap();
    let (thing,) = made.call(&mut store, (6,)).unwrap();
    let (other,) = made.call(&mut store, (8,)).unwrap();
    assert_eq!(taken.call(&mut store, (&thing,)).unwrap(), (71,));
    other.resource_drop(&mut store).unwrap();
    assert_eq!(*store.data(), [9]);
    assert!(matches!(other.resource_drop(&mut store), Err(CallError::Resource(_))));
    // A resource of another store, or of another type, is not passed.
    let (mut store_2, instance_2) = things();
    let made_2 = instance_2.get_typed_func::<(u32,), (ResourceAny,)>(&mut store_2, &["made"]).unwrap();
    let (foreign,) = made_2.call(&mut store_2, (6,)).unwrap();
    let error = taken.call(&mut store, (&foreign,)).unwrap_err().to_string();
    assert_eq!(error, "the resource is of another type than the function takes");
    assert!(matches!(foreign.resource_drop(&mut store), Err(CallError::WrongStore)));
}

/// What fits is shown as the component has it, in lists too: only the result is at fault.
#[test]
fn what_fits_is_no_part_of_a_mismatch() {
    let wat = r#"(component
        (import "thing" (type $thing (sub resource)))
        (core module $m (memory (export "m") 1)
            (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "f") (param i32 i32) (result i32) unreachable))
        (core instance $i (instantiate $m))
        (func (export "f") (param "xs" (list (borrow $thing))) (result u32)
            (canon lift (core func $i "f") (memory (core memory $i "m")) (realloc (core func $i "r")))))"#;
    let engine = engine();
    let mut linker = Linker::new();
    linker.root().resource::<Thing>("thing", |_: &mut StoreContextMut<'_, ()>, _| Ok(())).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component(&engine, wat)).unwrap();
    let error = instance.get_typed_func::<(Vec<Resource<Thing>>,), (u64,)>(&mut store, &["f"]).unwrap_err();
    let error = error.to_string();
    let list = error.split("func(xs: ").nth(1).and_then(|rest| rest.split(')').next()).expect(&error);
    assert!(list.starts_with("list<borrow<"), "{error}");
    assert!(error.ends_with(&format!("the Rust types are those of `f: func(xs: {list}) -> u64`")), "{error}");
}

#[test]
fn a_resource_of_another_rust_type_does_not_fit() {
    let (mut store, instance) = things();
    let error = instance.get_typed_func::<(Resource<u8>,), (u32,)>(&mut store, &["taken"]).unwrap_err();
    assert!(
        error.to_string().ends_with("but the Rust types are those of `taken: func(x: own<u8>) -> u32`"),
        "{error}"
    );
    assert_eq!(<Resource<u8> as ComponentType>::SHAPE.n_flat(), 1);
    // The dynamic function still takes any representation.
    let taken = instance.get_func(&mut store, &["taken"]).unwrap();
    assert_eq!(taken.call(&mut store, &[Val::Own(1)]).unwrap(), Some(Val::U32(11)));
}
