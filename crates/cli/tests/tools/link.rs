//! `lowlift link`: a linked component returns what its parts return when they are called one after
//! the other.

use std::path::Path;

use expect_test::expect;

use crate::common::{dir, lowlift, write};

/// Links files of `dir` and checks that the new component is valid.
fn link(dir: &Path, socket: &str, plugs: &[&str]) {
    let mut args = vec!["link", socket, "-o", "linked.wasm"];
    args.extend(plugs.iter().flat_map(|plug| ["--plug", plug]));
    let out = lowlift(dir, &args);
    assert!(out.ends_with("[exit status 0]\n"), "{socket} {plugs:?}: {out}");
    let out = lowlift(dir, &["validate", "linked.wasm"]);
    assert!(out.starts_with("linked.wasm: valid component, "), "{socket} {plugs:?}: {out}");
}

/// Memory, and an allocator that never frees.
const LIBC: &str = r#"
  (core module $libc
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $libc (instantiate $libc))"#;

const OPTIONS: &str = r#"(memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))"#;

/// Exports `op` of core instance `$i` in an interface, with a type `t` of this definition.
fn exported(interface: &str, definition: &str) -> String {
    format!(
        r#"
  (type $l (list $t))
  (func $op (param "x" $l) (result $l) (canon lift (core func $i "op") {OPTIONS}))
  (component $shim
    (type $d {definition}) (import "t" (type $t (eq $d))) (type $l (list $t))
    (import "op" (func $op (param "x" $l) (result $l)))
    (export $t2 "t" (type $t)) (type $l2 (list $t2))
    (export "op" (func $op) (func (param "x" $l2) (result $l2))))
  (instance $made (instantiate $shim (with "t" (type $t)) (with "op" (func $op))))
  (export "{interface}" (instance $made))"#
    )
}

/// A component whose `op` returns the first two elements of a list.
fn plug(version: &str, definition: &str) -> String {
    format!(
        r#"(component {LIBC}
  (type $t {definition})
  (core module $m
    (import "libc" "memory" (memory 1))
    (func (export "op") (param $ptr i32) (param $len i32) (result i32)
      (i32.store (i32.const 16) (local.get $ptr))
      (i32.store (i32.const 20) (select
        (local.get $len) (i32.const 2) (i32.lt_u (local.get $len) (i32.const 2))))
      (i32.const 16)))
  (core instance $i (instantiate $m (with "libc" (instance $libc))))
  {})"#,
        exported(&format!("t:p/first@{version}"), definition)
    )
}

/// A component whose `op` calls the `op` of another component.
fn socket(version: &str, definition: &str) -> String {
    format!(
        r#"(component {LIBC}
  (import "t:p/first@{version}" (instance $first
    (type $d {definition}) (export "t" (type $t (eq $d))) (type $l (list $t))
    (export "op" (func (param "x" $l) (result $l)))))
  (alias export $first "t" (type $t))
  (core func $op (canon lower (func $first "op") {OPTIONS}))
  (core module $m
    (import "first" "op" (func $op (param i32 i32 i32)))
    (func (export "op") (param i32 i32) (result i32)
      (call $op (local.get 0) (local.get 1) (i32.const 32))
      (i32.const 32)))
  (core instance $i (instantiate $m (with "first" (instance (export "op" (func $op))))))
  {})"#,
        exported("t:p/forward", definition)
    )
}

