//! `lowlift trace`: the lowering and lifting of a call, step by step.

use std::path::PathBuf;

use component_linker::display_func;

use crate::abi::Format;
use crate::bounds::Bounds;
use crate::call::{failure, prepare, result_text};
use crate::failure::{self as outcome, Failure};
use crate::render::trace::{self as render, TracedCall};
use crate::render::{json, text};

/// What `lowlift trace` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The component, binary or text.
    file: PathBuf,
    /// The call in WAVE, as for `lowlift call`.
    call: String,
    /// Links each import to a function that traps with the import's name.
    #[arg(long)]
    stub_imports: bool,
    #[command(flatten)]
    bounds: Bounds,
    /// What to write.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Calls the function and returns how its arguments were lowered and its result lifted.
///
/// # Errors
///
/// As for `lowlift call`. When the guest traps, the steps before the trap are printed.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let mut call = prepare(&args.file, &args.call, args.stub_imports, args.bounds)?;
    let (result, trace) = call.func.call_traced(&mut call.store, &call.values);
    let failed = result.as_ref().err().map(|error| failure(&call, error));
    let Some(opts) = trace.options else {
        let name = call.function.full_name();
        return Err(failed.unwrap_or_else(|| {
            Failure::BadInput(format!("`{name}` is the host's own function: nothing is lowered or lifted"))
        }));
    };
    let traced = TracedCall {
        call: &args.call,
        ty: display_func(call.component.types(), &call.function.full_name(), &call.function.ty),
        opts,
        trace: &trace,
        // A result with a handle has no text form.
        result: result.as_ref().ok().and_then(|value| result_text(&call, value.as_ref()).ok()).flatten(),
        failure: failed.as_ref().map(ToString::to_string),
    };
    let written = match args.format {
        Format::Text => render::text(&traced, text::wants_colour()),
        Format::Svg => render::svg(&traced),
        Format::Json => json::document(&opts, &[("call", render::json(&traced))]),
        Format::Html => render::html(&traced),
    };
    match failed {
        None => Ok(written),
        Some(failure) => {
            // The trap is reported, and not that the output could not be written.
            let _ = outcome::print(&written);
            Err(failure)
        }
    }
}
