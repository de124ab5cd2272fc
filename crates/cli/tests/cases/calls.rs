//! Calls: scripts of several, resources, names, what is printed, and what calls may take.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use crate::common::{Run, folder, lowlift, scratch};

const COUNTERS: &str = "call/counters.wat";

/// Runs the command with text on standard input.
fn lowlift_reading(args: &[&str], input: &[u8]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lowlift"));
    let command = command.args(args).current_dir(folder());
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    // The command may end before it has read everything.
    let _ = child.stdin.take().expect("it is piped").write_all(input);
    let output = child.wait_with_output().expect("the binary ends");
    let text = |bytes| String::from_utf8(bytes).expect("the command prints UTF-8");
    Run { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn one_call_prints_its_result_alone() {
    lowlift(&["call", "call/own.wat", "r(7)"]).check(0, "resource r #1\n", &[]);
    lowlift(&["call", "call/own.wat", "[constructor]r(7)"]).check(0, "resource r #1\n", &[]);
}

#[test]
fn results_are_passed_on() {
    let calls = ["r(7)", "r.get($0)", "[method]r.get(#1)", "r.get(resource r #1)", "$0", "drop($4)"];
    let args = [&["call", "call/own.wat"][..], &calls].concat();
    let out = "$0 = resource r #1\n$1 = 7\n$2 = 7\n$3 = 7\n$4 = resource r #1\n";
    lowlift(&args).check(0, out, &[]);
}

#[test]
fn resources_are_in_all_kinds_of_values_and_functions() {
    let calls = [
        "counter(7)",
        "counter.add($0, 2)",
        "counter.get($0)",
        "counter.pair(1, $2)",
        "counter.get($3.1)",
        "named(\"a$0\", 5)",
        "counter.get($5[0].counter)",
        "$5[0].name",
        "sum([$0, $3[0], #3, $5[0].counter])",
        "dropped()",
        "peek()",
        "demo:counters/counters@1.0.0-rc.1#[constructor]counter(4)",
        "peek($11)",
        "peek(some($11))",
        "demo:counters/counters.[method]counter.get@1.0.0-rc.1(resource counter #5)",
        "drop(#5)",
        "dropped()",
    ];
    lowlift(&[&["call", COUNTERS][..], &calls].concat()).check(
        0,
        "$0 = resource counter #1\n\
         $2 = 9\n\
         $3 = (resource counter #2, resource counter #3)\n\
         $4 = 9\n\
         $5 = [{name: \"a$0\", counter: resource counter #4}]\n\
         $6 = 5\n\
         $7 = \"a$0\"\n\
         $8 = 24\n\
         $9 = 4\n\
         $10 = 0\n\
         $11 = resource counter #5\n\
         $12 = 4\n\
         $13 = 4\n\
         $14 = 4\n\
         $16 = 5\n",
        &[],
    );
}

#[test]
fn resources_are_used_as_their_owner_may() {
    let check = |calls: &[&str], out: &str, err: &[&str]| {
        lowlift(&[&["call", COUNTERS][..], calls].concat()).check(1, out, err);
    };
    let one = "$0 = resource counter #1\n";
    check(
        &["counter(7)", "drop($0)", "counter.get($0)", "dropped()"],
        one,
        &["call 3: the counter `#1` was dropped", "the call after it was not made"],
    );
    check(&["counter(7)", "sum([$0])", "drop($0)"], &format!("{one}$1 = 7\n"), &["`#1` was given away"]);
    check(&["counter(7)", "sum([$0, #1])"], one, &["`#1` is given away in this call"]);
    check(&["counter(7)", "sum([#2])"], one, &["call 2", "there is no resource `#2`"]);
    // What can't fit is known before the first call.
    check(&["counter(7)", "counter.get($1)"], "", &["call 2: parameter `self`: there is no `$1` yet"]);
    check(&["counter(7)", "counter.add($0, 1)", "$1"], "", &["`$1`: that call has no result"]);
    check(&["counter(7)", "counter.add($0, $0)"], "", &["expected `u32`, found `$0`", "`own<counter>`"]);
    check(&["counter(7)", "$0.value"], "", &["a value of type `own<counter>` has no part `.value`"]);
    check(&["dropped()", "drop($0)"], "", &["`drop` takes a resource, found `$0`", "`u32`"]);
    check(&["counter.get(7)"], "", &["expected `borrow<counter>`: an earlier result"]);
    check(
        &["named(\"x\", 1)", "$0[1]"],
        "$0 = [{name: \"x\", counter: resource counter #1}]\n",
        &["call 2: there is no element 1, only 1"],
    );
}

#[test]
fn a_script_ends_with_the_call_that_fails() {
    lowlift(&["call", COUNTERS, "counter(7)", "counter.add($0, 0)", "dropped()", "dropped()"]).check(
        134,
        "$0 = resource counter #1\n",
        &["call 2: `demo:counters/counters.[method]counter.add@1.0.0-rc.1` trapped", "the 2 calls after it"],
    );
}

#[test]
fn calls_come_from_files_and_standard_input() {
    let script = "\u{feff}// Two calls.\r\n\r\n  counter(7) // the first\r\ncounter.get($0)\r\n";
    let out = "$0 = resource counter #1\n$1 = 7\n";
    lowlift_reading(&["call", COUNTERS, "-"], script.as_bytes()).check(0, out, &[]);
    let file = scratch("calls").join("script");
    let at_file = format!("@{}", file.display());
    fs::write(&file, script).expect("a temporary file");
    lowlift(&["call", COUNTERS, &at_file]).check(0, out, &[]);
    let mixed = ["call", COUNTERS, "dropped()", &at_file, "-"];
    lowlift_reading(&mixed, b"dropped()").check(1, "", &["script:4", "expected `borrow<counter>`"]);

    let component = fs::read(folder().join(COUNTERS)).expect("the component is there");
    lowlift_reading(&["call", "-", "dropped()"], &component).check(0, "0\n", &[]);
    lowlift_reading(&["trace", "-", "dropped()"], &component).check_status(0);
    lowlift_reading(&["call", "-", "-"], &component).check(1, "", &["standard input is the component"]);
}

#[test]
fn faults_in_files_have_their_line() {
    let file = scratch("call-faults").join("script");
    let name = file.display().to_string();
    let check = |script: &[u8], err: &[&str]| {
        fs::write(&file, script).expect("a temporary file");
        lowlift(&["call", COUNTERS, &format!("@{name}")]).check(1, "", err);
    };
    check(b"// none\n\n", &["there is no call in @"]);
    check(b"dropped()\n\ncounter(\n", &[&format!("{name}:3: unexpected end of input")]);
    check(b"dropped()\n\xff\n", &[&format!("{name}:2: the line is not UTF-8")]);
    check(b"counter(7, 8)\n", &[&format!("{name}:1: `counter` takes 1 argument, found 2")]);
    lowlift(&["call", COUNTERS, "@no/such"]).check(1, "", &["no/such: No such file"]);
}

/// The system takes no more than 128 KB as one argument. The message shows the place only.
#[test]
fn arguments_are_as_long_as_they_are() {
    let text = "x".repeat(1 << 20);
    let run = lowlift_reading(&["call", COUNTERS, "-"], format!("named(\"{text}\", 1)\n").as_bytes());
    assert_eq!(run.status, Some(0), "{}", run.err);
    assert!(run.out.starts_with("[{name: \"xxxx") && run.out.ends_with("xxx…\n"), "it is cut");
    assert!(run.err.contains("the result is cut after 1048576 bytes; `--full`"), "{}", run.err);
    let full = ["call", "--full", COUNTERS, "-"];
    let expected = format!("[{{name: \"{text}\", counter: resource counter #1}}]\n");
    lowlift_reading(&full, format!("named(\"{text}\", 1)\n").as_bytes()).check(0, &expected, &[]);
    let run = lowlift_reading(&["call", COUNTERS, "-"], format!("named(\"{text}\", x)\n").as_bytes());
    run.check(1, "", &["expected `u32`, found a label", "…xxx"]);
    assert!(run.err.len() < 1_000, "{}", run.err);
}

#[test]
fn a_prompt_takes_calls_until_the_end() {
    let input = "r(7)\n// nothing\n\nr.get($0)\nr.get($5)\n$0\ndrop(#1)\n$0\nr.get($0)\n:nothing\n:functions\n:quit\nr(1)\n";
    let run = lowlift_reading(&["call", "--repl", "call/own.wat"], input.as_bytes());
    run.check(
        0,
        "$0 = resource r #1\n$1 = 7\n$2 = resource r #1\n$4 = resource r #1\n\
         [constructor]r: func(v: u32) -> own<r>\n[method]r.get: func(self: borrow<r>) -> u32\n",
        &[
            "there is no `$5` yet, only `$0` to `$1`",
            "the r `#1` was dropped",
            "there is no command `:nothing`",
        ],
    );
    // Calls that are given come first; an instance that trapped can be replaced.
    let input = "counter.add($0, 0)\ncounter.get($0)\n:restart\ncounter(3)\ncounter.get($0)\n";
    let run = lowlift_reading(&["call", "--repl", COUNTERS, "counter(7)"], input.as_bytes());
    run.check(
        0,
        "$0 = resource counter #1\n$0 = resource counter #1\n$1 = 3\n",
        &["`:restart` makes a new instance"],
    );
}

#[test]
fn names_that_errors_suggest_can_be_called() {
    let file = "link/prerelease-names.wat";
    let run = lowlift(&["call", file, "f()"]);
    run.check(1, "", &["may mean several functions", "s:a/i.f@0.3.0-rc.1", "s:a/i.f@0.3.0-rc.2"]);
    let suggested: Vec<_> = run.err.lines().skip(1).map(str::trim).collect();
    assert_eq!(suggested.len(), 2);
    for name in suggested {
        lowlift(&["call", file, &format!("{name}()")]).check(0, "", &[]);
        lowlift(&["trace", file, &format!("{name}()")]).check_status(0);
        assert_eq!(lowlift(&["describe", file, name]).status, Some(0), "{name}");
    }
    lowlift(&["call", file, "s:a/i@0.3.0-rc.2#f()"]).check(0, "", &[]);
    lowlift(&["call", file, "s:a/i@0.3.0-rc.1.f()"]).check(0, "", &[]);
    lowlift(&["call", file, "s:a/i.f@0.3.0-rc.3()"]).check(1, "", &["there is no function"]);
}

/// That the host can't do something yet is no fault of the guest's.
#[test]
fn what_is_not_supported_is_no_trap() {
    lowlift(&["call", "call/yield.wat", "f()"]).check(1, "", &["`f` can't be run: not supported yet"]);
    lowlift(&["call", "call/future.wat", "f()"]).check(1, "", &["`f` can't be run: not supported yet"]);
}

/// Nothing from a file reaches the terminal as it is.
#[test]
fn names_and_values_are_escaped() {
    let run = lowlift(&["call", "bounds/names-esc.wat", "run()"]);
    assert_eq!(run.status, Some(134));
    assert!(!run.err.contains('\u{1b}'), "{:?}", run.err);
    let run = lowlift(&["call", COUNTERS, "named(\"\u{1b}[2J\", 1)"]);
    run.check(0, "[{name: \"\\u{1b}[2J\", counter: resource counter #1}]\n", &[]);
    let run = lowlift(&["call", COUNTERS, "na\u{1b}[2Jmed(1)"]);
    run.check(1, "", &["there is no function `na\\u{1b}[2Jmed`"]);
}

/// A few bytes of a guest are many values, and more text. What is printed is cut, and what is not
/// printed is not made.
#[test]
fn long_results_are_cut() {
    for file in ["bounds/biglist-tuple.wat", "memory/pairs64.wat"] {
        let call = if file.starts_with("bounds") { "run()" } else { "f()" };
        let run = lowlift(&["call", file, call]);
        assert_eq!(run.status, Some(0), "{}", run.err);
        assert_eq!(run.out.len(), (1 << 20) + "…\n".len(), "{file}");
        assert!(run.out.ends_with("…\n"));
        assert!(run.err.contains("`--full` prints all of it"), "{}", run.err);
    }
    // What is lifted counts, before it is printed.
    lowlift(&["call", "memory/pairs64.wat", "f()", "--max-memory", "8MiB"]).check(
        134,
        "",
        &["the values of a call take more than 8388608 bytes", "`--max-memory` is the limit"],
    );
}

#[test]
fn the_memory_of_a_guest_is_bounded() {
    let plugin = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/plugin/plugin.wat");
    let call = ["call", plugin, "process({id: 7, payload: []})", "--max-memory"];
    assert_eq!(lowlift(&[&call[..], &["1MiB"]].concat()).status, Some(0));
    let run = lowlift(&[&call[..], &["60000"]].concat());
    run.check(1, "", &["the memories and tables of the store take more than 60000 bytes"]);
    lowlift(&[&call[..], &["1TB"]].concat()).check(2, "", &["`tb` is no unit of bytes"]);
    lowlift(&[&call[..], &["many"]].concat()).check(2, "", &["not a number of bytes"]);
}

/// The time includes what the host does: printing to someone who does not read, and compiling.
#[test]
fn the_time_limit_covers_the_host() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lowlift"));
    command.args(["call", "--full", "--timeout", "1", "call/pairs.wat", "f()"]).current_dir(folder());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the binary runs");
    let status = child.wait().expect("the command ends by itself");
    let mut err = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut err).expect("text");
    assert!(err.contains("which is its `--timeout`"), "{err}");
    assert_ne!(status.code(), Some(0));
    let run = lowlift(&["call", "--timeout", "0.000001", COUNTERS, "dropped()"]);
    run.check(1, "", &["checking took 1µs, which is its `--timeout`"]);
}

