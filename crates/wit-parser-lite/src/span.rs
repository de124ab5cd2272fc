//! Positions in source texts.
//!
//! A [`Span`] is a pair of byte offsets into one file, small enough for every token and definition.

/// One file of a package: the index of its text in [`Sources`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FileId(pub(crate) u32);

impl FileId {
    /// Returns the file's place among all files of the run, in the order in which they were given, counted from 0.
    pub fn index(self) -> u32 {
        self.0
    }
}

/// A range of bytes in one file, `start..end`.
///
/// Invariant: both ends lie on character boundaries of the file's text, and `start <= end`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Span {
    /// The file that the offsets count in.
    pub file: FileId,
    /// The offset of the first byte.
    pub start: u32,
    /// The offset after the last byte.
    pub end: u32,
}

impl Span {
    /// Returns the range from the start of `self` to the end of `last`, which lies in the same file.
    pub fn to(self, last: Self) -> Self {
        Self { end: last.end.max(self.start), ..self }
    }
}

/// A position as people count it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Location {
    /// The file's name as the caller gave it.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
    /// The text of the line around the position, safe to print: no tabs, control or bidirectional characters.
    pub excerpt: String,
    /// How many characters of `excerpt` stand before the position.
    pub n_before: u32,
    /// How many characters of `excerpt` the span covers, at least 1.
    pub n_marked: u32,
}

/// Returns a count of bytes of one text, or of things made from texts, as `u32`.
pub(crate) fn count(n: usize) -> u32 {
    u32::try_from(n)
        .expect("a text has at most u32::MAX bytes (Sources::add checks it), fewer things fit into memory")
}
