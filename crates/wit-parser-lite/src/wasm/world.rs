//! The types of a component as interfaces and worlds.

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType,
    ComponentFuncTypeId, ComponentItem, ComponentValType,
};
use wasmparser::types::Types;
use wasmparser::{PrimitiveValType, names::KebabString};

use super::decode::DecodeError;
use super::draft::Draft;
use crate::arena::{
    Accessor, Attributes, Case, Field, Function, InterfaceId, Label, MethodKind, Owner, Primitive, Resolved,
    Type, TypeDefId, TypeDefKind, WorldId, WorldItem, WorldItemKind,
};
use crate::name::label_fault;
use crate::parse::MAX_TYPE_DEPTH;

type Result<T> = std::result::Result<T, DecodeError>;

/// One component that is being read.
pub(super) struct Reader<'d, 't> {
    pub(super) draft: &'d mut Draft,
    types: &'t Types,
    /// What types with a name became.
    known: HashMap<ComponentAnyTypeId, TypeDefId>,
    /// What types without a name became, each as often as interfaces have it.
    anonymous: HashMap<(Owner, ComponentDefinedTypeId), TypeDefId>,
}

impl<'d, 't> Reader<'d, 't> {
    pub(super) fn new(draft: &'d mut Draft, types: &'t Types) -> Self {
        Self { draft, types, known: HashMap::new(), anonymous: HashMap::new() }
    }

