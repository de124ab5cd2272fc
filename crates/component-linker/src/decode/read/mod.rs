//! From the sections of a binary to [`Definitions`]: wasmparser's types in, ours out.
//!
//! What is read here has passed validation.

mod alias;
mod canon;
mod core_types;
mod definitions;
mod module;
mod types;

use std::ops::Range;
use std::sync::Arc;

use wasmparser::{Encoding, FromReader, Parser, Payload, SectionLimited};

use super::definition::{ComponentId, Definition, DefinitionKind, Definitions, ModuleDefinition, ModuleId};
use crate::error::Error;
use module::ModuleReader;

/// The size of the header of a component or a core module.
const HEADER_BYTES: u64 = 8;

/// Collects the definitions of a binary, payload by payload.
#[derive(Default)]
pub(super) struct Reader {
    definitions: Definitions,
    open: Vec<Open>,
}

/// What an open header belongs to.
enum Open {
    Component(ComponentId),
    Module(Box<ModuleReader>),
}

impl Reader {
    /// Reads one payload of a component, after it has been validated.
    pub(super) fn payload(&mut self, payload: Payload<'_>) -> Result<(), Error> {
        if let Payload::Version { encoding: Encoding::Component, range, .. } = payload {
            self.begin_component(range.start);
            return Ok(());
        }
        if let Payload::End(_) = payload {
            if let Some(Open::Module(module)) = self.open.pop() {
                self.definitions.modules.push(Arc::new(module.finish()));
            }
            return Ok(());
        }
        match self.open.last_mut() {
            Some(Open::Component(id)) => {
                let id = *id;
                self.section(id, payload)
            }
            Some(Open::Module(module)) => module.payload(payload),
            None => Ok(()),
        }
    }

    /// Returns what was read.
    pub(super) fn finish(self) -> Result<Definitions, Error> {
        if self.definitions.components.is_empty() {
            return Err(Error::internal("a valid component has no header", 0));
        }
        Ok(self.definitions)
    }

    fn begin_component(&mut self, offset: u64) {
        let id = ComponentId(id32(self.definitions.components.len()));
        self.definitions.components.push(Vec::new());
        if let Some(Open::Component(parent)) = self.open.last() {
            let kind = DefinitionKind::Component(id);
            self.definitions.components[parent.0 as usize].push(Definition {
                offset,
                size_bytes: HEADER_BYTES,
                kind,
            });
        }
        self.open.push(Open::Component(id));
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "custom sections, and sections that validation has ruled out"
    )]
    fn section(&mut self, component: ComponentId, payload: Payload<'_>) -> Result<(), Error> {
        if let Payload::ModuleSection { unchecked_range, .. } = payload {
            return self.begin_module(component, unchecked_range);
        }
        let into = &mut self.definitions.components[component.0 as usize];
        match payload {
            Payload::InstanceSection(section) => each(into, section, definitions::core_instance),
            Payload::CoreTypeSection(section) => each(into, section, definitions::core_type),
            Payload::ComponentInstanceSection(section) => each(into, section, definitions::instance),
            Payload::ComponentAliasSection(section) => each(into, section, definitions::alias),
            Payload::ComponentTypeSection(section) => each(into, section, definitions::def_type),
            Payload::ComponentCanonicalSection(section) => each(into, section, definitions::canon),
            Payload::ComponentImportSection(section) => each(into, section, definitions::import),
            Payload::ComponentExportSection(section) => each(into, section, definitions::export),
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

    fn begin_module(&mut self, component: ComponentId, range: Range<u64>) -> Result<(), Error> {
        let offset = range.start;
        let (Ok(start), Ok(end)) = (usize::try_from(range.start), usize::try_from(range.end)) else {
            return Err(Error::internal("a module lies outside of the address space", offset));
        };
        // Modules contain no others, so that this one is the next to be finished.
        let kind = DefinitionKind::CoreModule(ModuleId(id32(self.definitions.modules.len())));
        self.definitions.components[component.0 as usize].push(Definition {
            offset,
            size_bytes: HEADER_BYTES,
            kind,
        });
        self.open.push(Open::Module(Box::new(ModuleReader::new(start..end))));
        Ok(())
    }
}

/// Reads the type of a valid core module that is no part of a component.
pub(super) fn module_definition(bytes: &[u8]) -> Result<ModuleDefinition, Error> {
    let mut reader = ModuleReader::new(0..bytes.len());
    for payload in Parser::new(0).parse_all(bytes) {
        reader.payload(payload?)?;
    }
    Ok(reader.finish())
}

fn each<'a, T: FromReader<'a>>(
    into: &mut Vec<Definition>,
    section: SectionLimited<'a, T>,
    kind: fn(T) -> Result<DefinitionKind, Error>,
) -> Result<(), Error> {
    let mut end = section.range().end;
    let first = into.len();
    for item in section.into_iter_with_offsets() {
        let (offset, item) = item?;
        into.push(Definition { offset, size_bytes: 0, kind: kind(item)? });
    }
    for definition in into[first..].iter_mut().rev() {
        definition.size_bytes = end - definition.offset;
        end = definition.offset;
    }
    Ok(())
}

/// Converts the length of an arena of definitions; each of them takes bytes of the binary, so that
/// they are few.
fn id32(len: usize) -> u32 {
    u32::try_from(len).expect("validation bounds the number of definitions")
}
