//! A module's functions before they are compiled, and what became of them.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use wasmparser::{BinaryReader, FuncToValidate, FuncValidatorAllocations, FunctionBody, ValidatorResources};

use crate::compile;
use crate::decode::Body;
use crate::error::Result;
use crate::module::ModuleInfo;
use crate::rt::{CodeRegion, LoadedCode};
use crate::translate::Env;

/// The functions that a module defines. Each is compiled at most once, by whoever calls it first; others wait.
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
            funcs.push(LazyFunc { resources, index, ty, features, body, code: OnceLock::new() });
        }
        Ok(Self { funcs, region: CodeRegion::default() })
    }

    /// Returns the code of the function at `position`, compiled.
    ///
    /// # Errors
    ///
    /// Fails on what is not compiled yet, and if the system refuses executable memory.
    pub(crate) fn get(
        &self,
        env: &Env<'_>,
        info: &Arc<ModuleInfo>,
        wasm: &[u8],
        position: u32,
    ) -> Result<Arc<LoadedCode>> {
        let position = position as usize;
        let func = &self.funcs[position];
        let compile = || {
            let compiled = compile::one(env, position, func.body(wasm))?;
            let from = Some((Arc::clone(info), position));
            Ok(Arc::new(LoadedCode::load_into(&self.region, compiled, from)?))
        };
        func.code.get_or_init(compile).clone()
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
