//! Versions in names, at run time: `0.0.1` and `0.0.1+b` are one version.

use crate::common::folder;
use component_linker::{Component, Config, Engine, Linker, Store};
use std::fs;

#[test]
fn versions_that_differ_in_build_metadata_link() {
    let engine = Engine::new(&Config::new()).expect("the machine is supported");
    let component = |file: &str| {
        let text = fs::read(folder().join(file)).expect("the input is there");
        Component::new(&engine, &wat::parse_bytes(&text).expect("it is valid text")).expect("it is valid")
    };
    let mut store = Store::new(&engine, ());
    let exporter = component("link/build-b.wat");
    let exporter = Linker::new().instantiate(&mut store, &exporter).expect("it imports nothing");
    assert!(exporter.get_func(&mut store, &["s:a/i@0.0.1", "f"]).is_some());
    assert!(exporter.get_func(&mut store, &["s:a/i@0.0.1+c", "f"]).is_some());
    assert!(exporter.get_func(&mut store, &["s:a/i@0.0.2", "f"]).is_none());
    let mut linker = Linker::new();
    linker.root().define_exports(&exporter).expect("no name is taken");
    linker.instantiate(&mut store, &component("link/build-a.wat")).expect("the version is the same");
}
