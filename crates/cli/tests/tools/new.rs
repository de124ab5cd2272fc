//! `lowlift new`: components of core modules are called, and faults of modules are reported.

use std::path::Path;

use expect_test::{Expect, expect};

use crate::common::{dir, lowlift, write};

/// Makes a component and checks that it is valid.
fn new(dir: &Path, module: &str, wit: &str, output: &str) {
    let out = lowlift(dir, &["new", module, "--wit", wit, "-o", output]);
    assert!(out.ends_with("[exit status 0]\n"), "{module}: {out}");
    let out = lowlift(dir, &["validate", output]);
    assert!(out.starts_with(&format!("{output}: valid component, ")), "{module}: {out}");
}

/// Memory with an allocator that never frees.
const MEMORY: &str = r#"
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 1024))
  (func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $pointer i32)
    (local.set $pointer (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $pointer) (local.get 3)))
    (local.get $pointer))"#;

const COUNTERS_WIT: &str = "
package a:counters@0.2.3;

interface types {
  enum step { up, down }
  record change { step: step, by: u32 }
}

interface counters {
  use types.{change};
  resource counter {
    constructor(label: string);
    add: func(change: change) -> u32;
    label: func() -> string;
    live: static func() -> u32;
  }
  merge: func(a: counter, b: borrow<counter>) -> counter;
}

world provider {
  export counters;
}

world user {
  import unused: func(x: list<string>);
  import counters;
  export run: func(labels: list<string>) -> string;
}
";

/// Counters: each is a block of its value and the address and length of its label.
fn provider() -> String {
    let interface = "a:counters/counters@0.2.3";
    format!(
        r#"(module
  (import "[export]{interface}" "[resource-new]counter" (func $new (param i32) (result i32)))
  (import "[export]{interface}" "[resource-rep]counter" (func $rep (param i32) (result i32)))
  (import "[export]{interface}" "[resource-drop]counter" (func $drop (param i32)))
  {MEMORY}
  (global $live (mut i32) (i32.const 0))
  (func (export "_initialize") (global.set $live (i32.const 100)))
  (func $make (param $value i32) (param $label i32) (param $n_bytes i32) (result i32)
    (local $block i32)
    (local.set $block (call $realloc (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 12)))
    (i32.store (local.get $block) (local.get $value))
    (i32.store offset=4 (local.get $block) (local.get $label))
    (i32.store offset=8 (local.get $block) (local.get $n_bytes))
    (global.set $live (i32.add (global.get $live) (i32.const 1)))
    (call $new (local.get $block)))
  (func (export "{interface}#[constructor]counter") (param i32 i32) (result i32)
    (call $make (i32.const 0) (local.get 0) (local.get 1)))
  (func (export "{interface}#[method]counter.add") (param $self i32) (param $step i32) (param $by i32) (result i32)
    (i32.store (local.get $self) (i32.add (i32.load (local.get $self))
      (select (i32.sub (i32.const 0) (local.get $by)) (local.get $by) (local.get $step))))
    (i32.load (local.get $self)))
  (func (export "{interface}#[method]counter.label") (param $self i32) (result i32)
    (i32.add (local.get $self) (i32.const 4)))
  (func (export "cabi_post_{interface}#[method]counter.label") (param i32))
  (func (export "{interface}#[static]counter.live") (result i32) (global.get $live))
  (func (export "{interface}#merge") (param $a i32) (param $b i32) (result i32)
    (local $rep i32) (local $sum i32)
    (local.set $rep (call $rep (local.get $a)))
    (local.set $sum (i32.add (i32.load (local.get $rep)) (i32.load (local.get $b))))
    (call $drop (local.get $a))
    (call $make (local.get $sum) (i32.load offset=4 (local.get $rep)) (i32.load offset=8 (local.get $rep))))
  (func (export "{interface}#[dtor]counter") (param i32)
    (global.set $live (i32.sub (global.get $live) (i32.const 1)))))"#
    )
}

