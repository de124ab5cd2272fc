//! What each byte of a value in memory is.
//! Follows CanonicalABI.md, "Alignment" and "Element Size".

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::columns::write_columns;
use super::{Budget, brief, count, join_path};
use crate::types::despecialize::{Cases, Despecialized, despecialize};
use crate::types::display::display;
use crate::types::layout::{discriminant_size, layout, payload_offset, tuple_layout};
use crate::types::{PtrType, Types, ValType};

/// What each byte of a value in memory is. Its `Display` is a table, one line per entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ByteMap {
    /// The type, as WIT.
    pub ty: String,
    /// The size in bytes.
    pub size: u64,
    /// The alignment in bytes.
    pub align: u32,
    /// The parts, in order. They cover all bytes; only a variant's cases overlap.
    pub entries: Vec<ByteEntry>,
}

/// A range of bytes of a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ByteEntry {
    /// The offsets from the start of the outermost value.
    pub bytes: Range<u64>,
    /// Which component this is or belongs to: `input.payload`, `mode.some`, `[0]`; empty for the
    /// value itself.
    pub path: String,
    /// What the bytes are.
    pub kind: ByteKind,
    /// The type of the component that the entry is, or that it is the pointer, length or
    /// discriminant of. `None` for bytes that belong to no component.
    pub ty: Option<ValType>,
    /// The parts of a component that has any.
    pub entries: Vec<Self>,
}

/// What a range of bytes is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ByteKind {
    /// A component with the parts that the entry lists.
    Compound {
        /// Its type, as WIT.
        ty: String,
    },
    /// A number, bool, char, flags or handle.
    Scalar {
        /// Its type, as WIT.
        ty: String,
    },
    /// The address of a string's bytes or a list's elements.
    Pointer {
        /// The string's or list's type, as WIT.
        ty: String,
    },
    /// The number of a string's code units or a list's elements.
    Length {
        /// The string's or list's type, as WIT.
        ty: String,
    },
    /// The number of a variant's case.
    Discriminant {
        /// The cases' labels in order.
        labels: Vec<String>,
    },
    /// The payload of one case, over the same bytes as those of other cases.
    Payload {
        /// The case's number.
        case: u32,
        /// The payload's type, as WIT.
        ty: String,
    },
    /// The elements of a fixed-length list after the first, which are like it.
    MoreElements {
        /// How many there are.
        count: u32,
        /// The size of each in bytes.
        size: u32,
    },
    /// Bytes of the payload's room that some cases leave unused, being smaller than others.
    Unused {
        /// The cases' labels.
        cases: Vec<String>,
    },
    /// Bytes that mean nothing, whatever the value.
    Padding,
    /// Parts that are not listed, because there are too many ([`MAX_ENTRIES`](super::MAX_ENTRIES)).
    Elided,
}

/// Returns what each byte of a value of type `ty` is.
pub fn byte_map(types: &Types, ty: ValType, ptr: PtrType) -> ByteMap {
    let layout = layout(types, ty, ptr);
    let mut mapper = Mapper { types, ptr, budget: Budget::new() };
    let whole = component(&mut mapper, 0, "", ty);
    let entries = if whole.entries.is_empty() { alloc::vec![whole] } else { whole.entries };
    ByteMap {
        ty: display(types, ty).to_string(),
        size: u64::from(layout.size()),
        align: layout.align(),
        entries,
    }
}

/// Returns what each byte of a record of these fields is, which need not be a type of the arena: of
/// spilled parameters.
pub(super) fn byte_map_of_fields(
    types: &Types,
    title: &str,
    fields: &[(String, ValType)],
    ptr: PtrType,
) -> ByteMap {
    let (size, align) = tuple_layout(types, fields.iter().map(|(_, ty)| *ty), ptr);
    let mut mapper = Mapper { types, ptr, budget: Budget::new() };
    let labelled = fields.iter().map(|(label, ty)| (Cow::Borrowed(label.as_str()), *ty));
    ByteMap {
        ty: title.to_string(),
        size,
        align,
        entries: record_entries(&mut mapper, 0..size, "", labelled),
    }
}