/// A type, two values of it and a third.
const CASES: &[(&str, [&str; 3])] = &[
    ("bool", ["true", "false", "true"]),
    ("u8", ["1", "255", "0"]),
    ("s8", ["-128", "127", "0"]),
    ("u16", ["65535", "1", "0"]),
    ("s16", ["-32768", "1", "0"]),
    ("u32", ["4294967295", "1", "0"]),
    ("s32", ["-2147483648", "1", "0"]),
    ("u64", ["18446744073709551615", "1", "0"]),
    ("s64", ["-9223372036854775808", "1", "0"]),
    ("f32", ["1.5", "-0.25", "0"]),
    ("f64", ["1.5", "-inf", "0"]),
    ("char", ["'a'", "'😀'", "'c'"]),
    ("string", [r#""one""#, r#""""#, r#""3""#]),
    ("(list u8)", ["[1, 2]", "[]", "[3]"]),
    ("(list string)", [r#"["a", "b"]"#, "[]", "[]"]),
    ("(tuple u8 string)", [r#"(1, "a")"#, r#"(2, "b")"#, r#"(3, "c")"#]),
    ("(option u32)", ["some(7)", "none", "none"]),
    ("(option (option string))", [r#"some(some("a"))"#, "some(none)", "none"]),
    ("(result u8 (error string))", ["ok(7)", r#"err("no")"#, "ok(1)"]),
    ("(result)", ["ok", "err", "ok"]),
    (
        r#"(record (field "a" u8) (field "b" (list u16)))"#,
        ["{a: 1, b: [2]}", "{a: 2, b: []}", "{a: 3, b: []}"],
    ),
    (r#"(variant (case "n" u64) (case "s" string) (case "z"))"#, ["n(7)", r#"s("x")"#, "z"]),
    (r#"(enum "red" "green")"#, ["red", "green", "red"]),
    (r#"(flags "r" "w" "x")"#, ["{r, x}", "{}", "{w}"]),
];

/// The version that a plug exports and the version that a socket imports.
const VERSIONS: &[[&str; 2]] =
    &[["0.2.10", "0.2.12"], ["0.2.12", "0.2.10"], ["1.0.0", "1.4.2"], ["2.3.4", "2.3.4"]];

#[test]
fn pairs_answer_as_by_hand() {
    assert!(CASES.len() >= 20);
    for (i, (definition, [a, b, c])) in CASES.iter().enumerate() {
        let dir = dir(&format!("link-pair-{i}"));
        let [offered, asked] = VERSIONS[i % VERSIONS.len()];
        write(&dir, "plug.wat", plug(offered, definition));
        write(&dir, "socket.wat", socket(asked, definition));
        link(&dir, "socket.wat", &["plug.wat"]);
        for (values, answer) in [
            (format!("{a}, {b}, {c}"), format!("{a}, {b}")),
            ((*b).to_owned(), (*b).to_owned()),
            (String::new(), String::new()),
        ] {
            let call = format!("op([{values}])");
            let answer = format!("[{answer}]\n[exit status 0]\n");
            assert_eq!(lowlift(&dir, &["call", "plug.wat", &call]), answer, "{definition}");
            assert_eq!(lowlift(&dir, &["call", "linked.wasm", &call]), answer, "{definition}");
        }
    }
}

/// Calls an imported `answer` and adds a number to its result.
fn adder(imports: &str, exports: &str, n: u32) -> String {
    format!(
        r#"(component
  (import "{imports}" (func $next (result u32)))
  (core func $next (canon lower (func $next)))
  (core module $m
    (import "" "next" (func $next (result i32)))
    (func (export "f") (result i32) (i32.add (call $next) (i32.const {n}))))
  (core instance $i (instantiate $m (with "" (instance (export "next" (func $next))))))
  (func (export "{exports}") (result u32) (canon lift (core func $i "f"))))"#
    )
}

const ANSWER: &str = r#"(component
  (core module $m (func (export "f") (result i32) (i32.const 1)))
  (core instance $i (instantiate $m))
  (func (export "answer") (result u32) (canon lift (core func $i "f"))))"#;

#[test]
fn chains() {
    let dir = dir("link-chain");
    write(&dir, "ask.wat", adder("answer", "ask", 100));
    write(&dir, "middle.wat", adder("answer", "answer", 10));
    write(&dir, "answer.wat", ANSWER);
    for (plugs, answer) in [
        (&["answer.wat"][..], 101),
        (&["middle.wat", "answer.wat"], 111),
        (&["middle.wat", "middle.wat", "answer.wat"], 121),
    ] {
        link(&dir, "ask.wat", plugs);
        let got = lowlift(&dir, &["call", "linked.wasm", "ask()"]);
        assert_eq!(got, format!("{answer}\n[exit status 0]\n"), "{plugs:?}");
    }
    // In two steps: the second one satisfies the imports that the first one leaves.
    link(&dir, "ask.wat", &["middle.wat"]);
    std::fs::rename(dir.join("linked.wasm"), dir.join("first.wasm")).expect("it was written");
    link(&dir, "first.wasm", &["answer.wat"]);
    assert_eq!(lowlift(&dir, &["call", "linked.wasm", "ask()"]), "111\n[exit status 0]\n");
}

/// Defines the resource `counter`.
const COUNTERS: &str = r#"(component
  (core module $m (func (export "id") (param i32) (result i32) (local.get 0)))
  (core instance $i (instantiate $m))
  (type $c (resource (rep i32)))
  (core func $new (canon resource.new $c))
  (core module $w
    (import "" "new" (func $new (param i32) (result i32)))
    (func (export "new") (param i32) (result i32) (call $new (i32.mul (local.get 0) (i32.const 2)))))
  (core instance $w (instantiate $w (with "" (instance (export "new" (func $new))))))
  (func $make (param "x" u32) (result (own $c)) (canon lift (core func $w "new")))
  (func $get (param "self" (borrow $c)) (result u32) (canon lift (core func $i "id")))
  (component $shim
    (import "counter" (type $c (sub resource)))
    (import "make" (func $make (param "x" u32) (result (own $c))))
    (import "get" (func $get (param "self" (borrow $c)) (result u32)))
    (export $c2 "counter" (type $c))
    (export "[constructor]counter" (func $make) (func (param "x" u32) (result (own $c2))))
    (export "[method]counter.get" (func $get) (func (param "self" (borrow $c2)) (result u32))))
  (instance $made (instantiate $shim
    (with "counter" (type $c)) (with "make" (func $make)) (with "get" (func $get))))
  (export "t:p/counters" (instance $made)))"#;

/// Creates a counter and reads it. Also imports a counter's friend, which it never calls.
const COUNT: &str = r#"(component
  (import "t:p/counters" (instance $c
    (export "counter" (type $c (sub resource)))
    (export "[constructor]counter" (func (param "x" u32) (result (own $c))))
    (export "[method]counter.get" (func (param "self" (borrow $c)) (result u32)))))
  (alias export $c "counter" (type $counter))
  (core func $make (canon lower (func $c "[constructor]counter")))
  (core func $get (canon lower (func $c "[method]counter.get")))
  (core func $drop (canon resource.drop $counter))
  (core module $m
    (import "" "make" (func $make (param i32) (result i32)))
    (import "" "get" (func $get (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "count") (param i32) (result i32)
      (local $c i32)
      (local.set $c (call $make (local.get 0)))
      (call $get (local.get $c))
      (call $drop (local.get $c))))
  (core instance $i (instantiate $m (with "" (instance
    (export "make" (func $make)) (export "get" (func $get)) (export "drop" (func $drop))))))
  (func (export "count") (param "x" u32) (result u32) (canon lift (core func $i "count"))))"#;

#[test]
fn resources_of_plugs() {
    let dir = dir("link-resources");
    write(&dir, "counters.wat", COUNTERS);
    write(&dir, "count.wat", COUNT);
    link(&dir, "count.wat", &["counters.wat"]);
    assert_eq!(lowlift(&dir, &["call", "linked.wasm", "count(21)"]), "42\n[exit status 0]\n");
}

/// Imports a resource, and an interface that uses it.
fn streams(version: &str, export: &str, method: &str) -> String {
    format!(
        r#"(component
  (import "t:io/error@{version}" (instance $error
    (export "error" (type $e (sub resource)))
    (export "[method]error.{method}" (func (param "self" (borrow $e)) (result string)))))
  (alias export $error "error" (type $e))
  (import "t:io/streams@{version}" (instance $streams
    (alias outer 1 $e (type $e)) (export "error" (type $e2 (eq $e)))
    (type $kind (enum "{method}" "b")) (export "{method}-kind" (type $k (eq $kind)))
    (export "stream" (type $s (sub resource)))
    (export "[method]stream.{method}" (func (param "self" (borrow $s)) (param "kind" $k) (result (result (error (own $e2))))))))
  (alias export $streams "stream" (type $s))
  (import "use-stream" (type $stream (eq $s)))
  (import "{method}" (func (param "s" (own $stream)) (result (own $e))))
  (core module $m (func (export "f") (result i32) (i32.const 1)))
  (core instance $i (instantiate $m))
  (func (export "{export}") (result u32) (canon lift (core func $i "f"))))"#
    )
}

/// An interface that two components import and no plug provides is imported once, with the items of
/// both.
#[test]
fn imports_left_over_are_joined() {
    let dir = dir("link-imports");
    let a = streams("0.2.9", "unused", "read");
    let a = a.strip_suffix(')').expect("a component ends with a bracket");
    write(&dir, "a.wat", format!("{a}\n  (import \"answer\" (func (result u32))))"));
    write(&dir, "b.wat", streams("0.2.10", "answer", "write"));
    link(&dir, "a.wat", &["b.wat"]);
    let out = lowlift(&dir, &["inspect", "linked.wasm"]);
    let wit = &out[out.find("package root").expect("there is a world")..];
    expect![[r#"
        package root:component;

        world root {
          import t:io/error@0.2.10;
          import t:io/streams@0.2.10;
          use t:io/streams@0.2.10.{%stream as use-stream};
          // The component refers to it without a name.
          use t:io/error@0.2.10.{error};
          import read: func(s: use-stream) -> error;
          import write: func(s: use-stream) -> error;
          export unused: func() -> u32;
        }

        package t:io@0.2.10 {
          interface error {
            resource error {
              read: func() -> string;
              write: func() -> string;
            }
          }

          interface streams {
            use error.{error};
            enum read-kind {
              read,
              b,
            }
            resource %stream {
              read: func(kind: read-kind) -> result<_, error>;
              write: func(kind: write-kind) -> result<_, error>;
            }
            enum write-kind {
              write,
              b,
            }
          }
        }
        [exit status 0]
    "#]]
    .assert_eq(wit);
    let got = lowlift(&dir, &["call", "--stub-imports", "linked.wasm", "unused()"]);
    assert_eq!(got, "1\n[exit status 0]\n");
}

/// If an import mentions a type of an interface that a plug provides, the interface is imported
/// too, for the type's name.
#[test]
fn types_of_plugs_in_imports() {
    let dir = dir("link-types");
    let record = r#"(record (field "a" u8))"#;
    let other = r#"
  (alias export $first "t" (type $named))
  (import "t:p/other" (instance
    (alias outer 1 $named (type $named))
    (type $v (variant (case "c" $named))) (export "v" (type $v2 (eq $v)))
    (export "f" (func (param "v" $v2)))))"#;
    let user = socket("0.2.0", record).replacen("(alias export", &format!("{other}\n  (alias export"), 1);
    write(&dir, "user.wat", user);
    write(&dir, "plug.wat", plug("0.2.1", record));
    link(&dir, "user.wat", &["plug.wat"]);
    let out = lowlift(&dir, &["inspect", "linked.wasm"]);
    let wit = &out[out.find("package root").expect("there is a world")..];
    expect![[r#"
        package root:component;

        world root {
          import t:p/first@0.2.0;
          import t:p/other;
          export t:p/forward;
        }

        package t:p@0.2.0 {
          interface first {
            record t {
              a: u8,
            }
          }
        }

        package t:p {
          interface other {
            // The component refers to it without a name.
            use t:p/first@0.2.0.{t};
            variant v {
              c(t),
            }
            f: func(v: v);
          }

          interface forward {
            record t {
              a: u8,
            }
            op: func(x: list<t>) -> list<t>;
          }
        }
        [exit status 0]
    "#]]
    .assert_eq(wit);
    let got = lowlift(&dir, &["call", "--stub-imports", "linked.wasm", "op([{a: 1}, {a: 2}, {a: 3}])"]);
    assert_eq!(got, "[{a: 1}, {a: 2}]\n[exit status 0]\n");
}

/// Core modules that no plug provides are imported by the new component, with their types.
#[test]
fn core_modules_left_over() {
    let dir = dir("link-modules");
    write(&dir, "answer.wat", ANSWER);
    let user = r#"(component
      (import "m" (core module $m
        (import "a" "f" (func (param i32) (result f64)))
        (import "a" "t" (table 1 2 funcref))
        (export "memory" (memory 1))
        (export "g" (global (mut i64)))))
      (import "holder" (instance (export "inner" (core module (export "f" (func))))))
      (import "answer" (func (result u32)))
      (export "answer-again" (func 0)))"#;
    write(&dir, "user.wat", user);
    link(&dir, "user.wat", &["answer.wat"]);
    let out = lowlift(&dir, &["inspect", "linked.wasm"]);
    assert!(out.contains("├ import \"m\": core module\n├ import \"holder\": instance\n"), "{out}");
    // Linked again: the types are those of the parts.
    write(&dir, "empty.wat", r#"(component (import "answer-again" (func (result u32))))"#);
    link(&dir, "empty.wat", &["linked.wasm"]);
}

/// A plug may provide an interface that has only types. Imports of functions with these types still
/// refer to them by name.
#[test]
fn plugs_with_types_only() {
    let dir = dir("link-types");
    let types = r#"(component
      (type $t (record (field "a" u8)))
      (component $c (type $d (record (field "a" u8))) (import "t" (type $t (eq $d))) (export "rec" (type $t)))
      (instance $i (instantiate $c (with "t" (type $t))))
      (export "t:p/types" (instance $i)))"#;
    let user = r#"(component
      (import "t:p/types" (instance $i (type $d (record (field "a" u8))) (export "rec" (type (eq $d)))))
      (alias export $i "rec" (type $rec))
      (import "f" (func $f (param "x" $rec) (result u32)))
      (export "g" (func $f)))"#;
    let provider = r#"(component
      (type $d (record (field "a" u8)))
      (import "t" (type $t (eq $d)))
      (core module $m (func (export "f") (param i32) (result i32) (local.get 0)))
      (core instance $i (instantiate $m))
      (func $f (param "x" $t) (result u32) (canon lift (core func $i "f")))
      (export "f" (func $f)))"#;
    write(&dir, "types.wat", types);
    write(&dir, "user.wat", user);
    write(&dir, "provider.wat", provider);
    link(&dir, "user.wat", &["types.wat"]);
    link(&dir, "user.wat", &["types.wat", "provider.wat"]);
    assert_eq!(lowlift(&dir, &["call", "linked.wasm", "g({a: 7})"]), "7\n[exit status 0]\n");
}

#[test]
fn what_does_not_fit() {
    let dir = dir("link-errors");
    write(&dir, "ask.wat", adder("answer", "ask", 100));
    write(&dir, "answer.wat", ANSWER);
    write(&dir, "empty.wat", "(component)");
    write(&dir, "module.wat", "(module)");
    let other = ANSWER.replace("(result u32)", "(result s32)");
    write(&dir, "other.wat", other);
    write(&dir, "instance.wat", r#"(component (instance $i) (export "answer" (instance $i)))"#);
    let user = r#"(component
      (import "t:p/counters" (instance $c (export "counter" (type (sub resource)))))
      (alias export $c "counter" (type $c))
      (import "t:p/friends" (instance
        (alias outer 1 $c (type $c)) (export "counter" (type $d (eq $c)))
        (export "f" (func (param "x" (own $d)))))))"#;
    write(&dir, "user.wat", user);
    write(&dir, "counters.wat", COUNTERS);
    write(
        &dir,
        "components.wat",
        r#"(component (import "c" (component)) (import "answer" (func (result u32))))"#,
    );
    let link = |socket, plug| lowlift(&dir, &["link", socket, "--plug", plug, "-o", "linked.wasm"]);
    expect![[r#"
        error: empty.wat: exports nothing, and what comes before it still imports `answer`
        [exit status 1]
    "#]]
    .assert_eq(&link("ask.wat", "empty.wat"));
    expect![[r#"
        error: ask.wat: exports `ask`, and what comes before it still imports nothing
        [exit status 1]
    "#]]
    .assert_eq(&link("answer.wat", "ask.wat"));
    expect![[r#"
        error: module.wat: this is a core module, not a component (at offset 0x4)
        [exit status 1]
    "#]]
    .assert_eq(&link("ask.wat", "module.wat"));
    expect![[r#"
        error: the components do not fit: import `answer` of ask.wat is not what other.wat exports: expected `func() -> u32`, found `func() -> s32`
        [exit status 1]
    "#]]
    .assert_eq(&link("ask.wat", "other.wat"));
    expect![[r#"
        error: the components do not fit: import `answer` of ask.wat is not what instance.wat exports: expected a function, found an instance
        [exit status 1]
    "#]]
    .assert_eq(&link("ask.wat", "instance.wat"));
    expect![[r#"
        error: the components do not fit: import `t:p/friends` uses the resource `counter` of `t:p/counters`, which counters.wat provides, so that a plug must provide the import too
        [exit status 1]
    "#]].assert_eq(&link("user.wat", "counters.wat"));
    expect![[r#"
        error: not supported yet: import `c` of or with a component, from outside the new component
        [exit status 1]
    "#]]
    .assert_eq(&link("components.wat", "answer.wat"));
    assert!(!dir.join("linked.wasm").exists());
    assert!(lowlift(&dir, &["link", "ask.wat", "-o", "linked.wasm"]).ends_with("[exit status 2]\n"));
}
