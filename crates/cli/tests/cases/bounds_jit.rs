//! What code and its compilation take of the host's time.

use conformance::script::Language;
use conformance::subjects::core::Core;

use crate::common::{lowlift, script};

/// Bulk instructions cost fuel by their size, and end at the deadline.
#[test]
fn a_bulk_instruction_is_bounded_by_fuel_and_time() {
    let fill = ["call", "bounds/memfill4g.wat", "run()"];
    for timeout in ["3", "0.2"] {
        let limits = ["--fuel", "1000", "--timeout", timeout];
        lowlift(&[&fill[..], &limits].concat()).check(134, "", &["all fuel consumed", "is its `--fuel`"]);
    }
    lowlift(&[&fill[..], &["--timeout", "0.2"]].concat()).check(
        134,
        "",
        &["interrupt", "is its `--timeout`"],
    );
}

/// A wait that nothing can end traps; others end with a time limit.
#[test]
fn a_wait_ends() {
    for file in ["mem-shared-wait.wat", "mem-shared-wait64.wat", "mem-shared-wait-late.wat"] {
        let file = format!("bounds/{file}");
        let wait = ["call", file.as_str(), "run()"];
        let endless = &["a wait that nothing can end: nobody else has the memory"][..];
        let (bare, timed) = match file.contains("late") {
            true => (&["waiting took longer than a store without a deadline may"][..], &["interrupt"][..]),
            false => (endless, endless),
        };
        lowlift(&[&wait[..], &["--fuel", "1000"]].concat()).check(134, "", bare);
        lowlift(&[&wait[..], &["--timeout", "0.1"]].concat()).check(134, "", timed);
    }
}

/// Link errors of core modules say what differs.
#[test]
fn page_sizes_are_named() {
    let failed = script("peer/ps.wast", Language::Core, || Box::new(Core::new("ps.wast")));
    assert!(failed.is_empty(), "{failed:#?}");
}

/// The shapes that took a minute, among siblings, compile in time that their size explains, at
/// whatever level; so does a function whose loops have very many locals.
#[test]
fn compiling_is_bounded_by_size() {
    for file in ["bounds/call-bomb-200.wasm", "bounds/loops-1000.wat"] {
        lowlift(&["call", file, "run()"]).check(0, "", &[]);
    }
    let run = lowlift(&["compile", "bounds/m-try-nest-distinct-300.wasm", "--emit", "asm"]);
    assert_eq!(run.status, Some(0), "{}", run.err);
}
