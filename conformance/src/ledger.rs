//! The ledger: which directives of the suite are known not to pass, each with a reason.
//!
//! A line is `file:line  reason`, or `file:line:column  reason` where directives share a line, or `file:*  reason`
//! for every directive of a file that does not pass. Comments start with `#` and stand on lines of their own, those
//! before the first empty line belong to the file, the others to the entry below them.
//!
//! Invariant: the entries are strictly ascending by file, line and column, and each has a reason. Both a
//! failure that is not listed and a listed directive that passes are differences.

use crate::pool::FileOutcome;
use crate::run::Outcome;
use crate::script::Place;
use std::collections::BTreeMap;
use std::fmt;

/// Which directive an entry is about. Ordered as the ledger is.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Key {
    /// The file, relative to the suite.
    pub file: String,
    /// The place in it.
    pub place: Place,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.place)
    }
}

/// Why a directive does not pass.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The reason, one line.
    pub reason: String,
    /// The comment lines above the entry.
    pub comments: Vec<String>,
}

/// The known failures.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ledger {
    header: Vec<String>,
    entries: BTreeMap<Key, Entry>,
}

/// A line of the ledger that is not as it should be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LedgerError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ledger line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for LedgerError {}

/// A directive whose outcome the ledger does not foresee.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Difference {
    /// It does not pass and is not listed; with the reason that [`Ledger::bless`] would give it.
    Unlisted(Key, String),
    /// It passes and is listed.
    UnexpectedPass(Key),
    /// It is listed and is not in the suite.
    NoSuchDirective(Key),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlisted(key, reason) => write!(f, "{key}  not in the ledger: {reason}"),
            Self::UnexpectedPass(key) => write!(f, "{key}  passes, but is in the ledger"),
            Self::NoSuchDirective(key) => write!(f, "{key}  is in the ledger, but not in the suite"),
        }
    }
}

/// Which reasons [`Ledger::bless`] keeps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reasons {
    /// An entry that stays keeps its reason.
    Keep,
    /// Every entry's reason is derived from its failure.
    Renew,
}

