//! Components that are written are valid with every feature of WebAssembly on, as `wasm-tools
//! validate --features all` checks, and return what their parts compute.

use component_linker::{Component, Config, Engine, Linker, Store, Val};
use component_tools::{ComponentizeError, File, Parts, Proposals, StringEncoding, World, componentize, link};
use wasmparser::{Validator, WasmFeatures};

fn check_valid(bytes: &[u8]) {
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(bytes)
        .expect("what composing writes is valid");
}

/// Returns a world in the binary format, which states a string encoding if one is given.
fn world(items: &str, encoding: Option<&str>) -> Vec<u8> {
    let encoding = encoding.map(|byte| format!(r#"(@custom "wit-component-encoding" "\04\{byte}")"#));
    let encoding = encoding.unwrap_or_default();
    let text = format!(
        r#"(component {encoding}
             (type (component (type (component {items})) (export "a:b/w" (component (type 0)))))
             (export "w" (type 0)))"#
    );
    wat::parse_str(text).expect("the text has no faults")
}

const MEMORY: &str = r#"
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))"#;

fn component(
    module: &str,
    world: &[u8],
    string_encoding: StringEncoding,
) -> Result<Vec<u8>, ComponentizeError> {
    let module = wat::parse_str(format!("(module {module} {MEMORY})")).expect("the text has no faults");
    componentize(&Parts {
        module: File { name: "core", bytes: &module },
        world: Some(World { bytes: world, string_encoding }),
        adapters: &[],
        proposals: Proposals::default(),
    })
}

fn call(bytes: &[u8], func: &str, args: &[Val]) -> Option<Val> {
    let engine = Engine::new(&Config::new()).expect("the machine is supported");
    let component = Component::new(&engine, bytes).expect("it is valid");
    let mut store = Store::new(&engine, ());
    let instance = Linker::new().instantiate(&mut store, &component).expect("it imports nothing");
    instance
        .get_func(&mut store, &[func])
        .expect("it is exported")
        .call(&mut store, args)
        .expect("it returns")
}

/// The length of a string as a module sees it shows how it is encoded.
#[test]
fn string_encodings() {
    let items = r#"(export "len" (func (param "x" string) (result u32)))"#;
    let module = r#"(func (export "len") (param i32 i32) (result i32) (local.get 1))"#;
    let tagged = 2 | (1 << 31);
    for (section, given, expected) in [
        (None, StringEncoding::Utf8, 4),
        (None, StringEncoding::Utf16, 2),
        (None, StringEncoding::Latin1Utf16, tagged),
        // What the world states takes precedence.
        (Some("00"), StringEncoding::Utf16, 4),
        (Some("01"), StringEncoding::Utf8, 2),
        (Some("02"), StringEncoding::Utf8, tagged),
    ] {
        let bytes = component(module, &world(items, section), given).unwrap();
        check_valid(&bytes);
        let answer = call(&bytes, "len", &[Val::String("a€".into())]);
        assert_eq!(answer, Some(Val::U32(expected)), "{section:?} {given:?}");
    }
    let error = component(module, &world(items, Some("07")), StringEncoding::Utf8).unwrap_err();
    assert!(error.to_string().contains("unknown string encoding"), "{error}");
}

/// Two components are made of modules and linked.
#[test]
fn made_and_linked() {
    let counters = r#"(instance
      (export "counter" (type $counter (sub resource)))
      (export "[constructor]counter" (func (param "start" u32) (result (own $counter))))
      (export "[method]counter.get" (func (param "self" (borrow $counter)) (result u32)))
      (export "[static]counter.names" (func (result (list string)))))"#;
    let user = component(
        r#"(import "a:b/counters@1.0.0" "[constructor]counter" (func $new (param i32) (result i32)))
           (import "a:b/counters@1.0.0" "[method]counter.get" (func $get (param i32) (result i32)))
           (import "a:b/counters@1.0.0" "[static]counter.names" (func $names (param i32)))
           (import "a:b/counters@1.0.0" "[resource-drop]counter" (func $drop (param i32)))
           (func (export "run") (param i32) (result i32) (local i32)
             (local.set 0 (call $new (local.get 0)))
             (local.set 1 (call $get (local.get 0)))
             (call $drop (local.get 0))
             (call $names (i32.const 8))
             (i32.add (local.get 1) (i32.load (i32.const 12))))"#,
        &world(
            &format!(
                r#"(import "a:b/counters@1.0.0" {counters}) (export "run" (func (param "x" u32) (result u32)))"#
            ),
            None,
        ),
        StringEncoding::Utf8,
    )
    .unwrap();
    let provider = component(
        r#"(import "[export]a:b/counters@1.0.0" "[resource-new]counter" (func $new (param i32) (result i32)))
           (func (export "a:b/counters@1.0.0#[constructor]counter") (param i32) (result i32)
             (call $new (i32.add (local.get 0) (i32.const 100))))
           (func (export "a:b/counters@1.0.0#[method]counter.get") (param i32) (result i32) (local.get 0))
           (func (export "a:b/counters@1.0.0#[static]counter.names") (result i32)
             (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 3)) (i32.const 0))
           (func (export "a:b/counters@1.0.0#[dtor]counter") (param i32))"#,
        &world(&format!(r#"(export "a:b/counters@1.0.0" {counters})"#), None),
        StringEncoding::Utf8,
    )
    .unwrap();
    check_valid(&user);
    check_valid(&provider);
    let file = |name, bytes| File { name, bytes };
    let linked = link(file("user", &user), &[file("provider", &provider)]).unwrap();
    check_valid(&linked);
    // 5 + 100, and three names.
    assert_eq!(call(&linked, "run", &[Val::U32(5)]), Some(Val::U32(108)));
}

/// Bytes that are no world.
#[test]
fn worlds_that_are_none() {
    let check = |bytes: &[u8], expected: &str| {
        let error = component("", bytes, StringEncoding::Utf8).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(b"", "unexpected end");
    check(b"\0asm\x01\0\0\0", "core module");
    check(&wat::parse_str("(component)").unwrap(), "no world in the binary format");
    check(
        &wat::parse_str(r#"(component (type u8) (export "w" (type 0)))"#).unwrap(),
        "no world in the binary format",
    );
    let bytes = wat::parse_str("(module)").unwrap();
    let module = File { name: "core", bytes: &bytes };
    let parts = Parts { module, world: None, adapters: &[], proposals: Proposals::default() };
    assert!(matches!(componentize(&parts), Err(ComponentizeError::NoWorld { .. })));
}
