//! `lowlift new` for worlds of dependencies, of packages in braces, and behind gates.

use std::fs;

use crate::common::{lowlift, scratch};

#[test]
fn worlds_by_name() {
    let dir = scratch("worlds");
    let to = dir.join("made.wasm").display().to_string();
    let new =
        |wit: &str, world: &str| lowlift(&["new", "worlds/m.wat", "--wit", wit, "--world", world, "-o", &to]);
    let made = |wit: &str, world: &str| {
        let run = new(wit, world);
        assert_eq!(run.status, Some(0), "{wit} {world}: {}", run.err);
        lowlift(&["call", &to, "run()"]).check(0, "7\n", &[]);
    };
    made("worlds/wit", "acme:dep/cmd@0.2.0");
    made("worlds/wit", "acme:dep/cmd");
    // One's own, with and without its package and version.
    let own = dir.join("own.wit").display().to_string();
    let text = "package acme:main@1.2.0; world cmd { export run: func() -> u32; } world other { }
        package acme:nested@0.1.0 { world cmd { export run: func() -> u32; } }
        package acme:plain { world cmd { export run: func() -> u32; } }";
    fs::write(&own, text).expect("the folder can be written");
    for world in [
        "cmd",
        "acme:main/cmd",
        "acme:main/cmd@1.2.0",
        "acme:nested/cmd",
        "acme:nested/cmd@0.1.0",
        "acme:plain/cmd",
    ] {
        made(&own, world);
        let binary = dir.join("world.wasm").display().to_string();
        let built = lowlift(&["wit", "build", &own, "--world", world, "-o", &binary]);
        assert_eq!(built.status, Some(0), "{world}: {}", built.err);
        made(&binary, "cmd");
    }
    new(&own, "acme:main/cmd@1.3.0").check(1, "", &["no world is named `acme:main/cmd@1.3.0`"]);
    new(&own, "nosuch").check(1, "", &["no world is named `nosuch`", "`acme:main/cmd@1.2.0`"]);
    let none = |wit: &str| lowlift(&["new", "worlds/m.wat", "--wit", wit, "-o", &to]);
    none(&own).check(1, "", &["several worlds, of which --world names one", "`acme:main/other@1.2.0`"]);
    let empty = dir.join("empty.wit").display().to_string();
    fs::write(&empty, "package a:b; interface i { } package c:d { world w { } }").expect("as above");
    none(&empty).check(
        1,
        "",
        &["the package has no world; --world can name one of its dependencies: `c:d/w`"],
    );
}

#[test]
fn gated_items() {
    let dir = scratch("worlds-gates");
    let to = dir.join("made.wasm").display().to_string();
    let new = |more: &[&str]| {
        let run = lowlift(
            &[&["new", "worlds/unstable.wat", "--wit", "worlds/unstable.wit", "-o", &to][..], more].concat(),
        );
        assert_eq!(run.status, Some(0), "{more:?}: {}", run.err);
        (run.err, lowlift(&["inspect", &to]).out)
    };
    for more in [&["--features", "beta"][..], &["--all-features"], &["--features", "alpha,beta"]] {
        let (err, world) = new(more);
        assert!(err.is_empty() && world.contains("export acme:u/i@0.1.0;"), "{err}{world}");
        lowlift(&["call", &to, "f({a: 1, b: 41})"]).check(0, "41\n", &[]);
    }
    for more in [&[][..], &["--features", "alpha"]] {
        let (err, world) = new(more);
        assert!(!world.contains("export acme:u/i"), "{world}");
        assert!(err.contains("beta") && err.contains("--features"), "{err}");
    }
}
