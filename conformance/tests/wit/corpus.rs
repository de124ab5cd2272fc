//! The tests that the registry package `wit-parser` carries, resolved by us and by the reference.

use conformance::suite::cargo_metadata;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use wit_parser::{PackageId, Resolve};
use wit_parser_lite::{Features, Options, Proposals, Resolved, json::json as to_json, load::Tree};

/// Returns the folder of the reference's tests, in the package of the registry.
pub(crate) fn suite() -> PathBuf {
    registry_package("wit-parser").join("tests/ui")
}

/// Returns the folder of a package of the registry, which this crate itself depends on: others may
/// need another version.
pub(crate) fn registry_package(name: &str) -> PathBuf {
    // Asking takes a second or two.
    static METADATA: OnceLock<Value> = OnceLock::new();
    let metadata = METADATA.get_or_init(|| {
        cargo_metadata(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("cargo knows this workspace")
    });
    let find = |list: &'static Value, key: &str, value: &Value| {
        let entries = list.as_array().expect("a list");
        entries.iter().find(|entry| entry[key] == *value).expect("cargo lists it")
    };
    let own = find(&metadata["packages"], "name", &env!("CARGO_PKG_NAME").into());
    let node = find(&metadata["resolve"]["nodes"], "id", &own["id"]);
    let dependency = find(&node["deps"], "name", &name.replace('-', "_").into());
    let package = find(&metadata["packages"], "id", &dependency["pkg"]);
    let manifest = package["manifest_path"].as_str().expect("a path");
    Path::new(manifest).parent().expect("it lies in the package").to_owned()
}

/// Returns the tests of a folder: WIT files and directories, WebAssembly texts.
pub(crate) fn tests(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder).expect("the package has its tests");
    let mut tests = Vec::new();
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
        let is_file = name.ends_with(".wit") || name.ends_with(".wat");
        if is_file || (path.is_dir() && name != "parse-fail") {
            tests.push((name, path));
        }
    }
    tests.sort();
    tests
}

/// Returns the binary of WebAssembly text.
pub(crate) fn assemble(text: &[u8]) -> Result<Vec<u8>, String> {
    wat::parse_bytes(text).map(|bytes| bytes.into_owned()).map_err(|error| error.to_string())
}

/// Returns what we resolve.
pub(crate) fn our_resolved(path: &Path) -> Result<Resolved, String> {
    let tree = Tree::load_with(path, &assemble).map_err(|error| error.to_string())?;
    let options = Options::default().features(Features::only(["active"])).proposals(Proposals::all());
    tree.parse_with_options(&options).map_err(|errors| errors[0].to_string())
}

/// Returns what we resolve, as JSON.
pub(crate) fn ours(path: &Path) -> Result<Value, String> {
    our_resolved(path).map(|resolved| our_json(&resolved))
}

/// Returns our export.
pub(crate) fn our_json(resolved: &Resolved) -> Value {
    serde_json::from_str(&to_json(resolved)).expect("the export is JSON")
}

/// Returns what the reference resolves, and the main package.
pub(crate) fn their_resolve(path: &Path) -> (Resolve, PackageId) {
    let mut resolve = Resolve::new();
    resolve.features.insert("active".to_owned());
    let (package, _) = resolve.push_path(path).expect("the reference accepts its own tests");
    (resolve, package)
}

/// Returns what the reference resolves, as JSON.
pub(crate) fn theirs(path: &Path) -> Value {
    as_json(&their_resolve(path).0)
}

/// Returns the reference's own export.
pub(crate) fn as_json(resolve: &Resolve) -> Value {
    serde_json::to_value(resolve).expect("it can be exported")
}
