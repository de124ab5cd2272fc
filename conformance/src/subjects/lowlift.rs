//! Lowlift itself as a subject, through `component-linker`.
//!
//! All instances of a script live in one store, so that a named one can satisfy an import of a
//! later component, with its functions, resource types, modules and components.

use super::lowlift_value::{from_engine, to_engine};
use super::{DefinitionId, Failure, FailureKind, InstanceId, Subject, Val};
use component_linker::{
    CallError, Component, Config, Engine, Error, ErrorKind, Instance, InstantiateError, LinkError, Linker,
    Store, Trap, TrapCause,
};

/// Lowlift as a [`Subject`].
pub struct Lowlift {
    state: Result<State, Failure>,
}

struct State {
    engine: Engine,
    /// What the host provides to every component.
    linker: Linker<()>,
    store: Store<()>,
    definitions: Vec<Component>,
    instances: Vec<Instance>,
}

impl Lowlift {
    /// Returns an engine that has defined nothing. On a machine that the engine does not support,
    /// every definition fails with that.
    pub fn new() -> Self {
        Self::with_host(|_, _| Ok(()))
    }

    /// Returns an engine that has defined nothing, whose host provides to each component what
    /// `provide` defines.
    pub fn with_host(provide: impl FnOnce(&Engine, &mut Linker<()>) -> Result<(), LinkError>) -> Self {
        let engine = Engine::new(&Config::default())
            .map_err(|error| Failure::new(FailureKind::Unsupported, error.to_string()));
        let state = engine.and_then(|engine| {
            let store = Store::new(&engine, ());
            let mut linker = Linker::new();
            provide(&engine, &mut linker).map_err(|error| not_linked(&error))?;
            Ok(State { engine, linker, store, definitions: Vec::new(), instances: Vec::new() })
        });
        Self { state }
    }

    fn state(&mut self) -> Result<&mut State, Failure> {
        self.state.as_mut().map_err(|failure| failure.clone())
    }
}

impl Default for Lowlift {
    fn default() -> Self {
        Self::new()
    }
}

impl Subject for Lowlift {
    fn define(&mut self, wasm: &[u8]) -> Result<DefinitionId, Failure> {
        let state = self.state()?;
        let component = Component::new(&state.engine, wasm).map_err(|error| invalid(&error))?;
        let id = DefinitionId(id32(state.definitions.len()));
        state.definitions.push(component);
        Ok(id)
    }

    fn validate(&mut self, wasm: &[u8]) -> Result<(), Failure> {
        Component::validate(wasm).map_err(|error| invalid(&error))
    }

    fn instantiate(
        &mut self,
        definition: DefinitionId,
        named: &[(String, InstanceId)],
    ) -> Result<InstanceId, Failure> {
        let State { engine: _, linker, store, definitions, instances } = self.state()?;
        let component = &definitions[definition.0 as usize];
        let mut linker = linker.clone();
        for (name, instance) in named {
            if component.imports().iter().any(|import| import.name == *name) {
                let defined = linker.define_instance(name, &instances[instance.0 as usize]);
                defined.map_err(|error| not_linked(&error))?;
            }
        }
        let instance = linker.instantiate(&mut *store, component).map_err(|error| not_made(&error))?;
        let id = InstanceId(id32(instances.len()));
        instances.push(instance);
        Ok(id)
    }

    fn invoke(&mut self, instance: InstanceId, name: &str, args: &[Val]) -> Result<Vec<Val>, Failure> {
        let State { store, instances, .. } = self.state()?;
        let instance = &instances[instance.0 as usize];
        let misuse = |message: String| Failure::new(FailureKind::Misuse, message);
        let func =
            instance.get_func(&mut *store, &[name]).ok_or_else(|| misuse(format!("no function `{name}`")))?;
        let types = func.types();
        let params = &func.ty().params;
        if params.len() != args.len() {
            return Err(misuse(format!("{} arguments for {} parameters", args.len(), params.len())));
        }
        let args = args.iter().zip(params).map(|(arg, (_, ty))| to_engine(types, *ty, arg));
        let args = args.collect::<Result<Vec<_>, _>>().map_err(misuse)?;
        let result = func.call(&mut *store, &args).map_err(|error| not_returned(&error))?;
        match (result, func.ty().result) {
            (Some(result), Some(ty)) => Ok(vec![from_engine(types, ty, &result)]),
            (None, None) => Ok(Vec::new()),
            (result, ty) => Err(Failure::new(
                FailureKind::Internal,
                format!("a result {result:?} from a function whose result type is {ty:?}"),
            )),
        }
    }

