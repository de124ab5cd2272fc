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
use wit_parser_lite::source::text_of;
use wit_parser_lite::{Errors, Features, Options, Resolved, WorldId, wasm};

use crate::failure::{self, Failure};
use crate::input::assemble;
use crate::proposals;

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
    Tree(Text),
    /// Prints what the packages define as JSON, in the shape of `wasm-tools component wit --json`.
    Json(Text),
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
    /// Writes the text here.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A verb that prints text about a package.
#[derive(Debug, clap::Args)]
struct Text {
    #[command(flatten)]
    package: Package,
    /// Writes the text here.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
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
    #[command(flatten)]
    gates: Gates,
}

/// Which gated items of WIT are included.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Gates {
    /// Takes in items gated by `@unstable` with one of these features.
    #[arg(long, value_delimiter = ',', value_name = "FEATURE,…")]
    features: Vec<String>,
    /// Takes in all gated items. Those of a package in binary form always are.
    #[arg(long, conflicts_with = "features")]
    all_features: bool,
}

impl Gates {
    /// Returns the options to read WIT with.
    pub(crate) fn options(&self) -> Options {
        let named = || Features::only(self.features.iter().cloned());
        let features = if self.all_features { Features::All } else { named() };
        Options::default().features(features).proposals(proposals::chosen().of_wit())
    }
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
        Command::Tree(args) => written(tree::tree(&resolve(&args.package)?), args.output.as_deref()),
        Command::Json(args) => {
            written(wit_parser_lite::json::json(&resolve(&args.package)?) + "\n", args.output.as_deref())
        }
        Command::FromWasm(args) => written(from_wasm(&args.file)?, args.output.as_deref()),
        Command::Build(args) => build::run(args),
    }
}

/// Returns the text to print: `text` itself, or a line about the file that it was written to.
fn written(text: String, output: Option<&Path>) -> Result<String, Failure> {
    let Some(path) = output.filter(|path| *path != Path::new("-")) else { return Ok(text) };
    let name = path.display().to_string();
    std::fs::write(path, &text).map_err(|error| Failure::in_file(&name, error))?;
    Ok(format!("{name}: {} bytes\n", text.len()))
}

fn check(args: &Check) -> Result<String, Failure> {
    if !args.json {
        return resolve(&args.package).map(|_| String::new());
    }
    let faults = match load(&args.package.path) {
        Ok(Input::Text(tree)) => match tree.parse_with_options(&args.package.gates.options()) {
            Ok(resolved) => {
                diagnostics::print_left_out(&resolved);
                return Ok("[]\n".to_owned());
            }
            Err(errors) => (diagnostics::json(&tree, &errors), errors.len()),
        },
        Ok(Input::Binary { name, bytes }) => match decode(&name, &bytes) {
            Ok(_) => return Ok("[]\n".to_owned()),
            Err(failure) => (diagnostics::json_of_file(&failure.message()), 1),
        },
        Err(failure) => (diagnostics::json_of_file(&failure.message()), 1),
    };
    failure::print(&faults.0);
    Err(diagnostics::failure(faults.1))
}

fn from_wasm(path: &Path) -> Result<String, Failure> {
    match load(path)? {
        Input::Binary { name, bytes } => {
            match wasm::to_text_with_features(&bytes, proposals::chosen().features()) {
                Ok(wit) => Ok(wit.text),
                Err(error) => Err(proposals::refused(&name, &bytes, error)),
            }
        }
        Input::Text(_) => {
            let message = "expected a component, a WIT package in binary form, or the text of one of them";
            Err(Failure::in_file(&name_of(path), message))
        }
    }
}

fn name_of(path: &Path) -> String {
    if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() }
}

/// Returns what the package defines. Its faults are printed, and a note about what gates exclude.
fn resolve(package: &Package) -> Result<Resolved, Failure> {
    resolve_path(&package.path, &package.gates)
}

/// Returns what the package at a path defines. Its faults are printed, and a note about what gates
/// exclude.
///
/// # Errors
///
/// When a file can't be read, or the package has faults.
pub(crate) fn resolve_path(path: &Path, gates: &Gates) -> Result<Resolved, Failure> {
    let tree = match load(path)? {
        Input::Binary { name, bytes } => return decode(&name, &bytes),
        Input::Text(tree) => tree,
    };
    match tree.parse_with_options(&gates.options()) {
        Ok(resolved) => {
            diagnostics::print_left_out(&resolved);
            Ok(resolved)
        }
        Err(errors) => Err(faults(path, &tree, &errors)),
    }
}

