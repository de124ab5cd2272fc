//! The values of the symbolic evaluation: index spaces, and what stands in them.
//!
//! A frame is one instantiation of a component definition, or one evaluation of an instance type.
//! It keeps its parent, so that outer aliases find what they name.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use canonical_abi::{ResourceId, ValType};

use super::core_types::{CoreTypeId, ModuleType};
use super::plan::{CoreDef, CoreInstanceId, FuncDef, InstanceId};
use super::program::SourceId;
use crate::decode::{ComponentDecl, ComponentId, InstanceDecl, ModuleId, NameAttributes};
use crate::error::{Error, ErrorKind};
use crate::func_type::Signature;
use crate::limits::MAX_DEPTH;

/// Names a frame of the evaluation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct FrameId(pub(crate) u32);

/// The index spaces of one instantiation.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) source: SourceId,
    pub(crate) parent: Option<FrameId>,
    pub(crate) instance: InstanceId,
    pub(crate) modules: Vec<Module>,
    pub(crate) core_instances: Vec<CoreInstance<'a>>,
    pub(crate) core_funcs: Vec<CoreDef>,
    pub(crate) core_tables: Vec<CoreDef>,
    pub(crate) core_memories: Vec<CoreDef>,
    pub(crate) core_globals: Vec<CoreDef>,
    pub(crate) core_tags: Vec<CoreDef>,
    pub(crate) core_types: Vec<CoreType>,
    pub(crate) funcs: Vec<Func>,
    pub(crate) types: Vec<Type<'a>>,
    pub(crate) instances: Vec<Instance<'a>>,
    pub(crate) components: Vec<Component<'a>>,
}

impl Frame<'_> {
    pub(crate) fn new(source: SourceId, parent: Option<FrameId>, instance: InstanceId) -> Self {
        Self {
            source,
            parent,
            instance,
            modules: Vec::new(),
            core_instances: Vec::new(),
            core_funcs: Vec::new(),
            core_tables: Vec::new(),
            core_memories: Vec::new(),
            core_globals: Vec::new(),
            core_tags: Vec::new(),
            core_types: Vec::new(),
            funcs: Vec::new(),
            types: Vec::new(),
            instances: Vec::new(),
            components: Vec::new(),
        }
    }
}

/// Anything that can be imported, exported or aliased.
#[derive(Clone, Debug)]
pub(crate) enum Entity<'a> {
    Module(Module),
    Func(Func),
    Type(Type<'a>),
    Instance(Instance<'a>),
    Component(Component<'a>),
}

/// A core module: one of a binary's, or one that is imported and has this type.
#[derive(Clone, Debug)]
pub(crate) enum Module {
    Defined(ModuleId),
    Imported(Rc<ModuleType>),
}

/// A core type.
#[derive(Clone, Debug)]
pub(crate) enum CoreType {
    Sub(CoreTypeId),
    Module(Rc<ModuleType>),
}

/// A component definition with the frame that it closes over, or one that the root imports.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Component<'a> {
    Defined { source: SourceId, id: ComponentId, parent: Option<FrameId> },
    Imported(ComponentDeclarations<'a>),
}

/// A component function with its type.
#[derive(Clone, Debug)]
pub(crate) struct Func {
    pub(crate) def: FuncDef,
    pub(crate) signature: Arc<Signature>,
}

/// A type. Instance types stay unevaluated: each import that is ascribed one makes resource types
/// of its own.
#[derive(Clone, Debug)]
pub(crate) enum Type<'a> {
    Value(ValType),
    Func(Arc<Signature>),
    Resource(ResourceId),
    Instance(InstanceType<'a>),
    Component(ComponentDeclarations<'a>),
}

/// An instance type with the frame that it closes over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InstanceType<'a> {
    pub(crate) declarations: &'a [InstanceDecl],
    pub(crate) parent: FrameId,
    /// The size of the definition that it is, or is part of.
    pub(crate) size_bytes: u64,
}

/// A component type with the frame that it closes over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ComponentDeclarations<'a> {
    pub(crate) declarations: &'a [ComponentDecl],
    pub(crate) parent: FrameId,
    /// The size of the definition that it is, or is part of.
    pub(crate) size_bytes: u64,
}

/// A core instance: one that a step makes, or a bundle of definitions.
#[derive(Clone, Debug)]
pub(crate) enum CoreInstance<'a> {
    Instantiated(CoreInstanceId),
    Exports(Rc<BTreeMap<&'a str, CoreDef>>),
}

/// A component instance, which is nothing but its exports.
pub(crate) type Instance<'a> = Rc<Exports<'a>>;

/// The exports of a component instance, in order and by name.
#[derive(Debug, Default)]
pub(crate) struct Exports<'a> {
    items: Vec<Export<'a>>,
    /// How deep instances are nested within.
    depth: u32,
    by_name: BTreeMap<Arc<str>, usize>,
}

/// An export of a component instance.
#[derive(Debug)]
pub(crate) struct Export<'a> {
    pub(crate) name: Arc<str>,
    pub(crate) attributes: NameAttributes,
    pub(crate) entity: Entity<'a>,
}

impl<'a> Exports<'a> {
    pub(crate) fn insert(
        &mut self,
        name: &Arc<str>,
        attributes: &NameAttributes,
        entity: Entity<'a>,
        offset: u64,
    ) -> Result<(), Error> {
        if let Entity::Instance(instance) = &entity {
            self.depth = self.depth.max(instance.depth + 1);
        }
        if self.depth > MAX_DEPTH {
            return Err(too_deep(offset));
        }
        self.by_name.insert(Arc::clone(name), self.items.len());
        self.items.push(Export { name: Arc::clone(name), attributes: attributes.clone(), entity });
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Entity<'a>> {
        self.by_name.get(name).map(|&i| &self.items[i].entity)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Export<'a>> {
        self.items.iter()
    }
}

pub(crate) fn too_deep(offset: u64) -> Error {
    let message = format!("instances or instance types are nested more than {MAX_DEPTH} deep");
    Error::new(ErrorKind::Limit, message, offset)
}

/// Returns the entry of an index space. Validation promises that it is there.
pub(crate) fn get<T: Clone>(space: &[T], index: u32, what: &str, offset: u64) -> Result<T, Error> {
    let entry = usize::try_from(index).ok().and_then(|i| space.get(i));
    entry.cloned().ok_or_else(|| Error::internal(format_args!("{what} {index} is not defined"), offset))
}

/// Returns the error of an import that is given nothing. Validation promises that there is none.
#[cold]
pub(super) fn no_argument(name: &str, offset: u64) -> Error {
    Error::internal(format_args!("no argument `{name}`"), offset)
}