struct Mapper<'a> {
    types: &'a Types,
    ptr: PtrType,
    budget: Budget,
}

/// Maps the component of type `ty` at `start`.
fn component(m: &mut Mapper<'_>, start: u64, path: &str, ty: ValType) -> ByteEntry {
    let types = m.types;
    let bytes = start..start + u64::from(layout(types, ty, m.ptr).size());
    if !m.budget.take() {
        return typed(entry(bytes, path, ByteKind::Elided), ty);
    }
    let text = brief(types, ty);
    let entries = match despecialize(types, ty) {
        Despecialized::String | Despecialized::List { length: None, .. } => {
            let middle = start + u64::from(m.ptr.size());
            alloc::vec![
                typed(entry(start..middle, path, ByteKind::Pointer { ty: text.clone() }), ty),
                typed(entry(middle..bytes.end, path, ByteKind::Length { ty: text.clone() }), ty),
            ]
        }
        Despecialized::List { element, length: Some(n) } => {
            fixed_length_list_entries(m, bytes.clone(), path, element, n)
        }
        Despecialized::Record(fields) => {
            let labelled = fields.types().enumerate().map(|(i, ty)| (fields.label(i), ty));
            record_entries(m, bytes.clone(), path, labelled)
        }
        Despecialized::Variant(cases) => variant_entries(m, bytes.clone(), path, ty, cases),
        Despecialized::Scalar(_) | Despecialized::Handle(_) | Despecialized::Flags(_) => {
            return typed(entry(bytes, path, ByteKind::Scalar { ty: text }), ty);
        }
    };
    ByteEntry { entries, ..typed(entry(bytes, path, ByteKind::Compound { ty: text }), ty) }
}

fn record_entries<'a>(
    m: &mut Mapper<'_>,
    bytes: Range<u64>,
    path: &str,
    fields: impl Iterator<Item = (Cow<'a, str>, ValType)>,
) -> Vec<ByteEntry> {
    let mut entries = Vec::new();
    let mut end = bytes.start;
    for (label, ty) in fields {
        let start = crate::types::layout::align_to(end, layout(m.types, ty, m.ptr).align());
        push_padding(&mut entries, end..start);
        if m.budget.left == 0 {
            entries.push(entry(start..bytes.end, path, ByteKind::Elided));
            return entries;
        }
        let field = component(m, start, &join_path(path, &label), ty);
        end = field.bytes.end;
        entries.push(field);
    }
    push_padding(&mut entries, end..bytes.end);
    entries
}

fn variant_entries(
    m: &mut Mapper<'_>,
    bytes: Range<u64>,
    path: &str,
    ty: ValType,
    cases: Cases<'_>,
) -> Vec<ByteEntry> {
    let labels = (0..cases.len()).map(|i| cases.label(i).to_string()).collect();
    let discriminant = bytes.start..bytes.start + u64::from(discriminant_size(cases.len()));
    let payload = bytes.start + u64::from(payload_offset(m.types, ty, m.ptr));
    let mut entries =
        alloc::vec![typed(entry(discriminant.clone(), path, ByteKind::Discriminant { labels }), ty)];
    push_padding(&mut entries, discriminant.end..payload.min(bytes.end));
    for (case, i) in (0..).zip(0..cases.len()) {
        let Some(ty) = cases.payload(i) else { continue };
        if m.budget.left == 0 {
            entries.push(entry(payload..bytes.end, path, ByteKind::Elided));
            return entries;
        }
        let component = component(m, payload, &join_path(path, cases.label(i)), ty);
        entries.push(ByteEntry { kind: ByteKind::Payload { case, ty: brief(m.types, ty) }, ..component });
    }
    let size = |ty| u64::from(layout(m.types, ty, m.ptr).size());
    let end = payload + cases.payloads().map(size).max().unwrap_or(0);
    push_unused(&mut entries, payload..end, path, cases, |i| cases.payload(i).map_or(0, size));
    push_padding(&mut entries, end..bytes.end);
    entries
}

