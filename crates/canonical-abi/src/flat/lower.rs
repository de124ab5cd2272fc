//! Values into core values.
//! Follows CanonicalABI.md, "Flat Lowering" and "Lifting and Lowering Values".

use alloc::vec::Vec;

use super::lift::CoreValue;
use crate::handles::values::lower_handle;
use crate::host::{Access, Begin, Context, End, Host};
use crate::memory::scalar::Scalar;
use crate::memory::store::{store_into_valid_range, store_list_into_range};
use crate::memory::string::store_string_into_range;
use crate::memory::{allocate, check_pointer};
use crate::trap::Allocation;
use crate::types::ValType;
use crate::types::despecialize::{Cases, Despecialized, despecialize};
use crate::types::flat::{CoreType, flat_count_of_types, flat_types};
use crate::types::layout::{field_offsets, tuple_layout};
use crate::value::Value;
use crate::value::specialize::{match_case, mismatch, record_fields};

/// Appends the core values that a value of type `ty` flattens to (the spec's `lower_flat`).
///
/// # Errors
///
/// When `realloc` fails or returns a block that is not aligned or within the memory, or a handle
/// table is full.
///
/// # Panics
///
/// When the value is not one of the type ([`type_check`](crate::type_check::type_check)).
pub fn lower_flat<H: Host>(
    cx: &mut Context<'_, H>,
    value: &Value,
    ty: ValType,
    out: &mut Vec<CoreValue>,
) -> Result<(), H::Error> {
    if !H::OBSERVES {
        return lower_value(cx, value, ty, out);
    }
    let first = out.len();
    cx.host.begin(Begin::Value { ty, access: Access::LowerFlat(first) });
    lower_value(cx, value, ty, out)?;
    cx.host.end(End::Flat { value: Some(value), flat: &out[first..] });
    Ok(())
}

/// Lowers a value that somebody may observe: scalars (the spec's `lower_flat_signed`,
/// `char_to_i32`, `maybe_scramble_nan32` and `maybe_scramble_nan64`, which scramble nothing),
/// strings, records and flags (`lower_flat_string`, `lower_flat_record`, `lower_flat_flags`) here.
fn lower_value<H: Host>(
    cx: &mut Context<'_, H>,
    value: &Value,
    ty: ValType,
    out: &mut Vec<CoreValue>,
) -> Result<(), H::Error> {
    match value {
        Value::Bool(x) => out.push(CoreValue::from_bits(CoreType::I32, x.to_core_bits())),
        Value::S8(x) => out.push(CoreValue::from_bits(CoreType::I32, x.to_core_bits())),
        Value::U8(x) => out.push(CoreValue::from_bits(CoreType::I32, x.to_core_bits())),
        Value::S16(x) => out.push(CoreValue::from_bits(CoreType::I32, x.to_core_bits())),
        Value::U16(x) => out.push(CoreValue::from_bits(CoreType::I32, x.to_core_bits())),
        Value::S32(x) => out.push(CoreValue::from_bits(CoreType::I32, x.to_core_bits())),
        Value::U32(x) => out.push(CoreValue::from_bits(CoreType::I32, x.to_core_bits())),
        Value::S64(x) => out.push(CoreValue::from_bits(CoreType::I64, x.to_core_bits())),
        Value::U64(x) => out.push(CoreValue::from_bits(CoreType::I64, x.to_core_bits())),
        Value::F32(x) => out.push(CoreValue::from_bits(CoreType::F32, x.to_core_bits())),
        Value::F64(x) => out.push(CoreValue::from_bits(CoreType::F64, x.to_core_bits())),
        Value::Char(x) => out.push(CoreValue::from_bits(CoreType::I32, x.to_core_bits())),
        Value::String(s) => {
            let pointer_and_length = store_string_into_range(cx, s)?;
            push_pointers(cx, pointer_and_length, out);
        }
        Value::List(_) | Value::Map(_) => lower_flat_list(cx, value, ty, out)?,
        Value::Record(_) | Value::Tuple(_) => {
            let Despecialized::Record(fields) = despecialize(cx.types, ty) else { mismatch(value) };
            for (ty, value) in fields.types().zip(record_fields(value)) {
                lower_flat(cx, value, ty, out)?;
            }
        }
        Value::Variant { .. } | Value::Enum(_) | Value::Option(_) | Value::Result(_) => {
            let Despecialized::Variant(cases) = despecialize(cx.types, ty) else { mismatch(value) };
            lower_flat_variant(cx, value, ty, cases, out)?;
        }
        Value::Flags(bits) => out.push(CoreValue::I32(*bits)),
        Value::Own(rep)
        | Value::Borrow(rep)
        | Value::ErrorContext(rep)
        | Value::Stream(rep)
        | Value::Future(rep) => out.push(CoreValue::I32(lower_handle(cx, value, ty, *rep)?)),
    }
    Ok(())
}

