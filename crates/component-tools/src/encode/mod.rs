//! Writes the imports of a new component, and types.
//! Follows Binary.md, "Type Definitions", and Explainer.md, "Type Definitions".
//!
//! A type is written once in each scope. A type of another import is an alias of it, and that
//! import is written first; any other type is written out, without a name. But an import may
//! mention records, variants, flags and enums by name only. If a plug's interface names such a
//! type, the new component imports that interface for its types alone, as worlds in WIT do
//! ([`Naming::Import`]).
//!
//! The files of this room call each other in a circle, as types contain types: `Encoder::index_of`
//! writes a type through `types` and `module`, which ask it for the types of the parts.

mod error;
mod live;
mod module;
mod types;

use std::collections::HashMap;
use std::mem;

use wasm_encoder::{
    Alias, ComponentBuilder, ComponentExportKind, ComponentExternName, ComponentOuterAliasKind,
    ComponentTypeRef, InstanceType, TypeBounds,
};
use wasmparser::component_types::{
    AliasableResourceId, ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentFuncTypeId,
    ComponentInstanceTypeId, ComponentItem, ComponentType, ResourceId,
};
use wasmparser::types::TypesRef;

pub(crate) use self::error::EncodeError;
pub(crate) use self::live::Live;

use crate::wiring::{Group, Member, Origin, Source, Wiring};

/// How imports refer to a type in an interface that a plug provides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Naming {
    /// The type is written out.
    None,
    /// The new component imports the interface for its types alone, and the type is an alias.
    Import,
}

/// The new component so far.
pub(crate) struct Encoder<'a> {
    types: TypesRef<'a>,
    names: &'a [&'a str],
    components: &'a [&'a ComponentType],
    wiring: &'a Wiring,
    naming: Naming,
    /// What to write of the imports, or none to write all.
    live: Option<&'a Live>,
    /// The types that were imported to give them names, if that is how types get names.
    asked_for: Option<Vec<AskedFor>>,
    builder: ComponentBuilder,
    /// The imports for types alone, by name; none while one is being written.
    type_imports: HashMap<&'a str, Option<TypeImport>>,
    /// By group of the wiring: whether its import is written.
    written: Vec<Written>,
    /// The types in the scope of the new component.
    root: Known,
    /// The instance types that are being written, each inside the one before it.
    frames: Vec<Frame>,
}

/// A type that a nested component imports to give it a name.
pub(crate) struct AskedFor {
    pub(crate) name: String,
    pub(crate) ty: ComponentAnyTypeId,
}

/// An import for its types alone.
struct TypeImport {
    instance: u32,
    types: Vec<String>,
}

/// How far an import is written.
#[derive(Clone, Copy)]
enum Written {
    Not,
    Begun,
    /// With its index.
    Done(u32),
}

/// The indices of types in a scope.
#[derive(Clone, Default)]
pub(crate) struct Known {
    types: HashMap<ComponentAnyTypeId, u32>,
    resources: HashMap<ResourceId, u32>,
}

#[derive(Default)]
struct Frame {
    ty: InstanceType,
    known: Known,
}

