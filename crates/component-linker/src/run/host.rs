//! What the host provides to a store: functions, and resource types with their destructors. The
//! half of a store's state that depends on the embedder's data.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jit::HostError;

use super::func::{FuncIndex, FuncInstance};
use super::hook::{Hook, watched_dtor};
use super::instance::CallError;
use super::state::{ResourceIndex, ResourceType, State, index32};
use super::store::StoreContextMut;
use super::typed_func::BindingsError;
use crate::Val;
use crate::link_error::InstantiateError;
use crate::trap::Trap;

/// A host function on component values: arguments in, at most one result out.
pub(crate) type HostFunc<T> =
    Arc<dyn Fn(&mut StoreContextMut<'_, T>, &[Val]) -> Result<Option<Val>, HostError> + Send + Sync>;

/// The destructor of a host's resource type. Its argument is the representation of the resource.
pub(crate) type HostDtor<T> =
    Arc<dyn Fn(&mut StoreContextMut<'_, T>, u32) -> Result<(), HostError> + Send + Sync>;

/// A resource type of the host.
pub(crate) struct HostResourceType<T: 'static> {
    pub(crate) id: HostResource,
    pub(crate) rust_type: TypeId,
    pub(crate) dtor: HostDtor<T>,
}

/// Names a resource type of the host: what a linker provides twice under one name of this kind is
/// one type.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct HostResource(u64);

/// What tells a resource type from all others, with or without a store at hand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ResourceOrigin {
    /// A type of the host, of which no store is needed to know that it is the same.
    Host { id: HostResource, rust_type: TypeId },
    /// A type that an instance of a store has defined.
    Guest { store: u64, index: ResourceIndex },
}

/// Names a destructor of the host in a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct DtorIndex(u32);

/// The functions of a store and the host's destructors.
pub(crate) struct HostState<T: 'static> {
    /// By [`FuncIndex`].
    funcs: Vec<Arc<FuncInstance<T>>>,
    /// By [`DtorIndex`].
    dtors: Vec<HostDtor<T>>,
    /// The host's resource types that components of the store have imported.
    resources: BTreeMap<HostResource, ResourceIndex>,
    /// What runs when control passes between the host and guests, if anything does.
    pub(super) hook: Option<Hook<T>>,
}

/// Returns the trap for an error of a host function, which `name` names. A trap of a guest that the
/// function has called and passes on stays as it is, also within the errors of this crate.
#[cold]
pub(crate) fn trap_of_host(error: HostError, name: Option<String>) -> Trap {
    let error = match error.downcast::<CallError>().map(|error| *error) {
        Ok(CallError::Trap(trap)) => return trap,
        Ok(error) => error.into(),
        Err(error) => error,
    };
    let error = match error.downcast::<InstantiateError>().map(|error| *error) {
        Ok(InstantiateError::Trap(trap)) => return trap,
        Ok(error) => error.into(),
        Err(error) => error,
    };
    let error = match error.downcast::<BindingsError>().map(|error| *error) {
        Ok(BindingsError::Instantiate(InstantiateError::Trap(trap))) => return trap,
        Ok(error) => error.into(),
        Err(error) => error,
    };
    Trap::from_host(error, find_trap, name)
}

/// Finds the trap that an error, or one that it was caused by, stands for.
fn find_trap<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e Trap> {
    let mut next = Some(error);
    std::iter::from_fn(|| {
        let error = next?;
        next = error.source();
        Some(error)
    })
    .find_map(|error| {
        if let Some(CallError::Trap(trap)) = error.downcast_ref() {
            Some(trap)
        } else if let Some(InstantiateError::Trap(trap)) = error.downcast_ref() {
            Some(trap)
        } else if let Some(BindingsError::Instantiate(InstantiateError::Trap(trap))) = error.downcast_ref() {
            Some(trap)
        } else {
            error.downcast_ref()
        }
    })
}

impl HostResource {
    /// Returns a name that no other resource type has.
    pub(crate) fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl ResourceOrigin {
    /// Returns the Rust type that handles of the type stand for, if it is one of the host's.
    pub(crate) fn rust_type(self) -> Option<TypeId> {
        match self {
            Self::Host { id: _, rust_type } => Some(rust_type),
            Self::Guest { .. } => None,
        }
    }
}

impl<T> HostResourceType<T> {
    pub(crate) fn origin(&self) -> ResourceOrigin {
        ResourceOrigin::Host { id: self.id, rust_type: self.rust_type }
    }
}

impl<T> Clone for HostResourceType<T> {
    fn clone(&self) -> Self {
        Self { id: self.id, rust_type: self.rust_type, dtor: Arc::clone(&self.dtor) }
    }
}

impl<T> HostState<T> {
    pub(crate) fn new() -> Self {
        Self { funcs: Vec::new(), dtors: Vec::new(), resources: BTreeMap::new(), hook: None }
    }

    pub(crate) fn func(&self, index: FuncIndex) -> &Arc<FuncInstance<T>> {
        &self.funcs[index.0 as usize]
    }

    pub(crate) fn push_func(&mut self, func: FuncInstance<T>) -> FuncIndex {
        let index = index32(self.funcs.len());
        self.funcs.push(Arc::new(func));
        FuncIndex(index)
    }

    pub(crate) fn dtor(&self, index: DtorIndex) -> &HostDtor<T> {
        &self.dtors[index.0 as usize]
    }

    /// Returns the index of a resource type of the host: the same each time, so that all components
    /// of the store know it as one type.
    pub(crate) fn resource(&mut self, state: &mut State, ty: &HostResourceType<T>) -> ResourceIndex {
        if let Some(index) = self.resources.get(&ty.id) {
            return *index;
        }
        let dtor = DtorIndex(index32(self.dtors.len()));
        let watched = self.hook.as_ref().map(|_| watched_dtor(Arc::clone(&ty.dtor)));
        self.dtors.push(watched.unwrap_or_else(|| Arc::clone(&ty.dtor)));
        let index = state.push_resource(ResourceType::Host { dtor, rust_type: ty.rust_type });
        self.resources.insert(ty.id, index);
        index
    }
}
