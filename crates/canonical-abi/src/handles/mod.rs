//! Handle tables and resource handles as pure data. Follows CanonicalABI.md, "Table State",
//! "Resource State", "Loading" (`lift_own`, `lift_borrow`), "Storing" (`lower_own`, `lower_borrow`)
//! and "Canonical Definitions" (`resource.new`, `resource.rep`, `resource.drop`).
//!
//! Nothing here calls the guest: `resource_drop` says whose destructor to run. What a call lends
//! and what it was lent is counted in two small values that live as long as the call: [`Lends`] on
//! the caller's side (the spec's `Subtask.lenders`), a [`BorrowScope`] of the table on the callee's
//! (the spec's `Task.num_borrows`).

pub mod ends;
mod table;
pub(crate) mod values;

pub use table::Table;

use alloc::vec::Vec;

use crate::trap::{Implementer, Trap, trap_if};

/// The greatest index, and so the most elements, of a table (the spec's `Table.MAX_LENGTH`).
pub const MAX_LENGTH: u32 = (1 << 28) - 1;

/// A resource type at run time: the embedder gives each a number of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
#[repr(transparent)]
pub struct RuntimeResource(pub u32);

/// A call in progress that was given borrows, by its place in the callee's table.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
#[repr(transparent)]
pub struct BorrowScope(u32);

/// A handle to a resource (the spec's `ResourceHandle`).
///
/// Invariant: `num_lends` is the number of [`Lends`] entries that name the handle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(C)]
pub struct ResourceHandle {
    rt: RuntimeResource,
    rep: u32,
    num_lends: u32,
    ownership: Ownership,
}

/// Whether a handle owns its resource.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Ownership {
    /// It does.
    Own = 0,
    /// It was lent for the length of a call.
    Borrow(BorrowScope) = 1,
}

/// Where the parts of a slot of a [`HandleTable`] lie, in bytes, for compiled code that reads and
/// writes tables in place. [`HandleTable::slots`] says where the slots are.
///
/// Element `i` is in slot `i - 1`. Compiled code reads what the functions of this module read, and
/// changes [`NUM_LENDS`](slot::NUM_LENDS) as they do. It frees no slot and fills none.
pub mod slot {
    /// How many bytes a slot takes.
    pub const SIZE: usize = 24;
    /// A `u32`: [`FREE`] or [`FULL`].
    pub const STATE: usize = 0;
    /// The state of a slot without an element; the other parts then have no meaning.
    pub const FREE: u32 = 0;
    /// The state of a slot with an element.
    pub const FULL: u32 = 1;
    /// A `u32`: the number of the resource type.
    pub const RT: usize = 4;
    /// A `u32`: the representation.
    pub const REP: usize = 8;
    /// A `u32`: how many calls in progress the handle is lent to.
    pub const NUM_LENDS: usize = 12;
    /// A `u32`: [`OWN`] or [`BORROW`].
    pub const OWNERSHIP: usize = 16;
    /// The ownership of a handle that owns its resource.
    pub const OWN: u32 = 0;
    /// The ownership of a handle that was lent.
    pub const BORROW: u32 = 1;
    /// A `u32`: the scope of a lent handle.
    pub const SCOPE: usize = 20;
}

impl ResourceHandle {
    /// Returns the resource type.
    pub fn rt(&self) -> RuntimeResource {
        self.rt
    }

    /// Returns the representation.
    pub fn rep(&self) -> u32 {
        self.rep
    }

    /// Returns whether the handle owns its resource.
    pub fn ownership(&self) -> Ownership {
        self.ownership
    }

    /// Returns how many calls in progress the handle is lent to.
    pub fn num_lends(&self) -> u32 {
        self.num_lends
    }
}

/// Something that a table holds: a resource handle, or something else of the embedder's (waitables
/// and the like).
pub trait TableEntry {
    /// Returns the entry that is this resource handle.
    fn from_resource(handle: ResourceHandle) -> Self;
    /// Returns the resource handle, if the entry is one.
    fn as_resource(&self) -> Option<&ResourceHandle>;
    /// Returns the resource handle, if the entry is one, to change its lend count.
    fn as_resource_mut(&mut self) -> Option<&mut ResourceHandle>;
}

impl TableEntry for ResourceHandle {
    fn from_resource(handle: ResourceHandle) -> Self {
        handle
    }

    fn as_resource(&self) -> Option<&ResourceHandle> {
        Some(self)
    }

