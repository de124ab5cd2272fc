//! `lowlift call`: instantiates a component and calls one of its functions.

use std::path::PathBuf;

use component_linker::{
    CallError, Component, Config, Engine, InstantiateError, LinkError, Linker, Store, display,
};

use crate::catalog;
use crate::failure::Failure;
use crate::functions;
use crate::input::read_component;
use crate::wave;

/// What `lowlift call` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The component, binary or text.
    file: PathBuf,
    /// The call in WAVE, such as 'process({id: 7, payload: [1, 2, 3]})'. The function is named in full
    /// (techbytes:plugin/processing.process) or as short as is unique.
    call: String,
    /// Links each import to a function that traps with the import's name.
    #[arg(long)]
    stub_imports: bool,
}

/// Calls the function and returns its result as a line of WAVE, or nothing where it has none.
///
/// # Errors
///
/// When the component, the call or an import is not as it should be, or when the guest traps.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let file = args.file.display().to_string();
    let bytes = read_component(&args.file)?;
    let call = wave::parse_call(&args.call).map_err(|error| Failure::BadInput(error.to_string()))?;
    let engine = Engine::new(&Config::default()).map_err(|error| Failure::BadInput(error.to_string()))?;
    let component = Component::new(&engine, &bytes).map_err(|error| Failure::in_file(&file, error))?;

    let exported = catalog::of_items(component.types(), &[component.exports()]);
    let function = functions::find(&exported.functions, call.name())?;
    let types = component.types();
    let values =
        wave::read_args(types, &function.ty, &call).map_err(|error| Failure::BadInput(error.to_string()))?;

    let mut linker = Linker::<()>::new();
    if args.stub_imports {
        linker.stub_imports(&component).map_err(|error| Failure::in_file(&file, error))?;
    }
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).map_err(|error| match error {
        InstantiateError::Link(error) => link_failure(&file, &error, args.stub_imports),
        InstantiateError::Resource(_) => Failure::in_file(&file, error),
        InstantiateError::Trap(trap) => Failure::Trap(format!("{file}: while instantiating: {trap}")),
    })?;
    let path: Vec<&str> = function.path.iter().map(String::as_str).collect();
    let func = instance.get_func(&mut store, &path).expect("the component exports the function");
    let result = func.call(&mut store, &values).map_err(|error| match error {
        CallError::Trap(trap) => Failure::Trap(format!("`{}` trapped: {trap}", function.full_name())),
        CallError::WrongStore
        | CallError::UnknownResource(_)
        | CallError::Arity { .. }
        | CallError::Type { .. } => Failure::BadInput(error.to_string()),
    })?;
    match (function.ty.result, result) {
        (Some(ty), Some(value)) => wave::to_text(types, ty, &value).map(|text| text + "\n").map_err(|_| {
            let ty = display(types, ty);
            Failure::BadInput(format!("the result, of type `{ty}`, holds a handle and has no text form"))
        }),
        (None, _) | (_, None) => Ok(String::new()),
    }
}

fn link_failure(file: &str, error: &LinkError, stubbed: bool) -> Failure {
    match (error, stubbed) {
        (LinkError::Missing(message), false) => Failure::BadInput(format!(
            "{file}: {message}\n  help: `--stub-imports` links each import to a function that traps"
        )),
        _ => Failure::in_file(file, error),
    }
}
