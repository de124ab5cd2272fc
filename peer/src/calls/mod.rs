//! `peer calls` and `peer links`: random calls between two components, run here, by the peer and by
//! the plain interpreter.
//!
//! A [`Shape`] is a function type with both sides' options; a component pair is made and compiled
//! for it once. Each of its many cases is a set of bytes in both memories, core values, and answers
//! of both `realloc`s: mostly well-formed, often changed so that something traps. What both sides
//! see must be the same: the core values and the memory here and in the plain interpreter; by the
//! peer the values that they mean, and the calls of `realloc`.
//!
//! For `links` the two components are files of their own. Here they are linked at run time; the
//! peer runs the one file that [`component_tools::link()`] makes of them, and so does Lowlift.

mod case;
mod compare;
mod component;
mod core;
#[path = "../../../crates/component-linker/tests/echo/declare.rs"]
mod declare;
mod faults;
mod image;
mod ours;
mod plain;
mod report;
mod shape;
mod shrink;
mod theirs;
mod translate;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use component_tools::{File, link};
use proptest::strategy::{Strategy, ValueTree};

use crate::fault::Fault;
use crate::random;
use case::{Recipe, any_recipe};
use compare::{Known, Verdict};
use ours::Ours;
use shape::{Shape, Sketch, any_sketch};
use theirs::Theirs;

/// What `peer calls` is given.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Args {
    /// How many cases
    #[arg(long, default_value_t = 100_000)]
    cases: u64,
    /// The seed that they are made from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Which shape to start with: a difference names its own
    #[arg(long, default_value_t = 0)]
    from: u64,
}

/// How many cases a pair is compiled for.
const CASES_PER_SHAPE: u64 = 200;

/// How a pair of components comes together.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// Both are nested in a third.
    Nested,
    /// They are linked.
    Linked,
}

/// Both engines.
#[derive(Clone)]
pub(crate) struct Engines {
    mode: Mode,
    ours: component_linker::Engine,
    theirs: wasmtime::Engine,
}

impl Engines {
    fn new(mode: Mode) -> wasmtime::Result<Self> {
        let config = component_linker::Config::new().verifier(false);
        Ok(Self { mode, ours: component_linker::Engine::new(&config)?, theirs: theirs::engine()? })
    }
}

/// A shape with its pair of components, compiled by both.
pub(crate) struct Subject {
    shape: Shape,
    bytes: Vec<u8>,
    ours: Result<Ours, String>,
    /// The linked file, run here as well.
    ours_linked: Option<Result<Ours, String>>,
    theirs: Result<Theirs, String>,
}

impl Subject {
    fn new(engines: &Engines, sketch: &Sketch) -> Self {
        let shape = sketch.shape();
        let (bytes, ours) = match engines.mode {
            Mode::Nested => {
                let bytes = component::pair(&shape);
                let ours = Ours::new(&engines.ours, &bytes);
                (bytes, ours)
            }
            Mode::Linked => {
                let parts = component::alone(&shape);
                let [socket, plug] =
                    [("a", &parts[0]), ("b", &parts[1])].map(|(name, bytes)| File { name, bytes });
                match link(socket, &[plug]) {
                    Ok(bytes) => (bytes, Ours::linked(&engines.ours, &parts)),
                    Err(error) => (vec![], Err(error.to_string())),
                }
            }
        };
        let ours_linked = match engines.mode {
            Mode::Nested => None,
            Mode::Linked => Some(Ours::new(&engines.ours, &bytes)),
        };
        let theirs = Theirs::new(&engines.theirs, &bytes);
        Self { shape, bytes, ours, ours_linked, theirs }
    }
}

/// What was counted.
#[derive(Default)]
struct Tally {
    n_shapes: u64,
    n_cases: u64,
    /// Values that did not fit the memory, so that no case was generated.
    n_misfits: u64,
    n_returned: u64,
    traps: BTreeMap<Fault, u64>,
    known: BTreeMap<Known, u64>,
}

/// A difference as it was found.
pub(crate) struct Found {
    number: u64,
    sketch: Sketch,
    recipe: Recipe,
}

/// Runs the cases and reports. The status is 1 if there is a difference.
pub(crate) fn run(args: Args, mode: Mode) -> wasmtime::Result<ExitCode> {
    let engines = Engines::new(mode)?;
    let start = Instant::now();
    let (next, done, stop) = (AtomicU64::new(args.from), AtomicU64::new(0), AtomicBool::new(false));
    let tally = Mutex::new(Tally::default());
    let found = Mutex::new(Vec::new());
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let begun = (number - args.from) * CASES_PER_SHAPE;
            if begun >= args.cases {
                break;
            }
            let n_cases = CASES_PER_SHAPE.min(args.cases - begun);
            if let Some(difference) = run_shape(&engines, args.seed, number, n_cases, &tally) {
                stop.store(true, Ordering::Relaxed);
                found.lock().expect("no thread panics").push(difference);
            }
            let before = done.fetch_add(n_cases, Ordering::Relaxed);
            if (before + n_cases) / 10_000 > before / 10_000 {
                let seconds = start.elapsed().as_secs();
                eprintln!("{} of {} cases, {seconds} s", before + n_cases, args.cases);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..n_threads {
            scope.spawn(work);
        }
    });
    let tally = tally.into_inner().expect("no thread panics");
    print!("{}", report::summary(&tally, start.elapsed()));
    // The first by number, so that the report does not hang on which thread was quicker.
    let found = found.into_inner().expect("no thread panics").into_iter().min_by_key(|found| found.number);
    let Some(found) = found else { return Ok(ExitCode::SUCCESS) };
    print!("{}", report::difference(&engines, args.seed, &found));
    Ok(ExitCode::FAILURE)
}

/// Runs the cases of one shape until one differs.
fn run_shape(engines: &Engines, seed: u64, number: u64, n_cases: u64, tally: &Mutex<Tally>) -> Option<Found> {
    let mut runner = random::runner(seed, number);
    let sketch = any_sketch().new_tree(&mut runner).expect("strategies without filters").current();
    let subject = Subject::new(engines, &sketch);
    let recipes = any_recipe(&subject.shape);
    let mut counted = Tally { n_shapes: 1, ..Tally::default() };
    let mut found = None;
    for _ in 0..n_cases {
        let recipe = recipes.new_tree(&mut runner).expect("strategies without filters").current();
        match compare::compare(&subject, &recipe) {
            None => counted.n_misfits += 1,
            Some(Verdict::Same(outcome)) => count(&mut counted, outcome.map(drop)),
            Some(Verdict::Known(known, outcome)) => {
                *counted.known.entry(known).or_default() += 1;
                count(&mut counted, outcome.map(drop));
            }
            Some(Verdict::Different(_)) => {
                found = Some(Found { number, sketch, recipe });
                break;
            }
        }
    }
    merge(&mut tally.lock().expect("no thread panics"), counted);
    found
}

fn count(tally: &mut Tally, outcome: Result<(), Fault>) {
    tally.n_cases += 1;
    match outcome {
        Ok(()) => tally.n_returned += 1,
        Err(fault) => *tally.traps.entry(fault).or_default() += 1,
    }
}

fn merge(tally: &mut Tally, other: Tally) {
    let Tally { n_shapes, n_cases, n_misfits, n_returned, traps, known } = other;
    tally.n_shapes += n_shapes;
    tally.n_cases += n_cases;
    tally.n_misfits += n_misfits;
    tally.n_returned += n_returned;
    for (fault, n) in traps {
        *tally.traps.entry(fault).or_default() += n;
    }
    for (known, n) in known {
        *tally.known.entry(known).or_default() += n;
    }
}
