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
use crate::error::Errors;
use crate::gate::Features;
use crate::read::parse_with_options;
use crate::resolve::Options;
use crate::source::text_of;

/// The names and texts of the files of one package.
pub type Files = Vec<(String, String)>;

/// The files of a package and of the packages it may depend on.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Tree {
    /// The package's own files.
    pub files: Files,
    /// The files of each package in `deps/`.
    pub dependencies: Vec<Files>,
    /// What binaries among these packages say of the packages that they use.
    copies: Vec<Copies>,
}

/// A binary as texts: its name, and the texts of its own package and of the parts of others that it
/// contains.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Copies {
    file: String,
    texts: Vec<String>,
}

/// A file or directory that could not be read, or that has the wrong contents.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
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
/// an error message.
pub type Assemble<'a> = &'a dyn Fn(&[u8]) -> Result<Vec<u8>, String>;

impl Tree {
    /// Returns the files of a package, and those of each of its dependencies.
    pub fn new(files: Files, dependencies: Vec<Files>) -> Self {
        Self { files, dependencies, copies: Vec::new() }
    }

    /// Reads a file, or a directory with its `deps/`. Packages in binary form need the feature
    /// `wasm`, and those in WebAssembly text [`load_with`](Self::load_with).
    ///
    /// A binary package also describes parts of the packages it uses, which serve where these
    /// packages are not given, and must agree with them where they are. All its gated items are
    /// included: whoever wrote it chose them.
    ///
    /// # Errors
    ///
    /// Something could not be read, or is not a package.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        Self::load_with(path, &|_| {
            Err("WebAssembly text is not read here: assemble it to a binary".to_owned())
        })
    }

    /// Reads what [`load`](Self::load) reads. `assemble` converts packages in WebAssembly text.
    ///
    /// # Errors
    ///
    /// Something could not be read, or is not a package.
    pub fn load_with(path: &Path, assemble: Assemble<'_>) -> Result<Self, LoadError> {
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
        let (packages, copies) = texts(packages)?;
        let mut packages = packages.into_iter();
        let files = packages.next().unwrap_or_default();
        Ok(Self { files, dependencies: packages.filter(|files| !files.is_empty()).collect(), copies })
    }

    /// Returns what the files define, with the items that `features` include.
    ///
    /// # Errors
    ///
    /// As for [`parse`](crate::parse()).
    pub fn parse(&self, features: &Features) -> Result<Resolved, Errors> {
        self.parse_with_options(&Options::default().features(features.clone()))
    }

    /// Returns what the files define, with these options.
    ///
    /// # Errors
    ///
    /// As for [`parse_with_options`](crate::parse_with_options()), and for binaries among the files
    /// that contradict others about a package.
    pub fn parse_with_options(&self, options: &Options) -> Result<Resolved, Errors> {
        let files = borrowed(&self.files);
        let dependencies: Vec<_> = self.dependencies.iter().map(|files| borrowed(files)).collect();
        let dependencies: Vec<_> = dependencies.iter().map(Vec::as_slice).collect();
        let resolved = parse_with_options(options, &files, &dependencies)?;
        #[cfg(feature = "wasm")]
        if !self.copies.is_empty()
            && let Ok(all) =
                parse_with_options(&options.clone().features(Features::All), &files, &dependencies)
        {
            let copies = self.copies.iter();
            let copies = copies.map(|it| (it.file.as_str(), it.texts.iter().map(String::as_str).collect()));
            let errors = crate::read::check_copies(&all, copies);
            if !errors.is_empty() {
                return Err(Errors::new(errors));
            }
        }
        Ok(resolved)
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

/// Returns the texts of packages in either form, then of the packages that only the binary ones
/// describe, and what each binary says of others.
#[cfg(feature = "wasm")]
fn texts(packages: Vec<Vec<File>>) -> Result<(Vec<Files>, Vec<Copies>), LoadError> {
    use std::collections::{BTreeMap, BTreeSet};

    let (mut binaries, mut decoded) = (Vec::new(), Vec::new());
    for File { path, contents } in packages.iter().flatten() {
        if let Contents::Binary(bytes) = contents {
            binaries.push((path.as_path(), bytes.as_slice()));
            decoded.push(crate::wasm::to_texts(bytes).map_err(|error| fault(path, error))?);
        }
    }
    let mut own = decoded.iter().map(|binary| &binary.own);
    let (mut texts, mut defined) = (Vec::with_capacity(packages.len()), BTreeSet::new());
    for files in &packages {
        let mut package = Files::new();
        for File { path, contents } in files {
            let name = path.display().to_string();
            let text = match contents {
                Contents::Text(text) => {
                    defined.extend(crate::read::names_in(&name, text));
                    Some(text)
                }
                Contents::Binary(_) => own.next().map(|package| {
                    defined.insert(package.name.clone());
                    &package.text
                }),
            };
            package.extend(text.map(|text| (name, text.clone())));
        }
        texts.push(package);
    }
    let others = || decoded.iter().flat_map(|binary| &binary.others);
    let mut n_copies: BTreeMap<&str, u32> = BTreeMap::new();
    others().for_each(|other| *n_copies.entry(&other.name).or_default() += 1);
    let is_missing = |name: &str| !defined.contains(name);
    if n_copies.iter().any(|(name, count)| *count > 1 && is_missing(name)) {
        let bytes: Vec<_> = binaries.iter().map(|(_, bytes)| *bytes).collect();
        let merged = crate::wasm::merged_texts(&bytes).map_err(|(at, error)| fault(binaries[at].0, error))?;
        let merged = merged.into_iter().filter(|package| is_missing(&package.name));
        texts.extend(merged.map(|package| vec![(package.name, package.text)]));
    } else {
        let missing = others().filter(|package| is_missing(&package.name));
        texts.extend(missing.map(|package| vec![(package.name.clone(), package.text.clone())]));
    }
    let is_copy = |name: &str| !is_missing(name) || n_copies.get(name).is_some_and(|count| *count > 1);
    let copies = decoded.iter().zip(&binaries);
    let copies = copies.filter(|(binary, _)| binary.others.iter().any(|other| is_copy(&other.name)));
    let copies = copies.map(|(binary, (path, _))| Copies {
        file: path.display().to_string(),
        texts: std::iter::once(&binary.own).chain(&binary.others).map(|it| it.text.clone()).collect(),
    });
    let copies = copies.collect();
    Ok((texts, copies))
}

/// Returns the texts of packages, all of which must be WIT text.
#[cfg(not(feature = "wasm"))]
fn texts(packages: Vec<Vec<File>>) -> Result<(Vec<Files>, Vec<Copies>), LoadError> {
    let text = |File { path, contents }: File| match contents {
        Contents::Text(text) => Ok((path.display().to_string(), text)),
        Contents::Binary(_) => Err(fault(&path, "packages in binary form need the feature `wasm`")),
    };
    let packages = packages.into_iter().map(|files| files.into_iter().map(text).collect());
    Ok((packages.collect::<Result<_, _>>()?, Vec::new()))
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
        Contents::Text(text_of(bytes).map_err(|message| fault(path, message))?)
    };
    Ok(File { path: path.to_owned(), contents })
}

fn fault(path: &Path, error: impl fmt::Display) -> LoadError {
    LoadError { path: path.to_owned(), message: error.to_string() }
}
