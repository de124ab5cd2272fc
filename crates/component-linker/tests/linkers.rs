//! What an embedder does with linkers, prepared instantiations, resources and call hooks.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use std::sync::{Arc, Mutex};

use component_linker::{
    CallError, CallHook, Component, Config, Engine, InstantiateError, ItemKind, LinkError, Linker, Resource,
    ResourceAny, ResourceError, Store, Val,
};

fn engine() -> Engine {
    Engine::new(&Config::new()).unwrap()
}

fn component(engine: &Engine, wat: &str) -> Component {
    Component::new(engine, &wat::parse_str(wat).unwrap()).unwrap_or_else(|error| panic!("{error}\n{wat}"))
}

#[test]
fn all_imports_that_are_not_satisfied_are_one_error() {
    let engine = engine();
    let component = component(
        &engine,
        r#"(component
            (import "z" (func (param "x" u32)))
            (import "m" (core module))
            (import "r" (type $r (sub resource)))
            (import "of-r" (func (param "x" (own $r))))
            (import "typed" (func (result string)))
            (import "sort" (func))
            (import "a:b/whole@1.0.0" (instance (export "f" (func)) (export "g" (func)) (type $t u8)
                (export "t" (type (eq $t)))))
            (import "a:b/part@1.0.0" (instance (export "f" (func)) (export "g" (func))))
            (import "a:b/types@1.0.0" (instance (type $t u8) (export "t" (type (eq $t))))))"#,
    );
    let mut linker = Linker::<()>::new();
    linker.root().func_wrap("typed", |_, (): ()| Ok((1u32,))).unwrap();
    linker.root().func_wrap("of-r", |_, (_,): (u32,)| Ok(())).unwrap();
    linker.instance("sort").unwrap();
    linker.instance("a:b/part@1.0.0").unwrap().func_wrap("f", |_, (): ()| Ok(())).unwrap();
    linker.instance("a:b/whole@2.0.0").unwrap().func_wrap("f", |_, (): ()| Ok(())).unwrap();
    let error = linker.instantiate_pre(&component).unwrap_err();
    // A function of a type that is missing is not said to be of another type.
    assert_eq!(
        error.to_string(),
        "7 imports are not satisfied:\n  \
         import `a:b/part@1.0.0` function `g: func()` is not provided\n  \
         import core module `m` is not provided\n  \
         import function `sort: func()` is provided as an instance\n  \
         import function `typed: func() -> string` is provided as `typed: func() -> u32`\n  \
         import function `z: func(x: u32)` is not provided\n  \
         import instance `a:b/whole@1.0.0` is not provided; the linker has `a:b/whole@2.0.0`, which is not \
         compatible: it has to have function `f`, function `g`\n  \
         import resource `r` is not provided"
    );
    let is_missing = |error: &&LinkError| matches!(error, LinkError::Missing(_));
    assert_eq!(error.each().iter().filter(is_missing).count(), 5);
    let Err(InstantiateError::Link(again)) = linker.instantiate(Store::new(&engine, ()), &component) else {
        panic!("it is not satisfied")
    };
    assert_eq!(again, error);
}

const CALLS_F: &str = r#"(component
    (import "a:b/i" (instance $i (export "f" (func (result u32)))))
    (core func $f (canon lower (func $i "f")))
    (core module $m (import "" "f" (func $f (result i32)))
        (func (export "g") (result i32) (i32.add (call $f) (i32.const 100))))
    (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
    (func (export "g") (result u32) (canon lift (core func $m "g"))))"#;

#[test]
fn a_prepared_component_is_instantiated_in_many_stores() {
    let engine = engine();
    let mut linker = Linker::<u32>::new();
    linker.instance("a:b/i").unwrap().func_wrap("f", |cx, (): ()| Ok((*cx.data(),))).unwrap();
    let pre = linker.instantiate_pre(&component(&engine, CALLS_F)).unwrap();
    drop(linker);
    let threads: Vec<_> = (0..4)
        .map(|data| {
            let (engine, pre) = (engine.clone(), pre.clone());
            std::thread::spawn(move || {
                let mut store = Store::new(&engine, data);
                let instance = pre.instantiate(&mut store).unwrap();
                let g = instance.get_typed_func::<(), (u32,)>(&mut store, &["g"]).unwrap();
                g.call(&mut store, ()).unwrap().0
            })
        })
        .collect();
    let results: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(results, [100, 101, 102, 103]);
    assert_eq!(pre.component().imports().len(), 1);
}

