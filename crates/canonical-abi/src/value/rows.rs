//! Lists of records or tuples by column.
//!
//! A list of 10,000 records would be 10,001 allocations and a tag beside every number, if every
//! record were a value of its own. By column it is one typed list for each field.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{List, Value};

/// Records or tuples of one type, one list for each field: how lifting returns a list of them.
///
/// Invariant: there is a column, and all columns are of one length.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    columns: Box<[List]>,
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
    /// Returns the rows of these columns, each the values of one field in the form of a list of
    /// them.
    ///
    /// # Panics
    ///
    /// When there is no column, or two are of different lengths.
    pub fn new(kind: RowKind, columns: Vec<List>) -> Self {
        let n_rows = columns.first().expect("records and tuples have fields").len();
        assert!(columns.iter().all(|column| column.len() == n_rows), "columns are of one length");
        Self { columns: columns.into_boxed_slice(), kind }
    }

    /// Returns whether the rows are records or tuples.
    pub fn kind(&self) -> RowKind {
        self.kind
    }

    /// Returns the values of each field, in the fields' order.
    pub fn columns(&self) -> &[List] {
        &self.columns
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.columns[0].len()
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the record or tuple of row `i`, or `None` beyond the end.
    pub fn get(&self, i: usize) -> Option<Value> {
        let fields = self.columns.iter().map(|column| column.get(i)).collect::<Option<_>>()?;
        Some(match self.kind {
            RowKind::Record => Value::Record(fields),
            RowKind::Tuple => Value::Tuple(fields),
        })
    }

    /// Returns the fields of row `i`, those borrowed that are values already.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    pub(crate) fn row(&self, i: usize) -> impl Iterator<Item = Cow<'_, Value>> {
        self.columns.iter().map(move |column| column.cell(i).expect("the row is there"))
    }

    /// Returns whether these are the values, each a record or tuple of its own.
    pub(crate) fn are(&self, values: &[Value]) -> bool {
        let is_row = |(i, value): (usize, &Value)| match (self.kind, value) {
            (RowKind::Record, Value::Record(fields)) | (RowKind::Tuple, Value::Tuple(fields)) => {
                fields.len() == self.columns.len()
                    && self.row(i).zip(fields).all(|(cell, field)| *cell == *field)
            }
            // Neither a record where one is wanted, nor a tuple.
            (_, _) => false,
        };
        self.len() == values.len() && values.iter().enumerate().all(is_row)
    }
}