/// Returns the core values of `values`, of types `tys`, if these flatten to at most `max_flat`;
/// else stores them in memory (the spec's `lower_flat_values`): at `out_param`, in which case there
/// are no core values, or in a new block, whose pointer is the one core value.
///
/// # Errors
///
/// When `realloc` fails or returns a block that is not aligned or within the memory, when
/// `out_param` is not, or when a handle table is full.
///
/// # Panics
///
/// When a value is not one of its type ([`type_check`](crate::type_check::type_check)).
pub fn lower_flat_values<H: Host>(
    cx: &mut Context<'_, H>,
    max_flat: usize,
    values: &[Value],
    tys: &[ValType],
    out_param: Option<u64>,
) -> Result<Vec<CoreValue>, H::Error> {
    assert!(values.len() == tys.len(), "{} values for {} types", values.len(), tys.len());
    let mut out = Vec::new();
    cx.host.begin(Begin::LowerFlatValues);
    if flat_count_of_types(cx.types, tys) <= max_flat {
        for (value, ty) in values.iter().zip(tys) {
            lower_flat(cx, value, *ty, &mut out)?;
        }
    } else {
        let (size, alignment) = tuple_layout(cx.types, tys.iter().copied(), cx.opts.ptr);
        let ptr = match out_param {
            Some(ptr) => {
                check_pointer(cx, ptr, size, alignment)?;
                cx.host.consume_bytes(size)?;
                ptr
            }
            None => {
                let ptr = allocate(cx, alignment, size, Allocation::Params)?;
                out.push(CoreValue::pointer(ptr, cx.opts.ptr));
                ptr
            }
        };
        cx.host.begin(Begin::StoreValues { ptr, size_bytes: size });
        let offsets = field_offsets(cx.types, tys.iter().copied(), cx.opts.ptr);
        for ((offset, ty), value) in offsets.zip(values) {
            store_into_valid_range(cx, value, ty, ptr + offset)?;
        }
        cx.host.end(End::Nothing);
    }
    cx.host.end(End::Flat { value: None, flat: &out });
    Ok(out)
}

fn push_pointers<H: Host>(cx: &Context<'_, H>, (begin, length): (u64, u64), out: &mut Vec<CoreValue>) {
    out.push(CoreValue::pointer(begin, cx.opts.ptr));
    out.push(CoreValue::pointer(length, cx.opts.ptr));
}

/// Lowers a list of either kind (the spec's `lower_flat_list`).
fn lower_flat_list<H: Host>(
    cx: &mut Context<'_, H>,
    value: &Value,
    ty: ValType,
    out: &mut Vec<CoreValue>,
) -> Result<(), H::Error> {
    let Despecialized::List { element, length } = despecialize(cx.types, ty) else { mismatch(value) };
    if length.is_none() {
        let pointer_and_length = store_list_into_range(cx, value, element)?;
        push_pointers(cx, pointer_and_length, out);
        return Ok(());
    }
    let Value::List(list) = value else { mismatch(value) };
    for value in list.iter() {
        lower_flat(cx, &value, element, out)?;
    }
    Ok(())
}

/// Lowers a variant: the case's core values are coerced to the types that all cases share, and what
/// is missing is filled with zeros.
fn lower_flat_variant<H: Host>(
    cx: &mut Context<'_, H>,
    value: &Value,
    ty: ValType,
    cases: Cases<'_>,
    out: &mut Vec<CoreValue>,
) -> Result<(), H::Error> {
    let (case, payload) = match_case(value);
    cx.host.case(case);
    out.push(CoreValue::I32(case));
    let start = out.len();
    match (cases.payload(case as usize), payload) {
        (Some(ty), Some(payload)) => lower_flat(cx, payload, ty, out)?,
        (None, None) => {}
        (Some(_), None) | (None, Some(_)) => mismatch(value),
    }
    let joined = flat_types(cx.types, ty, cx.opts.ptr);
    let joined: &[CoreType] = &joined[1..];
    for (slot, want) in out[start..].iter_mut().zip(joined) {
        *slot = CoreValue::from_bits(*want, slot.bits());
    }
    let n_given = out.len() - start;
    out.extend(joined[n_given..].iter().map(|ty| CoreValue::from_bits(*ty, 0)));
    Ok(())
}
