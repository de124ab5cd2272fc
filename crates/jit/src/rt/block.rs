//! Instance blocks, function references and global cells: what compiled code finds through its
//! context pointer. `vm::layout` defines the layout of a block; this file only reads and writes it.

use std::alloc::{self, Layout};
use std::ptr::NonNull;

use crate::module::types::TypeId;
use crate::vm::offsets;
use crate::vm::slot::ValRaw;

/// A function as compiled code refers to it: the value of a `funcref`.
#[repr(C)]
#[derive(Debug)]
pub(super) struct FuncRef {
    /// Code with the calling convention of wasm functions.
    pub(super) code: usize,
    /// Context to pass as the first argument.
    pub(super) vmctx: usize,
    /// Engine-wide signature id.
    pub(super) sig: u32,
    pub(super) _pad: u32,
}

const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<FuncRef>() == offsets::FUNC_REF_SIZE as usize);
    assert!(offset_of!(FuncRef, code) == offsets::FUNC_REF_CODE as usize);
    assert!(offset_of!(FuncRef, vmctx) == offsets::FUNC_REF_VMCTX as usize);
    assert!(offset_of!(FuncRef, sig) == offsets::FUNC_REF_SIG as usize);
};

/// A pointer to a function reference.
///
/// Invariant: its target lives as long as the store that made it, and it is followed only with that
/// store at hand.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct FuncRefPtr(NonNull<FuncRef>);

// SAFETY: a function reference is written before the pointer to it is handed out; later only its
// code changes, when a lazy function is compiled, by the thread that has the store (one-thread
// invariant).
unsafe impl Send for FuncRefPtr {}
// SAFETY: as for `Send`.
unsafe impl Sync for FuncRefPtr {}

impl FuncRefPtr {
    /// Returns the pointer behind a `funcref` word, `None` for null.
    pub(crate) fn from_address(address: u64) -> Option<Self> {
        let address = usize::try_from(address).expect("addresses are 64-bit");
        NonNull::new(std::ptr::with_exposed_provenance_mut(address)).map(Self)
    }

    /// Returns the word that compiled code uses for this reference.
    #[inline]
    pub(crate) fn address(self) -> u64 {
        self.0.as_ptr().expose_provenance() as u64
    }

    /// Returns the engine-wide id of the function's type. The store that made `self` must be alive.
    #[inline]
    pub(crate) fn sig(self) -> TypeId {
        // SAFETY: alive by the type's invariant.
        TypeId(unsafe { self.0.as_ref().sig })
    }

    /// Returns the code address and the context. The store that made `self` must be alive.
    pub(crate) fn target(self) -> (usize, usize) {
        // SAFETY: alive by the type's invariant.
        let func = unsafe { self.0.as_ref() };
        (func.code, func.vmctx)
    }

    pub(super) fn from_ref(func: NonNull<FuncRef>) -> Self {
        Self(func)
    }
}

/// An instance's block: zeroed memory of fixed size and address.
///
/// Invariant: `ptr` is one allocation of `layout`, freed by drop.
#[derive(Debug)]
pub(crate) struct VmBlock {
    ptr: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the block is owned by this value alone (one-thread invariant covers compiled code).
unsafe impl Send for VmBlock {}
// SAFETY: `&self` methods only compute addresses.
unsafe impl Sync for VmBlock {}

impl VmBlock {
    /// Allocates `size` zeroed bytes, aligned to 16.
    pub(crate) fn new(size: u32) -> Self {
        let layout =
            Layout::from_size_align(size.max(16) as usize, 16).expect("a u32 size is a valid layout");
        // SAFETY: the layout's size is not zero.
        let ptr = unsafe { alloc::alloc_zeroed(layout) };
        let Some(ptr) = NonNull::new(ptr) else { alloc::handle_alloc_error(layout) };
        Self { ptr, layout }
    }

    /// Returns the address, which is the context pointer of the instance's functions.
    pub(crate) fn address(&self) -> usize {
        self.ptr.as_ptr().expose_provenance()
    }

