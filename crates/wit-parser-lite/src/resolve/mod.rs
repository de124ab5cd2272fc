//! Syntax trees to [`Resolved`]. Follows WIT.md, "Name resolution".
//!
//! Interfaces are resolved in the order of their `use`s, then worlds in the order of their
//! `include`s, and the types of each in the order of their references. Whatever a name refers to is
//! therefore in the arena already. A definition with a fault is poisoned: it is left out, and
//! references to it are not reported, so that one run reports many independent faults.

mod equal;
mod function;
mod include;
mod interface;
mod order;
mod package;
mod repeat;
mod types;
mod unify;
mod unique;
mod world;

use std::collections::{BTreeMap, HashSet};

use crate::arena::{Attributes, InterfaceId, Owner, Package, PackageId, Resolved, TypeDefId};
use crate::ast::{self, Docs, GateKind, InterfaceDefinition, WitFile, WorldDefinition};
use crate::error::{Error, ErrorKind};
use crate::faults::Errors;
use crate::gate::{Features, Gated};
use crate::span::count;
use order::{cycle_error, order};
use package::{PackageKey, Packages, Repeat, Target, lookup, packages};
#[cfg(all(feature = "load", feature = "wasm"))]
pub(crate) use package::{package_key, package_text};
use unique::{Name, UniqueNames, check_unique};

/// The options of a run.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// The features whose gated items are included.
    pub features: Features,
    /// Whether compatible versions of a package, by semantic versioning, are unified: imports and
    /// uses of `wasi:io@0.2.10` refer to `wasi:io@0.2.12` if that is given too. Exports, and
    /// imports under a plain name, keep their version. It is an error if the newer version lacks
    /// something of the older one.
    pub unify_versions: bool,
}

/// The state of a run.
struct Context<'a, 'f> {
    /// The features whose gated items are included.
    features: &'f Features,
    packages: Packages<'a>,
    out: Resolved,
    errors: Errors,
    /// Parallel to [`Resolved::types`].
    facts: Vec<TypeFacts>,
    /// By index into [`Packages::interfaces`].
    interfaces: Vec<Option<ResolvedInterface<'a>>>,
    /// By index into [`Packages::interfaces`]: the index of the interface that replaces it. Empty
    /// if no interface is replaced.
    newest: Vec<u32>,
    /// By index into [`Packages::worlds`]: the world's index in [`Resolved::worlds`].
    worlds: Vec<Option<u32>>,
    /// By [`InterfaceId`]: the interfaces that it uses.
    uses: Vec<Vec<InterfaceId>>,
    /// The names that are already reported as unknown in an interface or world.
    unknown: HashSet<(Owner, String)>,
}

impl Context<'_, '_> {
    /// Returns the index of the interface that replaces the one with `index`.
    fn stands_for(&self, index: u32) -> u32 {
        self.newest.get(index as usize).copied().unwrap_or(index)
    }
}

/// Facts that are computed once per type, since chains of aliases can be long.
#[derive(Clone, Copy)]
struct TypeFacts {
    /// Whether a value of the type may hold a `borrow`.
    holds_borrow: bool,
    /// Whether the type is a resource or an alias of one.
    is_resource: bool,
}

struct ResolvedInterface<'a> {
    id: InterfaceId,
    names: TypeNames<'a>,
}

/// The meanings of names in an interface or world, where a type is expected.
type TypeNames<'a> = BTreeMap<&'a str, Meaning<'a>>;

#[derive(Clone, Copy)]
enum Meaning<'a> {
    Type(TypeDefId),
    /// A type with a fault, or one that is missing because it is part of a cycle.
    Poisoned,
    Function,
    /// An excluded type.
    Gated(Gated<'a>),
}

/// Returns the packages in groups of files, without the items that `options` exclude. The package
/// of the first group is the main one.
pub(crate) fn resolve<'a>(groups: &'a [Vec<WitFile<'a>>], options: &Options) -> Result<Resolved, Vec<Error>> {
    let errors = Errors::of(groups.iter().flatten());
    let is_any_lost = errors.is_any_lost();
    let (resolved, repeats) = resolve_chosen(groups, options, errors, BTreeMap::new())?;
    if !repeats.is_empty() && !is_any_lost {
        repeat::check_repeats(groups, options, &resolved, &repeats)?;
    }
    Ok(resolved)
}

