//! `lowlift wit` as users see it: its output and its exit status.
//! `UPDATE_EXPECT=1` rewrites the expectations.

#![expect(clippy::too_many_lines, reason = "expectations are tables")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use expect_test::{Expect, expect};

/// Runs the command with `input` as standard input, in a directory of its own.
fn lowlift(dir: &Path, args: &[&str], input: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lowlift"));
    command.arg("wit").args(args).current_dir(dir);
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("the binary runs");
    // A command that fails early does not read its input.
    let _closed = child.stdin.take().expect("it is a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let status = output.status.code().map_or("none".to_owned(), |code| code.to_string());
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}[exit status {status}]\n")
}

#[expect(clippy::needless_pass_by_value, reason = "reads better where the expectation is written in place")]
fn check(args: &[&str], input: &str, expected: Expect) {
    expected.assert_eq(&lowlift(Path::new("."), args, input));
}

/// Makes a directory with these files.
fn directory(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _first_run = std::fs::remove_dir_all(&root);
    for (name, text) in files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().expect("it lies in the directory")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }
    root
}

const GATED: &str = "package a:b@1.0.0;
interface i {
  @unstable(feature = x) record r { a: u8, b: list<string> }
  @since(version = 0.2.0) f: func(a: option<u8>) -> result<_, string>;
}
world w { export i; import g: async func(); }
";

