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

/// `--func` takes names, names of exports and indices, of every module of a component.
#[test]
fn a_function_is_compiled_by_each_of_its_names() {
    let compile = |args: &[&str]| lowlift(&[&["compile", "--emit", "asm"], args].concat());
    let file = "call/compile-func.wat";
    for name in ["f", "0"] {
        let run = compile(&[file, "--func", name]);
        assert_eq!(run.status, Some(0), "{}", run.err);
        assert!(run.out.starts_with(";; module-0\n\n;; function 0: [] -> [i32], "), "{}", run.out);
    }
    compile(&[file, "--func", "nosuch"]).check(1, "", &["there is no such function: `nosuch`"]);
    // One that is there does not hide one that is not.
    compile(&[file, "--func", "f", "--func", "1"]).check(1, "", &["there is no such function: `1`"]);
    let several = "call/compile-several.wat";
    let run = compile(&[several, "--func", "second", "--func", "exported"]);
    let heads: Vec<_> = run.out.lines().filter(|line| line.starts_with(";; ")).collect();
    let shown: Vec<_> = heads.iter().map(|line| line.rsplit("  ").next().unwrap_or(line)).collect();
    assert_eq!((shown[0], shown.len()), (";; module-0", 16), "{heads:?}");
    assert!(heads[1].starts_with(";; function 2 $second: [] -> [i32], "), "{heads:?}");
    assert_eq!(shown[2..6], ["call $first", "drop", "i32.const 2", ")"]);
    assert!(heads[6].starts_with(";; function 3: [] -> [], "), "{heads:?}");
    assert_eq!(shown[7..12], ["i32.const 0", "i32.const 0", "i32.const 0", "memory.init 0", ")"]);
    assert_eq!((shown[12], shown[14]), (";; module-1", "unreachable"));
    compile(&[several, "--func", "secnd"]).check(
        1,
        "",
        &["there is no such function: `secnd`; there is `second`"],
    );
}
