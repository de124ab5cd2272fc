//! Explanations as JSON. JSON.md of this crate describes each field; a test compares it with the
//! output.
//!
//! A document is written item by item, so that it may be larger than memory.

use std::io::{self, Write};

use canonical_abi::explain::{
    ByteEntry, ByteKind, ByteMap, CoreSlot, EventPart, FlattenedFunc, Reason, Role, View,
};
use canonical_abi::flatten::{flat_count, flatten_types_up_to};
use canonical_abi::{
    ArchAlign, ArchSize, CoreType, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, Options, StringEncoding, Types,
    display_func_named, symbolic_layout,
};
use serde_json::{Value, json};

use super::kind_name;
use crate::catalog::NamedType;
use crate::core_names::{CoreNames, ImportName};
use crate::signatures::Described;

/// The version of the format. It changes when a field is removed or changes its meaning.
pub(super) const VERSION: u32 = 1;

/// The most core values of a type that are listed.
const MAX_LISTED_FLAT: usize = 1000;

/// A document that is being written.
pub(crate) struct Document<'a> {
    out: &'a mut dyn Write,
}

impl<'a> Document<'a> {
    /// Writes the start: the version and the options.
    pub(crate) fn start(out: &'a mut dyn Write, opts: &Options) -> io::Result<Self> {
        write!(out, "{{\n  \"version\": {VERSION},\n  \"options\": ")?;
        write_value(out, &options(opts), "  ")?;
        Ok(Self { out })
    }

    /// Writes a field that is a list.
    pub(crate) fn list(&mut self, field: &str, items: impl Iterator<Item = Value>) -> io::Result<()> {
        write!(self.out, ",\n  \"{field}\": [")?;
        for (i, item) in items.enumerate() {
            write!(self.out, "{}\n    ", if i == 0 { "" } else { "," })?;
            write_value(self.out, &item, "    ")?;
        }
        write!(self.out, "\n  ]")
    }

    /// Writes the end.
    pub(crate) fn end(self) -> io::Result<()> {
        writeln!(self.out, "\n}}")
    }
}

/// Writes a value, its further lines after `indent`.
pub(super) fn write_value(out: &mut dyn Write, value: &Value, indent: &str) -> io::Result<()> {
    // No text in JSON has a line break.
    let text = format!("{value:#}");
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            write!(out, "\n{indent}")?;
        }
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}

/// Returns a type: its name, its bytes, and what it is flattened to. `is_symbolic` adds sizes for
/// pointers of any width.
pub(crate) fn named_type(
    types: &Types,
    named: &NamedType,
    map: &ByteMap,
    opts: &Options,
    is_symbolic: bool,
) -> Value {
    let (ty, ptr) = (named.ty, opts.ptr);
    let pointer = || vec![CoreType::from(ptr)];
    let flat_up_to = |max| flatten_types_up_to(types, &[ty], ptr, max);
    let mut value = byte_map(map, is_symbolic);
    value["name"] = json!(named.full_name());
    if let Some(used) = &named.used {
        value["used_from"] = json!(used);
    }
    value["flat"] = flat_up_to(MAX_LISTED_FLAT).map_or(Value::Null, |flat| core_types(&flat));
    value["flat_count"] = json!(flat_count(types, ty));
    value["as_param"] = core_types(&flat_up_to(MAX_FLAT_PARAMS).unwrap_or_else(pointer));
    value["as_result"] = core_types(&flat_up_to(MAX_FLAT_RESULTS).unwrap_or_else(pointer));
    if is_symbolic {
        let (size, align) = symbolic_layout(types, ty);
        value["symbolic"] = json!({ "size": arch_size(size), "align": arch_align(align) });
    }
    value
}

fn core_types(flat: &[CoreType]) -> Value {
    flat.iter().map(|ty| ty.name()).collect()
}

fn arch_size(size: ArchSize) -> Value {
    json!({ "bytes": size.bytes(), "pointers": size.pointers() })
}

fn arch_align(align: ArchAlign) -> Value {
    match align {
        ArchAlign::Bytes(bytes) => json!(bytes),
        ArchAlign::Pointer => json!("ptr"),
    }
}

/// Returns a function: its name, its type, its options, its core signatures and core names.
pub(crate) fn function(view: View<'_>, described: &Described<'_>) -> Value {
    let function = described.function;
    let name = function.full_name();
    let mut value = json!({
        "name": name,
        "type": display_func_named(view.types, &name, &function.ty, view.name_of),
        "options": options(&described.opts),
        "own_options": described.own.is_some(),
        "core_names": core_names(&described.names),
        "task_return": null,
        "callback": null,
    });
    for flat in described.signatures(view) {
        let field = match flat.role {
            Role::Lift => "lift",
            Role::Lower => "lower",
            Role::TaskReturn => "task_return",
            Role::Callback => "callback",
        };
        value[field] = signature(&flat);
    }
    value
}

fn core_names(names: &CoreNames) -> Value {
    let import = |(module, field): &ImportName| json!({ "module": module, "name": field });
    json!({
        "export": names.export,
        "post_return": names.post_return,
        "callback": names.callback,
        "task_return": names.task_return.iter().map(import).collect::<Vec<_>>(),
        "import": names.import.iter().map(import).collect::<Vec<_>>(),
    })
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

fn byte_map(map: &ByteMap, is_symbolic: bool) -> Value {
    let bytes = entries(&map.entries, is_symbolic);
    json!({ "type": map.ty, "size": map.size, "align": map.align, "bytes": bytes })
}

fn entries(list: &[ByteEntry], is_symbolic: bool) -> Value {
    list.iter().map(|it| entry(it, is_symbolic)).collect()
}

fn entry(entry: &ByteEntry, is_symbolic: bool) -> Value {
    let mut value = json!({
        "start": entry.bytes.start,
        "end": entry.bytes.end,
        "path": entry.path,
        "kind": kind_name(&entry.kind),
        "parts": entries(&entry.entries, is_symbolic),
    });
    if entry.is_closed() {
        value["folded"] = json!(true);
    }
    if is_symbolic && let Some(range) = &entry.arch {
        value["symbolic"] = json!({ "start": arch_size(range.start), "end": arch_size(range.end) });
    }
    match &entry.kind {
        ByteKind::Compound { ty }
        | ByteKind::Scalar { ty }
        | ByteKind::Pointer { ty }
        | ByteKind::Length { ty } => value["type"] = json!(ty),
        ByteKind::Flags { ty, labels } => {
            value["type"] = json!(ty);
            value["labels"] = json!(labels[..]);
        }
        ByteKind::Discriminant { labels } => value["labels"] = json!(labels[..]),
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
        "spilled_params": flat.spilled_params.as_ref().map(|map| byte_map(map, false)),
        "spilled_result": flat.spilled_result.as_ref().map(|map| byte_map(map, false)),
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
        Reason::Event(EventPart::Code) => value["reason"] = json!("event-code"),
        Reason::Event(EventPart::Waitable) => value["reason"] = json!("event-waitable"),
        Reason::Event(EventPart::Payload) => value["reason"] = json!("event-payload"),
    }
    value
}
