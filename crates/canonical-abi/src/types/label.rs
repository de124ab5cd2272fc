//! Labels of record fields, variant cases, enum tags and flags. Follows Explainer.md, "Import and
//! Export Definitions" (the production `label`) and "Name Uniqueness".

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};

use super::type_error::TypeError;

pub use super::type_error::LabelOf;

/// Checks that there are labels, and that each is kebab case and unlike the others.
pub(crate) fn check_labels<'a>(
    of: LabelOf,
    labels: impl ExactSizeIterator<Item = &'a str>,
) -> Result<(), TypeError> {
    if labels.len() == 0 {
        return Err(TypeError::NoLabels(of));
    }
    if u32::try_from(labels.len()).is_err() {
        return Err(TypeError::TooManyLabels(of));
    }
    let mut seen = BTreeMap::new();
    for label in labels {
        if label.is_empty() {
            return Err(TypeError::EmptyLabel(of));
        }
        if !is_label(label) {
            return Err(TypeError::NotKebabCase { of, label: label.to_string() });
        }
        if let Some(previous) = seen.insert(canonicalize(label), label) {
            let (label, previous) = (label.to_string(), previous.to_string());
            return Err(TypeError::LabelConflict { of, label, previous });
        }
    }
    Ok(())
}

/// Returns whether the grammar's `label` matches all of `s`.
pub(crate) fn is_label(s: &str) -> bool {
    let starts_with_letter = s.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    starts_with_letter && s.split('-').all(is_fragment)
}

/// Returns whether `s` is a `word` or an `acronym`.
fn is_fragment(s: &str) -> bool {
    let is_word = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_acronym = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    !s.is_empty() && (s.as_bytes().iter().all(is_word) || s.as_bytes().iter().all(is_acronym))
}

/// Returns the form in which strongly-unique names differ.
fn canonicalize(label: &str) -> String {
    label.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_follow_the_grammar() {
        let valid =
            ["a", "a-b-c", "a1-2-3", "A", "A-B-C", "A1-2-3", "a11-w0rds", "A11-4CR0NYMS", "m1x3d-4CR0NYMS"];
        let invalid = ["", "1-2-3", "-a", "a-", "a--b", "aB", "NevEr", "a_b", "ä", "a b"];
        for s in valid {
            assert!(is_label(s), "{s}");
        }
        for s in invalid {
            assert!(!is_label(s), "{s}");
        }
    }

    #[test]
    fn labels_conflict_when_only_case_or_hyphens_differ() {
        fn check(labels: &[&str], message: Option<&str>) {
            let result = check_labels(LabelOf::Flag, labels.iter().copied());
            assert_eq!(result.map_err(|e| e.to_string()).err().as_deref(), message, "{labels:?}");
        }
        check(&["a", "b"], None);
        check(&["x", "y", "X"], Some("flag name `X` conflicts with previous flag name `x`"));
        check(&["foo-bar", "foobar"], Some("flag name `foobar` conflicts with previous flag name `foo-bar`"));
        check(&[], Some("flags must have at least one entry"));
        check(&[""], Some("flag name cannot be empty"));
    }
}
