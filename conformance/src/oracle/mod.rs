//! Compares `canonical-abi` with the spec's own program, `definitions.py`, on random types and
//! values.
//!
//! The way of a case: `generate` makes it, [`ours`] and [`spec`] answer it, in the same form;
//! [`compare`] holds the answers against each other and shrinks a case that differs; [`vector`]
//! writes it as a test.
//!
//! Compared are layouts and flattenings for both pointer types, function types in every mode, and
//! for one lowering and one lifting: core values as bits, the whole memory with its padding, each
//! call of `realloc`, the handle table, lends, and whether the call traps; for a sequence of handle
//! operations what each yields, what the table holds after them, and whether and where they trap.
//! Not compared is which trap it is, since the spec's program does not say.

mod any_steps;
pub mod case;
mod generate;
pub mod interleavings;
mod notation;
pub mod ours;
pub mod spec;
pub mod steps;
pub mod vector;

use case::Case;
use generate::any_case;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config as RunnerConfig, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value as Json, json};
use spec::{Spec, SpecError};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Something that should have been a case or a vector, and what is wrong with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadVector(pub String);

impl fmt::Display for BadVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a test vector: {}", self.0)
    }
}

impl std::error::Error for BadVector {}

/// Which cases to compare, and how.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// The seed; the same seed makes the same cases, however many.
    pub seed: u64,
    /// How many cases.
    pub n_cases: u64,
    /// How many children to run at a time.
    pub n_jobs: usize,
    /// How many differences to shrink. The rest are only counted.
    pub n_shrunk: usize,
}

/// What a comparison found.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How many cases agreed.
    pub n_agreed: u64,
    /// How many cases differed.
    pub n_differed: u64,
    /// The first of the differences, in the order of their numbers.
    pub differences: Vec<Difference>,
    /// What the cases were like.
    pub tally: Tally,
}

/// How many lowerings, liftings and handle operations there were, by how the spec's program says
/// that they end.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Lowerings that succeed.
    pub n_lowered: u64,
    /// Lowerings that trap.
    pub n_lower_traps: u64,
    /// Liftings that succeed.
    pub n_lifted: u64,
    /// Liftings that trap.
    pub n_lift_traps: u64,
    /// Sequences of handle operations.
    pub n_tables: u64,
    /// Those whose last operation traps.
    pub n_table_traps: u64,
    /// The operations that do not trap.
    pub n_steps: u64,
}

/// A case on which the answers differ.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The seed.
    pub seed: u64,
    /// The case's number, from 0.
    pub number: u64,
    /// The case, shrunk.
    pub case: Case,
    /// The subject's answer.
    pub ours: Json,
    /// The answer of the spec's program.
    pub spec: Json,
}

/// What answers cases as [`ours::answer`] does.
pub type Subject = dyn Fn(&Case) -> Json + Sync;

/// How many cases a child is asked at a time.
const BATCH: u64 = 50;
/// How many smaller cases are tried to shrink one, before those that leave a part out.
const MAX_SHRINK_STEPS: usize = 300;

/// Returns case `number` of a seed.
pub fn nth_case(seed: u64, number: u64) -> Case {
    tree_of(seed, number).current()
}

/// Compares the subject with the spec's program.
///
/// # Errors
///
/// When the program cannot be run.
///
/// # Panics
///
/// When the subject's panic cannot be caught.
pub fn compare(config: Config, subject: &Subject) -> Result<Outcome, SpecError> {
    let next = AtomicU64::new(0);
    let total = Mutex::new(Outcome::default());
    std::thread::scope(|scope| {
        let work = || {
            let mut spec = Spec::start()?;
            loop {
                let first = next.fetch_add(BATCH, Ordering::Relaxed);
                if first >= config.n_cases {
                    return Ok(());
                }
                let last = config.n_cases.min(first + BATCH);
                let part = compare_batch(&mut spec, config.seed, first..last, subject)?;
                total.lock().expect("nothing panics that holds the lock").add(part);
            }
        };
        let jobs: Vec<_> = (0..config.n_jobs.max(1)).map(|_| scope.spawn(work)).collect();
        jobs.into_iter().try_for_each(|job| job.join().expect("a job catches the subject's panics"))
    })?;
    let mut outcome = total.into_inner().expect("nothing panics that holds the lock");
    outcome.differences.sort_by_key(|difference| difference.number);
    outcome.differences.truncate(config.n_shrunk);
    if !outcome.differences.is_empty() {
        let mut spec = Spec::start()?;
        for difference in &mut outcome.differences {
            shrink(&mut spec, difference, subject)?;
        }
    }
    Ok(outcome)
}

/// The figures, on three lines.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_cases = self.n_agreed + self.n_differed;
        writeln!(f, "{n_cases} cases: {} agreed, {} differed", self.n_agreed, self.n_differed)?;
        let Tally { n_lowered, n_lower_traps, n_lifted, n_lift_traps, n_tables, n_table_traps, n_steps } =
            self.tally;
        writeln!(
            f,
            "{} lowerings, {n_lower_traps} of which trap; {} liftings, {n_lift_traps} of which trap",
            n_lowered + n_lower_traps,
            n_lifted + n_lift_traps,
        )?;
        write!(
            f,
            "{n_tables} handle tables with {n_steps} operations, {n_table_traps} of which end in a trap"
        )
    }
}

