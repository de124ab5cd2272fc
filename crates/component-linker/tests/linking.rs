//! Components linked to each other at run time, and to a host that gives its functions' types.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use std::sync::Arc;

use component_linker::{
    Component, Config, Engine, FuncType, HostFuncType, Instance, InstantiateError, LinkError, Linker,
    ResourceId, Store, Types, Val, ValType,
};

fn component(engine: &Engine, wat: &str) -> Component {
    Component::new(engine, &wat::parse_str(wat).unwrap()).unwrap_or_else(|error| panic!("{error}\n{wat}"))
}

fn file(engine: &Engine, name: &str) -> Component {
    let path = format!("{}/tests/components/{name}.wat", env!("CARGO_MANIFEST_DIR"));
    component(engine, &std::fs::read_to_string(path).unwrap())
}

fn instantiate(store: &mut Store<()>, linker: &Linker<()>, component: &Component) -> Instance {
    linker.instantiate(store, component).unwrap_or_else(|error| panic!("{error}"))
}

fn call(store: &mut Store<()>, instance: &Instance, name: &str, args: &[Val]) -> Option<Val> {
    let func = instance.get_func(&mut *store, &[name]).unwrap_or_else(|| panic!("no export {name}"));
    func.call(store, args).unwrap_or_else(|error| panic!("{name}{args:?}: {error}"))
}

#[test]
fn the_exports_of_a_live_instance_meet_imports() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut store = Store::new(&engine, ());
    let counters = instantiate(&mut store, &Linker::new(), &file(&engine, "counters"));
    let mut linker = Linker::new();
    linker.root().define_exports(&counters).unwrap();
    let tally = instantiate(&mut store, &linker, &file(&engine, "tally"));

    let live = |store: &mut Store<()>| call(store, &counters, "live", &[]);
    assert_eq!(call(&mut store, &tally, "value-of", &[Val::U32(7)]), Some(Val::U32(7)));
    assert_eq!(live(&mut store), Some(Val::S32(0)));
    assert_eq!(call(&mut store, &counters, "last-dropped", &[]), Some(Val::U32(7)));

    let kept = call(&mut store, &tally, "keep", &[Val::U32(8)]).unwrap();
    assert_eq!(kept, Val::Own(8));
    assert_eq!(live(&mut store), Some(Val::S32(1)));
    assert_eq!(call(&mut store, &tally, "give-back", &[kept]), Some(Val::U32(8)));

    let text = Val::String(String::from("ascii, ä, 中, 😀"));
    assert_eq!(call(&mut store, &tally, "say", std::slice::from_ref(&text)), Some(text));
}

#[test]
fn live_instances_link_one_after_another() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut store = Store::new(&engine, ());
    let pass = component(
        &engine,
        r#"(component (import "i" (instance $i (export "f" (func (param "x" u32) (result u32)))))
            (export "f" (func $i "f")))"#,
    );
    let mut linker = Linker::new();
    linker.instance("i").unwrap().func_new("f", |_, args| Ok(Some(args[0].clone()))).unwrap();
    for _ in 0..3 {
        let instance = instantiate(&mut store, &linker, &pass);
        linker = Linker::new();
        linker.define_instance("i", &instance).unwrap();
    }
    let last = instantiate(&mut store, &linker, &pass);
    assert_eq!(call(&mut store, &last, "f", &[Val::U32(5)]), Some(Val::U32(5)));
}

