//! `lowlift describe`: the core signature of a function, lifted and lowered, and the reason for each core value.

use std::path::PathBuf;

use canonical_abi::explain::explain_functype;
use canonical_abi::{Direction, Options, StringEncoding};
use component_linker::display_func;

use crate::catalog;
use crate::failure::Failure;
use crate::functions;
use crate::pointer::Pointer;

/// What `lowlift describe` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A WIT file, a directory of WIT files, or a component.
    file: PathBuf,
    /// The function, in full (techbytes:plugin/processing.process) or as short as is unique.
    function: String,
    /// The width of the memory's pointers, in bits.
    #[arg(long, value_enum, default_value_t)]
    ptr: Pointer,
}

/// Returns the function's type and its two core signatures.
///
/// # Errors
///
/// When the file is not as it should be, or the function's name means none or several.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let catalog = catalog::read(&args.file)?;
    let function = functions::find(&catalog.functions, &args.function)?;
    let opts = Options {
        string_encoding: StringEncoding::Utf8,
        ptr: args.ptr.into(),
        is_async: false,
        has_callback: false,
    };
    let [lifted, lowered] = [Direction::Lift, Direction::Lower]
        .map(|direction| explain_functype(&catalog.types, &function.ty, &opts, direction));
    let ty = display_func(&catalog.types, &function.full_name(), &function.ty);
    Ok(format!("{ty}\n\n{}\n\n{}\n", lifted.to_string().trim_end(), lowered.to_string().trim_end()))
}
