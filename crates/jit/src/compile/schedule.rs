//! Which thread compiles which function of a module, and when.

use std::cmp::Reverse;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use cranelift_codegen::Context;
use cranelift_frontend::FunctionBuilderContext;
use wasmparser::FunctionBody;

use crate::compile::settings::{Level, Levels};
use crate::compile::{self, CompiledFunc};
use crate::error::{Error, Result};
use crate::translate::{self, Env};

/// A module gets no more threads than it has so many bytes of code for: starting one would take
/// longer than it saves.
const MIN_BYTES_PER_THREAD: u64 = 4096;

/// How far the compilation of a module is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// Functions that are compiled.
    pub n_done: usize,
    /// Functions that the module defines.
    pub n_funcs: usize,
}

/// What is told how far a compilation is, and may end it: with
/// [`ControlFlow::Break`](std::ops::ControlFlow::Break) the compilation fails with
/// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) as soon as the functions that are being
/// compiled are done. It is called before the first function and after each, from all threads that
/// compile, and holds up the calling one.
pub type Watch<'a> = dyn Fn(Progress) -> ControlFlow<()> + Sync + 'a;

/// Watches nothing.
pub(crate) fn unwatched(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// How a module's functions are compiled.
pub(crate) struct Schedule<'a> {
    /// Whether on several threads, if there is much to compile.
    pub(crate) parallel: bool,
    pub(crate) watch: &'a Watch<'a>,
    /// The levels to compile at.
    pub(crate) levels: Levels<'a>,
}

/// Translates and compiles a module's function bodies.
///
/// # Errors
///
/// Fails on what is not compiled yet: the first in the module's order; and if it is cancelled.
pub(crate) fn functions(
    env: &Env<'_>,
    bodies: Vec<FunctionBody<'_>>,
    schedule: &Schedule<'_>,
) -> Result<Vec<CompiledFunc>> {
    let n_funcs = bodies.len();
    let n_bytes: u64 = bodies.iter().map(body_bytes).sum();
    let n_useful = usize::try_from(n_bytes / MIN_BYTES_PER_THREAD).map_or(n_funcs, |n| n.min(n_funcs));
    let n_threads = if schedule.parallel && n_useful > 1 {
        thread::available_parallelism().map_or(1, NonZero::get).min(n_useful)
    } else {
        1
    };
    // The largest are started first, so that no thread is left with one of them at the end.
    let mut queue: Vec<_> = bodies.into_iter().enumerate().collect();
    if n_threads > 1 {
        queue.sort_by_key(|(_, body)| Reverse(body_bytes(body)));
    }
    let work = Work {
        queue: Mutex::new(queue.into_iter()),
        failed: AtomicUsize::new(n_funcs),
        n_done: AtomicUsize::new(0),
        n_funcs,
        watch: schedule.watch,
        is_cancelled: AtomicBool::new(false),
    };
    work.tell(0);
    let mut outcomes = thread::scope(|scope| {
        let threads: Vec<_> =
            (1..n_threads).map(|_| scope.spawn(|| work.share(env, schedule.levels))).collect();
        let mut outcomes = work.share(env, schedule.levels);
        for thread in threads {
            match thread.join() {
                Ok(part) => outcomes.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        outcomes
    });
    if work.is_cancelled.into_inner() {
        return Err(Error::cancelled());
    }
    outcomes.sort_unstable_by_key(|(position, _)| *position);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

pub(crate) fn body_bytes(body: &FunctionBody<'_>) -> u64 {
    body.range().end - body.range().start
}

/// Functions to compile, shared by threads that take one after the other.
struct Work<'a> {
    queue: Mutex<std::vec::IntoIter<(usize, FunctionBody<'a>)>>,
    /// The lowest position of a function that failed: later ones need not be compiled any more.
    failed: AtomicUsize,
    n_done: AtomicUsize,
    n_funcs: usize,
    watch: &'a Watch<'a>,
    is_cancelled: AtomicBool,
}

impl<'a> Work<'a> {
    fn tell(&self, n_done: usize) {
        if (self.watch)(Progress { n_done, n_funcs: self.n_funcs }).is_break() {
            self.is_cancelled.store(true, Ordering::Relaxed);
        }
    }

    fn next(&self) -> Option<(usize, FunctionBody<'a>)> {
        if self.is_cancelled.load(Ordering::Relaxed) {
            return None;
        }
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    /// Compiles functions until there are no more; returns the outcome of each with its position.
    fn share(&self, env: &Env<'_>, levels: Levels<'_>) -> Vec<(usize, Result<CompiledFunc>)> {
        let mut worker = Worker::new();
        let mut outcomes = Vec::new();
        while let Some((position, body)) = self.next() {
            if position > self.failed.load(Ordering::Relaxed) {
                continue;
            }
            let outcome = worker.compile(env, levels, Level::Full, position, &body);
            if outcome.is_err() {
                // It holds half a function.
                worker = Worker::new();
                self.failed.fetch_min(position, Ordering::Relaxed);
            }
            outcomes.push((position, outcome));
            self.tell(self.n_done.fetch_add(1, Ordering::Relaxed) + 1);
        }
        outcomes
    }
}

/// What one thread keeps from function to function: its allocations.
pub(crate) struct Worker {
    builder_context: FunctionBuilderContext,
    context: Context,
}

impl Worker {
    pub(crate) fn new() -> Self {
        Self { builder_context: FunctionBuilderContext::new(), context: Context::new() }
    }

    /// Translates the body of the function at `position` and compiles it at the level that is
    /// wanted, or at the cheap one.
    ///
    /// # Errors
    ///
    /// Fails like [`functions`]; the worker must not be used again.
    pub(crate) fn compile(
        &mut self,
        env: &Env<'_>,
        levels: Levels<'_>,
        wanted: Level,
        position: usize,
        body: &FunctionBody<'_>,
    ) -> Result<CompiledFunc> {
        let Self { builder_context, context } = self;
        context.clear();
        let chains = translate::function(env, position, body, &mut context.func, builder_context)?;
        let isa = levels.isa(wanted, &context.func, body_bytes(body));
        compile::compile(isa, context, chains).map_err(|e| e.at(body.range().start))
    }
}
