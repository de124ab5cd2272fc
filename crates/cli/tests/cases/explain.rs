//! What `layout` and `describe` find, name and refuse, and what they take.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::common::{Run, lowlift, scratch};

/// Returns the output of a run that succeeds and says nothing else.
#[track_caller]
fn stdout(args: &[&str]) -> String {
    let run = lowlift(args);
    assert_eq!((run.status, run.err.as_str()), (Some(0), ""), "{args:?}");
    run.out
}

/// Returns the first line of a run that succeeds: the name, or the type, of what was found.
#[track_caller]
fn found(args: &[&str]) -> String {
    stdout(args).lines().next().unwrap_or_default().to_owned()
}

/// Checks that a run fails with this message.
#[track_caller]
fn refused(args: &[&str], message: &str) {
    lowlift(args).check(1, "", &[message]);
}

/// A binary package is what its text is: to `layout`, to `describe` and to `inspect`.
#[test]
fn packages_in_binary_form_are_packages() {
    let dir = scratch("binary-packages");
    for (file, function) in [
        ("text/rec.wit", "i.f"),
        ("explain/twins.wit", "second.f"),
        ("explain/gated.wit", "g"),
        ("text/docs-inline.wit", ""),
    ] {
        let binary = dir.join("package.wasm");
        let binary = binary.to_str().expect("UTF-8");
        assert_eq!(lowlift(&["wit", "build", file, "-o", binary]).status, Some(0), "{file}");
        let runs: [&[&str]; 3] = [&["layout", "F"], &["describe", "F"], &["describe", "F", function]];
        for args in &runs[..if function.is_empty() { 0 } else { 3 }] {
            let with =
                |file| args.iter().map(|arg| if *arg == "F" { file } else { *arg }).collect::<Vec<_>>();
            assert_eq!(lowlift(&with(file)).out, stdout(&with(binary)), "{file} {args:?}");
        }
        let inspected = stdout(&["inspect", binary]);
        let wit = stdout(&["wit", "from-wasm", binary]);
        assert!(inspected.ends_with(&wit), "{file}: {inspected}");
    }
}

/// Types and functions of dependencies are found by every name that is unique, and by package.
#[test]
fn names_reach_into_dependencies() {
    let tree = "explain/deps-tree";
    assert_eq!(found(&["layout", tree, "span"]), "acme:clock/types.span@0.2.0");
    assert_eq!(found(&["layout", tree, "sink.event"]), "acme:log/sink.event@0.2.0");
    assert_eq!(found(&["layout", tree, "acme:log/sink.event"]), "acme:log/sink.event@0.2.0");
    assert_eq!(found(&["layout", tree, "acme:log/sink.event@0.2.0"]), "acme:log/sink.event@0.2.0");
    assert_eq!(found(&["layout", tree, "acme:log/sink@0.2.0.event"]), "acme:log/sink.event@0.2.0");
    assert_eq!(found(&["layout", tree, "--package", "log", "event"]), "acme:log/sink.event@0.2.0");
    // The main package comes first.
    assert_eq!(found(&["layout", tree, "code"]), "acme:app/store.code@1.0.0");
    assert_eq!(found(&["layout", tree, "types.code"]), "acme:clock/types.code@0.2.0");
    assert_eq!(found(&["layout", tree, "file"]), "acme:log/sink.file@0.2.0");
    let ticker = "acme:clock/ticker.tick@0.2.0: func(after: moment) -> code";
    assert_eq!(found(&["describe", tree, "ticker.tick"]), ticker);
    assert_eq!(found(&["describe", tree, "--package", "acme:clock", "tick"]), ticker);
    assert_eq!(
        found(&["describe", tree, "file.write"]).split(':').nth(1),
        Some("log/sink.[method]file.write@0.2.0")
    );
    let listed = stdout(&["layout", tree, "--package", "acme:clock@0.2.0"]);
    let names: Vec<_> = listed.lines().filter(|line| line.starts_with("acme:")).collect();
    assert_eq!(
        names,
        [
            "acme:clock/types.moment@0.2.0",
            "acme:clock/types.span@0.2.0",
            "acme:clock/types.code@0.2.0",
            "acme:clock/ticker.event@0.2.0",
        ]
    );
}

