//! Compares `component-async` with the spec's own program, `definitions.py`, on random scenarios.
//!
//! A scenario has many runs, one for each way in which the host can choose where the spec leaves it
//! a choice. Both sides make all of them; the sets of outcomes must be equal, and so must the runs
//! of the deterministic profile. Not compared is which trap it is, since the spec's program does
//! not say.

mod generate;
mod notation;

use super::spec::{Spec, SpecError};
use component_async::policy::{Deterministic, Script};
use component_async::scenario::{Scenario, run};
use generate::any_scenario;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config as RunnerConfig, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::fmt;

const DRIVER: &str = include_str!("driver.py");
/// A scenario with more runs is not compared.
const MAX_RUNS: usize = 400;
const MAX_SHRINK_STEPS: usize = 300;

/// What a comparison found.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How many scenarios agreed.
    pub n_agreed: u64,
    /// How many differed.
    pub n_differed: u64,
    /// How many have too many runs, and were not compared.
    pub n_too_many: u64,
    /// How many outcomes the scenarios that agreed have.
    pub n_outcomes: u64,
    /// Those that end with the host's call resolved, in a deadlock, and in a trap.
    pub ends: [u64; 3],
    /// The first differences, shrunk.
    pub differences: Vec<Difference>,
}

/// A scenario on which the answers differ.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The seed.
    pub seed: u64,
    /// The scenario's number, from 0.
    pub number: u64,
    /// The scenario, shrunk.
    pub scenario: Scenario,
    /// What only our machines do.
    pub ours: Vec<Json>,
    /// What only the spec's program does.
    pub spec: Vec<Json>,
}

/// What one side does with a scenario.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    deterministic: String,
    /// `None` for too many runs.
    all: Option<BTreeSet<String>>,
}

impl Answer {
    /// Returns the outcomes of both sides, if neither has too many runs. The sides ask for choices
    /// in somewhat different places, so that one may have too many where the other has not.
    fn both<'a>(&'a self, other: &'a Self) -> Option<(&'a BTreeSet<String>, &'a BTreeSet<String>)> {
        self.all.as_ref().zip(other.all.as_ref())
    }

    fn agrees(&self, other: &Self) -> bool {
        self.deterministic == other.deterministic && self.both(other).is_none_or(|(one, other)| one == other)
    }
}

/// What answers scenarios as [`answer`] does.
pub type Subject = dyn Fn(&Scenario) -> Answer;

/// Compares the subject with the spec's program on so many scenarios of a seed, and shrinks so many
/// differences.
///
/// # Errors
///
/// When the spec's program cannot be run.
pub fn compare(seed: u64, n_cases: u64, n_shrunk: usize, subject: &Subject) -> Result<Outcome, SpecError> {
    let mut spec = Spec::start_program(DRIVER)?;
    let mut outcome = Outcome::default();
    for number in 0..n_cases {
        let mut tree = tree_of(seed, number);
        let scenario = tree.current();
        let (ours, theirs) = (subject(&scenario), ask(&mut spec, &scenario)?);
        match (ours.agrees(&theirs), ours.both(&theirs)) {
            (true, None) => outcome.n_too_many += 1,
            (true, Some((all, _))) => outcome.count(all),
            (false, _) => {
                outcome.n_differed += 1;
                if outcome.differences.len() < n_shrunk {
                    outcome.differences.push(shrink(&mut spec, &mut tree, seed, number, subject)?);
                }
            }
        }
    }
    Ok(outcome)
}

/// Returns scenario `number` of a seed.
pub fn nth_scenario(seed: u64, number: u64) -> Scenario {
    tree_of(seed, number).current()
}

fn tree_of(seed: u64, number: u64) -> impl ValueTree<Value = Scenario> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(RunnerConfig::default(), rng);
    any_scenario().new_tree(&mut runner).expect("no strategy here rejects a scenario")
}

