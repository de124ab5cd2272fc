//! Properties that hold for any input. Fuzzers check them, and tests do with random edits.

use crate::format::format;
use crate::json::json;
use crate::{Error, Errors, Features, Options, Proposals, Resolved, Type, parse_with_options};

/// The line that separates the packages of one input.
pub const SEPARATOR: &str = "\n//// package\n";

/// Parses `text` as packages, the main package first, and checks that the result is consistent.
///
/// # Panics
///
/// When a property does not hold.
pub fn check(text: &str) {
    let texts: Vec<&str> = text.split(SEPARATOR).collect();
    let resolved = resolve(&texts, &Features::All);
    check_result(&resolved);
    check_result(&resolve(&texts, &Features::default()));
    let formatted: Result<Vec<String>, _> = texts.iter().map(|text| format("p.wit", text)).collect();
    let Ok(formatted) = formatted else {
        assert!(resolved.is_err(), "what does not parse cannot be resolved");
        return;
    };
    for text in &formatted {
        let again = format("p.wit", text);
        assert_eq!(again.as_ref(), Ok(text), "formatting twice is formatting once");
    }
    let formatted: Vec<&str> = formatted.iter().map(String::as_str).collect();
    let again = resolve(&formatted, &Features::All);
    assert_eq!(
        resolved.as_ref().map(json).ok(),
        again.as_ref().map(json).ok(),
        "formatting keeps the meaning: {formatted:?}"
    );
}

fn resolve(texts: &[&str], features: &Features) -> Result<Resolved, Errors> {
    let groups: Vec<[(&str, &str); 1]> = texts.iter().map(|text| [("p.wit", *text)]).collect();
    let groups: Vec<&[_]> = groups.iter().map(|group| group.as_slice()).collect();
    let (main, dependencies) = groups.split_first().expect("a split yields at least one part");
    let options = Options::default().features(features.clone()).proposals(Proposals::all());
    parse_with_options(&options, main, dependencies)
}

fn check_result(result: &Result<Resolved, Errors>) {
    match result {
        Ok(resolved) => check_resolved(resolved),
        Err(errors) => {
            assert!((1..=crate::MAX_ERRORS).contains(&errors.len()), "{} errors", errors.len());
            errors.iter().for_each(check_error);
        }
    }
}

fn check_error(error: &Error) {
    assert!(error.span.start <= error.span.end, "{error}");
    // Printed text cannot control a terminal.
    assert!(!error.location.excerpt.chars().any(char::is_control), "{error}");
    assert!(!error.message.chars().any(char::is_control), "{error}");
    assert!(error.to_string().starts_with(&error.location.file), "{error}");
}

fn check_resolved(resolved: &Resolved) {
    for (id, ty) in resolved.types() {
        let _lies_in_its_file = resolved.sources().slice(ty.span);
        let _terminates = (resolved.resource(id), resolved.dealias(Type::Def(id)));
    }
    for (_, function) in resolved.functions() {
        let _lies_in_its_file = resolved.sources().slice(function.span);
    }
    #[cfg(feature = "abi")]
    {
        let types = &mut canonical_abi::types::Types::new();
        for (id, _) in resolved.types() {
            let _may_exceed_limits = crate::abi::val_type(resolved, types, Type::Def(id));
        }
        for (id, _) in resolved.functions() {
            let _may_exceed_limits = crate::abi::func_type(resolved, types, id);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lex::lex;
    use crate::source::Sources;

    const SEEDS: [&str; 3] = [
        include_str!("../tests/data/kitchen.wit"),
        include_str!("../../../examples/plugin/plugin.wit"),
        "/* a */ package a:b@1.2.3-rc.1+b; // c
        package c:d@0.1.0 { interface i { type t = u8; resource r { m: async func() -> stream<t>; } } }
        use c:d/i@0.1.0 as j;
        interface k {
          use j.{t as %type, r};
          @since(version = 1.0.0) record s { a: map<string, list<%type, 3>>, b: tuple<own<r>, borrow<r>> }
          p: get() -> result<bool, error-context>; p: set(v: bool) -> result; g: func(v: future<u8>);
          /* c /* n */ */ @unstable(feature = x) @external-id(\"\\u{41}\\n\") f: func(s: s);
        }
        world v { import k; export l: interface { use k.{s}; } import n: k; type x = char; }
        world w { include v with { n as m, x as y } import c:d/i@0.1.0; }
//// package
package e:f; interface g {}",
    ];

    /// Returns the texts of all seeds' tokens, comments among them.
    fn tokens() -> Vec<&'static str> {
        let mut texts = Vec::new();
        for seed in SEEDS {
            let mut sources = Sources::default();
            let file = sources.add("a.wit", seed).expect("the seed is small");
            for token in lex(&sources, file).0 {
                texts.push(&seed[token.span.start as usize..token.span.end as usize]);
            }
        }
        texts
    }

    #[test]
    fn seeds() {
        for seed in SEEDS {
            check(seed);
        }
    }

    proptest! {
        #[test]
        fn random_text(text in any::<String>()) {
            check(&text);
        }

        #[test]
        fn random_tokens(tokens in prop::collection::vec(prop::sample::select(tokens()), 0..60)) {
            check(&format!("package a:b;\n{}", tokens.join(" ")));
        }

        /// Some tokens of a seed, each replaced by others.
        #[test]
        fn edited_seeds(
            seed in prop::sample::select(&SEEDS[..]),
            edits in prop::collection::vec(
                (any::<prop::sample::Index>(), prop::collection::vec(prop::sample::select(tokens()), 0..3)),
                1..4,
            ),
        ) {
            let mut sources = Sources::default();
            let file = sources.add("a.wit", seed).expect("the seed is small");
            let places: Vec<_> = lex(&sources, file).0.iter().map(|token| token.span).collect();
            let mut edits: Vec<_> =
                edits.iter().map(|(place, tokens)| (places[place.index(places.len())], tokens)).collect();
            edits.sort_by_key(|(span, _)| span.start);
            let mut text = seed.to_owned();
            for (span, tokens) in edits.iter().rev() {
                let end = (span.end as usize).min(text.len());
                text.replace_range((span.start as usize).min(end)..end, &format!(" {} ", tokens.join(" ")));
            }
            check(&text);
        }
    }
}
