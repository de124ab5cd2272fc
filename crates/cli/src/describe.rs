//! `lowlift describe`: the core signature of a function, lifted and lowered, with the reason for
//! each core value.

use std::path::PathBuf;

use canonical_abi::explain::explain_functype;
use canonical_abi::{Direction, Options, StringEncoding};
use component_linker::display_func;

use crate::abi::{AbiArgs, Format, length_unit};
use crate::catalog::{self, Catalog};
use crate::failure::Failure;
use crate::functions::{self, Function};
use crate::render::page::{self, Package};
use crate::render::{draw, json, text};

/// What `lowlift describe` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A WIT file, a directory of WIT files, or a component.
    file: PathBuf,
    /// The function, by its full name (techbytes:plugin/processing.process) or by a part that is
    /// unique; all functions if none is given.
    function: Option<String>,
    /// What to write. A page also shows the types that a function uses.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    abi: AbiArgs,
}

/// Returns the function's type and its two core signatures.
///
/// # Errors
///
/// When the file is invalid, or the name of the function is unknown or ambiguous.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let catalog = catalog::read(&args.file)?;
    let opts = args.abi.options();
    if args.format == Format::Html && args.function.is_none() {
        return Ok(page::render(&Package::whole(&args.file, &catalog, opts)));
    }
    let wanted = match &args.function {
        Some(name) => vec![functions::find(&catalog.functions, name)?],
        None if catalog.functions.is_empty() => {
            return Err(Failure::in_file(&args.file.display().to_string(), "there is no function"));
        }
        None => catalog.functions.iter().collect(),
    };
    match args.format {
        Format::Text => {
            let colour = text::wants_colour();
            Ok(wanted.iter().map(|f| text_of(&catalog, f, &opts, colour)).collect::<Vec<_>>().join("\n"))
        }
        Format::Json => {
            let functions = wanted.iter().map(|function| {
                let ty = display_func(&catalog.types, &function.full_name(), &function.ty);
                let [lift, lower] = [Direction::Lift, Direction::Lower]
                    .map(|direction| explain_functype(&catalog.types, &function.ty, &opts, direction));
                json::function(&function.full_name(), &ty, &lift, &lower)
            });
            Ok(json::document(&opts, &[("functions", functions.collect())]))
        }
        Format::Svg => {
            let functions = wanted.iter().map(|function| {
                let ty = display_func(&catalog.types, &function.full_name(), &function.ty);
                let signatures = [Direction::Lift, Direction::Lower]
                    .map(|direction| explain_functype(&catalog.types, &function.ty, &opts, direction));
                (ty, signatures)
            });
            Ok(draw::functions(&functions.collect::<Vec<_>>()))
        }
        Format::Html => Ok(page::render(&Package::of_functions(&args.file, &catalog, opts, wanted))),
    }
}

fn text_of(catalog: &Catalog, function: &Function, opts: &Options, colour: bool) -> String {
    let [lifted, lowered] = [Direction::Lift, Direction::Lower]
        .map(|direction| explain_functype(&catalog.types, &function.ty, opts, direction))
        .map(|flat| text::signature(&flat, colour).trim_end().to_owned());
    let ty = text::heading(&display_func(&catalog.types, &function.full_name(), &function.ty), colour);
    let strings = match opts.string_encoding {
        StringEncoding::Utf8 => String::new(),
        StringEncoding::Utf16 | StringEncoding::Latin1Utf16 => format!("\n{}", length_unit(opts)),
    };
    format!("{ty}{strings}\n\n{lifted}\n\n{lowered}\n")
}
