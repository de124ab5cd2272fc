//! Packages and worlds in binary form, ours and the reference's (`wit-component`), each read by the other.

use crate::corpus::{as_json, our_resolved, suite, tests, their_resolve};
use crate::structure::{by_name, compare};
use serde_json::Value;
use wasmparser::{Validator, WasmFeatures};
use wit_component::StringEncoding;
use wit_parser::decoding::{DecodedWasm, decode, decode_world};
use wit_parser_lite::wasm::{encode_package, encode_world};

/// Adds a line if `bytes` is not valid.
fn validate(what: &str, bytes: &[u8], problems: &mut Vec<String>) -> bool {
    let result = Validator::new_with_features(WasmFeatures::all()).validate_all(bytes);
    problems.extend(result.as_ref().err().map(|error| format!("{what}: {error}")));
    result.is_ok()
}

/// Returns what the reference reads out of a package in binary form.
fn read_by_reference(bytes: &[u8]) -> Result<Value, String> {
    match decode(bytes).map_err(|error| format!("{error:#}"))? {
        DecodedWasm::WitPackage(resolve, _) => Ok(by_name(&as_json(&resolve))),
        DecodedWasm::Component(..) => Err("taken for a component".to_owned()),
    }
}

/// Returns the document without documentation and gates.
fn bare(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !matches!(name.as_str(), "docs" | "stability"));
            Value::Object(kept.map(|(name, value)| (name.clone(), bare(value))).collect())
        }
        Value::Array(items) => items.iter().map(bare).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[test]
fn the_reference_reads_our_packages() {
    let (mut n_packages, mut problems) = (0, Vec::new());
    for (name, path) in tests(&suite()) {
        let Ok(ours) = our_resolved(&path) else { continue };
        let bytes = encode_package(&ours, ours.packages().next().expect("a main package").0);
        if !validate(&name, &bytes, &mut problems) {
            continue;
        }
        n_packages += 1;
        let (theirs, package) = their_resolve(&path);
        let expected = wit_component::encode(&theirs, package, false).expect("a positive");
        let mut differences = Vec::new();
        match (read_by_reference(&expected), read_by_reference(&bytes)) {
            (Ok(expected), Ok(found)) => compare("", &bare(&expected), &bare(&found), &mut differences),
            // An empty package reads as an empty component.
            (Err(expected), Err(found)) if expected == found => {}
            (expected, found) => differences.extend([expected.err(), found.err()].into_iter().flatten()),
        }
        problems.extend(differences.iter().map(|line| format!("{name}: {line}")));
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    assert!(n_packages > 70, "{n_packages}");
}

#[test]
fn the_reference_reads_our_worlds() {
    let (mut n_worlds, mut problems) = (0, Vec::new());
    for (name, path) in tests(&suite()) {
        let Ok(ours) = our_resolved(&path) else { continue };
        let (theirs, _) = their_resolve(&path);
        for (id, world) in ours.worlds() {
            let full = ours.world_name(id);
            let bytes = encode_world(&ours, id);
            if !validate(&format!("{name}: {full}"), &bytes, &mut problems) {
                continue;
            }
            n_worlds += 1;
            let package = theirs
                .packages
                .iter()
                .find(|(_, it)| it.name.to_string() == ours.package_name(world.package));
            let their_id = package.expect("the same packages").1.worlds[&world.name];
            let encoding = StringEncoding::UTF8;
            let expected = wit_component::metadata::encode(&theirs, their_id, encoding, None, false)
                .expect("a positive");
            let expected = decode_world(&expected).expect("the reference reads what it wrote").0;
            let mut differences = Vec::new();
            match decode_world(&bytes) {
                Ok((found, _)) => {
                    compare(
                        "",
                        &bare(&by_name(&as_json(&expected))),
                        &bare(&by_name(&as_json(&found))),
                        &mut differences,
                    );
                }
                Err(error) => differences.push(format!("{error:#}")),
            }
            problems.extend(differences.iter().map(|line| format!("{name}: {full}: {line}")));
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    assert!(n_worlds > 100, "{n_worlds}");
}
