//! The command `conformance`: runs the suite, reports, compares with the ledger, and blesses it; as
//! `conformance oracle`, compares `canonical-abi` with the spec's own program; as `conformance fuzz`, all of it with
//! another engine.
//!
//! Exit status: 0 if the outcome is what the ledger or the program says, 1 if not, 2 if the command is not
//! understood.

#![forbid(unsafe_code)]

use clap::{Args, Parser, Subcommand, ValueEnum};
use conformance::fuzz;
use conformance::ledger::{Ledger, Reasons};
use conformance::oracle::{self, vector};
use conformance::pool::{Limits, run_files};
use conformance::report::{self, Parts, Text};
use conformance::script::Language;
use conformance::subjects::Subject;
use conformance::subjects::core::Core;
use conformance::subjects::lowlift::Lowlift;
use conformance::suite::Suite;
use std::error::Error;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Runs an official suite, directive by directive, and compares the outcome with its ledger.
#[derive(Parser)]
#[command(name = "conformance", args_conflicts_with_subcommands = true)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,

    /// Which suite to run
    #[arg(long, value_enum, default_value_t = Language::Component)]
    suite: Language,

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

#[derive(Clone, Copy, Subcommand)]
enum Command {
    /// Compares the Canonical ABI with the spec's own program, definitions.py, on random types and values
    ///
    /// Exit status: 0 if all cases agree, 1 if one differs, 2 if the command is not understood or the spec's program
    /// cannot be run.
    Oracle(OracleOptions),
    /// Compares Lowlift with another engine, wasmtime, on random cases; builds that engine the first time
    ///
    /// Exit status: 0 if all cases agree, 1 if one differs, 2 if the command is not understood.
    Fuzz(FuzzOptions),
}

#[derive(Args, Clone, Copy)]
struct FuzzOptions {
    /// What is made at random
    #[arg(value_enum)]
    subject: fuzz::Subject,

    /// How many cases
    #[arg(long, default_value_t = 10_000)]
    cases: u64,

    /// The seed that they are made from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Args, Clone, Copy)]
struct OracleOptions {
    /// How many cases
    #[arg(long, default_value_t = 10_000)]
    cases: u64,

    /// The seed that they are made from
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// How many differences to shrink and print
    #[arg(long, default_value_t = 3)]
    show: usize,

    /// How many children to run at a time [default: one per core]
    #[arg(short, long)]
    jobs: Option<usize>,

    /// Write the golden vectors anew instead
    #[arg(long, exclusive = true)]
    bless: bool,
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
    let (outcome, status_of_error) = match options.command {
        None => (conform(&options), 1),
        Some(Command::Oracle(options)) => (ask_oracle(options), 2),
        Some(Command::Fuzz(options)) => (fuzz::run(options.subject, options.cases, options.seed), 2),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(status_of_error)
    })
}

fn conform(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let suite = Suite::find(options.suite)?;
    let files = selected(&suite, &options.filters);
    if files.is_empty() {
        eprintln!("error: no file of the suite has a path with {}", options.filters.join(" or "));
        return Ok(ExitCode::from(2));
    }
    let whole_suite = files.len() == suite.files().len();
    let ledger = Ledger::parse(&read_ledger(options.suite)?)?;
    let defaults = Limits::default();
    let limits = Limits {
        n_jobs: options.jobs.unwrap_or(defaults.n_jobs),
        budget: Duration::from_secs(options.budget),
    };
    let outcomes = run_files(&suite, &files, subject_of(options.suite), limits)?;
    let ledger = if options.bless {
        let reasons = if options.renew_reasons { Reasons::Renew } else { Reasons::Keep };
        let blessed = ledger.bless(&outcomes, whole_suite, reasons);
        let (name, path) = ledger_of(options.suite);
        std::fs::write(path, blessed.to_string()).map_err(|e| format!("{name}: {e}"))?;
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
        Format::Json => format!("{:#}\n", report::json(options.suite, &outcomes, &differences, &ledger)),
    };
    print(&report)?;
    Ok(ExitCode::from(u8::from(!differences.is_empty())))
}

fn ask_oracle(options: OracleOptions) -> Result<ExitCode, Box<dyn Error>> {
    if options.bless {
        std::fs::write(golden_path(), vector::golden()?).map_err(|e| format!("{GOLDEN}: {e}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = oracle::Config {
        seed: options.seed,
        n_cases: options.cases,
        n_jobs: options.jobs.unwrap_or(Limits::default().n_jobs),
        n_shrunk: options.show,
    };
    let start = Instant::now();
    let outcome = oracle::compare(config, &oracle::ours::answer)?;
    let seconds = start.elapsed().as_secs_f64();
    let mut report = format!("{outcome}\n{seconds:.1} s\n");
    for difference in &outcome.differences {
        report.push_str(&format!("\n{difference}"));
    }
    print(&report)?;
    Ok(ExitCode::from(u8::from(outcome.n_differed > 0)))
}

fn print(report: &str) -> std::io::Result<()> {
    match std::io::stdout().write_all(report.as_bytes()) {
        // Whoever reads has seen enough; the status says the rest.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn selected<'a>(suite: &'a Suite, filters: &[String]) -> Vec<&'a str> {
    let chosen =
        |file: &&str| filters.is_empty() || filters.iter().any(|filter| file.contains(filter.as_str()));
    suite.files().iter().map(String::as_str).filter(chosen).collect()
}

/// Returns what runs a suite's files.
fn subject_of(language: Language) -> fn(&str) -> Box<dyn Subject> {
    match language {
        Language::Component => |_| Box::new(Lowlift::new()),
        Language::Core => |file| Box::new(Core::new(file)),
    }
}

/// Returns a ledger's name, as people know it, and its path.
fn ledger_of(language: Language) -> (&'static str, PathBuf) {
    let (name, path) = match language {
        Language::Component => ("conformance/ledger.txt", concat!(env!("CARGO_MANIFEST_DIR"), "/ledger.txt")),
        Language::Core => {
            ("conformance/ledger-core.txt", concat!(env!("CARGO_MANIFEST_DIR"), "/ledger-core.txt"))
        }
    };
    (name, PathBuf::from(path))
}

/// The golden vectors' name, as people know it.
const GOLDEN: &str = "conformance/golden/abi.jsonl";

fn golden_path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/golden/abi.jsonl"))
}

fn read_ledger(language: Language) -> Result<String, Box<dyn Error>> {
    let (name, path) = ledger_of(language);
    Ok(std::fs::read_to_string(path).map_err(|e| format!("{name}: {e}"))?)
}
