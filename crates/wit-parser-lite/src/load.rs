//! Files of a package and of what it depends on, from disk.
//!
//! The one module with IO, behind the feature `load`. A directory is a package: its `.wit` files, and beside them
//! `deps/`, whose entries are packages too: directories of `.wit` files, single `.wit` files, and `.wasm` (or `.wat`)
//! packages. Everything else in `deps/` is left alone. Files are taken in the order of their names.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::gate::Features;
use crate::{Resolved, parse_with_features};

/// The names and texts of the files of one package.
pub type Files = Vec<(String, String)>;

/// The files of a package and of the packages it may depend on.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tree {
    /// The package's own files.
    pub files: Files,
    /// Those of the packages in `deps/`.
    pub dependencies: Vec<Files>,
}

/// A file or directory that could not be read, or is not what it should be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LoadError {
    /// The file or directory.
    pub path: PathBuf,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for LoadError {}

/// How packages that are not WIT text become WIT text: given the file's bytes, the text or what is wrong with them.
///
/// `wasm::to_text` is one, with the feature `wasm`.
pub type Decode<'d> = &'d dyn Fn(&[u8]) -> Result<String, String>;

impl Tree {
    /// Reads a file or a directory with its `deps/`. Files that are not WIT text go through `decode`.
    ///
    /// # Errors
    ///
    /// Something could not be read, or holds no package.
    pub fn load(path: &Path, decode: Decode<'_>) -> Result<Self, LoadError> {
        if !path.is_dir() {
            return Ok(Self { files: vec![read(path, decode)?], dependencies: Vec::new() });
        }
        let files = directory(path, decode)?;
        if files.is_empty() {
            return Err(fault(path, "no `.wit` file in this directory"));
        }
        let mut dependencies = Vec::new();
        let deps = path.join("deps");
        if deps.is_dir() {
            for entry in entries(&deps)? {
                if entry.is_dir() {
                    dependencies.push(directory(&entry, decode)?);
                } else if has_extension(&entry, &["wit", "wasm", "wat"]) {
                    dependencies.push(vec![read(&entry, decode)?]);
                }
            }
        }
        dependencies.retain(|files| !files.is_empty());
        Ok(Self { files, dependencies })
    }

    /// Returns what the files define for those who chose `features`.
    ///
    /// # Errors
    ///
    /// As for [`parse`](crate::parse()).
    pub fn parse(&self, features: &Features) -> Result<Resolved, Vec<Error>> {
        let files = borrowed(&self.files);
        let dependencies: Vec<_> = self.dependencies.iter().map(|files| borrowed(files)).collect();
        let dependencies: Vec<_> = dependencies.iter().map(Vec::as_slice).collect();
        parse_with_features(features, &files, &dependencies)
    }

    /// Returns the name and text of each file in the order of their [`FileId`](crate::FileId)s.
    pub fn all_files(&self) -> impl Iterator<Item = &(String, String)> {
        self.files.iter().chain(self.dependencies.iter().flatten())
    }
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

/// Reads the `.wit` files of a directory.
fn directory(path: &Path, decode: Decode<'_>) -> Result<Files, LoadError> {
    let mut files = Vec::new();
    for entry in entries(path)? {
        if entry.is_file() && has_extension(&entry, &["wit"]) {
            files.push(read(&entry, decode)?);
        }
    }
    Ok(files)
}

fn entries(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let entries = fs::read_dir(path).map_err(|error| fault(path, error))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|error| fault(path, error))?.path());
    }
    paths.sort();
    Ok(paths)
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|extension| extensions.iter().any(|known| extension == *known))
}

fn read(path: &Path, decode: Decode<'_>) -> Result<(String, String), LoadError> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| fault(path, error))?;
    if bytes.starts_with(b"\0asm") || has_extension(path, &["wasm", "wat"]) {
        let text = decode(&bytes).map_err(|message| fault(path, message))?;
        return Ok((name, text));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((name, text)),
        Err(_) => Err(fault(path, "the file is not UTF-8")),
    }
}

fn fault(path: &Path, error: impl fmt::Display) -> LoadError {
    LoadError { path: path.to_owned(), message: error.to_string() }
}
