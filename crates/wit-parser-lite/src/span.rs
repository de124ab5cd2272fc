//! Positions in source texts.
//!
//! A [`Span`] is a pair of byte offsets into one file, small enough for every token and definition.

/// A file of a package: an index into [`Sources`](crate::source::Sources).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FileId(pub(crate) u32);

impl FileId {
    /// Returns the index of the file among all files of the run, in the order in which they were
    /// given, from 0.
    pub fn index(self) -> u32 {
        self.0
    }
}

/// A range of bytes in one file, `start..end`.
///
/// Invariant: both ends lie on character boundaries of the file's text, and `start <= end`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Span {
    /// The file that the offsets refer to.
    pub file: FileId,
    /// The offset of the first byte.
    pub start: u32,
    /// The offset just past the last byte.
    pub end: u32,
}

impl Span {
    /// Returns the range from the start of `self` to the end of `last`, a span in the same file.
    pub fn to(self, last: Self) -> Self {
        Self { end: last.end.max(self.start), ..self }
    }
}

/// A position for people.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Location {
    /// The name of the file, as the caller gave it.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
    /// The text of the line around the position, safe to print: no tabs, control or bidirectional
    /// characters.
    pub excerpt: String,
    /// The number of characters of `excerpt` before the position.
    pub n_before: u32,
    /// The number of characters of `excerpt` in the span, at least 1.
    pub n_marked: u32,
}

/// Converts a count of bytes of one text, or of things made from texts.
pub(crate) fn count(n: usize) -> u32 {
    u32::try_from(n)
        .expect("a text has at most u32::MAX bytes (Sources::add checks it), fewer things fit into memory")
}
