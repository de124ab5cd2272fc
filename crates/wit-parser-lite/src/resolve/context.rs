//! The state of a run, and what all definitions have in common.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::package::{Packages, Target, lookup};
use super::unique::UniqueNames;
use crate::arena::{
    Attributes, InterfaceId, LeftOut, Owner, Package, PackageId, Resolved, TypeDefId, WorldItem,
};
use crate::ast::{self, Docs, GateKind};
use crate::error::{Error, ErrorKind};
use crate::faults::FaultList;
use crate::gate::{Features, Gated};
use crate::proposals::{Proposal, Proposals};
use crate::span::{Span, count};

/// The state of a run.
pub(super) struct Context<'a, 'f> {
    /// The features whose gated items are included.
    pub(super) features: &'f Features,
    /// The proposals whose parts of WIT are accepted.
    pub(super) proposals: Proposals,
    pub(super) packages: Packages<'a>,
    pub(super) out: Resolved,
    pub(super) errors: FaultList,
    /// Parallel to [`Resolved::types`].
    pub(super) facts: Vec<TypeFacts>,
    /// By index into [`Packages::interfaces`].
    pub(super) interfaces: Vec<Option<ResolvedInterface<'a>>>,
    /// By index into [`Packages::interfaces`]: the index of the interface that replaces it. Empty
    /// if no interface is replaced.
    pub(super) newest: Vec<u32>,
    /// By index into [`Packages::worlds`]: the world's index in [`Resolved::worlds`].
    pub(super) worlds: Vec<Option<u32>>,
    /// By [`InterfaceId`]: the interfaces that it uses.
    pub(super) uses: Vec<Vec<InterfaceId>>,
    /// By [`WorldId`](crate::WorldId): the types that it defines, including unnamed ones, in the
    /// order of the arena.
    pub(super) world_types: Vec<Vec<TypeDefId>>,
    /// The size of what `include`s and transitive imports have added to worlds.
    pub(super) n_added: usize,
    /// The names that are already reported as unknown in an interface or world.
    pub(super) unknown: HashSet<(Owner, String)>,
}

impl Context<'_, '_> {
    /// Returns the index of the interface that replaces the one with `index`.
    pub(super) fn replacement(&self, index: u32) -> u32 {
        self.newest.get(index as usize).copied().unwrap_or(index)
    }

    /// Counts `n` more parts that the world at `span` has without listing them, and returns whether
    /// that is still within the limit.
    ///
    /// A chain of `include`s or `use`s makes worlds whose size is the square of the text's.
    pub(super) fn add(&mut self, n: usize, span: Span) -> bool {
        let fits = |n_added: usize| n_added <= MAX_ADDED;
        let fitted = fits(self.n_added);
        self.n_added = self.n_added.saturating_add(n);
        if fitted && !fits(self.n_added) {
            let message =
                format!("the worlds include and use more than {MAX_ADDED} items and parts of types");
            self.errors.push(Error::new(ErrorKind::TooLarge, span, message));
        }
        fits(self.n_added)
    }

    /// Reports that a part of WIT needs a proposal that is off, once for each proposal.
    pub(super) fn need(&mut self, proposal: Proposal, span: Span, what: &str) {
        if self.proposals.contains(proposal) || !self.errors.is_first(proposal.name().to_owned()) {
            return;
        }
        self.errors.push(needs_proposal(proposal, span, what));
    }

    /// Notes that a gate excludes an item.
    pub(super) fn leave_out(&mut self, scope: Scope, name: &str, gate: Gated<'_>) {
        let owner = match scope.owner {
            Owner::Interface(id) => &self.out[id].name,
            Owner::World(id) => &self.out[id].name,
        };
        self.out.left_out.push(LeftOut {
            name: format!("{owner}.{name}"),
            feature: gate.feature.to_owned(),
            package: scope.package,
            span: gate.span,
        });
    }
}

/// The most items, fields, cases and so on that `include`s and transitive imports may add to the
/// worlds of a run. All of WASI adds some hundreds.
const MAX_ADDED: usize = 1 << 17;

/// Returns the error that a part of WIT needs a proposal that is off.
#[cold]
pub(super) fn needs_proposal(proposal: Proposal, span: Span, what: &str) -> Error {
    let message = format!("{what} needs the proposal `{}`, which is off", proposal.name());
    let error = Error::new(ErrorKind::Proposal, span, message);
    error.help(format!("`--proposals {}` accepts it", proposal.name()))
}

/// Facts that are computed once per type, since chains of aliases can be long.
#[derive(Clone, Copy)]
pub(super) struct TypeFacts {
    /// Whether a value of the type may hold a `borrow`.
    pub(super) holds_borrow: bool,
}

pub(super) struct ResolvedInterface<'a> {
    pub(super) id: InterfaceId,
    pub(super) names: TypeNames<'a>,
}

/// The meanings of names in an interface or world, where a type is expected.
pub(super) type TypeNames<'a> = BTreeMap<&'a str, Meaning<'a>>;

#[derive(Clone, Copy)]
pub(super) enum Meaning<'a> {
    Type(TypeDefId),
    /// A type with a fault, or one that is missing because it is part of a cycle.
    Poisoned,
    Function,
    /// An excluded type.
    Gated(Gated<'a>),
}

/// The owner of definitions, and the scope of their paths.
#[derive(Clone, Copy)]
pub(super) struct Scope {
    pub(super) owner: Owner,
    pub(super) package: PackageId,
    pub(super) body: u32,
}

/// The imports of a world, or its exports.
pub(super) struct Externs<'a> {
    pub(super) what: &'static str,
    pub(super) items: Vec<WorldItem>,
    pub(super) unique: UniqueNames<'a>,
    /// The interfaces among them that have no plain name, with their indices in `items`.
    pub(super) interfaces: BTreeMap<InterfaceId, usize>,
    /// Whether paths mean exactly their version, and not the newest compatible one.
    pub(super) keeps_versions: bool,
    /// The interfaces among them that replace an older version named here.
    pub(super) merged: BTreeSet<InterfaceId>,
}

impl Externs<'_> {
    pub(super) fn new(what: &'static str, keeps_versions: bool) -> Self {
        Self {
            what,
            items: Vec::new(),
            unique: UniqueNames::default(),
            interfaces: BTreeMap::new(),
            merged: BTreeSet::new(),
            keeps_versions,
        }
    }
}

/// Returns the index of the interface that `path` refers to in `body`.
pub(super) fn lookup_interface<'a>(
    cx: &mut Context<'a, '_>,
    body: u32,
    path: &ast::UsePath<'a>,
) -> Option<u32> {
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
pub(super) fn attributes(
    cx: &mut Context<'_, '_>,
    package: PackageId,
    ast: &ast::Attributes<'_>,
) -> Attributes {
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
pub(super) fn docs(docs: &Docs<'_>) -> Option<String> {
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
pub(super) fn next_interface(cx: &Context<'_, '_>) -> InterfaceId {
    InterfaceId::new(count(cx.out.interfaces.len()))
}
