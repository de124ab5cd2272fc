//! Prints results as they are walked through: neither a result's text nor a copy of it is in memory
//! as a whole. What is longer than [`SHOWN_BYTES`] is cut, and said to be.

use std::fmt;
use std::io::{self, BufWriter, Write};

use canonical_abi::{Types, ValType, Value};

use crate::wave::write_value;

/// How much of a result is printed, in bytes of its text: 1 MiB.
pub(crate) const SHOWN_BYTES: usize = 1 << 20;

/// How much of an argument of a host call is kept.
const ARGUMENT_BYTES: usize = 1 << 10;

/// Prints a result as a line on standard output, after `$n = ` if it has a name. Says on standard
/// error if it is cut; `is_full` prevents that.
///
/// # Errors
///
/// When standard output can't be written to.
pub(crate) fn print_result(
    name: Option<usize>,
    (types, ty, value): (&Types, ValType, &Value),
    is_full: bool,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    if let Some(n) = name {
        write!(out, "${n} = ")?;
    }
    let limit = (!is_full).then_some(SHOWN_BYTES);
    let is_cut = write_limited(&mut out, limit, (types, ty, value))?;
    out.write_all(if is_cut { "…\n".as_bytes() } else { b"\n" })?;
    out.flush()?;
    if is_cut {
        let what = name.map_or_else(|| "the result".to_owned(), |n| format!("`${n}`"));
        eprintln!("note: {what} is cut after {SHOWN_BYTES} bytes; `--full` prints all of it");
    }
    Ok(())
}

/// Returns the text of a result, and whether it is cut after [`SHOWN_BYTES`].
pub(crate) fn shown_text(types: &Types, ty: ValType, value: &Value) -> (String, bool) {
    limited_text(SHOWN_BYTES, (types, ty, value))
}

/// Returns the text of a value, or the start of a long one.
pub(super) fn text(types: &Types, ty: ValType, value: &Value) -> String {
    let (text, is_cut) = limited_text(ARGUMENT_BYTES, (types, ty, value));
    if is_cut { text + "…" } else { text }
}

fn limited_text(n_bytes: usize, typed: (&Types, ValType, &Value)) -> (String, bool) {
    let mut text = Vec::new();
    let is_cut = write_limited(&mut text, Some(n_bytes), typed).expect("a vector takes all that is written");
    (String::from_utf8(text).expect("text is cut between characters"), is_cut)
}

/// Writes the text of a value, and returns whether it was cut.
fn write_limited(
    out: &mut dyn Write,
    n_bytes: Option<usize>,
    (types, ty, value): (&Types, ValType, &Value),
) -> io::Result<bool> {
    let mut limited = Limited { out, left: n_bytes, failure: None };
    let written = write_value(&mut limited, types, ty, value);
    match limited.failure {
        Some(error) => Err(error),
        None => Ok(written.is_err()),
    }
}

/// Passes text on until there is too much of it. Then, and after a failure, it takes no more.
struct Limited<'o> {
    out: &'o mut dyn Write,
    /// `None` without a limit.
    left: Option<usize>,
    failure: Option<io::Error>,
}

impl fmt::Write for Limited<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let shown = self.left.map_or(text, |left| &text[..text.floor_char_boundary(left)]);
        if let Some(left) = &mut self.left {
            *left -= shown.len();
        }
        self.out.write_all(shown.as_bytes()).map_err(|error| {
            self.failure = Some(error);
            fmt::Error
        })?;
        if shown.len() < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}
