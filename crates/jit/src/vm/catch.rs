//! What clauses of `try_table`s catch.

use crate::module::index::TagIndex;

/// What a clause of a `try_table` catches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Catch {
    /// The tag, none for all.
    pub(crate) tag: Option<TagIndex>,
    /// Whether the handler gets a reference to the exception.
    pub(crate) with_ref: bool,
}

impl Catch {
    /// Returns the word that stands for it in files.
    pub(crate) fn to_word(self) -> u32 {
        self.tag.map_or(0, |tag| tag.0 + 1) * 2 + u32::from(self.with_ref)
    }

    /// Returns what a word in a file stands for.
    pub(crate) fn of_word(word: u32) -> Self {
        Self { tag: (word / 2).checked_sub(1).map(TagIndex), with_ref: word % 2 == 1 }
    }
}
