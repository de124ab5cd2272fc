//! Resolved packages: plain data in arenas, linked by typed ids.
//!
//! Invariants: every name is resolved. A [`TypeDef`] refers only to type definitions with smaller
//! ids, so types are acyclic, and a pass over the arena visits parts before wholes. Interfaces come
//! after those that they `use`.

use std::ops::Index;

use semver::Version;

pub use crate::ast::{Accessor, MethodKind, Primitive};
use crate::source::Sources;
use crate::span::{Span, count};

/// A package with all that it depends on. See [`parse`](crate::parse()).
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    pub(crate) sources: Sources,
    pub(crate) packages: Vec<Package>,
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) worlds: Vec<World>,
    pub(crate) types: Vec<TypeDef>,
    /// By [`TypeDefId`]: the type after all aliases and uses, since chains of them can be long.
    pub(crate) dealiased: Vec<Type>,
    pub(crate) functions: Vec<Function>,
    pub(crate) left_out: Vec<LeftOut>,
}

/// An item that its gate excludes (WIT.md, "Feature Gates").
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The item: its name after that of the interface or world around it.
    pub name: String,
    /// The feature that would include it.
    pub feature: String,
    /// The package that defines it.
    pub package: PackageId,
    /// The span of the gate.
    pub span: Span,
}

macro_rules! arenas {
    ($($(#[$doc:meta])* $id:ident: $item:ident in $arena:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
            pub struct $id(u32);

            impl $id {
                /// Returns the index in the arena, from 0.
                pub fn index(self) -> u32 {
                    self.0
                }
            }

            impl Index<$id> for Resolved {
                type Output = $item;

                fn index(&self, id: $id) -> &$item {
                    &self.$arena[id.0 as usize]
                }
            }
        )*

        impl Resolved {
            $(
                /// Returns the items of this arena in order, with their ids.
                pub fn $arena(&self) -> impl DoubleEndedIterator<Item = ($id, &$item)> + ExactSizeIterator {
                    self.$arena.iter().enumerate().map(|(i, item)| ($id(count(i)), item))
                }
            )*
        }
    };
}

arenas! {
    /// A package of a [`Resolved`].
    PackageId: Package in packages;
    /// An interface of a [`Resolved`].
    InterfaceId: Interface in interfaces;
    /// A world of a [`Resolved`].
    WorldId: World in worlds;
    /// A type definition of a [`Resolved`].
    TypeDefId: TypeDef in types;
    /// A function of a [`Resolved`].
    FunctionId: Function in functions;
}

/// Only the builder of the arena makes ids.
pub(crate) fn push<T, Id>(arena: &mut Vec<T>, item: T, id: impl FnOnce(u32) -> Id) -> Id {
    arena.push(item);
    id(count(arena.len() - 1))
}

impl PackageId {
    pub(crate) fn new(index: u32) -> Self {
        Self(index)
    }
}

impl InterfaceId {
    pub(crate) fn new(index: u32) -> Self {
        Self(index)
    }
}

impl WorldId {
    pub(crate) fn new(index: u32) -> Self {
        Self(index)
    }
}

impl FunctionId {
    pub(crate) fn new(index: u32) -> Self {
        Self(index)
    }
}

/// A package.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Package {
    /// The name without version: `wasi:clocks`.
    pub name: String,
    /// The version.
    pub version: Option<Version>,
    /// The interfaces with a name, in source order.
    pub interfaces: Vec<InterfaceId>,
    /// The worlds, in source order.
    pub worlds: Vec<WorldId>,
    /// Documentation above the header.
    pub docs: Option<String>,
    /// The span of the name in a header.
    pub span: Span,
}

/// An interface.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Interface {
    /// The name; for an inline interface, the name of the import or export.
    pub name: String,
    /// The world that defines it inline.
    pub world: Option<WorldId>,
    /// The interface that it is a copy of, if its world includes that interface's world.
    pub clone_of: Option<InterfaceId>,
    /// The package that defines it.
    pub package: PackageId,
    /// Its types, including those that it uses, in source order.
    pub types: Vec<TypeDefId>,
    /// Its functions, including those of its resources, in source order.
    pub functions: Vec<FunctionId>,
    /// Its attributes.
    pub attributes: Attributes,
    /// The span of the name.
    pub span: Span,
}

