//! Lists of records or tuples with all their fields in one place.
//!
//! A list of 10,000 records would be 10,001 allocations if every record were a value of its own.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::value::Value;

/// Records or tuples of one type, the fields of each after those of the one before: how lifting returns a list of them.
///
/// Invariant: the number of cells is a multiple of `width`, which is 0 only if there are none.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    cells: Box<[Value]>,
    width: u32,
    kind: RowKind,
}

/// A value takes no more room for them than for a typed list.
const _: () = assert!(size_of::<Rows>() <= size_of::<Vec<u8>>());

/// What a row of [`Rows`] is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RowKind {
    /// A [`Value::Record`].
    Record,
    /// A [`Value::Tuple`].
    Tuple,
}

impl Rows {
    /// Returns rows of `width` cells each.
    ///
    /// # Panics
    ///
    /// When the number of cells is no multiple of `width`.
    pub fn new(kind: RowKind, width: u32, cells: Vec<Value>) -> Self {
        let n_cells = cells.len();
        let width = if n_cells == 0 { 0 } else { width };
        assert!(n_cells.is_multiple_of(width as usize), "{n_cells} cells in rows of {width}");
        Self { cells: cells.into_boxed_slice(), width, kind }
    }

    /// Returns whether the rows are records or tuples.
    pub fn kind(&self) -> RowKind {
        self.kind
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.cells.len().checked_div(self.width as usize).unwrap_or(0)
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Returns the fields of row `i`, or `None` beyond the end.
    pub fn get(&self, i: usize) -> Option<&[Value]> {
        let width = self.width as usize;
        let start = i.checked_mul(width).filter(|start| *start < self.cells.len())?;
        Some(&self.cells[start..start + width])
    }

    /// Returns the fields of each row.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[Value]> {
        self.cells.chunks_exact(self.width.max(1) as usize)
    }

    /// Returns the record or tuple of these fields.
    pub(crate) fn row_value(&self, fields: &[Value]) -> Value {
        match self.kind {
            RowKind::Record => Value::Record(fields.to_vec()),
            RowKind::Tuple => Value::Tuple(fields.to_vec()),
        }
    }

    /// Returns whether these are the values, each a record or tuple of its own.
    pub(crate) fn are(&self, values: &[Value]) -> bool {
        let is_row = |(row, value): (&[Value], &Value)| match (self.kind, value) {
            (RowKind::Record, Value::Record(fields)) | (RowKind::Tuple, Value::Tuple(fields)) => {
                fields == row
            }
            // Neither a record where one is wanted, nor a tuple.
            (_, _) => false,
        };
        self.len() == values.len() && self.iter().zip(values).all(is_row)
    }
}
