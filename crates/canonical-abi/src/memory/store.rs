//! Values into linear memory. Follows CanonicalABI.md, "Storing", in its deterministic profile:
//! every NaN is stored as the canonical one.

use alloc::vec::Vec;

use super::columns::{is_storable, store_column};
use super::scalar::{store_scalar, store_scalars};
use super::string::store_string;
use super::{
    allocate_elements, bytes_mut, check_pointer, consume_elements, store_int, store_pointer_and_length,
};
use crate::handles::values::lower_handle;
use crate::host::{Access, Begin, Context, End, Host, observed};
use crate::trap::Trap;
use crate::types::ValType;
use crate::types::despecialize::{Cases, Despecialized, Fields, despecialize};
use crate::types::layout::{discriminant_size, field_offsets, flags_size, layout, payload_offset};
use crate::value::specialize::{match_case, mismatch, record_fields};
use crate::value::{List, Rows, Value};

/// Stores a value of type `ty` at `ptr` (the spec's `store`).
///
/// # Errors
///
/// When `ptr` is not aligned or not within the memory, as the spec's callers check; when `realloc`
/// fails or returns a block that is not; when a handle table is full.
///
/// # Panics
///
/// When the value is not one of the type ([`type_check`](crate::type_check::type_check)).
pub fn store<H: Host>(cx: &mut Context<'_, H>, value: &Value, ty: ValType, ptr: u64) -> Result<(), H::Error> {
    let layout = layout(cx.types, ty, cx.opts.ptr);
    check_pointer(cx, ptr, u64::from(layout.size()), layout.align())?;
    store_into_valid_range(cx, value, ty, ptr)
}

/// Stores to a pointer that was checked.
pub(crate) fn store_into_valid_range<H: Host>(
    cx: &mut Context<'_, H>,
    value: &Value,
    ty: ValType,
    ptr: u64,
) -> Result<(), H::Error> {
    cx.host.begin(Begin::Value { ty, access: Access::Store(ptr) });
    match value {
        Value::Bool(x) => store_scalar(cx, *x, ptr)?,
        Value::S8(x) => store_scalar(cx, *x, ptr)?,
        Value::U8(x) => store_scalar(cx, *x, ptr)?,
        Value::S16(x) => store_scalar(cx, *x, ptr)?,
        Value::U16(x) => store_scalar(cx, *x, ptr)?,
        Value::S32(x) => store_scalar(cx, *x, ptr)?,
        Value::U32(x) => store_scalar(cx, *x, ptr)?,
        Value::S64(x) => store_scalar(cx, *x, ptr)?,
        Value::U64(x) => store_scalar(cx, *x, ptr)?,
        Value::F32(x) => store_scalar(cx, *x, ptr)?,
        Value::F64(x) => store_scalar(cx, *x, ptr)?,
        Value::Char(x) => store_scalar(cx, *x, ptr)?,
        Value::String(s) => store_string(cx, s, ptr)?,
        Value::List(_) | Value::Map(_) => store_list(cx, value, ty, ptr)?,
        Value::Record(_) | Value::Tuple(_) => {
            let Despecialized::Record(fields) = despecialize(cx.types, ty) else { mismatch(value) };
            store_record(cx, value, fields, ptr)?;
        }
        Value::Variant { .. } | Value::Enum(_) | Value::Option(_) | Value::Result(_) => {
            let Despecialized::Variant(cases) = despecialize(cx.types, ty) else { mismatch(value) };
            store_variant(cx, value, ty, cases, ptr)?;
        }
        Value::Flags(bits) => {
            let Despecialized::Flags(labels) = despecialize(cx.types, ty) else { mismatch(value) };
            store_flags(cx, *bits, labels.len(), ptr)?;
        }
        Value::Own(rep)
        | Value::Borrow(rep)
        | Value::ErrorContext(rep)
        | Value::Stream(rep)
        | Value::Future(rep) => {
            let index = lower_handle(cx, value, ty, *rep)?;
            store_scalar(cx, index, ptr)?;
        }
    }
    cx.host.end(End::Value(value));
    Ok(())
}

