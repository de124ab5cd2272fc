//! The command as users see it: its output and its exit status.
//!
//! Each test runs the binary from the root of the workspace. `UPDATE_EXPECT=1 cargo test -p
//! lowlift` rewrites the expectations.

#![expect(clippy::too_many_lines, reason = "expectations are tables")]

use std::path::Path;
use std::process::Command;

use expect_test::{Expect, expect};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn lowlift(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_lowlift")).args(args).current_dir(root()).output();
    let output = output.expect("the binary runs");
    let status = output.status.code().map_or("none".to_owned(), |code| code.to_string());
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}[exit status {status}]\n")
}

#[expect(clippy::needless_pass_by_value, reason = "reads better where the expectation is written in place")]
fn check(args: &[&str], expected: Expect) {
    expected.assert_eq(&lowlift(args));
}

const TRAPS: &str = "crates/cli/tests/data/traps.wat";
const ENDLESS: &str = "crates/cli/tests/data/endless.wat";
const IMPORTS: &str = "crates/cli/tests/data/imports.wat";
const VALUES: &str = "crates/cli/tests/data/values.wat";

/// The three plugins give the same answers. One of them has imports that these calls never reach.
#[test]
fn plugins_agree() {
    let answers = [
        ("process({id: 7, payload: [1, 2, 3]})", "ok({id: 7, payload: [1, 2, 3]})"),
        ("process({id: 7, payload: []})", r#"err("empty payload")"#),
        // The high 32 bits are the checksum of the payload: 0x56cf37ab.
        (
            "process({id: 6255279615019843591, payload: [1, 2, 3]})",
            "ok({id: 6255279615019843591, payload: [1, 2, 3]})",
        ),
        (
            "techbytes:plugin/processing.process({payload: [1, 2, 3], id: 20014547599367})",
            r#"err("checksum mismatch: want 00001234 got 56cf37ab")"#,
        ),
    ];
    for file in
        ["examples/plugin/plugin.wat", "examples/guests/plugin-rs.wasm", "examples/guests/plugin-c.wasm"]
    {
        for (call, answer) in answers {
            let got = lowlift(&["call", "--stub-imports", file, call]);
            assert_eq!(got, format!("{answer}\n[exit status 0]\n"), "{file} {call}");
        }
    }
}

#[test]
fn values_have_a_text_form() {
    let calls = [
        ("bool(true)", "true"),
        ("u8(255)", "255"),
        ("s64(-9223372036854775808)", "-9223372036854775808"),
        ("f32(1.5)", "1.5"),
        ("f64(nan)", "nan"),
        ("f64(-inf)", "-inf"),
        ("char('\\u{1f600}')", "'😀'"),
        ("enum(green)", "green"),
        ("flags({exec, read})", "{read, exec}"),
        ("flags({})", "{}"),
        ("record({x: -3})", "{x: -3}"),
        ("tuple((9))", "(9)"),
        ("result(ok)", "ok"),
        ("result(err)", "err"),
    ];
    for (call, answer) in calls {
        assert_eq!(lowlift(&["call", VALUES, call]), format!("{answer}\n[exit status 0]\n"), "{call}");
    }
}

#[test]
fn arguments_that_do_not_fit() {
    check(
        &["call", VALUES, "u8(256)"],
        expect![[r#"
        error: parameter `v`: expected `u8`, found a number that does not fit
          u8(256)
             ^^^
        [exit status 1]
    "#]],
    );
    check(
        &["call", VALUES, "u8(\"1\")"],
        expect![[r#"
        error: parameter `v`: expected `u8`, found a string
          u8("1")
             ^^^
        [exit status 1]
    "#]],
    );
    check(
        &["call", VALUES, "u8()"],
        expect![[r#"
        error: `u8` takes 1 argument, found 0: expected (v: u8)
          u8()
          ^^^^
        [exit status 1]
    "#]],
    );
    check(
        &["call", VALUES, "u8(1, 2)"],
        expect![[r#"
        error: `u8` takes 1 argument, found 2: expected (v: u8)
          u8(1, 2)
            ^^^^^^
        [exit status 1]
    "#]],
    );
    check(
        &["call", VALUES, "u8(1"],
        expect![[r#"
        error: unexpected end of input, expected `function(arguments)` in WAVE
          u8(1
              ^
        [exit status 1]
    "#]],
    );
    check(
        &["call", VALUES, "enum(yellow)"],
        expect![[r#"
        error: parameter `v`: there is no case `yellow`, expected one of `red`, `green`, `blue`
          enum(yellow)
               ^^^^^^
        [exit status 1]
    "#]],
    );
    check(
        &["call", VALUES, "record({y: 1})"],
        expect![[r#"
        error: parameter `v`: there is no field `y`, expected `x`
          record({y: 1})
                     ^
        [exit status 1]
    "#]],
    );
    check(
        &["call", VALUES, "record({:})"],
        expect![[r#"
        error: parameter `v`: field `x: s16` is missing
          record({:})
                 ^^^
        [exit status 1]
    "#]],
    );
    check(
        &["call", VALUES, "result(ok(1))"],
        expect![[r#"
        error: parameter `v`: case `ok` has no payload
          result(ok(1))
                    ^
        [exit status 1]
    "#]],
    );
    check(
        &["call", "examples/plugin/plugin.wat", "process({id: 7, payload: [1, 2, 300]})"],
        expect![[r#"
            error: parameter `input`: expected `u8`, found a number that does not fit
              process({id: 7, payload: [1, 2, 300]})
                                              ^^^
            [exit status 1]
        "#]],
    );
}

#[test]
fn files_that_are_no_components() {
    check(
        &["call", "no/such/file.wasm", "f()"],
        expect![[r#"
        error: no/such/file.wasm: No such file or directory (os error 2)
        [exit status 1]
    "#]],
    );
    check(
        &["call", "examples/plugin/plugin.wit", "process()"],
        expect![[r#"
        error: examples/plugin/plugin.wit: this is WIT, which describes components; expected a component, binary or text
        [exit status 1]
    "#]],
    );
    check(
        &["call", "README.md", "f()"],
        expect![[r#"
        error: README.md: neither a component's binary, which starts with `\0asm`, nor its text, `(component …)`
        [exit status 1]
    "#]],
    );
}

/// Files made for the test: a core module, a truncated component, and bytes that are neither.
#[test]
fn binaries_that_are_no_components() {
    let dir = std::env::temp_dir().join(format!("lowlift-cli-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory for temporary files");
    let plugin =
        std::fs::read(root().join("examples/guests/plugin-rs.wasm")).expect("a file of the repository");
    let run = |bytes: &[u8]| {
        let file = dir.join("input.wasm");
        std::fs::write(&file, bytes).expect("a temporary file");
        let name = file.to_str().expect("a path in UTF-8");
        lowlift(&["call", name, "process()"]).replace(name, "input.wasm")
    };
    expect![[r#"
        error: input.wasm: this is a core module, not a component (at offset 0x4)
        [exit status 1]
    "#]]
    .assert_eq(&run(b"\0asm\x01\0\0\0"));
    expect![[r#"
        error: input.wasm: unexpected end-of-file (at offset 0x254)
        [exit status 1]
    "#]]
    .assert_eq(&run(&plugin[..1000]));
    expect![[r#"
        error: input.wasm: not a WebAssembly binary: it does not start with `\0asm` (at offset 0x0)
        [exit status 1]
    "#]]
    .assert_eq(&run(b"\0\xff\x12garbage"));
    expect![[r#"
        error: input.wasm: neither a component's binary, which starts with `\0asm`, nor its text, `(component …)`
        [exit status 1]
    "#]].assert_eq(&run(b""));
    std::fs::remove_dir_all(&dir).expect("it was made above");
}

#[test]
fn names_that_mean_nothing() {
    check(
        &["call", "examples/plugin/plugin.wat", "proces({id: 7, payload: []})"],
        expect![[r#"
        error: there is no function `proces`, expected one of:
          techbytes:plugin/processing.process
        [exit status 1]
    "#]],
    );
    check(
        &["describe", "examples/plugin/plugin.wit", "proces"],
        expect![[r#"
            error: examples/plugin/plugin.wit: there is no function `proces`, expected one of:
              techbytes:plugin/processing.process
            [exit status 1]
        "#]],
    );
}

#[test]
fn imports_that_are_not_provided() {
    check(
        &["call", IMPORTS, "run()"],
        expect![[r#"
        error: crates/cli/tests/data/imports.wat: import `demo:host/log@0.1.0` function `level: func() -> u8` is not provided
          help: `--stub-imports` links each import to a function that traps
        [exit status 1]
    "#]],
    );
    check(
        &["call", "--stub-imports", IMPORTS, "run()"],
        expect![[r#"
        error: `run` trapped: import `demo:host/log@0.1.0` function `level` was called, but is only a stub
            0:   0x2d - m!<wasm function 1>
        [exit status 134]
    "#]],
    );
}

#[test]
fn guests_that_do_not_end() {
    check(
        &["call", "--fuel", "1000", ENDLESS, "spin()"],
        expect![[r#"
        error: `spin` trapped: wasm trap: all fuel consumed
            0:   0x21 - endless!spin
          help: the guest executed 1000 instructions, which is its `--fuel`
        [exit status 134]
    "#]],
    );
    check(
        &["call", "--timeout", "0.05", ENDLESS, "spin()"],
        expect![[r#"
        error: `spin` trapped: wasm trap: interrupt
            0:   0x21 - endless!spin
          help: the guest ran for 50ms, which is its `--timeout`
        [exit status 134]
    "#]],
    );
    check(
        &["call", "--timeout", "soon", ENDLESS, "spin()"],
        expect![[r#"
        error: invalid value 'soon' for '--timeout <SECONDS>': not a number of seconds

        For more information, try '--help'.
        [exit status 2]
    "#]],
    );
}

#[test]
fn guests_that_trap() {
    check(
        &["call", TRAPS, "unreachable()"],
        expect![[r#"
        error: `unreachable` trapped: wasm trap: wasm `unreachable` instruction executed
            0:   0xe7 - traps!inner
            1:   0xeb - traps!unreachable
        [exit status 134]
    "#]],
    );
    check(
        &["call", TRAPS, "out-of-bounds()"],
        expect![[r#"
        error: `out-of-bounds` trapped: wasm trap: out of bounds memory access
            0:   0xf6 - traps!load-far
        [exit status 134]
    "#]],
    );
    check(
        &["call", TRAPS, "divide(1, 0)"],
        expect![[r#"
        error: `divide` trapped: wasm trap: integer divide by zero
            0:  0x106 - traps!divide
        [exit status 134]
    "#]],
    );
    check(
        &["call", TRAPS, "result-out-of-bounds()"],
        expect![[r#"
        error: `result-out-of-bounds` trapped: wasm trap: pointer out of bounds of memory: 8 bytes at 0xfffffff0, of 65536
        [exit status 134]
    "#]],
    );
    check(
        &["call", TRAPS, "result-misaligned()"],
        expect![[r#"
        error: `result-misaligned` trapped: wasm trap: unaligned pointer: 0x2 is not a multiple of 4
        [exit status 134]
    "#]],
    );
    check(
        &["call", TRAPS, "string-out-of-bounds()"],
        expect![[r#"
        error: `string-out-of-bounds` trapped: wasm trap: string pointer/length out of bounds of memory: 65537 bytes at 0x0, of 65536
        [exit status 134]
    "#]],
    );
    check(
        &["call", TRAPS, "take-string(\"abc\")"],
        expect![[r#"
        error: `take-string` trapped: wasm trap: realloc return: beyond end of memory: 3 bytes at 0xffff0000
        [exit status 134]
    "#]],
    );
    check(
        &["call", TRAPS, "bad-char()"],
        expect![[r#"
        error: `bad-char` trapped: wasm trap: invalid `char` bit pattern 0xd800
        [exit status 134]
    "#]],
    );
}

/// The backtrace has thousands of frames, of which a limited number is kept.
#[test]
fn a_guest_that_overflows_its_stack() {
    let got = lowlift(&["call", TRAPS, "overflow-stack()"]);
    assert!(got.contains("call stack exhausted"), "{got}");
    assert!(got.contains("traps!forever"), "{got}");
    assert!(got.ends_with("[exit status 134]\n"), "{got}");
}

#[test]
fn usage() {
    assert!(lowlift(&["call"]).ends_with("[exit status 2]\n"));
    assert!(lowlift(&["cal"]).ends_with("[exit status 2]\n"));
    assert!(lowlift(&["call", "--nope", TRAPS, "f()"]).ends_with("[exit status 2]\n"));
    assert!(lowlift(&[]).ends_with("[exit status 2]\n"));
    assert!(lowlift(&["--version"]).ends_with("[exit status 0]\n"));
}

#[test]
fn layouts() {
    check(
        &["layout", "examples/plugin/plugin.wit"],
        expect![[r#"
            techbytes:plugin/processing.data-chunk
            record { id: u64, payload: list<u8> }: 16 bytes, aligned to 8
                0..8  8  id         u64
               8..16  8  payload    list<u8>
               8..12  4    payload  pointer of list<u8>
              12..16  4    payload  length of list<u8>
              flat: i64 i32 i32
            [exit status 0]
        "#]],
    );
    check(
        &["layout", "examples/plugin/plugin.wit", "--ptr", "64"],
        expect![[r#"
            techbytes:plugin/processing.data-chunk
            record { id: u64, payload: list<u8> }: 24 bytes, aligned to 8
                0..8   8  id         u64
               8..24  16  payload    list<u8>
               8..16   8    payload  pointer of list<u8>
              16..24   8    payload  length of list<u8>
              flat: i64 i64 i64
            [exit status 0]
        "#]],
    );
    assert_eq!(
        lowlift(&["layout", "examples/plugin/plugin.wit"]),
        lowlift(&["layout", "examples/guests/plugin-rs.wasm"]),
        "WIT and a component of that WIT have the same types"
    );
}

#[test]
fn signatures() {
    check(
        &["describe", "examples/plugin/plugin.wit", "process"],
        expect![[r#"
            techbytes:plugin/processing.process: func(input: data-chunk) -> result<data-chunk, string>
              data-chunk = record { id: u64, payload: list<u8> }

            lifted from (i64 i32 i32) -> (i32), with 32-bit pointers
              param 0   i64  input.id       u64
              param 1   i32  input.payload  pointer of list<u8>
              param 2   i32  input.payload  length of list<u8>
              result 0  i32                 pointer to the result: it flattens to 4 core values, over the limit of 1
            result in memory: 24 bytes, aligned to 8
               0..24  24  result                   result<data-chunk, string>
                   0   1    result                 discriminant: 0 ok, 1 error
                1..8   7                           padding
               8..24  16    result.ok              case 0: data-chunk
               8..16   8      result.ok.id         u64
              16..24   8      result.ok.payload    list<u8>
              16..20   4        result.ok.payload  pointer of list<u8>
              20..24   4        result.ok.payload  length of list<u8>
               8..16   8    result.error           case 1: string
               8..12   4      result.error         pointer of string
              12..16   4      result.error         length of string
              16..24   8    result                 unused by error

            lowered to (i64 i32 i32 i32) -> (), with 32-bit pointers
              param 0  i64  input.id       u64
              param 1  i32  input.payload  pointer of list<u8>
              param 2  i32  input.payload  length of list<u8>
              param 3  i32                 pointer to the result: it flattens to 4 core values, over the limit of 1
            result in memory: as above

            core names
              export       techbytes:plugin/processing#process  or  cm32p2|techbytes:plugin/processing|process
              post-return  cabi_post_techbytes:plugin/processing#process  or  cm32p2|techbytes:plugin/processing|process_post
              import       "techbytes:plugin/processing" "process"  or  "cm32p2|techbytes:plugin/processing" "process"
            [exit status 0]
        "#]],
    );
    // A component says more: how it lifts the function, and what it calls the export.
    let shared = |file: &str| {
        let text = lowlift(&["describe", file, "process"]);
        let (text, _) = text.split_once("\ncore names").expect("the core names come last");
        text.lines()
            .filter(|line| !line.starts_with("as this component lifts it"))
            .map(str::to_owned)
            .collect()
    };
    let (wit, component): (Vec<_>, Vec<_>) =
        (shared("examples/plugin/plugin.wit"), shared("examples/guests/plugin-c.wasm"));
    assert_eq!(wit, component, "WIT and a component of that WIT have the same functions");
}
