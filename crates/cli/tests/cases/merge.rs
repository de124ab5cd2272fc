//! Modules that carry several worlds: nothing of a world is lost, and contradictions are errors.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::common::{Run, folder, lowlift, scratch};

/// Makes a component of a module with a `component-type` section for each of these worlds, in this
/// order. The first world is given with `--wit` instead if `is_given`.
fn new(dir: &Path, module: &str, worlds: &[&str], is_given: bool) -> Run {
    let path = |name: String| dir.join(name).display().to_string();
    let mut sections = String::new();
    let mut given = Vec::new();
    for (i, world) in worlds.iter().enumerate() {
        let (wit, binary) = (path(format!("{i}.wit")), path(format!("{i}.wasm")));
        fs::write(&wit, world).expect("the folder can be written");
        if is_given && i == 0 {
            given = vec!["--wit".to_owned(), wit];
            continue;
        }
        let (_, name) = world.split_once("world ").expect("a world");
        let name = name.split(' ').next().expect("a name");
        let built = lowlift(&["wit", "build", &wit, "--world", name, "-o", &binary]);
        assert_eq!(built.status, Some(0), "{world}: {}", built.err);
        let bytes = fs::read(&binary).expect("it was written");
        let bytes = bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "\\{byte:02x}").expect("writing to a string cannot fail");
            text
        });
        write!(sections, r#"(@custom "component-type:{i}" "{bytes}")"#).expect("as above");
    }
    let end = module.rfind(')').expect("the text of a module");
    let (module, made) = (format!("{}{sections})", &module[..end]), path("made.wasm".to_owned()));
    let wat = path("module.wat".to_owned());
    fs::write(&wat, module).expect("the folder can be written");
    let args = ["new", &wat, "-o", &made].into_iter().chain(given.iter().map(String::as_str));
    lowlift(&args.collect::<Vec<_>>())
}

fn read(file: &str) -> String {
    fs::read_to_string(folder().join(file)).expect("the input is there")
}

/// Makes a component with the worlds in either order, in sections or given, and checks that it is
/// valid and what each call returns.
#[track_caller]
fn check_merged(test: &str, module: &str, worlds: [&str; 2], calls: &[(&str, &str)]) {
    let dir = scratch(test);
    let made = dir.join("made.wasm").display().to_string();
    let [a, b] = worlds;
    for (worlds, is_given) in [([a, b], false), ([b, a], false), ([a, b], true), ([b, a], true)] {
        let run = new(&dir, module, &worlds, is_given);
        assert_eq!(run.status, Some(0), "{worlds:?} {is_given}: {}", run.err);
        let valid = lowlift(&["validate", &made]);
        assert_eq!(valid.status, Some(0), "{worlds:?} {is_given}: {}", valid.err);
        for (call, expected) in calls {
            lowlift(&["call", &made, call]).check(0, expected, &[]);
        }
    }
}

/// Checks that two worlds are refused in either order, with these texts in the error.
#[track_caller]
fn check_refused(test: &str, module: &str, worlds: [&str; 2], parts: &[&str]) {
    let dir = scratch(test);
    let [a, b] = worlds;
    for (worlds, is_given) in [([a, b], false), ([b, a], false), ([a, b], true)] {
        new(&dir, module, &worlds, is_given).check(1, "", parts);
    }
}

#[test]
fn functions_of_an_exported_interface() {
    let (a, b) = (read("merge/m1-a.wit"), read("merge/m1-b.wit"));
    check_merged("merge-m1", &read("merge/m1.wat"), [&a, &b], &[("f()", "1\n"), ("g()", "2\n")]);
}

#[test]
fn functions_of_an_inline_interface() {
    check_merged(
        "merge-inline",
        r#"(module (func (export "i#f") (result i32) i32.const 1) (func (export "i#g") (result i32) i32.const 2))"#,
        [
            "package a:a; world x { export i: interface { f: func() -> u32; } }",
            "package a:b; world y { export i: interface { g: func() -> u32; f: func() -> u32; } }",
        ],
        &[("f()", "1\n"), ("g()", "2\n")],
    );
}

