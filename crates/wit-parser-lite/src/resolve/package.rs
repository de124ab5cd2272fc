//! Files to packages, and the meaning of paths. Follows WIT.md, "Package Names" and "WIT Packages
//! and `use`".
//!
//! A *body* is the scope of a top-level `use`: the items of one file, or those between the braces
//! of a package. A name is looked up in its body, then in its package.

use std::collections::BTreeMap;

use semver::Version;

use super::context::needs_proposal;
use super::options::Options;
use crate::arena::{LeftOut, PackageId};
use crate::ast::{
    Docs, FileItem, Id, InterfaceItem, PackageDecl, PackageItem, PackageName, ToplevelUse, UsePath, WitFile,
    WorldItem,
};
use crate::error::{Error, ErrorKind};
use crate::faults::FaultList;
use crate::gate::{Features, Gated, check_interface, check_world, gated, gated_error};
use crate::proposals::{Proposal, Proposals};
use crate::span::{Span, count};

/// The target of a path: an index into [`Packages::interfaces`] or [`Packages::worlds`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    Interface(u32),
    World(u32),
}

pub(crate) struct InterfaceSource<'a> {
    pub(crate) package: PackageId,
    pub(crate) body: u32,
    pub(crate) ast: &'a InterfaceItem<'a>,
}

pub(crate) struct WorldSource<'a> {
    pub(crate) package: PackageId,
    pub(crate) body: u32,
    pub(crate) ast: &'a WorldItem<'a>,
}

pub(crate) struct PackageSource<'a> {
    pub(crate) name: String,
    pub(crate) version: Option<Version>,
    pub(crate) docs: Docs<'a>,
    pub(crate) span: Span,
    items: BTreeMap<&'a str, (Target, Span)>,
    /// The interfaces and worlds that gates exclude.
    gated: BTreeMap<&'a str, Gated<'a>>,
}

struct Body<'a> {
    package: PackageId,
    uses: BTreeMap<&'a str, (Target, Span)>,
    /// The uses that gates exclude.
    gated: BTreeMap<&'a str, Gated<'a>>,
}

/// The name of a package without its version, and the version.
pub(crate) type PackageKey = (String, Option<Version>);

/// A further definition of a package, in another group of files, which is not used.
pub(crate) struct Repeat {
    pub(crate) key: PackageKey,
    /// The number of definitions of the package before this one.
    pub(crate) index: u32,
    pub(crate) span: Span,
    /// The text of this definition, and that of the first one.
    pub(crate) texts: [Vec<Span>; 2],
}

/// The definitions of one package so far.
struct PackageDefinitions {
    count: u32,
    /// The text of the first one.
    first: Vec<Span>,
    /// The span of the last one, and its group of files.
    last: (Span, usize),
}

/// All packages of a run with their interfaces and worlds, the main package first.
#[derive(Default)]
pub(crate) struct Packages<'a> {
    pub(crate) packages: Vec<PackageSource<'a>>,
    pub(crate) interfaces: Vec<InterfaceSource<'a>>,
    pub(crate) worlds: Vec<WorldSource<'a>>,
    bodies: Vec<Body<'a>>,
    ids: BTreeMap<PackageKey, PackageId>,
    definitions: BTreeMap<PackageKey, PackageDefinitions>,
    /// The index of the definition to use for a package, if it is not the first.
    chosen: BTreeMap<PackageKey, u32>,
    pub(crate) repeats: Vec<Repeat>,
    /// The interfaces, worlds and uses that gates exclude.
    pub(crate) left_out: Vec<LeftOut>,
    proposals: Proposals,
    /// Whether a missing version may be replaced by a newer one that is compatible.
    unify_versions: bool,
}

