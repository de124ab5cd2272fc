//! A module's functions before they are compiled, and what became of them.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use cranelift_codegen::isa::TargetIsa;
use wasmparser::{BinaryReader, FuncToValidate, FuncValidatorAllocations, FunctionBody, ValidatorResources};

use crate::compile;
use crate::decode::Body;
use crate::error::Result;
use crate::module::ModuleInfo;
use crate::rt::{CodeRegion, LoadedCode};
use crate::translate::Env;

/// Which call of a function that was compiled cheaply has it compiled at the full level.
const FULL_AT_CALL: u32 = 8;

/// The functions that a module defines. Each is compiled at most once at each level, by whoever calls it first; others
/// wait.
pub(crate) struct LazyFuncs {
    funcs: Vec<LazyFunc>,
    /// Where their code lies.
    region: CodeRegion,
}

struct LazyFunc {
    resources: ValidatorResources,
    index: u32,
    ty: u32,
    features: wasmparser::WasmFeatures,
    /// Where the body is in the module's bytes.
    body: Range<usize>,
    code: OnceLock<Result<Arc<LoadedCode>>>,
    /// What serves until `code` is there, if it was compiled cheaply first.
    cheap: OnceLock<Result<Arc<LoadedCode>>>,
    /// Calls while there was only cheap code.
    n_calls: AtomicU32,
}

/// What a call of a function may enter.
pub(crate) enum FuncCode {
    /// This, at every call from now on.
    Final(Arc<LoadedCode>),
    /// This; the next call is to ask again. `is_due` says that now is the time for [`LazyFuncs::compile_fully`].
    Cheap { code: Arc<LoadedCode>, is_due: bool },
}

/// What the functions of a lazy module are compiled with.
pub(crate) struct Lazily<'a> {
    pub(crate) env: &'a Env<'a>,
    pub(crate) cheap_isa: &'a dyn TargetIsa,
    /// Functions whose bodies are larger are compiled with `cheap_isa` first.
    pub(crate) cheap_first_above_bytes: usize,
    pub(crate) info: &'a Arc<ModuleInfo>,
    pub(crate) wasm: &'a [u8],
}

impl LazyFuncs {
    /// Validates the bodies of a module and keeps them.
    ///
    /// # Errors
    ///
    /// Fails on the first body that is not valid.
    pub(crate) fn new(bodies: Vec<Body<'_>>) -> Result<Self> {
        let mut allocations = FuncValidatorAllocations::default();
        let mut funcs = Vec::with_capacity(bodies.len());
        for (to_validate, body) in bodies {
            let FuncToValidate { resources, index, ty, features } = to_validate;
            let to_validate = FuncToValidate { resources: resources.clone(), index, ty, features };
            let mut validator = to_validate.into_validator(allocations);
            validator.validate(&body)?;
            allocations = validator.into_allocations();
            let place = |offset: u64| usize::try_from(offset).expect("a module's bytes lie in memory");
            let body = place(body.range().start)..place(body.range().end);
            let (code, cheap) = (OnceLock::new(), OnceLock::new());
            funcs.push(LazyFunc {
                resources,
                index,
                ty,
                features,
                body,
                code,
                cheap,
                n_calls: AtomicU32::new(0),
            });
        }
        Ok(Self { funcs, region: CodeRegion::default() })
    }

    /// Returns the code for a call of the function at `position`, compiled.
    ///
    /// # Errors
    ///
    /// Fails on what is not compiled yet, and if the system refuses executable memory.
    pub(crate) fn get(&self, of: &Lazily<'_>, position: u32) -> Result<FuncCode> {
        let func = &self.funcs[position as usize];
        if let Some(code) = func.code.get() {
            return code.clone().map(FuncCode::Final);
        }
        if func.body.len() <= of.cheap_first_above_bytes {
            return self.compile_fully(of, position).map(FuncCode::Final);
        }
        let code = func.cheap.get_or_init(|| self.compile(of, position, of.cheap_isa)).clone()?;
        let n_calls = func.n_calls.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        Ok(FuncCode::Cheap { code, is_due: n_calls == FULL_AT_CALL })
    }

    /// Returns the code of the function at `position`, compiled at the full level.
    ///
    /// # Errors
    ///
    /// As `get`.
    pub(crate) fn compile_fully(&self, of: &Lazily<'_>, position: u32) -> Result<Arc<LoadedCode>> {
        let code = &self.funcs[position as usize].code;
        code.get_or_init(|| self.compile(of, position, of.env.isa())).clone()
    }

    fn compile(&self, of: &Lazily<'_>, position: u32, isa: &dyn TargetIsa) -> Result<Arc<LoadedCode>> {
        let position = position as usize;
        let body = self.funcs[position].body(of.wasm);
        let compiled = compile::one(of.env, isa, position, body)?;
        let from = Some((Arc::clone(of.info), position));
        Ok(Arc::new(LoadedCode::load_into(&self.region, compiled, from)?))
    }

    /// Returns all bodies again, as decoding gave them.
    pub(crate) fn bodies<'a>(&self, wasm: &'a [u8]) -> Vec<Body<'a>> {
        self.funcs.iter().map(|func| func.body(wasm)).collect()
    }
}

impl LazyFunc {
    fn body<'a>(&self, wasm: &'a [u8]) -> Body<'a> {
        let Self { resources, index, ty, features, .. } = self;
        let to_validate =
            FuncToValidate { resources: resources.clone(), index: *index, ty: *ty, features: *features };
        let bytes = &wasm[self.body.clone()];
        let reader = BinaryReader::new_features(bytes, self.body.start as u64, *features);
        (to_validate, FunctionBody::new(reader))
    }
}
