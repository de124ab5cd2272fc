//! Lowlift's answer to a case.

use std::error::Error;

use component_linker::{Component, Engine, Func, Instance, Linker, List, Store, StoreLimits, Val};

use super::case::{Case, Drive, Outcome, Run};
use super::image::{Image, Seen};
use crate::fault::Fault;

/// A pair of components, compiled here.
pub(crate) struct Ours {
    engine: Engine,
    component: Component,
    /// What is instantiated first, to satisfy the imports of `component`.
    plug: Option<Component>,
}

impl Ours {
    pub(crate) fn new(engine: &Engine, bytes: &[u8]) -> Result<Self, String> {
        let component = Component::new(engine, bytes).map_err(|error| error.to_string())?;
        Ok(Self { engine: engine.clone(), component, plug: None })
    }

    /// Two components, to be linked at run time.
    pub(crate) fn linked(engine: &Engine, [caller, callee]: &[Vec<u8>; 2]) -> Result<Self, String> {
        let plug = Component::new(engine, callee).map_err(|error| error.to_string())?;
        Ok(Self { plug: Some(plug), ..Self::new(engine, caller)? })
    }

    /// Instantiates the pair and runs the case.
    pub(crate) fn run(&self, case: &Case) -> Outcome {
        let limits =
            StoreLimits { max_lifted_bytes: u64::MAX, max_string_bytes: u64::MAX, ..StoreLimits::default() };
        let mut store = Store::with_limits(&self.engine, (), limits);
        let instance = self.instantiate(&mut store).map_err(|error| Fault::Other(error.to_string()))?;
        preset(&mut store, &instance, "preset-b", &case.callee)?;
        let result = match &case.drive {
            Drive::Raw(image) => {
                preset(&mut store, &instance, "preset-a", image)?;
                call(&mut store, &instance, "run", &[])?
            }
            Drive::Host(values) => {
                preset(&mut store, &instance, "preset-a", &Image { free: 8, ..Image::default() })?;
                call(&mut store, &instance, "f", values)?
            }
        };
        let caller = dump(&mut store, &instance, "dump-a")?;
        let callee = dump(&mut store, &instance, "dump-b")?;
        Ok(Run { caller, callee, result })
    }

    fn instantiate(&self, store: &mut Store<()>) -> Result<Instance, Box<dyn Error>> {
        let mut linker = Linker::new();
        if let Some(plug) = &self.plug {
            let plug = Linker::new().instantiate(&mut *store, plug)?;
            linker.root().define_exports(&plug)?;
        }
        Ok(linker.instantiate(store, &self.component)?)
    }
}

fn call(store: &mut Store<()>, instance: &Instance, name: &str, args: &[Val]) -> Result<Option<Val>, Fault> {
    let func: Func = instance.get_func(&mut *store, &[name]).expect("the pair exports it");
    func.call(&mut *store, args).map_err(|error| Fault::of_call(&error))
}

fn preset(store: &mut Store<()>, instance: &Instance, name: &str, image: &Image) -> Result<(), Fault> {
    let args = [
        Val::List(List::U8(image.memory.clone())),
        Val::U32(image.free),
        Val::List(List::U64(image.slots.clone())),
        Val::List(List::U32(image.answers.clone())),
    ];
    call(store, instance, name, &args).map(drop)
}

fn dump(store: &mut Store<()>, instance: &Instance, name: &str) -> Result<Seen, Fault> {
    match call(store, instance, name, &[])? {
        Some(Val::List(List::U8(bytes))) => Ok(Seen::parse(&bytes)),
        other => Err(Fault::Other(format!("{name} returned {other:?}"))),
    }
}
