//! Runs scripts side by side and keeps what goes wrong inside the directive it goes wrong in.
//!
//! Each file runs on its own thread, together with its subject. A panic of the subject is caught
//! and fails the directive; a directive that does not end within the budget fails, its thread is
//! left behind, and the rest of its file is not reached. What a subject does to the whole process
//! (a crash) is not contained here.

use crate::outcome::{FileOutcome, Happened, Kind, Outcome};
use crate::run::{State, run};
use crate::script::{self, Directive, Language, LineColumn};
use crate::subjects::Subject;
use crate::suite::{Suite, SuiteError};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Mutex, Once, mpsc};
use std::thread;
use std::time::Duration;

/// How many files run at once, and how long a directive may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Files at a time, at least 1.
    pub n_jobs: usize,
    /// The time that one directive has.
    pub budget: Duration,
}

impl Default for Limits {
    /// As many jobs as there are cores, and a budget that a busy machine does not use up.
    fn default() -> Self {
        let n_jobs = thread::available_parallelism().map_or(1, usize::from);
        Self { n_jobs, budget: Duration::from_secs(30) }
    }
}

/// Makes the subject that runs the file of this name, on the thread that runs it.
pub type MakeSubject = fn(&str) -> Box<dyn Subject>;

/// Runs `files` of `suite`, each through its own subject. The outcomes come in the order of
/// `files`.
///
/// # Errors
///
/// If a file cannot be read.
///
/// # Panics
///
/// If no thread can be started.
pub fn run_files(
    suite: &Suite,
    files: &[&str],
    make: MakeSubject,
    limits: Limits,
) -> Result<Vec<FileOutcome>, SuiteError> {
    let queue: Mutex<VecDeque<(usize, String, String)>> = Mutex::default();
    for (i, &file) in files.iter().enumerate() {
        lock(&queue).push_back((i, file.to_owned(), suite.read(file)?));
    }
    let outcomes: Mutex<Vec<(usize, FileOutcome)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..limits.n_jobs.clamp(1, files.len().max(1)) {
            scope.spawn(|| {
                while let Some((i, file, text)) = { lock(&queue).pop_front() } {
                    let name = file.clone();
                    let directives = run_text(text, suite.language(), move || make(&name), limits.budget);
                    lock(&outcomes).push((i, FileOutcome { file, directives }));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("a job's own code does not panic");
    outcomes.sort_by_key(|&(i, _)| i);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("a job's own code does not panic")
}

/// What a worker tells the job that waits for it.
enum Message {
    /// The positions of all directives; comes first.
    Script(Vec<LineColumn>),
    /// The next directive is done.
    Done(Outcome),
}

/// Runs the script `text` on its own thread, with `budget` for each directive.
///
/// # Panics
///
/// If no thread can be started.
pub fn run_text(
    text: String,
    language: Language,
    make: impl FnOnce() -> Box<dyn Subject> + Send + 'static,
    budget: Duration,
) -> Vec<(LineColumn, Outcome)> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !note_panic(info) {
                previous(info)
            }
        }));
    });
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new()
        .name(WORKER.to_owned())
        .stack_size(8 << 20) // what a main thread has: guests may use it up, and the engine must say so
        .spawn(move || work(&text, language, make, &sender))
        .expect("the system lets us start a thread");
    collect(&receiver, budget)
}

const WORKER: &str = "conformance worker";
/// Where what goes wrong with all of a file is noted.
const START: LineColumn = LineColumn { line: 1, column: None };

/// The worker's side. A receiver that has gone away has given up on this file: then so does the
/// worker.
fn work(
    text: &str,
    language: Language,
    make: impl FnOnce() -> Box<dyn Subject>,
    sender: &mpsc::Sender<Message>,
) {
    let script =
        contained(|| script::parse(text, language).map_err(|error| Happened::new(Kind::Script, error)));
    let directives = match script.flatten() {
        Ok(directives) => directives,
        Err(got) => {
            let outcome = Outcome::Failed { expected: "a script".to_owned(), got };
            // The receiver may be gone; there is nobody else to tell.
            let _ = sender.send(Message::Script(vec![START]));
            let _ = sender.send(Message::Done(outcome));
            return;
        }
    };
    if sender.send(Message::Script(directives.iter().map(|d| d.position).collect())).is_err() {
        return;
    }
    let mut subject = make();
    let mut state = State::default();
    for Directive { position: _, action } in &directives {
        let outcome = contained(|| run(subject.as_mut(), &mut state, action))
            .unwrap_or_else(|panic| Outcome::Failed { expected: "no panic".to_owned(), got: panic });
        if sender.send(Message::Done(outcome)).is_err() {
            return;
        }
    }
}

