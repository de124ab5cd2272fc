//! The rules about this repository that no lint checks; CONTRIBUTING.md has most of them.
//!
//! Each rule is a pure function from files to problems, tested on small wrong inputs beside it.
//! This file applies them to the workspace. A rule's exceptions stand in its own table, each with
//! its reason.

#![forbid(unsafe_code)]

#[path = "tidy/closure.rs"]
mod closure;
#[path = "tidy/edges.rs"]
mod edges;
#[path = "tidy/lexer.rs"]
mod lexer;
#[path = "tidy/names.rs"]
mod names;
#[path = "tidy/paths.rs"]
mod paths;
#[path = "tidy/rooms.rs"]
mod rooms;
#[path = "tidy/sources.rs"]
mod sources;
#[path = "tidy/tree.rs"]
mod tree;
#[path = "tidy/uses.rs"]
mod uses;

use conformance::ledger::Ledger;
use conformance::suite::{cargo_metadata, wasm_tools_folder};
use std::io::Write;
use std::process::{Command, Stdio};
use tree::{Tree, workspace_root};

/// Fails with the problems, one per line.
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn crates_depend_on_what_the_design_allows() {
    let metadata = cargo_metadata(&workspace_root()).unwrap();
    none(&edges::problems(&edges::packages(&metadata)));
}

#[test]
fn crates_bring_nothing_that_they_should_not() {
    none(&closure::problems(&cargo_metadata(&workspace_root()).unwrap()));
}

#[test]
fn rooms_depend_on_each_other_in_one_direction() {
    none(&rooms::problems(&Tree::read(&workspace_root()), rooms::CIRCLES));
}

#[test]
fn unsafe_stays_in_its_folders() {
    let tree = Tree::read(&workspace_root());
    let metadata = cargo_metadata(&workspace_root()).unwrap();
    let roots = edges::crate_roots(&metadata, &workspace_root());
    none(&sources::unsafe_problems(&tree, &roots));
}

#[test]
fn files_say_what_they_are_and_keep_their_size() {
    none(&sources::shape_problems(&Tree::read(&workspace_root()), sources::LONG_FILES));
}

#[test]
fn comments_fit_their_width() {
    none(&sources::width_problems(&Tree::read(&workspace_root()), sources::WIDE_FOLDERS));
}

#[test]
fn tests_that_return_early_say_so() {
    none(&sources::silence_problems(&Tree::read(&workspace_root())));
}

#[test]
fn named_paths_exist() {
    none(&paths::problems(&Tree::read(&workspace_root())));
}

#[test]
fn no_text_names_a_place_on_somebodys_machine() {
    let root = workspace_root();
    none(&paths::machine_problems(&Tree::read(&root), &root.to_string_lossy()));
}

#[test]
fn the_ledgers_are_sorted_and_have_reasons() {
    for name in ["ledger.txt", "ledger-core.txt", "ledger-core-lazy.txt"] {
        let text = std::fs::read_to_string(workspace_root().join("conformance").join(name)).unwrap();
        let ledger = match Ledger::parse(&text) {
            Ok(ledger) => ledger,
            Err(error) => panic!("{name}: {error}"),
        };
        none(&ledger.without_reason().map(|key| format!("{name}: {key}: no reason")).collect::<Vec<_>>());
    }
}

#[test]
fn names_of_the_spec_stand_in_the_crates() {
    let folder = wasm_tools_folder().unwrap().join("tests/component-model/design/mvp");
    let read = |text: &str| std::fs::read_to_string(folder.join(text)).unwrap();
    let all: names::Names = names::TEXTS.iter().map(|(text, of)| (*text, of(&read(text)))).collect();
    assert!(all.values().all(|names| names.len() > 50), "a text of the spec has lost its names: {all:?}");
    let found = names::found(&Tree::read(&workspace_root()), &all);
    let path = workspace_root().join("conformance/spec-names.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, names::to_text(&all, &found)).unwrap();
    }
    let blessed = std::fs::read_to_string(&path).unwrap();
    none(&names::problems(&blessed, &found));
    if blessed != names::to_text(&all, &found) {
        // Past the test's capture, which shows what fails only.
        let note = "\nconformance/spec-names.txt lacks new names: UPDATE_EXPECT=1 adds them\n";
        std::io::stderr().write_all(note.as_bytes()).unwrap();
    }
}

/// The script that `.ci/run` ends with.
#[test]
fn the_closing_line_counts_what_was_skipped() {
    let check = |log: &str, expected: &str, success: bool| {
        let script = workspace_root().join(".ci/tally");
        let mut child = Command::new("bash")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash runs, as for all of .ci");
        child.stdin.take().unwrap().write_all(log.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let last = String::from_utf8(output.stdout).unwrap();
        assert_eq!((last.as_str(), output.status.success()), (expected, success), "{log}");
    };
    let passed = "test a ... ok\ntest result: ok. 3 passed; 0 failed; 0 ignored; 0 measured\n";
    check(passed, "3 passed, 0 failed, 0 skipped\n", true);
    check(&format!("{passed}{passed}"), "6 passed, 0 failed, 0 skipped\n", true);
    check(
        &format!("\nskipped: a: there is no python3\n{passed}"),
        "skipped: a: there is no python3\n2 passed, 0 failed, 1 skipped\n",
        true,
    );
    let failed = "test result: FAILED. 2 passed; 1 failed; 4 ignored; 0 measured\n";
    check(failed, "2 passed, 1 failed, 4 skipped\n", false);
    check("", "0 passed, 0 failed, 0 skipped\n", false);
}
