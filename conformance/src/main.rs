//! The command `conformance` runs a suite, compares the outcomes with the ledger, and reports or
//! blesses them. `conformance oracle` compares `canonical-abi` with the spec's own program,
//! `conformance fuzz` all of it with another engine.
//!
//! Exit status: 0 if the outcome is what the ledger or the program says, 1 if not, 2 if the command
//! is not understood.

#![forbid(unsafe_code)]

use clap::{Args, Parser, Subcommand, ValueEnum};
use conformance::fuzz;
use conformance::ledger::{Difference, Ledger, Words};
use conformance::oracle::{self, interleavings, vector};
use conformance::pool::{Limits, run_files};
use conformance::report::{self, Parts, Text};
use conformance::script::Language;
use conformance::subjects::Subject;
use conformance::subjects::core::Core;
use conformance::subjects::lowlift::Lowlift;
use conformance::suite::Suite;
use conformance::wordings::Wordings;
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

    /// With `--suite core`: compile each function when it is first called, and cheaply
    #[arg(long)]
    lazy: bool,

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

    /// Rewrite the ledger and show what that changes; entries that stay keep their reasons
    #[arg(long)]
    bless: bool,

    /// With `--bless`: write each outcome in full, also where the listed words are among its own
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
    /// Compares the Canonical ABI with the spec's own program, definitions.py, on random types and
    /// values
    ///
    /// Exit status: 0 if all cases agree, 1 if one differs, 2 if the command is not understood or
    /// the spec's program cannot be run.
    Oracle(OracleOptions),
    /// Compares Lowlift with another engine, wasmtime, on random cases; builds that engine the
    /// first time
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
    /// What to compare
    #[arg(value_enum, default_value_t = OracleOf::Abi)]
    of: OracleOf,

    /// How many cases [default: 10000, of interleavings 500]
    #[arg(long)]
    cases: Option<u64>,

    /// The seed that they are made from
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// How many differences to shrink and print
    #[arg(long, default_value_t = 3)]
    show: usize,

    /// How many children to run at a time [default: one per core]
    #[arg(short, long)]
    jobs: Option<usize>,

    /// Rewrite the golden vectors instead
    #[arg(long, exclusive = true)]
    bless: bool,
}

#[derive(Clone, Copy, Eq, PartialEq, ValueEnum)]
enum OracleOf {
    /// Layouts, lifting, lowering and handle tables
    Abi,
    /// Tasks, threads, streams and futures, in every order that the host may choose
    Async,
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
    let mode = Mode::of(options)?;
    let base = Ledger::parse(&read(mode.base)?)?;
    let ledger = match mode.over {
        Some(over) => base.with(&Ledger::parse(&read(over)?)?),
        None => base.clone(),
    };
    let wordings = Wordings::parse(&read(WORDINGS)?)?;
    let defaults = Limits::default();
    let limits = Limits {
        n_jobs: options.jobs.unwrap_or(defaults.n_jobs),
        budget: Duration::from_secs(options.budget),
    };
    let mut outcomes = run_files(&suite, &files, mode.subject, limits)?;
    let unused = wordings.apply(options.suite, &mut outcomes);
    let ledger = if options.bless {
        let words = if options.renew_reasons { Words::Renew } else { Words::Keep };
        let blessed = ledger.bless(&outcomes, whole_suite, words);
        for change in ledger.changes(&blessed) {
            print(&format!("{change}\n"))?;
        }
        match mode.over {
            Some(over) => write(over, &blessed.over(&base).to_string())?,
            None => write(mode.base, &blessed.to_string())?,
        }
        blessed
    } else {
        ledger
    };
    let mut differences = ledger.compare(&outcomes, whole_suite);
    if whole_suite {
        differences.extend(unused.into_iter().map(Difference::UnusedWording));
    }
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
        write(GOLDEN, &vector::golden()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if options.of == OracleOf::Async {
        return ask_about_interleavings(options);
    }
    let config = oracle::Config {
        seed: options.seed,
        n_cases: options.cases.unwrap_or(10_000),
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

fn ask_about_interleavings(options: OracleOptions) -> Result<ExitCode, Box<dyn Error>> {
    let start = Instant::now();
    let n_cases = options.cases.unwrap_or(500);
    let outcome = interleavings::compare(options.seed, n_cases, options.show, &interleavings::answer)?;
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
        // The reader has closed the pipe; the exit status still tells the result.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn selected<'a>(suite: &'a Suite, filters: &[String]) -> Vec<&'a str> {
    let chosen =
        |file: &&str| filters.is_empty() || filters.iter().any(|filter| file.contains(filter.as_str()));
    suite.files().iter().map(String::as_str).filter(chosen).collect()
}

/// What runs a suite's files, and the ledgers that say how they end: the second lists the files
/// that end otherwise in this mode.
struct Mode {
    subject: fn(&str) -> Box<dyn Subject>,
    base: &'static str,
    over: Option<&'static str>,
}

impl Mode {
    fn of(options: &Options) -> Result<Self, &'static str> {
        match (options.suite, options.lazy) {
            (Language::Component, true) => Err("--lazy is for --suite core"),
            (Language::Component, false) => {
                Ok(Self { subject: |_| Box::new(Lowlift::new()), base: "ledger.txt", over: None })
            }
            (Language::Core, false) => {
                Ok(Self { subject: |file| Box::new(Core::new(file)), base: "ledger-core.txt", over: None })
            }
            (Language::Core, true) => Ok(Self {
                subject: |file| Box::new(Core::lazy(file)),
                base: "ledger-core.txt",
                over: Some("ledger-core-lazy.txt"),
            }),
        }
    }
}

const WORDINGS: &str = "wordings.txt";
const GOLDEN: &str = "golden/abi.jsonl";

/// Returns the path of a file of this package.
fn in_package(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), name].iter().collect()
}

fn read(name: &str) -> Result<String, Box<dyn Error>> {
    Ok(std::fs::read_to_string(in_package(name)).map_err(|e| format!("conformance/{name}: {e}"))?)
}

fn write(name: &str, text: &str) -> Result<(), Box<dyn Error>> {
    Ok(std::fs::write(in_package(name), text).map_err(|e| format!("conformance/{name}: {e}"))?)
}
