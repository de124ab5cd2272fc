//! Resolved packages. `UPDATE_EXPECT=1 cargo test -p wit-parser-lite` rewrites the expectations.

mod common;

use expect_test::{Expect, expect};
use wit_parser_lite::{Features, Options, Proposals, parse, parse_with_options};

fn check(files: &[&str], expect: Expect) {
    check_with(files, &[], expect);
}

fn check_with(files: &[&str], dependency: &[&str], expect: Expect) {
    let named = |texts: &[&'static str]| -> Vec<(&'static str, &'static str)> {
        ["a.wit", "b.wit", "c.wit"].into_iter().zip(texts.iter().copied()).collect()
    };
    let leak =
        |texts: &[&str]| texts.iter().map(|text| &*String::from(*text).leak()).collect::<Vec<&'static str>>();
    let (files, dependency) = (named(&leak(files)), named(&leak(dependency)));
    let dependencies: &[&[_]] = if dependency.is_empty() { &[] } else { &[&dependency] };
    match parse_with_options(
        &Options::default().features(Features::All).proposals(Proposals::all()),
        &files,
        dependencies,
    ) {
        Ok(resolved) => expect.assert_eq(&common::dump(&resolved)),
        Err(errors) => panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

#[test]
fn plugin() {
    check(
        &[include_str!("../../../examples/plugin/plugin.wit")],
        expect![[r#"
        package techbytes:plugin
          interface processing
            record data-chunk { id: u64, payload: list<u8> }
            /// Pass-through after a checksum check. If the high 32 bits of `id` are
            /// non-zero they must equal FNV-1a-32(payload). Empty payload is an error.
            process: func(input: data-chunk) -> result<data-chunk, string>
          world plugin
            export techbytes:plugin/processing
    "#]],
    );
}

#[test]
fn kitchen() {
    check(
        &[include_str!("data/kitchen.wit")],
        expect![[r#"
        package techbytes:kitchen@0.1.0
          interface types
            enum color { red, green, blue }
            flags perms { read, write, exec, append, a, b, c, d, e }
            record point { x: s32, y: s32 }
            record person { name: string, age: u8, email: option<string>, tags: list<string>, pos: tuple<f32, f64, char>, fav: color, perms: perms }
            variant shape { empty, circle(f64), rect(tuple<f32, f32>), named(string), poly(list<point>), big(u64) }
          interface host
            use techbytes:kitchen/types@0.1.0.color as color
            use techbytes:kitchen/types@0.1.0.shape as shape
            resource blob
            log: func(level: color, msg: string)
            transform: func(s: shape) -> result<shape, string>
            [constructor]blob: func(init: list<u8>) -> blob
            [method]blob.read: func(self: borrow<blob>, n: u32) -> list<u8>
            [method]blob.size: func(self: borrow<blob>) -> u64
            [static]blob.concat: func(a: borrow<blob>, b: borrow<blob>) -> blob
          interface api
            use techbytes:kitchen/types@0.1.0.color as color
            use techbytes:kitchen/types@0.1.0.perms as perms
            use techbytes:kitchen/types@0.1.0.point as point
            use techbytes:kitchen/types@0.1.0.person as person
            use techbytes:kitchen/types@0.1.0.shape as shape
            use techbytes:kitchen/host@0.1.0.blob as blob
            resource counter
            echo-bool: func(v: bool) -> bool
            echo-s8: func(v: s8) -> s8
            echo-u16: func(v: u16) -> u16
            echo-u64: func(v: u64) -> u64
            echo-f32: func(v: f32) -> f32
            echo-f64: func(v: f64) -> f64
            echo-char: func(v: char) -> char
            echo-string: func(v: string) -> string
            echo-color: func(v: color) -> color
            echo-perms: func(v: perms) -> perms
            echo-point: func(v: point) -> point
            echo-person: func(v: person) -> person
            echo-shape: func(v: shape) -> shape
            echo-options: func(v: option<option<u32>>) -> option<option<u32>>
            echo-result: func(v: result<u8, s64>) -> result<tuple<u8, bool>, string>
            echo-tuple: func(v: tuple<u8, u16, u32, u64, string>) -> tuple<string, u64, u32, u16, u8>
            reverse-people: func(v: list<person>) -> list<person>
            sum-points: func(v: list<point>) -> point
            many: func(a: u8, b: u16, c: u32, d: u64, e: f32, f: f64, g: string, h: list<u8>, i: bool, j: char, k: option<u64>, l: shape, m: perms) -> string
            call-host: func(s: shape) -> result<shape, string>
            use-blob: func(b: blob) -> u64
            make-blob: func(n: u32) -> blob
            [constructor]counter: func(start: s64) -> counter
            [method]counter.increment: func(self: borrow<counter>, by: s64) -> s64
            [method]counter.value: func(self: borrow<counter>) -> s64
            [method]counter.label: func(self: borrow<counter>) -> string
            [static]counter.merge: func(a: counter, b: borrow<counter>) -> counter
            total: func(cs: list<borrow<counter>>) -> s64
          world kitchen
            import techbytes:kitchen/types@0.1.0 (implicit)
            import techbytes:kitchen/host@0.1.0
            export techbytes:kitchen/api@0.1.0
    "#]],
    );
}

#[test]
fn types() {
    check(
        &["package a:b;
           interface t {
             record r { a: u8, %b: list<r2>, }
             record r2 { x: s8 }
             variant v { none, some(tuple<u8, f32,>), other(r) }
             enum e { A, b-c, d2-3 }
             flags f { x, y, }
             type t1 = result;
             type t2 = result<u8>;
             type t3 = result<_, string>;
             type t4 = result<u8, string>;
             type t5 = list<list<u8>, 4>;
             type t6 = map<string, option<char>>;
             type t7 = stream<u8>;
             type t8 = stream;
             type t9 = future<t7>;
             type t10 = future;
             type t11 = error-context;
             type %enum = bool;
             resource q;
             type t12 = tuple<q, own<q>, borrow<q>>;
             type t13 = q;
             type t14 = borrow<t13>;
           }"],
        expect![[r#"
            package a:b
              interface t
                record r { a: u8, b: list<r2> }
                record r2 { x: s8 }
                variant v { none, some(tuple<u8, f32>), other(r) }
                enum e { A, b-c, d2-3 }
                flags f { x, y }
                type t1 = result
                type t2 = result<u8>
                type t3 = result<_, string>
                type t4 = result<u8, string>
                type t5 = list<list<u8>, 4>
                type t6 = map<string, option<char>>
                type t7 = stream<u8>
                type t8 = stream
                type t9 = future<t7>
                type t10 = future
                type t11 = error-context
                type enum = bool
                resource q
                type t12 = tuple<q, own<q>, borrow<q>>
                type t13 = q
                type t14 = borrow<t13>
        "#]],
    );
}

#[test]
fn functions() {
    check(
        &["package a:b;
           interface t {
             f: func();
             g: async func(a: u8, b: list<u8>,) -> u32;
             prop: get() -> u64;
             prop: set(value: u64) -> result<_, string>;
             get: func();
             set: func();
             resource blob {
               constructor(init: list<u8>);
               read: async func(n: u32) -> list<u8>;
               merge: static func(a: borrow<blob>, b: blob) -> blob;
               opened: static async func();
               size: get() -> u64;
               limit: static get() -> u64;
               limit: static set(n: u64);
             }
             resource maybe { constructor() -> result<maybe, string>; }
           }"],
        expect![[r#"
            package a:b
              interface t
                resource blob
                resource maybe
                f: func()
                g: async func(a: u8, b: list<u8>) -> u32
                [get]prop: func() -> u64
                [set]prop: func(value: u64) -> result<_, string>
                get: func()
                set: func()
                [constructor]blob: func(init: list<u8>) -> blob
                [method]blob.read: async func(self: borrow<blob>, n: u32) -> list<u8>
                [static]blob.merge: func(a: borrow<blob>, b: blob) -> blob
                [static]blob.opened: async func()
                [method][get]blob.size: func(self: borrow<blob>) -> u64
                [static][get]blob.limit: func() -> u64
                [static][set]blob.limit: func(n: u64)
                [constructor]maybe: func() -> result<maybe, string>
        "#]],
    );
}

#[test]
fn several_files_and_uses() {
    check(
        &[
            "interface types { enum errno { bad } type size = u32; }",
            "package local:demo;
             use types as t;
             interface host { use t.{errno, size as length,}; seek: func(to: length) -> result<_, errno>; }
             interface top { use host.{length}; use host.{}; }",
        ],
        expect![[r#"
            package local:demo
              interface types
                enum errno { bad }
                type size = u32
              interface host
                use local:demo/types.errno as errno
                use local:demo/types.size as length
                seek: func(to: length) -> result<_, errno>
              interface top
                use local:demo/host.length as length
        "#]],
    );
}

#[test]
fn packages_in_braces_and_versions() {
    check(
        &["package a:root@1.0.0;
           package wasi:clocks@0.2.0 { interface wall-clock { record datetime { seconds: u64 } } }
           package wasi:clocks@0.3.0-rc.1+b.2 { interface wall-clock { record datetime { seconds: s64 } } }
           use wasi:clocks/wall-clock@0.3.0-rc.1+b.2 as new-clock;
           interface i {
             use wasi:clocks/wall-clock@0.2.0.{datetime};
             use new-clock.{datetime as new-datetime};
             f: func(a: datetime) -> new-datetime;
           }"],
        expect![[r#"
            package a:root@1.0.0
              interface i
                use wasi:clocks/wall-clock@0.2.0.datetime as datetime
                use wasi:clocks/wall-clock@0.3.0-rc.1+b.2.datetime as new-datetime
                f: func(a: datetime) -> new-datetime
            package wasi:clocks@0.2.0
              interface wall-clock
                record datetime { seconds: u64 }
            package wasi:clocks@0.3.0-rc.1+b.2
              interface wall-clock
                record datetime { seconds: s64 }
        "#]],
    );
}

#[test]
fn dependencies() {
    check_with(
        &["package a:a; world w { import b:b/api; export b:b/handler; }"],
        &[
            "package b:b; interface api { use types.{t}; f: func(x: t); }",
            "interface types { record t { x: u8 } } interface handler { use types.{t}; h: func() -> t; }",
        ],
        expect![[r#"
            package a:a
              world w
                import b:b/types (implicit)
                import b:b/api
                export b:b/handler
            package b:b
              interface api
                use b:b/types.t as t
                f: func(x: t)
              interface types
                record t { x: u8 }
              interface handler
                use b:b/types.t as t
                h: func() -> t
        "#]],
    );
}

#[test]
fn worlds() {
    check(
        &["package a:b;
           interface store { get: func(key: string) -> option<string>; }
           interface uses { use base.{t}; f: func() -> t; }
           interface base { type t = u32; }
           world w {
             record point { x: f32, y: f32 }
             resource canvas { constructor(); draw: func(p: point); }
             use base.{t as base-t};
             import store;
             import primary: store;
             import a:b/uses;
             import log: func(p: point, t: base-t);
             import inner: interface { use base.{t}; g: func() -> t; }
             export run: async func() -> canvas;
             export store;
             export other: interface {}
             export second: a:b/store;
           }"],
        expect![[r#"
            package a:b
              interface store
                get: func(key: string) -> option<string>
              interface uses
                use a:b/base.t as t
                f: func() -> t
              interface base
                type t = u32
              world w
                import a:b/base (implicit)
                import record point { x: f32, y: f32 }
                import resource canvas
                import [constructor]canvas: func() -> canvas
                import [method]canvas.draw: func(self: borrow<canvas>, p: point)
                import use a:b/base.t as base-t
                import a:b/store
                import primary: a:b/store
                import a:b/uses
                import log: func(p: point, t: base-t)
                import inner:
                  interface inner
                    use a:b/base.t as t
                    g: func() -> t
                export run: async func() -> canvas
                export a:b/store
                export other:
                  interface other
                export second: a:b/store
        "#]],
    );
}

#[test]
fn include() {
    check(
        &["package a:b;
           interface i {}
           world one { import i; import a: func(); resource r { constructor(); m: func(); } export x: func(r: r); }
           world two { import i; import a: func(); import p: get() -> u32; }
           world three {
             include one with { a as b, r as s }
             import i;
             include two with { p as q };
             export i;
           }
           world four { include three; import q: set(v: u32); }
           world five {
             record p { a: u8 }
             type ps = list<p>;
             import f: func(ps: ps, qs: list<p>) -> p;
           }
           world six { include five with { p as p1, ps as ps1, f as f1 } include five; }"],
        expect![[r#"
            package a:b
              interface i
              world one
                import a:b/i
                import a: func()
                import resource r
                import [constructor]r: func() -> r
                import [method]r.m: func(self: borrow<r>)
                export x: func(r: r)
              world two
                import a:b/i
                import a: func()
                import [get]p: func() -> u32
              world three
                import b: func()
                import resource s
                import [constructor]s: func() -> s
                import [method]s.m: func(self: borrow<s>)
                import a:b/i
                import a: func()
                import [get]q: func() -> u32
                export x: func(r: s)
                export a:b/i
              world four
                import b: func()
                import resource s
                import [constructor]s: func() -> s
                import [method]s.m: func(self: borrow<s>)
                import a:b/i
                import a: func()
                import [get]q: func() -> u32
                import [set]q: func(v: u32)
                export x: func(r: s)
                export a:b/i
              world five
                import record p { a: u8 }
                import type ps = list<p>
                import f: func(ps: ps, qs: list<p>) -> p
              world six
                import record p1 { a: u8 }
                import type ps1 = list<p1>
                import f1: func(ps: ps1, qs: list<p1>) -> p1
                import record p { a: u8 }
                import type ps = list<p>
                import f: func(ps: ps, qs: list<p>) -> p
        "#]],
    );
}

#[test]
fn documentation_and_attributes() {
    check(
        &["/// The package.
           package a:b@1.2.0;
           // not documentation
           /// One.
           ///
           ///   Two.
           @since(version = 1.0.0)
           interface i {
             /** Block
              * of two lines. */
             @since(version = 1.1.0)
             @deprecated(version = 1.2.0)
             record r {
               /// A field.
               a: u8,
             }
             /* plain /* nested */ */ @unstable(feature = fancy) f: func();
             @external-id(\"DB.\\u{e9}\\41\\n\")
             g: func();
             //// Four slashes are no documentation.
             h: func();
           }
           world w {
             @external-id(\"https://example.com/x\")
             import slug: func();
           }"],
        expect![[r#"
            /// The package.
            package a:b@1.2.0
              /// One.
              ///
              ///   Two.
              @since 1.0.0
              interface i
                /// Block
                /// of two lines.
                @since 1.1.0
                @deprecated 1.2.0
                record r { a: u8 }
                @unstable fancy
                f: func()
                @external-id "DB.éA\n"
                g: func()
                h: func()
              world w
                @external-id "https://example.com/x"
                import slug: func()
        "#]],
    );
}

#[test]
fn finding_functions() {
    let text = include_str!("data/kitchen.wit");
    let resolved = parse(&[("kitchen.wit", text)]).unwrap();
    let find = |name: &str| -> Vec<String> {
        let found = resolved.find_functions(name);
        found
            .iter()
            .map(|id| format!("{} {}", resolved.owner_name(resolved[*id].owner), resolved[*id].name))
            .collect()
    };
    for (name, found) in [
        ("echo-bool", &["techbytes:kitchen/api@0.1.0 echo-bool"][..]),
        ("api.echo-bool", &["techbytes:kitchen/api@0.1.0 echo-bool"]),
        ("techbytes:kitchen/api.echo-bool", &["techbytes:kitchen/api@0.1.0 echo-bool"]),
        ("techbytes:kitchen/api@0.1.0#echo-bool", &["techbytes:kitchen/api@0.1.0 echo-bool"]),
        ("blob.read", &["techbytes:kitchen/host@0.1.0 [method]blob.read"]),
        ("host.[method]blob.read", &["techbytes:kitchen/host@0.1.0 [method]blob.read"]),
        ("[constructor]counter", &["techbytes:kitchen/api@0.1.0 [constructor]counter"]),
        ("bool", &[]),
        ("host.echo-bool", &[]),
        ("read", &[]),
    ] {
        assert_eq!(find(name), found, "{name}");
    }
}

#[test]
fn listing_types() {
    let resolved = parse(&[("kitchen.wit", include_str!("data/kitchen.wit"))]).unwrap();
    let package = resolved.packages().next().unwrap().0;
    let names: Vec<_> = resolved
        .defined_types(package)
        .map(|(_, ty, name)| format!("{}.{name}", resolved.owner_name(ty.owner)))
        .collect();
    expect![[r#"
        [
            "techbytes:kitchen/types@0.1.0.color",
            "techbytes:kitchen/types@0.1.0.perms",
            "techbytes:kitchen/types@0.1.0.point",
            "techbytes:kitchen/types@0.1.0.person",
            "techbytes:kitchen/types@0.1.0.shape",
            "techbytes:kitchen/host@0.1.0.blob",
            "techbytes:kitchen/api@0.1.0.counter",
        ]
    "#]]
    .assert_debug_eq(&names);
}

const GATED: &str = "
    package a:b@1.0.0;
    interface i {
        @unstable(feature = x) resource r { @unstable(feature = x) m: func(); }
        resource s { @unstable(feature = x) m: func(); n: func(); }
        @unstable(feature = y) type t = u32;
        @unstable(feature = y) f: func(t: t);
        @since(version = 1.0.0) @deprecated(version = 1.0.0) g: func();
    }
    @unstable(feature = x) interface j {}
    world w { @unstable(feature = x) import j; @unstable(feature = y) use i.{t}; import h: func(); }
";

#[test]
fn chosen_features() {
    let with = |features: &Features| {
        common::dump(
            &parse_with_options(
                &Options::default().features(features.clone()).proposals(Proposals::all()),
                &[("a.wit", GATED)],
                &[],
            )
            .unwrap(),
        )
    };
    expect![[r#"
        package a:b@1.0.0
          interface i
            resource s
            [method]s.n: func(self: borrow<s>)
            @since 1.0.0
            @deprecated 1.0.0
            g: func()
          world w
            import h: func()
    "#]]
    .assert_eq(&with(&Features::default()));
    expect![[r#"
        package a:b@1.0.0
          interface i
            resource s
            @unstable y
            type t = u32
            [method]s.n: func(self: borrow<s>)
            @unstable y
            f: func(t: t)
            @since 1.0.0
            @deprecated 1.0.0
            g: func()
          world w
            @unstable y
            import a:b/i@1.0.0 (implicit)
            @unstable y
            import use a:b/i@1.0.0.t as t
            import h: func()
    "#]]
    .assert_eq(&with(&Features::only(["y", "unheard-of"])));
    assert_eq!(with(&Features::only(["x", "y"])), with(&Features::All));
}

#[test]
fn json() {
    let text = "
        package a:b@1.0.0;
        /// Says \"hi\".
        interface i {
            resource r { constructor(); m: async func(x: list<r>) -> result<_, e>; }
            enum e { one, /// Two.
                two }
            type l = option<tuple<e, string>>;
        }
        world w { use i.{r}; import f: func(x: own<r>) -> r; export g: interface {} @since(version = 0.1.0) export i; }
    ";
    let resolved = parse(&[("a.wit", text)]).unwrap();
    expect_test::expect_file!["data/shape.json"].assert_eq(&wit_parser_lite::json::json(&resolved));
}
