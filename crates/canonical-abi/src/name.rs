//! Names of imports and exports: which versions of an interface are compatible, and how text from a
//! file is shown. Follows Explainer.md, "Canonical Interface Name".

use alloc::borrow::Cow;
use alloc::string::String;

/// Returns text from a file so that it can be shown to people: characters that a terminal obeys, or
/// that change the direction of text, are written as Rust writes them (`\u{1b}`). A name can then
/// neither clear the screen nor pass for a line of its own.
pub fn escape(text: &str) -> Cow<'_, str> {
    escape_where(text, is_obeyed)
}

/// Does the same for a message that may have lines: line feeds stay.
pub fn escape_lines(text: &str) -> Cow<'_, str> {
    escape_where(text, |c| c != '\n' && is_obeyed(c))
}

fn escape_where(text: &str, escapes: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&escapes) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match escapes(c) {
            true => escaped.extend(c.escape_default()),
            false => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns the part of a name that compatible versions share: `a:b/c@1` of `a:b/c@1.2.3`,
/// `a:b/c@0.2` of `a:b/c@0.2.6`.
///
/// A name has no such part if it has no version, or one that is compatible with no other: `0.0.x`,
/// or a pre-release.
pub fn compatible_name(name: &str) -> Option<&str> {
    let (base, version) = name.rsplit_once('@')?;
    let release = version.split_once('+').map_or(version, |(release, _)| release);
    if release.contains('-') {
        return None;
    }
    let mut parts = release.split('.');
    let (major, minor, _patch) = (parts.next()?, parts.next()?, parts.next()?);
    let kept = match (major, minor) {
        ("0", "0") => return None,
        ("0", minor) => "0.".len() + minor.len(),
        (major, _) => major.len(),
    };
    Some(&name[..base.len() + "@".len() + kept])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        let check = |text, escaped| assert_eq!(escape(text), escaped);
        check("wasi:cli/run@0.2.6", "wasi:cli/run@0.2.6");
        check("grüße 中 'a' \\", "grüße 中 'a' \\");
        check("\x1b[2J\n\rerror: \x07", "\\u{1b}[2J\\n\\rerror: \\u{7}");
        check("\u{202e}evil\u{2069}\u{9b}", "\\u{202e}evil\\u{2069}\\u{9b}");
        assert_eq!(escape_lines("a\n\tb"), "a\n\\tb");
    }

    #[test]
    fn compatible_names() {
        let check = |name, expected| assert_eq!(compatible_name(name), expected, "{name}");
        check("run", None);
        check("a:b/c", None);
        check("a:b/c@1.2.3", Some("a:b/c@1"));
        check("a:b/c@12.0.0+build", Some("a:b/c@12"));
        check("a:b/c@0.2.6", Some("a:b/c@0.2"));
        check("a:b/c@0.0.6", None);
        check("a:b/c@1.0.0-rc.1", None);
        check("a:b/c@1", None);
    }
}
