//! `peer report`: times here and on the peer, in one run.
//!
//! Both engines take turns, round by round, so that what else the machine does falls on both. A row
//! gives the best and the median round of each, per operation, and the ratio of the best ones:
//! below 1, Lowlift is quicker.

mod compiling;
mod component;
mod core;
mod kernels;
pub(crate) mod once;
mod program;
mod race;

use std::path::PathBuf;
use std::process::ExitCode;

use race::{Pace, Row};

/// What `peer report` is given.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the rows whose name contains one of these
    filters: Vec<String>,
    /// How many rounds each engine gets
    #[arg(long, default_value_t = 31)]
    rounds: u32,
    /// How long a round is, in milliseconds
    #[arg(long, default_value_t = 10)]
    round_ms: u64,
    /// Core modules that are compiled too
    #[arg(long = "module")]
    modules: Vec<PathBuf>,
}

/// What the rows are made with.
pub(crate) struct Report {
    filters: Vec<String>,
    pace: Pace,
    rows: Vec<Row>,
}

impl Report {
    /// Returns whether the row is asked for.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter.as_str()))
    }

    /// Times both and prints the row, if it is asked for.
    pub(crate) fn row(&mut self, name: &str, ours: &mut dyn FnMut(), theirs: &mut dyn FnMut()) {
        if self.wants(name) {
            let row = race::race(name, self.pace, ours, theirs);
            println!("{row}");
            self.rows.push(row);
        }
    }

    /// Prints the geometric mean of the ratios of the rows whose names start so.
    pub(crate) fn mean(&self, prefix: &str) {
        let ratios: Vec<f64> =
            self.rows.iter().filter(|row| row.name.starts_with(prefix)).map(Row::ratio).collect();
        if let Some(n) = u32::try_from(ratios.len()).ok().filter(|n| *n > 1) {
            let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / f64::from(n)).exp();
            println!("{:<44} geometric mean of {n} ratios: {mean:.2}\n", prefix.trim_end());
        }
    }
}

/// Prints the table.
pub(crate) fn run(args: Args) -> wasmtime::Result<ExitCode> {
    let pace = Pace { n_rounds: args.rounds, round: std::time::Duration::from_millis(args.round_ms) };
    let mut report = Report { filters: args.filters, pace, rows: vec![] };
    println!("{}", race::HEADER);
    component::rows(&mut report)?;
    core::rows(&mut report)?;
    compiling::rows(&mut report, &args.modules)?;
    kernels::rows(&mut report)?;
    Ok(ExitCode::SUCCESS)
}
