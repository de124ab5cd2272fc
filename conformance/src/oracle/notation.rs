//! Types and values of a case as JSON, and back.
//!
//! Neither holds a label: field, case and flag `i` is called `l` and its number, which no rule of
//! the Canonical ABI looks at. Types follow Explainer.md, "Type Definitions";
//! `conformance/README.md` shows both forms.

use super::BadVector;
use canonical_abi::despecialize::{Cases, Despecialized, HandleType, despecialize};
use canonical_abi::{List, ResourceId, ScalarType, Types, ValType, Value};
use serde_json::{Value as Json, json};

/// The types without parts, by name.
const LEAVES: &[(&str, ValType)] = &[
    ("bool", ValType::Bool),
    ("s8", ValType::S8),
    ("u8", ValType::U8),
    ("s16", ValType::S16),
    ("u16", ValType::U16),
    ("s32", ValType::S32),
    ("u32", ValType::U32),
    ("s64", ValType::S64),
    ("u64", ValType::U64),
    ("f32", ValType::F32),
    ("f64", ValType::F64),
    ("char", ValType::Char),
    ("string", ValType::String),
    ("error-context", ValType::ErrorContext),
];

/// Returns `ty` as JSON: `"u8"`, `["record", "u8", ["list", "string"]]`.
pub(crate) fn type_to_json(types: &Types, ty: ValType) -> Json {
    let of = |ty: ValType| type_to_json(types, ty);
    let of_optional = |ty: Option<ValType>| ty.map_or(Json::Null, of);
    let tagged = |tag: &str, parts: Vec<Json>| Json::Array([vec![json!(tag)], parts].concat());
    match ty {
        ValType::Scalar(_) | ValType::String | ValType::ErrorContext => {
            let (name, _) = LEAVES.iter().find(|(_, leaf)| *leaf == ty).expect("every leaf has a name");
            json!(name)
        }
        ValType::List(id) => tagged("list", vec![of(types[id].element)]),
        ValType::FixedLengthList(id) => tagged("list", vec![of(types[id].element), json!(types[id].length)]),
        ValType::Map(id) => tagged("map", vec![of(types[id].key), of(types[id].value)]),
        ValType::Record(id) => tagged("record", types[id].fields.iter().map(|field| of(field.ty)).collect()),
        ValType::Tuple(id) => tagged("tuple", types[id].types.iter().map(|ty| of(*ty)).collect()),
        ValType::Variant(id) => {
            tagged("variant", types[id].cases.iter().map(|case| of_optional(case.ty)).collect())
        }
        ValType::Enum(id) => tagged("enum", vec![json!(types[id].labels.len())]),
        ValType::Option(id) => tagged("option", vec![of(types[id].some)]),
        ValType::Result(id) => tagged("result", vec![of_optional(types[id].ok), of_optional(types[id].err)]),
        ValType::Flags(id) => tagged("flags", vec![json!(types[id].labels.len())]),
        ValType::Own(resource) => tagged("own", vec![json!(resource.0)]),
        ValType::Borrow(resource) => tagged("borrow", vec![json!(resource.0)]),
        ValType::Stream(id) => tagged("stream", vec![of_optional(types[id].payload)]),
        ValType::Future(id) => tagged("future", vec![of_optional(types[id].payload)]),
    }
}

