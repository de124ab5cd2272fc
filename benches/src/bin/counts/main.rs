//! Counts the instructions of small operations under valgrind and compares them with
//! `benches/counts.txt`.
//!
//! A count does not depend on the load of the machine. Each case runs in a process of its own,
//! once with N rounds and once with 2 N: the difference divided by N is what one round takes, so
//! that setting up cancels out.
//!
//! Exit status: 0 if no count is above its figure by more than the tolerance, 1 if one is, 2 if the
//! command is not understood or valgrind cannot be run.

#![forbid(unsafe_code)]

mod abi;
mod calls;
mod cases;
mod figures;
mod guests;
mod measure;
mod whole;

use figures::{Figures, TOLERANCE_PERCENT};
use std::process::ExitCode;

const USAGE: &str = "\
usage: counts [--check | --write | --stable] [CASE…]
       counts --run CASE ROUNDS
  (none)    print each case's count beside its figure
  --check   likewise, and fail if a count is above its figure by more than the tolerance
  --write   write the counts to benches/counts.txt
  --stable  count three times and print how far the counts lie apart
  --run     run a case by itself: what valgrind is given
CASE is part of a case's name.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["--run", name, rounds] => return run(name, rounds),
        ["--check", filters @ ..] => compare(filters, true),
        ["--write", filters @ ..] => write(filters),
        ["--stable", filters @ ..] => stable(filters),
        [first, ..] if first.starts_with('-') => Err(USAGE.to_owned()),
        filters => compare(filters, false),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(2)
    })
}

fn run(name: &str, rounds: &str) -> ExitCode {
    let case = cases::CASES.iter().find(|case| case.name == name);
    let (Some(case), Ok(rounds)) = (case, rounds.parse()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    (case.run)(rounds);
    ExitCode::SUCCESS
}

fn selected(filters: &[&str]) -> Result<Vec<&'static cases::Case>, String> {
    let is_chosen = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter));
    let chosen: Vec<_> = cases::CASES.iter().filter(|case| is_chosen(case.name)).collect();
    if chosen.is_empty() {
        Err(format!("no case has a name with {}", filters.join(" or ")))
    } else {
        Ok(chosen)
    }
}

/// Counts, and prints each count beside its figure.
fn compare(filters: &[&str], fails: bool) -> Result<ExitCode, String> {
    let cases = selected(filters)?;
    let figures = Figures::read()?;
    let valgrind = measure::Valgrind::find()?;
    println!("{:<44} {:>12} {:>12}", "case", "figure", "now");
    let mut n_slower = 0;
    for case in cases {
        let count = valgrind.count(case)?;
        let line = figures::line(case.name, figures.get(case.name), count);
        n_slower += usize::from(line.is_slower);
        println!("{}", line.text);
    }
    if n_slower > 0 {
        println!("{n_slower} above their figures by more than {TOLERANCE_PERCENT} %");
    }
    Ok(ExitCode::from(u8::from(fails && n_slower > 0)))
}

/// Counts and rewrites the figures. Figures of cases that are not selected stay.
fn write(filters: &[&str]) -> Result<ExitCode, String> {
    let cases = selected(filters)?;
    let mut figures = Figures::read()?;
    let valgrind = measure::Valgrind::find()?;
    for case in cases {
        let count = valgrind.count(case)?;
        println!("{:<44} {count:>12}", case.name);
        figures.set(case.name, count);
    }
    figures.write()?;
    Ok(ExitCode::SUCCESS)
}

/// Counts three times, and prints the least and the most.
fn stable(filters: &[&str]) -> Result<ExitCode, String> {
    let cases = selected(filters)?;
    let valgrind = measure::Valgrind::find()?;
    println!("{:<44} {:>12} {:>12} {:>8}", "case", "least", "most", "apart");
    for case in cases {
        let counts = [valgrind.count(case)?, valgrind.count(case)?, valgrind.count(case)?];
        let [least, _, most] = {
            let mut sorted = counts;
            sorted.sort_unstable();
            sorted
        };
        let apart = figures::percent(least, most);
        println!("{:<44} {least:>12} {most:>12} {apart:>7.2}%", case.name);
    }
    Ok(ExitCode::SUCCESS)
}
