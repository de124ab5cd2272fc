//! Limits on what a call may take: `--timeout`, `--fuel` and `--max-memory`.
//!
//! A guest that runs too long is interrupted where it is. What else takes time, compiling, lifting,
//! printing, has no such places: there a thread that watches the clock ends the process.

use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use component_linker::{Config, Engine, StoreLimits, Trap, TrapCause, TrapKind};

use crate::failure::Failure;

/// How long an interrupted guest may take to come back, until the process is ended.
const GRACE: Duration = Duration::from_millis(250);

use crate::proposals::engine_config;

/// The limits.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Bounds {
    /// Stops after this many seconds, such as 0.5. They count from when the arguments are read, and
    /// include compiling, instantiating, the calls and printing.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Stops the guest after this many WebAssembly instructions, those of all calls together. It
    /// does so at the same place each time.
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,
    /// Bounds the bytes of all memories and tables together, and those of lifted values: 1048576,
    /// 64MiB, 2GiB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_memory: Option<u64>,
}

/// What the time is spent on.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    /// Reading a component: validating it, checking names and arguments.
    Checking,
    Compiling,
    Instantiating,
    /// A call: running the guest, lowering its arguments, lifting its result.
    Calling(String),
    Printing,
}

impl Bounds {
    /// Returns the configuration of an engine that can enforce the limits.
    pub(crate) fn config(self) -> Config {
        engine_config().epoch_interruption(self.timeout.is_some()).consume_fuel(self.fuel.is_some())
    }

    /// Returns the limits of a store.
    pub(crate) fn limits(self) -> StoreLimits {
        let mut limits = StoreLimits::default();
        if let Some(max) = self.max_memory {
            limits.max_size_bytes = max;
            limits.max_lifted_bytes = limits.max_lifted_bytes.min(max);
            limits.max_string_bytes = limits.max_string_bytes.min(max);
            limits.max_instance_bytes = limits.max_instance_bytes.min(max);
            limits.max_exception_bytes = limits.max_exception_bytes.min(max);
        }
        limits
    }

    /// Returns how many instructions the guest may execute.
    pub(crate) fn fuel(self) -> Option<u64> {
        self.fuel
    }

    /// Returns a line that names the limit behind a trap, to follow the trap's own. It is empty for
    /// other traps.
    pub(crate) fn explain(self, trap: &Trap) -> String {
        match (trap.cause(), self.timeout, self.fuel, self.max_memory) {
            (TrapCause::Core(TrapKind::Interrupt), Some(timeout), _, _) => {
                format!("\n  help: the guest ran for {timeout:?}, which is its `--timeout`")
            }
            (TrapCause::Core(TrapKind::OutOfFuel), _, Some(fuel), _) => {
                format!("\n  help: the guest executed {fuel} instructions, which is its `--fuel`")
            }
            (TrapCause::Limit(limit), _, _, Some(max)) if limit.max == max => {
                "\n  help: `--max-memory` is the limit".to_owned()
            }
            _ => String::new(),
        }
    }
}

/// Watches the clock, if there is a `--timeout`.
#[derive(Debug)]
pub(crate) struct Watch {
    /// `None` without a time limit.
    shared: Option<Arc<Shared>>,
}

#[derive(Debug)]
struct Shared {
    timeout: Duration,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// When the time is over; `None` while nothing is watched.
    deadline: Option<Instant>,
    phase: Phase,
    /// Interrupts guests.
    engine: Option<Engine>,
    is_interrupted: bool,
}

impl Watch {
    /// Starts the time.
    pub(crate) fn start(bounds: Bounds) -> Self {
        let shared = bounds.timeout.map(|timeout| {
            let state = State { deadline: None, phase: Phase::Checking, engine: None, is_interrupted: false };
            let shared = Arc::new(Shared { timeout, state: Mutex::new(state), changed: Condvar::new() });
            // Nothing waits for this thread: it ends with the process.
            let watched = Arc::clone(&shared);
            std::thread::spawn(move || watch(&watched));
            shared
        });
        let watch = Self { shared };
        watch.restart();
        watch
    }

    /// Starts the time anew.
    pub(crate) fn restart(&self) {
        self.change(|state, timeout| {
            state.deadline = Instant::now().checked_add(timeout);
            state.is_interrupted = false;
        });
    }

    /// Stops the time.
    pub(crate) fn rest(&self) {
        self.change(|state, _| state.deadline = None);
    }

    /// Says what the time is spent on from now on, if it is not over.
    pub(crate) fn phase(&self, phase: Phase) {
        self.change(|state, timeout| {
            if state.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                over(state, timeout);
            }
            state.phase = phase;
        });
    }

    /// Says whose guests are to be interrupted.
    pub(crate) fn engine(&self, engine: &Engine) {
        self.change(|state, _| state.engine = Some(engine.clone()));
    }

    fn change(&self, change: impl FnOnce(&mut State, Duration)) {
        if let Some(shared) = &self.shared {
            change(&mut lock(&shared.state), shared.timeout);
            shared.changed.notify_one();
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for the end of the time, again and again.
fn watch(shared: &Shared) {
    let Shared { timeout, state, changed } = shared;
    let mut state = lock(state);
    loop {
        let left = state.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        state = match left {
            None => changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(Duration::ZERO) => {
                over(&mut state, *timeout);
                state
            }
            Some(left) => changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
        };
    }
}

/// Interrupts the guest, or ends the process if there is none to interrupt, or has been before.
fn over(state: &mut State, timeout: Duration) {
    let timeout_text = format!("{timeout:?}, which is its `--timeout`");
    let failure = match (&state.phase, state.is_interrupted, &state.engine) {
        (Phase::Instantiating | Phase::Calling(_), false, Some(engine)) => {
            engine.increment_epoch();
            state.is_interrupted = true;
            state.deadline = Instant::now().checked_add(GRACE);
            return;
        }
        (Phase::Calling(name), _, _) => Failure::Trap(format!(
            "`{name}` ran for {timeout_text}\n  help: the guest did not come back; the host was busy for it"
        )),
        (Phase::Instantiating, _, _) => Failure::Trap(format!("instantiating took {timeout_text}")),
        (Phase::Checking, _, _) => Failure::BadInput(format!("checking took {timeout_text}")),
        (Phase::Compiling, _, _) => Failure::BadInput(format!("compiling took {timeout_text}")),
        (Phase::Printing, _, _) => {
            Failure::BadInput(format!("the call and printing its result took {timeout_text}"))
        }
    };
    eprintln!("{failure}");
    process::exit(i32::from(failure.status()));
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("deadline", &self.deadline).field("phase", &self.phase).finish()
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| String::from("not a number of seconds"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// Reads a number of bytes, with or without a unit.
fn size(text: &str) -> Result<u64, String> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().map_err(|_| String::from("not a number of bytes, such as 64MiB"))?;
    let unit: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        unit => return Err(format!("`{unit}` is no unit of bytes, expected one such as KiB, MiB, GiB")),
    };
    number.checked_mul(unit).ok_or_else(|| String::from("more bytes than 64 bits can count"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("65536"), Ok(65_536));
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("2 gib"), Ok(2 << 30));
        assert_eq!(size("1kB"), Ok(1_000));
        assert!(size("MiB").is_err());
        assert!(size("-1").is_err());
        assert!(size("1.5GiB").is_err());
        assert!(size("1TiB").is_err());
        assert!(size("99999999999GiB").is_err());
    }
}
