//! The figures that counts are compared with: `benches/counts.txt`.
//!
//! Lines that start with `#` are comments; a figure is a line of the case's name, two spaces or
//! more, and the count.

use crate::cases::CASES;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How far a count may lie above its figure.
pub(crate) const TOLERANCE_PERCENT: u64 = 3;

/// The figures, by case.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    comments: Vec<String>,
    counts: BTreeMap<String, u64>,
}

/// One case's line of the comparison.
#[derive(Debug)]
pub(crate) struct Line {
    /// What is printed.
    pub(crate) text: String,
    /// Whether the count is above the figure by more than the tolerance. A case without a figure
    /// is.
    pub(crate) is_slower: bool,
}

/// Returns by how much `to` is above `from`, in percent.
pub(crate) fn percent(from: u64, to: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "a percentage needs few digits")]
    let (from, to) = (from.max(1) as f64, to as f64);
    (to / from - 1.0) * 100.0
}

/// Returns the line of the case `name` that has the figure and now takes `count`.
pub(crate) fn line(name: &str, figure: Option<u64>, count: u64) -> Line {
    let Some(figure) = figure else {
        return Line { text: format!("{name:<44} {:>12} {count:>12}  no figure", "-"), is_slower: true };
    };
    let change = percent(figure, count);
    let is_slower = count * 100 > figure * (100 + TOLERANCE_PERCENT);
    let word = if is_slower { "  SLOWER" } else { "" };
    Line { text: format!("{name:<44} {figure:>12} {count:>12} {change:>+8.2}%{word}"), is_slower }
}

impl Figures {
    fn path() -> PathBuf {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/counts.txt"))
    }

    /// Reads the file of figures; without one there are none.
    pub(crate) fn read() -> Result<Self, String> {
        match std::fs::read_to_string(Self::path()) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(format!("benches/counts.txt: {error}")),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut figures = Self::default();
        for (i, line) in text.lines().enumerate() {
            let error = |what: &str| format!("benches/counts.txt:{}: {what}", i + 1);
            if line.starts_with('#') {
                figures.comments.push(line.to_owned());
            } else if !line.trim().is_empty() {
                let (name, count) = line.rsplit_once("  ").ok_or_else(|| error("no figure"))?;
                let name = name.trim();
                if CASES.iter().all(|case| case.name != name) {
                    return Err(error("no case has this name"));
                }
                let count = count.trim().parse().map_err(|_| error("not a count"))?;
                figures.counts.insert(name.to_owned(), count);
            }
        }
        Ok(figures)
    }

    /// Writes the file of figures, in the order of the cases.
    pub(crate) fn write(&self) -> Result<(), String> {
        std::fs::write(Self::path(), self.text()).map_err(|error| format!("benches/counts.txt: {error}"))
    }

    fn text(&self) -> String {
        let comments = self.comments.iter().cloned();
        let counts = CASES.iter().filter_map(|case| {
            self.counts.get(case.name).map(|count| format!("{:<44} {count:>12}", case.name))
        });
        comments.chain(counts).map(|line| format!("{line}\n")).collect()
    }

    /// Returns the case's figure.
    pub(crate) fn get(&self, name: &str) -> Option<u64> {
        self.counts.get(name).copied()
    }

    /// Sets the case's figure.
    pub(crate) fn set(&mut self, name: &str, count: u64) {
        self.counts.insert(name.to_owned(), count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_they_are_read() {
        let text = "# why\nhost to guest, ()                                     241\n";
        assert_eq!(Figures::parse(text).unwrap().text(), text);
        assert_eq!(
            Figures::parse("no such case  1").unwrap_err(),
            "benches/counts.txt:1: no case has this name"
        );
        assert_eq!(Figures::parse("host to guest, ()  x").unwrap_err(), "benches/counts.txt:1: not a count");
    }

    #[test]
    fn more_than_the_tolerance_is_slower() {
        let check = |figure, count, expected: bool| {
            assert_eq!(line("x", figure, count).is_slower, expected, "{figure:?} {count}");
        };
        check(Some(1000), 1030, false);
        check(Some(1000), 1031, true);
        check(Some(1000), 500, false);
        check(None, 500, true);
    }
}
