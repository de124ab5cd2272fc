//! Where a command writes what it makes: a file, or standard output for `-`.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use crate::failure::Failure;

/// Writes a binary, and returns a line about it: what it is, and its size. There is none on
/// standard output.
///
/// # Errors
///
/// If it can't be written.
pub(crate) fn binary(to: &Path, bytes: &[u8], what: &str) -> Result<String, Failure> {
    write(to, bytes)?;
    match is_stdout(to) {
        true => Ok(String::new()),
        false => Ok(format!("{}: {what}, {} bytes\n", to.display(), bytes.len())),
    }
}

/// Returns text to print, or writes it to a file, which gives a line about it.
///
/// # Errors
///
/// If it can't be written.
pub(crate) fn text(to: Option<&Path>, text: String) -> Result<String, Failure> {
    match to {
        Some(to) if !is_stdout(to) => binary(to, text.as_bytes(), "text"),
        Some(_) | None => Ok(text),
    }
}

/// Writes to a file or to standard output. A closed pipe is no failure.
///
/// # Errors
///
/// If that is not possible.
pub(crate) fn write(to: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if !is_stdout(to) {
        return fs::write(to, bytes).map_err(|error| Failure::in_file(&to.display().to_string(), error));
    }
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::in_file("<stdout>", error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}