    fn get(&mut self, _instance: InstanceId, _name: &str) -> Result<Val, Failure> {
        Err(Failure::new(FailureKind::Misuse, "a component has no globals"))
    }

    fn register(&mut self, _instance: InstanceId, _name: &str) -> Result<(), Failure> {
        Err(Failure::new(FailureKind::Misuse, "components are linked by name, without registration"))
    }
}

fn id32(len: usize) -> u32 {
    u32::try_from(len).expect("a script has fewer than 2^32 directives")
}

fn invalid(error: &Error) -> Failure {
    let kind = match error.kind() {
        ErrorKind::NotWasm | ErrorKind::CoreModule | ErrorKind::Invalid => FailureKind::Invalid,
        ErrorKind::Unsupported | ErrorKind::Limit => FailureKind::Unsupported,
        ErrorKind::Internal | ErrorKind::Cancelled => FailureKind::Internal,
    };
    Failure::new(kind, error.to_string())
}

fn not_made(error: &InstantiateError) -> Failure {
    match error {
        InstantiateError::Link(error) => not_linked(error),
        InstantiateError::Trap(trap) => trapped(trap),
        InstantiateError::Limit(error) => Failure::new(FailureKind::Unsupported, error.to_string()),
        InstantiateError::Resource(error) => Failure::new(FailureKind::Unsupported, error.to_string()),
    }
}

fn not_linked(error: &LinkError) -> Failure {
    let kinds = error.each().iter().map(|error| match error {
        LinkError::Missing(_) | LinkError::WrongSort(_) | LinkError::WrongType(_) => FailureKind::Unlinkable,
        LinkError::Unsupported(_) => FailureKind::Unsupported,
        LinkError::Duplicate(_)
        | LinkError::Core(_)
        | LinkError::WrongStore(_)
        | LinkError::NoStub(_)
        | LinkError::Several(_) => FailureKind::Internal,
    });
    let other = kinds.clone().find(|kind| *kind != FailureKind::Unlinkable);
    Failure::new(other.unwrap_or(FailureKind::Unlinkable), error.to_string())
}

fn not_returned(error: &CallError) -> Failure {
    match error {
        CallError::Trap(trap) => trapped(trap),
        CallError::Arity { .. } | CallError::Type { .. } => {
            Failure::new(FailureKind::Misuse, error.to_string())
        }
        CallError::WrongStore | CallError::UnknownResource(_) | CallError::Resource(_) => {
            Failure::new(FailureKind::Internal, error.to_string())
        }
    }
}

/// Takes the cause's text only: names in the frames below it are no part of the message.
fn trapped(trap: &Trap) -> Failure {
    let kind = match trap.cause() {
        TrapCause::Unsupported(_) | TrapCause::Abi(canonical_abi::Trap::Unsupported { .. }) => {
            FailureKind::Unsupported
        }
        TrapCause::Abi(_)
        | TrapCause::Core(_)
        | TrapCause::Host(_)
        | TrapCause::Limit(_)
        | TrapCause::Backpressure
        | TrapCause::Task(_)
        | TrapCause::HostResult(_)
        | TrapCause::Poisoned { .. } => FailureKind::Trap,
    };
    Failure::new(kind, trap.cause().to_string())
}

#[cfg(test)]
mod tests {
    use super::Lowlift;
    use crate::outcome::{Kind, Outcome};
    use crate::pool::run_text;
    use crate::script::Language;
    use std::time::Duration;

    fn check(script: &str, expected: &[Kind]) {
        let budget = Duration::from_secs(30);
        let outcomes = run_text(script.to_owned(), Language::Component, || Box::new(Lowlift::new()), budget);
        let kinds: Vec<_> = outcomes.iter().map(|(_, outcome): &(_, Outcome)| outcome.kind()).collect();
        assert_eq!(kinds, expected, "{outcomes:?}");
    }

    #[test]
    fn a_named_instance_satisfies_an_import() {
        let callee = r#"(component $callee
            (core module $m (func (export "f") (result i32) (i32.const 42)))
            (core instance $i (instantiate $m))
            (func (export "f") (result u32) (canon lift (core func $i "f"))))"#;
        let caller = r#"
            (import "callee" (instance $callee (export "f" (func (result u32)))))
            (export "g" (func $callee "f"))"#;
        let call = r#"(assert_return (invoke "g") (u32.const 42))"#;
        check(&format!("{callee}\n(component {caller})\n{call}"), &[Kind::Passed; 3]);
        check(&format!("(component {caller})\n{call}"), &[Kind::Unlinkable, Kind::NotReached]);
    }
}
