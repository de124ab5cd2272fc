//! The position in the tokens of a file, and what all productions need of it.

use super::lost;
use crate::ast::{Docs, LostNames};
use crate::error::{Error, ErrorKind, MAX_ERRORS, Result};
use crate::lex::{Token, TokenKind};
use crate::span::Span;

/// A position between two tokens.
///
/// Invariant: `at` is the index of a token that is not a comment. The last token is a
/// [`TokenKind::End`], which is never passed.
pub(super) struct Cursor<'a, 't> {
    tokens: &'t [Token<'a>],
    at: usize,
    /// The index after the last token passed. The comments before `at` start there.
    passed: usize,
    /// The number of types that are open around the position.
    pub(super) type_depth: u32,
    /// The number of braces that are open around the position.
    brace_depth: u32,
    pub(super) faults: Faults<'a>,
    /// The number of closing braces that were missing. They may be misplaced and come later.
    n_missing_braces: u32,
}

/// The faults so far, and what they exclude from the tree.
#[derive(Default)]
pub(super) struct Faults<'a> {
    pub(super) errors: Vec<Error>,
    /// The items that are left out.
    pub(super) skipped: Vec<Span>,
    /// The names that may be defined in them.
    pub(super) lost: LostNames<'a>,
}

/// The start of an item, for recovery, with the brace depth of its list.
#[derive(Clone, Copy)]
pub(super) struct Checkpoint {
    at: usize,
    brace_depth: u32,
}

