//! Text to tokens. Follows WIT.md, "Lexical structure".
//!
//! Tokens borrow their text from the source. Comments are tokens too, so that the gaps between
//! tokens hold only white space and nothing of a file is lost. The text of a token tells keywords,
//! operators and names apart, because a name written with `%` keeps the sign; the parser matches on
//! the text.

use crate::error::{Error, ErrorKind, MAX_ERRORS};
use crate::name::{label_fault, to_label};
use crate::source::{MARK, Sources};
use crate::span::{FileId, Span, count};

/// The kind of a [`Token`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TokenKind {
    /// A `keyword`: one of [`KEYWORDS`].
    Keyword,
    /// A kebab-case name, perhaps with a leading `%`.
    Id,
    /// Digits, an `integer`.
    Integer,
    /// The start of a version: digits, a period, digits.
    Version,
    /// A `string-literal` in quotes, with its escapes.
    String,
    /// An `operator` of the grammar, or `_`.
    Operator,
    /// A `comment`.
    Comment,
    /// A comment that starts with `///` or `/**`.
    DocComment,
    /// The end of the file.
    End,
}

/// A `token` of a file.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// Its kind.
    pub kind: TokenKind,
    /// Its text as in the file.
    pub text: &'a str,
    /// Its span.
    pub span: Span,
    /// Whether only white space precedes it in its line.
    pub starts_line: bool,
}

impl<'a> Token<'a> {
    /// Returns the name that an [`TokenKind::Id`] stands for: its text without `%`.
    pub fn name(&self) -> &'a str {
        self.text.strip_prefix('%').unwrap_or(self.text)
    }
}

/// The words that need a `%` to be names (WIT.md, "Keywords"), sorted.
///
/// `error-context` is not in that list, but it is a type like the others there.
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

/// A fault in the text, at the start of a token.
struct Fault {
    kind: ErrorKind,
    /// The number of bytes at fault.
    n_bytes: usize,
    message: String,
    help: Option<String>,
    stand_in: StandIn,
}

/// What replaces a fault of this many bytes.
enum StandIn {
    Nothing,
    Name(usize),
    EmptyString(usize),
    /// The end of the file.
    End,
}

/// The tokens of a file.
pub(crate) struct Lexed<'a> {
    pub(crate) tokens: Vec<Token<'a>>,
    pub(crate) errors: Vec<Error>,
    /// Text that is not in tokens: the contents of comments and strings that do not end.
    pub(crate) left_out: Vec<Span>,
}

/// Returns the tokens of `file`, the last of them a [`TokenKind::End`], and the faults.
///
/// Faults are characters that are not allowed, comments and strings that do not end, and names that
/// are not kebab-case. Where the intended token is clear, it takes the place of the fault.
pub fn lex(sources: &Sources, file: FileId) -> (Vec<Token<'_>>, Vec<Error>) {
    let Lexed { tokens, errors, .. } = scan(sources, file);
    (tokens, errors)
}

/// Like [`lex()`], and also returns the text that is not in tokens.
pub(crate) fn scan(sources: &Sources, file: FileId) -> Lexed<'_> {
    let text = sources.text(file);
    let span = |start: usize, end: usize| Span { file, start: count(start), end: count(end) };
    let mut errors = forbidden_characters(text, span);
    let mark = if text.starts_with(MARK) { MARK.len_utf8() } else { 0 };
    let (mut tokens, mut at) = (Vec::with_capacity(text.len() / 8), mark);
    let mut left_out = Vec::new();
    loop {
        let white = white_space(&text.as_bytes()[at..]);
        let starts_line = at == mark || white.has_line_end;
        at += white.n_bytes;
        let (kind, n_bytes) = match token(&text[at..]) {
            Ok(found) => found,
            Err(Fault { kind, n_bytes, message, help, stand_in }) => {
                if errors.len() < MAX_ERRORS {
                    let end = at + n_bytes;
                    errors.push(Error { help, ..Error::new(kind, span(at, end), message) });
                }
                match stand_in {
                    StandIn::Nothing => at += n_bytes,
                    StandIn::Name(n_bytes) => {
                        let (text, span) = (&text[at..at + n_bytes], span(at, at + n_bytes));
                        tokens.push(Token { kind: TokenKind::Id, text, span, starts_line });
                        at += n_bytes;
                    }
                    StandIn::EmptyString(n_bytes) => {
                        let span = span(at, at + n_bytes);
                        left_out.push(span);
                        tokens.push(Token { kind: TokenKind::String, text: "\"\"", span, starts_line });
                        at += n_bytes;
                    }
                    StandIn::End => {
                        left_out.push(span(at, text.len()));
                        at = text.len();
                    }
                }
                continue;
            }
        };
        let end = at + n_bytes;
        tokens.push(Token { kind, text: &text[at..end], span: span(at, end), starts_line });
        if kind == TokenKind::End {
            errors.sort_by_key(|error| error.span.start);
            return Lexed { tokens, errors, left_out };
        }
        at = end;
    }
}

