//! What a linker knows by name: functions and resource types of the host, and exports of instances.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use canonical_abi::{Types, ValType};

use crate::compile::Component;
use crate::compile::Module;
use crate::func_type::Signature;
use crate::run::{
    Func, HostFunc, HostResource, HostResourceType, ResourceIndex, ResourceOrigin, TypedHostFunc,
};

/// One thing that a linker knows by name.
pub(crate) enum Definition<T: 'static> {
    Func(FuncDefinition<T>),
    Resource(ResourceDefinition<T>),
    /// A value type that an instance exports.
    Type(ExportedType),
    Module(Module),
    Component(Component),
    Instance(Definitions<T>),
}

/// A function that a linker knows.
pub(crate) enum FuncDefinition<T: 'static> {
    Host {
        func: HostFunc<T>,
        /// Its type, if the host gave it.
        ty: Option<Arc<HostSignature>>,
    },
    /// A host function on Rust types, which say its type.
    Typed(Arc<dyn TypedHostFunc<T>>),
    /// An export of an instance.
    Exported(ExportedFunc),
}

/// A resource type that a linker knows.
pub(crate) enum ResourceDefinition<T: 'static> {
    Host(HostResourceType<T>),
    /// An export of an instance.
    Exported {
        store: u64,
        index: ResourceIndex,
        origin: ResourceOrigin,
    },
}

/// A function of an instance, and what the resource types of its type are.
#[derive(Clone, Debug)]
pub(crate) struct ExportedFunc {
    pub(crate) func: Func,
    /// By [`ResourceId`](canonical_abi::ResourceId).
    pub(crate) origins: Arc<[ResourceOrigin]>,
}

/// The type of a host function, for
/// [`LinkerInstance::func_new_with_type`](crate::LinkerInstance::func_new_with_type).
#[derive(Clone, Debug)]
pub struct HostFuncType {
    /// The types that `ty` names. Errors write resource types as [`Types::name_resource`] says.
    pub types: Arc<Types>,
    /// The function's type.
    pub ty: canonical_abi::FuncType,
    /// The host's resource types: `ResourceId(i)` in `ty` names the `i`-th.
    pub resources: Vec<HostResource>,
}

/// A [`HostFuncType`] as the linker keeps it.
#[derive(Debug)]
pub(crate) struct HostSignature {
    pub(crate) types: Arc<Types>,
    pub(crate) signature: Signature,
    pub(crate) resources: Vec<HostResource>,
}

/// A value type of an instance.
#[derive(Clone, Debug)]
pub(crate) struct ExportedType {
    pub(crate) types: Arc<Types>,
    pub(crate) ty: ValType,
    /// By [`ResourceId`](canonical_abi::ResourceId).
    pub(crate) origins: Arc<[ResourceOrigin]>,
}

/// What a linker, or one of its instances, knows.
pub(crate) type Definitions<T> = BTreeMap<String, Definition<T>>;

impl<T> Clone for Definition<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Func(func) => Self::Func(func.clone()),
            Self::Resource(resource) => Self::Resource(resource.clone()),
            Self::Type(ty) => Self::Type(ty.clone()),
            Self::Module(module) => Self::Module(module.clone()),
            Self::Component(component) => Self::Component(component.clone()),
            Self::Instance(definitions) => Self::Instance(definitions.clone()),
        }
    }
}

impl<T> Clone for FuncDefinition<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Host { func, ty } => Self::Host { func: Arc::clone(func), ty: ty.clone() },
            Self::Typed(func) => Self::Typed(Arc::clone(func)),
            Self::Exported(func) => Self::Exported(func.clone()),
        }
    }
}

impl<T> Clone for ResourceDefinition<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Host(ty) => Self::Host(ty.clone()),
            Self::Exported { store, index, origin } => {
                Self::Exported { store: *store, index: *index, origin: *origin }
            }
        }
    }
}

impl<T> ResourceDefinition<T> {
    pub(crate) fn origin(&self) -> ResourceOrigin {
        match self {
            Self::Host(ty) => ty.origin(),
            Self::Exported { origin, .. } => *origin,
        }
    }
}

impl<T> Definition<T> {
    /// Returns the sort, as errors name it.
    pub(crate) fn sort(&self) -> &'static str {
        match self {
            Self::Func(_) => "function",
            Self::Resource(_) => "resource",
            Self::Type(_) => "type",
            Self::Module(_) => "core module",
            Self::Component(_) => "component",
            Self::Instance(_) => "instance",
        }
    }
}

impl<T> fmt::Debug for Definition<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sort())
    }
}
