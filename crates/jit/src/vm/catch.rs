//! What the numbers in exception tables mean.

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
    /// Returns the number that stands for it in exception tables.
    pub(crate) fn to_tag(self) -> u32 {
        self.tag.map_or(0, |tag| tag.0 + 1) * 2 + u32::from(self.with_ref)
    }

    /// Returns what a number in an exception table stands for.
    pub(crate) fn of_tag(tag: u32) -> Self {
        Self { tag: (tag / 2).checked_sub(1).map(TagIndex), with_ref: tag % 2 == 1 }
    }
}
