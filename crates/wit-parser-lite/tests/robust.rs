//! No input makes the front end panic, hang, or report nonsense.

mod common;

use proptest::prelude::*;
use wit_parser_lite::{Options, Proposals, Resolved, parse, parse_with_options};

const SEEDS: [&str; 3] = [
    include_str!("data/kitchen.wit"),
    include_str!("../../../examples/plugin/plugin.wit"),
    "/// Docs. package
    package a:b@1.2.3-rc.1+b;
    package c:d@0.1.0 { interface i { type t = u8; resource r { m: async func() -> stream<t>; } } }
    use c:d/i@0.1.0 as j;
    interface k {
      use j.{t as %type, r};
      @since(version = 1.0.0) record s { a: map<string, list<%type, 3>>, b: tuple<own<r>, borrow<r>> }
      p: get() -> result<bool, error-context>; p: set(v: bool) -> result; g: func(v: future<u8>);
      /* c /* n */ */ @unstable(feature = x) @external-id(\"\\u{41}\\n\") f: func(s: s);
    }
    world v { import k; export l: interface { use k.{s}; } import n: k; type x = char; }
    world w { include v with { n as m, x as y } import c:d/i@0.1.0; }",
];

/// Strings with a meaning in the grammar.
const PIECES: [&str; 43] = [
    "\ninterface i {",
    "\nworld w {\n",
    "}\n",
    "package ",
    "a:b",
    "@1.0.0",
    ";",
    "{",
    "}",
    "(",
    ")",
    "<",
    ">",
    "->",
    ",",
    ":",
    ".",
    "/",
    "=",
    "@",
    "_",
    "%",
    "\"",
    "interface ",
    "world ",
    "use ",
    "import ",
    "export ",
    "include ",
    "with ",
    "as ",
    "func",
    "resource ",
    "record ",
    "list",
    "option",
    "borrow",
    "static ",
    "async ",
    "//",
    "/*",
    "*/",
    "é\u{202e}",
];

fn check(files: &[(&str, &str)]) {
    match parse(files) {
        Ok(resolved) => check_resolved(&resolved),
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(error.span.start <= error.span.end);
                assert!(!error.location.excerpt.chars().any(char::is_control), "{error}");
                assert!(error.to_string().starts_with(&error.location.file));
            }
        }
    }
}

fn check_resolved(resolved: &Resolved) {
    for (id, ty) in resolved.types() {
        let _within_its_file = resolved.sources().slice(ty.span);
        let _terminates = resolved.resource(id);
    }
    assert!(common::dump(resolved).starts_with(['p', '/']));
    #[cfg(feature = "abi")]
    {
        let types = &mut canonical_abi::types::Types::new();
        for (id, _) in resolved.types() {
            let _may_exceed_limits =
                wit_parser_lite::abi::val_type(resolved, types, wit_parser_lite::Type::Def(id));
        }
        for (id, _) in resolved.functions() {
            let _may_exceed_limits = wit_parser_lite::abi::func_type(resolved, types, id);
        }
    }
}

/// Returns `seed` with `edits` applied: each removes some characters and inserts a string.
fn mutated(seed: &str, edits: &[(prop::sample::Index, usize, String)]) -> String {
    let mut chars: Vec<char> = seed.chars().collect();
    for (at, n_removed, piece) in edits {
        let at = at.index(chars.len() + 1);
        let end = chars.len().min(at + n_removed);
        chars.splice(at..end, piece.chars());
    }
    chars.into_iter().collect()
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(&PIECES[..]).prop_map(str::to_owned),
        "[a-zA-Z0-9_%-]{0,4}",
        any::<String>()
    ]
}

proptest! {
    #[test]
    fn random_text(text in any::<String>()) {
        check(&[("a.wit", &text)]);
    }

    #[test]
    fn random_bytes(bytes in any::<Vec<u8>>()) {
        check(&[("a.wit", &String::from_utf8_lossy(&bytes))]);
    }

    #[test]
    fn random_pieces(pieces in prop::collection::vec(piece(), 0..200)) {
        check(&[("a.wit", &format!("package a:b; {}", pieces.concat()))]);
    }

    #[test]
    fn mutations(
        seed in prop::sample::select(&SEEDS[..]),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..20, piece()), 1..4),
    ) {
        check(&[("a.wit", &mutated(seed, &edits))]);
    }

    #[test]
    fn cuts(seed in prop::sample::select(&SEEDS[..]), at in any::<prop::sample::Index>()) {
        let chars: Vec<char> = seed.chars().collect();
        let (head, tail) = chars.split_at(at.index(chars.len()));
        check(&[("a.wit", &String::from_iter(head)), ("b.wit", &String::from_iter(tail))]);
    }
}

#[test]
fn seeds_are_well_formed() {
    let options = Options::default().proposals(Proposals::all());
    for seed in SEEDS {
        check_resolved(&parse_with_options(&options, &[("a.wit", seed)], &[]).unwrap());
    }
    assert!(
        parse_with_options(
            &options,
            &[("a.wit", SEEDS[0])],
            &[&[("b.wit", SEEDS[1])], &[("c.wit", SEEDS[2])]]
        )
        .is_ok()
    );
}
