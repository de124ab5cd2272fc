//! A module's bytes, validated once, and what they say.

use std::ops::Range;
use std::sync::Arc;

use wasmparser::{BinaryReader, FuncValidatorAllocations, FunctionBody, WasmFeatures};

use crate::error::Result;
use crate::module::decode::decode;
use crate::module::info::ModuleInfo;
use crate::module::registry::TypeRegistry;

/// A module's bytes and what they say, but no code.
///
/// Invariant: the bytes are a valid module, `info` is what they say, and each range of `bodies` is
/// that of a function body: those of the functions that the module defines, in order.
#[derive(Debug)]
pub(crate) struct ModuleSource {
    wasm: Arc<[u8]>,
    info: Arc<ModuleInfo>,
    bodies: Vec<Range<usize>>,
    features: WasmFeatures,
}

impl ModuleSource {
    /// Decodes a module and validates all of it.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are not a valid module, and on types that are not compiled yet.
    pub(crate) fn validate(wasm: &[u8], features: WasmFeatures, registry: &TypeRegistry) -> Result<Self> {
        let (info, bodies) = decode(wasm, features, registry)?;
        let mut allocations = FuncValidatorAllocations::default();
        let mut ranges = Vec::with_capacity(bodies.len());
        for (to_validate, body) in bodies {
            let mut validator = to_validate.into_validator(allocations);
            validator.validate(&body)?;
            allocations = validator.into_allocations();
            ranges.push(place_of(&body));
        }
        Ok(Self { wasm: wasm.into(), info: Arc::new(info), bodies: ranges, features })
    }

    /// Decodes a module that was validated before, when the file that it comes from was written.
    ///
    /// # Errors
    ///
    /// Fails like `validate`, except that function bodies are not looked into.
    pub(crate) fn of_artifact(wasm: &[u8], features: WasmFeatures, registry: &TypeRegistry) -> Result<Self> {
        let (info, bodies) = decode(wasm, features, registry)?;
        let ranges = bodies.iter().map(|(_, body)| place_of(body)).collect();
        Ok(Self { wasm: wasm.into(), info: Arc::new(info), bodies: ranges, features })
    }

    /// Returns the module's bytes.
    pub(crate) fn wasm(&self) -> &[u8] {
        &self.wasm
    }

    /// Returns what the bytes say.
    pub(crate) fn info(&self) -> &Arc<ModuleInfo> {
        &self.info
    }

    /// Returns the body of the function at `position` of those that the module defines.
    pub(crate) fn body(&self, position: usize) -> FunctionBody<'_> {
        let range = self.bodies[position].clone();
        let start = range.start as u64;
        FunctionBody::new(BinaryReader::new_features(&self.wasm[range], start, self.features))
    }

    /// Returns the bodies of the functions that the module defines, in order.
    pub(crate) fn bodies(&self) -> impl ExactSizeIterator<Item = FunctionBody<'_>> {
        (0..self.bodies.len()).map(|position| self.body(position))
    }
}

fn place_of(body: &FunctionBody<'_>) -> Range<usize> {
    let place = |offset: u64| usize::try_from(offset).expect("a module's bytes lie in memory");
    place(body.range().start)..place(body.range().end)
}