/// Returns what our machines do.
pub fn answer(scenario: &Scenario) -> Answer {
    let deterministic = notation::outcome(&run(scenario, &mut Deterministic)).to_string();
    let (mut script, mut all) = (Script::default(), BTreeSet::new());
    for _ in 0..MAX_RUNS {
        all.insert(notation::outcome(&run(scenario, &mut script)).to_string());
        if !script.next_run() {
            return Answer { deterministic, all: Some(all) };
        }
    }
    Answer { deterministic, all: None }
}

/// What the spec's program does.
fn ask(spec: &mut Spec, scenario: &Scenario) -> Result<Answer, SpecError> {
    let scenario = notation::scenario(scenario);
    let questions = json!([
        { "scenario": scenario, "all": null },
        { "scenario": scenario, "all": MAX_RUNS },
    ]);
    let answers = spec.ask_json(&questions, 2)?;
    let all = answers[1].as_array().map(|all| all.iter().map(Json::to_string).collect());
    Ok(Answer { deterministic: answers[0].to_string(), all })
}

/// Returns the smallest scenario on the tree's way that differs.
fn shrink(
    spec: &mut Spec,
    tree: &mut impl ValueTree<Value = Scenario>,
    seed: u64,
    number: u64,
    subject: &Subject,
) -> Result<Difference, SpecError> {
    let mut found = difference(spec, tree.current(), seed, number, subject)?;
    let mut n_steps = 0;
    'smaller: while n_steps < MAX_SHRINK_STEPS && tree.simplify() {
        loop {
            n_steps += 1;
            let smaller = difference(spec, tree.current(), seed, number, subject)?;
            if !(smaller.ours.is_empty() && smaller.spec.is_empty()) {
                found = smaller;
                break;
            }
            if n_steps >= MAX_SHRINK_STEPS || !tree.complicate() {
                break 'smaller;
            }
        }
    }
    Ok(found)
}

/// Returns how the sides differ on a scenario; both lists are empty if they do not.
fn difference(
    spec: &mut Spec,
    scenario: Scenario,
    seed: u64,
    number: u64,
    subject: &Subject,
) -> Result<Difference, SpecError> {
    let (ours, theirs) = (subject(&scenario), ask(spec, &scenario)?);
    let only = |one: &Answer, other: &Answer| -> Vec<Json> {
        let deterministic = (one.deterministic != other.deterministic)
            .then(|| json!({ "deterministic": parsed(&one.deterministic) }));
        let all = one
            .both(other)
            .map_or_else(Vec::new, |(one, other)| one.difference(other).map(|text| parsed(text)).collect());
        deterministic.into_iter().chain(all).collect()
    };
    let (ours, spec) = (only(&ours, &theirs), only(&theirs, &ours));
    Ok(Difference { seed, number, scenario, ours, spec })
}

fn parsed(text: &str) -> Json {
    serde_json::from_str(text).expect("it was JSON")
}

impl Outcome {
    fn count(&mut self, all: &BTreeSet<String>) {
        self.n_agreed += 1;
        for outcome in all {
            self.n_outcomes += 1;
            let end = parsed(outcome);
            match end["end"].as_str() {
                Some("resolved") => self.ends[0] += 1,
                Some("deadlock") => self.ends[1] += 1,
                Some(_) | None => self.ends[2] += 1,
            }
        }
    }
}

/// The figures, on two lines.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n_agreed, n_differed, n_too_many, n_outcomes, ends: [resolved, deadlock, trap], .. } =
            self;
        let n_cases = n_agreed + n_differed + n_too_many;
        writeln!(
            f,
            "{n_cases} scenarios: {n_agreed} agreed, {n_differed} differed, {n_too_many} have more than \
             {MAX_RUNS} runs and were not compared"
        )?;
        write!(f, "{n_outcomes} outcomes: {resolved} resolve, {deadlock} are deadlocks, {trap} are traps")
    }
}

/// The scenario and what each side does alone.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "scenario {} of seed {}:", self.number, self.seed)?;
        writeln!(f, "{}", notation::scenario(&self.scenario))?;
        for (who, outcomes) in [("ours", &self.ours), ("spec", &self.spec)] {
            for outcome in outcomes.iter().take(3) {
                writeln!(f, "only {who}: {outcome}")?;
            }
        }
        Ok(())
    }
}
