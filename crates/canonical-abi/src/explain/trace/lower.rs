//! Lowering, step by step. Follows CanonicalABI.md, "Storing" and "Flat Lowering".
//!
//! The plain twins are `lower.rs` and `store.rs`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::recorder::{Cx, Recorder, begin, brief_string, brief_value, core, end_with, memory, range};
use super::{Place, Trace};
use crate::explain::{count, join_path};
use crate::flat::lift::CoreValue;
use crate::flat::lower::lower_flat;
use crate::host::{Context, Host};
use crate::memory::store::{allocate_list, list_length, store_into_valid_range, store_list_into_valid_range};
use crate::memory::string::{store_string_into_range, utf16_tag};
use crate::memory::{allocate, check_pointer, store_int};
use crate::options::StringEncoding;
use crate::trap::Allocation;
use crate::types::despecialize::{Cases, Despecialized, despecialize};
use crate::types::flat::{flat_count_of_types, flat_types};
use crate::types::layout::{
    discriminant_size, elem_size, field_offsets, layout, payload_offset, tuple_layout,
};
use crate::types::{PtrType, ScalarType, Types, ValType};
use crate::value::specialize::{match_case, mismatch, record_fields};
use crate::value::{List, Value};

/// Does what [`lower_flat_values`](crate::lower::lower_flat_values) does, and returns the steps of it also when
/// it fails. Each value comes with its label, such as a parameter's name.
///
/// # Panics
///
/// When a value is not one of its type ([`type_check`](crate::type_check::type_check)).
pub fn trace_lower_flat_values<H: Host>(
    cx: &mut Context<'_, H>,
    max_flat: usize,
    values: &[Value],
    fields: &[(String, ValType)],
    out_param: Option<u64>,
) -> (Result<Vec<CoreValue>, H::Error>, Trace) {
    assert!(values.len() == fields.len(), "{} values for {} types", values.len(), fields.len());
    let mut recorder = Recorder::new(&mut *cx.host);
    let mut traced = Context::new(cx.types, cx.opts, &mut recorder);
    let result = lower_values(&mut traced, max_flat, values, fields, out_param);
    let trace = recorder.finish(result.is_err());
    (result, trace)
}

fn lower_values<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    max_flat: usize,
    values: &[Value],
    fields: &[(String, ValType)],
    out_param: Option<u64>,
) -> Result<Vec<CoreValue>, H::Error> {
    let tys: Vec<_> = fields.iter().map(|(_, ty)| *ty).collect();
    let mut out = Vec::new();
    cx.host.begin("lower_flat_values", "", Place::Nowhere);
    if flat_count_of_types(cx.types, &tys) <= max_flat {
        for (value, (label, ty)) in values.iter().zip(fields) {
            lower(cx, label, value, *ty, &mut out)?;
        }
    } else {
        let (size, alignment) = tuple_layout(cx.types, tys.iter().copied(), cx.opts.ptr);
        let ptr = match out_param {
            Some(ptr) => {
                check_pointer(cx, ptr, size, alignment)?;
                ptr
            }
            None => {
                let ptr = allocate(cx, alignment, size, Allocation::Params)?;
                out.push(CoreValue::pointer(ptr, cx.opts.ptr));
                ptr
            }
        };
        cx.host.begin("store_record", "", range(ptr, size));
        let offsets = field_offsets(cx.types, tys.iter().copied(), cx.opts.ptr);
        for ((offset, ty), (value, (label, _))) in offsets.zip(values.iter().zip(fields)) {
            store(cx, label, value, ty, ptr + offset)?;
        }
        cx.host.end();
    }
    let place = core(0, &out);
    end_with(cx, place, None);
    Ok(out)
}

