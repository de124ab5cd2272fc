//! Runs the binary, in one directory for each test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns a new, empty directory for the files of one test.
pub(crate) fn dir(test: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tools").join(test);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("the directory for tests can be written");
    dir
}

/// Writes a file and returns its path.
pub(crate) fn write(dir: &Path, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, contents).expect("the directory for tests can be written");
    path
}

/// Runs the binary in `dir` and returns what it prints, with its exit status.
pub(crate) fn lowlift(dir: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_lowlift")).args(args).current_dir(dir).output();
    let output = output.expect("the binary runs");
    let status = output.status.code().map_or("none".to_owned(), |code| code.to_string());
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}[exit status {status}]\n")
}

/// A component that nests another, each with a core module.
pub(crate) const NESTED: &str = r#"(component $outer
  (import "log" (func $log (param "x" u32)))
  (core module $inc (func (export "inc") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))
  (component $inner
    (core module (memory (export "memory") 1) (data (i32.const 0) "hello")))
  (core func $log (canon lower (func $log)))
  (core instance $i (instantiate $inc))
  (func (export "inc") (param "x" u32) (result u32) (canon lift (core func $i "inc")))
  (instance $n (instantiate $inner)))"#;
