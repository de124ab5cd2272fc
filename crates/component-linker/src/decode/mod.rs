//! From bytes to [`Definitions`]. Follows Binary.md.
//!
//! wasmparser validates; the sections are then read once more into plain data. What passes here is a valid
//! component, whether or not the rest of the crate supports all it uses.

mod definition;
mod fits;
mod wording;

use std::ops::Range;

use wasmparser::{Encoding, FromReader, Parser, Payload, SectionLimited, Validator, WasmFeatures};

use crate::error::{Error, ErrorKind};

/// The size of the header of a component or a core module.
const HEADER_BYTES: u64 = 8;

pub(crate) use fits::{Place, fits};

pub(crate) use definition::{
    ComponentId, Definition, DefinitionKind, Definitions, GivenId, ModuleDefinition, ModuleId, Program,
    Source, SourceId,
};

/// Validates and decodes a component.
pub(crate) fn decode(bytes: &[u8]) -> Result<Definitions<'_>, Error> {
    validate(bytes)?;
    read(bytes)
}

/// Decodes a valid component.
pub(crate) fn read(bytes: &[u8]) -> Result<Definitions<'_>, Error> {
    let mut parser = Parser::new(0);
    parser.set_features(features());
    let mut definitions = Definitions::default();
    let mut open = Vec::new();
    for payload in parser.parse_all(bytes) {
        read_payload(&mut definitions, &mut open, payload?)?;
    }
    if definitions.components.is_empty() {
        return Err(Error::internal("a valid component has no header", 0));
    }
    Ok(definitions)
}

/// Checks that `bytes` are a valid component.
pub(crate) fn validate(bytes: &[u8]) -> Result<(), Error> {
    check_header(bytes)?;
    let validated = Validator::new_with_features(features()).validate_all(bytes);
    validated.map(drop).map_err(|error| wording::explain(bytes, &error))
}

/// The features of WebAssembly that components may use. This set agrees with the official suite on every check of
/// validation.
fn features() -> WasmFeatures {
    WasmFeatures::default()
        | WasmFeatures::CM_MORE_ASYNC_BUILTINS
        | WasmFeatures::CM_THREADING
        | WasmFeatures::CM_ASYNC_STACKFUL
        | WasmFeatures::CM_FIXED_LENGTH_LISTS
        | WasmFeatures::CM_FORWARD
}

/// Says plainly what the bytes are if they are no component; a validator would only speak of magic numbers.
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

/// What an open header belongs to.
#[derive(Clone, Copy)]
enum Open {
    Component(ComponentId),
    Module(ModuleId),
}

fn read_payload<'a>(
    definitions: &mut Definitions<'a>,
    open: &mut Vec<Open>,
    payload: Payload<'a>,
) -> Result<(), Error> {
    if let Payload::Version { encoding: Encoding::Component, range, .. } = payload {
        begin_component(definitions, open, range.start);
        return Ok(());
    }
    if let Payload::End(_) = payload {
        open.pop();
        return Ok(());
    }
    match open.last() {
        Some(Open::Component(id)) => read_section(definitions, open, *id, payload),
        Some(Open::Module(id)) => read_module_section(definitions, *id, payload),
        None => Ok(()),
    }
}

