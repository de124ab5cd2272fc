//! Components to packages.
//!
//! `wasmparser` validates and works out types. They are read into a draft, the draft is printed,
//! and the text is parsed: what holds for text then holds for binaries too, and faults have a
//! place.

mod reader;
mod types;
mod world;

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentItem};
use wasmparser::types::Types;
use wasmparser::{Encoding, Parser, Payload, ValidPayload, Validator, WasmFeatures};

use self::reader::Reader;
use super::draft::Draft;
use super::error::DecodeError;
use super::features::default_features;
use super::metadata;
use super::names::interfacename;
use crate::arena::{PackageId, Resolved};
use crate::gate::Features;
use crate::lex::is_forbidden;
use crate::print::{print, print_with};
use crate::proposals::Proposals;
use crate::read::parse_with_options;
use crate::resolve::Options;

/// The names of the package and world of a component that does not name them, as in other tools.
const COMPONENT_PACKAGE: &str = "root:component";
const COMPONENT_WORLD: &str = "root";

/// The prefix of the names of custom sections in which core modules carry their worlds.
pub const WORLD_SECTION: &str = "component-type";

/// Returns what `bytes` describe: a WIT package in binary form; the world of a component, as `root`
/// of the package `root:component`; or the worlds that a core module carries in custom sections
/// ([`WORLD_SECTION`]).
///
/// Other packages are included as far as they are needed. All gated items are included: whoever
/// wrote the binary chose them. Spans refer to text that is printed from the binary.
///
/// # Errors
///
/// The bytes are not a valid component, or something in it has no form in WIT.
///
/// ```
/// let text = "package demo:greet; world greeter { export greet: func(name: string) -> string; }";
/// let resolved = wit_parser_lite::parse(&[("greet.wit", text)]).unwrap();
/// let world = resolved.main_package().worlds[0];
/// let bytes = wit_parser_lite::wasm::encode_world(&resolved, world).unwrap();
/// let back = wit_parser_lite::wasm::decode(&bytes).unwrap();
/// assert_eq!(back.main_package().name, "demo:greet");
/// ```
pub fn decode(bytes: &[u8]) -> Result<Resolved, DecodeError> {
    decode_with_features(bytes, default_features())
}

/// Returns what [`decode`] returns, for bytes that may use these features of WebAssembly.
///
/// # Errors
///
/// As for [`decode`].
pub fn decode_with_features(bytes: &[u8], features: WasmFeatures) -> Result<Resolved, DecodeError> {
    let mut draft = Draft::new();
    read(&mut draft, bytes, Form { is_exact: true, features })?;
    draft.drop_foreign_versions();
    let text = print(&draft.resolved);
    parse_text(&text)
}

/// The contents of a binary as WIT text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WitText {
    /// The text.
    pub text: String,
    /// The parts that have no form in WIT, one line each. The text has comments for them. If there
    /// are none, the text is valid.
    pub inexact: Vec<String>,
}

/// Returns the contents of `bytes` as text: what [`print()`] returns for
/// [`decode`], but for every valid component.
///
/// A part with no form in WIT, such as an imported core module, becomes a comment. A type that is
/// exported by itself, or used in a scope in which it has no name, gets the nearest form, with a
/// comment.
///
/// # Errors
///
/// The bytes are neither a valid component nor a core module with worlds.
///
/// ```
/// let text = "package demo:greet; world greeter { export greet: func(name: string); }";
/// let resolved = wit_parser_lite::parse(&[("greet.wit", text)]).unwrap();
/// let world = resolved.main_package().worlds[0];
/// let bytes = wit_parser_lite::wasm::encode_world(&resolved, world).unwrap();
/// let wit = wit_parser_lite::wasm::to_text(&bytes).unwrap();
/// assert!(wit.text.ends_with("world greeter {\n  export greet: func(name: string);\n}\n"));
/// assert!(wit.inexact.is_empty());
/// ```
pub fn to_text(bytes: &[u8]) -> Result<WitText, DecodeError> {
    to_text_with_features(bytes, WasmFeatures::all())
}

