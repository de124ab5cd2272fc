//! What the macros refuse, and how they say it.

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
