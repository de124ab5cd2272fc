//! Packages and worlds in binary form, ours and the reference's (`wit-component`), each read by the
//! other.

use crate::corpus::{
    as_json, assemble, our_json, our_resolved, registry_package, suite, tests, their_resolve,
};
use crate::structure::{by_name, compare, differences};
use serde_json::Value;
use std::path::{Path, PathBuf};
use wasmparser::{Validator, WasmFeatures};
use wit_component::StringEncoding;
use wit_parser::decoding::{DecodedWasm, decode, decode_world};
use wit_parser_lite::wasm::{self, encode_package, encode_world};

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

#[test]
fn the_reference_reads_our_packages() {
    let (mut n_packages, mut problems) = (0, Vec::new());
    for (name, path) in tests(&suite()) {
        let ours = our_resolved(&path).expect("a positive");
        let bytes =
            encode_package(&ours, ours.packages().next().expect("a main package").0).expect("it is small");
        if !validate(&name, &bytes, &mut problems) {
            continue;
        }
        n_packages += 1;
        let (theirs, package) = their_resolve(&path);
        let expected = wit_component::encode(&theirs, package, false).expect("a positive");
        match (read_by_reference(&expected), read_by_reference(&bytes)) {
            (Ok(expected), Ok(found)) => problems.extend(differences(&name, &expected, &found).0),
            // An empty package reads as an empty component.
            (Err(expected), Err(found)) if expected == found => {}
            (expected, found) => problems.push(format!("{name}: {:?} {:?}", expected.err(), found.err())),
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    assert!(n_packages >= 67, "{n_packages}");
}

#[test]
fn the_reference_reads_our_worlds() {
    let (mut n_worlds, mut problems) = (0, Vec::new());
    for (name, path) in tests(&suite()) {
        let ours = our_resolved(&path).expect("a positive");
        let (theirs, _) = their_resolve(&path);
        for (id, world) in ours.worlds() {
            let full = ours.world_name(id);
            let bytes = encode_world(&ours, id).expect("it is small");
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
            match decode_world(&bytes) {
                Ok((found, _)) => {
                    let (expected, found) = (by_name(&as_json(&expected)), by_name(&as_json(&found)));
                    problems.extend(differences(&name, &expected, &found).0);
                }
                Err(error) => problems.push(format!("{name}: {full}: {error:#}")),
            }
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    assert!(n_worlds > 100, "{n_worlds}");
}

#[test]
fn we_read_what_the_reference_writes() {
    let (mut n_packages, mut problems) = (0, Vec::new());
    for (name, path) in tests(&suite()) {
        let (theirs, package) = their_resolve(&path);
        let bytes = wit_component::encode(&theirs, package, false).expect("a positive");
        // An empty package reads as an empty component.
        let Ok(expected) = read_by_reference(&bytes) else { continue };
        n_packages += 1;
        match wasm::decode_with_features(&bytes, WasmFeatures::all()) {
            Ok(found) => problems.extend(compare(&name, &expected, &by_name(&our_json(&found)))),
            Err(error) => problems.push(format!("{name}: {error}")),
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    assert!(n_packages >= 67, "{n_packages}");
}

#[test]
fn encoding_and_decoding_keeps_the_structure() {
    let (mut n_packages, mut problems) = (0, Vec::new());
    for (name, path) in tests(&suite()) {
        let ours = our_resolved(&path).expect("a positive");
        let bytes =
            encode_package(&ours, ours.packages().next().expect("a main package").0).expect("it is small");
        if read_by_reference(&bytes).is_err() {
            continue;
        }
        n_packages += 1;
        match wasm::decode_with_features(&bytes, WasmFeatures::all()) {
            Ok(found) => {
                let again = encode_package(&found, found.packages().next().expect("a main package").0)
                    .expect("it is small");
                if bytes != again {
                    problems.push(format!("{name}: written again, it is not the same"));
                }
            }
            Err(error) => problems.push(format!("{name}: {error}")),
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    assert!(n_packages >= 67, "{n_packages}");
}

/// Adds every WebAssembly text below `folder`.
fn texts_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("the package has its tests");
    let mut entries: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            texts_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "wat") {
            found.push(path);
        }
    }
}

/// Components and packages among the reference's tests: those that it reads.
const N_BINARIES: usize = 178;

#[test]
fn worlds_of_components_are_what_the_reference_finds() {
    let (mut n_read, mut problems, mut paths) = (0, Vec::new(), Vec::new());
    let folder = registry_package("wit-component").join("tests");
    texts_below(&folder, &mut paths);
    for path in paths {
        let name = path.strip_prefix(&folder).expect("it lies there").display().to_string();
        let Ok(bytes) = assemble(&std::fs::read(&path).expect("a readable file")) else { continue };
        let is_component = bytes.get(6) == Some(&1);
        let Ok(theirs) =
            decode(&bytes).map_err(drop).and_then(|decoded| is_component.then_some(decoded).ok_or(()))
        else {
            continue;
        };
        n_read += 1;
        match wasm::decode_with_features(&bytes, WasmFeatures::all()) {
            Ok(ours) => {
                problems.extend(compare(
                    &name,
                    &by_name(&as_json(theirs.resolve())),
                    &by_name(&our_json(&ours)),
                ));
            }
            Err(error) => problems.push(format!("{name}: {error}")),
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    assert_eq!(n_read, N_BINARIES);
}
