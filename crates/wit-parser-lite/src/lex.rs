//! Text to tokens. Follows WIT.md, "Lexical structure".
//!
//! Tokens borrow their text from the source and comments are tokens, so nothing of a file is lost: the gaps between
//! tokens hold only white space. A keyword, operator or name is told apart by its text alone (a name written with `%`
//! keeps the sign in its text), which is what the parser matches on.

use crate::error::{Error, ErrorKind, Result};
use crate::name::{label_fault, to_label};
use crate::source::{FileId, Sources, Span, count};

/// What sort of token a [`Token`] is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TokenKind {
    /// One of [`KEYWORDS`].
    Keyword,
    /// A kebab-case name, perhaps with a leading `%`.
    Id,
    /// Digits.
    Integer,
    /// Something that starts like a version: digits, a period, digits.
    Version,
    /// A string in quotes, escapes not yet decoded.
    String,
    /// An operator of the grammar, or `_`.
    Operator,
    /// A comment.
    Comment,
    /// A comment that starts with `///` or `/**`.
    DocComment,
    /// The end of the file.
    End,
}

/// One token of a file.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// What sort of token it is.
    pub kind: TokenKind,
    /// Its text as it stands in the file.
    pub text: &'a str,
    /// Its place.
    pub span: Span,
}

impl<'a> Token<'a> {
    /// Returns the name that an [`TokenKind::Id`] stands for: its text without `%`.
    pub fn name(&self) -> &'a str {
        self.text.strip_prefix('%').unwrap_or(self.text)
    }
}

/// The words that need a `%` to be names (WIT.md, "Keywords"), sorted.
///
/// `error-context` is not in the section's list, but it is a type like the others there.
pub const KEYWORDS: [&str; 43] = [
    "as",
    "async",
    "bool",
    "borrow",
    "char",
    "constructor",
    "enum",
    "error-context",
    "export",
    "f32",
    "f64",
    "flags",
    "from",
    "func",
    "future",
    "import",
    "include",
    "interface",
    "list",
    "map",
    "option",
    "own",
    "package",
    "record",
    "resource",
    "result",
    "s16",
    "s32",
    "s64",
    "s8",
    "static",
    "stream",
    "string",
    "tuple",
    "type",
    "u16",
    "u32",
    "u64",
    "u8",
    "use",
    "variant",
    "with",
    "world",
];

/// A fault in the text, with its place relative to where the token starts.
struct Fault {
    kind: ErrorKind,
    start: usize,
    end: usize,
    message: String,
    help: Option<String>,
}

/// Returns the tokens of `file`, the last of them an [`TokenKind::End`].
///
/// # Errors
///
/// The first character that may not stand where it stands, comment or string that does not end, or name that is not
/// kebab-case.
pub fn lex(sources: &Sources, file: FileId) -> Result<Vec<Token<'_>>> {
    let text = sources.text(file);
    let span = |start: usize, end: usize| Span { file, start: count(start), end: count(end) };
    if let Some((at, c)) = text.char_indices().find(|(_, c)| is_forbidden(*c)) {
        let message = format!("character U+{:04X} is not allowed in WIT files", u32::from(c));
        return Err(Error::new(ErrorKind::Character, span(at, at + c.len_utf8()), message));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at += white_space(&text[at..]);
        match token(&text[at..]) {
            Ok((kind, n_bytes)) => {
                let end = at + n_bytes;
                tokens.push(Token { kind, text: &text[at..end], span: span(at, end) });
                if kind == TokenKind::End {
                    return Ok(tokens);
                }
                at = end;
            }
            Err(fault) => {
                let mut error = Error::new(fault.kind, span(at + fault.start, at + fault.end), fault.message);
                error.help = fault.help;
                return Err(error);
            }
        }
    }
}

/// Returns whether WIT.md bans `c` everywhere, comments included: control codes, bidirectional overrides, and what
/// Unicode deprecates or strongly discourages.
fn is_forbidden(c: char) -> bool {
    match c {
        '\n' | '\r' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        '\u{149}' | '\u{673}' | '\u{f77}' | '\u{f79}' | '\u{17a3}' | '\u{17a4}' => true,
        '\u{17b4}' | '\u{17b5}' | '\u{206a}'..='\u{206f}' | '\u{2329}' | '\u{232a}' | '\u{e0001}' => true,
        c => c.is_control(),
    }
}

