//! `layout`, `describe` and `trace` in every format.
//!
//! Pages are opened in a real browser, Debian's chromium, if there is one; otherwise the test says
//! so. `UPDATE_EXPECT=1 cargo test -p lowlift` rewrites the expectations.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
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

#[test]
fn drawings_carry_their_numbers() {
    let svg = stdout(&["layout", WIT, "drawing", "--format", "svg"]);
    check_tags(&svg);
    for text in
        ["80 bytes, aligned to 8", ">id<", ">title pointer<", ">72<", ">created: u64<", "unused by ok"]
    {
        assert!(svg.contains(text), "{text} in:\n{svg}");
    }
}

#[test]
fn signatures_and_calls_are_drawn() {
    let svg = stdout(&["describe", WIT, "--format", "svg"]);
    check_tags(&svg);
    for text in ["Lifted: the core function", ">param 0: i32<", "joined", "pointer to the parameters", ">+7<"]
    {
        assert!(svg.contains(text), "{text} in:\n{svg}");
    }
    let svg = stdout(&["trace", PLUGIN, PROCESS, "--format", "svg"]);
    check_tags(&svg);
    for text in ["Lowering the arguments", ">realloc(0x0, 0, 1, ", "Lifting the result", ">load_int<", "ok("]
    {
        assert!(svg.contains(text), "{text} in:\n{svg}");
    }
}

#[test]
fn pages_link_types_functions_and_the_specification() {
    for args in [
        &["layout", WIT, "--format", "html"][..],
        &["layout", WIT, "shape", "--format", "html"],
        &["describe", WIT, "paint", "--format", "html", "--ptr", "64"],
        &["layout", "examples/guests/plugin-rs.wasm", "--format", "html"],
        &["trace", PLUGIN, PROCESS, "--format", "html"],
    ] {
        let page = stdout(args);
        check_tags(&page);
        let ids: Vec<_> = values_of(&page, "id=\"").collect();
        let links: Vec<_> = values_of(&page, "href=\"").collect();
        for target in links.iter().filter_map(|link| link.strip_prefix('#')) {
            assert!(ids.contains(&target), "{args:?}: nothing at #{target}");
        }
        let specification = "https://github.com/WebAssembly/component-model/";
        assert!(links.iter().any(|link| link.starts_with(specification)), "{args:?}");
        assert!(
            links.iter().all(|link| link.starts_with('#') || link.starts_with(specification)),
            "{args:?}"
        );
        for word in ["src=", "@import", "url(", "import(", "fetch("] {
            assert!(!page.contains(word), "{args:?}: {word}");
        }
    }
    let page = stdout(&["layout", WIT, "--format", "html"]);
    for part in [
        "<title>test:explain</title>",
        "href=\"#type-test-explain-shapes-shape-0-1-0\"",
        "href=\"#func-test-explain-shapes-paint-0-1-0\"",
        "#flattening\"",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

/// Each type is drawn and listed two levels deep. Deeper boxes and rows link to the section of
/// their type.
#[test]
fn pages_of_nested_types_grow_with_their_number() {
    let [few, many] = [20, 80].map(nested_page);
    check_tags(&many);
    assert!(many.contains("<a href=\"#type-test-nested-i-r77\"><g><title>"), "a closed box is a link");
    let per_type = (many.len() - few.len()) / 60;
    assert!(per_type < 8_000, "{per_type} bytes for each type");
}

/// Returns the page of a package with this many records, each within the next.
fn nested_page(n_types: usize) -> String {
    let mut wit = "package test:nested;\ninterface i {\nrecord r0 { a: u32 }\n".to_owned();
    for i in 1..n_types {
        wit.push_str(&format!("record r{i} {{ a: u32, inner: r{}, b: string }}\n", i - 1));
    }
    let path = std::env::temp_dir().join(format!("lowlift-nested-{n_types}-{}.wit", std::process::id()));
    std::fs::write(&path, wit + "}\n").expect("a temporary file");
    let page = stdout(&["layout", path.to_str().expect("UTF-8"), "--format", "html"]);
    std::fs::remove_file(&path).expect("it was made above");
    page
}

fn values_of<'a>(page: &'a str, attribute: &'a str) -> impl Iterator<Item = &'a str> {
    page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next())
}

/// Checks that elements are closed in the order in which they were opened.
fn check_tags(text: &str) {
    let mut open = Vec::new();
    for tag in text.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
        let name = tag.split([' ', '\n', '/']).next().unwrap_or_default();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "…{tag}");
        } else if !tag.starts_with('!') && !tag.ends_with('/') && !["br", "meta", "wbr"].contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