    fn as_resource_mut(&mut self) -> Option<&mut ResourceHandle> {
        Some(self)
    }
}

/// An instance's handle table (the spec's `Table`): indices start at 1, and the index freed last is
/// used first.
///
/// Invariants: the free list goes through exactly the slots that are free; `num_borrows` of a scope
/// is the number of entries that are borrows of it.
#[derive(Clone, Debug)]
pub struct HandleTable<T = ResourceHandle> {
    /// The element at index `i` is in slot `i - 1`.
    slots: Vec<Slot<T>>,
    first_free: Option<u32>,
    max_length: u32,
    scopes: Vec<Scope>,
    first_free_scope: Option<u32>,
}

#[derive(Clone, Debug)]
#[repr(u32)]
enum Slot<T> {
    Free { next: Option<u32> } = slot::FREE,
    Full(T) = slot::FULL,
}

#[derive(Clone, Copy, Debug)]
enum Scope {
    Open { num_borrows: u32 },
    Free { next: Option<u32> },
}

impl<T> Default for HandleTable<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> HandleTable<T> {
    /// Returns an empty table for up to [`MAX_LENGTH`] elements.
    pub const fn new() -> Self {
        Self::with_max_length(MAX_LENGTH)
    }

    /// Returns an empty table for up to `max_length` elements, which bounds the host memory that a
    /// guest can fill with handles. More than [`MAX_LENGTH`] it never holds.
    pub const fn with_max_length(max_length: u32) -> Self {
        let max_length = if max_length < MAX_LENGTH { max_length } else { MAX_LENGTH };
        Self { slots: Vec::new(), first_free: None, max_length, scopes: Vec::new(), first_free_scope: None }
    }

    /// Returns the element at `index`.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn get(&self, index: u32) -> Result<&T, Trap> {
        match slot_of(index).and_then(|slot| self.slots.get(slot)) {
            Some(Slot::Full(element)) => Ok(element),
            Some(Slot::Free { .. }) | None => Err(Trap::UnknownHandle { index }),
        }
    }

    /// Returns the element at `index`, to change it.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn get_mut(&mut self, index: u32) -> Result<&mut T, Trap> {
        match slot_of(index).and_then(|slot| self.slots.get_mut(slot)) {
            Some(Slot::Full(element)) => Ok(element),
            Some(Slot::Free { .. }) | None => Err(Trap::UnknownHandle { index }),
        }
    }

    /// Adds an element and returns its index.
    ///
    /// # Errors
    ///
    /// When the table has as many elements as it may.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn add(&mut self, element: T) -> Result<u32, Trap> {
        if let Some(index) = self.first_free {
            let slot = &mut self.slots[index as usize - 1];
            let Slot::Free { next } = slot else { unreachable!("the free list names free slots") };
            self.first_free = *next;
            *slot = Slot::Full(element);
            return Ok(index);
        }
        trap_if(self.slots.len() >= self.max_length as usize, Trap::TableFull)?;
        self.slots.push(Slot::Full(element));
        Ok(u32::try_from(self.slots.len()).expect("at most MAX_LENGTH slots"))
    }

    /// Removes the element at `index` and returns it.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn remove(&mut self, index: u32) -> Result<T, Trap> {
        self.get(index)?;
        let free = Slot::Free { next: self.first_free };
        self.first_free = Some(index);
        match core::mem::replace(&mut self.slots[index as usize - 1], free) {
            Slot::Full(element) => Ok(element),
            Slot::Free { .. } => unreachable!("the slot was just seen to be full"),
        }
    }

    /// Returns how many elements the table has room for at present. It never shrinks.
    pub fn n_slots(&self) -> usize {
        self.slots.len()
    }

    /// Returns the address of the first slot, and how many there are. It holds until an element is
    /// added. [`slot`] says how those of resource handles are laid out.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn slots(&self) -> (usize, u32) {
        let n_slots = u32::try_from(self.slots.len()).expect("at most MAX_LENGTH slots");
        (self.slots.as_ptr().expose_provenance(), n_slots)
    }

    /// Returns the elements with their indices, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (1..).zip(&self.slots).filter_map(|(index, slot)| match slot {
            Slot::Full(element) => Some((index, element)),
            Slot::Free { .. } => None,
        })
    }

    /// Opens the scope of a call into the table's instance, for the borrows that it is given.
    ///
    /// # Panics
    ///
    /// When 2^32 scopes are open.
    pub fn enter_scope(&mut self) -> BorrowScope {
        let open = Scope::Open { num_borrows: 0 };
        if let Some(id) = self.first_free_scope {
            let scope = &mut self.scopes[id as usize];
            let Scope::Free { next } = *scope else { unreachable!("the free list names free scopes") };
            self.first_free_scope = next;
            *scope = open;
            return BorrowScope(id);
        }
        let id = u32::try_from(self.scopes.len()).expect("fewer than 2^32 calls are in progress");
        self.scopes.push(open);
        BorrowScope(id)
    }

    /// Closes a scope when its call returns.
    ///
    /// # Errors
    ///
    /// When the call still holds borrows; the scope stays open.
    ///
    /// # Panics
    ///
    /// When the scope is not open.
    pub fn exit_scope(&mut self, scope: BorrowScope) -> Result<(), Trap> {
        let n_borrows = *self.num_borrows_mut(scope);
        trap_if(n_borrows > 0, Trap::BorrowsRemain { n_borrows })?;
        self.scopes[scope.0 as usize] = Scope::Free { next: self.first_free_scope };
        self.first_free_scope = Some(scope.0);
        Ok(())
    }

    fn num_borrows_mut(&mut self, scope: BorrowScope) -> &mut u32 {
        match self.scopes.get_mut(scope.0 as usize) {
            Some(Scope::Open { num_borrows }) => num_borrows,
            Some(Scope::Free { .. }) | None => panic!("a borrow scope is used while its call is in progress"),
        }
    }
}

