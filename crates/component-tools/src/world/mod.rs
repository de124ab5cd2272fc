//! What a component imports and exports, as WIT. Follows WIT.md.
//!
//! A type goes by the name under which an interface, or the component itself, first imports or
//! exports it; elsewhere it is `use`d. What WIT has no words for, such as an imported core module
//! or a type without a name, stands there as a comment or as the text of the type, so that nothing
//! is left out.

mod names;
mod types;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentInstanceTypeId, ComponentItem,
};
use wasmparser::types::TypesRef;

use self::names::{Scope, TypeNames, escape};
pub(super) use self::types::{FuncName, func_name};
use self::types::{definition, func};
use crate::binary::validate_component;
use crate::error::Error;
use crate::types::ComponentTypes;

/// Returns the world of a component as WIT, with the interfaces that it mentions.
///
/// # Errors
///
/// If `bytes` are not a valid component.
pub fn world(bytes: &[u8]) -> Result<String, Error> {
    validate_component(bytes)?;
    let component = ComponentTypes::of([bytes].into_iter())?;
    let ty = component.component(0);
    let mut writer = Writer { types: component.types(), names: TypeNames::default(), interfaces: Vec::new() };
    let mut body = Vec::new();
    for (direction, items) in [("import", &ty.imports), ("export", &ty.exports)] {
        let functions = writer.world_items(&mut body, direction, items.iter());
        body.extend(functions);
    }
    let mut text = String::from("package root:component;\n\nworld root {\n");
    push_indented(&mut text, &body);
    text.push_str("}\n");
    push_packages(&mut text, &writer.interfaces);
    Ok(text)
}

/// Writes WIT and remembers what the types are called.
struct Writer<'a> {
    types: TypesRef<'a>,
    names: TypeNames,
    /// Interfaces by name, with their lines.
    interfaces: Vec<(String, Vec<String>)>,
}

type Items<'a> = dyn Iterator<Item = (&'a String, &'a ComponentItem)> + 'a;

impl<'a> Writer<'a> {
    /// Writes what the world imports or exports itself, and returns the lines of its functions and
    /// instances.
    fn world_items(
        &mut self,
        body: &mut Vec<String>,
        direction: &str,
        items: impl Iterator<Item = (&'a String, &'a ComponentItem)>,
    ) -> Vec<String> {
        let mut lines = Vec::new();
        let mut plain = Vec::new();
        for (key, item) in items {
            let name = item.full_name(key).into_owned();
            match item.ty {
                ComponentEntityType::Instance(id) => lines.push(self.instance(direction, &name, item, id)),
                ComponentEntityType::Func(_) | ComponentEntityType::Type { .. } => plain.push((key, item)),
                ComponentEntityType::Module(_) => lines.push(comment(direction, &name, "core module")),
                ComponentEntityType::Component(_) => lines.push(comment(direction, &name, "component")),
                ComponentEntityType::Value(_) => lines.push(comment(direction, &name, "value")),
            }
        }
        let prefix = format!("{direction} ");
        let written = self.items(&Scope::World, &prefix, &mut plain.into_iter());
        body.extend(written);
        lines
    }

    /// Returns the line of an instance in the world, after writing its interface.
    fn instance(
        &mut self,
        direction: &str,
        name: &str,
        item: &'a ComponentItem,
        id: ComponentInstanceTypeId,
    ) -> String {
        let exports = &self.types.get(id).expect("the instance is of these types").exports;
        let (line, interface) = match item.full_implements() {
            Some(interface) => {
                (format!("{direction} {}: {interface};", escape(name)), interface.into_owned())
            }
            None if name.contains('/') => (format!("{direction} {name};"), name.to_owned()),
            None => {
                let scope = Scope::Interface(name.to_owned());
                let lines = self.items(&scope, "", &mut exports.iter());
                let mut text = format!("{direction} {}: interface {{\n", escape(name));
                push_indented(&mut text, &lines);
                text.push('}');
                return text;
            }
        };
        let lines = self.items(&Scope::Interface(interface.clone()), "", &mut exports.iter());
        match self.interfaces.iter_mut().find(|(known, _)| *known == interface) {
            // Imported and exported: what either has that the other lacks belongs to it too.
            Some((_, known)) => {
                let new: Vec<_> = lines.into_iter().filter(|line| !known.contains(line)).collect();
                known.extend(new);
            }
            None => self.interfaces.push((interface, lines)),
        }
        line
    }

