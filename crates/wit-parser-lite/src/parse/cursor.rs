//! The place in the tokens, and what every production needs of it.

use crate::ast::Docs;
use crate::error::{Error, ErrorKind, Result};
use crate::lex::{Token, TokenKind};
use crate::source::Span;

/// A place between two tokens.
///
/// Invariant: `at` is the index of a token that is not a comment; the last token is an [`TokenKind::End`], which is
/// never passed.
pub(super) struct Cursor<'a, 't> {
    tokens: &'t [Token<'a>],
    at: usize,
    /// Index after the last token passed, from which the comments before `at` are found.
    passed: usize,
    /// How many types are open around the place.
    pub(super) type_depth: u32,
}

impl<'a, 't> Cursor<'a, 't> {
    pub(super) fn new(tokens: &'t [Token<'a>]) -> Self {
        assert!(
            tokens.last().is_some_and(|token| token.kind == TokenKind::End),
            "tokens end with End, as lex has it"
        );
        let mut cursor = Self { tokens, at: 0, passed: 0, type_depth: 0 };
        cursor.at = cursor.after_comments(0);
        cursor
    }

    fn after_comments(&self, from: usize) -> usize {
        let is_comment = |kind| matches!(kind, TokenKind::Comment | TokenKind::DocComment);
        let n_comments = self.tokens[from..].iter().take_while(|token| is_comment(token.kind)).count();
        from + n_comments
    }

    fn token(&self) -> Token<'a> {
        self.tokens[self.at]
    }

    pub(super) fn kind(&self) -> TokenKind {
        self.token().kind
    }

    /// Returns the next token's text: empty at the end, never the same for a keyword and a name.
    pub(super) fn text(&self) -> &'a str {
        self.token().text
    }

    pub(super) fn span(&self) -> Span {
        self.token().span
    }

    /// Returns the place of the last token passed, or of the next one at the start.
    pub(super) fn last_span(&self) -> Span {
        self.tokens[self.passed.saturating_sub(1)].span
    }

    pub(super) fn at_end(&self) -> bool {
        self.kind() == TokenKind::End
    }

    pub(super) fn at(&self, text: &str) -> bool {
        self.text() == text
    }

    /// Returns the text of the `n`th token after the next one.
    pub(super) fn text_after(&self, n: usize) -> &'a str {
        self.nth(n).text
    }

    fn nth(&self, n: usize) -> Token<'a> {
        let mut at = self.at;
        for _ in 0..n {
            at = self.after_comments((at + 1).min(self.tokens.len() - 1));
        }
        self.tokens[at]
    }

    /// Returns whether the next `n` tokens stand without anything between them.
    pub(super) fn are_adjacent(&self, n: usize) -> bool {
        (1..n).all(|i| self.nth(i - 1).span.end == self.nth(i).span.start)
    }

    /// Returns the next token's kind, were the next `n` tokens passed.
    pub(super) fn kind_after(&self, n: usize) -> TokenKind {
        self.nth(n).kind
    }

    /// Passes the next token and returns it.
    pub(super) fn bump(&mut self) -> Token<'a> {
        let token = self.token();
        if token.kind != TokenKind::End {
            self.passed = self.at + 1;
            self.at = self.after_comments(self.passed);
        }
        token
    }

    /// Passes the next token if it is `text`, and returns whether it was.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.at(text);
        if found {
            self.bump();
        }
        found
    }

    /// Passes the next token, which must be `text`.
    pub(super) fn expect(&mut self, text: &str) -> Result<Token<'a>> {
        if self.at(text) {
            return Ok(self.bump());
        }
        if text == ";" {
            return Err(expected_after(self, "`;`"));
        }
        Err(expected(self, &format!("`{text}`")))
    }

    /// Returns the documentation comments that stand right before the next token.
    pub(super) fn docs(&self) -> Docs<'a> {
        let before = &self.tokens[self.passed..self.at];
        let docs = before.iter().filter(|token| token.kind == TokenKind::DocComment);
        Docs { comments: docs.map(|token| token.text).collect() }
    }
}

/// Returns the error that something else than the next token should stand here.
#[cold]
pub(super) fn expected(p: &Cursor<'_, '_>, what: &str) -> Error {
    Error::new(ErrorKind::Syntax, p.span(), format!("expected {what}, found {}", found(p.token())))
}

/// Returns the error that something should stand right after the last token, as with a missing `;`, which is best shown
/// there and not at the next line's first word.
#[cold]
pub(super) fn expected_after(p: &Cursor<'_, '_>, what: &str) -> Error {
    let end = p.last_span().end;
    let span = Span { start: end, end, ..p.span() };
    Error { span, ..expected(p, what) }
}

fn found(token: Token<'_>) -> String {
    // A string can be of any length.
    let text: String = token.text.chars().take(40).collect();
    match token.kind {
        TokenKind::Keyword => format!("keyword `{text}`"),
        TokenKind::Id | TokenKind::Operator | TokenKind::Integer | TokenKind::Version => format!("`{text}`"),
        TokenKind::String => "a string".to_owned(),
        TokenKind::Comment | TokenKind::DocComment => "a comment".to_owned(),
        TokenKind::End => "the end of the file".to_owned(),
    }
}

/// `item (',' item)* ','?` up to `close`, which is passed too.
pub(super) fn comma_separated<'a, 't, T>(
    p: &mut Cursor<'a, 't>,
    close: &str,
    mut item: impl FnMut(&mut Cursor<'a, 't>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut items = Vec::new();
    while !p.eat(close) {
        items.push(item(p)?);
        if !p.eat(",") {
            if p.eat(close) {
                break;
            }
            return Err(expected(p, &format!("`,` or `{close}`")));
        }
    }
    Ok(items)
}
