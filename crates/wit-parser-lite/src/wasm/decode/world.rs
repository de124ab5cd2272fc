//! Imports and exports of a component as those of a world, and its instances as interfaces. Follows
//! Binary.md, "Import and Export Definitions" (`import`, `export`, `externname`, `nameattributes`,
//! `externtype`) and "Type Definitions" (`componenttype`, `instancetype`, `importdecl`,
//! `exportdecl`).
//!
//! Some have no form in WIT, such as a core module or an exported type. The reader omits them, or
//! takes the nearest form, and notes that in the [`Draft`](super::super::draft::Draft).

use std::mem::{Discriminant, discriminant};

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentFuncTypeId, ComponentItem,
};

use super::super::error::DecodeError;
use super::super::names::{NoForm, label, plainname};
use super::reader::{Reader, Result};
use crate::arena::{
    Attributes, Field, Function, InterfaceId, Owner, Resolved, Type, TypeDefId, TypeDefKind, WorldId,
    WorldItem, WorldItemKind,
};
use crate::print::Direction;

impl Reader<'_, '_> {
    /// Adds the imports and exports of a world.
    pub(super) fn world_items<'i>(
        &mut self,
        world: WorldId,
        imports: impl Iterator<Item = (&'i str, &'i ComponentItem)> + Clone,
        exports: impl Iterator<Item = (&'i str, &'i ComponentItem)>,
    ) {
        self.imported.clear();
        self.exported.clear();
        for (name, _) in imports.clone() {
            self.unused_name(Owner::World(world), name);
        }
        for (name, item) in imports {
            match self.import(world, name, item) {
                Ok(item) => self.draft.add_item(world, Direction::Import, item),
                Err(no_form) => self.draft.leave_out(world, Direction::Import, name, &no_form),
            }
        }
        for (name, item) in exports {
            match self.export(world, name, item) {
                Ok((direction, item)) => self.draft.add_item(world, direction, item),
                Err(no_form) => self.draft.leave_out(world, Direction::Export, name, &no_form),
            }
        }
    }

    fn import(&mut self, world: WorldId, name: &str, item: &ComponentItem) -> Result<WorldItem> {
        let owner = Owner::World(world);
        let (name, kind) = match item.ty {
            ComponentEntityType::Instance(_) => {
                let (name, id) = self.world_instance(world, name, item)?;
                if name.is_none() {
                    self.imported.insert(id);
                }
                (name, WorldItemKind::Interface(id))
            }
            ComponentEntityType::Func(ty) => {
                let function = self.function(owner, name, item, ty)?;
                (Some(name.to_owned()), WorldItemKind::Function(self.draft.function(function)))
            }
            ComponentEntityType::Type { referenced, created } => {
                let id = self.named_type(owner, name, item, referenced, created)?;
                (Some(name.to_owned()), WorldItemKind::Type(id))
            }
            ComponentEntityType::Module(_)
            | ComponentEntityType::Value(_)
            | ComponentEntityType::Component(_) => return Err(NoForm::new(name, sort(&item.ty))),
        };
        Ok(self.draft.item(name, kind, item))
    }

    /// Returns the item of a world for an export, and the list to which it belongs. The items of an
    /// exported type are imports, like all types of worlds in WIT.
    fn export(&mut self, world: WorldId, name: &str, item: &ComponentItem) -> Result<(Direction, WorldItem)> {
        let owner = Owner::World(world);
        let (direction, name, kind) = match item.ty {
            ComponentEntityType::Instance(_) => {
                let (name, id) = self.world_instance(world, name, item)?;
                (Direction::Export, name, WorldItemKind::Interface(id))
            }
            ComponentEntityType::Func(ty) => {
                let function = self.function(owner, name, item, ty)?;
                let is_method = function.method.is_some();
                let direction = if is_method { Direction::Import } else { Direction::Export };
                let id = self.draft.function(function);
                (direction, Some(name.to_owned()), WorldItemKind::Function(id))
            }
            ComponentEntityType::Type { referenced, created } => {
                let id = self.exported_type(owner, name, item, referenced, created)?;
                let name = self.draft.resolved[id].name.clone();
                (Direction::Import, name, WorldItemKind::Type(id))
            }
            ComponentEntityType::Module(_)
            | ComponentEntityType::Value(_)
            | ComponentEntityType::Component(_) => return Err(NoForm::new(name, sort(&item.ty))),
        };
        Ok((direction, self.draft.item(name, kind, item)))
    }

    /// Adds a type that a world exports. It has no form in WIT and becomes a type of the world.
    fn exported_type(
        &mut self,
        owner: Owner,
        name: &str,
        item: &ComponentItem,
        referenced: ComponentAnyTypeId,
        created: ComponentAnyTypeId,
    ) -> Result<TypeDefId> {
        label(name)?;
        if let Some(known) = self.original(referenced)
            && self.draft.resolved[known].owner == owner
        {
            self.named.insert(created, known);
            self.exported.insert(name.to_owned(), (known, false));
            let known = self.draft.resolved[known].name.as_deref().unwrap_or_default();
            return Err(NoForm::new(name, format!("the type `{known}` under an exported name")));
        }
        let local = self.unused_name(owner, name);
        let id = self.named_type(owner, &local, item, referenced, created)?;
        self.exported.insert(name.to_owned(), (id, true));
        let text = format!("Exported as `{name}`: WIT has no form for types that a world exports.");
        let no_form = NoForm::new(name, "a type that is exported by itself");
        self.draft.remark(id, text, &no_form);
        Ok(id)
    }

    fn world_instance(
        &mut self,
        world: WorldId,
        name: &str,
        item: &ComponentItem,
    ) -> Result<(Option<String>, InterfaceId)> {
        let no_form = |error: DecodeError| NoForm::new(name, error.message);
        if let Some(implements) = item.full_implements() {
            let own = label(name)?.to_owned();
            let id = self.interface(&implements, item).map_err(no_form)?;
            return Ok((Some(own), id));
        }
        if name.contains('/') {
            let id = self.interface(&item.full_name(name), item).map_err(no_form)?;
            return Ok((None, id));
        }
        let id = self.draft.inline_interface(label(name)?, world);
        self.instance(id, item);
        Ok((Some(name.to_owned()), id))
    }

    /// Adds the part of the interface with this full name that the instance `item` has.
    pub(super) fn interface(
        &mut self,
        full: &str,
        item: &ComponentItem,
    ) -> std::result::Result<InterfaceId, DecodeError> {
        let id = self.draft.interface(full)?;
        self.instance(id, item);
        Ok(id)
    }

    fn instance(&mut self, id: InterfaceId, item: &ComponentItem) {
        let ComponentEntityType::Instance(ty) = item.ty else {
            let name = self.draft.resolved[id].name.clone();
            let no_form = NoForm::new(&name, format!("an interface that is {}", sort(&item.ty)));
            return self.draft.leave_out_of_interface(id, &name, &no_form);
        };
        let types = self.types;
        for name in types[ty].exports.keys() {
            self.unused_name(Owner::Interface(id), name);
        }
        for (name, item) in &types[ty].exports {
            if let Err(no_form) = self.instance_export(Owner::Interface(id), name, item) {
                self.draft.leave_out_of_interface(id, name, &no_form);
            }
        }
    }

    fn instance_export(&mut self, owner: Owner, name: &str, item: &ComponentItem) -> Result<()> {
        match item.ty {
            ComponentEntityType::Type { referenced, created } => {
                let known = match self.draft.type_named(owner, name) {
                    Some(known) => {
                        self.check_view(owner, name, known, referenced)?;
                        known
                    }
                    None => self.named_type(owner, name, item, referenced, created)?,
                };
                self.remember(created, known);
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
            | ComponentEntityType::Component(_) => return Err(NoForm::new(name, sort(&item.ty))),
        }
        Ok(())
    }

    /// Checks that a type of an interface has the same form as before.
    ///
    /// Aliases are not compared: writers differ in how far they follow a `use`.
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
        Err(NoForm::new(name, format!("`{interface}` has this type in two forms")))
    }

    fn function(
        &mut self,
        owner: Owner,
        name: &str,
        item: &ComponentItem,
        ty: ComponentFuncTypeId,
    ) -> Result<Function> {
        let parts = plainname(name)?;
        let method = match parts.method {
            None => None,
            Some((kind, resource)) => Some((kind, self.resource_named(owner, name, resource)?)),
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

    /// Returns the resource of the function `name`.
    fn resource_named(&self, owner: Owner, name: &str, resource: &str) -> Result<TypeDefId> {
        let exported = match owner {
            Owner::World(_) => self.exported.get(resource),
            Owner::Interface(_) => None,
        };
        match exported {
            Some((id, true)) => Ok(*id),
            Some((_, false)) => Err(NoForm::new(name, "a function of an imported resource, exported")),
            None => self
                .draft
                .type_named(owner, resource)
                .ok_or_else(|| NoForm::new(name, "a function of a resource that is not there")),
        }
    }
}

/// Returns the sort of an import or export in words.
fn sort(ty: &ComponentEntityType) -> &'static str {
    match ty {
        ComponentEntityType::Module(_) => "a core module",
        ComponentEntityType::Func(_) => "a function",
        ComponentEntityType::Value(_) => "a value",
        ComponentEntityType::Type { .. } => "a type",
        ComponentEntityType::Instance(_) => "an instance",
        ComponentEntityType::Component(_) => "a component",
    }
}

/// Returns whether two types are equal. Unnamed types are compared part by part.
fn is_same_type(resolved: &Resolved, a: Type, b: Type) -> bool {
    match (a, b) {
        (Type::Def(a), Type::Def(b)) if a != b => {
            let (a, b) = (&resolved[a], &resolved[b]);
            a.name.is_none() && b.name.is_none() && is_same_kind(resolved, &a.kind, &b.kind)
        }
        (a, b) => a == b,
    }
}

/// Returns whether two kinds have equal names and parts.
fn is_same_kind(resolved: &Resolved, a: &TypeDefKind, b: &TypeDefKind) -> bool {
    let (mut a_parts, mut b_parts) = (Vec::new(), Vec::new());
    a.for_each_type(|part| a_parts.push(part));
    b.for_each_type(|part| b_parts.push(part));
    let same_parts = a_parts.len() == b_parts.len()
        && a_parts.iter().zip(&b_parts).all(|(a, b)| is_same_type(resolved, *a, *b));
    same_parts && frame(a) == frame(b)
}

/// Returns everything in a kind except its parts: the variant, the length, the names, and which
/// names have a part.
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
