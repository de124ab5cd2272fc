//! `lowlift call`: instantiates a component and makes calls of its functions.
//!
//! `script` has the calls as they are given, `exports` checks them, `session` makes them on one
//! instance, `handles` knows which resources it holds, `print` prints what they return, `stubs` are
//! the host for components without one, and `repl` asks for calls one by one.

mod exports;
mod handles;
mod print;
mod repl;
mod script;
mod session;
mod stubs;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::bounds::{Bounds, Phase, Watch};
use crate::failure::Failure;

pub(crate) use exports::{Checked, Exports, What};
pub(crate) use print::shown_text;
pub(crate) use script::Line;
pub(crate) use session::Session;
pub(crate) use stubs::{HostCall, HostCalls};

/// What `lowlift call` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    given: Given,
    #[arg(value_name = "CALL", required_unless_present = "repl", help = CALLS)]
    calls: Vec<String>,
    /// Prints results as a whole, however long
    #[arg(long)]
    full: bool,
    /// Asks for calls, after those that are given, with history and completion
    #[arg(long)]
    repl: bool,
}

/// A component, and what its guests may do.
#[derive(Debug, clap::Args)]
pub(crate) struct Given {
    /// The component, binary or text; `-` is standard input
    pub(crate) file: PathBuf,
    /// Links each import to a function that traps with the import's name
    #[arg(long)]
    pub(crate) stub_imports: bool,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
}

/// What calls are, for `--help`.
pub(crate) const CALLS: &str = "\
Calls in WAVE, such as 'process({id: 7, payload: [1, 2, 3]})'. A function is named in full \
(techbytes:plugin/processing.process) or as short as is unique. `@FILE` and `-` read calls from a file or \
standard input, one a line; lines that start with `//` are comments";

/// Makes the calls and prints each result as a line of WAVE.
///
/// # Errors
///
/// When the component, a call or an import is invalid, or when the guest traps.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let Args { given, calls, full, repl } = args;
    let (lines, mut prepared) = prepare(given, calls)?;
    if *repl {
        return repl::run(prepared, lines, *full);
    }
    let is_script = lines.len() > 1;
    for (n, line) in lines.iter().enumerate() {
        prepared.call(n, line).and_then(|()| prepared.print(n, is_script, *full)).map_err(|failure| {
            let n_left = lines.len() - n - 1;
            let failure = line.fail(failure);
            if n_left == 0 { failure } else { failure.help(not_made(n_left)) }
        })?;
        prepared.forget_after(n);
    }
    prepared.watch.rest();
    Ok(String::new())
}

/// Says that calls were not made.
pub(crate) fn not_made(n_left: usize) -> String {
    if n_left == 1 {
        "the call after it was not made".to_owned()
    } else {
        format!("the {n_left} calls after it were not made")
    }
}

/// An instance, and checked calls that are still to be made.
pub(crate) struct Prepared {
    pub(crate) session: Session,
    pub(crate) watch: Watch,
    /// By the calls' numbers; `None` when made.
    checked: Vec<Option<Checked>>,
    /// By the calls' numbers: the results that no later call takes.
    frees: Vec<Vec<usize>>,
}

/// Reads the component and the calls, checks all of these, and then compiles and instantiates.
///
/// # Errors
///
/// When the component, a call or an import is invalid, or when a start function traps.
pub(crate) fn prepare(given: &Given, calls: &[String]) -> Result<(Vec<Line>, Prepared), Failure> {
    let is_stdin = given.file.as_os_str() == "-";
    let lines = script::read(calls, is_stdin)?;
    let bytes = Exports::read(&given.file)?;
    let watch = Watch::start(given.bounds);
    let exports = Exports::of_bytes(&given.file, &bytes)?;
    drop(bytes);

    let (mut types, mut checked, mut last_use) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (n, line) in lines.iter().enumerate() {
        let call = exports.check(&line.text, &types).map_err(|failure| line.fail(failure))?;
        types.push(call.result);
        last_use.extend(call.takes.iter().map(|taken| (*taken, n)));
        checked.push(Some(call));
    }
    let session = Session::start(exports, given.stub_imports, given.bounds, &watch)?;
    let mut frees = vec![Vec::new(); lines.len()];
    for result in 0..lines.len() {
        frees[last_use.get(&result).copied().unwrap_or(result)].push(result);
    }
    Ok((lines, Prepared { session, watch, checked, frees }))
}

impl Prepared {
    /// Makes the call of a number.
    ///
    /// # Errors
    ///
    /// Those of [`Session::run`].
    pub(crate) fn call(&mut self, n: usize, line: &Line) -> Result<(), Failure> {
        let checked = self.checked[n].take().expect("a call is made once");
        self.session.run(&line.text, checked, &self.watch, None)
    }

    /// Takes the call of a number, to make it elsewhere.
    pub(crate) fn take(&mut self, n: usize) -> Checked {
        self.checked[n].take().expect("a call is made once")
    }

    /// Prints the result of a call, if it has one.
    ///
    /// # Errors
    ///
    /// When standard output can't be written to.
    pub(crate) fn print(&self, n: usize, has_name: bool, is_full: bool) -> Result<(), Failure> {
        self.watch.phase(Phase::Printing);
        let Some((ty, value)) = self.session.result(n) else { return Ok(()) };
        let types = self.session.exports.resolved.types();
        Ok(print::print_result(has_name.then_some(n), (types, ty, value), is_full)?)
    }

    /// Forgets the results that no call after this one takes.
    pub(crate) fn forget_after(&mut self, n: usize) {
        for result in std::mem::take(&mut self.frees[n]) {
            self.session.forget(result);
        }
    }
}
