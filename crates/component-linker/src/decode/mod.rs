//! From bytes to [`Definitions`]. Follows Binary.md.
//!
//! wasmparser validates each section just before it is read into plain data of ours; nothing
//! outside of this folder knows wasmparser's types. What passes here is a valid component, whether
//! or not the rest of the crate supports all it uses.

mod alias;
mod canon;
mod core_types;
mod definition;
mod read;
mod types;

use canonical_abi::name::{escape_lines, without_resource_ids};
use wasmparser::{Parser, Validator, WasmFeatures};

use crate::error::{Error, ErrorKind};

pub(crate) use alias::{Alias, CoreSort, Sort};
pub(crate) use canon::{Canon, CanonOpt};
pub(crate) use core_types::{
    AbsHeapType, CompType, CoreExport, CoreExternType, CoreImport, CoreLimits, CoreType, CoreValType,
    GlobalType, HeapType, MemoryType, ModuleDecl, RecType, RefType, SubType, TableType,
};
pub(crate) use definition::{
    ComponentId, CoreInlineExport, CoreInstanceExpr, CoreInstantiateArg, Definition, DefinitionKind,
    Definitions, InstanceExpr, ModuleDefinition, ModuleId, SortIdx,
};
pub(crate) use types::{
    Attributes, Case, ComponentDecl, DefType, DefValType, ExportDecl, ExternType, FuncTypeDef, ImportDecl,
    InstanceDecl, LabelValType, NameAttributes, PrimValType, TypeBound, ValTypeRef,
};

/// Validates and decodes a component; the function bodies of its core modules are left to the
/// compiler of core modules, which validates each of them once.
pub(crate) fn decode(bytes: &[u8], features: WasmFeatures) -> Result<Definitions, Error> {
    check_header(bytes)?;
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut validator = Validator::new_with_features(features);
    let mut reader = read::Reader::default();
    for payload in parser.parse_all(bytes) {
        let payload = payload?;
        validator.payload(&payload)?;
        reader.payload(payload)?;
    }
    reader.finish()
}

/// Decodes a valid core module by itself.
pub(crate) fn module_definition(bytes: &[u8]) -> Result<ModuleDefinition, Error> {
    read::module_definition(bytes)
}

/// Checks that `bytes` are a valid component.
pub(crate) fn validate(bytes: &[u8], features: WasmFeatures) -> Result<(), Error> {
    check_header(bytes)?;
    Validator::new_with_features(features).validate_all(bytes)?;
    Ok(())
}

impl From<wasmparser::Error> for Error {
    fn from(error: wasmparser::Error) -> Self {
        // The message may quote names of the binary.
        Self::new(ErrorKind::Invalid, escape_lines(&without_resource_ids(error.message())), error.offset())
    }
}

/// Says plainly what the bytes are if they are no component; a validator would only speak of magic
/// numbers.
fn check_header(bytes: &[u8]) -> Result<(), Error> {
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
    if Parser::is_core_wasm(bytes) {
        return Err(Error::new(ErrorKind::CoreModule, "this is a core module, not a component", 4));
    }
    Ok(())
}
