//! `--proposals`: what one verb writes, no other refuses.

use crate::common::{lowlift, scratch};

/// Each crate states what is on by default, for the edges between them are few. They must agree.
#[test]
fn all_crates_have_the_same_features_on() {
    let engine = jit::Config::new().accepted_features();
    assert_eq!(engine, jit::default_features());
    assert_eq!(component_linker::default_features(), engine);
    assert_eq!(component_tools::Proposals::default().features(), engine);
    assert_eq!(wit_parser_lite::wasm::default_features(), engine);
    assert_eq!(wit_parser_lite::Proposals::of_features(engine), wit_parser_lite::Proposals::default());
    for proposal in wit_parser_lite::Proposal::ALL {
        assert!(component_tools::Proposals::optional().iter().any(|name| name == proposal.name()));
    }
}

/// A binary that needs a proposal is refused by all verbs with the name of the switch, or taken by
/// all.
#[test]
fn a_proposal_is_on_for_all_verbs_or_for_none() {
    let dir = scratch("proposals");
    let path = |name: &str| dir.join(name).display().to_string();
    let file = path("x.wasm");
    for (source, proposal) in [
        ("text/nested-namespace.wit", "cm-nested-names"),
        ("peer/acc.wit", "cm-accessors"),
        ("peer/ec.wit", "cm-error-context"),
    ] {
        let built = lowlift(&["wit", "build", source, "-o", &file, "--proposals", proposal]);
        assert_eq!(built.status, Some(0), "{source}: {}", built.err);
        for verb in ["validate", "inspect", "layout"] {
            let refused = lowlift(&[verb, &file]);
            refused.check(1, "", &[&format!("help: `--proposals {proposal}` accepts it")]);
            let taken = lowlift(&[verb, &file, "--proposals", proposal]);
            assert!(!taken.err.contains("--proposals"), "{verb} {source}: {}", taken.err);
        }
        let taken = lowlift(&["--proposals", "all", "validate", &file]);
        assert_eq!(taken.status, Some(0), "{source}: {}", taken.err);
    }
}

/// The same for core modules, in the verbs that compile as well.
#[test]
fn custom_page_sizes_are_on_for_all_verbs_or_for_none() {
    let dir = scratch("page-sizes");
    let path = |name: &str| dir.join(name).display().to_string();
    let (module, world, made) = (path("m.wat"), path("w.wit"), path("c.wasm"));
    let text =
        r#"(module (memory (export "memory") 7 (pagesize 1)) (func (export "f") (result i32) memory.size))"#;
    std::fs::write(&module, text).expect("the folder can be written");
    std::fs::write(&world, "package a:b; world w { export f: func() -> u32; }").expect("as above");
    let switch = ["--proposals", "custom-page-sizes"];
    let new = ["new", &module, "--wit", &world, "-o", &made];
    for args in [&["validate", &module][..], &["inspect", &module], &["compile", &module], &new] {
        lowlift(args).check(1, "", &["help: `--proposals custom-page-sizes` accepts it"]);
        let taken = lowlift(&[args, &switch].concat());
        assert_eq!(taken.status, Some(0), "{args:?}: {}", taken.err);
    }
    lowlift(&["call", &made, "f()"]).check(1, "", &["help: `--proposals custom-page-sizes` accepts it"]);
    lowlift(&["call", &made, "f()", "--proposals", "all"]).check(0, "7\n", &[]);
}

#[test]
fn unknown_proposals_are_usage_errors() {
    let expected = "no proposal is named `nosuch`; those that are off by default are ";
    lowlift(&["validate", "x", "--proposals", "nosuch"]).check(2, "", &[expected]);
}
