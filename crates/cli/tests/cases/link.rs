//! `lowlift link`: which export satisfies which import, what stays open, and the words for both.

use std::fs;
use std::path::PathBuf;

use crate::common::{Run, lowlift, scratch};

/// Components of one test.
struct Files {
    dir: PathBuf,
}

impl Files {
    fn new(test: &str) -> Self {
        Self { dir: scratch(test) }
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.dir.join(name), text).expect("the folder can be written");
        self.path(name)
    }

    fn link(&self, socket: &str, plugs: &[&str]) -> Run {
        let to = self.path("linked.wasm");
        let mut args = vec!["link", socket, "-o", &to];
        args.extend(plugs.iter().flat_map(|plug| ["--plug", *plug]));
        lowlift(&args)
    }

    /// Links, and checks that the result is valid, what it still imports, and the remarks.
    #[track_caller]
    fn check(&self, socket: &str, plugs: &[&str], open: &[&str], remarks: &[&str]) {
        let run = self.link(socket, plugs);
        assert_eq!(run.status, Some(0), "{plugs:?}: {}", run.err);
        for remark in remarks {
            assert!(run.err.contains(remark), "{remark:?} is not in:\n{}", run.err);
        }
        assert_eq!(run.err.is_empty(), remarks.is_empty(), "{}", run.err);
        let valid = lowlift(&["validate", &self.path("linked.wasm")]);
        assert_eq!(valid.status, Some(0), "{}", valid.err);
        let tree = lowlift(&["inspect", "--format", "json", &self.path("linked.wasm")]).out;
        let tree: serde_json::Value = serde_json::from_str(&tree).expect("it is JSON");
        let items = tree["root"]["items"].as_array().expect("items");
        let imports = items.iter().filter(|item| item["item"] == "import");
        let imports: Vec<_> = imports.map(|item| item["name"].as_str().expect("a name")).collect();
        assert_eq!(imports, open, "{plugs:?}");
    }

    #[track_caller]
    fn refuse(&self, socket: &str, plugs: &[&str], parts: &[&str]) {
        let _ = fs::remove_file(self.path("linked.wasm"));
        let run = self.link(socket, plugs);
        run.check(1, "", parts);
        assert!(!run.err.contains("unique_id"), "{}", run.err);
        assert!(!self.dir.join("linked.wasm").exists());
    }
}

