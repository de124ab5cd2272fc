//! Lifting, step by step. Follows CanonicalABI.md, "Loading" and "Flat Lifting".
//!
//! The plain twins are `lift.rs` and `load.rs`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::lower::{list_size, string_size};
use super::recorder::{Cx, Recorder, begin, brief_string, brief_value, core, memory, range};
use super::{Place, Trace};
use crate::explain::{count, join_path};
use crate::flat::lift::{CoreValue, CoreValueIter, lift_flat};
use crate::host::{Context, Host};
use crate::memory::load::{
    check_discriminant, check_list_range, load_from_valid_range, load_list_from_valid_range,
    reserve_elements, reserved_box, reserved_vec,
};
use crate::memory::string::load_string_from_range;
use crate::memory::{check_pointer, load_int};
use crate::types::despecialize::{Cases, Despecialized, despecialize};
use crate::types::flat::{CoreType, flat_count, flat_count_of_types, flat_types};
use crate::types::layout::{
    discriminant_size, elem_size, field_offsets, layout, payload_offset, tuple_layout,
};
use crate::types::{ScalarType, ValType};
use crate::value::specialize::{record_value, variant_value};
use crate::value::{List, Value};

/// Does what [`lift_flat_values`](crate::lift::lift_flat_values) does, and returns the steps of it also when it
/// fails. Each value comes with its label, such as `result`.
///
/// # Panics
///
/// When there are too few core values, or of other types than flattening yields.
pub fn trace_lift_flat_values<H: Host>(
    cx: &mut Context<'_, H>,
    max_flat: usize,
    flat: &[CoreValue],
    fields: &[(String, ValType)],
) -> (Result<Vec<Value>, H::Error>, Trace) {
    let mut recorder = Recorder::new(&mut *cx.host);
    let mut traced = Context::new(cx.types, cx.opts, &mut recorder);
    let result = lift_values(&mut traced, max_flat, flat, fields);
    let trace = recorder.finish(result.is_err());
    (result, trace)
}

/// Core values to be consumed in order, which knows at what position they stand.
struct Slots<'a> {
    values: &'a [CoreValue],
    first: usize,
    n_taken: usize,
}

impl<'a> Slots<'a> {
    fn new(values: &'a [CoreValue], first: usize) -> Self {
        Self { values, first, n_taken: 0 }
    }

    /// Takes the next `n` values.
    fn take(&mut self, n: usize) -> &'a [CoreValue] {
        let start = self.n_taken;
        self.n_taken += n;
        self.values.get(start..start + n).expect("as many core values as flattening yields")
    }

    fn position(&self) -> usize {
        self.first + self.n_taken
    }
}

fn lift_values<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    max_flat: usize,
    flat: &[CoreValue],
    fields: &[(String, ValType)],
) -> Result<Vec<Value>, H::Error> {
    let tys: Vec<_> = fields.iter().map(|(_, ty)| *ty).collect();
    let mut values = Vec::new();
    cx.host.begin("lift_flat_values", "", core(0, flat));
    if flat_count_of_types(cx.types, &tys) <= max_flat {
        let mut slots = Slots::new(flat, 0);
        for (label, ty) in fields {
            values.push(lift(cx, label, &mut slots, *ty)?);
        }
    } else {
        let ptr = CoreValueIter::new(flat).next(cx.opts.ptr.into());
        let (size, alignment) = tuple_layout(cx.types, tys.iter().copied(), cx.opts.ptr);
        check_pointer(cx, ptr, size, alignment)?;
        cx.host.begin("load_record", "", range(ptr, size));
        let offsets = field_offsets(cx.types, tys.iter().copied(), cx.opts.ptr);
        for ((offset, ty), (label, _)) in offsets.zip(fields) {
            values.push(load(cx, label, ptr + offset, ty)?);
        }
        cx.host.end();
    }
    cx.host.end();
    Ok(values)
}

