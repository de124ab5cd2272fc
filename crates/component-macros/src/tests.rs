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
    // Without `path` and `inline`, the WIT is in the folder `wit`.
    check("", "component-macros/wit: ");
    check("world: \"w\"", "component-macros/wit: ");
    check("from: \"w\"", "expected `path`, `inline`, `world`, `features`, `with`");
    let with = "inline: \"package a:b; world v {}\", with: { \"a:b/c.d\": u8 }";
    check(with, "the world imports no resource, type or interface `a:b/c.d`: it imports no interface");
}

#[test]
fn options_of_other_engines_are_answered() {
    fn check(option: &str, expected: &str) {
        let input = format!("inline: \"package a:b; world w {{ import f: func(); }}\", {option}");
        let error = bindings(input.parse().expect("Rust tokens")).expect_err(option).to_string();
        assert!(error.contains(expected), "{option}: {error}");
    }
    check("async: true", "there is no option `async`: each method and each call is synchronous");
    check("tracing: true", "there is no option `tracing`: `Func::call_traced` shows what a call does");
    check("trappable_imports: true", "each method of the host may fail");
    check("interfaces: \"import a:b/c;\"", "names the interfaces");
    check("wasmtime_crate: x", "`component_linker`");
    check("require_store_data_send: true", "nothing is asynchronous");
    check("stringify: true", "`cargo expand` shows the code");
    check("ownership: Borrowing { duplicate_if_necessary: true }", "arguments are taken by reference");
    check("imports: { default: async }", "there is no `async`: each method and each call is synchronous");
    check("exports: { default: trappable }", "expected `store`");
    check("imports: { \"g\": store }", "the world imports no function `g`");
    check("trappable_error_type: { \"a:b/c.d\" => u8 }", "the world imports no type `a:b/c.d`");
    check("world: \"w\", world: \"w\"", "`world` is given twice");
}

#[test]
fn short_forms_and_names_of_worlds_are_understood() {
    let wit = "inline: \"package a:b@1.0.0; world w {} package c:d@1.2.0 { world v {} }\"";
    for world in ["w", "a:b/w", "a:b/w@1.0.0", "v", "c:d/v", "c:d/v@1.2.0"] {
        let input = format!("{{ {wit}, world: {world:?} }}");
        bindings(input.parse().expect("Rust tokens")).expect(world);
    }
    let kitchen = "../component-linker/tests/guests/kitchen.wit";
    for input in [format!("in {kitchen:?}"), format!("\"kitchen\" in {kitchen:?}")] {
        bindings(input.parse().expect("Rust tokens")).expect(&input);
    }
}

#[test]
fn names_of_with_are_shown_as_they_were_written() {
    let wit = "inline: \"package a:b@1.0.0; interface i { resource r; } world w { import i; }\"";
    for key in ["a:b/i.r", "a:b/i@1.0.0.r", "a:b/i/r", "a:b/i#r", "a:b/i", "a:b/i@1.0.0", "a:b", "a:b@1.0.0"]
    {
        let input = format!("{wit}, with: {{ {key:?}: x }}");
        bindings(input.parse().expect("Rust tokens")).expect(key);
    }
    for key in ["a:b/i@2.0.0.r", "a:b/i.s", "a:c", "r"] {
        let input = format!("{wit}, with: {{ {key:?}: x }}");
        let error = bindings(input.parse().expect("Rust tokens")).expect_err(key).to_string();
        let known = "but `a:b/i@1.0.0`, `a:b/i@1.0.0.r`";
        assert_eq!(error, format!("the world imports no resource, type or interface `{key}`, {known}"));
    }
}

#[test]
fn faults_point_into_the_wit() {
    let params: Vec<_> = (0..21).map(|i| format!("p{i}: u8")).collect();
    let wit = format!(
        "package a:b;\ninterface i {{\n  f: func({});\n}}\nworld w {{ import i; }}",
        params.join(", ")
    );
    let error = bindings(format!("inline: {wit:?}").parse().expect("Rust tokens")).expect_err("too many");
    let text = error.to_string();
    assert!(text.starts_with("inline.wit:3:3: not supported: `f` has more than 20 parameters\n"), "{text}");
    assert!(text.contains("3 |   f: func(p0: u8, ") && text.contains("\n  |   ^"), "{text}");
    // Each fault is an error of its own.
    let wit = "package a:b;\nworld w {\n  export f: func(x: no, y: nope);\n}";
    let errors = bindings(format!("inline: {wit:?}").parse().expect("Rust tokens")).expect_err("unknown");
    let places: Vec<_> = errors.into_iter().map(|error| error.to_string()[..15].to_string()).collect();
    assert_eq!(places, ["inline.wit:3:21", "inline.wit:3:28"]);
}
