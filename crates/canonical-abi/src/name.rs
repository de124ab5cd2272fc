//! Names of imports and exports: which versions of an interface are compatible, which of them is
//! the newest, and how text from a file is shown. Follows Explainer.md, "Canonical Interface Name",
//! and Semantic Versioning 2.0.

use alloc::borrow::Cow;
use alloc::string::String;
use core::cmp::Ordering;

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

/// Returns a message of a validator without the numbers that it gives to resource types, in
/// parentheses behind what it says. They mean nothing outside of it.
#[doc(hidden)]
pub fn without_resource_ids(message: &str) -> Cow<'_, str> {
    const BEGIN: &str = " (ResourceId {";
    if !message.contains(BEGIN) {
        return Cow::Borrowed(message);
    }
    let mut plain = String::new();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        plain.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    Cow::Owned(plain)
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

/// Returns the part of a name that compatible versions share, the canonical interface name:
/// `a:b/c@1` of `a:b/c@1.2.3`, `a:b/c@0.2` of `a:b/c@0.2.6`, `a:b/c@0.0.1` of `a:b/c@0.0.1+build`.
/// A pre-release is compatible with itself only, whatever its build metadata.
///
/// A name without a version has no such part.
pub fn compatible_name(name: &str) -> Option<&str> {
    let (base, version) = split_version(name)?;
    let (core, pre) = version.parts();
    let mut numbers = core.split('.');
    let (major, minor, patch) = (numbers.next()?, numbers.next(), numbers.next());
    if numbers.next().is_some() || ![Some(major), minor, patch].into_iter().flatten().all(is_number) {
        return None;
    }
    let kept = match (major, minor, patch, pre) {
        (_, Some(_), Some(_), Some(pre)) => core.len() + "-".len() + pre.len(),
        (_, _, None, Some(_)) | (_, None, Some(_), _) => return None,
        ("0", Some("0"), Some(_), None) => core.len(),
        ("0", Some("0") | None, None, None) => return None,
        ("0", Some(minor), _, None) => "0.".len() + minor.len(),
        (major, _, _, None) => major.len(),
    };
    Some(&name[..base.len() + "@".len() + kept])
}

/// Returns whether two names are equal or are compatible versions of one name.
pub fn is_compatible(a: &str, b: &str) -> bool {
    a == b || compatible_name(a).is_some_and(|name| compatible_name(b) == Some(name))
}

/// Compares the versions of two compatible names: by precedence, and where that is equal by build
/// metadata, so that names of different texts are never equal. A canonical name, which lacks the
/// rest of its version, comes before the full ones.
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    match (split_version(a), split_version(b)) {
        (Some((_, a_version)), Some((_, b_version))) => {
            let ((a_core, a_pre), (b_core, b_pre)) = (a_version.parts(), b_version.parts());
            compare_identifiers(a_core, b_core)
                .then_with(|| match (a_pre, b_pre) {
                    (None, None) => Ordering::Equal,
                    (None, Some(_)) => Ordering::Greater,
                    (Some(_), None) => Ordering::Less,
                    (Some(a), Some(b)) => compare_identifiers(a, b),
                })
                .then_with(|| compare_build(a_version.build, b_version.build))
                .then_with(|| a.cmp(b))
        }
        (None, None) => a.cmp(b),
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
    }
}

/// Returns the best of some names for one that is wanted: the same name, or else the newest of a
/// compatible version.
pub fn best_match<'n>(names: impl IntoIterator<Item = &'n str>, wanted: &str) -> Option<&'n str> {
    let compatible = names.into_iter().filter(|name| is_compatible(name, wanted));
    compatible.max_by(|a, b| (*a == wanted).cmp(&(*b == wanted)).then_with(|| compare_versions(a, b)))
}

/// A version, or the canonical part of one.
#[derive(Clone, Copy)]
struct Version<'n> {
    /// Without build metadata.
    release: &'n str,
    build: Option<&'n str>,
}

impl<'n> Version<'n> {
    /// Returns the numbers, and the pre-release.
    fn parts(self) -> (&'n str, Option<&'n str>) {
        match self.release.split_once('-') {
            Some((core, pre)) => (core, Some(pre)),
            None => (self.release, None),
        }
    }
}

