//! Resolved types as Canonical ABI types.

#![cfg(feature = "abi")]

use canonical_abi::types::Types;
use expect_test::{Expect, expect};
use wit_parser_lite::abi::{func_type, val_type};
use wit_parser_lite::{Resolved, Type, parse};

/// Checks what the named types and the functions of `text` become.
fn check(text: &str, expect: Expect) {
    let resolved = parse(&[("p.wit", text)]).expect("the text is well-formed");
    expect.assert_eq(&describe(&resolved));
}

fn describe(resolved: &Resolved) -> String {
    let types = &mut Types::new();
    let mut out = String::new();
    for (id, package) in resolved.packages() {
        for (id, _, name) in resolved.defined_types(id) {
            match val_type(resolved, types, Type::Def(id)) {
                Ok(ty) => out += &format!("{name} = {}\n", canonical_abi::display(types, ty)),
                Err(error) => out += &format!("{error}\n"),
            }
        }
        for id in package.interfaces.iter().flat_map(|id| &resolved[*id].functions) {
            let Ok(func) = func_type(resolved, types, *id) else { continue };
            let ty = |ty| canonical_abi::display(types, ty).to_string();
            let params: Vec<_> =
                func.params.iter().map(|(name, param)| format!("{name}: {}", ty(*param))).collect();
            let result = func.result.map(|result| format!(" -> {}", ty(result))).unwrap_or_default();
            let is_async = if func.is_async { "async " } else { "" };
            out += &format!("{}: {is_async}func({}){result}\n", resolved[*id].name, params.join(", "));
        }
    }
    out
}

