//! Runs the command, and scripts, on the inputs of this folder.

use conformance::outcome::Outcome;
use conformance::pool::run_text;
use conformance::script::Language;
use conformance::subjects::Subject;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Returns the folder of the inputs.
pub(crate) fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"))
}

/// What a run of the command ends with.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// Fails unless the run ended with this status, `out` is on standard output and each of `err`
    /// is part of standard error.
    #[track_caller]
    pub(crate) fn check(&self, status: i32, out: &str, err: &[&str]) {
        assert_eq!((self.status, self.out.as_str()), (Some(status), out), "{}", self.err);
        for part in err {
            assert!(self.err.contains(part), "{part:?} is not in:\n{}", self.err);
        }
    }

    /// Fails unless the run ended with this status.
    #[track_caller]
    pub(crate) fn check_status(&self, status: i32) {
        assert_eq!(self.status, Some(status), "{}", self.err);
    }
}

/// Runs the command in the folder of the inputs.
pub(crate) fn lowlift(args: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_lowlift")).args(args).current_dir(folder()).output();
    let output = output.expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("the command prints UTF-8");
    Run { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Returns a new, empty folder for the files that one test writes.
pub(crate) fn scratch(test: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cases").join(test);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("the folder for tests can be written");
    dir
}

/// Runs a script and returns each directive that did not pass, with its line.
pub(crate) fn script(file: &str, language: Language, make: fn() -> Box<dyn Subject>) -> Vec<String> {
    let text = fs::read_to_string(folder().join(file)).expect("the script is there");
    let outcomes = run_text(text, language, make, Duration::from_secs(30));
    assert!(!outcomes.is_empty(), "{file} has directives");
    let failed = outcomes.iter().filter(|(_, outcome)| !matches!(outcome, Outcome::Passed));
    failed.map(|(place, outcome)| format!("{file}:{}: {outcome:?}", place.line)).collect()
}
