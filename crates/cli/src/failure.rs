//! The failure of a command: its message on standard error and its exit status.

use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use canonical_abi::name::escape_lines;

/// The reason of a failure.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A file, a name, an argument or an import is invalid, or something is not supported yet.
    BadInput(String),
    /// The guest trapped. The message holds the backtrace.
    Trap(String),
    /// The output could not be written.
    Output(io::Error),
}

impl Failure {
    /// Returns the exit status: 1 for bad input, 134 (as after an abort) for a trap. A closed pipe,
    /// as in `lowlift layout … | head`, is none of the command's failures.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::BadInput(_) => 1,
            Self::Trap(_) => 134,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Output(_) => 1,
        }
    }

    /// Prints the message and returns the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        if self.status() != 0 {
            eprintln!("{self}");
        }
        ExitCode::from(self.status())
    }

    /// Returns what it says, without the word `error`.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::BadInput(message) | Self::Trap(message) => message.clone(),
            Self::Output(error) => format!("the output could not be written: {error}"),
        }
    }

    /// Returns the failure for bad input in `file`.
    pub(crate) fn in_file(file: &str, error: impl fmt::Display) -> Self {
        Self::BadInput(format!("{file}: {error}"))
    }

    /// Puts what failed before the message.
    #[must_use]
    pub(crate) fn within(self, place: impl fmt::Display) -> Self {
        match self {
            Self::BadInput(message) => Self::BadInput(format!("{place}: {message}")),
            Self::Trap(message) => Self::Trap(format!("{place}: {message}")),
            Self::Output(error) => Self::Output(error),
        }
    }

    /// Adds a line to the message.
    #[must_use]
    pub(crate) fn help(self, line: impl fmt::Display) -> Self {
        match self {
            Self::BadInput(message) => Self::BadInput(format!("{message}\n  help: {line}")),
            Self::Trap(message) => Self::Trap(format!("{message}\n  help: {line}")),
            Self::Output(error) => Self::Output(error),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl fmt::Display for Failure {
    /// Prints the message. Names in it may come from files: what would control the terminal is
    /// escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", escape_lines(&self.message()))
    }
}

/// Prints the output of a command. A closed pipe, as in `lowlift layout … | head`, is not a
/// failure.
pub(crate) fn print(text: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => Failure::Output(error).report(),
    }
}
