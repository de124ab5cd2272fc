//! Versions of one package that are compatible by semantic versioning, taken as one: each interface of an older one is
//! stood for by that of the newest.
//!
//! It happens while names are looked up, so that everything after it, transitive imports above all, meets one interface
//! only. An interface that a world exports, or imports under a plain name, keeps its version: that is what the world
//! promises or asks for.

use std::collections::BTreeMap;

use semver::Version;

use super::Context;
use super::equal::{Pair, missing_in_interface};
use super::package::Packages;
use crate::arena::Owner;
use crate::error::{Error, ErrorKind};
use crate::span::count;

/// What versions must have in common to be compatible (<https://semver.org>, and Cargo's reading of versions below 1):
/// the parts up to the first that is not 0. Pre-releases are compatible with nothing.
pub(crate) fn track(version: &Version) -> Option<(u64, u64, u64)> {
    if !version.pre.is_empty() {
        return None;
    }
    Some(match (version.major, version.minor, version.patch) {
        (0, 0, patch) => (0, 0, patch),
        (0, minor, _) => (0, minor, 0),
        (major, ..) => (major, 0, 0),
    })
}

/// Returns for each index into [`Packages::interfaces`] the one that stands for it: its own or that of a newer version.
pub(super) fn newest(packages: &Packages<'_>) -> Vec<u32> {
    let key = |index: usize| {
        let source = &packages.interfaces[index];
        let package = &packages.packages[source.package.index() as usize];
        let version = package.version.as_ref()?;
        Some(((package.name.as_str(), track(version)?, source.ast.id.name), version))
    };
    let mut newest: BTreeMap<_, (&Version, usize)> = BTreeMap::new();
    for index in 0..packages.interfaces.len() {
        if let Some((key, version)) = key(index) {
            let best = newest.entry(key).or_insert((version, index));
            if version > best.0 {
                *best = (version, index);
            }
        }
    }
    let stands_for = |index| key(index).map_or(index, |(key, _)| newest[&key].1);
    (0..packages.interfaces.len()).map(|index| count(stands_for(index))).collect()
}

/// Checks that each interface has all that those have which it stands for.
pub(super) fn check_compatible(cx: &mut Context<'_, '_>) {
    let mut faults = Vec::new();
    for (index, stands_for) in cx.newest.iter().enumerate() {
        let (Some(old), Some(new)) = (&cx.interfaces[index], &cx.interfaces[*stands_for as usize]) else {
            continue;
        };
        if old.id == new.id {
            continue;
        }
        let pair = Pair { a: &cx.out, b: &cx.out };
        let Some(difference) = missing_in_interface(pair, old.id, new.id) else { continue };
        let name = |id| cx.out.owner_name(Owner::Interface(id));
        let message = format!(
            "`{}` cannot stand for `{}`: it has no such {}",
            name(new.id),
            name(old.id),
            difference.what
        );
        let error = Error::new(ErrorKind::Version, cx.out[new.id].span, message);
        let note = format!("the {} of the older version is here", difference.what);
        faults.push(
            error
                .note(&note, difference.span)
                .help("versions that are not compatible differ in the first part that is not 0"),
        );
    }
    faults.into_iter().for_each(|fault| cx.errors.push(fault));
}
