//! Worlds of awkward names: words that mean something in Rust, in its prelude, in WIT or in what
//! the macro writes, in every place where a world has a name.

use wit_parser_lite::parse;

use crate::compile::Case;

/// Words that mean something to somebody.
const WORDS: &str = "
    abstract as async await become box break const continue do dyn else enum extern false final fn for gen if
    impl in let loop macro match mod move mut override priv pub ref return static struct trait true try type
    typeof unsafe unsized use virtual where while yield self super crate auto default union raw safe

    option some none result ok err vec string to-string to-owned clone copy send sync sized unpin drop fn-mut
    fn-once iterator into-iterator extend double-ended-iterator default partial-eq eq partial-ord ord as-ref
    as-mut into from try-from try-into from-iterator future debug display hash error cow arc rc

    std core alloc component-linker proc-macro test prelude ops marker fmt cmp primitive io macros exports

    bool char str u8 u16 u32 u64 u128 usize i8 i32 i64 isize f32 f64 never array slice

    println panic assert format matches todo unreachable derive concat include-bytes write cfg vec

    host guest cx store instance linker component arg arg0 arg1 func funcs names name field value values params
    new instantiate add-to-linker call call-new constructor with access forward data rep resource resources
    resource-any world imports t d h m r a b out ptr ty flat payload case shape describe types fields labels
    bits all empty contains is-empty from-bits not sub lift lower load lift-flat lower-flat call-with error-type
    host-imports w-imports interface package world-imports typed-func call-error host-error

    func record flags variant import export include list tuple own borrow stream error-context constructor
    s8 s16 s32 s64 map get set
";

/// Types of a name, which is `%W`, and `WORD` within others.
const TYPES: &[&str] = &[
    "record %W { %W: u8, more: option<string> }",
    "variant %W { %W(string), WORD-n, more(list<u8>) }",
    "enum %W { %W, more }",
    "flags %W { %W, more }",
    "resource %W {
        constructor(%W: string);
        get-WORD: func(%W: borrow<%W>) -> result<%W, string>;
        new: func();
        drop: static func(%W: %W);
     }",
    "type %W = list<tuple<string, u8>>;",
];

/// Code beside bindings that is as awkward.
const HOSTILE: &str = "
    #![allow(dead_code, unused_macros, non_camel_case_types)]
    /// Not the usual one.
    pub struct Option;
    /// Not the usual one.
    pub struct Result;
    /// Not the usual one.
    pub struct Vec;
    struct String;
    struct Box;
    struct Ok;
    struct Err;
    struct Some;
    struct None;
    struct Linker;
    struct Store;
    struct Resource;
    type u8 = ();
    type bool = ();
    type str = ();
    trait Send {}
    trait Sync {}
    trait Copy {}
    trait Clone {}
    trait Default {}
    trait Iterator {}
    trait Fn {}
    trait Into {}
    trait From {}
    trait Drop {}
    trait Debug {}
    macro_rules! vec { () => { compile_error!() } }
    macro_rules! include_bytes { () => { compile_error!() } }
    macro_rules! write { () => { compile_error!() } }
    macro_rules! unreachable { () => { compile_error!() } }
    macro_rules! matches { () => { compile_error!() } }
";