impl<'a, 't> Cursor<'a, 't> {
    pub(super) fn new(tokens: &'t [Token<'a>]) -> Self {
        assert!(
            tokens.last().is_some_and(|token| token.kind == TokenKind::End),
            "tokens end with End, as lex has it"
        );
        let mut cursor = Self {
            tokens,
            at: 0,
            passed: 0,
            type_depth: 0,
            brace_depth: 0,
            faults: Faults::default(),
            n_missing_braces: 0,
        };
        cursor.at = cursor.after_comments(0);
        cursor
    }

    fn after_comments(&self, from: usize) -> usize {
        let mut at = from;
        while matches!(self.tokens[at].kind, TokenKind::Comment | TokenKind::DocComment) {
            at += 1;
        }
        at
    }

    fn token(&self) -> Token<'a> {
        self.tokens[self.at]
    }

    pub(super) fn kind(&self) -> TokenKind {
        self.token().kind
    }

    /// Returns the text of the next token. It is empty at the end, and differs for a keyword and a
    /// name.
    pub(super) fn text(&self) -> &'a str {
        self.token().text
    }

    pub(super) fn span(&self) -> Span {
        self.token().span
    }

    /// Returns the span of the last token passed; at the start, of the next one.
    pub(super) fn last_span(&self) -> Span {
        self.tokens[self.passed.saturating_sub(1)].span
    }

    pub(super) fn at_end(&self) -> bool {
        self.kind() == TokenKind::End
    }

    #[inline] // so that it is compared with a text known when compiling
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

    /// Returns whether there is nothing between the next `n` tokens.
    pub(super) fn are_adjacent(&self, n: usize) -> bool {
        (1..n).all(|i| self.nth(i - 1).span.end == self.nth(i).span.start)
    }

    /// Returns the kind of the `n`th token after the next one.
    pub(super) fn kind_after(&self, n: usize) -> TokenKind {
        self.nth(n).kind
    }

    /// Passes the next token and returns it.
    pub(super) fn bump(&mut self) -> Token<'a> {
        let token = self.token();
        if token.kind != TokenKind::End {
            match token.text {
                "{" => self.brace_depth += 1,
                "}" => self.brace_depth = self.brace_depth.saturating_sub(1),
                _ => {}
            }
            self.passed = self.at + 1;
            self.at = self.after_comments(self.passed);
        }
        token
    }

    /// Passes the next token if it is `text`, and returns whether it was.
    #[inline]
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.at(text);
        if found {
            self.bump();
        }
        found
    }

    /// Passes the next token, which must be `text`.
    #[inline]
    pub(super) fn expect(&mut self, text: &str) -> Result<Token<'a>> {
        if self.at(text) { Ok(self.bump()) } else { self.missing(text) }
    }

    /// Continues without the next token, which should be `text`, if the intention is clear.
    #[cold]
    fn missing(&mut self, text: &str) -> Result<Token<'a>> {
        if text == ";" {
            let error = expected_after(self, "`;`");
            // The semicolon is usually forgotten at the end of a line or block.
            if self.token().starts_line || self.at("}") || self.at_end() {
                self.report(error);
                return Ok(self.token());
            }
            return Err(error);
        }
        Err(expected(self, &format!("`{text}`")))
    }

    /// Passes the brace that opens the contents of a definition, and returns its span. If it is
    /// missing and contents seem to follow, it is taken to be there.
    pub(super) fn open_brace(&mut self) -> Result<Span> {
        if self.at("{") {
            let open = self.bump();
            if self.at("{") {
                self.report(Error::new(ErrorKind::Syntax, self.span(), "a second `{`".to_owned()));
                self.bump();
                self.brace_depth -= 1;
            }
            return Ok(open.span);
        }
        let error = expected(self, "`{`");
        let at_contents = matches!(self.kind(), TokenKind::Id | TokenKind::Keyword) || self.at("@");
        if !at_contents || self.text_after(1) == "{" && self.kind() == TokenKind::Id {
            return Err(error);
        }
        let span = error.span;
        self.report(error);
        self.brace_depth += 1;
        Ok(span)
    }

    /// Reports a fault after which the parser can continue.
    #[cold]
    pub(super) fn report(&mut self, error: Error) {
        // A second fault at the same position follows from the first.
        let errors = &mut self.faults.errors;
        let is_known = errors.last().is_some_and(|last| last.span.start == error.span.start);
        if errors.len() < MAX_ERRORS && !is_known {
            errors.push(error);
        }
    }

    /// Notes that a definition lacks its name, which may then be any.
    #[cold]
    pub(super) fn lose_any_name(&mut self) {
        self.faults.lost.is_nameless = true;
    }

    /// Reports that a brace is missing at the end of a list.
    #[cold]
    fn report_missing_brace(&mut self, error: Error) {
        // If a list around this one lacks its brace too, both faults are reported at the next
        // token, as one.
        let span = if self.at_toplevel_item() { error.span } else { expected_after(self, "`}`").span };
        self.report(Error { span, ..error });
        self.take_brace_as_there();
    }

    /// Continues as if there were a closing brace here.
    fn take_brace_as_there(&mut self) {
        self.n_missing_braces += 1;
        self.brace_depth = self.brace_depth.saturating_sub(1);
    }

    /// Returns the position, where an item starts.
    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint { at: self.at, brace_depth: self.brace_depth }
    }

    /// Passes a brace that was missing before, and returns whether there was one.
    pub(super) fn eat_missed_brace(&mut self) -> bool {
        let was_missed = self.n_missing_braces > 0 && self.eat("}");
        self.n_missing_braces -= u32::from(was_missed);
        was_missed
    }

    pub(super) fn has_moved(&self, start: Checkpoint) -> bool {
        self.at > start.at
    }

    /// Continues after a fault in the item that starts at `start`: passes the rest of the item, but
    /// neither the brace that closes the list around it nor the start of another item.
    #[cold]
    pub(super) fn recover(&mut self, start: Checkpoint, error: Error) {
        self.report(error);
        self.pass_item(start);
        self.skip_from(start);
    }

    /// Returns whether an item of an interface or world starts here, at the top level, as after an
    /// extra brace.
    pub(super) fn at_stray(&self) -> bool {
        self.at_item() && !matches!(self.text(), "package" | "interface" | "world" | "use" | "@")
    }

    /// Passes further items of this kind, and the brace that should have closed them.
    #[cold]
    pub(super) fn pass_strays(&mut self) {
        while self.at_stray() {
            let start = self.checkpoint();
            self.pass_item(start);
            self.skip_from(start);
        }
        self.eat("}");
    }

    /// Notes that the item that starts at `start` is left out.
    fn skip_from(&mut self, start: Checkpoint) {
        let (first, next) = (self.tokens[start.at].span, self.token().span);
        self.faults.skipped.push(Span { end: next.start.max(first.end), ..first });
        self.faults.lost.names.extend(lost::names(&self.tokens[start.at..self.at]));
    }

    /// Passes the rest of the item that starts at `start`.
    fn pass_item(&mut self, start: Checkpoint) {
        let ends_at_semicolon = matches!(self.tokens[start.at].text, "use" | "include");
        while !self.at_end() {
            let is_inside = self.brace_depth > start.brace_depth;
            let has_moved = self.has_moved(start);
            if !is_inside && ((has_moved && self.at_item()) || (self.at("}") && start.brace_depth > 0)) {
                return;
            }
            let token = self.bump();
            if token.text == ";" && ends_at_semicolon {
                self.brace_depth = start.brace_depth;
            }
            let is_over = self.brace_depth == start.brace_depth && matches!(token.text, ";" | "}");
            if is_over {
                while matches!(self.text(), ")" | ">" | "," | ";") {
                    self.bump();
                }
                return;
            }
        }
    }

    /// Returns whether an item seems to start here: a line that begins like one.
    fn at_item(&self) -> bool {
        let token = self.token();
        if !token.starts_line {
            return false;
        }
        match token.kind {
            // A parameter looks the same, except for its type.
            TokenKind::Id => {
                let is_func = matches!(self.text_after(2), "func" | "async" | "static" | "get" | "set");
                self.text_after(1) == ":" && is_func
            }
            TokenKind::Keyword => matches!(
                token.text,
                "package"
                    | "interface"
                    | "world"
                    | "use"
                    | "import"
                    | "export"
                    | "include"
                    | "type"
                    | "record"
                    | "variant"
                    | "enum"
                    | "flags"
                    | "resource"
                    | "constructor"
            ),
            TokenKind::Operator => token.text == "@",
            TokenKind::Integer
            | TokenKind::Version
            | TokenKind::String
            | TokenKind::Comment
            | TokenKind::DocComment
            | TokenKind::End => false,
        }
    }

    /// Returns whether an item of the enclosing list seems to start here, in a list in braces that
    /// lacks its closing brace.
    fn at_next_item(&self) -> bool {
        let is_name = self.kind() == TokenKind::Keyword && self.kind_after(1) != TokenKind::Id;
        self.at_item() && !is_name
    }

    pub(super) fn starts_line(&self) -> bool {
        self.token().starts_line
    }

    /// Returns whether an interface, world or package seems to start here. These are never inside
    /// the braces of another item, so a brace is missing.
    pub(super) fn at_toplevel_item(&self) -> bool {
        let is_item = matches!(self.text(), "interface" | "world") && self.kind_after(1) == TokenKind::Id;
        is_item && self.token().starts_line && self.text_after(2) == "{"
    }

    /// Returns the documentation comments directly before the next token.
    pub(super) fn docs(&self) -> Docs<'a> {
        let before = &self.tokens[self.passed..self.at];
        let docs = before.iter().filter(|token| token.kind == TokenKind::DocComment);
        Docs { comments: docs.map(|token| token.text).collect() }
    }
}