fn lift<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    slots: &mut Slots<'_>,
    ty: ValType,
) -> Result<Value, H::Error> {
    let types = cx.types;
    let first = slots.position();
    let shape = despecialize(types, ty);
    if !cx.host.has_room() {
        let values = slots.take(flat_count(types, ty));
        return lift_flat(cx, &mut CoreValueIter::new(values), ty);
    }
    begin(cx, lift_function(shape), path, ty, Place::Nowhere);
    let value = match shape {
        Despecialized::List { element, length: Some(length) } => {
            let mut values = Vec::new();
            for i in 0..length {
                values.push(lift(cx, &join_path(path, &format!("[{i}]")), slots, element)?);
            }
            Value::List(List::from_values(element, values))
        }
        Despecialized::Record(fields) => {
            let mut values = reserved_vec(cx, fields.len() as u64)?;
            for (i, ty) in fields.types().enumerate() {
                values.push(lift(cx, &join_path(path, &fields.label(i)), slots, ty)?);
            }
            record_value(ty, values)
        }
        Despecialized::Variant(cases) => {
            let values = slots.take(flat_count(types, ty));
            cx.host.step().place = core(first, values);
            lift_variant(cx, path, (first, values), ty, cases)?
        }
        Despecialized::String => {
            let values = slots.take(2);
            cx.host.step().place = core(first, values);
            load_string_contents(cx, path, values[0].bits(), values[1].bits())?
        }
        Despecialized::List { element, length: None } => {
            let values = slots.take(2);
            cx.host.step().place = core(first, values);
            load_list_contents(cx, path, (values[0].bits(), values[1].bits()), ty, element)?
        }
        Despecialized::Scalar(_) | Despecialized::Handle(_) | Despecialized::Flags(_) => {
            let values = slots.take(1);
            cx.host.step().place = core(first, values);
            let value = lift_flat(cx, &mut CoreValueIter::new(values), ty)?;
            cx.host.step().value = brief_value(&value);
            value
        }
    };
    cx.host.end();
    Ok(value)
}

/// Returns the function that the spec's `lift_flat` calls for a type, or itself.
fn lift_function(shape: Despecialized<'_>) -> &'static str {
    match shape {
        Despecialized::Scalar(ty) => lift_scalar_function(ty),
        Despecialized::String => "lift_flat_string",
        Despecialized::List { .. } => "lift_flat_list",
        Despecialized::Record(_) => "lift_flat_record",
        Despecialized::Variant(_) => "lift_flat_variant",
        Despecialized::Flags(_) => "lift_flat_flags",
        Despecialized::Handle(_) => "lift_flat",
    }
}

fn lift_scalar_function(ty: ScalarType) -> &'static str {
    match ty {
        ScalarType::Bool => "convert_int_to_bool",
        ScalarType::U8 | ScalarType::U16 | ScalarType::U32 | ScalarType::U64 => "lift_flat_unsigned",
        ScalarType::S8 | ScalarType::S16 | ScalarType::S32 | ScalarType::S64 => "lift_flat_signed",
        ScalarType::F32 => "canonicalize_nan32",
        ScalarType::F64 => "canonicalize_nan64",
        ScalarType::Char => "convert_i32_to_char",
    }
}

fn lift_variant<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    (first, values): (usize, &[CoreValue]),
    ty: ValType,
    cases: Cases<'_>,
) -> Result<Value, H::Error> {
    let case = check_discriminant(values[0].bits(), cases.len())?;
    let label = cases.label(case as usize);
    cx.host.step().value = Some(label.to_string());
    let payload = match cases.payload(case as usize) {
        None => None,
        Some(payload) => {
            let wanted = flat_types(cx.types, payload, cx.opts.ptr);
            let coerce = |(want, slot): (&CoreType, &CoreValue)| CoreValue::from_bits(*want, slot.bits());
            let coerced: Vec<_> = wanted.iter().zip(&values[1..]).map(coerce).collect();
            let mut slots = Slots::new(&coerced, first + 1);
            Some(reserved_box(cx, |cx| lift(cx, &join_path(path, label), &mut slots, payload))?)
        }
    };
    Ok(variant_value(ty, case, payload))
}

