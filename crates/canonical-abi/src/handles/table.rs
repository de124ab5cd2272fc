//! Handle tables, whoever keeps them: what state machines of calls need of one. Follows
//! CanonicalABI.md, "Table State".
//!
//! [`HandleTable`] is one. An engine may supply another, which compiled code can read.

use super::{BorrowScope, HandleTable, Lends, TableEntry};
use crate::trap::Trap;

/// An instance's handle table (the spec's `Table`).
pub trait Table {
    /// What the table holds.
    type Entry: TableEntry + Copy;

    /// Returns the entry at `index`.
    ///
    /// # Errors
    ///
    /// When there is none.
    fn get(&self, index: u32) -> Result<Self::Entry, Trap>;

    /// Adds an entry and returns its index.
    ///
    /// # Errors
    ///
    /// When the table has as many entries as it may.
    fn add(&mut self, entry: Self::Entry) -> Result<u32, Trap>;

    /// Removes the entry at `index` and returns it.
    ///
    /// # Errors
    ///
    /// When there is none.
    fn remove(&mut self, index: u32) -> Result<Self::Entry, Trap>;

    /// Gives back everything that a call was lent out of this table.
    fn end_lends(&mut self, lends: Lends);

    /// Closes the scope of a call that has returned.
    ///
    /// # Errors
    ///
    /// When the call still holds borrows; the scope stays open.
    fn exit_scope(&mut self, scope: BorrowScope) -> Result<(), Trap>;
}

impl<T: TableEntry + Copy> Table for HandleTable<T> {
    type Entry = T;

    fn get(&self, index: u32) -> Result<T, Trap> {
        Self::get(self, index).copied()
    }

    fn add(&mut self, entry: T) -> Result<u32, Trap> {
        Self::add(self, entry)
    }

    fn remove(&mut self, index: u32) -> Result<T, Trap> {
        Self::remove(self, index)
    }

    fn end_lends(&mut self, lends: Lends) {
        lends.end(self);
    }

    fn exit_scope(&mut self, scope: BorrowScope) -> Result<(), Trap> {
        Self::exit_scope(self, scope)
    }
}
