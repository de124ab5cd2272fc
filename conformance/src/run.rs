//! What each directive means: which calls of the [`Subject`] it makes, and which outcomes pass.
//!
//! Follows the reference interpreter's script semantics: the latest definition and the latest
//! instance are what a directive without a name refers to, and a later one of the same name hides
//! an earlier one.
//!
//! Invariant: a name is bound before the subject is called, to the reason that it has nothing
//! behind it, so that a subject that panics leaves no older instance in a newer one's place.

use crate::outcome::{Happened, Kind, Outcome};
use crate::script::{Action, Call, Encoded, Expected, Run};
use crate::subjects::{DefinitionId, Failure, FailureKind, InstanceId, Subject, Val, mismatch};
use crate::wordings::says;
use std::collections::BTreeMap;

/// What the script has brought into being so far.
#[derive(Debug, Default)]
pub struct State {
    definitions: Names<DefinitionId>,
    instances: Names<InstanceId>,
}

/// Either the thing, or why it never came into being.
type Slot<T> = Result<T, Happened>;

#[derive(Debug)]
struct Names<T> {
    latest: Option<Slot<T>>,
    named: BTreeMap<String, Slot<T>>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { latest: None, named: BTreeMap::new() }
    }
}

impl<T: Copy> Names<T> {
    fn bind(&mut self, name: Option<&String>, slot: Slot<T>) {
        if let Some(name) = name {
            self.named.insert(name.clone(), slot.clone());
        }
        self.latest = Some(slot);
    }

    /// Returns what `name`, or no name, refers to.
    fn resolve(&self, what: &str, name: Option<&String>) -> Result<T, Outcome> {
        let slot = match name {
            Some(name) => self.named.get(name),
            None => self.latest.as_ref(),
        };
        match slot {
            Some(Ok(id)) => Ok(*id),
            Some(Err(cause)) => Err(Outcome::NotReached(cause.clone())),
            None => {
                let name = name.map(|name| format!(" ${name}")).unwrap_or_default();
                Err(failed(format!("the {what}{name}"), Happened::new(Kind::Script, "it has none")))
            }
        }
    }
}

/// Carries out `action` and judges what happens.
pub fn run(subject: &mut dyn Subject, state: &mut State, action: &Action) -> Outcome {
    let outcome = match action {
        Action::Define { name, wasm } => define(subject, state, name.as_ref(), wasm).map(drop),
        Action::DefineAndInstantiate { name, wasm } => {
            state.instances.bind(name.as_ref(), Err(panicked("its definition")));
            let definition = define(subject, state, name.as_ref(), wasm);
            let definition = definition.inspect_err(|outcome| {
                state.instances.bind(name.as_ref(), Err(cause(outcome)));
            });
            definition.and_then(|definition| instantiate(subject, state, name.as_ref(), definition))
        }
        Action::Instantiate { instance, definition } => {
            let definition = state.definitions.resolve("definition", definition.as_ref());
            let definition = definition.inspect_err(|outcome| {
                state.instances.bind(instance.as_ref(), Err(cause(outcome)));
            });
            definition.and_then(|definition| instantiate(subject, state, instance.as_ref(), definition))
        }
        Action::Invoke(call) => invoke(subject, state, call)
            .and_then(|result| result.map(drop).map_err(|failure| failed("a return", failure.into()))),
        Action::AssertReturn { run, results } => {
            execute(subject, state, run).and_then(|result| returns(results, result))
        }
        Action::AssertTrap { run, message } => execute(subject, state, run)
            .and_then(|result| fails_with(FailureKind::Trap, "trap", message, result.map(shown_result))),
        Action::AssertExhaustion { call, message } => invoke(subject, state, call)
            .and_then(|result| fails_with(FailureKind::Trap, "trap", message, result.map(shown_result))),
        Action::AssertException(run) => execute(subject, state, run)
            .and_then(|result| fails_with(FailureKind::Exception, "exception", "", result.map(shown_result))),
        Action::AssertInvalid { wasm, message } => rejects(subject, wasm, "invalid", message),
        Action::AssertMalformed { wasm, message } => rejects(subject, wasm, "malformed", message),
        Action::AssertUnlinkable { wasm, message } => unlinkable(subject, state, wasm, message),
        Action::Register { name, instance } => {
            state.instances.resolve("instance", instance.as_ref()).and_then(|instance| {
                let registered = subject.register(instance, name);
                registered.map_err(|failure| failed("a registration", failure.into()))
            })
        }
        Action::Unknown(what) => {
            Err(failed("a directive that this crate knows", Happened::new(Kind::Script, what)))
        }
    };
    outcome.err().unwrap_or(Outcome::Passed)
}

/// Returns what happened to a directive that another one depends on: what came before, if it was
/// not reached itself.
fn cause(outcome: &Outcome) -> Happened {
    match outcome {
        Outcome::Failed { got, .. } => got.clone(),
        Outcome::NotReached(cause) => cause.clone(),
        Outcome::Passed | Outcome::Reworded => unreachable!("nothing fails because of what holds"),
    }
}

fn failed(expected: impl Into<String>, got: Happened) -> Outcome {
    Outcome::Failed { expected: expected.into(), got }
}

fn panicked(what: &str) -> Happened {
    Happened::new(Kind::Panic, what)
}

