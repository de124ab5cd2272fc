//! Rules about Rust files: where `unsafe` may stand, how a file opens, how long it may be.

use crate::lexer::split;
use crate::tree::Tree;

/// The folders that may hold `unsafe`, each with the package it belongs to.
const UNSAFE_FOLDERS: &[(&str, &str)] = &[("jit", "crates/jit/src/rt/")];

/// The longest file, in lines.
const MAX_LINES: usize = 600;

/// A file that may be longer than [`MAX_LINES`].
pub(crate) struct LongFile {
    /// The file.
    pub(crate) path: &'static str,
    /// How long it may be, in lines.
    pub(crate) max_lines: usize,
    /// Why.
    pub(crate) reason: &'static str,
}

/// The files that may be longer than [`MAX_LINES`]: tables, not logic.
pub(crate) const LONG_FILES: &[LongFile] = &[];

/// Returns where `unsafe` stands outside its folders, and which of the crates' `roots` (package,
/// file) do not forbid it although their package has no such folder.
pub(crate) fn unsafe_problems(tree: &Tree, roots: &[(String, String)]) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in tree.ending(".rs") {
        if UNSAFE_FOLDERS.iter().any(|(_, folder)| path.starts_with(folder)) {
            continue;
        }
        for (i, line) in split(text).code.lines().enumerate() {
            if words(line).any(|word| word == "unsafe") {
                problems.push(format!("{path}:{}: unsafe outside the folders for it", i + 1));
            }
        }
    }
    for (package, path) in roots {
        let may_have = UNSAFE_FOLDERS.iter().any(|(name, _)| name == package);
        let text = tree.texts.get(path).map_or("", String::as_str);
        if !may_have && !split(text).code.contains("#![forbid(unsafe_code)]") {
            problems.push(format!("{path}: does not say #![forbid(unsafe_code)]"));
        }
    }
    problems
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// Returns the files that do not open with `//!` or are too long, and the rows of `long_files` that
/// are no longer needed.
pub(crate) fn shape_problems(tree: &Tree, long_files: &[LongFile]) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in tree.ending(".rs") {
        if !text.starts_with("//!") {
            problems.push(format!("{path}: does not open with //!"));
        }
        let n_lines = text.lines().count();
        let exception = long_files.iter().find(|file| file.path == path);
        let max_lines = exception.map_or(MAX_LINES, |file| file.max_lines);
        if n_lines > max_lines {
            problems.push(format!("{path}: {n_lines} lines, {max_lines} allowed"));
        }
    }
    for LongFile { path, max_lines, reason } in long_files {
        let n_lines = tree.texts.get(*path).map_or(0, |text| text.lines().count());
        if n_lines <= MAX_LINES {
            problems.push(format!("{path}: needs no exception, it has {n_lines} lines"));
        }
        if reason.is_empty() || *max_lines <= MAX_LINES {
            problems.push(format!("{path}: an exception has a reason and a size"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_is_found_in_code_only() {
        let check = |path: &str, text: &str, expected: &[&str]| {
            assert_eq!(unsafe_problems(&Tree::of(&[(path, text)]), &[]), expected, "{text}");
        };
        check("crates/jit/src/rt/stack.rs", "unsafe {}", &[]);
        check("crates/jit/src/a.rs", "//! unsafe\n#![forbid(unsafe_code)]\nlet s = \"unsafe\";", &[]);
        let found = ["crates/jit/src/a.rs:2: unsafe outside the folders for it"];
        check("crates/jit/src/a.rs", "\nunsafe fn f() {}", &found);
        check("crates/jit/src/a.rs", "\n#[unsafe(no_mangle)]", &found);
    }

    #[test]
    fn crates_without_a_folder_forbid_it() {
        let tree = Tree::of(&[
            ("a/src/lib.rs", "#![forbid(unsafe_code)]"),
            ("b/src/lib.rs", "// #![forbid(unsafe_code)]"),
        ]);
        let root = |package: &str, path: &str| (package.to_owned(), path.to_owned());
        assert!(unsafe_problems(&tree, &[root("a", "a/src/lib.rs"), root("jit", "b/src/lib.rs")]).is_empty());
        let problems = unsafe_problems(&tree, &[root("b", "b/src/lib.rs")]);
        assert_eq!(problems, ["b/src/lib.rs: does not say #![forbid(unsafe_code)]"]);
    }

    #[test]
    fn shapes() {
        let long = format!("//! x\n{}", "\n".repeat(600));
        let tree = Tree::of(&[("a.rs", "//! x\n"), ("b.rs", "// x\n"), ("c.rs", &long)]);
        let exception = |path, max_lines| LongFile { path, max_lines, reason: "a table" };
        assert_eq!(
            shape_problems(&tree, &[]),
            ["b.rs: does not open with //!", "c.rs: 601 lines, 600 allowed",]
        );
        assert_eq!(shape_problems(&tree, &[exception("c.rs", 601)]), ["b.rs: does not open with //!"]);
        assert_eq!(
            shape_problems(&tree, &[exception("a.rs", 700), exception("c.rs", 700)]),
            ["b.rs: does not open with //!", "a.rs: needs no exception, it has 1 lines",]
        );
    }
}