/// Returns the packages in groups of files: each group is a package, with the packages in braces
/// beside it. `chosen` gives the index of the definition to use, from 0, where it is not the first.
pub(crate) fn packages<'a>(
    groups: &'a [Vec<WitFile<'a>>],
    Options { features, proposals, unify_versions }: &Options,
    chosen: BTreeMap<PackageKey, u32>,
    errors: &mut FaultList,
) -> Packages<'a> {
    let mut packages =
        Packages { chosen, proposals: *proposals, unify_versions: *unify_versions, ..Packages::default() };
    let mut uses = Vec::new();
    for (group, files) in groups.iter().enumerate() {
        add_root(&mut packages, (group, files), features, &mut uses, errors);
    }
    for (group, files) in groups.iter().enumerate() {
        for item in files.iter().flat_map(|file| &file.items) {
            if let FileItem::Nested(nested) = item
                && let Some(package) =
                    add_package(&mut packages, group, &nested.package, vec![nested.span], errors)
            {
                let body = new_body(&mut packages, package);
                add_items(&mut packages, body, nested.items.iter(), features, &mut uses, errors);
            }
        }
    }
    for (body, item) in uses {
        toplevel_use(&mut packages, body, item, errors);
    }
    packages
}

/// Adds the package in the headers of `files`.
fn add_root<'a>(
    packages: &mut Packages<'a>,
    (group, files): (usize, &'a [WitFile<'a>]),
    features: &Features,
    uses: &mut Vec<(u32, &'a ToplevelUse<'a>)>,
    errors: &mut FaultList,
) {
    let mut headers = files.iter().filter_map(|file| file.package.as_ref());
    let Some(first) = headers.next() else {
        let Some(file) = files.first() else { return };
        let span = Span { file: file.file, start: 0, end: 0 };
        if errors.is_any_lost() {
            // The header may be in what is left out. The package goes without a name, so that its
            // items are checked.
            let package = new_package(packages, String::new(), None, Docs::default(), span);
            add_files(packages, package, files, features, uses, errors);
            return;
        }
        let error =
            Error::new(ErrorKind::Package, span, "no file of this package has a `package` header".to_owned());
        errors.push(error.help("start the file with a line such as `package my-namespace:my-package;`"));
        return;
    };
    for other in headers {
        if package_key(&other.name) != package_key(&first.name) {
            let message = "the files of one package name different packages".to_owned();
            let error = Error::new(ErrorKind::Package, other.name.span, message);
            errors.push(error.note("the package is named here", first.name.span));
        }
    }
    let texts = files.iter().map(|file| file.span).collect();
    let Some(package) = add_package(packages, group, first, texts, errors) else { return };
    let docs = files.iter().filter_map(|file| file.package.as_ref()).flat_map(|header| &header.docs.comments);
    packages.packages[package.index() as usize].docs.comments = docs.copied().collect();
    let headers = files.iter().filter_map(|file| file.package.as_ref());
    let mut documented = headers.filter(|header| !header.docs.comments.is_empty());
    if let (Some(first), Some(second)) = (documented.next(), documented.next()) {
        let message = "the package is documented in two files".to_owned();
        let error = Error::new(ErrorKind::Package, second.name.span, message);
        let error = error.note("the other documentation stands above this", first.name.span);
        errors.push(error.help("keep the documentation above one of the headers"));
    }
    add_files(packages, package, files, features, uses, errors);
}

/// Adds the items of a package's files.
fn add_files<'a>(
    packages: &mut Packages<'a>,
    package: PackageId,
    files: &'a [WitFile<'a>],
    features: &Features,
    uses: &mut Vec<(u32, &'a ToplevelUse<'a>)>,
    errors: &mut FaultList,
) {
    for file in files {
        let items = file.items.iter().filter_map(|item| match item {
            FileItem::Package(item) => Some(item),
            FileItem::Nested(_) => None,
        });
        let body = new_body(packages, package);
        add_items(packages, body, items, features, uses, errors);
    }
}

