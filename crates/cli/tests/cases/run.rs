//! Calls between components: how deep they go, what their traps say, and what is not built yet.

use std::fmt::Write as _;
use std::fs;

use conformance::script::Language;
use conformance::subjects::Subject;
use conformance::subjects::lowlift::Lowlift;

use crate::common::{lowlift, scratch, script};

/// A chain of components: the first has `first` as its `f`, each other passes on what the one
/// before it returns.
struct Chain {
    /// The type of `f`: parameters and result.
    ty: &'static str,
    /// Canonical options of both lifting and lowering, of memory `m` and function `realloc`.
    options: &'static str,
    /// The core type of `f`.
    core: &'static str,
    /// The core body of the first `f`.
    first: &'static str,
    /// The core body of every other, which calls `$f`.
    other: &'static str,
}

const HEAP: &str = r#"(core module $heap (memory (export "m") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $next) (global.set $next (i32.add (global.get $next) (i32.const 1024)))))
    (core instance $heap (instantiate $heap))"#;

const IN_MEMORY: &str = r#"(memory (core memory $heap "m")) (realloc (core func $heap "realloc"))"#;

/// Writes a chain of `n` components to a file and returns its path.
fn write_chain(name: &str, n: usize, chain: &Chain) -> String {
    let Chain { ty, options, core, first, other } = chain;
    let module = |imports: &str, body: &str| {
        format!(r#"(core module $m {imports} (import "" "m" (memory 1)) (func (export "f") {core} {body}))"#)
    };
    let mut wat = format!(
        r#"(component
        (component $B {HEAP} {first}
            (core instance $i (instantiate $m (with "" (instance (export "m" (memory $heap "m"))))))
            (func (export "f") {ty} (canon lift (core func $i "f") {options})))
        (component $C (import "f" (func $f {ty})) {HEAP} (core func $l (canon lower (func $f) {options})) {other}
            (core instance $i (instantiate $m (with "" (instance
                (export "m" (memory $heap "m")) (export "f" (func $l))))))
            (func (export "f") {ty} (canon lift (core func $i "f") {options})))
        (instance $i0 (instantiate $B))"#,
        first = module("", first),
        other = module(&format!(r#"(import "" "f" (func $f {core}))"#), other),
    );
    for i in 1..n {
        let _ = writeln!(wat, r#"(instance $i{i} (instantiate $C (with "f" (func $i{} "f"))))"#, i - 1);
    }
    let _ = writeln!(wat, r#"(export "f" (func $i{} "f")))"#, n - 1);
    let path = scratch(name).join("chain.wat");
    fs::write(&path, wat).expect("the folder for tests can be written");
    path.display().to_string()
}

const NUMBERS: Chain = Chain {
    ty: r#"(param "x" u32) (result u32)"#,
    options: "",
    core: "(param i32) (result i32)",
    first: "(local.get 0)",
    other: "(i32.add (i32.const 1) (call $f (local.get 0)))",
};

fn components() -> Box<dyn Subject> {
    Box::new(Lowlift::new())
}

#[test]
fn chains_of_components_are_as_deep_as_the_limit_says() {
    lowlift(&["call", "memory/chain-257.wat", "f(1)"]).check(0, "258\n", &[]);
    let path = write_chain("chain-numbers", 1000, &NUMBERS);
    lowlift(&["call", &path, "f(1)"]).check(0, "1000\n", &[]);
    let path = write_chain("chain-too-deep", 1001, &NUMBERS);
    lowlift(&["call", &path, "f(1)"]).check(134, "", &["calls between instances are more than 1000 deep"]);
}

#[test]
fn chains_pass_strings_and_lists() {
    let strings = Chain {
        ty: r#"(param "x" string) (result string)"#,
        options: IN_MEMORY,
        core: "(param i32 i32) (result i32)",
        first: "(i32.store (i32.const 8) (local.get 0)) (i32.store (i32.const 12) (local.get 1)) (i32.const 8)",
        other: "(local.get 0) (local.get 1) (i32.const 8) (call $f) (i32.const 8)",
    };
    let path = write_spilled_chain("chain-strings", 1000, &strings);
    lowlift(&["call", &path, r#"f("grüße")"#]).check(0, "\"grüße\"\n", &[]);
    let lists =
        Chain { ty: r#"(param "x" (list (tuple u8 string))) (result (list (tuple u8 string)))"#, ..strings };
    let path = write_spilled_chain("chain-lists", 1000, &lists);
    lowlift(&["call", &path, r#"f([(1, "ä")])"#]).check(0, "[(1, \"ä\")]\n", &[]);
}

/// Like [`write_chain`] for functions whose result is in memory: the core type of the lowered
/// function has one parameter more and no result.
fn write_spilled_chain(name: &str, n: usize, chain: &Chain) -> String {
    let path = write_chain(name, n, chain);
    let wat = fs::read_to_string(&path).expect("it was just written");
    let lowered = "(import \"\" \"f\" (func $f (param i32 i32 i32)))";
    let wat = wat.replace(&format!("(import \"\" \"f\" (func $f {}))", chain.core), lowered);
    fs::write(&path, wat).expect("it was just written");
    path
}

#[test]
fn chains_lend_resources() {
    let mut wat = String::from(
        r#"(component
        (component $R
            (type $r' (resource (rep i32)))
            (core func $new (canon resource.new $r'))
            (core module $m (import "" "new" (func $new (param i32) (result i32)))
                (func (export "make") (result i32) (call $new (i32.const 42)))
                (func (export "id") (param i32) (result i32) (local.get 0)))
            (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
            (export $r "r" (type $r'))
            (func (export "make") (result (own $r)) (canon lift (core func $i "make")))
            (func (export "f") (param "x" (borrow $r)) (result u32) (canon lift (core func $i "id"))))
        (component $C
            (import "r" (type $r (sub resource)))
            (import "f" (func $f (param "x" (borrow $r)) (result u32)))
            (core func $l (canon lower (func $f)))
            (core func $drop (canon resource.drop $r))
            (core module $m (import "" "f" (func $f (param i32) (result i32)))
                (import "" "drop" (func $drop (param i32)))
                (func (export "f") (param i32) (result i32)
                    (i32.add (i32.const 1) (call $f (local.get 0))) (call $drop (local.get 0))))
            (core instance $i (instantiate $m (with "" (instance
                (export "f" (func $l)) (export "drop" (func $drop))))))
            (func (export "f") (param "x" (borrow $r)) (result u32) (canon lift (core func $i "f"))))
        (component $U
            (import "r" (type $r (sub resource)))
            (import "make" (func $make (result (own $r))))
            (import "f" (func $f (param "x" (borrow $r)) (result u32)))
            (core func $make' (canon lower (func $make)))
            (core func $f' (canon lower (func $f)))
            (core module $m (import "" "make" (func $make (result i32)))
                (import "" "f" (func $f (param i32) (result i32)))
                (func (export "run") (result i32) (call $f (call $make))))
            (core instance $i (instantiate $m (with "" (instance
                (export "make" (func $make')) (export "f" (func $f'))))))
            (func (export "run") (result u32) (canon lift (core func $i "run"))))
        (instance $i0 (instantiate $R))
        (alias export $i0 "r" (type $r))"#,
    );
    let n = 999;
    for i in 1..n {
        let before = i - 1;
        let _ = writeln!(
            wat,
            r#"(instance $i{i} (instantiate $C (with "r" (type $r)) (with "f" (func $i{before} "f"))))"#
        );
    }
    let _ = writeln!(
        wat,
        r#"(instance $u (instantiate $U (with "r" (type $r)) (with "make" (func $i0 "make"))
            (with "f" (func $i{} "f"))))
        (export "run" (func $u "run")))"#,
        n - 1
    );
    let path = scratch("chain-borrows").join("chain.wat");
    fs::write(&path, wat).expect("the folder for tests can be written");
    let path = path.display().to_string();
    lowlift(&["call", &path, "run()"]).check(0, "1040\n", &[]);
}

/// Each frame is printed once, and the middle of a long backtrace is left out.
#[test]
fn backtraces_have_each_frame_once() {
    let trap = lowlift(&["call", "bounds/trap-plain.wat", "run()"]);
    trap.check(134, "", &["wasm `unreachable` instruction executed"]);
    assert_eq!(trap.err.matches(" - m!").count(), 2, "{}", trap.err);
    let path = write_chain("chain-trap", 1000, &Chain { first: "unreachable", ..NUMBERS });
    let trap = lowlift(&["call", &path, "f(1)"]);
    trap.check(134, "", &["wasm `unreachable`", "    0: ", "… 936 frames are left out …", "\n  999: "]);
    assert_eq!(trap.err.matches(" - m!").count(), 64, "{}", trap.err);
}

/// What is not built yet is not the guest's fault.
#[test]
fn what_is_not_supported_is_no_trap() {
    for (file, what) in [("yield", "a callback that yields"), ("future", "canon future.new")] {
        let run = lowlift(&["call", &format!("call/{file}.wat"), "f()"]);
        run.check(1, "", &[&format!("not supported yet: {what}")]);
        assert!(!run.err.contains("trapped"), "{}", run.err);
    }
}

/// A `task.return` without a memory has a result that needs none.
#[test]
fn task_return_needs_the_memory_of_its_function_only_if_it_names_one() {
    assert_eq!(script("peer/task-return-memory.wast", Language::Component, components), [""; 0]);
    let other = scratch("task-return").join("other.wast");
    let text = fs::read_to_string(crate::common::folder().join("peer/task-return-memory.wast"));
    let text = text.expect("the script is there").replace(
        "(core func $done (canon task.return))",
        r#"(core module $other (memory (export "m") 1)) (core instance $o (instantiate $other))
           (core func $done (canon task.return (memory (core memory $o "m"))))"#,
    );
    fs::write(&other, text).expect("the folder for tests can be written");
    let failed = script(&other.display().to_string(), Language::Component, components);
    assert!(failed.len() == 1 && failed[0].contains("`task.return` differs"), "{failed:?}");
}

/// What a string may take is what it takes, in every encoding, on the way in and on the way out.
#[test]
fn a_string_is_held_to_what_it_takes() {
    let run = |bytes: &str| lowlift(&["call", "memory/string-utf16.wat", bytes]);
    run("run(0, 134217727)").check(0, "134217727\n", &[]);
    run("run(0, 134217728)").check(134, "", &["string of 268435456 bytes is longer than 268435455"]);
}

/// Names in a file are shown so that they change nothing about the terminal, and no line is theirs.
#[test]
fn names_in_backtraces_are_escaped() {
    let run = lowlift(&["call", "bounds/names-esc.wat", "run()"]);
    run.check(134, "", &[r"\u{1b}[2J\u{1b}]0;pwned\u{7}\n\nerror: fake"]);
    assert!(!run.err.contains(['\x1b', '\x07']), "{}", run.err);
    assert_eq!(run.err.lines().filter(|line| line.starts_with("error")).count(), 1, "{}", run.err);
    let trapping = |names: &str| {
        let wat = format!(
            r#"(component (core module $m {names} unreachable))
                (core instance $i (instantiate $m))
                (func (export "run") (canon lift (core func $i "run"))))"#
        );
        let path = scratch("names").join("names.wat");
        fs::write(&path, wat).expect("the folder for tests can be written");
        lowlift(&["call", &path.display().to_string(), "run()"])
    };
    let module = trapping(r#"(@name "m\1b[31m\e2\80\ae") (func (export "run")"#);
    module.check(134, "", &[r"m\u{1b}[31m\u{202e}!"]);
    // Names of Rust's are shown as their source has them.
    let rust = trapping(r#"(func $f (@name "_ZN5guest6parser5parse17h0123456789abcdefE") (export "run")"#);
    rust.check(134, "", &["!guest::parser::parse\n"]);
    let rust = trapping(r#"(func $f (@name "_RNvNtCs1234_7mycrate3foo3bar") (export "run")"#);
    rust.check(134, "", &["!mycrate::foo::bar\n"]);
}

/// Errors of reading and of making components quote names of core imports and exports.
#[test]
fn names_in_errors_are_escaped() {
    let file = |name: &str, wat: &str| {
        let path = scratch("names-in-errors").join(name);
        fs::write(&path, wat).expect("the folder for tests can be written");
        path.display().to_string()
    };
    let hostile = r"\1b[2J\0a\0aerror: fake";
    let invalid = format!(
        r#"(component (core module $m (import "{hostile}" "\1bc" (func)))
            (core instance (instantiate $m (with "x" (instance)))))"#
    );
    let lacking = format!(
        r#"(component (core module $m) (core instance $i (instantiate $m))
            (alias core export $i "{hostile}" (core func)))"#
    );
    for (name, wat) in [("invalid.wat", invalid), ("lacking.wat", lacking)] {
        for verb in ["validate", "inspect", "describe"] {
            let run = lowlift(&[verb, &file(name, &wat)]);
            run.check(1, "", &[r"\u{1b}[2J"]);
            assert!(!run.err.contains('\x1b'), "{verb}: {}", run.err);
            assert!(!run.err.contains("\nerror: fake"), "{verb}: {}", run.err);
        }
    }
    let module = format!(r#"(module (import "{hostile}" "f" (func)))"#);
    let world = file("w.wit", "package a:b; world w { import i: interface { f: func(); } }");
    let module = {
        let path = scratch("names-in-module").join("m.wat");
        fs::write(&path, module).expect("the folder for tests can be written");
        path.display().to_string()
    };
    let out = scratch("names-made").join("out.wasm").display().to_string();
    let run = lowlift(&["new", &module, "--wit", &world, "-o", &out]);
    run.check(1, "", &[r"\u{1b}[2J\n\nerror: fake"]);
    assert!(!run.err.contains('\x1b'), "{}", run.err);
}