impl Known {
    fn insert(&mut self, ty: ComponentAnyTypeId, index: u32) {
        if let ComponentAnyTypeId::Resource(id) = ty {
            self.resources.insert(id.resource(), index);
        }
        self.types.insert(ty, index);
    }
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(
        types: TypesRef<'a>,
        names: &'a [&'a str],
        components: &'a [&'a ComponentType],
        wiring: &'a Wiring,
        naming: Naming,
    ) -> Self {
        Self {
            types,
            names,
            components,
            wiring,
            naming,
            live: None,
            asked_for: None,
            type_imports: HashMap::new(),
            builder: ComponentBuilder::default(),
            written: vec![Written::Not; wiring.groups.len()],
            root: Known::default(),
            frames: Vec::new(),
        }
    }

    /// Returns an encoder for a component that imports each type that must have a name. `none` is
    /// an empty wiring.
    pub(crate) fn nested(types: TypesRef<'a>, none: &'a Wiring) -> Self {
        let mut encoder = Self::new(types, &[], &[], none, Naming::None);
        encoder.asked_for = Some(Vec::new());
        encoder
    }

    /// Restricts the imports to what is used.
    pub(crate) fn only(mut self, live: &'a Live) -> Self {
        self.live = Some(live);
        self
    }

    pub(crate) fn into_builder(self) -> ComponentBuilder {
        self.builder
    }

    /// Returns a nested component and the types that it imports.
    pub(crate) fn into_nested(self) -> (ComponentBuilder, Vec<AskedFor>) {
        (self.builder, self.asked_for.unwrap_or_default())
    }

    /// Returns what is written so far, to add to it. Types are added through the encoder, which
    /// keeps their indices.
    pub(crate) fn builder(&mut self) -> &mut ComponentBuilder {
        &mut self.builder
    }

    /// Writes all imports and returns their indices by group.
    pub(crate) fn imports(&mut self) -> Result<Vec<u32>, EncodeError> {
        (0..self.wiring.groups.len()).map(|group| self.import_group(group)).collect()
    }

    /// Returns the index of an import, which is written if it is not yet.
    pub(crate) fn import_group(&mut self, group: usize) -> Result<u32, EncodeError> {
        let index = self.import(group)?;
        Ok(index.expect("no import is being written when one is asked for here"))
    }

    /// Records the index of a type, and of the resource that it names, in the new component.
    pub(crate) fn know(&mut self, ty: ComponentAnyTypeId, index: u32) {
        self.root.insert(ty, index);
    }

    /// Returns the types in the scope of the new component, for [`Self::know_only`].
    pub(crate) fn known(&self) -> Known {
        self.root.clone()
    }

    /// Forgets all types but these, so that what is written next does not refer to the others.
    pub(crate) fn know_only(&mut self, known: Known) {
        self.root = known;
    }

    /// Returns the index of a resource type, which is imported if it is not yet.
    pub(crate) fn resource(&mut self, ty: AliasableResourceId) -> Result<u32, EncodeError> {
        self.index_of(ComponentAnyTypeId::Resource(ty), "resource")
    }

    /// Returns the index of a type, which is written if it is not yet.
    pub(crate) fn any_type(&mut self, ty: ComponentAnyTypeId, item: &str) -> Result<u32, EncodeError> {
        self.index_of(ty, item)
    }

    /// Returns the index of a function type, which is written if it is not yet.
    pub(crate) fn func_type(&mut self, id: ComponentFuncTypeId, item: &str) -> Result<u32, EncodeError> {
        self.index_of(ComponentAnyTypeId::Func(id), item)
    }

    /// Writes an instance type with the exports of all these, and returns its index.
    pub(crate) fn instance(
        &mut self,
        ids: &[ComponentInstanceTypeId],
        item: &str,
    ) -> Result<u32, EncodeError> {
        let ty = self.instance_type(ids, item, None)?;
        Ok(self.builder.type_instance(None, &ty))
    }

    /// Returns the index of an import, which is written if it is not yet, or none if it is being
    /// written.
    fn import(&mut self, index: usize) -> Result<Option<u32>, EncodeError> {
        match self.written[index] {
            Written::Done(index) => return Ok(Some(index)),
            Written::Begun => return Ok(None),
            Written::Not => self.written[index] = Written::Begun,
        }
        // The import is not part of the types that are being written.
        let frames = mem::take(&mut self.frames);
        let written = self.write_import(&self.wiring.groups[index])?;
        self.frames = frames;
        self.written[index] = Written::Done(written);
        Ok(Some(written))
    }

    fn write_import(&mut self, group: &'a Group) -> Result<u32, EncodeError> {
        let items: Vec<&ComponentItem> = group.members.iter().map(|member| self.item(*member).1).collect();
        let ty = match group.item.ty {
            ComponentEntityType::Instance(_) => {
                let ids: Vec<_> = items.iter().filter_map(|item| instance_of(item)).collect();
                let ty = self.instance_type(&ids, &group.key, self.live)?;
                ComponentTypeRef::Instance(self.builder.type_instance(None, &ty))
            }
            ComponentEntityType::Func(id) => {
                ComponentTypeRef::Func(self.index_of(ComponentAnyTypeId::Func(id), &group.key)?)
            }
            ComponentEntityType::Type { referenced, .. } => {
                ComponentTypeRef::Type(self.bounds(referenced, &group.key)?)
            }
            ComponentEntityType::Module(id) => ComponentTypeRef::Module(self.module(id, &group.key)?),
            ComponentEntityType::Component(_) => return Err(unsupported("component", &group.key)),
            ComponentEntityType::Value(_) => return Err(unsupported("value", &group.key)),
        };
        let index = self.builder.import(extern_name(&group.key, &group.item), ty);
        for item in items {
            if let ComponentEntityType::Type { created, .. } = item.ty {
                self.root.insert(created, index);
            }
        }
        Ok(index)
    }

    fn item(&self, member: Member) -> (&'a String, &'a ComponentItem) {
        let imports = &self.components[member.file].imports;
        imports.get_index(member.import).expect("members are imports of their files")
    }

    /// Returns an instance type with the exports of all these, or with those that are used. Types
    /// of the same name become one.
    fn instance_type(
        &mut self,
        ids: &[ComponentInstanceTypeId],
        import: &str,
        live: Option<&Live>,
    ) -> Result<InstanceType, EncodeError> {
        self.frames.push(Frame::default());
        let types = self.types;
        // By name, with the index of the type if it is one.
        let mut done: HashMap<&str, Option<u32>> = HashMap::new();
        for id in ids {
            let ty = types.get(*id).expect("the id is of these types");
            for (name, item) in &ty.exports {
                if live.is_some_and(|live| !live.is_used(*id, name, item)) {
                    continue;
                }
                match (done.get(name.as_str()), item.ty) {
                    (None, _) => {
                        let index = self.export(name, item, import)?;
                        done.insert(name, index);
                    }
                    (Some(Some(index)), ComponentEntityType::Type { created, .. }) => {
                        self.top().known.insert(created, *index);
                    }
                    (Some(_), _) => {}
                }
            }
        }
        Ok(self.frames.pop().expect("it was pushed above").ty)
    }

    /// Writes an export of the innermost instance type. Returns the index of the type if the export
    /// is one.
    fn export(&mut self, name: &str, item: &ComponentItem, import: &str) -> Result<Option<u32>, EncodeError> {
        let ty = match item.ty {
            ComponentEntityType::Type { referenced, .. } => {
                ComponentTypeRef::Type(self.bounds(referenced, import)?)
            }
            ComponentEntityType::Func(id) => {
                ComponentTypeRef::Func(self.index_of(ComponentAnyTypeId::Func(id), import)?)
            }
            ComponentEntityType::Instance(id) => {
                ComponentTypeRef::Instance(self.index_of(ComponentAnyTypeId::Instance(id), import)?)
            }
            ComponentEntityType::Module(id) => ComponentTypeRef::Module(self.module(id, import)?),
            ComponentEntityType::Component(_) => return Err(unsupported("component", import)),
            ComponentEntityType::Value(_) => return Err(unsupported("value", import)),
        };
        let top = self.top();
        top.ty.export(extern_name(name, item), ty);
        let ComponentEntityType::Type { created, .. } = item.ty else { return Ok(None) };
        let index = top.ty.type_count() - 1;
        top.known.insert(created, index);
        Ok(Some(index))
    }

    /// Returns the bounds of a type import or export: equality to a type, or a new resource.
    fn bounds(&mut self, referenced: ComponentAnyTypeId, import: &str) -> Result<TypeBounds, EncodeError> {
        let ComponentAnyTypeId::Resource(id) = referenced else {
            return Ok(TypeBounds::Eq(self.index_of(referenced, import)?));
        };
        if let Some(index) = self.find(referenced)? {
            return Ok(TypeBounds::Eq(index));
        }
        match self.provider(id.resource()) {
            Some(error) => Err(error(import)),
            None => Ok(TypeBounds::SubResource),
        }
    }

    /// Returns the error about an import that needs this resource, if a plug provides the resource.
    fn provider(&self, resource: ResourceId) -> Option<impl Fn(&str) -> EncodeError + use<>> {
        let Origin { member, export } = self.wiring.origins.resource(resource)?;
        let file = self.names[self.wiring.source(*member).file()?].to_owned();
        let (of, _) = self.item(*member);
        let resource = match export {
            Some(name) => format!("resource `{name}` of `{of}`"),
            None => format!("resource `{of}`"),
        };
        let member = *member;
        Some(move |import: &str| {
            let uses = format!("import `{import}` uses the {resource}");
            let message =
                format!("{uses}, which {file} provides, so that a plug must provide the import too");
            let uses = format!("{uses}, and no plug provides that import");
            EncodeError::Provided { member, uses, message }
        })
    }

    fn top(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("an instance type is being written")
    }

    /// Returns the index of a type in the innermost scope, where it is written if it is not yet.
    fn index_of(&mut self, ty: ComponentAnyTypeId, import: &str) -> Result<u32, EncodeError> {
        if let Some(index) = self.find(ty)? {
            return Ok(index);
        }
        let index = match ty {
            ComponentAnyTypeId::Defined(id) => {
                let index = self.defined(id, import)?;
                let must_be_named = is_nominal(self.types.get(id).expect("the id is of these types"));
                if must_be_named { self.ask_for(ty, TypeBounds::Eq(index)).unwrap_or(index) } else { index }
            }
            ComponentAnyTypeId::Func(id) => self.func(id, import)?,
            ComponentAnyTypeId::Instance(id) => {
                let ty = self.instance_type(&[id], import, None)?;
                self.define(|encoder| encoder.instance(&ty))
            }
            ComponentAnyTypeId::Component(_) => return Err(unsupported("component type", import)),
            ComponentAnyTypeId::Resource(id) => {
                let index = self.ask_for(ty, TypeBounds::SubResource);
                index.ok_or_else(|| match self.provider(id.resource()) {
                    Some(error) => error(import),
                    None => unsupported("resource without a name", import),
                })?
            }
        };
        self.scope(self.frames.len()).insert(ty, index);
        Ok(index)
    }

    /// Imports a type to give it a name, if that is how types get names.
    fn ask_for(&mut self, ty: ComponentAnyTypeId, bounds: TypeBounds) -> Option<u32> {
        let asked_for = self.asked_for.as_mut()?;
        let name = format!("t{}", asked_for.len());
        let index = self.builder.import(&*name, ComponentTypeRef::Type(bounds));
        asked_for.push(AskedFor { name, ty });
        Some(index)
    }

    /// Returns the index in the innermost scope of a type that is in some scope or in an import.
    fn find(&mut self, ty: ComponentAnyTypeId) -> Result<Option<u32>, EncodeError> {
        let mut next = Some(ty);
        while let Some(alias) = next {
            for level in (0..=self.frames.len()).rev() {
                if let Some(index) = self.scope(level).types.get(&alias).copied() {
                    return Ok(Some(self.bring(level, index, alias)));
                }
            }
            if let Some(index) = self.place(self.wiring.origins.get(alias), alias)? {
                return Ok(Some(self.bring(0, index, alias)));
            }
            next = self.types.peel_alias(alias);
        }
        let ComponentAnyTypeId::Resource(id) = ty else { return Ok(None) };
        for level in (0..=self.frames.len()).rev() {
            if let Some(index) = self.scope(level).resources.get(&id.resource()).copied() {
                return Ok(Some(self.bring(level, index, ty)));
            }
        }
        let index = self.place(self.wiring.origins.resource(id.resource()), ty)?;
        Ok(index.map(|index| self.bring(0, index, ty)))
    }

    fn scope(&mut self, level: usize) -> &mut Known {
        match level.checked_sub(1) {
            None => &mut self.root,
            Some(frame) => &mut self.frames[frame].known,
        }
    }

    /// Adds an alias of a type of an outer scope to the innermost one, and returns its index there.
    fn bring(&mut self, level: usize, index: u32, ty: ComponentAnyTypeId) -> u32 {
        self.scope(level).insert(ty, index);
        let depth = self.frames.len() - level;
        if depth == 0 {
            return index;
        }
        let count = u32::try_from(depth).expect("validation bounds the nesting");
        let top = self.top();
        top.ty.alias(Alias::Outer { kind: ComponentOuterAliasKind::Type, count, index });
        let index = top.ty.type_count() - 1;
        top.known.insert(ty, index);
        index
    }

    /// Returns the index in the new component of a type that one of its imports brings.
    fn place(
        &mut self,
        origin: Option<&'a Origin>,
        ty: ComponentAnyTypeId,
    ) -> Result<Option<u32>, EncodeError> {
        let Some(Origin { member, export }) = origin else { return Ok(None) };
        let Source::Import(group) = self.wiring.source(*member) else {
            if let (ComponentAnyTypeId::Resource(_), Some(name)) = (ty, export) {
                return self.passed_on(*member, name);
            }
            return match (self.naming, ty, export) {
                (Naming::Import, ComponentAnyTypeId::Defined(_), Some(name)) => {
                    self.type_import(*member, name)
                }
                (Naming::None | Naming::Import, _, _) => Ok(None),
            };
        };
        let Some(index) = self.import(*group)? else { return Ok(None) };
        Ok(Some(match export {
            Some(name) => self.builder.alias_export(index, name, ComponentExportKind::Type),
            None => index,
        }))
    }

    /// Returns the index in the new component of a resource in an interface that a plug provides,
    /// if the plug imports the resource itself.
    fn passed_on(&mut self, member: Member, name: &str) -> Result<Option<u32>, EncodeError> {
        let Source::Plug { file, export } = self.wiring.source(member) else { return Ok(None) };
        let types = self.types;
        let instance = self.components[*file].exports.get(export).and_then(instance_of);
        let item = instance.and_then(|id| types.get(id)?.exports.get(name));
        let Some(ComponentEntityType::Type { created: ty @ ComponentAnyTypeId::Resource(id), .. }) =
            item.map(|item| item.ty)
        else {
            return Ok(None);
        };
        match self.wiring.origins.resource(id.resource()) {
            // The plug's own files come after those that it provides for.
            Some(origin) if origin.member.file >= *file => self.place(Some(origin), ty),
            Some(_) | None => Ok(None),
        }
    }

    /// Returns the index in the new component of a type in an interface that a plug provides. The
    /// new component imports the interface for its types, without those that need a resource of the
    /// plug.
    fn type_import(&mut self, member: Member, name: &str) -> Result<Option<u32>, EncodeError> {
        let (key, item) = self.item(member);
        let ComponentEntityType::Instance(id) = item.ty else { return Ok(None) };
        if self.wiring.groups.iter().any(|group| group.key == *key) {
            return Ok(None);
        }
        if !self.type_imports.contains_key(key.as_str()) {
            self.type_imports.insert(key, None);
            let frames = mem::replace(&mut self.frames, vec![Frame::default()]);
            let exports = &self.types.get(id).expect("the id is of these types").exports;
            let is_defined = |item: &ComponentItem| {
                let ComponentEntityType::Type { created, .. } = item.ty else { return false };
                matches!(created, ComponentAnyTypeId::Defined(_))
            };
            let mut types = Vec::new();
            for (name, item) in exports.iter().filter(|(_, item)| is_defined(item)) {
                if self.export(name, item, key).is_ok() {
                    types.push(name.clone());
                }
            }
            let ty = mem::replace(&mut self.frames, frames).pop().expect("it was made above").ty;
            let ty = ComponentTypeRef::Instance(self.builder.type_instance(None, &ty));
            let instance = self.builder.import(extern_name(key, item), ty);
            self.type_imports.insert(key, Some(TypeImport { instance, types }));
        }
        let Some(Some(import)) = self.type_imports.get(key.as_str()) else { return Ok(None) };
        let is_there = import.types.iter().any(|known| known == name);
        let instance = import.instance;
        Ok(is_there.then(|| self.builder.alias_export(instance, name, ComponentExportKind::Type)))
    }
}

