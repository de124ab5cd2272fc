//! A pipeline of components that are linked when the program runs: each is instantiated with the
//! exports of the one before it. The stages know nothing of each other but an interface, and the
//! host can put one of its own between them.
//!
//! `cargo run --example pipeline`

use std::error::Error;
use std::fmt::Write as _;

use component_linker::{
    Component, Config, Engine, Func, Instance, InstantiateError, Item, ItemKind, LinkError, Linker,
    ResolvedComponent, Store, Types, Val, display_func,
};

/// What all stages import and export: `next: func() -> option<tuple<u32, f32>>`.
const READINGS: &str = "demo:sensors/readings@0.1.0";

/// What passes between the stages, as the host's own stage sees it.
#[derive(Default)]
struct Seen {
    readings: Vec<(u32, f32)>,
}

/// A stage, known by its types before it is compiled.
struct Stage {
    name: &'static str,
    resolved: ResolvedComponent,
}

impl Stage {
    fn load(name: &'static str, text: &str) -> Result<Self, Box<dyn Error>> {
        Ok(Self { name, resolved: ResolvedComponent::new(&wat::parse_str(text)?)? })
    }

    /// Describes what the stage imports or exports, a line for each function.
    fn describe(&self, out: &mut String) -> Result<(), std::fmt::Error> {
        writeln!(out, "{}:", self.name)?;
        for item in self.resolved.imports() {
            describe(out, self.resolved.types(), "import", item)?;
        }
        for item in self.resolved.exports() {
            describe(out, self.resolved.types(), "export", item)?;
        }
        Ok(())
    }
}

fn describe(out: &mut String, types: &Types, direction: &str, item: &Item) -> std::fmt::Result {
    match &item.kind {
        ItemKind::Func(ty) => writeln!(out, "  {direction} {}", display_func(types, &item.name, ty)),
        ItemKind::Instance(items) => {
            let inner = format!("{direction} {}", item.name);
            items.iter().try_for_each(|item| describe(out, types, &inner, item))
        }
        ItemKind::Resource(_)
        | ItemKind::Type(_)
        | ItemKind::OtherType
        | ItemKind::Module
        | ItemKind::Component => Ok(()),
    }
}

/// The stages that have been linked so far, in one store.
struct Pipeline {
    engine: Engine,
    store: Store<Seen>,
    last: Option<Instance>,
    /// Has what the next stage may import.
    linker: Linker<Seen>,
}

impl Pipeline {
    fn new() -> Result<Self, Box<dyn Error>> {
        let engine = Engine::new(&Config::new())?;
        let store = Store::new(&engine, Seen::default());
        Ok(Self { engine, store, last: None, linker: Linker::new() })
    }

    /// Adds a component. Its calls go straight to the stage before it, not through the host.
    fn push(&mut self, stage: &Stage) -> Result<(), Box<dyn Error>> {
        let component = Component::compile(&self.engine, &stage.resolved)?;
        let instance = self.linker.instantiate(&mut self.store, &component)?;
        self.linker = Linker::new();
        self.linker.root().define_exports(&instance)?;
        self.last = Some(instance);
        Ok(())
    }

    /// Adds a stage of the host, which looks at what passes through it.
    fn push_tap(&mut self) -> Result<(), Box<dyn Error>> {
        let upstream = self.func(&[READINGS, "next"])?;
        self.linker = Linker::new();
        self.linker.instance(READINGS)?.func_new("next", move |cx, _| {
            // The trap of a stage before this one is passed on as it is.
            let reading = upstream.call(&mut *cx, &[])?;
            if let Some(Val::Option(Some(reading))) = &reading
                && let Val::Tuple(values) = &**reading
                && let [Val::U32(sensor), Val::F32(celsius)] = values[..]
            {
                cx.data_mut().readings.push((sensor, celsius));
            }
            Ok(reading)
        })?;
        Ok(())
    }

    /// Returns a function of the last stage. The version of its interface may be another one.
    fn func(&mut self, path: &[&str]) -> Result<Func, Box<dyn Error>> {
        let last = self.last.as_ref().ok_or("there is no stage yet")?;
        let func = last.get_func(&mut self.store, path);
        func.ok_or_else(|| format!("the last stage has no function {path:?}").into())
    }
}

/// Runs the program, and returns what it prints.
pub(crate) fn run() -> Result<String, Box<dyn Error>> {
    let source = Stage::load("source", include_str!("components/source.wat"))?;
    let filter = Stage::load("filter", include_str!("components/filter.wat"))?;
    let sink = Stage::load("sink", include_str!("components/sink.wat"))?;
    let mut out = String::new();
    for stage in [&source, &filter, &sink] {
        stage.describe(&mut out)?;
    }

    // A stage without the one before it says what it lacks.
    let mut pipeline = Pipeline::new()?;
    let error = pipeline.push(&sink).err().ok_or("nothing is before the sink")?;
    match error.downcast_ref::<InstantiateError>() {
        Some(InstantiateError::Link(LinkError::Missing(message))) => writeln!(out, "sink alone: {message}")?,
        Some(_) | None => return Err(error),
    }

    pipeline.push(&source)?;
    pipeline.push(&filter)?;
    pipeline.push_tap()?;
    pipeline.push(&sink)?;

    // Types are checked once, when the function is fetched.
    let summary = pipeline.func(&["summary"])?.typed::<(), ((u32, f32),)>(&mut pipeline.store)?;
    let ((n, highest),) = summary.call(&mut pipeline.store, ())?;
    writeln!(out, "{n} readings, the highest {highest} °C")?;
    for (sensor, celsius) in &pipeline.store.data().readings {
        writeln!(out, "  sensor {sensor}: {celsius} °C")?;
    }
    // The source has nothing left.
    let ((n, _),) = summary.call(&mut pipeline.store, ())?;
    writeln!(out, "then {n}")?;
    Ok(out)
}

#[allow(dead_code, reason = "its test calls `run`")]
fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", run()?);
    Ok(())
}