    fn cell<T>(&self, offset: u32) -> NonNull<T> {
        let offset = offset as usize;
        assert!(
            offset + size_of::<T>() <= self.layout.size() && offset.is_multiple_of(align_of::<T>()),
            "cells of a block lie inside of it and are aligned"
        );
        // SAFETY: the offset lies inside of the allocation (asserted).
        unsafe { self.ptr.add(offset).cast() }
    }

    /// Writes a word at a byte offset.
    ///
    /// # Panics
    ///
    /// Panics if the offset is not that of a word of the block.
    pub(crate) fn set_word(&mut self, offset: u32, word: usize) {
        // SAFETY: `cell` proves bounds and alignment; `&mut self` excludes other accesses.
        unsafe { self.cell::<usize>(offset).write(word) };
    }

    /// Writes a 32-bit word at a byte offset.
    ///
    /// # Panics
    ///
    /// Panics if the offset is not that of a 32-bit word of the block.
    pub(crate) fn set_u32(&mut self, offset: u32, word: u32) {
        // SAFETY: `cell` proves bounds and alignment; `&mut self` excludes other accesses.
        unsafe { self.cell::<u32>(offset).write(word) };
    }

    /// Writes a function reference at a byte offset and returns the pointer to it.
    ///
    /// # Panics
    ///
    /// Panics if the offset is not that of a function reference of the block.
    pub(crate) fn set_func_ref(&mut self, offset: u32, code: usize, vmctx: usize, sig: TypeId) -> FuncRefPtr {
        let cell = self.cell::<FuncRef>(offset);
        // SAFETY: `cell` proves bounds and alignment; `&mut self` excludes other accesses.
        unsafe { cell.write(FuncRef { code, vmctx, sig: sig.0, _pad: 0 }) };
        FuncRefPtr(cell)
    }

    /// Returns the function reference at a byte offset, which `set_func_ref` has written.
    pub(crate) fn func_ref(&self, offset: u32) -> FuncRefPtr {
        FuncRefPtr(self.cell(offset))
    }

    /// Returns the global cell at a byte offset of the block. The store drops it before the block's
    /// use ends.
    pub(crate) fn global(&self, offset: u32) -> GlobalCell {
        GlobalCell { cell: self.cell(offset), owned: false }
    }
}

impl Drop for VmBlock {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout in `new`, freed once; nothing runs any more (liveness
        // invariant).
        unsafe { alloc::dealloc(self.ptr.as_ptr(), self.layout) };
    }
}

/// The cell of a global: inside of an instance's block, or of its own for one that the host made.
///
/// Invariant: `cell` is valid as long as the store lives; it is a leaked box iff `owned`.
#[derive(Debug)]
pub(crate) struct GlobalCell {
    cell: NonNull<ValRaw>,
    owned: bool,
}

// SAFETY: the cell belongs to one store (one-thread invariant covers compiled code).
unsafe impl Send for GlobalCell {}
// SAFETY: `&self` methods only read.
unsafe impl Sync for GlobalCell {}

impl GlobalCell {
    /// Creates a cell of its own.
    pub(crate) fn new(value: ValRaw) -> Self {
        Self { cell: NonNull::from(Box::leak(Box::new(value))), owned: true }
    }

    /// Returns the content.
    pub(crate) fn get(&self) -> ValRaw {
        // SAFETY: valid by the type's invariant.
        unsafe { self.cell.read() }
    }

    /// Replaces the content. The slot must hold a value of the global's type.
    pub(crate) fn set(&mut self, value: ValRaw) {
        // SAFETY: valid by the type's invariant; `&mut self` excludes other accesses.
        unsafe { self.cell.write(value) };
    }

    /// Returns the address that compiled code uses.
    pub(crate) fn address(&self) -> usize {
        self.cell.as_ptr() as usize
    }
}

impl Drop for GlobalCell {
    fn drop(&mut self) {
        if self.owned {
            // SAFETY: a leaked box (type invariant), freed once.
            drop(unsafe { Box::from_raw(self.cell.as_ptr()) });
        }
    }
}
