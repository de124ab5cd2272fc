//! Packages in binary form: written, read, and damaged.
//!
//! `conformance/tests/wit.rs` compares them with the reference.

#![cfg(feature = "wasm")]

use wasm_encoder::{
    ComponentBuilder, ComponentExportKind, ComponentType, ComponentTypeRef, ComponentValType, CustomSection,
    InstanceType, PrimitiveValType, TypeBounds,
};
use wit_parser_lite::json::json;
use wit_parser_lite::wasm::{decode, encode_package, encode_world, to_text};
use wit_parser_lite::{Features, Options, PackageId, Proposals, Resolved, parse_with_options};

const KITCHEN: &str = include_str!("data/kitchen.wit");

fn parse(text: &str) -> Resolved {
    parse_with_options(
        &Options::default().features(Features::All).proposals(Proposals::all()),
        &[("test.wit", text)],
        &[],
    )
    .expect("a sound package")
}

fn main_package(resolved: &Resolved) -> PackageId {
    resolved.packages().next().expect("there is a main package").0
}

fn package(text: &str) -> Vec<u8> {
    let resolved = parse(text);
    encode_package(&resolved, main_package(&resolved)).expect("it is small")
}

/// Checks that writing and reading a package does not change it.
fn check(text: &str) {
    let bytes = package(text);
    let back = decode(&bytes).expect("what we wrote");
    assert_eq!(encode_package(&back, main_package(&back)).expect("it is small"), bytes, "{text}");
    // The package equals the parsed text, apart from the order in which text may have it.
    let printed = wit_parser_lite::print::print(&back);
    assert_eq!(json(&parse(&printed)), json(&back), "{text}");
}

#[test]
fn packages_survive_being_written_and_read() {
    for text in [
        KITCHEN,
        "package a:b; interface i { resource r { constructor() -> result<r>; static-one: static async func(); } }",
        "package a:b; interface i { type a = u8; type b = a; type c = list<a>; type d = own<r>; resource r; type e = r; }",
        "package a:b@1.0.0; interface j { use i.{t, u as v}; f: func(x: v) -> t; } interface i { type t = u8; resource u; }",
        "package a:b; world w { resource r { m: func(other: borrow<r>); } import i: interface { f: func(); } export g: func(x: r); }",
        "package a:b; world w { import i; export i; export j; } interface i { resource r; } interface j { use i.{r}; f: func(x: r); }",
        "package a:b; world w { import one: i; @external-id(\"//Two\") import two: i; } interface i { f: func(); }",
        "package a:b; interface %interface { record %record { %type: u8 } variant %enum { %use, %with(%record) } }",
        "package a:b@1.2.3;\n/// Docs.\n///\n///  indented\n@since(version = 1.0.0) @deprecated(version = 1.1.0) interface i { @unstable(feature = x) f: func(); }",
    ] {
        check(text);
    }
}

#[test]
fn worlds_survive_being_written_and_read() {
    let text =
        "package a:b; interface i { resource r; f: func(x: r); } world v { import i; } world w { export i; }";
    let resolved = parse(text);
    for id in &resolved.main_package().worlds {
        let back = decode(&encode_world(&resolved, *id).expect("it is small")).unwrap();
        let names: Vec<_> = back.main_package().worlds.iter().map(|id| back[*id].name.as_str()).collect();
        assert_eq!(names, [resolved[*id].name.as_str()]);
    }
}

/// Returns a component that imports `f: func(x: …)` with a parameter of this depth.
fn nested(depth: u32) -> Vec<u8> {
    let mut component = ComponentBuilder::default();
    let mut ty = ComponentValType::Primitive(PrimitiveValType::U8);
    for _ in 0..depth {
        let (index, encoder) = component.type_defined(None);
        encoder.list(ty);
        ty = ComponentValType::Type(index);
    }
    let (index, mut function) = component.type_function(None);
    function.params([("x", ty)]).result(None);
    component.import("f", ComponentTypeRef::Func(index));
    component.finish()
}

fn with_docs(json: &str) -> Vec<u8> {
    let mut bytes = package("package a:b; interface i { f: func(); } world w { export f: func(); }");
    let section =
        CustomSection { name: "package-docs".into(), data: [&[1], json.as_bytes()].concat().into() };
    wasm_encoder::ComponentSection::append_to_component(&section, &mut bytes);
    bytes
}

