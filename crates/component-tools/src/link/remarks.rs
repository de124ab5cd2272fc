//! What a user would ask about the links that were made: why a plug is not used, why an import
//! stays open, and which version was taken.

use std::collections::HashMap;

use wasmparser::component_types::ComponentType;

use super::error::ComposeError;
use super::fit::{Candidate, Choice};

/// The files of a link, and what was chosen.
pub(super) struct Links<'a> {
    pub(super) names: &'a [&'a str],
    pub(super) components: &'a [&'a ComponentType],
    pub(super) choice: &'a Choice,
    /// By file and import: why it is left open although there is an export for it.
    pub(super) blocked: &'a HashMap<(usize, usize), String>,
}

/// An import of a file.
struct Import<'a> {
    file: usize,
    name: String,
    candidates: &'a [Candidate],
    provider: Option<&'a Candidate>,
    blocked: Option<&'a str>,
}

impl Links<'_> {
    fn imports(&self) -> Vec<Import<'_>> {
        let mut imports = Vec::new();
        for (file, component) in self.components.iter().enumerate() {
            for (import, (key, item)) in component.imports.iter().enumerate() {
                let candidates = &self.choice.candidates[file][import][..];
                let provider = self.choice.providers[file][import].as_ref();
                let provider = provider
                    .and_then(|(file, key)| candidates.iter().find(|it| it.file == *file && it.key == *key));
                let blocked = self.blocked.get(&(file, import)).map(String::as_str);
                imports.push(Import {
                    file,
                    name: item.full_name(key).into_owned(),
                    candidates,
                    provider,
                    blocked,
                });
            }
        }
        imports
    }

    /// Returns an error for each import that an export of the same name does not fit.
    pub(super) fn misfits(&self) -> Vec<ComposeError> {
        let misfit = |import: Import<'_>| {
            let Candidate { file, problems, .. } = import.provider?;
            let (of, by) = (self.names[import.file], self.names[*file]);
            let what = format!("import `{}` of {of} is not what {by} exports", import.name);
            match &problems[..] {
                [] => None,
                [problem] => Some(ComposeError::Mismatch(format!("{what}: {problem}"))),
                several => Some(ComposeError::Mismatch(format!("{what}:\n  {}", several.join("\n  ")))),
            }
        };
        self.imports().into_iter().filter_map(misfit).collect()
    }

    /// Returns an error for each plug that satisfies no import.
    pub(super) fn unused(&self) -> Vec<ComposeError> {
        let imports = self.imports();
        let is_used = |file: usize| {
            imports.iter().any(|import| import.provider.is_some_and(|provider| provider.file == file))
        };
        let unused = (1..self.components.len()).filter(|file| !is_used(*file)).map(|file| {
            let exports = self.components[file].exports.iter();
            let exports: Vec<_> = exports.map(|(key, item)| item.full_name(key).into_owned()).collect();
            let mut wanted: Vec<String> = Vec::new();
            for import in imports.iter().filter(|import| import.file < file && import.provider.is_none()) {
                if !wanted.contains(&import.name) {
                    wanted.push(import.name.clone());
                }
            }
            let reasons = exports.iter().flat_map(|export| self.reasons(file, export, &imports)).collect();
            ComposeError::Unused { file: self.names[file].to_owned(), exports, wanted, reasons }
        });
        unused.collect()
    }

    /// Returns why an export of a file is not used, for each import that it seems to be for.
    fn reasons(&self, file: usize, export: &str, imports: &[Import<'_>]) -> Vec<String> {
        let by = self.names[file];
        let mut reasons = Vec::new();
        for import in imports {
            let Import { file: importer, name, candidates, provider, blocked } = import;
            let of = self.names[*importer];
            let candidate = candidates.iter().find(|it| it.file == file && it.name == export);
            let reason = match (candidate, provider, blocked) {
                (Some(_), _, Some(reason)) => (*reason).to_owned(),
                (Some(_), _, None) if *importer > file => {
                    format!("{of}, which imports `{name}`, comes after {by}: give it before {by}")
                }
                (Some(_), _, None) if *importer == file => continue,
                (Some(candidate), Some(other), None) => {
                    let taken = format!(
                        "import `{name}` of {of} is satisfied by `{}` of {}",
                        other.name, self.names[other.file]
                    );
                    match candidate.problems.first() {
                        Some(problem) => format!("{taken}; `{export}` does not fit it: {problem}"),
                        None => format!("{taken}, which is {}", rank(other, candidate, name)),
                    }
                }
                (Some(candidate), None, None) => {
                    let problems = candidate.problems.join("; ");
                    format!("`{export}` does not fit import `{name}` of {of}: {problems}")
                }
                (None, ..) if *importer < file && base(name).is_some() && base(name) == base(export) => {
                    format!("{of} imports `{name}`, and `{export}` is not a compatible version of it")
                }
                (None, ..) => continue,
            };
            reasons.push(reason);
        }
        reasons
    }

    /// Returns a remark for each import that is satisfied by another version than its own, or that
    /// stays open although a file exports something for it.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for Import { file, name, candidates, provider, blocked } in self.imports() {
            let of = self.names[file];
            let passed_over = |chosen: &Candidate| {
                let others = candidates.iter().filter(|it| it.file > file && !it.problems.is_empty());
                let others = others.filter(|it| it.key != chosen.key || it.file != chosen.file);
                others
                    .map(|it| {
                        format!("; `{}` of {} does not fit: {}", it.name, self.names[it.file], it.problems[0])
                    })
                    .collect::<String>()
            };
            match (provider, blocked) {
                (_, Some(reason)) => remarks.push(reason.to_owned()),
                (Some(chosen), None) => {
                    let others = passed_over(chosen);
                    if chosen.name != name || !others.is_empty() {
                        let by = self.names[chosen.file];
                        remarks.push(format!(
                            "import `{name}` of {of} is satisfied by `{}` of {by}{others}",
                            chosen.name
                        ));
                    }
                }
                (None, None) => {
                    for it in candidates.iter().filter(|it| it.file != file) {
                        let by = self.names[it.file];
                        remarks.push(match it.problems.first() {
                            _ if it.file < file => format!(
                                "import `{name}` of {of} stays open: {by}, which exports `{}`, comes before {of}",
                                it.name
                            ),
                            Some(problem) => format!(
                                "import `{name}` of {of} stays open: `{}` of {by} does not fit: {problem}",
                                it.name
                            ),
                            None => continue,
                        });
                    }
                }
            }
        }
        remarks
    }
}

/// Returns why one export that fits is preferred to another.
fn rank(chosen: &Candidate, other: &Candidate, wanted: &str) -> &'static str {
    if chosen.name == other.name {
        "the same version and comes first"
    } else if chosen.name == wanted {
        "the version asked for"
    } else {
        "newer"
    }
}

/// Returns a name without its version, if it has one.
fn base(name: &str) -> Option<&str> {
    name.split_once('@').map(|(base, _)| base)
}
