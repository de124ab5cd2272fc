//! Values out of linear memory.
//! Follows CanonicalABI.md, "Loading".

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::columns::load_column;
use super::scalar::{load_scalar, load_scalars};
use super::string::load_string;
use super::{bytes, check_elements, check_pointer, consume_elements, load_int, load_pointer_and_length};
use crate::handles::values::lift_handle;
use crate::host::{Access, Begin, Context, End, Host, observed};
use crate::trap::{Trap, trap_if};
use crate::types::despecialize::{Cases, Despecialized, Fields, despecialize};
use crate::types::layout::{discriminant_size, elem_size, field_offsets, flags_size, layout, payload_offset};
use crate::types::{ScalarType, ValType};
use crate::value::specialize::{record_value, variant_value};
use crate::value::{List, RowKind, Rows, Value};

/// Returns the value of type `ty` at `ptr` (the spec's `load`).
///
/// # Errors
///
/// When `ptr` is not aligned or not within the memory, as the spec's callers check, or the bytes
/// there are no value of the type.
pub fn load<H: Host>(cx: &mut Context<'_, H>, ptr: u64, ty: ValType) -> Result<Value, H::Error> {
    let layout = layout(cx.types, ty, cx.opts.ptr);
    check_pointer(cx, ptr, u64::from(layout.size()), layout.align())?;
    load_from_valid_range(cx, ptr, ty)
}

/// Loads from a pointer that was checked.
pub(crate) fn load_from_valid_range<H: Host>(
    cx: &mut Context<'_, H>,
    ptr: u64,
    ty: ValType,
) -> Result<Value, H::Error> {
    observed(
        cx,
        Begin::Value { ty, access: Access::Load(ptr) },
        |cx| load_value(cx, ptr, ty),
        |value| End::Value(value),
    )
}

fn load_value<H: Host>(cx: &mut Context<'_, H>, ptr: u64, ty: ValType) -> Result<Value, H::Error> {
    // Most values are scalars, which have no definition to look at.
    if let ValType::Scalar(ty) = ty {
        return Ok(load_scalar_value(cx, ptr, ty)?);
    }
    let value = match despecialize(cx.types, ty) {
        Despecialized::Scalar(ty) => load_scalar_value(cx, ptr, ty)?,
        Despecialized::String => Value::String(load_string(cx, ptr)?),
        Despecialized::List { element, length } => load_list(cx, ptr, ty, element, length)?,
        Despecialized::Record(fields) => load_record(cx, ptr, ty, fields)?,
        Despecialized::Variant(cases) => load_variant(cx, ptr, ty, cases)?,
        Despecialized::Flags(labels) => Value::Flags(load_flags(cx, ptr, labels.len())?),
        Despecialized::Handle(handle) => {
            let index = load_scalar(cx, ptr)?;
            lift_handle(cx, handle, index)?
        }
    };
    Ok(value)
}

/// Returns the flags of the integer, without bits that no label has (the spec's
/// `unpack_flags_from_int`).
pub fn unpack_flags_from_int(int: u32, n_flags: usize) -> u32 {
    if n_flags < 32 { int & ((1 << n_flags) - 1) } else { int }
}

/// Loads the list, or the map, whose `length` elements start at `ptr` (the spec's
/// `load_list_from_range`).
pub(crate) fn load_list_from_range<H: Host>(
    cx: &mut Context<'_, H>,
    ptr: u64,
    length: u64,
    ty: ValType,
    element: ValType,
) -> Result<Value, H::Error> {
    let load = |cx: &mut Context<'_, H>| {
        check_list_range(cx, ptr, length, element)?;
        if let ValType::Map(id) = ty {
            let entry = (cx.types[id].key, cx.types[id].value);
            return load_entries_from_valid_range(cx, ptr, length, element, entry);
        }
        load_list_from_valid_range(cx, ptr, length, element).map(Value::List)
    };
    observed(cx, Begin::LoadList { ptr, length, element }, load, |_| End::Nothing)
}

/// Checks that a list of `length` elements may lie at `ptr`: that it is not too long, aligned and
/// within the memory.
fn check_list_range<H: Host>(
    cx: &Context<'_, H>,
    ptr: u64,
    length: u64,
    element: ValType,
) -> Result<(), Trap> {
    let element_layout = layout(cx.types, element, cx.opts.ptr);
    check_elements(cx, ptr, length, u64::from(element_layout.size()), element_layout.align())
}

