//! Explanations as JSON. JSON.md of this crate describes each field; a test compares it with the
//! output.

use canonical_abi::explain::{ByteEntry, ByteKind, ByteMap, CoreSlot, FlattenedFunc, Reason};
use canonical_abi::flatten::flatten_types_up_to;
use canonical_abi::{MAX_FLAT_PARAMS, Options, StringEncoding, Types};
use serde_json::{Value, json};

use super::kind_name;
use crate::catalog::NamedType;

/// The version of the format. It changes when a field is removed or changes its meaning.
pub(super) const VERSION: u32 = 1;

/// Returns a document: the version, the options, and the explanations.
pub(crate) fn document(opts: &Options, explained: &[(&str, Value)]) -> String {
    let mut document = json!({ "version": VERSION, "options": options(opts) });
    for (key, value) in explained {
        document[*key] = value.clone();
    }
    format!("{document:#}\n")
}

/// Returns a type: its name and its bytes.
pub(crate) fn named_type(types: &Types, named: &NamedType, map: &ByteMap, opts: &Options) -> Value {
    let flat = flatten_types_up_to(types, &[named.ty], opts.ptr, MAX_FLAT_PARAMS);
    let mut value = byte_map(map);
    value["name"] = json!(named.full_name());
    value["flat"] = json!(flat.map(|flat| flat.into_iter().map(|ty| ty.name()).collect::<Vec<_>>()));
    value
}

/// Returns a function: its name, its type, and how it is lifted and lowered.
pub(crate) fn function(name: &str, ty: &str, lift: &FlattenedFunc, lower: &FlattenedFunc) -> Value {
    json!({ "name": name, "type": ty, "lift": signature(lift), "lower": signature(lower) })
}

/// Returns canonical options.
pub(super) fn options(opts: &Options) -> Value {
    let encoding = match opts.string_encoding {
        StringEncoding::Utf8 => "utf8",
        StringEncoding::Utf16 => "utf16",
        StringEncoding::Latin1Utf16 => "latin1+utf16",
    };
    let kind = match (opts.is_async, opts.has_callback) {
        (false, _) => None,
        (true, true) => Some("callback"),
        (true, false) => Some("stackful"),
    };
    json!({ "ptr": 8 * opts.ptr.size(), "string_encoding": encoding, "async": kind })
}

fn byte_map(map: &ByteMap) -> Value {
    json!({ "type": map.ty, "size": map.size, "align": map.align, "bytes": entries(&map.entries) })
}

fn entries(list: &[ByteEntry]) -> Value {
    list.iter().map(entry).collect()
}

fn entry(entry: &ByteEntry) -> Value {
    let mut value = json!({
        "start": entry.bytes.start,
        "end": entry.bytes.end,
        "path": entry.path,
        "kind": kind_name(&entry.kind),
        "parts": entries(&entry.entries),
    });
    match &entry.kind {
        ByteKind::Compound { ty }
        | ByteKind::Scalar { ty }
        | ByteKind::Pointer { ty }
        | ByteKind::Length { ty } => value["type"] = json!(ty),
        ByteKind::Discriminant { labels } => value["labels"] = json!(labels),
        ByteKind::Payload { case, ty } => {
            value["case"] = json!(case);
            value["type"] = json!(ty);
        }
        ByteKind::MoreElements { count, size } => {
            value["count"] = json!(count);
            value["size"] = json!(size);
        }
        ByteKind::Unused { cases } => value["cases"] = json!(cases),
        ByteKind::Padding | ByteKind::Elided => {}
    }
    value
}

fn signature(flat: &FlattenedFunc) -> Value {
    json!({
        "params": flat.params.iter().map(slot).collect::<Vec<_>>(),
        "results": flat.results.iter().map(slot).collect::<Vec<_>>(),
        "spilled_params": flat.spilled_params.as_ref().map(byte_map),
        "spilled_result": flat.spilled_result.as_ref().map(byte_map),
    })
}

fn slot(slot: &CoreSlot) -> Value {
    let mut value = json!({ "type": slot.ty.name() });
    let spilled = |value: &mut Value, n_flat: usize, limit: usize| {
        value["flat_values"] = json!(n_flat);
        value["limit"] = json!(limit);
    };
    match &slot.reason {
        Reason::Flat(sources) => {
            value["reason"] = json!("flat");
            value["sources"] = sources
                .iter()
                .map(|source| json!({ "path": source.path, "what": source.what, "type": source.ty.name() }))
                .collect();
        }
        Reason::SpilledParams { n_flat, limit } => {
            value["reason"] = json!("spilled-params");
            spilled(&mut value, *n_flat, *limit);
        }
        Reason::SpilledResult { n_flat, limit } => {
            value["reason"] = json!("spilled-result");
            spilled(&mut value, *n_flat, *limit);
        }
        Reason::CallbackCode => value["reason"] = json!("callback-code"),
        Reason::SubtaskState => value["reason"] = json!("subtask-state"),
    }
    value
}