#[test]
fn what_is_linked_to_an_instance_belongs_to_its_store() {
    let engine = engine();
    let mut store = Store::new(&engine, ());
    let exporter = component(
        &engine,
        r#"(component (core module $m (func (export "f") (result i32) (i32.const 1)))
            (core instance $m (instantiate $m))
            (func $f (result u32) (canon lift (core func $m "f")))
            (instance $i (export "f" (func $f))) (export "a:b/i" (instance $i)))"#,
    );
    let exporter = Linker::new().instantiate(&mut store, &exporter).unwrap();
    let mut linker = Linker::new();
    linker.root().define_exports(&exporter).unwrap();
    let pre = linker.instantiate_pre(&component(&engine, CALLS_F)).unwrap();
    for _ in 0..2 {
        let instance = pre.instantiate(&mut store).unwrap();
        let g = instance.get_typed_func::<(), (u32,)>(&mut store, &["g"]).unwrap();
        assert_eq!(g.call(&mut store, ()).unwrap(), (101,));
    }
    let error = pre.instantiate(Store::new(&engine, ())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "import `a:b/i` function `f: func() -> u32` is provided by an instance of another store"
    );
}

#[test]
fn names_are_given_again_where_shadowing_is_allowed() {
    let engine = engine();
    let mut linker = Linker::<()>::new();
    let define = |linker: &mut Linker<()>, value: u32| {
        linker.instance("a:b/i")?.func_wrap("f", move |_, (): ()| Ok((value,)))
    };
    define(&mut linker, 1).unwrap();
    assert!(matches!(define(&mut linker, 2), Err(LinkError::Duplicate(_))));
    let run = |linker: &Linker<()>| {
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &component(&engine, CALLS_F)).unwrap();
        let g = instance.get_typed_func::<(), (u32,)>(&mut store, &["g"]).unwrap();
        g.call(&mut store, ()).unwrap().0
    };
    assert_eq!(run(&linker), 101);
    linker.allow_shadowing(true);
    define(&mut linker, 3).unwrap();
    assert_eq!(run(&linker), 103);
    // What is given again may be of another sort, and nested.
    linker.root().func_wrap("a:b/i", |_, (): ()| Ok(())).unwrap();
    linker.instance("a:b/i").unwrap().into_instance("nested").unwrap();
    define(&mut linker, 4).unwrap();
    assert_eq!(run(&linker.clone()), 104);
    linker.allow_shadowing(false);
    assert!(matches!(define(&mut linker, 5), Err(LinkError::Duplicate(_))));
}

#[test]
fn stubs_say_what_they_cannot_stand_in_for() {
    let engine = engine();
    let component = component(
        &engine,
        r#"(component
            (import "m" (core module))
            (import "i" (instance (export "c" (component)) (export "f" (func))))
            (import "g" (func)))"#,
    );
    let mut linker = Linker::<()>::new();
    linker.root().resource::<()>("g", |_, _| Ok(())).unwrap();
    let error = linker.stub_imports(&component).unwrap_err();
    assert_eq!(
        error.to_string(),
        "3 imports are not satisfied:\n  \
         import `i` component `c` has to be provided: there is no stub for one\n  \
         import core module `m` has to be provided: there is no stub for one\n  \
         import function `g` is provided as a resource"
    );
    assert!(matches!(error.each(), [LinkError::NoStub(_), LinkError::NoStub(_), LinkError::WrongSort(_)]));
    // The others have stubs.
    let error = linker.instantiate_pre(&component).unwrap_err();
    assert!(!error.to_string().contains("`f"), "{error}");
}