fn decode(name: &str, bytes: &[u8]) -> Result<Resolved, Failure> {
    wasm::decode_with_features(bytes, proposals::chosen().features())
        .map_err(|error| proposals::refused(name, bytes, error))
}

/// Prints the faults of a package. For a file that was given alone, what it has from other files is
/// one fault.
fn faults(path: &Path, tree: &Tree, errors: &Errors) -> Failure {
    if path.is_dir() {
        eprint!("{}", diagnostics::render(tree, errors));
        return diagnostics::failure(errors.len());
    }
    const MAX_NAMES: usize = 6;
    let folder = path.parent().filter(|_| path != Path::new("-"));
    let folder = folder.map(|folder| if folder == Path::new("") { Path::new(".") } else { folder });
    let siblings = folder.map(|folder| rest_of_package(folder, path)).unwrap_or_default();
    let diagnostics::NotGiven { mut names, others } =
        diagnostics::not_given(tree, errors, siblings.has_files);
    eprint!("{}", diagnostics::render(tree, &others));
    if names.is_empty() {
        return diagnostics::failure(others.len());
    }
    if names.len() > MAX_NAMES {
        let n_more = names.len() - MAX_NAMES;
        names.truncate(MAX_NAMES);
        names.push(format!("{n_more} more"));
    }
    let (file, names) = (name_of(path), names.join(", "));
    let folder = folder.map_or("DIR".to_owned(), |folder| folder.display().to_string());
    let help = match siblings {
        Siblings { has_files: false, has_deps: false } => {
            "give the package's directory, with the packages that it uses in its `deps/`".to_owned()
        }
        Siblings { has_files: true, has_deps: false } | Siblings { has_deps: true, .. } => {
            format!("the rest of the package is beside it: give the directory, `{folder}`")
        }
    };
    let message = format!("{file}: it uses what other files define, which were not given: {names}; {help}");
    if others.is_empty() {
        return Failure::BadInput(message);
    }
    eprintln!("error: {message}\n");
    diagnostics::failure(others.len() + 1)
}

/// What lies beside a file of a package.
#[derive(Clone, Copy, Default)]
struct Siblings {
    /// Whether there are other `.wit` files.
    has_files: bool,
    /// Whether there is a `deps/`.
    has_deps: bool,
}

fn rest_of_package(folder: &Path, file: &Path) -> Siblings {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_other = |path: &Path| {
        path.extension().is_some_and(|extension| extension == "wit") && path.file_name() != file.file_name()
    };
    let has_files = entries.into_iter().any(|path| is_other(&path));
    Siblings { has_files, has_deps: folder.join("deps").is_dir() }
}

/// Returns the world that `name` names.
///
/// # Errors
///
/// There is none, or several.
pub(crate) fn find_world(resolved: &Resolved, name: &str) -> Result<WorldId, Failure> {
    let names = |ids: &[WorldId]| {
        let names: Vec<_> = ids.iter().map(|id| format!("`{}`", resolved.world_name(*id))).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    match *resolved.find_worlds(name) {
        [world] => Ok(world),
        [] => {
            let own = &resolved.main_package().worlds;
            let all: Vec<_> = resolved.worlds().map(|(id, _)| id).collect();
            let there = if own.is_empty() { &all } else { own };
            Err(Failure::BadInput(format!("no world is named `{name}`; there are: {}", names(there))))
        }
        ref several => {
            let message = format!("several worlds are named `{name}`: {}", names(several));
            Err(Failure::BadInput(message))
        }
    }
}

/// A package in either form.
enum Input {
    Text(Tree),
    Binary { name: String, bytes: Vec<u8> },
}

fn load(path: &Path) -> Result<Input, Failure> {
    if path.is_dir() {
        let tree = Tree::load_with(path, &assemble);
        return tree.map(Input::Text).map_err(|error| Failure::BadInput(error.to_string()));
    }
    let name = name_of(path);
    let bytes = if path == Path::new("-") {
        stdin()?
    } else {
        std::fs::read(path).map_err(|error| Failure::in_file(&name, error))?
    };
    // No WIT file starts like this.
    let is_wasm_text =
        bytes.trim_ascii_start().starts_with(b"(") || bytes.trim_ascii_start().starts_with(b";");
    if !is_wasm_text && !bytes.starts_with(b"\0asm") {
        let text = text_of(bytes).map_err(|error| Failure::in_file(&name, error))?;
        return Ok(Input::Text(Tree::new(vec![(name, text)], Vec::new())));
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