/// Returns the packages, and the repeated definitions that are not used. `chosen` gives the index
/// of the definition to use where it is not the first.
fn resolve_chosen<'a>(
    groups: &'a [Vec<WitFile<'a>>],
    options: &Options,
    mut errors: Errors,
    chosen: BTreeMap<PackageKey, u32>,
) -> Result<(Resolved, Vec<Repeat>), Vec<Error>> {
    let packages = packages(groups, options, chosen, &mut errors);
    let newest = if options.unify_versions { unify::newest(&packages) } else { Vec::new() };
    let mut cx = Context {
        features: &options.features,
        out: Resolved::default(),
        errors,
        facts: Vec::new(),
        interfaces: packages.interfaces.iter().map(|_| None).collect(),
        worlds: packages.worlds.iter().map(|_| None).collect(),
        newest,
        uses: Vec::new(),
        unknown: HashSet::new(),
        packages,
    };
    for package in &cx.packages.packages {
        cx.out.packages.push(Package {
            name: package.name.clone(),
            version: package.version.clone(),
            interfaces: Vec::new(),
            worlds: Vec::new(),
            docs: docs(&package.docs),
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
                let target = lookup(&cx.packages, source.body, &item.path, &mut Errors::discard());
                if let Some(Target::Interface(target)) = target {
                    targets.push((cx.stands_for(target), item.path.span()));
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
                let target = lookup(&cx.packages, source.body, &item.path, &mut Errors::discard());
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

/// Returns the index of the interface that `path` refers to in `body`.
fn lookup_interface<'a>(cx: &mut Context<'a, '_>, body: u32, path: &ast::UsePath<'a>) -> Option<u32> {
    match lookup(&cx.packages, body, path, &mut cx.errors)? {
        Target::Interface(index) => Some(index),
        Target::World(_) => {
            let message = format!("`{}` is a world, not an interface", path.id().name);
            cx.errors.push(Error::new(ErrorKind::WrongKind, path.span(), message));
            None
        }
    }
}

/// Returns the attributes of an item, and checks its gates against the package's version.
fn attributes(cx: &mut Context<'_, '_>, package: PackageId, ast: &ast::Attributes<'_>) -> Attributes {
    let mut attributes = Attributes {
        docs: docs(&ast.docs),
        external_id: ast.external_id.as_ref().map(|external_id| external_id.value.clone()),
        ..Attributes::default()
    };
    for gate in &ast.gates {
        let version = match &gate.kind {
            GateKind::Since(version) => attributes.since.insert(version.clone()),
            GateKind::Deprecated(version) => attributes.deprecated.insert(version.clone()),
            GateKind::Unstable(feature) => {
                attributes.unstable = Some(feature.name.to_owned());
                continue;
            }
        };
        let Package { name, version: own, .. } = &cx.out.packages[package.index() as usize];
        match own {
            Some(own) if &*version > own => {
                let message =
                    format!("version {version} is later than the package's, which is `{name}@{own}`");
                cx.errors.push(Error::new(ErrorKind::Attribute, gate.span, message));
            }
            Some(_) => {}
            // The header is left out.
            None if name.is_empty() => {}
            None => {
                let message =
                    format!("package `{name}` has a gate with a version, so it must have a version itself");
                let error = Error::new(ErrorKind::Attribute, gate.span, message);
                let span = cx.out.packages[package.index() as usize].span;
                let error = error.note("the package is named here", span);
                cx.errors.push(error.help(format!("write `package {name}@{version};`")));
            }
        }
    }
    attributes
}

/// Returns the text of documentation comments, without comment signs, the space after them, and the
/// stars of block comments.
fn docs(docs: &Docs<'_>) -> Option<String> {
    if docs.comments.is_empty() {
        return None;
    }
    let mut text = String::with_capacity(docs.comments.iter().map(|comment| comment.len()).sum());
    let mut push = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    for comment in &docs.comments {
        if let Some(line) = comment.strip_prefix("///") {
            push(line.strip_prefix(' ').unwrap_or(line).trim_end());
            continue;
        }
        let inner = comment.strip_prefix("/**").and_then(|rest| rest.strip_suffix("*/")).unwrap_or(comment);
        for line in inner.trim().lines() {
            let line = line.trim();
            push(line.strip_prefix("* ").or_else(|| line.strip_prefix('*')).unwrap_or(line));
        }
    }
    text.pop();
    Some(text)
}

/// Returns the id of the next interface of the arena.
fn next_interface(cx: &Context<'_, '_>) -> InterfaceId {
    InterfaceId::new(count(cx.out.interfaces.len()))
}