/// A world.
///
/// `imports` and `exports` include those of included worlds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct World {
    /// The name.
    pub name: String,
    /// The package that defines it.
    pub package: PackageId,
    /// Its imports.
    pub imports: Vec<WorldItem>,
    /// Its exports.
    pub exports: Vec<WorldItem>,
    /// Its attributes.
    pub attributes: Attributes,
    /// The span of the name.
    pub span: Span,
}

/// An import or export of a world.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WorldItem {
    /// The plain name. An item without one has the full name of its interface.
    pub name: Option<String>,
    /// What is imported or exported.
    pub kind: WorldItemKind,
    /// Whether the import is implied: the world does not name it, but something in the world uses
    /// it.
    pub is_implicit: bool,
    /// Its attributes. The documentation of an inline interface is the interface's.
    pub attributes: Attributes,
    /// The span of its name.
    pub span: Span,
}

/// What a world imports or exports.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum WorldItemKind {
    /// An interface. With both an interface name and a plain name, the item `implements` the
    /// interface.
    Interface(InterfaceId),
    /// A function.
    Function(FunctionId),
    /// A type, which is always imported.
    Type(TypeDefId),
}

/// The scope that defines a type or function.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Owner {
    /// In an interface.
    Interface(InterfaceId),
    /// In a world itself.
    World(WorldId),
}

/// A type definition, or an unnamed type with parts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TypeDef {
    /// The name; types inside other types have none.
    pub name: Option<String>,
    /// The scope that defines it.
    pub owner: Owner,
    /// Its definition.
    pub kind: TypeDefKind,
    /// Its attributes.
    pub attributes: Attributes,
    /// The span of the name, or of the whole type if it has no name.
    pub span: Span,
}

/// A type where it is used.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Type {
    /// A type without parts.
    Primitive(Primitive),
    /// A defined type. A [resource](Resolved::resource) means a handle that owns it.
    Def(TypeDefId),
}

/// The kinds of type definitions.
#[derive(Clone, Debug)]
pub enum TypeDefKind {
    /// `record`.
    Record(Vec<Field>),
    /// `tuple`.
    Tuple(Vec<Type>),
    /// `variant`.
    Variant(Vec<Case>),
    /// `enum`.
    Enum(Vec<Label>),
    /// `flags`.
    Flags(Vec<Label>),
    /// `option`.
    Option(Type),
    /// `result`.
    Result {
        /// The payload of `ok`.
        ok: Option<Type>,
        /// The payload of `err`.
        err: Option<Type>,
    },
    /// `list`.
    List(Type),
    /// `list` of a fixed length, at least 1.
    FixedLengthList(Type, u32),
    /// `map`: key and value.
    Map(Type, Type),
    /// `stream`.
    Stream(Option<Type>),
    /// `future`.
    Future(Option<Type>),
    /// `own` of a [resource](Resolved::resource).
    Own(TypeDefId),
    /// `borrow` of a [resource](Resolved::resource).
    Borrow(TypeDefId),
    /// `resource`.
    Resource,
    /// `type a = b`.
    Alias(Type),
    /// A type of another interface: `use`.
    Use(TypeDefId),
}

impl TypeDefKind {
    /// Calls `each` for every type that this one refers to.
    pub(crate) fn for_each_type(&self, mut each: impl FnMut(Type)) {
        match self {
            Self::Record(fields) => fields.iter().for_each(|field| each(field.ty)),
            Self::Variant(cases) => cases.iter().filter_map(|case| case.ty).for_each(each),
            Self::Tuple(parts) => parts.iter().copied().for_each(each),
            Self::Option(ty) | Self::List(ty) | Self::FixedLengthList(ty, _) | Self::Alias(ty) => each(*ty),
            Self::Map(key, value) => [*key, *value].into_iter().for_each(each),
            Self::Result { ok, err } => [*ok, *err].into_iter().flatten().for_each(each),
            Self::Stream(payload) | Self::Future(payload) => payload.iter().copied().for_each(each),
            Self::Own(id) | Self::Borrow(id) | Self::Use(id) => each(Type::Def(*id)),
            Self::Enum(_) | Self::Flags(_) | Self::Resource => {}
        }
    }
}

/// A field of a record, or a parameter.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Field {
    /// The name.
    pub name: String,
    /// The type.
    pub ty: Type,
    /// Documentation above it.
    pub docs: Option<String>,
    /// The span of the name.
    pub span: Span,
}

