//! Which of the specification's functions a step is. Follows CanonicalABI.md, "Loading", "Storing",
//! "Flat Lifting" and "Flat Lowering".

use crate::options::StringEncoding;
use crate::types::ScalarType;
use crate::types::despecialize::Despecialized;

/// Returns the function that the spec's `lift_flat` calls for a type, or itself.
pub(super) fn lift_function(shape: Despecialized<'_>) -> &'static str {
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

/// Returns the function that the spec's `lower_flat` calls for a type, or itself.
pub(super) fn lower_function(shape: Despecialized<'_>) -> &'static str {
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

/// Returns the function that the spec's `load` calls for a type.
pub(super) fn load_function(shape: Despecialized<'_>) -> &'static str {
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

/// Returns the function that the spec's `store` calls for a type.
pub(super) fn store_function(shape: Despecialized<'_>) -> &'static str {
    match shape {
        Despecialized::String => "store_string",
        Despecialized::List { .. } => "store_list",
        Despecialized::Record(_) => "store_record",
        Despecialized::Variant(_) => "store_variant",
        Despecialized::Flags(_) => "store_flags",
        Despecialized::Scalar(_) | Despecialized::Handle(_) => "store_int",
    }
}

/// Returns the function that the spec's `store_string_into_range` calls for a string that came in
/// `source` encoding.
pub(super) fn store_string_function(
    encoding: StringEncoding,
    source: StringEncoding,
    s: &str,
) -> &'static str {
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
