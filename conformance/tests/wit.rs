//! `wit-parser-lite` against the reference: the tests that the registry package `wit-parser`
//! carries, and its resolver.
//!
//! Every positive is accepted and resolves to the same structure, every negative is rejected. What
//! differs stands in the tables here with its reason; a line that no longer holds is a failure too.

#![forbid(unsafe_code)]

#[path = "wit/binary.rs"]
mod binary;
#[path = "wit/corpus.rs"]
mod corpus;
#[path = "wit/random.rs"]
mod random;
#[path = "wit/structure.rs"]
mod structure;
#[path = "wit/wasi.rs"]
mod wasi;

use corpus::{assemble, our_json, our_resolved, ours, suite, tests, theirs};
use structure::{PLAIN_COMMENTS, by_name, compare, differences};
use wit_parser_lite::format::format;
use wit_parser_lite::lex::{Token, TokenKind, lex};
use wit_parser_lite::print::print;
use wit_parser_lite::{
    Features, Options, Proposals, Sources, json::json as to_json, load::Tree, parse_with_options,
};

/// How many tests the package carries, so that one that lost files on the way cannot pass.
const N_POSITIVE: usize = 78;
const N_NEGATIVE: usize = 187;

#[test]
fn positives_resolve_to_the_same_structure() {
    let (mut n_tests, mut problems) = (0, Vec::new());
    for (name, path) in tests(&suite()) {
        n_tests += 1;
        match ours(&path) {
            Err(error) => problems.push(format!("{name} is rejected: {error}")),
            Ok(ours) => {
                let (differences, n_listed) = differences(&name, &by_name(&theirs(&path)), &by_name(&ours));
                if PLAIN_COMMENTS.contains(&name.as_str()) && n_listed == 0 {
                    problems.push(format!("{name} has the same documentation: take it off the list"));
                }
                problems.extend(differences);
            }
        }
    }
    assert_eq!(n_tests, N_POSITIVE);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn negatives_are_rejected() {
    let tests = tests(&suite().join("parse-fail"));
    assert_eq!(tests.len(), N_NEGATIVE);
    let accepted: Vec<_> =
        tests.iter().filter(|(_, path)| ours(path).is_ok()).map(|(name, _)| name).collect();
    assert!(accepted.is_empty(), "{accepted:?}");
}

#[test]
fn printing_keeps_the_structure() {
    let (mut n_tests, mut problems) = (0, Vec::new());
    for (name, path) in tests(&suite()) {
        let before = our_resolved(&path).expect("a positive");
        n_tests += 1;
        let printed = print(&before);
        match parse_with_options(
            &Options::default().features(Features::All).proposals(Proposals::all()),
            &[("printed.wit", &printed)],
            &[],
        ) {
            Ok(after) => {
                let mut differences =
                    compare(&name, &by_name(&our_json(&before)), &by_name(&our_json(&after)));
                // Text has no way to say it.
                differences.retain(|line| !line.contains("/clone_of: only theirs"));
                problems.extend(differences);
                if format("printed.wit", &printed).as_ref() != Ok(&printed) {
                    problems.push(format!("{name} is not printed as files are formatted:\n{printed}"));
                }
                if print(&after) != printed {
                    problems.push(format!("{name} is printed differently the second time"));
                }
            }
            Err(errors) => problems.push(format!("{name}: {}", errors[0])),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(n_tests, N_POSITIVE);
}

/// Returns the comments of a file, without the white space at the starts and ends of their lines.
fn comments_in(name: &str, text: &str) -> Vec<String> {
    let mut sources = Sources::default();
    let file = sources.add(name, text).expect("a file of usual size");
    let (tokens, _) = lex(&sources, file);
    let is_comment = |token: &&Token<'_>| matches!(token.kind, TokenKind::Comment | TokenKind::DocComment);
    let text = |token: &Token<'_>| token.text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    tokens.iter().filter(is_comment).map(text).collect()
}

#[test]
fn formatting_keeps_the_structure() {
    let mut n_files = 0;
    for (name, path) in tests(&suite()) {
        let mut tree = Tree::load_with(&path, &assemble).expect("a positive");
        let options = Options::default().features(Features::only(["active"])).proposals(Proposals::all());
        let before = tree.parse_with_options(&options).expect("a positive");
        for (file, text) in tree.files.iter_mut().chain(tree.dependencies.iter_mut().flatten()) {
            let comments = comments_in(file, text);
            *text = format(file, text).expect("a positive");
            assert_eq!(comments_in(file, text), comments, "{name} loses comments");
            assert_eq!(
                format(file, text).as_deref(),
                Ok(text.as_str()),
                "{name} changes when formatted again"
            );
            n_files += 1;
        }
        let after = tree.parse_with_options(&options).expect("formatting breaks nothing");
        assert_eq!(to_json(&before), to_json(&after), "{name}");
    }
    assert!(n_files >= N_POSITIVE, "{n_files} files");
}
