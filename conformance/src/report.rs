//! Prints outcomes: a table for people, JSON for programs, counts by reason for planning.

use crate::ledger::{Difference, Key, Ledger};
use crate::outcome::{FileOutcome, Happened, Outcome};
use crate::script::Language;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// How many directives of a file, or of all, had which outcome.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Those that held.
    pub n_passed: u32,
    /// Those that held in other words than the suite's.
    pub n_reworded: u32,
    /// Those that did not hold.
    pub n_failed: u32,
    /// Those whose definition or instance never came into being.
    pub n_not_reached: u32,
}

impl Counts {
    /// Counts the directives of `outcome`.
    pub fn of(outcome: &FileOutcome) -> Self {
        let mut counts = Self::default();
        for (_, outcome) in &outcome.directives {
            match outcome {
                Outcome::Passed => counts.n_passed += 1,
                Outcome::Reworded => counts.n_reworded += 1,
                Outcome::Failed { .. } => counts.n_failed += 1,
                Outcome::NotReached(_) => counts.n_not_reached += 1,
            }
        }
        counts
    }

    /// Counts the directives of all `outcomes`.
    pub fn total(outcomes: &[FileOutcome]) -> Self {
        outcomes.iter().map(Self::of).fold(Self::default(), |a, b| Self {
            n_passed: a.n_passed + b.n_passed,
            n_reworded: a.n_reworded + b.n_reworded,
            n_failed: a.n_failed + b.n_failed,
            n_not_reached: a.n_not_reached + b.n_not_reached,
        })
    }

    /// Returns the number of directives.
    pub fn n_directives(&self) -> u32 {
        self.n_passed + self.n_reworded + self.n_failed + self.n_not_reached
    }
}

/// Which parts a textual report has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts {
    /// Every directive that does not pass, with what was expected and what happened.
    pub failures: bool,
    /// How often each reason occurs.
    pub reasons: bool,
}

/// The report as text: the table, the parts asked for, and the verdict.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// What became of the directives.
    pub outcomes: &'a [FileOutcome],
    /// Where that is not what the ledger says.
    pub differences: &'a [Difference],
    /// Which parts to print.
    pub parts: Parts,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.parts.failures {
            write_failures(out, self.outcomes)?;
        }
        write_table(out, self.outcomes)?;
        if self.parts.reasons {
            writeln!(out, "\n count  reason")?;
            for (reason, count) in by_reason(self.outcomes) {
                writeln!(out, "{count:>6}  {reason}")?;
            }
        }
        if self.differences.is_empty() {
            return writeln!(out, "\nThe outcome is what the ledger says.");
        }
        writeln!(out, "\nDifferences from the ledger: {}", self.differences.len())?;
        for difference in self.differences {
            writeln!(out, "{difference}")?;
        }
        Ok(())
    }
}

fn write_table(out: &mut fmt::Formatter<'_>, outcomes: &[FileOutcome]) -> fmt::Result {
    let total = format!("total: {} files", outcomes.len());
    let names = outcomes.iter().map(|outcome| outcome.file.as_str());
    let width = names.chain([total.as_str()]).map(str::len).max().unwrap_or_default();
    writeln!(out, "{:<width$}  directives  passed  reworded  failed  not reached", "file")?;
    let mut row = |name: &str, counts: Counts| {
        let Counts { n_passed, n_reworded, n_failed, n_not_reached } = counts;
        let n_directives = counts.n_directives();
        write!(out, "{name:<width$}  {n_directives:>10}  {n_passed:>6}  {n_reworded:>8}")?;
        writeln!(out, "  {n_failed:>6}  {n_not_reached:>11}")
    };
    for outcome in outcomes {
        row(&outcome.file, Counts::of(outcome))?;
    }
    row(&total, Counts::total(outcomes))
}

fn write_failures(out: &mut fmt::Formatter<'_>, outcomes: &[FileOutcome]) -> fmt::Result {
    for FileOutcome { file, directives } in outcomes {
        for (position, outcome) in directives {
            match outcome {
                Outcome::Passed | Outcome::Reworded => {}
                Outcome::Failed { expected, got } => {
                    writeln!(out, "{file}:{position}  failed\n  expected: {expected}\n  got:      {got}")?;
                }
                Outcome::NotReached(cause) => writeln!(out, "{file}:{position}  not reached: {cause}")?,
            }
        }
    }
    writeln!(out)
}