/// A case of a variant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Case {
    /// The name.
    pub name: String,
    /// The payload.
    pub ty: Option<Type>,
    /// Documentation above it.
    pub docs: Option<String>,
    /// The span of the name.
    pub span: Span,
}

/// A case of an enum, or a flag.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Label {
    /// The name.
    pub name: String,
    /// Documentation above it.
    pub docs: Option<String>,
    /// The span of the name.
    pub span: Span,
}

/// A function.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Function {
    /// The component-level name, such as `process` or `[method]blob.read` (Explainer.md,
    /// `plainname`).
    pub name: String,
    /// The label as written; `constructor` for constructors.
    pub label: String,
    /// The resource that it belongs to, and its kind of function.
    pub method: Option<(MethodKind, TypeDefId)>,
    /// Whether it is a getter or setter.
    pub accessor: Option<Accessor>,
    /// Whether it is async.
    pub is_async: bool,
    /// Its parameters; a method's first is `self`.
    pub params: Vec<Field>,
    /// Its result; a constructor's is the resource or a `result` with it.
    pub result: Option<Type>,
    /// The scope that defines it.
    pub owner: Owner,
    /// Its attributes.
    pub attributes: Attributes,
    /// The span of the name.
    pub span: Span,
}

/// The attributes of an item.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Attributes {
    /// Documentation, without comment signs.
    pub docs: Option<String>,
    /// `@since`.
    pub since: Option<Version>,
    /// `@unstable`'s feature.
    pub unstable: Option<String>,
    /// `@deprecated`.
    pub deprecated: Option<Version>,
    /// `@external-id`.
    pub external_id: Option<String>,
}

impl Attributes {
    /// Returns only the gates.
    pub(crate) fn gates(&self) -> Self {
        Self { docs: None, external_id: None, ..self.clone() }
    }

    /// Returns whether both have the same gates.
    pub(crate) fn has_gates_of(&self, other: &Self) -> bool {
        let gates = |of: &Self| (of.since.clone(), of.unstable.clone(), of.deprecated.clone());
        gates(self) == gates(other)
    }
}

impl Resolved {
    /// Returns the package that was parsed, as opposed to its dependencies.
    ///
    /// # Panics
    ///
    /// On `Resolved::default()`, which has no package.
    pub fn main_package(&self) -> &Package {
        &self.packages[0]
    }

    /// Returns the texts that spans refer to.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Returns the type that `ty` is after all aliases and uses.
    pub fn dealias(&self, ty: Type) -> Type {
        match ty {
            Type::Primitive(_) => ty,
            Type::Def(id) => self.dealiased[id.index() as usize],
        }
    }

