//! Scalar fields of the records of a list, all at once: a column of [`Rows`](crate::value::Rows).
//!
//! Only types whose values can be read from any bytes and written without calling the guest are
//! handled here (so not `char`, which may trap); the order is then unobservable. The plain twins
//! are `load` and `store` of one field.

use alloc::vec::Vec;

use super::scalar::Scalar;
use crate::types::{ScalarType, ValType};
use crate::value::List;

/// Returns the field at `offset` of each of the rows, which are `stride` bytes each; `None` unless
/// its type is a scalar that any bytes are a value of.
///
/// # Panics
///
/// When the field does not lie within a row.
pub(crate) fn load_column(rows: &[u8], stride: usize, offset: usize, ty: ValType) -> Option<List> {
    let ValType::Scalar(ty) = ty else { return None };
    Some(match ty {
        ScalarType::Bool => List::Bool(decode_column(rows, stride, offset)),
        ScalarType::S8 => List::S8(decode_column(rows, stride, offset)),
        ScalarType::U8 => List::U8(decode_column(rows, stride, offset)),
        ScalarType::S16 => List::S16(decode_column(rows, stride, offset)),
        ScalarType::U16 => List::U16(decode_column(rows, stride, offset)),
        ScalarType::S32 => List::S32(decode_column(rows, stride, offset)),
        ScalarType::U32 => List::U32(decode_column(rows, stride, offset)),
        ScalarType::S64 => List::S64(decode_column(rows, stride, offset)),
        ScalarType::U64 => List::U64(decode_column(rows, stride, offset)),
        ScalarType::F32 => List::F32(decode_column(rows, stride, offset)),
        ScalarType::F64 => List::F64(decode_column(rows, stride, offset)),
        ScalarType::Char => return None,
    })
}

/// Returns whether [`store_column`] stores such a column.
pub(crate) fn is_storable(column: &List) -> bool {
    !matches!(column, List::Rows(_) | List::Values(_))
}

/// Stores a column as the field at `offset` of each of the rows, which are `stride` bytes each.
///
/// # Panics
///
/// When the column's values are not scalars, or the field does not lie within a row.
pub(crate) fn store_column(rows: &mut [u8], stride: usize, offset: usize, column: &List) {
    match column {
        List::Bool(v) => encode_column(rows, stride, offset, v),
        List::S8(v) => encode_column(rows, stride, offset, v),
        List::U8(v) => encode_column(rows, stride, offset, v),
        List::S16(v) => encode_column(rows, stride, offset, v),
        List::U16(v) => encode_column(rows, stride, offset, v),
        List::S32(v) => encode_column(rows, stride, offset, v),
        List::U32(v) => encode_column(rows, stride, offset, v),
        List::S64(v) => encode_column(rows, stride, offset, v),
        List::U64(v) => encode_column(rows, stride, offset, v),
        List::F32(v) => encode_column(rows, stride, offset, v),
        List::F64(v) => encode_column(rows, stride, offset, v),
        List::Char(v) => encode_column(rows, stride, offset, v),
        List::Rows(_) | List::Values(_) => unreachable!("the caller stores values one by one"),
    }
}

fn decode_column<S: Scalar>(rows: &[u8], stride: usize, offset: usize) -> Vec<S> {
    let decode = |row: &[u8]| S::decode(&row[offset..]).expect("any bytes are a value of these types");
    rows.chunks_exact(stride).map(decode).collect()
}

fn encode_column<S: Scalar>(rows: &mut [u8], stride: usize, offset: usize, values: &[S]) {
    for (row, value) in rows.chunks_exact_mut(stride).zip(values) {
        value.encode(&mut row[offset..]);
    }
}
