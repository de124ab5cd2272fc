//! What each byte of a value in memory is.
//! Follows CanonicalABI.md, "Alignment" and "Element Size".

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use super::{Budget, LABELS_PER_ENTRY, View, brief, join_path};
use crate::types::despecialize::{Cases, Despecialized, despecialize};
use crate::types::display::display_definition;
use crate::types::layout::{align_to, discriminant_size, layout, payload_offset, tuple_layout};
use crate::types::symbolic::{ArchAlign, ArchSize};
use crate::types::{PtrType, Types, ValType};

/// What each byte of a value in memory is. Its `Display` is a table, one line per entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ByteMap {
    /// The type, as WIT: its definition, even if it has a name.
    pub ty: String,
    /// The size in bytes.
    pub size: u64,
    /// The alignment in bytes.
    pub align: u32,
    /// The size with pointers of any width.
    pub arch_size: ArchSize,
    /// The alignment with pointers of any width.
    pub arch_align: ArchAlign,
    /// The parts, in order. They cover all bytes; only a variant's cases overlap.
    pub entries: Vec<ByteEntry>,
}

/// A range of bytes of a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ByteEntry {
    /// The offsets from the start of the outermost value.
    pub bytes: Range<u64>,
    /// The same with pointers of any width. `None` for padding and unused bytes, which only one
    /// width may have, and for what is not listed.
    pub arch: Option<Range<ArchSize>>,
    /// Which component this is or belongs to: `input.payload`, `mode.some`, `[0]`; empty for the
    /// value itself.
    pub path: String,
    /// What the bytes are.
    pub kind: ByteKind,
    /// The type of the component that the entry is, or that it is the pointer, length or
    /// discriminant of. `None` for bytes that belong to no component.
    pub ty: Option<ValType>,
    /// The parts of a component that has any, unless its type is closed
    /// ([`View::is_closed`](super::View::is_closed)).
    pub entries: Vec<Self>,
    is_closed: bool,
}

/// What a range of bytes is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ByteKind {
    /// A component with the parts that the entry lists.
    Compound {
        /// Its type, as WIT.
        ty: String,
    },
    /// A number, bool, char or handle.
    Scalar {
        /// Its type, as WIT.
        ty: String,
    },
    /// Flags, one bit each.
    Flags {
        /// Their type, as WIT.
        ty: String,
        /// Their labels: label `i` is bit `i`, counted from the lowest.
        labels: Arc<[String]>,
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
        labels: Arc<[String]>,
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
    byte_map_with(View::new(types), ty, ptr)
}

/// Returns what each byte of a value of type `ty` is, in this view. The parts of `ty` itself are
/// shown even if it is closed.
pub fn byte_map_with(view: View<'_>, ty: ValType, ptr: PtrType) -> ByteMap {
    let mut mapper = Mapper::new(view, ptr);
    let whole = opened(&mut mapper, Offset::default(), "", ty);
    let entries = if whole.entries.is_empty() { alloc::vec![whole] } else { whole.entries };
    let title = display_definition(view.types, ty, view.name_of).to_string();
    let layouts = PTR_TYPES.map(|ptr| layout(view.types, ty, ptr));
    mapper.map(title, layouts.map(|it| (it.size().into(), it.align())), entries)
}

/// Returns what each byte of a record of these fields is, which need not be a type of the arena: of
/// spilled parameters.
pub(super) fn byte_map_of_fields(
    view: View<'_>,
    title: &str,
    fields: &[(String, ValType)],
    ptr: PtrType,
) -> ByteMap {
    let layouts = PTR_TYPES.map(|ptr| tuple_layout(view.types, fields.iter().map(|(_, ty)| *ty), ptr));
    let mut mapper = Mapper::new(view, ptr);
    let labelled = fields.iter().map(|(label, ty)| (Cow::Borrowed(label.as_str()), *ty));
    let end = Offset(layouts.map(|(size, _)| size));
    let entries = record_entries(&mut mapper, Offset::default(), end, "", labelled);
    mapper.map(title.to_string(), layouts, entries)
}

/// The pointer types in the order of [`PtrType::index`].
const PTR_TYPES: [PtrType; 2] = [PtrType::I32, PtrType::I64];

/// An offset with 32-bit pointers, and the same with 64-bit pointers.
#[derive(Clone, Copy, Debug, Default)]
struct Offset([u64; 2]);

impl Offset {
    fn plus(self, size: [u32; 2]) -> Self {
        Self([self.0[0] + u64::from(size[0]), self.0[1] + u64::from(size[1])])
    }

    fn arch(self) -> ArchSize {
        ArchSize::between(self.0[0], self.0[1])
    }
}

struct Mapper<'a> {
    view: View<'a>,
    types: &'a Types,
    ptr: PtrType,
    budget: Budget,
    /// Labels that are listed already. Many components may be of one type.
    labels: BTreeMap<ValType, Arc<[String]>>,
}

impl<'a> Mapper<'a> {
    fn new(view: View<'a>, ptr: PtrType) -> Self {
        Self { view, types: view.types, ptr, budget: Budget::new(), labels: BTreeMap::new() }
    }

