//! A host of plugins: what a plugin may use is bounded, it works with a resource of the host, and
//! each thread has a store of its own.
//!
//! `cargo run --example plugin_host`

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use component_linker::{
    CallError, Component, Config, Engine, HostError, InstancePre, Linker, Resource, ResourceTable, Store,
    StoreLimits, Trap, TrapCause, TrapKind,
};

mod world {
    component_linker::bindings!({
        inline: "
            package demo:plugins@1.2.0;

            interface host {
                /// Adds up under a name that all plugins share.
                resource counter {
                    constructor(name: string);
                    add: func(n: u32) -> u32;
                }
                log: func(line: string);
                /// Plugins of version 1.0.0 do not know it.
                warn: func(line: string);
            }

            world plugin {
                import host;
                export handle: func(request: string) -> result<string, string>;
            }
        ",
        // In Rust a counter is the name that it adds up under.
        with: { "demo:plugins/host@1.2.0.counter": ::std::string::String },
    });
}

/// What one plugin may use for one request.
const FUEL: u64 = 1_000_000;
const MEMORY_BYTES: u64 = 16 << 20;

/// What all plugins count together.
type Totals = Arc<Mutex<BTreeMap<String, u32>>>;

/// The data of one store.
struct State {
    plugin: &'static str,
    counters: ResourceTable,
    totals: Totals,
    log: Vec<String>,
}

impl world::demo::plugins::host::HostCounter for State {
    fn new(&mut self, name: String) -> Result<Resource<String>, HostError> {
        Ok(self.counters.push(name)?)
    }

    fn add(&mut self, counter: Resource<String>, n: u32) -> Result<u32, HostError> {
        let name = self.counters.get(&counter)?;
        let mut totals = self.totals.lock().map_err(|_| "a thread panicked")?;
        let total = totals.entry(name.clone()).or_default();
        // An error traps the plugin that asked for it, and no other.
        *total = total.checked_add(n).ok_or("the counter overflows")?;
        Ok(*total)
    }

    fn drop(&mut self, counter: Resource<String>) -> Result<(), HostError> {
        self.counters.delete(counter)?;
        Ok(())
    }
}

impl world::demo::plugins::host::Host for State {
    fn log(&mut self, line: String) -> Result<(), HostError> {
        self.log.push(format!("{}: {line}", self.plugin));
        Ok(())
    }

    fn warn(&mut self, line: String) -> Result<(), HostError> {
        self.log(format!("warning: {line}"))
    }
}

/// A plugin that is linked and compiled, to be instantiated on any thread.
#[derive(Clone)]
struct Plugin {
    name: &'static str,
    pre: InstancePre<State>,
}

struct Host {
    engine: Engine,
    linker: Linker<State>,
    totals: Totals,
}

impl Host {
    fn new() -> Result<Self, Box<dyn Error>> {
        // Fuel counts what a guest executes; the epoch is for what the clock says.
        let engine = Engine::new(&Config::new().consume_fuel(true).epoch_interruption(true))?;
        let mut linker = Linker::new();
        world::Plugin::add_to_linker(&mut linker, |state: &mut State| state)?;
        Ok(Self { engine, linker, totals: Totals::default() })
    }

    /// Links a plugin. Whatever it imports that this host lacks is said now, and all at once.
    fn load(&self, name: &'static str, text: &str) -> Result<Plugin, Box<dyn Error>> {
        let component = Component::new(&self.engine, &wat::parse_str(text)?)?;
        Ok(Plugin { name, pre: self.linker.instantiate_pre(&component)? })
    }

    /// Gives a plugin a request, in a store that lasts as long as the request.
    fn handle(&self, plugin: &Plugin, request: &str) -> Result<(String, Vec<String>), Box<dyn Error>> {
        let limits = StoreLimits { max_size_bytes: MEMORY_BYTES, max_handles: 100, ..StoreLimits::default() };
        let (counters, totals) = (ResourceTable::new(), Arc::clone(&self.totals));
        let state = State { plugin: plugin.name, counters, totals, log: Vec::new() };
        let mut store = Store::with_limits(&self.engine, state, limits);
        store.set_fuel(FUEL);
        store.set_epoch_deadline(100);
        let instance = plugin.pre.instantiate(&mut store)?;
        let bindings = world::Plugin::new(&mut store, &instance)?;
        let answer = match bindings.call_handle(&mut store, request) {
            Ok(Ok(answer)) => answer,
            Ok(Err(refusal)) => format!("refused: {refusal}"),
            Err(CallError::Trap(trap)) => stopped(&trap),
            Err(error) => return Err(error.into()),
        };
        Ok((answer, store.into_data().log))
    }
}

/// Says why a plugin was stopped: what it used up, or what went wrong in it.
fn stopped(trap: &Trap) -> String {
    if let TrapCause::Core(TrapKind::OutOfFuel) = trap.cause() {
        String::from("stopped: out of fuel")
    } else if let TrapCause::Core(TrapKind::Interrupt) = trap.cause() {
        String::from("stopped: out of time")
    } else {
        format!("trapped: {}", trap.cause())
    }
}

/// Raises the epoch ten times a second until it is dropped.
struct Clock(Arc<Mutex<bool>>);

impl Clock {
    fn start(engine: Engine) -> Self {
        let runs = Arc::new(Mutex::new(true));
        let watched = Arc::clone(&runs);
        std::thread::spawn(move || {
            while watched.lock().is_ok_and(|runs| *runs) {
                std::thread::sleep(Duration::from_millis(100));
                engine.increment_epoch();
            }
        });
        Self(runs)
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        if let Ok(mut runs) = self.0.lock() {
            *runs = false;
        }
    }
}

/// Runs the program, and returns what it prints.
pub(crate) fn run() -> Result<String, Box<dyn Error>> {
    let host = Host::new()?;
    let _clock = Clock::start(host.engine.clone());
    let shout = host.load("shout", include_str!("components/shout.wat"))?;
    let greedy = host.load("greedy", include_str!("components/greedy.wat"))?;
    let requests =
        [(&shout, "hello"), (&shout, "one more"), (&greedy, "spin"), (&greedy, "grow"), (&shout, "x")];

    let mut out = String::new();
    let answers = std::thread::scope(|scope| {
        let handle = |(plugin, request)| host.handle(plugin, request).map_err(|error| error.to_string());
        let threads: Vec<_> =
            requests.map(|request| scope.spawn(move || handle(request))).into_iter().collect();
        threads.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
    });
    for ((plugin, request), answer) in requests.into_iter().zip(answers) {
        let (answer, log) = answer.map_err(|_| "a thread panicked")??;
        writeln!(out, "{} {request:?}: {answer}", plugin.name)?;
        for line in log {
            writeln!(out, "  log {line}")?;
        }
    }
    for (name, total) in host.totals.lock().map_err(|_| "a thread panicked")?.iter() {
        writeln!(out, "{name}: {total}")?;
    }
    Ok(out)
}

#[allow(dead_code, reason = "its test calls `run`")]
fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", run()?);
    Ok(())
}
