//! Rules about Rust files: where `unsafe` may stand, how a file opens, how long it may be.

use crate::lexer::split;
use crate::tree::Tree;

/// The folders that may hold `unsafe`, each with the package it belongs to.
const UNSAFE_FOLDERS: &[(&str, &str)] = &[("lowlift-jit", "crates/jit/src/rt/")];

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

/// The longest comment line, in characters.
const MAX_COMMENT_CHARS: usize = 100;

/// The folders with comments that are still too wide, each with how many. More fail, and so does a
/// folder that has become clean.
pub(crate) const WIDE_FOLDERS: &[(&str, usize)] = &[];

/// Returns the comment lines that are too wide, and the rows of `wide_folders` that are no longer
/// needed.
pub(crate) fn width_problems(tree: &Tree, wide_folders: &[(&str, usize)]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut counts = vec![0; wide_folders.len()];
    for (path, text) in tree.ending(".rs") {
        let folder = wide_folders.iter().position(|(folder, _)| path.starts_with(folder));
        for (i, line) in text.lines().enumerate() {
            let n_chars = line.chars().count();
            if !line.trim_start().starts_with("//") || n_chars <= MAX_COMMENT_CHARS {
                continue;
            }
            match folder {
                Some(folder) => counts[folder] += 1,
                None => problems.push(format!("{path}:{}: a comment of {n_chars} characters", i + 1)),
            }
        }
    }
    for ((folder, most), count) in wide_folders.iter().zip(counts) {
        if count == 0 {
            problems.push(format!("{folder}: its comments fit, it needs no exception"));
        } else if count > *most {
            problems.push(format!("{folder}: {count} comments are too wide, {most} allowed"));
        }
    }
    problems
}

/// Returns the tests that return early without saying that they were skipped.
pub(crate) fn silence_problems(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in tree.ending(".rs") {
        let code = split(text).code;
        let mut test_line = None;
        let mut depth = 0_usize;
        let mut body = String::new();
        for (i, line) in code.lines().enumerate() {
            if test_line.is_none() && line.trim() == "#[test]" {
                test_line = Some(i + 1);
                body.clear();
            }
            let Some(start) = test_line else { continue };
            body.push_str(line);
            body.push('\n');
            depth += line.matches('{').count();
            depth -= line.matches('}').count().min(depth);
            if depth == 0 && body.contains('}') {
                test_line = None;
                if returns_itself(&body) && !words(&body).any(|word| word == "skipped") {
                    problems
                        .push(format!("{path}:{start}: a test that returns early, and is not skipped(…)"));
                }
            }
        }
    }
    problems
}

/// Returns whether the function `body` returns early: `return` outside its closures and inner
/// functions. Those have a value, or a `|` or `fn` on their line.
fn returns_itself(body: &str) -> bool {
    body.lines().any(|line| {
        let bare = ["return;", "return }", "return skipped("];
        bare.iter().any(|form| line.contains(form)) && !line.contains('|')
    })
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
        assert!(
            unsafe_problems(&tree, &[root("a", "a/src/lib.rs"), root("lowlift-jit", "b/src/lib.rs")])
                .is_empty()
        );
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

    #[test]
    fn widths() {
        let wide = format!("//! x\n    // {}\nlet x = \"{}\";\n", "ü".repeat(94), "x".repeat(200));
        let fits = format!("//! x\n    // {}\n", "ü".repeat(93));
        let tree = Tree::of(&[("a.rs", &wide), ("b.rs", &fits)]);
        assert_eq!(width_problems(&tree, &[]), ["a.rs:2: a comment of 101 characters"]);
        assert!(width_problems(&tree, &[("a", 1)]).is_empty());
        assert_eq!(
            width_problems(&tree, &[("a", 0), ("b", 1)]),
            ["a: 1 comments are too wide, 0 allowed", "b: its comments fit, it needs no exception"]
        );
    }

    #[test]
    fn silent_tests() {
        let check = |text: &str, n_problems: usize| {
            assert_eq!(silence_problems(&Tree::of(&[("a.rs", text)])).len(), n_problems, "{text}");
        };
        check("#[test]\nfn f() {\n    let Some(x) = y() else { return };\n    g(x);\n}\n", 1);
        check("#[test]\nfn f() {\n    if x {\n        return;\n    }\n}\n", 1);
        check("#[test]\nfn f() {\n    let Some(x) = y() else { return skipped(\"f\", z) };\n}\n", 0);
        check("#[test]\nfn f() {\n    g(|| 1);\n}\nfn g() {\n    return;\n}\n", 0);
        check("#[test]\nfn f() {\n    // return;\n    g(|x| { return });\n}\n", 0);
    }
}