/// Returns the names in `text`, which starts with a comment or string that does not end.
pub(crate) fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            // One of these signs is the mistake. Looking for the end of each comment and string
            // would take quadratic time.
            rest = rest.trim_start_matches(['/', '*', '"', ' ', '\n', '\r', '\t']);
            let (is_name, n_bytes) = match token(rest) {
                Ok((TokenKind::End, _)) => return None,
                Ok((kind, n_bytes)) => (kind == TokenKind::Id, n_bytes),
                Err(fault) => (matches!(fault.stand_in, StandIn::Name(_)), fault.n_bytes),
            };
            let (found, after) = rest.split_at(n_bytes);
            rest = after;
            if is_name {
                return Some(found.strip_prefix('%').unwrap_or(found));
            }
        }
    })
}

/// Returns a fault for each character that is not allowed anywhere.
fn forbidden_characters(text: &str, span: impl Fn(usize, usize) -> Span) -> Vec<Error> {
    // Nearly all files consist of printable ASCII and line ends, which this test accepts at once. A
    // chunk is tested without an early exit, so that the compiler can vectorize the loop.
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
    let all_plain = |chunk: &[u8]| chunk.iter().fold(true, |so_far, byte| so_far & is_plain(byte));
    if text.as_bytes().chunks(256).all(all_plain) {
        return Vec::new();
    }
    let found = text.char_indices().filter(|(_, c)| is_forbidden(*c)).take(MAX_ERRORS);
    let error = |(at, c): (usize, char)| {
        let message = format!("character U+{:04X} is not allowed in WIT files", u32::from(c));
        Error::new(ErrorKind::Character, span(at, at + c.len_utf8()), message)
    };
    found.map(error).collect()
}

/// Returns whether WIT.md bans `c` everywhere, even in comments: control codes, bidirectional
/// overrides, and characters that Unicode deprecates or strongly discourages.
pub(crate) fn is_forbidden(c: char) -> bool {
    match c {
        '\n' | '\r' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        '\u{149}' | '\u{673}' | '\u{f77}' | '\u{f79}' | '\u{17a3}' | '\u{17a4}' => true,
        '\u{17b4}' | '\u{17b5}' | '\u{206a}'..='\u{206f}' | '\u{2329}' | '\u{232a}' | '\u{e0001}' => true,
        c => c.is_control(),
    }
}

/// The `whitespace` between two tokens, comments apart.
struct WhiteSpace {
    n_bytes: usize,
    has_line_end: bool,
}

/// Returns the white space at the start of `text`.
fn white_space(text: &[u8]) -> WhiteSpace {
    let mut white = WhiteSpace { n_bytes: 0, has_line_end: false };
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(white.n_bytes) {
        white.has_line_end |= text[white.n_bytes] == b'\n';
        white.n_bytes += 1;
    }
    white
}

