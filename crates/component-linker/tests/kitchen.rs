//! A component made with `wit-bindgen` that uses every kind of value, a call whose parameters
//! spill, and resources in both directions: `tests/guests/kitchen-rs.wasm`. The answers are those
//! that another engine gave.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use std::collections::BTreeMap;

use component_linker::{
    CallError, Component, Config, Engine, HostError, Instance, Linker, List, ResourceId, Store,
    StoreContextMut, Val,
};

const API: &str = "techbytes:kitchen/api@0.1.0";

/// The host's blobs by representation, and what it was told.
#[derive(Default)]
struct Host {
    blobs: BTreeMap<u32, Vec<u8>>,
    n_made: u32,
    log: Vec<String>,
}

impl Host {
    fn make(&mut self, blob: Vec<u8>) -> u32 {
        self.n_made += 1;
        self.blobs.insert(self.n_made, blob);
        self.n_made
    }
}

type Context<'a, 'b> = &'a mut StoreContextMut<'b, Host>;
type Answer = Result<Option<Val>, HostError>;

fn new(cx: Context<'_, '_>, args: &[Val]) -> Answer {
    let [Val::List(List::U8(init))] = args else { return wrong(args) };
    Ok(Some(Val::Own(cx.data_mut().make(init.clone()))))
}

fn read(cx: Context<'_, '_>, args: &[Val]) -> Answer {
    let [Val::Borrow(rep), Val::U32(n)] = args else { return wrong(args) };
    let blob = &cx.data().blobs[rep];
    Ok(Some(Val::List(List::U8(blob[..blob.len().min(*n as usize)].to_vec()))))
}

fn size(cx: Context<'_, '_>, args: &[Val]) -> Answer {
    let [Val::Borrow(rep)] = args else { return wrong(args) };
    Ok(Some(Val::U64(cx.data().blobs[rep].len() as u64)))
}

fn concat(cx: Context<'_, '_>, args: &[Val]) -> Answer {
    let [Val::Borrow(a), Val::Borrow(b)] = args else { return wrong(args) };
    let host = cx.data_mut();
    let blob = [&host.blobs[a][..], &host.blobs[b]].concat();
    Ok(Some(Val::Own(host.make(blob))))
}

fn log(cx: Context<'_, '_>, args: &[Val]) -> Answer {
    let [Val::Enum(level), Val::String(message)] = args else { return wrong(args) };
    cx.data_mut().log.push(format!("log {level}: {message}"));
    Ok(None)
}

/// Doubles circles, refuses the empty shape, and gives back any other.
fn transform(_: Context<'_, '_>, args: &[Val]) -> Answer {
    let [Val::Variant { case, payload }] = args else { return wrong(args) };
    Ok(Some(match (case, payload.as_deref()) {
        (0, _) => err(string("empty shape")),
        (1, Some(Val::F64(radius))) => ok(shape(1, Val::F64(2.0 * radius))),
        _ => ok(args[0].clone()),
    }))
}

fn drop_blob(cx: Context<'_, '_>, rep: u32) -> Result<(), HostError> {
    let host = cx.data_mut();
    host.blobs.remove(&rep).ok_or("no such blob")?;
    host.log.push(format!("drop blob {rep}"));
    Ok(())
}

fn wrong(args: &[Val]) -> Answer {
    Err(format!("{args:?}").into())
}

struct Kitchen {
    store: Store<Host>,
    instance: Instance,
}

fn kitchen() -> Kitchen {
    let bytes = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guests/kitchen-rs.wasm")).unwrap();
    let engine = Engine::new(&Config::new()).unwrap();
    let component = Component::new(&engine, &bytes).unwrap_or_else(|error| panic!("{error}"));
    let mut linker = Linker::new();
    let mut host = linker.instance("techbytes:kitchen/host@0.1.0").unwrap();
    host.resource::<()>("blob", drop_blob).unwrap();
    host.func_new("[constructor]blob", new).unwrap();
    host.func_new("[method]blob.read", read).unwrap();
    host.func_new("[method]blob.size", size).unwrap();
    host.func_new("[static]blob.concat", concat).unwrap();
    host.func_new("log", log).unwrap();
    host.func_new("transform", transform).unwrap();
    let mut store = Store::new(&engine, Host::default());
    let instance = linker.instantiate(&mut store, &component).unwrap_or_else(|error| panic!("{error}"));
    Kitchen { store, instance }
}