/// Returns the error that the grammar expects something else here.
#[cold]
pub(super) fn expected(p: &Cursor<'_, '_>, what: &str) -> Error {
    Error::new(ErrorKind::Syntax, p.span(), format!("expected {what}, found {}", found(p.token())))
}

/// Returns the error that the grammar expects something after the last token, such as a `;`. It is
/// best shown there, and not at the first word of the next line.
#[cold]
pub(super) fn expected_after(p: &Cursor<'_, '_>, what: &str) -> Error {
    let end = p.last_span().end;
    let span = Span { start: end, end, ..p.span() };
    Error { span, ..expected(p, what) }
}

/// Reports that the brace of `what` that opens at `open` is not closed.
#[cold]
pub(super) fn missing_brace(p: &mut Cursor<'_, '_>, what: &str, open: Span) {
    let error = expected(p, "`}`").note(&format!("the {what} starts here"), open);
    p.report(error);
    p.take_brace_as_there();
}

fn found(token: Token<'_>) -> String {
    // A string may be long.
    let text: String = token.text.chars().take(40).collect();
    match token.kind {
        TokenKind::Keyword => format!("keyword `{text}`"),
        TokenKind::Id | TokenKind::Operator | TokenKind::Integer | TokenKind::Version => format!("`{text}`"),
        TokenKind::String => "a string".to_owned(),
        TokenKind::Comment | TokenKind::DocComment => "a comment".to_owned(),
        TokenKind::End => "the end of the file".to_owned(),
    }
}

/// `item (',' item)* ','?` up to and including `close`.
pub(super) fn comma_separated<'a, 't, T>(
    p: &mut Cursor<'a, 't>,
    close: &str,
    mut item: impl FnMut(&mut Cursor<'a, 't>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut items = Vec::new();
    while !p.eat(close) {
        if close == "}" && p.at_next_item() {
            let error = expected(p, "`}`");
            if items.is_empty() {
                // There is too little of it to keep.
                return Err(error);
            }
            p.report_missing_brace(error);
            return Ok(items);
        }
        items.push(item(p)?);
        if !p.eat(",") {
            if p.eat(close) {
                break;
            }
            let mut error = expected(p, &format!("`,` or `{close}`"));
            if p.at(";") && close == "}" {
                error = error.help("fields and cases are separated by commas");
            }
            if close == "}" && p.at_next_item() {
                p.report_missing_brace(error);
                return Ok(items);
            }
            // A comma is missing at the end of a line.
            if p.kind() == TokenKind::Id && p.token().starts_line && p.text_after(1) != "{" {
                p.report(Error { span: expected_after(p, ",").span, ..error });
                continue;
            }
            return Err(error);
        }
    }
    Ok(items)
}