fn define(
    subject: &mut dyn Subject,
    state: &mut State,
    name: Option<&String>,
    wasm: &Encoded,
) -> Result<DefinitionId, Outcome> {
    state.definitions.bind(name, Err(panicked("its definition")));
    let definition = match wasm {
        Ok(wasm) => subject.define(wasm).map_err(Happened::from),
        Err(error) => Err(Happened::new(Kind::Text, error)),
    };
    state.definitions.bind(name, definition.clone());
    definition.map_err(|got| failed("a valid definition", got))
}

fn instantiate(
    subject: &mut dyn Subject,
    state: &mut State,
    name: Option<&String>,
    definition: DefinitionId,
) -> Result<(), Outcome> {
    let named = named_instances(state);
    state.instances.bind(name, Err(panicked("its instantiation")));
    let instance = subject.instantiate(definition, &named).map_err(Happened::from);
    state.instances.bind(name, instance.clone());
    instance.map(drop).map_err(|got| failed("an instance", got))
}

fn named_instances(state: &State) -> Vec<(String, InstanceId)> {
    let named = state.instances.named.iter();
    named.filter_map(|(name, slot)| Some((name.clone(), *slot.as_ref().ok()?))).collect()
}

/// Calls a function. The outer error means that there is nothing to call.
fn invoke(
    subject: &mut dyn Subject,
    state: &State,
    call: &Call,
) -> Result<Result<Vec<Val>, Failure>, Outcome> {
    let instance = state.instances.resolve("instance", call.instance.as_ref())?;
    Ok(subject.invoke(instance, &call.name, &call.args))
}

/// Calls or instantiates. The outer error means that there is nothing to run.
fn execute(
    subject: &mut dyn Subject,
    state: &State,
    run: &Run,
) -> Result<Result<Vec<Val>, Failure>, Outcome> {
    match run {
        Run::Call(call) => invoke(subject, state, call),
        Run::Get { instance, name } => {
            let instance = state.instances.resolve("instance", instance.as_ref())?;
            Ok(subject.get(instance, name).map(|val| vec![val]))
        }
        Run::Instantiate(wasm) => {
            let made = make(subject, state, wasm)?;
            Ok(made.map(|_| Vec::new()))
        }
    }
}

/// Instantiates a component that no other directive can refer to; it must be valid to get that far.
fn make(
    subject: &mut dyn Subject,
    state: &State,
    wasm: &Encoded,
) -> Result<Result<InstanceId, Failure>, Outcome> {
    let wasm =
        wasm.as_ref().map_err(|error| failed("text that encodes", Happened::new(Kind::Text, error)))?;
    let definition = subject.define(wasm).map_err(|failure| failed("a valid definition", failure.into()))?;
    Ok(subject.instantiate(definition, &named_instances(state)))
}

fn returns(expected: &[Expected], got: Result<Vec<Val>, Failure>) -> Result<(), Outcome> {
    let got = got.map_err(|failure| failed("a return", failure.into()))?;
    let difference = if expected.len() == got.len() {
        expected.iter().zip(&got).find_map(|(expected, got)| match (expected, got) {
            (Expected::Val(expected), got) => mismatch(expected, got),
            (Expected::Core(pattern), Val::Core(val)) if pattern.fits(val) => None,
            (Expected::Core(_), got) => Some(got.to_string()),
        })
    } else {
        Some(shown_result(got))
    };
    let wanted = || match expected {
        [] => "a return".to_owned(),
        vals => vals.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    difference.map_or(Ok(()), |got| Err(failed(wanted(), Happened::new(Kind::Value, got))))
}

fn shown_result(result: Vec<Val>) -> String {
    match &result[..] {
        [] => "a return".to_owned(),
        [val] => format!("the value {val}"),
        vals => format!("the values {}", vals.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
    }
}

/// Passes if there is a failure of `kind` whose message contains `message`.
fn fails_with(
    kind: FailureKind,
    what: &str,
    message: &str,
    got: Result<String, Failure>,
) -> Result<(), Outcome> {
    let got = match got {
        Err(failure) if failure.kind == kind => return in_words(&failure.message, message),
        Err(failure) => failure.into(),
        Ok(result) => Happened::new(Kind::Value, result),
    };
    Err(failed(format!("{what}: {message}"), got))
}

/// Judges the words of a failure that is of the right kind.
fn in_words(ours: &str, suite: &str) -> Result<(), Outcome> {
    if says(ours, suite) { Ok(()) } else { Err(failed(suite, Happened::new(Kind::Words, ours))) }
}

/// Passes if the text does not encode or the subject finds the bytes invalid, and the error
/// contains `message`. Where the line between malformed and invalid runs is the engine's affair, as
/// it is for the suite's other users.
fn rejects(subject: &mut dyn Subject, wasm: &Encoded, what: &str, message: &str) -> Result<(), Outcome> {
    match wasm {
        Ok(wasm) => {
            let got = subject.validate(wasm).map(|()| "a valid definition".to_owned());
            fails_with(FailureKind::Invalid, what, message, got)
        }
        Err(error) => in_words(error, message),
    }
}

fn unlinkable(
    subject: &mut dyn Subject,
    state: &State,
    wasm: &Encoded,
    message: &str,
) -> Result<(), Outcome> {
    let made = make(subject, state, wasm)?;
    fails_with(FailureKind::Unlinkable, "unlinkable", message, made.map(|_| "an instance".to_owned()))
}
