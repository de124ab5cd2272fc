//! Small components in the text format, instantiated and called: `tests/components/*.wat` with what
//! each call yields.
//!
//! All of them see the same host: [`linker`].

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use component_linker::{
    CallError, Component, Config, Engine, HostError, Instance, Linker, List, Store, StoreContextMut, Val,
};

/// What the host of these tests records.
#[derive(Default)]
struct Host {
    dropped: Vec<u32>,
}

/// What a call is to yield.
enum Expect {
    Returns(Option<Val>),
    /// Part of the trap's message.
    Traps(&'static str),
}

use Expect::{Returns, Traps};

type Call = (&'static [&'static str], Vec<Val>, Expect);

fn linker() -> Linker<Host> {
    let mut linker = Linker::new();
    let mut root = linker.root();
    root.func_new("double", |_, args| match args {
        [Val::U32(x)] => Ok(Some(Val::U32(x.wrapping_mul(2)))),
        other => Err(format!("{other:?}").into()),
    })
    .unwrap();
    root.func_new("fail", |_, _| Err("the host says no".into())).unwrap();
    root.func_new("wrong", |_, _| Ok(Some(Val::U8(1)))).unwrap();
    root.func_new("panic", |_, _| panic!("the host panics")).unwrap();
    root.func_new("upper", |_, args| match args {
        [Val::String(s)] => Ok(Some(Val::String(s.to_uppercase()))),
        other => Err(format!("{other:?}").into()),
    })
    .unwrap();
    let mut things = linker.instance("test:host/things@1.2.0").unwrap();
    things.resource::<()>("thing", |cx: &mut StoreContextMut<'_, Host>, rep| drop_thing(cx, rep)).unwrap();
    things
        .func_new("make", |_, args| match args {
            [Val::U32(rep)] => Ok(Some(Val::Own(*rep))),
            other => Err(format!("{other:?}").into()),
        })
        .unwrap();
    things
        .func_new("look", |_, args| match args {
            [Val::Borrow(rep)] => Ok(Some(Val::U32(*rep))),
            other => Err(format!("{other:?}").into()),
        })
        .unwrap();
    linker
}

fn drop_thing(cx: &mut StoreContextMut<'_, Host>, rep: u32) -> Result<(), HostError> {
    cx.data_mut().dropped.push(rep);
    Ok(())
}

/// Makes one instance and calls it in order. Returns what the host has recorded.
fn check(name: &str, calls: Vec<Call>) -> Host {
    let (mut store, instance) = instantiate(name);
    for (path, args, expect) in calls {
        check_call(&mut store, &instance, name, path, &args, expect);
    }
    store.into_data()
}

fn instantiate(name: &str) -> (Store<Host>, Instance) {
    let engine = Engine::new(&Config::new()).unwrap();
    let path = format!("{}/tests/components/{name}.wat", env!("CARGO_MANIFEST_DIR"));
    let bytes = wat::parse_file(&path).unwrap_or_else(|error| panic!("{error}"));
    let component = Component::new(&engine, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut store = Store::new(&engine, Host::default());
    let instance =
        linker().instantiate(&mut store, &component).unwrap_or_else(|error| panic!("{name}: {error}"));
    (store, instance)
}

fn check_call(
    store: &mut Store<Host>,
    instance: &Instance,
    name: &str,
    path: &[&str],
    args: &[Val],
    expect: Expect,
) {
    let result = call(store, instance, path, args);
    let call = format!("{name}: {}{args:?}", path.join("."));
    match (result, expect) {
        (Ok(result), Returns(expected)) => assert_eq!(result, expected, "{call}"),
        (Err(CallError::Trap(trap)), Traps(text)) => {
            assert!(trap.to_string().contains(text), "{call} trapped with {trap}");
        }
        (result, Returns(expected)) => panic!("{call} gave {result:?}, not {expected:?}"),
        (result, Traps(text)) => panic!("{call} gave {result:?}, not {text}"),
    }
}

fn call(
    store: &mut Store<Host>,
    instance: &Instance,
    path: &[&str],
    args: &[Val],
) -> Result<Option<Val>, CallError> {
    let func = instance.get_func(&mut *store, path).unwrap_or_else(|| panic!("no export {path:?}"));
    func.call(store, args)
}

fn u32_(value: u32) -> Val {
    Val::U32(value)
}

fn string(text: &str) -> Val {
    Val::String(String::from(text))
}

fn returns(value: Val) -> Expect {
    Returns(Some(value))
}

#[test]
fn scalars_pass_through() {
    check(
        "scalars",
        vec![
            (&["add"], vec![u32_(40), u32_(2)], returns(u32_(42))),
            (&["add"], vec![u32_(u32::MAX), u32_(2)], returns(u32_(1))),
            (&["negate"], vec![Val::S64(i64::MIN + 1)], returns(Val::S64(i64::MAX))),
            (&["half"], vec![Val::F64(3.0)], returns(Val::F64(1.5))),
            (&["truth"], vec![], returns(Val::Bool(true))),
            (&["nothing"], vec![], Returns(None)),
            (&["async-add"], vec![u32_(40), u32_(2)], returns(u32_(42))),
        ],
    );
}

#[test]
fn host_functions_are_called() {
    check(
        "host",
        vec![
            (&["quadruple"], vec![u32_(3)], returns(u32_(12))),
            (&["shout"], vec![string("grüße")], returns(string("GRÜSSE"))),
            (&["double-again"], vec![u32_(3)], returns(u32_(6))),
        ],
    );
    check("host", vec![(&["fail"], vec![], Traps("the host says no"))]);
    check("host", vec![(&["wrong"], vec![], Traps("a host function returned a value of the wrong type"))]);
}

#[test]
fn a_panic_of_the_host_passes_through_and_puts_the_instance_out_of_use() {
    let (mut store, instance) = instantiate("panic");
    let call_panic = || call(&mut store, &instance, &["panic"], &[]);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call_panic)).expect_err("a panic");
    assert_eq!(panic.downcast_ref(), Some(&"the host panics"));
    check_call(&mut store, &instance, "panic", &["panic"], &[], Traps("cannot enter component instance"));
}

