//! Documentation and gates, which the types of a component cannot carry.
//!
//! By convention they are in a custom section `package-docs` of the component: a version byte, then
//! a JSON document in the shape of the package, with entries only for items that have some.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::draft::Draft;
use super::error::DecodeError;
use crate::arena::{
    Attributes, FunctionId, InterfaceId, Owner, Package, PackageId, Resolved, TypeDefId, TypeDefKind,
    WorldId, WorldItem, WorldItemKind,
};
use crate::name::label_fault;

/// The section's name.
pub(super) const SECTION: &str = "package-docs";

/// The version byte to write. Version 0 has the same shape, with fewer items.
const VERSION: u8 = 1;

type Object = Map<String, Value>;
type Result<T> = std::result::Result<T, DecodeError>;

/// Returns the contents of the section, or `None` if there is nothing to write.
pub(super) fn write(resolved: &Resolved, package: PackageId) -> Option<Vec<u8>> {
    let package = &resolved[package];
    let interfaces =
        package.interfaces.iter().map(|id| (resolved[*id].name.clone(), interface(resolved, *id)));
    let worlds = package.worlds.iter().map(|id| (resolved[*id].name.clone(), world(resolved, *id)));
    let mut out = Object::new();
    out.extend(package.docs.as_ref().map(|docs| ("docs".to_owned(), docs.clone().into())));
    add(&mut out, "worlds", worlds);
    add(&mut out, "interfaces", interfaces);
    if out.is_empty() {
        return None;
    }
    let mut bytes = vec![VERSION];
    bytes.extend(Value::Object(out).to_string().into_bytes());
    Some(bytes)
}

/// Adds the entries that are not empty, if there are any.
fn add(out: &mut Object, name: &str, entries: impl Iterator<Item = (String, Object)>) {
    let entries = entries.filter(|(_, entry)| !entry.is_empty());
    let entries: Object = entries.map(|(name, entry)| (name, Value::Object(entry))).collect();
    if !entries.is_empty() {
        out.insert(name.to_owned(), Value::Object(entries));
    }
}

fn attributes(of: &Attributes) -> Object {
    let mut out = Object::new();
    out.extend(of.docs.as_ref().map(|docs| ("docs".to_owned(), docs.clone().into())));
    out.extend(stability(of).map(|gates| ("stability".to_owned(), Value::Object(gates))));
    out
}

fn stability(Attributes { since, unstable, deprecated, .. }: &Attributes) -> Option<Object> {
    let (name, key, value) = match (since, unstable) {
        (Some(since), _) => ("stable", "since", since.to_string()),
        (None, Some(feature)) => ("unstable", "feature", feature.clone()),
        (None, None) => return None,
    };
    let mut gates = Object::new();
    gates.insert(key.to_owned(), value.into());
    gates.extend(deprecated.as_ref().map(|version| ("deprecated".to_owned(), version.to_string().into())));
    Some(Object::from_iter([(name.to_owned(), Value::Object(gates))]))
}

fn interface(resolved: &Resolved, id: InterfaceId) -> Object {
    let interface = &resolved[id];
    let mut out = attributes(&interface.attributes);
    let functions = interface.functions.iter();
    add(&mut out, "funcs", functions.map(|id| (resolved[*id].name.clone(), function(resolved, *id))));
    add(&mut out, "types", interface.types.iter().filter_map(|id| named_type(resolved, *id)));
    out
}

fn function(resolved: &Resolved, id: FunctionId) -> Object {
    attributes(&resolved[id].attributes)
}

fn named_type(resolved: &Resolved, id: TypeDefId) -> Option<(String, Object)> {
    let ty = &resolved[id];
    let mut out = attributes(&ty.attributes);
    let items: Vec<(&String, &Option<String>)> = match &ty.kind {
        TypeDefKind::Record(fields) => fields.iter().map(|it| (&it.name, &it.docs)).collect(),
        TypeDefKind::Variant(cases) => cases.iter().map(|it| (&it.name, &it.docs)).collect(),
        TypeDefKind::Enum(labels) | TypeDefKind::Flags(labels) => {
            labels.iter().map(|it| (&it.name, &it.docs)).collect()
        }
        TypeDefKind::Tuple(_)
        | TypeDefKind::Option(_)
        | TypeDefKind::Result { .. }
        | TypeDefKind::List(_)
        | TypeDefKind::FixedLengthList(..)
        | TypeDefKind::Map(..)
        | TypeDefKind::Stream(_)
        | TypeDefKind::Future(_)
        | TypeDefKind::Own(_)
        | TypeDefKind::Borrow(_)
        | TypeDefKind::Resource
        | TypeDefKind::Alias(_)
        | TypeDefKind::Use(_) => Vec::new(),
    };
    let items = items.into_iter().filter_map(|(name, docs)| Some((name.clone(), docs.clone()?.into())));
    let items: Object = items.collect();
    if !items.is_empty() {
        out.insert("items".to_owned(), Value::Object(items));
    }
    Some((ty.name.clone()?, out))
}

