//! Every production of WIT.md's grammar, with each of its alternatives.

use wit_parser_lite::format::format;
use wit_parser_lite::json::json;
use wit_parser_lite::lex::KEYWORDS;
use wit_parser_lite::{Features, Options, Proposals, Resolved, parse_with_options};

/// A package for the cases to refer to.
const DEPENDENCY: &str = "
package other:things@1.2.3;
interface i { type t = u8; resource r; f: func(); }
world v { import g: func(); export h: func(); }
package deep:er:nested/inner@0.1.0 { interface i {} }";

fn parse(text: &str) -> Resolved {
    let dependency: &[_] = &[("other.wit", DEPENDENCY)];
    let files = [("a.wit", text)];
    parse_with_options(
        &Options::default().features(Features::All).proposals(Proposals::all()),
        &files,
        &[dependency],
    )
    .unwrap_or_else(|errors| {
        panic!("{text}\n{}", errors.iter().map(|error| format!("{error}\n")).collect::<String>())
    })
}

/// Checks that each text parses and resolves, and to the same result after formatting.
fn check(texts: impl IntoIterator<Item = String>) {
    for text in texts {
        let formatted = format("a.wit", &text).expect("what parses can be formatted");
        assert_eq!(json(&parse(&text)), json(&parse(&formatted)), "{text}");
    }
}

fn in_package(items: &[&str]) {
    check(items.iter().map(|item| format!("package a:b@1.0.0;\n{item}")));
}

fn in_interface(items: &[&str]) {
    check(items.iter().map(|item| {
        format!("package a:b@1.0.0;\ninterface i {{ resource re; type ty = u8; {item} }}\ninterface k {{ type t = u8; }}")
    }));
}

fn in_world(items: &[&str]) {
    check(items.iter().map(|item| format!("package a:b@1.0.0;\nworld w {{ {item} }}\ninterface k {{ type t = u8; }}\nworld v {{ import f: func(); }}")));
}

fn types(types: &[&str]) {
    check(types.iter().map(|ty| {
        format!(
            "package a:b;\ninterface i {{ resource re; type name = u8; type it = {ty}; f: func(x: {ty}); }}"
        )
    }));
}

#[test]
fn token() {
    // `whitespace`, `comment`: a comment may contain any character that is not banned everywhere.
    in_package(&[
        "\n\r\n\t  ",
        "// a → b ö 漢 🦀\n",
        "/* ö\n漢 */",
        "/* a /* nested // */ */",
        "/**/",
        "//",
        "///",
    ]);
    in_package(&["interface i { /// ö → 🦀\n f: /* x */ func( // y\n); }"]);
    // `identifier`: words in lower or upper case, digits after the first letter of a name.
    in_interface(&["f: func(a: u8, b-c: u8, D: u8, E-f: u8, g1-2h: u8, URL-x2: u8);"]);
    in_interface(&["%f: func(%a: u8, %b-c: u8); %type: func(); record %record { %u8: u8 }"]);
    // `string-literal`: that of the core text format, escapes included.
    in_interface(&[
        r#"@external-id("ö \t\n\r\"\'\\ \c3\b6 \u{1f980} \u{1_f980}") f: func();"#,
        "@external-id(\"\") f: func();",
    ]);
}

#[test]
fn keyword() {
    check(KEYWORDS.iter().map(|keyword| {
        format!(
            "package %{keyword}:%{keyword};
            interface %{keyword} {{ record %{keyword} {{ %{keyword}: u8 }} f: func(%{keyword}: %{keyword}); }}
            world w {{ use %{keyword}.{{%{keyword}}}; import %{keyword}; export g: func(x: %{keyword}); }}"
        )
    }));
    // Words that are only keywords in some positions.
    for word in ["get", "set", "since", "unstable", "deprecated", "external-id", "feature", "version", "self"]
    {
        check([format!(
            "package {word}:{word}; interface {word} {{ enum {word} {{ {word} }} f: func({word}: {word}); }}
            world w {{ import {word}; export {word}: func(); }}"
        )]);
    }
}

#[test]
fn wit_file() {
    check(
        [
            "package a:b;",
            "package a:b; interface i {} package c:d { interface j {} } world w {}",
            "package a:b; package c:d {} package e:f@1.0.0 { use other:things/i@1.2.3 as z; interface i {} world w {} }",
        ]
        .map(str::to_owned),
    );
    // `package-decl`
    let decls = ["a:b", "a:b@1.0.0", "a:b@1.0.0-rc.1+build.5", "a:b:c", "a:b/c", "a:b:c/d/e@0.0.1", "%a:%b"];
    check(decls.iter().map(|name| format!("/// Docs.\npackage {name};")));
    check(decls.iter().map(|name| format!("package x:y; package {name} {{}}")));
}

#[test]
fn toplevel_use_item() {
    in_package(&[
        "use k as l; interface k {} world w { import l; }",
        "use other:things/i@1.2.3; world w { import i; }",
        "use other:things/i@1.2.3 as j; interface k { use j.{t}; }",
        "use deep:er:nested/inner/i@0.1.0 as j; world w { export j; }",
        "@since(version = 1.0.0) use other:things/i@1.2.3;",
    ]);
}

