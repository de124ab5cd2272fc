//! Tables: elements are 64-bit words that compiled code reads and writes.
//! Follows the core specification, "Table Instances".
//!
//! An element is 0 for null, the address of a function reference, or an external reference's
//! number. Fresh memory is zero, so that nulls are never written: a large table is a mapping that
//! takes memory where it has been touched only.

use std::ptr::NonNull;

use crate::error::{Error, Result};
use crate::module::types::TableType;
use crate::vm::offsets;

use super::mmap::{PAGE, Reservation};

/// What compiled code knows of a table.
#[repr(C)]
#[derive(Debug)]
struct TableDef {
    base: *mut u64,
    /// Elements.
    len: usize,
}

const _: () = {
    assert!(std::mem::offset_of!(TableDef, base) == offsets::TABLE_DEF_BASE as usize);
    assert!(std::mem::offset_of!(TableDef, len) == offsets::TABLE_DEF_LEN as usize);
};

/// A table.
///
/// Invariant: `def` is a leaked box, freed by drop; its base is that of `words`, of which it has
/// `len` at most. The words beyond `len` are zero.
#[derive(Debug)]
pub(crate) struct TableCells {
    def: NonNull<TableDef>,
    words: Words,
    ty: TableType,
    limit: u64,
}

/// Zeroed memory for elements.
#[derive(Debug)]
enum Words {
    /// A small table's: base and length are those of a boxed slice.
    Heap(NonNull<[u64]>),
    /// A large one's.
    Mapped(Reservation),
}

/// From so many bytes on, a table is a mapping of its own.
const MIN_MAPPED_BYTES: usize = 64 << 10;

// SAFETY: the definition and its elements are owned by this value alone.
unsafe impl Send for TableCells {}
// SAFETY: `&self` methods only read; writes need `&mut`.
unsafe impl Sync for TableCells {}

impl TableCells {
    /// Creates a table of null elements that never exceeds `limit` elements, whatever its type
    /// says.
    pub(crate) fn new(ty: TableType, limit: u64) -> Result<Self> {
        let limit = Self::check(ty, limit)?;
        let words = Words::new(0).expect("no words are always to be had");
        let def = Box::new(TableDef { base: words.base(), len: 0 });
        let mut table = Self { def: NonNull::from(Box::leak(def)), words, ty, limit };
        match table.grow(ty.minimum, 0) {
            Some(_) => Ok(table),
            None => Err(Error::limit(format!("no memory for a table of {} elements", ty.minimum))),
        }
    }

    /// Returns how many elements a table of this type may have, given that none has more than
    /// `limit`.
    ///
    /// # Errors
    ///
    /// Fails if it starts with more.
    pub(crate) fn check(ty: TableType, limit: u64) -> Result<u64> {
        let limit = limit.min(ty.maximum.unwrap_or(u64::MAX));
        if ty.minimum > limit {
            return Err(Error::limit(format!(
                "table of {} elements exceeds the limit of {limit} elements",
                ty.minimum
            )));
        }
        Ok(limit)
    }

    /// Returns the elements.
    pub(crate) fn elements(&self) -> &[u64] {
        // SAFETY: base and length are those of words we own (type invariant); nothing writes while
        // `&self` lives.
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

    /// Sets all elements, which are null.
    pub(crate) fn init(&mut self, word: u64) {
        if word != 0 {
            self.elements_mut().fill(word);
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

    /// Grows by `delta` elements of value `init` and returns the former size, or `None` if a limit
    /// or the allocator refuses.
    pub(super) fn grow(&mut self, delta: u64, init: u64) -> Option<u64> {
        let old = self.size();
        let new = old.checked_add(delta).filter(|&new| new <= self.limit)?;
        let (old_len, new_len) = (usize::try_from(old).ok()?, usize::try_from(new).ok()?);
        let capacity = self.words.capacity();
        if new_len > capacity {
            // Tables that grow by little are moved now and then only.
            let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
            self.words.extend(old_len, new_len.max(capacity.saturating_mul(2).min(limit)))?;
        }
        // SAFETY: a live box of ours (type invariant), which nothing else refers to during `&mut
        // self`.
        unsafe { *self.def.as_ptr() = TableDef { base: self.words.base(), len: new_len } };
        if init != 0 {
            self.elements_mut()[old_len..].fill(init);
        }
        Some(old)
    }

    /// Returns the address of the definition that compiled code reads.
    pub(crate) fn def_address(&self) -> usize {
        self.def.as_ptr() as usize
    }
}

impl Drop for TableCells {
    fn drop(&mut self) {
        // SAFETY: made by `Box::leak` in `new`, freed once; nothing runs any more (liveness
        // invariant).
        drop(unsafe { Box::from_raw(self.def.as_ptr()) });
    }
}

impl Words {
    /// Returns zeroed words, at least so many; `None` if the system has none.
    fn new(capacity: usize) -> Option<Self> {
        let bytes = capacity.checked_mul(size_of::<u64>())?;
        if bytes >= MIN_MAPPED_BYTES {
            let reservation = Reservation::reserve(bytes.checked_next_multiple_of(PAGE)?);
            let mut reservation = reservation.ok()?;
            reservation.make_accessible(0, reservation.len()).ok()?;
            return Some(Self::Mapped(reservation));
        }
        Some(Self::Heap(NonNull::from(Box::leak(vec![0; capacity].into_boxed_slice()))))
    }

    fn base(&self) -> *mut u64 {
        match self {
            Self::Heap(words) => words.as_ptr().cast(),
            Self::Mapped(reservation) => reservation.base().as_ptr().cast(),
        }
    }

    fn capacity(&self) -> usize {
        match self {
            Self::Heap(words) => words.len(),
            Self::Mapped(reservation) => reservation.len() / size_of::<u64>(),
        }
    }

    /// Makes room for at least `capacity` words, and keeps the first `len`.
    fn extend(&mut self, len: usize, capacity: usize) -> Option<()> {
        if let Self::Mapped(reservation) = self {
            let bytes = capacity.checked_mul(size_of::<u64>())?.checked_next_multiple_of(PAGE)?;
            return reservation.extend(bytes).ok();
        }
        let larger = Self::new(capacity)?;
        assert!(len <= self.capacity() && len <= larger.capacity(), "what is kept fits");
        // SAFETY: both have `len` words (asserted), in memory of their own.
        unsafe { std::ptr::copy_nonoverlapping(self.base(), larger.base(), len) };
        *self = larger;
        Some(())
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        if let Self::Heap(words) = self {
            // SAFETY: made by `Box::leak` in `new`, freed once; nothing runs any more (liveness
            // invariant).
            drop(unsafe { Box::from_raw(words.as_ptr()) });
        }
    }
}