/// The waiting side. Every directive has an outcome in the end, whatever the worker does.
fn collect(receiver: &mpsc::Receiver<Message>, budget: Duration) -> Vec<(LineColumn, Outcome)> {
    let mut places = Vec::new();
    let mut outcomes = Vec::new();
    let rest = loop {
        if !places.is_empty() && outcomes.len() == places.len() {
            break Outcome::Passed; // there is no rest
        }
        match receiver.recv_timeout(budget) {
            Ok(Message::Script(all)) if all.is_empty() => {
                places = vec![START];
                let got = Happened::new(Kind::Script, "no directives");
                break Outcome::Failed { expected: "directives".to_owned(), got };
            }
            Ok(Message::Script(all)) => places = all,
            Ok(Message::Done(outcome)) => outcomes.push(outcome),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let expected = format!("an end within {} s", budget.as_secs());
                break Outcome::Failed { expected, got: Happened::new(Kind::Hang, "") };
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                let got = Happened::new(Kind::Died, "the worker");
                break Outcome::Failed { expected: "an outcome".to_owned(), got };
            }
        }
    };
    if places.is_empty() {
        places.push(START);
    }
    if outcomes.len() < places.len() {
        outcomes.push(rest);
    }
    let unreached = Outcome::NotReached(Happened::new(Kind::Hang, "an earlier directive of the file"));
    outcomes.resize(places.len(), unreached);
    places.into_iter().zip(outcomes).collect()
}

thread_local! {
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `f`; a panic becomes its message and place.
fn contained<T>(f: impl FnOnce() -> T) -> Result<T, Happened> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|_| {
        let said = LAST_PANIC.with_borrow_mut(Option::take);
        Happened::new(Kind::Panic, said.unwrap_or_else(|| "without a word".to_owned()))
    })
}

/// Keeps a worker's panic for [`contained`]; returns false for every other thread's.
fn note_panic(info: &PanicHookInfo<'_>) -> bool {
    if thread::current().name() != Some(WORKER) {
        return false;
    }
    let message = info.payload_as_str().unwrap_or("something that is not text");
    let place = info.location().map(|l| format!(" (at {}:{})", relative(l.file()), l.line()));
    LAST_PANIC.set(Some(format!("{message}{}", place.unwrap_or_default())));
    true
}