    /// Adds the imports and exports of a world.
    pub(super) fn world_items<'i>(
        &mut self,
        world: WorldId,
        imports: impl Iterator<Item = (&'i str, &'i ComponentItem)>,
        exports: impl Iterator<Item = (&'i str, &'i ComponentItem)>,
    ) -> Result<()> {
        for (name, item) in imports {
            let item = self.world_item(world, name, item)?;
            self.draft.resolved.worlds[world.index() as usize].imports.push(item);
        }
        for (name, item) in exports {
            let item = self.world_item(world, name, item)?;
            if matches!(item.kind, WorldItemKind::Type(_)) {
                return Err(inexpressible(name, "a type that is exported by itself"));
            }
            self.draft.resolved.worlds[world.index() as usize].exports.push(item);
        }
        Ok(())
    }

    fn world_item(&mut self, world: WorldId, name: &str, item: &ComponentItem) -> Result<WorldItem> {
        let owner = Owner::World(world);
        let (name, kind) = match item.ty {
            ComponentEntityType::Instance(_) => {
                let (name, id) = self.world_instance(world, name, item)?;
                (name, WorldItemKind::Interface(id))
            }
            ComponentEntityType::Func(ty) => {
                let function = self.function(owner, name, item, ty)?;
                let id = self.draft.function(function);
                (Some(name.to_owned()), WorldItemKind::Function(id))
            }
            ComponentEntityType::Type { referenced, created } => {
                let id = self.named_type(owner, name, item, referenced, created)?;
                (Some(name.to_owned()), WorldItemKind::Type(id))
            }
            ComponentEntityType::Module(_) => return Err(inexpressible(name, "a core module")),
            ComponentEntityType::Value(_) => return Err(inexpressible(name, "a value")),
            ComponentEntityType::Component(_) => return Err(inexpressible(name, "a component")),
        };
        let external_id = match kind {
            WorldItemKind::Interface(_) => item.external_id.clone(),
            // Theirs is part of the function or type.
            WorldItemKind::Function(_) | WorldItemKind::Type(_) => None,
        };
        let attributes = Attributes { external_id, ..Attributes::default() };
        Ok(WorldItem { name, kind, is_implicit: false, attributes, span: self.draft.span() })
    }

    fn world_instance(
        &mut self,
        world: WorldId,
        name: &str,
        item: &ComponentItem,
    ) -> Result<(Option<String>, InterfaceId)> {
        if let Some(implements) = item.full_implements() {
            let id = self.interface(&implements, item)?;
            return Ok((Some(label(name)?.to_owned()), id));
        }
        if name.contains('/') {
            return Ok((None, self.interface(&item.full_name(name), item)?));
        }
        let id = self.draft.inline_interface(label(name)?, world);
        self.instance(id, item)?;
        Ok((Some(name.to_owned()), id))
    }

    /// Adds what `item` shows of the interface with this full name.
    pub(super) fn interface(&mut self, full: &str, item: &ComponentItem) -> Result<InterfaceId> {
        let id = self.draft.interface(full)?;
        self.instance(id, item)?;
        Ok(id)
    }

    fn instance(&mut self, id: InterfaceId, item: &ComponentItem) -> Result<()> {
        let ComponentEntityType::Instance(ty) = item.ty else {
            let name = &self.draft.resolved[id].name;
            return Err(inexpressible(name, "an interface that is not an instance"));
        };
        let (types, owner) = (self.types, Owner::Interface(id));
        for (name, item) in &types[ty].exports {
            match item.ty {
                ComponentEntityType::Type { referenced, created } => {
                    match self.draft.type_named(owner, name) {
                        Some(known) => {
                            self.check_view(owner, name, known, referenced)?;
                            self.known.insert(created, known);
                        }
                        None => _ = self.named_type(owner, name, item, referenced, created)?,
                    }
                }
                ComponentEntityType::Func(ty) => {
                    if !self.draft.has_function(owner, name) {
                        let function = self.function(owner, name, item, ty)?;
                        self.draft.function(function);
                    }
                }
                ComponentEntityType::Module(_)
                | ComponentEntityType::Value(_)
                | ComponentEntityType::Instance(_)
                | ComponentEntityType::Component(_) => {
                    return Err(inexpressible(name, "an export of an instance that is no type or function"));
                }
            }
        }
        Ok(())
    }

    /// Checks that a type of an interface is shown as it was before.
    ///
    /// What is another name of something may be shown as that of something else: whose `use` is followed how far differs.
    fn check_view(
        &mut self,
        owner: Owner,
        name: &str,
        known: TypeDefId,
        referenced: ComponentAnyTypeId,
    ) -> Result<()> {
        let kind = match (self.original(referenced), referenced) {
            (Some(_), _) => return Ok(()),
            (None, ComponentAnyTypeId::Defined(id)) => self.defined(owner, id, 0)?,
            (
                None,
                ComponentAnyTypeId::Resource(_)
                | ComponentAnyTypeId::Func(_)
                | ComponentAnyTypeId::Instance(_)
                | ComponentAnyTypeId::Component(_),
            ) => TypeDefKind::Resource,
        };
        let before = &self.draft.resolved[known].kind;
        let before = match before {
            TypeDefKind::Alias(Type::Def(id)) if self.draft.resolved[*id].name.is_none() => {
                &self.draft.resolved[*id].kind
            }
            TypeDefKind::Use(_) | TypeDefKind::Alias(Type::Def(_)) => return Ok(()),
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
            | TypeDefKind::Resource
            | TypeDefKind::Alias(Type::Primitive(_)) => before,
        };
        if is_same_kind(&self.draft.resolved, before, &kind) {
            return Ok(());
        }
        let interface = self.draft.resolved.owner_name(owner);
        Err(DecodeError::new(format!("type `{name}` of `{interface}` is there in two forms")))
    }

    /// Adds a type with a name.
    fn named_type(
        &mut self,
        owner: Owner,
        name: &str,
        item: &ComponentItem,
        referenced: ComponentAnyTypeId,
        created: ComponentAnyTypeId,
    ) -> Result<TypeDefId> {
        label(name)?;
        let kind = match (self.original(referenced), referenced) {
            (Some(known), _) => self.alias(owner, name, known)?,
            (None, ComponentAnyTypeId::Resource(_)) => TypeDefKind::Resource,
            (None, ComponentAnyTypeId::Defined(id)) => {
                let kind = self.defined(owner, id, 0)?;
                match kind {
                    TypeDefKind::Record(_)
                    | TypeDefKind::Variant(_)
                    | TypeDefKind::Enum(_)
                    | TypeDefKind::Flags(_)
                    | TypeDefKind::Alias(_) => kind,
                    TypeDefKind::Tuple(_)
                    | TypeDefKind::Option(_)
                    | TypeDefKind::Result { .. }
                    | TypeDefKind::List(_)
                    | TypeDefKind::FixedLengthList(..)
                    | TypeDefKind::Map(..)
                    | TypeDefKind::Stream(_)
                    | TypeDefKind::Future(_)
                    | TypeDefKind::Own(_)
                    | TypeDefKind::Borrow(_)
                    | TypeDefKind::Resource
                    | TypeDefKind::Use(_) => TypeDefKind::Alias(Type::Def(self.draft.anonymous(owner, kind))),
                }
            }
            (None, ComponentAnyTypeId::Func(_)) => return Err(inexpressible(name, "the type of a function")),
            (None, ComponentAnyTypeId::Instance(_)) => {
                return Err(inexpressible(name, "the type of an instance"));
            }
            (None, ComponentAnyTypeId::Component(_)) => {
                return Err(inexpressible(name, "the type of a component"));
            }
        };
        let id = self.draft.name_type(owner, name, kind, item.external_id.clone());
        if self.known.insert(created, id).is_some() {
            return Err(inexpressible(name, "a type that has two names in one place"));
        }
        Ok(id)
    }

    /// Returns the type with a name that `id` is an alias of, if it is one.
    fn original(&self, id: ComponentAnyTypeId) -> Option<TypeDefId> {
        let mut next = Some(id);
        while let Some(id) = next {
            if let Some(known) = self.known.get(&id) {
                return Some(*known);
            }
            next = self.types.peel_alias(id);
        }
        None
    }

    /// Returns another name for `known`: an alias in its own interface, a `use` in another.
    fn alias(&self, owner: Owner, name: &str, known: TypeDefId) -> Result<TypeDefKind> {
        let source = self.draft.resolved[known].owner;
        match source {
            _ if source == owner => Ok(TypeDefKind::Alias(Type::Def(known))),
            Owner::Interface(id) if self.draft.resolved[id].world.is_none() => Ok(TypeDefKind::Use(known)),
            Owner::Interface(_) | Owner::World(_) => {
                Err(inexpressible(name, "a type of a world, used in an interface"))
            }
        }
    }

    fn function(
        &mut self,
        owner: Owner,
        name: &str,
        item: &ComponentItem,
        ty: ComponentFuncTypeId,
    ) -> Result<Function> {
        let parts = function_name(name)?;
        let method = match parts.method {
            None => None,
            Some((kind, resource)) => match self.draft.type_named(owner, resource) {
                Some(id) => Some((kind, id)),
                None => return Err(inexpressible(name, "a function of a resource that is not there")),
            },
        };
        let ty = &self.types[ty];
        let mut params = Vec::with_capacity(ty.params.len());
        for (name, ty) in &ty.params {
            let ty = self.value(owner, *ty, 0)?;
            params.push(Field { name: name.to_string(), ty, docs: None, span: self.draft.span() });
        }
        let result = ty.result.map(|ty| self.value(owner, ty, 0)).transpose()?;
        Ok(Function {
            name: name.to_owned(),
            label: parts.label.to_owned(),
            method,
            accessor: parts.accessor,
            is_async: ty.async_,
            params,
            result,
            owner,
            attributes: Attributes { external_id: item.external_id.clone(), ..Attributes::default() },
            span: self.draft.span(),
        })
    }

    /// Returns a type in the place of a value.
    fn value(&mut self, owner: Owner, ty: ComponentValType, depth: u32) -> Result<Type> {
        let id = match ty {
            ComponentValType::Primitive(ty) => return Ok(Type::Primitive(primitive(ty))),
            ComponentValType::Type(id) => id,
        };
        if let Some(known) = self.known.get(&id.into()) {
            return self.in_scope(owner, *known).map(Type::Def);
        }
        if let Some(known) = self.anonymous.get(&(owner, id)) {
            return Ok(Type::Def(*known));
        }
        let kind = self.defined(owner, id, depth)?;
        let known = match kind {
            // A resource in the place of a value is a handle that owns it.
            TypeDefKind::Own(resource) => return Ok(Type::Def(resource)),
            TypeDefKind::Alias(ty) => return Ok(ty),
            TypeDefKind::Record(_)
            | TypeDefKind::Variant(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Flags(_)
            | TypeDefKind::Resource
            | TypeDefKind::Use(_) => {
                return Err(DecodeError::new("a type that needs a name has none".to_owned()));
            }
            TypeDefKind::Tuple(_)
            | TypeDefKind::Option(_)
            | TypeDefKind::Result { .. }
            | TypeDefKind::List(_)
            | TypeDefKind::FixedLengthList(..)
            | TypeDefKind::Map(..)
            | TypeDefKind::Stream(_)
            | TypeDefKind::Future(_)
            | TypeDefKind::Borrow(_) => self.draft.anonymous(owner, kind),
        };
        self.anonymous.insert((owner, id), known);
        Ok(Type::Def(known))
    }

    /// Returns `id` if it goes by its name where `owner` refers to it.
    fn in_scope(&self, owner: Owner, id: TypeDefId) -> Result<TypeDefId> {
        let ty = &self.draft.resolved[id];
        if ty.owner == owner {
            return Ok(id);
        }
        let name = ty.name.as_deref().unwrap_or_default();
        Err(inexpressible(name, "a type of another interface, without a name in this one"))
    }

    fn resource(&self, owner: Owner, id: ComponentAnyTypeId) -> Result<TypeDefId> {
        match self.known.get(&id) {
            Some(known) => self.in_scope(owner, *known),
            None => Err(DecodeError::new("has no form in WIT: a resource without a name".to_owned())),
        }
    }

    fn defined(&mut self, owner: Owner, id: ComponentDefinedTypeId, depth: u32) -> Result<TypeDefKind> {
        if depth > MAX_TYPE_DEPTH {
            return Err(DecodeError::new(format!("types are nested more than {MAX_TYPE_DEPTH} deep")));
        }
        let types = self.types;
        let depth = depth + 1;
        let span = self.draft.span();
        let kind = match &types[id] {
            ComponentDefinedType::Primitive(ty) => TypeDefKind::Alias(Type::Primitive(primitive(*ty))),
            ComponentDefinedType::Record(record) => {
                let mut fields = Vec::with_capacity(record.fields.len());
                for (name, ty) in &record.fields {
                    let ty = self.value(owner, *ty, depth)?;
                    fields.push(Field { name: name.to_string(), ty, docs: None, span });
                }
                TypeDefKind::Record(fields)
            }
            ComponentDefinedType::Variant(variant) => {
                let mut cases = Vec::with_capacity(variant.cases.len());
                for (name, case) in &variant.cases {
                    let ty = self.optional(owner, case.ty, depth)?;
                    cases.push(Case { name: name.to_string(), ty, docs: None, span });
                }
                TypeDefKind::Variant(cases)
            }
            ComponentDefinedType::Tuple(tuple) => {
                let parts = tuple.types.iter().map(|ty| self.value(owner, *ty, depth));
                TypeDefKind::Tuple(parts.collect::<Result<_>>()?)
            }
            ComponentDefinedType::Flags(names) => TypeDefKind::Flags(self.labels(names)),
            ComponentDefinedType::Enum(names) => TypeDefKind::Enum(self.labels(names)),
            ComponentDefinedType::List { element, .. } => {
                TypeDefKind::List(self.value(owner, *element, depth)?)
            }
            ComponentDefinedType::FixedLengthList { element, length, .. } => {
                TypeDefKind::FixedLengthList(self.value(owner, *element, depth)?, *length)
            }
            ComponentDefinedType::Map { key, value, .. } => {
                TypeDefKind::Map(self.value(owner, *key, depth)?, self.value(owner, *value, depth)?)
            }
            ComponentDefinedType::Option { ty, .. } => TypeDefKind::Option(self.value(owner, *ty, depth)?),
            ComponentDefinedType::Result { ok, err, .. } => {
                let (ok, err) = (self.optional(owner, *ok, depth)?, self.optional(owner, *err, depth)?);
                TypeDefKind::Result { ok, err }
            }
            ComponentDefinedType::Future { ty, .. } => TypeDefKind::Future(self.optional(owner, *ty, depth)?),
            ComponentDefinedType::Stream { ty, .. } => TypeDefKind::Stream(self.optional(owner, *ty, depth)?),
            ComponentDefinedType::Own(id) => TypeDefKind::Own(self.resource(owner, (*id).into())?),
            ComponentDefinedType::Borrow(id) => TypeDefKind::Borrow(self.resource(owner, (*id).into())?),
        };
        Ok(kind)
    }

    fn optional(&mut self, owner: Owner, ty: Option<ComponentValType>, depth: u32) -> Result<Option<Type>> {
        ty.map(|ty| self.value(owner, ty, depth)).transpose()
    }

    fn labels<'n>(&self, names: impl IntoIterator<Item = &'n KebabString>) -> Vec<Label> {
        let label =
            |name: &KebabString| Label { name: name.to_string(), docs: None, span: self.draft.span() };
        names.into_iter().map(label).collect()
    }
}

