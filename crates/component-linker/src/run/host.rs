//! What the host provides: functions, and resource types with their destructors.

use std::any::TypeId;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jit::HostError;

use super::store::StoreContextMut;
use crate::Val;

/// A host function on component values: arguments in, at most one result out.
pub(crate) type HostFunc<T> =
    Arc<dyn Fn(&mut StoreContextMut<'_, T>, &[Val]) -> Result<Option<Val>, HostError> + Send + Sync>;

/// The destructor of a host's resource type: it is given the representation of the resource to drop.
pub(crate) type HostDtor<T> =
    Arc<dyn Fn(&mut StoreContextMut<'_, T>, u32) -> Result<(), HostError> + Send + Sync>;

/// A resource type of the host.
pub(crate) struct HostResourceType<T: 'static> {
    pub(crate) id: HostResource,
    pub(crate) rust_type: TypeId,
    pub(crate) dtor: HostDtor<T>,
}

/// Names a resource type of the host: what a linker provides twice under one name of this kind is one type.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct HostResource(u64);

impl HostResource {
    /// Returns a name that no other resource type has.
    pub(crate) fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl<T> Clone for HostResourceType<T> {
    fn clone(&self) -> Self {
        Self { id: self.id, rust_type: self.rust_type, dtor: Arc::clone(&self.dtor) }
    }
}
