//! The WIT that bindings are made of: where it is read from, and which world is meant.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::{Error, LitStr, Result};
use wit_parser_lite::load::{Files, Tree};
use wit_parser_lite::{
    ErrorKind, Features, Options as WitOptions, PackageId, Proposals, Resolved, Span as WitSpan, WorldId,
};

use super::options::Options;

/// A world, with the files that it was read from.
pub(crate) struct Chosen {
    pub(crate) resolved: Resolved,
    pub(crate) world: WorldId,
    pub(crate) files: Vec<String>,
    /// Where in the macro's input the WIT is given.
    pub(crate) span: Span,
}

/// Reads the WIT and finds the world.
pub(crate) fn choose(options: &Options) -> Result<Chosen> {
    let (span, mut packages, files) = read(options)?;
    let main = packages.remove(0);
    // Which proposals a component may use is for the engine to say that runs it.
    let features = Features::only(options.features.iter().cloned());
    let wit_options = WitOptions::default().features(features).proposals(Proposals::all());
    let tree = Tree::new(main, packages);
    let resolved = tree.parse_with_options(&wit_options).map_err(|errors| {
        let errors = errors.iter().map(|error| Error::new(span, error));
        combined(errors).unwrap_or_else(|| Error::new(span, "the WIT is not valid"))
    })?;
    let world = find_world(options, &resolved, span)?;
    Ok(Chosen { resolved, world, files, span })
}

/// Returns the files of each package, the main one first, and the names of those on disk.
fn read(options: &Options) -> Result<(Span, Vec<Files>, Vec<String>)> {
    let mut packages: Vec<Files> = Vec::new();
    let mut span = None;
    if let Some(text) = &options.inline {
        span = Some(text.span());
        packages.push(vec![(String::from("inline.wit"), text.value())]);
    }
    let n_inline = packages.len();
    for path in &options.paths {
        span.get_or_insert(path.span());
        let Tree { files, dependencies, .. } = load(path)?;
        for package in std::iter::once(files).chain(dependencies) {
            // A package may be in the `deps/` of several others.
            if !packages.iter().any(|known| same_texts(known, &package)) {
                packages.push(package);
            }
        }
    }
    let files: BTreeSet<_> = packages[n_inline..].iter().flatten().map(|(name, _)| name.clone()).collect();
    Ok((span.unwrap_or_else(Span::call_site), packages, files.into_iter().collect()))
}

fn same_texts(a: &Files, b: &Files) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|((_, a), (_, b))| a == b)
}

fn load(path: &LitStr) -> Result<Tree> {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let full = root.join(Path::new(&path.value()));
    Tree::load(&full).map_err(|error| Error::new(path.span(), error.to_string()))
}

fn find_world(options: &Options, resolved: &Resolved, span: Span) -> Result<WorldId> {
    let names = |ids: &[WorldId]| {
        let names: Vec<_> = ids.iter().map(|id| format!("`{}`", resolved.world_name(*id))).collect();
        names.join(", ")
    };
    let Some(wanted) = &options.world else {
        return match resolved.main_package().worlds.as_slice() {
            [world] => Ok(*world),
            [] => Err(Error::new(span, "the package has no world")),
            worlds => {
                let message = format!("`world: \"...\"` says which of {}", names(worlds));
                Err(Error::new(span, message))
            }
        };
    };
    let name = wanted.value();
    let all: Vec<_> = resolved.worlds().map(|(id, _)| id).collect();
    // The name alone means the main package first.
    let found = [
        all.iter().find(|id| resolved.world_name(**id) == name),
        resolved.main_package().worlds.iter().find(|id| resolved[**id].name == name),
    ];
    if let Some(id) = found.into_iter().flatten().next() {
        return Ok(*id);
    }
    let unversioned = |id: &&WorldId| resolved.world_name(**id).split('@').next() == Some(&name);
    let mut others: Vec<_> = all.iter().filter(unversioned).copied().collect();
    if others.is_empty() {
        others = all.iter().filter(|id| resolved[**id].name == name).copied().collect();
    }
    match others.as_slice() {
        [id] => Ok(*id),
        [] if all.is_empty() => Err(Error::new(wanted.span(), format!("there is no world `{name}`"))),
        [] => Err(Error::new(wanted.span(), format!("there is no world `{name}`, but {}", names(&all)))),
        several => {
            let message = format!("`{name}` may be one of {}", names(several));
            Err(Error::new(wanted.span(), message))
        }
    }
}

/// Returns how many packages there are of the same name in several versions.
pub(crate) fn n_versions(resolved: &Resolved, package: PackageId) -> usize {
    resolved.packages().filter(|(_, other)| other.name == resolved[package].name).count()
}

/// Returns an error about a place in the WIT, shown as faults of the WIT are.
pub(crate) fn fault(resolved: &Resolved, span: Span, at: WitSpan, message: String) -> Error {
    Error::new(span, resolved.sources().error(ErrorKind::Type, at, message))
}

/// Returns several errors as one.
fn combined(errors: impl Iterator<Item = Error>) -> Option<Error> {
    errors.reduce(|mut all, error| {
        all.combine(error);
        all
    })
}
