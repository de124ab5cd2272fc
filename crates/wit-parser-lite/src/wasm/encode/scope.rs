//! The index spaces of a component type, and of the instance type inside it that is being written.
//! Follows Binary.md, "Type Definitions": `componentdecl`, `instancedecl`, `importdecl`,
//! `exportdecl`, `functype`, `paramlist`, `labelvaltype`, `resultlist`.
//!
//! Invariant: a type of another interface is bound (that interface is imported or exported) before
//! anything refers to it.

use std::cell::Cell;
use std::collections::HashMap;

use wasm_encoder::{
    Alias, ComponentDefinedTypeEncoder, ComponentExportKind, ComponentExternName, ComponentOuterAliasKind,
    ComponentType, ComponentTypeEncoder, ComponentTypeRef, ComponentValType, InstanceType, PrimitiveValType,
    TypeBounds,
};

use super::super::error::EncodeError;
use super::MAX_ENCODED_BYTES;
use crate::arena::{
    FunctionId, InterfaceId, Owner, Primitive, Resolved, Type, TypeDef, TypeDefId, TypeDefKind,
};

/// What a binary may still take.
pub(super) struct Budget {
    bytes: Cell<usize>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { bytes: Cell::new(MAX_ENCODED_BYTES) }
    }

    fn spend(&self, n_bytes: usize) {
        self.bytes.set(self.bytes.get().saturating_sub(n_bytes));
    }

    /// Returns an error if nothing is left.
    pub(super) fn check(&self) -> Result<(), EncodeError> {
        if self.bytes.get() > 0 { Ok(()) } else { Err(EncodeError::TooLarge) }
    }
}

/// A component type under construction.
pub(super) struct Encoder<'r> {
    pub(super) resolved: &'r Resolved,
    budget: &'r Budget,
    pub(super) outer: ComponentType,
    known: Known,
    /// The instance type that is being written, with its interface.
    instance: Option<(InterfaceId, InstanceType)>,
    /// The instances of interfaces without a plain name.
    instances: HashMap<InterfaceId, u32>,
    /// Types of instances, by instance and definition. The same type may be used through several
    /// interfaces.
    aliases: HashMap<(u32, TypeDefId), u32>,
}

/// The contents of an index space of types.
#[derive(Default)]
struct Known {
    definitions: HashMap<TypeDefId, u32>,
    /// Unnamed types, each written once.
    shapes: HashMap<Shape, u32>,
    functions: HashMap<FunctionShape, u32>,
}

/// An unnamed type.
#[derive(Clone, Eq, Hash, PartialEq)]
enum Shape {
    Tuple(Vec<ComponentValType>),
    Option(ComponentValType),
    Result(Option<ComponentValType>, Option<ComponentValType>),
    List(ComponentValType),
    FixedLengthList(ComponentValType, u32),
    Map(ComponentValType, ComponentValType),
    Stream(Option<ComponentValType>),
    Future(Option<ComponentValType>),
    Own(u32),
    Borrow(u32),
}

#[derive(Clone, Eq, Hash, PartialEq)]
struct FunctionShape {
    is_async: bool,
    params: Vec<(String, ComponentValType)>,
    result: Option<ComponentValType>,
}

impl<'r> Encoder<'r> {
    pub(super) fn new(resolved: &'r Resolved, budget: &'r Budget) -> Self {
        Self {
            resolved,
            budget,
            outer: ComponentType::new(),
            known: Known::default(),
            instance: None,
            instances: HashMap::new(),
            aliases: HashMap::new(),
        }
    }

    /// Adds the type of an instance of `id`, whose declarations `contents` adds, and returns its
    /// index.
    pub(super) fn instance_type(&mut self, id: InterfaceId, contents: impl FnOnce(&mut Self)) -> u32 {
        let outer = std::mem::take(&mut self.known);
        self.instance = Some((id, InstanceType::new()));
        contents(self);
        let (_, ty) = self.instance.take().expect("set above, and contents do not nest");
        self.known = outer;
        let index = self.outer.type_count();
        self.outer.ty().instance(&ty);
        index
    }

