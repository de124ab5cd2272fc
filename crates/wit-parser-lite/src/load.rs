//! The files of a package and of its dependencies, from disk.
//!
//! This is the only module with IO, behind the feature `load`. A package is a directory with `.wit`
//! files and a directory `deps/`, whose entries are packages too: directories of `.wit` files,
//! single `.wit` files, and `.wasm` or `.wat` packages. Other entries of `deps/` are ignored. Files
//! are read in the order of their names.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::arena::Resolved;
use crate::error::Error;
use crate::gate::Features;
use crate::read::parse_with_features;

/// The names and texts of the files of one package.
pub type Files = Vec<(String, String)>;

/// The files of a package and of the packages it may depend on.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tree {
    /// The package's own files.
    pub files: Files,
    /// The files of each package in `deps/`.
    pub dependencies: Vec<Files>,
}

/// A file or directory that could not be read, or that has the wrong contents.
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

/// A function that assembles WebAssembly text: it returns the binary for the bytes of the text, or
/// an error message. A tool without an assembler returns an error.
pub type Assemble<'a> = &'a dyn Fn(&[u8]) -> Result<Vec<u8>, String>;

impl Tree {
    /// Reads a file, or a directory with its `deps/`. `assemble` converts WebAssembly text.
    /// Packages in binary form need the feature `wasm`.
    ///
    /// A binary package also describes parts of the packages it uses, which serve where these
    /// packages are not given. All its gated items are included: whoever wrote it chose them.
    ///
    /// # Errors
    ///
    /// Something could not be read, or is not a package.
    pub fn load(path: &Path, assemble: Assemble<'_>) -> Result<Self, LoadError> {
        let (root, deps) = if path.is_dir() {
            let files = directory(path, assemble)?;
            if files.is_empty() {
                return Err(fault(path, "no `.wit` file in this directory"));
            }
            (files, path.join("deps"))
        } else {
            (vec![read(path, assemble)?], PathBuf::new())
        };
        let mut packages = vec![root];
        if deps.is_dir() {
            for entry in entries(&deps)? {
                if entry.is_dir() {
                    packages.push(directory(&entry, assemble)?);
                } else if has_extension(&entry, &["wit", "wasm", "wat"]) {
                    packages.push(vec![read(&entry, assemble)?]);
                }
            }
        }
        let mut packages = texts(packages)?.into_iter();
        let files = packages.next().unwrap_or_default();
        Ok(Self { files, dependencies: packages.filter(|files| !files.is_empty()).collect() })
    }

    /// Returns what the files define, with the items that `features` include.
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

/// The contents of a file.
struct File {
    path: PathBuf,
    contents: Contents,
}

enum Contents {
    Text(String),
    #[cfg_attr(not(feature = "wasm"), expect(dead_code, reason = "read with that feature only"))]
    Binary(Vec<u8>),
}

/// Returns the texts of packages in either form, and then of the packages that only the binary ones
/// describe.
#[cfg(feature = "wasm")]
fn texts(packages: Vec<Vec<File>>) -> Result<Vec<Files>, LoadError> {
    let files = || packages.iter().flatten();
    let binaries: Vec<(&Path, &[u8])> = files()
        .filter_map(|file| match &file.contents {
            Contents::Binary(bytes) => Some((file.path.as_path(), bytes.as_slice())),
            Contents::Text(_) => None,
        })
        .collect();
    let bytes: Vec<&[u8]> = binaries.iter().map(|(_, bytes)| *bytes).collect();
    let decoded = crate::wasm::to_texts(&bytes).map_err(|(at, error)| fault(binaries[at].0, error))?;
    let (own, others) = decoded.split_at(bytes.len());
    let mut own = own.iter();
    let mut texts = Vec::with_capacity(packages.len());
    for files in &packages {
        let mut package = Files::new();
        for File { path, contents } in files {
            let text = match contents {
                Contents::Text(text) => Some(text),
                Contents::Binary(_) => own.next().map(|package| &package.text),
            };
            package.extend(text.map(|text| (path.display().to_string(), text.clone())));
        }
        texts.push(package);
    }
    if !others.is_empty() {
        let defined: std::collections::BTreeSet<String> =
            texts.iter().flatten().flat_map(|(name, text)| crate::read::names_in(name, text)).collect();
        let missing = others.iter().filter(|package| !defined.contains(&package.name));
        texts.extend(missing.map(|package| vec![(package.name.clone(), package.text.clone())]));
    }
    Ok(texts)
}

/// Returns the texts of packages, all of which must be WIT text.
#[cfg(not(feature = "wasm"))]
fn texts(packages: Vec<Vec<File>>) -> Result<Vec<Files>, LoadError> {
    let text = |File { path, contents }: File| match contents {
        Contents::Text(text) => Ok((path.display().to_string(), text)),
        Contents::Binary(_) => Err(fault(&path, "packages in binary form need the feature `wasm`")),
    };
    packages.into_iter().map(|files| files.into_iter().map(text).collect()).collect()
}

/// Reads the `.wit` files of a directory.
fn directory(path: &Path, assemble: Assemble<'_>) -> Result<Vec<File>, LoadError> {
    let mut files = Vec::new();
    for entry in entries(path)? {
        if entry.is_file() && has_extension(&entry, &["wit"]) {
            files.push(read(&entry, assemble)?);
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

fn read(path: &Path, assemble: Assemble<'_>) -> Result<File, LoadError> {
    let bytes = fs::read(path).map_err(|error| fault(path, error))?;
    let contents = if bytes.starts_with(b"\0asm") {
        Contents::Binary(bytes)
    } else if has_extension(path, &["wasm", "wat"]) {
        Contents::Binary(assemble(&bytes).map_err(|message| fault(path, message))?)
    } else {
        Contents::Text(String::from_utf8(bytes).map_err(|_| fault(path, "the file is not UTF-8"))?)
    };
    Ok(File { path: path.to_owned(), contents })
}

fn fault(path: &Path, error: impl fmt::Display) -> LoadError {
    LoadError { path: path.to_owned(), message: error.to_string() }
}
