//! Where the packages lie that several timings use.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the folder of the package wasi:http and of those that it depends on: all of WASI 0.2. It
/// lies among the tests of the package wit-component.
pub(crate) fn wasi_folder() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .expect("cargo metadata runs");
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo answers with JSON");
    let packages = metadata["packages"].as_array().expect("cargo metadata lists packages");
    let package = packages.iter().find(|package| package["name"] == "wit-component");
    let manifest = package.and_then(|package| package["manifest_path"].as_str());
    let manifest = Path::new(manifest.expect("wit-component is a dependency"));
    manifest.parent().expect("a manifest is in a folder").join("tests/interfaces/wasi-http")
}
