//! Unification of compatible versions of a package: the interface of the newest version replaces
//! those of older ones.
//!
//! The replacement happens where names are looked up, so that later steps, transitive imports above
//! all, see only one interface. An interface that a world exports, or imports under a plain name,
//! keeps its version, because the world promises or asks for exactly that.

use std::collections::BTreeMap;

use semver::Version;

use super::context::Context;
use super::equal::{Comparison, Pair, missing_in_interface};
use super::package::{Packages, track};
use crate::arena::Owner;
use crate::error::{Error, ErrorKind};
use crate::span::count;

/// Returns for each index into [`Packages::interfaces`] the index of its replacement: itself, or
/// the interface in a newer version.
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
    let replacement = |index| key(index).map_or(index, |(key, _)| newest[&key].1);
    (0..packages.interfaces.len()).map(|index| count(replacement(index))).collect()
}

/// Checks that each replacement has everything that the interface has.
pub(super) fn check_compatible(cx: &mut Context<'_, '_>) {
    let mut faults = Vec::new();
    let mut comparison = Comparison::new(Pair { a: &cx.out, b: &cx.out }, false);
    for (index, replacement) in cx.newest.iter().enumerate() {
        let (Some(old), Some(new)) = (&cx.interfaces[index], &cx.interfaces[*replacement as usize]) else {
            continue;
        };
        if old.id == new.id {
            continue;
        }
        let Some(difference) = missing_in_interface(&mut comparison, old.id, new.id) else { continue };
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
