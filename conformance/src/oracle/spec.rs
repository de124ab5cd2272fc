//! The spec's own program, `definitions.py`, as a child process.
//!
//! It lies in the package that carries the official suite. `driver.py` beside this file loads it
//! and answers cases.

use super::case::Case;
use crate::suite::wasm_tools_folder;
use serde_json::Value as Json;
use std::fmt;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const DRIVER: &str = include_str!("driver.py");

/// The child, ready to answer.
#[derive(Debug)]
pub struct Spec {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SpecError {
    /// There is no `python3`.
    NoPython,
    /// Anything else.
    Failed(String),
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPython => f.write_str(
                "the spec's program definitions.py cannot be run: there is no python3 (3.10 or later) on the PATH",
            ),
            Self::Failed(why) => write!(f, "the spec's program definitions.py cannot be run: {why}"),
        }
    }
}

impl std::error::Error for SpecError {}

impl Spec {
    /// Starts the child.
    ///
    /// # Errors
    ///
    /// When `python3` or the program cannot be found.
    pub fn start() -> Result<Self, SpecError> {
        Self::start_with("python3")
    }

    /// Starts the child with this interpreter.
    ///
    /// # Errors
    ///
    /// When the interpreter or the program cannot be found.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn start_with(python: &str) -> Result<Self, SpecError> {
        Self::start_child(python, DRIVER)
    }

    /// Starts a child that runs another program around the spec's.
    pub(super) fn start_program(driver: &str) -> Result<Self, SpecError> {
        Self::start_child("python3", driver)
    }

    fn start_child(python: &str, driver: &str) -> Result<Self, SpecError> {
        let folder = wasm_tools_folder().map_err(|e| SpecError::Failed(e.to_string()))?;
        let program = folder.join("tests/component-model/design/mvp/canonical-abi/definitions.py");
        let started = Command::new(python)
            .args(["-I", "-c", driver])
            .arg(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        match started {
            Ok(mut child) => {
                let stdin = child.stdin.take();
                let stdout = child.stdout.take().expect("the child's output was just piped");
                Ok(Self { child, stdin, stdout: BufReader::new(stdout) })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Err(SpecError::NoPython),
            Err(error) => Err(SpecError::Failed(error.to_string())),
        }
    }

    /// Returns the answer to each case.
    ///
    /// # Errors
    ///
    /// When the child has ended or answers with something else.
    pub fn ask(&mut self, cases: &[Case]) -> Result<Vec<Json>, SpecError> {
        let questions: Json = cases.iter().map(Case::to_json).collect();
        self.ask_json(&questions, cases.len())
    }

    /// Returns the answers to an array of so many questions.
    pub(super) fn ask_json(&mut self, questions: &Json, n: usize) -> Result<Vec<Json>, SpecError> {
        let line = self.exchange(&format!("{questions}\n")).map_err(|e| SpecError::Failed(e.to_string()))?;
        match serde_json::from_str(&line) {
            Ok(Json::Array(answers)) if answers.len() == n => Ok(answers),
            Ok(_) | Err(_) if line.is_empty() => {
                Err(SpecError::Failed("python3 ended; what it says stands above".to_owned()))
            }
            Ok(_) | Err(_) => Err(SpecError::Failed(format!("unexpected answer: {line}"))),
        }
    }

    /// Writes a line and reads one. The child reads all of the one before it writes the other, so
    /// neither waits.
    fn exchange(&mut self, line: &str) -> std::io::Result<String> {
        let mut answer = String::new();
        if let Some(stdin) = &mut self.stdin {
            match stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush()) {
                // It ended; its output says so.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
                written => written?,
            }
        }
        self.stdout.read_line(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Spec {
    fn drop(&mut self) {
        self.stdin = None; // which ends the child
        // Nothing depends on how it ends.
        let _ = self.child.wait();
    }
}
