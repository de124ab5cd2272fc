//! An instance, the results of calls so far, and the resources that they hold.

use canonical_abi::{FuncType, ValType};
use component_linker::{
    CallError, CallTrace, Component, Engine, Func, Instance, InstantiateError, LinkError, Linker, Store, Val,
};

use super::exports::{Checked, Exports, What};
use super::handles::Handles;
use super::stubs::{HostCalls, stub_imports};
use crate::bounds::{Bounds, Phase, Watch};
use crate::failure::Failure;
use crate::wave::{self, Base, Reference, Scope};

/// An instance of a component, with what calls have returned.
pub(crate) struct Session {
    pub(crate) exports: Exports,
    bounds: Bounds,
    has_stubs: bool,
    engine: Engine,
    component: Component,
    store: Store<HostCalls>,
    instance: Instance,
    results: Vec<Stored>,
    handles: Handles,
}

/// The result of a call.
struct Stored {
    ty: Option<ValType>,
    /// Resources in it have the numbers of [`Handles`]. `None` if there is no result, or it is not
    /// kept.
    value: Option<Val>,
}

impl Session {
    /// Compiles and instantiates the component.
    ///
    /// # Errors
    ///
    /// When an import is not satisfied, or a start function traps.
    pub(crate) fn start(
        exports: Exports,
        has_stubs: bool,
        bounds: Bounds,
        watch: &Watch,
    ) -> Result<Self, Failure> {
        let file = &exports.file;
        let engine = Engine::new(&bounds.config()).map_err(|error| Failure::BadInput(error.to_string()))?;
        watch.engine(&engine);
        watch.phase(Phase::Compiling);
        let component = crate::progress::compile(&engine, &exports.resolved);
        let component = component.map_err(|error| Failure::in_file(file, error))?;
        watch.phase(Phase::Instantiating);
        let (store, instance) = instantiate(file, &engine, &component, has_stubs, bounds)?;
        let (results, handles) = (Vec::new(), Handles::default());
        Ok(Self { exports, bounds, has_stubs, engine, component, store, instance, results, handles })
    }

    /// Makes a new instance, and forgets all results and resources.
    ///
    /// # Errors
    ///
    /// As for [`Self::start`].
    pub(crate) fn restart(&mut self, watch: &Watch) -> Result<(), Failure> {
        watch.phase(Phase::Instantiating);
        let file = &self.exports.file;
        (self.store, self.instance) =
            instantiate(file, &self.engine, &self.component, self.has_stubs, self.bounds)?;
        self.results.clear();
        self.handles = Handles::default();
        Ok(())
    }

    /// Gives the guest its time and fuel anew.
    pub(crate) fn refuel(&mut self) {
        fuel(&mut self.store, self.bounds);
    }

    /// Makes a call, and keeps its result. A `trace` is filled in, if there is one and the call is
    /// one of a function.
    ///
    /// # Errors
    ///
    /// When an argument depends on a result that is not as it should be, or when the guest traps.
    /// The call has no result then.
    pub(crate) fn run(
        &mut self,
        text: &str,
        checked: Checked,
        watch: &Watch,
        trace: Option<&mut CallTrace>,
    ) -> Result<(), Failure> {
        let ty = checked.result;
        let value = match checked.what {
            What::Call { function, args } => {
                let name = self.exports.functions[function].full_name();
                watch.phase(Phase::Calling(name));
                self.call(text, function, args, trace)?
            }
            What::Drop(reference) => {
                watch.phase(Phase::Calling("drop".to_owned()));
                self.drop(&reference)?;
                None
            }
            What::Show(reference) => {
                let (ty, value) = self.get(&reference).map_err(Failure::BadInput)?;
                self.results.push(Stored { ty: Some(ty), value: Some(value) });
                return Ok(());
            }
        };
        let value = value.zip(ty).map(|(value, ty)| self.handles.take(self.component.types(), ty, value));
        self.results.push(Stored { ty, value });
        Ok(())
    }

    fn call(
        &mut self,
        text: &str,
        function: usize,
        args: Option<Vec<Val>>,
        trace: Option<&mut CallTrace>,
    ) -> Result<Option<Val>, Failure> {
        let function = &self.exports.functions[function];
        let (name, ty) = (function.full_name(), function.ty.clone());
        let path: Vec<&str> = function.path.iter().map(String::as_str).collect();
        let func =
            self.instance.get_func(&mut self.store, &path).expect("the component exports the function");
        let args = match args {
            Some(args) => args,
            None => self.read_args(text, &ty).map_err(|error| Failure::BadInput(error.to_string()))?,
        };
        let args = self.handles.give(self.component.types(), args, &ty.params);
        let args = args.map_err(Failure::BadInput)?;
        let result = call(&func, &mut self.store, &args, trace);
        result.map_err(|error| self.failure(&name, &error))
    }

    fn read_args(&self, text: &str, ty: &FuncType) -> Result<Vec<Val>, wave::ReadError> {
        let call = wave::parse_call(text)?;
        wave::read_args(self.component.types(), ty, &call, self)
    }