/// Loads the component at `ptr`, which was checked.
fn load<H: Host>(cx: &mut Cx<'_, '_, H>, path: &str, ptr: u64, ty: ValType) -> Result<Value, H::Error> {
    if !cx.host.has_room() {
        return load_from_valid_range(cx, ptr, ty);
    }
    let types = cx.types;
    let size = u64::from(layout(types, ty, cx.opts.ptr).size());
    let shape = despecialize(types, ty);
    begin(cx, load_function(shape), path, ty, range(ptr, size));
    let value = match shape {
        Despecialized::String => {
            let (begin, tagged_code_units) = load_pointers(cx, path, ptr)?;
            load_string_contents(cx, path, begin, tagged_code_units)?
        }
        Despecialized::List { element, length: None } => {
            let pointer_and_length = load_pointers(cx, path, ptr)?;
            load_list_contents(cx, path, pointer_and_length, ty, element)?
        }
        Despecialized::List { element, length: Some(n) } => {
            Value::List(load_elements(cx, path, ptr, u64::from(n), element)?)
        }
        Despecialized::Record(fields) => {
            let mut values = reserved_vec(cx, fields.len() as u64)?;
            for (i, (offset, ty)) in field_offsets(types, fields.types(), cx.opts.ptr).enumerate() {
                values.push(load(cx, &join_path(path, &fields.label(i)), ptr + offset, ty)?);
            }
            record_value(ty, values)
        }
        Despecialized::Variant(cases) => load_variant(cx, path, ptr, ty, cases)?,
        Despecialized::Scalar(_) | Despecialized::Handle(_) | Despecialized::Flags(_) => {
            cx.host.step().place = memory(cx, ptr, size);
            let value = load_from_valid_range(cx, ptr, ty)?;
            cx.host.step().value = brief_value(&value);
            value
        }
    };
    cx.host.end();
    Ok(value)
}

/// Returns the function that the spec's `load` calls for a type.
fn load_function(shape: Despecialized<'_>) -> &'static str {
    match shape {
        Despecialized::Scalar(ty) => load_scalar_function(ty),
        Despecialized::String => "load_string",
        Despecialized::List { .. } => "load_list",
        Despecialized::Record(_) => "load_record",
        Despecialized::Variant(_) => "load_variant",
        Despecialized::Flags(_) => "load_flags",
        Despecialized::Handle(_) => "load_int",
    }
}

fn load_scalar_function(ty: ScalarType) -> &'static str {
    match ty {
        ScalarType::Bool => "convert_int_to_bool",
        ScalarType::F32 => "decode_i32_as_float",
        ScalarType::F64 => "decode_i64_as_float",
        ScalarType::Char => "convert_i32_to_char",
        ScalarType::U8 | ScalarType::U16 | ScalarType::U32 | ScalarType::U64 => "load_int",
        ScalarType::S8 | ScalarType::S16 | ScalarType::S32 | ScalarType::S64 => "load_int",
    }
}

fn load_variant<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    ptr: u64,
    ty: ValType,
    cases: Cases<'_>,
) -> Result<Value, H::Error> {
    let size = discriminant_size(cases.len());
    let place = memory(cx, ptr, u64::from(size));
    cx.host.begin("load_int", path, place);
    let case = check_discriminant(load_int(cx, ptr, size)?, cases.len())?;
    let label = cases.label(case as usize);
    cx.host.step().value = Some(format!("{label} {case}"));
    cx.host.end();
    let payload = match cases.payload(case as usize) {
        None => None,
        Some(payload) => {
            let ptr = ptr + u64::from(payload_offset(cx.types, ty, cx.opts.ptr));
            Some(reserved_box(cx, |cx| load(cx, &join_path(path, label), ptr, payload))?)
        }
    };
    Ok(variant_value(ty, case, payload))
}

