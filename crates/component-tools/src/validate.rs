//! Whether bytes are a valid binary, and of which kind. Follows Binary.md.
//!
//! `wasmparser` judges, with the features that `component-linker` runs: a component that is valid here is valid there,
//! and a fault has the same words and the same offset.

use wasmparser::{Parser, Validator, WasmFeatures};

use crate::error::{Error, ErrorKind};

/// What a WebAssembly binary is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BinaryKind {
    /// A component.
    Component,
    /// A core module.
    Module,
}

/// Checks that `bytes` are a valid component or a valid core module, and returns which.
///
/// # Errors
///
/// If they are neither.
pub fn validate(bytes: &[u8]) -> Result<BinaryKind, Error> {
    let kind = read_header(bytes)?;
    Validator::new_with_features(features()).validate_all(bytes)?;
    Ok(kind)
}

/// Checks that `bytes` are a valid component.
pub(crate) fn validate_component(bytes: &[u8]) -> Result<(), Error> {
    match read_header(bytes)? {
        BinaryKind::Component => validate(bytes).map(drop),
        BinaryKind::Module => {
            Err(Error::new(ErrorKind::CoreModule, "this is a core module, not a component", 4))
        }
    }
}

/// The features of WebAssembly that a binary may use.
pub(crate) fn features() -> WasmFeatures {
    WasmFeatures::default()
        | WasmFeatures::CM_MORE_ASYNC_BUILTINS
        | WasmFeatures::CM_THREADING
        | WasmFeatures::CM_ASYNC_STACKFUL
        | WasmFeatures::CM_FIXED_LENGTH_LISTS
        | WasmFeatures::CM_FORWARD
}

/// Returns what the header says that the binary is, or plainly that the bytes are none: a validator would only speak of
/// magic numbers.
fn read_header(bytes: &[u8]) -> Result<BinaryKind, Error> {
    const MAGIC: &[u8] = b"\0asm";
    let n_bytes = bytes.len() as u64;
    if !bytes.starts_with(MAGIC) {
        return Err(match MAGIC.starts_with(bytes) {
            true => Error::new(ErrorKind::Invalid, "unexpected end of the binary in its header", n_bytes),
            false => {
                Error::new(ErrorKind::NotWasm, "not a WebAssembly binary: it does not start with `\\0asm`", 0)
            }
        });
    }
    Ok(if Parser::is_core_wasm(bytes) { BinaryKind::Module } else { BinaryKind::Component })
}