/// Returns the kind and length in bytes of the token at the start of `text`.
#[inline(always)] // into the loop over a file, as if it had no other caller
fn token(text: &str) -> std::result::Result<(TokenKind, usize), Fault> {
    let n_bytes = plain_label(text.as_bytes());
    if n_bytes > 0 {
        return Ok((if is_keyword(&text[..n_bytes]) { TokenKind::Keyword } else { TokenKind::Id }, n_bytes));
    }
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
        // Already reported.
        c if is_forbidden(c) => Ok((TokenKind::Comment, c.len_utf8())),
        c => Err(Fault {
            kind: ErrorKind::Character,
            n_bytes: c.len_utf8(),
            message: format!("unexpected character {c:?}"),
            help: match c {
                '?' => Some("an optional value is an `option<…>`".to_owned()),
                '[' => Some("a list is written `list<…>`".to_owned()),
                '&' => Some(
                    "a handle that is only lent is a `borrow<…>`, all else is passed by value".to_owned(),
                ),
                '#' => Some("comments start with `//`".to_owned()),
                '\'' => Some("strings stand in double quotes".to_owned()),
                MARK => Some("a byte order mark stands at the start of a file only".to_owned()),
                _ => None,
            },
            stand_in: StandIn::Nothing,
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

/// A block comment; they nest.
fn block_comment(text: &str) -> std::result::Result<(TokenKind, usize), Fault> {
    let (mut depth, mut at) = (1u32, 2);
    while depth > 0 {
        let Some(found) = text[at..].find(['*', '/']) else {
            return Err(Fault {
                kind: ErrorKind::Literal,
                n_bytes: 2,
                message: "this comment does not end".to_owned(),
                help: (depth > 1).then(|| format!("comments nest: {depth} `*/` are missing")),
                stand_in: StandIn::End,
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
    // Closing signs at the end of the line are probably not part of the string.
    let line = text.lines().next().unwrap_or(text);
    let stand_in = StandIn::EmptyString(line.trim_end_matches([')', ';', ' ']).len());
    Err(Fault { kind: ErrorKind::Literal, n_bytes: 1, message, help: None, stand_in })
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

/// Returns the length of the word at the start of `text` if it is a lower-case `label` without `%`,
/// else 0. Nearly all words are such labels and need no other check.
fn plain_label(text: &[u8]) -> usize {
    if !text.first().is_some_and(u8::is_ascii_lowercase) {
        return 0;
    }
    let is_plain = |at: usize| matches!(text.get(at), Some(b'a'..=b'z' | b'0'..=b'9'));
    let mut end = 1;
    while is_plain(end) || (text.get(end) == Some(&b'-') && is_plain(end + 1)) {
        end += 1;
    }
    let goes_on = match text.get(end) {
        Some(b'-') => text.get(end + 1) != Some(&b'>'),
        Some(byte) => byte.is_ascii_uppercase() || *byte == b'_' || !byte.is_ascii(),
        None => false,
    };
    if goes_on { 0 } else { end }
}

fn is_keyword(name: &str) -> bool {
    let Some(letter @ b'a'..=b'z') = name.as_bytes().first() else { return false };
    let letter = usize::from(letter - b'a');
    KEYWORDS[KEYWORDS_BY_LETTER[letter]..KEYWORDS_BY_LETTER[letter + 1]].contains(&name)
}

/// For each letter the index in [`KEYWORDS`] of its first keyword; at the end the number of
/// keywords.
const KEYWORDS_BY_LETTER: [usize; 27] = {
    let (mut starts, mut letter, mut at) = ([0; 27], 0u8, 0);
    while letter <= 26 {
        while at < KEYWORDS.len() && KEYWORDS[at].as_bytes()[0] < b'a' + letter {
            at += 1;
        }
        starts[letter as usize] = at;
        letter += 1;
    }
    starts
};

/// A keyword or name that starts after `prefix` bytes.
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
    if prefix == 0 && is_keyword(name) {
        return Ok((TokenKind::Keyword, end));
    }
    match label_fault(name) {
        None => Ok((TokenKind::Id, end)),
        Some(message) => {
            let help = to_label(name).map(|label| format!("write `{label}`"));
            Err(Fault { kind: ErrorKind::Name, n_bytes: end, message, help, stand_in: StandIn::Name(end) })
        }
    }
}
