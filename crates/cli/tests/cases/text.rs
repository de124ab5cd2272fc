//! WIT files as they come: encodings, line ends, what they leave out, and what they may not say.

use std::fs;

use crate::common::{lowlift, scratch};

/// Runs the command, which must succeed, and returns its output.
#[track_caller]
fn output(args: &[&str]) -> String {
    let run = lowlift(args);
    assert_eq!(run.status, Some(0), "{args:?}: {}", run.err);
    run.out
}

/// A byte order mark is no part of a text, wherever the text is.
#[test]
fn a_byte_order_mark_is_skipped() {
    output(&["wit", "check", "text/bom.wit"]);
    assert!(output(&["wit", "json", "text/bom.wit"]).contains("acme:bom"));
    assert!(output(&["describe", "text/bom.wit", "f"]).contains("acme:bom/i.f"));
    let dir = scratch("bom");
    fs::create_dir_all(dir.join("deps")).expect("the folder can be written");
    fs::copy(crate::common::folder().join("text/bom.wit"), dir.join("deps/bom.wit")).expect("as above");
    fs::write(dir.join("root.wit"), "\u{feff}package a:b; world w { import acme:bom/i; }").expect("as above");
    let dir = dir.display().to_string();
    output(&["wit", "check", &dir]);
    output(&["wit", "fmt", &dir]);
    assert!(!fs::read_to_string(format!("{dir}/deps/bom.wit")).expect("it is text").contains('\u{feff}'));
    // The mark counts as a difference, and not as a column.
    lowlift(&["wit", "fmt", "--check", "text/bom.wit"]).check(1, "", &["error: text/bom.wit: not formatted"]);
    let file = format!("{dir}/root.wit");
    fs::write(&file, "\u{feff}package a:b; interface i { f: func(x: y); }").expect("as above");
    lowlift(&["wit", "check", &file]).check(1, "", &["root.wit:1:39"]);
}

#[test]
fn other_encodings_are_named() {
    let dir = scratch("encodings");
    let text = "package a:b; interface i {}";
    let le =
        |mark: &[u8]| [mark, &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()].concat();
    let be =
        |mark: &[u8]| [mark, &text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>()].concat();
    let latin = b"package a:b; // \xe4".to_vec();
    for (name, bytes, expected) in [
        ("le.wit", le(&[0xff, 0xfe]), "the file is UTF-16, but WIT files are UTF-8"),
        ("be.wit", be(&[0xfe, 0xff]), "the file is UTF-16, but WIT files are UTF-8"),
        ("le-bare.wit", le(&[]), "the file is UTF-16, but WIT files are UTF-8"),
        ("be-bare.wit", be(&[]), "the file is UTF-16, but WIT files are UTF-8"),
        ("latin.wit", latin, "the file is not UTF-8, as WIT files are: byte 16 starts no character"),
    ] {
        let file = dir.join(name);
        fs::write(&file, bytes).expect("the folder can be written");
        let file = file.display().to_string();
        for args in [&["wit", "check", &file][..], &["wit", "fmt", &file], &["layout", &file]] {
            lowlift(args).check(1, "", &[name, expected]);
        }
    }
}

/// `fmt` writes one kind of line end, in comments too.
#[test]
fn line_ends_become_uniform() {
    lowlift(&["wit", "fmt", "--check", "text/crlf.wit"]).check(1, "", &["text/crlf.wit: not formatted"]);
    let formatted = output(&["wit", "fmt", "-o", "-", "text/crlf.wit"]);
    assert!(!formatted.contains('\r'), "{formatted:?}");
    let dir = scratch("crlf");
    let file = dir.join("x.wit").display().to_string();
    let text = "package a:b; // one\r\n/* two\r\n two */\r\ninterface i {\r\n  /** three\r\n   * more\r\n   */\r\n  \
                f: func(\r\n    /* four\r\n */ x: u8, // five\r\n    y: u8\r\n  );\r\n}\r\n";
    fs::write(&file, text).expect("the folder can be written");
    output(&["wit", "fmt", &file]);
    let formatted = fs::read_to_string(&file).expect("it is text");
    assert!(!formatted.contains('\r') && formatted.contains("/* two\n two */"), "{formatted:?}");
    output(&["wit", "fmt", "--check", &file]);
}

/// The documentation of an inline interface is the interface's, as in the reference.
#[test]
fn documentation_has_one_place() {
    let json: serde_json::Value =
        serde_json::from_str(&output(&["wit", "json", "text/docs-inline.wit"])).expect("it is JSON");
    let item = &json["worlds"][0]["imports"]["tool"]["interface"];
    assert_eq!(item["docs"], serde_json::Value::Null);
    assert_eq!(item["stability"]["stable"]["since"], "0.1.0");
    assert_eq!(json["interfaces"][0]["docs"]["contents"], "Inline one.");
    assert_eq!(json["interfaces"][0]["stability"]["stable"]["since"], "0.1.0");
    // The way through the binary form keeps it, and all others.
    let file = scratch("docs").join("docs.wasm").display().to_string();
    for text in ["text/docs-inline.wit", "text/docs.wit"] {
        output(&["wit", "build", text, "-o", &file]);
        assert_eq!(
            names_only(&output(&["wit", "json", &file])),
            names_only(&output(&["wit", "json", text])),
            "{text}"
        );
    }
}

/// Returns the documentation in a document, sorted: binaries don't keep the order of interfaces.
fn names_only(json: &str) -> Vec<String> {
    let mut lines: Vec<_> =
        json.lines().filter(|line| line.contains("contents")).map(str::to_owned).collect();
    lines.sort();
    lines
}