/// What a call has been lent by its caller: the indices of the lent handles in the caller's table.
#[derive(Debug, Default)]
#[must_use = "lends must be ended when the call returns"]
pub struct Lends {
    indices: Vec<u32>,
}

impl Lends {
    /// Returns the lends of a call that has none yet. It does not allocate.
    pub const fn new() -> Self {
        Self { indices: Vec::new() }
    }

    /// Returns whether nothing has been lent.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Gives back everything that was lent, when the call has returned (the spec's
    /// `deliver_resolve`).
    ///
    /// # Panics
    ///
    /// When `table` is not the one that lent.
    pub fn end<T: TableEntry>(self, table: &mut HandleTable<T>) {
        for index in self.indices {
            let handle = table.get_mut(index).ok().and_then(T::as_resource_mut);
            handle.expect("a lent handle stays in its table").num_lends -= 1;
        }
    }
}

/// What `resource.drop` leaves to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dropped {
    /// The resource was owned: the embedder calls the destructor with its representation.
    Own {
        /// The representation.
        rep: u32,
    },
    /// The handle was a borrow: nothing.
    Borrow,
}

/// Takes the owned handle at `index` out of the table and returns its representation (the spec's
/// `lift_own`).
///
/// # Errors
///
/// When there is no handle, of another type, lent, or a borrow. The table is then unchanged.
pub fn lift_own<T: TableEntry>(
    table: &mut HandleTable<T>,
    rt: RuntimeResource,
    index: u32,
) -> Result<u32, Trap> {
    let handle = *resource_at(table, rt, index)?;
    trap_if(handle.num_lends != 0, Trap::RemoveWhileLent { index })?;
    trap_if(handle.ownership != Ownership::Own, Trap::NotOwned { index })?;
    table.remove(index)?;
    Ok(handle.rep)
}

/// Lends the handle at `index` and returns its representation (the spec's `lift_borrow` and
/// `add_lender`).
///
/// # Errors
///
/// When there is no handle, or of another type.
pub fn lift_borrow<T: TableEntry>(
    table: &mut HandleTable<T>,
    lends: &mut Lends,
    rt: RuntimeResource,
    index: u32,
) -> Result<u32, Trap> {
    resource_at(table, rt, index)?;
    let handle = table.get_mut(index)?.as_resource_mut().ok_or(Trap::NotAResource { index })?;
    handle.num_lends += 1;
    lends.indices.push(index);
    Ok(handle.rep)
}

/// Adds an owned handle and returns its index (the spec's `lower_own`).
///
/// # Errors
///
/// When the table is full.
pub fn lower_own<T: TableEntry>(
    table: &mut HandleTable<T>,
    rt: RuntimeResource,
    rep: u32,
) -> Result<u32, Trap> {
    let handle = ResourceHandle { rt, rep, ownership: Ownership::Own, num_lends: 0 };
    table.add(T::from_resource(handle))
}