/// A type that an interface uses is one of its names.
#[test]
fn used_names_count() {
    let tree = "explain/deps-tree";
    let duration = "acme:app/store.duration@1.0.0 = acme:clock/types.span@0.2.0";
    assert_eq!(found(&["layout", tree, "duration"]), duration);
    assert_eq!(found(&["layout", tree, "store.duration"]), duration);
    let moment = "acme:clock/ticker.moment@0.2.0 = acme:clock/types.moment@0.2.0";
    assert_eq!(found(&["layout", tree, "ticker.moment"]), moment);
    // A type and its uses are one type.
    assert_eq!(found(&["layout", tree, "--package", "clock", "moment"]), "acme:clock/types.moment@0.2.0");
    let document = json(&["layout", tree, "duration"]);
    assert_eq!(document["types"][0]["used_from"], "acme:clock/types.span@0.2.0");
}

#[test]
fn ambiguous_and_unknown_names_list_what_is_there() {
    let tree = "explain/deps-tree";
    refused(
        &["layout", tree, "event"],
        "`event` may mean several types, say which:\n  acme:clock/ticker.event@0.2.0\n  acme:log/sink.event@0.2.0\n",
    );
    refused(
        &["describe", tree, "tick"],
        "may mean several functions, say which:\n  acme:clock/ticker.tick@0.2.0\n  acme:log/sink.tick@0.2.0\n",
    );
    refused(
        &["layout", tree, "nothing"],
        "there is no type `nothing`, expected one of:\n  acme:app/store.entry@1.0.0\n  acme:app/store.code@1.0.0\n",
    );
    refused(&["layout", tree, "--package", "log", "entry"], "there is no type `entry`");
    let packages = "no type is of a package `disk`; the packages with some:\n  acme:app@1.0.0\n  acme:clock@0.2.0\n  \
                    acme:log@0.2.0\n";
    refused(&["layout", tree, "--package", "disk"], packages);
}

/// An import and an export of one name are one function to whoever names it.
#[test]
fn both_sides_of_a_component_have_one_name() {
    let middle = "explain/both-sides.wat";
    assert_eq!(found(&["describe", middle, "handle"]), "acme:mid/ware.handle@1.0.0: func(it: item) -> u32");
    assert_eq!(found(&["layout", middle, "item"]), "acme:mid/ware.item@1.0.0");
}

/// Types of equal parts keep the names that they have where they are used, or are written out.
#[test]
fn twins_keep_their_own_names() {
    let text = stdout(&["describe", "explain/twins.wit"]);
    for line in [
        "acme:twins/first.f: func(a: left) -> left\n  left = record { n: u32 }\n",
        "acme:twins/second.f: func(a: right) -> right\n  right = record { n: u32 }\n",
        "acme:twins/both.f: func(a: record { n: u32 }) -> record { n: u32 }\n",
    ] {
        assert!(text.contains(line), "{line} in:\n{text}");
    }
}

/// What gates leave out is said, and features take it in.
#[test]
fn gates_are_said_and_opened() {
    let file = "explain/gated.wit";
    let run = lowlift(&["layout", file]);
    assert_eq!(run.status, Some(0));
    for feature in ["blue", "green"] {
        let note = format!("note: feature `{feature}` is not enabled, which leaves out `");
        assert!(run.err.contains(&note), "{}", run.err);
    }
    assert!(!run.out.contains("sometimes"), "{}", run.out);
    assert!(stdout(&["layout", file, "--all-features"]).contains("acme:gated/i.sometimes"));
    assert!(stdout(&["layout", file, "--features", "blue,green"]).contains("acme:gated/i.sometimes"));
    let run = lowlift(&["describe", file, "--features", "green"]);
    assert!(run.out.contains("i.f: func") && run.err.contains("`i.sometimes`"), "{}", run.err);
    lowlift(&["layout", "worlds/unstable.wit"]).check(
        1,
        "",
        &["note: feature `beta` is not enabled", "no type has a name there"],
    );
    assert!(stdout(&["layout", "worlds/unstable.wit", "--features", "beta"]).contains("acme:u/i.r@0.1.0"));
    // Whoever wrote a binary chose what is in it.
    let dir = scratch("gates");
    let binary = dir.join("gated.wasm");
    let binary = binary.to_str().expect("UTF-8");
    assert_eq!(lowlift(&["wit", "build", file, "--all-features", "-o", binary]).status, Some(0));
    assert!(stdout(&["layout", binary]).contains("acme:gated/i.sometimes"));
}

