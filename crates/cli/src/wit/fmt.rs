//! `lowlift wit fmt`: WIT files in one style.

use std::fs;
use std::path::{Path, PathBuf};

use wit_parser_lite::format::format;
use wit_parser_lite::load::Tree;
use wit_parser_lite::source::text_of;

use super::{diagnostics, stdin};
use crate::failure::Failure;

/// What `lowlift wit fmt` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files, or directories whose `.wit` files are formatted, those of `deps/` too. `-` formats
    /// standard input to standard output.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Changes nothing, lists the files that are not formatted, and fails if there are any.
    #[arg(long)]
    check: bool,
    /// Writes the result here, and leaves the file as it is. `-` is standard output.
    #[arg(short, long, value_name = "FILE", conflicts_with = "check")]
    output: Option<PathBuf>,
}

/// Formats the files.
///
/// # Errors
///
/// A file can't be read or written, has syntax errors, or with `--check` is not formatted. The
/// other files are formatted all the same.
pub(super) fn run(args: &Args) -> Result<String, Failure> {
    let mut out = String::new();
    let mut n_faults = 0;
    let mut files = Vec::new();
    for path in &args.paths {
        collect(path, &mut files)?;
    }
    if args.output.is_some() && files.len() != 1 {
        let message = format!("--output takes the text of one file, and here are {}", files.len());
        return Err(Failure::BadInput(message));
    }
    for path in files {
        let is_stdin = path == Path::new("-");
        let (name, bytes) = if is_stdin { ("<stdin>".to_owned(), stdin()?) } else { read(&path)? };
        let text = text_of(bytes.clone()).map_err(|error| Failure::in_file(&name, error))?;
        let formatted = match format(&name, &text) {
            Ok(formatted) => formatted,
            Err(errors) => {
                let tree = Tree::new(vec![(name, text)], Vec::new());
                eprint!("{}", diagnostics::render(&tree, &errors));
                n_faults += errors.len();
                continue;
            }
        };
        let is_formatted = formatted.as_bytes() == bytes;
        if args.check {
            if !is_formatted {
                eprintln!("error: {name}: not formatted");
                n_faults += 1;
            }
        } else if let Some(output) = &args.output {
            out += &super::written(formatted, Some(output))?;
        } else if is_stdin {
            out += &formatted;
        } else if !is_formatted {
            fs::write(&path, formatted).map_err(|error| Failure::in_file(&name, error))?;
        }
    }
    if n_faults > 0 { Err(diagnostics::failure(n_faults)) } else { Ok(out) }
}

fn read(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| Failure::in_file(&name, error))?;
    Ok((name, bytes))
}

/// Adds a file, or the `.wit` files in and below a directory in the order of their names.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let fault = |error: std::io::Error| Failure::in_file(&path.display().to_string(), error);
    let entries: Result<Vec<_>, _> = fs::read_dir(path).map_err(fault)?.collect();
    let mut entries: Vec<_> = entries.map_err(fault)?.iter().map(fs::DirEntry::path).collect();
    entries.sort();
    for entry in entries {
        // Links are not followed: they could form cycles.
        if entry.is_dir() && !entry.is_symlink() {
            collect(&entry, files)?;
        } else if entry.extension().is_some_and(|extension| extension == "wit") {
            files.push(entry);
        }
    }
    Ok(())
}
