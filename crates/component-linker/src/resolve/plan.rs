//! What `resolve` makes of a component: a flat list of steps that instantiate it, and what it
//! imports and exports.
//!
//! Invariants: a step refers only to what earlier steps made; ids count up from zero in the order
//! of the steps. Follows Explainer.md, "Instance Definitions": nesting and aliases are gone, each
//! step makes one thing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use canonical_abi::{FuncType, ResourceId, StringEncoding, ValType};

use crate::decode::ModuleId;
use crate::func_type::Signature;
use crate::names::Path;

/// An import or an export of a component, or of an instance that it imports or exports.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// The name, such as `run` or `wasi:cli/environment@0.2.6`.
    pub name: String,
    /// The interface of which the instance is an implementation under a name of its own: the
    /// attribute `implements`.
    pub implements: Option<String>,
    /// The rest of the version, if the name or `implements` has only the part that compatible
    /// versions share: the attribute `versionsuffix`.
    pub version_suffix: Option<String>,
    /// What the host knows the item by: the attribute `external-id`.
    pub external_id: Option<String>,
    /// What it is.
    pub kind: ItemKind,
}

/// The kinds of [`Item`]s. Ids in types belong to [`Component::types`](crate::Component::types).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ItemKind {
    /// A function.
    Func(FuncType),
    /// An instance, with its exports.
    Instance(Vec<Item>),
    /// A resource type.
    Resource(ResourceId),
    /// A value type.
    Type(ValType),
    /// A function type, an instance type or a component type.
    OtherType,
    /// A core module.
    Module,
    /// A component.
    Component,
}

/// Names a core instance that a [`Step`] makes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CoreInstanceId(pub(crate) u32);

/// Names a component instance: one per instantiation of a component definition, the root's is zero.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct InstanceId(pub(crate) u32);

/// Names a core function that a [`Builtin`] makes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct BuiltinId(pub(crate) u32);

/// Names a lifted function.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct LiftId(pub(crate) u32);

/// Names a function that the root component imports.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ImportedFuncId(pub(crate) u32);

/// How to instantiate a component.
#[derive(Debug, Default)]
pub(crate) struct InstantiationPlan {
    pub(crate) steps: Vec<Step>,
    pub(crate) n_instances: u32,
    pub(crate) needs: Needs,
    /// By [`ResourceId`].
    pub(crate) resources: Vec<ResourceDef>,
    /// By [`ImportedFuncId`].
    pub(crate) imported_funcs: Vec<ImportedFunc>,
    /// Whether the root imports core modules or components that are not known yet. While it does,
    /// the plan describes the component and has no steps.
    pub(crate) is_open: bool,
    pub(crate) imports: Vec<Item>,
    pub(crate) exports: Vec<Item>,
    /// The functions of `exports` by their path.
    pub(crate) exported_funcs: BTreeMap<Path, FuncDef>,
    pub(crate) exported_modules: BTreeMap<Path, ModuleId>,
    pub(crate) exported_components: BTreeSet<Path>,
    pub(crate) unsupported: Vec<Unsupported>,
}

/// What an instantiation makes, as far as stores limit it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Needs {
    /// Of components and of core modules.
    pub(crate) n_instances: u64,
    pub(crate) n_memories: u64,
    pub(crate) n_tables: u64,
}

/// Something a component uses that is not supported yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unsupported {
    /// What it is, such as `canon stream.new`.
    pub what: String,
    /// Where it is defined: an offset in bytes from the start of the component.
    pub offset: u64,
}

/// Where a resource type comes from.
#[derive(Debug)]
pub(crate) struct ResourceDef {
    /// The path under which the root imports it, or `None` for one that an instance defines.
    pub(crate) imported: Option<Path>,
}

/// A function that the root component imports.
#[derive(Debug)]
pub(crate) struct ImportedFunc {
    pub(crate) path: Path,
    pub(crate) signature: Arc<Signature>,
}

/// One step of an instantiation.
#[derive(Debug)]
pub(crate) enum Step {
    /// Makes the next [`CoreInstanceId`]; the arguments are in the order of the module's imports.
    InstantiateModule { module: ModuleId, instance: InstanceId, args: Vec<CoreDef> },
    /// Gives the resource type its implementing instance and destructor.
    DefineResource { resource: ResourceId, instance: InstanceId, dtor: Option<CoreDef> },
    /// Makes the next [`BuiltinId`].
    DefineBuiltin(BuiltinDef),
    /// Makes the next [`LiftId`].
    Lift(LiftDef),
}

/// A core function, table, memory, global or tag.
#[derive(Clone, Debug)]
pub(crate) enum CoreDef {
    Export { instance: CoreInstanceId, name: Arc<str> },
    Builtin(BuiltinId),
}

/// A component function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FuncDef {
    Lifted(LiftId),
    Imported(ImportedFuncId),
    /// A function of an instance of an unknown component.
    Unknown,
}

/// A canonical definition that makes a core function, and the component instance that it belongs
/// to.
#[derive(Debug)]
pub(crate) struct BuiltinDef {
    pub(crate) instance: InstanceId,
    pub(crate) builtin: Builtin,
}

/// The canonical definitions that make core functions. Follows CanonicalABI.md, "Canonical
/// Definitions".
#[derive(Debug)]
pub(crate) enum Builtin {
    Lower {
        func: FuncDef,
        options: OptionsDef,
    },
    ResourceNew(ResourceId),
    ResourceDrop(ResourceId),
    ResourceRep(ResourceId),
    ContextGet {
        slot: u32,
        is_64: bool,
    },
    ContextSet {
        slot: u32,
        is_64: bool,
    },
    BackpressureInc,
    BackpressureDec,
    TaskReturn {
        /// The type of a function that takes the result as its only parameter.
        signature: Arc<Signature>,
        options: OptionsDef,
    },
    /// Traps when called, saying that `what` is not supported yet.
    Unsupported {
        what: String,
    },
}

/// `canon lift`.
#[derive(Debug)]
pub(crate) struct LiftDef {
    pub(crate) instance: InstanceId,
    pub(crate) core_func: CoreDef,
    pub(crate) signature: Arc<Signature>,
    pub(crate) options: OptionsDef,
}

/// The canonical options (CanonicalABI.md, "Canonical ABI Options") as far as calls that don't
/// block need them.
#[derive(Clone, Debug)]
pub(crate) struct OptionsDef {
    pub(crate) string_encoding: StringEncoding,
    pub(crate) memory: Option<CoreDef>,
    pub(crate) realloc: Option<CoreDef>,
    pub(crate) post_return: Option<CoreDef>,
    pub(crate) is_async: bool,
    /// None is called yet.
    pub(crate) callback: Option<CoreDef>,
}