/// Builds the type that [`type_to_json`] wrote.
///
/// # Errors
///
/// When it wrote no such thing, or the type is not valid.
pub(crate) fn type_from_json(types: &mut Types, json: &Json) -> Result<ValType, BadVector> {
    if let Some(name) = json.as_str() {
        let leaf = LEAVES.iter().find(|(known, _)| *known == name);
        return leaf.map(|(_, ty)| *ty).ok_or_else(|| bad("a type", json));
    }
    let parts = array(json)?;
    let (tag, parts) = parts.split_first().ok_or_else(|| bad("a type", json))?;
    let (first, second) = (parts.first().unwrap_or(&Json::Null), parts.get(1).unwrap_or(&Json::Null));
    let label = |i: usize| format!("l{i}");
    let labels = || Ok((0..number::<usize>(first)?).map(label).collect());
    let built = match tag.as_str().unwrap_or_default() {
        "list" => {
            let element = type_from_json(types, first)?;
            if second.is_null() {
                types.list(element)
            } else {
                types.fixed_length_list(element, number(second)?)
            }
        }
        "map" => {
            let (key, value) = (type_from_json(types, first)?, type_from_json(types, second)?);
            types.map(key, value)
        }
        "record" => {
            let fields = parts.iter().enumerate();
            let fields = fields.map(|(i, ty)| Ok((label(i), type_from_json(types, ty)?)));
            let fields = fields.collect::<Result<_, _>>()?;
            types.record(fields)
        }
        "tuple" => {
            let elements = parts.iter().map(|ty| type_from_json(types, ty)).collect::<Result<_, _>>()?;
            types.tuple(elements)
        }
        "variant" => {
            let cases = parts.iter().enumerate();
            let cases = cases.map(|(i, ty)| Ok((label(i), optional_from_json(types, ty)?)));
            let cases = cases.collect::<Result<_, _>>()?;
            types.variant(cases)
        }
        "enum" => types.enum_(labels()?),
        "option" => {
            let some = type_from_json(types, first)?;
            types.option(some)
        }
        "result" => {
            let (ok, err) = (optional_from_json(types, first)?, optional_from_json(types, second)?);
            types.result(ok, err)
        }
        "flags" => types.flags(labels()?),
        "own" => Ok(ValType::Own(ResourceId(number(first)?))),
        "borrow" => Ok(ValType::Borrow(ResourceId(number(first)?))),
        "stream" => {
            let payload = optional_from_json(types, first)?;
            types.stream(payload)
        }
        "future" => {
            let payload = optional_from_json(types, first)?;
            types.future(payload)
        }
        _ => return Err(bad("a type", json)),
    };
    built.map_err(|error| BadVector(format!("{error}: {json}")))
}

/// As [`type_from_json`], of what may be absent, which is `null`.
pub(crate) fn optional_from_json(types: &mut Types, json: &Json) -> Result<Option<ValType>, BadVector> {
    if json.is_null() { Ok(None) } else { type_from_json(types, json).map(Some) }
}

/// Returns `value` as JSON: floats as their bits, characters as their code, variants as
/// `[case, payload]`, records and tuples by position, flags as their bits, resources as their
/// representation, error contexts, streams and futures by number.
pub(crate) fn value_to_json(value: &Value) -> Json {
    let of_all = |values: &[Value]| Json::Array(values.iter().map(value_to_json).collect());
    let of_case = |case: u32, payload: Option<&Value>| match payload {
        None => json!([case]),
        Some(payload) => json!([case, value_to_json(payload)]),
    };
    match value {
        Value::Bool(x) => json!(x),
        Value::S8(x) => json!(x),
        Value::U8(x) => json!(x),
        Value::S16(x) => json!(x),
        Value::U16(x) => json!(x),
        Value::S32(x) => json!(x),
        Value::U32(x) | Value::Flags(x) => json!(x),
        Value::Own(x) | Value::Borrow(x) | Value::ErrorContext(x) | Value::Stream(x) | Value::Future(x) => {
            json!(x)
        }
        Value::S64(x) => json!(x),
        Value::U64(x) => json!(x),
        Value::F32(x) => json!(x.to_bits()),
        Value::F64(x) => json!(x.to_bits()),
        Value::Char(x) => json!(u32::from(*x)),
        Value::String(x) => json!(x),
        Value::List(list) => Json::Array(list.iter().map(|element| value_to_json(&element)).collect()),
        Value::Map(entries) => {
            let entries =
                entries.iter().map(|(key, value)| json!([value_to_json(key), value_to_json(value)]));
            Json::Array(entries.collect())
        }
        Value::Record(values) | Value::Tuple(values) => of_all(values),
        Value::Variant { case, payload } => of_case(*case, payload.as_deref()),
        Value::Enum(case) => of_case(*case, None),
        Value::Option(some) => of_case(u32::from(some.is_some()), some.as_deref()),
        Value::Result(Ok(payload)) => of_case(0, payload.as_deref()),
        Value::Result(Err(payload)) => of_case(1, payload.as_deref()),
    }
}

