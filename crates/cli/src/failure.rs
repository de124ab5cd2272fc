//! The failure of a command: its message on standard error and its exit status.

use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// The reason of a failure.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A file, a name, an argument or an import is invalid.
    BadInput(String),
    /// The guest trapped. The message holds the backtrace.
    Trap(String),
}

impl Failure {
    /// Returns the exit status: 1 for bad input, 134 (as after an abort) for a trap.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::BadInput(_) => ExitCode::from(1),
            Self::Trap(_) => ExitCode::from(134),
        }
    }

    /// Returns what it says, without the word `error`.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::BadInput(message) | Self::Trap(message) => message,
        }
    }

    /// Returns the failure for bad input in `file`.
    pub(crate) fn in_file(file: &str, error: impl fmt::Display) -> Self {
        Self::BadInput(format!("{file}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadInput(message) | Self::Trap(message) => write!(f, "error: {message}"),
        }
    }
}

/// Prints the output of a command. A closed pipe, as in `lowlift layout … | head`, is not a
/// failure.
pub(crate) fn print(text: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: the output could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}
