//! The canonical options that decide how values are passed.
//! Follows CanonicalABI.md, "Canonical ABI Options".

use crate::types::PtrType;

/// The encoding of strings in a memory (the canonical option `string-encoding`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash)]
pub enum StringEncoding {
    /// `utf8`
    #[default]
    Utf8,
    /// `utf16`, little-endian
    Utf16,
    /// `latin1+utf16`: one or the other, as a tag in the length tells.
    Latin1Utf16,
}

/// The canonical options that decide how values are passed (CanonicalABI.md, "Canonical ABI
/// Options"). Write `Options { string_encoding, ..Options::default() }`, which stays right when the
/// spec adds to them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash)]
pub struct Options {
    /// The encoding of strings in the memory.
    pub string_encoding: StringEncoding,
    /// The memory's pointer type.
    pub ptr: PtrType,
    /// Whether the `async` option is given.
    pub is_async: bool,
    /// Whether a `callback` is given; matters to asynchronous lifts only.
    pub has_callback: bool,
}