/// The fields of a world for its imports and for its exports: `inline` is about inline interfaces,
/// `docs` and `stability` are about other interfaces.
struct SectionFields {
    inline: &'static str,
    functions: &'static str,
    docs: &'static str,
    stability: &'static str,
}

const IMPORTS: SectionFields = SectionFields {
    inline: "interfaces",
    functions: "funcs",
    docs: "interface_import_docs",
    stability: "interface_import_stability",
};

const EXPORTS: SectionFields = SectionFields {
    inline: "interface_exports",
    functions: "func_exports",
    docs: "interface_export_docs",
    stability: "interface_export_stability",
};

fn world(resolved: &Resolved, id: WorldId) -> Object {
    let world = &resolved[id];
    let mut out = attributes(&world.attributes);
    let types = world.imports.iter().filter_map(|item| match item.kind {
        WorldItemKind::Type(id) => named_type(resolved, id),
        WorldItemKind::Function(_) | WorldItemKind::Interface(_) => None,
    });
    add(&mut out, "types", types);
    for (fields, items) in [(IMPORTS, &world.imports), (EXPORTS, &world.exports)] {
        world_externs(resolved, &fields, items, &mut out);
    }
    out
}

fn world_externs(resolved: &Resolved, fields: &SectionFields, items: &[WorldItem], out: &mut Object) {
    let (mut inline, mut functions) = (Vec::new(), Vec::new());
    let (mut docs, mut gates) = (Object::new(), Vec::new());
    for item in items {
        match item.kind {
            WorldItemKind::Function(id) => {
                functions.push((resolved[id].name.clone(), function(resolved, id)));
            }
            WorldItemKind::Interface(id) => {
                let name = item_name(resolved, item);
                docs.extend(item.attributes.docs.clone().map(|docs| (name.clone(), docs.into())));
                let stability = stability(&item.attributes);
                if resolved[id].world.is_none() {
                    gates.push((name, stability.unwrap_or_default()));
                } else {
                    let mut contents = interface(resolved, id);
                    contents.remove("stability");
                    contents.extend(stability.map(|gates| ("stability".to_owned(), Value::Object(gates))));
                    inline.push((name, contents));
                }
            }
            WorldItemKind::Type(_) => {}
        }
    }
    add(out, fields.inline, inline.into_iter());
    add(out, fields.functions, functions.into_iter());
    add(out, fields.stability, gates.into_iter());
    if !docs.is_empty() {
        out.insert(fields.docs.to_owned(), Value::Object(docs));
    }
}

/// Returns the name under which an interface is imported or exported.
fn item_name(resolved: &Resolved, item: &WorldItem) -> String {
    match (&item.name, item.kind) {
        (Some(name), _) => name.clone(),
        (None, WorldItemKind::Interface(id)) => resolved.interface_name(id).unwrap_or_default(),
        (None, WorldItemKind::Function(_) | WorldItemKind::Type(_)) => String::new(),
    }
}

/// Adds the contents of the section to the items of `package`.
pub(super) fn read(draft: &mut Draft, package: PackageId, section: &[u8]) -> Result<()> {
    let json = match section {
        [0 | VERSION, json @ ..] => json,
        [version, ..] => return Err(fault(&format!("version {version} is not known"))),
        [] => return Err(fault("it is empty")),
    };
    let json: Value = serde_json::from_slice(json).map_err(|error| fault(&error.to_string()))?;
    if let Some(docs) = json.get("docs") {
        draft.resolved.packages[package.index() as usize].docs = Some(text(docs)?);
    }
    let Package { interfaces, worlds, .. } = draft.resolved[package].clone();
    let interfaces = interfaces.iter().map(|id| (draft.resolved[*id].name.clone(), *id));
    let interfaces: BTreeMap<String, InterfaceId> = interfaces.collect();
    for (name, entry) in entries(&json, "interfaces")? {
        read_interface(draft, *found(&interfaces, name)?, entry)?;
    }
    let worlds = worlds.iter().map(|id| (draft.resolved[*id].name.clone(), *id));
    let worlds: BTreeMap<String, WorldId> = worlds.collect();
    for (name, entry) in entries(&json, "worlds")? {
        read_world(draft, *found(&worlds, name)?, entry)?;
    }
    Ok(())
}

