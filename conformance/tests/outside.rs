//! What the README shows to embedders compiles in a crate outside of this repository.
//!
//! The dependencies are those that the README lists, by path instead of by Git. The crate has the
//! workspace's lock file, so that nothing is fetched, and its target directory, so that what is
//! compiled once is not compiled again.

#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The repository by Git, as the README names it.
const GIT: &str = "git = \"https://github.com/lowlift/lowlift\"";

/// Returns the blocks of a language in a Markdown text.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let start = format!("```{language}\n");
    text.split(&start).skip(1).map(|rest| rest.split("\n```").next().unwrap_or(rest)).collect()
}

/// Returns a line of the README's dependencies with the path in the place of the address.
fn by_path(root: &Path, line: &str) -> String {
    let (name, _) = line.split_once(" = ").expect("a dependency");
    // The folders have the names that code uses.
    let path = root.join("crates").join(name);
    line.replace(GIT, &format!("path = {:?}", path.display().to_string()))
}

#[test]
fn readme_compiles_outside_the_repository() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).canonicalize().expect("the repository");
    let readme = fs::read_to_string(root.join("README.md")).expect("a file of the repository");
    let [dependencies] = blocks(&readme, "toml")[..] else { panic!("the README has one block of TOML") };
    let examples = blocks(&readme, "rust");
    assert_eq!(examples.len(), 3, "the README has an example for each of three crates");

    let outside = std::env::temp_dir().join(format!("lowlift-outside-{}", std::process::id()));
    let folder = outside.join("src/bin");
    fs::create_dir_all(&folder).expect("the folder can be made");
    let workspace = fs::read_to_string(root.join("Cargo.toml")).expect("a file of the repository");
    let profile = &workspace[workspace.find("[profile.dev]").expect("its profile for development")..];
    let mut manifest =
        String::from("[package]\nname = \"outside\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n");
    for line in dependencies.lines() {
        let line = if line.contains(GIT) { by_path(&root, line) } else { line.to_owned() };
        writeln!(manifest, "{line}").expect("a string takes it");
    }
    // What is compiled with the same profile is there already.
    write!(manifest, "\n{profile}").expect("a string takes it");
    fs::write(outside.join("Cargo.toml"), manifest).expect("the file can be written");
    fs::copy(root.join("Cargo.lock"), outside.join("Cargo.lock")).expect("the lock file is there");
    for (index, example) in examples.iter().enumerate() {
        let is_whole = example.contains("fn main()");
        let text = if is_whole { (*example).to_owned() } else { format!("fn main() {{\n{example}\n}}") };
        fs::write(folder.join(format!("example{index}.rs")), text).expect("the file can be written");
    }
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet", "--bins"])
        .current_dir(&outside)
        .env("CARGO_TARGET_DIR", root.join("target"))
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    fs::remove_dir_all(&outside).expect("it was made above");
    assert!(output.status.success(), "{errors}");
}
