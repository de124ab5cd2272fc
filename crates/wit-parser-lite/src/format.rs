//! A formatter of WIT text that keeps comments.
//!
//! It works on tokens, so that nothing is lost. Only the comma after the last entry of a list may
//! come or go: it is written exactly if the list takes several lines. Braces open blocks with one
//! entry a line, except those of `use`, which stay in one line if they fit, as parentheses do.
//! Empty lines between entries are kept, several as one.

use crate::error::Errors;
use crate::lex::{Token, TokenKind, lex};
use crate::parse::wit_file;
use crate::source::Sources;

/// The width in columns above which the lists of a line are broken up.
pub const MAX_WIDTH: usize = 100;

/// Returns `text` formatted. `name` is the file's name for errors.
///
/// Formatting the result again does not change it, and it parses to the same tree.
///
/// # Errors
///
/// All syntax errors.
pub fn format(name: &str, text: &str) -> Result<String, Errors> {
    let mut sources = Sources::default();
    let file = sources.add(name, text).map_err(|error| Errors::new(vec![error]))?;
    let (tokens, mut errors) = lex(&sources, file);
    errors.extend(wit_file(file, &tokens).1);
    if !errors.is_empty() {
        let located = errors.into_iter().map(|error| sources.located(error));
        return Err(Errors::new(located.collect()));
    }
    let mut f = Formatter { text, tokens: &tokens, at: 0, out: String::with_capacity(text.len()), depth: 0 };
    f.items();
    let out = f.out.trim_end();
    Ok(if out.is_empty() { String::new() } else { format!("{out}\n") })
}

struct Formatter<'a> {
    text: &'a str,
    tokens: &'a [Token<'a>],
    at: usize,
    out: String,
    depth: usize,
}

