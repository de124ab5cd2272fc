//! Text to tokens. Follows WIT.md, "Lexical structure".
//!
//! Tokens borrow their text from the source and comments are tokens, so nothing of a file is lost: the gaps between
//! tokens hold only white space. A keyword, operator or name is told apart by its text alone (a name written with `%`
//! keeps the sign in its text), which is what the parser matches on.

use crate::error::{Error, ErrorKind};
use crate::name::{label_fault, to_label};
use crate::resolve::MAX_ERRORS;
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
    /// Whether nothing but white space stands before it in its line.
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

/// A fault in the text, from where the token starts.
struct Fault {
    kind: ErrorKind,
    /// How many bytes are at fault.
    n_bytes: usize,
    message: String,
    help: Option<String>,
    stand_in: StandIn,
}

/// What stands in the place of a fault of so many bytes.
enum StandIn {
    Nothing,
    Name(usize),
    EmptyString(usize),
    /// The end of the file.
    End,
}

/// Returns the tokens of `file`, the last of them an [`TokenKind::End`].
///
/// The second part of what it returns are the faults: characters that may not stand where they stand, comments and
/// strings that do not end, names that are not kebab-case. A token takes the place of each that reads as what was meant.
pub fn lex(sources: &Sources, file: FileId) -> (Vec<Token<'_>>, Vec<Error>) {
    let text = sources.text(file);
    let span = |start: usize, end: usize| Span { file, start: count(start), end: count(end) };
    let mut errors = forbidden_characters(text, span);
    let (mut tokens, mut at) = (Vec::with_capacity(text.len() / 8), 0);
    loop {
        let white = white_space(&text.as_bytes()[at..]);
        let starts_line = at == 0 || white.has_line_end;
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
                        tokens.push(Token { kind: TokenKind::String, text: "\"\"", span, starts_line });
                        at += n_bytes;
                    }
                    StandIn::End => at = text.len(),
                }
                continue;
            }
        };
        let end = at + n_bytes;
        tokens.push(Token { kind, text: &text[at..end], span: span(at, end), starts_line });
        if kind == TokenKind::End {
            errors.sort_by_key(|error| error.span.start);
            return (tokens, errors);
        }
        at = end;
    }
}

/// Returns a fault for each character that may not stand anywhere.
fn forbidden_characters(text: &str, span: impl Fn(usize, usize) -> Span) -> Vec<Error> {
    // Nearly all files consist of printable ASCII and line ends, which this sees at once. Without an early exit in a
    // chunk, the compiler can look at many bytes in one step.
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

/// Returns whether WIT.md bans `c` everywhere, comments included: control codes, bidirectional overrides, and what
/// Unicode deprecates or strongly discourages.
pub(crate) fn is_forbidden(c: char) -> bool {
    match c {
        '\n' | '\r' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        '\u{149}' | '\u{673}' | '\u{f77}' | '\u{f79}' | '\u{17a3}' | '\u{17a4}' => true,
        '\u{17b4}' | '\u{17b5}' | '\u{206a}'..='\u{206f}' | '\u{2329}' | '\u{232a}' | '\u{e0001}' => true,
        c => c.is_control(),
    }
}

/// What stands between two tokens, comments aside.
struct WhiteSpace {
    n_bytes: usize,
    has_line_end: bool,
}

/// Returns the white space that `text` starts with.
fn white_space(text: &[u8]) -> WhiteSpace {
    let mut white = WhiteSpace { n_bytes: 0, has_line_end: false };
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(white.n_bytes) {
        white.has_line_end |= text[white.n_bytes] == b'\n';
        white.n_bytes += 1;
    }
    white
}

/// Returns the kind and length in bytes of the token that `text` starts with.
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
        // Reported already.
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

/// A block comment, in which further ones may nest.
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
    // What closes around the string is hardly part of it.
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

/// Returns the length of the word that `text` starts with if it is a `label` in lower case without `%`, else 0. Nearly
/// all words are, and for them this is all there is to check.
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

/// For each letter where its keywords start in [`KEYWORDS`], and at last their number.
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