/// Returns whether two types are the same, parts without a name compared part by part.
fn is_same_type(resolved: &Resolved, a: Type, b: Type) -> bool {
    match (a, b) {
        (Type::Def(a), Type::Def(b)) if a != b => {
            let (a, b) = (&resolved[a], &resolved[b]);
            a.name.is_none() && b.name.is_none() && is_same_kind(resolved, &a.kind, &b.kind)
        }
        (a, b) => a == b,
    }
}

/// Returns whether two kinds have the same names and the same parts.
fn is_same_kind(resolved: &Resolved, a: &TypeDefKind, b: &TypeDefKind) -> bool {
    let (mut a_parts, mut b_parts) = (Vec::new(), Vec::new());
    a.for_each_type(|part| a_parts.push(part));
    b.for_each_type(|part| b_parts.push(part));
    let same_parts = a_parts.len() == b_parts.len()
        && a_parts.iter().zip(&b_parts).all(|(a, b)| is_same_type(resolved, *a, *b));
    same_parts && frame(a) == frame(b)
}

/// Returns what a kind is beside its parts: which kind, how long, its names, and which of them have a part.
fn frame(kind: &TypeDefKind) -> (Discriminant<TypeDefKind>, u32, Vec<(&str, bool)>) {
    let (mut length, mut names) = (0, Vec::new());
    match kind {
        TypeDefKind::Record(fields) => names.extend(fields.iter().map(|it| (it.name.as_str(), true))),
        TypeDefKind::Variant(cases) => {
            names.extend(cases.iter().map(|it| (it.name.as_str(), it.ty.is_some())))
        }
        TypeDefKind::Enum(labels) | TypeDefKind::Flags(labels) => {
            names.extend(labels.iter().map(|it| (it.name.as_str(), false)));
        }
        TypeDefKind::Result { ok, err } => names.extend([("ok", ok.is_some()), ("err", err.is_some())]),
        TypeDefKind::FixedLengthList(_, n) => length = *n,
        TypeDefKind::Tuple(_)
        | TypeDefKind::Option(_)
        | TypeDefKind::List(_)
        | TypeDefKind::Map(..)
        | TypeDefKind::Stream(_)
        | TypeDefKind::Future(_)
        | TypeDefKind::Own(_)
        | TypeDefKind::Borrow(_)
        | TypeDefKind::Resource
        | TypeDefKind::Alias(_)
        | TypeDefKind::Use(_) => {}
    }
    (discriminant(kind), length, names)
}