    pub(super) fn import_instance<'n>(&mut self, name: impl Into<ComponentExternName<'n>>, ty: u32) {
        let name = name.into();
        self.budget.spend(ENTRY_BYTES + name.name.len());
        self.outer.import(name, ComponentTypeRef::Instance(ty));
    }

    /// Makes the last instance the one from which later `use`s of `id` take types.
    pub(super) fn bind_instance(&mut self, id: InterfaceId) {
        self.instances.insert(id, self.outer.instance_count() - 1);
    }

    /// Adds an `exportdecl` to the instance type that is being written.
    pub(super) fn export(&mut self, name: ComponentExternName<'_>, ty: ComponentTypeRef) {
        self.budget.spend(ENTRY_BYTES + name.name.len());
        match &mut self.instance {
            Some((_, instance)) => instance.export(name, ty),
            None => unreachable!("exports of a component are written by who knows what they are"),
        };
    }

    /// Returns the index of the type of a function, a `functype`.
    pub(super) fn function(&mut self, id: FunctionId) -> u32 {
        let function = &self.resolved[id];
        let params = function.params.iter().map(|param| (param.name.clone(), self.value(param.ty))).collect();
        let result = function.result.map(|ty| self.value(ty));
        let names: usize = function.params.iter().map(|param| param.name.len() + ENTRY_BYTES).sum();
        self.budget.spend(ENTRY_BYTES + names);
        let shape = FunctionShape { is_async: function.is_async, params, result };
        if let Some(index) = self.known.functions.get(&shape) {
            return *index;
        }
        let (index, ty) = self.new_type();
        let params = shape.params.iter().map(|(name, ty)| (name.as_str(), *ty));
        ty.function().async_(shape.is_async).params(params).result(result);
        self.known.functions.insert(shape, index);
        index
    }

    /// Returns the index of a type, named or not.
    ///
    /// The parser's depth limit bounds the recursion, since named types are visited in the order of
    /// their ids.
    pub(super) fn definition(&mut self, id: TypeDefId) -> u32 {
        if let Some(index) = self.known.definitions.get(&id) {
            return *index;
        }
        let TypeDef { name, owner, kind, attributes, .. } = &self.resolved[id];
        let index = if name.is_some() && self.is_foreign(*owner) {
            self.foreign(id)
        } else if matches!(kind, TypeDefKind::Resource) {
            let name = name.as_deref().expect("resources have names");
            let name = extern_name(name, attributes.external_id.as_deref());
            self.name_type(name, TypeBounds::SubResource)
        } else {
            let index = self.kind(kind, true);
            match name {
                Some(name) => {
                    let name = extern_name(name, attributes.external_id.as_deref());
                    self.name_type(name, TypeBounds::Eq(index))
                }
                None => index,
            }
        };
        self.known.definitions.insert(id, index);
        index
    }

    /// Returns whether `owner` is an interface other than the one that is being written.
    fn is_foreign(&self, owner: Owner) -> bool {
        match owner {
            Owner::Interface(id) => self.instance.as_ref().is_none_or(|(current, _)| *current != id),
            Owner::World(_) => false,
        }
    }

    /// Returns the index of an `alias` of a type of another interface.
    fn foreign(&mut self, id: TypeDefId) -> u32 {
        let TypeDef { name, owner, .. } = &self.resolved[id];
        self.budget.spend(2 * ENTRY_BYTES + name.as_ref().map_or(0, String::len));
        let Owner::Interface(interface) = owner else { unreachable!("worlds are not foreign") };
        let instance = self.instances[interface];
        let outer = *self.aliases.entry((instance, id)).or_insert_with(|| {
            let index = self.outer.type_count();
            let name = name.as_deref().expect("only types with a name are used");
            self.outer.alias(Alias::InstanceExport { instance, kind: ComponentExportKind::Type, name });
            index
        });
        match &mut self.instance {
            Some((_, ty)) => {
                let index = ty.type_count();
                ty.alias(Alias::Outer { kind: ComponentOuterAliasKind::Type, count: 1, index: outer });
                index
            }
            None => outer,
        }
    }

    /// Returns the index of a new named type: an export of the instance type, or an import of the
    /// world.
    fn name_type(&mut self, name: ComponentExternName<'_>, bounds: TypeBounds) -> u32 {
        self.budget.spend(ENTRY_BYTES + name.name.len());
        match &mut self.instance {
            Some((_, ty)) => {
                ty.export(name, ComponentTypeRef::Type(bounds));
                ty.type_count() - 1
            }
            None => {
                self.outer.import(name, ComponentTypeRef::Type(bounds));
                self.outer.type_count() - 1
            }
        }
    }

    /// Returns the index of a kind, without its name. A type that gets a name is not shared with
    /// unnamed types, because readers would take the name for one of theirs.
    fn kind(&mut self, kind: &TypeDefKind, is_shared: bool) -> u32 {
        self.budget.spend(bytes_of(kind));
        let shape = match kind {
            TypeDefKind::Record(fields) => {
                let fields: Vec<_> = fields.iter().map(|it| (it.name.as_str(), self.value(it.ty))).collect();
                return self.new_defined(|ty| ty.record(fields));
            }
            TypeDefKind::Variant(cases) => {
                let cases: Vec<_> =
                    cases.iter().map(|it| (it.name.as_str(), it.ty.map(|ty| self.value(ty)))).collect();
                return self.new_defined(|ty| ty.variant(cases));
            }
            TypeDefKind::Enum(labels) => {
                return self.new_defined(|ty| ty.enum_type(labels.iter().map(|it| it.name.as_str())));
            }
            TypeDefKind::Flags(labels) => {
                return self.new_defined(|ty| ty.flags(labels.iter().map(|it| it.name.as_str())));
            }
            TypeDefKind::Alias(Type::Primitive(primitive)) => {
                return self.new_defined(|ty| ty.primitive(primitive_type(*primitive)));
            }
            TypeDefKind::Alias(Type::Def(id)) if self.resolved[*id].name.is_none() => {
                return self.kind(&self.resolved[*id].kind, false);
            }
            TypeDefKind::Alias(Type::Def(id)) | TypeDefKind::Use(id) => return self.definition(*id),
            TypeDefKind::Resource => unreachable!("a resource has nothing but its name"),
            TypeDefKind::Tuple(parts) => Shape::Tuple(parts.iter().map(|ty| self.value(*ty)).collect()),
            TypeDefKind::Option(ty) => Shape::Option(self.value(*ty)),
            TypeDefKind::Result { ok, err } => {
                Shape::Result(ok.map(|ty| self.value(ty)), err.map(|ty| self.value(ty)))
            }
            TypeDefKind::List(ty) => Shape::List(self.value(*ty)),
            TypeDefKind::FixedLengthList(ty, length) => Shape::FixedLengthList(self.value(*ty), *length),
            TypeDefKind::Map(key, value) => Shape::Map(self.value(*key), self.value(*value)),
            TypeDefKind::Stream(payload) => Shape::Stream(payload.map(|ty| self.value(ty))),
            TypeDefKind::Future(payload) => Shape::Future(payload.map(|ty| self.value(ty))),
            TypeDefKind::Own(id) => Shape::Own(self.definition(*id)),
            TypeDefKind::Borrow(id) => Shape::Borrow(self.definition(*id)),
        };
        if is_shared { self.shape(shape) } else { self.new_shape(&shape) }
    }

    /// Returns a `valtype`, in which a resource means a handle that owns it.
    fn value(&mut self, ty: Type) -> ComponentValType {
        match ty {
            Type::Primitive(primitive) => ComponentValType::Primitive(primitive_type(primitive)),
            Type::Def(id) => {
                let index = self.definition(id);
                let is_resource = self.resolved.resource(id).is_some();
                ComponentValType::Type(if is_resource { self.shape(Shape::Own(index)) } else { index })
            }
        }
    }

    fn shape(&mut self, shape: Shape) -> u32 {
        if let Some(index) = self.known.shapes.get(&shape) {
            return *index;
        }
        let index = self.new_shape(&shape);
        self.known.shapes.insert(shape, index);
        index
    }

    fn new_shape(&mut self, shape: &Shape) -> u32 {
        self.new_defined(|ty| match shape {
            Shape::Tuple(parts) => ty.tuple(parts.iter().copied()),
            Shape::Option(part) => ty.option(*part),
            Shape::Result(ok, err) => ty.result(*ok, *err),
            Shape::List(part) => ty.list(*part),
            Shape::FixedLengthList(part, length) => ty.fixed_length_list(*part, *length),
            Shape::Map(key, value) => ty.map(*key, *value),
            Shape::Stream(payload) => ty.stream(*payload),
            Shape::Future(payload) => ty.future(*payload),
            Shape::Own(index) => ty.own(*index),
            Shape::Borrow(index) => ty.borrow(*index),
        })
    }

    fn new_defined(&mut self, define: impl FnOnce(ComponentDefinedTypeEncoder<'_>)) -> u32 {
        let (index, ty) = self.new_type();
        define(ty.defined_type());
        index
    }

    fn new_type(&mut self) -> (u32, ComponentTypeEncoder<'_>) {
        match &mut self.instance {
            Some((_, ty)) => (ty.type_count(), ty.ty()),
            None => (self.outer.type_count(), self.outer.ty()),
        }
    }
}

