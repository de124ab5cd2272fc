//! `lowlift compile`: what the JIT makes of each function of a core module, or of those within a component.

use std::fmt::Write as _;
use std::path::PathBuf;

use component_linker::compose::{self, Item, Part, PartKind};
use jit::{Config, Engine, FuncListing, Module};

use crate::failure::Failure;
use crate::input::read_component;

/// What `lowlift compile` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A core module or a component, binary or text.
    file: PathBuf,
    /// What to show beside the operators.
    #[arg(long, value_enum, default_value_t = Emit::Clif)]
    emit: Emit,
    /// Show only the functions of this name or index.
    #[arg(long, value_name = "NAME")]
    func: Vec<String>,
}

/// A stage on the way to machine code.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Emit {
    /// Cranelift IR as it was translated, before any optimisation.
    Clif,
    /// Machine code for this processor.
    Asm,
}

/// Returns the listing, function by function.
///
/// # Errors
///
/// When the file is not valid, or uses what is not compiled yet.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let file = args.file.display().to_string();
    let fail = |error: &dyn std::fmt::Display| Failure::in_file(&file, error);
    let bytes = read_component(&args.file)?;
    let mut modules = Vec::new();
    if is_core(&bytes) {
        modules.push((String::new(), &bytes[..]));
    } else {
        let outline = compose::outline(&bytes).map_err(|error| fail(&error))?;
        collect(&outline, "", &bytes, &mut modules);
    }
    let engine = Engine::new(&Config::new()).map_err(|error| fail(&error))?;
    let mut out = String::new();
    for (path, wasm) in modules {
        if !path.is_empty() {
            let _ = writeln!(out, ";; {path}\n");
        }
        for listing in Module::listings(&engine, wasm).map_err(|error| fail(&error))? {
            if is_chosen(&args.func, &listing) {
                write_listing(&mut out, &listing, args.emit);
            }
        }
    }
    if out.is_empty() {
        return Err(fail(&"there is no such function"));
    }
    Ok(out)
}

/// Returns whether a binary's header is that of a core module (core specification, "Binary Format: Modules").
fn is_core(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(&[1, 0, 0, 0])
}

fn collect<'a>(part: &Part, prefix: &str, bytes: &'a [u8], modules: &mut Vec<(String, &'a [u8])>) {
    let PartKind::Component(component) = &part.kind else { return };
    for item in &component.items {
        let Item::Part { index, part } = item else { continue };
        match part.kind {
            PartKind::Module(_) => {
                modules.push((format!("{prefix}module-{index}"), &bytes[part.range.clone()]));
            }
            PartKind::Component(_) => collect(part, &format!("{prefix}component-{index}."), bytes, modules),
        }
    }
}

fn is_chosen(wanted: &[String], listing: &FuncListing) -> bool {
    let index = listing.index.to_string();
    wanted.is_empty() || wanted.iter().any(|name| *name == index || Some(name) == listing.name.as_ref())
}

fn write_listing(out: &mut String, listing: &FuncListing, emit: Emit) {
    let FuncListing { index, name, ty, wasm, clif, asm, n_code_bytes } = listing;
    let name = name.as_ref().map(|name| format!(" ${name}")).unwrap_or_default();
    let _ = writeln!(out, ";; function {index}{name}: {ty}, {n_code_bytes} bytes of machine code");
    for (offset, op) in wasm {
        let _ = writeln!(out, ";; {offset:#6x}  {op}");
    }
    let _ = match emit {
        Emit::Clif => writeln!(out, "{clif}"),
        Emit::Asm => writeln!(out, "{asm}"),
    };
}