fn load_scalar_value<H: Host>(cx: &Context<'_, H>, ptr: u64, ty: ScalarType) -> Result<Value, Trap> {
    Ok(match ty {
        ScalarType::Bool => Value::Bool(load_scalar(cx, ptr)?),
        ScalarType::S8 => Value::S8(load_scalar(cx, ptr)?),
        ScalarType::U8 => Value::U8(load_scalar(cx, ptr)?),
        ScalarType::S16 => Value::S16(load_scalar(cx, ptr)?),
        ScalarType::U16 => Value::U16(load_scalar(cx, ptr)?),
        ScalarType::S32 => Value::S32(load_scalar(cx, ptr)?),
        ScalarType::U32 => Value::U32(load_scalar(cx, ptr)?),
        ScalarType::S64 => Value::S64(load_scalar(cx, ptr)?),
        ScalarType::U64 => Value::U64(load_scalar(cx, ptr)?),
        ScalarType::F32 => Value::F32(load_scalar(cx, ptr)?),
        ScalarType::F64 => Value::F64(load_scalar(cx, ptr)?),
        ScalarType::Char => Value::Char(load_scalar(cx, ptr)?),
    })
}

fn load_list<H: Host>(
    cx: &mut Context<'_, H>,
    ptr: u64,
    ty: ValType,
    element: ValType,
    length: Option<u32>,
) -> Result<Value, H::Error> {
    if let Some(length) = length {
        return load_list_from_valid_range(cx, ptr, u64::from(length), element).map(Value::List);
    }
    let (begin, length) = load_pointer_and_length(cx, ptr)?;
    load_list_from_range(cx, begin, length, ty, element)
}

/// Loads elements from a range that was checked: scalars in bulk, others one by one.
fn load_list_from_valid_range<H: Host>(
    cx: &mut Context<'_, H>,
    ptr: u64,
    length: u64,
    element: ValType,
) -> Result<List, H::Error> {
    let begin = Begin::LoadElements { ptr, length, element };
    observed(cx, begin, |cx| load_elements(cx, ptr, length, element), |_| End::Nothing)
}

fn load_elements<H: Host>(
    cx: &mut Context<'_, H>,
    ptr: u64,
    length: u64,
    element: ValType,
) -> Result<List, H::Error> {
    if let ValType::Scalar(ty) = element {
        return load_scalar_list(cx, ptr, length, ty);
    }
    if matches!(element, ValType::Record(_) | ValType::Tuple(_)) {
        return load_rows(cx, ptr, length, element).map(List::Rows);
    }
    let mut values = reserved_vec(cx, length)?;
    let element_size = u64::from(elem_size(cx.types, element, cx.opts.ptr));
    for i in 0..length {
        consume_elements(cx, i, length, element_size)?;
        values.push(load_from_valid_range(cx, ptr + i * element_size, element)?);
    }
    Ok(List::Values(values))
}

fn load_scalar_list<H: Host>(
    cx: &mut Context<'_, H>,
    ptr: u64,
    length: u64,
    element: ScalarType,
) -> Result<List, H::Error> {
    Ok(match element {
        ScalarType::Bool => List::Bool(load_scalars(cx, ptr, length)?),
        ScalarType::S8 => List::S8(load_scalars(cx, ptr, length)?),
        ScalarType::U8 => List::U8(load_scalars(cx, ptr, length)?),
        ScalarType::S16 => List::S16(load_scalars(cx, ptr, length)?),
        ScalarType::U16 => List::U16(load_scalars(cx, ptr, length)?),
        ScalarType::S32 => List::S32(load_scalars(cx, ptr, length)?),
        ScalarType::U32 => List::U32(load_scalars(cx, ptr, length)?),
        ScalarType::S64 => List::S64(load_scalars(cx, ptr, length)?),
        ScalarType::U64 => List::U64(load_scalars(cx, ptr, length)?),
        ScalarType::F32 => List::F32(load_scalars(cx, ptr, length)?),
        ScalarType::F64 => List::F64(load_scalars(cx, ptr, length)?),
        ScalarType::Char => List::Char(load_scalars(cx, ptr, length)?),
    })
}

