//! Values out of core values.
//! Follows CanonicalABI.md, "Flat Lifting" and "Lifting and Lowering Values".

use alloc::vec::Vec;

pub use super::{CoreValue, CoreValueIter};
use crate::handles::values::lift_handle;
use crate::host::{Access, Begin, Context, End, Host, observed};
use crate::memory::check_pointer;
use crate::memory::load::{
    check_discriminant, load_from_valid_range, load_list_from_range, reserved_box, reserved_vec,
    unpack_flags_from_int,
};
use crate::memory::scalar::Scalar;
use crate::memory::string::load_string_from_range;
use crate::trap::Trap;
use crate::types::despecialize::{Cases, Despecialized, Fields, despecialize};
use crate::types::flat::{CoreType, flat_count_of_types, flat_types};
use crate::types::layout::{field_offsets, tuple_layout};
use crate::types::{ScalarType, ValType};
use crate::value::specialize::{record_value, variant_value};
use crate::value::{List, Value};

/// Returns the value of type `ty` that the next core values flatten (the spec's `lift_flat`).
///
/// # Errors
///
/// When they are no value of the type.
///
/// # Panics
///
/// When there are too few core values, or of other types than flattening yields.
pub fn lift_flat<H: Host>(
    cx: &mut Context<'_, H>,
    vi: &mut CoreValueIter<'_>,
    ty: ValType,
) -> Result<Value, H::Error> {
    observed(
        cx,
        Begin::Value { ty, access: Access::LiftFlat(vi.rest()) },
        |cx| lift_value(cx, vi, ty),
        |value| End::Value(value),
    )
}

/// Lifts a value that somebody may observe; strings and flags here (the spec's `lift_flat_string`
/// and `lift_flat_flags`).
fn lift_value<H: Host>(
    cx: &mut Context<'_, H>,
    vi: &mut CoreValueIter<'_>,
    ty: ValType,
) -> Result<Value, H::Error> {
    let value = match despecialize(cx.types, ty) {
        Despecialized::Scalar(ty) => scalar_from_core_bits(ty, vi.next(ty.into()))?,
        Despecialized::String => {
            let ptr = vi.next_pointer(cx.opts.ptr);
            let tagged_code_units = vi.next_pointer(cx.opts.ptr);
            Value::String(load_string_from_range(cx, ptr, tagged_code_units)?)
        }
        Despecialized::List { element, length } => lift_flat_list(cx, vi, ty, element, length)?,
        Despecialized::Record(fields) => lift_flat_record(cx, vi, ty, fields)?,
        Despecialized::Variant(cases) => lift_flat_variant(cx, vi, ty, cases)?,
        Despecialized::Flags(labels) => Value::Flags(unpack_flags_from_int(vi.next_u32(), labels.len())),
        Despecialized::Handle(handle) => lift_handle(cx, handle, vi.next_u32())?,
    };
    Ok(value)
}

/// Returns the values of types `tys`, from the core values if these types flatten to at most
/// `max_flat`, else from the memory that the one core value points to (the spec's
/// `lift_flat_values`).
///
/// # Errors
///
/// When the pointer is not aligned or not within the memory, or a value is none of its type.
///
/// # Panics
///
/// When there are too few core values, or of other types than flattening yields.
pub fn lift_flat_values<H: Host>(
    cx: &mut Context<'_, H>,
    max_flat: usize,
    vi: &mut CoreValueIter<'_>,
    tys: &[ValType],
) -> Result<Vec<Value>, H::Error> {
    let begin = Begin::LiftFlatValues { flat: vi.rest() };
    observed(cx, begin, |cx| lift_values(cx, max_flat, vi, tys), |_| End::Nothing)
}

fn lift_values<H: Host>(
    cx: &mut Context<'_, H>,
    max_flat: usize,
    vi: &mut CoreValueIter<'_>,
    tys: &[ValType],
) -> Result<Vec<Value>, H::Error> {
    if flat_count_of_types(cx.types, tys) <= max_flat {
        return lift_flat_each(cx, vi, tys.iter().copied());
    }
    let ptr = vi.next_pointer(cx.opts.ptr);
    let (size, alignment) = tuple_layout(cx.types, tys.iter().copied(), cx.opts.ptr);
    check_pointer(cx, ptr, size, alignment)?;
    let load = |cx: &mut Context<'_, H>| {
        let mut values = reserved_vec(cx, tys.len() as u64)?;
        for (offset, ty) in field_offsets(cx.types, tys.iter().copied(), cx.opts.ptr) {
            values.push(load_from_valid_range(cx, ptr + offset, ty)?);
        }
        Ok(values)
    };
    observed(cx, Begin::LoadValues { ptr, size_bytes: size }, load, |_| End::Nothing)
}

