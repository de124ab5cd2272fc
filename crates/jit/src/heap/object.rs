//! What words of traced types refer to.

/// What a word of a traced type refers to, unless it is null.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Object {
    /// The exception at this position of the store.
    Exception(u32),
}

/// The upper halves of words, by kind of object. Zero is for null.
const EXCEPTION: u64 = 1;

impl Object {
    /// Returns what a word of compiled code refers to, `None` for null.
    ///
    /// # Panics
    ///
    /// Panics if no store gave out such a word.
    pub(crate) fn from_word(word: u64) -> Option<Self> {
        if word == 0 {
            return None;
        }
        assert!(word >> 32 == EXCEPTION, "words of traced types are those that the store gave out");
        Some(Self::Exception(u32::try_from(word & u64::from(u32::MAX)).expect("the lower half")))
    }

    /// Returns the word that compiled code has for it.
    pub(crate) fn word(self) -> u64 {
        let Self::Exception(index) = self;
        EXCEPTION << 32 | u64::from(index)
    }
}

/// Returns the position of the exception behind a word of compiled code, `None` for null.
pub(crate) fn index_of(word: u64) -> Option<u32> {
    let Object::Exception(index) = Object::from_word(word)?;
    Some(index)
}