#[test]
fn gate() {
    let gates = [
        "@unstable(feature = x)",
        "@since(version = 1.0.0)",
        "@since(version = 0.9.0-rc.1)",
        "@since(version = 1.0.0) @deprecated(version = 1.0.0)",
        "@unstable(feature = a-b-c) @deprecated(version = 0.1.0)",
        "@deprecated(version = 0.1.0) @since(version = 0.0.1)",
    ];
    for gate in gates {
        in_package(&[&format!("{gate} interface i {{}}"), &format!("{gate} world w {{}}")]);
        for item in
            ["use k.{t};", "type t = u8;", "f: func();", "resource r;", "enum e { a }", "record r { a: u8 }"]
        {
            in_interface(&[&format!("{gate} {item}")]);
        }
        for item in [
            "use k.{t};",
            "type t = u8;",
            "import f: func();",
            "export k;",
            "include v;",
            "import x: interface {}",
        ] {
            in_world(&[&format!("{gate} {item}")]);
        }
        in_interface(&[&format!(
            "resource r {{ {gate} constructor(); {gate} m: func(); {gate} s: static func(); }}"
        )]);
    }
}

#[test]
fn world_definition() {
    in_world(&[
        "",
        "import f: func();",
        "import i: interface {}",
        "import i: interface { f: func(); type t = u8; }",
        "import k;",
        "import other:things/i@1.2.3;",
        "import deep:er:nested/inner/i@0.1.0;",
        "import n: k;",
        "import n: other:things/i@1.2.3;",
        "import n: get() -> u8;",
        "export f: func();",
        "export f: async func() -> u8;",
        "export i: interface {}",
        "export k;",
        "export other:things/i@1.2.3;",
        "export n: k;",
        "export n: other:things/i@1.2.3;",
        "@external-id(\"x\") import f: func();",
        "@external-id(\"x\") export n: k;",
        "use k.{t};",
        "use other:things/i@1.2.3.{t, r as s};",
        "type t = u8; record r { t: t } variant va { a } enum e { a } flags fl { a } resource re { constructor(); }",
        "include v;",
        "include other:things/v@1.2.3;",
        "include v with { f as g }",
        "include v with { f as %type }",
        "include other:things/v@1.2.3 with { g as a, h as b }",
    ]);
}

#[test]
fn interface_definition() {
    in_package(&["interface i {}", "interface %interface {}"]);
    in_interface(&[
        "use k.{t};",
        "use k.{t as %use};",
        "use k.{t,};",
        "use other:things/i@1.2.3.{t, r as s,};",
        "@external-id(\"x\") type t = u8;",
        "@external-id(\"x\") record r { a: u8 }",
        "@external-id(\"x\") f: func();",
    ]);
}

#[test]
fn func_type() {
    in_interface(&[
        "f: func();",
        "f: func() -> u8;",
        "f: func(a: u8);",
        "f: func(a: u8, b: ty, c: borrow<re>) -> list<u8>;",
        "f: async func(a: u8) -> u8;",
        "p: get() -> u8;",
        "p: get() -> u8; p: set(value: u8);",
        "p: set(value: u8) -> result; p: get() -> result<u8, string>;",
        "p: set(value: ty) -> result<_, string>; p: get() -> u8;",
    ]);
}

#[test]
fn typedef_item() {
    in_interface(&[
        "type t = u8;",
        "record r { a: u8 }",
        "record r { a: u8, }",
        "record r { a: u8, b: ty, }",
        "flags f { a }",
        "flags f { a, b, }",
        "variant v { a }",
        "variant v { a, b(u8), c(ty), }",
        "enum e { a }",
        "enum e { a, b, }",
    ]);
}

#[test]
fn resource_item() {
    in_interface(&[
        "resource r;",
        "resource r {}",
        "resource r { constructor(); }",
        "resource r { constructor(a: u8, b: borrow<r>); }",
        "resource r { constructor() -> result<r, string>; }",
        "resource r { m: func(); n: func(a: r) -> r; }",
        "resource r { m: async func(); }",
        "resource r { s: static func(); t: static async func() -> r; }",
        "resource r { p: get() -> u8; p: set(v: u8); }",
        "resource r { p: static get() -> u8; p: static set(v: u8); }",
        "resource r { @external-id(\"x\") m: func(); @external-id(\"y\") constructor(); }",
    ]);
}

#[test]
fn ty() {
    types(&[
        "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "f32", "f64", "char", "bool", "string", "name",
    ]);
    types(&["tuple<u8>", "tuple<u8,>", "tuple<u8, string>", "tuple<u8, tuple<u8, u8>,>"]);
    types(&["list<u8>", "list<list<name>>", "list<u8, 1>", "list<u8, 4294967295>", "option<u8>"]);
    types(&["result", "result<u8>", "result<u8, string>", "result<_, string>"]);
    let keys = ["u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "char", "bool", "string"];
    keys.iter().for_each(|key| types(&[&format!("map<{key}, name>")]));
    types(&["future", "future<u8>", "stream", "stream<u8>", "re", "borrow<re>"]);
    // Beyond the grammar.
    types(&["own<re>", "error-context"]);
}