/// Stores the elements of a list or map of no fixed length into a new block and returns its pointer
/// and the number of elements (the spec's `store_list_into_range`).
pub(crate) fn store_list_into_range<H: Host>(
    cx: &mut Context<'_, H>,
    value: &Value,
    element: ValType,
) -> Result<(u64, u64), H::Error> {
    let store = |cx: &mut Context<'_, H>| {
        let length = list_length(value);
        let ptr = allocate_list(cx, length, element)?;
        store_list_into_valid_range(cx, value, element, ptr)?;
        Ok((ptr, length))
    };
    observed(cx, Begin::StoreList, store, |_| End::Nothing)
}

/// Returns the number of a list's elements or of a map's entries.
fn list_length(value: &Value) -> u64 {
    (if let Value::Map(entries) = value { entries.len() } else { list_of(value).len() }) as u64
}

/// Allocates a block for the elements of a list, unless it is too long.
fn allocate_list<H: Host>(cx: &mut Context<'_, H>, length: u64, element: ValType) -> Result<u64, H::Error> {
    let element_layout = layout(cx.types, element, cx.opts.ptr);
    allocate_elements(cx, length, u64::from(element_layout.size()), element_layout.align())
}

fn store_flags<H: Host>(cx: &mut Context<'_, H>, bits: u32, n_flags: usize, ptr: u64) -> Result<(), Trap> {
    store_int(cx, u64::from(bits), ptr, flags_size(n_flags))
}

fn store_list<H: Host>(
    cx: &mut Context<'_, H>,
    value: &Value,
    ty: ValType,
    ptr: u64,
) -> Result<(), H::Error> {
    let Despecialized::List { element, length } = despecialize(cx.types, ty) else { mismatch(value) };
    if length.is_some() {
        return store_list_into_valid_range(cx, value, element, ptr);
    }
    let pointer_and_length = store_list_into_range(cx, value, element)?;
    Ok(store_pointer_and_length(cx, pointer_and_length, ptr)?)
}

/// Stores elements into a range that was checked: scalars in bulk, others one by one.
fn store_list_into_valid_range<H: Host>(
    cx: &mut Context<'_, H>,
    value: &Value,
    element: ValType,
    ptr: u64,
) -> Result<(), H::Error> {
    cx.host.begin(Begin::StoreElements { ptr, length: list_length(value), element });
    if let Value::Map(entries) = value {
        store_entries_into_valid_range(cx, entries, element, ptr)?;
    } else {
        store_elements_into_valid_range(cx, list_of(value), element, ptr)?;
    }
    cx.host.end(End::Nothing);
    Ok(())
}

fn store_elements_into_valid_range<H: Host>(
    cx: &mut Context<'_, H>,
    list: &List,
    element: ValType,
    ptr: u64,
) -> Result<(), H::Error> {
    let element_size = u64::from(layout(cx.types, element, cx.opts.ptr).size());
    match list {
        List::Values(values) => {
            for (i, value) in (0..).zip(values) {
                consume_elements(cx, i, values.len() as u64, 0)?;
                store_into_valid_range(cx, value, element, ptr + i * element_size)?;
            }
            Ok(())
        }
        List::Rows(rows) => store_rows(cx, rows, element, ptr),
        List::Bool(v) => Ok(store_scalars(cx, v, ptr)?),
        List::S8(v) => Ok(store_scalars(cx, v, ptr)?),
        List::U8(v) => Ok(store_scalars(cx, v, ptr)?),
        List::S16(v) => Ok(store_scalars(cx, v, ptr)?),
        List::U16(v) => Ok(store_scalars(cx, v, ptr)?),
        List::S32(v) => Ok(store_scalars(cx, v, ptr)?),
        List::U32(v) => Ok(store_scalars(cx, v, ptr)?),
        List::S64(v) => Ok(store_scalars(cx, v, ptr)?),
        List::U64(v) => Ok(store_scalars(cx, v, ptr)?),
        List::F32(v) => Ok(store_scalars(cx, v, ptr)?),
        List::F64(v) => Ok(store_scalars(cx, v, ptr)?),
        List::Char(v) => Ok(store_scalars(cx, v, ptr)?),
    }
}