impl Ledger {
    /// Reads a ledger.
    ///
    /// # Errors
    ///
    /// The first line that is malformed, has no reason, or does not come after the one before it.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let mut ledger = Self::default();
        let mut comments = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let error = |message: &str| LedgerError { line: i + 1, message: message.to_owned() };
            if line.starts_with('#') {
                comments.push(line.to_owned());
            } else if line.trim().is_empty() {
                if !ledger.entries.is_empty() || !ledger.header.is_empty() {
                    return Err(error("empty, which only the line below the header may be"));
                }
                ledger.header.append(&mut comments);
            } else {
                let (key, reason) = parse_line(line).map_err(error)?;
                if ledger.entries.last_key_value().is_some_and(|(last, _)| *last >= key) {
                    return Err(error("not sorted by file, line and column"));
                }
                let comments = std::mem::take(&mut comments);
                ledger.entries.insert(key, Entry { reason: reason.to_owned(), comments });
            }
        }
        if !comments.is_empty() {
            let message = "a comment at the end belongs to no entry".to_owned();
            return Err(LedgerError { line: text.lines().count(), message });
        }
        Ok(ledger)
    }

    /// Returns the entries, sorted.
    pub fn entries(&self) -> &BTreeMap<Key, Entry> {
        &self.entries
    }

    /// Returns where `outcomes` and the ledger differ, sorted. Entries of files that are not among the
    /// outcomes say nothing about them, unless `whole_suite` says that there are no other files.
    pub fn compare(&self, outcomes: &[FileOutcome], whole_suite: bool) -> Vec<(Key, Difference)> {
        let mut differences = BTreeMap::new();
        let mut unseen = self.entries.clone();
        unseen.retain(|key, _| whole_suite || outcomes.iter().any(|outcome| outcome.file == key.file));
        for (key, outcome) in directives(outcomes) {
            let whole = whole_file(&key);
            let listed = unseen.remove(&key).is_some();
            if !listed && self.entries.contains_key(&whole) {
                if reason(outcome).is_some() {
                    unseen.remove(&whole);
                }
                continue;
            }
            let difference = match (reason(outcome), listed) {
                (Some(reason), false) => Difference::Unlisted(key.clone(), reason),
                (None, true) => Difference::UnexpectedPass(key.clone()),
                (Some(_), true) | (None, false) => continue,
            };
            differences.insert(key, difference);
        }
        for key in unseen.into_keys() {
            let is_run = outcomes.iter().any(|outcome| outcome.file == key.file);
            let difference = if key.place == Place::WHOLE_FILE && is_run {
                Difference::UnexpectedPass(key.clone())
            } else {
                Difference::NoSuchDirective(key.clone())
            };
            differences.insert(key, difference);
        }
        differences.into_iter().collect()
    }

    /// Returns the ledger that agrees with `outcomes`. Comments of entries that stay are kept, and so are the
    /// entries of files that are not among the outcomes, unless `whole_suite` says that there are none.
    #[must_use]
    pub fn bless(&self, outcomes: &[FileOutcome], whole_suite: bool, reasons: Reasons) -> Self {
        let mut entries = self.entries.clone();
        entries.retain(|key, _| !whole_suite && outcomes.iter().all(|outcome| outcome.file != key.file));
        for (key, outcome) in directives(outcomes) {
            let Some(derived) = reason(outcome) else { continue };
            let whole = whole_file(&key);
            if let Some(entry) = self.entries.get(&whole) {
                entries.insert(whole, entry.clone());
                continue;
            }
            let mut entry = Entry { reason: derived, comments: Vec::new() };
            if let Some(old) = self.entries.get(&key) {
                entry.comments.clone_from(&old.comments);
                match reasons {
                    Reasons::Keep => entry.reason.clone_from(&old.reason),
                    Reasons::Renew => {}
                }
            }
            entries.insert(key, entry);
        }
        Self { header: self.header.clone(), entries }
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.header {
            writeln!(f, "{line}")?;
        }
        if !self.header.is_empty() {
            writeln!(f)?;
        }
        for (key, Entry { reason, comments }) in &self.entries {
            for comment in comments {
                writeln!(f, "{comment}")?;
            }
            writeln!(f, "{key}  {reason}")?;
        }
        Ok(())
    }
}

fn parse_line(line: &str) -> Result<(Key, &str), &'static str> {
    let (place, reason) = line.split_once("  ").ok_or("no reason: it follows two spaces")?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err("no reason: it follows two spaces");
    }
    let mut parts = place.split(':');
    let file = parts.next().filter(|file| file.ends_with(".wast")).ok_or("does not start with a file")?;
    let rest = parts.clone().collect::<Vec<_>>();
    if rest == ["*"] {
        return Ok((Key { file: file.to_owned(), place: Place::WHOLE_FILE }, reason));
    }
    let number = |part: &str| part.parse().ok().filter(|&n| n > 0).ok_or("a place is line or line:column");
    let line = number(parts.next().unwrap_or_default())?;
    let column = parts.next().map(number).transpose()?;
    match parts.next() {
        None => Ok((Key { file: file.to_owned(), place: Place { line, column } }, reason)),
        Some(_) => Err("a place is line or line:column"),
    }
}

/// Returns the key of the entry for all of a directive's file.
fn whole_file(key: &Key) -> Key {
    Key { file: key.file.clone(), place: Place::WHOLE_FILE }
}

fn directives(outcomes: &[FileOutcome]) -> impl Iterator<Item = (Key, &Outcome)> {
    outcomes.iter().flat_map(|FileOutcome { file, directives }| {
        directives.iter().map(|(place, outcome)| (Key { file: file.clone(), place: *place }, outcome))
    })
}

