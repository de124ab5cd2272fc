//! Every `cargo run --release -- …` in the README prints the output that the README shows.
//!
//! A line `…` stands for the rest of the output.

use std::path::Path;
use std::process::Command;

#[test]
fn shows_what_the_command_prints() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    // The README writes files to the directory of the build.
    std::fs::create_dir_all(root.join("target")).expect("the directory for builds can be made");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("a file of the repository");
    let mut n_checked = 0;
    for block in readme.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        let (command, shown) = block.split_once('\n').unwrap_or((block, ""));
        let Some(args) = command.strip_prefix("$ cargo run --release -- ") else { continue };
        let output = Command::new(env!("CARGO_BIN_EXE_lowlift")).args(words(args)).current_dir(root).output();
        let printed = String::from_utf8(output.expect("the binary runs").stdout).expect("text");
        match shown.split_once("…\n") {
            Some((start, "")) => assert!(printed.starts_with(start), "{command}\n{printed}"),
            Some(_) => panic!("{command}: `…` is followed by more"),
            None => assert_eq!(printed, shown, "{command}"),
        }
        n_checked += 1;
    }
    assert!(n_checked >= 4, "the README shows {n_checked} runs of the command");
}

/// Splits a command line at its spaces, except within single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (i, part) in line.split('\'').enumerate() {
        match i % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}
