//! How a line of the ledger is read.

use super::{ByKind, Key, Listed};
use crate::outcome::{Happened, Kind};
use crate::script::LineColumn;

/// Reads a line: what it is about, what happens there, and the reason.
pub(super) fn parse_line(line: &str) -> Result<(Key, Listed, Option<String>), &'static str> {
    let (place, rest) = line.split_once("  ").ok_or("no outcome: it follows two spaces")?;
    let (outcome, reason) = match rest.split_once("  # ") {
        Some((outcome, reason)) if !reason.trim().is_empty() => (outcome, Some(reason.trim().to_owned())),
        Some(_) => return Err("an empty reason"),
        None => (rest, None),
    };
    let (file, position) = place.split_once(':').ok_or("a position is line, line:column or *")?;
    if !file.ends_with(".wast") {
        return Err("does not start with a file");
    }
    let position = match position {
        "*" => None,
        position => Some(parse_position(position).ok_or("a position is line, line:column or *")?),
    };
    let listed = match position {
        None => Listed::Counts(parse_counts(outcome).ok_or("counts are like `passed 3, trap 2`")?),
        Some(_) => {
            let happened = Happened::parse(outcome.trim()).filter(|happened| !happened.kind.is_pass());
            let happened = happened.ok_or("an outcome starts with its kind, such as `trap: `")?;
            if happened.words.is_empty() && happened.kind != Kind::Hang {
                return Err("an outcome has key words behind its kind");
            }
            Listed::Fails(happened)
        }
    };
    Ok((Key { file: file.to_owned(), position }, listed, reason))
}

fn parse_position(text: &str) -> Option<LineColumn> {
    let number = |part: &str| part.parse().ok().filter(|&n| n > 0);
    let (line, column) = match text.split_once(':') {
        Some((line, column)) => (line, Some(number(column)?)),
        None => (text, None),
    };
    Some(LineColumn { line: number(line)?, column })
}

fn parse_counts(text: &str) -> Option<ByKind> {
    let mut counts = ByKind::new();
    for part in text.trim().split(", ") {
        let (name, count) = part.rsplit_once(' ')?;
        let count = count.parse().ok().filter(|&count| count > 0)?;
        if counts.insert(Kind::of_name(name)?, count).is_some() {
            return None;
        }
    }
    Some(counts)
}