/// Adds a package, or returns `None` if another definition of it is used.
fn add_package<'a>(
    packages: &mut Packages<'a>,
    group: usize,
    decl: &'a PackageDecl<'a>,
    text: Vec<Span>,
    errors: &mut FaultList,
) -> Option<PackageId> {
    let key = package_key(&decl.name);
    let parts = decl.name.namespaces.iter().chain(&decl.name.names);
    for part in parts.filter(|part| part.name.contains(|c: char| c.is_ascii_uppercase())) {
        let message = format!("`{}` is not lower case, as namespaces and packages must be", part.name);
        let error = Error::new(ErrorKind::Name, part.span, message);
        errors.push(error.help(format!("write `{}`", part.name.to_ascii_lowercase())));
    }
    let is_nested = decl.name.namespaces.len() + decl.name.names.len() > 2;
    let (proposal, is_on) = (Proposal::NestedNames, packages.proposals.contains(Proposal::NestedNames));
    if is_nested && !is_on && errors.is_first(proposal.name().to_owned()) {
        errors.push(needs_proposal(proposal, decl.name.span, "a package name with more than two parts"));
    }
    let (span, last) = (decl.name.span, (decl.name.span, group));
    let seen = packages.definitions.entry(key.clone()).or_insert_with(|| PackageDefinitions {
        count: 0,
        first: text.clone(),
        last,
    });
    let (index, (other, other_group)) = (seen.count, std::mem::replace(&mut seen.last, last));
    seen.count += 1;
    if index > 0 && other_group == group {
        let message = format!("package `{}` is defined twice", package_text(&key));
        errors.push(
            Error::new(ErrorKind::Duplicate, span, message).note("the other definition is here", other),
        );
        return None;
    }
    if index != packages.chosen.get(&key).copied().unwrap_or(0) {
        let texts = [text, seen.first.clone()];
        packages.repeats.push(Repeat { key, index, span, texts });
        return None;
    }
    let (name, version) = key.clone();
    let id = new_package(packages, name, version, decl.docs.clone(), decl.name.span);
    packages.ids.insert(key, id);
    Some(id)
}

fn new_package<'a>(
    packages: &mut Packages<'a>,
    name: String,
    version: Option<Version>,
    docs: Docs<'a>,
    span: Span,
) -> PackageId {
    let (items, gated) = (BTreeMap::new(), BTreeMap::new());
    packages.packages.push(PackageSource { name, version, docs, span, items, gated });
    PackageId::new(count(packages.packages.len() - 1))
}

fn new_body(packages: &mut Packages<'_>, package: PackageId) -> u32 {
    packages.bodies.push(Body { package, uses: BTreeMap::new(), gated: BTreeMap::new() });
    count(packages.bodies.len() - 1)
}

fn add_items<'a>(
    packages: &mut Packages<'a>,
    body: u32,
    items: impl Iterator<Item = &'a PackageItem<'a>>,
    features: &Features,
    uses: &mut Vec<(u32, &'a ToplevelUse<'a>)>,
    errors: &mut FaultList,
) {
    let package = packages.bodies[body as usize].package;
    for item in items {
        let (id, attributes) = match item {
            PackageItem::Use(item) => (item.alias.unwrap_or_else(|| item.path.id()), &item.attributes),
            PackageItem::Interface(item) => (item.id, &item.attributes),
            PackageItem::World(item) => (item.id, &item.attributes),
        };
        if let Some(gate) = gated(features, attributes) {
            let package_scope = &mut packages.packages[package.index() as usize].gated;
            let scope = match item {
                PackageItem::Use(_) => &mut packages.bodies[body as usize].gated,
                PackageItem::Interface(item) => {
                    check_interface(features, item, gate, errors);
                    package_scope
                }
                PackageItem::World(item) => {
                    check_world(features, item, gate, errors);
                    package_scope
                }
            };
            scope.insert(id.name, gate);
            packages.left_out.push(LeftOut {
                name: id.name.to_owned(),
                feature: gate.feature.to_owned(),
                package,
                span: gate.span,
            });
            continue;
        }
        let (id, item) = match item {
            PackageItem::Use(item) => {
                uses.push((body, item));
                continue;
            }
            PackageItem::Interface(ast) => {
                packages.interfaces.push(InterfaceSource { package, body, ast });
                (ast.id, Target::Interface(count(packages.interfaces.len() - 1)))
            }
            PackageItem::World(ast) => {
                packages.worlds.push(WorldSource { package, body, ast });
                (ast.id, Target::World(count(packages.worlds.len() - 1)))
            }
        };
        let items = &mut packages.packages[package.index() as usize].items;
        define(items, id, item, errors);
    }
}

