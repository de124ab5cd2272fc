//! The ledger: which directives of the suite are known not to pass, and how each of them fails.
//!
//! A line is `file:line  outcome`, or `file:line:column  outcome` where directives share a line, or
//! `file:*  counts` for all of a file. An outcome is a kind and key words, such as
//! `trap: unreachable`; counts are `passed 3, trap 2`. A reason follows after two spaces and `# `.
//! Comments start with `#` and stand on lines of their own: those before the first empty line
//! belong to the file, the others to the entry below them.
//!
//! Invariant: the entries are strictly ascending by file, line and column, and a file with counts
//! has no other entry. A directive that fails in another way than its line says is a difference,
//! like one that fails and is not listed or is listed and passes. So are counts that do not match
//! exactly.

mod line;

use crate::outcome::{FileOutcome, Happened, Kind, Outcome};
use crate::script::LineColumn;
use crate::wordings::Pair;
use line::parse_line;
use std::collections::BTreeMap;
use std::fmt;

/// What an entry is about. Ordered as the ledger is.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Key {
    /// The file, relative to the suite.
    pub file: String,
    /// The directive's position, or nothing for all of the file.
    pub position: Option<LineColumn>,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "{}:{position}", self.file),
            None => write!(f, "{}:*", self.file),
        }
    }
}

/// How many directives of a file had which outcome.
pub type ByKind = BTreeMap<Kind, u32>;

/// How a directive, or a file's directives, are known not to pass.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Listed {
    /// The directive fails like this.
    Fails(Happened),
    /// The file's directives have these outcomes.
    Counts(ByKind),
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fails(happened) => happened.fmt(f),
            Self::Counts(counts) => {
                let shown: Vec<_> =
                    counts.iter().map(|(kind, count)| format!("{} {count}", kind.name())).collect();
                f.write_str(&shown.join(", "))
            }
        }
    }
}

/// An entry of the ledger.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// What happens.
    pub listed: Listed,
    /// Why, if somebody has said so.
    pub reason: Option<String>,
    /// The comment lines above the entry.
    pub comments: Vec<String>,
}

impl Entry {
    fn line(&self, key: &Key) -> String {
        let reason = self.reason.as_ref().map(|reason| format!("  # {reason}")).unwrap_or_default();
        format!("{key}  {}{reason}", self.listed)
    }

    /// Returns whether the entry says why, or needs not.
    fn has_reason(&self) -> bool {
        let speaks = match &self.listed {
            Listed::Fails(happened) => happened.kind.speaks_for_itself(),
            Listed::Counts(_) => false,
        };
        speaks || self.reason.is_some()
    }
}

/// The known failures.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ledger {
    header: Vec<String>,
    entries: BTreeMap<Key, Entry>,
}

/// A malformed line of the ledger.
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

/// Something that the ledger does not foresee.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Difference {
    /// The directive does not pass and is not listed.
    Unlisted(Key, Happened),
    /// The directive fails in another way than the ledger says.
    FailsOtherwise(Key, Happened, Happened),
    /// The file's directives have other outcomes than the ledger says.
    OtherCounts(Key, ByKind, ByKind),
    /// The directive, or all of the file, passes and is listed.
    UnexpectedPass(Key),
    /// It is listed and is not in the suite.
    NoSuchDirective(Key),
    /// No directive needs the pair of wordings.
    UnusedWording(Pair),
}

impl Difference {
    /// Returns the entry that the difference is about.
    pub fn key(&self) -> Option<&Key> {
        match self {
            Self::Unlisted(key, _)
            | Self::FailsOtherwise(key, ..)
            | Self::OtherCounts(key, ..)
            | Self::UnexpectedPass(key)
            | Self::NoSuchDirective(key) => Some(key),
            Self::UnusedWording(_) => None,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlisted(key, found) => write!(f, "{key}  not in the ledger: {found}"),
            Self::FailsOtherwise(key, listed, found) => {
                write!(f, "{key}  fails otherwise: {found}\n  the ledger says: {listed}")
            }
            Self::OtherCounts(key, listed, found) => {
                let [listed, found] = [listed, found].map(|counts| Listed::Counts(counts.clone()));
                write!(f, "{key}  other outcomes: {found}\n  the ledger says: {listed}")
            }
            Self::UnexpectedPass(key) => write!(f, "{key}  passes, but is in the ledger"),
            Self::NoSuchDirective(key) => write!(f, "{key}  is in the ledger, but not in the suite"),
            Self::UnusedWording(pair) => write!(f, "wordings.txt: no directive needs {pair}"),
        }
    }
}