/// Returns the value of type `ty` that [`value_to_json`] wrote.
///
/// # Errors
///
/// When it wrote no such thing.
pub(crate) fn value_from_json(types: &Types, ty: ValType, json: &Json) -> Result<Value, BadVector> {
    let value = match despecialize(types, ty) {
        Despecialized::Scalar(ty) => scalar_from_json(ty, json)?,
        Despecialized::String => Value::String(text(json)?.to_owned()),
        Despecialized::List { element, length: _ } => list_from_json(types, ty, element, json)?,
        Despecialized::Record(fields) => {
            let values = array(json)?;
            if values.len() != fields.len() {
                return Err(bad("as many values as fields", json));
            }
            let values = fields.types().zip(values).map(|(ty, value)| value_from_json(types, ty, value));
            let values = values.collect::<Result<_, _>>()?;
            if matches!(ty, ValType::Tuple(_)) { Value::Tuple(values) } else { Value::Record(values) }
        }
        Despecialized::Variant(cases) => variant_from_json(types, cases, json)?,
        Despecialized::Flags(_) => Value::Flags(number(json)?),
        Despecialized::Handle(HandleType::Own(_)) => Value::Own(number(json)?),
        Despecialized::Handle(HandleType::Borrow(_)) => Value::Borrow(number(json)?),
        Despecialized::Handle(HandleType::ErrorContext) => Value::ErrorContext(number(json)?),
        Despecialized::Handle(HandleType::Stream(_)) => Value::Stream(number(json)?),
        Despecialized::Handle(HandleType::Future(_)) => Value::Future(number(json)?),
    };
    Ok(value)
}

fn scalar_from_json(ty: ScalarType, json: &Json) -> Result<Value, BadVector> {
    Ok(match ty {
        ScalarType::Bool => Value::Bool(json.as_bool().ok_or_else(|| bad("a bool", json))?),
        ScalarType::S8 => Value::S8(signed(json)?),
        ScalarType::U8 => Value::U8(number(json)?),
        ScalarType::S16 => Value::S16(signed(json)?),
        ScalarType::U16 => Value::U16(number(json)?),
        ScalarType::S32 => Value::S32(signed(json)?),
        ScalarType::U32 => Value::U32(number(json)?),
        ScalarType::S64 => Value::S64(signed(json)?),
        ScalarType::U64 => Value::U64(number(json)?),
        ScalarType::F32 => Value::F32(f32::from_bits(number(json)?)),
        ScalarType::F64 => Value::F64(f64::from_bits(number(json)?)),
        ScalarType::Char => Value::Char(char::from_u32(number(json)?).ok_or_else(|| bad("a char", json))?),
    })
}

fn list_from_json(types: &Types, ty: ValType, element: ValType, json: &Json) -> Result<Value, BadVector> {
    let elements = array(json)?.iter();
    if let ValType::Map(id) = ty {
        let map = types[id];
        let entry = |entry: &Json| {
            let [key, value] = array(entry)?.as_slice() else { return Err(bad("a key and a value", entry)) };
            Ok((value_from_json(types, map.key, key)?, value_from_json(types, map.value, value)?))
        };
        return Ok(Value::Map(elements.map(entry).collect::<Result<_, _>>()?));
    }
    let values = elements.map(|value| value_from_json(types, element, value));
    Ok(Value::List(List::from_values(element, values.collect::<Result<_, _>>()?)))
}

fn variant_from_json(types: &Types, cases: Cases<'_>, json: &Json) -> Result<Value, BadVector> {
    let parts = array(json)?;
    let case: u32 = number(parts.first().unwrap_or(&Json::Null))?;
    if case as usize >= cases.len() {
        return Err(bad("a case of the variant", json));
    }
    let payload = match (cases.payload(case as usize), parts.get(1)) {
        (Some(ty), Some(payload)) => Some(Box::new(value_from_json(types, ty, payload)?)),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(bad("a payload where the case has one", json)),
    };
    Ok(match cases {
        Cases::Variant(_) => Value::Variant { case, payload },
        Cases::Enum(_) => Value::Enum(case),
        Cases::Option(_) => Value::Option(payload),
        Cases::Result(_) => Value::Result(if case == 0 { Ok(payload) } else { Err(payload) }),
    })
}

/// Returns the unsigned number that `json` is.
pub(crate) fn number<N: TryFrom<u64>>(json: &Json) -> Result<N, BadVector> {
    let found = json.as_u64().and_then(|number| N::try_from(number).ok());
    found.ok_or_else(|| bad("a number in range", json))
}

fn signed<N: TryFrom<i64>>(json: &Json) -> Result<N, BadVector> {
    let found = json.as_i64().and_then(|number| N::try_from(number).ok());
    found.ok_or_else(|| bad("a number in range", json))
}

/// Returns the text that `json` is.
pub(crate) fn text(json: &Json) -> Result<&str, BadVector> {
    json.as_str().ok_or_else(|| bad("a text", json))
}

/// Returns the elements of the array that `json` is.
pub(crate) fn array(json: &Json) -> Result<&Vec<Json>, BadVector> {
    json.as_array().ok_or_else(|| bad("an array", json))
}

#[cold]
pub(crate) fn bad(expected: &str, given: &Json) -> BadVector {
    BadVector(format!("expected {expected}, given {given}"))
}
