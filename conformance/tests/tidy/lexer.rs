//! Just enough of Rust's lexical grammar to tell code, comments and literals apart.
//! Follows the Rust Reference, "Comments" and "Tokens".

/// A source file, taken apart. Both parts have as many lines as the source.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// The code, without comments and without what is inside literals.
    pub(crate) code: String,
    /// The comments' text, without code.
    pub(crate) comments: String,
}

/// Takes `source` apart.
pub(crate) fn split(source: &str) -> Parts {
    let mut parts = Parts::default();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let (length, kind) = token(rest, parts.code.chars().next_back());
        let (text, after) = rest.split_at(length.max(c.len_utf8()));
        let (code, comment) = match kind {
            Kind::Code => (text.to_owned(), blank(text)),
            Kind::Comment => (blank(text), text.to_owned()),
            Kind::Literal => (format!("\"{}\"", blank(text)), blank(text)),
        };
        parts.code.push_str(&code);
        parts.comments.push_str(&comment);
        rest = after;
    }
    parts
}

enum Kind {
    Code,
    Comment,
    Literal,
}

/// Keeps the line breaks of `text`, and one space for the rest.
fn blank(text: &str) -> String {
    let breaks: String = text.chars().filter(|&c| c == '\n').collect();
    if breaks.is_empty() { " ".repeat(usize::from(text.len() > 1)) } else { breaks }
}

/// Returns the length and the kind of what `rest` starts with; `before` is the last character of
/// code.
fn token(rest: &str, before: Option<char>) -> (usize, Kind) {
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), Kind::Comment);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), Kind::Comment);
    }
    if let Some(inside) = rest.strip_prefix('"') {
        return (1 + string(inside), Kind::Literal);
    }
    if rest.starts_with('\'') {
        return character(rest).map_or((1, Kind::Code), |length| (length, Kind::Literal));
    }
    if !in_word && let Some(length) = raw_string(rest) {
        return (length, Kind::Literal);
    }
    (0, Kind::Code)
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Returns the length of a string's inside and closing quote.
fn string(inside: &str) -> usize {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    inside.len()
}

/// Returns the length of a character literal, or nothing for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let inside = &rest[1..];
    let first = inside.chars().next()?;
    if first == '\\' {
        // The escaped character may itself be a quote.
        let after = 2 + inside[1..].chars().next()?.len_utf8();
        return Some(after + rest[after..].find('\'')? + 1);
    }
    let end = 1 + first.len_utf8();
    rest[end..].starts_with('\'').then_some(end + 1)
}

/// Returns the length of a raw string with its prefix, or nothing if `rest` is none.
fn raw_string(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r"].into_iter().find(|prefix| rest.starts_with(prefix))?;
    let hashes = rest[prefix.len()..].chars().take_while(|&c| c == '#').count();
    let open = prefix.len() + hashes;
    let inside = rest[open..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(open + 1 + inside.find(&close).map_or(inside.len(), |at| at + close.len()))
}

#[cfg(test)]
mod tests {
    use super::split;

    fn words(text: &str) -> Vec<&str> {
        text.split_whitespace().collect()
    }

    fn check(source: &str, code: &str, comments: &str) {
        let parts = split(source);
        assert_eq!(words(&parts.code), words(code), "{source}");
        assert_eq!(words(&parts.comments), words(comments), "{source}");
        assert_eq!(parts.code.lines().count(), source.lines().count(), "{source}");
    }

    #[test]
    fn code_comments_and_literals() {
        check("a // b\nc", "a\nc", "// b");
        check("a /* b /* c */ d */ e", "a e", "/* b /* c */ d */");
        check("f(\"// x\", y) // z", "f(\" \", y)", "// z");
        check(r#"f("a\"b") // c"#, "f(\" \")", "// c");
        check(r##"f(r#"a"b"#, c)"##, "f(\" \", c)", "");
        check("fn f<'a>(x: &'a str) {} // b", "fn f<'a>(x: &'a str) {}", "// b");
        check(r"['a', '\'', '\u{1F600}', '/'] // b", "[\" \", \" \", \" \", \" \"]", "// b");
        check("for\"x\"", "for\" \"", "");
    }
}