#[test]
fn methods_of_an_exported_resource() {
    let a = "package a:a; world x { export q:q/i; }
        package q:q { interface i { resource r { constructor(x: u32); } } }";
    let b = "package a:b; world y { export q:q/i; export q:q/j; }
        package q:q {
          interface i {
            record point { x: u32, y: u32 }
            resource r { constructor(x: u32); get: func() -> u32; at: static func(p: point) -> r; }
          }
          interface j { use i.{r, point}; take: func(r: r, p: point) -> u32; make: func() -> r; }
        }";
    let module = r#"(module
        (import "[export]q:q/i" "[resource-new]r" (func $new (param i32) (result i32)))
        (import "[export]q:q/i" "[resource-rep]r" (func $rep (param i32) (result i32)))
        (import "[export]q:q/i" "[resource-drop]r" (func $drop (param i32)))
        (func (export "q:q/i#[constructor]r") (param i32) (result i32) (call $new (local.get 0)))
        (func (export "q:q/i#[method]r.get") (param i32) (result i32) (local.get 0))
        (func (export "q:q/i#[static]r.at") (param i32 i32) (result i32) (call $new (local.get 0)))
        (func (export "q:q/i#[dtor]r") (param i32))
        (func (export "q:q/j#take") (param i32 i32 i32) (result i32)
          (i32.add (call $rep (local.get 0)) (local.get 1)) (call $drop (local.get 0)))
        (func (export "q:q/j#make") (result i32) (call $new (i32.const 7))))"#;
    check_merged("merge-methods", module, [a, b], &[]);
    let world = lowlift(&["inspect", &scratch_file("merge-methods", "made.wasm")]);
    for part in
        ["get: func() -> u32;", "at: static func(p: point) -> r;", "take: func(r: r, p: point) -> u32;"]
    {
        assert!(world.out.contains(part), "{part} is not in {}", world.out);
    }
}

fn scratch_file(test: &str, name: &str) -> String {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cases").join(test).join(name).display().to_string()
}

#[test]
fn functions_of_an_imported_interface() {
    let a = "package a:a; world x { import q:q/i; }
        package q:q { interface i { record r { x: u8 } resource s { m: func(); } f: func(x: r) -> u32; } }";
    let b = "package a:b; world y { import q:q/i; export run: func(); }
        package q:q { interface i { record r { x: u8 } resource s { n: func(x: r); } g: func() -> own<s>; } }";
    let module = r#"(module
        (import "q:q/i" "f" (func (param i32) (result i32)))
        (import "q:q/i" "g" (func (result i32)))
        (import "q:q/i" "[method]s.m" (func (param i32)))
        (import "q:q/i" "[method]s.n" (func (param i32 i32)))
        (import "q:q/i" "[resource-drop]s" (func (param i32)))
        (func (export "run")))"#;
    check_merged("merge-imports", module, [a, b], &[]);
    let world = lowlift(&["inspect", &scratch_file("merge-imports", "made.wasm")]);
    for part in ["f: func(x: r) -> u32;", "g: func() -> s;", "m: func();", "n: func(x: r);"] {
        assert!(world.out.contains(part), "{part} is not in {}", world.out);
    }
}