fn lower<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    value: &Value,
    ty: ValType,
    out: &mut Vec<CoreValue>,
) -> Result<(), H::Error> {
    if !cx.host.has_room() {
        return lower_flat(cx, value, ty, out);
    }
    let types = cx.types;
    let first = out.len();
    let shape = despecialize(types, ty);
    begin(cx, lower_function(shape), path, ty, Place::Nowhere);
    let mut text = None;
    match shape {
        Despecialized::String => {
            let Value::String(s) = value else { mismatch(value) };
            let (begin, length) = store_string_contents(cx, path, s)?;
            out.extend([begin, length].map(|x| CoreValue::pointer(x, cx.opts.ptr)));
        }
        Despecialized::List { element, length: None } => {
            let (begin, length) = store_list_contents(cx, path, value, element)?;
            out.extend([begin, length].map(|x| CoreValue::pointer(x, cx.opts.ptr)));
        }
        Despecialized::List { element, length: Some(_) } => {
            let Value::List(list) = value else { mismatch(value) };
            for (i, value) in list.iter().enumerate() {
                lower(cx, &join_path(path, &format!("[{i}]")), &value, element, out)?;
            }
        }
        Despecialized::Record(fields) => {
            for (i, (ty, value)) in fields.types().zip(record_fields(value)).enumerate() {
                lower(cx, &join_path(path, &fields.label(i)), value, ty, out)?;
            }
        }
        Despecialized::Variant(cases) => text = Some(lower_variant(cx, path, value, (ty, cases), out)?),
        Despecialized::Scalar(_) | Despecialized::Handle(_) | Despecialized::Flags(_) => {
            lower_flat(cx, value, ty, out)?;
            text = brief_value(value);
        }
    }
    let place = core(first, &out[first..]);
    end_with(cx, place, text);
    Ok(())
}

/// Returns the function that the spec's `lower_flat` calls for a type, or itself.
fn lower_function(shape: Despecialized<'_>) -> &'static str {
    match shape {
        Despecialized::String => "lower_flat_string",
        Despecialized::List { .. } => "lower_flat_list",
        Despecialized::Record(_) => "lower_flat_record",
        Despecialized::Variant(_) => "lower_flat_variant",
        Despecialized::Flags(_) => "lower_flat_flags",
        Despecialized::Scalar(ty) => lower_scalar_function(ty),
        Despecialized::Handle(_) => "lower_flat",
    }
}

fn lower_scalar_function(ty: ScalarType) -> &'static str {
    match ty {
        ScalarType::S8 | ScalarType::S16 | ScalarType::S32 | ScalarType::S64 => "lower_flat_signed",
        ScalarType::U8 | ScalarType::U16 | ScalarType::U32 | ScalarType::U64 => "lower_flat",
        ScalarType::F32 => "maybe_scramble_nan32",
        ScalarType::F64 => "maybe_scramble_nan64",
        ScalarType::Char => "char_to_i32",
        ScalarType::Bool => "lower_flat",
    }
}

/// Lowers a variant, and returns its case's label.
fn lower_variant<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    value: &Value,
    (ty, cases): (ValType, Cases<'_>),
    out: &mut Vec<CoreValue>,
) -> Result<String, H::Error> {
    let (case, payload) = match_case(value);
    let label = cases.label(case as usize).to_string();
    out.push(CoreValue::I32(case));
    let start = out.len();
    match (cases.payload(case as usize), payload) {
        (Some(ty), Some(payload)) => lower(cx, &join_path(path, &label), payload, ty, out)?,
        (None, None) => {}
        (Some(_), None) | (None, Some(_)) => mismatch(value),
    }
    let joined = flat_types(cx.types, ty, cx.opts.ptr);
    for (i, ty) in joined[1..].iter().enumerate() {
        match out.get_mut(start + i) {
            Some(slot) => *slot = CoreValue::from_bits(*ty, slot.bits()),
            None => out.push(CoreValue::from_bits(*ty, 0)),
        }
    }
    Ok(label)
}