/// Adds a borrow for the call of `scope` and returns its index (the spec's `lower_borrow`). When
/// the table's instance defines the resource type itself, the representation is passed instead, and
/// this is not called.
///
/// # Errors
///
/// When the table is full.
///
/// # Panics
///
/// When the scope is not open.
pub fn lower_borrow<T: TableEntry>(
    table: &mut HandleTable<T>,
    scope: BorrowScope,
    rt: RuntimeResource,
    rep: u32,
) -> Result<u32, Trap> {
    let handle = ResourceHandle { rt, rep, ownership: Ownership::Borrow(scope), num_lends: 0 };
    let index = table.add(T::from_resource(handle))?;
    *table.num_borrows_mut(scope) += 1;
    Ok(index)
}

/// Adds an owned handle to a new resource and returns its index (the spec's `canon_resource_new`).
///
/// # Errors
///
/// When the table is full.
pub fn resource_new<T: TableEntry>(
    table: &mut HandleTable<T>,
    rt: RuntimeResource,
    rep: u32,
) -> Result<u32, Trap> {
    lower_own(table, rt, rep)
}

/// Returns the representation of the resource at `index` (the spec's `canon_resource_rep`).
///
/// # Errors
///
/// When there is no handle, or of another type.
pub fn resource_rep<T: TableEntry>(
    table: &HandleTable<T>,
    rt: RuntimeResource,
    index: u32,
) -> Result<u32, Trap> {
    resource_at(table, rt, index).map(ResourceHandle::rep)
}

/// Drops the handle at `index` and returns what is left to do (the spec's `canon_resource_drop`).
///
/// # Errors
///
/// When there is no handle, of another type, or lent. The table is then unchanged.
pub fn resource_drop<T: TableEntry>(
    table: &mut HandleTable<T>,
    rt: RuntimeResource,
    index: u32,
) -> Result<Dropped, Trap> {
    let handle = *resource_at(table, rt, index)?;
    trap_if(handle.num_lends != 0, Trap::RemoveWhileLent { index })?;
    table.remove(index)?;
    match handle.ownership {
        Ownership::Own => Ok(Dropped::Own { rep: handle.rep }),
        Ownership::Borrow(scope) => {
            *table.num_borrows_mut(scope) -= 1;
            Ok(Dropped::Borrow)
        }
    }
}

fn slot_of(index: u32) -> Option<usize> {
    (index as usize).checked_sub(1)
}

/// Returns the handle at `index`, which must be one of a resource of type `rt`.
fn resource_at<T: TableEntry>(
    table: &HandleTable<T>,
    rt: RuntimeResource,
    index: u32,
) -> Result<&ResourceHandle, Trap> {
    let handle = table.get(index)?.as_resource().ok_or(Trap::NotAResource { index })?;
    let (expected, given) = (Implementer::Guest, Implementer::Guest);
    trap_if(handle.rt != rt, Trap::WrongResourceType { index, expected, given })?;
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_laid_out_as_stated() {
        let full = |ownership| {
            Slot::Full(ResourceHandle { rt: RuntimeResource(1), rep: 2, num_lends: 3, ownership })
        };
        let slots =
            [full(Ownership::Own), full(Ownership::Borrow(BorrowScope(4))), Slot::Free { next: None }];
        assert_eq!(size_of::<Slot<ResourceHandle>>(), slot::SIZE);
        let offset = |part: &u32| (&raw const *part).addr() - slots.as_ptr().addr();
        for (i, each) in slots.iter().enumerate() {
            let Slot::Full(handle) = each else { continue };
            let start = i * slot::SIZE;
            assert_eq!(offset(&handle.rt.0), start + slot::RT);
            assert_eq!(offset(&handle.rep), start + slot::REP);
            assert_eq!(offset(&handle.num_lends), start + slot::NUM_LENDS);
            assert_eq!((&raw const handle.ownership).addr() - slots.as_ptr().addr(), start + slot::OWNERSHIP);
            if let Ownership::Borrow(BorrowScope(scope)) = &handle.ownership {
                assert_eq!(offset(scope), start + slot::SCOPE);
            }
        }
        // The states and ownerships are the discriminants, which come first.
        assert_eq!((slot::STATE, slot::FREE, slot::FULL), (0, 0, 1));
        assert_eq!((slot::OWN, slot::BORROW), (0, 1));
    }
}
