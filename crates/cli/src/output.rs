//! Where a command writes: to standard output, or to a file. What is written is not kept in memory.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// `-o`.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct OutputArgs {
    /// Where to write it, instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl OutputArgs {
    /// Returns whether a file is written, which never is in colour.
    pub(crate) fn is_file(&self) -> bool {
        self.output.as_deref().is_some_and(|path| path != Path::new("-"))
    }

    /// Lets `write` write the output. A closed pipe, as in `lowlift layout … | head`, is not a
    /// failure.
    ///
    /// # Errors
    ///
    /// When the file can't be made, or not be written.
    pub(crate) fn write(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        let done = |to: &mut dyn Write| write(to).and_then(|()| to.flush());
        match &self.output {
            Some(path) if self.is_file() => {
                let file = File::create(path).map(BufWriter::new);
                file.and_then(|mut file| done(&mut file))
                    .map_err(|error| Failure::in_file(&path.display().to_string(), error))
            }
            Some(_) | None => match done(&mut BufWriter::new(io::stdout().lock())) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    Err(Failure::BadInput(format!("the output could not be written: {error}")))
                }
                Ok(()) | Err(_) => Ok(()),
            },
        }
    }
}

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