/// Stores a component at `ptr`, which was checked.
fn store<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    value: &Value,
    ty: ValType,
    ptr: u64,
) -> Result<(), H::Error> {
    if !cx.host.has_room() {
        return store_into_valid_range(cx, value, ty, ptr);
    }
    let types = cx.types;
    let size = u64::from(layout(types, ty, cx.opts.ptr).size());
    let shape = despecialize(types, ty);
    begin(cx, store_function(shape), path, ty, range(ptr, size));
    match shape {
        Despecialized::String => {
            let Value::String(s) = value else { mismatch(value) };
            let pointer_and_length = store_string_contents(cx, path, s)?;
            store_pointers(cx, path, pointer_and_length, ptr)?;
        }
        Despecialized::List { element, length: None } => {
            let pointer_and_length = store_list_contents(cx, path, value, element)?;
            store_pointers(cx, path, pointer_and_length, ptr)?;
        }
        Despecialized::List { element, length: Some(_) } => store_elements(cx, path, value, element, ptr)?,
        Despecialized::Record(fields) => {
            let offsets = field_offsets(types, fields.types(), cx.opts.ptr);
            for (i, ((offset, ty), value)) in offsets.zip(record_fields(value)).enumerate() {
                store(cx, &join_path(path, &fields.label(i)), value, ty, ptr + offset)?;
            }
        }
        Despecialized::Variant(cases) => store_variant(cx, path, value, (ty, cases), ptr)?,
        Despecialized::Scalar(_) | Despecialized::Handle(_) | Despecialized::Flags(_) => {
            store_into_valid_range(cx, value, ty, ptr)?;
            let place = memory(cx, ptr, size);
            end_with(cx, place, brief_value(value));
            return Ok(());
        }
    }
    cx.host.end();
    Ok(())
}

/// Returns the function that the spec's `store` calls for a type.
fn store_function(shape: Despecialized<'_>) -> &'static str {
    match shape {
        Despecialized::String => "store_string",
        Despecialized::List { .. } => "store_list",
        Despecialized::Record(_) => "store_record",
        Despecialized::Variant(_) => "store_variant",
        Despecialized::Flags(_) => "store_flags",
        Despecialized::Scalar(_) | Despecialized::Handle(_) => "store_int",
    }
}

fn store_variant<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    value: &Value,
    (ty, cases): (ValType, Cases<'_>),
    ptr: u64,
) -> Result<(), H::Error> {
    let (case, payload) = match_case(value);
    let label = cases.label(case as usize);
    let size = discriminant_size(cases.len());
    store_part(cx, path, u64::from(case), (ptr, size), format!("{label} {case}"))?;
    match (cases.payload(case as usize), payload) {
        (Some(payload_ty), Some(payload)) => {
            let ptr = ptr + u64::from(payload_offset(cx.types, ty, cx.opts.ptr));
            store(cx, &join_path(path, label), payload, payload_ty, ptr)
        }
        (None, None) => Ok(()),
        (Some(_), None) | (None, Some(_)) => mismatch(value),
    }
}

/// Stores the pointer and the length of a string or list at `ptr`.
fn store_pointers<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    (begin, length): (u64, u64),
    ptr: u64,
) -> Result<(), H::Error> {
    let size = cx.opts.ptr.size();
    store_part(cx, path, begin, (ptr, size), format!("pointer {begin:#x}"))?;
    store_part(cx, path, length, (ptr + u64::from(size), size), format!("length {length}"))
}

/// Stores an integer that is a part of a component: a discriminant, pointer or length.
fn store_part<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    int: u64,
    (ptr, size): (u64, u32),
    text: String,
) -> Result<(), H::Error> {
    cx.host.begin("store_int", path, range(ptr, u64::from(size)));
    store_int(cx, int, ptr, size)?;
    let place = memory(cx, ptr, u64::from(size));
    end_with(cx, place, Some(text));
    Ok(())
}

/// Stores a string's code units and returns their pointer and tagged length.
fn store_string_contents<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    s: &str,
) -> Result<(u64, u64), H::Error> {
    let function = store_string_function(cx.opts.string_encoding, cx.host.source_encoding(), s);
    cx.host.begin("store_string_into_range", path, Place::Nowhere);
    cx.host.begin(function, path, Place::Nowhere);
    let (ptr, tagged_code_units) = store_string_into_range(cx, s)?;
    let size = string_size(cx.opts.string_encoding, cx.opts.ptr, tagged_code_units);
    let place = memory(cx, ptr, size);
    end_with(cx, place, Some(brief_string(s)));
    end_with(cx, range(ptr, size), None);
    Ok((ptr, tagged_code_units))
}