fn call(kitchen: &mut Kitchen, name: &str, args: &[Val]) -> Result<Option<Val>, CallError> {
    let func = kitchen.instance.get_func(&mut kitchen.store, &[API, name]);
    func.unwrap_or_else(|| panic!("no export {name}")).call(&mut kitchen.store, args)
}

fn check(kitchen: &mut Kitchen, name: &str, args: &[Val], expected: &Val) {
    let result = call(kitchen, name, args).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(result.as_ref(), Some(expected), "{name}{args:?}");
}

fn string(text: &str) -> Val {
    Val::String(String::from(text))
}

fn boxed(value: Val) -> Option<Box<Val>> {
    Some(Box::new(value))
}

fn some(value: Val) -> Val {
    Val::Option(boxed(value))
}

fn ok(value: Val) -> Val {
    Val::Result(Ok(boxed(value)))
}

fn err(value: Val) -> Val {
    Val::Result(Err(boxed(value)))
}

fn shape(case: u32, payload: Val) -> Val {
    Val::Variant { case, payload: boxed(payload) }
}

const EMPTY: Val = Val::Variant { case: 0, payload: None };

fn point(x: i32, y: i32) -> Val {
    Val::Record(vec![Val::S32(x), Val::S32(y)])
}

fn values(values: Vec<Val>) -> Val {
    Val::List(List::Values(values))
}

fn person(name: &str, email: Option<&str>) -> Val {
    Val::Record(vec![
        string(name),
        Val::U8(41),
        Val::Option(email.map(|email| Box::new(string(email)))),
        values(vec![string("a"), string(""), string("é😀")]),
        Val::Tuple(vec![Val::F32(1.5), Val::F64(-2.25), Val::Char('😀')]),
        Val::Enum(2),
        Val::Flags(0b1_0000_0001),
    ])
}

#[test]
fn values_are_echoed() {
    let kitchen = &mut kitchen();
    let mut echo = |name: &str, value: Val| check(kitchen, name, std::slice::from_ref(&value), &value);
    echo("echo-bool", Val::Bool(true));
    echo("echo-s8", Val::S8(-128));
    echo("echo-u16", Val::U16(65535));
    echo("echo-u64", Val::U64(u64::MAX));
    echo("echo-f32", Val::F32(1.5));
    echo("echo-f64", Val::F64(1e300));
    echo("echo-char", Val::Char('é'));
    echo("echo-char", Val::Char(char::MAX));
    for text in ["", "ascii", "latin é ÿ", "bmp \u{4e2d}\u{ffff}", "astral 😀\u{10ffff}", &"xé".repeat(5000)]
    {
        echo("echo-string", string(text));
    }
    echo("echo-color", Val::Enum(1));
    echo("echo-perms", Val::Flags(0b1_0000_1001));
    echo("echo-point", point(-1, i32::MAX));
    echo("echo-person", person("Zoë", Some("Zoë@x")));
    echo("echo-person", person("bob", None));
    echo("echo-shape", EMPTY);
    echo("echo-shape", shape(1, Val::F64(2.5)));
    echo("echo-shape", shape(2, Val::Tuple(vec![Val::F32(1.0), Val::F32(2.0)])));
    echo("echo-shape", shape(3, string("nämed")));
    echo("echo-shape", shape(4, values(vec![point(1, 2), point(3, 4)])));
    echo("echo-shape", shape(5, Val::U64(1 << 63)));
    echo("echo-options", Val::Option(None));
    echo("echo-options", some(Val::Option(None)));
    echo("echo-options", some(some(Val::U32(5))));
}

#[test]
fn values_are_computed() {
    let kitchen = &mut kitchen();
    let pair = Val::Tuple(vec![Val::U8(7), Val::Bool(true)]);
    check(kitchen, "echo-result", &[ok(Val::U8(7))], &ok(pair));
    check(kitchen, "echo-result", &[err(Val::S64(i64::MIN))], &err(string("err:-9223372036854775808")));
    let numbers = vec![Val::U8(1), Val::U16(2), Val::U32(3), Val::U64(4), string("five")];
    let reversed = vec![string("five"), Val::U64(4), Val::U32(3), Val::U16(2), Val::U8(1)];
    check(kitchen, "echo-tuple", &[Val::Tuple(numbers)], &Val::Tuple(reversed));
    let people = [person("a", Some("a@x")), person("bob", None), person("c", Some("c@x"))];
    let reversed = people.iter().rev().cloned().collect();
    check(kitchen, "reverse-people", &[values(people.to_vec())], &values(reversed));
    check(kitchen, "reverse-people", &[values(vec![])], &values(vec![]));
    let points = (0..1000).map(|i| point(i, -i)).collect();
    check(kitchen, "sum-points", &[values(points)], &point(499_500, -499_500));
    let wrapping = values(vec![point(i32::MAX, 0), point(1, 0)]);
    check(kitchen, "sum-points", &[wrapping], &point(i32::MIN, 0));
}

