//! The files of the repository, read once: what version control would see, without build products.
//!
//! Invariant: paths are relative to the root and have forward slashes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The repository's files and folders.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// The files that are text, with what they say.
    pub(crate) texts: BTreeMap<String, String>,
    /// Every file and folder.
    pub(crate) paths: BTreeSet<String>,
}

/// Returns the workspace's folder.
pub(crate) fn workspace_root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("this package lies in the workspace's folder").to_owned()
}

impl Tree {
    /// Reads everything below `root`.
    pub(crate) fn read(root: &Path) -> Self {
        let mut tree = Self::default();
        tree.read_folder(root, "");
        tree
    }

    /// Returns the tree that has these texts and the folders that they imply.
    #[cfg(test)]
    pub(crate) fn of(texts: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for &(path, text) in texts {
            tree.texts.insert(path.to_owned(), text.to_owned());
            for (end, _) in path.match_indices('/') {
                tree.paths.insert(path[..end].to_owned());
            }
            tree.paths.insert(path.to_owned());
        }
        tree
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) {
        for entry in std::fs::read_dir(folder).expect("a folder can be listed") {
            let entry = entry.expect("a folder can be listed");
            let path = entry.path();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if path.is_dir() {
                let is_cache = path.join("CACHEDIR.TAG").exists(); // what cargo puts into its build folders
                if !is_cache && name != ".git" && name != "target" {
                    self.read_folder(&path, &format!("{name}/"));
                    self.paths.insert(name);
                }
            } else {
                if let Ok(text) = std::fs::read_to_string(&path) {
                    self.texts.insert(name.clone(), text);
                }
                self.paths.insert(name);
            }
        }
    }

    /// Returns the texts whose name ends with `suffix`.
    pub(crate) fn ending<'a>(&'a self, suffix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let texts = self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        texts.filter(move |(path, _)| path.ends_with(suffix))
    }
}
