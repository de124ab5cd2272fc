//! Syntax trees to [`Resolved`]. Follows WIT.md, "Name resolution".
//!
//! Interfaces are resolved in the order of their `use`s, then worlds in the order of their
//! `include`s, and the types of each in the order of their references. Whatever a name refers to is
//! therefore in the arena already. A definition with a fault is poisoned: it is left out, and
//! references to it are not reported, so that one run reports many independent faults.

mod context;
mod equal;
mod function;
mod include;
mod interface;
mod options;
mod order;
mod package;
mod repeat;
mod types;
mod unify;
mod unique;
mod world;

use std::collections::{BTreeMap, HashSet};

use self::context::Context;
pub use self::options::Options;
use self::order::{cycle_error, order};
use self::package::{PackageKey, Repeat, Target, lookup, packages};
#[cfg(all(feature = "load", feature = "wasm"))]
pub(crate) use self::package::{package_key, package_text};
#[cfg(all(feature = "load", feature = "wasm"))]
pub(crate) use self::repeat::check_copy;
use crate::arena::{Package, Resolved};
use crate::ast::{InterfaceDefinition, WitFile, WorldDefinition};
use crate::error::Error;
use crate::faults::FaultList;
use crate::gate::Features;
use crate::source::Sources;

/// Returns the packages in groups of files, without the items that `options` exclude. The package
/// of the first group is the main one.
pub(crate) fn resolve<'a>(
    sources: &Sources,
    groups: &'a [Vec<WitFile<'a>>],
    options: &Options,
) -> Result<Resolved, Vec<Error>> {
    let errors = FaultList::of(groups.iter().flatten());
    let is_any_lost = errors.is_any_lost();
    let (resolved, repeats) = resolve_chosen(groups, options, errors, BTreeMap::new())?;
    if !repeats.is_empty() && !is_any_lost {
        let options = options.clone().features(Features::All);
        repeat::check_repeats(sources, &repeats, |chosen| {
            resolve_chosen(groups, &options, FaultList::new(), chosen).map(|(resolved, _)| resolved)
        })?;
    }
    Ok(resolved)
}

/// Returns the packages, and the repeated definitions that are not used. `chosen` gives the index
/// of the definition to use where it is not the first.
fn resolve_chosen<'a>(
    groups: &'a [Vec<WitFile<'a>>],
    options: &Options,
    mut errors: FaultList,
    chosen: BTreeMap<PackageKey, u32>,
) -> Result<(Resolved, Vec<Repeat>), Vec<Error>> {
    let packages = packages(groups, options, chosen, &mut errors);
    let newest = if options.unify_versions { unify::newest(&packages) } else { Vec::new() };
    let mut cx = Context {
        features: &options.features,
        proposals: options.proposals,
        out: Resolved::default(),
        errors,
        facts: Vec::new(),
        interfaces: packages.interfaces.iter().map(|_| None).collect(),
        worlds: packages.worlds.iter().map(|_| None).collect(),
        newest,
        uses: Vec::new(),
        world_types: Vec::new(),
        n_added: 0,
        unknown: HashSet::new(),
        packages,
    };
    cx.out.left_out = std::mem::take(&mut cx.packages.left_out);
    for package in &cx.packages.packages {
        cx.out.packages.push(Package {
            name: package.name.clone(),
            version: package.version.clone(),
            interfaces: Vec::new(),
            worlds: Vec::new(),
            docs: context::docs(&package.docs),
            span: package.span,
        });
    }
    for index in interface_order(&mut cx) {
        interface::interface(&mut cx, index);
    }
    unify::check_compatible(&mut cx);
    for index in world_order(&mut cx) {
        world::world(&mut cx, index);
    }
    list_package_items(&mut cx);
    if cx.errors.is_empty() { Ok((cx.out, cx.packages.repeats)) } else { Err(cx.errors.into_sorted()) }
}

/// Returns the indices of the interfaces, each after those that it uses.
fn interface_order(cx: &mut Context<'_, '_>) -> Vec<u32> {
    let mut edges = Vec::new();
    for source in &cx.packages.interfaces {
        let mut targets = Vec::new();
        for item in &source.ast.items {
            if let InterfaceDefinition::Use(item) = item {
                // Faults are reported when the interface is resolved.
                let target = lookup(&cx.packages, source.body, &item.path, &mut FaultList::discard());
                if let Some(Target::Interface(target)) = target {
                    targets.push((cx.replacement(target), item.path.span()));
                }
            }
        }
        edges.push(targets);
    }
    let Context { packages, errors, .. } = cx;
    let name = |index: u32| packages.interfaces[index as usize].ast.id.name;
    order(&edges, |cycle, span| {
        if errors.is_full() {
            return;
        }
        errors.push(cycle_error(("interface", "uses"), &edges, cycle, span, name));
    })
}

/// Returns the indices of the worlds, each after those that it includes.
fn world_order(cx: &mut Context<'_, '_>) -> Vec<u32> {
    let mut edges = Vec::new();
    for source in &cx.packages.worlds {
        let mut targets = Vec::new();
        for item in &source.ast.items {
            if let WorldDefinition::Include(item) = item {
                let target = lookup(&cx.packages, source.body, &item.path, &mut FaultList::discard());
                if let Some(Target::World(target)) = target {
                    targets.push((target, item.path.span()));
                }
            }
        }
        edges.push(targets);
    }
    let Context { packages, errors, .. } = cx;
    let name = |index: u32| packages.worlds[index as usize].ast.id.name;
    order(&edges, |cycle, span| {
        if errors.is_full() {
            return;
        }
        errors.push(cycle_error(("world", "includes"), &edges, cycle, span, name));
    })
}

/// Lists the interfaces and worlds of each package in source order.
fn list_package_items(cx: &mut Context<'_, '_>) {
    for (source, resolved) in cx.packages.interfaces.iter().zip(&cx.interfaces) {
        if let Some(resolved) = resolved {
            cx.out.packages[source.package.index() as usize].interfaces.push(resolved.id);
        }
    }
    for (source, resolved) in cx.packages.worlds.iter().zip(&cx.worlds) {
        if let Some(index) = resolved {
            let id = crate::arena::WorldId::new(*index);
            cx.out.packages[source.package.index() as usize].worlds.push(id);
        }
    }
}