/// On a phone and on a desktop, nothing extends beyond the side of the page, and no label beyond
/// its box.
#[test]
fn pages_fit_their_width_in_a_browser() {
    let Some(browser) = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| runs(name))
    else {
        return skipped("pages_fit_their_width_in_a_browser", "no chromium is installed to open the pages");
    };
    let dir = std::env::temp_dir().join(format!("lowlift-pages-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory for temporary files");
    let pages = [
        ("package", stdout(&["layout", WIT, "--format", "html"])),
        ("trace", stdout(&["trace", PLUGIN, PROCESS, "--format", "html"])),
        ("nested", nested_page(12)),
    ];
    // Two faults that the check must find: a page that is too wide, and a label that is.
    let wide = "<p style=\"width: 2000px\">wide</p>\
                <svg class=\"map\"><g><rect width=\"9\" height=\"9\"/><text>wide</text></g></svg></body>";
    let too_wide = pages[0].1.replace("</body>", wide);
    for width in [390, 1280] {
        for (name, page) in &pages {
            let shown = open(browser, &dir, name, page, width);
            let what = "the window's width, the content's, labels that are wider than their boxes";
            assert_eq!(shown, [width, width, 0], "{name} page at {width}: {what}");
        }
        let shown = open(browser, &dir, "wide", &too_wide, width);
        assert!(shown[1] > width && shown[2] == 1, "what is too wide is noticed: {shown:?}");
    }
    std::fs::remove_dir_all(&dir).expect("it was made above");
}

/// Says that a test was skipped, and why: past the capture of what passing tests print, in a line
/// that `.ci/tally` counts.
fn skipped(test: &str, why: &str) {
    let line = format!("\nskipped: {test}: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr is there");
}

fn runs(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Opens a page in a frame of a given width. Returns the width of the page, the width of its
/// content, and the number of labels that are wider than their boxes. (A window has a minimum width
/// that is more than a phone's.)
fn open(browser: &str, dir: &Path, name: &str, page: &str, width: u32) -> [u32; 3] {
    let frame: PathBuf = dir.join(format!("{name}-{width}.html"));
    let inner = page.replace('&', "&amp;").replace('"', "&quot;");
    let measure = "const d = document.querySelector('iframe').contentDocument.documentElement; \
                   const boxes = [...d.querySelectorAll('svg.map g')].filter(g => g.querySelector('rect')); \
                   const wide = g => g.querySelector('text').getBBox().width > g.querySelector('rect').getBBox().width; \
                   document.title = d.clientWidth + ' ' + d.scrollWidth + ' ' + boxes.filter(wide).length;";
    let html = format!(
        "<!DOCTYPE html><meta charset=\"utf-8\"><title>not measured</title><body style=\"margin:0\">\
         <iframe style=\"border:0;width:{width}px;height:4000px\" scrolling=\"no\" srcdoc=\"{inner}\"></iframe>\
         <script>addEventListener('load', () => {{ {measure} }});</script>"
    );
    std::fs::write(&frame, html).expect("a temporary file");
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
        ])
        .args([
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--window-size=1400,1000",
        ])
        .arg(format!("--user-data-dir={}", dir.join("profile").display()))
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("file://{}", frame.display()))
        .output()
        .expect("the browser runs");
    let dom = String::from_utf8_lossy(&output.stdout);
    let title = dom.split("<title>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
    let mut numbers = title.split(' ').map(|number| number.parse().ok());
    match [numbers.next().flatten(), numbers.next().flatten(), numbers.next().flatten()] {
        [Some(page), Some(content), Some(n_wide_labels)] => [page, content, n_wide_labels],
        _ => panic!("the browser did not measure: {title:?}, {}", String::from_utf8_lossy(&output.stderr)),
    }
}
