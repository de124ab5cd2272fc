//! Translation, as Cranelift IR: each file of `tests/translate` is a module with the IR it becomes
//! in comments below it.
//!
//! `UPDATE_EXPECT=1 cargo test -p lowlift-jit --test translate` writes the IR anew.

use std::path::Path;

use jit::{Config, Engine, Module, WasmFeatures};

/// The line that the expectation starts with.
const MARK: &str = ";;; IR";

#[test]
fn modules_become_the_ir_below_them() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/translate"));
    let features = WasmFeatures::default() | WasmFeatures::THREADS;
    let engine = Engine::new(&Config::new().features(features)).unwrap();
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let mut differ = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let module = text.split_once(MARK).map_or(&text[..], |(module, _)| module);
        let wasm = wat::parse_str(module).unwrap();
        let mut blessed = format!("{}\n\n{MARK}\n", module.trim_end());
        for listing in Module::listings(&engine, &wasm).unwrap() {
            for line in listing.clif.lines() {
                blessed.push_str(format!(";; {line}").trim_end());
                blessed.push('\n');
            }
        }
        if blessed == text {
            continue;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&file, blessed).unwrap();
        } else {
            differ.push(format!("{}:\n{blessed}", file.display()));
        }
    }
    assert!(differ.is_empty(), "other IR than expected (UPDATE_EXPECT=1 renews):\n{}", differ.join("\n"));
}
