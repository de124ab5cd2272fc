//! What all verbs have in common, and those that rewrite binaries.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::common::{Run, folder, lowlift, scratch};

/// A component that says 7.
const SEVEN: &str = r#"(component $seven
  (core module $m (@custom "producers" "\00") (@custom "own" "text") (func $f (export "f") (result i32) i32.const 7))
  (core instance $i (instantiate $m))
  (func (export "f") (result u32) (canon lift (core func $i "f"))))"#;

/// Every verb that reads a component or a core module, with `FILE` for its path and `OUT` for that
/// of its output.
const VERBS: &[&[&str]] = &[
    &["validate", "FILE"],
    &["inspect", "FILE"],
    &["unbundle", "FILE", "-o", "OUT"],
    &["layout", "FILE"],
    &["describe", "FILE"],
    &["call", "FILE", "f()"],
    &["trace", "FILE", "f()"],
    &["compile", "FILE"],
    &["print", "FILE"],
    &["strip", "FILE", "-o", "OUT"],
    &["link", "FILE", "--plug", "GOOD", "-o", "OUT"],
    &["link", "GOOD", "--plug", "FILE", "-o", "OUT"],
    &["new", "FILE", "-o", "OUT"],
    &["wit", "from-wasm", "FILE"],
    &["wit", "check", "FILE"],
];

struct Files {
    dir: PathBuf,
}