/// A function's name in its parts (Explainer.md, `plainname`).
struct FunctionName<'n> {
    method: Option<(MethodKind, &'n str)>,
    accessor: Option<Accessor>,
    label: &'n str,
}

fn function_name(name: &str) -> Result<FunctionName<'_>> {
    let (kind, rest) = if let Some(resource) = name.strip_prefix("[constructor]") {
        let method = Some((MethodKind::Constructor, label(resource)?));
        return Ok(FunctionName { method, accessor: None, label: "constructor" });
    } else if let Some(rest) = name.strip_prefix("[method]") {
        (Some(MethodKind::Method), rest)
    } else if let Some(rest) = name.strip_prefix("[static]") {
        (Some(MethodKind::Static), rest)
    } else {
        (None, name)
    };
    let (accessor, rest) = if let Some(rest) = rest.strip_prefix("[get]") {
        (Some(Accessor::Get), rest)
    } else if let Some(rest) = rest.strip_prefix("[set]") {
        (Some(Accessor::Set), rest)
    } else {
        (None, rest)
    };
    match (kind, rest.split_once('.')) {
        (None, None) => Ok(FunctionName { method: None, accessor, label: label(rest)? }),
        (Some(kind), Some((resource, function))) => {
            let method = Some((kind, label(resource)?));
            Ok(FunctionName { method, accessor, label: label(function)? })
        }
        (None, Some(_)) | (Some(_), None) => Err(inexpressible(name, "a function of this name")),
    }
}