/// Returns the function that the spec's `store_string_into_range` calls for a string that came in `source` encoding.
fn store_string_function(encoding: StringEncoding, source: StringEncoding, s: &str) -> &'static str {
    let is_latin1 = || s.chars().all(|c| u32::from(c) < 0x100);
    match (encoding, source) {
        (StringEncoding::Utf8, StringEncoding::Utf8) => "store_string_copy",
        (StringEncoding::Utf8, StringEncoding::Latin1Utf16) if is_latin1() => "store_latin1_to_utf8",
        (StringEncoding::Utf8, StringEncoding::Utf16 | StringEncoding::Latin1Utf16) => "store_utf16_to_utf8",
        (StringEncoding::Utf16, StringEncoding::Utf8) => "store_utf8_to_utf16",
        (StringEncoding::Utf16, StringEncoding::Utf16 | StringEncoding::Latin1Utf16) => "store_string_copy",
        (StringEncoding::Latin1Utf16, StringEncoding::Utf8 | StringEncoding::Utf16) => {
            "store_string_to_latin1_or_utf16"
        }
        (StringEncoding::Latin1Utf16, StringEncoding::Latin1Utf16) if is_latin1() => "store_string_copy",
        (StringEncoding::Latin1Utf16, StringEncoding::Latin1Utf16) => {
            "store_probably_utf16_to_latin1_or_utf16"
        }
    }
}

/// Returns the size in bytes of a string of this tagged length.
pub(super) fn string_size(encoding: StringEncoding, ptr: PtrType, tagged_code_units: u64) -> u64 {
    let tag = utf16_tag(ptr);
    match encoding {
        StringEncoding::Utf8 => tagged_code_units,
        StringEncoding::Utf16 => tagged_code_units.saturating_mul(2),
        StringEncoding::Latin1Utf16 if tagged_code_units & tag != 0 => {
            (tagged_code_units ^ tag).saturating_mul(2)
        }
        StringEncoding::Latin1Utf16 => tagged_code_units,
    }
}

/// Stores a list's elements, or a map's entries, in a new block and returns its pointer and their number.
fn store_list_contents<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    value: &Value,
    element: ValType,
) -> Result<(u64, u64), H::Error> {
    cx.host.begin("store_list_into_range", path, Place::Nowhere);
    let length = list_length(value);
    let ptr = allocate_list(cx, length, element)?;
    cx.host.step().place = range(ptr, list_size(cx.types, element, cx.opts.ptr, length));
    cx.host.step().value = Some(count(length, "element"));
    store_elements(cx, path, value, element, ptr)?;
    cx.host.end();
    Ok((ptr, length))
}

/// Returns the size in bytes of `length` elements.
pub(super) fn list_size(types: &Types, element: ValType, ptr: PtrType, length: u64) -> u64 {
    length.saturating_mul(u64::from(elem_size(types, element, ptr)))
}

fn store_elements<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    value: &Value,
    element: ValType,
    ptr: u64,
) -> Result<(), H::Error> {
    let types = cx.types;
    let size = list_size(types, element, cx.opts.ptr, list_length(value));
    cx.host.begin("store_list_into_valid_range", path, range(ptr, size));
    let element_size = u64::from(elem_size(types, element, cx.opts.ptr));
    let path_of = |i| join_path(path, &format!("[{i}]"));
    if let Value::Map(entries) = value {
        for (i, (key, value)) in (0..).zip(entries) {
            store_entry(cx, &path_of(i), [key, value], element, ptr + i * element_size)?;
        }
    } else if let Value::List(List::Values(values)) = value {
        for (i, value) in (0..).zip(values) {
            store(cx, &path_of(i), value, element, ptr + i * element_size)?;
        }
    } else {
        store_list_into_valid_range(cx, value, element, ptr)?;
        cx.host.step().place = memory(cx, ptr, size);
    }
    cx.host.end();
    Ok(())
}

/// Stores an entry of a map, a tuple of the key and the value.
fn store_entry<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    path: &str,
    values: [&Value; 2],
    entry: ValType,
    ptr: u64,
) -> Result<(), H::Error> {
    let Despecialized::Record(fields) = despecialize(cx.types, entry) else {
        unreachable!("a map despecializes to a list of tuples")
    };
    let is_traced = cx.host.has_room();
    if is_traced {
        let size = u64::from(elem_size(cx.types, entry, cx.opts.ptr));
        begin(cx, "store_record", path, entry, range(ptr, size));
    }
    let offsets = field_offsets(cx.types, fields.types(), cx.opts.ptr);
    for (i, ((offset, ty), value)) in offsets.zip(values).enumerate() {
        store(cx, &join_path(path, &fields.label(i)), value, ty, ptr + offset)?;
    }
    if is_traced {
        cx.host.end();
    }
    Ok(())
}