/// What [`Ledger::bless`] keeps of an entry that stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Words {
    /// Its words, if they fit, and its reason.
    Keep,
    /// Its reason only.
    Renew,
}

impl Ledger {
    /// Reads a ledger.
    ///
    /// # Errors
    ///
    /// The first line that is malformed or does not come after the one before it.
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
                let (key, listed, reason) = parse_line(line).map_err(error)?;
                if let Some((last, _)) = ledger.entries.last_key_value() {
                    if *last >= key {
                        return Err(error("not sorted by file, line and column"));
                    }
                    if last.position.is_none() && last.file == key.file {
                        return Err(error("a file with counts has no other entry"));
                    }
                }
                let comments = std::mem::take(&mut comments);
                ledger.entries.insert(key, Entry { listed, reason, comments });
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

    /// Returns the entries that need a reason and have none.
    pub fn without_reason(&self) -> impl Iterator<Item = &Key> {
        self.entries.iter().filter(|(_, entry)| !entry.has_reason()).map(|(key, _)| key)
    }

    /// Returns where `outcomes` and the ledger differ, sorted. Entries of files that are not among
    /// the outcomes say nothing about them, unless `whole_suite` says that there are no other
    /// files.
    pub fn compare(&self, outcomes: &[FileOutcome], whole_suite: bool) -> Vec<Difference> {
        let mut differences = BTreeMap::new();
        let mut unseen = self.entries.clone();
        unseen.retain(|key, _| whole_suite || outcomes.iter().any(|outcome| outcome.file == key.file));
        for outcome in outcomes {
            let whole = Key { file: outcome.file.clone(), position: None };
            if let Some(Listed::Counts(listed)) = unseen.remove(&whole).map(|entry| entry.listed) {
                let found = by_kind(outcome);
                let difference = if found.keys().all(|kind| kind.is_pass()) {
                    Some(Difference::UnexpectedPass(whole.clone()))
                } else {
                    (found != listed).then(|| Difference::OtherCounts(whole.clone(), listed, found))
                };
                differences.extend(difference.map(|difference| (whole, difference)));
                continue;
            }
            for (position, outcome) in &outcome.directives {
                let key = Key { file: whole.file.clone(), position: Some(*position) };
                let listed = unseen.remove(&key).map(|entry| entry.listed);
                let difference = compare_directive(&key, listed, outcome);
                differences.extend(difference.map(|difference| (key, difference)));
            }
        }
        for key in unseen.into_keys() {
            differences.insert(key.clone(), Difference::NoSuchDirective(key));
        }
        differences.into_values().collect()
    }

    /// Returns the ledger that agrees with `outcomes`. Reasons and comments of entries that stay
    /// are kept, and so are the entries of files that are not among the outcomes, unless
    /// `whole_suite` says that there are none.
    #[must_use]
    pub fn bless(&self, outcomes: &[FileOutcome], whole_suite: bool, words: Words) -> Self {
        let mut entries = self.entries.clone();
        entries.retain(|key, _| !whole_suite && outcomes.iter().all(|outcome| outcome.file != key.file));
        for outcome in outcomes {
            let whole = Key { file: outcome.file.clone(), position: None };
            if let Some(entry) = self.entries.get(&whole) {
                let found = by_kind(outcome);
                if !found.keys().all(|kind| kind.is_pass()) {
                    entries.insert(whole, Entry { listed: Listed::Counts(found), ..entry.clone() });
                }
                continue;
            }
            for (position, outcome) in &outcome.directives {
                let Some(found) = Happened::of(outcome) else { continue };
                let key = Key { file: whole.file.clone(), position: Some(*position) };
                let old = self.entries.get(&key).cloned();
                let listed = match (old.as_ref().map(|entry| &entry.listed), words) {
                    (Some(Listed::Fails(listed)), Words::Keep) if listed.fits(&found) => listed.clone(),
                    (Some(_) | None, Words::Keep | Words::Renew) => found.short(),
                };
                let old = old.unwrap_or(Entry {
                    listed: Listed::Fails(listed.clone()),
                    reason: None,
                    comments: Vec::new(),
                });
                entries.insert(key, Entry { listed: Listed::Fails(listed), ..old });
            }
        }
        Self { header: self.header.clone(), entries }
    }