/// A component's own options and core names are taken, unless others are asked for.
#[test]
fn components_say_how_they_lift_and_lower() {
    let async_ = stdout(&["describe", "call/async-describe.wat"]);
    for part in [
        "f: async func() -> u32\nas this component lifts it: async with a callback, utf8, 32-bit pointers\n",
        "\nasynchronously lifted from () -> (i32)",
        "\ntask.return (i32) -> (), with 32-bit pointers\n  param 0  i32  result  u32\n",
        "\ncallback (i32 i32 i32) -> (i32)",
        // Its name in this component.
        "\n  callback     cb\n",
        "0 exit, 1 yield, 2 wait",
    ] {
        assert!(async_.contains(part), "{part} in:\n{async_}");
    }
    let utf16 = stdout(&["describe", "explain/options.wat", "utf16"]);
    for part in [
        "as this component lifts it: synchronous, utf16, 32-bit pointers\n",
        "  export       plain-core\n  post-return  plain-after\n",
    ] {
        assert!(utf16.contains(part), "{part} in:\n{utf16}");
    }
    let utf8 = stdout(&["describe", "explain/options.wat", "utf16", "--string-encoding", "utf8"]);
    assert!(!utf8.contains("as this component") && utf8.contains("cabi_post_utf16"), "{utf8}");
    let stackful = stdout(&["describe", "explain/options.wat", "stackful"]);
    assert!(stackful.contains("async without a callback") && !stackful.contains("\ncallback"), "{stackful}");
    let lowered = stdout(&["describe", "explain/lowered.wat"]);
    for part in [
        "as this component lowers it: synchronous, latin1+utf16, 32-bit pointers\n",
        "as this component lowers it: async, utf8, 32-bit pointers\nthis component also lowers it: synchronous, utf8",
    ] {
        assert!(lowered.contains(part), "{part} in:\n{lowered}");
    }
    let wide = stdout(&["describe", "explain/memory64.wat", "--proposals", "cm64"]);
    assert!(wide.contains("as this component lifts it: synchronous, utf8, 64-bit pointers"), "{wide}");
    assert!(wide.contains("\nlifted from (i64 i64) -> (), with 64-bit pointers\n"), "{wide}");
    let narrow = stdout(&["describe", "explain/memory64.wat", "--proposals", "cm64", "--ptr", "32"]);
    assert!(narrow.contains("\nlifted from (i32 i32) -> (), with 32-bit pointers\n"), "{narrow}");
    let document = json(&["describe", "explain/options.wat", "utf16"]);
    let function = &document["functions"][0];
    assert_eq!(function["options"]["string_encoding"], "utf16");
    assert_eq!(function["own_options"], true);
    assert_eq!(function["core_names"]["export"][0], "plain-core");
    assert_eq!(function["task_return"], Value::Null);
    refused(&["describe", "explain/options.wat", "flat", "--async"], "`flat` is no async function");
}

fn json(args: &[&str]) -> Value {
    let out = stdout(&[args, &["--format", "json"]].concat());
    serde_json::from_str(&out).expect("JSON")
}

/// Flattening is told beyond the limit too, with what becomes of it.
#[test]
fn flat_types_are_told_above_the_limit() {
    let document = json(&["layout", "bounds/funcs-with-bigrec500.wit"]);
    let ty = &document["types"][0];
    assert_eq!((&ty["flat_count"], ty["flat"].as_array().map(Vec::len)), (&Value::from(1000), Some(1000)));
    assert_eq!((&ty["as_param"], &ty["as_result"]), (&Value::from(vec!["i32"]), &Value::from(vec!["i32"])));
    let document = json(&["layout", "text/rec.wit", "--ptr", "64", "--symbolic"]);
    let ty = &document["types"][0];
    assert_eq!(ty["as_param"], Value::from(vec!["i32", "i64"]));
    assert_eq!(ty["as_result"], Value::from(vec!["i64"]));
    assert_eq!(ty["symbolic"]["size"]["bytes"], 16);
    let text = stdout(&["layout", "bounds/funcs-with-bigrec500.wit"]);
    let line = "  flat: 1000 core values (i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 …), over the \
                limit of 16: passed as one i32, a pointer";
    assert_eq!(text.lines().last(), Some(line));
    let text = stdout(&["layout", "bounds/funcs-with-bigrec500.wit", "--full"]);
    let n_listed = text.lines().last().map(|line| line.matches("i32").count());
    assert_eq!(n_listed, Some(1001), "each core value, and the pointer");
}