/// Adds a name to a scope of interfaces and worlds.
fn define<'a>(
    scope: &mut BTreeMap<&'a str, (Target, Span)>,
    id: Id<'a>,
    item: Target,
    errors: &mut FaultList,
) {
    if let Some((_, other)) = scope.get(id.name) {
        let error = Error::new(ErrorKind::Duplicate, id.span, format!("`{}` is defined twice", id.name));
        errors.push(error.note("the other definition is here", *other));
        return;
    }
    scope.insert(id.name, (item, id.span));
}

fn toplevel_use<'a>(
    packages: &mut Packages<'a>,
    body: u32,
    item: &'a ToplevelUse<'a>,
    errors: &mut FaultList,
) {
    let Some(target) = lookup(packages, body, &item.path, errors) else { return };
    let id = item.alias.unwrap_or_else(|| item.path.id());
    if let Target::World(_) = target {
        let message = format!("`{}` is a world, not an interface", item.path.id().name);
        let error = Error::new(ErrorKind::WrongKind, item.path.span(), message);
        errors
            .push(error.help("a top-level `use` names interfaces only; `include` takes a world's full path"));
        return;
    }
    let package = packages.bodies[body as usize].package;
    // The definitions and uses of a body share one scope. Definitions in other files of the package
    // may be shadowed.
    if let Some((other, span)) = packages.packages[package.index() as usize].items.get(id.name)
        && body_of(packages, *other) == body
    {
        let error = Error::new(ErrorKind::Duplicate, id.span, format!("`{}` is defined twice", id.name));
        errors.push(error.note("the other definition is here", *span));
        return;
    }
    define(&mut packages.bodies[body as usize].uses, id, target, errors);
}

fn body_of(packages: &Packages<'_>, item: Target) -> u32 {
    match item {
        Target::Interface(index) => packages.interfaces[index as usize].body,
        Target::World(index) => packages.worlds[index as usize].body,
    }
}

/// Returns the target of `path` in `body`.
pub(crate) fn lookup<'a>(
    packages: &Packages<'a>,
    body: u32,
    path: &UsePath<'a>,
    errors: &mut FaultList,
) -> Option<Target> {
    let Body { package, uses, gated } = &packages.bodies[body as usize];
    match path {
        UsePath::Id(id) => {
            let PackageSource { items, gated: gated_items, .. } =
                &packages.packages[package.index() as usize];
            if let Some((item, _)) = uses.get(id.name).or_else(|| items.get(id.name)) {
                return Some(*item);
            }
            if errors.is_full() || errors.is_lost(id.name) {
                return None;
            }
            if let Some(gate) = gated.get(id.name).or_else(|| gated_items.get(id.name)) {
                errors.push(gated_error(id.name, id.span, *gate));
                return None;
            }
            if !errors.is_first(format!("{} in {}", id.name, package.index())) {
                return None;
            }
            let message = format!("no interface or world is named `{}`", id.name);
            let error = Error::new(ErrorKind::Missing, id.span, message);
            errors.push(error.suggest(id.name, uses.keys().chain(items.keys()).copied()));
            None
        }
        UsePath::Package { package, id } => {
            let found = lookup_package(packages, package, errors)?;
            let PackageSource { items, gated, .. } = &packages.packages[found.index() as usize];
            if let Some((item, _)) = items.get(id.name) {
                return Some(*item);
            }
            if errors.is_full() || errors.is_lost(id.name) {
                return None;
            }
            if let Some(gate) = gated.get(id.name) {
                errors.push(gated_error(id.name, id.span, *gate));
                return None;
            }
            if !errors.is_first(format!("{} in {}", id.name, found.index())) {
                return None;
            }
            let package = package_text(&package_key(package));
            let message = format!("package `{package}` has no interface or world named `{}`", id.name);
            // The package that is read may have other files.
            let kind = if found.index() == 0 { ErrorKind::Missing } else { ErrorKind::Unknown };
            let error = Error::new(kind, id.span, message);
            errors.push(error.suggest(id.name, items.keys().copied()));
            None
        }
    }
}