    /// Adds a type, whose parts are there already.
    pub(crate) fn push_type(&mut self, ty: TypeDef) -> TypeDefId {
        let id = TypeDefId(count(self.types.len()));
        self.dealiased.push(match ty.kind {
            TypeDefKind::Alias(target) => self.dealias(target),
            TypeDefKind::Use(target) => self.dealias(Type::Def(target)),
            TypeDefKind::Record(_)
            | TypeDefKind::Tuple(_)
            | TypeDefKind::Variant(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Flags(_)
            | TypeDefKind::Option(_)
            | TypeDefKind::Result { .. }
            | TypeDefKind::List(_)
            | TypeDefKind::FixedLengthList(..)
            | TypeDefKind::Map(..)
            | TypeDefKind::Stream(_)
            | TypeDefKind::Future(_)
            | TypeDefKind::Own(_)
            | TypeDefKind::Borrow(_)
            | TypeDefKind::Resource => Type::Def(id),
        });
        self.types.push(ty);
        id
    }

    /// Returns the items that gates exclude because their features are not enabled, in the order of
    /// the files.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Returns the resource that `id` is, or is an alias of.
    pub fn resource(&self, id: TypeDefId) -> Option<TypeDefId> {
        let Type::Def(id) = self.dealias(Type::Def(id)) else { return None };
        matches!(self[id].kind, TypeDefKind::Resource).then_some(id)
    }

    /// Returns the package's name with its version: `wasi:clocks@0.2.0`.
    pub fn package_name(&self, id: PackageId) -> String {
        let Package { name, version, .. } = &self[id];
        version.as_ref().map_or_else(|| name.clone(), |version| format!("{name}@{version}"))
    }

    /// Returns the full name of an interface, such as `wasi:clocks/wall-clock@0.2.0`. An inline
    /// interface has none.
    pub fn interface_name(&self, id: InterfaceId) -> Option<String> {
        let Interface { name, world, package, .. } = &self[id];
        world.is_none().then(|| self.full_name(*package, name))
    }

    /// Returns the full name of a world.
    pub fn world_name(&self, id: WorldId) -> String {
        self.full_name(self[id].package, &self[id].name)
    }

    pub(crate) fn full_name(&self, package: PackageId, name: &str) -> String {
        let Package { name: package, version, .. } = &self[package];
        let mut full_name = [package, "/", name].concat();
        if let Some(version) = version {
            full_name.push('@');
            full_name.push_str(&version.to_string());
        }
        full_name
    }

    /// Returns the full name of an interface or world, or the plain name of an inline interface.
    pub fn owner_name(&self, owner: Owner) -> String {
        match owner {
            Owner::World(id) => self.world_name(id),
            Owner::Interface(id) => self.interface_name(id).unwrap_or_else(|| self[id].name.clone()),
        }
    }

    /// Returns the package that defines `owner`.
    pub fn owner_package(&self, owner: Owner) -> PackageId {
        match owner {
            Owner::Interface(id) => self[id].package,
            Owner::World(id) => self[id].package,
        }
    }

    /// Returns the named types that `package` defines, in source order per interface or world,
    /// without those that it uses.
    pub fn defined_types(&self, package: PackageId) -> impl Iterator<Item = (TypeDefId, &TypeDef, &str)> {
        let mut types: Vec<_> = self
            .types()
            .filter(|(_, ty)| {
                !matches!(ty.kind, TypeDefKind::Use(_)) && self.owner_package(ty.owner) == package
            })
            .filter_map(|(id, ty)| Some((id, ty, ty.name.as_deref()?)))
            .collect();
        types.sort_by_key(|(_, ty, _)| (ty.span.file, ty.span.start));
        types.into_iter()
    }

    /// Returns the functions that `name` may refer to, in the order of the arena.
    ///
    /// `name` is the name of a function (`process`, `[method]blob.read`, or `blob.read`), alone or
    /// after the interface or world that defines it: `processing.process`,
    /// `techbytes:plugin/processing.process`, `wasi:clocks/wall-clock@0.2.0.now`. `#` may replace
    /// the `.` between them.
    pub fn find_functions(&self, name: &str) -> Vec<FunctionId> {
        let is_named = |function: &Function| {
            let bare = function.name.rsplit(']').next().unwrap_or(&function.name);
            let Some(owner) =
                [function.name.as_str(), bare].into_iter().find_map(|own| name.strip_suffix(own))
            else {
                return false;
            };
            let Some(owner) = owner.strip_suffix(['.', '#']) else { return owner.is_empty() };
            let full = self.owner_name(function.owner);
            let unversioned = full.split('@').next().unwrap_or(&full);
            let short = unversioned.rsplit('/').next().unwrap_or(unversioned);
            [full.as_str(), unversioned, short].contains(&owner)
        };
        self.functions().filter(|(_, function)| is_named(function)).map(|(id, _)| id).collect()
    }

    /// Returns the worlds that `name` may refer to, those of the main package first.
    ///
    /// `name` is the label of a world of the main package (`command`), or the full name of any
    /// world, with or without its version: `wasi:cli/command`, `wasi:cli/command@0.2.0`.
    pub fn find_worlds(&self, name: &str) -> Vec<WorldId> {
        let is_named = |id: WorldId| {
            let World { name: label, package, .. } = &self[id];
            let Package { name: package_name, version, .. } = &self[*package];
            if package.index() == 0 && label == name {
                return true;
            }
            let Some(rest) = name.strip_prefix(package_name.as_str()) else { return false };
            let Some(rest) = rest.strip_prefix('/').and_then(|rest| rest.strip_prefix(label.as_str())) else {
                return false;
            };
            match (rest.strip_prefix('@'), version) {
                (Some(asked), Some(version)) => *asked == version.to_string(),
                (None, _) => rest.is_empty(),
                (Some(_), None) => false,
            }
        };
        self.packages
            .iter()
            .flat_map(|package| package.worlds.iter().copied())
            .filter(|id| is_named(*id))
            .collect()
    }
}
