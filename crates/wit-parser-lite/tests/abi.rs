//! Resolved types as Canonical ABI types.

#![cfg(feature = "abi")]

use canonical_abi::types::Types;
use expect_test::{Expect, expect};
use wit_parser_lite::abi::{func_type, types_of, val_type, val_types};
use wit_parser_lite::{Options, Proposals, Resolved, Type, parse, parse_with_options};

/// Checks the conversion of the named types and functions of `text`.
fn check(text: &str, expect: Expect) {
    let options = Options::default().proposals(Proposals::all());
    let resolved = parse_with_options(&options, &[("p.wit", text)], &[]).expect("the text is well-formed");
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
            blob = own<blob>
            counter = own<counter>
            log: func(level: enum { red, green, blue }, msg: string)
            transform: func(s: variant { empty, circle(f64), rect(tuple<f32, f32>), named(string), poly(list<record { x: s32, y: s32 }>), big(u64) }) -> result<variant { empty, circle(f64), rect(tuple<f32, f32>), named(string), poly(list<record { x: s32, y: s32 }>), big(u64) }, string>
            [constructor]blob: func(init: list<u8>) -> own<blob>
            [method]blob.read: func(self: borrow<blob>, n: u32) -> list<u8>
            [method]blob.size: func(self: borrow<blob>) -> u64
            [static]blob.concat: func(a: borrow<blob>, b: borrow<blob>) -> own<blob>
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
            use-blob: func(b: own<blob>) -> u64
            make-blob: func(n: u32) -> own<blob>
            [constructor]counter: func(start: s64) -> own<counter>
            [method]counter.increment: func(self: borrow<counter>, by: s64) -> s64
            [method]counter.value: func(self: borrow<counter>) -> s64
            [method]counter.label: func(self: borrow<counter>) -> string
            [static]counter.merge: func(a: own<counter>, b: borrow<counter>) -> own<counter>
            total: func(cs: list<borrow<counter>>) -> s64
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
            q = own<q>
            q2 = own<q>
            [constructor]q: func() -> own<q>
            [method]q.next: async func(self: borrow<q>) -> own<q>
            f: func(a: own<q>, b: borrow<q>, c: own<q>)
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

/// Written out, this shared type is exponentially large. Its depth is that of the input.
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

/// Converting all types of a package at once gives the same as converting them one by one.
#[test]
fn types_at_once_are_those_one_by_one() {
    let resolved = parse(&[("kitchen.wit", include_str!("data/kitchen.wit"))]).expect("it is well-formed");
    let defined = || resolved.types().map(|(id, _)| Type::Def(id));
    let of_functions = resolved.functions().flat_map(|(_, function)| types_of(function));
    let (mut types, mut other) = (Types::new(), Types::new());
    let known = val_types(&resolved, &mut types, defined().chain(of_functions)).expect("they are valid");
    for ty in defined() {
        let single = val_type(&resolved, &mut other, ty).expect("it is valid");
        assert_eq!(known.val_type(ty), Some(single));
    }
    for (id, _) in resolved.functions() {
        let single = func_type(&resolved, &mut other, id).expect("it is valid");
        assert_eq!(known.func_type(&resolved, id), Some(single));
    }
}

#[test]
fn what_was_not_asked_for_is_not_known() {
    let text = "package a:b; interface i { record r { a: u8 } record s { b: r } f: func(s: s); }";
    let resolved = parse(&[("p.wit", text)]).expect("it is well-formed");
    let named = |name: &str| {
        let is_it = |(_, ty): &(_, &wit_parser_lite::TypeDef)| ty.name.as_deref() == Some(name);
        Type::Def(resolved.types().find(is_it).expect("it is defined").0)
    };
    let known = val_types(&resolved, &mut Types::new(), [named("r")]).expect("it is valid");
    assert!(known.val_type(named("r")).is_some() && known.val_type(named("s")).is_none());
    let (function, _) = resolved.functions().next().expect("it has one");
    assert_eq!(known.func_type(&resolved, function), None);
}