/// `-o` writes what standard output would have had, in every format.
#[test]
fn every_format_goes_to_a_file() {
    let dir = scratch("formats");
    for format in ["text", "json", "svg", "html"] {
        for args in [["layout", "text/rec.wit"], ["describe", "text/rec.wit"]] {
            let file = dir.join(format);
            let args = [&args[..], &["--format", format]].concat();
            let printed = stdout(&args);
            let written = stdout(&[&args[..], &["-o", file.to_str().expect("UTF-8")]].concat());
            assert_eq!(written, "");
            assert_eq!(fs::read_to_string(&file).expect("it was written"), printed, "{args:?}");
        }
    }
    let nowhere = dir.join("no/such/folder");
    refused(&["layout", "text/rec.wit", "-o", nowhere.to_str().expect("UTF-8")], "no/such/folder: ");
}

/// What documents repeat: many users of one large type. Each line is a kind; `n` is how many there
/// are of both.
fn repeated(kind: &str, n: usize) -> String {
    let join = |f: &dyn Fn(usize) -> String| (0..n).map(f).collect::<Vec<_>>().join(", ");
    let record = format!("record r {{ {} }}", join(&|i| format!("x{i}: u8")));
    let functions = |ty: &str| (0..n).map(|i| format!("g{i}: func(a: {ty}) -> {ty};\n")).collect::<String>();
    let body = match kind {
        "functions" => format!("interface i {{ {record}\n{} }}", functions("r")),
        "world" => {
            let imports: String = (0..n).map(|i| format!("import g{i}: func(a: r) -> r;\n")).collect();
            format!("world w {{ {record}\n{imports} }}")
        }
        "records" => {
            let users: String =
                (0..n).map(|i| format!("record user{i} {{ a: r, b: list<r>, c: option<r> }}\n")).collect();
            format!("interface i {{ {record}\n{users} f: func(a: r); }}")
        }
        "tuple" => {
            format!("interface i {{ type t = tuple<{}>;\n{} }}", join(&|_| "u8".to_owned()), functions("t"))
        }
        "enum" => {
            let cases = join(&|i| format!("c{i}"));
            let fields = join(&|i| format!("x{i}: e"));
            format!("interface i {{ enum e {{ {cases} }} record r {{ {fields} }} f: func(r: r) -> e; }}")
        }
        "flags" => {
            let labels: Vec<_> = (0..32).map(|i| format!("c{i}")).collect();
            let fields = join(&|i| format!("x{i}: e"));
            let labels = labels.join(", ");
            format!("interface i {{ flags e {{ {labels} }} record r {{ {fields} }} f: func(r: r) -> e; }}")
        }
        "cases" => {
            let cases = join(&|i| format!("c{i}(list<u8, {}>)", i + 1));
            format!("interface i {{ variant v {{ {cases} }}\n{} }}", functions("v"))
        }
        _ => unreachable!("no such kind"),
    };
    format!("package a:b;\n{body}\n")
}

/// Documents grow with their file, whatever repeats in it, and take little memory.
#[test]
fn documents_are_linear_and_streamed() {
    let dir = scratch("growth");
    for kind in ["functions", "world", "records", "tuple", "enum", "flags", "cases"] {
        // Drawings and pages are folded by the same rule, so two kinds of them do.
        let has_drawings = ["functions", "records"].contains(&kind);
        let formats: &[&str] =
            if has_drawings { &["text", "json", "html", "svg"] } else { &["text", "json"] };
        let files = [300, 600].map(|n| {
            let file = dir.join(format!("{kind}{n}.wit"));
            fs::write(&file, repeated(kind, n)).expect("the folder for tests can be written");
            file
        });
        for verb in ["layout", "describe"] {
            for format in formats {
                let [small, large] = files.each_ref().map(|file| sizes(&dir, verb, format, file));
                let what = format!("{verb} {kind} as {format}: {small:?}, {large:?}");
                // What is constant makes less of a difference than doubling does.
                assert!(large[0] < small[0] * 5 / 2, "output grows: {what}");
                assert!(large[1] < 100_000, "memory in KB: {what}");
            }
        }
    }
}