/// Returns whether imports and exports may mention a type by name only.
fn is_nominal(ty: &ComponentDefinedType) -> bool {
    match ty {
        ComponentDefinedType::Record(_)
        | ComponentDefinedType::Variant(_)
        | ComponentDefinedType::Flags(_)
        | ComponentDefinedType::Enum(_) => true,
        ComponentDefinedType::Primitive(_)
        | ComponentDefinedType::List { .. }
        | ComponentDefinedType::Map { .. }
        | ComponentDefinedType::FixedLengthList { .. }
        | ComponentDefinedType::Tuple(_)
        | ComponentDefinedType::Option { .. }
        | ComponentDefinedType::Result { .. }
        | ComponentDefinedType::Own(_)
        | ComponentDefinedType::Borrow(_)
        | ComponentDefinedType::Future { .. }
        | ComponentDefinedType::Stream { .. } => false,
    }
}

fn instance_of(item: &ComponentItem) -> Option<ComponentInstanceTypeId> {
    if let ComponentEntityType::Instance(id) = item.ty { Some(id) } else { None }
}

fn unsupported(sort: &str, import: &str) -> EncodeError {
    EncodeError::Unsupported(format!("import `{import}` of or with a {sort}, from outside the new component"))
}

/// Returns the name of an import or an export with its attributes.
pub(crate) fn extern_name<'a>(key: &'a str, item: &'a ComponentItem) -> ComponentExternName<'a> {
    ComponentExternName {
        name: key.into(),
        implements: item.implements.as_deref().map(Into::into),
        version_suffix: item.version_suffix.as_deref().map(Into::into),
        external_id: item.external_id.as_deref().map(Into::into),
    }
}