/// Loads records or tuples from a range that was checked: fields of scalar types by column, and
/// what can trap or changes the handle table row by row, as the spec does.
fn load_rows<H: Host>(
    cx: &mut Context<'_, H>,
    ptr: u64,
    length: u64,
    element: ValType,
) -> Result<Rows, H::Error> {
    let Despecialized::Record(fields) = despecialize(cx.types, element) else {
        unreachable!("records and tuples despecialize to records")
    };
    let kind = if matches!(element, ValType::Tuple(_)) { RowKind::Tuple } else { RowKind::Record };
    let element_size = u64::from(elem_size(cx.types, element, cx.opts.ptr));
    reserve_elements(cx, length, element)?;
    cx.host.consume_bytes(length * element_size)?;
    let rows = bytes(cx, ptr, length * element_size)?;
    let n_rows = rows.len() / to_usize(element_size);
    let mut columns = Vec::with_capacity(fields.len());
    let mut others = Vec::new();
    for (i, (offset, ty)) in field_offsets(cx.types, fields.types(), cx.opts.ptr).enumerate() {
        let column = load_column(rows, to_usize(element_size), to_usize(offset), ty);
        columns.push(column.unwrap_or_else(|| {
            others.push((i, offset, ty, Vec::with_capacity(n_rows)));
            List::Values(Vec::new())
        }));
    }
    let n_observed = if H::OBSERVES { cx.host.n_observed(length) } else { 0 };
    let n_single = if others.is_empty() { n_observed } else { length };
    for i in 0..n_single {
        let row = ptr + i * element_size;
        consume_elements(cx, i, length, 0)?;
        cx.host.begin(Begin::Value { ty: element, access: Access::Load(row) });
        if i < n_observed {
            // All fields are shown, though the columns have some of them already.
            let mut others = others.iter_mut().peekable();
            for (field, (offset, ty)) in field_offsets(cx.types, fields.types(), cx.opts.ptr).enumerate() {
                let value = load_from_valid_range(cx, row + offset, ty)?;
                if let Some((.., values)) = others.next_if(|other| other.0 == field) {
                    values.push(value);
                }
            }
        } else {
            for (_, offset, ty, values) in &mut others {
                values.push(load_from_valid_range(cx, row + *offset, *ty)?);
            }
        }
        cx.host.end(End::Nothing);
    }
    if H::OBSERVES {
        cx.host.elided(length - n_single);
    }
    for (i, _, ty, values) in others {
        columns[i] = List::from_values(ty, values);
    }
    Ok(Rows::new(kind, columns))
}

fn to_usize(n: u64) -> usize {
    usize::try_from(n).expect("what lies within the memory is addressable")
}

/// Loads a map's entries from a range that was checked.
fn load_entries_from_valid_range<H: Host>(
    cx: &mut Context<'_, H>,
    ptr: u64,
    length: u64,
    element: ValType,
    (key, value): (ValType, ValType),
) -> Result<Value, H::Error> {
    let types = cx.types;
    let element_size = u64::from(elem_size(types, element, cx.opts.ptr));
    let value_offset =
        field_offsets(types, [key, value].into_iter(), cx.opts.ptr).map(|(offset, _)| offset).sum::<u64>();
    cx.host.begin(Begin::LoadElements { ptr, length, element });
    let mut entries = reserved_vec(cx, length)?;
    for i in 0..length {
        let entry = ptr + i * element_size;
        consume_elements(cx, i, length, element_size)?;
        cx.host.begin(Begin::Value { ty: element, access: Access::Load(entry) });
        let key = load_from_valid_range(cx, entry, key)?;
        let value = load_from_valid_range(cx, entry + value_offset, value)?;
        entries.push((key, value));
        cx.host.end(End::Nothing);
    }
    cx.host.end(End::Nothing);
    Ok(Value::Map(entries))
}