/// Returns the size of the output in bytes, and the memory in KB that the command had at most.
fn sizes(dir: &Path, verb: &str, format: &str, file: &Path) -> [u64; 2] {
    let out: PathBuf = dir.join("out");
    let mut command = Command::new(env!("CARGO_BIN_EXE_lowlift"));
    command
        .arg(verb)
        .arg(file)
        .args(["--format", format, "-o"])
        .arg(&out)
        .stderr(std::process::Stdio::null());
    let mut child = command.spawn().expect("the binary runs");
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_kb(child.id()).unwrap_or(0));
        match child.try_wait().expect("the process is ours") {
            Some(status) => break status,
            None => std::thread::sleep(std::time::Duration::from_millis(1)),
        }
    };
    assert!(status.success(), "{verb} {}", file.display());
    [fs::metadata(&out).expect("it was written").len(), peak]
}

/// Returns the peak memory of a process so far, where the system tells it.
fn peak_kb(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").trim().parse().ok()
}

/// The parts of a type stand once in a large document, and everywhere on request.
#[test]
fn large_documents_are_folded_and_say_so() {
    let file = "bounds/funcs-with-bigrec500.wit";
    let Run { status, out, err } = lowlift(&["describe", file, "--format", "json"]);
    assert_eq!(status, Some(0), "{err}");
    assert!(err.starts_with("note: ") && err.contains("`--full` for all"), "{err}");
    let document: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(document["functions"].as_array().map(Vec::len), Some(500));
    let param = &document["functions"][7]["lift"]["spilled_params"]["bytes"][0];
    assert_eq!((&param["folded"], &param["type"], &param["end"]), (&true.into(), &"r".into(), &1000.into()));
    assert_eq!(param["parts"], Value::Array(Vec::new()));
    let types = document["types"].as_array().expect("a list of types");
    assert_eq!(types.len(), 1);
    assert_eq!(types[0]["bytes"].as_array().map(Vec::len), Some(1000));
    // One function alone is told in full.
    let document = json(&["describe", file, "g7"]);
    let param = &document["functions"][0]["lift"]["spilled_params"]["bytes"][0];
    assert_eq!((param["parts"].as_array().map(Vec::len), &param["folded"]), (Some(1000), &Value::Null));
    assert_eq!(document["types"], Value::Null);
}

/// WASI as its own packages ship it, found where cargo keeps registry packages.
#[test]
fn wasi_is_found_through_its_dependencies() {
    let Some(wasi) = registry_package("wasip2-") else {
        return skipped(
            "wasi_is_found_through_its_dependencies",
            "the package wasip2 is not in the registry's folder",
        );
    };
    let wit = wasi.join("wit");
    let wit = wit.to_str().expect("UTF-8");
    let names = |args: &[&str]| lowlift(args);
    let run = names(&["layout", wit, "error-code"]);
    for name in [
        "wasi:filesystem/types.error-code@",
        "wasi:http/types.error-code@",
        "wasi:sockets/network.error-code@",
    ] {
        assert!(run.err.contains(name), "{name} in:\n{}", run.err);
    }
    assert!(
        names(&["layout", wit, "descriptor-type"])
            .out
            .starts_with("wasi:filesystem/types.descriptor-type@0.2")
    );
    assert!(
        names(&["layout", wit, "network.error-code"]).out.starts_with("wasi:sockets/network.error-code@0.2")
    );
    assert!(
        names(&["layout", wit, "--package", "wasi:io"]).out.starts_with("wasi:io/streams.stream-error@0.2")
    );
    assert!(
        names(&["layout", wit, "http/types.duration"])
            .out
            .contains(" = wasi:clocks/monotonic-clock.duration@")
    );
    let handle = names(&["describe", wit, "handle"]);
    assert!(handle.err.contains("wasi:http/outgoing-handler.handle@"), "{}", handle.err);
    let handle = names(&["describe", wit, "incoming-handler.handle"]);
    assert!(handle.out.starts_with("wasi:http/incoming-handler.handle@0.2"), "{}", handle.out);
    assert!(names(&["describe", wit, "input-stream.read"]).out.contains("stream-error = variant {"));
}

/// Returns the folder of a package in cargo's registry.
fn registry_package(prefix: &str) -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")))?;
    let registries = fs::read_dir(home.join("registry/src")).ok()?;
    let packages = registries.filter_map(|entry| fs::read_dir(entry.ok()?.path()).ok()).flatten();
    let mut folders = packages.filter_map(|entry| Some(entry.ok()?.path()));
    folders.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
}

/// Says that a test was skipped, and why: past the capture of what passing tests print, in a line
/// that `.ci/tally` counts.
fn skipped(test: &str, why: &str) {
    use std::io::Write as _;
    let line = format!("\nskipped: {test}: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr is there");
}
