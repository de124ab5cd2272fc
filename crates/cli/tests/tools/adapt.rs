//! `lowlift new --adapt`: adapters run, and the component imports only what they reach.

use std::path::Path;

use expect_test::expect;

use crate::common::{dir, lowlift, write};

/// A core module with a `component-type` section that holds the world.
fn with_world(module: &str, wit: &str) -> Vec<u8> {
    let resolved = wit_parser_lite::parse(&[("world.wit", wit)]).expect("the text has no faults");
    let world = wit_parser_lite::wasm::encode_world(&resolved, resolved.main_package().worlds[0])
        .expect("it is small");
    let mut section = vec![14];
    section.extend(b"component-type");
    section.extend(world);
    let mut bytes = wat::parse_str(module).expect("the text has no faults");
    bytes.push(0);
    let mut size = section.len();
    while size >= 0x80 {
        bytes.push(u8::try_from(size & 0x7f).expect("seven bits") | 0x80);
        size >>= 7;
    }
    bytes.push(u8::try_from(size).expect("seven bits"));
    bytes.extend(section);
    bytes
}

/// Counts the bytes of a string. It keeps its results on its own stack, which is at 0 until it is
/// allocated.
const ADAPTER: &str = r#"(module
  (import "env" "memory" (memory 1))
  (import "__main_module__" "cabi_realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
  (import "$root" "stop" (func $stop))
  (import "$root" "print" (func $print (param i32 i32 i32)))
  (global $__stack_pointer (mut i32) (i32.const 0))
  (global $allocation_state (mut i32) (i32.const 0))
  (func (export "exit") (call $stop))
  (func (export "log") (param $text i32) (param $n_bytes i32) (result i32)
    (if (i32.ne (global.get $allocation_state) (i32.const 2)) (then unreachable))
    (global.set $__stack_pointer (i32.sub (global.get $__stack_pointer) (i32.const 8)))
    (call $print (local.get $text) (local.get $n_bytes) (global.get $__stack_pointer))
    (i32.load offset=4 (global.get $__stack_pointer))
    (global.set $__stack_pointer (i32.add (global.get $__stack_pointer) (i32.const 8))))
  (func (export "cabi_import_realloc") (param i32 i32 i32 i32) (result i32)
    (call $realloc (local.get 0) (local.get 1) (local.get 2) (local.get 3))))"#;

const MEMORY: &str = r#"
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $pointer i32)
    (local.set $pointer (global.get $free))
    (global.set $free (i32.add (local.get $pointer) (i32.and (i32.add (local.get 3) (i32.const 7)) (i32.const -8))))
    (if (i32.gt_u (global.get $free) (i32.mul (memory.size) (i32.const 65536)))
      (then (drop (memory.grow (i32.const 2)))))
    (local.get $pointer))"#;

#[test]
fn an_adapter_of_our_own() {
    let dir = dir("adapt-own");
    let adapter = with_world(
        ADAPTER,
        "package a:old; world old { import print: func(text: string) -> string; import stop: func(); }",
    );
    write(&dir, "old.wasm", adapter);
    let run = r#"(import "old" "log" (func $log (param i32 i32) (result i32)))"#;
    write(
        &dir,
        "main.wat",
        format!(
            r#"(module {run} {MEMORY} (func (export "run") (param i32 i32) (result i32) (call $log (local.get 0) (local.get 1))))"#
        ),
    );
    write(&dir, "main.wit", "package a:main; world main { export run: func(text: string) -> u32; }");
    // If the main module has no allocator, the adapter grows the memory.
    let constant = r#"(memory (export "memory") 1) (data (i32.const 64) "four")
        (func (export "run") (result i32) (call $log (i32.const 64) (i32.const 4)))"#;
    write(&dir, "plain.wat", format!("(module {run} {constant})"));
    write(&dir, "plain.wit", "package a:main; world main { export run: func() -> u32; }");
    write(
        &dir,
        "printer.wat",
        format!(
            r#"(module {MEMORY} (func (export "print") (param i32 i32) (result i32)
                 (i32.store (i32.const 16) (local.get 0))
                 (i32.store (i32.const 20) (i32.shr_u (local.get 1) (i32.const 1)))
                 (i32.const 16)))"#
        ),
    );
    write(
        &dir,
        "printer.wit",
        "package a:printer; world printer { export print: func(text: string) -> string; }",
    );
    let ok = |args: &[&str]| {
        let out = lowlift(&dir, args);
        assert!(out.ends_with("[exit status 0]\n"), "{args:?}: {out}");
    };
    ok(&["new", "printer.wat", "--wit", "printer.wit", "-o", "printer.wasm"]);
    for (name, call, expected) in [("main", r#"run("1234567890")"#, "5"), ("plain", "run()", "2")] {
        let (module, wit) = (format!("{name}.wat"), format!("{name}.wit"));
        ok(&["new", &module, "--wit", &wit, "--adapt", "old=old.wasm", "-o", "new.wasm"]);
        let world = lowlift(&dir, &["inspect", "new.wasm"]);
        assert!(world.contains("import print: ") && !world.contains("import stop: "), "{world}");
        ok(&["link", "new.wasm", "--plug", "printer.wasm", "-o", "both.wasm"]);
        assert_eq!(
            lowlift(&dir, &["call", "both.wasm", call]),
            format!("{expected}\n[exit status 0]\n"),
            "{name}"
        );
    }
}

