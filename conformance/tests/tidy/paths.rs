//! Rules about the paths that texts name: they exist, and they are not those of somebody's machine.
//!
//! What counts as a path, in Markdown outside fenced blocks and in Rust comments outside them too:
//!
//! 1. a span in backticks of letters, digits, `.`, `_`, `-` and slashes whose first part is a
//!    folder at the root: exists from the root;
//! 2. such a span that starts with `src/` or `tests/`, or that ends with `.rs`: exists from the
//!    root, the file's package, that package's `src`, or the file's own folder;
//! 3. such a span that is all capitals and ends with `.md`: exists at the root or in the file's
//!    package;
//! 4. in Markdown, the target of a link that is not a URL: exists from the file's folder.

use crate::lexer::split;
use crate::tree::Tree;

/// Returns the named paths that do not exist.
pub(crate) fn problems(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in tree.ending(".md") {
        check_text(tree, path, text, &mut problems);
        check_links(tree, path, text, &mut problems);
    }
    for (path, text) in tree.ending(".rs") {
        check_text(tree, path, &split(text).comments, &mut problems);
    }
    problems
}

/// The lines outside fenced blocks, numbered from 1. A fence may stand behind a comment's slashes.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_fence = false;
    text.lines().enumerate().filter_map(move |(i, line)| {
        let bare = line.trim_start().trim_start_matches(['/', '!']).trim_start();
        let is_fence = bare.starts_with("```");
        in_fence ^= is_fence;
        (!in_fence && !is_fence).then_some((i + 1, line))
    })
}

fn check_text(tree: &Tree, path: &str, text: &str, problems: &mut Vec<String>) {
    for (line, prose) in prose(text) {
        // Between backticks are the odd parts.
        for span in prose.split('`').skip(1).step_by(2) {
            let span = span.trim_end_matches('/');
            let candidates = candidates(tree, path, span);
            if !candidates.is_empty() && !candidates.iter().any(|candidate| tree.paths.contains(candidate)) {
                problems.push(format!("{path}:{line}: `{span}` does not exist"));
            }
        }
    }
}

/// Returns where `span` may exist if it is a path, and nothing if it is none.
fn candidates(tree: &Tree, path: &str, span: &str) -> Vec<String> {
    let is_path_char = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if span.is_empty() || !span.chars().all(is_path_char) || span.contains("...") || span.starts_with('/') {
        return Vec::new();
    }
    let package = package_of(tree, path);
    let from = |folder: &str| if folder.is_empty() { span.to_owned() } else { format!("{folder}/{span}") };
    let first = span.split_once('/').map(|(first, _)| first);
    let stem = span.strip_suffix(".md").filter(|stem| !stem.is_empty());
    if first.is_some_and(|first| first == "src" || first == "tests")
        || first.is_some() && span.ends_with(".rs")
    {
        let src = if package.is_empty() { "src".to_owned() } else { format!("{package}/src") };
        vec![from(""), from(package), from(&src), from(parent(path))]
    } else if first.is_some_and(|first| tree.paths.contains(first)) {
        vec![from("")]
    } else if stem.is_some_and(|stem| stem.chars().all(|c| c.is_ascii_uppercase() || c == '_')) {
        vec![from(""), from(package)]
    } else {
        Vec::new()
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns the innermost folder above `path` that is a package, or the root.
fn package_of<'a>(tree: &Tree, path: &'a str) -> &'a str {
    let mut folder = parent(path);
    while !folder.is_empty() && !tree.paths.contains(&format!("{folder}/Cargo.toml")) {
        folder = parent(folder);
    }
    folder
}

fn check_links(tree: &Tree, path: &str, text: &str, problems: &mut Vec<String>) {
    for (line, prose) in prose(text) {
        for target in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default().trim_end_matches('/');
            if target.is_empty() || target.contains(':') {
                continue;
            }
            if !resolve(parent(path), target).is_some_and(|found| tree.paths.contains(&found)) {
                problems.push(format!("{path}:{line}: the link to {target} leads nowhere"));
            }
        }
    }
}

/// Follows `target` from `folder`; nothing if it leaves the repository.
fn resolve(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Where people's and machines' own files lie. Written in two parts, so that this file keeps its
/// own rule.
const MACHINE_FOLDERS: &[&str] =
    &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("C:\\", "Users")];

/// Returns where a text names a folder of the kind in [`MACHINE_FOLDERS`], or this checkout's own
/// `root`.
pub(crate) fn machine_problems(tree: &Tree, root: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in &tree.texts {
        for (i, line) in text.lines().enumerate() {
            let found = MACHINE_FOLDERS.iter().chain([&root]).find(|folder| starts_a_path(line, folder));
            if let Some(folder) = found {
                problems.push(format!("{path}:{}: names {folder}", i + 1));
            }
        }
    }
    problems
}

/// Returns whether `folder` stands in `line` as the beginning of a path, not in the middle of one.
fn starts_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"._-/".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let tree = Tree::of(&[
            ("README.md", ""),
            ("crates/jit/Cargo.toml", ""),
            ("crates/jit/src/rt/stack.rs", ""),
            ("docs/a.md", ""),
            (path, text),
        ]);
        assert_eq!(problems(&tree), expected, "{text}");
    }

    #[test]
    fn paths_in_markdown() {
        check("docs/b.md", "`crates/jit/` `README.md` `src/rt`", &["docs/b.md:1: `src/rt` does not exist"]);
        check(
            "docs/b.md",
            "`crates/jit/src/none.rs`",
            &["docs/b.md:1: `crates/jit/src/none.rs` does not exist"],
        );
        check(
            "docs/b.md",
            "`NONE.md` `CanonicalABI.md` `values/a.wast` `a/b`",
            &["docs/b.md:1: `NONE.md` does not exist"],
        );
        check(
            "docs/b.md",
            "```\n`crates/none`\n```\n`crates/none`",
            &["docs/b.md:4: `crates/none` does not exist"],
        );
        check(
            "docs/b.md",
            "[x](a.md) [x](../README.md#part) [x](https://a.b/c) [x](none.md) [x](../../a)",
            &[
                "docs/b.md:1: the link to none.md leads nowhere",
                "docs/b.md:1: the link to ../../a leads nowhere",
            ],
        );
    }

    #[test]
    fn paths_in_comments() {
        let path = "crates/jit/src/lib.rs";
        check(path, "//! `rt/stack.rs` `src/rt` `crates/…/x.rs`\nlet s = \"`crates/none`\";", &[]);
        check(path, "// `rt/none.rs`", &["crates/jit/src/lib.rs:1: `rt/none.rs` does not exist"]);
        check(path, "//! ```\n//! // `rt/none.rs`\n//! ```", &[]);
    }

    #[test]
    fn folders_of_machines() {
        let machine = |line: &str| machine_problems(&Tree::of(&[("a.txt", line)]), "/checkout").len();
        assert_eq!(machine(&format!("see {}me/x", MACHINE_FOLDERS[0])), 1);
        assert_eq!(machine("(/checkout/crates)"), 1);
        assert_eq!(machine("https://a.b/checkout"), 0);
        assert_eq!(machine("a plain line"), 0);
    }
}
