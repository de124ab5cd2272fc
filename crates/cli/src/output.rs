//! Where a command writes: to standard output, or to a file. What is written is not kept in memory.

use std::fs::File;
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