fn read_interface(draft: &mut Draft, id: InterfaceId, entry: &Value) -> Result<()> {
    read_attributes(entry, &mut draft.resolved.interfaces[id.index() as usize].attributes)?;
    read_types(draft, Owner::Interface(id), entry)?;
    let functions = draft.resolved[id].functions.iter();
    let functions = functions.map(|id| (draft.resolved[*id].name.clone(), *id)).collect();
    read_functions(draft, &functions, entries(entry, "funcs")?)
}

fn read_functions(
    draft: &mut Draft,
    functions: &BTreeMap<String, FunctionId>,
    entries: Vec<(&String, &Value)>,
) -> Result<()> {
    for (name, entry) in entries {
        let id = found(functions, name)?;
        let attributes = &mut draft.resolved.functions[id.index() as usize].attributes;
        match entry {
            // The older version.
            Value::String(docs) => attributes.docs = Some(docs.clone()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                read_attributes(entry, attributes)?;
            }
        }
    }
    Ok(())
}

fn read_types(draft: &mut Draft, owner: Owner, entry: &Value) -> Result<()> {
    for (name, entry) in entries(entry, "types")? {
        let Some(id) = draft.type_named(owner, name) else { return Err(unknown(name)) };
        read_type(draft, id, entry)?;
    }
    Ok(())
}

fn read_type(draft: &mut Draft, id: TypeDefId, entry: &Value) -> Result<()> {
    let ty = &mut draft.resolved.types[id.index() as usize];
    read_attributes(entry, &mut ty.attributes)?;
    let mut parts: BTreeMap<&String, &mut Option<String>> = match &mut ty.kind {
        TypeDefKind::Record(fields) => fields.iter_mut().map(|it| (&it.name, &mut it.docs)).collect(),
        TypeDefKind::Variant(cases) => cases.iter_mut().map(|it| (&it.name, &mut it.docs)).collect(),
        TypeDefKind::Enum(labels) | TypeDefKind::Flags(labels) => {
            labels.iter_mut().map(|it| (&it.name, &mut it.docs)).collect()
        }
        TypeDefKind::Tuple(_)
        | TypeDefKind::Option(_)
        | TypeDefKind::Result { .. }
        | TypeDefKind::List(_)
        | TypeDefKind::FixedLengthList(..)
        | TypeDefKind::Map(..)
        | TypeDefKind::Stream(_)
        | TypeDefKind::Future(_)
        | TypeDefKind::Own(_)
        | TypeDefKind::Borrow(_)
        | TypeDefKind::Resource
        | TypeDefKind::Alias(_)
        | TypeDefKind::Use(_) => BTreeMap::new(),
    };
    for (name, docs) in entries(entry, "items")? {
        let Some(part) = parts.get_mut(name) else { return Err(unknown(name)) };
        **part = Some(text(docs)?);
    }
    Ok(())
}

fn read_world(draft: &mut Draft, id: WorldId, entry: &Value) -> Result<()> {
    read_attributes(entry, &mut draft.resolved.worlds[id.index() as usize].attributes)?;
    read_types(draft, Owner::World(id), entry)?;
    let exports = names(&draft.resolved, id, false);
    let mut imports = names(&draft.resolved, id, true);
    // In the older version, an export may be listed among the imports.
    for (name, at) in &exports.interfaces {
        imports.interfaces.entry(name.clone()).or_insert(*at);
    }
    for (name, function) in &exports.functions {
        imports.functions.entry(name.clone()).or_insert(*function);
    }
    read_world_externs(draft, id, &IMPORTS, &imports, entry)?;
    read_world_externs(draft, id, &EXPORTS, &exports, entry)
}

/// The items of a world by name.
struct Names {
    interfaces: BTreeMap<String, InterfaceEntry>,
    functions: BTreeMap<String, FunctionId>,
}

/// An import or export of an interface.
#[derive(Clone, Copy)]
struct InterfaceEntry {
    interface: InterfaceId,
    is_import: bool,
    at: usize,
}

