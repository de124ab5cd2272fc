//! Times two closures in alternating rounds.

use std::fmt;
use std::time::{Duration, Instant};

/// How much is timed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) n_rounds: u32,
    pub(crate) round: Duration,
}

/// The times of one operation, in nanoseconds.
pub(crate) struct Row {
    pub(crate) name: String,
    ours: Times,
    theirs: Times,
}

struct Times {
    best: f64,
    median: f64,
}

impl Row {
    /// Returns our best time in proportion to the peer's.
    pub(crate) fn ratio(&self) -> f64 {
        self.ours.best / self.theirs.best
    }
}

pub(crate) const HEADER: &str = "\
operation                                            Lowlift (median)            wasmtime (median)   ratio";

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, ours, theirs } = self;
        write!(f, "{name:<44} {ours} {theirs} {:>7.3}", self.ratio())
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>13} {:>14}", duration(self.best), format!("({})", duration(self.median)))
    }
}

fn duration(ns: f64) -> String {
    match ns {
        ns if ns < 1e4 => format!("{ns:.1} ns"),
        ns if ns < 1e7 => format!("{:.1} us", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}

/// How long the rounds of one row may take; there are three at least.
const ROW: Duration = Duration::from_secs(15);

/// Times both, round by round. Both do something alike often enough to fill a round.
pub(crate) fn race(name: &str, pace: Pace, ours: &mut dyn FnMut(), theirs: &mut dyn FnMut()) -> Row {
    let (n_ours, n_theirs) = (calibrate(pace.round, ours), calibrate(pace.round, theirs));
    let (mut our_rounds, mut their_rounds) = (vec![], vec![]);
    let start = Instant::now();
    for round in 0..pace.n_rounds.max(1) {
        if round >= 3 && start.elapsed() > ROW {
            break;
        }
        our_rounds.push(time(n_ours, ours));
        their_rounds.push(time(n_theirs, theirs));
    }
    Row { name: name.to_owned(), ours: times(our_rounds), theirs: times(their_rounds) }
}

/// Returns how often the operation fits a round.
fn calibrate(round: Duration, operation: &mut dyn FnMut()) -> u32 {
    let mut n = 1;
    loop {
        let start = Instant::now();
        (0..n).for_each(|_| operation());
        if start.elapsed() * 2 >= round || n >= 1 << 24 {
            return n;
        }
        n *= 2;
    }
}

/// Returns the nanoseconds that the operation takes, of `n` in a row.
fn time(n: u32, operation: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    (0..n).for_each(|_| operation());
    start.elapsed().as_secs_f64() * 1e9 / f64::from(n)
}

fn times(mut rounds: Vec<f64>) -> Times {
    rounds.sort_by(f64::total_cmp);
    Times { best: rounds[0], median: rounds[rounds.len() / 2] }
}