#[test]
fn thirteen_parameters_spill() {
    let kitchen = &mut kitchen();
    let args = [
        Val::U8(1),
        Val::U16(2),
        Val::U32(3),
        Val::U64(4),
        Val::F32(1.5),
        Val::F64(2.5),
        string("seven"),
        Val::List(List::U8((0..8).collect())),
        Val::Bool(true),
        Val::Char('é'),
        some(Val::U64(11)),
        shape(3, string("nm")),
        Val::Flags(0b1_0011),
    ];
    check(kitchen, "many", &args, &string("1,2,3,4,1.5,2.5,seven,8,true,é,11,named,a|read|write"));
}

#[test]
fn the_host_is_called_back() {
    let kitchen = &mut kitchen();
    let mut callback = |shape: Val, expected: Val, log: &str| {
        check(kitchen, "call-host", &[shape], &expected);
        assert_eq!(kitchen.store.data_mut().log.drain(..).collect::<Vec<_>>(), [log]);
    };
    callback(EMPTY, err(string("empty shape")), "log 1: calling host with empty");
    let (circle, doubled) = (shape(1, Val::F64(2.5)), shape(1, Val::F64(5.0)));
    callback(circle, ok(doubled), "log 1: calling host with circle");
    let named = shape(3, string("q"));
    callback(named.clone(), ok(named), "log 1: calling host with named");
}

#[test]
fn host_resources_are_used_and_dropped() {
    let kitchen = &mut kitchen();
    let rep = kitchen.store.data_mut().make(b"hello world".to_vec());
    check(kitchen, "use-blob", &[Val::Own(rep)], &Val::U64(15));
    assert_eq!(kitchen.store.data_mut().log.drain(..).collect::<Vec<_>>(), ["drop blob 1"]);
    let made = call(kitchen, "make-blob", &[Val::U32(10)]).unwrap();
    let Some(Val::Own(rep)) = made else { panic!("{made:?}") };
    let host = kitchen.store.data();
    assert_eq!(host.blobs[&rep], [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 1, 2, 3]);
    assert_eq!(host.log, ["drop blob 3", "drop blob 2"]);
    assert_eq!(host.blobs.len(), 1, "the one that was given back");
}

#[test]
fn guest_resources_are_used_and_dropped() {
    let kitchen = &mut kitchen();
    let counter = |kitchen: &mut Kitchen, start| {
        let made = call(kitchen, "[constructor]counter", &[Val::S64(start)]).unwrap();
        let Some(Val::Own(rep)) = made else { panic!("{made:?}") };
        rep
    };
    let a = counter(kitchen, 10);
    let b = counter(kitchen, 5);
    check(kitchen, "[method]counter.increment", &[Val::Borrow(a), Val::S64(7)], &Val::S64(17));
    check(kitchen, "[method]counter.increment", &[Val::Borrow(a), Val::S64(20)], &Val::S64(37));
    check(kitchen, "[method]counter.value", &[Val::Borrow(a)], &Val::S64(37));
    check(kitchen, "[method]counter.label", &[Val::Borrow(b)], &string("counter:5"));
    let all = values(vec![Val::Borrow(a), Val::Borrow(b), Val::Borrow(b)]);
    check(kitchen, "total", &[all], &Val::S64(47));
    let merged = call(kitchen, "[static]counter.merge", &[Val::Own(a), Val::Borrow(b)]).unwrap();
    let Some(Val::Own(merged)) = merged else { panic!("{merged:?}") };
    check(kitchen, "[method]counter.value", &[Val::Borrow(merged)], &Val::S64(42));
    let counter_type = ResourceId(1);
    for rep in [b, merged] {
        kitchen.instance.drop_resource(&mut kitchen.store, counter_type, rep).unwrap();
    }
    let unknown = kitchen.instance.drop_resource(&mut kitchen.store, ResourceId(9), 0);
    assert!(matches!(unknown, Err(CallError::UnknownResource(ResourceId(9)))), "{unknown:?}");
}
