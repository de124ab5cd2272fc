//! What happened to a directive, and the short form of it that the ledger lists.
//!
//! Invariant: the short form is one line without positions, so that failures of one cause look
//! alike.

use crate::script::LineColumn;
use crate::subjects::{Failure, FailureKind};
use std::fmt;

/// What became of a directive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It held.
    Passed,
    /// It failed as it should, in other words, and `wordings.txt` has the pair.
    Reworded,
    /// It did not hold.
    Failed {
        /// What should have happened.
        expected: String,
        /// What happened.
        got: Happened,
    },
    /// What it refers to never came into being, because of this.
    NotReached(Happened),
}

/// What became of a file's directives, in order.
#[derive(Clone, Debug)]
pub struct FileOutcome {
    /// The file, relative to the suite.
    pub file: String,
    /// Its directives. A file that does not parse has a single one, which failed.
    pub directives: Vec<(LineColumn, Outcome)>,
}

/// The kinds of outcome, in the order of a ledger's counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// [`Outcome::Passed`].
    Passed,
    /// [`Outcome::Reworded`].
    Reworded,
    /// A value, or a success, that is not the one expected.
    Value,
    /// A failure of the expected kind in words that `wordings.txt` does not pair with the suite's.
    Words,
    /// A binary that was rejected.
    Invalid,
    /// A feature that is not supported.
    Unsupported,
    /// An import that could not be satisfied.
    Unlinkable,
    /// A trap.
    Trap,
    /// An exception that nobody caught.
    Exception,
    /// A request for something that is not there.
    Misuse,
    /// A fault that the engine admits.
    Internal,
    /// Text that does not encode.
    Text,
    /// A script that this crate does not understand.
    Script,
    /// A panic.
    Panic,
    /// A directive that did not end in time.
    Hang,
    /// A thread that ended without an outcome.
    Died,
    /// [`Outcome::NotReached`].
    NotReached,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Passed,
        Self::Reworded,
        Self::Value,
        Self::Words,
        Self::Invalid,
        Self::Unsupported,
        Self::Unlinkable,
        Self::Trap,
        Self::Exception,
        Self::Misuse,
        Self::Internal,
        Self::Text,
        Self::Script,
        Self::Panic,
        Self::Hang,
        Self::Died,
        Self::NotReached,
    ];

    /// Returns the kind's name in ledgers and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Reworded => "reworded",
            Self::Value => "value",
            Self::Words => "words",
            Self::Invalid => "invalid",
            Self::Unsupported => UNSUPPORTED,
            Self::Unlinkable => "unlinkable",
            Self::Trap => "trap",
            Self::Exception => "exception",
            Self::Misuse => "misuse",
            Self::Internal => "internal",
            Self::Text => "text",
            Self::Script => "script",
            Self::Panic => "panicked",
            Self::Hang => "hangs",
            Self::Died => "died",
            Self::NotReached => "not reached",
        }
    }

    /// Returns the kind of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns whether a line of the ledger says all there is to say by itself, without a reason.
    pub fn speaks_for_itself(self) -> bool {
        matches!(self, Self::Unsupported | Self::NotReached)
    }

    /// Returns whether a directive of this kind holds.
    pub fn is_pass(self) -> bool {
        matches!(self, Self::Passed | Self::Reworded)
    }
}

/// The kind of [`Kind::Unsupported`], and how engines start the texts of that kind.
const UNSUPPORTED: &str = "not supported yet";

/// Something that happened in place of what should.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Happened {
    /// Its kind.
    pub kind: Kind,
    /// What the engine or the runner says of it.
    pub words: String,
}

impl Happened {
    /// Returns what happened, of this kind and in these words.
    pub fn new(kind: Kind, words: impl Into<String>) -> Self {
        let words: String = words.into();
        let words = match (kind, words.strip_prefix(UNSUPPORTED)) {
            (Kind::Unsupported, Some(rest)) => rest.trim_start_matches(": ").to_owned(),
            _ => words,
        };
        Self { kind, words }
    }