/// Names and arguments are checked first: this component takes seconds to compile.
#[test]
fn names_and_arguments_are_checked_before_compiling() {
    let file = "bounds/call-bomb-200.wasm";
    for format in ["call", "trace"] {
        lowlift(&[format, "--timeout", "1", file, "walk()"]).check(1, "", &["there is no function `walk`"]);
        lowlift(&[format, "--timeout", "1", file, "run(1)"]).check(1, "", &["`run` takes"]);
    }
}

#[test]
fn traces_are_of_several_calls() {
    let calls = ["counter(1)", "peek($0)", "drop($0)", "counter.get($0)"];
    let run = lowlift(&[&["trace", COUNTERS][..], &calls].concat());
    assert_eq!(run.status, Some(1), "{}", run.err);
    for part in ["resource counter #1\n\ndemo:counters/counters.peek", "lower_borrow(1024", "\n\ndrop($0)\n"]
    {
        assert!(run.out.contains(part), "{part:?} is not in:\n{}", run.out);
    }
    assert!(run.err.contains("call 4: the counter `#1` was dropped"), "{}", run.err);

    let file = scratch("traces").join("trace");
    let name = file.to_str().expect("a path in UTF-8");
    for format in ["json", "html", "text"] {
        let args = ["trace", "-o", name, "--format", format, COUNTERS];
        lowlift(&[&args[..], &calls].concat()).check(1, "", &["call 4"]);
        let written = fs::read_to_string(&file).expect("the trace is written");
        match format {
            "json" => {
                let document: serde_json::Value = serde_json::from_str(&written).expect("JSON");
                assert_eq!(document["calls"].as_array().map(Vec::len), Some(3));
                assert_eq!(document["calls"][0]["result"], "resource counter #1");
                assert_eq!(document["calls"][0]["options"]["ptr"], 32);
            }
            "html" => {
                assert!(written.contains("<h1><code>drop($0)</code></h1>") && written.ends_with("</html>\n"))
            }
            _ => assert_eq!(written, run.out),
        }
    }
    lowlift(&[&["trace", "--format", "svg", COUNTERS][..], &calls].concat()).check(1, "", &["one call"]);
}