#[test]
fn faults() {
    for (bytes, message) in [
        (Vec::new(), "unexpected end-of-file (at offset 0x0)"),
        (
            b"\0asm\x01\0\0\0".to_vec(),
            "a core module without a `component-type` section, which would say its world",
        ),
        (
            package("package a:b; interface i { f: func(); }")[..40].to_vec(),
            "unexpected end-of-file (at offset 0x27)",
        ),
        (nested(200), "type nesting is too deep (at offset 0xf5)"),
        (nested(100_000), "type nesting is too deep (at offset 0xf7)"),
        (
            with_docs("{"),
            "the section `package-docs` is malformed: EOF while parsing an object at line 1 column 1",
        ),
        (
            with_docs(r#"{"interfaces":{"j":{"docs":"x"}}}"#),
            "the section `package-docs` is malformed: it speaks of `j`, which is not there",
        ),
        (
            with_docs(r#"{"worlds":{"w":{"stability":{"unstable":{"feature":"A b"}}}}}"#),
            "the section `package-docs` is malformed: `A b` is not kebab-case: ` ` is not an ASCII letter, digit or `-`",
        ),
        (
            with_docs(r#"{"worlds":{"w":{"stability":{"stable":{"since":"one"}}}}}"#),
            "the section `package-docs` is malformed: a version: unexpected character 'o' while parsing major version number",
        ),
        (
            with_docs(r#"{"interfaces":{"i":{"docs":"a\u202eb"}}}"#),
            "has no form in WIT: /// a\u{fffd}b: character U+202E is not allowed in WIT files",
        ),
    ] {
        assert_eq!(decode(&bytes).map(|_| ()).unwrap_err().to_string(), message);
    }
    assert!(decode(&nested(90)).is_ok());
}

/// Returns a component that exports the types of two interfaces, both of which import `a:b/i` with
/// a record `r`; its field has the given name.
fn two_views(first: &str, second: &str) -> Vec<u8> {
    let mut component = ComponentBuilder::default();
    for (name, field) in [("x", first), ("y", second)] {
        let mut used = InstanceType::new();
        used.ty().defined_type().record([(field, PrimitiveValType::U8)]);
        used.export("r", ComponentTypeRef::Type(TypeBounds::Eq(0)));
        let mut definition = ComponentType::new();
        definition.ty().instance(&used);
        definition.import("a:b/i", ComponentTypeRef::Instance(0));
        definition.ty().instance(&InstanceType::new());
        definition.export(format!("c:d/{name}"), ComponentTypeRef::Instance(1));
        let ty = component.type_component(None, &definition);
        component.export(name, ComponentExportKind::Type, ty, None);
    }
    component.finish()
}

#[test]
fn views_of_one_interface_agree() {
    assert!(decode(&two_views("a", "a")).is_ok());
    let error = decode(&two_views("a", "b")).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "`r` has no form in WIT: `a:b/i` has this type in two forms");
}

#[test]
fn damaged_binaries_are_no_panic() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        usize::try_from(state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).expect("31 bits") % below
    };
    let bases = [
        package(KITCHEN),
        package(
            "package a:b@1.0.0; /// Docs.\ninterface i { /// More.\n@since(version = 1.0.0) f: func(x: list<u8>); }",
        ),
        nested(5),
    ];
    let (mut n_read, mut n_rejected) = (0, 0);
    for round in 0..6000 {
        let mut bytes = bases[round % bases.len()].clone();
        for _ in 0..=random(3) {
            let at = 8 + random(bytes.len() - 8);
            match random(4) {
                0 => bytes[at] ^= 1 << random(8),
                1 => bytes[at] = u8::try_from(random(256)).expect("a byte"),
                2 => _ = bytes.remove(at),
                _ => bytes.insert(at, bytes[at]),
            }
        }
        match decode(&bytes) {
            Ok(resolved) => {
                n_read += 1;
                let wit = to_text(&bytes).expect("what can be read has a text");
                assert_eq!(wit.inexact, [""; 0]);
                assert_eq!(json(&parse(&wit.text)), json(&resolved));
                encode_package(&resolved, main_package(&resolved)).expect("it is small");
            }
            Err(_) => {
                n_rejected += 1;
                if let Ok(wit) = to_text(&bytes) {
                    assert!(!wit.inexact.is_empty(), "{}", wit.text);
                }
            }
        }
    }
    // Both results occur: changing a letter of a name is valid, changing a length is not.
    assert!(n_read > 100 && n_rejected > 1000, "{n_read} read, {n_rejected} rejected");
}
