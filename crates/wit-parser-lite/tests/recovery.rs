//! One slip, one message: what follows from it is not reported too.

use wit_parser_lite::lex::{Token, TokenKind, lex};
use wit_parser_lite::{Error, ErrorKind, Sources, parse};

const SEEDS: [&str; 2] =
    [include_str!("data/kitchen.wit"), include_str!("../../../examples/plugin/plugin.wit")];

/// What becomes of all texts in which one token is changed.
#[derive(Debug, Default, PartialEq)]
struct Outcomes {
    n_texts: usize,
    /// Texts with more faults than one.
    n_cascades: usize,
    /// Texts of those, in which names or types are at fault as well as the syntax.
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
            let errors = parse(&[("a.wit", &change(seed, token))]).err().unwrap_or_default();
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
    // Without its `<`, a type reads as a name, and what follows reads as another field or parameter.
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
