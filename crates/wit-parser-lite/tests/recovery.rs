//! One mistake gives one message: what follows from it is not reported.

use wit_parser_lite::lex::{Token, TokenKind, lex};
use wit_parser_lite::{Error, ErrorKind, Sources, parse};

const SEEDS: [&str; 2] =
    [include_str!("data/kitchen.wit"), include_str!("../../../examples/plugin/plugin.wit")];

/// The results for all texts in which one token is changed.
#[derive(Debug, Default, PartialEq)]
struct Outcomes {
    n_texts: usize,
    /// The number of texts with several faults.
    n_cascades: usize,
    /// The number of those with faults in names or types as well as in syntax.
    n_mixed: usize,
}

fn outcomes(change: impl Fn(&str, Token<'_>) -> String) -> Outcomes {
    let mut outcomes = Outcomes::default();
    for seed in SEEDS {
        let mut sources = Sources::default();
        let file = sources.add("a.wit", seed).expect("the file is small");
        for token in lex(&sources, file).0 {
            match token.kind {
                TokenKind::Comment | TokenKind::DocComment | TokenKind::End => continue,
                TokenKind::Keyword
                | TokenKind::Id
                | TokenKind::Integer
                | TokenKind::Version
                | TokenKind::String
                | TokenKind::Operator => {}
            }
            let errors = parse(&[("a.wit", &change(seed, token))]).err().map(Vec::from).unwrap_or_default();
            let n_syntax = errors.iter().filter(|error| is_of_syntax(error)).count();
            outcomes.n_texts += 1;
            outcomes.n_cascades += usize::from(errors.len() > 1);
            outcomes.n_mixed += usize::from(n_syntax > 0 && n_syntax < errors.len());
        }
    }
    outcomes
}

fn is_of_syntax(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Syntax | ErrorKind::Literal | ErrorKind::Character | ErrorKind::Name)
}

#[test]
fn a_token_less() {
    let outcomes = outcomes(|text, token| {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        format!("{}{}", &text[..start], &text[end..])
    });
    // Without its `<`, a type reads as a name, and the rest as another field or parameter.
    assert_eq!(outcomes, Outcomes { n_texts: 752, n_cascades: 2, n_mixed: 0 });
}

#[test]
fn a_token_twice() {
    let outcomes = outcomes(|text, token| {
        let end = token.span.end as usize;
        format!("{} {}{}", &text[..end], token.text, &text[end..])
    });
    // A second `}` before the `;` of a `use` closes the interface.
    assert_eq!(outcomes, Outcomes { n_texts: 752, n_cascades: 3, n_mixed: 0 });
}

/// A fault in one item does not hide one in another item.
#[test]
fn independent_faults() {
    // A fault near a name that looks like a keyword, and a name that is not defined.
    for first in [
        "record r { my-type unknown }",
        "record r { my-type: u8 other: u8 }",
        "record r { the-record u8 }",
        "record r { a-resource u8 }",
        "f: func(resource-x u8);",
        "f: func(my-use u8);",
        "my-use u8;",
        "use-x u8;",
        "f: func() -> my-type oops;",
        "type t = my-type, oops;",
        "enum e { the-interface world }",
        "variant v { my-enum(u8) x(u8) }",
        "use j.{my-type other};",
        "use j.{my-use, a b};",
        "f: func(a: u8 /* type */;",
        "f: func( // a record\n b u8);",
        "@external-id(\"a type\" f: func();",
        "@external-id(\"\\q lost\") f: func();",
        "f: func(a: lost b);",
        "record r { lost u8 }",
    ] {
        for separator in ["\n", " "] {
            let text = format!(
                "package a:b;\ninterface j {{ type my-type = u8; type other = u8; }}\n\
                 interface i {{\n{first}{separator}g: func(a: lost);\n}}\n"
            );
            let errors = parse(&[("a.wit", &text)]).expect_err("two faults");
            let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
            assert!(messages.len() >= 2, "{text}{messages:?}");
            assert_eq!(messages.last(), Some(&"no type is named `lost` here"), "{text}{messages:?}");
        }
    }
}

/// A name that is not found may be defined in an item with a fault.
#[test]
fn names_in_what_is_left_out() {
    for first in [
        "record lost { a u8 }",
        "recrod lost { a: u8 }",
        "struct lost { a: u8 }",
        "record { a: u8 }",
        "type = u8;",
        "type lost u8;",
        "type lost = list<u8;",
        "use j.{my-type as };",
        "use j.{my-type lost};",
        "use j.{my-type as lost, a b};",
        "use j{lost};",
        "use .{lost};",
        "use\nj.{as lost};",
        "resource lost { a }",
        "variant v { a(u8), type lost = u8; }",
        "/* a comment\n type lost = u8;",
        "@external-id(\"a) type lost = u8;",
        "@external-id(\"https://a.b) type lost = u8;",
    ] {
        let text = format!(
            "package a:b;\ninterface j {{ type my-type = u8; }}\n\
             interface i {{\ng: func(a: lost);\n{first}\n}}\n"
        );
        let errors = parse(&[("a.wit", &text)]).expect_err("a fault");
        let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
        assert!(!messages.contains(&"no type is named `lost` here"), "{text}{messages:?}");
    }
}