/// Adds what cases leave unused of the payload's room, one entry for all cases that leave the same.
fn push_unused(
    entries: &mut Vec<ByteEntry>,
    room: Range<u64>,
    path: &str,
    cases: Cases<'_>,
    size: impl Fn(usize) -> u64,
) {
    let mut by_start = BTreeMap::<u64, Vec<String>>::new();
    if !room.is_empty() {
        for i in 0..cases.len() {
            by_start.entry(room.start + size(i)).or_default().push(cases.label(i).to_string());
        }
    }
    for (start, cases) in by_start.into_iter().filter(|(start, _)| *start < room.end) {
        entries.push(entry(start..room.end, path, ByteKind::Unused { cases }));
    }
}

fn fixed_length_list_entries(
    m: &mut Mapper<'_>,
    bytes: Range<u64>,
    path: &str,
    element: ValType,
    length: u32,
) -> Vec<ByteEntry> {
    let first = component(m, bytes.start, &join_path(path, "[0]"), element);
    let rest = first.bytes.end..bytes.end;
    let mut entries = alloc::vec![first];
    if length > 1 {
        let path = join_path(path, &format!("[1..{length}]"));
        let size = layout(m.types, element, m.ptr).size();
        let kind = ByteKind::MoreElements { count: length - 1, size };
        entries.push(typed(entry(rest, &path, kind), element));
    }
    entries
}

fn entry(bytes: Range<u64>, path: &str, kind: ByteKind) -> ByteEntry {
    ByteEntry { bytes, path: path.to_string(), kind, ty: None, entries: Vec::new() }
}

fn typed(entry: ByteEntry, ty: ValType) -> ByteEntry {
    ByteEntry { ty: Some(ty), ..entry }
}

fn push_padding(entries: &mut Vec<ByteEntry>, bytes: Range<u64>) {
    if !bytes.is_empty() {
        entries.push(entry(bytes, "", ByteKind::Padding));
    }
}

impl fmt::Display for ByteMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}, aligned to {}", self.ty, count(self.size, "byte"), self.align)?;
        let mut rows = Vec::new();
        push_rows(&mut rows, 0, &self.entries);
        write_columns(f, 2, [true, true, false, false], &rows)
    }
}

fn push_rows(rows: &mut Vec<[String; 4]>, depth: usize, entries: &[ByteEntry]) {
    for entry in entries {
        let size = entry.bytes.end - entry.bytes.start;
        let range = if size == 1 {
            format!("{}", entry.bytes.start)
        } else {
            format!("{}..{}", entry.bytes.start, entry.bytes.end)
        };
        let path = format!("{:width$}{}", "", entry.path, width = 2 * depth);
        rows.push([range, format!("{size}"), path, entry.kind.to_string()]);
        push_rows(rows, depth + 1, &entry.entries);
    }
}

impl fmt::Display for ByteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compound { ty } | Self::Scalar { ty } => f.write_str(ty),
            Self::Pointer { ty } => write!(f, "pointer of {ty}"),
            Self::Length { ty } => write!(f, "length of {ty}"),
            Self::Discriminant { labels } => {
                f.write_str("discriminant: ")?;
                write_some(f, labels.iter().enumerate().map(|(i, label)| format!("{i} {label}")))
            }
            Self::Payload { case, ty } => write!(f, "case {case}: {ty}"),
            Self::MoreElements { count: n, size } => {
                write!(f, "{} of {}", count(u64::from(*n), "more element"), count(u64::from(*size), "byte"))
            }
            Self::Unused { cases } => {
                f.write_str("unused by ")?;
                write_some(f, cases.iter().cloned())
            }
            Self::Padding => f.write_str("padding"),
            Self::Elided => f.write_str("… too much to list"),
        }
    }
}

/// Writes the first items of a list, and whether there are more.
fn write_some(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = String>) -> fmt::Result {
    for (i, item) in items.take(9).enumerate() {
        f.write_str(if i == 0 { "" } else { ", " })?;
        f.write_str(if i == 8 { "…" } else { &item })?;
    }
    Ok(())
}