impl<'a> Formatter<'a> {
    fn token(&self) -> Token<'a> {
        self.tokens[self.at]
    }

    /// Returns the number of line ends before the next token.
    fn n_lines_before(&self) -> usize {
        let start = if self.at == 0 { 0 } else { self.tokens[self.at - 1].span.end as usize };
        let gap = &self.text[start..self.token().span.start as usize];
        gap.matches('\n').count()
    }

    /// Returns the index of the bracket that closes the one at `open`.
    fn close_of(&self, open: usize) -> usize {
        let mut depth = 0usize;
        for (index, token) in self.tokens.iter().enumerate().skip(open) {
            match (token.kind, token.text) {
                (TokenKind::Operator, "(" | "{" | "<") => depth += 1,
                (TokenKind::Operator, ")" | "}" | ">") => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return index;
            }
        }
        unreachable!("the text parses, so its brackets match")
    }

    /// The entries of a file or block, up to the closing brace or the end.
    fn items(&mut self) {
        let mut is_first = true;
        while self.token().kind != TokenKind::End && self.token().text != "}" {
            if !is_first && self.n_lines_before() > 1 {
                self.out.push('\n');
            }
            is_first = false;
            self.item();
        }
    }

    /// One entry, or a comment between entries, with the comments after it in its line.
    fn item(&mut self) {
        self.indent();
        let colons = if matches!(self.token().text, "package" | "use" | "import" | "export" | "include") {
            Colons::Paths
        } else {
            Colons::Types
        };
        let (mut before, mut angle_depth): (Option<Token<'a>>, u32) = (None, 0);
        loop {
            let token = self.token();
            if token.kind == TokenKind::End || (token.text == "}" && token.kind == TokenKind::Operator) {
                // The last entry of a list without its comma.
                if before.is_some_and(|token| token.text != "," && !is_comment(token)) {
                    self.add_comma(before);
                }
                self.end_line();
                return;
            }
            if is_comment(token) {
                if self.comment_ends_entry(before) {
                    return;
                }
                before = Some(token);
                continue;
            }
            if before.is_some_and(|before| needs_space(before, token, colons))
                && !self.out.ends_with([' ', '\n'])
            {
                self.out.push(' ');
            }
            self.at += 1;
            match token.text {
                "{" if token.kind == TokenKind::Operator => {
                    let is_inline = before.is_some_and(|before| before.text == ".");
                    self.at -= 1;
                    if is_inline {
                        self.list();
                    } else if self.block() {
                        self.trailing_comment();
                        self.end_line();
                        return;
                    }
                    before = Some(self.tokens[self.at - 1]);
                    continue;
                }
                "(" => {
                    self.at -= 1;
                    self.list();
                    before = Some(self.tokens[self.at - 1]);
                    if self.ends_gate() {
                        self.end_line();
                        return;
                    }
                    continue;
                }
                "," | ";" if angle_depth == 0 && token.kind == TokenKind::Operator => {
                    self.out.push_str(token.text);
                    self.trailing_comment();
                    self.end_line();
                    return;
                }
                _ => {
                    match token.text {
                        "<" => angle_depth += 1,
                        ">" => angle_depth -= 1,
                        _ => {}
                    }
                    self.out.push_str(token.text);
                }
            }
            before = Some(token);
        }
    }

    /// Writes the comment after `before` in an entry, and returns whether it ends the entry.
    fn comment_ends_entry(&mut self, before: Option<Token<'a>>) -> bool {
        let Some(before) = before else {
            self.push_comment(self.token());
            self.end_line();
            return true;
        };
        if !is_comment(before) && self.after_comments().text == "}" {
            self.out.push(',');
            self.trailing_comment();
            self.end_line();
            return true;
        }
        self.inner_comment(self.token());
        false
    }

    /// Returns whether a gate was written last. It has a line of its own.
    fn ends_gate(&self) -> bool {
        let line = self.out.rsplit('\n').next().unwrap_or(&self.out);
        let is_over = !matches!(self.token().text, ";" | ",");
        is_over && line.trim_start().starts_with('@')
    }

    /// A block in braces. Returns whether it ends its entry.
    fn block(&mut self) -> bool {
        let close = self.close_of(self.at);
        self.out.push('{');
        self.at += 1;
        if self.at == close {
            self.out.push('}');
        } else {
            self.trailing_comment();
            self.end_line();
            self.depth += 1;
            self.items();
            self.depth -= 1;
            self.indent();
            self.out.push('}');
        }
        self.at = close + 1;
        if matches!(self.token().text, ";" | ",") {
            self.out.push_str(self.token().text);
            self.at += 1;
        }
        true
    }

    /// A list in brackets: in one line if it fits and has no comment.
    fn list(&mut self) {
        let (open, close) = (self.at, self.close_of(self.at));
        let inside = &self.tokens[open + 1..close];
        let column = self.out.len() - self.out.rfind('\n').map_or(0, |at| at + 1);
        let flat = flat(inside);
        let ends = |token: &&Token<'_>| matches!(token.text, ";" | "{" | "}" | ",") || is_comment(**token);
        let rest = self.tokens[close..].iter().take_while(|token| !ends(token));
        let rest: usize = rest.map(|token| token.text.len() + 1).sum();
        let has_comment = inside.iter().any(|token| is_comment(*token));
        // The payload of a case and the field of a gate are not lists.
        let before = self.tokens[open.saturating_sub(1)].text;
        let is_list =
            self.tokens[open].text == "{" || matches!(before, "func" | "constructor" | "get" | "set");
        let fits = !has_comment && (inside.len() < 2 || column + flat.len() + 2 + rest <= MAX_WIDTH);
        if fits || !is_list {
            self.out.push_str(self.tokens[open].text);
            self.out.push_str(&flat);
            self.out.push_str(self.tokens[close].text);
            self.at = close + 1;
            return;
        }
        self.out.push_str(self.tokens[open].text);
        self.at = open + 1;
        self.trailing_comment();
        self.end_line();
        self.depth += 1;
        while self.at < close {
            self.list_entry(close);
        }
        self.depth -= 1;
        self.indent();
        self.out.push_str(self.tokens[close].text);
        self.at = close + 1;
    }

    /// One entry of a list that takes several lines.
    fn list_entry(&mut self, close: usize) {
        self.indent();
        if is_comment(self.token()) {
            self.push_comment(self.token());
            self.end_line();
            return;
        }
        let (mut depth, mut before) = (0usize, None::<Token<'a>>);
        // Where the comments around the position end, so that a run of them is passed once.
        let mut comments_end = 0;
        while self.at < close {
            let token = self.token();
            if is_comment(token) {
                if self.at >= comments_end {
                    comments_end = self.comments_end();
                }
                if depth == 0 && comments_end == close {
                    break;
                }
                self.inner_comment(token);
                before = Some(token);
                continue;
            }
            match token.text {
                "(" | "<" => depth += 1,
                ")" | ">" => depth -= 1,
                _ => {}
            }
            if token.text == "," && depth == 0 {
                break;
            }
            if before.is_some_and(|before| needs_space(before, token, Colons::Types))
                && !self.out.ends_with([' ', '\n'])
            {
                self.out.push(' ');
            }
            self.out.push_str(token.text);
            before = Some(token);
            self.at += 1;
        }
        self.add_comma(before);
        if self.at < close && self.token().text == "," {
            self.at += 1;
        }
        self.trailing_comment();
        self.end_line();
    }

    /// Returns the index of the next token that is not a comment.
    fn comments_end(&self) -> usize {
        self.at + self.tokens[self.at..].iter().take_while(|token| is_comment(**token)).count()
    }

    fn after_comments(&self) -> Token<'a> {
        self.tokens[self.comments_end()]
    }

    /// Adds the comma after an entry: in a line of its own if the entry ends with a comment.
    fn add_comma(&mut self, last: Option<Token<'a>>) {
        match last {
            Some(token) if is_comment(token) => {
                self.indent();
                self.out.push(',');
            }
            Some(_) | None => self.out.push(','),
        }
    }

    /// A comment within an entry.
    fn inner_comment(&mut self, token: Token<'a>) {
        if !self.out.ends_with([' ', '\n']) {
            self.out.push(' ');
        }
        if self.out.ends_with('\n') {
            self.indent();
        }
        self.push_comment(token);
        if token.text.starts_with("//") {
            self.end_line();
            self.indent();
            self.out.push_str("  ");
        }
    }

    /// A comment at the end of the line.
    fn trailing_comment(&mut self) {
        while is_comment(self.token()) && self.n_lines_before() == 0 {
            let token = self.token();
            if !self.out.ends_with(' ') {
                self.out.push(' ');
            }
            self.push_comment(token);
            if token.text.starts_with("//") {
                return;
            }
        }
    }

    fn push_comment(&mut self, token: Token<'a>) {
        push_comment_text(&mut self.out, token);
        self.at += 1;
    }

    fn indent(&mut self) {
        if self.out.is_empty() || self.out.ends_with('\n') {
            self.out.extend(std::iter::repeat_n(' ', 2 * self.depth));
        }
    }

    fn end_line(&mut self) {
        let n_bytes = self.out.trim_end_matches(' ').len();
        self.out.truncate(n_bytes);
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }
}

