//! Byte maps as tables for a terminal, one line per entry.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::bytes::{ByteEntry, ByteKind, ByteMap};
use super::columns::write_columns;
use super::count;

/// The most labels of a case or flag that a line lists, unless a table has all.
const SHOWN_LABELS: usize = 8;

/// What a table shows beyond the usual.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TableStyle {
    /// Whether all labels of discriminants and flags are listed, however many there are.
    pub has_all_labels: bool,
    /// Whether there are columns with offsets and sizes for pointers of any width.
    pub is_symbolic: bool,
}

/// An explanation as a table of a style.
#[derive(Clone, Copy, Debug)]
pub struct Tabled<'a, T> {
    pub(super) explained: &'a T,
    pub(super) style: TableStyle,
}

impl ByteMap {
    /// Returns the table of this style.
    pub fn table(&self, style: TableStyle) -> Tabled<'_, Self> {
        Tabled { explained: self, style }
    }
}

impl fmt::Display for ByteMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table(TableStyle::default()).fmt(f)
    }
}

impl fmt::Display for Tabled<'_, ByteMap> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (map, style) = (self.explained, self.style);
        write!(f, "{}: {}, aligned to {}", map.ty, count(map.size, "byte"), map.align)?;
        if !style.is_symbolic {
            writeln!(f)?;
            let mut rows = Vec::new();
            for_each_row(0, &map.entries, &mut |depth, entry| rows.push(row(depth, entry, style)));
            return write_columns(f, 2, [true, true, false, false], &rows);
        }
        writeln!(f, "; with any pointers {} bytes, aligned to {}", map.arch_size, map.arch_align)?;
        let mut rows = Vec::new();
        for_each_row(0, &map.entries, &mut |depth, entry| {
            let [range, size, path, what] = row(depth, entry, style);
            let [arch_range, arch_size] = arch_cells(entry);
            rows.push([range, size, arch_range, arch_size, path, what]);
        });
        write_columns(f, 2, [true, true, true, true, false, false], &rows)
    }
}

fn for_each_row(depth: usize, entries: &[ByteEntry], f: &mut impl FnMut(usize, &ByteEntry)) {
    for entry in entries {
        f(depth, entry);
        for_each_row(depth + 1, &entry.entries, f);
    }
}

fn row(depth: usize, entry: &ByteEntry, style: TableStyle) -> [String; 4] {
    let size = entry.bytes.end - entry.bytes.start;
    let range = if size == 1 {
        format!("{}", entry.bytes.start)
    } else {
        format!("{}..{}", entry.bytes.start, entry.bytes.end)
    };
    let path = format!("{:width$}{}", "", entry.path, width = 2 * depth);
    [range, format!("{size}"), path, what(&entry.kind, style.has_all_labels)]
}

/// Returns the offsets and the size with pointers of any width.
fn arch_cells(entry: &ByteEntry) -> [String; 2] {
    match (&entry.arch, entry.arch_size()) {
        (Some(range), Some(size)) => [format!("{}..{}", range.start, range.end), size.to_string()],
        _ => [String::new(), String::new()],
    }
}

impl fmt::Display for ByteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&what(self, false))
    }
}

/// Returns a kind in words.
fn what(kind: &ByteKind, has_all_labels: bool) -> String {
    let n_shown = if has_all_labels { usize::MAX } else { SHOWN_LABELS };
    match kind {
        ByteKind::Compound { ty } | ByteKind::Scalar { ty } => ty.clone(),
        ByteKind::Flags { ty, labels } => {
            let bits = labels.iter().enumerate().map(|(i, label)| format!("{i} {label}"));
            format!("{ty}, by bit: {}", some(bits, n_shown))
        }
        ByteKind::Pointer { ty } => format!("pointer of {ty}"),
        ByteKind::Length { ty } => format!("length of {ty}"),
        ByteKind::Discriminant { labels } => {
            let cases = labels.iter().enumerate().map(|(i, label)| format!("{i} {label}"));
            format!("discriminant: {}", some(cases, n_shown))
        }
        ByteKind::Payload { case, ty } => format!("case {case}: {ty}"),
        ByteKind::MoreElements { count: n, size } => {
            format!("{} of {}", count(u64::from(*n), "more element"), count(u64::from(*size), "byte"))
        }
        ByteKind::Unused { cases } => format!("unused by {}", some(cases.iter().cloned(), n_shown)),
        ByteKind::Padding => "padding".to_string(),
        ByteKind::Elided => "… too much to list".to_string(),
    }
}

/// Returns the first items of a list, and whether there are more.
fn some(items: impl Iterator<Item = String>, n_shown: usize) -> String {
    let mut text = String::new();
    for (i, item) in items.enumerate() {
        text.push_str(if i == 0 { "" } else { ", " });
        if i == n_shown {
            text.push('…');
            break;
        }
        text.push_str(&item);
    }
    text
}