/// Returns how often each way not to pass occurs, the most frequent first.
pub fn by_reason(outcomes: &[FileOutcome]) -> Vec<(String, u32)> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (_, outcome) in outcomes.iter().flat_map(|outcome| &outcome.directives) {
        if let Some(happened) = Happened::of(outcome) {
            *counts.entry(happened.short().to_string()).or_default() += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    counts
}

/// Returns the report as JSON; `README.md` documents its shape.
pub fn json(
    language: Language,
    outcomes: &[FileOutcome],
    differences: &[Difference],
    ledger: &Ledger,
) -> Value {
    let files: Vec<_> = outcomes.iter().map(|outcome| file_json(outcome, ledger)).collect();
    let differences: Vec<_> = differences.iter().map(difference_json).collect();
    json!({
        "suite": match language {
            Language::Component => "component-model",
            Language::Core => "core",
        },
        "totals": counts_json(Counts::total(outcomes)),
        "agrees_with_ledger": differences.is_empty(),
        "differences": differences,
        "files": files,
    })
}

fn counts_json(counts: Counts) -> Value {
    json!({
        "directives": counts.n_directives(),
        "passed": counts.n_passed,
        "reworded": counts.n_reworded,
        "failed": counts.n_failed,
        "not_reached": counts.n_not_reached,
    })
}

fn file_json(outcome: &FileOutcome, ledger: &Ledger) -> Value {
    let not_passed: Vec<_> = outcome
        .directives
        .iter()
        .filter_map(|(position, result)| {
            let (kind, expected, got) = match result {
                Outcome::Passed | Outcome::Reworded => return None,
                Outcome::Failed { expected, got } => ("failed", Some(expected), got),
                Outcome::NotReached(cause) => ("not_reached", None, cause),
            };
            let entry = |position| {
                let key = Key { file: outcome.file.clone(), position };
                ledger.entries().get(&key)
            };
            let entry = entry(Some(*position)).or_else(|| entry(None));
            Some(json!({
                "line": position.line,
                "column": position.column,
                "outcome": kind,
                "expected": expected,
                "got": got.to_string(),
                "ledger": entry.map(|entry| entry.listed.to_string()),
                "ledger_reason": entry.and_then(|entry| entry.reason.as_ref()),
            }))
        })
        .collect();
    json!({ "file": outcome.file, "counts": counts_json(Counts::of(outcome)), "not_passed": not_passed })
}

fn difference_json(difference: &Difference) -> Value {
    let kind = match difference {
        Difference::Unlisted(..) => "unlisted",
        Difference::FailsOtherwise(..) => "fails_otherwise",
        Difference::OtherCounts(..) => "other_counts",
        Difference::UnexpectedPass(_) => "unexpected_pass",
        Difference::NoSuchDirective(_) => "no_such_directive",
        Difference::UnusedWording(_) => "unused_wording",
    };
    let key = difference.key();
    let position = key.and_then(|key| key.position);
    json!({
        "file": key.map(|key| &key.file),
        "line": position.map(|position| position.line),
        "column": position.and_then(|position| position.column),
        "kind": kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Kind;
    use crate::script::LineColumn;

    fn outcomes() -> Vec<FileOutcome> {
        let at = |line| LineColumn { line, column: None };
        let failed = Outcome::Failed { expected: "1".to_owned(), got: Happened::new(Kind::Value, "2") };
        let lost = Outcome::NotReached(Happened::new(Kind::Trap, "no memory"));
        let directives =
            vec![(at(1), Outcome::Passed), (at(2), failed), (at(3), lost), (at(4), Outcome::Reworded)];
        vec![FileOutcome { file: "values/a.wast".to_owned(), directives }]
    }

    #[test]
    fn as_text() {
        let parts = Parts { failures: true, reasons: true };
        let outcomes = outcomes();
        let differences =
            Ledger::parse("values/a.wast:2  value: 2  # why\n").unwrap().compare(&outcomes, true);
        let expected = "\
values/a.wast:2  failed
  expected: 1
  got:      value: 2
values/a.wast:3  not reached: trap: no memory

file            directives  passed  reworded  failed  not reached
values/a.wast            4       1         1       1            1
total: 1 files           4       1         1       1            1

 count  reason
     1  not reached: trap: no memory
     1  value: 2

Differences from the ledger: 1
values/a.wast:3  not in the ledger: not reached: trap: no memory
";
        let text = Text { outcomes: &outcomes, differences: &differences, parts };
        assert_eq!(text.to_string(), expected);
    }

    #[test]
    fn as_json() {
        let ledger = Ledger::parse("values/a.wast:2  value: 2  # why\n").unwrap();
        let outcomes = outcomes();
        let report = json(Language::Component, &outcomes, &ledger.compare(&outcomes, true), &ledger);
        assert_eq!(
            report["totals"],
            json!({ "directives": 4, "passed": 1, "reworded": 1, "failed": 1, "not_reached": 1 })
        );
        assert_eq!(report["agrees_with_ledger"], false);
        let difference = json!({ "file": "values/a.wast", "line": 3, "column": null, "kind": "unlisted" });
        assert_eq!(report["differences"], json!([difference]));
        let first = &report["files"][0]["not_passed"][0];
        assert_eq!(first["expected"], "1");
        assert_eq!(first["got"], "value: 2");
        assert_eq!(first["ledger"], "value: 2");
        assert_eq!(first["ledger_reason"], "why");
    }
}
