//! Types of a component as types of an interface or world. Follows Binary.md, "Type Definitions":
//! `deftype`, `defvaltype`, `valtype`, `primvaltype`, `resourcetype`.

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentItem, ComponentValType,
};
use wasmparser::{PrimitiveValType, names::KebabString};

use super::super::names::{NoForm, label};
use super::reader::{Reader, Result};
use crate::arena::{Case, Field, Label, Owner, Primitive, Type, TypeDefId, TypeDefKind};
use crate::parse::MAX_TYPE_DEPTH;

impl Reader<'_, '_> {
    /// Adds a type that is imported or exported under a name (`typebound`, in an `externtype`).
    pub(super) fn named_type(
        &mut self,
        owner: Owner,
        name: &str,
        item: &ComponentItem,
        referenced: ComponentAnyTypeId,
        created: ComponentAnyTypeId,
    ) -> Result<TypeDefId> {
        label(name)?;
        let mut copied = None;
        let kind = match (self.original(referenced), referenced) {
            (Some(known), _) => {
                let source = self.draft.resolved[known].owner;
                if source == owner {
                    TypeDefKind::Alias(Type::Def(known))
                } else if self.can_use(owner, source) {
                    TypeDefKind::Use(known)
                } else {
                    copied = Some(known);
                    self.copy(owner, known)?
                }
            }
            (None, ComponentAnyTypeId::Resource(_)) => TypeDefKind::Resource,
            (None, ComponentAnyTypeId::Defined(id)) => {
                let kind = self.defined(owner, id, 0)?;
                self.definition(owner, kind)
            }
            (None, ComponentAnyTypeId::Func(_)) => {
                return Err(NoForm::new(name, "the type of a function"));
            }
            (None, ComponentAnyTypeId::Instance(_)) => {
                return Err(NoForm::new(name, "the type of an instance"));
            }
            (None, ComponentAnyTypeId::Component(_)) => {
                return Err(NoForm::new(name, "the type of a component"));
            }
        };
        let used = if let TypeDefKind::Use(known) = kind { Some(known) } else { None };
        let id = self.draft.name_type(owner, name, kind, item.external_id.clone());
        if let Some(known) = used.or(copied) {
            self.local.entry((owner, known)).or_insert(id);
        }
        if let Some(known) = copied {
            let no_form = NoForm::new(name, "a type of a world, used in an interface");
            self.remark_copy(id, known, &no_form);
        }
        self.remember(created, id);
        Ok(id)
    }

    /// Records the definition of a type.
    pub(super) fn remember(&mut self, created: ComponentAnyTypeId, id: TypeDefId) {
        self.named.insert(created, id);
        if let ComponentAnyTypeId::Resource(resource) = created {
            self.resources.entry(resource.resource()).or_insert(id);
        }
    }