#[test]
fn adapters_that_do_not_fit() {
    let dir = dir("adapt-faults");
    write(&dir, "old.wasm", with_world(ADAPTER, "package a:old; world old { import stop: func(); }"));
    write(&dir, "w.wit", "package a:b; world w {}");
    let check = |module: &str, expected: expect_test::Expect| {
        write(&dir, "core.wat", format!("(module {module})"));
        let args = ["new", "core.wat", "--wit", "w.wit", "--adapt", "old=old.wasm", "-o", "new.wasm"];
        expected.assert_eq(&lowlift(&dir, &args));
    };
    // It is no fault that nothing of the adapter is used.
    check(
        "",
        expect![[r#"
            new.wasm: component, 24 bytes
            [exit status 0]
        "#]],
    );
    check(
        r#"(import "old" "log" (func (param i32 i32) (result i32)))"#,
        expect![[r#"
            error: old: import `env` `memory`: core.wat exports nothing of this name
            [exit status 1]
        "#]],
    );
    check(
        r#"(import "old" "log" (func (param i32))) (memory (export "memory") 1)"#,
        expect![[r#"
            error: core.wat: import `old` `log` has the wrong type
              for: the adapter's function
              expected: (func (param i32 i32) (result i32))
              given: (func (param i32))
            [exit status 1]
        "#]],
    );
    check(
        r#"(import "old" "warn" (func)) (memory (export "memory") 1)"#,
        expect![[r#"
            error: core.wat: import `old` `warn`: the adapter of this name exports no such function
            [exit status 1]
        "#]],
    );
    check(
        r#"(import "old" "log" (func (param i32 i32) (result i32))) (memory (export "memory") 1)"#,
        expect![[r#"
            error: old: import `$root` `print`: the world imports no such function; its own functions are `stop`
            [exit status 1]
        "#]],
    );
    let usage = lowlift(&dir, &["new", "core.wat", "--adapt", "old.wasm", "-o", "new.wasm"]);
    assert!(usage.ends_with("[exit status 2]\n"), "{usage}");
}

/// Returns the world of a component as `inspect` writes it, in sorted lines with one name in each
/// `use`: the order of imports and types is up to the tool.
fn world(dir: &Path, component: &str) -> Vec<String> {
    let out = lowlift(dir, &["inspect", component]);
    let (_, world) = out.split_once("\nworld root {\n").unwrap_or_else(|| panic!("{component}: {out}"));
    let one_name_each = |line: &str| match line.strip_suffix("};").and_then(|line| line.split_once("{")) {
        Some((from, names)) => names.split(", ").map(|name| format!("{from}{{{name}}};")).collect(),
        None => vec![line.to_owned()],
    };
    let mut lines: Vec<String> = world.lines().flat_map(one_name_each).collect();
    lines.sort();
    lines
}

/// Unbundles components of toolchains, makes components of their core modules again, and compares
/// them.
#[test]
fn components_of_toolchains_made_again() {
    let dir = dir("adapt-again");
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    write(
        &dir,
        "adapter.wasm",
        wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
    );
    let plugin = "examples/plugin/plugin.wit";
    for (file, wit) in [
        ("examples/guests/plugin-rs.wasm", plugin),
        ("examples/guests/plugin-c.wasm", plugin),
        (
            "crates/component-linker/tests/guests/kitchen-rs.wasm",
            "crates/component-linker/tests/guests/kitchen.wit",
        ),
    ] {
        let (original, wit) = (root.join(file).display().to_string(), root.join(wit).display().to_string());
        let out = lowlift(&dir, &["unbundle", &original, "-o", "parts"]);
        assert!(out.ends_with("[exit status 0]\n"), "{file}: {out}");
        let adapter = "wasi_snapshot_preview1=adapter.wasm";
        let out = lowlift(
            &dir,
            &["new", "parts/module-0.wasm", "--wit", &wit, "--adapt", adapter, "-o", "again.wasm"],
        );
        assert!(out.ends_with("[exit status 0]\n"), "{file}: {out}");
        assert_eq!(world(&dir, "again.wasm"), world(&dir, &original), "{file}");
        if wit.ends_with("plugin.wit") {
            for call in ["process({id: 7, payload: [1, 2, 3]})", "process({id: 7, payload: []})"] {
                let answer = |component: &str| lowlift(&dir, &["call", "--stub-imports", component, call]);
                assert_eq!(answer("again.wasm"), answer(&original), "{file}: {call}");
            }
        }
    }
}
