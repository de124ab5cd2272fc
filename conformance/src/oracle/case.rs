//! A case: types, a lowering and a lifting to do with them, and handle operations. Plain data, with
//! a form in JSON.
//!
//! Invariant: what a case says is enough to do it over; it refers to no generator and no seed.

use super::BadVector;
use super::notation::{
    array, bad, number, text, type_from_json, type_to_json, value_from_json, value_to_json,
};
use super::steps::{N_RESOURCES, Step, kind_name, payload_from_json, payload_to_json};
use canonical_abi::ends::{EndKind, EndState, ReadableEnd};
use canonical_abi::{CoreValue, PtrType, StringEncoding, Types, ValType, Value, flatten};
use serde_json::{Value as Json, json};

/// What byte `i` of a memory is before anything is written there.
pub fn pattern(i: usize) -> u8 {
    0xa0 | (i % 16).to_le_bytes()[0]
}

/// Types to measure and flatten, values to lower, and core values to lift.
#[derive(Clone, Debug)]
pub struct Case {
    /// The arena of the types.
    pub types: Types,
    /// The types of the values, which are also the parameters of a function.
    pub params: Vec<ValType>,
    /// The result of that function.
    pub result: Option<ValType>,
    /// The pointer type of the memory.
    pub ptr: PtrType,
    /// The encoding of strings in the memory.
    pub encoding: StringEncoding,
    /// How many core values may be passed flat.
    pub max_flat: usize,
    /// What to lower, if anything.
    pub lower: Option<Lower>,
    /// What to lift, if anything.
    pub lift: Option<Lift>,
    /// Handle operations on a separate table, if any.
    pub table: Option<Vec<Step>>,
}

/// A call of `lower_flat_values`.
#[derive(Clone, Debug)]
pub struct Lower {
    /// The values, of the case's `params`.
    pub values: Vec<Value>,
    /// The encoding that strings came in.
    pub source: StringEncoding,
    /// The size of the memory, in bytes; they are those of [`pattern`].
    pub memory_bytes: usize,
    /// What the table holds.
    pub handles: Vec<Given>,
    /// Where spilled values go, rather than to a new block.
    pub out: Option<u64>,
    /// How many bytes `realloc` leaves before a new block.
    pub gap_bytes: usize,
    /// A call of `realloc`, by its number from 0, and the pointer that it returns.
    pub answer: Option<(usize, u64)>,
}

/// A call of `lift_flat_values`.
#[derive(Clone, Debug)]
pub struct Lift {
    /// The memory.
    pub memory: Vec<u8>,
    /// The core values.
    pub flat: Vec<CoreValue>,
    /// What the table holds.
    pub handles: Vec<Given>,
}

/// Something in a table.
#[derive(Clone, Copy, Debug)]
pub enum Given {
    /// A resource handle.
    Resource(Handle),
    /// The error context of this number.
    ErrorContext(u32),
    /// An idle readable end.
    End(ReadableEnd<Option<ValType>>),
}

/// A resource handle in a table.
#[derive(Clone, Copy, Debug)]
pub struct Handle {
    /// The resource type.
    pub rt: u32,
    /// The representation.
    pub rep: u32,
    /// Whether the handle owns it.
    pub own: bool,
}

impl Case {
    /// Returns the case as JSON, of the form that `conformance/README.md` shows.
    pub fn to_json(&self) -> Json {
        let of_types =
            |tys: &[ValType]| tys.iter().map(|ty| type_to_json(&self.types, *ty)).collect::<Vec<_>>();
        let lower = self.lower.as_ref().map(|lower| {
            json!({
                "values": lower.values.iter().map(value_to_json).collect::<Vec<_>>(),
                "source": encoding_name(lower.source),
                "memory": lower.memory_bytes,
                "handles": handles_to_json(&lower.handles),
                "out": lower.out,
                "gap": lower.gap_bytes,
                "answer": lower.answer,
            })
        });
        let lift = self.lift.as_ref().map(|lift| {
            json!({
                "memory": hex(&lift.memory),
                "flat": lift.flat.iter().map(|value| value.bits()).collect::<Vec<_>>(),
                "handles": handles_to_json(&lift.handles),
            })
        });
        json!({
            "params": of_types(&self.params),
            "result": of_types(self.result.as_slice()),
            "pointer": pointer_name(self.ptr),
            "encoding": encoding_name(self.encoding),
            "max_flat": self.max_flat,
            "lower": lower,
            "lift": lift,
            "table": self.table.as_ref().map(|steps| steps.iter().map(|step| step.to_json()).collect::<Json>()),
        })
    }

    /// Returns the case that [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    ///
    /// When it wrote no such thing.
    pub fn from_json(json: &Json) -> Result<Self, BadVector> {
        let mut types = Types::new();
        let mut tys = |json: &Json| {
            array(json)?.iter().map(|ty| type_from_json(&mut types, ty)).collect::<Result<Vec<_>, _>>()
        };
        let (params, result) = (tys(&json["params"])?, tys(&json["result"])?.pop());
        let ptr = named(POINTERS, &json["pointer"])?;
        let encoding = named(ENCODINGS, &json["encoding"])?;
        let max_flat = number(&json["max_flat"])?;
        let lower = present(&json["lower"]).map(|json| lower_from_json(&types, &params, json)).transpose()?;
        let core_types = flat_types(&types, &params, ptr, max_flat);
        let lift = present(&json["lift"]).map(|json| lift_from_json(&core_types, json)).transpose()?;
        let steps = |json: &Json| array(json)?.iter().map(Step::from_json).collect::<Result<_, _>>();
        let table = present(&json["table"]).map(steps).transpose()?;
        Ok(Self { types, params, result, ptr, encoding, max_flat, lower, lift, table })
    }
}