#[test]
fn trees() {
    check(
        &["tree", "-"],
        GATED,
        expect![[r#"
            package a:b@1.0.0
              interface i
                f: func(a: option<u8>) -> result<_, string>  @since 0.2.0
              world w
                import g: async func()
                export a:b/i@1.0.0
            note: feature `x` is not enabled, which leaves out `i.r`; `--features x` or `--all-features` takes it in
            [exit status 0]
        "#]],
    );
    check(
        &["tree", "--features", "x,y", "-"],
        GATED,
        expect![[r#"
        package a:b@1.0.0
          interface i
            record r { a: u8, b: list<string> }  @unstable x
            f: func(a: option<u8>) -> result<_, string>  @since 0.2.0
          world w
            import g: async func()
            export a:b/i@1.0.0
        [exit status 0]
    "#]],
    );
    let with = |args: &[&str]| lowlift(Path::new("."), args, GATED);
    assert_eq!(with(&["tree", "--all-features", "-"]), with(&["tree", "--features", "x", "-"]));
}

#[test]
fn faults() {
    let text = "package a:b;
interface i {
  record point { x: u32 }
  f: func(at: piont);
  f: func();
}
";
    check(
        &["check", "-"],
        text,
        expect![[r#"
        error: no type is named `piont` here
         --> <stdin>:4:15
          |
        4 |   f: func(at: piont);
          |               ^^^^^
          |
        help: did you mean `point`?

        error: function `f` is defined twice
         --> <stdin>:5:3
          |
        5 |   f: func();
          |   ^
          |
        note: the other definition is here
         --> <stdin>:4:3
          |
        4 |   f: func(at: piont);
          |   -

        error: 2 faults
        [exit status 1]
    "#]],
    );
    check(
        &["check", "--json", "-"],
        "package a:b\ninterface i { f: func(x: x) }",
        expect![[r#"
        [
          {
            "at": {
              "column": 12,
              "end": 11,
              "file": "<stdin>",
              "line": 1,
              "start": 11
            },
            "help": null,
            "kind": "syntax",
            "message": "expected `;` or `{` after the package's name, found keyword `interface`",
            "notes": []
          },
          {
            "at": {
              "column": 28,
              "end": 39,
              "file": "<stdin>",
              "line": 2,
              "start": 39
            },
            "help": null,
            "kind": "syntax",
            "message": "expected `;`, found `}`",
            "notes": []
          }
        ]
        error: 2 faults
        [exit status 1]
    "#]],
    );
    check(
        &["check", "--json", "-"],
        "package a:b;",
        expect![[r#"
        []
        [exit status 0]
    "#]],
    );
    check(
        &["check", "missing.wit"],
        "",
        expect![[r#"
        error: missing.wit: No such file or directory (os error 2)
        [exit status 1]
    "#]],
    );
}

#[test]
fn usage() {
    let text = lowlift(Path::new("."), &["tree", "--features", "x", "--all-features", "-"], "");
    assert!(text.ends_with("[exit status 2]\n"), "{text}");
    assert!(lowlift(Path::new("."), &["fmt"], "").ends_with("[exit status 2]\n"));
}

#[test]
fn packages_with_dependencies() {
    let root = directory(
        "wit-deps",
        &[
            ("a.wit", "package a:b;\nworld w { import c:d/i; import e:f/j; }\n"),
            ("deps/c.wit", "package c:d;\ninterface i {}\n"),
            ("deps/e/one.wit", "package e:f;\ninterface j { use k.{t}; }\n"),
            ("deps/e/two.wit", "interface k { type t = u8; }\n"),
            ("deps/README.md", "not WIT\n"),
        ],
    );
    expect![[r#"
        package a:b
          world w
            import e:f/k  (used)
            import c:d/i
            import e:f/j
        package c:d
          interface i
        package e:f
          interface j
            use e:f/k.t
          interface k
            type t = u8
        [exit status 0]
    "#]]
    .assert_eq(&lowlift(&root, &["tree", "."], ""));
    assert!(lowlift(&root, &["json", "."], "").contains("\"name\": \"e:f\""));
    assert_eq!(lowlift(&root, &["check", "."], ""), "[exit status 0]\n");
}

#[test]
fn formatting() {
    check(
        &["fmt", "-"],
        "package a:b;   interface i{ // c\nf:func( ) ;}",
        expect![[r#"
        package a:b;
        interface i { // c
          f: func();
        }
        [exit status 0]
    "#]],
    );
    let good = "package a:b;\n";
    let root =
        directory("wit-fmt", &[("good.wit", good), ("deps/bad.wit", "package  a:c ;"), ("x.txt", " ")]);
    let check = |args: &[&str], expected: Expect| expected.assert_eq(&lowlift(&root, args, ""));
    check(
        &["fmt", "--check", "."],
        expect![[r#"
            error: ./deps/bad.wit: not formatted
            error: 1 fault
            [exit status 1]
        "#]],
    );
    check(
        &["fmt", "."],
        expect![[r#"
        [exit status 0]
    "#]],
    );
    check(
        &["fmt", "--check", "."],
        expect![[r#"
        [exit status 0]
    "#]],
    );
    assert_eq!(std::fs::read_to_string(root.join("deps/bad.wit")).expect("it is there"), "package a:c;\n");
    check(
        &["fmt", "broken.wit"],
        expect![[r#"
        error: broken.wit: No such file or directory (os error 2)
        [exit status 1]
    "#]],
    );
}

/// A component whose world is a function and an interface with a type.
const COMPONENT: &str = r#"(component
  (import "log" (func (param "text" string)))
  (import "a:b/types@1.0.0" (instance
    (type $point (record (field "x" u32)))
    (export "point" (type (eq $point))))))"#;

#[test]
fn from_wasm() {
    check(
        &["from-wasm", "-"],
        COMPONENT,
        expect![[r#"
            package root:component;

            world root {
              import log: func(text: string);
              import a:b/types@1.0.0;
            }

            package a:b@1.0.0 {
              interface types {
                record point {
                  x: u32,
                }
              }
            }
            [exit status 0]
        "#]],
    );
    check(
        &["from-wasm", "-"],
        "(component (import \"m\" (core module)))",
        expect![[r#"
            package root:component;

            world root {
              // import m: a core module
            }
            [exit status 0]
        "#]],
    );
    check(
        &["check", "-"],
        "(component (import \"m\" (core module)))",
        expect![[r#"
            error: <stdin>: `m` has no form in WIT: a core module
            [exit status 1]
        "#]],
    );
    check(
        &["from-wasm", "-"],
        "(module)",
        expect![[r#"
        error: <stdin>: a core module without a `component-type` section, which would say its world
        [exit status 1]
    "#]],
    );
    check(
        &["from-wasm", "-"],
        "package a:b;",
        expect![[r#"
        error: <stdin>: expected a component, a WIT package in binary form, or the text of one of them
        [exit status 1]
    "#]],
    );
    check(
        &["check", "-"],
        COMPONENT,
        expect![[r#"
            [exit status 0]
        "#]],
    );
    check(
        &["check", "--json", "-"],
        COMPONENT,
        expect![[r#"
            []
            [exit status 0]
        "#]],
    );
    check(
        &["tree", "-"],
        COMPONENT,
        expect![[r#"
            package root:component
              world root
                import log: func(text: string)
                import a:b/types@1.0.0
            package a:b@1.0.0
              interface types
                record point { x: u32 }
            [exit status 0]
        "#]],
    );
}

/// A part without a form in WIT is a comment, or has the nearest form.
#[test]
fn from_wasm_without_a_form_in_wit() {
    for (text, expected) in [
        // Exported types, in the types of exported functions.
        (
            r#"(component
              (type $e0 (enum "x" "y"))
              (export $e "e" (type $e0))
              (type $r0 (record (field "e" $e)))
              (export $r "r" (type $r0))
              (import "r" (func))
              (core module $m (func (export "f") (param i32) (result i32) local.get 0))
              (core instance $i (instantiate $m))
              (func $f (param "v" $r) (result $e) (canon lift (core func $i "f")))
              (export "f" (func $f)))"#,
            expect![[r#"
                package root:component;

                world root {
                  import r: func();
                  // Exported as `e`: WIT has no form for types that a world exports.
                  enum e {
                    x,
                    y,
                  }
                  // Exported as `r`: WIT has no form for types that a world exports.
                  record r-2 {
                    e: e,
                  }
                  export f: func(v: r-2) -> e;
                }
                [exit status 0]
            "#]],
        ),
        // An exported resource with its functions, and the imported one of the same name.
        (
            r#"(component
              (import "r" (type $i (sub resource)))
              (import "[method]r.m" (func (param "self" (borrow $i))))
              (type $r0 (resource (rep i32)))
              (export $r "r" (type $r0))
              (core module $m (func (export "f") (param i32) (result i32) local.get 0))
              (core instance $c (instantiate $m))
              (func $f (param "v" u32) (result (own $r)) (canon lift (core func $c "f")))
              (export "[constructor]r" (func $f))
              (export "i" (type $i)))"#,
            expect![[r#"
                package root:component;

                world root {
                  resource r {
                    m: func();
                  }
                  // Exported as `r`: WIT has no form for types that a world exports.
                  resource r-2 {
                    constructor(v: u32);
                  }
                  // export i: the type `r` under an exported name
                }
                [exit status 0]
            "#]],
        ),
        // A type of an interface in the type of a function of the world, which has no name for it.
        (
            r#"(component
              (import "a:b/c" (instance $c
                (type $r0 (record (field "x" u32)))
                (export "r" (type (eq $r0)))
                (export "q" (type (sub resource)))))
              (alias export $c "r" (type $r))
              (alias export $c "q" (type $q))
              (import "f" (func (param "v" $r) (param "w" (list $r)) (result (own $q)))))"#,
            expect![[r#"
                package root:component;

                world root {
                  import a:b/c;
                  // The component refers to it without a name.
                  use a:b/c.{r, q};
                  import f: func(v: r, w: list<r>) -> q;
                }

                package a:b {
                  interface c {
                    record r {
                      x: u32,
                    }
                    resource q;
                  }
                }
                [exit status 0]
            "#]],
        ),
        // Types that WIT cannot use where they are: those of the world, and of an inline interface.
        (
            r#"(component
              (type $t0 u8)
              (import "flat" (type $t (eq $t0)))
              (type $p0 (record (field "x" $t)))
              (import "p" (type $p (eq $p0)))
              (import "s" (type $s (sub resource)))
              (import "i" (instance $i
                (alias outer 1 $p (type $pp))
                (alias outer 1 $s (type $ss))
                (type $v0 (variant (case "a" (list $pp)) (case "b")))
                (export "v" (type (eq $v0)))
                (export "take" (func (param "s" (own $ss))))
                (export "m" (core module))
                (export "n" (instance))))
              (alias export $i "v" (type $v))
              (import "f" (func (param "v" $v))))"#,
            expect![[r#"
                package root:component;

                world root {
                  type flat = u8;
                  record p {
                    x: flat,
                  }
                  resource s;
                  import i: interface {
                    // A copy of `flat` of `root:component/root`: WIT has no `use` of it here.
                    type flat = u8;
                    // A copy of `p` of `root:component/root`: WIT has no `use` of it here.
                    record p {
                      x: flat,
                    }
                    variant v {
                      a(list<p>),
                      b,
                    }
                    // m: a core module
                    // n: an instance
                    // take: uses `s` of `root:component/root`, which has no name here
                  }
                  // A copy of `v` of `i`: WIT has no `use` of it here.
                  variant v {
                    a(list<p>),
                    b,
                  }
                  import f: func(v: v);
                }
                [exit status 0]
            "#]],
        ),
        // Imports that cannot be items of a world.
        (
            r#"(component
              (import "c" (component (export "f" (func))))
              (type $f (func))
              (import "t" (type (eq $f))))"#,
            expect![[r#"
                package root:component;

                world root {
                  // import c: a component
                  // import t: the type of a function
                }
                [exit status 0]
            "#]],
        ),
        // Component types that are not a WIT package.
        (
            r#"(component (type $t (component (import "f" (func)))) (export "t" (type $t)))"#,
            expect![[r#"
                package root:component;

                world root {
                  // export t: the type of a component
                }
                [exit status 0]
            "#]],
        ),
    ] {
        check(&["from-wasm", "-"], text, expected);
    }
}

#[test]
fn packages_in_binary_form() {
    let app = "package my:app;
world app { import a:b/i@1.0.0; export run: func(); }
";
    let root = directory("binary", &[("a-b.wit", GATED), ("app/app.wit", app), ("app/deps/note.txt", "")]);
    let run = |args: &[&str]| lowlift(&root, args, "");
    let mut out = run(&["build", "--features", "x", "a-b.wit", "-o", "app/deps/a-b.wasm"]);
    out += &run(&["from-wasm", "app/deps/a-b.wasm"]);
    out += &run(&["check", "app"]);
    out += &run(&["tree", "app"]);
    out += &run(&["build", "app", "--world", "app", "-o", "world.wasm"]);
    out += &run(&["tree", "world.wasm"]);
    out += &run(&["build", "app", "--world", "ap", "-o", "world.wasm"]);
    expect![[r#"
        app/deps/a-b.wasm: package a:b@1.0.0, 339 bytes
        [exit status 0]
        package a:b@1.0.0;

        interface i {
          @unstable(feature = x)
          record r {
            a: u8,
            b: list<string>,
          }
          @since(version = 0.2.0)
          f: func(a: option<u8>) -> result<_, string>;
        }

        world w {
          import g: async func();
          export i;
        }
        [exit status 0]
        [exit status 0]
        package my:app
          world app
            import a:b/i@1.0.0
            export run: func()
        package a:b@1.0.0
          interface i
            record r { a: u8, b: list<string> }
            f: func(a: option<u8>) -> result<_, string>  @since 0.2.0
          world w
            import g: async func()
            export a:b/i@1.0.0
        [exit status 0]
        world.wasm: world my:app/app, 115 bytes
        [exit status 0]
        package my:app
          world app
            import a:b/i@1.0.0
            export run: func()
        package a:b@1.0.0
          interface i
            record r { a: u8, b: list<string> }
            f: func(a: option<u8>) -> result<_, string>
        [exit status 0]
        error: no world is named `ap`; there are: `my:app/app`
        [exit status 1]
    "#]]
    .assert_eq(&out);
}
