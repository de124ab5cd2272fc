//! Tag handles.
//! Follows the core specification, "Tag Instances".

use crate::embed::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::module::types::TagType;

/// An exception tag of a store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Tag {
    store: StoreId,
    index: u32,
}

impl Tag {
    /// Creates a tag, different from all others.
    pub fn new(mut cx: impl AsContextMut, ty: TagType) -> Self {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        let id = store.engine().registry().signature(&ty.func).id;
        let index = store.add_tag(id);
        Self { store: store.id(), index }
    }

    /// Returns the type.
    ///
    /// # Panics
    ///
    /// Panics if the tag belongs to another store.
    pub fn ty(&self, cx: impl AsContext) -> TagType {
        self.ty_in(cx.as_context().into_opaque())
    }

    pub(crate) fn ty_in(self, store: &StoreOpaque) -> TagType {
        let id = store.entities().tags[self.index(store) as usize].ty;
        TagType { func: store.engine().registry().interned(id).func().clone() }
    }

    pub(crate) fn from_index(store: StoreId, index: u32) -> Self {
        Self { store, index }
    }

    pub(crate) fn index(self, store: &StoreOpaque) -> u32 {
        store.check(self.store);
        self.index
    }
}