/// Returns what [`to_text`] returns, for bytes that may use these features of WebAssembly.
/// [`to_text`] accepts all of them.
///
/// # Errors
///
/// As for [`to_text`].
pub fn to_text_with_features(bytes: &[u8], features: WasmFeatures) -> Result<WitText, DecodeError> {
    let mut draft = Draft::new();
    read(&mut draft, bytes, Form { is_exact: false, features })?;
    draft.drop_foreign_versions();
    let mut text = print_with(&draft.resolved, &draft.remarks);
    if text.contains(is_forbidden) {
        text = text.replace(is_forbidden, "\u{fffd}");
        draft.inexact.push("characters that WIT does not allow, shown as U+FFFD".to_owned());
    }
    if let Err(error) = parse_text(&text) {
        text.insert_str(0, &format!("// This is not valid WIT: {}\n", error.message.escape_debug()));
        draft.inexact.push(error.message);
    }
    Ok(WitText { text, inexact: draft.inexact })
}

/// Parses text that was printed from a binary.
fn parse_text(text: &str) -> Result<Resolved, DecodeError> {
    let options = Options::default().features(Features::All).proposals(Proposals::all());
    parse_with_options(&options, &[("decoded.wit", text)], &[]).map_err(|errors| {
        let error = &errors[0];
        let excerpt = error.location.excerpt.trim();
        DecodeError::new(format!("has no form in WIT: {excerpt}: {}", error.message))
    })
}

/// What is accepted.
#[derive(Clone, Copy)]
struct Form {
    /// Whether every part must have a form in WIT. Otherwise it gets the nearest.
    is_exact: bool,
    features: WasmFeatures,
}

/// What packages in `deps/` are read with: the text that comes of them is refused where it needs a
/// proposal that is off.
#[cfg(feature = "load")]
const OF_PACKAGE: fn() -> Form = || Form { is_exact: true, features: WasmFeatures::all() };

/// A package as WIT text.
#[cfg(feature = "load")]
pub(crate) struct PackageText {
    /// The name, with version.
    pub(crate) name: String,
    /// The text of one file.
    pub(crate) text: String,
}

/// The packages of a binary as texts.
#[cfg(feature = "load")]
pub(crate) struct BinaryTexts {
    /// The package that the binary is.
    pub(crate) own: PackageText,
    /// The packages that it uses, as far as it needs them.
    pub(crate) others: Vec<PackageText>,
}

/// Returns the packages of a binary as texts. Nothing is gated by `@unstable` any more.
///
/// # Errors
///
/// As for [`decode`].
#[cfg(feature = "load")]
pub(crate) fn to_texts(bytes: &[u8]) -> Result<BinaryTexts, DecodeError> {
    let mut draft = Draft::new();
    let own = read(&mut draft, bytes, OF_PACKAGE())?;
    let others = package_texts(&mut draft, |id| id != own);
    let own = package_texts(&mut draft, |id| id == own).pop().expect("the package was read");
    Ok(BinaryTexts { own, others })
}

/// Returns the packages that several binaries describe, with all parts that any of them has.
///
/// # Errors
///
/// As for [`decode`], with the index of the binary at fault, and when two of them contradict each
/// other.
#[cfg(feature = "load")]
pub(crate) fn merged_texts(binaries: &[&[u8]]) -> Result<Vec<PackageText>, (usize, DecodeError)> {
    let mut draft = Draft::new();
    for (index, bytes) in binaries.iter().enumerate() {
        read(&mut draft, bytes, OF_PACKAGE()).map_err(|error| (index, error))?;
    }
    Ok(package_texts(&mut draft, |_| true))
}

