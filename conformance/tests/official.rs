//! The official suites, held against their ledgers.

use conformance::ledger::{Difference, Ledger};
use conformance::pool::{Limits, MakeSubject, run_files};
use conformance::report::Counts;
use conformance::script::{self, Language};
use conformance::subjects::core::Core;
use conformance::subjects::lowlift::Lowlift;
use conformance::suite::Suite;
use conformance::wordings::Wordings;

/// A suite's size, so that one that lost files or directives on the way cannot pass.
#[derive(Clone, Copy)]
struct Size {
    n_files: usize,
    n_directives: usize,
}

const COMPONENT: Size = Size { n_files: 72, n_directives: 1731 };
/// Scripts that are the same, byte for byte, count once.
const CORE: Size = Size { n_files: 333, n_directives: 73_214 };

const CORE_LEDGER: &str = include_str!("../ledger-core.txt");
const WORDINGS: &str = include_str!("../wordings.txt");

#[test]
fn the_component_suite_is_whole() {
    let suite = Suite::find(Language::Component).unwrap();
    assert_eq!(suite.files().len(), COMPONENT.n_files);
    let count = |file: &String| script::parse(&suite.read(file).unwrap(), Language::Component).unwrap().len();
    assert_eq!(suite.files().iter().map(count).sum::<usize>(), COMPONENT.n_directives);
}

#[test]
fn the_component_suite_does_what_its_ledger_says() {
    let ledger = parsed(include_str!("../ledger.txt"));
    check(Language::Component, COMPONENT, |_| Box::new(Lowlift::new()), &ledger);
}

#[test]
fn the_core_suite_does_what_its_ledger_says() {
    check(Language::Core, CORE, |file| Box::new(Core::new(file)), &parsed(CORE_LEDGER));
}

/// What is freed too early shows, if everything is freed as early as can be.
#[test]
fn exceptions_are_collected_at_every_throw() {
    let suite = Suite::find(Language::Core).unwrap();
    let of_exceptions =
        |file: &&str| ["throw", "try_table", "tag", "ref_null"].iter().any(|part| file.contains(part));
    let files: Vec<_> = suite.files().iter().map(String::as_str).filter(of_exceptions).collect();
    assert!(files.len() > 5, "{files:?}");
    let make: MakeSubject = |file| Box::new(Core::collecting(file));
    let mut outcomes = run_files(&suite, &files, make, Limits::default()).unwrap();
    let _unused = Wordings::parse(WORDINGS).unwrap().apply(Language::Core, &mut outcomes);
    let differences = parsed(CORE_LEDGER).compare(&outcomes, false);
    assert!(differences.is_empty(), "{differences:?}");
}

/// The allocator and the level that serve until a function is known to be called often.
#[test]
fn cheap_and_lazy_code_does_what_the_ledgers_say() {
    let ledger = parsed(CORE_LEDGER).with(&parsed(include_str!("../ledger-core-lazy.txt")));
    check(Language::Core, CORE, |file| Box::new(Core::lazy(file)), &ledger);
}

fn parsed(ledger: &str) -> Ledger {
    Ledger::parse(ledger).expect("the ledger is well formed")
}

fn check(language: Language, size: Size, make: MakeSubject, ledger: &Ledger) {
    let suite = Suite::find(language).expect("the suite is there");
    assert_eq!(suite.files().len(), size.n_files);
    let files: Vec<_> = suite.files().iter().map(String::as_str).collect();
    let mut outcomes = run_files(&suite, &files, make, Limits::default()).expect("the files are readable");
    let wordings = Wordings::parse(WORDINGS).expect("the wordings are well formed");
    let unused = wordings.apply(language, &mut outcomes);
    assert_eq!(
        usize::try_from(Counts::total(&outcomes).n_directives()).expect("a u32 fits"),
        size.n_directives
    );
    let mut differences = ledger.compare(&outcomes, true);
    differences.extend(unused.into_iter().map(Difference::UnusedWording));
    let shown: Vec<_> = differences.iter().map(ToString::to_string).collect();
    assert!(
        shown.is_empty(),
        "{} differences from the ledger (cargo run -p conformance -- --verbose says more):\n{}",
        shown.len(),
        shown.join("\n"),
    );
}