    /// Returns the lines of types and functions in a scope: `prefix` stands before the functions.
    fn items(&mut self, scope: &Scope, prefix: &str, items: &mut Items<'a>) -> Vec<String> {
        let mut lines: Vec<(Option<ComponentAnyTypeId>, String)> = Vec::new();
        let mut methods: BTreeMap<ComponentAnyTypeId, Vec<String>> = BTreeMap::new();
        let mut resources: BTreeMap<String, ComponentAnyTypeId> = BTreeMap::new();
        for (name, item) in items {
            match item.ty {
                ComponentEntityType::Type { referenced, created } => {
                    let line = self.type_line(scope, name, referenced, created);
                    if let ComponentAnyTypeId::Resource(_) = created {
                        resources.insert(name.clone(), created);
                    }
                    lines.push((Some(created), line));
                }
                ComponentEntityType::Func(id) => match func_name(name) {
                    FuncName::Free(label) => {
                        let ty = func(self.types, &self.names, scope, id, false);
                        lines.push((None, format!("{prefix}{}: {ty};", escape(label))));
                    }
                    FuncName::Member { resource, label, is_static } => {
                        let ty = func(self.types, &self.names, scope, id, !is_static);
                        let is_static = if is_static { "static " } else { "" };
                        let line = format!("{}: {is_static}{ty};", escape(label));
                        push_member(&mut methods, &resources, resource, line, &mut lines);
                    }
                    FuncName::Constructor { resource } => {
                        let line = types::constructor(self.types, &self.names, scope, id);
                        push_member(&mut methods, &resources, resource, line, &mut lines);
                    }
                },
                ComponentEntityType::Instance(_) => lines.push((None, comment("export", name, "instance"))),
                ComponentEntityType::Module(_) => lines.push((None, comment("export", name, "core module"))),
                ComponentEntityType::Component(_) => lines.push((None, comment("export", name, "component"))),
                ComponentEntityType::Value(_) => lines.push((None, comment("export", name, "value"))),
            }
        }
        lines
            .into_iter()
            .map(|(id, line)| with_methods(id.and_then(|id| methods.remove(&id)), line))
            .collect()
    }

    /// Returns the line that makes a type known in a scope, and remembers its name.
    fn type_line(
        &mut self,
        scope: &Scope,
        name: &str,
        referenced: ComponentAnyTypeId,
        created: ComponentAnyTypeId,
    ) -> String {
        let known = self.names.find(self.types, referenced).cloned();
        self.names.insert(created, scope.clone(), name.to_owned());
        let name = escape(name);
        match known {
            Some((owner, original)) if owner == *scope => format!("type {name} = {};", escape(&original)),
            Some((Scope::Interface(owner), original)) => {
                let original = escape(&original);
                let owner = local_name(scope, &owner);
                match original == name {
                    true => format!("use {owner}.{{{name}}};"),
                    false => format!("use {owner}.{{{original} as {name}}};"),
                }
            }
            Some((Scope::World, _)) | None => definition(self.types, &self.names, scope, &name, created),
        }
    }
}

/// Returns an interface's name as a scope writes it: within one package, without the package.
fn local_name(scope: &Scope, interface: &str) -> String {
    let package = |name: &str| {
        let (path, version) = name.split_once('@').unwrap_or((name, ""));
        path.rsplit_once('/').map(|(package, label)| (format!("{package}@{version}"), label.to_owned()))
    };
    match (scope, package(interface)) {
        (Scope::Interface(scope), Some((own, label))) if package(scope).is_some_and(|(p, _)| p == own) => {
            escape(&label)
        }
        (Scope::Interface(_) | Scope::World, _) => interface.to_owned(),
    }
}

fn push_member(
    methods: &mut BTreeMap<ComponentAnyTypeId, Vec<String>>,
    resources: &BTreeMap<String, ComponentAnyTypeId>,
    resource: &str,
    line: String,
    lines: &mut Vec<(Option<ComponentAnyTypeId>, String)>,
) {
    match resources.get(resource) {
        Some(id) => methods.entry(*id).or_default().push(line),
        None => lines.push((None, format!("// of the resource {resource}: {line}"))),
    }
}

/// Puts the methods of a resource between the braces of its line.
fn with_methods(methods: Option<Vec<String>>, line: String) -> String {
    let Some(methods) = methods else { return line };
    let mut text = format!("{} {{\n", line.trim_end_matches(';'));
    push_indented(&mut text, &methods);
    text.push('}');
    text
}

/// Says in a comment what WIT has no words for.
fn comment(direction: &str, name: &str, sort: &str) -> String {
    format!("// {direction} {name}: {sort}")
}

fn push_indented(text: &mut String, lines: &[String]) {
    for line in lines.iter().flat_map(|line| line.lines()) {
        let _ = writeln!(text, "  {line}");
    }
}

/// The interfaces of one package: label and lines.
type Interfaces<'a> = Vec<(&'a str, &'a Vec<String>)>;

/// Writes each interface within its package.
fn push_packages(text: &mut String, interfaces: &[(String, Vec<String>)]) {
    let mut packages: Vec<(String, Interfaces<'_>)> = Vec::new();
    for (name, lines) in interfaces {
        let (path, version) = name.split_once('@').map_or((&**name, None), |(p, v)| (p, Some(v)));
        let Some((package, interface)) = path.rsplit_once('/') else { continue };
        let package = version.map_or(package.to_owned(), |version| format!("{package}@{version}"));
        match packages.iter_mut().find(|(known, _)| *known == package) {
            Some((_, interfaces)) => interfaces.push((interface, lines)),
            None => packages.push((package, vec![(interface, lines)])),
        }
    }
    for (package, interfaces) in packages {
        let mut body = Vec::new();
        for (interface, lines) in interfaces {
            let mut text = format!("interface {} {{\n", escape(interface));
            push_indented(&mut text, lines);
            text.push('}');
            body.push(text);
        }
        let _ = writeln!(text, "\npackage {package} {{");
        push_indented(text, &body);
        text.push_str("}\n");
    }
}
