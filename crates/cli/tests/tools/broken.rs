//! All commands report the same fault of a broken file: in the same words, at the same byte.

use expect_test::{Expect, expect};

use crate::common::{NESTED, dir, lowlift, write};

/// Compares what the commands that read components say of a file.
#[expect(clippy::needless_pass_by_value, reason = "reads better where the expectation is written in place")]
fn check(name: &str, contents: &[u8], expected: Expect) {
    let dir = dir(&format!("broken-{name}"));
    let file = format!("{name}.wasm");
    write(&dir, &file, contents);
    let fault = lowlift(&dir, &["validate", &file]);
    expected.assert_eq(&fault);
    for args in [
        &["inspect", &file][..],
        &["unbundle", &file, "-o", "parts"],
        &["layout", &file],
        &["describe", &file],
        &["call", &file, "f()"],
    ] {
        assert_eq!(lowlift(&dir, args), fault, "{args:?}");
    }
    assert!(!dir.join("parts").exists(), "{name}: nothing is written");
}

/// Returns the binary of a text, which need not be valid.
fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text has no faults")
}

#[test]
fn broken_files_have_one_fault() {
    check(
        "magic",
        b"\0asn\x0d\0\x01\0",
        expect![[r#"
        error: magic.wasm: not a WebAssembly binary: it does not start with `\0asm` (at offset 0x0)
        [exit status 1]
    "#]],
    );
    check(
        "header",
        b"\0as",
        expect![[r#"
        error: header.wasm: unexpected end of the binary in its header (at offset 0x3)
        [exit status 1]
    "#]],
    );
    check(
        "version",
        b"\0asm\x0f\0\x01\0",
        expect![[r#"
        error: version.wasm: unknown binary version:    0x1000f (at offset 0x4)
        [exit status 1]
    "#]],
    );
    check(
        "section",
        b"\0asm\x0d\0\x01\0\x07\x01",
        expect![[r#"
        error: section.wasm: unexpected end-of-file (at offset 0xa)
        [exit status 1]
    "#]],
    );
    check(
        "index",
        &binary(r#"(component (export "f" (func 0)))"#),
        expect![[r#"
        error: index.wasm: unknown function 0: function index out of bounds (at offset 0xb)
        [exit status 1]
    "#]],
    );
    check(
        "body",
        &binary(r#"(component (core module) (core module (func (result i32))) (type u8))"#),
        expect![[r#"
            error: body.wasm: type mismatch: expected i32 but nothing on stack (at offset 0x2c)
            [exit status 1]
        "#]],
    );
    let nested = binary(NESTED);
    check(
        "cut",
        &nested[..nested.len() - 100],
        expect![[r#"
        error: cut.wasm: unexpected end-of-file (at offset 0xc2)
        [exit status 1]
    "#]],
    );
}

/// `thread.yield` with a byte other than 0 where a flag once stood, and `stream.forward` without
/// its type.
#[test]
fn broken_canonical_definitions_have_one_fault() {
    check(
        "flag",
        b"\0asm\x0d\0\x01\0\x08\x03\x01\x0c\x02",
        expect![[r#"
        error: flag.wasm: invalid leading byte (0x2) for zero byte (at offset 0xc)
        [exit status 1]
    "#]],
    );
    check(
        "forward",
        b"\0asm\x0d\0\x01\0\x08\x02\x01\x2e",
        expect![[r#"
        error: forward.wasm: unexpected end-of-file (at offset 0xc)
        [exit status 1]
    "#]],
    );
}

/// Commands that need a component say that a core module is none.
#[test]
fn core_modules_are_no_components() {
    let dir = dir("broken-module");
    write(&dir, "module.wasm", b"\0asm\x01\0\0\0");
    let fault =
        "error: module.wasm: this is a core module, not a component (at offset 0x4)\n[exit status 1]\n";
    for args in [&["call", "module.wasm", "f()"][..], &["trace", "module.wasm", "f()"]] {
        assert_eq!(lowlift(&dir, args), fault, "{args:?}");
    }
    // A core module may carry a world, which these show.
    let fault = "error: module.wasm: a core module without a `component-type` section, which would say its \
                 world\n[exit status 1]\n";
    for args in [&["layout", "module.wasm"][..], &["describe", "module.wasm"]] {
        assert_eq!(lowlift(&dir, args), fault, "{args:?}");
    }
}