#[test]
fn strings_and_lists_cross_components() {
    check(
        "strings",
        vec![
            (&["utf8"], vec![string("ascii, ä, 中, 😀")], returns(string("ascii, ä, 中, 😀"))),
            (&["via-utf16"], vec![string("ascii, ä, 中, 😀")], returns(string("ascii, ä, 中, 😀"))),
            (&["via-latin1"], vec![string("ascii, ä, 中, 😀")], returns(string("ascii, ä, 中, 😀"))),
            (&["via-latin1"], vec![string("ascii, ä")], returns(string("ascii, ä"))),
            (&["via-utf16"], vec![string("")], returns(string(""))),
            (
                &["bytes"],
                vec![Val::List(List::U8(vec![1, 2, 3]))],
                returns(Val::List(List::U8(vec![1, 2, 3]))),
            ),
        ],
    );
    check("strings", vec![(&["out-of-bounds"], vec![], Traps("string pointer/length out of bounds"))]);
    check("strings", vec![(&["invalid"], vec![], Traps("invalid utf-8"))]);
}

#[test]
fn host_resources_are_dropped_by_guests() {
    let host = check(
        "host-resource",
        vec![
            (&["make-and-look"], vec![u32_(7)], returns(u32_(7))),
            (&["take"], vec![Val::Own(9)], Returns(None)),
            (&["give"], vec![u32_(11)], returns(Val::Own(11))),
            (&["borrow"], vec![Val::Borrow(13)], returns(u32_(13))),
        ],
    );
    assert_eq!(host.dropped, [7, 9], "what was given back was not dropped");
    check(
        "host-resource",
        vec![(&["keep-borrow"], vec![Val::Borrow(1)], Traps("borrow handles still remain"))],
    );
    check("host-resource", vec![(&["drop-lent"], vec![u32_(1)], Traps("unknown handle index 2"))]);
}