fn begin_component(definitions: &mut Definitions<'_>, open: &mut Vec<Open>, offset: u64) {
    let id = ComponentId(id32(definitions.components.len()));
    definitions.components.push(Vec::new());
    if let Some(Open::Component(parent)) = open.last() {
        definitions.components[parent.0 as usize].push(Definition {
            offset,
            size_bytes: HEADER_BYTES,
            kind: DefinitionKind::Component(id),
        });
    }
    open.push(Open::Component(id));
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "custom sections, and sections that validation has ruled out"
)]
fn read_section<'a>(
    definitions: &mut Definitions<'a>,
    open: &mut Vec<Open>,
    component: ComponentId,
    payload: Payload<'a>,
) -> Result<(), Error> {
    if let Payload::ModuleSection { unchecked_range, .. } = payload {
        return begin_module(definitions, open, component, unchecked_range);
    }
    let into = &mut definitions.components[component.0 as usize];
    match payload {
        Payload::InstanceSection(section) => read_all(into, section, DefinitionKind::CoreInstance),
        Payload::CoreTypeSection(section) => read_all(into, section, DefinitionKind::CoreType),
        Payload::ComponentInstanceSection(section) => read_all(into, section, DefinitionKind::Instance),
        Payload::ComponentAliasSection(section) => read_all(into, section, DefinitionKind::Alias),
        Payload::ComponentTypeSection(section) => read_all(into, section, DefinitionKind::Type),
        Payload::ComponentCanonicalSection(section) => read_all(into, section, DefinitionKind::Canon),
        Payload::ComponentImportSection(section) => read_all(into, section, DefinitionKind::Import),
        Payload::ComponentExportSection(section) => read_all(into, section, DefinitionKind::Export),
        Payload::ComponentStartSection { range, .. } => {
            into.push(Definition {
                offset: range.start,
                size_bytes: range.end - range.start,
                kind: DefinitionKind::Start,
            });
            Ok(())
        }
        _ => Ok(()),
    }
}

fn begin_module(
    definitions: &mut Definitions<'_>,
    open: &mut Vec<Open>,
    component: ComponentId,
    range: Range<u64>,
) -> Result<(), Error> {
    let id = ModuleId(id32(definitions.modules.len()));
    let offset = range.start;
    let (Ok(start), Ok(end)) = (usize::try_from(range.start), usize::try_from(range.end)) else {
        return Err(Error::internal("a module lies outside of the address space", offset));
    };
    definitions.modules.push(ModuleDefinition {
        range: start..end,
        imports: Vec::new(),
        n_memories: 0,
        n_tables: 0,
    });
    definitions.components[component.0 as usize].push(Definition {
        offset,
        size_bytes: HEADER_BYTES,
        kind: DefinitionKind::CoreModule(id),
    });
    open.push(Open::Module(id));
    Ok(())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the rest is for the compiler of core modules")]
fn read_module_section<'a>(
    definitions: &mut Definitions<'a>,
    module: ModuleId,
    payload: Payload<'a>,
) -> Result<(), Error> {
    let module = &mut definitions.modules[module.0 as usize];
    match payload {
        Payload::ImportSection(section) => {
            for import in section.into_imports() {
                let import = import?;
                module.imports.push((import.module, import.name));
            }
        }
        Payload::MemorySection(section) => module.n_memories = section.count(),
        Payload::TableSection(section) => module.n_tables = section.count(),
        _ => {}
    }
    Ok(())
}

fn read_all<'a, T: FromReader<'a>>(
    into: &mut Vec<Definition<'a>>,
    section: SectionLimited<'a, T>,
    kind: fn(T) -> DefinitionKind<'a>,
) -> Result<(), Error> {
    let mut end = section.range().end;
    let first = into.len();
    for item in section.into_iter_with_offsets() {
        let (offset, item) = item?;
        into.push(Definition { offset, size_bytes: 0, kind: kind(item) });
    }
    for definition in into[first..].iter_mut().rev() {
        definition.size_bytes = end - definition.offset;
        end = definition.offset;
    }
    Ok(())
}

/// Decodes a valid core module by itself.
pub(crate) fn module_definition(bytes: &[u8]) -> Result<ModuleDefinition<'_>, Error> {
    let mut definitions = Definitions::default();
    definitions.modules.push(ModuleDefinition {
        range: 0..bytes.len(),
        imports: Vec::new(),
        n_memories: 0,
        n_tables: 0,
    });
    for payload in Parser::new(0).parse_all(bytes) {
        read_module_section(&mut definitions, ModuleId(0), payload?)?;
    }
    Ok(definitions.modules.swap_remove(0))
}

/// Converts the length of an arena of definitions; each of them takes bytes of the binary, so that they are few.
fn id32(len: usize) -> u32 {
    u32::try_from(len).expect("validation bounds the number of definitions")
}
