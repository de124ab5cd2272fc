//! `canonical-abi` against the spec's own program: its golden vectors everywhere, the program
//! itself where there is a `python3`. Where there is none, the tests that need it are skipped.

use component_async::scenario::Scenario;
use conformance::oracle::case::Case;
use conformance::oracle::spec::{Spec, SpecError};
use conformance::oracle::steps::Step;
use conformance::oracle::{Config, Outcome, Subject, compare, interleavings, nth_case, ours, vector};
use serde_json::json;
use std::io::Write;

const GOLDEN: &str = include_str!("../golden/abi.jsonl");

/// Checks one vector. Tests that the oracle prints for a difference call this.
#[track_caller]
fn check(vector: &str) {
    if let Err(differences) = vector::check(vector) {
        panic!("{differences}");
    }
}

#[test]
fn golden_vectors_hold() {
    assert_eq!(u64::try_from(GOLDEN.lines().count()).unwrap(), vector::N_GOLDEN);
    GOLDEN.lines().for_each(check);
}

#[test]
fn vectors_are_read_as_they_are_written() {
    for line in GOLDEN.lines() {
        let (case, spec) = vector::parse(line).unwrap();
        assert_eq!(vector::to_line(&case, &spec), line);
    }
    let check = |text: &str, expected: &str| assert_eq!(vector::check(text), Err(expected.to_owned()));
    check("{", "not a test vector: EOF while parsing an object at line 1 column 1");
    check("{}", "not a test vector: expected an array, given null");
    check(r#"{"case":{"params":["u9"]}}"#, r#"not a test vector: expected a type, given "u9""#);
    check(
        r#"{"case":{"params":[["flags",33]],"result":[]}}"#,
        r#"not a test vector: cannot have more than 32 flags, but there are 33: ["flags",33]"#,
    );
}

#[test]
fn golden_vectors_are_what_the_program_says() {
    let Some(mut spec) = spec() else { return skipped("golden_vectors_are_what_the_program_says") };
    let (cases, expected): (Vec<_>, Vec<_>) = GOLDEN.lines().map(|line| vector::parse(line).unwrap()).unzip();
    for (answer, expected) in spec.ask(&cases).unwrap().into_iter().zip(expected) {
        assert_eq!(answer, expected, "cargo run -p conformance -- oracle --bless");
    }
}

#[test]
fn random_interleavings_agree() {
    if spec().is_none() {
        return skipped("random_interleavings_agree");
    }
    let outcome = interleavings::compare(1, 60, 3, &interleavings::answer).unwrap();
    let shown: Vec<_> = outcome.differences.iter().map(ToString::to_string).collect();
    assert!(shown.is_empty(), "{outcome}\n\n{}", shown.join("\n"));
    assert!(outcome.n_agreed > 40 && outcome.ends.iter().all(|&n| n > 5), "{outcome}");
}

/// A subject that forgets the last line of the first function is found out, and its scenario made
/// small.
#[test]
fn another_interleaving_differs() {
    if spec().is_none() {
        return skipped("another_interleaving_differs");
    }
    let forgetful = |scenario: &Scenario| {
        let mut scenario = scenario.clone();
        scenario.functions[0].body.pop();
        interleavings::answer(&scenario)
    };
    let outcome = interleavings::compare(1, 5, 1, &forgetful).unwrap();
    assert!(outcome.n_differed > 0, "{outcome}");
    let shrunk = &outcome.differences[0];
    assert!(!shrunk.ours.is_empty() || !shrunk.spec.is_empty(), "{shrunk}");
    assert!(shrunk.scenario.functions[0].body.len() <= 4, "{shrunk}");
}

#[test]
fn random_cases_agree() {
    let Some(outcome) = compared(300, &ours::answer) else { return skipped("random_cases_agree") };
    let shown: Vec<_> = outcome.differences.iter().map(ToString::to_string).collect();
    assert!(shown.is_empty(), "{outcome}\n\n{}", shown.join("\n"));
    assert_eq!(outcome.n_agreed, 300);
    let tally = outcome.tally;
    assert!(tally.n_lowered > 100 && tally.n_lifted > 50, "{outcome}");
    assert!(tally.n_lower_traps > 5 && tally.n_lift_traps > 50, "{outcome}");
    assert!(tally.n_tables > 100 && tally.n_table_traps > 10 && tally.n_steps > 1000, "{outcome}");
}

#[test]
fn a_difference_is_shrunk_and_printed_as_a_test() {
    let Some(outcome) = compared(100, &blocks_of_half_alignment) else {
        return skipped("a_difference_is_shrunk_and_printed_as_a_test");
    };
    assert!(outcome.n_differed > 0 && outcome.n_agreed > 0);
    let [difference] = &outcome.differences[..] else { panic!("one difference was to be shrunk") };
    let case = &difference.case;
    assert!(case.params.len() == 1 && case.lift.is_none() && case.result.is_none(), "{difference}");
    let printed = difference.to_string();
    let name = format!("fn seed_{}_case_{}()", difference.seed, difference.number);
    assert!(printed.contains("#[test]") && printed.contains(&name), "{printed}");
    assert!(printed.contains("lower.realloc.0.2: 4, but the spec's program says 8"), "{printed}");
    let vector = printed.split("r##\"").nth(1).and_then(|rest| rest.split("\"##").next()).unwrap();
    check(vector); // holds of the subject that makes no mistake
}

#[test]
fn handle_operations_that_differ_are_shrunk() {
    let Some(outcome) = compared(100, &lends_that_nobody_counts) else {
        return skipped("handle_operations_that_differ_are_shrunk");
    };
    let [difference] = &outcome.differences[..] else { panic!("one difference was to be shrunk") };
    let steps = difference.case.table.as_ref().unwrap();
    // What lends the handle, and little before it: the handle, and what gives it its index.
    assert!(matches!(steps[..], [.., Step::LiftBorrow { .. }]) && steps.len() < 7, "{difference}");
    assert!(difference.to_string().contains(".4: 0, but the spec's program says 1"), "{difference}");
}

#[test]
fn a_panic_is_a_difference() {
    let Some(outcome) = compared(1, &|_| panic!("on purpose")) else {
        return skipped("a_panic_is_a_difference");
    };
    assert_eq!((outcome.n_agreed, outcome.n_differed), (0, 1));
    assert_eq!(outcome.differences[0].ours, json!({ "error": "it panicked" }));
}

#[test]
fn a_missing_interpreter_is_named() {
    let error = Spec::start_with("python3-that-nobody-has").unwrap_err();
    assert_eq!(error, SpecError::NoPython);
    assert!(error.to_string().contains("there is no python3"), "{error}");
}

#[test]
fn cases_depend_on_seed_and_number_only() {
    let json = |seed, number| nth_case(seed, number).to_json();
    assert_eq!(json(3, 14), json(3, 14));
    assert_ne!(json(3, 14), json(3, 15));
    assert_ne!(json(3, 14), json(4, 14));
}

/// A subject with a mistake.
fn blocks_of_half_alignment(case: &Case) -> serde_json::Value {
    let mut answer = ours::answer(case);
    let calls = answer.pointer_mut("/lower/realloc").and_then(|calls| calls.as_array_mut());
    for call in calls.into_iter().flatten() {
        if call[2] == 8 {
            call[2] = json!(4);
        }
    }
    answer
}

/// Another one.
fn lends_that_nobody_counts(case: &Case) -> serde_json::Value {
    let mut answer = ours::answer(case);
    let rows = answer.pointer_mut("/table/handles").and_then(|rows| rows.as_array_mut());
    for row in rows.into_iter().flatten().filter(|row| row[3].is_boolean()) {
        row[4] = json!(0);
    }
    answer
}

fn compared(n_cases: u64, subject: &Subject) -> Option<Outcome> {
    spec()?;
    let config = Config { seed: 1, n_cases, n_jobs: 2, n_shrunk: 1 };
    Some(compare(config, subject).expect("the program was just seen to start"))
}

/// Starts the program, where there is an interpreter for it.
fn spec() -> Option<Spec> {
    match Spec::start() {
        Ok(spec) => Some(spec),
        Err(SpecError::NoPython) => None,
        Err(error @ SpecError::Failed(_)) => panic!("{error}"),
    }
}

/// Says that a test was skipped, and why: past the capture of what passing tests print, in a line
/// that `.ci/tally` counts.
fn skipped(test: &str) {
    let line = format!("\nskipped: {test}: {}\n", SpecError::NoPython);
    std::io::stderr().write_all(line.as_bytes()).expect("stderr is there");
}