/// Returns the reason that is derived from an outcome: nothing for a pass, otherwise one line without
/// positions, so that failures of one cause have one reason.
pub fn reason(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Passed => None,
        Outcome::NotReached(cause) => Some(format!("not reached: {}", category(cause))),
        Outcome::Failed { expected, got } => Some(match category(got) {
            got if [UNSUPPORTED, PANICKED, HANGS].iter().any(|start| got.starts_with(start)) => got,
            got => format!("wanted {}, got {got}", category(expected)),
        }),
    }
}

/// How the texts start that are reasons by themselves.
const UNSUPPORTED: &str = "not supported yet";
const PANICKED: &str = "panicked: ";
const HANGS: &str = "hangs";

/// The longest text of an outcome that goes into a reason, in characters.
const MAX_CATEGORY_CHARS: usize = 120;

fn category(text: &str) -> String {
    let unsupported = text.find(UNSUPPORTED).filter(|_| !text.starts_with(PANICKED));
    let text = unsupported.map_or(text, |at| &text[at..]);
    let line = text.lines().next().unwrap_or_default();
    let line = match line.rfind(" (at ") {
        Some(at) if line.ends_with(')') => &line[..at],
        Some(_) | None => line,
    };
    let mut line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = line.char_indices().nth(MAX_CATEGORY_CHARS) {
        line.truncate(at);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(got: &str) -> Outcome {
        Outcome::Failed { expected: "1".to_owned(), got: got.to_owned() }
    }

    /// Two files: `a.wast` with directives at 1 and at 2:3 and 2:9, `b.wast` with one at 10.
    fn outcomes(outcomes: [Outcome; 4]) -> Vec<FileOutcome> {
        let [a, b, c, d] = outcomes;
        let place = |line, column| Place { line, column };
        let a = vec![(place(1, None), a), (place(2, Some(3)), b), (place(2, Some(9)), c)];
        vec![
            FileOutcome { file: "a.wast".to_owned(), directives: a },
            FileOutcome { file: "b.wast".to_owned(), directives: vec![(place(10, None), d)] },
        ]
    }

    fn check(ledger: &str, found: &[FileOutcome], expected: &[&str]) {
        let ledger = Ledger::parse(ledger).unwrap();
        let differences = ledger.compare(found, true);
        let shown: Vec<_> = differences.iter().map(|(_, d)| d.to_string()).collect();
        assert_eq!(shown, expected);
        assert!(ledger.bless(found, true, Reasons::Keep).compare(found, true).is_empty());
    }

    const PASSED: Outcome = Outcome::Passed;

    #[test]
    fn agreement() {
        check("", &outcomes([PASSED, PASSED, PASSED, PASSED]), &[]);
        let found = outcomes([PASSED, PASSED, failed("2"), Outcome::NotReached("gone".to_owned())]);
        check("a.wast:2:9  some reason\nb.wast:10  another\n", &found, &[]);
    }

    #[test]
    fn an_unlisted_failure_is_a_difference() {
        let found = outcomes([failed("2"), PASSED, PASSED, Outcome::NotReached("gone".to_owned())]);
        check(
            "",
            &found,
            &[
                "a.wast:1  not in the ledger: wanted 1, got 2",
                "b.wast:10  not in the ledger: not reached: gone",
            ],
        );
    }

    #[test]
    fn an_unexpected_pass_is_a_difference() {
        let found = outcomes([PASSED, PASSED, PASSED, PASSED]);
        check("a.wast:2:3  why\n", &found, &["a.wast:2:3  passes, but is in the ledger"]);
    }

    #[test]
    fn an_entry_without_a_directive_is_a_difference() {
        let found = outcomes([PASSED, PASSED, PASSED, PASSED]);
        check(
            "a.wast:2  why\nc.wast:1  why\n",
            &found,
            &[
                "a.wast:2  is in the ledger, but not in the suite",
                "c.wast:1  is in the ledger, but not in the suite",
            ],
        );
        let part = Ledger::parse("c.wast:1  why\n").unwrap();
        assert!(part.compare(&found, false).is_empty());
        assert_eq!(part.bless(&found, false, Reasons::Keep), part);
    }

    #[test]
    fn an_entry_for_a_whole_file() {
        let found = outcomes([PASSED, failed("2"), failed("3"), PASSED]);
        check("a.wast:*  why\n", &found, &[]);
        check("a.wast:*  why\nb.wast:*  why\n", &found, &["b.wast:*  passes, but is in the ledger"]);
        let ledger = Ledger::parse("a.wast:*  why\nb.wast:*  why\nc.wast:*  why\n").unwrap();
        assert_eq!(ledger.bless(&found, true, Reasons::Keep).to_string(), "a.wast:*  why\n");
        let strange = ledger.compare(&found, true).pop().map(|(_, difference)| difference.to_string());
        assert_eq!(strange.as_deref(), Some("c.wast:*  is in the ledger, but not in the suite"));
    }

    #[test]
    fn bad_ledgers() {
        let check = |text: &str, expected: &str| {
            assert_eq!(Ledger::parse(text).unwrap_err().to_string(), expected, "{text}");
        };
        check("a.wast:2  x\na.wast:1  x\n", "ledger line 2: not sorted by file, line and column");
        check("a.wast:1  x\na.wast:1  x\n", "ledger line 2: not sorted by file, line and column");
        check("b.wast:1  x\na.wast:1  x\n", "ledger line 2: not sorted by file, line and column");
        check("a.wast:1\n", "ledger line 1: no reason: it follows two spaces");
        check("a.wast:1   \n", "ledger line 1: no reason: it follows two spaces");
        check("a:1  x\n", "ledger line 1: does not start with a file");
        check("a.wast  x\n", "ledger line 1: a place is line or line:column");
        check("a.wast:0  x\n", "ledger line 1: a place is line or line:column");
        check("a.wast:1:2:3  x\n", "ledger line 1: a place is line or line:column");
        check(
            "a.wast:1  x\n\nb.wast:1  x\n",
            "ledger line 2: empty, which only the line below the header may be",
        );
        check("a.wast:1  x\n# y\n", "ledger line 2: a comment at the end belongs to no entry");
    }

    #[test]
    fn blessing_keeps_reasons_and_comments() {
        let text = "# header\n\na.wast:1  old reason\n# why\na.wast:2:3  mine\nb.wast:10  gone\n";
        let ledger = Ledger::parse(text).unwrap();
        assert_eq!(ledger.to_string(), text);
        let found = outcomes([failed("2"), failed("3"), failed("trap: not supported yet: x\nmore"), PASSED]);
        let kept = ledger.bless(&found, true, Reasons::Keep).to_string();
        let expected = "# header\n\na.wast:1  old reason\n# why\na.wast:2:3  mine\n\
                        a.wast:2:9  not supported yet: x\n";
        assert_eq!(kept, expected);
        let renewed = ledger.bless(&found, true, Reasons::Renew).to_string();
        assert_eq!(
            renewed,
            expected.replace("old reason", "wanted 1, got 2").replace("mine", "wanted 1, got 3")
        );
    }

    #[test]
    fn reasons_have_no_positions() {
        let check = |got: &str, expected: &str| assert_eq!(reason(&failed(got)).as_deref(), Some(expected));
        check("invalid: type mismatch (at offset 0x8a)", "wanted 1, got invalid: type mismatch");
        check("panicked: boom (at crates/jit/src/a.rs:3)", "panicked: boom");
        check("panicked: not supported yet: x", "panicked: not supported yet: x");
        check("unlinkable: not supported yet: x", "not supported yet: x");
        check(&"x".repeat(200), &format!("wanted 1, got {}…", "x".repeat(120)));
        assert_eq!(reason(&Outcome::Passed), None);
    }
}