#[test]
fn plugin() {
    check(
        include_str!("../../../examples/plugin/plugin.wit"),
        expect![[r#"
        data-chunk = record { id: u64, payload: list<u8> }
        process: func(input: record { id: u64, payload: list<u8> }) -> result<record { id: u64, payload: list<u8> }, string>
    "#]],
    );
}

#[test]
fn kitchen() {
    check(
        include_str!("data/kitchen.wit"),
        expect![[r#"
        color = enum { red, green, blue }
        perms = flags { read, write, exec, append, a, b, c, d, e }
        point = record { x: s32, y: s32 }
        person = record { name: string, age: u8, email: option<string>, tags: list<string>, pos: tuple<f32, f64, char>, fav: enum { red, green, blue }, perms: flags { read, write, exec, append, a, b, c, d, e } }
        shape = variant { empty, circle(f64), rect(tuple<f32, f32>), named(string), poly(list<record { x: s32, y: s32 }>), big(u64) }
        blob = own<resource-12>
        counter = own<resource-25>
        log: func(level: enum { red, green, blue }, msg: string)
        transform: func(s: variant { empty, circle(f64), rect(tuple<f32, f32>), named(string), poly(list<record { x: s32, y: s32 }>), big(u64) }) -> result<variant { empty, circle(f64), rect(tuple<f32, f32>), named(string), poly(list<record { x: s32, y: s32 }>), big(u64) }, string>
        [constructor]blob: func(init: list<u8>) -> own<resource-12>
        [method]blob.read: func(self: borrow<resource-12>, n: u32) -> list<u8>
        [method]blob.size: func(self: borrow<resource-12>) -> u64
        [static]blob.concat: func(a: borrow<resource-12>, b: borrow<resource-12>) -> own<resource-12>
        echo-bool: func(v: bool) -> bool
        echo-s8: func(v: s8) -> s8
        echo-u16: func(v: u16) -> u16
        echo-u64: func(v: u64) -> u64
        echo-f32: func(v: f32) -> f32
        echo-f64: func(v: f64) -> f64
        echo-char: func(v: char) -> char
        echo-string: func(v: string) -> string
        echo-color: func(v: enum { red, green, blue }) -> enum { red, green, blue }
        echo-perms: func(v: flags { read, write, exec, append, a, b, c, d, e }) -> flags { read, write, exec, append, a, b, c, d, e }
        echo-point: func(v: record { x: s32, y: s32 }) -> record { x: s32, y: s32 }
        echo-person: func(v: record { name: string, age: u8, email: option<string>, tags: list<string>, pos: tuple<f32, f64, char>, fav: enum { red, green, blue }, perms: flags { read, write, exec, append, a, b, c, d, e } }) -> record { name: string, age: u8, email: option<string>, tags: list<string>, pos: tuple<f32, f64, char>, fav: enum { red, green, blue }, perms: flags { read, write, exec, append, a, b, c, d, e } }
        echo-shape: func(v: variant { empty, circle(f64), rect(tuple<f32, f32>), named(string), poly(list<record { x: s32, y: s32 }>), big(u64) }) -> variant { empty, circle(f64), rect(tuple<f32, f32>), named(string), poly(list<record { x: s32, y: s32 }>), big(u64) }
        echo-options: func(v: option<option<u32>>) -> option<option<u32>>
        echo-result: func(v: result<u8, s64>) -> result<tuple<u8, bool>, string>
        echo-tuple: func(v: tuple<u8, u16, u32, u64, string>) -> tuple<string, u64, u32, u16, u8>
        reverse-people: func(v: list<record { name: string, age: u8, email: option<string>, tags: list<string>, pos: tuple<f32, f64, char>, fav: enum { red, green, blue }, perms: flags { read, write, exec, append, a, b, c, d, e } }>) -> list<record { name: string, age: u8, email: option<string>, tags: list<string>, pos: tuple<f32, f64, char>, fav: enum { red, green, blue }, perms: flags { read, write, exec, append, a, b, c, d, e } }>
        sum-points: func(v: list<record { x: s32, y: s32 }>) -> record { x: s32, y: s32 }
        many: func(a: u8, b: u16, c: u32, d: u64, e: f32, f: f64, g: string, h: list<u8>, i: bool, j: char, k: option<u64>, l: variant { empty, circle(f64), rect(tuple<f32, f32>), named(string), poly(list<record { x: s32, y: s32 }>), big(u64) }, m: flags { read, write, exec, append, a, b, c, d, e }) -> string
        call-host: func(s: variant { empty, circle(f64), rect(tuple<f32, f32>), named(string), poly(list<record { x: s32, y: s32 }>), big(u64) }) -> result<variant { empty, circle(f64), rect(tuple<f32, f32>), named(string), poly(list<record { x: s32, y: s32 }>), big(u64) }, string>
        use-blob: func(b: own<resource-12>) -> u64
        make-blob: func(n: u32) -> own<resource-12>
        [constructor]counter: func(start: s64) -> own<resource-25>
        [method]counter.increment: func(self: borrow<resource-25>, by: s64) -> s64
        [method]counter.value: func(self: borrow<resource-25>) -> s64
        [method]counter.label: func(self: borrow<resource-25>) -> string
        [static]counter.merge: func(a: own<resource-25>, b: borrow<resource-25>) -> own<resource-25>
        total: func(cs: list<borrow<resource-25>>) -> s64
    "#]],
    );
}

#[test]
fn every_kind() {
    check(
        "package a:b;
         interface i {
           type t1 = tuple<bool, s8, u8, s16, u16, s32, u32, s64, u64, f32, f64, char, string, error-context>;
           enum e { a, b }
           flags f { x, y }
           variant v { none, some(e) }
           record r { e: e, f: option<f>, v: result<v>, l: list<u8, 4>, m: map<string, u8> }
           type t2 = result<_, r>;
           type t3 = stream<t2>;
           type t4 = future;
           resource q { constructor(); next: async func() -> q; }
           type q2 = q;
         }
         interface j { use i.{q2 as q3}; f: func(a: q3, b: borrow<q3>, c: own<q3>); }",
        expect![[r#"
            t1 = tuple<bool, s8, u8, s16, u16, s32, u32, s64, u64, f32, f64, char, string, error-context>
            e = enum { a, b }
            f = flags { x, y }
            v = variant { none, some(enum { a, b }) }
            r = record { e: enum { a, b }, f: option<flags { x, y }>, v: result<variant { none, some(enum { a, b }) }>, l: list<u8, 4>, m: map<string, u8> }
            t2 = result<_, record { e: enum { a, b }, f: option<flags { x, y }>, v: result<variant { none, some(enum { a, b }) }>, l: list<u8, 4>, m: map<string, u8> }>
            t3 = stream<result<_, record { e: enum { a, b }, f: option<flags { x, y }>, v: result<variant { none, some(enum { a, b }) }>, l: list<u8, 4>, m: map<string, u8> }>>
            t4 = future
            q = own<resource-16>
            q2 = own<resource-16>
            [constructor]q: func() -> own<resource-16>
            [method]q.next: async func(self: borrow<resource-16>) -> own<resource-16>
            f: func(a: own<resource-16>, b: borrow<resource-16>, c: own<resource-16>)
        "#]],
    );
}

#[test]
fn limits() {
    let mut text = "package a:b; interface i {\n  type t0 = list<u8, 16>;\n".to_owned();
    for i in 0..7 {
        text += &format!("  type t{} = list<t{i}, 16>;\n", i + 1);
    }
    check(
        &(text + "}"),
        expect![[r#"
        t0 = list<u8, 16>
        t1 = list<list<u8, 16>, 16>
        t2 = list<list<list<u8, 16>, 16>, 16>
        t3 = list<list<list<list<u8, 16>, 16>, 16>, 16>
        t4 = list<list<list<list<list<u8, 16>, 16>, 16>, 16>, 16>
        t5 = list<list<list<list<list<list<u8, 16>, 16>, 16>, 16>, 16>, 16>
        p.wit:8:13: type exceeds maximum byte size: it must be below 268435456 bytes
          |
        8 |   type t6 = list<t5, 16>;
          |             ^^^^^^^^^^^^
        p.wit:8:13: type exceeds maximum byte size: it must be below 268435456 bytes
          |
        8 |   type t6 = list<t5, 16>;
          |             ^^^^^^^^^^^^
    "#]],
    );
}

/// Sharing makes this type exponentially large when written out, and its depth is the input's.
#[test]
fn shared_parts_are_worked_out_once() {
    let n = 20_000;
    let text: String = (0..n).map(|i| format!("type t{} = tuple<t{i}, t{i}>;\n", i + 1)).collect();
    let resolved =
        parse(&[("p.wit", &*format!("package a:b; interface i {{ type t0 = u8; {text} }}"))]).unwrap();
    let last = resolved.types().next_back().unwrap().0;
    let error = val_type(&resolved, &mut Types::new(), Type::Def(last)).unwrap_err();
    expect![[r#"
        p.wit:28:12: type exceeds maximum byte size: it must be below 268435456 bytes
           |
        28 | type t28 = tuple<t27, t27>;
           |            ^^^^^^^^^^^^^^^"#]]
    .assert_eq(&error.to_string());
}