#[test]
fn contradicting_functions() {
    let (a, b) = (read("merge/fn-diff-a.wit"), read("merge/fn-diff-b.wit"));
    check_refused(
        "merge-fn-diff",
        &read("merge/fn-diff.wat"),
        [&a, &b],
        &[
            "in the import `f`",
            "the world `a:a/x` ",
            "f: func(x: u8)",
            "the world `a:b/y` ",
            "f: func(x: u16)",
        ],
    );
    let check = |test: &str, items: [&str; 2], parts: &[&str]| {
        let worlds = [
            format!("package a:a; world x {{ {} }}", items[0]),
            format!("package a:b; world y {{ {} }}", items[1]),
        ];
        check_refused(test, "(module)", [&worlds[0], &worlds[1]], parts);
    };
    check(
        "merge-export",
        ["export f: func();", "export f: func() -> u8;"],
        &["in the export `f`", "f: func()\n", "f: func() -> u8"],
    );
    check(
        "merge-names",
        ["import f: func(a: u8);", "import f: func(b: u8);"],
        &["func(a: u8)", "func(b: u8)"],
    );
    check("merge-async", ["import f: func();", "import f: async func();"], &["f: func()", "f: async func()"]);
    check(
        "merge-inline-fn",
        ["import i: interface { f: func(x: u8); }", "import i: interface { f: func(x: s8); }"],
        &["`f` of the import `i`", "func(x: u8)", "func(x: s8)"],
    );
    check(
        "merge-inline-export",
        ["export i: interface { f: func(x: u8); }", "export i: interface { f: func(x: s8); }"],
        &["`f` of the export `i`", "func(x: u8)", "func(x: s8)"],
    );
    check(
        "merge-type",
        ["record r { a: u8 } export f: func(r: r);", "record r { b: u8 } export g: func(r: r);"],
        &["in the import `r`", "type r = record { a: u8 }", "type r = record { b: u8 }"],
    );
    check("merge-sort", ["import f: func();", "import f: interface { g: func(); }"], &["`f`"]);
}

#[test]
fn contradicting_interfaces() {
    let check = |test: &str, direction: &str, items: [&str; 2], parts: &[&str]| {
        let worlds = ["a", "b"].map(|name| {
            let i = if name == "a" { items[0] } else { items[1] };
            format!("package a:{name}; world {name} {{ {direction} q:q/i; }} package q:q {{ interface i {{ {i} }} }}")
        });
        check_refused(test, "(module)", [&worlds[0], &worlds[1]], parts);
    };
    for direction in ["import", "export"] {
        let test = |name: &str| format!("merge-interface-{direction}-{name}");
        check(
            &test("func"),
            direction,
            ["f: func(x: u8);", "f: func(x: u16);"],
            &[&format!("`f` of the {direction} `q:q/i`"), "the world `a:a/a`", "the world `a:b/b`"],
        );
        check(
            &test("record"),
            direction,
            ["record r { a: u8 } f: func(x: r);", "record r { a: u16 } f: func(x: r);"],
            &[&format!("`r` of the {direction} `q:q/i`"), "type r = record { a: u8 }", "record { a: u16 }"],
        );
        check(
            &test("sort"),
            direction,
            ["record r { a: u8 }", "resource r;"],
            &["type r = record { a: u8 }", "resource r"],
        );
        check(&test("alias"), direction, ["type t = u8;", "type t = u16;"], &["type t = u8", "type t = u16"]);
        check(
            &test("case"),
            direction,
            ["variant v { a, b(u8) }", "variant v { a, b }"],
            &["variant { a, b(u8) }", "variant { a, b }"],
        );
        check(
            &test("method"),
            direction,
            ["resource r { m: func(); }", "resource r { m: func() -> u8; }"],
            &["m: func(self: borrow<r>)", "m: func(self: borrow<r>) -> u8"],
        );
    }
}

/// Imports of compatible versions become one, so that what they share must be the same.
#[test]
fn contradicting_versions() {
    let world = |name: &str, version: &str, ty: &str| {
        format!(
            "package a:{name}; world {name} {{ import q:q/i@{version}; }}
             package q:q@{version} {{ interface i {{ f: func(x: {ty}); }} }}"
        )
    };
    let (a, b) = (world("a", "0.2.0", "u8"), world("b", "0.2.3", "u16"));
    check_refused("merge-versions", "(module)", [&a, &b], &["q:q/i@0.2.0", "q:q/i@0.2.3", "func(x: u16)"]);
}