impl Outcome {
    fn add(&mut self, part: Self) {
        self.n_agreed += part.n_agreed;
        self.n_differed += part.n_differed;
        self.differences.extend(part.differences);
        self.tally.n_lowered += part.tally.n_lowered;
        self.tally.n_lower_traps += part.tally.n_lower_traps;
        self.tally.n_lifted += part.tally.n_lifted;
        self.tally.n_lift_traps += part.tally.n_lift_traps;
        self.tally.n_tables += part.tally.n_tables;
        self.tally.n_table_traps += part.tally.n_table_traps;
        self.tally.n_steps += part.tally.n_steps;
    }

    fn count(&mut self, answer: &Json) {
        let of =
            |job: &Json| (u64::from(job.is_object() && job["trap"] != true), u64::from(job["trap"] == true));
        let (lowered, lower_traps) = of(&answer["lower"]);
        let (lifted, lift_traps) = of(&answer["lift"]);
        self.tally.n_lowered += lowered;
        self.tally.n_lower_traps += lower_traps;
        self.tally.n_lifted += lifted;
        self.tally.n_lift_traps += lift_traps;
        let (ended, traps) = of(&answer["table"]);
        self.tally.n_tables += ended + traps;
        self.tally.n_table_traps += traps;
        self.tally.n_steps += answer["table"]["steps"].as_array().map_or(0, |steps| steps.len() as u64);
    }
}

fn compare_batch(
    spec: &mut Spec,
    seed: u64,
    numbers: std::ops::Range<u64>,
    subject: &Subject,
) -> Result<Outcome, SpecError> {
    let cases: Vec<_> = numbers.clone().map(|number| nth_case(seed, number)).collect();
    let answers = spec.ask(&cases)?;
    let mut outcome = Outcome::default();
    for ((number, case), spec) in numbers.zip(cases).zip(answers) {
        outcome.count(&spec);
        let ours = caught(subject, &case);
        if ours == spec {
            outcome.n_agreed += 1;
        } else {
            outcome.n_differed += 1;
            outcome.differences.push(Difference { seed, number, case, ours, spec });
        }
    }
    Ok(outcome)
}

/// Returns the subject's answer; a panic is one too, which agrees with nothing.
fn caught(subject: &Subject, case: &Case) -> Json {
    let answer = catch_unwind(AssertUnwindSafe(|| subject(case)));
    answer.unwrap_or_else(|_| json!({ "error": "it panicked" }))
}

/// Returns the way from case `number` of a seed to smaller ones. No case depends on those before
/// it.
fn tree_of(seed: u64, number: u64) -> impl ValueTree<Value = Case> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(RunnerConfig::default(), rng);
    any_case().new_tree(&mut runner).expect("no strategy here rejects a case")
}

/// Replaces the case by a smaller one that still differs: as proptest shrinks it, then without its
/// parts.
fn shrink(spec: &mut Spec, difference: &mut Difference, subject: &Subject) -> Result<(), SpecError> {
    let mut tree = tree_of(difference.seed, difference.number);
    let mut n_steps = 0;
    'smaller: while n_steps < MAX_SHRINK_STEPS && tree.simplify() {
        n_steps += 1;
        while !replaces(spec, difference, tree.current(), subject)? {
            n_steps += 1;
            if n_steps >= MAX_SHRINK_STEPS || !tree.complicate() {
                break 'smaller;
            }
        }
    }
    let mut is_smaller = true;
    while is_smaller {
        is_smaller = false;
        for without in PARTS {
            if let Some(smaller) = without(&difference.case) {
                is_smaller |= replaces(spec, difference, smaller, subject)?;
            }
        }
        for i in (0..difference.case.table.as_ref().map_or(0, Vec::len)).rev() {
            let mut smaller = difference.case.clone();
            if let Some(steps) = &mut smaller.table {
                steps.remove(i);
                is_smaller |= replaces(spec, difference, smaller, subject)?;
            }
        }
    }
    Ok(())
}

/// Replaces the case of the difference by another one, if that differs too, and returns whether it
/// does.
fn replaces(
    spec: &mut Spec,
    difference: &mut Difference,
    case: Case,
    subject: &Subject,
) -> Result<bool, SpecError> {
    let ours = caught(subject, &case);
    let answer = spec.ask(std::slice::from_ref(&case))?.pop().unwrap_or(Json::Null);
    let differs = ours != answer;
    if differs {
        (difference.case, difference.ours, difference.spec) = (case, ours, answer);
    }
    Ok(differs)
}

/// Ways to leave something out of a case, if it is there.
const PARTS: &[fn(&Case) -> Option<Case>] = &[
    |case| case.lower.is_some().then(|| Case { lower: None, ..case.clone() }),
    |case| case.lift.is_some().then(|| Case { lift: None, ..case.clone() }),
    |case| case.table.is_some().then(|| Case { table: None, ..case.clone() }),
    |case| case.result.is_some().then(|| Case { result: None, ..case.clone() }),
    |case| without_param(case, 0),
    |case| without_param(case, case.params.len().checked_sub(1)?),
];

/// Returns the case without a parameter, unless that is the only one or core values to be lifted
/// depend on it.
fn without_param(case: &Case, i: usize) -> Option<Case> {
    let mut case = case.clone();
    if case.params.len() <= 1 || case.lift.is_some() {
        return None;
    }
    case.params.remove(i);
    if let Some(lower) = &mut case.lower {
        lower.values.remove(i);
    }
    Some(case)
}
