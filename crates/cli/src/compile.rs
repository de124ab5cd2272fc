//! `lowlift compile`: the machine code of each function of a core module, or of the modules in a
//! component.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::Range;
use std::path::PathBuf;

use component_tools::PartKind;
use jit::{Engine, FuncListing, ValidModule};

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
    /// Show only the functions of this name, export name or index, and compile no other.
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

/// Prints the listing, function by function.
///
/// # Errors
///
/// When the file is invalid, when it has no function of a name that is asked for, or uses features
/// that are not supported.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let file = args.file.display().to_string();
    let fail = |error: &dyn std::fmt::Display| Failure::in_file(&file, error);
    let bytes = read_component(&args.file)?;
    let engine = Engine::new(&proposals::engine_config()).map_err(|error| fail(&error))?;
    let mut modules = Vec::new();
    let nested = modules_of(&bytes).map_err(|error| proposals::refused(&file, &bytes, error))?;
    for (path, wasm) in nested {
        let module = ValidModule::new(&engine, wasm);
        let module = module.map_err(|error| proposals::refused(&file, &bytes, error))?;
        let chosen = Chosen::new(&args.func, &module);
        modules.push((path, module, chosen));
    }
    let is_known = |name: &&String| modules.iter().any(|(_, _, chosen)| chosen.names.contains(*name));
    if let Some(unknown) = args.func.iter().find(|name| !is_known(name)) {
        let known = modules.iter().flat_map(|(_, module, _)| names(module));
        return Err(fail(&no_such_function(unknown, known)));
    }
    if modules.iter().all(|(_, _, chosen)| chosen.funcs.is_empty()) {
        return Err(fail(&"there is no function"));
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (path, module, chosen) in modules.iter().filter(|(_, _, chosen)| !chosen.funcs.is_empty()) {
        let head = if path.is_empty() { Ok(()) } else { writeln!(out, ";; {path}\n") };
        let done =
            head.map_err(Stop::Output).and_then(|()| write_module(&mut out, module, chosen, &args.emit));
        match done {
            // Whoever reads has enough.
            Err(Stop::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(String::new()),
            Err(Stop::Output(error)) => return Err(fail(&error)),
            Err(Stop::Function(message)) => return Err(fail(&message)),
            Ok(()) => {}
        }
    }
    match out.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(fail(&error)),
        Ok(()) | Err(_) => Ok(String::new()),
    }
}

/// Why a listing ends early.
enum Stop {
    /// It can't be written.
    Output(io::Error),
    /// A function can't be shown.
    Function(String),
}

/// Returns the core modules of a binary, with their paths in a component.
fn modules_of(bytes: &[u8]) -> Result<Vec<(String, &[u8])>, component_tools::Error> {
    if is_core(bytes) {
        return Ok(vec![(String::new(), bytes)]);
    }
    let outline = component_tools::outline_with(bytes, proposals::chosen())?;
    let nested = outline.nested().into_iter();
    let nested = nested.filter(|(_, part)| matches!(part.kind, PartKind::Module(_)));
    Ok(nested.map(|(path, part)| (path, &bytes[part.range.clone()])).collect())
}

/// Returns whether the header of a binary is that of a core module (core specification, "Binary
/// Format: Modules").
fn is_core(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(&[1, 0, 0, 0])
}

/// The functions of a module that are shown, and by which names they were asked for.
struct Chosen {
    funcs: Vec<(u32, Range<u64>)>,
    names: BTreeSet<String>,
}

impl Chosen {
    fn new(wanted: &[String], module: &ValidModule) -> Self {
        let (mut funcs, mut names) = (Vec::new(), BTreeSet::new());
        for func in module.defined_funcs() {
            let is_it = |name: &&String| {
                **name == func.index.to_string()
                    || func.name == Some(name.as_str())
                    || func.exports.contains(&name.as_str())
            };
            let found: Vec<_> = wanted.iter().filter(is_it).cloned().collect();
            if wanted.is_empty() || !found.is_empty() {
                funcs.push((func.index, func.body));
            }
            names.extend(found);
        }
        Self { funcs, names }
    }
}

