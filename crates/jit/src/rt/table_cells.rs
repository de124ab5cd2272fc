//! Tables: elements are 64-bit words that compiled code reads and writes.
//! Follows the core specification, "Table Instances".
//!
//! An element is 0 for null, the address of a function reference, or an external reference's number.

use std::ptr::NonNull;

use crate::error::{Error, Result};
use crate::module::types::TableType;
use crate::vm::offsets;

/// What compiled code knows of a table.
#[repr(C)]
#[derive(Debug)]
struct TableDef {
    base: *mut u64,
    /// Elements.
    len: usize,
    capacity: usize,
}

const _: () = {
    assert!(std::mem::offset_of!(TableDef, base) == offsets::TABLE_DEF_BASE as usize);
    assert!(std::mem::offset_of!(TableDef, len) == offsets::TABLE_DEF_LEN as usize);
};

/// A table.
///
/// Invariant: base, length and capacity of `def` are those of a `Vec<u64>` that this value owns.
#[derive(Debug)]
pub(crate) struct TableCells {
    def: NonNull<TableDef>,
    ty: TableType,
    limit: u64,
}

// SAFETY: the definition and its elements are owned by this value alone.
unsafe impl Send for TableCells {}
// SAFETY: `&self` methods only read; writes need `&mut`.
unsafe impl Sync for TableCells {}

impl TableCells {
    /// Creates a table of null elements that never exceeds `limit` elements, whatever its type says.
    pub(crate) fn new(ty: TableType, limit: u64) -> Result<Self> {
        let limit = limit.min(ty.maximum.unwrap_or(u64::MAX));
        if ty.minimum > limit {
            return Err(Error::limit(format!(
                "table of {} elements exceeds the limit of {limit} elements",
                ty.minimum
            )));
        }
        let def = Box::new(TableDef { base: NonNull::dangling().as_ptr(), len: 0, capacity: 0 });
        let mut table = Self { def: NonNull::from(Box::leak(def)), ty, limit };
        match table.grow(ty.minimum, 0) {
            Some(_) => Ok(table),
            None => Err(Error::limit(format!("no memory for a table of {} elements", ty.minimum))),
        }
    }

    /// Returns the elements.
    pub(crate) fn elements(&self) -> &[u64] {
        // SAFETY: base and length are those of a vector we own (type invariant); nothing writes while `&self` lives.
        unsafe {
            let def = &*self.def.as_ptr();
            std::slice::from_raw_parts(def.base, def.len)
        }
    }

    /// Returns the elements, writable. Only words of the table's own kind may be stored.
    pub(crate) fn elements_mut(&mut self) -> &mut [u64] {
        // SAFETY: as in `elements`; `&mut self` makes the access the only one.
        unsafe {
            let def = &mut *self.def.as_ptr();
            std::slice::from_raw_parts_mut(def.base, def.len)
        }
    }

    /// Returns the number of elements.
    pub(crate) fn size(&self) -> u64 {
        self.elements().len() as u64
    }

    /// Returns the type with the present size as its minimum, as import matching needs it.
    pub(crate) fn ty(&self) -> TableType {
        TableType { minimum: self.size(), ..self.ty }
    }

    /// Grows by `delta` elements of value `init` and returns the former size, or `None` if a limit or the
    /// allocator refuses.
    pub(crate) fn grow(&mut self, delta: u64, init: u64) -> Option<u64> {
        let old = self.size();
        let new = old.checked_add(delta).filter(|&new| new <= self.limit)?;
        let (new_len, extra) = (usize::try_from(new).ok()?, usize::try_from(delta).ok()?);
        let mut elements = self.take();
        let fits = elements.try_reserve(extra).is_ok();
        if fits {
            elements.resize(new_len, init);
        }
        self.put(elements);
        fits.then_some(old)
    }

    fn take(&mut self) -> Vec<u64> {
        // SAFETY: the parts are those of a vector we own (type invariant); the definition is emptied at once,
        // so that the vector has one owner.
        unsafe {
            let def = &mut *self.def.as_ptr();
            let empty = TableDef { base: NonNull::dangling().as_ptr(), len: 0, capacity: 0 };
            let TableDef { base, len, capacity } = std::mem::replace(def, empty);
            Vec::from_raw_parts(base, len, capacity)
        }
    }

    fn put(&mut self, elements: Vec<u64>) {
        let mut elements = std::mem::ManuallyDrop::new(elements);
        let def =
            TableDef { base: elements.as_mut_ptr(), len: elements.len(), capacity: elements.capacity() };
        // SAFETY: `def` is a live box of ours, emptied by `take`, so that nothing is lost by the overwrite.
        unsafe { *self.def.as_ptr() = def };
    }

    /// Returns the address of the definition that compiled code reads.
    pub(crate) fn def_address(&self) -> usize {
        self.def.as_ptr() as usize
    }
}

impl Drop for TableCells {
    fn drop(&mut self) {
        drop(self.take());
        // SAFETY: made by `Box::leak` in `new`, freed once; nothing runs any more (liveness invariant).
        drop(unsafe { Box::from_raw(self.def.as_ptr()) });
    }
}
