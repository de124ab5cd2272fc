//! The calls that a command is given: as arguments, in files (`@calls.txt`), and on standard input
//! (`-`).

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use crate::failure::Failure;

/// A call as it was given, not parsed yet.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// Where it stands, for messages: `calls.txt:3`. `None` if it is the only one.
    pub(crate) place: Option<String>,
}

/// Reads the calls. In a file they are one a line; empty lines and those that start with `//` are
/// none. `is_taken` says that standard input is the component.
///
/// # Errors
///
/// When a file can't be read or is not UTF-8, or when there is no call.
pub(crate) fn read(args: &[String], is_taken: bool) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for arg in args {
        match arg.strip_prefix('@') {
            _ if arg == "-" && is_taken => {
                let message = "standard input is the component: it can't be the calls, too";
                return Err(Failure::BadInput(message.to_owned()));
            }
            _ if arg == "-" => {
                let mut bytes = Vec::new();
                let read = io::stdin().lock().read_to_end(&mut bytes);
                read.map_err(|error| Failure::in_file("standard input", error))?;
                add_lines("standard input", &bytes, &mut lines)?;
            }
            Some(file) => {
                let bytes = fs::read(Path::new(file)).map_err(|error| Failure::in_file(file, error))?;
                add_lines(file, &bytes, &mut lines)?;
            }
            None => lines.push(Line { text: arg.clone(), place: None }),
        }
    }
    if lines.is_empty() && !args.is_empty() {
        return Err(Failure::BadInput(format!("there is no call in {}", args.join(", "))));
    }
    if lines.len() > 1 {
        for (i, line) in lines.iter_mut().enumerate() {
            line.place.get_or_insert_with(|| format!("call {}", i + 1));
        }
    }
    Ok(lines)
}

fn add_lines(name: &str, bytes: &[u8], lines: &mut Vec<Line>) -> Result<(), Failure> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    for (i, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let place = format!("{name}:{}", i + 1);
        let Ok(text) = str::from_utf8(line) else {
            return Err(Failure::in_file(&place, "the line is not UTF-8"));
        };
        let text = text.trim();
        if !text.is_empty() && !text.starts_with("//") {
            lines.push(Line { text: text.to_owned(), place: Some(place) });
        }
    }
    Ok(())
}

impl Line {
    /// Puts where the call stands before a failure.
    pub(crate) fn fail(&self, failure: Failure) -> Failure {
        match &self.place {
            Some(place) => failure.within(place),
            None => failure,
        }
    }
}