/// One rule for text and binary: what the binary form has, the text may say.
#[test]
fn constructors_may_return_an_alias_or_own() {
    let file = scratch("constructors").join("c.wasm").display().to_string();
    for text in ["text/c-alias.wit", "text/d-own.wit"] {
        output(&["wit", "check", text]);
        output(&["wit", "build", text, "-o", &file]);
        output(&["validate", &file]);
        output(&["wit", "check", &file]);
        assert!(output(&["wit", "from-wasm", &file]).contains("constructor()"), "{text}");
    }
    let wit = output(&["wit", "from-wasm", "text/alias.wat"]);
    assert!(wit.contains("// The component refers to it without a name.\n  use a:b/c.{r};"), "{wit}");
}

#[test]
fn one_fault_does_not_hide_another() {
    let dir = scratch("faults");
    let file = dir.join("x.wit").display().to_string();
    for text in [
        "package a:b; my-type: unknown\ninterface i { f: func(x: nosuch); }",
        "package a:b; type my-type = unknown;\ninterface i { f: func(x: nosuch); }",
        "package a:b;\ninterface j { f func(); }\ninterface i { f: func(x: nosuch); }",
    ] {
        fs::write(&file, text).expect("the folder can be written");
        lowlift(&["wit", "check", &file]).check(1, "", &["no type is named `nosuch` here", "2 faults"]);
    }
}

/// What a gate leaves out is said, and the options that take it in are on every verb.
#[test]
fn gates_do_not_leave_out_silently() {
    let note = "note: feature `beta` is not enabled, which leaves out `i.r`, `i.f`, `w.export i`; \
                `--features beta` or `--all-features` takes it in\n";
    let dir = scratch("gates");
    let file = dir.join("x.wasm").display().to_string();
    let source = "worlds/unstable.wit";
    for args in [
        &["wit", "check", source][..],
        &["wit", "check", "--json", source],
        &["wit", "tree", source],
        &["wit", "json", source],
        &["wit", "build", source, "-o", &file],
        &["wit", "build", source, "--world", "w", "-o", &file],
    ] {
        let run = lowlift(args);
        assert_eq!((run.status, run.err.as_str()), (Some(0), note), "{args:?}");
        for switch in [&["--features", "beta"][..], &["--all-features"]] {
            let run = lowlift(&[args, switch].concat());
            assert_eq!((run.status, run.err.as_str()), (Some(0), ""), "{args:?} {switch:?}");
        }
    }
    lowlift(&["wit", "tree", source, "--features", "other"]).check(
        0,
        "package acme:u@0.1.0\n  interface i\n  world w\n",
        &[note],
    );
}

/// Text that needs a proposal is refused as its binary is, by the name of the switch.
#[test]
fn proposals_hold_for_text_too() {
    let dir = scratch("text-proposals");
    let file = dir.join("x.wasm").display().to_string();
    for (source, proposal) in [
        ("text/nested-namespace.wit", "cm-nested-names"),
        ("peer/acc.wit", "cm-accessors"),
        ("peer/ec.wit", "cm-error-context"),
    ] {
        let help = format!("help: `--proposals {proposal}` accepts it");
        for args in [
            &["wit", "check", source][..],
            &["wit", "tree", source],
            &["wit", "json", source],
            &["wit", "build", source, "-o", &file],
        ] {
            lowlift(args).check(1, "", &[&help, "1 fault"]);
            output(&[args, &["--proposals", proposal]].concat());
        }
        for verb in ["check", "tree", "json", "from-wasm"] {
            lowlift(&["wit", verb, &file]).check(1, "", &[&help]);
            output(&["wit", verb, &file, "--proposals", proposal]);
        }
        // Formatting asks for nothing.
        output(&["wit", "fmt", source, "-o", "-"]);
    }
}

#[test]
fn worlds_have_several_names() {
    let file = scratch("worlds").join("w.wasm").display().to_string();
    let dir = "worlds/wit";
    for (name, expected) in [
        ("local", "acme:app/local@1.0.0"),
        ("acme:app/local", "acme:app/local@1.0.0"),
        ("acme:app/local@1.0.0", "acme:app/local@1.0.0"),
        ("acme:dep/cmd", "acme:dep/cmd@0.2.0"),
        ("acme:dep/cmd@0.2.0", "acme:dep/cmd@0.2.0"),
    ] {
        let out = output(&["wit", "build", dir, "--world", name, "-o", &file]);
        assert!(out.contains(&format!("world {expected}, ")), "{name}: {out}");
    }
    for name in ["cmd", "acme:dep/cmd@0.3.0", "acme:dep/nosuch", "acme:other/cmd"] {
        let expected = format!("error: no world is named `{name}`; there are: `acme:app/local@1.0.0`");
        lowlift(&["wit", "build", dir, "--world", name, "-o", &file]).check(1, "", &[&expected]);
    }
    let both = scratch("braces").join("x.wit").display().to_string();
    let text = "package a:b; package c:d@1.0.0 { world w {} } package c:d@2.0.0 { world w {} world v {} }";
    fs::write(&both, text).expect("the folder can be written");
    let several = "several worlds are named `c:d/w`: `c:d/w@1.0.0`, `c:d/w@2.0.0`";
    lowlift(&["wit", "build", &both, "--world", "c:d/w", "-o", &file]).check(1, "", &[several]);
    output(&["wit", "build", &both, "--world", "c:d/w@2.0.0", "-o", &file]);
    output(&["wit", "build", &both, "--world", "c:d/v", "-o", &file]);
}

/// Chains of `use` and `include` are read in time linear in the text, or end at a limit.
#[test]
fn chains_end_at_a_limit() {
    let file = scratch("chains").join("w.wasm").display().to_string();
    lowlift(&["wit", "build", "bounds/w-worlds-x-usechain-800.wit", "-o", &file]).check(
        1,
        "",
        &["the worlds include and use more than 131072 items and parts of types"],
    );
}
