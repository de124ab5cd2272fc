//! A call as text: a function's name, and its arguments in parentheses.

use std::fmt;
use std::ops::Range;

use wasm_wave::ast::Node;
use wasm_wave::lex::Lexer;
use wasm_wave::parser::{Parser, ParserError, ParserErrorKind};

use super::reference::{Masked, Reference, mask};

/// How much of a line an error shows on each side of the fault, in characters.
const SHOWN_CHARS: usize = 80;

/// A parsed call with untyped arguments.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    source: &'a str,
    name: &'a str,
    /// The arguments as a tuple, unless there are none.
    pub(super) args: Option<Node>,
    pub(super) masked: Masked,
}

/// A mismatch, and its position in the text.
#[derive(Debug)]
pub(crate) struct ReadError {
    pub(super) message: String,
    pub(super) span: Range<usize>,
    pub(super) source: String,
}

impl<'a> Call<'a> {
    /// Returns the function's name.
    pub(crate) fn name(&self) -> &'a str {
        self.name
    }

    /// Returns the text.
    pub(crate) fn source(&self) -> &'a str {
        self.source
    }

    /// Returns all references among the arguments.
    pub(crate) fn references(&self) -> impl Iterator<Item = &Reference> {
        self.masked.references.iter().map(|(_, reference)| reference)
    }

    /// Returns the reference that is the only argument, if it is.
    pub(crate) fn only_reference(&self) -> Option<&Reference> {
        let mut args = self.args.as_ref()?.as_tuple().ok()?;
        let reference = self.reference(args.next()?)?;
        args.next().is_none().then_some(reference)
    }

    /// Returns the reference at the place of a node.
    pub(super) fn reference(&self, node: &Node) -> Option<&Reference> {
        let span = node.span();
        let references = &self.masked.references;
        let at = references.binary_search_by_key(&span.start, |(range, _)| range.start).ok()?;
        (references[at].0 == span).then_some(&references[at].1)
    }

    /// Returns an error at the call as a whole.
    pub(crate) fn error(&self, message: String) -> ReadError {
        ReadError { message, span: 0..self.source.trim_end().len(), source: self.source.to_owned() }
    }
}

/// Parses a function's name and its arguments.
///
/// # Errors
///
/// When `text` is not of the form `name(arguments)`, with arguments in WAVE.
pub(crate) fn parse_call(text: &str) -> Result<Call<'_>, ReadError> {
    // Function names are no tokens of WAVE: `[method]r.get`, `a:b/c.f@0.3.0-rc.1`.
    let Some(open) = text.find('(') else {
        return Err(syntax_error(text, &ParserErrorKind::UnexpectedEnd.to_string(), text.len()..text.len()));
    };
    let name = text[..open].trim();
    if name.is_empty() {
        return Err(syntax_error(text, "there is no name", open..open + 1));
    }
    let masked = mask(text, open);
    let args = parse_args(text, &masked.text)?;
    Ok(Call { source: text, name, args, masked })
}

fn parse_args(source: &str, masked: &str) -> Result<Option<Node>, ReadError> {
    let mut parser = Parser::new(masked);
    let parsed = parser.parse_raw_value().and_then(|value| parser.finish().map(|()| value));
    match parsed {
        Ok(value) => Ok(Some(value.node().clone())),
        // WAVE has no empty tuple, but calls without arguments.
        Err(error) if matches!(error.kind(), ParserErrorKind::EmptyTuple) => {
            let close = error.span().end;
            match Lexer::new(&masked[close..]).spanned().next() {
                None => Ok(None),
                Some((_, span)) => {
                    let span = close + span.start..close + span.end;
                    Err(syntax_error(source, &ParserErrorKind::TrailingCharacters.to_string(), span))
                }
            }
        }
        Err(error) => Err(syntax_error(source, &what(&error), error.span())),
    }
}

fn what(error: &ParserError) -> String {
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{}{detail}", error.kind())
}

fn syntax_error(source: &str, what: &str, mut span: Range<usize>) -> ReadError {
    span.end = span.end.min(source.len());
    span.start = span.start.min(span.end);
    let message = format!("{what}, expected `function(arguments)` in WAVE");
    ReadError { message, span, source: source.to_owned() }
}

impl ReadError {
    pub(super) fn in_param(mut self, name: &str) -> Self {
        self.message = format!("parameter `{name}`: {}", self.message);
        self
    }
}

impl fmt::Display for ReadError {
    /// Prints the message, the line or what of it is near, and carets under the position.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, span, source } = self;
        // Where a comment is masked, the parser may stop within one of its characters.
        let (start, end) = (source.floor_char_boundary(span.start), source.ceil_char_boundary(span.end));
        let (before, marked, after) = (&source[..start], &source[start..end], &source[end..]);
        let before = before.rsplit('\n').next().unwrap_or_default();
        let is_cut = marked.contains('\n');
        let marked = marked.lines().next().unwrap_or_default();
        let after = if is_cut { "" } else { after.lines().next().unwrap_or_default() };

        let (before, is_cut_before) = last_chars(before);
        let (marked, is_marked_cut) = first_chars(marked);
        let (after, is_cut_after) = if is_marked_cut { ("", false) } else { first_chars(after) };
        let dots = |is_cut: bool| if is_cut { "…" } else { "" };
        let (start, middle, end) = (dots(is_cut_before), dots(is_marked_cut), dots(is_cut_after));
        let n_before = start.chars().count() + before.chars().count();
        write!(
            f,
            "{message}\n  {start}{before}{marked}{middle}{after}{end}\n  {}{}",
            " ".repeat(n_before),
            "^".repeat(marked.chars().count().max(1))
        )
    }
}

/// Returns the last characters, and whether there are more.
fn last_chars(text: &str) -> (&str, bool) {
    match text.char_indices().rev().nth(SHOWN_CHARS) {
        Some((at, c)) => (&text[at + c.len_utf8()..], true),
        None => (text, false),
    }
}

/// Returns the first characters, and whether there are more.
fn first_chars(text: &str) -> (&str, bool) {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((at, _)) => (&text[..at], true),
        None => (text, false),
    }
}

impl std::error::Error for ReadError {}
