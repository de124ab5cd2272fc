//! `lowlift call --repl`: asks for calls, line by line.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::print::print_result;
use super::{Line, Prepared};
use crate::bounds::Phase;
use crate::failure::Failure;

const COMMANDS: &[&str] = &[":functions", ":help", ":quit", ":restart"];

const HELP: &str = "\
CALL        makes a call, such as process({id: 7, payload: [1, 2, 3]})
$0          shows the result of the first call; $0.name, $0[2], $0.some and $0.ok are parts of it
drop($0)    drops a resource
:functions  lists the functions and their types
:restart    makes a new instance; results and resources are gone
:help       shows this
:quit       ends, as the end of input does";

/// Makes the calls that are given, and then those that the user enters.
///
/// # Errors
///
/// When one of the given calls fails, or the terminal does. Calls that the user enters fail on
/// standard error.
pub(super) fn run(mut prepared: Prepared, lines: Vec<Line>, is_full: bool) -> Result<String, Failure> {
    for (n, line) in lines.iter().enumerate() {
        let made = prepared.call(n, line).and_then(|()| prepared.print(n, true, is_full));
        made.map_err(|failure| line.fail(failure))?;
    }
    prepared.watch.rest();

    let config = Config::builder().completion_type(CompletionType::List).build();
    let history = FileHistory::with_config(&config);
    let mut editor = Editor::with_history(config, history).map_err(terminal)?;
    editor.set_helper(Some(Names::of(&prepared)));
    // What is piped in is no history of the user's.
    let history = if io::stdin().is_terminal() { history_file() } else { None };
    if let Some(history) = &history {
        // There is none the first time.
        let _ = editor.load_history(history);
        println!("`:help` says what can be entered.");
    }
    loop {
        match editor.readline("> ") {
            Ok(line) if line.trim() == ":quit" => break,
            Ok(line) => {
                // A line that can't be remembered can be run.
                let _ = editor.add_history_entry(line.as_str());
                if let Err(failure) = enter(&mut prepared, line.trim(), is_full) {
                    if let Failure::Output(_) = failure {
                        return Err(failure);
                    }
                    failure.report();
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(terminal(error)),
        }
    }
    if let Some(history) = history {
        // The history is a convenience: that it can't be kept is no failure of the calls.
        let _ = history.parent().map(std::fs::create_dir_all);
        let _ = editor.save_history(&history);
    }
    Ok(String::new())
}

fn terminal(error: ReadlineError) -> Failure {
    Failure::BadInput(format!("the line could not be read: {error}"))
}

/// Does what a line says.
fn enter(prepared: &mut Prepared, line: &str, is_full: bool) -> Result<(), Failure> {
    let Prepared { session, watch, .. } = prepared;
    if line.is_empty() || line.starts_with("//") {
        return Ok(());
    }
    match line {
        ":help" => println!("{HELP}"),
        ":functions" => {
            for function in 0..session.exports.functions.len() {
                println!("{}", session.exports.display(function));
            }
        }
        ":restart" => {
            watch.restart();
            session.restart(watch)?;
            watch.rest();
        }
        _ if line.starts_with(':') => {
            let message = format!("there is no command `{line}`, expected one of {}", COMMANDS.join(", "));
            return Err(Failure::BadInput(message));
        }
        _ => {
            watch.phase(Phase::Checking);
            watch.restart();
            let made = call(prepared, line, is_full);
            prepared.watch.rest();
            return made;
        }
    }
    Ok(())
}

fn call(prepared: &mut Prepared, line: &str, is_full: bool) -> Result<(), Failure> {
    let Prepared { session, watch, .. } = prepared;
    let checked = session.exports.check(line, &session.result_types())?;
    session.refuel();
    let n = session.n_results();
    session.run(line, checked, watch, None).map_err(|failure| match failure {
        Failure::Trap(_) => failure.help("`:restart` makes a new instance"),
        Failure::BadInput(_) | Failure::Output(_) => failure,
    })?;
    watch.phase(Phase::Printing);
    let Some((ty, value)) = session.result(n) else { return Ok(()) };
    Ok(print_result(Some(n), (session.exports.resolved.types(), ty, value), is_full)?)
}

/// Returns the file of the history, where the user's programs keep their state.
fn history_file() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = folder("XDG_STATE_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("lowlift/calls"))
}

/// Completes names: of functions, in full and as short as is usual, and of commands.
struct Names {
    names: Vec<String>,
}

impl Names {
    fn of(prepared: &Prepared) -> Self {
        let functions = prepared.session.exports.functions.iter();
        let mut names: Vec<_> =
            functions.flat_map(|function| [function.full_name(), function.short_name()]).collect();
        names.push("drop".to_owned());
        for name in &mut names {
            name.push('(');
        }
        names.extend(COMMANDS.iter().map(|command| (*command).to_owned()));
        names.sort_unstable();
        names.dedup();
        Self { names }
    }
}

impl Completer for Names {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let start = line.len() - line.trim_start().len();
        let typed = line.get(start..pos).unwrap_or_default();
        let names = self.names.iter().filter(|name| name.starts_with(typed)).cloned();
        Ok((start, names.collect()))
    }
}

impl Hinter for Names {
    type Hint = String;
}

impl Highlighter for Names {}

impl Validator for Names {}

impl Helper for Names {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed() {
        let names = ["drop(", ":help", "r(", "r.get("].map(str::to_owned).to_vec();
        let history = FileHistory::new();
        let complete = |line: &str| {
            let complete = Names { names: names.clone() }.complete(line, line.len(), &Context::new(&history));
            complete.expect("names are at hand")
        };
        assert_eq!(complete("  r"), (2, vec!["r(".to_owned(), "r.get(".to_owned()]));
        assert_eq!(complete(":"), (0, vec![":help".to_owned()]));
        assert_eq!(complete("r.get($"), (0, Vec::new()));
    }
}