/// A component that exports an instance for each name, with these functions.
fn provider(exports: &[(&str, &[&str])]) -> String {
    let mut text = String::from(
        r#"(component (core module $m (func (export "x"))) (core instance $i (instantiate $m))
        (func $f (canon lift (core func $i "x")))"#,
    );
    for (i, (name, funcs)) in exports.iter().enumerate() {
        let funcs: String = funcs.iter().map(|func| format!(r#"(export "{func}" (func $f))"#)).collect();
        text += &format!(r#"(instance $o{i} {funcs}) (export "{name}" (instance $o{i}))"#);
    }
    text + ")"
}

/// A component that imports an instance for each name, with these functions.
fn user(imports: &[(&str, &[&str])]) -> String {
    let import = |(name, funcs): &(&str, &[&str])| {
        let funcs: String = funcs.iter().map(|func| format!(r#"(export "{func}" (func))"#)).collect();
        format!(r#"(import "{name}" (instance {funcs}))"#)
    };
    format!("(component {})", imports.iter().map(import).collect::<String>())
}

#[test]
fn an_older_version_does_not_claim_a_newer_import() {
    let files = Files::new("link-s21");
    let remark = "note: import `acme:dep/i@0.2.1` of link/s21.wat is satisfied by `acme:dep/i@0.2.3` of \
                  link/new.wat; `acme:dep/i@0.2.0` of link/old.wat does not fit: it lacks `g`";
    for plugs in [["link/old.wat", "link/new.wat"], ["link/new.wat", "link/old.wat"]] {
        files.check("link/s21.wat", &plugs, &[], &[remark]);
        lowlift(&["call", &files.path("linked.wasm"), "run()"]).check(0, "", &[]);
    }
    let open = "import `acme:dep/i@0.2.1` of link/s21.wat stays open: `acme:dep/i@0.2.0` of link/old.wat does \
                not fit: it lacks `g`";
    files.check("link/s21.wat", &["link/old.wat"], &["acme:dep/i@0.2.1"], &[open]);
}

#[test]
fn the_best_of_one_plug() {
    let files = Files::new("link-best");
    let a = files.write("a.wat", &user(&[("t:p/i@0.2.3", &["f", "g"])]));
    let both = files.write("both.wat", &provider(&[("t:p/i@0.2.1", &["f"]), ("t:p/i@0.2.5", &["f", "g"])]));
    files.check(&a, &[&both], &[], &["is satisfied by `t:p/i@0.2.5`", "`t:p/i@0.2.1`", "it lacks `g`"]);
    // The same version is best, then the newest.
    let exports: &[(&str, &[&str])] =
        &[("t:p/i@0.2.9", &["f", "g"]), ("t:p/i@0.2.3", &["f", "g"]), ("t:p/i@0.2.10", &["f", "g"])];
    let same = files.write("same.wat", &provider(exports));
    files.check(&a, &[&same], &[], &[]);
    let newer = files.write("newer.wat", &provider(&[exports[0], exports[2]]));
    files.check(&a, &[&newer], &[], &["is satisfied by `t:p/i@0.2.10`"]);
    // An older version that has all that is asked for is compatible.
    let older = files.write("older.wat", &provider(&[("t:p/i@0.2.1", &["f", "g", "h"])]));
    files.check(&a, &[&older], &[], &["is satisfied by `t:p/i@0.2.1`"]);
    // A plug that another one makes superfluous.
    files.refuse(&a, &[&older, &newer], &["older.wat", "is satisfied by `t:p/i@0.2.10`", "which is newer"]);
}

#[test]
fn versions_with_build_metadata() {
    let files = Files::new("link-build");
    files.check("link/build-a.wat", &["link/build-b.wat"], &[], &["is satisfied by `s:a/i@0.0.1+b`"]);
    for (asked, offered, fits) in [
        ("0.0.1+b", "0.0.1", true),
        ("0.0.1+b", "0.0.1+c", true),
        ("0.0.1", "0.0.2", false),
        ("1.0.0-rc.1", "1.0.0-rc.1+b.7", true),
        ("1.0.0-rc.1+a", "1.0.0-rc.1", true),
        ("1.0.0-rc.1", "1.0.0-rc.2", false),
        ("1.0.0", "1.0.0-rc.1", false),
        ("0.0.1-rc.1+b", "0.0.1-rc.1", true),
        ("0.2.0+b", "0.2.7", true),
        ("1.2.0", "1.0.0+z", true),
        ("1.2.0", "2.2.0", false),
    ] {
        let a = files.write("a.wat", &user(&[(&format!("s:a/i@{asked}"), &["f"])]));
        let b = files.write("b.wat", &provider(&[(&format!("s:a/i@{offered}"), &["f"])]));
        if fits {
            files.check(&a, &[&b], &[], &[&format!("is satisfied by `s:a/i@{offered}`")]);
        } else {
            let why = format!("`s:a/i@{offered}` is not a compatible version of it");
            files.refuse(&a, &[&b], &[&why, &format!("imports `s:a/i@{asked}`")]);
        }
    }
}

#[test]
fn plugs_that_are_not_used_and_why() {
    let files = Files::new("link-unused");
    let a = files.write("a.wat", &user(&[("t:p/i", &["f"]), ("t:p/j@0.2.1", &["f", "g"])]));
    let b = files.write("b.wat", &provider(&[("t:p/i", &["f"])]));
    let c = files.write("c.wat", &provider(&[("t:p/i", &["f"]), ("t:p/j@0.2.0", &["f"])]));
    files.refuse(&a, &[&c, &c], &["comes first", "`t:p/j@0.2.0` does not fit", "it lacks `g`"]);
    files.refuse(&a, &[&b, &c], &["c.wat: exports `t:p/i`, `t:p/j@0.2.0`", "`t:p/j@0.2.0` does not fit"]);
    let nothing = files.write("nothing.wat", &provider(&[("t:p/other", &["f"])]));
    files.refuse(&a, &[&nothing], &["exports `t:p/other`", "still imports `t:p/i`, `t:p/j@0.2.1`"]);
}

#[test]
fn a_wrong_order_is_said() {
    let files = Files::new("link-order");
    let a = files.write("a.wat", &user(&[("t:p/i", &["f"])]));
    let end = files.write("end.wat", &provider(&[("t:p/j", &["f"])]));
    let middle = user(&[("t:p/j", &["f"])]);
    let exports = provider(&[("t:p/i", &["f"])]);
    let middle = format!("{} {}", &middle[..middle.len() - 1], &exports["(component".len()..]);
    let middle = files.write("middle.wat", &middle);
    files.check(&a, &[&middle, &end], &[], &[]);
    files.refuse(&a, &[&end, &middle], &["imports `t:p/j`, comes after", "give it before "]);
    // A plug that is used, and comes before another that wants it as well.
    let both = files.write("both.wat", &provider(&[("t:p/j", &["f"]), ("t:p/k", &["f"])]));
    let a = files.write("a.wat", &user(&[("t:p/i", &["f"]), ("t:p/k", &["f"])]));
    files.check(&a, &[&both, &middle], &["t:p/j"], &["import `t:p/j`", "stays open", "comes before"]);
}

#[test]
fn all_misfits_are_reported() {
    let files = Files::new("link-several");
    let a = r#"(component
        (import "t:p/i" (instance (export "f" (func (param "x" u8))) (export "g" (func)) (export "h" (func))))
        (import "k" (func (result string)))
        (import "t:p/j" (instance (type $r (record (field "a" u8))) (export "r" (type (eq $r))))))"#;
    let b = r#"(component
        (core module $m (func (export "x")) (func (export "y") (param i32)) (func (export "z") (result i32) i32.const 0))
        (core instance $i (instantiate $m))
        (func $f (param "x" u16) (canon lift (core func $i "y")))
        (func $g (canon lift (core func $i "x")))
        (func $k (result u32) (canon lift (core func $i "z")))
        (instance $o (export "f" (func $f)) (export "g" (func $g)))
        (export "t:p/i" (instance $o))
        (export "k" (func $k))
        (type $r (record (field "a" u16)))
        (instance $p (export "r" (type $r)))
        (export "t:p/j" (instance $p)))"#;
    let (a, b) = (files.write("a.wat", a), files.write("b.wat", b));
    let unused = files.write("c.wat", &provider(&[("t:p/other", &["f"])]));
    let parts = [
        "expected `f: func(x: u8)`, found `f: func(x: u16)`\n  it lacks `h`\n",
        "error: the components do not fit: import `k` of ",
        "expected `func() -> string`, found `func() -> u32`",
        "`r`: expected the type `record { a: u8 }`, found `record { a: u16 }`",
        "c.wat: exports `t:p/other`",
    ];
    files.refuse(&a, &[&b, &unused], &parts);
    // Faults in several files.
    let bad = files.write("bad.wat", "(component (import \"a\" (func (type 7))))");
    let module = files.write("module.wat", "(module)");
    files.refuse(&bad, &[&module, &b], &["bad.wat: ", "module.wat: this is a core module, not a component"]);
}

/// A component with a resource in `t:io/poll`, which it defines or imports, and another export.
fn poll(is_own: bool) -> String {
    let resource = match is_own {
        true => "(type $r (resource (rep i32)))".to_owned(),
        false => r#"(import "t:io/poll" (instance $p (export "pollable" (type (sub resource)))))
            (alias export $p "pollable" (type $r))"#
            .to_owned(),
    };
    let poll = if is_own { 0 } else { 1 };
    let log = poll + 1;
    format!(
        r#"(component {resource}
        (core module $m (func (export "x"))) (core instance $i (instantiate $m))
        (func $f (canon lift (core func $i "x")))
        (instance (export "pollable" (type $r)))
        (export "t:io/poll" (instance {poll}))
        (instance (export "log" (func $f)))
        (export "t:io/log" (instance {})))"#,
        log + 1
    )
}

const SOCKETS: &str = r#"(component
    (import "t:io/poll" (instance $p (export "pollable" (type (sub resource)))))
    (alias export $p "pollable" (type $r))
    (import "t:io/sockets" (instance
        (alias outer 1 $r (type $r)) (export "pollable" (type $q (eq $r)))
        (export "wait" (func (param "p" (borrow $q))))))
    LOG)"#;

/// An import that stays open may use a resource that a plug only passes on.
#[test]
fn open_imports_with_resources_that_plugs_pass_on() {
    let files = Files::new("link-passed-on");
    let a = files.write("a.wat", &SOCKETS.replace("LOG", ""));
    let b = files.write("b.wat", &poll(false));
    files.check(&a, &[&b], &["t:io/poll", "t:io/sockets"], &[]);
}

/// An import that stays open can't use a resource that a plug defines. So the interface with that
/// resource stays open too, if the plug is of use otherwise.
#[test]
fn open_imports_with_resources_of_plugs() {
    let files = Files::new("link-open");
    let a = files
        .write("a.wat", &SOCKETS.replace("LOG", r#"(import "t:io/log" (instance (export "log" (func))))"#));
    let b = files.write("b.wat", &poll(true));
    let reason = "import `t:io/poll` of ";
    let because = "stays open, because import `t:io/sockets` uses the resource `pollable` of `t:io/poll`";
    files.check(&a, &[&b], &["t:io/poll", "t:io/sockets"], &[reason, because]);
    let only = files.write("only.wat", &SOCKETS.replace("LOG", ""));
    files.refuse(
        &only,
        &[&b],
        &["uses the resource `pollable` of `t:io/poll`, which ", "so that a plug must provide"],
    );
}

/// Two files that each define a resource: the error says so without internal ids.
#[test]
fn resources_of_two_files() {
    let files = Files::new("link-resources-differ");
    let a = r#"(component
        (import "t:io/poll" (instance $p (export "pollable" (type (sub resource)))))
        (alias export $p "pollable" (type $r))
        (import "t:io/streams" (instance
            (alias outer 1 $r (type $r)) (export "pollable" (type $q (eq $r))))))"#;
    let b = r#"(component (type $r (resource (rep i32))) (instance (export "pollable" (type $r)))
        (export "t:io/poll" (instance 0)))"#;
    let c = b.replace("poll\"", "streams\"");
    let (a, b, c) = (files.write("a.wat", a), files.write("b.wat", b), files.write("c.wat", &c));
    files.refuse(&a, &[&b, &c], &["import `t:io/streams` of ", "resource types are not the same"]);
}
