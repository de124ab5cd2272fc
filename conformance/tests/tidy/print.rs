//! Prints the rooms of the crates that are asked for, in their order, and the edges of their
//! circles.
//!
//! Not part of the test: `.ci/rooms` compiles this file by itself, which takes seconds because it
//! needs no crate.

#![forbid(unsafe_code)]

mod lexer;
mod rooms;
mod tree;
mod uses;

use rooms::Rooms;
use tree::{Tree, workspace_root};

fn main() {
    let filters: Vec<String> = std::env::args().skip(1).collect();
    let tree = Tree::read(&workspace_root());
    let is_asked_for =
        |folder: &String| filters.is_empty() || filters.iter().any(|filter| folder.ends_with(filter.as_str()));
    for folder in rooms::crates(&tree).into_iter().filter(is_asked_for) {
        let rooms = Rooms::of(&tree, &folder);
        println!("{folder}");
        for (room, needs) in rooms.in_order() {
            println!("  {room} <- {}", needs.into_iter().collect::<Vec<_>>().join(" "));
        }
        for circle in rooms.circles() {
            println!("  circle of {}: {}", circle.len(), circle.join(" "));
            for edge in rooms.edges_in(&circle) {
                println!("    {edge}");
            }
        }
    }
    for problem in rooms::problems(&tree, rooms::CIRCLES) {
        println!("{problem}");
    }
}
