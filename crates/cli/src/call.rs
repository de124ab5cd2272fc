//! `lowlift call`: instantiates a component and calls one of its functions.

use std::path::{Path, PathBuf};

use component_linker::{
    CallError, Component, Engine, Func, InstantiateError, LinkError, Linker, ResolvedComponent, Store, Val,
    display,
};

use crate::bounds::Bounds;
use crate::catalog;
use crate::failure::Failure;
use crate::functions::{self, Function};
use crate::input::read_component;
use crate::wave;

/// What `lowlift call` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The component, binary or text.
    file: PathBuf,
    /// The call in WAVE, such as 'process({id: 7, payload: [1, 2, 3]})'. The function is named in
    /// full (techbytes:plugin/processing.process) or as short as is unique.
    call: String,
    /// Links each import to a function that traps with the import's name.
    #[arg(long)]
    stub_imports: bool,
    #[command(flatten)]
    bounds: Bounds,
}

/// An instantiated component, with a call of one of its functions that is ready to run.
pub(crate) struct Prepared {
    pub(crate) component: Component,
    pub(crate) function: Function,
    pub(crate) store: Store<()>,
    pub(crate) func: Func,
    pub(crate) values: Vec<Val>,
    bounds: Bounds,
}

/// Calls the function and returns its result as a line of WAVE, or nothing if it has none.
///
/// # Errors
///
/// When the component, the call or an import is invalid, or when the guest traps.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let mut call = prepare(&args.file, &args.call, args.stub_imports, args.bounds)?;
    let result = call.func.call(&mut call.store, &call.values).map_err(|error| failure(&call, &error))?;
    Ok(result_text(&call, result.as_ref())?.map_or_else(String::new, |text| text + "\n"))
}

/// Instantiates a component and prepares a call of one of its functions.
///
/// # Errors
///
/// When the component, the call or an import is invalid, or when a start function traps.
pub(crate) fn prepare(
    path: &Path,
    call: &str,
    stub_imports: bool,
    bounds: Bounds,
) -> Result<Prepared, Failure> {
    let file = path.display().to_string();
    let bytes = read_component(path)?;
    let call = wave::parse_call(call).map_err(|error| Failure::BadInput(error.to_string()))?;
    let resolved = ResolvedComponent::new(&bytes).map_err(|error| Failure::in_file(&file, error))?;

    // Names and arguments are checked before anything is compiled.
    let exported = catalog::of_items(resolved.types(), &[resolved.exports()]);
    let function = functions::find(&exported.functions, call.name())?.clone();
    let types = resolved.types();
    let values =
        wave::read_args(types, &function.ty, &call).map_err(|error| Failure::BadInput(error.to_string()))?;

    let engine = Engine::new(&bounds.config()).map_err(|error| Failure::BadInput(error.to_string()))?;
    let component =
        crate::progress::compile(&engine, &resolved).map_err(|error| Failure::in_file(&file, error))?;
    let mut linker = Linker::<()>::new();
    if stub_imports {
        linker.stub_imports(&component).map_err(|error| Failure::in_file(&file, error))?;
    }
    let mut store = Store::new(&engine, ());
    bounds.start(&engine, &mut store);
    let instance = linker.instantiate(&mut store, &component).map_err(|error| match error {
        InstantiateError::Link(error) => link_failure(&file, &error, stub_imports),
        InstantiateError::Limit(_) | InstantiateError::Resource(_) => Failure::in_file(&file, error),
        InstantiateError::Trap(trap) => {
            Failure::Trap(format!("{file}: while instantiating: {trap}{}", bounds.explain(&trap)))
        }
    })?;
    let path: Vec<&str> = function.path.iter().map(String::as_str).collect();
    let func = instance.get_func(&mut store, &path).expect("the component exports the function");
    Ok(Prepared { component, function, store, func, values, bounds })
}

/// Returns the result as WAVE, if there is one.
///
/// # Errors
///
/// When it holds a handle.
pub(crate) fn result_text(call: &Prepared, result: Option<&Val>) -> Result<Option<String>, Failure> {
    let types = call.component.types();
    match (call.function.ty.result, result) {
        (Some(ty), Some(value)) => wave::to_text(types, ty, value).map(Some).map_err(|_| {
            let ty = display(types, ty);
            Failure::BadInput(format!("the result, of type `{ty}`, holds a handle and has no text form"))
        }),
        (None, _) | (_, None) => Ok(None),
    }
}

/// Returns the failure of a call.
pub(crate) fn failure(call: &Prepared, error: &CallError) -> Failure {
    match error {
        CallError::Trap(trap) => {
            let name = call.function.full_name();
            Failure::Trap(format!("`{name}` trapped: {trap}{}", call.bounds.explain(trap)))
        }
        CallError::WrongStore
        | CallError::UnknownResource(_)
        | CallError::Arity { .. }
        | CallError::Type { .. }
        | CallError::Resource(_) => Failure::BadInput(error.to_string()),
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