/// Creates two counters with the first two labels, adds to them, merges them, and returns the label
/// of the merged counter followed by two digits: its value, and the number of live counters.
fn user(is_standard: bool) -> String {
    let (module, drop) = match is_standard {
        true => ("cm32p2|a:counters/counters@0.2", "counter_drop"),
        false => ("a:counters/counters@0.2.3", "[resource-drop]counter"),
    };
    let export = if is_standard { "cm32p2||run" } else { "run" };
    format!(
        r#"(module
  (import "{module}" "[constructor]counter" (func $counter (param i32 i32) (result i32)))
  (import "{module}" "[method]counter.add" (func $add (param i32 i32 i32) (result i32)))
  (import "{module}" "[method]counter.label" (func $label (param i32 i32)))
  (import "{module}" "[static]counter.live" (func $live (result i32)))
  (import "{module}" "merge" (func $merge (param i32 i32) (result i32)))
  (import "{module}" "{drop}" (func $drop (param i32)))
  {MEMORY}
  (func (export "{export}") (param $labels i32) (param $n i32) (result i32)
    (local $a i32) (local $b i32) (local $sum i32) (local $end i32)
    (local.set $a (call $counter (i32.load (local.get $labels)) (i32.load offset=4 (local.get $labels))))
    (local.set $b (call $counter (i32.load offset=8 (local.get $labels)) (i32.load offset=12 (local.get $labels))))
    (drop (call $add (local.get $a) (i32.const 0) (i32.const 5)))
    (drop (call $add (local.get $b) (i32.const 0) (i32.const 9)))
    (drop (call $add (local.get $b) (i32.const 1) (i32.const 7)))
    (local.set $a (call $merge (local.get $a) (local.get $b)))
    (call $drop (local.get $b))
    (local.set $sum (call $add (local.get $a) (i32.const 0) (i32.const 1)))
    (call $label (local.get $a) (i32.const 16))
    (local.set $end (i32.add (i32.load (i32.const 16)) (i32.load (i32.const 20))))
    (i32.store8 (local.get $end) (i32.add (local.get $sum) (i32.const 48)))
    (i32.store8 offset=1 (local.get $end) (i32.sub (call $live) (i32.const 52)))
    (i32.store (i32.const 20) (i32.add (i32.load (i32.const 20)) (i32.const 2)))
    (i32.const 16)))"#
    )
}

