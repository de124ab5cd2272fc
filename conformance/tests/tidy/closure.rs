//! What a crate must not bring to those who embed it, however indirectly.
//!
//! The table of `edges.rs` is about direct dependencies. This one follows the normal dependencies
//! of dependencies, as `cargo tree -e normal` does, except those of procedural macros: these run in
//! the compiler and are no part of what is built.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A crate, and packages that are not among its direct or indirect normal dependencies.
const ABSENT: &[(&str, &[&str])] = &[
    // Running a component takes no encoder and no WIT.
    ("component-linker", &["component-tools", "wasm-encoder", "wit-parser-lite"]),
    // Taking a component apart or making one takes no compiler.
    ("component-tools", &["component-linker", "cranelift-codegen", "lowlift-jit"]),
];

/// A package and what it is built from.
#[derive(Debug, Default)]
struct Package {
    name: String,
    is_macro: bool,
    /// The ids of its normal dependencies.
    dependencies: Vec<String>,
}

/// Returns the paths by which a crate depends on a package that the table forbids it, in what
/// `cargo metadata` says.
pub(crate) fn problems(metadata: &Value) -> Vec<String> {
    let packages = packages(metadata);
    let mut problems = Vec::new();
    for (name, absent) in ABSENT {
        let found = packages.iter().find(|(_, package)| package.name == *name);
        let Some((id, _)) = found else {
            problems.push(format!("{name}: there is no such crate"));
            continue;
        };
        let mut seen = BTreeSet::new();
        follow(&packages, id, &mut Vec::new(), &mut seen, &mut |path| {
            if path.last().is_some_and(|last| absent.contains(last)) {
                problems.push(path.join(" -> "));
            }
        });
    }
    problems
}

fn packages(metadata: &Value) -> BTreeMap<String, Package> {
    let mut packages: BTreeMap<String, Package> = BTreeMap::new();
    for package in list(&metadata["packages"]) {
        let kinds = list(&package["targets"]).flat_map(|target| list(&target["kind"]));
        let is_macro = kinds.into_iter().any(|kind| kind == "proc-macro");
        let name = text(&package["name"]);
        packages.insert(text(&package["id"]), Package { name, is_macro, dependencies: Vec::new() });
    }
    for node in list(&metadata["resolve"]["nodes"]) {
        let is_normal = |dependency: &&Value| list(&dependency["dep_kinds"]).any(|it| it["kind"].is_null());
        let dependencies = list(&node["deps"]).filter(is_normal);
        let dependencies = dependencies.map(|dependency| text(&dependency["pkg"])).collect();
        packages.entry(text(&node["id"])).or_default().dependencies = dependencies;
    }
    packages
}

/// Calls `visit` once for each package that `id` depends on, with one path to it.
fn follow<'p>(
    packages: &'p BTreeMap<String, Package>,
    id: &'p str,
    path: &mut Vec<&'p str>,
    seen: &mut BTreeSet<&'p str>,
    visit: &mut impl FnMut(&[&str]),
) {
    let Some(package) = packages.get(id) else { return };
    if package.is_macro || !seen.insert(id) {
        return;
    }
    path.push(&package.name);
    visit(path);
    for dependency in &package.dependencies {
        follow(packages, dependency, path, seen, visit);
    }
    path.pop();
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().expect("cargo metadata has a text here").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn forbidden_packages_are_found_behind_others() {
        let check = |between_kind: Value, between: &str, expected: &[&str]| {
            let target = |kind: &str| json!([{ "kind": [kind] }]);
            let metadata = json!({
                "packages": [
                    { "id": "l", "name": "component-linker", "targets": target("lib") },
                    { "id": "t", "name": "component-tools", "targets": target("lib") },
                    { "id": "b", "name": "between", "targets": target(between) },
                    { "id": "w", "name": "wasm-encoder", "targets": target("lib") },
                ],
                "resolve": { "nodes": [
                    { "id": "l", "deps": [{ "pkg": "b", "dep_kinds": [{ "kind": between_kind }] }] },
                    { "id": "t", "deps": [] },
                    { "id": "b", "deps": [{ "pkg": "w", "dep_kinds": [{ "kind": null }] }] },
                    { "id": "w", "deps": [] },
                ] },
            });
            assert_eq!(problems(&metadata), expected);
        };
        check(json!(null), "lib", &["component-linker -> between -> wasm-encoder"]);
        check(json!("dev"), "lib", &[]);
        check(json!(null), "proc-macro", &[]);
    }
}
