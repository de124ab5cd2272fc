//! Error contexts. Follows CanonicalABI.md, "`canon error-context.new`".

use alloc::string::String;

/// What has gone wrong, in words for a developer (the spec's `ErrorContext`).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ErrorContext {
    /// The words. The host may have changed or dropped them.
    pub debug_message: String,
}
