//! The two stages of a component: resolved, which needs no engine, and compiled, as one unit.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use component_linker::{Component, Config, Engine, ErrorKind, Linker, ResolvedComponent, Store, Val};

fn binary(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"))
}

fn engine() -> Engine {
    Engine::new(&Config::new()).unwrap()
}

/// Calls `run` of a new instance.
fn run(store: &mut Store<()>, component: &Component) -> Option<Val> {
    let instance = Linker::new().instantiate(&mut *store, component).unwrap();
    let run = instance.get_func(&mut *store, &["run"]).unwrap();
    run.call(store, &[]).unwrap()
}

#[test]
fn both_stages_describe_a_component_alike() {
    let bytes = binary(
        r#"(component
            (import "r" (type $r (sub resource)))
            (import "f" (func (param "x" (own $r)) (result (list string))))
            (type $t' (record (field "a" u8))) (export "t" (type $t'))
            (component $c) (export "c" (component $c))
            (canon task.cancel (core func)))"#,
    );
    let resolved = ResolvedComponent::new(&bytes).unwrap();
    let component = Component::compile(&engine(), &resolved).unwrap();
    assert_eq!(resolved.imports(), component.imports());
    assert_eq!(resolved.exports(), component.exports());
    assert_eq!(resolved.unsupported(), component.unsupported());
    assert_eq!((resolved.imports().len(), resolved.exports().len()), (2, 2));
    assert_eq!(format!("{:?}", resolved.types()), format!("{:?}", component.types()));
}

/// Code that is valid and that nothing compiles yet is an error of the second stage, at its place.
#[test]
fn the_first_stage_compiles_nothing() {
    let bytes = binary(
        r#"(component
            (core module (func (export "f") (result i32) (i32.const 1)))
            (core module (type $s (struct)) (func (export "g") (drop (struct.new $s)))))"#,
    );
    let resolved = ResolvedComponent::new(&bytes).unwrap();
    let error = Component::compile(&engine(), &resolved).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let struct_new = bytes.windows(3).rposition(|bytes| bytes == [0xfb, 0x00, 0x00]).unwrap();
    assert_eq!(error.offset(), struct_new as u64, "{error}");
}

/// The first stage looks into function bodies.
#[test]
fn invalid_bodies_are_found_at_their_place() {
    let module = |body: &str| format!(r#"(core module (func (export "f") (result i32) {body}))"#);
    let valid = format!("(component {} {})", module("i32.const 1"), module("i32.const 2"));
    let invalid = format!("(component {} {})", module("i32.const 1"), module("f32.const 0"));
    ResolvedComponent::new(&binary(&valid)).unwrap();
    let bytes = binary(&invalid);
    let error = ResolvedComponent::new(&bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.message(), "type mismatch: expected i32, found f32");
    assert_eq!(Component::validate(&bytes).unwrap_err(), error);
}

/// Calls between modules of a unit are direct where it is certain whom they reach.
#[test]
fn modules_call_each_other() {
    let modules = r#"
        (core module $one (func (export "f") (result i32) (i32.const 1)))
        (core module $two (func (export "f") (result i32) (i32.const 2)))
        (core module $pass (import "i" "f" (func $f (result i32))) (export "f" (func $f))
            (func (export "ten") (result i32) (i32.mul (call $f) (i32.const 10))))
        (core module $user (import "i" "f" (func $f (result i32))) (import "i" "ten" (func $ten (result i32)))
            (func (export "run") (result i32) (i32.add (call $f) (call $ten))))"#;
    let instance = |module: &str, number: u32| {
        format!(
            r#"(core instance $i{number} (instantiate {module}))
               (core instance $p{number} (instantiate $pass (with "i" (instance $i{number}))))
               (core instance $u{number} (instantiate $user (with "i" (instance $p{number}))))"#
        )
    };
    let run_of = |number: u32| {
        format!(r#"(func (export "run") (result u32) (canon lift (core func $u{number} "run")))"#)
    };
    let nested = format!("(component $c {} {})", instance("$two", 0), run_of(0))
        .replace("$two", "$m")
        .replace("$pass", "$p")
        .replace("$user", "$u")
        .replace(
            "$c",
            "$c (alias outer 1 $two (core module $m)) (alias outer 1 $pass (core module $p)) \
                        (alias outer 1 $user (core module $u))",
        );
    let cases = [
        (format!("{} {}", instance("$one", 0), run_of(0)), 11),
        (format!("{} {} {}", instance("$one", 0), instance("$one", 1), run_of(1)), 11),
        (format!("{} {} {}", instance("$one", 0), instance("$two", 1), run_of(0)), 11),
        (format!("{} {} {}", instance("$one", 0), instance("$two", 1), run_of(1)), 22),
        (
            format!(
                r#"{} {nested} (instance $n (instantiate $c)) (export "run" (func $n "run"))"#,
                instance("$one", 7)
            ),
            22,
        ),
    ];
    for lazy in [false, true] {
        let engine = Engine::new(&Config::new().lazy_compilation(lazy)).unwrap();
        let mut store = Store::new(&engine, ());
        for (rest, expected) in &cases {
            let component =
                Component::new(&engine, &binary(&format!("(component {modules} {rest})"))).unwrap();
            for _ in 0..2 {
                assert_eq!(run(&mut store, &component), Some(Val::U32(*expected)), "{rest}");
            }
        }
    }
}
