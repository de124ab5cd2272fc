//! `lowlift wit`: formats, checks, lists and exports WIT packages.
//!
//! A package is a file, a directory with its `deps/`, or `-` for standard input. Faults go to standard error, each with
//! the lines it speaks of.

mod diagnostics;
mod fmt;
mod tree;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use wit_parser_lite::load::Tree;
use wit_parser_lite::{Features, Resolved};

use crate::failure::{self, Failure};

/// What `lowlift wit` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes WIT files in one style, their comments kept.
    Fmt(fmt::Args),
    /// Says what is wrong with a package: all of it, not only the first fault.
    Check(Check),
    /// Lists the packages with their interfaces, worlds, types and functions.
    Tree(Package),
    /// Prints what the packages define as JSON, in the shape of `wasm-tools component wit --json`.
    Json(Package),
}

#[derive(Debug, clap::Args)]
struct Check {
    #[command(flatten)]
    package: Package,
    /// Prints the faults to standard output as a JSON array, for editors.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Package {
    /// A file, a directory with its `deps/`, or `-` for standard input.
    path: PathBuf,
    /// Takes in items gated by `@unstable` with one of these features.
    #[arg(long, value_delimiter = ',', value_name = "FEATURE,…")]
    features: Vec<String>,
    /// Takes in all gated items.
    #[arg(long, conflicts_with = "features")]
    all_features: bool,
}

/// Runs the command.
///
/// # Errors
///
/// When a file can't be read, the package has faults, or a file is not formatted.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    match &args.command {
        Command::Fmt(args) => fmt::run(args),
        Command::Check(args) => check(args),
        Command::Tree(package) => Ok(tree::tree(&resolve(package)?)),
        Command::Json(package) => Ok(wit_parser_lite::json::json(&resolve(package)?) + "\n"),
    }
}

fn check(args: &Check) -> Result<String, Failure> {
    if !args.json {
        return resolve(&args.package).map(|_| String::new());
    }
    let tree = load(&args.package.path)?;
    let errors = tree.parse(&features(&args.package)).err().unwrap_or_default();
    let text = diagnostics::json(&tree, &errors);
    if errors.is_empty() {
        return Ok(text);
    }
    failure::print(&text);
    Err(diagnostics::failure(errors.len()))
}

/// Returns what the package defines. Its faults are printed.
fn resolve(package: &Package) -> Result<Resolved, Failure> {
    let tree = load(&package.path)?;
    tree.parse(&features(package)).map_err(|errors| {
        eprint!("{}", diagnostics::render(&tree, &errors));
        diagnostics::failure(errors.len())
    })
}

/// Returns what the package at a path defines, without what is gated. Its faults are printed.
///
/// # Errors
///
/// When a file can't be read, or the package has faults.
pub(crate) fn resolve_path(path: &Path) -> Result<Resolved, Failure> {
    resolve(&Package { path: path.to_owned(), features: Vec::new(), all_features: false })
}

fn features(package: &Package) -> Features {
    if package.all_features { Features::All } else { Features::only(package.features.iter().cloned()) }
}

fn load(path: &Path) -> Result<Tree, Failure> {
    if path == Path::new("-") {
        return Ok(Tree { files: vec![("<stdin>".to_owned(), stdin()?)], dependencies: Vec::new() });
    }
    let decode = |_: &[u8]| Err("not supported yet: WIT packages in binary form".to_owned());
    Tree::load(path, &decode).map_err(|error| Failure::BadInput(error.to_string()))
}

fn stdin() -> Result<String, Failure> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::in_file("<stdin>", error)),
    }
}
