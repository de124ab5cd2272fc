//! What a linker knows by name: functions and resource types of the host, and the exports of live instances.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use canonical_abi::{Types, ValType};
use jit::HostError;

use crate::Val;
use crate::canon::TypedHostFunc;
use crate::component::Component;
use crate::func_type::Signature;
use crate::instance::Func;
use crate::module::Module;
use crate::store::{ResourceIndex, StoreContextMut};

/// A host function as the linker keeps it: arguments in, at most one result out.
pub(crate) type HostFunc<T> =
    Arc<dyn Fn(&mut StoreContextMut<'_, T>, &[Val]) -> Result<Option<Val>, HostError> + Send + Sync>;

/// The destructor of a host's resource type: it is given the representation of the resource to drop.
pub(crate) type HostDtor<T> =
    Arc<dyn Fn(&mut StoreContextMut<'_, T>, u32) -> Result<(), HostError> + Send + Sync>;

/// One thing that a linker knows by name.
pub(crate) enum Definition<T: 'static> {
    Func(FuncDefinition<T>),
    Resource(ResourceDefinition<T>),
    /// A value type that a live instance exports.
    Type(LiveType),
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
    /// An export of a live instance.
    Live(Func),
}

/// A resource type that a linker knows.
pub(crate) enum ResourceDefinition<T: 'static> {
    Host(HostResourceType<T>),
    /// An export of a live instance.
    Live {
        store: u64,
        index: ResourceIndex,
    },
}

/// A resource type of the host.
pub(crate) struct HostResourceType<T: 'static> {
    pub(crate) id: HostResource,
    pub(crate) rust_type: TypeId,
    pub(crate) dtor: HostDtor<T>,
}

/// Names a resource type of the host: what a linker provides twice under one name of this kind is one type.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct HostResource(u64);

/// The type of a host function, for [`LinkerInstance::func_new_with_type`](crate::LinkerInstance::func_new_with_type).
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

/// A value type of a live instance.
#[derive(Clone, Debug)]
pub(crate) struct LiveType {
    pub(crate) store: u64,
    pub(crate) types: Arc<Types>,
    pub(crate) ty: ValType,
    pub(crate) resources: Arc<[ResourceIndex]>,
}

/// What a linker, or one of its instances, knows.
pub(crate) type Definitions<T> = BTreeMap<String, Definition<T>>;

impl HostResource {
    /// Returns a name that no other resource type has.
    pub(crate) fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

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
            Self::Live(func) => Self::Live(func.clone()),
        }
    }
}

impl<T> Clone for ResourceDefinition<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Host(HostResourceType { id, rust_type, dtor }) => {
                Self::Host(HostResourceType { id: *id, rust_type: *rust_type, dtor: Arc::clone(dtor) })
            }
            Self::Live { store, index } => Self::Live { store: *store, index: *index },
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
