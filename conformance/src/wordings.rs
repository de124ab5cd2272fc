//! Which of our words stand for which of the suite's: `wordings.txt`.
//!
//! A failure of the kind that a directive asks for passes if its message contains the suite's
//! words. If it does not, it passes only if this table has the pair, with the reason that the words
//! differ.
//!
//! A pair is three lines, `suite: …`, `ours: …` and `why: …`, with an empty line before it. A line
//! `[component]` or `[core]` says which suite the pairs below it belong to. Lines that start with
//! `#` are comments.
//!
//! Invariant: every pair is used by its suite. One that no directive needs is a difference.

use crate::outcome::{FileOutcome, Kind, Outcome, one_line};
use crate::script::Language;
use std::fmt;

/// Words of the suite and words of ours for one fault.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pair {
    /// Whose scripts say so.
    pub language: Language,
    /// The words that a directive gives.
    pub suite: String,
    /// The words of the failure, without a position.
    pub ours: String,
    /// Why they differ.
    pub why: String,
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` for `{}`", self.ours, self.suite)
    }
}

/// The table.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Wordings {
    pairs: Vec<Pair>,
}

/// A malformed line of the table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WordingsError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: &'static str,
}

impl fmt::Display for WordingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wordings line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for WordingsError {}

impl Wordings {
    /// Reads the table.
    ///
    /// # Errors
    ///
    /// The first line that is out of place, empty, or repeats a pair.
    pub fn parse(text: &str) -> Result<Self, WordingsError> {
        let mut wordings = Self::default();
        let mut language = None;
        let mut open: Vec<&str> = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let error = |message| WordingsError { line: i + 1, message };
            match line {
                "[component]" => language = Some(Language::Component),
                "[core]" => language = Some(Language::Core),
                "" if open.is_empty() => {}
                "" => return Err(error("a pair has the lines `suite`, `ours` and `why`")),
                line if line.starts_with('#') => {}
                line => {
                    let name = ["suite: ", "ours: ", "why: "][open.len()];
                    let words = line.strip_prefix(name).map(str::trim).filter(|words| !words.is_empty());
                    open.push(words.ok_or_else(|| error("a pair has the lines `suite`, `ours` and `why`"))?);
                }
            }
            if let [suite, ours, why] = open[..] {
                let language = language.ok_or_else(|| error("no suite: `[component]` or `[core]`"))?;
                let [suite, ours, why] = [suite, ours, why].map(str::to_owned);
                if wordings.find(language, &suite, &ours).is_some() {
                    return Err(error("repeats a pair"));
                }
                wordings.pairs.push(Pair { language, suite, ours, why });
                open.clear();
            }
        }
        if open.is_empty() {
            Ok(wordings)
        } else {
            let message = "a pair has the lines `suite`, `ours` and `why`";
            Err(WordingsError { line: text.lines().count(), message })
        }
    }

    fn find(&self, language: Language, suite: &str, ours: &str) -> Option<usize> {
        let fits = |pair: &Pair| pair.language == language && pair.suite == suite && pair.ours == ours;
        self.pairs.iter().position(fits)
    }

    /// Makes [`Outcome::Reworded`] of each failure that differs in words only and whose pair is in
    /// the table, and returns the pairs of that suite that none needed.
    pub fn apply(&self, language: Language, outcomes: &mut [FileOutcome]) -> Vec<Pair> {
        let mut is_used = vec![false; self.pairs.len()];
        for (_, outcome) in outcomes.iter_mut().flat_map(|outcome| &mut outcome.directives) {
            let Outcome::Failed { expected, got } = outcome else { continue };
            if got.kind != Kind::Words {
                continue;
            }
            if let Some(i) = self.find(language, expected, &one_line(&got.words)) {
                is_used[i] = true;
                *outcome = Outcome::Reworded;
            }
        }
        let unused =
            self.pairs.iter().zip(is_used).filter(|(pair, is_used)| pair.language == language && !is_used);
        unused.map(|(pair, _)| pair.clone()).collect()
    }
}

/// Returns whether an engine's `message` says what the suite expects. An engine is free to say
/// more.
pub(crate) fn says(message: &str, expected: &str) -> bool {
    message.contains(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Happened;
    use crate::script::LineColumn;

    const TABLE: &str = "# header\n\n[component]\n\nsuite: unknown foo\nours: no foo\nwhy: it is shorter\n";

    fn outcome(kind: Kind, expected: &str, got: &str) -> Outcome {
        Outcome::Failed { expected: expected.to_owned(), got: Happened::new(kind, got) }
    }

    fn check(found: Outcome, expected: Kind, n_unused: usize) {
        let position = LineColumn { line: 1, column: None };
        let mut outcomes = [FileOutcome { file: "a.wast".to_owned(), directives: vec![(position, found)] }];
        let unused = Wordings::parse(TABLE).unwrap().apply(Language::Component, &mut outcomes);
        assert_eq!(outcomes[0].directives[0].1.kind(), expected);
        assert_eq!(unused.len(), n_unused);
    }

    #[test]
    fn a_pair_of_the_table_passes_and_is_counted_apart() {
        check(outcome(Kind::Words, "unknown foo", "no foo (at offset 0x8)"), Kind::Reworded, 0);
    }

    #[test]
    fn what_is_not_in_the_table_does_not_pass() {
        check(outcome(Kind::Words, "unknown foo", "no bar"), Kind::Words, 1);
        check(outcome(Kind::Words, "unknown bar", "no foo"), Kind::Words, 1);
        check(outcome(Kind::Trap, "unknown foo", "no foo"), Kind::Trap, 1);
        check(Outcome::Passed, Kind::Passed, 1);
    }

    #[test]
    fn a_pair_belongs_to_one_suite() {
        let wordings = Wordings::parse(TABLE).unwrap();
        assert_eq!(wordings.apply(Language::Core, &mut []), []);
        let unused = wordings.apply(Language::Component, &mut []);
        assert_eq!(unused[0].to_string(), "`no foo` for `unknown foo`");
    }

    #[test]
    fn more_words_are_fine_and_another_case_is_not() {
        assert!(says(
            "import name `foo` conflicts with previous name `foo` (at offset 0x1f)",
            "import name `foo`"
        ));
        assert!(!says("import name `foo`", "import name `Foo`"));
        assert!(!says("unreachable", "unreachable executed"));
    }

    #[test]
    fn bad_tables() {
        let check = |text: &str, expected: &str| {
            assert_eq!(Wordings::parse(text).unwrap_err().to_string(), expected, "{text}");
        };
        let lines = "a pair has the lines `suite`, `ours` and `why`";
        check("[core]\nsuite: x\n\n", &format!("wordings line 3: {lines}"));
        check("[core]\nsuite: x\nours: y\n", &format!("wordings line 3: {lines}"));
        check("[core]\nsuite: x\nwhy: y\n", &format!("wordings line 3: {lines}"));
        check("[core]\nsuite: x\nours: y\nwhy: \n", &format!("wordings line 4: {lines}"));
        check("suite: x\nours: y\nwhy: z\n", "wordings line 3: no suite: `[component]` or `[core]`");
        check(&format!("{TABLE}\n{}", &TABLE[10..]), "wordings line 13: repeats a pair");
    }
}