#[cfg(feature = "load")]
fn package_texts(draft: &mut Draft, is_asked: impl Fn(PackageId) -> bool) -> Vec<PackageText> {
    draft.take_unstable_in();
    draft.drop_foreign_versions();
    let resolved = &draft.resolved;
    let text =
        |id| PackageText { name: resolved.package_name(id), text: crate::print::print_package(resolved, id) };
    resolved.packages().map(|(id, _)| id).filter(|id| is_asked(*id)).map(text).collect()
}

/// Adds the contents of `bytes`, and returns the package that they are.
fn read(draft: &mut Draft, bytes: &[u8], form: Form) -> Result<PackageId, DecodeError> {
    if !is_module(bytes) {
        return read_component(draft, bytes, form);
    }
    let mut package = None;
    for payload in Parser::new(0).parse_all(bytes) {
        if let Payload::CustomSection(section) = payload?
            && section.name().starts_with(WORLD_SECTION)
        {
            let inside = |mut error: DecodeError| {
                error.offset = error.offset.map(|offset| section.data_offset() + offset);
                error
            };
            let found = read_component(draft, section.data(), form).map_err(inside)?;
            package.get_or_insert(found);
        }
    }
    let message = || format!("a core module without a `{WORLD_SECTION}` section, which would say its world");
    package.ok_or_else(|| DecodeError::new(message()))
}

/// Returns whether the preamble is that of a core module.
fn is_module(bytes: &[u8]) -> bool {
    matches!(
        Parser::new(0).parse_all(bytes).next(),
        Some(Ok(Payload::Version { encoding: Encoding::Module, .. }))
    )
}

fn read_component(draft: &mut Draft, bytes: &[u8], form: Form) -> Result<PackageId, DecodeError> {
    let contents = contents(bytes, form.features)?;
    let package = if contents.is_package() {
        match (read_package(draft, &contents), form.is_exact) {
            (Ok(package), _) => package,
            (Err(error), true) => return Err(error),
            // The package may be incomplete.
            (Err(_), false) => {
                *draft = Draft::new();
                read_root(draft, &contents)?
            }
        }
    } else {
        read_root(draft, &contents)?
    };
    if let (true, Some(message)) = (form.is_exact, draft.inexact.first()) {
        return Err(DecodeError::new(message.clone()));
    }
    let Some(section) = &contents.metadata else { return Ok(package) };
    match (metadata::read(draft, package, section), form.is_exact) {
        (Ok(()), _) => Ok(package),
        (Err(error), true) => Err(error),
        (Err(error), false) => {
            draft.remarks.of_file(error.message.escape_debug().to_string());
            draft.inexact.push(error.message);
            Ok(package)
        }
    }
}

/// Reads the `import`s and `export`s of a component as a world.
fn read_root(draft: &mut Draft, contents: &Contents) -> Result<PackageId, DecodeError> {
    let package = draft.package(COMPONENT_PACKAGE)?;
    let world = draft.world(COMPONENT_WORLD, package)?;
    let imports = contents.imports.iter().map(|(name, item)| (name.as_str(), item));
    let exports = contents.exports.iter().map(|(name, item)| (name.as_str(), item));
    Reader::new(draft, &contents.types).world_items(world, imports, exports);
    Ok(package)
}

