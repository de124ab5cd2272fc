//! Packages in `deps/`: those that contradict each other, and those that are not given.

use std::fs;
use std::path::PathBuf;

use crate::common::{lowlift, scratch};

/// The folder of a package, which is made of texts and of binaries that are built from texts.
struct Folder {
    root: PathBuf,
}

impl Folder {
    fn new(test: &str, root: &str) -> Self {
        let folder = Self { root: scratch(test) };
        folder.write("root.wit", root);
        folder
    }

    fn path(&self, name: &str) -> String {
        self.root.join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.root.join(name);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }

    /// Writes the binary form of a package. All its features are enabled.
    fn build(&self, name: &str, text: &str) {
        self.write("x.src/x.wit", text);
        self.write(name, "");
        let run = lowlift(&["wit", "build", &self.path("x.src"), "--all-features", "-o", &self.path(name)]);
        assert_eq!(run.status, Some(0), "{}", run.err);
        fs::remove_dir_all(self.root.join("x.src")).expect("it was made above");
    }

    #[track_caller]
    fn check(&self, is_sound: bool, parts: &[&str]) {
        let run = lowlift(&["wit", "check", &self.path("")]);
        assert_eq!(run.status, Some(i32::from(!is_sound)), "{}", run.err);
        for part in parts {
            assert!(run.err.contains(part), "{part:?} is not in:\n{}", run.err);
        }
    }
}

const ROOT: &str = "package a:root; world w { import c:d/i@1.0.0; import u:v/j; }";
/// A package that uses `c:d`, whose copy of it has `BODY` as contents.
const USER: &str = "package u:v; interface j { use c:d/i@1.0.0.{t}; g: func(x: t); } world z { import j; import c:d/i@1.0.0; }
package c:d@1.0.0 { interface i { BODY } }";
const BODY: &str = "record t { a: u8 } f: func(x: t) -> u8;";

fn user(body: &str) -> String {
    USER.replace("BODY", body)
}

#[test]
fn a_copy_in_a_binary_must_agree_with_the_text() {
    let expected = "package `acme:clocks@0.2.0` is given twice, and the two differ";
    lowlift(&["wit", "check", "deps/contradicting"]).check(
        1,
        "",
        &[expected, "http.wasm` has a copy of it, with another type `datetime`"],
    );
    for (name, body, is_sound) in [
        ("same", BODY, true),
        ("docs", "/// about\n record t { /// the field\n a: u8 } f: func(x: t) -> u8;", true),
        (
            "gate",
            "@since(version = 1.0.0) record t { a: u8 } @since(version = 1.0.0) f: func(x: t) -> u8;",
            true,
        ),
        ("more-in-text", "record t { a: u8 } f: func(x: t) -> u8; g: func();", true),
        ("gated-in-text", "record t { a: u8 } @unstable(feature = q) f: func(x: t) -> u8;", true),
        ("field-type", "record t { a: u16 } f: func(x: t) -> u8;", false),
        ("field-name", "record t { b: u8 } f: func(x: t) -> u8;", false),
        ("kind", "variant t { a(u8) } f: func(x: t) -> u8;", false),
        ("parameter", "record t { a: u8 } f: func(y: t) -> u8;", false),
        ("result", "record t { a: u8 } f: func(x: t) -> u16;", false),
        ("async", "record t { a: u8 } f: async func(x: t) -> u8;", false),
        ("no-function", "record t { a: u8 }", false),
    ] {
        let folder = Folder::new(&format!("copies-{name}"), ROOT);
        folder.build("deps/user.wasm", &user(BODY));
        folder.write("deps/c.wit", &format!("package c:d@1.0.0; interface i {{ {body} }}"));
        let words =
            ["package `c:d@1.0.0` is given twice, and the two differ", "deps/user.wasm` has a copy of it"];
        folder.check(is_sound, if is_sound { &[] } else { &words });
    }
}

/// The root may define the package that a binary has a copy of.
#[test]
fn a_copy_in_a_binary_must_agree_with_the_root() {
    for (name, body, is_sound) in
        [("same", BODY, true), ("other", "record t { a: string } f: func(x: t) -> u8;", false)]
    {
        let root = format!("package c:d@1.0.0; interface i {{ {body} }} world w {{ import i; }}");
        let folder = Folder::new(&format!("root-{name}"), &root);
        folder.build("deps/user.wasm", &user(BODY));
        folder.check(is_sound, if is_sound { &[] } else { &["package `c:d@1.0.0` is given twice"] });
    }
}

