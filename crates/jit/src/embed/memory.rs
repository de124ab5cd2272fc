//! Memory handles. Follows the core specification, "Memory Instances".

use crate::embed::limits;
use crate::embed::shared_memory::SharedMemory;
use crate::embed::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::error::Result;
use crate::module::types::MemoryType;
use crate::rt::LinearMemory;

/// A linear memory of a store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Memory {
    store: StoreId,
    index: u32,
}

impl Memory {
    /// Creates a zeroed memory.
    ///
    /// # Errors
    ///
    /// Fails if the minimum exceeds a limit or the system refuses the address space.
    pub fn new(mut cx: impl AsContextMut, ty: MemoryType) -> Result<Self> {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        let charge = limits::charge_items(store, &[ty], &[])?;
        let memory = match store.new_memory(ty, None) {
            Ok(memory) => memory,
            Err(error) => {
                charge.refund(store);
                return Err(error);
            }
        };
        let index = store.add_memory(memory);
        Ok(Self { store: store.id(), index })
    }

    /// Returns the type, with the present size as its minimum.
    ///
    /// # Panics
    ///
    /// Panics, like all methods, if the memory belongs to another store.
    pub fn ty(&self, cx: impl AsContext) -> MemoryType {
        self.get(cx.as_context().into_opaque()).ty()
    }

    /// Returns the size in pages.
    pub fn size(&self, cx: impl AsContext) -> u64 {
        self.get(cx.as_context().into_opaque()).size()
    }

    /// Returns the memory for use by other stores, if it is shared.
    pub fn shared(&self, cx: impl AsContext) -> Option<SharedMemory> {
        self.get(cx.as_context().into_opaque()).shared().map(SharedMemory::of_region)
    }

    /// Returns the contents; empty if the memory is shared ([`Memory::shared`]).
    pub fn data<'a, T: 'static>(&self, cx: &'a impl AsContext<Data = T>) -> &'a [u8] {
        self.get(cx.as_context().into_opaque()).data()
    }

    /// Returns the contents, writable; empty if the memory is shared.
    pub fn data_mut<'a, T: 'static>(&self, cx: &'a mut impl AsContextMut<Data = T>) -> &'a mut [u8] {
        self.get_mut(cx.as_context_mut().into_opaque_mut()).data_mut()
    }

    /// Returns the contents, writable, and the embedder's data.
    pub fn data_and_store_mut<'a, T: 'static>(
        &self,
        cx: &'a mut impl AsContextMut<Data = T>,
    ) -> (&'a mut [u8], &'a mut T) {
        let (opaque, data) = cx.as_context_mut().split();
        (self.get_mut(opaque).data_mut(), data)
    }

    /// Grows by `delta` pages and returns the former size, or `None` if a limit or the system
    /// refuses.
    pub fn grow(&self, mut cx: impl AsContextMut, delta: u64) -> Option<u64> {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        let index = self.index(store);
        store.entities_mut().grow_memory(index as usize, delta)
    }

    pub(crate) fn from_index(store: StoreId, index: u32) -> Self {
        Self { store, index }
    }

    pub(crate) fn index(self, store: &StoreOpaque) -> u32 {
        store.check(self.store);
        self.index
    }

    fn get(self, store: &StoreOpaque) -> &LinearMemory {
        &store.entities().memories[self.index(store) as usize]
    }

    fn get_mut(self, store: &mut StoreOpaque) -> &mut LinearMemory {
        let index = self.index(store);
        &mut store.entities_mut().memories[index as usize]
    }
}
