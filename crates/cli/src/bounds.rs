//! Limits on how long a guest may run: `--timeout` and `--fuel`.

use std::time::Duration;

use component_linker::{Config, Engine, Store, Trap, TrapCause, TrapKind};

use crate::proposals::engine_config;

/// The limits.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Bounds {
    /// Stops the guest after this many seconds, such as 0.5
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Stops the guest after this many WebAssembly instructions, at the same place each time
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,
}

impl Bounds {
    /// Returns the configuration of an engine that can enforce the limits.
    pub(crate) fn config(self) -> Config {
        engine_config().epoch_interruption(self.timeout.is_some()).consume_fuel(self.fuel.is_some())
    }

    /// Enforces the limits on the guests of a store. The time starts now.
    pub(crate) fn start<T>(self, engine: &Engine, store: &mut Store<T>) {
        if let Some(fuel) = self.fuel {
            store.set_fuel(fuel);
        }
        if let Some(timeout) = self.timeout {
            store.set_epoch_deadline(1);
            let engine = engine.clone();
            // Nothing waits for this thread: if the guest is quicker, it ends with the process.
            std::thread::spawn(move || {
                std::thread::sleep(timeout);
                engine.increment_epoch();
            });
        }
    }

    /// Returns a line that names the limit behind a trap, to follow the trap's own. It is empty for
    /// other traps.
    pub(crate) fn explain(self, trap: &Trap) -> String {
        match (trap.cause(), self.timeout, self.fuel) {
            (TrapCause::Core(TrapKind::Interrupt), Some(timeout), _) => {
                format!("\n  help: the guest ran for {timeout:?}, which is its `--timeout`")
            }
            (TrapCause::Core(TrapKind::OutOfFuel), _, Some(fuel)) => {
                format!("\n  help: the guest executed {fuel} instructions, which is its `--fuel`")
            }
            _ => String::new(),
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| String::from("not a number of seconds"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
