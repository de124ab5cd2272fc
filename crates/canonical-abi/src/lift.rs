//! Values out of core values.
//! Follows CanonicalABI.md, "Flat Lifting" and "Lifting and Lowering Values".

use alloc::vec::Vec;

use crate::despecialize::{Cases, Despecialized, Fields, despecialize};
use crate::flatten::{CoreType, flat_count_of_types, flat_types};
use crate::handle_values::lift_handle;
use crate::host::{Context, Host};
use crate::layout::{field_offsets, tuple_layout};
use crate::load::{
    check_discriminant, load_from_valid_range, load_list_from_range, reserved_box, reserved_vec,
    unpack_flags_from_int,
};
use crate::memory::check_pointer;
use crate::scalar::Scalar;
use crate::specialize::{record_value, variant_value};
use crate::string::load_string_from_range;
use crate::trap::Trap;
use crate::types::{PtrType, ScalarType, ValType};
use crate::value::{List, Value};

/// A core value that flattening yields. Floats are bits, so that NaNs pass unchanged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CoreValue {
    /// Of `i32`.
    I32(u32),
    /// Of `i64`.
    I64(u64),
    /// The bits of an `f32`.
    F32(u32),
    /// The bits of an `f64`.
    F64(u64),
}

impl CoreValue {
    /// Returns the value's type.
    pub const fn ty(self) -> CoreType {
        match self {
            Self::I32(_) => CoreType::I32,
            Self::I64(_) => CoreType::I64,
            Self::F32(_) => CoreType::F32,
            Self::F64(_) => CoreType::F64,
        }
    }

    /// Returns the value's bits, those of 32-bit values below.
    pub const fn bits(self) -> u64 {
        match self {
            Self::I32(bits) | Self::F32(bits) => bits as u64,
            Self::I64(bits) | Self::F64(bits) => bits,
        }
    }

    /// Returns the value of type `ty` with the low bits of `bits`.
    pub fn from_bits(ty: CoreType, bits: u64) -> Self {
        match ty {
            CoreType::I32 => Self::I32(low_bits(bits)),
            CoreType::I64 => Self::I64(bits),
            CoreType::F32 => Self::F32(low_bits(bits)),
            CoreType::F64 => Self::F64(bits),
        }
    }

    /// Returns the pointer or length `value` in a memory of this pointer type.
    ///
    /// # Panics
    ///
    /// When it does not fit.
    pub fn pointer(value: u64, ptr: PtrType) -> Self {
        match ptr {
            PtrType::I32 => Self::I32(u32::try_from(value).expect("a pointer within a 32-bit memory")),
            PtrType::I64 => Self::I64(value),
        }
    }
}

/// Core values to be consumed in order (the spec's `CoreValueIter`).
///
/// Their number and types must be those that flattening yields, as validation of the core module ensures.
#[derive(Clone, Debug)]
pub struct CoreValueIter<'a> {
    values: &'a [CoreValue],
}

impl<'a> CoreValueIter<'a> {
    /// Returns an iterator over all of `values`.
    pub fn new(values: &'a [CoreValue]) -> Self {
        Self { values }
    }

    /// Returns the next value's bits (the spec's `next`).
    ///
    /// # Panics
    ///
    /// When there is none, or its type is not `ty`.
    pub fn next(&mut self, ty: CoreType) -> u64 {
        let (first, rest) = self.values.split_first().expect("as many core values as flattening yields");
        assert!(first.ty() == ty, "core values have the types that flattening yields");
        self.values = rest;
        first.bits()
    }

    fn next_u32(&mut self) -> u32 {
        low_bits(self.next(CoreType::I32))
    }

    fn next_pointer(&mut self, ptr: PtrType) -> u64 {
        self.next(ptr.into())
    }

    /// Returns how many values are left.
    pub fn remaining(&self) -> usize {
        self.values.len()
    }
}

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

/// Returns the values of types `tys`, from the core values if these types flatten to at most `max_flat`, else
/// from the memory that the one core value points to (the spec's `lift_flat_values`).
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
    if flat_count_of_types(cx.types, tys) <= max_flat {
        return lift_flat_each(cx, vi, tys.iter().copied());
    }
    let ptr = vi.next_pointer(cx.opts.ptr);
    let (size, alignment) = tuple_layout(cx.types, tys.iter().copied(), cx.opts.ptr);
    check_pointer(cx, ptr, size, alignment)?;
    let offsets = field_offsets(cx.types, tys.iter().copied(), cx.opts.ptr);
    let mut values = reserved_vec(cx, tys.len() as u64)?;
    for (offset, ty) in offsets {
        values.push(load_from_valid_range(cx, ptr + offset, ty)?);
    }
    Ok(values)
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

/// Returns the low 32 bits.
fn low_bits(bits: u64) -> u32 {
    let bytes = bits.to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

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

/// Lifts a variant: all cases share its core values, so those of the case are first coerced back from the
/// joined types (the spec's `CoerceValueIter`).
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