    /// Returns what happened to a directive that does not hold, and nothing for one that does.
    pub fn of(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Passed | Outcome::Reworded => None,
            Outcome::Failed { got, .. } => Some(got.clone()),
            Outcome::NotReached(cause) => Some(Self::new(Kind::NotReached, cause.to_string())),
        }
    }

    /// Returns the short form.
    #[must_use]
    pub fn short(&self) -> Self {
        let mut words = one_line(&self.words);
        if let Some((at, _)) = words.char_indices().nth(MAX_CHARS) {
            words.truncate(at);
            words.push('…');
        }
        Self { kind: self.kind, words }
    }

    /// Returns whether `self`, as the ledger lists it, is what happened: of the same kind, and its
    /// words are among those of `happened`.
    pub fn fits(&self, happened: &Self) -> bool {
        self.kind == happened.kind && happened.short().words.contains(&self.words)
    }

    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, words) = text.split_once(": ").unwrap_or((text, ""));
        Some(Self { kind: Kind::of_name(name)?, words: words.to_owned() })
    }
}

impl From<Failure> for Happened {
    fn from(failure: Failure) -> Self {
        let kind = match failure.kind {
            FailureKind::Invalid => Kind::Invalid,
            FailureKind::Unsupported => Kind::Unsupported,
            FailureKind::Unlinkable => Kind::Unlinkable,
            FailureKind::Trap => Kind::Trap,
            FailureKind::Exception => Kind::Exception,
            FailureKind::Misuse => Kind::Misuse,
            FailureKind::Internal => Kind::Internal,
        };
        Self::new(kind, failure.message)
    }
}

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if self.words.is_empty() { Ok(()) } else { write!(f, ": {}", self.words) }
    }
}

impl Outcome {
    /// Returns the kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Passed => Kind::Passed,
            Self::Reworded => Kind::Reworded,
            Self::Failed { got, .. } => got.kind,
            Self::NotReached(_) => Kind::NotReached,
        }
    }
}

/// The longest short form of words, in characters.
const MAX_CHARS: usize = 120;

/// Returns the first line of `text` without the position at its end and without double spaces.
pub(crate) fn one_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let line = match line.rfind(" (at ") {
        Some(at) if line.ends_with(')') => &line[..at],
        Some(_) | None => line,
    };
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_have_no_positions() {
        let check = |kind, words: &str, expected: &str| {
            let short = Happened::new(kind, words).short();
            assert_eq!(short.to_string(), expected);
            assert_eq!(Happened::parse(expected), Some(short));
        };
        check(Kind::Invalid, "type mismatch (at offset 0x8a)", "invalid: type mismatch");
        check(Kind::Panic, "boom (at crates/jit/src/a.rs:3)", "panicked: boom");
        check(Kind::Panic, "not supported yet: x", "panicked: not supported yet: x");
        check(Kind::Unsupported, "not supported yet: x", "not supported yet: x");
        check(Kind::Unsupported, "too many locals", "not supported yet: too many locals");
        check(Kind::Trap, &"x".repeat(200), &format!("trap: {}…", "x".repeat(120)));
        check(Kind::Hang, "", "hangs");
        check(Kind::NotReached, "trap: a  b\nc", "not reached: trap: a b");
        assert_eq!(Happened::parse("nonsense: x"), None);
    }

    #[test]
    fn kind_and_key_words_must_fit() {
        let trap = Happened::new(Kind::Trap, "wasm trap: unreachable (at offset 0x8a)");
        let check = |listed: &str, expected| {
            assert_eq!(Happened::parse(listed).unwrap().fits(&trap), expected, "{listed}");
        };
        check("trap: wasm trap: unreachable", true);
        check("trap: unreachable", true);
        check("trap: out of bounds", false);
        check("panicked: wasm trap: unreachable", false);
        check("not supported yet: wasm trap: unreachable", false);
    }
}