#[test]
fn binaries_must_agree_with_each_other() {
    let other = "record t { a: u8, b: u8 } f: func(x: t) -> u8;";
    let function = "record t { a: u8 } f: func(x: t) -> u16;";
    let more = "record t { a: u8 } record s { a: u8 } f: func(x: t) -> u8; g: func(x: s);";
    // Two with copies of a package that nobody defines.
    for (name, body, is_sound) in
        [("same", BODY, true), ("type", other, false), ("function", function, false), ("more", more, true)]
    {
        let folder = Folder::new(&format!("binaries-{name}"), ROOT);
        folder.build("deps/one.wasm", &user(BODY));
        folder.build("deps/two.wasm", &user(body).replace("u:v", "u:two"));
        folder.check(is_sound, &[]);
    }
    // Two that are the package, and one that is it beside one with a copy.
    let package = |body: &str| format!("package c:d@1.0.0; interface i {{ {body} }}");
    for (name, body, is_sound) in
        [("same", BODY, true), ("type", other, false), ("function", function, false), ("more", more, false)]
    {
        let folder = Folder::new(&format!("twice-{name}"), "package a:root; world w { import c:d/i@1.0.0; }");
        folder.build("deps/one.wasm", &package(BODY));
        folder.build("deps/two.wasm", &package(body));
        folder.check(is_sound, if is_sound { &[] } else { &["package `c:d@1.0.0` is given twice"] });
        let folder = Folder::new(&format!("beside-{name}"), ROOT);
        folder.build("deps/one.wasm", &package(body));
        folder.build("deps/user.wasm", &user(BODY));
        let is_part = is_sound || name == "more";
        folder.check(is_part, if is_part { &[] } else { &["package `c:d@1.0.0` is given twice"] });
    }
}

#[test]
fn texts_must_agree_with_each_other() {
    for (name, body, is_sound) in [
        ("same", BODY, true),
        ("spaces", "record t { a: u8, }  f: func(x: t) -> u8;", true),
        ("gated", "record t { a: u8 } f: func(x: t) -> u8; @unstable(feature = q) g: func();", true),
        ("type", "record t { a: u16 } f: func(x: t) -> u8;", false),
        ("more", "record t { a: u8 } f: func(x: t) -> u8; g: func();", false),
    ] {
        let folder = Folder::new(&format!("texts-{name}"), "package a:root; world w { import c:d/i@1.0.0; }");
        folder.write("deps/one.wit", &format!("package c:d@1.0.0; interface i {{ {BODY} }}"));
        folder.write("deps/two.wit", &format!("package c:d@1.0.0; interface i {{ {body} }}"));
        folder.check(is_sound, if is_sound { &[] } else { &["package `c:d@1.0.0` is given twice"] });
    }
}

/// What a file has from others that were not given is one fault, with what to type instead.
#[test]
fn a_file_alone_says_what_it_lacks() {
    let folder = Folder::new("alone", "package a:root; interface i { use other.{t}; f: func(x: t); }");
    folder.write("other.wit", "package a:root; interface other { use c:d/i@1.0.0.{t}; }");
    folder.write("deps/c.wit", &format!("package c:d@1.0.0; interface i {{ {BODY} }}"));
    let dir = folder.path("");
    lowlift(&["wit", "check", &dir]).check(0, "", &[]);
    let (root, other) = (folder.path("root.wit"), folder.path("other.wit"));
    for (file, name) in [(root, "`other`"), (other, "`c:d/i@1.0.0`")] {
        let run = lowlift(&["wit", "check", &file]);
        assert_eq!(
            run.err,
            format!(
                "error: {file}: it uses what other files define, which were not given: {name}; the rest of the \
                 package is beside it: give the directory, `{}`\n",
                dir.trim_end_matches('/')
            )
        );
        assert_eq!(run.status, Some(1));
    }
    // One package that is not given is one fault, however often it is named; others remain.
    let lone = Folder::new("lone", "");
    let uses = "import x:y/a; import x:y/b; import x:y/c; import f: func(x: nosuch);";
    lone.write("root.wit", &format!("package a:root; world w {{ {uses} }}"));
    lowlift(&["wit", "check", &lone.path("root.wit")]).check(
        1,
        "",
        &[
            "no type is named `nosuch` here",
            "not given: `x:y/a`; give the package's directory, with the packages that it uses in its `deps/`",
            "error: 2 faults",
        ],
    );
    // A slip in a name is a fault in its place.
    lone.write("slip.wit", "package a:slip; interface types { type t = u8; } interface j { use tpyes.{t}; }");
    lowlift(&["wit", "check", &lone.path("slip.wit")]).check(1, "", &["help: did you mean `types`?"]);
}
