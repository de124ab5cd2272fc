//! `lowlift compile`: for each function the operators, and the IR or the machine code.

use std::path::Path;
use std::process::Command;

fn lowlift(args: &[&str]) -> (String, Option<i32>) {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let output = Command::new(env!("CARGO_BIN_EXE_lowlift")).args(args).current_dir(root).output();
    let output = output.expect("the binary runs");
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8_lossy(&text).into_owned(), output.status.code())
}

const MODULE: &str = "crates/cli/tests/data/core.wat";

#[test]
fn a_modules_ir() {
    let (text, status) = lowlift(&["compile", MODULE]);
    assert_eq!(status, Some(0), "{text}");
    let heads: Vec<_> = text.lines().filter(|line| line.starts_with(";; function")).collect();
    assert_eq!(heads.len(), 2, "{text}");
    assert!(heads[0].starts_with(";; function 0 $double: [i32] -> [i32], "), "{text}");
    assert!(text.contains("function u0:0(i64 vmctx, i32) -> i32 tail {"), "{text}");
    let expected = "\
;;   0x36    local.get 0
;;   0x38    call $double
@0038                               v3 = call fn0(v0, v1)
";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn one_functions_machine_code() {
    let (text, status) = lowlift(&["compile", "--emit", "asm", "--func", "double", MODULE]);
    assert_eq!(status, Some(0), "{text}");
    assert_eq!(text.matches(";; function").count(), 1, "{text}");
    assert!(text.contains("ret"), "{text}");
    assert!(!text.contains("tail {"), "{text}");
    let expected = "\
;;   0x2e    local.get 0
;;   0x30    i32.const 2
;;   0x32    i32.mul
";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn the_ir_and_the_machine_code() {
    let (text, status) = lowlift(&["compile", "--emit", "clif,asm", "--func", "0", MODULE]);
    assert_eq!(status, Some(0), "{text}");
    assert_eq!(text.matches("local.get 0").count(), 1, "{text}");
    assert!(text.contains("tail {") && text.contains("ret"), "{text}");
}

#[test]
fn the_modules_of_a_component() {
    let (text, status) = lowlift(&["compile", "examples/plugin/plugin.wat"]);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.starts_with(";; module-0\n\n;; function "), "{text}");
}

#[test]
fn what_cannot_be_shown() {
    let (text, status) = lowlift(&["compile", "--func", "none", MODULE]);
    let expected = format!("error: {MODULE}: there is no such function: `none`\n");
    assert_eq!((text, status), (expected, Some(1)));
}
