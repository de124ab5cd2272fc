//! What goes wrong before a guest runs: bad bytes, unmet imports, wrong arguments. Each row names
//! the whole message.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use component_linker::{
    CallError, Component, Config, Engine, ErrorKind, InstantiateError, LinkError, Linker, Store, Val,
};

fn engine() -> Engine {
    Engine::new(&Config::new()).unwrap()
}

fn component(wat: &str) -> Component {
    Component::new(&engine(), &wat::parse_str(wat).unwrap()).unwrap_or_else(|error| panic!("{wat}: {error}"))
}

#[test]
fn bad_bytes() {
    let check = |bytes: &[u8], kind, message: &str| {
        let error = Component::new(&engine(), bytes).expect_err("bad bytes");
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, message), "{bytes:?}");
        let error = Component::validate(bytes).expect_err("bad bytes");
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, message), "{bytes:?}");
    };
    let component = b"\0asm\x0d\0\x01\0";
    check(b"", ErrorKind::Invalid, "unexpected end of the binary in its header (at offset 0x0)");
    check(b"\0as", ErrorKind::Invalid, "unexpected end of the binary in its header (at offset 0x3)");
    check(
        b"(component)",
        ErrorKind::NotWasm,
        "not a WebAssembly binary: it does not start with `\\0asm` (at offset 0x0)",
    );
    check(
        b"\0asm\x01\0\0\0",
        ErrorKind::CoreModule,
        "this is a core module, not a component (at offset 0x4)",
    );
    check(&component[..6], ErrorKind::Invalid, "unexpected end-of-file (at offset 0x4)");
    let truncated = [&component[..], &[0x07, 0x05, 0x01]].concat();
    check(&truncated, ErrorKind::Invalid, "unexpected end-of-file (at offset 0xa)");
    Component::validate(component).expect("the empty component is valid");
    // The validator's own numbers of resource types are not shown.
    let mixed = r#"(component (import "r1" (type $r1 (sub resource))) (import "r2" (type $r2 (sub resource)))
        (import "f" (func $f (param "x" (own $r2))))
        (component $c (import "r" (type $r (sub resource))) (import "f" (func (param "x" (own $r)))))
        (instance (instantiate $c (with "r" (type $r1)) (with "f" (func $f)))))"#;
    let error = Component::validate(&wat::parse_str(mixed).unwrap()).expect_err("two resource types");
    let message = error.to_string();
    assert!(message.contains("resource types are not the same"), "{message}");
    assert!(!message.contains("ResourceId"), "{message}");
}

#[test]
fn every_prefix_of_a_component_is_refused() {
    let bytes =
        wat::parse_file(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/components/strings.wat")).unwrap();
    for end in 0..bytes.len() {
        // A prefix may end where a section does: then it is valid, or lacks nothing but
        // definitions.
        if let Err(error) = Component::validate(&bytes[..end]) {
            assert!(error.offset() <= end as u64, "{error} in {end} bytes");
        }
    }
}

/// Makes a component in which `leaf` is instantiated 2^`n_doublings` times.
fn doubled(leaf: &str, n_doublings: u32) -> String {
    let mut wat = format!("(component (component $c0 {leaf})");
    for i in 1..=n_doublings {
        let inner = i - 1;
        wat.push_str(&format!(
            "(component $c{i} (alias outer 1 $c{inner} (component $c))
               (instance (instantiate $c)) (instance (instantiate $c)))"
        ));
    }
    wat.push_str(&format!("(instance (instantiate $c{n_doublings})))"));
    wat
}

#[test]
fn what_multiplies_is_bounded() {
    let check = |wat: &str, message: &str| {
        let error = Component::new(&engine(), &wat::parse_str(wat).unwrap()).expect_err(message);
        assert_eq!((error.kind(), error.message()), (ErrorKind::Limit, message));
    };
    check(&doubled("", 63), "the component makes more than 100000 instances and instance types");
    let fields: String = (0..1000).map(|i| format!("(field \"f{i}\" u8)")).collect();
    check(
        &doubled(&format!("(type (record {fields}))"), 12),
        "the component evaluates more than 16777216 bytes of definitions",
    );
    let drops = "(core func (canon resource.drop $r))".repeat(1000);
    check(
        &doubled(&format!("(type $r (resource (rep i32))) {drops}"), 10),
        "the component takes more than 500000 steps to instantiate",
    );
    let bundles = |n: u32, exports: fn(u32) -> String| {
        let bundles: String = (1..=n).map(|i| format!("(instance $i{i} {})", exports(i - 1))).collect();
        format!("(component (instance $i0) {bundles} (export \"i\" (instance $i{n})))")
    };
    let chain: String = (1..=101)
        .map(|i| {
            format!(
                "(component $c{i} (alias outer 1 $c{} (component $c)) (instance (instantiate $c)))",
                i - 1
            )
        })
        .collect();
    check(
        &format!("(component (component $c0) {chain} (instance (instantiate $c101)))"),
        "instances or instance types are nested more than 100 deep",
    );
    check(
        &bundles(17, |i| format!("(export \"a\" (instance $i{i})) (export \"b\" (instance $i{i}))")),
        "the component's imports and exports take more than 16777216 bytes",
    );
}

const IMPORTS: &str = r#"(component
    (type $point (record (field "x" s32) (field "y" s32)))
    (import "point" (type $p (eq $point)))
    (import "run" (func (param "a" u32) (param "b" string) (result (tuple bool char))))
    (import "ns:pkg/shapes@1.2.3" (instance
        (alias outer 1 $p (type $p))
        (export "point" (type $q (eq $p)))
        (export "shape" (type $shape (sub resource)))
        (export "move" (func (param "by" $q) (result (list u8)))))))"#;