impl Files {
    fn new(test: &str) -> Self {
        let files = Self { dir: scratch(test) };
        files.write("good.wat", SEVEN.as_bytes());
        files
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    fn write(&self, name: &str, contents: &[u8]) -> String {
        fs::write(self.dir.join(name), contents).expect("the folder can be written");
        self.path(name)
    }

    fn run(&self, verb: &[&str], file: &str, stdin: Option<&[u8]>) -> Run {
        let (good, out) = (self.path("good.wat"), self.path("out"));
        let args = verb.iter().map(|arg| match *arg {
            "FILE" => file,
            "GOOD" => &good,
            "OUT" => &out,
            other => other,
        });
        with_stdin(&args.collect::<Vec<_>>(), stdin.unwrap_or_default())
    }
}

fn with_stdin(args: &[&str], stdin: &[u8]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lowlift"));
    command.args(args).current_dir(folder());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    // It may end before it has read everything.
    let _ = child.stdin.take().expect("it is piped").write_all(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Run { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// The same fault has the same form in every verb: one line, `error: FILE: …`, exit status 1, and
/// nothing is written.
#[test]
fn faults_have_one_form() {
    let files = Files::new("verbs-faults");
    let good = wat::parse_str(SEVEN).expect("the text has no faults");
    let cases: &[(&str, Option<&[u8]>)] = &[
        ("missing.wasm", None),
        ("empty.wasm", Some(b"")),
        ("random.wasm", Some(b"\xf3\x17\x88 random \xff bytes")),
        ("header.wasm", Some(&good[..6])),
        ("cut.wasm", Some(&good[..good.len() / 2])),
        ("invalid.wat", Some(br#"(component (func (export "f") (canon lift (core func 7))))"#)),
    ];
    fs::create_dir_all(files.dir.join("empty-folder")).expect("the folder can be written");
    for (name, contents) in cases.iter().chain(&[("empty-folder", None)]) {
        let file = match contents {
            Some(contents) => files.write(name, contents),
            None => files.path(name),
        };
        for verb in VERBS {
            // It prints what is invalid; it reads an empty WIT file.
            if (verb[0] == "print" && *name == "invalid.wat") || (verb[0] == "wit" && *name == "empty.wasm") {
                continue;
            }
            let run = files.run(verb, &file, None);
            assert_eq!((run.status, run.out.as_str()), (Some(1), ""), "{verb:?} {name}: {}", run.err);
            assert!(run.err.starts_with(&format!("error: {file}: ")), "{verb:?} {name}: {}", run.err);
            assert_eq!(run.err.matches('\n').count(), 1, "{verb:?} {name}: {}", run.err);
            assert!(!files.dir.join("out").exists(), "{verb:?} {name}");
        }
    }
    // Text with a fault shows its line.
    let file = files.write("syntax.wat", b"(component\n  (import)");
    for verb in VERBS.iter().filter(|verb| verb[0] != "wit") {
        let run = files.run(verb, &file, None);
        assert_eq!((run.status, run.out.as_str()), (Some(1), ""), "{verb:?}: {}", run.err);
        assert!(run.err.starts_with("error: expected a string\n"), "{verb:?}: {}", run.err);
        assert!(run.err.contains(&format!("--> {file}:2:10\n")), "{verb:?}: {}", run.err);
    }
}

/// A core module where a component is wanted, and the other way round.
#[test]
fn the_wrong_kind_of_binary() {
    let files = Files::new("verbs-kinds");
    let module = files.write("module.wat", br#"(module (func (export "f")))"#);
    for verb in VERBS.iter().filter(|verb| ["layout", "describe", "call", "trace", "link"].contains(&verb[0]))
    {
        // A core module may carry a world, which these two show.
        let expected = match verb[0] {
            "layout" | "describe" => {
                format!("error: {module}: a core module without a `component-type` section")
            }
            _ => format!("error: {module}: this is a core module, not a component (at offset 0x4)\n"),
        };
        files.run(verb, &module, None).check(1, "", &[&expected]);
    }
    let component = files.path("good.wat");
    files.run(&["new", "FILE", "-o", "OUT"], &component, None).check(
        1,
        "",
        &[&format!("error: {component}: ")],
    );
    let wit = files.write("a.wit", b"package a:b;");
    for verb in VERBS.iter().filter(|verb| !["layout", "describe", "wit"].contains(&verb[0])) {
        files.run(verb, &wit, None).check(1, "", &[&format!("error: {wit}: this is WIT")]);
    }
}

/// Wrong flags are usage errors of one form.
#[test]
fn wrong_flags() {
    let files = Files::new("verbs-flags");
    for verb in VERBS {
        let args: Vec<&str> = [*verb, &["--no-such-flag"]].concat();
        let run = files.run(&args, &files.path("good.wat"), None);
        assert_eq!((run.status, run.out.as_str()), (Some(2), ""), "{verb:?}: {}", run.err);
        let expected = "error: unexpected argument '--no-such-flag' found\n";
        assert!(run.err.starts_with(expected), "{verb:?}: {}", run.err);
    }
}

/// Each verb reads standard input as it reads the file.
#[test]
fn standard_input() {
    let files = Files::new("verbs-stdin");
    let socket = br#"(component (import "f" (func (result u32))))"#;
    let module = br#"(module (func (export "f") (result i32) i32.const 7))"#;
    let world = files.write("w.wit", b"package a:b; world w { export f: func() -> u32; }");
    for verb in VERBS {
        let (contents, args): (&[u8], Vec<&str>) = match verb[..] {
            ["link", "FILE", ..] => (socket, verb.to_vec()),
            ["link", ..] => continue,
            ["layout", ..] => {
                (br#"(component (type $t (tuple u8 u32)) (export "t" (type $t)))"#, verb.to_vec())
            }
            ["new", ..] => (module, [*verb, &["--wit", &world]].concat()),
            _ => (SEVEN.as_bytes(), verb.to_vec()),
        };
        let file = files.write("input.wat", contents);
        let _ = fs::remove_dir_all(files.dir.join("out")).or_else(|_| fs::remove_file(files.dir.join("out")));
        let from_file = files.run(&args, &file, None);
        assert_eq!(from_file.status, Some(0), "{verb:?}: {}", from_file.err);
        let _ = fs::remove_dir_all(files.dir.join("out"));
        let from_stdin = files.run(&args, "-", Some(contents));
        assert_eq!(from_stdin.status, Some(0), "{verb:?}: {}", from_stdin.err);
        let named = |text: &str| text.replace(&file, "<stdin>").replace("\"-\"", "\"<stdin>\"");
        assert_eq!(named(&from_stdin.out), named(&from_file.out), "{verb:?}");
    }
}

#[test]
fn help_has_examples_and_exit_statuses() {
    let verbs = VERBS.iter().map(|verb| verb[0]).chain(["parse", "completions", "man"]);
    for verb in verbs {
        let help = lowlift(&[verb, "--help"]);
        assert_eq!(help.status, Some(0), "{verb}");
        let status = match verb {
            "call" | "trace" => "\nExit status:\n  0    every call returned\n  1    bad input",
            _ => "\nExit status: 0 success, 1 bad input, 2 wrong usage",
        };
        for part in ["Examples:\n  lowlift ", status, "--proposals", "--color"] {
            assert!(help.out.contains(part), "{verb}: {part:?} is not in {}", help.out);
        }
    }
}

#[test]
fn colours_on_request() {
    let layout = |color: &[&str]| {
        let args = [&["layout", "text/rec.wit"], color].concat();
        lowlift(&args).out
    };
    assert!(layout(&["--color", "always"]).contains('\u{1b}'));
    assert!(layout(&["--color=always"]).contains('\u{1b}'));
    assert!(!layout(&["--color", "never"]).contains('\u{1b}') && !layout(&[]).contains('\u{1b}'));
    let faults = |color| lowlift(&["wit", "check", "text/rec.wit", "nosuch", "--color", color]).err;
    assert!(faults("always").contains('\u{1b}') && !faults("never").contains('\u{1b}'));
}

#[test]
fn several_files_are_validated() {
    let files = Files::new("verbs-validate");
    let (good, module) = (files.path("good.wat"), files.write("m.wat", b"(module)"));
    let bad = files.write("bad.wasm", b"\0asm\x0d\0\x01\0\x07");
    let n_bytes = wat::parse_str(SEVEN).expect("the text has no faults").len();
    let lines = format!("{good}: valid component, {n_bytes} bytes\n{module}: valid core module, 8 bytes\n");
    lowlift(&["validate", &good, &module]).check(0, &lines, &[]);
    let run = lowlift(&["validate", &bad, &good, "missing.wasm", &module]);
    run.check(1, &lines, &[&format!("error: {bad}: unexpected end"), "\nerror: missing.wasm: "]);
}

#[test]
fn text_and_binary() {
    let files = Files::new("verbs-print");
    let (good, wasm, wat) = (files.path("good.wat"), files.path("a.wasm"), files.path("a.wat"));
    let n_bytes = wat::parse_str(SEVEN).expect("the text has no faults").len();
    lowlift(&["parse", &good, "-o", &wasm]).check(0, &format!("{wasm}: binary, {n_bytes} bytes\n"), &[]);
    let printed = lowlift(&["print", &wasm]);
    assert!(printed.status == Some(0) && printed.out.starts_with("(component $seven\n"), "{}", printed.out);
    let written = lowlift(&["print", &wasm, "-o", &wat]);
    written.check(0, &format!("{wat}: text, {} bytes\n", printed.out.len()), &[]);
    assert_eq!(fs::read_to_string(&wat).expect("it was written"), printed.out);
    // Once more, through pipes.
    let again = with_stdin(&["parse", "-", "-o", &files.path("b.wasm")], printed.out.as_bytes());
    assert_eq!(again.status, Some(0), "{}", again.err);
    // The text does not keep the order of custom sections.
    let stripped = |name: &str| {
        let to = files.path("stripped.wasm");
        let run = lowlift(&["strip", "--all", &files.path(name), "-o", &to]);
        assert_eq!(run.status, Some(0), "{}", run.err);
        fs::read(to).expect("it was written")
    };
    assert_eq!(stripped("b.wasm"), stripped("a.wasm"));
    let stdout = with_stdin(&["parse", "-", "-o", "-"], b"(module)");
    stdout.check(0, "\0asm\u{1}\0\0\0", &[]);
    assert!(!lowlift(&["print", "--skeleton", &wasm]).out.contains("i32.const"));
    assert!(lowlift(&["print", "--offsets", &wasm]).out.contains("(;@"));
    lowlift(&["parse", &wasm, "-o", &wat]).check(1, "", &["this is a binary already"]);
}

#[test]
fn custom_sections_are_stripped() {
    let files = Files::new("verbs-strip");
    let (good, to) = (files.path("good.wat"), files.path("small.wasm"));
    let sections = |args: &[&str]| {
        let run = lowlift(&[&["strip", &good, "-o", &to][..], args].concat());
        assert_eq!(run.status, Some(0), "{}", run.err);
        lowlift(&["call", &to, "f()"]).check(0, "7\n", &[]);
        let tree = lowlift(&["inspect", &to]).out;
        let sections = tree.lines().filter_map(|line| line.split_once("custom section "));
        sections.map(|(_, section)| section.to_owned()).collect::<Vec<_>>()
    };
    assert!(sections(&[]).is_empty());
    assert_eq!(sections(&["--keep", "own"]), ["\"own\", 4 bytes"]);
    assert_eq!(sections(&["--keep", "own,producers"]).len(), 2);
    assert_eq!(sections(&["--keep", "name"]).len(), 2, "one of the module, one of the component");
    // What `new` reads is kept unless all is to go.
    let world = files.write("m.wat", br#"(module (@custom "component-type:x" "x") (@custom "y" "y"))"#);
    let kept = |args: &[&str]| {
        let run = lowlift(&[&["strip", &world, "-o", &to][..], args].concat());
        assert_eq!(run.status, Some(0), "{}", run.err);
        lowlift(&["inspect", &to]).out.matches("custom section").count()
    };
    assert_eq!((kept(&[]), kept(&["--all"])), (1, 0));
}

#[test]
fn deep_nestings_are_unbundled() {
    let files = Files::new("verbs-unbundle");
    let mut text = String::from("(core module (func))");
    for _ in 0..90 {
        text = format!("(component (core module) {text} (component))");
    }
    let deep = files.write("deep.wat", text.as_bytes());
    let parts = files.path("parts");
    let run = lowlift(&["unbundle", &deep, "-o", &parts]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let names: Vec<_> = fs::read_dir(&parts)
        .expect("it was written")
        .map(|entry| entry.expect("as above").file_name())
        .collect();
    assert_eq!(names.len(), run.out.lines().count());
    assert!(names.iter().all(|name| name.len() < 120), "{names:?}");
}

#[test]
fn completions_and_pages() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = lowlift(&["completions", shell]);
        assert!(script.status == Some(0) && script.out.contains("unbundle"), "{shell}: {}", script.out);
    }
    let page = lowlift(&["man"]);
    assert!(page.status == Some(0) && page.out.contains(".TH LOWLIFT 1"), "{}", page.out);
    assert!(lowlift(&["man", "wit", "check"]).out.contains(".TH LOWLIFT-WIT-CHECK 1"));
    lowlift(&["man", "nosuch"]).check(1, "", &["there is no subcommand `nosuch`; there are: `call`"]);
    let dir = scratch("verbs-man");
    let pages = lowlift(&["man", "-o", &dir.display().to_string()]);
    assert_eq!(pages.status, Some(0), "{}", pages.err);
    for name in ["lowlift.1", "lowlift-call.1", "lowlift-wit-fmt.1"] {
        assert!(dir.join(name).exists() && pages.out.contains(name), "{}", pages.out);
    }
}

/// Names in files can't command the terminal.
#[test]
fn names_with_terminal_escapes() {
    let files = Files::new("verbs-escapes");
    let text = "(component $\"a\\1b[2Jb\" (core module $\"m\\1b]0;x\\07\" (@custom \"s\\1b[0m\" \"\") (import \"\\1b[1m\" \"x\" (func))))";
    let file = files.write("a.wat", text.as_bytes());
    let bad = files.write("bad.wat", b"(component (import \"\\1b[2J\" (func)))");
    for run in [
        lowlift(&["inspect", &file]),
        lowlift(&["inspect", "--format", "json", &file]),
        lowlift(&["unbundle", &file, "-o", &files.path("parts")]),
        lowlift(&["validate", &bad]),
        lowlift(&["inspect", &bad]),
        lowlift(&["print", &file]),
    ] {
        assert!(!run.out.contains('\u{1b}') && !run.err.contains('\u{1b}'), "{:?}", run);
        assert!(!(run.out.is_empty() && run.err.is_empty()));
    }
}