#[test]
fn traces_show_calls_of_the_host() {
    let run = lowlift(&["trace", "--stub-imports", "../data/imports.wat", "run()"]);
    assert_eq!(run.status, Some(134), "{}", run.err);
    let line =
        "Calls of the host\n  demo:host/log.level@0.1.0(): import `demo:host/log@0.1.0` function `level` was";
    assert!(run.out.contains(line), "{}", run.out);
    let args = ["trace", "--stub-imports", "../data/imports.wat", "run()", "--format", "json"];
    let document: serde_json::Value = serde_json::from_str(&lowlift(&args).out).expect("JSON");
    assert_eq!(document["call"]["host_calls"][0]["import"], "demo:host/log.level@0.1.0");
}

/// What is printed is the value, and can be pasted into the next call.
#[test]
fn values_go_there_and_back() {
    let check = |function: &str, value: &str| {
        let run =
            lowlift(&["call", "call/echo.wat", &format!("{function}({value})"), &format!("{function}($0)")]);
        run.check(0, &format!("$0 = {value}\n$1 = {value}\n"), &[]);
    };
    check("chars", r#"['a', '\'', '\"', '\\', '\n', '\u{0}', '\u{1b}', 'é', '😀', '\u{202e}']"#);
    check("strings", r#"["", "$0 // \"\'", "\t\r\n", "\u{7f}\u{feff}", "é\\u{1}"]"#);
    check("floats", "[0, -0, 1.5, 0.1, nan, inf, -inf, -5]");
    check("singles", "[0.1, 16777216, nan, -inf]");
    check("colors", "[red, %ok, %none]");
    check("all-perms", "[{}, {read}, {write, true}, {read, write, true}]");
    check("points", "[{x: -3, ok: true}, {x: 5, y: some(-32768), ok: false}]");
    check("points", "[]");
    check("shapes", "[dot, %some({x: 1, ok: true}), path([{x: 2, y: some(3), ok: false}]), path([])]");
    check("options", "[none, some(none), some(some(7))]");
    check("results", r#"[ok(ok), ok(err), err(none), err(some("x"))]"#);
    check("map", r#"{"a": [1, 2], "": []}"#);
    check("map", "{}");
    check("maps", "[{true: 'x', false: 'y'}, {}]");
    check("triples", "[[1, 2, 3], [4, 5, 65535]]");
    check("tuples", "[(18446744073709551615, (-128, true))]");
}

/// What can be read is more than what is printed: short forms, orders, comments.
#[test]
fn values_have_other_forms() {
    let check =
        |call: &str, out: &str| lowlift(&["call", "call/echo.wat", call]).check(0, &format!("{out}\n"), &[]);
    check(
        "points([{ok: true, x: 1, y: 2,}, {y: none, x: 3, ok: false}])",
        "[{x: 1, y: some(2), ok: true}, {x: 3, ok: false}]",
    );
    check("all-perms([{true, read}, {%write}])", "[{read, true}, {write}]");
    check("floats([1e3, -1.25e-2])", "[1000, -0.0125]");
    check(r#"map({"a": [1], "b": [2], "\u{61}": [3]})"#, r#"{"a": [3], "b": [2]}"#);
    check("map({:})", "{}");
    check("strings([\"\"\"\n  a\n   b\n  \"\"\"]) // a comment", r#"["a\n b"]"#);
    check("options([some(some(1)) // one\n, none])", "[some(some(1)), none]");
    let fails = |call: &str, err: &str| lowlift(&["call", "call/echo.wat", call]).check(1, "", &[err]);
    fails("triples([[1, 2]])", "expected 3 elements, found 2");
    fails("floats([1e400])", "a number that does not fit");
    fails("colors([ok])", "expected `enum");
    fails("points([{x: 1, x: 2, ok: true}])", "duplicate field");
    fails("all-perms([{read, read}])", "duplicate flag");
    fails("chars(['ab'])", "invalid token");
    fails("maps([{$0: 'x'}])", "there is no `$0` yet");
}
