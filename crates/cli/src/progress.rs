//! How far a compilation is: a bar on standard error, if that is a terminal and it takes over a
//! second.

use std::io::{IsTerminal as _, stderr};
use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use component_linker::{Component, Engine, Error, Progress, ResolvedComponent};
use indicatif::ProgressBar;

/// How long a compilation may take without a bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// Compiles a component, with a bar.
///
/// # Errors
///
/// Fails like [`Component::compile`].
pub(crate) fn compile(engine: &Engine, component: &ResolvedComponent) -> Result<Component, Error> {
    let (start, bar) = (Instant::now(), OnceLock::new());
    let shows = stderr().is_terminal();
    let compiled = Component::compile_watched(engine, component, &|Progress { n_done, n_funcs }| {
        if shows && start.elapsed() > PATIENCE {
            let bar = bar.get_or_init(|| ProgressBar::new(n_funcs as u64).with_message("compiling"));
            bar.set_position(n_done as u64);
        }
        ControlFlow::Continue(())
    });
    if let Some(bar) = bar.get() {
        bar.finish_and_clear();
    }
    compiled
}
