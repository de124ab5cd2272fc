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
                "of": 0,
                "options": []
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

/// What WIT has a form for, and some things that it has none for.
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
          // import m: a core module
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

/// The world is valid WIT: parsed, it is what the component itself is decoded to.
#[test]
fn worlds_are_wit() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    for file in [
        "examples/plugin/plugin.wat",
        "examples/guests/plugin-c.wasm",
        "examples/guests/plugin-rs.wasm",
        "crates/component-linker/tests/guests/kitchen-rs.wasm",
    ] {
        let out = lowlift(root, &["inspect", file]);
        let out = out.strip_suffix("[exit status 0]\n").expect("the component is valid");
        let wit = &out[out.find("package root").expect("there is a world")..];
        let read = wit_parser_lite::parse(&[("world.wit", wit)])
            .unwrap_or_else(|errors| panic!("{file}: {}", errors[0]));
        let bytes = wat::parse_file(root.join(file)).expect("an example of the repository");
        let decoded = wit_parser_lite::wasm::decode(&bytes).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(sorted(&read), sorted(&decoded), "{file}");
    }
}

/// Returns the definitions of a package in sorted lines: the order of interfaces means nothing.
fn sorted(resolved: &wit_parser_lite::Resolved) -> Vec<String> {
    let printed = wit_parser_lite::print::print(resolved);
    let mut path: Vec<String> = Vec::new();
    let mut items = Vec::new();
    for line in printed.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with('}') {
            path.pop();
            continue;
        }
        items.push(format!("{} {line}", path.join(" ")));
        if line.ends_with('{') {
            path.push(line.to_owned());
        }
    }
    items.sort();
    items
}

/// `wit from-wasm` writes the same world, even if WIT has no form for something in it.
#[test]
fn worlds_are_written_alike() {
    let dir = dir("inspect-alike");
    for text in [
        r#"(component (type $e (enum "a" "b")) (export "e" (type $e)))"#,
        r#"(component (type $r (resource (rep i32))) (export "r" (type $r)))"#,
        r#"(component (import "m" (core module)) (import "c" (component)))"#,
        r#"(component (import "f" (func (param "x" (list u8)))) (export "g" (func 0)))"#,
    ] {
        write(&dir, "one.wat", text);
        let out = lowlift(&dir, &["inspect", "one.wat"]);
        let wit = &out[out.find("package root").expect("there is a world")..];
        assert_eq!(wit, lowlift(&dir, &["wit", "from-wasm", "one.wat"]), "{text}");
    }
}

/// Names that are keywords of WIT are escaped, so that they can be parsed.
#[test]
fn keywords_are_escaped() {
    let dir = dir("inspect-keywords");
    let import = |word: &&str| format!(r#"(import "{word}" (func (param "{word}" u8)))"#);
    let imports: Vec<String> = wit_parser_lite::lex::KEYWORDS.iter().map(import).collect();
    write(&dir, "words.wat", format!("(component {})", imports.join("\n")));
    let out = lowlift(&dir, &["inspect", "words.wat"]);
    let wit = &out[out.find("package root").expect("there is a world")..];
    let wit = wit.strip_suffix("[exit status 0]\n").expect("the component is valid");
    let read = wit_parser_lite::parse(&[("world.wit", wit)]).unwrap_or_else(|errors| panic!("{}", errors[0]));
    assert_eq!(read[read.main_package().worlds[0]].imports.len(), wit_parser_lite::lex::KEYWORDS.len());
}