/// Loads the pointer and the length of a string or list.
fn load_pointers<H: Host>(cx: &mut Cx<'_, '_, H>, path: &str, ptr: u64) -> Result<(u64, u64), H::Error> {
    let size = cx.opts.ptr.size();
    let mut load_part = |ptr, text: fn(u64) -> String| {
        let place = memory(cx, ptr, u64::from(size));
        cx.host.begin("load_int", path, place);
        let int = load_int(cx, ptr, size)?;
        cx.host.step().value = Some(text(int));
        cx.host.end();
        Ok(int)
    };
    let begin = load_part(ptr, |int| format!("pointer {int:#x}"))?;
    Ok((begin, load_part(ptr + u64::from(size), |int| format!("length {int}"))?))
}

fn load_string_contents<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    ptr: u64,
    tagged_code_units: u64,
) -> Result<Value, H::Error> {
    let size = string_size(cx.opts.string_encoding, cx.opts.ptr, tagged_code_units);
    let place = memory(cx, ptr, size);
    cx.host.begin("load_string_from_range", path, place);
    let s = load_string_from_range(cx, ptr, tagged_code_units)?;
    cx.host.step().value = Some(brief_string(&s));
    cx.host.end();
    Ok(Value::String(s))
}

/// Loads the elements of a list or the entries of a map.
fn load_list_contents<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    (ptr, length): (u64, u64),
    ty: ValType,
    element: ValType,
) -> Result<Value, H::Error> {
    let size = list_size(cx.types, element, cx.opts.ptr, length);
    cx.host.begin("load_list_from_range", path, range(ptr, size));
    cx.host.step().value = Some(count(length, "element"));
    check_list_range(cx, ptr, length, element)?;
    let value = if matches!(ty, ValType::Map(_)) {
        load_entries(cx, path, ptr, length, element)?
    } else {
        Value::List(load_elements(cx, path, ptr, length, element)?)
    };
    cx.host.end();
    Ok(value)
}

fn load_elements<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    ptr: u64,
    length: u64,
    element: ValType,
) -> Result<List, H::Error> {
    let element_size = u64::from(elem_size(cx.types, element, cx.opts.ptr));
    cx.host.begin("load_list_from_valid_range", path, range(ptr, length * element_size));
    // A list of scalars has a form of its own, and is loaded in bulk.
    let list = if let List::Values(_) = List::from_values(element, Vec::new()) {
        reserve_elements(cx, length, element)?;
        let mut values = Vec::new();
        for i in 0..length {
            values.push(load(cx, &join_path(path, &format!("[{i}]")), ptr + i * element_size, element)?);
        }
        List::Values(values)
    } else {
        cx.host.step().place = memory(cx, ptr, length * element_size);
        load_list_from_valid_range(cx, ptr, length, element)?
    };
    cx.host.end();
    Ok(list)
}

/// Loads the entries of a map, tuples of a key and a value.
fn load_entries<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    ptr: u64,
    length: u64,
    entry: ValType,
) -> Result<Value, H::Error> {
    let Despecialized::Record(fields) = despecialize(cx.types, entry) else {
        unreachable!("a map despecializes to a list of tuples")
    };
    let size = u64::from(elem_size(cx.types, entry, cx.opts.ptr));
    cx.host.begin("load_list_from_valid_range", path, range(ptr, length * size));
    let mut entries = reserved_vec(cx, length)?;
    for i in 0..length {
        let (path, ptr) = (join_path(path, &format!("[{i}]")), ptr + i * size);
        let is_traced = cx.host.has_room();
        if is_traced {
            begin(cx, "load_record", &path, entry, range(ptr, size));
        }
        let mut offsets = field_offsets(cx.types, fields.types(), cx.opts.ptr);
        let mut part = |cx: &mut Cx<'_, '_, H>, label| {
            let (offset, ty) = offsets.next().expect("an entry has two fields");
            load(cx, &join_path(&path, label), ptr + offset, ty)
        };
        entries.push((part(cx, "0")?, part(cx, "1")?));
        if is_traced {
            cx.host.end();
        }
    }
    cx.host.end();
    Ok(Value::Map(entries))
}