/// Shortens an absolute path, which is that of a dependency, to the package's folder and what
/// follows.
fn relative(path: &str) -> &str {
    let Some((before, _)) = path.split_once("/src/").filter(|_| path.starts_with('/')) else {
        return path;
    };
    // A registry's folder is itself called `src`: the package's is the last one that has such a
    // folder.
    let package = path.rfind("/src/").map_or(before, |at| &path[..at]);
    let start = package.rfind('/').map_or(0, |at| at + 1);
    &path[start..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subjects::fake::Fake;

    /// Runs `text` against the fake subject and compares line, outcome and cause of each directive.
    fn check(text: &str, expected: &[&str]) {
        let budget = Duration::from_millis(if text.contains("hang") { 200 } else { 30_000 });
        let outcomes = run_text(text.to_owned(), Language::Component, || Box::new(Fake::default()), budget);
        let shown: Vec<_> = outcomes.iter().map(|(position, outcome)| shown(*position, outcome)).collect();
        assert_eq!(shown, expected, "{text}");
    }

    fn shown(position: LineColumn, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Passed => format!("{position} passed"),
            Outcome::Reworded => format!("{position} passed in other words"),
            Outcome::Failed { expected, got } => format!("{position} wanted {expected}, got {got}"),
            Outcome::NotReached(cause) => format!("{position} not reached: {cause}"),
        }
    }

    #[test]
    fn what_passes() {
        check(
            "(component)\n(assert_return (invoke \"nothing\"))\n(invoke \"which\")",
            &["1 passed", "2 passed", "3 passed"],
        );
        check(
            "(component definition $D)\n(component instance $i $D)\n(component instance $j $D)\n\
             (assert_return (invoke $i \"which\") (u32.const 0))\n\
             (assert_return (invoke \"which\") (u32.const 1))\n\
             (assert_trap (invoke $j \"trap\") \"fake's own\")\n(assert_exception (invoke \"throw\"))\n\
             (assert_exhaustion (invoke \"trap\") \"wasm trap\")",
            &["1 passed", "2 passed", "3 passed", "4 passed", "5 passed", "6 passed", "7 passed", "8 passed"],
        );
        check(
            "(assert_invalid (component binary \"invalid\") \"says\")\n\
             (assert_malformed (component quote \"(nonsense)\") \"expected valid component field\")\n\
             (assert_unlinkable (component (import \"needs-helper\" (func))) \"not met\")\n\
             (component $helper)\n(component (import \"needs-helper\" (func)))\n\
             (assert_trap (component (import \"traps\" (func))) \"start\")\n(assert_return (component))",
            &["1 passed", "2 passed", "3 passed", "4 passed", "5 passed", "6 passed", "7 passed"],
        );
    }

    #[test]
    fn what_fails() {
        check(
            "(component)\n(assert_return (invoke \"which\") (u32.const 7))",
            &["1 passed", "2 wanted 7, got value: u32 0 instead of u32 7"],
        );
        check(
            "(component)\n(assert_return (invoke \"which\"))",
            &["1 passed", "2 wanted a return, got value: the value 0"],
        );
        check(
            "(component)\n(assert_trap (invoke \"trap\") \"another\")",
            &["1 passed", "2 wanted another, got words: wasm trap: the fake's own"],
        );
        check(
            "(component)\n(assert_trap (invoke \"throw\") \"thrown\")",
            &["1 passed", "2 wanted trap: thrown, got exception: thrown"],
        );
        check(
            "(assert_invalid (component) \"why\")",
            &["1 wanted invalid: why, got value: a valid definition"],
        );
        check(
            "(assert_invalid (component binary \"invalid\") \"why\")",
            &["1 wanted why, got words: this says that it is invalid (at offset 0x1f)"],
        );
        check(
            "(assert_return (component binary \"unsupported\"))",
            &["1 wanted a valid definition, got not supported yet: the unsupported"],
        );
        check("(assert_return (invoke \"which\"))", &["1 wanted the instance, got script: it has none"]);
    }

    #[test]
    fn an_unknown_directive_fails() {
        check(
            "(module)",
            &[
                "1 wanted a directive that this crate knows, got script: unknown directive: a core module at the top level",
            ],
        );
        check(
            "(component)\n(register \"a\")",
            &[
                "1 passed",
                "2 wanted a directive that this crate knows, got script: unknown directive: register",
            ],
        );
    }

    #[test]
    fn what_never_came_into_being_is_not_reached() {
        check(
            "(component)\n(component $C binary \"unsupported\")\n(invoke \"which\")\n\
             (component instance $i $C)\n(assert_trap (invoke $i \"trap\") \"fake's own\")",
            &[
                "1 passed",
                "2 wanted a valid definition, got not supported yet: the unsupported",
                "3 not reached: not supported yet: the unsupported",
                "4 not reached: not supported yet: the unsupported",
                "5 not reached: not supported yet: the unsupported",
            ],
        );
        check(
            "(component (import \"traps\" (func)))\n(invoke \"which\")",
            &[
                "1 wanted an instance, got trap: the start function trapped",
                "2 not reached: trap: the start function trapped",
            ],
        );
    }

    #[test]
    fn a_panic_stays_in_its_directive() {
        let directives = run_text(
            "(component)\n(invoke \"panic\")\n(invoke \"which\")\n(component binary \"panics\")\n(invoke \"which\")".to_owned(),
            Language::Component,
            || Box::new(Fake::default()),
            Duration::from_secs(30),
        );
        let shown: Vec<_> = directives.iter().map(|(position, outcome)| shown(*position, outcome)).collect();
        assert_eq!(shown[0], "1 passed");
        let told = "wanted no panic, got panicked: the fake was told to panic (at ";
        assert!(shown[1].starts_with(&format!("2 {told}")), "{}", shown[1]);
        assert_eq!(shown[2], "3 passed");
        assert!(shown[3].starts_with(&format!("4 {told}")), "{}", shown[3]);
        assert_eq!(shown[4], "5 not reached: panicked: its definition");
    }

    #[test]
    fn a_hang_ends_its_file_only() {
        check(
            "(component)\n(invoke \"hang\")\n(invoke \"which\")\n(component)",
            &[
                "1 passed",
                "2 wanted an end within 0 s, got hangs",
                "3 not reached: hangs: an earlier directive of the file",
                "4 not reached: hangs: an earlier directive of the file",
            ],
        );
    }

    #[test]
    fn a_file_that_is_no_script_fails() {
        check("(component", &["1 wanted a script, got script: line 1, column 11: expected `)`"]);
        let text = "(component) (nonsense)";
        let outcomes = run_text(
            text.to_owned(),
            Language::Component,
            || Box::new(Fake::default()),
            Duration::from_secs(30),
        );
        let shown = shown(outcomes[0].0, &outcomes[0].1);
        assert!(
            shown.starts_with("1 wanted a script, got script: line 1, column 14: unexpected token"),
            "{shown}"
        );
    }

    #[test]
    fn places_of_panics_are_not_this_machines() {
        assert_eq!(relative("crates/jit/src/module.rs"), "crates/jit/src/module.rs");
        assert_eq!(relative("/x/registry/src/index/wast-263.0.0/src/lib.rs"), "wast-263.0.0/src/lib.rs");
    }
}
