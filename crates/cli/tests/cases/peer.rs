//! Scripts in the manner of the engines' own tests: imports that are satisfied by another sort of
//! thing, or by another resource type.

use crate::common::script;
use component_linker::{Engine, LinkError, Linker, Module};
use conformance::script::Language;
use conformance::subjects::Subject;
use conformance::subjects::lowlift::Lowlift;

/// Runs a script, of which the directives at these lines fail, with these words.
fn check(file: &str, make: fn() -> Box<dyn Subject>, expected: &[(u32, &str)]) {
    let failed = script(file, Language::Component, make);
    assert_eq!(failed.len(), expected.len(), "{failed:#?}");
    for (failed, (line, words)) in failed.iter().zip(expected) {
        assert!(failed.starts_with(&format!("{file}:{line}: ")) && failed.contains(words), "{failed}");
    }
}

fn engine() -> Box<dyn Subject> {
    Box::new(Lowlift::new())
}

fn engine_with_host() -> Box<dyn Subject> {
    Box::new(Lowlift::with_host(provide))
}

/// Provides something of each sort: at the root, in an instance, and in one within it.
fn provide(engine: &Engine, linker: &mut Linker<()>) -> Result<(), LinkError> {
    let module = wat::parse_str("(module (func (export \"f\")))").expect("it is valid text");
    let module = Module::new(engine, &module).map_err(LinkError::Unsupported)?;
    linker.root().func_wrap("host-return-two", |_, (): ()| Ok((2u32,)))?;
    let mut host = linker.instance("host")?;
    host.func_wrap("return-three", |_, (): ()| Ok((3u32,)))?;
    host.define_module("simple-module", &module)?;
    host.resource::<u8>("resource1", |_, _| Ok(()))?;
    let mut nested = host.into_instance("nested")?;
    nested.func_wrap("return-four", |_, (): ()| Ok((4u32,)))
}

#[test]
fn an_import_is_not_satisfied_by_another_sort() {
    check("peer/wrong-sort.wast", engine_with_host, &[]);
    check("peer/host-sorts.wast", engine_with_host, &[]);
    check("peer/sorts.wast", engine, &[]);
}

#[test]
fn an_import_is_not_satisfied_by_another_resource_type() {
    // The third component asks for what the second does, without saying that it is unlinkable, and
    // the call after it is of this component.
    let words = "import `red` resource `cup` is provided as another resource type than `blue` resource `cup`";
    check("peer/resource-eq.wast", engine, &[(43, words), (55, words)]);
    check("peer/resources.wast", engine, &[]);
}
