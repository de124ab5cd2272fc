//! Resources in the host's hands, as the types that an embedder has them in: [`Resource`],
//! [`ResourceAny`], [`Val`]. The resource stays the same one: to convert it neither drops nor
//! copies it.

use std::any::TypeId;

use canonical_abi::ResourceId;

use super::func::FuncInfo;
use super::instance::{Func, Instance};
use super::state::ResourceIndex;
use super::store::AsContextMut;
use crate::Val;
use crate::typed::{Resource, ResourceAny, ResourceError, ResourceKey};

impl<R: 'static> Resource<R> {
    /// Returns the resource as one of any type.
    ///
    /// # Errors
    ///
    /// If no component of the store has imported a resource type that was provided with the Rust
    /// type `R`, or if there are several, so that it isn't known of which of them the resource is.
    pub fn try_into_resource_any(self, mut store: impl AsContextMut) -> Result<ResourceAny, ResourceError> {
        let cx = store.as_context_mut();
        let state = cx.state();
        let index = state.resource_of_host::<R>().ok_or(ResourceError::UnknownType)?;
        Ok(self.with_key(ResourceKey { store: state.id, index: index.0 }))
    }

    /// Returns the resource as a component value. Whether the host owned it is from then on the
    /// business of who holds the value.
    ///
    /// # Errors
    ///
    /// If the resource was given away or dropped before.
    pub fn into_val(self) -> Result<Val, ResourceError> {
        self.parts_of_val()
    }

    /// Returns the resource that a component value is, if it is one. It must be of the type that
    /// was provided with the Rust type `R`.
    pub fn from_val(value: &Val) -> Option<Self> {
        let (rep, is_owned) = handle(value)?;
        Some(if is_owned { Self::new_own(rep) } else { Self::new_borrow(rep) })
    }
}

impl ResourceAny {
    /// Returns the resource as one of the host, whose type was provided with the Rust type `R`.
    ///
    /// # Errors
    ///
    /// If it is of another type, or of another store.
    pub fn try_into_resource<R: 'static>(
        self,
        mut store: impl AsContextMut,
    ) -> Result<Resource<R>, ResourceError> {
        let cx = store.as_context_mut();
        let state = cx.state();
        let ResourceKey { store, index } = self.ty();
        let is_of_type =
            store == state.id && state.host_type(ResourceIndex(index)) == Some(TypeId::of::<R>());
        if is_of_type { Ok(self.with_rust_type()) } else { Err(ResourceError::WrongType) }
    }

    /// Returns the resource as a component value. Whether the host owned it is from then on the
    /// business of who holds the value.
    ///
    /// # Errors
    ///
    /// If the resource was given away or dropped before.
    pub fn into_val(self) -> Result<Val, ResourceError> {
        self.parts_of_val()
    }

    /// Returns the resource that a component value is, if it is one. It must be of the type `ty`:
    /// [`Func::resource_key`] and [`Instance::get_resource`] say what types there are.
    pub fn from_val(value: &Val, ty: ResourceKey) -> Option<Self> {
        let (rep, is_owned) = handle(value)?;
        let resource = if is_owned { Resource::<()>::new_own(rep) } else { Resource::new_borrow(rep) };
        Some(resource.with_key(ty))
    }
}

fn handle(value: &Val) -> Option<(u32, bool)> {
    if let Val::Own(rep) = value {
        Some((*rep, true))
    } else if let Val::Borrow(rep) = value {
        Some((*rep, false))
    } else {
        None
    }
}

impl Instance {
    /// Returns what one of the component's resource types is in the store. The ids are those of
    /// [`Component::types`](crate::Component::types).
    pub fn resource_key(&self, id: ResourceId) -> Option<ResourceKey> {
        let index = self.inner.resources.get(id.0 as usize)?;
        Some(ResourceKey { store: self.inner.store, index: index.0 })
    }
}

impl Func {
    /// Returns what a resource type that the function's type mentions is in the store.
    pub fn resource_key(&self, id: ResourceId) -> Option<ResourceKey> {
        let FuncInfo { resources, .. } = &*self.info;
        Some(ResourceKey { store: self.store, index: resources.get(id.0 as usize)?.0 })
    }
}