fn split_version(name: &str) -> Option<(&str, Version<'_>)> {
    let (base, version) = name.split_once('@')?;
    let (release, build) = match version.split_once('+') {
        Some((release, build)) => (release, Some(build)),
        None => (version, None),
    };
    Some((base, Version { release, build }))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Compares identifiers with dots between them, one after the other. Fewer come first.
fn compare_identifiers(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (is_number(a), is_number(b)) {
                (true, true) => compare_numbers(a, b),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Compares numbers of any length.
fn compare_numbers(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn compare_build(a: Option<&str>, b: Option<&str>) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(a), Some(b)) => compare_identifiers(a, b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

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
    fn numbers_of_resource_types_are_left_out() {
        let check = |message: &str, expected: &str| assert_eq!(without_resource_ids(message), expected);
        let id = |n| format!("ResourceId {{ globally_unique_id: {n}, contextually_unique_id: 0 }}");
        let message = format!("resource types are not the same ({} vs. {})", id(4), id(5));
        check(&message, "resource types are not the same");
        check(
            &format!("{message}\n{message} there"),
            "resource types are not the same\nresource types are not the same there",
        );
        check("func type (param i32)", "func type (param i32)");
    }

    #[test]
    fn compatible_names() {
        let check = |name, expected| assert_eq!(compatible_name(name), expected, "{name}");
        check("run", None);
        check("a:b/c", None);
        check("a:b/c@1.2.3", Some("a:b/c@1"));
        check("a:b/c@12.0.0+build", Some("a:b/c@12"));
        check("a:b/c@0.2.6", Some("a:b/c@0.2"));
        check("a:b/c@0.2.6+sha.5114f85", Some("a:b/c@0.2"));
        check("a:b/c@0.0.6", Some("a:b/c@0.0.6"));
        check("a:b/c@0.0.1+sha.5114f85", Some("a:b/c@0.0.1"));
        check("a:b/c@0.0.1+a-b", Some("a:b/c@0.0.1"));
        check("a:b/c@1.0.0-rc.1", Some("a:b/c@1.0.0-rc.1"));
        check("a:b/c@0.0.1-alpha+sha.5114f85", Some("a:b/c@0.0.1-alpha"));
        check("a:b/c@1", Some("a:b/c@1"));
        check("a:b/c@0.2", Some("a:b/c@0.2"));
        check("a:b/c@0", None);
        check("a:b/c@0.0", None);
        check("a:b/c@", None);
        check("a:b/c@1.x.0", None);
        check("a:b/c@1.2.3.4", None);
        check("a:b/c@1-rc", None);
    }

    #[test]
    fn versions_in_order() {
        let ordered = [
            "a:b/c@1",
            "a:b/c@1.0.0-9",
            "a:b/c@1.0.0-10",
            "a:b/c@1.0.0-alpha",
            "a:b/c@1.0.0-alpha.1",
            "a:b/c@1.0.0-alpha.beta",
            "a:b/c@1.0.0-rc.2",
            "a:b/c@1.0.0-rc.10",
            "a:b/c@1.0.0",
            "a:b/c@1.0.0+9",
            "a:b/c@1.0.0+10",
            "a:b/c@1.0.0+b",
            "a:b/c@1.0.9",
            "a:b/c@1.0.10",
            "a:b/c@1.2.0",
            "a:b/c@1.10.0",
            "a:b/c@1.18446744073709551616.0",
            "a:b/c@1.18446744073709551617.0",
            "a:b/c@2.0.0",
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(compare_versions(a, b), i.cmp(&j), "{a} {b}");
            }
        }
    }

    #[test]
    fn the_best_match() {
        let names = ["a:b/c@1.0.9", "a:b/c@1.0.10", "a:b/c@0.0.1+b", "a:b/c@2.0.0-rc.1+x", "a:b/c", "run"];
        let check = |wanted, expected| assert_eq!(best_match(names, wanted), expected, "{wanted}");
        check("a:b/c@1.0.9", Some("a:b/c@1.0.9"));
        check("a:b/c@1.0.0", Some("a:b/c@1.0.10"));
        check("a:b/c@1.5.0", Some("a:b/c@1.0.10"));
        check("a:b/c@1", Some("a:b/c@1.0.10"));
        check("a:b/c@0.0.1", Some("a:b/c@0.0.1+b"));
        check("a:b/c@0.0.2", None);
        check("a:b/c@2.0.0-rc.1", Some("a:b/c@2.0.0-rc.1+x"));
        check("a:b/c@2.0.0", None);
        check("a:b/c", Some("a:b/c"));
        check("a:b/d@1.0.0", None);
        check("run", Some("run"));
    }
}
