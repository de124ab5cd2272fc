//! The WIT of WASI 0.2 and 0.3, as packages of the registry carry it.

use crate::corpus::{as_json, assemble, our_json, registry_package};
use crate::structure::{by_name, compare, differences};
use std::collections::BTreeSet;
use wit_parser::Resolve;
use wit_parser_lite::format::format;
use wit_parser_lite::print::print;
use wit_parser_lite::wasm::{decode, encode_package, encode_world};
use wit_parser_lite::{Features, Options, PackageId, Proposals, Resolved, load::Tree, parse_with_options};

/// Where the trees lie: the registry's package and the folder in it, which has its `deps/`.
const TREES: &[(&str, &str)] = &[
    ("wasip2", "wit"),
    ("wasip3", "wit"),
    ("wasmtime-wasi", "src/p2/wit"),
    ("wasmtime-wasi", "src/p3/wit"),
    ("wasmtime-wasi-http", "wit"),
    ("wasmtime-wasi-http", "src/p3/wit"),
];

/// The packages in them, so that a tree that lost some cannot pass.
const PACKAGES: &[&str] = &[
    "rust:wasi",
    "wasi:cli@0.2.12",
    "wasi:cli@0.3.0",
    "wasi:cli@0.3.2",
    "wasi:clocks@0.2.12",
    "wasi:clocks@0.3.0",
    "wasi:clocks@0.3.2",
    "wasi:filesystem@0.2.12",
    "wasi:filesystem@0.3.0",
    "wasi:filesystem@0.3.2",
    "wasi:http@0.2.12",
    "wasi:http@0.3.0",
    "wasi:http@0.3.2",
    "wasi:io@0.2.12",
    "wasi:random@0.2.12",
    "wasi:random@0.3.0",
    "wasi:random@0.3.2",
    "wasi:sockets@0.2.12",
    "wasi:sockets@0.3.0",
    "wasi:sockets@0.3.2",
    "wasmtime:wasi",
    "wasmtime:wasi-http",
];

fn check(name: &str, mut tree: Tree, reference: &Resolve) -> (Resolved, Vec<String>) {
    let expected = by_name(&as_json(reference));
    let mut problems = Vec::new();
    let mut check = |step: &str, found: Result<Resolved, String>| match found {
        Ok(found) => {
            let found = differences(name, &expected, &by_name(&our_json(&found))).0;
            problems.extend(found.iter().map(|line| format!("{step}: {line}")));
        }
        Err(error) => problems.push(format!("{name}, {step}: {error}")),
    };
    let options = Options::default().features(Features::All).proposals(Proposals::all());
    let parse = |tree: &Tree| tree.parse_with_options(&options).map_err(|errors| errors[0].to_string());
    let resolved = parse(&tree).expect("WASI is sound");
    check("parsed", Ok(resolved.clone()));
    for (file, text) in tree.files.iter_mut().chain(tree.dependencies.iter_mut().flatten()) {
        *text = format(file, text).expect("a sound file");
        assert_eq!(format(file, text).as_ref(), Ok(&*text), "{file} changes when formatted again");
    }
    check("formatted", parse(&tree));
    let printed = print(&resolved);
    let parsed = parse_with_options(
        &Options::default().features(Features::All).proposals(Proposals::all()),
        &[("printed.wit", &printed)],
        &[],
    );
    check("printed", parsed.map_err(|errors| errors[0].to_string()));
    (resolved, problems)
}

/// Returns what is not the same after a package was written in binary form and read again.
fn check_binary(resolved: &Resolved, id: PackageId) -> Vec<String> {
    let name = resolved.package_name(id);
    if resolved[id].interfaces.is_empty() && resolved[id].worlds.is_empty() {
        // In binary form it has no name.
        return Vec::new();
    }
    let bytes = encode_package(resolved, id).expect("it is small");
    let mut problems = Vec::new();
    match decode(&bytes) {
        Ok(back) => {
            let main = back.packages().next().expect("a main package").0;
            let (theirs, ours) = (by_name(&our_json(resolved)), by_name(&our_json(&back)));
            problems.extend(compare(&name, &theirs[&name], &ours[&name]));
            if encode_package(&back, main).expect("it is small") != bytes {
                problems.push(format!("{name}: written again, it is not the same"));
            }
        }
        Err(error) => problems.push(format!("{name}: {error}")),
    }
    for world in &resolved[id].worlds {
        problems.extend(
            decode(&encode_world(resolved, *world).expect("it is small"))
                .err()
                .map(|error| format!("{name}: {error}")),
        );
    }
    problems
}

#[test]
fn all_of_wasi_is_read_formatted_printed_and_written() {
    let (mut packages, mut problems) = (BTreeSet::new(), Vec::new());
    for (package, folder) in TREES {
        let path = registry_package(package).join(folder);
        let tree = Tree::load_with(&path, &assemble).expect("the registry's package has it");
        let mut reference = Resolve { all_features: true, ..Resolve::default() };
        reference.push_path(&path).expect("the reference reads it");
        let (resolved, found) = check(&format!("{package}/{folder}"), tree, &reference);
        problems.extend(found);
        for (id, _) in resolved.packages() {
            packages.insert(resolved.package_name(id));
            problems.extend(check_binary(&resolved, id));
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    assert_eq!(packages.iter().map(String::as_str).collect::<Vec<_>>(), PACKAGES);
}
