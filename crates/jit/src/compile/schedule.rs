//! Which thread compiles which function of a module, and when.

use std::cmp::Reverse;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use cranelift_codegen::Context;
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilderContext;
use wasmparser::FunctionBody;

use crate::compile::{self, CompiledFunc};
use crate::error::Result;
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

/// How a module's functions are compiled.
pub(crate) struct Schedule<'a> {
    /// Whether on several threads, if there is much to compile.
    pub(crate) parallel: bool,
    /// Called after each function, on the thread that has compiled it.
    pub(crate) progress: &'a (dyn Fn(Progress) + Sync),
}

/// Translates and compiles a module's function bodies.
///
/// # Errors
///
/// Fails on what is not compiled yet: the first in the module's order.
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
        progress: schedule.progress,
    };
    let mut outcomes = thread::scope(|scope| {
        let threads: Vec<_> = (1..n_threads).map(|_| scope.spawn(|| work.share(env))).collect();
        let mut outcomes = work.share(env);
        for thread in threads {
            match thread.join() {
                Ok(part) => outcomes.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        outcomes
    });
    outcomes.sort_unstable_by_key(|(position, _)| *position);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

fn body_bytes(body: &FunctionBody<'_>) -> u64 {
    body.range().end - body.range().start
}

/// Functions to compile, shared by threads that take one after the other.
struct Work<'a> {
    queue: Mutex<std::vec::IntoIter<(usize, FunctionBody<'a>)>>,
    /// The lowest position of a function that failed: later ones need not be compiled any more.
    failed: AtomicUsize,
    n_done: AtomicUsize,
    n_funcs: usize,
    progress: &'a (dyn Fn(Progress) + Sync),
}

impl<'a> Work<'a> {
    fn next(&self) -> Option<(usize, FunctionBody<'a>)> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    /// Compiles functions until there are no more; returns the outcome of each with its position.
    fn share(&self, env: &Env<'_>) -> Vec<(usize, Result<CompiledFunc>)> {
        let mut worker = Worker::new();
        let mut outcomes = Vec::new();
        while let Some((position, body)) = self.next() {
            if position > self.failed.load(Ordering::Relaxed) {
                continue;
            }
            let outcome = worker.compile(env, position, &body);
            if outcome.is_err() {
                // It holds half a function.
                worker = Worker::new();
                self.failed.fetch_min(position, Ordering::Relaxed);
            }
            outcomes.push((position, outcome));
            let n_done = self.n_done.fetch_add(1, Ordering::Relaxed) + 1;
            (self.progress)(Progress { n_done, n_funcs: self.n_funcs });
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

    /// Translates and compiles the body of the function at `position`.
    ///
    /// # Errors
    ///
    /// Fails like [`functions`]; the worker must not be used again.
    pub(crate) fn compile(
        &mut self,
        env: &Env<'_>,
        position: usize,
        body: &FunctionBody<'_>,
    ) -> Result<CompiledFunc> {
        self.compile_with(env, env.isa(), position, body)
    }

    /// Like `compile`, for the same target at a level that may be another than the environment's. A
    /// function that catches exceptions is compiled as the environment says: the allocator of the
    /// cheap level can't define a call's results in two successors.
    ///
    /// # Errors
    ///
    /// Fails like `compile`.
    pub(crate) fn compile_with(
        &mut self,
        env: &Env<'_>,
        isa: &dyn TargetIsa,
        position: usize,
        body: &FunctionBody<'_>,
    ) -> Result<CompiledFunc> {
        let Self { builder_context, context } = self;
        context.clear();
        let chains = translate::function(env, position, body, &mut context.func, builder_context)?;
        let catches = context.func.dfg.exception_tables.iter().next().is_some();
        let isa = if catches { env.isa() } else { isa };
        compile::compile(isa, context, chains).map_err(|e| e.at(body.range().start))
    }
}
