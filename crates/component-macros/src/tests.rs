//! What the macros refuse, and how they say it.

use crate::bindings::bindings;
use crate::derive::{Derived, derive};
use crate::flags::flags;

fn check_derive(input: &str, expected: &str) {
    for derived in [Derived::ComponentType, Derived::Lift, Derived::Lower] {
        let error = derive(derived, input.parse().expect("Rust tokens")).expect_err(input);
        assert_eq!(error.to_string(), expected, "{input}");
    }
}

#[test]
fn a_type_that_is_no_component_type_is_told() {
    check_derive(
        "struct A(u8);",
        "a record has fields with names: `struct Name { field: Type }`; a tuple needs no derive",
    );
    check_derive(
        "struct A;",
        "a record has fields with names: `struct Name { field: Type }`; a tuple needs no derive",
    );
    check_derive("struct A {}", "a record has one field at least");
    check_derive("enum A {}", "a variant or enum has one case at least");
    check_derive("union A { a: u8 }", "no component type is like a union");
    check_derive("enum A { B(u8, u8) }", "a case has one payload: put several values into a tuple");
    check_derive("enum A { B { c: u8 } }", "a case has one payload: put the fields into a record");
    check_derive("#[component(variant)] struct A { a: u8 }", "a struct is a record, not a variant");
    check_derive("struct A { a_b: u8, #[component(name = \"A-b\")] c: u8 }", "the label `A-b` is used twice");
}

#[test]
fn a_wrong_attribute_is_told() {
    check_derive("#[component(record)] struct A { a: u8 }", "expected `variant`");
    check_derive("struct A { #[component(label = \"b\")] a: u8 }", "expected `name = \"...\"`");
    check_derive("struct A { #[component(name = b)] a: u8 }", "expected string literal");
    check_derive(
        "enum A { #[component(name = \"b_c\")] B }",
        "`b_c` is no label: words in one case, joined by `-`",
    );
    check_derive(
        "enum A { #[component(name = \"\")] B }",
        "`` is no label: words in one case, joined by `-`",
    );
}

#[test]
fn wrong_flags_are_told() {
    fn check(input: &str, expected: &str) {
        let error = flags(input.parse().expect("Rust tokens")).expect_err(input);
        assert_eq!(error.to_string(), expected, "{input}");
    }
    check("struct A {}", "there are 1 to 32 flags in a type, not 0");
    let many: String = (0..33).map(|i| format!("const F{i};")).collect();
    check(&format!("struct A {{ {many} }}"), "there are 1 to 32 flags in a type, not 33");
    check("enum A { B }", "expected `struct`");
    check("struct A { B; }", "expected `const`");
}

#[test]
fn what_bindings_lack_is_told() {
    fn check(input: &str, expected: &str) {
        let error = bindings(input.parse().expect("Rust tokens")).expect_err(input).to_string();
        assert!(error.contains(expected), "{input}: {error}");
    }
    let inline = |wit: &str| format!("{{ inline: {wit:?} }}");
    let world =
        |items: &str| inline(&format!("package a:b; interface i {{ {items} }} world w {{ import i; }}"));
    check(&world("f: async func();"), "not supported yet: `f` is async");
    check(&world("f: func(x: stream<u8>);"), "not supported yet: `stream`");
    check(&world("record r { x: future<u8> }"), "not supported yet: `future`");
    check(&world("f: func() -> error-context;"), "not supported yet: `error-context`");
    let params: Vec<_> = (0..21).map(|i| format!("p{i}: u8")).collect();
    let many = format!("f: func({});", params.join(", "));
    check(&world(&many), "not supported: `f` has more than 20 parameters");
    check(&world("f: func(x: nope);"), "inline.wit:1:39: no type is named `nope` here");
    check(&inline("package a:b;"), "the package has no world");
    let two = inline("package a:b; world v {} world w {}");
    check(&two, "`world: \"...\"` says which of `a:b/v`, `a:b/w`");
    let other = "inline: \"package a:b; world v {}\", world: \"w\"";
    check(other, "there is no world `w`, but `a:b/v`");
    check("path: \"no/such/file.wit\"", "no/such/file.wit");
    check("world: \"w\"", "`path: \"...\"` or `inline: \"...\"` says which WIT");
    check("from: \"w\"", "expected `path`, `inline`, `world` or `with`");
    let with = "inline: \"package a:b; world v {}\", with: { \"a:b/c.d\": u8 }";
    check(with, "the world imports no such resource: `ns:pkg/interface.resource`");
}
