//! Global handles. Follows the core specification, "Global Instances".

use crate::embed::raw::{val_from_raw, val_to_raw};
use crate::embed::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::embed::value::Val;
use crate::error::{Error, Result};
use crate::module::types::GlobalType;
use crate::rt::GlobalCell;

/// A global of a store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Global {
    store: StoreId,
    index: u32,
}

impl Global {
    /// Creates a global that holds `value`.
    ///
    /// # Errors
    ///
    /// Fails if `value` is not of the content type.
    ///
    /// # Panics
    ///
    /// Panics, like all methods, if a handle belongs to another store.
    pub fn new(mut cx: impl AsContextMut, ty: GlobalType, value: Val) -> Result<Self> {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        check_type(store, ty, &value)?;
        let cell = GlobalCell::new(val_to_raw(store, &value));
        let index = store.add_global(cell, ty);
        Ok(Self { store: store.id(), index })
    }

    /// Returns the type.
    pub fn ty(&self, cx: impl AsContext) -> GlobalType {
        let store = cx.as_context().into_opaque();
        store.entities().globals[self.index(store) as usize].1
    }

    /// Returns the content.
    pub fn get(&self, cx: impl AsContext) -> Val {
        let store = cx.as_context().into_opaque();
        let (cell, ty) = &store.entities().globals[self.index(store) as usize];
        val_from_raw(store, cell.get(), ty.content)
    }

    /// Replaces the content.
    ///
    /// # Errors
    ///
    /// Fails if the global is immutable or `value` is not of the content type.
    pub fn set(&self, mut cx: impl AsContextMut, value: Val) -> Result<()> {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        let raw = val_to_raw(store, &value);
        let index = self.index(store);
        let ty = store.entities().globals[index as usize].1;
        check_type(store, ty, &value)?;
        if !ty.mutable {
            return Err(Error::type_mismatch("the global is immutable"));
        }
        store.entities_mut().globals[index as usize].0.set(raw);
        Ok(())
    }

    pub(crate) fn from_index(store: StoreId, index: u32) -> Self {
        Self { store, index }
    }

    pub(crate) fn index(self, store: &StoreOpaque) -> u32 {
        store.check(self.store);
        self.index
    }
}

fn check_type(store: &StoreOpaque, ty: GlobalType, value: &Val) -> Result<()> {
    if value.is_of(store, ty.content) {
        return Ok(());
    }
    Err(Error::type_mismatch(format!("{} given for a global of type {}", value.ty(), ty.content)))
}