#[test]
fn a_stub_of_a_resource_type_stands_for_all_its_names() {
    let engine = engine();
    let component = component(
        &engine,
        r#"(component
            (import "a:b/poll" (instance $poll (export "pollable" (type (sub resource)))))
            (alias export $poll "pollable" (type $p))
            (import "a:b/streams" (instance (export "pollable" (type $q (eq $p)))
                (export "subscribe" (func (result (own $q)))))))"#,
    );
    let mut linker = Linker::<()>::new();
    linker.stub_imports(&component).unwrap();
    linker.instantiate(Store::new(&engine, ()), &component).unwrap();
}

#[test]
fn one_interface_under_two_names_is_two_instances() {
    let engine = engine();
    let component = component(
        &engine,
        r#"(component
            (import "hot" (implements "a:b/store@1.2.0") (external-id "db:hot")
                (instance $hot (export "get" (func (result u32)))))
            (import "cold" (implements "a:b/store@1.2.0")
                (instance $cold (export "get" (func (result u32)))))
            (export "front" (implements "a:b/store@1.2.0") (instance $hot))
            (export "back" (implements "a:b/store@1.2.0") (instance $cold)))"#,
    );
    let [hot, cold] = component.imports() else { panic!("two imports") };
    assert_eq!(
        (hot.implements.as_deref(), hot.external_id.as_deref()),
        (Some("a:b/store@1.2.0"), Some("db:hot"))
    );
    assert_eq!((cold.name.as_str(), cold.external_id.as_deref()), ("cold", None));
    assert!(cold.is_implementation_of("a:b/store@1.3.0") && !cold.is_implementation_of("a:b/store@2.0.0"));
    assert!(!cold.is_implementation_of("a:b/store"));

    // The interface's own name is that of another import.
    let mut linker = Linker::<()>::new();
    linker.instance("a:b/store@1.2.0").unwrap().func_wrap("get", |_, (): ()| Ok((0u32,))).unwrap();
    let error = linker.instantiate_pre(&component).unwrap_err();
    assert_eq!(error.each().len(), 2);

    // A host provides each import of the interface, by the name that the component gives it.
    let imports = component.imports().iter().filter(|item| item.is_implementation_of("a:b/store@1.2.0"));
    for (value, import) in (1u32..).zip(imports) {
        let mut instance = linker.instance(&import.name).unwrap();
        instance.func_wrap("get", move |_, (): ()| Ok((value,))).unwrap();
    }
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let mut get = |name: &str| {
        let get = instance.get_typed_func::<(), (u32,)>(&mut store, &[name, "get"]).unwrap();
        get.call(&mut store, ()).unwrap().0
    };
    assert_eq!((get("front"), get("back")), (1, 2));
}

