//! `lowlift wit`: formats, checks, lists, exports, reads and writes WIT packages.
//!
//! A package is a file, text or binary, a directory with its `deps/`, or `-` for standard input.
//! Faults go to standard error, each with its lines.

mod build;
mod diagnostics;
mod fmt;
mod tree;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use wit_parser_lite::load::Tree;
use wit_parser_lite::{Features, Resolved, wasm};

use crate::failure::{self, Failure};
use crate::input::assemble;

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
    /// Prints as WIT what a binary says: the world of a component, or the packages of a WIT package
    /// in binary form.
    FromWasm(FromWasm),
    /// Writes a package, or one of its worlds, in binary form.
    Build(build::Args),
}

#[derive(Debug, clap::Args)]
struct FromWasm {
    /// A component, a WIT package in binary form, a core module that carries its world, or the text
    /// of one of them; `-` for standard input.
    file: PathBuf,
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
    /// A file (WIT, a WIT package in binary form, or a component), a directory with its `deps/`, or
    /// `-` for standard input.
    path: PathBuf,
    /// Takes in items gated by `@unstable` with one of these features.
    #[arg(long, value_delimiter = ',', value_name = "FEATURE,…")]
    features: Vec<String>,
    /// Takes in all gated items. Those of a package in binary form always are.
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
        Command::FromWasm(args) => from_wasm(&args.file),
        Command::Build(args) => build::run(args),
    }
}

fn check(args: &Check) -> Result<String, Failure> {
    let tree = match load(&args.package.path)? {
        Input::Text(tree) if args.json => tree,
        input @ (Input::Text(_) | Input::Binary { .. }) => {
            resolve_input(input, &args.package)?;
            return Ok(if args.json { "[]\n".to_owned() } else { String::new() });
        }
    };
    let errors = tree.parse(&features(&args.package)).err().unwrap_or_default();
    let text = diagnostics::json(&tree, &errors);
    if errors.is_empty() {
        return Ok(text);
    }
    failure::print(&text);
    Err(diagnostics::failure(errors.len()))
}

fn from_wasm(path: &Path) -> Result<String, Failure> {
    match load(path)? {
        Input::Binary { name, bytes } => match wasm::to_text(&bytes) {
            Ok(wit) => Ok(wit.text),
            Err(error) => Err(Failure::in_file(&name, error)),
        },
        Input::Text(_) => {
            let message = "expected a component, a WIT package in binary form, or the text of one of them";
            let name = if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() };
            Err(Failure::in_file(&name, message))
        }
    }
}

/// Returns what the package defines. Its faults are printed.
fn resolve(package: &Package) -> Result<Resolved, Failure> {
    resolve_input(load(&package.path)?, package)
}

fn resolve_input(input: Input, package: &Package) -> Result<Resolved, Failure> {
    match input {
        Input::Binary { name, bytes } => wasm::decode(&bytes).map_err(|error| Failure::in_file(&name, error)),
        Input::Text(tree) => tree.parse(&features(package)).map_err(|errors| {
            eprint!("{}", diagnostics::render(&tree, &errors));
            diagnostics::failure(errors.len())
        }),
    }
}

/// Returns what the package at a path defines, without gated items. Its faults are printed.
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

/// A package in either form.
enum Input {
    Text(Tree),
    Binary { name: String, bytes: Vec<u8> },
}

fn load(path: &Path) -> Result<Input, Failure> {
    if path.is_dir() {
        let tree = Tree::load(path, &assemble);
        return tree.map(Input::Text).map_err(|error| Failure::BadInput(error.to_string()));
    }
    let (name, bytes) = if path == Path::new("-") {
        ("<stdin>".to_owned(), stdin()?)
    } else {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| Failure::in_file(&name, error))?;
        (name, bytes)
    };
    // No WIT file starts like this.
    let is_wasm_text =
        bytes.trim_ascii_start().starts_with(b"(") || bytes.trim_ascii_start().starts_with(b";");
    if !is_wasm_text && !bytes.starts_with(b"\0") {
        let text = String::from_utf8(bytes).map_err(|_| Failure::in_file(&name, "the file is not UTF-8"))?;
        return Ok(Input::Text(Tree { files: vec![(name, text)], dependencies: Vec::new() }));
    }
    let bytes = if is_wasm_text { assemble(&bytes) } else { Ok(bytes) };
    let bytes = bytes.map_err(|error| Failure::in_file(&name, error))?;
    Ok(Input::Binary { name, bytes })
}

fn stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    match std::io::stdin().read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Failure::in_file("<stdin>", error)),
    }
}
