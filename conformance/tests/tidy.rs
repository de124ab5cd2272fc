//! The rules about this repository that no lint checks; STYLE.md names them.
//!
//! Each rule is a pure function from files to problems, tested on small wrong inputs beside it;
//! this file applies them to the workspace. A rule's exceptions stand in its own table, each with
//! its reason.

#![forbid(unsafe_code)]

#[path = "tidy/closure.rs"]
mod closure;
#[path = "tidy/edges.rs"]
mod edges;
#[path = "tidy/lexer.rs"]
mod lexer;
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
use conformance::suite::cargo_metadata;
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