    /// Returns the map of these entries; `layouts` are sizes and alignments by pointer type.
    fn map(&self, ty: String, layouts: [(u64, u32); 2], entries: Vec<ByteEntry>) -> ByteMap {
        let [(size_32, align_32), (size_64, align_64)] = layouts;
        let (size, align) = layouts[self.ptr.index()];
        let arch_size = ArchSize::between(size_32, size_64);
        ByteMap { ty, size, align, arch_size, arch_align: ArchAlign::between(align_32, align_64), entries }
    }

    fn at(&self, offset: Offset) -> u64 {
        offset.0[self.ptr.index()]
    }

    fn sizes(&self, ty: ValType) -> [u32; 2] {
        PTR_TYPES.map(|ptr| layout(self.types, ty, ptr).size())
    }

    fn align_to(&self, offset: Offset, ty: ValType) -> Offset {
        let aligned = |ptr: PtrType| align_to(offset.0[ptr.index()], layout(self.types, ty, ptr).align());
        Offset(PTR_TYPES.map(aligned))
    }

    /// Returns the labels of a type. Listing them again takes entries, as many components may be of
    /// a type with many labels.
    fn labels(&mut self, ty: ValType, of: impl Iterator<Item = String>) -> Arc<[String]> {
        if let Some(known) = self.labels.get(&ty) {
            self.budget.left = self.budget.left.saturating_sub(known.len() / LABELS_PER_ENTRY);
            return Arc::clone(known);
        }
        let labels: Arc<[String]> = of.collect();
        self.labels.insert(ty, Arc::clone(&labels));
        labels
    }

    /// Returns an entry of a component, or of a part of one.
    fn entry(&self, start: Offset, end: Offset, path: &str, kind: ByteKind) -> ByteEntry {
        let bytes = self.at(start)..self.at(end);
        // What is not listed may have a size of no type.
        let arch = (kind != ByteKind::Elided).then(|| start.arch()..end.arch());
        ByteEntry {
            bytes,
            arch,
            path: path.to_string(),
            kind,
            ty: None,
            entries: Vec::new(),
            is_closed: false,
        }
    }
}

/// Maps the component of type `ty` at `start`, with its parts unless they are told elsewhere.
fn component(m: &mut Mapper<'_>, start: Offset, path: &str, ty: ValType) -> ByteEntry {
    if !(m.view.is_closed)(ty) || is_single(m.types, ty) {
        return opened(m, start, path, ty);
    }
    let is_listed = m.budget.take();
    let kind = if is_listed { ByteKind::Compound { ty: brief(m.view, ty) } } else { ByteKind::Elided };
    let entry = typed(m.entry(start, start.plus(m.sizes(ty)), path, kind), ty);
    ByteEntry { is_closed: is_listed, ..entry }
}

/// Returns whether values of a type have no parts.
fn is_single(types: &Types, ty: ValType) -> bool {
    match despecialize(types, ty) {
        Despecialized::Scalar(_) | Despecialized::Handle(_) | Despecialized::Flags(_) => true,
        Despecialized::String
        | Despecialized::List { .. }
        | Despecialized::Record(_)
        | Despecialized::Variant(_) => false,
    }
}

fn opened(m: &mut Mapper<'_>, start: Offset, path: &str, ty: ValType) -> ByteEntry {
    let types = m.types;
    let end = start.plus(m.sizes(ty));
    if !m.budget.take() {
        return typed(m.entry(start, end, path, ByteKind::Elided), ty);
    }
    let text = brief(m.view, ty);
    let entries = match despecialize(types, ty) {
        Despecialized::String | Despecialized::List { length: None, .. } => {
            let middle = start.plus(PTR_TYPES.map(PtrType::size));
            alloc::vec![
                typed(m.entry(start, middle, path, ByteKind::Pointer { ty: text.clone() }), ty),
                typed(m.entry(middle, end, path, ByteKind::Length { ty: text.clone() }), ty),
            ]
        }
        Despecialized::List { element, length: Some(n) } => {
            fixed_length_list_entries(m, start, end, path, element, n)
        }
        Despecialized::Record(fields) => {
            let labelled = fields.types().enumerate().map(|(i, ty)| (fields.label(i), ty));
            record_entries(m, start, end, path, labelled)
        }
        Despecialized::Variant(cases) => variant_entries(m, start, end, path, ty, cases),
        Despecialized::Flags(labels) => {
            let labels = m.labels(ty, labels.iter().cloned());
            return typed(m.entry(start, end, path, ByteKind::Flags { ty: text, labels }), ty);
        }
        Despecialized::Scalar(_) | Despecialized::Handle(_) => {
            return typed(m.entry(start, end, path, ByteKind::Scalar { ty: text }), ty);
        }
    };
    ByteEntry { entries, ..typed(m.entry(start, end, path, ByteKind::Compound { ty: text }), ty) }
}

