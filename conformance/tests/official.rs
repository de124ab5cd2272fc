//! The official component suite, held against the ledger.

use conformance::ledger::Ledger;
use conformance::pool::{Limits, run_files};
use conformance::report::Counts;
use conformance::script;
use conformance::subjects::lowlift::Lowlift;
use conformance::suite::Suite;

/// The suite's size, so that one that lost files or directives on the way cannot pass.
const N_FILES: usize = 72;
const N_DIRECTIVES: usize = 1731;

#[test]
fn the_suite_is_whole() {
    let suite = Suite::find().unwrap();
    assert_eq!(suite.files().len(), N_FILES);
    let count = |file: &String| script::parse(&suite.read(file).unwrap()).unwrap().len();
    assert_eq!(suite.files().iter().map(count).sum::<usize>(), N_DIRECTIVES);
}

#[test]
fn the_outcome_is_what_the_ledger_says() {
    let suite = Suite::find().unwrap();
    let files: Vec<_> = suite.files().iter().map(String::as_str).collect();
    let outcomes = run_files(&suite, &files, || Box::new(Lowlift::new()), Limits::default()).unwrap();
    assert_eq!(usize::try_from(Counts::total(&outcomes).n_directives()).unwrap(), N_DIRECTIVES);
    let ledger = Ledger::parse(include_str!("../ledger.txt")).unwrap();
    let differences = ledger.compare(&outcomes, true);
    let shown: Vec<_> = differences.iter().map(|(_, difference)| difference.to_string()).collect();
    assert!(
        shown.is_empty(),
        "{} differences from the ledger (cargo run -p conformance -- --verbose says more):\n{}",
        shown.len(),
        shown.join("\n"),
    );
}
