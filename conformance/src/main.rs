//! The command `conformance`: runs the suite, reports, compares with the ledger, and blesses it.
//!
//! Exit status: 0 if the outcome is what the ledger says, 1 if not, 2 if the command is not understood.

#![forbid(unsafe_code)]

use clap::{Parser, ValueEnum};
use conformance::ledger::{Ledger, Reasons};
use conformance::pool::{Limits, run_files};
use conformance::report::{self, Parts, Text};
use conformance::subjects::lowlift::Lowlift;
use conformance::suite::Suite;
use std::error::Error;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Runs the official component suite, directive by directive, and compares the outcome with the ledger.
#[derive(Parser)]
#[command(name = "conformance")]
struct Options {
    /// Run only the files whose path contains one of these, such as `values/` or `strings.wast`
    filters: Vec<String>,

    /// Print every directive that does not pass, with what was expected and what happened
    #[arg(short, long)]
    verbose: bool,

    /// Print how often each reason occurs
    #[arg(long)]
    reasons: bool,

    /// How to print the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Rewrite the ledger; entries that stay keep their reasons
    #[arg(long)]
    bless: bool,

    /// With `--bless`: derive every reason anew from what happened
    #[arg(long, requires = "bless")]
    renew_reasons: bool,

    /// How many files to run at a time [default: one per core]
    #[arg(short, long)]
    jobs: Option<usize>,

    /// How long a directive may take, in seconds
    #[arg(long, default_value_t = Limits::default().budget.as_secs())]
    budget: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// A table.
    Text,
    /// One JSON object.
    Json,
}

fn main() -> ExitCode {
    let options = Options::parse(); // exits with 2 by itself
    match conform(&options) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(1)
        }
    }
}

fn conform(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let suite = Suite::find()?;
    let files = selected(&suite, &options.filters);
    if files.is_empty() {
        eprintln!("error: no file of the suite has a path with {}", options.filters.join(" or "));
        return Ok(ExitCode::from(2));
    }
    let whole_suite = files.len() == suite.files().len();
    let ledger = Ledger::parse(&read_ledger()?)?;
    let defaults = Limits::default();
    let limits = Limits {
        n_jobs: options.jobs.unwrap_or(defaults.n_jobs),
        budget: Duration::from_secs(options.budget),
    };
    let outcomes = run_files(&suite, &files, || Box::new(Lowlift::new()), limits)?;
    let ledger = if options.bless {
        let reasons = if options.renew_reasons { Reasons::Renew } else { Reasons::Keep };
        let blessed = ledger.bless(&outcomes, whole_suite, reasons);
        std::fs::write(ledger_path(), blessed.to_string()).map_err(|e| format!("{LEDGER}: {e}"))?;
        blessed
    } else {
        ledger
    };
    let differences = ledger.compare(&outcomes, whole_suite);
    let report = match options.format {
        Format::Text => {
            let parts = Parts { failures: options.verbose, reasons: options.reasons };
            Text { outcomes: &outcomes, differences: &differences, parts }.to_string()
        }
        Format::Json => format!("{:#}\n", report::json(&outcomes, &differences, &ledger)),
    };
    match std::io::stdout().write_all(report.as_bytes()) {
        // Whoever reads has seen enough; the status says the rest.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written?,
    }
    Ok(ExitCode::from(u8::from(!differences.is_empty())))
}

fn selected<'a>(suite: &'a Suite, filters: &[String]) -> Vec<&'a str> {
    let chosen =
        |file: &&str| filters.is_empty() || filters.iter().any(|filter| file.contains(filter.as_str()));
    suite.files().iter().map(String::as_str).filter(chosen).collect()
}

/// The ledger's name, as people know it.
const LEDGER: &str = "conformance/ledger.txt";

fn ledger_path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/ledger.txt"))
}

fn read_ledger() -> Result<String, Box<dyn Error>> {
    Ok(std::fs::read_to_string(ledger_path()).map_err(|e| format!("{LEDGER}: {e}"))?)
}
