//! Lazy modules: functions that are compiled when they are first called.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use wasmparser::FunctionBody;

use crate::compile;
use crate::compile::settings::{Level, Levels};
use crate::error::Result;
use crate::module::source::ModuleSource;
use crate::rt::{CodeRegion, LoadedCode};
use crate::translate::Env;

/// The call at which a function that was compiled cheaply is compiled at the full level.
const FULL_AT_CALL: u32 = 8;

/// The functions that a module defines. Each is compiled at most once at each level, by its first
/// caller; other callers wait.
pub(crate) struct LazyFuncs {
    funcs: Vec<LazyFunc>,
    /// Where their code lies.
    region: CodeRegion,
}

struct LazyFunc {
    /// Bytes of its body.
    n_bytes: u64,
    code: OnceLock<Result<Arc<LoadedCode>>>,
    /// What serves until `code` is there, if it was compiled cheaply first.
    cheap: OnceLock<Result<Arc<LoadedCode>>>,
    /// Calls while there was only cheap code.
    n_calls: AtomicU32,
}

/// What a call of a function may enter.
pub(crate) enum Entered {
    /// This code, at every call from now on.
    Final(Arc<LoadedCode>),
    /// This code; the next call has to ask again. `is_due` says that it is time for
    /// [`LazyFuncs::compile_fully`].
    Cheap { code: Arc<LoadedCode>, is_due: bool },
}

/// What the functions of a lazy module are compiled with.
pub(crate) struct Lazily<'a> {
    pub(crate) env: &'a Env<'a>,
    pub(crate) levels: Levels<'a>,
    /// Functions whose bodies are larger are compiled at the cheap level first.
    pub(crate) cheap_first_above_bytes: u64,
    pub(crate) source: &'a ModuleSource,
}

impl LazyFuncs {
    /// Returns the functions of a module, none of them compiled.
    pub(crate) fn new(source: &ModuleSource) -> Self {
        let func = |body: FunctionBody<'_>| LazyFunc {
            n_bytes: body.range().end - body.range().start,
            code: OnceLock::new(),
            cheap: OnceLock::new(),
            n_calls: AtomicU32::new(0),
        };
        Self { funcs: source.bodies().map(func).collect(), region: CodeRegion::default() }
    }

    /// Returns the code for a call of the function at `position`, compiled.
    ///
    /// # Errors
    ///
    /// Fails on what is not compiled yet, and if the system refuses executable memory.
    pub(crate) fn get(&self, of: &Lazily<'_>, position: u32) -> Result<Entered> {
        let func = &self.funcs[position as usize];
        if let Some(code) = func.code.get() {
            return code.clone().map(Entered::Final);
        }
        if func.n_bytes <= of.cheap_first_above_bytes {
            return self.compile_fully(of, position).map(Entered::Final);
        }
        let code = func.cheap.get_or_init(|| self.compile(of, position, Level::Cheap)).clone()?;
        let n_calls = func.n_calls.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        Ok(Entered::Cheap { code, is_due: n_calls == FULL_AT_CALL })
    }

    /// Returns the code of the function at `position`, compiled at the full level.
    ///
    /// # Errors
    ///
    /// Fails like `get`.
    pub(crate) fn compile_fully(&self, of: &Lazily<'_>, position: u32) -> Result<Arc<LoadedCode>> {
        let code = &self.funcs[position as usize].code;
        code.get_or_init(|| self.compile(of, position, Level::Full)).clone()
    }

    fn compile(&self, of: &Lazily<'_>, position: u32, wanted: Level) -> Result<Arc<LoadedCode>> {
        let position = position as usize;
        let compiled = compile::one(of.env, of.levels, wanted, position, &of.source.body(position))?;
        let from = Some((Arc::clone(of.source.info()), position));
        Ok(Arc::new(LoadedCode::load_into(&self.region, compiled, from)?))
    }
}