/// Links `importer` with the exports of an instance of `exporter` and returns the error's text.
fn link_error(exporter: &str, importer: &str) -> String {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut store = Store::new(&engine, ());
    let exporter = instantiate(&mut store, &Linker::new(), &component(&engine, exporter));
    let mut linker = Linker::new();
    linker.root().define_exports(&exporter).unwrap();
    match linker.instantiate(&mut store, &component(&engine, importer)) {
        Err(InstantiateError::Link(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn types_of_live_exports_are_checked() {
    let func = |ty: &str| {
        format!(
            r#"(component (core module $m (func (export "f") (param i32)))
                (core instance $m (instantiate $m))
                (func (export "f") {ty} (canon lift (core func $m "f"))))"#
        )
    };
    let import = |ty: &str| format!(r#"(component (import "f" (func {ty})))"#);
    let check = |exporter: &str, importer: &str, message: &str| {
        assert_eq!(link_error(exporter, importer), message);
    };
    check(
        &func(r#"(param "x" u32)"#),
        &import(r#"(param "x" s32)"#),
        "import function `f: func(x: s32)` is provided as `f: func(x: u32)`",
    );
    check(
        &func(r#"(param "x" u32)"#),
        &import(r#"(param "y" u32)"#),
        "import function `f: func(y: u32)` is provided as `f: func(x: u32)`",
    );
    check(
        &func(r#"(param "x" u32)"#),
        r#"(component (import "f" (instance (export "g" (func)))))"#,
        "import instance `f` is provided as a function",
    );
    check(
        r#"(component (type $t' (record (field "a" u8))) (export "t" (type $t')))"#,
        r#"(component (type $t' (record (field "b" u8))) (import "t" (type (eq $t'))))"#,
        "import type `t`, `record { b: u8 }`, is provided as `record { a: u8 }`",
    );
    check(
        r#"(component (core module $m (func (export "f") (param i32)))
            (core instance $m (instantiate $m))
            (type $r (resource (rep i32))) (export $r' "r" (type $r))
            (type $s (resource (rep i32))) (export $s' "s" (type $s))
            (func (export "f") (param "x" (own $s')) (canon lift (core func $m "f"))))"#,
        r#"(component (import "r" (type $r (sub resource))) (import "f" (func (param "x" (own $r)))))"#,
        "import function `f: func(x: own<r>)` is provided as `f: func(x: own<s>)`",
    );
}

#[test]
fn instances_of_other_stores_are_refused() {
    let engine = Engine::new(&Config::new()).unwrap();
    let counters = instantiate(&mut Store::new(&engine, ()), &Linker::new(), &file(&engine, "counters"));
    let mut linker = Linker::new();
    linker.root().define_exports(&counters).unwrap();
    let error = linker.instantiate(Store::new(&engine, ()), &file(&engine, "tally")).expect_err("two stores");
    let InstantiateError::Link(LinkError::WrongStore(message)) = error else { panic!("{error}") };
    assert_eq!(
        message,
        "import `test:count/counters@0.2.3` resource `counter` is provided by an instance of another store"
    );
}

#[test]
fn a_resource_type_of_the_host_is_one_type_for_all_components() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut store = Store::new(&engine, ());
    let passer = component(
        &engine,
        r#"(component (import "r" (type $r (sub resource)))
            (import "f" (func $f (param "x" (own $r)) (result u32)))
            (export "f" (func $f)))"#,
    );
    let mut linker = Linker::new();
    linker.root().resource::<()>("r", |_, _| Ok(())).unwrap();
    let with_r = linker.clone();
    linker.root().func_new("f", |_, args| Ok(Some(Val::U32(u32::from(args == [Val::Own(9)]))))).unwrap();
    let first = instantiate(&mut store, &linker, &passer);
    let mut linker = with_r;
    linker.root().define_exports(&first).unwrap();
    let second = instantiate(&mut store, &linker, &passer);
    assert_eq!(call(&mut store, &second, "f", &[Val::Own(9)]), Some(Val::U32(1)));

    let mut linker = Linker::new();
    linker.root().resource::<()>("r", |_, _| Ok(())).unwrap();
    linker.root().define_exports(&first).unwrap();
    let error = linker.instantiate(&mut store, &passer).expect_err("another type");
    assert_eq!(
        error.to_string(),
        "import function `f: func(x: own<r>) -> u32` is provided as \
         `f: func(x: own<r>) -> u32`, where `r` is a type that the linker does not have, not resource `r`"
    );
}

#[test]
fn types_that_the_host_gives_are_checked() {
    let engine = Engine::new(&Config::new()).unwrap();
    let importer = component(
        &engine,
        r#"(component (import "r" (type $r (sub resource)))
            (import "f" (func $f (param "x" (borrow $r)) (param "l" (list string)) (result bool))))"#,
    );
    let link = |param: fn(&mut Types) -> ValType| {
        let mut linker = Linker::new();
        let r = linker.root().resource::<()>("r", |_, _| Ok(())).unwrap();
        let mut types = Types::new();
        let params =
            vec![(String::from("x"), ValType::Borrow(ResourceId(0))), (String::from("l"), param(&mut types))];
        let ty = FuncType { params, result: Some(ValType::Bool), is_async: false };
        let ty = HostFuncType { types: Arc::new(types), ty, resources: vec![r] };
        linker.root().func_new_with_type("f", ty, |_, _| Ok(Some(Val::Bool(true)))).unwrap();
        linker.instantiate(Store::new(&engine, ()), &importer)
    };
    link(|types| types.list(ValType::String).unwrap()).unwrap();
    let error = link(|types| types.list(ValType::Char).unwrap()).expect_err("another type");
    assert_eq!(
        error.to_string(),
        "import function `f: func(x: borrow<r>, l: list<string>) -> bool` is provided as \
         `f: func(x: borrow<resource-0>, l: list<char>) -> bool`"
    );
}