/// Exports a resource type of its own, and passes one of the host on.
const RESOURCES: &str = r#"(component
    (import "t" (type $t (sub resource)))
    (type $u' (resource (rep i32)))
    (export $u "u" (type $u'))
    (export "t-again" (type $t))
    (core module $m (func (export "pass") (param i32) (result i32) (local.get 0)))
    (core instance $m (instantiate $m))
    (core func $new (canon resource.new $u))
    (func (export "new") (param "rep" u32) (result (own $u)) (canon lift (core func $new)))
    (func (export "pass-t") (param "x" (own $t)) (result (own $t)) (canon lift (core func $m "pass")))
    (func (export "pass-u") (param "x" (own $u)) (result (own $u)) (canon lift (core func $m "pass"))))"#;

#[test]
fn resources_are_converted() {
    struct Mine;
    let engine = engine();
    let component = component(&engine, RESOURCES);
    let mut linker = Linker::<()>::new();
    linker.root().resource::<Mine>("t", |_, _| Ok(())).unwrap();
    let mut store = Store::new(&engine, ());
    let unknown = Resource::<Mine>::new_own(1).try_into_resource_any(&mut store);
    assert_eq!(unknown.unwrap_err(), ResourceError::UnknownType);

    let instance = linker.instantiate_pre(&component).unwrap().instantiate(&mut store).unwrap();
    let t = instance.get_resource(&mut store, &["t-again"]).unwrap();
    let u = instance.get_resource(&mut store, &["u"]).unwrap();
    assert_ne!(t, u);
    assert_eq!(instance.get_resource(&mut store, &["new"]), None);
    assert_eq!(instance.get_resource(&mut store, &["v"]), None);
    assert_eq!(instance.get_resource(Store::new(&engine, ()), &["u"]), None);

    // Host types: typed, of any type, and as a value.
    let any = Resource::<Mine>::new_own(100).try_into_resource_any(&mut store).unwrap();
    assert_eq!((any.ty(), any.owned()), (t, true));
    let pass_any =
        instance.get_typed_func::<(ResourceAny,), (ResourceAny,)>(&mut store, &["pass-t"]).unwrap();
    let (any,) = pass_any.call(&mut store, (any,)).unwrap();
    assert_eq!(any.ty(), t);
    let typed = any.try_into_resource::<Mine>(&mut store).unwrap();
    assert_eq!((typed.rep(), typed.owned()), (100, true));
    let value = typed.into_val().unwrap();
    assert_eq!(value, Val::Own(100));
    let pass = instance.get_func(&mut store, &["pass-t"]).unwrap();
    let Some(value) = pass.call(&mut store, &[value]).unwrap() else { panic!("it has a result") };
    let typed = Resource::<Mine>::from_val(&value).unwrap();
    assert_eq!((typed.rep(), typed.owned()), (100, true));
    assert!(Resource::<Mine>::from_val(&Val::U32(100)).is_none());

    // Guest types.
    let new = instance.get_func(&mut store, &["new"]).unwrap();
    let made = new.call(&mut store, &[Val::U32(7)]).unwrap().unwrap();
    let Some(component_linker::ValType::Own(id)) = new.ty().result else { panic!("it returns a resource") };
    assert_eq!(new.resource_key(id), Some(u));
    let any = ResourceAny::from_val(&made, u).unwrap();
    let pass_u = instance.get_typed_func::<(ResourceAny,), (ResourceAny,)>(&mut store, &["pass-u"]).unwrap();
    let (any,) = pass_u.call(&mut store, (any,)).unwrap();
    assert_eq!((any.ty(), any.owned()), (u, true));
    let wrong = any.try_into_resource::<Mine>(&mut store);
    assert_eq!(wrong.unwrap_err(), ResourceError::WrongType);

    // What was given away is nothing any more.
    let any = ResourceAny::from_val(&made, u).unwrap();
    any.resource_drop(&mut store).unwrap();
    assert_eq!(any.into_val(), Err(ResourceError::Closed));
}

type Log = Arc<Mutex<Vec<CallHook>>>;

fn logging(store: &mut Store<()>, fail_at: Option<CallHook>) -> Log {
    let log = Log::default();
    let kept = Arc::clone(&log);
    store.call_hook(move |_, hook| {
        kept.lock().unwrap().push(hook);
        if Some(hook) == fail_at { Err("the hook refuses".into()) } else { Ok(()) }
    });
    log
}

#[test]
fn hooks_run_where_control_passes() {
    use CallHook::{CallingHost, CallingWasm, ReturningFromHost, ReturningFromWasm};
    let engine = engine();
    let component = component(&engine, CALLS_F);
    let mut typed = Linker::<()>::new();
    typed.instance("a:b/i").unwrap().func_wrap("f", |_, (): ()| Ok((1u32,))).unwrap();
    let mut dynamic = Linker::<()>::new();
    dynamic.instance("a:b/i").unwrap().func_new("f", |_, _| Ok(Some(Val::U32(1)))).unwrap();
    let mut failing = Linker::<()>::new();
    failing.instance("a:b/i").unwrap().func_wrap::<_, (), (u32,)>("f", |_, ()| Err("no".into())).unwrap();
    let run = |linker: &Linker<()>, fail_at: Option<CallHook>, is_typed: bool| {
        let mut store = Store::new(&engine, ());
        let log = logging(&mut store, fail_at);
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let result = if is_typed {
            let g = instance.get_typed_func::<(), (u32,)>(&mut store, &["g"]).unwrap();
            g.call(&mut store, ()).map(|(value,)| value)
        } else {
            let g = instance.get_func(&mut store, &["g"]).unwrap();
            let value = g.call(&mut store, &[]);
            value.map(|value| if let Some(Val::U32(value)) = value { value } else { panic!("a u32") })
        };
        let log = log.lock().unwrap().clone();
        (
            result.map_err(|error| {
                if let CallError::Trap(trap) = error { trap.cause().to_string() } else { panic!() }
            }),
            log,
        )
    };
    let all = vec![CallingWasm, CallingHost, ReturningFromHost, ReturningFromWasm];
    for is_typed in [true, false] {
        for linker in [&typed, &dynamic] {
            assert_eq!(run(linker, None, is_typed), (Ok(101), all.clone()));
            let refused = || Err(String::from("the hook refuses"));
            let log = vec![CallingWasm];
            assert_eq!(run(linker, Some(CallingWasm), is_typed), (refused(), log));
            let log = vec![CallingWasm, CallingHost, ReturningFromWasm];
            assert_eq!(run(linker, Some(CallingHost), is_typed), (refused(), log));
            assert_eq!(run(linker, Some(ReturningFromHost), is_typed), (refused(), all.clone()));
            assert_eq!(run(linker, Some(ReturningFromWasm), is_typed), (refused(), all.clone()));
        }
        let (result, log) = run(&failing, None, is_typed);
        assert_eq!((result, log), (Err(String::from("no")), all.clone()));
    }
}

#[test]
fn hooks_see_destructors() {
    let engine = engine();
    let component = component(
        &engine,
        r#"(component
            (import "t" (type $t (sub resource)))
            (core func $drop (canon resource.drop $t))
            (func (export "drop") (param "x" (own $t)) (canon lift (core func $drop)))
            (core module $m (func (export "dtor") (param i32)))
            (core instance $m (instantiate $m))
            (type $u' (resource (rep i32) (dtor (core func $m "dtor"))))
            (export $u "u" (type $u'))
            (core func $new (canon resource.new $u))
            (func (export "new") (param "rep" u32) (result (own $u)) (canon lift (core func $new))))"#,
    );
    let mut linker = Linker::<()>::new();
    linker.root().resource::<()>("t", |_, _| Ok(())).unwrap();
    let mut store = Store::new(&engine, ());
    let log = logging(&mut store, None);
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let drop = instance.get_typed_func::<(Resource<()>,), ()>(&mut store, &["drop"]).unwrap();
    drop.call(&mut store, (Resource::new_own(1),)).unwrap();
    assert_eq!(log.lock().unwrap().len(), 4);
    let new = instance.get_typed_func::<(u32,), (ResourceAny,)>(&mut store, &["new"]).unwrap();
    let (made,) = new.call(&mut store, (5,)).unwrap();
    log.lock().unwrap().clear();
    made.resource_drop(&mut store).unwrap();
    assert_eq!(*log.lock().unwrap(), [CallHook::CallingWasm, CallHook::ReturningFromWasm]);
}

#[test]
fn types_are_known_without_an_engine() {
    let bytes = wat::parse_str(RESOURCES).unwrap();
    let resolved = component_linker::ResolvedComponent::new(&bytes).unwrap();
    let Some(ItemKind::Func(pass)) = resolved.export(&["pass-t"]).map(|item| &item.kind) else {
        panic!("a function")
    };
    let Some(ItemKind::Resource(t)) = resolved.import(&["t"]).map(|item| &item.kind) else {
        panic!("a resource type")
    };
    assert_eq!(pass.result, Some(component_linker::ValType::Own(*t)));
    assert!(resolved.export(&["pass-t", "deeper"]).is_none());
    assert!(resolved.export(&[]).is_none());
}