    /// Returns the kind of a named type. Only some kinds are definitions; others become aliases.
    fn definition(&mut self, owner: Owner, kind: TypeDefKind) -> TypeDefKind {
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

    /// Returns the named type that `id` is, or is an alias of.
    pub(super) fn original(&self, id: ComponentAnyTypeId) -> Option<TypeDefId> {
        let mut next = Some(id);
        while let Some(id) = next {
            if let Some(known) = self.named.get(&id) {
                return Some(*known);
            }
            next = self.types.as_ref().peel_alias(id);
        }
        match id {
            ComponentAnyTypeId::Resource(id) => self.resources.get(&id.resource()).copied(),
            ComponentAnyTypeId::Defined(_)
            | ComponentAnyTypeId::Func(_)
            | ComponentAnyTypeId::Instance(_)
            | ComponentAnyTypeId::Component(_) => None,
        }
    }

    /// Returns the type of a value, a `valtype`.
    pub(super) fn value(&mut self, owner: Owner, ty: ComponentValType, depth: u32) -> Result<Type> {
        let id = match ty {
            ComponentValType::Primitive(ty) => return Ok(Type::Primitive(primitive(ty))),
            ComponentValType::Type(id) => id,
        };
        if let Some(known) = self.original(id.into()) {
            return self.in_scope(owner, known).map(Type::Def);
        }
        if let Some(known) = self.anonymous.get(&(owner, id)) {
            return Ok(Type::Def(*known));
        }
        let kind = self.defined(owner, id, depth)?;
        let known = match kind {
            // The name of a resource means a handle that owns it.
            TypeDefKind::Own(resource) => return Ok(Type::Def(resource)),
            TypeDefKind::Alias(ty) => return Ok(ty),
            TypeDefKind::Record(_)
            | TypeDefKind::Variant(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Flags(_)
            | TypeDefKind::Resource
            | TypeDefKind::Use(_) => {
                return Err(NoForm::new("", "a type that needs a name has none"));
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

    /// Returns the type by which `owner` refers to `id`. If `owner` has no name for a type of
    /// another interface, it gets one that the component does not have.
    fn in_scope(&mut self, owner: Owner, id: TypeDefId) -> Result<TypeDefId> {
        let original = self.originals.get(&id).copied().unwrap_or(id);
        for id in [id, original] {
            if self.draft.resolved[id].owner == owner {
                return Ok(id);
            }
        }
        let (id, ty) = (original, &self.draft.resolved[original]);
        if let Some(local) = self.local.get(&(owner, id)) {
            return Ok(*local);
        }
        let source = ty.owner;
        let local = if let Some(name) = ty.name.clone() {
            let why = "a type of another interface, without a name in this one";
            let no_form = NoForm::new(&name, why);
            let is_used = self.can_use(owner, source);
            let kind = if is_used { TypeDefKind::Use(id) } else { self.copy(owner, id)? };
            let name = self.unused_name(owner, &name);
            let local = self.draft.name_type(owner, &name, kind, None);
            if is_used {
                let text = "The component refers to it without a name.";
                self.draft.remark(local, text.to_owned(), &no_form);
            } else {
                self.remark_copy(local, id, &no_form);
            }
            self.draft.add_type_of_world(local);
            local
        } else {
            let kind = ty.kind.clone();
            let kind = self.translated(owner, kind)?;
            self.draft.anonymous(owner, kind)
        };
        self.local.insert((owner, id), local);
        Ok(local)
    }

    fn remark_copy(&mut self, id: TypeDefId, original: TypeDefId, no_form: &NoForm) {
        self.originals.insert(id, original);
        let original = &self.draft.resolved[original];
        let (name, of) = (original.name.as_deref().unwrap_or_default(), original.owner);
        let of = self.draft.resolved.owner_name(of);
        let text = format!("A copy of `{name}` of `{of}`: WIT has no `use` of it here.");
        self.draft.remark(id, text, no_form);
    }

    /// Returns the kind for a copy of `id` in `owner`, which cannot `use` it.
    fn copy(&mut self, owner: Owner, id: TypeDefId) -> Result<TypeDefKind> {
        match self.draft.resolved.dealias(Type::Def(id)) {
            Type::Primitive(primitive) => Ok(TypeDefKind::Alias(Type::Primitive(primitive))),
            Type::Def(base) if self.can_use(owner, self.draft.resolved[base].owner) => {
                Ok(TypeDefKind::Use(base))
            }
            Type::Def(base) => {
                let ty = &self.draft.resolved[base];
                if let (TypeDefKind::Resource, Some(name)) = (&ty.kind, &ty.name) {
                    let of = self.draft.resolved.owner_name(ty.owner);
                    let why = format!("uses `{name}` of `{of}`, which has no name here");
                    return Err(NoForm::new(name, why));
                }
                let kind = ty.kind.clone();
                let kind = self.translated(owner, kind)?;
                Ok(self.definition(owner, kind))
            }
        }
    }

    /// Returns the kind of a type of another interface or world, with parts to which `owner` can
    /// refer.
    fn translated(&mut self, owner: Owner, kind: TypeDefKind) -> Result<TypeDefKind> {
        let mut parts = |ty: &mut Type| {
            if let Type::Def(id) = ty {
                *id = self.in_scope(owner, *id)?;
            }
            Ok(())
        };
        let mut kind = kind;
        match &mut kind {
            TypeDefKind::Record(fields) => {
                fields.iter_mut().try_for_each(|field| parts(&mut field.ty))?;
            }
            TypeDefKind::Variant(cases) => {
                cases.iter_mut().filter_map(|case| case.ty.as_mut()).try_for_each(parts)?;
            }
            TypeDefKind::Tuple(types) => types.iter_mut().try_for_each(parts)?,
            TypeDefKind::Option(ty)
            | TypeDefKind::List(ty)
            | TypeDefKind::FixedLengthList(ty, _)
            | TypeDefKind::Alias(ty) => parts(ty)?,
            TypeDefKind::Map(key, value) => [key, value].into_iter().try_for_each(parts)?,
            TypeDefKind::Result { ok, err } => {
                [ok, err].into_iter().flatten().try_for_each(parts)?;
            }
            TypeDefKind::Stream(ty) | TypeDefKind::Future(ty) => {
                ty.iter_mut().try_for_each(parts)?;
            }
            TypeDefKind::Own(id) | TypeDefKind::Borrow(id) | TypeDefKind::Use(id) => {
                *id = self.in_scope(owner, *id)?;
            }
            TypeDefKind::Resource => unreachable!("a resource has a name, and no copies"),
            TypeDefKind::Enum(_) | TypeDefKind::Flags(_) => {}
        }
        Ok(kind)
    }

    fn resource(&mut self, owner: Owner, id: ComponentAnyTypeId) -> Result<TypeDefId> {
        match self.original(id) {
            Some(known) => self.in_scope(owner, known),
            None => Err(NoForm::new("", "a resource without a name")),
        }
    }

    /// Returns the kind of an unnamed type, a `defvaltype`.
    pub(super) fn defined(
        &mut self,
        owner: Owner,
        id: ComponentDefinedTypeId,
        depth: u32,
    ) -> Result<TypeDefKind> {
        if depth > MAX_TYPE_DEPTH {
            return Err(NoForm::new("", format!("types are nested more than {MAX_TYPE_DEPTH} deep")));
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
