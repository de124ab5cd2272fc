//! `lowlift validate` and `lowlift unbundle`.

use std::fs;

use expect_test::{Expect, expect};

use crate::common::{NESTED, dir, lowlift, write};

#[expect(clippy::needless_pass_by_value, reason = "reads better where the expectation is written in place")]
fn check_valid(name: &str, contents: &[u8], expected: Expect) {
    let dir = dir(&format!("validate-{name}"));
    write(&dir, name, contents);
    expected.assert_eq(&lowlift(&dir, &["validate", name]));
}

#[test]
#[expect(clippy::too_many_lines, reason = "expectations are a table")]
fn validate() {
    check_valid(
        "nested.wat",
        NESTED.as_bytes(),
        expect![[r#"
        nested.wat: valid component, 297 bytes
        [exit status 0]
    "#]],
    );
    check_valid(
        "module.wat",
        b"(module)",
        expect![[r#"
        module.wat: valid core module, 8 bytes
        [exit status 0]
    "#]],
    );
    check_valid(
        "component.wasm",
        b"\0asm\x0d\0\x01\0",
        expect![[r#"
        component.wasm: valid component, 8 bytes
        [exit status 0]
    "#]],
    );
    check_valid(
        "type.wat",
        b"(module (func (result i32)))",
        expect![[r#"
        error: type.wat: type mismatch: expected i32 but nothing on stack (at offset 0x18)
        [exit status 1]
    "#]],
    );
    check_valid(
        "export.wat",
        br#"(component (export "f" (func 0)))"#,
        expect![[r#"
        error: export.wat: unknown function 0: function index out of bounds (at offset 0xb)
        [exit status 1]
    "#]],
    );
    check_valid(
        "short.wasm",
        b"\0asm\x0d\0\x01\0\x07\x01",
        expect![[r#"
        error: short.wasm: unexpected end-of-file (at offset 0xa)
        [exit status 1]
    "#]],
    );
    check_valid(
        "version.wasm",
        b"\0asm\x0f\0\x01\0",
        expect![[r#"
        error: version.wasm: unknown binary version:    0x1000f (at offset 0x4)
        [exit status 1]
    "#]],
    );
    check_valid(
        "text.wasm",
        b"hello",
        expect![[r#"
        error: text.wasm: neither a component's binary, which starts with `\0asm`, nor its text, `(component …)`
        [exit status 1]
    "#]],
    );
    check_valid(
        "world.wit",
        b"package a:b;",
        expect![[r#"
        error: world.wit: this is WIT, which describes components; expected a component, binary or text
        [exit status 1]
    "#]],
    );
}

#[test]
fn usage_is_another_failure() {
    let dir = dir("validate-usage");
    assert!(lowlift(&dir, &["validate"]).ends_with("[exit status 2]\n"));
    assert!(lowlift(&dir, &["validate", "missing.wasm"]).ends_with("[exit status 1]\n"));
}

#[test]
fn unbundle_writes_valid_files() {
    let dir = dir("unbundle");
    write(&dir, "nested.wat", NESTED);
    expect![[r#"
        parts/module-0.wasm: "inc", 53 bytes at 0x1e
        parts/component-0.wasm: "inner", 73 bytes at 0x55
        parts/component-0.module-0.wasm: 38 bytes at 0x5f
        [exit status 0]
    "#]]
    .assert_eq(&lowlift(&dir, &["unbundle", "nested.wat", "-o", "parts"]));
    for (name, kind) in
        [("module-0", "core module"), ("component-0", "component"), ("component-0.module-0", "core module")]
    {
        let file = format!("parts/{name}.wasm");
        let size = fs::metadata(dir.join(&file)).expect("the file is there").len();
        let expected = format!("{file}: valid {kind}, {size} bytes\n[exit status 0]\n");
        assert_eq!(lowlift(&dir, &["validate", &file]), expected);
    }
    let data = fs::read(dir.join("parts/component-0.module-0.wasm")).expect("the file is there");
    assert!(data.windows(5).any(|window| window == b"hello"));
    assert_eq!(fs::read_dir(dir.join("parts")).expect("the directory is there").count(), 3);
}

#[test]
fn unbundle_of_nothing() {
    let dir = dir("unbundle-nothing");
    write(&dir, "empty.wat", "(component)");
    write(&dir, "bad.wat", "(component (instance (instantiate 0)))");
    expect![[r#"
        error: empty.wat: there is no core module and no component in it to write
        [exit status 1]
    "#]]
    .assert_eq(&lowlift(&dir, &["unbundle", "empty.wat", "-o", "parts"]));
    expect![[r#"
        error: bad.wat: unknown component 0: component index out of bounds (at offset 0xb)
        [exit status 1]
    "#]]
    .assert_eq(&lowlift(&dir, &["unbundle", "bad.wat", "-o", "parts"]));
    assert!(lowlift(&dir, &["unbundle", "empty.wat"]).ends_with("[exit status 2]\n"));
}