fn lookup_package(
    packages: &Packages<'_>,
    name: &PackageName<'_>,
    errors: &mut FaultList,
) -> Option<PackageId> {
    let key = package_key(name);
    if let Some(id) = packages.ids.get(&key) {
        return Some(*id);
    }
    if packages.unify_versions
        && let Some(asked) = &name.version
    {
        let is_compatible = |(other, version): &PackageKey| {
            *other == key.0 && version.as_ref().is_some_and(|version| track(version) == track(asked))
        };
        // Later keys have later versions, then other names.
        let newer = packages.ids.range(&key..).take_while(|(other, _)| other.0 == key.0);
        let newer = newer.filter(|(other, _)| is_compatible(other)).last();
        if let (Some((_, id)), Some(_)) = (newer, track(asked)) {
            return Some(*id);
        }
    }
    let is_lost = || name.namespaces.iter().chain(&name.names).any(|id| errors.is_lost(id.name));
    if errors.is_full() || is_lost() || !errors.is_first(package_text(&key)) {
        return None;
    }
    let error =
        Error::new(ErrorKind::Missing, name.span, format!("package `{}` is not known", package_text(&key)));
    let versions: Vec<_> = packages
        .ids
        .keys()
        .filter(|other| other.0 == key.0)
        .map(|other| format!("`{}`", package_text(other)))
        .collect();
    errors.push(if versions.is_empty() {
        let known: Vec<_> =
            packages.ids.keys().take(8).map(|key| format!("`{}`", package_text(key))).collect();
        let more = if packages.ids.len() > known.len() { " and others" } else { "" };
        let error = error.remark(format!("looked for among the packages given: {}{more}", known.join(", ")));
        error.suggest(&key.0, packages.ids.keys().map(|other| other.0.as_str()))
    } else {
        let error = error.remark(format!("known by that name: {}", versions.join(", ")));
        if let [version] = &*versions { error.help(format!("did you mean {version}?")) } else { error }
    });
    None
}

/// Returns the part of a version in which compatible versions agree: the numbers up to the first
/// that is not 0 (<https://semver.org>, with Cargo's rule for versions below 1). A pre-release is
/// compatible with no other version.
pub(super) fn track(version: &Version) -> Option<(u64, u64, u64)> {
    if !version.pre.is_empty() {
        return None;
    }
    Some(match (version.major, version.minor, version.patch) {
        (0, 0, patch) => (0, 0, patch),
        (0, minor, _) => (0, minor, 0),
        (major, ..) => (major, 0, 0),
    })
}

/// Returns the name of a package without its version, and the version.
pub(crate) fn package_key(name: &PackageName<'_>) -> PackageKey {
    let join = |ids: &[Id<'_>], separator| ids.iter().map(|id| id.name).collect::<Vec<_>>().join(separator);
    (format!("{}:{}", join(&name.namespaces, ":"), join(&name.names, "/")), name.version.clone())
}

pub(crate) fn package_text((name, version): &PackageKey) -> String {
    version.as_ref().map_or_else(|| name.clone(), |version| format!("{name}@{version}"))
}