    /// Returns the ledger whose entries are those of `over` for each file that `over` lists, and
    /// its own for every other file.
    #[must_use]
    pub fn with(&self, over: &Self) -> Self {
        let mut entries = self.entries.clone();
        entries.retain(|key, _| over.entries.keys().all(|listed| listed.file != key.file));
        entries.extend(over.entries.clone());
        Self { header: over.header.clone(), entries }
    }

    /// Returns the entries of the files for which `base` has others: what [`Self::with`] puts over
    /// `base`.
    #[must_use]
    pub fn over(&self, base: &Self) -> Self {
        let of_file = |ledger: &Self, file: &str| -> Vec<(Key, Entry)> {
            let of_file = ledger.entries.iter().filter(|(key, _)| key.file == file);
            of_file.map(|(key, entry)| (key.clone(), entry.clone())).collect()
        };
        let mut entries = self.entries.clone();
        entries.retain(|key, _| of_file(self, &key.file) != of_file(base, &key.file));
        Self { header: self.header.clone(), entries }
    }

    /// Returns the lines that `new` removes from `self`, adds and changes, sorted.
    pub fn changes(&self, new: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        let keys: std::collections::BTreeSet<_> = self.entries.keys().chain(new.entries.keys()).collect();
        for key in keys {
            let line = |ledger: &Self| ledger.entries.get(key).map(|entry| entry.line(key));
            match (line(self), line(new)) {
                (Some(old), None) => changes.push(format!("removed  {old}")),
                (None, Some(new)) => changes.push(format!("added    {new}")),
                (Some(old), Some(new)) if old != new => {
                    changes.push(format!("changed  {old}\n     to  {new}"));
                }
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
        changes
    }
}

fn compare_directive(key: &Key, listed: Option<Listed>, outcome: &Outcome) -> Option<Difference> {
    match (Happened::of(outcome), listed) {
        (None, None) => None,
        (None, Some(_)) => Some(Difference::UnexpectedPass(key.clone())),
        (Some(found), None) => Some(Difference::Unlisted(key.clone(), found.short())),
        (Some(found), Some(Listed::Fails(listed))) => {
            let fits = listed.fits(&found);
            (!fits).then(|| Difference::FailsOtherwise(key.clone(), listed, found.short()))
        }
        (Some(_), Some(Listed::Counts(_))) => unreachable!("an entry with counts has no position"),
    }
}

/// Returns how many directives of a file had which outcome.
pub fn by_kind(outcome: &FileOutcome) -> ByKind {
    let mut counts = ByKind::new();
    for (_, outcome) in &outcome.directives {
        *counts.entry(outcome.kind()).or_default() += 1;
    }
    counts
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.header {
            writeln!(f, "{line}")?;
        }
        if !self.header.is_empty() {
            writeln!(f)?;
        }
        for (key, entry) in &self.entries {
            for comment in &entry.comments {
                writeln!(f, "{comment}")?;
            }
            writeln!(f, "{}", entry.line(key))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSED: Outcome = Outcome::Passed;

    fn failed(kind: Kind, words: &str) -> Outcome {
        Outcome::Failed { expected: "1".to_owned(), got: Happened::new(kind, words) }
    }

    fn trap(words: &str) -> Outcome {
        failed(Kind::Trap, words)
    }

    fn lost() -> Outcome {
        Outcome::NotReached(Happened::new(Kind::Trap, "gone"))
    }

    /// Two files: `a.wast` with directives at 1 and at 2:3 and 2:9, `b.wast` with one at 10.
    fn outcomes(outcomes: [Outcome; 4]) -> Vec<FileOutcome> {
        let [a, b, c, d] = outcomes;
        let at = |line, column| LineColumn { line, column };
        let a = vec![(at(1, None), a), (at(2, Some(3)), b), (at(2, Some(9)), c)];
        vec![
            FileOutcome { file: "a.wast".to_owned(), directives: a },
            FileOutcome { file: "b.wast".to_owned(), directives: vec![(at(10, None), d)] },
        ]
    }

    fn check(ledger: &str, found: &[FileOutcome], expected: &[&str]) {
        let ledger = Ledger::parse(ledger).unwrap();
        let differences = ledger.compare(found, true);
        let shown: Vec<_> = differences.iter().map(ToString::to_string).collect();
        assert_eq!(shown, expected);
        assert!(ledger.bless(found, true, Words::Keep).compare(found, true).is_empty());
    }

    #[test]
    fn agreement() {
        check("", &outcomes([PASSED, PASSED, Outcome::Reworded, PASSED]), &[]);
        let found = outcomes([PASSED, PASSED, trap("wasm trap: unreachable"), lost()]);
        check("a.wast:2:9  trap: unreachable  # why\nb.wast:10  not reached: trap: gone\n", &found, &[]);
    }

    #[test]
    fn an_unlisted_failure_is_a_difference() {
        check(
            "",
            &outcomes([trap("x (at offset 0x8)"), PASSED, PASSED, lost()]),
            &[
                "a.wast:1  not in the ledger: trap: x",
                "b.wast:10  not in the ledger: not reached: trap: gone",
            ],
        );
    }

    #[test]
    fn another_way_to_fail_is_a_difference() {
        let listed = "a.wast:1  not supported yet: canon stream.new\n";
        let check = |found: Outcome, shown: &str| {
            let expected = format!(
                "a.wast:1  fails otherwise: {shown}\n  the ledger says: not supported yet: canon stream.new"
            );
            check(listed, &outcomes([found, PASSED, PASSED, PASSED]), &[&expected]);
        };
        check(failed(Kind::Panic, "boom (at a.rs:1)"), "panicked: boom");
        check(failed(Kind::Hang, ""), "hangs");
        check(failed(Kind::Value, "the value 3"), "value: the value 3");
        check(trap("not supported yet: canon stream.new"), "trap: not supported yet: canon stream.new");
        check(failed(Kind::Unsupported, "canon future.new"), "not supported yet: canon future.new");
        check(lost(), "not reached: trap: gone");
    }

    #[test]
    fn an_unexpected_pass_is_a_difference() {
        let found = outcomes([PASSED, PASSED, PASSED, PASSED]);
        check("a.wast:2:3  trap: x\n", &found, &["a.wast:2:3  passes, but is in the ledger"]);
        let found = outcomes([PASSED, Outcome::Reworded, PASSED, PASSED]);
        check("a.wast:2:3  trap: x\n", &found, &["a.wast:2:3  passes, but is in the ledger"]);
    }

    #[test]
    fn an_entry_without_a_directive_is_a_difference() {
        let found = outcomes([PASSED, PASSED, PASSED, PASSED]);
        check(
            "a.wast:2  trap: x\nc.wast:1  trap: x\nd.wast:*  trap 1\n",
            &found,
            &[
                "a.wast:2  is in the ledger, but not in the suite",
                "c.wast:1  is in the ledger, but not in the suite",
                "d.wast:*  is in the ledger, but not in the suite",
            ],
        );
        let part = Ledger::parse("c.wast:1  trap: x\n").unwrap();
        assert!(part.compare(&found, false).is_empty());
        assert_eq!(part.bless(&found, false, Words::Keep), part);
    }

    #[test]
    fn counts_match_exactly() {
        let found = outcomes([PASSED, trap("x"), trap("y"), PASSED]);
        check("a.wast:*  passed 1, trap 2  # why\n", &found, &[]);
        let other =
            |listed: &str| format!("a.wast:*  other outcomes: passed 1, trap 2\n  the ledger says: {listed}");
        for listed in ["trap 3", "passed 2, trap 1", "passed 1, trap 1, panicked 1", "passed 1, trap 1"] {
            check(&format!("a.wast:*  {listed}  # why\n"), &found, &[&other(listed)]);
        }
        check("b.wast:*  passed 1\n", &found[1..], &["b.wast:*  passes, but is in the ledger"]);
        let ledger = Ledger::parse("a.wast:*  trap 3  # why\nb.wast:*  trap 1\n").unwrap();
        let blessed = ledger.bless(&found, true, Words::Keep).to_string();
        assert_eq!(blessed, "a.wast:*  passed 1, trap 2  # why\n");
    }

    #[test]
    fn a_ledger_over_another_one() {
        let base =
            Ledger::parse("# a\n\na.wast:1  trap: x\na.wast:2  trap: x\nb.wast:10  trap: y\n").unwrap();
        let over = Ledger::parse("# b\n\na.wast:*  trap 3\n").unwrap();
        let both = base.with(&over);
        assert_eq!(both.to_string(), "# b\n\na.wast:*  trap 3\nb.wast:10  trap: y\n");
        assert_eq!(both.over(&base), over);
    }

    #[test]
    fn bad_ledgers() {
        let check = |text: &str, expected: &str| {
            assert_eq!(Ledger::parse(text).unwrap_err().to_string(), expected, "{text}");
        };
        let unsorted = "ledger line 2: not sorted by file, line and column";
        check("a.wast:2  trap: x\na.wast:1  trap: x\n", unsorted);
        check("a.wast:1  trap: x\na.wast:1  trap: x\n", unsorted);
        check("b.wast:1  trap: x\na.wast:1  trap: x\n", unsorted);
        check(
            "a.wast:*  trap 1\na.wast:1  trap: x\n",
            "ledger line 2: a file with counts has no other entry",
        );
        check("a.wast:1\n", "ledger line 1: no outcome: it follows two spaces");
        check("a.wast:1  \n", "ledger line 1: an outcome starts with its kind, such as `trap: `");
        check("a.wast:1  whatever\n", "ledger line 1: an outcome starts with its kind, such as `trap: `");
        check("a.wast:1  passed: x\n", "ledger line 1: an outcome starts with its kind, such as `trap: `");
        check("a.wast:1  trap\n", "ledger line 1: an outcome has key words behind its kind");
        check("a.wast:1  trap: x  # \n", "ledger line 1: an empty reason");
        check("a.wast:*  whatever\n", "ledger line 1: counts are like `passed 3, trap 2`");
        check("a.wast:*  trap 0\n", "ledger line 1: counts are like `passed 3, trap 2`");
        check("a:1  trap: x\n", "ledger line 1: does not start with a file");
        for place in ["a.wast", "a.wast:0", "a.wast:1:2:3", "a.wast:1:x"] {
            check(&format!("{place}  trap: x\n"), "ledger line 1: a position is line, line:column or *");
        }
        check(
            "a.wast:1  trap: x\n\nb.wast:1  trap: x\n",
            "ledger line 2: empty, which only the line below the header may be",
        );
        check("a.wast:1  trap: x\n# y\n", "ledger line 2: a comment at the end belongs to no entry");
    }

    #[test]
    fn what_does_not_speak_for_itself_needs_a_reason() {
        let ledger = Ledger::parse(
            "a.wast:*  trap 1\nb.wast:1  trap: x\nb.wast:2  not supported yet: y\nb.wast:3  trap: x  # why\n",
        );
        let without: Vec<_> = ledger.as_ref().unwrap().without_reason().map(ToString::to_string).collect();
        assert_eq!(without, ["a.wast:*", "b.wast:1"]);
    }

    #[test]
    fn blessing_keeps_reasons_and_comments_and_shows_what_it_changes() {
        let text = "# header\n\na.wast:1  trap: x  # old\n# why\na.wast:2:3  trap: y\nb.wast:10  trap: z\n";
        let ledger = Ledger::parse(text).unwrap();
        assert_eq!(ledger.to_string(), text);
        let found = outcomes([trap("an x"), trap("w"), failed(Kind::Unsupported, "v\nmore"), PASSED]);
        let kept = ledger.bless(&found, true, Words::Keep);
        let expected = "# header\n\na.wast:1  trap: x  # old\n# why\na.wast:2:3  trap: w\n\
                        a.wast:2:9  not supported yet: v\n";
        assert_eq!(kept.to_string(), expected);
        let renewed = ledger.bless(&found, true, Words::Renew);
        assert_eq!(renewed.to_string(), expected.replace("trap: x", "trap: an x"));
        assert_eq!(
            ledger.changes(&kept),
            [
                "changed  a.wast:2:3  trap: y\n     to  a.wast:2:3  trap: w",
                "added    a.wast:2:9  not supported yet: v",
                "removed  b.wast:10  trap: z",
            ]
        );
        assert!(kept.changes(&kept).is_empty());
    }
}
