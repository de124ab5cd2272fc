//! WIT: reading, printing and encoding packages whose parts refer to each other.

use std::fmt::Write as _;
use std::hint::black_box;

use crate::{Kind, Work};

/// The kinds.
pub(crate) const KINDS: &[Kind] = &[Kind::new("WIT: a chain of `use`", 100, |n| parse(use_chain(n)))];

/// Parses the package.
fn parse(text: String) -> Work {
    Work::new(text.len(), move || {
        let parsed = wit_parser_lite::parse(&[("growth.wit", &text)]);
        drop(black_box(parsed.expect("a valid package")));
    })
}

/// Each interface uses the type of the one before.
fn use_chain(n: usize) -> String {
    let mut text = String::from("package growth:chain;\ninterface i0 { record t { a: u32 } }\n");
    for k in 1..n {
        let _ = writeln!(text, "interface i{k} {{ use i{}.{{t}}; }}", k - 1);
    }
    text
}
