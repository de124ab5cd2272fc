//! `lowlift compile`: the machine code of each function of a core module, or of the modules in a
//! component.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::PathBuf;

use component_tools::PartKind;
use jit::{Engine, FuncListing, Module};

use crate::failure::Failure;
use crate::input::read_component;
use crate::proposals;

/// What `lowlift compile` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A core module or a component, binary or text.
    file: PathBuf,
    /// What to show beside the operators; separate several with commas.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Emit::Clif])]
    emit: Vec<Emit>,
    /// Show only the functions of this name or index.
    #[arg(long, value_name = "NAME")]
    func: Vec<String>,
}

/// A stage on the way to machine code.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Emit {
    /// Cranelift IR as translated, before optimisation, with each operator above its instructions.
    Clif,
    /// Machine code for this processor.
    Asm,
}

/// Returns the listing, function by function.
///
/// # Errors
///
/// When the file is invalid, or uses features that are not supported.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let file = args.file.display().to_string();
    let fail = |error: &dyn std::fmt::Display| Failure::in_file(&file, error);
    let bytes = read_component(&args.file)?;
    let mut modules = Vec::new();
    if is_core(&bytes) {
        modules.push((String::new(), &bytes[..]));
    } else {
        let outline = component_tools::outline_with(&bytes, proposals::chosen());
        let outline = outline.map_err(|error| proposals::refused(&file, &bytes, error))?;
        let nested = outline.nested().into_iter();
        let nested = nested.filter(|(_, part)| matches!(part.kind, PartKind::Module(_)));
        modules.extend(nested.map(|(path, part)| (path, &bytes[part.range.clone()])));
    }
    let engine = Engine::new(&proposals::engine_config()).map_err(|error| fail(&error))?;
    let mut out = String::new();
    for (path, wasm) in modules {
        if !path.is_empty() {
            let _ = writeln!(out, ";; {path}\n");
        }
        let listings = Module::listings(&engine, wasm);
        let listings = listings.map_err(|error| proposals::refused(&file, &bytes, error))?;
        let mut text = String::new();
        let lines: Vec<_> = wasmprinter::Config::new()
            .offsets_and_lines(wasm, &mut text)
            .map_err(|error| fail(&error))?
            .filter_map(|(offset, line)| Some(Line { offset: offset?, text: line.trim_end() }))
            .collect();
        for listing in listings.iter().filter(|listing| is_chosen(&args.func, listing)) {
            write_listing(&mut out, listing, lines_of(&lines, &listing.body), &args.emit);
        }
    }
    if out.is_empty() {
        return Err(fail(&"there is no such function"));
    }
    Ok(out)
}

/// Returns whether the header of a binary is that of a core module (core specification, "Binary
/// Format: Modules").
fn is_core(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(&[1, 0, 0, 0])
}

fn is_chosen(wanted: &[String], listing: &FuncListing) -> bool {
    let index = listing.index.to_string();
    wanted.is_empty() || wanted.iter().any(|name| *name == index || Some(name) == listing.name.as_ref())
}

/// A line of the module's text format, and its offset in the binary.
struct Line<'a> {
    offset: u64,
    text: &'a str,
}

/// Returns the lines of a function's body: its locals and operators.
fn lines_of<'a, 'b>(lines: &'a [Line<'b>], body: &Range<u64>) -> &'a [Line<'b>] {
    // The head of the function has the same offset as the body and comes first.
    let start = lines.partition_point(|line| line.offset <= body.start);
    let end = lines.partition_point(|line| line.offset < body.end);
    &lines[start..end]
}

fn write_listing(out: &mut String, listing: &FuncListing, lines: &[Line<'_>], emit: &[Emit]) {
    let FuncListing { index, name, ty, body: _, clif, asm, n_code_bytes } = listing;
    let name = name.as_ref().map(|name| format!(" ${name}")).unwrap_or_default();
    let _ = writeln!(out, ";; function {index}{name}: {ty}, {n_code_bytes} bytes of machine code");
    if !emit.contains(&Emit::Clif) {
        write_lines(out, lines);
    }
    for emit in emit {
        match emit {
            Emit::Clif => write_clif(out, clif, lines),
            Emit::Asm => out.push_str(asm),
        }
        out.push('\n');
    }
}

fn write_lines(out: &mut String, lines: &[Line<'_>]) {
    for Line { offset, text } in lines {
        let _ = writeln!(out, ";; {offset:#6x}{text}");
    }
}

/// Writes the IR, with each operator before the first instruction that comes from it or from a
/// later one.
fn write_clif(out: &mut String, clif: &str, mut lines: &[Line<'_>]) {
    for instruction in clif.lines() {
        if let Some(offset) = source_offset(instruction) {
            let n_until = lines.partition_point(|line| line.offset <= offset);
            write_lines(out, &lines[..n_until]);
            lines = &lines[n_until..];
        }
        let _ = writeln!(out, "{instruction}");
    }
    write_lines(out, lines);
}

/// Returns the byte offset at the start of a line of IR, in Cranelift's form: `@002e`.
fn source_offset(instruction: &str) -> Option<u64> {
    let digits = instruction.strip_prefix('@')?.split(' ').next()?;
    u64::from_str_radix(digits, 16).ok()
}