fn is_comment(token: Token<'_>) -> bool {
    matches!(token.kind, TokenKind::Comment | TokenKind::DocComment)
}

/// Writes a comment. Whatever its file has for line ends, they become `\n`.
fn push_comment_text(out: &mut String, token: Token<'_>) {
    for (index, line) in token.text.trim_end().split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out.push_str(line.trim_end_matches('\r'));
    }
}

/// Returns tokens in one line, without a trailing comma.
fn flat(tokens: &[Token<'_>]) -> String {
    let n_tokens = tokens.len() - usize::from(tokens.last().is_some_and(|token| token.text == ","));
    let mut out = String::new();
    for (index, token) in tokens[..n_tokens].iter().enumerate() {
        if index > 0 && needs_space(tokens[index - 1], *token, Colons::Types) {
            out.push(' ');
        }
        if is_comment(*token) {
            push_comment_text(&mut out, *token);
        } else {
            out.push_str(token.text);
        }
        if token.text.starts_with("//") {
            out.push('\n');
        }
    }
    out
}

/// The meaning of a colon with no space after it: `a:b/c` is a path, `a: b` a name and its type.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Colons {
    /// It is part of a path.
    Paths,
    /// It precedes a type.
    Types,
}

/// Returns whether there is a space between two tokens of a line.
fn needs_space(before: Token<'_>, after: Token<'_>, colons: Colons) -> bool {
    if is_comment(before) || is_comment(after) {
        return true;
    }
    let is_path =
        colons == Colons::Paths && before.span.end == after.span.start && after.kind == TokenKind::Id;
    match (before.text, after.text) {
        (_, "," | ";" | ")" | ">" | "<" | "(") | ("(" | "<" | "@", _) => false,
        (":", _) => !is_path,
        (_, ":") | (_, "." | "/" | "@") | ("." | "/", _) => false,
        _ => true,
    }
}
