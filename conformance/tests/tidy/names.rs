//! Which names of the spec a reader finds in the crates: the functions of `definitions.py`, the
//! productions of Binary.md and of WIT.md.
//!
//! A name is found if it stands in code or in a comment below a crate's `src`. Functions are
//! written as in the program. Productions of Binary.md count in any case, so that `CanonOpt` is
//! `canonopt`; those of WIT.md count with `_` for `-` too.
//!
//! `conformance/spec-names.txt` lists what is found. A name that is lost is a problem; one that is
//! new is not, but the file is to be blessed with it.

use crate::lexer::split;
use crate::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

/// The names that one text of the spec defines, or those of them that are found.
pub(crate) type Names = BTreeMap<&'static str, BTreeSet<String>>;

/// The texts of the spec, as sections of the blessed file.
pub(crate) const TEXTS: [(&str, fn(&str) -> BTreeSet<String>); 3] =
    [("canonical-abi/definitions.py", functions), ("Binary.md", productions), ("WIT.md", productions)];

/// Returns the functions that a Python program defines.
fn functions(text: &str) -> BTreeSet<String> {
    let names = text.lines().filter_map(|line| {
        let line = line.trim_start();
        let rest = line.strip_prefix("async ").unwrap_or(line).strip_prefix("def ")?;
        rest.split('(').next().filter(|name| !name.starts_with("__"))
    });
    names.map(str::to_owned).collect()
}

/// Returns the productions of a grammar in Markdown: `name ::= …`, with or without `core:`.
fn productions(text: &str) -> BTreeSet<String> {
    let names = text.lines().filter_map(|line| {
        let name = line.split_once("::=")?.0.trim();
        let name = name.strip_prefix("core:").unwrap_or(name);
        let is_name = |c: char| c.is_ascii_lowercase() || c == '-';
        (!name.is_empty() && name.chars().all(is_name)).then(|| name.to_owned())
    });
    names.collect()
}

/// Returns those of `names` that stand in the crates.
pub(crate) fn found(tree: &Tree, names: &Names) -> Names {
    let words = words(tree);
    let lower: BTreeSet<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let stands = |text: &str, name: &String| match text {
        "Binary.md" => lower.contains(name),
        "WIT.md" => words.contains(name) || words.contains(&name.replace('-', "_")),
        _ => words.contains(name),
    };
    let found = |text: &'static str, names: &BTreeSet<String>| {
        (text, names.iter().filter(|name| stands(text, name)).cloned().collect())
    };
    names.iter().map(|(text, names)| found(text, names)).collect()
}

/// Returns the words of the crates' code and comments.
fn words(tree: &Tree) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for (path, text) in tree.ending(".rs") {
        if path.starts_with("crates/") && path.contains("/src/") {
            let parts = split(text);
            words.extend(parts.code.split(|c| !is_word(c)).map(str::to_owned));
            let in_comments = parts.comments.split(|c| !is_word(c) && c != '-');
            words.extend(in_comments.map(|word| word.trim_matches('-').to_owned()));
        }
    }
    words
}

/// Writes the blessed file.
pub(crate) fn to_text(all: &Names, found: &Names) -> String {
    let mut text = String::from(
        "# The spec's names that stand in the crates' code or comments. One that is lost fails the test\n\
         # `tidy`; `UPDATE_EXPECT=1 cargo test -p conformance --test tidy` rewrites this file.\n",
    );
    for (name, _) in TEXTS {
        text += &format!("\n[{name}]  {} of {}\n", found[name].len(), all[name].len());
        text.extend(found[name].iter().map(|name| format!("{name}\n")));
    }
    text
}

/// Returns the names that the blessed file lists and that are not found any more, and the lines of
/// it that are no names.
pub(crate) fn problems(blessed: &str, found: &Names) -> Vec<String> {
    let mut problems = Vec::new();
    let mut section = None;
    for (i, line) in blessed.lines().enumerate() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = found.get_key_value(name);
        } else if !line.is_empty() && !line.starts_with('#') {
            match section {
                Some((_, names)) if names.contains(line) => {}
                Some((text, _)) => problems.push(format!("{text}: `{line}` stands nowhere in the crates")),
                None => problems.push(format!("conformance/spec-names.txt:{}: no section", i + 1)),
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[(usize, &[&str])]) -> Names {
        let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let mut all: Names = TEXTS.iter().map(|(text, _)| (*text, BTreeSet::new())).collect();
        all.extend(of.iter().map(|&(i, names)| (TEXTS[i].0, set(names))));
        all
    }

    #[test]
    fn names_of_the_spec() {
        let program = "def a_b(x):\n  def inner():\n  async def later():\n  def __init__(self):\nx = 1\n";
        assert_eq!(functions(program).into_iter().collect::<Vec<_>>(), ["a_b", "inner", "later"]);
        let grammar = "core:sort  ::= 0x00\ncanonopt ::= 0x00\nwit-file ::= x\n  => (a) ::= b\n";
        assert_eq!(productions(grammar).into_iter().collect::<Vec<_>>(), ["canonopt", "sort", "wit-file"]);
    }

    #[test]
    fn names_in_crates() {
        let tree = Tree::of(&[
            (
                "crates/a/src/b.rs",
                "//! A use-item.\nfn wit_file() {} struct CanonOpt; let x = \"lost\"; // lift_flat",
            ),
            ("crates/a/tests/c.rs", "fn lost() {}"),
        ]);
        let all = names(&[
            (0, &["lift_flat", "Lift_flat", "lost"]),
            (1, &["canonopt", "canon"]),
            (2, &["wit-file", "use-item", "canon-opt"]),
        ]);
        let expected = names(&[(0, &["lift_flat"]), (1, &["canonopt"]), (2, &["use-item", "wit-file"])]);
        assert_eq!(found(&tree, &all), expected);
    }

    #[test]
    fn a_lost_name_is_a_problem_and_a_new_one_is_not() {
        let before = names(&[(0, &["lift", "lower"]), (1, &["sort"])]);
        let blessed = to_text(&before, &before);
        assert!(problems(&blessed, &before).is_empty());
        let after = names(&[(0, &["lower", "store"]), (1, &["sort"])]);
        let lost = ["canonical-abi/definitions.py: `lift` stands nowhere in the crates"];
        assert_eq!(problems(&blessed, &after), lost);
        assert_eq!(problems("x\n", &after), ["conformance/spec-names.txt:1: no section"]);
    }
}