fn names(resolved: &Resolved, id: WorldId, is_import: bool) -> Names {
    let items = if is_import { &resolved[id].imports } else { &resolved[id].exports };
    let mut names = Names { interfaces: BTreeMap::new(), functions: BTreeMap::new() };
    for (at, item) in items.iter().enumerate() {
        match item.kind {
            WorldItemKind::Interface(id) => {
                names
                    .interfaces
                    .insert(item_name(resolved, item), InterfaceEntry { interface: id, is_import, at });
            }
            WorldItemKind::Function(id) => {
                names.functions.insert(resolved[id].name.clone(), id);
            }
            WorldItemKind::Type(_) => {}
        }
    }
    names
}

fn read_world_externs(
    draft: &mut Draft,
    id: WorldId,
    fields: &SectionFields,
    names: &Names,
    entry: &Value,
) -> Result<()> {
    for (name, entry) in entries(entry, fields.inline)? {
        let found_at = *found(&names.interfaces, name)?;
        read_interface(draft, found_at.interface, entry)?;
        // The gates of an inline interface are those of its import or export.
        let attributes = draft.resolved[found_at.interface].attributes.gates();
        let item = item_mut(draft, id, found_at);
        item.attributes = Attributes { external_id: item.attributes.external_id.take(), ..attributes };
    }
    read_functions(draft, &names.functions, entries(entry, fields.functions)?)?;
    for (name, gates) in entries(entry, fields.stability)? {
        let found_at = *found(&names.interfaces, name)?;
        read_stability(gates, &mut item_mut(draft, id, found_at).attributes)?;
    }
    for (name, docs) in entries(entry, fields.docs)? {
        let found_at = *found(&names.interfaces, name)?;
        let docs = Some(text(docs)?);
        // Some writers have the documentation of inline interfaces here.
        let is_inline = draft.resolved[found_at.interface].world.is_some();
        if is_inline {
            draft.resolved.interfaces[found_at.interface.index() as usize].attributes.docs = docs;
        } else {
            item_mut(draft, id, found_at).attributes.docs = docs;
        }
    }
    Ok(())
}

fn item_mut(draft: &mut Draft, id: WorldId, found_at: InterfaceEntry) -> &mut WorldItem {
    let world = &mut draft.resolved.worlds[id.index() as usize];
    let items = if found_at.is_import { &mut world.imports } else { &mut world.exports };
    &mut items[found_at.at]
}

fn read_attributes(entry: &Value, attributes: &mut Attributes) -> Result<()> {
    if let Some(docs) = entry.get("docs") {
        attributes.docs = Some(text(docs)?);
    }
    entry.get("stability").map_or(Ok(()), |gates| read_stability(gates, attributes))
}

fn read_stability(gates: &Value, attributes: &mut Attributes) -> Result<()> {
    let version = |of: &Value| -> Result<semver::Version> {
        text(of)?.parse().map_err(|error| fault(&format!("a version: {error}")))
    };
    for name in ["stable", "unstable"] {
        let Some(gate) = gates.get(name) else { continue };
        if let Some(since) = gate.get("since") {
            attributes.since = Some(version(since)?);
        }
        if let Some(feature) = gate.get("feature") {
            let feature = text(feature)?;
            if let Some(message) = label_fault(&feature) {
                return Err(fault(&message));
            }
            attributes.unstable = Some(feature);
        }
        if let Some(deprecated) = gate.get("deprecated").filter(|it| !it.is_null()) {
            attributes.deprecated = Some(version(deprecated)?);
        }
    }
    Ok(())
}

/// Returns the entries of a field, or none if the field is missing.
fn entries<'v>(value: &'v Value, name: &str) -> Result<Vec<(&'v String, &'v Value)>> {
    match value.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Object(entries)) => Ok(entries.iter().collect()),
        Some(_) => Err(fault(&format!("`{name}` is not an object"))),
    }
}

fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| fault("something is not a text that should be one"))
}

fn found<'m, T>(known: &'m BTreeMap<String, T>, name: &str) -> Result<&'m T> {
    known.get(name).ok_or_else(|| unknown(name))
}

#[cold]
fn unknown(name: &str) -> DecodeError {
    fault(&format!("it speaks of `{name}`, which is not there"))
}

#[cold]
fn fault(what: &str) -> DecodeError {
    DecodeError::new(format!("the section `{SECTION}` is malformed: {what}"))
}
