//! The binaries that tools are given: their names, their kinds, and whether they are valid.
//! Follows Binary.md.
//!
//! `wasmparser` validates, with the features that `component-linker` accepts: both crates accept
//! the same components, and report a fault in the same words at the same offset.

use wasmparser::types::Types;
use wasmparser::{Parser, Validator};

use crate::error::{Error, ErrorKind};
use crate::proposals::Proposals;

/// A binary, and the name that errors give it.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// The name, such as that of the file that the bytes were read from.
    pub name: &'a str,
    /// The component or core module in the binary format.
    pub bytes: &'a [u8],
}

/// The kinds of WebAssembly binaries.
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
    validate_with(bytes, Proposals::default())
}

/// Does what [`validate`] does, for a binary that may use these proposals.
///
/// # Errors
///
/// As for [`validate`].
pub fn validate_with(bytes: &[u8], proposals: Proposals) -> Result<BinaryKind, Error> {
    let kind = read_header(bytes)?;
    valid_types(bytes, proposals)?;
    Ok(kind)
}

/// Checks that `bytes` are a valid component.
pub(crate) fn validate_component(bytes: &[u8], proposals: Proposals) -> Result<(), Error> {
    check_header(bytes)?;
    valid_types(bytes, proposals)?;
    Ok(())
}

/// Validates a component or a core module, and returns its types.
pub(crate) fn valid_types(bytes: &[u8], proposals: Proposals) -> Result<Types, Error> {
    let mut validator = Validator::new_with_features(proposals.features());
    validator.validate_all(bytes).map_err(|error| Error::from(error).needs(proposals.missing(bytes)))
}

/// Returns a parser of a whole binary that has been validated.
pub(crate) fn parser() -> Parser {
    let mut parser = Parser::new(0);
    parser.set_features(Proposals::all().features());
    parser
}

/// Checks that `bytes` have the header of a component.
pub(crate) fn check_header(bytes: &[u8]) -> Result<(), Error> {
    match read_header(bytes)? {
        BinaryKind::Component => Ok(()),
        BinaryKind::Module => {
            Err(Error::new(ErrorKind::CoreModule, "this is a core module, not a component", 4))
        }
    }
}

/// Returns the kind that the header states.
///
/// The bytes may be no WebAssembly at all. The error then says so; the validator's would be about
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