/// Returns the names of the functions that a module defines.
fn names(module: &ValidModule) -> impl Iterator<Item = String> {
    module.defined_funcs().flat_map(|func| {
        let names = func.name.into_iter().chain(func.exports);
        names.map(str::to_owned).collect::<Vec<_>>()
    })
}

/// Names that a message suggests at most.
const MAX_SUGGESTIONS: usize = 3;

fn no_such_function(name: &str, known: impl Iterator<Item = String>) -> String {
    let known: BTreeSet<String> = known.collect();
    let mut near: Vec<_> = known
        .iter()
        .map(|known| (edits(name, known), known))
        .filter(|(edits, known)| *edits <= name.len().max(3) / 3 || known.contains(name))
        .collect();
    near.sort();
    let near: Vec<_> = near.iter().take(MAX_SUGGESTIONS).map(|(_, known)| format!("`{known}`")).collect();
    match near.is_empty() {
        true => format!("there is no such function: `{name}`"),
        false => format!("there is no such function: `{name}`; there is {}", near.join(", ")),
    }
}

/// Returns how many bytes must change, come or go to make one name of the other.
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, byte) in from.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in to.bytes().enumerate() {
            let changed = diagonal + usize::from(byte != other);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

/// Bytes of bodies whose text is made at once.
const PART_BYTES: u64 = 256 << 10;

fn write_module(
    out: &mut impl Write,
    module: &ValidModule,
    chosen: &Chosen,
    emit: &[Emit],
) -> Result<(), Stop> {
    let bodies: Vec<_> = module.defined_funcs().map(|func| func.body).collect();
    let first = module.defined_funcs().next().map_or(0, |func| func.index);
    let mut rest = &chosen.funcs[..];
    while !rest.is_empty() {
        let mut n_bytes = 0;
        let n_funcs = rest.iter().take_while(|(_, body)| {
            let fits = n_bytes == 0 || n_bytes + (body.end - body.start) <= PART_BYTES;
            n_bytes += body.end - body.start;
            fits
        });
        let (part, others) = rest.split_at(n_funcs.count());
        rest = others;
        let skeleton = Skeleton::new(module.wasm(), &bodies, |position| {
            part.binary_search_by_key(&(first as usize + position), |(index, _)| *index as usize).is_ok()
        });
        let mut text = String::new();
        let printed = wasmprinter::Config::new().offsets_and_lines(&skeleton.wasm, &mut text);
        let lines: Vec<_> = printed
            .map_err(|error| Stop::Function(error.to_string()))?
            .filter_map(|(offset, line)| Some(Line { offset: offset?, text: line.trim_end() }))
            .collect();
        for (index, body) in part {
            let listing = module.listing(*index).map_err(|error| Stop::Function(error.to_string()))?;
            let at = skeleton.bodies[(index - first) as usize].clone();
            let lines: Vec<_> = lines_of(&lines, &at)
                .iter()
                .map(|line| Line { offset: line.offset - at.start + body.start, text: line.text })
                .collect();
            write_listing(out, &listing, &lines, emit).map_err(Stop::Output)?;
        }
    }
    Ok(())
}

/// A module like another, with what the text of some function bodies depends on: the others are
/// `unreachable`, and there are no segments, so that it takes little to print.
struct Skeleton {
    wasm: Vec<u8>,
    /// Where the bodies are in it.
    bodies: Vec<Range<u64>>,
}

impl Skeleton {
    /// Makes the skeleton of a valid module for the bodies at the positions that are kept.
    fn new(wasm: &[u8], bodies: &[Range<u64>], keeps: impl Fn(usize) -> bool) -> Self {
        const CUSTOM: u8 = 0;
        const EXPORT: u8 = 7;
        const START: u8 = 8;
        const ELEMENT: u8 = 9;
        const CODE: u8 = 10;
        const DATA: u8 = 11;
        const DATA_COUNT: u8 = 12;
        let mut skeleton = Self { wasm: wasm[..8].to_vec(), bodies: Vec::with_capacity(bodies.len()) };
        let mut rest = &wasm[8..];
        while let [id, after @ ..] = rest {
            let (len, after) = read_leb(after);
            let (contents, others) = after.split_at(len);
            match *id {
                EXPORT | START | ELEMENT | DATA | DATA_COUNT => {}
                CUSTOM if !contents.starts_with(b"\x04name") => {}
                CODE => skeleton.push_code(wasm, bodies, &keeps),
                _ => {
                    skeleton.wasm.push(*id);
                    push_leb(&mut skeleton.wasm, len);
                    skeleton.wasm.extend_from_slice(contents);
                }
            }
            rest = others;
        }
        skeleton
    }

    fn push_code(&mut self, wasm: &[u8], bodies: &[Range<u64>], keeps: &impl Fn(usize) -> bool) {
        /// No locals; `unreachable`, `end`.
        const UNREACHABLE: &[u8] = &[0, 0, 0x0b];
        let (mut code, mut places) = (Vec::new(), Vec::new());
        push_leb(&mut code, bodies.len());
        for (position, body) in bodies.iter().enumerate() {
            let range = usize::try_from(body.start).ok().zip(usize::try_from(body.end).ok());
            let range = range.filter(|_| keeps(position));
            let body = range.map_or(UNREACHABLE, |(start, end)| &wasm[start..end]);
            push_leb(&mut code, body.len());
            places.push(code.len()..code.len() + body.len());
            code.extend_from_slice(body);
        }
        self.wasm.push(10);
        push_leb(&mut self.wasm, code.len());
        let start = self.wasm.len() as u64;
        self.wasm.extend_from_slice(&code);
        self.bodies.extend(places.iter().map(|at| start + at.start as u64..start + at.end as u64));
    }
}

/// Reads an unsigned number of a valid module (core specification, "Binary Format: Integers").
fn read_leb(bytes: &[u8]) -> (usize, &[u8]) {
    let len = 1 + bytes.iter().take_while(|byte| **byte >= 0x80).count();
    let value = bytes[..len].iter().rev().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
    (value, &bytes[len..])
}

#[expect(clippy::cast_possible_truncation, reason = "seven bits fit")]
fn push_leb(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
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

fn write_listing(
    out: &mut impl Write,
    listing: &FuncListing,
    lines: &[Line<'_>],
    emit: &[Emit],
) -> io::Result<()> {
    let FuncListing { index, name, ty, body: _, clif, asm, n_code_bytes } = listing;
    let name = name.as_ref().map(|name| format!(" ${name}")).unwrap_or_default();
    writeln!(out, ";; function {index}{name}: {ty}, {n_code_bytes} bytes of machine code")?;
    if !emit.contains(&Emit::Clif) {
        write_lines(out, lines)?;
    }
    for emit in emit {
        match emit {
            Emit::Clif => write_clif(out, clif, lines)?,
            Emit::Asm => out.write_all(asm.as_bytes())?,
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_lines(out: &mut impl Write, lines: &[Line<'_>]) -> io::Result<()> {
    lines.iter().try_for_each(|Line { offset, text }| writeln!(out, ";; {offset:#6x}{text}"))
}

/// Writes the IR, with each operator before the first instruction that comes from it or from a
/// later one.
fn write_clif(out: &mut impl Write, clif: &str, mut lines: &[Line<'_>]) -> io::Result<()> {
    for instruction in clif.lines() {
        if let Some(offset) = source_offset(instruction) {
            let n_until = lines.partition_point(|line| line.offset <= offset);
            write_lines(out, &lines[..n_until])?;
            lines = &lines[n_until..];
        }
        writeln!(out, "{instruction}")?;
    }
    write_lines(out, lines)
}

/// Returns the byte offset at the start of a line of IR, in Cranelift's form: `@002e`.
fn source_offset(instruction: &str) -> Option<u64> {
    let digits = instruction.strip_prefix('@')?.split(' ').next()?;
    u64::from_str_radix(digits, 16).ok()
}