/// Returns the types of the core values from which values of types `tys` are lifted.
pub(crate) fn flat_types(
    types: &Types,
    tys: &[ValType],
    ptr: PtrType,
    max_flat: usize,
) -> Vec<flatten::CoreType> {
    flatten::flatten_types_up_to(types, tys, ptr, max_flat).unwrap_or_else(|| vec![ptr.into()])
}

/// Returns the bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const POINTERS: &[(&str, PtrType)] = &[("i32", PtrType::I32), ("i64", PtrType::I64)];

const ENCODINGS: &[(&str, StringEncoding)] = &[
    ("utf8", StringEncoding::Utf8),
    ("utf16", StringEncoding::Utf16),
    ("latin1+utf16", StringEncoding::Latin1Utf16),
];

/// Returns the pointer type's name.
pub(crate) fn pointer_name(ptr: PtrType) -> &'static str {
    name_in(POINTERS, ptr)
}

fn encoding_name(encoding: StringEncoding) -> &'static str {
    name_in(ENCODINGS, encoding)
}

fn name_in<T: Copy + PartialEq>(table: &[(&'static str, T)], wanted: T) -> &'static str {
    table.iter().find(|(_, known)| *known == wanted).expect("every one has a name").0
}

fn named<T: Copy>(table: &[(&str, T)], json: &Json) -> Result<T, BadVector> {
    let found = table.iter().find(|(name, _)| json == name);
    found.map(|(_, known)| *known).ok_or_else(|| bad("a known name", json))
}

fn present(json: &Json) -> Option<&Json> {
    (!json.is_null()).then_some(json)
}

fn handles_to_json(handles: &[Given]) -> Json {
    let row = |given: &Given| match given {
        Given::Resource(handle) => json!([handle.rt, handle.rep, handle.own]),
        Given::ErrorContext(rep) => json!(["error-context", rep]),
        Given::End(end) => json!([kind_name(end.kind), payload_to_json(end.payload), end.rep]),
    };
    handles.iter().map(row).collect()
}

fn handles_from_json(json: &Json) -> Result<Vec<Given>, BadVector> {
    array(json)?.iter().map(given_from_json).collect()
}

fn given_from_json(json: &Json) -> Result<Given, BadVector> {
    let end = |kind| Ok(Given::End(idle_end(kind, payload_from_json(&json[1])?, number(&json[2])?)));
    match json[0].as_str() {
        Some("error-context") => Ok(Given::ErrorContext(number(&json[1])?)),
        Some("stream") => end(EndKind::Stream),
        Some("future") => end(EndKind::Future),
        Some(_) => Err(bad("a handle", json)),
        None => {
            let rt = number(&json[0])?;
            if rt >= N_RESOURCES {
                return Err(bad("a resource type", json));
            }
            let own = json[2].as_bool().ok_or_else(|| bad("a handle", json))?;
            Ok(Given::Resource(Handle { rt, rep: number(&json[1])?, own }))
        }
    }
}

/// Returns an end that does nothing.
pub(crate) fn idle_end(kind: EndKind, payload: Option<ValType>, rep: u32) -> ReadableEnd<Option<ValType>> {
    ReadableEnd { kind, payload, rep, state: EndState::Idle, in_waitable_set: false }
}

fn lower_from_json(types: &Types, tys: &[ValType], json: &Json) -> Result<Lower, BadVector> {
    let values = array(&json["values"])?;
    if values.len() != tys.len() {
        return Err(bad("as many values as types", json));
    }
    let values = tys.iter().zip(values).map(|(ty, value)| {
        let value = value_from_json(types, *ty, value)?;
        canonical_abi::type_check(types, *ty, &value).map_err(|e| BadVector(e.to_string()))?;
        Ok(value)
    });
    let answer = present(&json["answer"]).map(|json| Ok((number(&json[0])?, number(&json[1])?)));
    Ok(Lower {
        values: values.collect::<Result<_, _>>()?,
        source: named(ENCODINGS, &json["source"])?,
        memory_bytes: number(&json["memory"])?,
        handles: handles_from_json(&json["handles"])?,
        out: present(&json["out"]).map(number).transpose()?,
        gap_bytes: number(&json["gap"])?,
        answer: answer.transpose()?,
    })
}

fn lift_from_json(core_types: &[flatten::CoreType], json: &Json) -> Result<Lift, BadVector> {
    let bits = array(&json["flat"])?;
    if bits.len() != core_types.len() {
        return Err(bad("as many core values as flattening yields", json));
    }
    let flat = core_types.iter().zip(bits).map(|(ty, bits)| Ok(CoreValue::from_bits(*ty, number(bits)?)));
    let digits = text(&json["memory"])?.as_bytes().as_chunks::<2>().0;
    let byte = |digits: &[u8; 2]| {
        let digits = str::from_utf8(digits).ok();
        digits
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .ok_or_else(|| bad("hexadecimal digits", json))
    };
    Ok(Lift {
        memory: digits.iter().map(byte).collect::<Result<_, _>>()?,
        flat: flat.collect::<Result<_, _>>()?,
        handles: handles_from_json(&json["handles"])?,
    })
}
