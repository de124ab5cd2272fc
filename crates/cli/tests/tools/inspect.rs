//! `lowlift inspect`.

use std::path::Path;

use expect_test::expect;

use crate::common::{NESTED, dir, lowlift, write};

#[test]
fn tree_and_world() {
    let dir = dir("inspect");
    write(&dir, "nested.wat", NESTED);
    expect![[r#"
        component "outer", 297 bytes: 2 types, 1 aliases
        ├ import "log": func
        ├ 0: core module "inc", 53 bytes: 0 imports, 1 exports, 1 functions (8 bytes of code), 0 bytes of data
        │ └ custom section "name", 6 bytes
        ├ 0: component "inner", 73 bytes: 0 types, 0 aliases
        │ ├ 0: core module, 38 bytes: 0 imports, 1 exports, 0 functions (0 bytes of code), 11 bytes of data
        │ └ custom section "component-name", 8 bytes
        ├ core func 0: canon lower func 0
        ├ core instance 0: instantiates core module 0
        ├ func 1: canon lift core func 1
        ├ instance 0: instantiates component 0
        ├ export "inc": func 1
        └ custom section "component-name", 63 bytes

        package root:component;

        world root {
          import log: func(x: u32);
          export inc: func(x: u32) -> u32;
        }
        [exit status 0]
    "#]]
    .assert_eq(&lowlift(&dir, &["inspect", "nested.wat"]));
    write(&dir, "module.wat", r#"(module (import "a" "b" (func)) (memory 1))"#);
    expect![[r#"
        core module, 28 bytes: 1 imports, 0 exports, 0 functions (0 bytes of code), 0 bytes of data
        [exit status 0]
    "#]]
    .assert_eq(&lowlift(&dir, &["inspect", "module.wat"]));
}

#[test]
fn json() {
    let dir = dir("inspect-json");
    write(
        &dir,
        "small.wat",
        r#"(component (core module) (import "x" (func)) (core func (canon lower (func 0))))"#,
    );
    expect![[r#"
        {
          "file": "small.wat",
          "root": {
            "aliases": 0,
            "custom_sections": [],
            "items": [
              {
                "code_size": 0,
                "custom_sections": [],
                "data_size": 0,
                "exports": 0,
                "functions": 0,
                "imports": 0,
                "index": 0,
                "item": "part",
                "kind": "core module",
                "name": null,
                "offset": 10,
                "size": 8
              },
              {
                "item": "import",
                "name": "x",
                "sort": "func"
              },
              {
                "index": 0,
                "item": "canon",
                "name": "lower",
                "of": 0
              }
            ],
            "kind": "component",
            "name": null,
            "offset": 0,
            "size": 40,
            "types": 1
          },
          "wit": "package root:component;\n\nworld root {\n  import x: func();\n}\n"
        }
        [exit status 0]
    "#]]
    .assert_eq(&lowlift(&dir, &["inspect", "--format", "json", "small.wat"]));
}

/// Each thing that WIT has words for, and some that it has none for.
#[test]
fn world_as_wit() {
    let dir = dir("inspect-world");
    let text = r#"(component
      (type $e (enum "list" "b"))
      (import "e" (type $e2 (eq $e)))
      (import "f" (func async (param "x" $e2) (result (result (error $e2)))))
      (import "m" (core module))
      (import "a:b/c@1.2.3" (instance $c
        (export "r" (type $r (sub resource)))
        (export "[constructor]r" (func (result (result (own $r)))))
        (export "[method]r.use" (func (param "self" (borrow $r)) (result (future u8))))
        (type $v (variant (case "x" (own $r)) (case "y")))
        (export "v" (type (eq $v)))))
      (alias export $c "r" (type $cr))
      (import "a:b/d@1.2.3" (instance
        (alias outer 1 $cr (type $cr))
        (export "s" (type $s (eq $cr)))
        (export "take" (func (param "l" (list (own $s) 4)) (param "m" (map u8 string))))))
      (import "plain" (instance (export "f" (func)))))"#;
    write(&dir, "world.wat", text);
    let out = lowlift(&dir, &["inspect", "world.wat"]);
    let wit = &out[out.find("package root").expect("there is a world")..];
    expect![[r#"
        package root:component;

        world root {
          enum e {
            %list,
            b,
          }
          import f: async func(x: e) -> result<_, e>;
          // import m: core module
          import a:b/c@1.2.3;
          import a:b/d@1.2.3;
          import plain: interface {
            f: func();
          }
        }

        package a:b@1.2.3 {
          interface c {
            resource r {
              constructor() -> result<r>;
              %use: func() -> future<u8>;
            }
            variant v {
              x(r),
              y,
            }
          }
          interface d {
            use c.{r as s};
            take: func(l: list<s, 4>, m: map<u8, string>);
          }
        }
        [exit status 0]
    "#]]
    .assert_eq(wit);
}

/// The world of a component from a toolchain can be read back.
#[test]
fn worlds_are_wit() {
    let dir = dir("inspect-wit");
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    for file in
        ["examples/plugin/plugin.wat", "examples/guests/plugin-c.wasm", "examples/guests/plugin-rs.wasm"]
    {
        let out = lowlift(root, &["inspect", file]);
        let out = out.strip_suffix("[exit status 0]\n").expect("the component is valid");
        let wit = &out[out.find("package root").expect("there is a world")..];
        write(&dir, "world.wit", wit);
        // The world's own package has neither types nor functions; that much is found after it was read and resolved.
        let out = lowlift(&dir, &["describe", "world.wit"]);
        assert_eq!(out, "error: world.wit: there is no function\n[exit status 1]\n", "{file}");
    }
}
