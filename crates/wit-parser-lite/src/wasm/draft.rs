//! Packages under construction, as they are read from components.
//!
//! A component describes an interface wherever it needs it, and mostly only in part. A draft has
//! each interface once, with all parts seen so far. Its spans are placeholders: a draft is printed,
//! and the spans of the printed text are used.

use std::collections::{BTreeMap, HashMap, HashSet};

use semver::Version;

use wasmparser::component_types::ComponentItem;

use super::error::DecodeError;
use super::names::{NoForm, interfacename};
use crate::arena::{
    Attributes, Function, FunctionId, Interface, InterfaceId, Owner, Package, PackageId, Resolved, TypeDef,
    TypeDefId, TypeDefKind, World, WorldId, WorldItem, WorldItemKind, push,
};
use crate::print::{Direction, Remarks};
use crate::source::Sources;
use crate::span::{FileId, Span};

/// The packages read so far.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) resolved: Resolved,
    /// Comments for what WIT has no form for.
    pub(super) remarks: Remarks,
    /// The reasons for these comments, one line each.
    pub(super) inexact: Vec<String>,
    span: Span,
    /// By name, with version.
    packages: BTreeMap<String, PackageId>,
    interfaces: HashMap<(PackageId, String), InterfaceId>,
    worlds: HashSet<(PackageId, String)>,
    types: HashMap<(Owner, String), TypeDefId>,
    functions: HashSet<(Owner, String)>,
}

impl Draft {
    pub(super) fn new() -> Self {
        let file: FileId = Sources::default().add("", "").expect("an empty text fits");
        Self {
            resolved: Resolved::default(),
            remarks: Remarks::default(),
            inexact: Vec::new(),
            span: Span { file, start: 0, end: 0 },
            packages: BTreeMap::new(),
            interfaces: HashMap::new(),
            worlds: HashSet::new(),
            types: HashMap::new(),
            functions: HashSet::new(),
        }
    }

    /// Returns the package with this name, which may have a version.
    pub(super) fn package(&mut self, full: &str) -> Result<PackageId, DecodeError> {
        if let Some(id) = self.packages.get(full) {
            return Ok(*id);
        }
        let (name, version) = match full.split_once('@') {
            None => (full, None),
            Some((name, version)) => match Version::parse(version) {
                Ok(version) => (name, Some(version)),
                Err(error) => return Err(DecodeError::new(format!("the version of `{full}`: {error}"))),
            },
        };
        let package = Package {
            name: name.to_owned(),
            version,
            interfaces: Vec::new(),
            worlds: Vec::new(),
            docs: None,
            span: self.span,
        };
        let id = push(&mut self.resolved.packages, package, PackageId::new);
        self.packages.insert(full.to_owned(), id);
        Ok(id)
    }

    /// Returns the interface with this full name.
    pub(super) fn interface(&mut self, full: &str) -> Result<InterfaceId, DecodeError> {
        let (package, name) = interfacename(full)?;
        let package = self.package(&package)?;
        if let Some(id) = self.interfaces.get(&(package, name.to_owned())) {
            return Ok(*id);
        }
        let id = self.new_interface(name, package, None);
        self.interfaces.insert((package, name.to_owned()), id);
        self.resolved.packages[package.index() as usize].interfaces.push(id);
        Ok(id)
    }

    /// Adds an inline interface of `world`.
    pub(super) fn inline_interface(&mut self, name: &str, world: WorldId) -> InterfaceId {
        let package = self.resolved[world].package;
        self.new_interface(name, package, Some(world))
    }

    fn new_interface(&mut self, name: &str, package: PackageId, world: Option<WorldId>) -> InterfaceId {
        let interface = Interface {
            name: name.to_owned(),
            world,
            clone_of: None,
            package,
            types: Vec::new(),
            functions: Vec::new(),
            attributes: Attributes::default(),
            span: self.span,
        };
        push(&mut self.resolved.interfaces, interface, InterfaceId::new)
    }

    /// Adds a world.
    pub(super) fn world(&mut self, name: &str, package: PackageId) -> Result<WorldId, DecodeError> {
        if !self.worlds.insert((package, name.to_owned())) {
            return Err(DecodeError::new(format!("world `{name}` is there twice")));
        }
        let world = World {
            name: name.to_owned(),
            package,
            imports: Vec::new(),
            exports: Vec::new(),
            attributes: Attributes::default(),
            span: self.span,
        };
        let id = push(&mut self.resolved.worlds, world, WorldId::new);
        self.resolved.packages[package.index() as usize].worlds.push(id);
        Ok(id)
    }

    /// Returns the type `name` of an interface or world.
    pub(super) fn type_named(&self, owner: Owner, name: &str) -> Option<TypeDefId> {
        self.types.get(&(owner, name.to_owned())).copied()
    }

    /// Adds a named type, which `owner` does not have yet.
    pub(super) fn name_type(
        &mut self,
        owner: Owner,
        name: &str,
        kind: TypeDefKind,
        external_id: Option<String>,
    ) -> TypeDefId {
        let attributes = Attributes { external_id, ..Attributes::default() };
        let ty = TypeDef { name: Some(name.to_owned()), owner, kind, attributes, span: self.span };
        let id = self.resolved.push_type(ty);
        self.types.insert((owner, name.to_owned()), id);
        if let Owner::Interface(interface) = owner {
            self.resolved.interfaces[interface.index() as usize].types.push(id);
        }
        id
    }