/// Returns `name` if WIT can write it as a name.
fn label(name: &str) -> Result<&str> {
    match label_fault(name) {
        None => Ok(name),
        Some(_) => Err(inexpressible(name, "an item of this name")),
    }
}

#[cold]
fn inexpressible(name: &str, what: &str) -> DecodeError {
    DecodeError::new(format!("`{name}` has no form in WIT: {what}"))
}

fn primitive(ty: PrimitiveValType) -> Primitive {
    match ty {
        PrimitiveValType::Bool => Primitive::Bool,
        PrimitiveValType::S8 => Primitive::S8,
        PrimitiveValType::U8 => Primitive::U8,
        PrimitiveValType::S16 => Primitive::S16,
        PrimitiveValType::U16 => Primitive::U16,
        PrimitiveValType::S32 => Primitive::S32,
        PrimitiveValType::U32 => Primitive::U32,
        PrimitiveValType::S64 => Primitive::S64,
        PrimitiveValType::U64 => Primitive::U64,
        PrimitiveValType::F32 => Primitive::F32,
        PrimitiveValType::F64 => Primitive::F64,
        PrimitiveValType::Char => Primitive::Char,
        PrimitiveValType::String => Primitive::String,
        PrimitiveValType::ErrorContext => Primitive::ErrorContext,
    }
}
