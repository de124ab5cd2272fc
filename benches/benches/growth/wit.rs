//! WIT: reading, printing and encoding packages whose parts refer to each other.

use std::fmt::Write as _;
use std::hint::black_box;

use crate::{Kind, Work};

/// The kinds.
pub(crate) const KINDS: &[Kind] = &[
    Kind::new("WIT: a chain of `use`", 100, |n| parse(use_chain(n))),
    Kind::new("WIT: a chain of `include`", 50, |n| parse(include_chain(n))),
    Kind::new("WIT: worlds × a chain of `use`", 25, |n| parse(worlds_and_uses(n))),
    Kind::new("WIT: JSON of functions with one large record", 25, |n| json(repeated_types(n))),
];

/// Parses the package.
fn parse(text: String) -> Work {
    Work::new(text.len(), move || {
        let parsed = wit_parser_lite::parse(&[("growth.wit", &text)]);
        drop(black_box(parsed.expect("a valid package")));
    })
}

/// Writes the package as JSON.
fn json(text: String) -> Work {
    let package = wit_parser_lite::parse(&[("growth.wit", &text)]).expect("a valid package");
    Work::new(text.len(), move || drop(black_box(wit_parser_lite::json::json(&package))))
}

/// Each interface uses the type of the one before.
fn use_chain(n: usize) -> String {
    let mut text = String::from("package growth:chain;\ninterface i0 { record t { a: u32 } }\n");
    for k in 1..n {
        let _ = writeln!(text, "interface i{k} {{ use i{}.{{t}}; }}", k - 1);
    }
    text
}

/// Each world includes the one before and has an import of its own.
fn include_chain(n: usize) -> String {
    let mut text = String::from("package growth:chain;\nworld w0 { import g0: func(); }\n");
    for k in 1..n {
        let _ = writeln!(text, "world w{k} {{ include w{}; import g{k}: func(); }}", k - 1);
    }
    text
}

/// Each world imports the last interface of a chain.
fn worlds_and_uses(n: usize) -> String {
    let mut text = use_chain(n);
    for k in 0..n {
        let _ = writeln!(text, "world w{k} {{ import i{}; }}", n - 1);
    }
    text
}

/// Each function takes a record that has n fields.
fn repeated_types(n: usize) -> String {
    let mut text = String::from("package growth:types;\ninterface i { record t {\n");
    for k in 0..n {
        let _ = writeln!(text, "a{k}: u32,");
    }
    text += "}\n";
    for k in 0..n {
        let _ = writeln!(text, "g{k}: func(t: t);");
    }
    text + "}\n"
}