    fn drop(&mut self, reference: &Reference) -> Result<(), Failure> {
        let types = self.component.types();
        let (ty, value) = self.get(reference).map_err(Failure::BadInput)?;
        let (ValType::Own(_), Val::Own(number)) = (ty, value) else {
            return Err(Failure::BadInput(format!("`{reference}` is no resource")));
        };
        let (resource, rep) = self.handles.drop(types, number).map_err(Failure::BadInput)?;
        let dropped = self.instance.drop_resource(&mut self.store, resource, rep);
        dropped.map_err(|error| self.failure("drop", &error))
    }

    /// Returns what a reference names.
    fn get(&self, reference: &Reference) -> Result<(ValType, Val), String> {
        let n = match reference.base {
            Base::Handle(number) => return Ok((self.handles.type_of(number)?, Val::Own(number))),
            Base::Result(n) => n,
        };
        let (ty, value) =
            self.result(n).ok_or_else(|| format!("there is no `${n}`: that call has no result"))?;
        let (ty, part) = wave::part(self.component.types(), ty, Some(value), &reference.path)?;
        Ok((ty, part.expect("there is a value").into_owned()))
    }

    /// Returns the result of a call, if it has one that is kept.
    pub(crate) fn result(&self, n: usize) -> Option<(ValType, &Val)> {
        let Stored { ty, value } = self.results.get(n)?;
        (*ty).zip(value.as_ref())
    }

    /// Returns the number of calls made.
    pub(crate) fn n_results(&self) -> usize {
        self.results.len()
    }

    /// Returns the types of the results.
    pub(crate) fn result_types(&self) -> Vec<Option<ValType>> {
        self.results.iter().map(|stored| stored.ty).collect()
    }

    /// Drops a result that nobody asks for any more.
    pub(crate) fn forget(&mut self, n: usize) {
        if let Some(stored) = self.results.get_mut(n) {
            stored.value = None;
        }
    }

    /// Returns the calls to the host since it was asked last.
    pub(crate) fn take_host_calls(&mut self) -> HostCalls {
        std::mem::take(self.store.data_mut())
    }

    fn failure(&self, name: &str, error: &CallError) -> Failure {
        match error {
            CallError::Trap(trap) if trap.is_unsupported() => {
                Failure::BadInput(format!("`{name}` can't be run: {trap}"))
            }
            CallError::Trap(trap) => {
                Failure::Trap(format!("`{name}` trapped: {trap}{}", self.bounds.explain(trap)))
            }
            CallError::WrongStore
            | CallError::UnknownResource(_)
            | CallError::Arity { .. }
            | CallError::Type { .. }
            | CallError::Resource(_) => Failure::BadInput(error.to_string()),
        }
    }
}

impl Scope for Session {
    fn type_of(&self, reference: &Reference) -> Result<Option<ValType>, String> {
        self.get(reference).map(|(ty, _)| Some(ty))
    }

    fn value(&self, reference: &Reference, ty: ValType) -> Result<Val, String> {
        let (_, value) = self.get(reference)?;
        Ok(match (ty, value) {
            (ValType::Borrow(_), Val::Own(number)) => Val::Borrow(number),
            (_, value) => value,
        })
    }
}

fn call(
    func: &Func,
    store: &mut Store<HostCalls>,
    args: &[Val],
    trace: Option<&mut CallTrace>,
) -> Result<Option<Val>, CallError> {
    let Some(trace) = trace else { return func.call(store, args) };
    let (result, traced) = func.call_traced(store, args);
    *trace = traced;
    result
}

fn instantiate(
    file: &str,
    engine: &Engine,
    component: &Component,
    has_stubs: bool,
    bounds: Bounds,
) -> Result<(Store<HostCalls>, Instance), Failure> {
    let mut linker = Linker::new();
    if has_stubs {
        stub_imports(&mut linker, component).map_err(|error| Failure::in_file(file, error))?;
    }
    let mut store = Store::with_limits(engine, HostCalls::default(), bounds.limits());
    fuel(&mut store, bounds);
    let instance = linker.instantiate(&mut store, component).map_err(|error| match error {
        InstantiateError::Link(error) => link_failure(file, &error, has_stubs),
        InstantiateError::Limit(_) | InstantiateError::Resource(_) => Failure::in_file(file, error),
        InstantiateError::Trap(trap) if trap.is_unsupported() => {
            Failure::in_file(file, format!("it can't be instantiated: {trap}"))
        }
        InstantiateError::Trap(trap) => {
            Failure::Trap(format!("{file}: while instantiating: {trap}{}", bounds.explain(&trap)))
        }
    })?;
    Ok((store, instance))
}

/// Gives the guests of a store their time and fuel.
fn fuel(store: &mut Store<HostCalls>, bounds: Bounds) {
    if let Some(fuel) = bounds.fuel() {
        store.set_fuel(fuel);
    }
    // The watch raises the epoch once, when the time is over.
    store.set_epoch_deadline(1);
}

fn link_failure(file: &str, error: &LinkError, has_stubs: bool) -> Failure {
    let is_missing = |error: &LinkError| matches!(error, LinkError::Missing(_));
    let failure = Failure::in_file(file, error);
    if !has_stubs && error.each().iter().any(is_missing) {
        return failure.help("`--stub-imports` links each import to a function that traps");
    }
    failure
}