/// The bytes of an entry without its names, about.
const ENTRY_BYTES: usize = 6;

/// Returns how many bytes a kind takes, about.
fn bytes_of(kind: &TypeDefKind) -> usize {
    let names: usize = match kind {
        TypeDefKind::Record(fields) => fields.iter().map(|it| it.name.len() + ENTRY_BYTES).sum(),
        TypeDefKind::Variant(cases) => cases.iter().map(|it| it.name.len() + ENTRY_BYTES).sum(),
        TypeDefKind::Enum(labels) | TypeDefKind::Flags(labels) => {
            labels.iter().map(|it| it.name.len() + 1).sum()
        }
        TypeDefKind::Tuple(parts) => parts.len() * ENTRY_BYTES,
        TypeDefKind::Option(_)
        | TypeDefKind::Result { .. }
        | TypeDefKind::List(_)
        | TypeDefKind::FixedLengthList(..)
        | TypeDefKind::Map(..)
        | TypeDefKind::Stream(_)
        | TypeDefKind::Future(_)
        | TypeDefKind::Own(_)
        | TypeDefKind::Borrow(_)
        | TypeDefKind::Resource
        | TypeDefKind::Alias(_)
        | TypeDefKind::Use(_) => 0,
    };
    ENTRY_BYTES + names
}

fn primitive_type(primitive: Primitive) -> PrimitiveValType {
    match primitive {
        Primitive::Bool => PrimitiveValType::Bool,
        Primitive::S8 => PrimitiveValType::S8,
        Primitive::U8 => PrimitiveValType::U8,
        Primitive::S16 => PrimitiveValType::S16,
        Primitive::U16 => PrimitiveValType::U16,
        Primitive::S32 => PrimitiveValType::S32,
        Primitive::U32 => PrimitiveValType::U32,
        Primitive::S64 => PrimitiveValType::S64,
        Primitive::U64 => PrimitiveValType::U64,
        Primitive::F32 => PrimitiveValType::F32,
        Primitive::F64 => PrimitiveValType::F64,
        Primitive::Char => PrimitiveValType::Char,
        Primitive::String => PrimitiveValType::String,
        Primitive::ErrorContext => PrimitiveValType::ErrorContext,
    }
}

/// Returns an `externname` with the `attribute` for an external id.
pub(super) fn extern_name<'n>(name: &'n str, external_id: Option<&'n str>) -> ComponentExternName<'n> {
    ComponentExternName { external_id: external_id.map(Into::into), ..ComponentExternName::from(name) }
}
