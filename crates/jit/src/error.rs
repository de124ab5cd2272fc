//! Errors: bad input, what is not supported yet, and limits. A guest's own fault is a `Trap`.

use std::borrow::Cow;
use std::fmt;

/// The result of an operation that fails with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a host function returns when it fails. It reaches the outer caller as
/// [`TrapKind::Host`](crate::TrapKind::Host).
pub type HostError = Box<dyn std::error::Error + Send + Sync>;

/// Why the crate refused an input.
///
/// Display is one line: the message, then the byte offset in the module where there is one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    offset: Option<u64>,
    budget: Option<BudgetKind>,
}

/// A limit on what the guests of a store take in bytes ([`StoreLimits`](crate::StoreLimits)).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BudgetKind {
    /// [`StoreLimits::size_bytes`](crate::StoreLimits::size_bytes)
    Sizes,
    /// [`StoreLimits::instance_bytes`](crate::StoreLimits::instance_bytes)
    Instances,
}

/// What kind of failure an [`Error`] is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorKind {
    /// The bytes are not a valid module (core specification, "Binary Format" and "Validation").
    Invalid,
    /// The module is valid and uses what this crate does not compile yet.
    Unsupported,
    /// A limit of the configuration or of the system is exceeded.
    Limit,
    /// The host cannot run compiled code (its processor or its memory manager refused).
    Host,
    /// An embedder's value does not fit the type of the place it goes to.
    Type,
    /// A linker has the name already.
    Link,
    /// A file is not a compiled module that this engine may run.
    Artifact,
    /// Whoever watched a compilation has ended it ([`Watch`](crate::Watch)).
    Cancelled,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), offset: None, budget: None }
    }

    /// Returns the error for a compilation that was ended.
    #[cold]
    pub(crate) fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "the compilation was cancelled")
    }

    /// Returns the error for a feature that is valid and not compiled yet.
    #[cold]
    pub(crate) fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Unsupported, format!("not supported yet: {what}"))
    }

    #[cold]
    pub(crate) fn host(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Host, message)
    }

    #[cold]
    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    #[cold]
    pub(crate) fn over_budget(budget: BudgetKind, message: impl Into<String>) -> Self {
        Self { budget: Some(budget), ..Self::limit(message) }
    }

    #[cold]
    pub(crate) fn artifact(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Artifact, message)
    }

    #[cold]
    pub(crate) fn link(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Link, message)
    }

    #[cold]
    pub(crate) fn type_mismatch(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Type, message)
    }

    /// Returns the same error, placed at a byte offset of the module unless it has one already.
    pub(crate) fn at(mut self, offset: u64) -> Self {
        self.offset.get_or_insert(offset);
        self
    }

    /// Returns the kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the budget of a store that is exceeded, if that is the failure.
    pub fn budget(&self) -> Option<BudgetKind> {
        self.budget
    }

    /// Returns the message without the position.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the byte offset in the module, if the failure has one.
    pub fn offset(&self) -> Option<u64> {
        self.offset
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.offset {
            Some(offset) => write!(f, " (at offset 0x{offset:x})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<wasmparser::Error> for Error {
    fn from(e: wasmparser::Error) -> Self {
        // The validator quotes names as they are.
        Self::new(ErrorKind::Invalid, escape(e.message())).at(e.offset())
    }
}

/// Returns text from a module so that it can be shown to people: characters that a terminal obeys,
/// or that change the direction of text, are written as escapes.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    let is_obeyed = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let escaped = |c: char| if is_obeyed(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escaped).collect())
}