#[test]
fn unmet_imports() {
    type Provide = fn(&mut Linker<()>);
    let check = |provide: Provide, message: &str| {
        let mut linker = Linker::new();
        provide(&mut linker);
        let mut store = Store::new(&engine(), ());
        let error = linker.instantiate(&mut store, &component(IMPORTS)).expect_err("an import is not met");
        assert!(matches!(error, InstantiateError::Link(_)), "{error:?}");
        assert_eq!(error.to_string(), message);
    };
    check(
        |_| (),
        "2 imports are not satisfied:\n  \
         import function `run: func(a: u32, b: string) -> tuple<bool, char>` is not provided\n  \
         import instance `ns:pkg/shapes@1.2.3` is not provided: it has to have resource `shape`, function `move`",
    );
    check(
        |linker| linker.root().func_new("run", |_, _| Ok(None)).unwrap(),
        "import instance `ns:pkg/shapes@1.2.3` is not provided: it has to have resource `shape`, function `move`",
    );
    check(
        |linker| {
            linker.root().func_new("run", |_, _| Ok(None)).unwrap();
            linker.instance("ns:pkg/shapes@1.9.0").unwrap().func_new("move", |_, _| Ok(None)).unwrap();
        },
        "import `ns:pkg/shapes@1.2.3` resource `shape` is not provided by `ns:pkg/shapes@1.9.0`, the best that \
         the linker has for `ns:pkg/shapes@1.2.3`",
    );
    check(
        |linker| {
            linker.root().resource::<()>("run", |_, _| Ok(())).unwrap();
        },
        "2 imports are not satisfied:\n  \
         import function `run: func(a: u32, b: string) -> tuple<bool, char>` is provided as a resource\n  \
         import instance `ns:pkg/shapes@1.2.3` is not provided: it has to have resource `shape`, function `move`",
    );
}

#[test]
fn names_are_given_once() {
    let mut linker = Linker::<()>::new();
    linker.root().func_new("run", |_, _| Ok(None)).unwrap();
    let twice = linker.root().func_new("run", |_, _| Ok(None));
    assert_eq!(twice, Err(LinkError::Duplicate(String::from("function `run` is provided twice"))));
    let sort = linker.instance("run").map(drop);
    assert_eq!(sort, Err(LinkError::WrongSort(String::from("instance `run` is provided as a function"))));
}

#[test]
fn stubs_name_their_import() {
    let wat = r#"(component
        (import "ns:pkg/clock@0.2.6" (instance $clock (export "now" (func (result u64)))))
        (export "now" (func $clock "now")))"#;
    let component = component(wat);
    let mut linker = Linker::new();
    linker.stub_imports(&component).unwrap();
    linker.stub_imports(&component).unwrap();
    let mut store = Store::new(&engine(), ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let now = instance.get_func(&mut store, &["now"]).unwrap();
    let error = now.call(&mut store, &[]).expect_err("a stub");
    let message = "import `ns:pkg/clock@0.2.6` function `now` was called, but is only a stub";
    assert_eq!(error.to_string(), message);
}

#[test]
fn stubs_leave_what_compatible_versions_provide() {
    let wat = r#"(component
        (import "ns:pkg/clock@0.2.6" (instance $clock
            (export "now" (func (result u64))) (export "zone" (func (result u64)))))
        (export "now" (func $clock "now")) (export "zone" (func $clock "zone")))"#;
    let component = component(wat);
    let mut linker = Linker::new();
    linker.instance("ns:pkg/clock@0.2.0").unwrap().func_new("now", |_, _| Ok(Some(Val::U64(5)))).unwrap();
    linker.stub_imports(&component).unwrap();
    let mut store = Store::new(&engine(), ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let now = instance.get_func(&mut store, &["now"]).unwrap();
    assert_eq!(now.call(&mut store, &[]).unwrap(), Some(Val::U64(5)));
    let zone = instance.get_func(&mut store, &["zone"]).unwrap();
    zone.call(&mut store, &[]).expect_err("a stub");
}

#[test]
fn wrong_arguments() {
    let wat = r#"(component
        (type $point' (record (field "x" s32) (field "y" s32)))
        (import "point" (type $point (eq $point')))
        (import "f" (func $f (param "p" $point) (param "l" (list string))))
        (export "f" (func $f)))"#;
    let component = component(wat);
    let mut linker = Linker::new();
    linker.root().func_new("f", |_, _| Ok(None)).unwrap();
    let mut store = Store::new(&engine(), ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let f = instance.get_func(&mut store, &["f"]).unwrap();
    let mut check = |args: &[Val], message: &str| {
        let error = f.call(&mut store, args).expect_err("wrong arguments");
        assert_eq!(error.to_string(), message);
    };
    let point = Val::Record(vec![Val::S32(1), Val::S32(2)]);
    check(
        std::slice::from_ref(&point),
        "1 arguments given to the function: func(p: record { x: s32, y: s32 }, l: list<string>)",
    );
    check(
        &[Val::Record(vec![Val::S32(1), Val::U8(2)]), Val::Bool(true)],
        "argument `p`: at .y: expected s32, given u8",
    );
    check(&[point, Val::Bool(true)], "argument `l`: expected list<string>, given bool");
    let mut other = Store::new(&engine(), ());
    assert!(matches!(f.call(&mut other, &[]), Err(CallError::WrongStore)));
    assert!(instance.get_func(&mut other, &["f"]).is_none());
    assert!(instance.get_func(&mut store, &["g"]).is_none());
}
