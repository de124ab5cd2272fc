//! `layout`, `describe` and `trace` in every format.
//!
//! Pages are opened in a real browser, Debian's chromium, if there is one; otherwise the test says
//! so. `UPDATE_EXPECT=1 cargo test -p lowlift` rewrites the expectations.

#[path = "explain/pages.rs"]
mod pages;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use expect_test::{Expect, expect};
use serde_json::Value;

const WIT: &str = "crates/cli/tests/data/explain.wit";
const ASYNC: &str = "crates/cli/tests/data/async.wit";
const PLUGIN: &str = "examples/plugin/plugin.wat";
const TRAPS: &str = "crates/cli/tests/data/traps.wat";
const VALUES: &str = "crates/cli/tests/data/values.wat";
const PROCESS: &str = "process({id: 7, payload: [1, 2, 3]})";

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Runs the command without a terminal, and without settings for colour other than `env`.
fn output(args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lowlift"));
    command.args(args).current_dir(root());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.envs(env.iter().copied()).output().expect("the binary runs")
}

fn lowlift(args: &[&str]) -> String {
    let output = output(args, &[]);
    let status = output.status.code().map_or("none".to_owned(), |code| code.to_string());
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}[exit status {status}]\n")
}

fn stdout(args: &[&str]) -> String {
    let output = output(args, &[]);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

#[expect(clippy::needless_pass_by_value, reason = "reads better where the expectation is written in place")]
fn check(args: &[&str], expected: Expect) {
    expected.assert_eq(&lowlift(args));
}

#[test]
fn calls_are_traced() {
    check(
        &["trace", PLUGIN, PROCESS],
        expect![[r#"
        techbytes:plugin/processing.process: func(input: record { id: u64, payload: list<u8> }) -> result<record { id: u64, payload: list<u8> }, string>
        32-bit pointers; utf8: a string's length counts bytes

        Lowering the arguments
          lower_flat_values                                    core 0..3   i64 7, i32 128, i32 3
            lower_flat_record                   input          core 0..3   i64 7, i32 128, i32 3
              lower_flat                        input.id       core 0      i64 7                  7
              lower_flat_list                   input.payload  core 1..3   i32 128, i32 3
                store_list_into_range           input.payload  0x80..0x83                         3 elements
                  realloc(0x0, 0, 1, 3) = 0x80
                  store_list_into_valid_range   input.payload  0x80..0x83  01 02 03

        Calling the core function
          (i64 7, i32 128, i32 3) -> (i32 0)

        Lifting the result
          lift_flat_values                                           core 0      i32 0
            load_record                                              0x0..0x18
              load_variant                        result             0x0..0x18
                load_int                          result             0x0         00                       ok 0
                load_record                       result.ok          0x8..0x18
                  load_int                        result.ok.id       0x8..0x10   07 00 00 00 00 00 00 00  7
                  load_list                       result.ok.payload  0x10..0x18
                    load_int                      result.ok.payload  0x10..0x14  80 00 00 00              pointer 0x80
                    load_int                      result.ok.payload  0x14..0x18  03 00 00 00              length 3
                    load_list_from_range          result.ok.payload  0x80..0x83                           3 elements
                      load_list_from_valid_range  result.ok.payload  0x80..0x83  01 02 03

        Calling post-return
          (i32 0)

        ok({id: 7, payload: [1, 2, 3]})
        [exit status 0]
    "#]],
    );
    check(
        &["trace", TRAPS, "string-out-of-bounds()"],
        expect![[r#"
        string-out-of-bounds: func() -> string
        32-bit pointers; utf8: a string's length counts bytes

        Lowering the arguments
          lower_flat_values    no core values

        Calling the core function
          () -> (i32 16)

        Lifting the result
          lift_flat_values                      core 0        i32 16
            load_record                         0x10..0x18
              load_string               result  0x10..0x18
                load_int                result  0x10..0x14    00 00 00 00  pointer 0x0
                load_int                result  0x14..0x18    01 00 01 00  length 65537
                load_string_from_range  result  0x0..0x10001               TRAP
        error: `string-out-of-bounds` trapped: wasm trap: string pointer/length out of bounds of memory: 65537 bytes at 0x0, of 65536
        [exit status 134]
    "#]],
    );
}

/// A traced call has the same result as an untraced one.
#[test]
fn tracing_changes_nothing() {
    for (file, call) in [
        ("examples/guests/plugin-rs.wasm", PROCESS),
        ("examples/guests/plugin-c.wasm", "process({id: 7, payload: []})"),
        (VALUES, "f64(nan)"),
        (VALUES, "char('\\u{1f600}')"),
        (VALUES, "flags({exec, read})"),
        (VALUES, "tuple((9))"),
        (VALUES, "result(err)"),
    ] {
        let plain = stdout(&["call", "--stub-imports", file, call]);
        let traced = stdout(&["trace", "--stub-imports", file, call]);
        assert!(traced.ends_with(&format!("\n\n{plain}")), "{call}: {plain} in\n{traced}");
    }
}

#[test]
fn options_of_signatures() {
    check(
        &["describe", ASYNC, "stop", "--async=stackful", "--ptr", "64", "--string-encoding", "latin1+utf16"],
        expect![[r#"
            test:waiting/jobs.stop@0.2.1: async func()
            latin1+utf16: a string's length counts bytes of Latin-1, or with its highest bit set units of 2 bytes of UTF-16

            asynchronously lifted from () -> (), with 64-bit pointers

            task.return () -> (), with 64-bit pointers

            asynchronously lowered to () -> (i32), with 64-bit pointers
              result 0  i32    state in bits 0 to 3: 0 starting, 1 started, 2 returned, …; above, the subtask if it has not returned

            core names
              export       [async-lift-stackful]test:waiting/jobs@0.2.1#stop
              task.return  "[export]test:waiting/jobs@0.2.1" "[task-return]stop"
              import       "test:waiting/jobs@0.2.1" "[async-lower]stop"
            [exit status 0]
        "#]],
    );
    check(
        &["describe", ASYNC, "start", "--async", "--format", "text"],
        expect![[r#"
        test:waiting/jobs.start@0.2.1: async func(job: job) -> result<u32, string>
          job = record { id: u64, name: string, tries: u32 }

        asynchronously lifted from (i64 i32 i32 i32) -> (i32), with 32-bit pointers
          param 0   i64  job.id     u64
          param 1   i32  job.name   pointer of string
          param 2   i32  job.name   length of string
          param 3   i32  job.tries  u32
          result 0  i32             callback code in bits 0 to 3: 0 exit, 1 yield, 2 wait; above, the waitable set to wait for

        task.return (i32 i32 i32) -> (), with 32-bit pointers
          param 0  i32  result        discriminant of result<u32, string>
          param 1  i32  result.ok     u32, joined
                        result.error  pointer of string, joined
          param 2  i32  result.error  length of string

        callback (i32 i32 i32) -> (i32), with 32-bit pointers
          param 0   i32    event code: 0 none, 1 subtask, 2 stream-read, 3 stream-write, 4 future-read, 5 future-write, 6 task-cancelled
          param 1   i32    the waitable that the event is about
          param 2   i32    the subtask's state, or how the copy ended and how much was copied
          result 0  i32    callback code in bits 0 to 3: 0 exit, 1 yield, 2 wait; above, the waitable set to wait for

        asynchronously lowered to (i64 i32 i32 i32 i32) -> (i32), with 32-bit pointers
          param 0   i64  job.id     u64
          param 1   i32  job.name   pointer of string
          param 2   i32  job.name   length of string
          param 3   i32  job.tries  u32
          param 4   i32             pointer to the result: it flattens to 3 core values, over the limit of 0
          result 0  i32             state in bits 0 to 3: 0 starting, 1 started, 2 returned, …; above, the subtask if it has not returned
        result in memory: 12 bytes, aligned to 4
          0..12  12  result            result<u32, string>
              0   1    result          discriminant: 0 ok, 1 error
           1..4   3                    padding
           4..8   4    result.ok       case 0: u32
          4..12   8    result.error    case 1: string
           4..8   4      result.error  pointer of string
          8..12   4      result.error  length of string
          8..12   4    result          unused by ok

        core names
          export       [async-lift]test:waiting/jobs@0.2.1#start
          callback     [callback][async-lift]test:waiting/jobs@0.2.1#start
          task.return  "[export]test:waiting/jobs@0.2.1" "[task-return]start"
          import       "test:waiting/jobs@0.2.1" "[async-lower]start"
        [exit status 0]
    "#]],
    );
}

/// A function of a world has no interface in its core names.
#[test]
fn functions_of_worlds_are_of_the_root() {
    check(
        &["describe", ASYNC, "main", "--async"],
        expect![[r#"
        test:waiting/worker.main@0.2.1: async func(args: list<string>) -> u8

        asynchronously lifted from (i32 i32) -> (i32), with 32-bit pointers
          param 0   i32  args  pointer of list<string>
          param 1   i32  args  length of list<string>
          result 0  i32        callback code in bits 0 to 3: 0 exit, 1 yield, 2 wait; above, the waitable set to wait for

        task.return (i32) -> (), with 32-bit pointers
          param 0  i32  result  u8

        callback (i32 i32 i32) -> (i32), with 32-bit pointers
          param 0   i32    event code: 0 none, 1 subtask, 2 stream-read, 3 stream-write, 4 future-read, 5 future-write, 6 task-cancelled
          param 1   i32    the waitable that the event is about
          param 2   i32    the subtask's state, or how the copy ended and how much was copied
          result 0  i32    callback code in bits 0 to 3: 0 exit, 1 yield, 2 wait; above, the waitable set to wait for

        asynchronously lowered to (i32 i32 i32) -> (i32), with 32-bit pointers
          param 0   i32  args  pointer of list<string>
          param 1   i32  args  length of list<string>
          param 2   i32        pointer to the result: it flattens to 1 core value, over the limit of 0
          result 0  i32        state in bits 0 to 3: 0 starting, 1 started, 2 returned, …; above, the subtask if it has not returned
        result in memory: 1 byte, aligned to 1
          0  1  result  u8

        core names
          export       [async-lift]main
          callback     [callback][async-lift]main
          task.return  "[export]$root" "[task-return]main"
          import       "$root" "[async-lower]main"
        [exit status 0]
    "#]],
    );
}

/// An `async` option needs an async type. Where several functions are described, those of another
/// type are synchronous, and this is said.
#[test]
fn impossible_options_are_refused() {
    check(
        &["describe", ASYNC, "count", "--async"],
        expect![[r#"
        error: `test:waiting/jobs.count@0.2.1` is no async function: `async` is only allowed with the type `async func` (CanonicalABI.md, "canonopt Validation")
        [exit status 1]
    "#]],
    );
    check(
        &["describe", WIT, "--async"],
        expect![[r#"
        error: no function there is async: `async` is only allowed with the type `async func` (CanonicalABI.md, "canonopt Validation")
        [exit status 1]
    "#]],
    );
    let all = lowlift(&["describe", ASYNC, "--async"]);
    assert!(all.contains("note: 1 of 4 functions are not async and shown as synchronous"), "{all}");
    assert_eq!(all.matches("\nasynchronously lifted").count(), 3, "{all}");
    assert_eq!(all.matches("\nlifted").count(), 1, "{all}");
}

/// Colour is for terminals and on request, and only changes how the text looks.
#[test]
fn colour_is_put_over_the_text() {
    for args in [
        &["layout", WIT][..],
        &["describe", WIT, "paint"],
        &["describe", ASYNC, "--async"],
        &["trace", PLUGIN, PROCESS],
    ] {
        let plain = output(args, &[]).stdout;
        let coloured = output(args, &[("CLICOLOR_FORCE", "1")]).stdout;
        assert!(!plain.contains(&0x1b) && coloured.contains(&0x1b), "{args:?}");
        assert_eq!(without_colour(&coloured), String::from_utf8_lossy(&plain), "{args:?}");
        assert_eq!(output(args, &[("NO_COLOR", "1")]).stdout, plain, "{args:?}");
    }
}

fn without_colour(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[test]
fn json_is_what_its_description_says() {
    let documented = documented_fields();
    for (args, field, object) in [
        (&["layout", WIT][..], "types", "Type"),
        (&["layout", WIT, "--ptr", "64"], "types", "Type"),
        (&["describe", WIT], "functions", "Function"),
        (&["layout", WIT, "--symbolic"], "types", "Type"),
        (&["describe", ASYNC, "--async"], "functions", "Function"),
        (&["describe", "examples/guests/plugin-rs.wasm"], "functions", "Function"),
        (&["trace", PLUGIN, PROCESS], "call", "Call"),
        (&["trace", PLUGIN, PROCESS, PROCESS, "$0"], "calls", "Call"),
    ] {
        let text = stdout(&[args, &["--format", "json"]].concat());
        let document: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(document["version"], 1);
        assert!(!document[field].is_null(), "{args:?} has {object}s");
        check_object(&documented, "Document", &document);
    }
}

/// Checks that an object, and those within it, have only the fields that JSON.md lists for objects
/// of this name.
fn check_object(documented: &BTreeMap<String, Vec<String>>, name: &str, value: &Value) {
    let Value::Object(fields) = value else { panic!("{value} is not an object, where {name} was expected") };
    for (field, value) in fields {
        let is_known = documented.get(name).is_some_and(|known| known.contains(field));
        assert!(is_known, "JSON.md does not say that {name} has `{field}`");
        let within = match name {
            "CoreNames" => Some("Import"),
            _ => object_of(field),
        };
        let Some(within) = within else {
            assert!(!value.is_object(), "{name}.{field} holds an object that has no name");
            continue;
        };
        match value {
            Value::Array(items) => items
                .iter()
                .filter(|item| item.is_object())
                .for_each(|item| check_object(documented, within, item)),
            Value::Object(_) => {
                let within = if name == "Document" && field == "call" { "Call" } else { within };
                check_object(documented, within, value);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// Returns the name in JSON.md of the objects in a field.
fn object_of(field: &str) -> Option<&'static str> {
    Some(match field {
        "options" => "Options",
        "types" => "Type",
        "functions" => "Function",
        "bytes" | "parts" => "Entry",
        "lift" | "lower" | "task_return" | "callback" => "Signature",
        "symbolic" => "Symbolic",
        "size" | "start" | "end" => "ArchSize",
        "core_names" => "CoreNames",
        "spilled_params" | "spilled_result" => "Map",
        "params" | "results" => "Slot",
        "sources" => "Source",
        "lowering" | "lifting" => "Trace",
        "steps" => "Step",
        "place" => "Place",
        "call" => "Outcall",
        "calls" => "Call",
        "host_calls" => "HostCall",
        "values" | "core_params" | "core_results" => "Core",
        _ => return None,
    })
}

/// Returns the fields by object: all words in back quotes in the first and last columns of the
/// tables.
fn documented_fields() -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(root().join("crates/cli/JSON.md")).expect("a file of the repository");
    let mut fields = BTreeMap::<String, Vec<String>>::new();
    let mut object = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            name.clone_into(&mut object);
        } else {
            let known = fields.entry(object.clone()).or_default();
            known.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    fields
}

/// Entries cover every byte, in each list and for each case.
#[test]
fn every_byte_is_explained() {
    let text = stdout(&["layout", WIT, "--format", "json"]);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    for ty in document["types"].as_array().expect("a list of types") {
        check_covered(&ty["bytes"], 0, ty["size"].as_u64().expect("a size"));
    }
}

fn check_covered(entries: &Value, start: u64, end: u64) {
    let entries = entries.as_array().expect("a list of entries");
    let range = |entry: &Value| entry["start"].as_u64().zip(entry["end"].as_u64()).expect("a range");
    for byte in start..end {
        assert!(entries.iter().map(range).any(|(start, end)| start <= byte && byte < end), "byte {byte}");
    }
    for entry in entries.iter().filter(|entry| !entry["parts"].as_array().expect("a list").is_empty()) {
        let (start, end) = range(entry);
        check_covered(&entry["parts"], start, end);
    }
}
