//! Core modules and components as imports and exports of the root: a host passes them and is given
//! them.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use component_linker::{Component, Config, Engine, Instance, InstantiateError, Linker, Module, Store, Val};

fn engine() -> Engine {
    Engine::new(&Config::new()).unwrap()
}

fn component(engine: &Engine, wat: &str) -> Component {
    Component::new(engine, &wat::parse_str(wat).unwrap()).unwrap_or_else(|error| panic!("{error}\n{wat}"))
}

fn module(engine: &Engine, wat: &str) -> Module {
    Module::new(engine, &wat::parse_str(wat).unwrap()).unwrap()
}

fn run(store: &mut Store<()>, instance: &Instance) -> Option<Val> {
    let run = instance.get_func(&mut *store, &["run"]).unwrap();
    run.call(store, &[]).unwrap()
}

/// Instantiates a component whose `run` is to return 42.
fn check(engine: &Engine, linker: &Linker<()>, component: &Component) {
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, component).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(run(&mut store, &instance), Some(Val::U32(42)));
    let linked = linker.link(component).unwrap();
    let instance = Linker::new().instantiate(&mut store, &linked).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(run(&mut store, &instance), Some(Val::U32(42)), "linked beforehand");
}

const ADDER: &str = r#"(module
    (import "in" "more" (func $more (result i32)))
    (memory (export "unasked") 1)
    (func (export "get") (result i32) (i32.add (i32.const 2) (call $more))))"#;

const WANTS_MODULE: &str = r#"(component
    (import "m" (core module $m
      (import "in" "more" (func (result i32)))
      (import "in" "other" (func))
      (export "get" (func (result i32)))))
    (core module $in (func (export "more") (result i32) (i32.const 40)) (func (export "other")))
    (core instance $in (instantiate $in))
    (core instance $i (instantiate $m (with "in" (instance $in))))
    (func (export "run") (result u32) (canon lift (core func $i "get"))))"#;

#[test]
fn a_host_passes_a_module() {
    let engine = engine();
    let mut linker = Linker::new();
    linker.root().define_module("m", &module(&engine, ADDER)).unwrap();
    check(&engine, &linker, &component(&engine, WANTS_MODULE));
}

#[test]
fn a_host_passes_a_module_of_an_imported_instance() {
    let engine = engine();
    let wat = r#"(component
        (import "i" (instance $i (export "m" (core module (export "get" (func (result i32)))))))
        (alias export $i "m" (core module $m))
        (core instance $c (instantiate $m))
        (func (export "run") (result u32) (canon lift (core func $c "get"))))"#;
    let mut linker = Linker::new();
    let given = r#"(module (func (export "get") (result i32) (i32.const 42)))"#;
    linker.instance("i").unwrap().define_module("m", &module(&engine, given)).unwrap();
    check(&engine, &linker, &component(&engine, wat));
}

#[test]
fn a_host_is_given_a_module_and_passes_it_on() {
    let engine = engine();
    let exporter = component(
        &engine,
        &format!(
            "(component (core module $m {}) (export \"m\" (core module $m)))",
            &ADDER[8..ADDER.len() - 1]
        ),
    );
    let mut store = Store::new(&engine, ());
    let instance = Linker::new().instantiate(&mut store, &exporter).unwrap();
    let mut linker = Linker::new();
    linker.root().define_module("m", &instance.get_module(&["m"]).unwrap()).unwrap();
    check(&engine, &linker, &component(&engine, WANTS_MODULE));
    let mut linker = Linker::new();
    linker.root().define_exports(&instance).unwrap();
    check(&engine, &linker, &component(&engine, WANTS_MODULE));
    assert!(instance.get_module(&["n"]).is_none());
}

const WANTS_COMPONENT: &str = r#"(component
    (import "c" (component $c
      (import "more" (func (result u32)))
      (export "get" (func (result u32)))))
    (core module $more (func (export "more") (result i32) (i32.const 40)))
    (core instance $more (instantiate $more))
    (func $more (result u32) (canon lift (core func $more "more")))
    (instance $i (instantiate $c (with "more" (func $more))))
    (export "run" (func $i "get")))"#;