#[test]
fn guest_resources_cross_to_the_host_and_back() {
    check(
        "guest-resource",
        vec![
            (&["counter", "new"], vec![u32_(5)], returns(Val::Own(105))),
            (&["counter", "get"], vec![Val::Borrow(105)], returns(u32_(105))),
            (&["live"], vec![], returns(u32_(1))),
            (&["counter", "finish"], vec![Val::Own(105)], Returns(None)),
            (&["live"], vec![], returns(u32_(0))),
        ],
    );
}

#[test]
fn resource_types_are_fresh_per_instance() {
    check(
        "generative",
        vec![(&["same"], vec![], Returns(None)), (&["other"], vec![], Traps("used with the wrong type"))],
    );
}

#[test]
fn a_trap_puts_the_instance_out_of_use() {
    check(
        "poison",
        vec![
            (&["fine"], vec![], Returns(None)),
            (&["inner-fine"], vec![], Returns(None)),
            (&["trap"], vec![], Traps("wasm trap: wasm `unreachable` instruction executed")),
            (&["fine"], vec![], Traps("cannot enter component instance")),
            (&["inner-fine"], vec![], Traps("cannot enter component instance")),
            (&["sibling-fine"], vec![], Returns(None)),
        ],
    );
}

#[test]
fn realloc_and_post_return_cannot_leave() {
    check("leave", vec![(&["post-return"], vec![], Traps("cannot leave component instance"))]);
    check("leave", vec![(&["realloc"], vec![string("x")], Traps("cannot leave component instance"))]);
    check("leave", vec![(&["count"], vec![], returns(u32_(0))), (&["counted"], vec![], Returns(None))]);
    check("leave", vec![(&["counted"], vec![], Returns(None)), (&["count"], vec![], returns(u32_(1)))]);
}

#[test]
fn unsupported_builtins_trap_only_when_called() {
    check(
        "unsupported",
        vec![
            (&["fine"], vec![], Returns(None)),
            (&["call"], vec![], Traps("not supported yet: canon stream.new")),
        ],
    );
}

#[test]
fn asynchronous_functions_that_never_wait() {
    let two = || vec![u32_(40), u32_(2)];
    check(
        "async",
        vec![
            (&["add"], two(), returns(u32_(42))),
            (&["add-callback"], two(), returns(u32_(42))),
            (&["text"], vec![], returns(string("sum"))),
            (&["lowered"], two(), returns(u32_(42))),
        ],
    );
    let faults = [
        ("not-returned", "ended without `task.return`"),
        ("twice", "`task.return` called a second time"),
        ("mismatch", "`task.return` differs from its function"),
        ("not-async", "`task.return` outside of an asynchronously lifted function"),
        ("code", "unsupported callback code 3"),
        ("yields", "not supported yet: a callback that yields"),
        ("waits", "not supported yet: a callback that waits"),
    ];
    for (name, message) in faults {
        let (mut store, instance) = instantiate("async");
        check_call(&mut store, &instance, "async", &[name], &[], Traps(message));
    }
}

#[test]
fn strings_keep_their_tags_while_the_callee_calls_on() {
    check("tags", vec![(&["most"], vec![], returns(u32_(3))), (&["text"], vec![], returns(string("é")))]);
}

#[test]
fn asynchronous_functions_are_called_with_rust_types() {
    let (mut store, instance) = instantiate("async");
    let add = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, &["add"]).unwrap();
    assert_eq!(add.call(&mut store, (40, 2)).unwrap(), (42,));
    let text = instance.get_typed_func::<(), (String,)>(&mut store, &["text"]).unwrap();
    assert_eq!(text.call(&mut store, ()).unwrap(), (String::from("sum"),));
    let fails = instance.get_typed_func::<(), ()>(&mut store, &["not-returned"]).unwrap();
    let error = fails.call(&mut store, ()).unwrap_err().to_string();
    assert!(error.contains("ended without `task.return`"), "{error}");
}

#[test]
fn endless_recursion_between_components_ends() {
    check("recursion", vec![(&["run"], vec![], Traps("calls between instances are more than 1000 deep"))]);
}

#[test]
fn nested_definitions_see_outer_ones() {
    check(
        "nesting",
        vec![(&["run"], vec![], returns(u32_(42))), (&["deep", "er", "run"], vec![], returns(u32_(42)))],
    );
}
