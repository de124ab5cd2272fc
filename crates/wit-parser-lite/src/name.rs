//! Names: the kebab-case `label` of Explainer.md, "Import and Export Definitions", and near misses.

/// Returns the reason why `name` is not a `label`, or `None` if it is one.
pub(crate) fn label_fault(name: &str) -> Option<String> {
    let fault = if name.is_empty() {
        "a name must follow `%`".to_owned()
    } else if let Some(c) = name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        match c {
            '_' => format!("`{name}` is not kebab-case: words are joined by `-`, not `_`"),
            _ => format!("`{name}` is not kebab-case: `{c}` is not an ASCII letter, digit or `-`"),
        }
    } else if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        format!("`{name}` is not kebab-case: a name starts with a letter")
    } else if name.ends_with('-') {
        format!("`{name}` is not kebab-case: a name does not end with `-`")
    } else if name.contains("--") {
        format!("`{name}` is not kebab-case: one `-` stands between two words")
    } else {
        let word = name.split('-').find(|word| is_mixed_case(word))?;
        if word == name {
            format!("`{name}` is not kebab-case: a word is all lower case or all upper case")
        } else {
            format!("`{name}` is not kebab-case: `{word}` mixes lower and upper case")
        }
    };
    Some(fault)
}

fn is_mixed_case(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_lowercase()) && word.contains(|c: char| c.is_ascii_uppercase())
}

/// Returns a `label` close to `name`: `foo-bar` for `fooBar` and `foo_bar`.
pub(crate) fn to_label(name: &str) -> Option<String> {
    let mut label = String::new();
    let mut was_lower = false;
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && was_lower {
                label.push('-');
            }
            was_lower = c.is_ascii_lowercase();
            label.push(c.to_ascii_lowercase());
        } else if matches!(c, '-' | '_') {
            was_lower = false;
            if !label.ends_with('-') {
                label.push('-');
            }
        } else {
            return None;
        }
    }
    let label = label.trim_matches('-');
    (!label.is_empty() && label_fault(label).is_none()).then(|| label.to_owned())
}

/// Returns how many insertions, deletions, replacements and swaps of neighbours turn `a` into `b`.
pub(crate) fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let mut best = (last[j] + usize::from(a[i] != b[j])).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        for name in [
            "a",
            "a-b-c",
            "a1-2-3",
            "A",
            "A-B-C",
            "A1-2-3",
            "a11-w0rds",
            "A11-4CR0NYMS",
            "m1x3d-4CR0NYMS",
            "is-XML",
        ] {
            assert_eq!(label_fault(name), None, "{name}");
        }
        for name in ["", "1-2-3", "-a", "a-", "a--b", "aB", "a_b", "é", "a.b"] {
            assert!(label_fault(name).is_some(), "{name}");
        }
    }

    #[test]
    fn near_labels() {
        for (name, label) in [
            ("fooBar", Some("foo-bar")),
            ("foo_bar", Some("foo-bar")),
            ("_x", Some("x")),
            ("a--b", Some("a-b")),
            ("1a", None),
            ("größe", None),
        ] {
            assert_eq!(to_label(name).as_deref(), label, "{name}");
        }
    }

    #[test]
    fn edit_distances() {
        for (a, b, distance) in
            [("", "abc", 3), ("payload", "paylod", 1), ("ab", "ba", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(edit_distance(a, b), distance, "{a} and {b}");
        }
    }
}