    /// Adds an unnamed type.
    pub(super) fn anonymous(&mut self, owner: Owner, kind: TypeDefKind) -> TypeDefId {
        let attributes = Attributes::default();
        self.resolved.push_type(TypeDef { name: None, owner, kind, attributes, span: self.span })
    }

    /// Returns whether an interface already has a function.
    pub(super) fn has_function(&self, owner: Owner, name: &str) -> bool {
        self.functions.contains(&(owner, name.to_owned()))
    }

    /// Adds a function.
    pub(super) fn function(&mut self, function: Function) -> FunctionId {
        let owner = function.owner;
        if let Owner::Interface(_) = owner {
            self.functions.insert((owner, function.name.clone()));
        }
        let id = push(&mut self.resolved.functions, function, FunctionId::new);
        if let Owner::Interface(interface) = owner {
            self.resolved.interfaces[interface.index() as usize].functions.push(id);
        }
        id
    }

    /// Returns the entry of a world for an import or export, which is `source` in the component.
    pub(super) fn item(
        &self,
        name: Option<String>,
        kind: WorldItemKind,
        source: &ComponentItem,
    ) -> WorldItem {
        let external_id = match kind {
            WorldItemKind::Interface(_) => source.external_id.clone(),
            // Functions and types carry their own.
            WorldItemKind::Function(_) | WorldItemKind::Type(_) => None,
        };
        let attributes = Attributes { external_id, ..Attributes::default() };
        WorldItem { name, kind, is_implicit: false, attributes, span: self.span }
    }

    /// Adds an entry to a world's imports or exports.
    pub(super) fn add_item(&mut self, world: WorldId, direction: Direction, item: WorldItem) {
        self.items(world, direction).push(item);
    }

    /// Adds the entry for a type if a world owns it.
    pub(super) fn add_type_of_world(&mut self, id: TypeDefId) {
        let ty = &self.resolved[id];
        let Owner::World(world) = ty.owner else { return };
        let (name, kind) = (ty.name.clone(), WorldItemKind::Type(id));
        let attributes = Attributes::default();
        let item = WorldItem { name, kind, is_implicit: false, attributes, span: self.span };
        self.add_item(world, Direction::Import, item);
    }

    fn items(&mut self, world: WorldId, direction: Direction) -> &mut Vec<WorldItem> {
        let world = &mut self.resolved.worlds[world.index() as usize];
        match direction {
            Direction::Import => &mut world.imports,
            Direction::Export => &mut world.exports,
        }
    }

    /// Notes that an import or export of a world is omitted.
    pub(super) fn leave_out(&mut self, world: WorldId, direction: Direction, name: &str, no_form: &NoForm) {
        let text = format!("{} {}: {}", direction.keyword(), name.escape_debug(), no_form.why);
        let position = self.items(world, direction).len();
        self.remarks.of_world(world, direction, position, text);
        self.inexact.push(no_form.message());
    }

    /// Notes that an export of an instance is omitted from its interface.
    pub(super) fn leave_out_of_interface(&mut self, id: InterfaceId, name: &str, no_form: &NoForm) {
        self.remarks.of_interface(id, format!("{}: {}", name.escape_debug(), no_form.why));
        self.inexact.push(no_form.message());
    }

    /// Notes that a type is only the nearest equivalent in WIT.
    pub(super) fn remark(&mut self, id: TypeDefId, text: String, no_form: &NoForm) {
        self.remarks.of_type(id, text);
        self.inexact.push(no_form.message());
    }

    /// Removes the gates of unstable items: their presence means that they were enabled.
    #[cfg(feature = "load")]
    pub(super) fn take_unstable_in(&mut self) {
        self.for_each_attributes(|_, attributes| {
            if attributes.unstable.take().is_some() {
                attributes.deprecated = None;
            }
        });
    }

    /// Removes versions that have no meaning in their package. Some writers keep the versions of
    /// worlds that are included from other packages.
    pub(super) fn drop_foreign_versions(&mut self) {
        let versions = self.resolved.packages().map(|(_, package)| package.version.clone());
        let versions: Vec<_> = versions.collect();
        self.for_each_attributes(|package, attributes| {
            let own = versions[package.index() as usize].as_ref();
            let is_foreign = |gate: &Option<Version>| gate.as_ref() > own;
            if is_foreign(&attributes.since) || is_foreign(&attributes.deprecated) {
                (attributes.since, attributes.deprecated) = (None, None);
            }
        });
    }

    fn for_each_attributes(&mut self, mut each: impl FnMut(PackageId, &mut Attributes)) {
        let Resolved { interfaces, worlds, types, functions, .. } = &mut self.resolved;
        for ty in types {
            each(owner_package(interfaces, worlds, ty.owner), &mut ty.attributes);
        }
        for function in functions {
            each(owner_package(interfaces, worlds, function.owner), &mut function.attributes);
        }
        for interface in interfaces {
            each(interface.package, &mut interface.attributes);
        }
        for world in worlds {
            each(world.package, &mut world.attributes);
            for item in world.imports.iter_mut().chain(&mut world.exports) {
                each(world.package, &mut item.attributes);
            }
        }
    }

    pub(super) fn span(&self) -> Span {
        self.span
    }
}

fn owner_package(interfaces: &[Interface], worlds: &[World], owner: Owner) -> PackageId {
    match owner {
        Owner::Interface(id) => interfaces[id.index() as usize].package,
        Owner::World(id) => worlds[id.index() as usize].package,
    }
}