fn record_entries<'a>(
    m: &mut Mapper<'_>,
    start: Offset,
    end: Offset,
    path: &str,
    fields: impl Iterator<Item = (Cow<'a, str>, ValType)>,
) -> Vec<ByteEntry> {
    let mut entries = Vec::new();
    let mut next = start;
    for (label, ty) in fields {
        let aligned = m.align_to(next, ty);
        push_padding(&mut entries, m.at(next)..m.at(aligned));
        if m.budget.left == 0 {
            entries.push(m.entry(aligned, end, path, ByteKind::Elided));
            return entries;
        }
        entries.push(component(m, aligned, &join_path(path, &label), ty));
        next = aligned.plus(m.sizes(ty));
    }
    push_padding(&mut entries, m.at(next)..m.at(end));
    entries
}

fn variant_entries(
    m: &mut Mapper<'_>,
    start: Offset,
    end: Offset,
    path: &str,
    ty: ValType,
    cases: Cases<'_>,
) -> Vec<ByteEntry> {
    let labels = m.labels(ty, (0..cases.len()).map(|i| cases.label(i).to_string()));
    let after_discriminant = start.plus([discriminant_size(cases.len()); 2]);
    let payload = start.plus(PTR_TYPES.map(|ptr| payload_offset(m.types, ty, ptr)));
    let discriminant = m.entry(start, after_discriminant, path, ByteKind::Discriminant { labels });
    let mut entries = alloc::vec![typed(discriminant, ty)];
    push_padding(&mut entries, m.at(after_discriminant)..m.at(payload).min(m.at(end)));
    for (case, ty) in payloads(cases) {
        if m.budget.left == 0 {
            entries.push(m.entry(payload, end, path, ByteKind::Elided));
            return entries;
        }
        let label = cases.label(case as usize);
        let component = component(m, payload, &join_path(path, label), ty);
        let kind = ByteKind::Payload { case, ty: brief(m.view, ty) };
        // The bits of flags have a line of their own, as parts of other payloads have.
        let is_flags = matches!(component.kind, ByteKind::Flags { .. });
        let entry = if is_flags { component.with_entries(alloc::vec![component.clone()]) } else { component };
        entries.push(ByteEntry { kind, ..entry });
    }
    let size = |ty| u64::from(layout(m.types, ty, m.ptr).size());
    let payload = m.at(payload);
    let room_end = payload + cases.payloads().map(size).max().unwrap_or(0);
    push_unused(&mut entries, payload..room_end, path, cases, |i| cases.payload(i).map_or(0, size));
    push_padding(&mut entries, room_end..m.at(end));
    entries
}

/// Returns the cases that have payloads, by number. An enum may have very many cases, none of
/// which is worth looking at.
fn payloads(cases: Cases<'_>) -> impl Iterator<Item = (u32, ValType)> + '_ {
    let n_cases = if matches!(cases, Cases::Enum(_)) { 0 } else { cases.len() };
    (0..).zip(0..n_cases).filter_map(move |(case, i)| Some((case, cases.payload(i)?)))
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
        entries.push(ByteEntry {
            bytes: start..room.end,
            arch: None,
            path: path.to_string(),
            kind: ByteKind::Unused { cases },
            ty: None,
            entries: Vec::new(),
            is_closed: false,
        });
    }
}

fn fixed_length_list_entries(
    m: &mut Mapper<'_>,
    start: Offset,
    end: Offset,
    path: &str,
    element: ValType,
    length: u32,
) -> Vec<ByteEntry> {
    let mut entries = alloc::vec![component(m, start, &join_path(path, "[0]"), element)];
    if length > 1 {
        let path = join_path(path, &format!("[1..{length}]"));
        let size = layout(m.types, element, m.ptr).size();
        let kind = ByteKind::MoreElements { count: length - 1, size };
        entries.push(typed(m.entry(start.plus(m.sizes(element)), end, &path, kind), element));
    }
    entries
}

fn typed(entry: ByteEntry, ty: ValType) -> ByteEntry {
    ByteEntry { ty: Some(ty), ..entry }
}

fn push_padding(entries: &mut Vec<ByteEntry>, bytes: Range<u64>) {
    if !bytes.is_empty() {
        let (path, kind) = (String::new(), ByteKind::Padding);
        entries.push(ByteEntry {
            bytes,
            arch: None,
            path,
            kind,
            ty: None,
            entries: Vec::new(),
            is_closed: false,
        });
    }
}

impl ByteEntry {
    /// Returns the same entry with these parts.
    #[must_use]
    pub fn with_entries(&self, entries: Vec<Self>) -> Self {
        Self {
            bytes: self.bytes.clone(),
            arch: self.arch.clone(),
            path: self.path.clone(),
            kind: self.kind.clone(),
            ty: self.ty,
            entries,
            is_closed: self.is_closed,
        }
    }

    /// Returns whether the parts are left out because the type is closed
    /// ([`View::is_closed`](super::View::is_closed)).
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Returns the size with pointers of any width, where the entry has one.
    pub fn arch_size(&self) -> Option<ArchSize> {
        let range = self.arch.as_ref()?;
        let [size_32, size_64] = PTR_TYPES.map(|ptr| range.end.at(ptr) - range.start.at(ptr));
        Some(ArchSize::between(size_32, size_64))
    }
}