/// Returns how many bytes of white space (comments aside) `text` starts with.
fn white_space(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\n', '\r', '\t']).len()
}

/// Returns the kind and length in bytes of the token that `text` starts with.
fn token(text: &str) -> std::result::Result<(TokenKind, usize), Fault> {
    let Some(first) = text.chars().next() else { return Ok((TokenKind::End, 0)) };
    match first {
        '/' if text.starts_with("//") => Ok(line_comment(text)),
        '/' if text.starts_with("/*") => block_comment(text),
        '-' if text.starts_with("->") => Ok((TokenKind::Operator, 2)),
        '=' | ',' | ':' | ';' | '(' | ')' | '{' | '}' | '<' | '>' | '*' | '/' | '.' | '@' => {
            Ok((TokenKind::Operator, 1))
        }
        '"' => string_literal(text),
        '0'..='9' => number(text),
        '%' => word(text, 1),
        c if is_word(c) => word(text, 0),
        c => Err(Fault {
            kind: ErrorKind::Character,
            start: 0,
            end: c.len_utf8(),
            message: format!("unexpected character {c:?}"),
            help: None,
        }),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

fn line_comment(text: &str) -> (TokenKind, usize) {
    let n_bytes = text.find('\n').unwrap_or(text.len());
    let is_doc = text.starts_with("///") && !text.starts_with("////");
    (if is_doc { TokenKind::DocComment } else { TokenKind::Comment }, n_bytes)
}

/// A block comment, in which further ones may nest.
fn block_comment(text: &str) -> std::result::Result<(TokenKind, usize), Fault> {
    let (mut depth, mut at) = (1u32, 2);
    while depth > 0 {
        let Some(found) = text[at..].find(['*', '/']) else {
            return Err(Fault {
                kind: ErrorKind::Literal,
                start: 0,
                end: 2,
                message: "this comment does not end".to_owned(),
                help: (depth > 1).then(|| format!("comments nest: {depth} `*/` are missing")),
            });
        };
        at += found;
        if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else {
            at += 1;
        }
    }
    let is_doc = text.starts_with("/**") && at > 4 && !text.starts_with("/***");
    Ok((if is_doc { TokenKind::DocComment } else { TokenKind::Comment }, at))
}

fn string_literal(text: &str) -> std::result::Result<(TokenKind, usize), Fault> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((TokenKind::String, at + 1)),
            '\n' => break,
            '\\' => _ = chars.next(),
            _ => {}
        }
    }
    let message = "this string does not end on its line".to_owned();
    Err(Fault { kind: ErrorKind::Literal, start: 0, end: 1, message, help: None })
}

fn number(text: &str) -> std::result::Result<(TokenKind, usize), Fault> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let is_version_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+');
    let goes_on = |rest: &str| rest.starts_with('.') && rest[1..].starts_with(is_version_char);
    if goes_on(&text[digits..]) {
        let mut at = digits;
        loop {
            let rest = &text[at..];
            if rest.starts_with(is_version_char) || goes_on(rest) {
                at += 1;
            } else {
                return Ok((TokenKind::Version, at));
            }
        }
    }
    match text[digits..].starts_with(is_word) {
        true => word(text, 0),
        false => Ok((TokenKind::Integer, digits)),
    }
}

/// A keyword or name, which starts after `prefix` bytes.
fn word(text: &str, prefix: usize) -> std::result::Result<(TokenKind, usize), Fault> {
    let mut end = prefix;
    for c in text[prefix..].chars() {
        if !is_word(c) || text[end..].starts_with("->") {
            break;
        }
        end += c.len_utf8();
    }
    let name = &text[prefix..end];
    if prefix == 0 && name == "_" {
        return Ok((TokenKind::Operator, end));
    }
    if prefix == 0 && KEYWORDS.contains(&name) {
        return Ok((TokenKind::Keyword, end));
    }
    match label_fault(name) {
        None => Ok((TokenKind::Id, end)),
        Some(message) => {
            let help = to_label(name).map(|label| format!("write `{label}`"));
            Err(Fault { kind: ErrorKind::Name, start: 0, end, message, help })
        }
    }
}
