//! A module's bytes, validated once, and what they say.

use std::ops::Range;
use std::sync::Arc;

use wasmparser::{
    BinaryReader, FuncValidatorAllocations, FunctionBody, Parser, ValidPayload, Validator, WasmFeatures,
};

use crate::error::Result;
use crate::module::decode::{Body, check_encoding, decode, decode_valid};
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
    pub(crate) fn validate(wasm: Arc<[u8]>, features: WasmFeatures, registry: &TypeRegistry) -> Result<Self> {
        let (info, bodies) = decode(&wasm, features, registry)?;
        let ranges = bodies.iter().map(|(_, body)| place_of(body)).collect();
        validate_bodies(bodies)?;
        Ok(Self { wasm, info: Arc::new(info), bodies: ranges, features })
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

    /// Decodes a module that has been validated. It is validated again only where `features` are
    /// fewer than those of that validation.
    ///
    /// # Errors
    ///
    /// Fails like `validate`.
    pub(crate) fn of_valid(
        valid: &ValidBytes,
        features: WasmFeatures,
        registry: &TypeRegistry,
    ) -> Result<Self> {
        let wasm = Arc::clone(&valid.wasm);
        if !features.contains(valid.features) {
            return Self::validate(wasm, features, registry);
        }
        let (info, bodies) = decode_valid(&wasm, features, registry)?;
        let ranges = bodies.iter().map(place_of).collect();
        Ok(Self { wasm, info: Arc::new(info), bodies: ranges, features })
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

/// The bytes of a module that has been validated, function bodies included, by no engine in
/// particular. Cheap to clone.
///
/// [`ValidModule::of_bytes`](crate::ValidModule::of_bytes) makes the module of them, and does not
/// validate them again.
#[derive(Clone)]
pub struct ValidBytes {
    wasm: Arc<[u8]>,
    features: WasmFeatures,
}

impl ValidBytes {
    /// Validates a module in the binary format that may use these features of WebAssembly.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are not a valid module.
    pub fn new(wasm: &[u8], features: WasmFeatures) -> Result<Self> {
        let mut validator = Validator::new_with_features(features);
        let mut parser = Parser::new(0);
        parser.set_features(features);
        let mut bodies = Vec::new();
        for payload in parser.parse_all(wasm) {
            let payload = payload?;
            check_encoding(&payload)?;
            match validator.payload(&payload)? {
                ValidPayload::Func(validate, body) => bodies.push((validate, body)),
                ValidPayload::Ok | ValidPayload::Parser(_) | ValidPayload::End(_) => {}
            }
        }
        validate_bodies(bodies)?;
        Ok(Self { wasm: wasm.into(), features: core_only(features) })
    }
}

impl std::fmt::Debug for ValidBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ValidBytes").field("n_bytes", &self.wasm.len()).finish_non_exhaustive()
    }
}

fn validate_bodies(bodies: Vec<Body<'_>>) -> Result<()> {
    let mut allocations = FuncValidatorAllocations::default();
    for (to_validate, body) in bodies {
        let mut validator = to_validate.into_validator(allocations);
        validator.validate(&body)?;
        allocations = validator.into_allocations();
    }
    Ok(())
}

fn place_of(body: &FunctionBody<'_>) -> Range<usize> {
    let place = |offset: u64| usize::try_from(offset).expect("a module's bytes lie in memory");
    place(body.range().start)..place(body.range().end)
}

/// Returns the features that are not of components, which core modules can't use.
fn core_only(features: WasmFeatures) -> WasmFeatures {
    let of_components = features.iter_names().filter(|(name, _)| name.starts_with("CM"));
    of_components.fold(features, |features, (_, feature)| features - feature)
}