const ADDING_COMPONENT: &str = r#"
    (import "more" (func $more (result u32)))
    (core func $more (canon lower (func $more)))
    (core module $m
      (import "" "more" (func $more (result i32)))
      (func (export "get") (result i32) (i32.add (i32.const 2) (call $more))))
    (core instance $i (instantiate $m (with "" (instance (export "more" (func $more))))))
    (func (export "get") (result u32) (canon lift (core func $i "get")))"#;

#[test]
fn a_host_passes_a_component() {
    let engine = engine();
    let mut linker = Linker::new();
    let given = component(&engine, &format!("(component {ADDING_COMPONENT})"));
    linker.root().define_component("c", &given).unwrap();
    check(&engine, &linker, &component(&engine, WANTS_COMPONENT));
}

#[test]
fn a_host_is_given_a_component_that_closes_over_a_module() {
    let engine = engine();
    let exporter = r#"(component
        (core module $outer
          (import "" "more" (func $more (result i32)))
          (func (export "get") (result i32) (i32.add (i32.const 2) (call $more))))
        (component $c
          (import "more" (func $more (result u32)))
          (core func $more (canon lower (func $more)))
          (alias outer 1 $outer (core module $m))
          (core instance $i (instantiate $m (with "" (instance (export "more" (func $more))))))
          (func (export "get") (result u32) (canon lift (core func $i "get"))))
        (instance $i (export "c" (component $c)))
        (export "i" (instance $i))
        (export "c" (component $c)))"#;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new().instantiate(&mut store, &component(&engine, exporter)).unwrap();
    assert!(instance.get_component(&["d"]).unwrap().is_none());
    for path in [&["c"][..], &["i", "c"]] {
        let given = instance.get_component(path).unwrap().unwrap();
        assert_eq!((given.imports().len(), given.exports().len()), (1, 1));
        let mut linker = Linker::new();
        linker.root().define_component("c", &given).unwrap();
        check(&engine, &linker, &component(&engine, WANTS_COMPONENT));
    }
    let mut linker = Linker::new();
    linker.root().define_exports(&instance).unwrap();
    check(&engine, &linker, &component(&engine, WANTS_COMPONENT));
}

#[test]
fn what_is_imported_is_described_before_it_is_known() {
    let engine = engine();
    let described = component(&engine, WANTS_COMPONENT);
    assert_eq!(described.imports().len(), 1);
    assert_eq!(described.exports().len(), 1);
    assert_eq!(
        format!("{:?}", described.exports()[0].kind),
        "Func(FuncType { params: [], result: Some(Scalar(U32)), is_async: false })"
    );
}

#[test]
fn types_of_modules_and_components_are_checked() {
    let engine = engine();
    let check = |linker: &Linker<()>, wat: &str, message: &str| {
        let error = linker.instantiate(Store::new(&engine, ()), &component(&engine, wat)).expect_err(message);
        assert!(matches!(error, InstantiateError::Link(_)), "{error:?}");
        assert_eq!(error.to_string(), message);
    };
    let mut linker = Linker::new();
    check(&linker, WANTS_MODULE, "import core module `m` is not provided");
    check(&linker, WANTS_COMPONENT, "import component `c` is not provided");
    linker.root().define_module("m", &module(&engine, "(module)")).unwrap();
    linker.root().define_module("c", &module(&engine, "(module)")).unwrap();
    check(
        &linker,
        WANTS_MODULE,
        "import core module `m` is provided as one of another type: missing expected export `get`",
    );
    check(&linker, WANTS_COMPONENT, "import component `c` is provided as a core module");
    let mut linker = Linker::new();
    let given = format!("(component (import \"even-more\" (func)) {ADDING_COMPONENT})");
    linker.root().define_component("c", &component(&engine, &given)).unwrap();
    check(
        &linker,
        WANTS_COMPONENT,
        "import component `c` is provided as one of another type: missing import named `even-more`",
    );
}
