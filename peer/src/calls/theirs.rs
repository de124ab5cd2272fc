//! The peer's answer to a case.

use canonical_abi::Value;
use wasmtime::component::{Component, Func, Instance, InstancePre, Linker, Val};
use wasmtime::{Config, Engine, Store};

use super::case::{Case, Drive, Outcome, Run};
use super::image::{Image, Seen};
use super::shape::Shape;
use super::translate::{from_peer, to_peer};
use crate::fault::Fault;

/// Returns the peer's engine with all of components that random types need.
pub(crate) fn engine() -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_fixed_length_lists(true);
    config.wasm_component_model_map(true);
    // The harness's threads are enough.
    config.parallel_compilation(false);
    Engine::new(&config)
}

/// A pair of components, compiled by the peer.
pub(crate) struct Theirs {
    engine: Engine,
    linked: InstancePre<()>,
}

impl Theirs {
    pub(crate) fn new(engine: &Engine, bytes: &[u8]) -> Result<Self, String> {
        let compile = || Linker::new(engine).instantiate_pre(&Component::new(engine, bytes)?);
        let linked = compile().map_err(|error: wasmtime::Error| format!("{error:#}"))?;
        Ok(Self { engine: engine.clone(), linked })
    }

    /// Instantiates the pair and runs the case.
    pub(crate) fn run(&self, shape: &Shape, case: &Case) -> Outcome {
        let mut store = Store::new(&self.engine, ());
        let instance = self.linked.instantiate(&mut store).map_err(|error| Fault::of_peer(&error))?;
        preset(&mut store, &instance, "preset-b", &case.callee)?;
        let result = match &case.drive {
            Drive::Raw(image) => {
                preset(&mut store, &instance, "preset-a", image)?;
                let run = instance.get_typed_func::<(), ()>(&mut store, "run").expect("the pair exports it");
                run.call(&mut store, ()).map_err(|error| Fault::of_peer(&error))?;
                None
            }
            Drive::Host(values) => {
                preset(&mut store, &instance, "preset-a", &Image { free: 8, ..Image::default() })?;
                let f = instance.get_func(&mut store, "f").expect("the pair exports it");
                call(&mut store, f, shape, values)?
            }
        };
        let caller = dump(&mut store, &instance, "dump-a")?;
        let callee = dump(&mut store, &instance, "dump-b")?;
        Ok(Run { caller, callee, result })
    }
}

fn call(store: &mut Store<()>, f: Func, shape: &Shape, values: &[Value]) -> Result<Option<Value>, Fault> {
    let types = &shape.types;
    let args: Vec<_> =
        shape.params.iter().zip(values).map(|(ty, value)| to_peer(types, *ty, value)).collect();
    let mut results: Vec<_> = shape.result.iter().map(|_| Val::Bool(false)).collect();
    f.call(store, &args, &mut results).map_err(|error| Fault::of_peer(&error))?;
    Ok(shape.result.zip(results.first()).map(|(ty, result)| from_peer(types, ty, result)))
}

type PresetArgs<'a> = (&'a [u8], u32, &'a [u64], &'a [u32]);

fn preset(store: &mut Store<()>, instance: &Instance, name: &str, image: &Image) -> Result<(), Fault> {
    let preset =
        instance.get_typed_func::<PresetArgs<'_>, ()>(&mut *store, name).expect("the pair exports it");
    let Image { memory, free, slots, answers } = image;
    preset.call(store, (memory, *free, slots, answers)).map_err(|error| Fault::of_peer(&error))
}

fn dump(store: &mut Store<()>, instance: &Instance, name: &str) -> Result<Seen, Fault> {
    let dump = instance.get_typed_func::<(), (Vec<u8>,)>(&mut *store, name).expect("the pair exports it");
    let (bytes,) = dump.call(store, ()).map_err(|error| Fault::of_peer(&error))?;
    Ok(Seen::parse(&bytes))
}