/// Worlds whose names clash with each other.
const CLASHES: &[&str] = &[
    "package a:b; interface i {
        resource x { constructor(); new: func(); drop: func(); %constructor: func(); call: static func(); }
        type host-x = u8; type guest-x = u8; type host = u8; type guest = u8; type own-x = x;
        new: func(); call-new: func(); add-to-linker: func(h: host, g: guest); x2: func(x: own-x) -> x;
     } world w { import i; export i; }",
    "package a:b; world w {
        export new: interface { f: func(); } export instantiate: interface { f: func(); }
        export add-to-linker: interface { f: func(); } export call-f: interface { f: func(); }
        export func-f: interface { f: func(); } export interface-new: interface { f: func(); }
        export f: func(); export f-f: func(); export call: func(); import f: func(); import new: func();
     }",
    "package a:b;
     package a-b:c { interface d { f: func(); } } package a:b-c { interface d { f: func(); } }
     package exports:a { interface b { f: func(); } }
     world w {
        import a-b:c/d; import a:b-c/d; export a-b:c/d; export a:b-c/d; import exports:a/b; export exports:a/b;
        import a: interface { f: func(); } export a: interface { f: func(); }
     }",
    "package a:b;
     package x:foo@1.0.0 { interface i { type t = u8; f: func() -> t; } }
     package x:foo@2.0.0-rc.1 { interface i { type t = u16; f: func() -> t; } }
     package x:foo-1-0-0 { interface i { type t = u32; f: func() -> t; } }
     world w {
        import x:foo/i@1.0.0; import x:foo/i@2.0.0-rc.1; import x:foo-1-0-0/i;
        export x:foo/i@1.0.0; export x:foo/i@2.0.0-rc.1; export x:foo-1-0-0/i;
     }",
    "package a:b; interface i {
        prop: get() -> u8; prop: set(value: u8); set-prop: func(prop: u8); get: func(); set: func();
        resource r {
            prop: get() -> u8; prop: set(value: u8) -> result<_, string>; set-prop: func(prop: u8);
            all: static get() -> u8; all: static set(value: u8); set-all: static func();
        }
     } world w { import i; export i; import p: get() -> u8; import p: set(v: u8); export p: get() -> u8; }",
    "package a:b; interface store { resource blob { get: func() -> u8; } get: func(b: borrow<blob>) -> blob; }
     interface user { use store.{blob}; take: func(b: blob) -> blob; }
     world w { export front: store; export back: store; import cold: store; import store; export user; }",
    "package a:b; interface e {
        enum code { a, b } variant error { io(string), code(code), none } record info { code: code }
        flags bits { x, y } type alias = error; type text = string;
        a: func() -> result<_, code>; b: func() -> result<u8, error>; c: func() -> result<_, info>;
        d: func() -> result<_, bits>; e: func() -> result<_, alias>; f: func() -> result<_, text>;
        g: func(r: result<_, code>) -> option<result<list<error>, tuple<code>>>;
     } world w { import e; export e; }",
    "package a:b; world w {
        resource r { constructor(); m: func(); s: static func(r: r) -> r; }
        type t = r; record w { w: u8 } enum w-imports { a } variant host-r { a }
        import f: func(r: borrow<r>, w: w, i: w-imports) -> t; export g: func(t: t, h: host-r) -> w;
     }",
];

/// Returns the worlds, each with what it is about.
pub(crate) fn cases(ordinary: &str) -> Vec<Case> {
    let mut words: Vec<_> = WORDS.split_whitespace().collect();
    words.sort_unstable();
    words.dedup();
    let mut cases = Vec::new();
    for (i, word) in words.iter().enumerate() {
        let named = |text: &str| text.replace("WORD", word).replace("%W", &format!("%{word}"));
        let beside = if i % 2 == 0 { ordinary } else { HOSTILE };
        let of_world = if i % 4 < 2 { of_world } else { of_items };
        let texts = [of_package(TYPES[i % TYPES.len()]), of_world(TYPES[(i + 3) % TYPES.len()])];
        // A few are not valid: a parameter may be there already.
        let texts = texts.iter().map(|text| named(text)).filter(|text| parse(&[("w.wit", text)]).is_ok());
        cases.extend(texts.map(|text| case(word, &text, beside)));
    }
    for (i, text) in CLASHES.iter().enumerate() {
        for beside in [ordinary, HOSTILE] {
            cases.push(case(&format!("clash {i}"), text, beside));
        }
    }
    cases
}

/// Returns a package of the name, with an interface of the name in which a type has it, and one in
/// which a function has it.
fn of_package(ty: &str) -> String {
    format!(
        "package %W:%W;
         interface %W {{ {ty} f: func(%W: %W) -> result<%W, %W>; g: func(store: list<%W>, %W: u8) -> %W; }}
         interface func-WORD {{ %W: func(%W: string, store: string, host: u8, cx: list<string>) -> option<u8>; }}
         world w-WORD {{ import %W; import func-WORD; export %W; export func-WORD; }}"
    )
}

/// Returns a world of the name with a type of the name.
fn of_world(ty: &str) -> String {
    format!(
        "package a:b;
         interface i {{ {ty} }}
         interface j {{ use i.{{%W}}; type used = %W; f: func(%W: %W) -> tuple<%W, list<string>>; }}
         world %W {{
            use i.{{%W}};
            import x-WORD: interface {{ use i.{{%W}}; f: func(%W: %W) -> %W; }}
            export %W: interface {{ {ty} f: func(%W: %W) -> option<%W>; }}
            export j;
            import f-WORD: func(%W: %W) -> result<string, %W>;
            export f-WORD: func(%W: %W, instance: string) -> %W;
         }}"
    )
}

/// Returns a world whose own functions and interfaces have the name.
fn of_items(ty: &str) -> String {
    format!(
        "package a:b;
         world w {{
            {ty}
            import f-WORD: interface {{ record r {{ %W: string }} %W: func(%W: r, x: string) -> option<r>; }}
            export %W: func(%W: %W, instance: string) -> %W;
         }}"
    )
}

/// Returns a case. Where the code beside it is awkward, methods get the store.
fn case(name: &str, text: &str, beside: &str) -> Case {
    let imports = if beside == HOSTILE { ", imports: { default: store }" } else { "" };
    Case {
        name: String::from(name),
        input: format!("inline: {text:?}{imports}"),
        beside: String::from(beside),
    }
}