fn lift_flat_each<H: Host>(
    cx: &mut Context<'_, H>,
    vi: &mut CoreValueIter<'_>,
    tys: impl ExactSizeIterator<Item = ValType>,
) -> Result<Vec<Value>, H::Error> {
    let mut values = reserved_vec(cx, tys.len() as u64)?;
    for ty in tys {
        values.push(lift_flat(cx, vi, ty)?);
    }
    Ok(values)
}

/// Lifts a scalar (the spec's `lift_flat_unsigned`, `lift_flat_signed`, `convert_int_to_bool`,
/// `canonicalize_nan32`, `canonicalize_nan64` and `convert_i32_to_char`).
fn scalar_from_core_bits(ty: ScalarType, bits: u64) -> Result<Value, Trap> {
    Ok(match ty {
        ScalarType::Bool => Value::Bool(Scalar::from_core_bits(bits)?),
        ScalarType::S8 => Value::S8(Scalar::from_core_bits(bits)?),
        ScalarType::U8 => Value::U8(Scalar::from_core_bits(bits)?),
        ScalarType::S16 => Value::S16(Scalar::from_core_bits(bits)?),
        ScalarType::U16 => Value::U16(Scalar::from_core_bits(bits)?),
        ScalarType::S32 => Value::S32(Scalar::from_core_bits(bits)?),
        ScalarType::U32 => Value::U32(Scalar::from_core_bits(bits)?),
        ScalarType::S64 => Value::S64(Scalar::from_core_bits(bits)?),
        ScalarType::U64 => Value::U64(Scalar::from_core_bits(bits)?),
        ScalarType::F32 => Value::F32(Scalar::from_core_bits(bits)?),
        ScalarType::F64 => Value::F64(Scalar::from_core_bits(bits)?),
        ScalarType::Char => Value::Char(Scalar::from_core_bits(bits)?),
    })
}

/// Lifts a list of either kind (the spec's `lift_flat_list`).
fn lift_flat_list<H: Host>(
    cx: &mut Context<'_, H>,
    vi: &mut CoreValueIter<'_>,
    ty: ValType,
    element: ValType,
    length: Option<u32>,
) -> Result<Value, H::Error> {
    let Some(length) = length else {
        let ptr = vi.next_pointer(cx.opts.ptr);
        let length = vi.next_pointer(cx.opts.ptr);
        return load_list_from_range(cx, ptr, length, ty, element);
    };
    let values = lift_flat_each(cx, vi, (0..length).map(|_| element))?;
    Ok(Value::List(List::from_values(element, values)))
}

/// Lifts a record's fields, one after the other (the spec's `lift_flat_record`).
fn lift_flat_record<H: Host>(
    cx: &mut Context<'_, H>,
    vi: &mut CoreValueIter<'_>,
    ty: ValType,
    fields: Fields<'_>,
) -> Result<Value, H::Error> {
    let mut values = reserved_vec(cx, fields.len() as u64)?;
    for ty in fields.types() {
        values.push(lift_flat(cx, vi, ty)?);
    }
    Ok(record_value(ty, values))
}

/// Lifts a variant: all cases share its core values, so those of the case are first coerced back
/// from the joined types (the spec's `CoerceValueIter`).
fn lift_flat_variant<H: Host>(
    cx: &mut Context<'_, H>,
    vi: &mut CoreValueIter<'_>,
    ty: ValType,
    cases: Cases<'_>,
) -> Result<Value, H::Error> {
    let joined = flat_types(cx.types, ty, cx.opts.ptr);
    let discriminant = vi.next(CoreType::I32);
    let slots: Vec<u64> = joined[1..].iter().map(|have| vi.next(*have)).collect();
    let case = check_discriminant(discriminant, cases.len())?;
    cx.host.case(case);
    let payload = match cases.payload(case as usize) {
        None => None,
        Some(payload) => {
            let wanted = flat_types(cx.types, payload, cx.opts.ptr);
            // Every coercion takes the low bits: a join keeps them in place.
            let coerced: Vec<_> =
                wanted.iter().zip(slots).map(|(want, slot)| CoreValue::from_bits(*want, slot)).collect();
            Some(reserved_box(cx, |cx| lift_flat(cx, &mut CoreValueIter::new(&coerced), payload))?)
        }
    };
    Ok(variant_value(ty, case, payload))
}