/// A component that defines a resource is linked to one that uses it, and called.
#[test]
#[expect(clippy::too_many_lines, reason = "expectations are a table")]
fn resources() {
    let dir = dir("new-resources");
    write(&dir, "counters.wit", COUNTERS_WIT);
    write(&dir, "provider.wat", provider());
    let out = lowlift(
        &dir,
        &["new", "provider.wat", "--wit", "counters.wit", "--world", "provider", "-o", "provider.wasm"],
    );
    assert!(out.ends_with("[exit status 0]\n"), "{out}");
    for is_standard in [false, true] {
        write(&dir, "user.wat", user(is_standard));
        let args = [
            "new",
            "user.wat",
            "--wit",
            "counters.wit",
            "--world",
            "a:counters/user@0.2.3",
            "-o",
            "user.wasm",
        ];
        let out = lowlift(&dir, &args);
        assert!(out.ends_with("[exit status 0]\n"), "{out}");
        let out = lowlift(&dir, &["link", "user.wasm", "--plug", "provider.wasm", "-o", "both.wasm"]);
        assert!(out.ends_with("[exit status 0]\n"), "{out}");
        expect![[r#"
            "one81"
            [exit status 0]
        "#]]
        .assert_eq(&lowlift(&dir, &["call", "both.wasm", r#"run(["one", "two"])"#]));
    }
    let out = lowlift(&dir, &["inspect", "user.wasm"]);
    expect![[r#"
        world root {
          import a:counters/types@0.2.3;
          import a:counters/counters@0.2.3;
          export run: func(labels: list<string>) -> string;
        }

        package a:counters@0.2.3 {
          interface types {
            enum step {
              up,
              down,
            }
            record change {
              step: step,
              by: u32,
            }
          }

          interface counters {
            use types.{change};
            resource counter {
              constructor(label: string);
              add: func(change: change) -> u32;
              label: func() -> string;
              live: static func() -> u32;
            }
            merge: func(a: counter, b: borrow<counter>) -> counter;
          }
        }
        [exit status 0]
    "#]]
    .assert_eq(&out[out.find("world root").expect("there is a world")..]);
    let out = lowlift(&dir, &["inspect", "provider.wasm"]);
    expect![[r#"
        world root {
          import a:counters/types@0.2.3;
          export a:counters/counters@0.2.3;
        }

        package a:counters@0.2.3 {
          interface types {
            enum step {
              up,
              down,
            }
            record change {
              step: step,
              by: u32,
            }
          }

          interface counters {
            use types.{change};
            resource counter {
              constructor(label: string);
              add: func(change: change) -> u32;
              label: func() -> string;
              live: static func() -> u32;
            }
            merge: func(a: counter, b: borrow<counter>) -> counter;
          }
        }
        [exit status 0]
    "#]]
    .assert_eq(&out[out.find("world root").expect("there is a world")..]);
}

const ECHO_WIT: &str = "
package a:echo;

world echo {
  record pair { left: string, right: list<u16> }
  import shout: func(text: string) -> string;
  import count: func(x: u32) -> u64;
  export many: func(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, g: u64, h: u64, i: u64, j: u64, k: u64, l: u64,
    m: u64, n: u64, o: u64, p: u64, q: u64) -> tuple<u64, u64>;
  export swap: func(pair: pair) -> tuple<list<u16>, string>;
}
";

/// Spilled parameters, results in memory, and types of the world itself. Imports of the world that
/// the module lacks are left out.
#[test]
fn functions_of_the_world() {
    let dir = dir("new-echo");
    write(&dir, "echo.wit", ECHO_WIT);
    let module = format!(
        r#"(module
  {MEMORY}
  (func (export "many") (param $args i32) (result i32)
    (i64.store (i32.const 16) (i64.load offset=128 (local.get $args)))
    (i64.store (i32.const 24) (i64.load offset=8 (local.get $args)))
    (i32.const 16))
  (func (export "swap") (param i32 i32 i32 i32) (result i32)
    (i32.store (i32.const 16) (local.get 2))
    (i32.store (i32.const 20) (local.get 3))
    (i32.store (i32.const 24) (local.get 0))
    (i32.store (i32.const 28) (local.get 1))
    (i32.const 16)))"#
    );
    write(&dir, "echo.wat", module);
    new(&dir, "echo.wat", "echo.wit", "echo.wasm");
    let check = |call: &str, expected: &str| {
        assert_eq!(lowlift(&dir, &["call", "echo.wasm", call]), format!("{expected}\n[exit status 0]\n"));
    };
    check("many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17)", "(17, 2)");
    check(r#"swap({left: "äö", right: [1, 65535]})"#, r#"([1, 65535], "äö")"#);
    let out = lowlift(&dir, &["inspect", "echo.wasm"]);
    expect![[r#"
        world root {
          record pair {
            left: string,
            right: list<u16>,
          }
          export many: func(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, g: u64, h: u64, i: u64, j: u64, k: u64, l: u64, m: u64, n: u64, o: u64, p: u64, q: u64) -> tuple<u64, u64>;
          export swap: func(pair: pair) -> tuple<list<u16>, string>;
        }
        [exit status 0]
    "#]]
    .assert_eq(&out[out.find("world root").expect("there is a world")..]);
}

const WORLD: &str = "
package a:b@1.0.0;

interface files {
  resource file { read: func(n: u32) -> list<u8>; }
  open: func(name: string) -> file;
}

world w {
  import log: func(text: string);
  import files;
  export run: func(x: u32) -> string;
}
";

/// Checks the error about a module that would fit the world but for one fault.
#[expect(clippy::needless_pass_by_value, reason = "reads better where the expectation is written in place")]
fn check_fault(name: &str, module: &str, expected: Expect) {
    let dir = dir(&format!("new-fault-{name}"));
    write(&dir, "w.wit", WORLD);
    write(&dir, "core.wat", format!("(module {module})"));
    expected.assert_eq(&lowlift(&dir, &["new", "core.wat", "--wit", "w.wit", "-o", "out.wasm"]));
    assert!(!dir.join("out.wasm").exists(), "{name}");
}

const RUN: &str =
    r#"(func (export "run") (param i32) (result i32) unreachable) (memory (export "memory") 1)"#;

#[test]
#[expect(clippy::too_many_lines, reason = "expectations are a table")]
fn faults_of_imports() {
    let import = |text: &str| format!(r#"(import {text}) {RUN}"#);
    check_fault(
        "interface",
        &import(r#""a:b/dirs@1.0.0" "open" (func)"#),
        expect![[r#"
            error: core.wat: import `a:b/dirs@1.0.0` `open`: the world imports no such interface; it imports `a:b/files@1.0.0`
            [exit status 1]
        "#]],
    );
    check_fault(
        "function",
        &import(r#""a:b/files@1.0.0" "close" (func)"#),
        expect![[r#"
            error: core.wat: import `a:b/files@1.0.0` `close`: the interface has no such function; it has `[method]file.read`, `open`
            [exit status 1]
        "#]],
    );
    check_fault(
        "root",
        &import(r#""$root" "warn" (func)"#),
        expect![[r#"
            error: core.wat: import `$root` `warn`: the world imports no such function; its own functions are `log`
            [exit status 1]
        "#]],
    );
    check_fault(
        "resource",
        &import(r#""a:b/files@1.0.0" "[resource-drop]dir" (func (param i32))"#),
        expect![[r#"
            error: core.wat: import `a:b/files@1.0.0` `[resource-drop]dir`: the world imports no resource `dir` in `a:b/files@1.0.0`
            [exit status 1]
        "#]],
    );
    check_fault(
        "new",
        &import(r#""a:b/files@1.0.0" "[resource-new]file" (func (param i32) (result i32))"#),
        expect![[r#"
            error: core.wat: import `a:b/files@1.0.0` `[resource-new]file`: only the component that defines a resource can do this
            [exit status 1]
        "#]],
    );
    check_fault(
        "signature",
        &import(r#""a:b/files@1.0.0" "[method]file.read" (func (param i32 i32))"#),
        expect![[r#"
            error: core.wat: import `a:b/files@1.0.0` `[method]file.read` has the wrong type
              for: [method]file.read: func(self: borrow<file>, n: u32) -> list<u8>
              expected: (func (param i32 i32 i32))
              given: (func (param i32 i32))
            [exit status 1]
        "#]],
    );
    check_fault(
        "drop",
        &import(r#""cm32p2|a:b/files@1" "file_drop" (func (param i64))"#),
        expect![[r#"
            error: core.wat: import `cm32p2|a:b/files@1` `file_drop` has the wrong type
              for: resource.drop of `file`
              expected: (func (param i32))
              given: (func (param i64))
            [exit status 1]
        "#]],
    );
    check_fault(
        "memory",
        &import(r#""env" "memory" (memory 1)"#),
        expect![[r#"
            error: core.wat: import `env` `memory`: a component gives its core modules functions only, and this is a memory
            [exit status 1]
        "#]],
    );
    check_fault(
        "async",
        &import(r#""$root" "[async-lower]log" (func (param i32) (result i32))"#),
        expect![[r#"
            error: not supported yet: the built-in `$root` `[async-lower]log` of concurrency
            [exit status 1]
        "#]],
    );
    check_fault(
        "adapter",
        &import(r#""wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32))"#),
        expect![[r#"
            error: core.wat: import `wasi_snapshot_preview1` `fd_write`: the world imports no such interface; it imports `a:b/files@1.0.0`, and there is no adapter of this name
            [exit status 1]
        "#]],
    );
}

#[test]
fn faults_of_exports() {
    check_fault(
        "missing",
        r#"(memory (export "memory") 1) (func (export "walk"))"#,
        expect![[r#"
            error: core.wat: export `run`: the world exports `run: func(x: u32) -> string`, for which the module has to export (func (param i32) (result i32)) under this name; it exports `walk`
            [exit status 1]
        "#]],
    );
    check_fault(
        "type",
        r#"(func (export "run") (param i64) (result i32) unreachable)"#,
        expect![[r#"
            error: core.wat: export `run` has the wrong type
              for: run: func(x: u32) -> string
              expected: (func (param i32) (result i32))
              given: (func (param i64) (result i32))
            [exit status 1]
        "#]],
    );
    check_fault(
        "no-memory",
        r#"(func (export "run") (param i32) (result i32) unreachable)"#,
        expect![[r#"
            error: core.wat: export `memory`: `run` passes values in memory, for which the module has to export its memory
            [exit status 1]
        "#]],
    );
    check_fault(
        "post-return",
        &format!(r#"{RUN} (func (export "cabi_post_run") (param i64))"#),
        expect![[r#"
            error: core.wat: export `cabi_post_run` has the wrong type
              for: cleaning up after `run: func(x: u32) -> string`
              expected: (func (param i32))
              given: (func (param i64))
            [exit status 1]
        "#]],
    );
    let reads = r#"(import "a:b/files@1.0.0" "[method]file.read" (func (param i32 i32 i32)))"#;
    check_fault(
        "no-realloc",
        &format!("{reads} {RUN}"),
        expect![[r#"
            error: core.wat: export `cabi_realloc`: `[method]file.read` gives the module values in memory, for which the module has to export an allocator
            [exit status 1]
        "#]],
    );
    check_fault(
        "realloc",
        &format!(r#"{reads} {RUN} (func (export "cabi_realloc") (param i32) (result i32) unreachable)"#),
        expect![[r#"
            error: core.wat: export `cabi_realloc` has the wrong type
              for: allocating values of `[method]file.read`
              expected: (func (param i32 i32 i32 i32) (result i32))
              given: (func (param i32) (result i32))
            [exit status 1]
        "#]],
    );
    check_fault(
        "async-export",
        r#"(func (export "[async-lift]run") (param i32))"#,
        expect![[r#"
            error: not supported yet: the asynchronous export `run` of core.wat
            [exit status 1]
        "#]],
    );
}

#[test]
fn faults_of_files() {
    let dir = dir("new-files");
    write(&dir, "w.wit", "package a:b; world one {} world two {}");
    write(&dir, "none.wit", "package a:b;");
    write(&dir, "core.wat", "(module)");
    write(&dir, "component.wat", "(component)");
    let check = |args: &[&str], expected: Expect| {
        let args = ["new"].iter().chain(args).chain(&["-o", "out.wasm"]).copied().collect::<Vec<_>>();
        expected.assert_eq(&lowlift(&dir, &args));
    };
    check(
        &["core.wat"],
        expect![[r#"
            error: core.wat: the module has no `component-type` section that says which world it is for, and none was given
            [exit status 1]
        "#]],
    );
    check(
        &["core.wat", "--wit", "w.wit"],
        expect![[r#"
            error: w.wit: the package has several worlds, of which --world names one: `a:b/one`, `a:b/two`
            [exit status 1]
        "#]],
    );
    check(
        &["core.wat", "--wit", "w.wit", "--world", "three"],
        expect![[r#"
            error: no world is named `three`; there are: `a:b/one`, `a:b/two`
            [exit status 1]
        "#]],
    );
    check(
        &["core.wat", "--wit", "none.wit"],
        expect![[r#"
            error: none.wit: the package has no world
            [exit status 1]
        "#]],
    );
    check(
        &["component.wat", "--wit", "w.wit", "--world", "one"],
        expect![[r#"
            error: component.wat: this is a component; expected a core module, of which one is to be made (at offset 0x0)
            [exit status 1]
        "#]],
    );
    check(
        &["core.wat", "--wit", "w.wit", "--world", "two"],
        expect![[r#"
            out.wasm: component, 24 bytes
            [exit status 0]
        "#]],
    );
}