/// Reads a WIT package in binary form, a `componenttype` for each interface and world.
fn read_package(draft: &mut Draft, contents: &Contents) -> Result<PackageId, DecodeError> {
    let Contents { types, exports, .. } = contents;
    let mut reader = Reader::new(draft, types);
    // Before any other package, so that it is the main one.
    let (name, item) = definition(types, &exports[0].1)?;
    let package = reader.draft.package(&interfacename(&item.full_name(name))?.0)?;
    for (_, export) in exports {
        let (name, item) = definition(types, export)?;
        let full = item.full_name(name);
        let (own, name) = interfacename(&full)?;
        if reader.draft.package(&own)? != package {
            let message = format!("`{full}` is not of the same package as what stands before it");
            return Err(DecodeError::new(message));
        }
        match item.ty {
            ComponentEntityType::Instance(_) => {
                let ComponentEntityType::Type { created: ComponentAnyTypeId::Component(id), .. } = export.ty
                else {
                    unreachable!("all exports are component types")
                };
                for (used, item) in &types[id].imports {
                    reader.interface(&item.full_name(used), item)?;
                }
                reader.interface(&full, item)?;
            }
            ComponentEntityType::Component(id) => {
                let world = reader.draft.world(name, package)?;
                let ty = &types[id];
                let imports = ty.imports.iter().map(|(name, item)| (name.as_str(), item));
                let exports = ty.exports.iter().map(|(name, item)| (name.as_str(), item));
                reader.world_items(world, imports, exports);
            }
            ComponentEntityType::Module(_)
            | ComponentEntityType::Func(_)
            | ComponentEntityType::Value(_)
            | ComponentEntityType::Type { .. } => {
                return Err(DecodeError::new(format!("`{full}` is neither an interface nor a world")));
            }
        }
    }
    Ok(package)
}

fn is_component_type(item: &ComponentItem) -> bool {
    matches!(item.ty, ComponentEntityType::Type { created: ComponentAnyTypeId::Component(_), .. })
}

/// Returns the only `exportdecl` of a component type that defines an interface or world.
fn definition<'t>(
    types: &'t Types,
    export: &ComponentItem,
) -> Result<(&'t str, &'t ComponentItem), DecodeError> {
    let ComponentEntityType::Type { created: ComponentAnyTypeId::Component(id), .. } = export.ty else {
        unreachable!("all exports are component types")
    };
    match types[id].exports.iter().next() {
        Some((name, item)) if types[id].exports.len() == 1 => Ok((name, item)),
        _ => Err(DecodeError::new("the type of an interface or world has one export".to_owned())),
    }
}

/// The relevant parts of a component.
struct Contents {
    types: Types,
    imports: Vec<(String, ComponentItem)>,
    exports: Vec<(String, ComponentItem)>,
    /// The custom section with documentation and gates.
    metadata: Option<Vec<u8>>,
}

impl Contents {
    /// Returns whether the component is a WIT package: it only exports component types.
    fn is_package(&self) -> bool {
        let exports = &self.exports;
        self.imports.is_empty()
            && !exports.is_empty()
            && exports.iter().all(|(_, item)| is_component_type(item))
    }
}

fn contents(bytes: &[u8], features: WasmFeatures) -> Result<Contents, DecodeError> {
    let mut validator = Validator::new_with_features(features);
    let (mut imports, mut exports, mut metadata) = (Vec::new(), Vec::new(), None);
    let (mut depth, mut types) = (0u32, None);
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        match validator.payload(&payload)? {
            ValidPayload::Ok | ValidPayload::Func(..) => {}
            ValidPayload::Parser(_) => depth += 1,
            ValidPayload::End(found) => {
                types = (depth == 0).then_some(found);
                depth = depth.saturating_sub(1);
            }
        }
        if depth > 0 {
            continue;
        }
        let known = validator.types(0);
        if let Payload::ComponentImportSection(section) = payload {
            for import in section {
                let name = import?.name.name;
                let item = known.and_then(|types| types.component_item_for_import(name));
                imports.extend(item.map(|item| (name.to_owned(), item.clone())));
            }
        } else if let Payload::ComponentExportSection(section) = payload {
            for export in section {
                let name = export?.name.name;
                let item = known.and_then(|types| types.component_item_for_export(name));
                exports.extend(item.map(|item| (name.to_owned(), item.clone())));
            }
        } else if let Payload::CustomSection(section) = payload
            && section.name() == metadata::SECTION
        {
            metadata = Some(section.data().to_vec());
        }
    }
    let types = types.expect("validation has seen the end of the component");
    Ok(Contents { types, imports, exports, metadata })
}
