//! `lowlift trace`: the lowering and lifting of calls, step by step.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use component_linker::CallTrace;

use crate::abi::Format;
use crate::bounds::Phase;
use crate::call::{CALLS, Checked, Given, Line, Prepared, What, not_made, prepare, shown_text};
use crate::failure::Failure;
use crate::render::text;
use crate::render::trace::{self as render, TracedCall};

/// What `lowlift trace` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    given: Given,
    #[arg(value_name = "CALL", required = true, help = CALLS)]
    calls: Vec<String>,
    /// What to write
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Writes to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Makes the calls and writes how the arguments of each were lowered and its result lifted.
///
/// # Errors
///
/// As for `lowlift call`. When the guest traps, the steps before the trap are written.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let Args { given, calls, format, output } = args;
    let (lines, mut prepared) = prepare(given, calls)?;
    let title = lines.first().map_or("", |line| line.text.as_str());
    let is_one = lines.len() == 1;
    if !is_one && matches!(format, Format::Svg) {
        let message = "a drawing is of one call; `--format html` is a page of several";
        return Err(Failure::BadInput(message.to_owned()));
    }
    let (out, colour): (Box<dyn Write>, bool) = match output {
        Some(path) => {
            let file = File::create(path);
            (Box::new(file.map_err(|error| Failure::in_file(&path.display().to_string(), error))?), false)
        }
        None => (Box::new(io::stdout()), text::wants_colour()),
    };
    let mut out = Writer { out: BufWriter::new(out), format: *format, is_one, colour, n_written: 0 };

    let mut failed = None;
    for (n, line) in lines.iter().enumerate() {
        let failure = trace(&mut prepared, n, line, title, &mut out)?;
        prepared.forget_after(n);
        if let Some(failure) = failure {
            let n_left = lines.len() - n - 1;
            let failure = line.fail(failure);
            failed = Some(if n_left == 0 { failure } else { failure.help(not_made(n_left)) });
            break;
        }
    }
    let written = out.finish();
    prepared.watch.rest();
    match failed {
        // The trap is reported, and not that the output could not be written.
        Some(failure) => Err(failure),
        None => written.map(|()| String::new()).map_err(Failure::Output),
    }
}

/// Makes a call, writes its trace, and returns how it failed, if it did. There is no trace if
/// nothing was lowered.
///
/// # Errors
///
/// When the trace can't be written.
fn trace(
    prepared: &mut Prepared,
    n: usize,
    line: &Line,
    title: &str,
    out: &mut Writer,
) -> Result<Option<Failure>, Failure> {
    let checked = prepared.take(n);
    let (ty, is_call) = headline(prepared, &checked);
    let mut trace = CallTrace::default();
    let Prepared { session, watch, .. } = prepared;
    let failure = session.run(&line.text, checked, watch, Some(&mut trace)).err();
    watch.phase(Phase::Printing);
    if is_call && trace.options.is_none() {
        return Ok(Some(failure.unwrap_or_else(|| {
            Failure::BadInput(format!("`{ty}` is the host's own function: nothing is lowered or lifted"))
        })));
    }
    let types = session.exports.resolved.types();
    let traced = TracedCall {
        call: &line.text,
        ty,
        opts: trace.options,
        trace: &trace,
        result: session.result(n).map(|(ty, value)| shown_text(types, ty, value)),
        failure: failure.as_ref().map(ToString::to_string),
        host_calls: session.take_host_calls(),
    };
    // After a trap, the trap is reported, and not that the output could not be written.
    match out.call(title, &traced) {
        Err(error) if failure.is_none() => Err(Failure::Output(error)),
        Ok(()) | Err(_) => Ok(failure),
    }
}

/// Returns what is called, with its type, and whether it is a function of the component.
fn headline(prepared: &Prepared, checked: &Checked) -> (String, bool) {
    match &checked.what {
        What::Call { function, .. } => (prepared.session.exports.display(*function), true),
        What::Drop(reference) => (format!("drop({reference})"), false),
        What::Show(reference) => (reference.to_string(), false),
    }
}

/// Writes traced calls one after the other, in one format.
struct Writer {
    out: BufWriter<Box<dyn Write>>,
    format: Format,
    is_one: bool,
    colour: bool,
    n_written: usize,
}

impl Writer {
    fn call(&mut self, title: &str, traced: &TracedCall<'_>) -> io::Result<()> {
        let is_first = self.n_written == 0;
        self.n_written += 1;
        let out = &mut self.out;
        match (self.format, self.is_one) {
            (Format::Text, _) => {
                out.write_all(if is_first { b"" } else { b"\n" })?;
                out.write_all(render::text(traced, self.colour).as_bytes())
            }
            (Format::Svg, _) => out.write_all(render::svg(traced).as_bytes()),
            (Format::Json, true) => render::write_json_document(out, traced),
            (Format::Json, false) => {
                out.write_all(if is_first { render::JSON_START } else { ",\n" }.as_bytes())?;
                render::write_json(out, traced)
            }
            (Format::Html, _) => {
                if is_first {
                    out.write_all(render::html_start(title).as_bytes())?;
                }
                out.write_all(render::html(traced).as_bytes())
            }
        }?;
        // A call that takes long does not keep back what is known of those before it.
        out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        match (self.format, self.is_one) {
            (Format::Json, false) if self.n_written > 0 => self.out.write_all(render::JSON_END.as_bytes())?,
            (Format::Html, _) if self.n_written > 0 => self.out.write_all(render::HTML_END.as_bytes())?,
            (Format::Text | Format::Svg | Format::Json | Format::Html, _) => {}
        }
        self.out.flush()
    }
}