/// Tells the host how much room the elements of a list take that is not of a scalar type: a value
/// each, or what the columns of their rows take.
fn reserve_elements<H: Host>(cx: &mut Context<'_, H>, length: u64, element: ValType) -> Result<(), H::Error> {
    const VALUE_BYTES: u64 = size_of::<Value>() as u64;
    // A column that is loaded value by value becomes a typed list in the end, if it is of scalars.
    let of_field = |ty| match (load_column(&[], 1, 0, ty), ty) {
        (Some(_), _) => u64::from(elem_size(cx.types, ty, cx.opts.ptr)),
        (None, ValType::Scalar(_)) => VALUE_BYTES + u64::from(elem_size(cx.types, ty, cx.opts.ptr)),
        (None, _) => VALUE_BYTES,
    };
    let (columns_bytes, element_bytes) =
        if let Despecialized::Record(fields) = despecialize(cx.types, element) {
            (size_of::<List>() as u64 * fields.len() as u64, fields.types().map(of_field).sum())
        } else {
            (0, VALUE_BYTES)
        };
    cx.host.reserve(length.saturating_mul(element_bytes).saturating_add(columns_bytes))
}

/// Returns a value in a box, after the host was asked for the room.
pub(crate) fn reserved_box<H: Host>(
    cx: &mut Context<'_, H>,
    value: impl FnOnce(&mut Context<'_, H>) -> Result<Value, H::Error>,
) -> Result<Box<Value>, H::Error> {
    cx.host.reserve(size_of::<Value>() as u64)?;
    Ok(Box::new(value(cx)?))
}

/// Returns a vector with room for `length` elements, whose place in guest memory was checked, after
/// the host was asked for the room.
///
/// # Errors
///
/// When the host refuses.
///
/// # Panics
///
/// When there are more elements than fit in memory at all.
pub fn reserved_vec<H: Host, T>(cx: &mut Context<'_, H>, length: u64) -> Result<Vec<T>, H::Error> {
    cx.host.reserve(length.saturating_mul(size_of::<T>() as u64))?;
    let capacity =
        usize::try_from(length).expect("a list within the memory has fewer elements than usize::MAX");
    Ok(Vec::with_capacity(capacity))
}

fn load_record<H: Host>(
    cx: &mut Context<'_, H>,
    ptr: u64,
    ty: ValType,
    fields: Fields<'_>,
) -> Result<Value, H::Error> {
    let mut values = reserved_vec(cx, fields.len() as u64)?;
    for (offset, field) in field_offsets(cx.types, fields.types(), cx.opts.ptr) {
        values.push(load_from_valid_range(cx, ptr + offset, field)?);
    }
    Ok(record_value(ty, values))
}

fn load_variant<H: Host>(
    cx: &mut Context<'_, H>,
    ptr: u64,
    ty: ValType,
    cases: Cases<'_>,
) -> Result<Value, H::Error> {
    let size_bytes = discriminant_size(cases.len());
    cx.host.begin(Begin::LoadInt { ptr, size_bytes });
    let case = check_discriminant(load_int(cx, ptr, size_bytes)?, cases.len())?;
    cx.host.end(End::Discriminant(case));
    cx.host.case(case);
    let payload = match cases.payload(case as usize) {
        None => None,
        Some(payload) => {
            let ptr = ptr + u64::from(payload_offset(cx.types, ty, cx.opts.ptr));
            Some(reserved_box(cx, |cx| load_from_valid_range(cx, ptr, payload))?)
        }
    };
    Ok(variant_value(ty, case, payload))
}

/// Returns the case of `n_cases` that a discriminant of at most 4 bytes names.
///
/// # Errors
///
/// When it names none.
///
/// # Panics
///
/// When either exceeds `u32::MAX`.
pub fn check_discriminant(discriminant: u64, n_cases: usize) -> Result<u32, Trap> {
    let discriminant = u32::try_from(discriminant).expect("a discriminant has at most 4 bytes");
    let n_cases = u32::try_from(n_cases).expect("a type has fewer than 2^32 labels");
    trap_if(discriminant >= n_cases, Trap::InvalidDiscriminant { discriminant, n_cases })?;
    Ok(discriminant)
}

fn load_flags<H: Host>(cx: &Context<'_, H>, ptr: u64, n_flags: usize) -> Result<u32, Trap> {
    let int = load_int(cx, ptr, flags_size(n_flags))?;
    let int = u32::try_from(int).expect("flags have at most 4 bytes");
    Ok(unpack_flags_from_int(int, n_flags))
}