/// Stores records or tuples into a range that was checked: by column if no field calls the guest,
/// else row by row, as the spec does.
fn store_rows<H: Host>(
    cx: &mut Context<'_, H>,
    rows: &Rows,
    element: ValType,
    ptr: u64,
) -> Result<(), H::Error> {
    let Despecialized::Record(fields) = despecialize(cx.types, element) else {
        panic!("a value is type-checked before it is lowered, but this has rows of another type")
    };
    let element_size = layout(cx.types, element, cx.opts.ptr).size();
    let fields: Vec<_> = field_offsets(cx.types, fields.types(), cx.opts.ptr).collect();
    let n_rows = rows.len() as u64;
    let is_by_column = rows.columns().iter().all(is_storable);
    if is_by_column {
        let bytes = bytes_mut(cx, ptr, n_rows * u64::from(element_size))?;
        for ((offset, _), column) in fields.iter().zip(rows.columns()) {
            let offset = usize::try_from(*offset).expect("it is less than the size of a type");
            store_column(bytes, element_size as usize, offset, column);
        }
        if !H::OBSERVES {
            return Ok(());
        }
    }
    // What is observed is stored once more, for all to see.
    let n_single = if is_by_column { cx.host.n_observed(n_rows) } else { n_rows };
    for (i, row) in (0..n_single).zip((0..rows.len()).map(|i| rows.row(i))) {
        let start = ptr + i * u64::from(element_size);
        consume_elements(cx, i, n_rows, 0)?;
        cx.host.begin(Begin::Value { ty: element, access: Access::Store(start) });
        for ((offset, ty), value) in fields.iter().zip(row) {
            store_into_valid_range(cx, &value, *ty, start + offset)?;
        }
        cx.host.end(End::Nothing);
    }
    cx.host.elided(n_rows - n_single);
    Ok(())
}

fn list_of(value: &Value) -> &List {
    let Value::List(list) = value else { mismatch(value) };
    list
}

/// Stores a map's entries into a range that was checked.
fn store_entries_into_valid_range<H: Host>(
    cx: &mut Context<'_, H>,
    entries: &[(Value, Value)],
    element: ValType,
    ptr: u64,
) -> Result<(), H::Error> {
    let Despecialized::Record(fields) = despecialize(cx.types, element) else {
        unreachable!("a map despecializes to a list of tuples")
    };
    let element_size = u64::from(layout(cx.types, element, cx.opts.ptr).size());
    for (i, (key, value)) in (0..).zip(entries) {
        let entry = ptr + i * element_size;
        consume_elements(cx, i, entries.len() as u64, 0)?;
        cx.host.begin(Begin::Value { ty: element, access: Access::Store(entry) });
        let offsets = field_offsets(cx.types, fields.types(), cx.opts.ptr);
        for ((offset, ty), value) in offsets.zip([key, value]) {
            store_into_valid_range(cx, value, ty, entry + offset)?;
        }
        cx.host.end(End::Nothing);
    }
    Ok(())
}

fn store_record<H: Host>(
    cx: &mut Context<'_, H>,
    value: &Value,
    fields: Fields<'_>,
    ptr: u64,
) -> Result<(), H::Error> {
    let offsets = field_offsets(cx.types, fields.types(), cx.opts.ptr);
    for ((offset, ty), value) in offsets.zip(record_fields(value)) {
        store_into_valid_range(cx, value, ty, ptr + offset)?;
    }
    Ok(())
}

fn store_variant<H: Host>(
    cx: &mut Context<'_, H>,
    value: &Value,
    ty: ValType,
    cases: Cases<'_>,
    ptr: u64,
) -> Result<(), H::Error> {
    let (case, payload) = match_case(value);
    let size_bytes = discriminant_size(cases.len());
    cx.host.case(case);
    cx.host.begin(Begin::StoreInt { ptr, size_bytes });
    store_int(cx, u64::from(case), ptr, size_bytes)?;
    cx.host.end(End::Discriminant(case));
    match (cases.payload(case as usize), payload) {
        (Some(payload_ty), Some(payload)) => {
            let ptr = ptr + u64::from(payload_offset(cx.types, ty, cx.opts.ptr));
            store_into_valid_range(cx, payload, payload_ty, ptr)
        }
        (None, None) => Ok(()),
        (Some(_), None) | (None, Some(_)) => mismatch(value),
    }
}
