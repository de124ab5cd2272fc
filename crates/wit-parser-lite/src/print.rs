//! Resolved packages as WIT text.
//!
//! The text parses to the same structure. Because names are resolved, it has no top-level `use`, no
//! `include` (worlds list what they include), and no comments but documentation.
//! [`format()`](crate::format::format) keeps a file as it was written.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use crate::arena::{
    Accessor, Attributes, Function, FunctionId, InterfaceId, MethodKind, Owner, Package, PackageId, Resolved,
    Type, TypeDef, TypeDefId, TypeDefKind, WorldId, WorldItem, WorldItemKind,
};
use crate::lex::KEYWORDS;

/// Returns `resolved` as one file: the main package, then all others in braces.
///
/// ```
/// let text = "package a:b; interface i { use c:d/j.{t}; }
///     package c:d { interface j { type t = u8; } }";
/// let resolved = wit_parser_lite::parse(&[("all.wit", text)]).unwrap();
/// let printed = wit_parser_lite::print::print(&resolved);
/// assert!(printed.ends_with("package c:d {\n  interface j {\n    type t = u8;\n  }\n}\n"));
/// assert!(wit_parser_lite::parse(&[("printed.wit", &printed)]).is_ok());
/// ```
pub fn print(resolved: &Resolved) -> String {
    print_with(resolved, &Remarks::default())
}

/// Returns `resolved` as one file with these comments in it.
pub(crate) fn print_with(resolved: &Resolved, remarks: &Remarks) -> String {
    let mut printer = Printer::new(resolved, PackageId::new(0), remarks);
    remarks.file.iter().for_each(|text| printer.comment(text));
    for (id, _) in resolved.packages() {
        printer.package = id;
        if id.index() == 0 {
            printer.root_package();
        } else {
            printer.nested_package();
        }
    }
    printer.out
}

/// Returns `package` as a file of its own, which refers to other packages by name.
pub fn print_package(resolved: &Resolved, package: PackageId) -> String {
    let remarks = Remarks::default();
    let mut printer = Printer::new(resolved, package, &remarks);
    printer.root_package();
    printer.out
}

/// Comments beside documentation, for what has no form in WIT.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    /// At the top of the file.
    file: Vec<String>,
    /// Above the definition of a type.
    types: BTreeMap<TypeDefId, String>,
    /// At the end of an interface.
    interfaces: BTreeMap<InterfaceId, BTreeSet<String>>,
    /// Among the imports or exports of a world, after this many of them.
    worlds: BTreeMap<(WorldId, Direction), Vec<(usize, String)>>,
}

/// Whether an item of a world is an import or an export.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Direction {
    Import,
    Export,
}

impl Direction {
    pub(crate) fn keyword(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Export => "export",
        }
    }
}

#[cfg(feature = "wasm")]
impl Remarks {
    pub(crate) fn of_file(&mut self, text: String) {
        self.file.push(text);
    }

    pub(crate) fn of_type(&mut self, id: TypeDefId, text: String) {
        self.types.insert(id, text);
    }

    pub(crate) fn of_interface(&mut self, id: InterfaceId, text: String) {
        self.interfaces.entry(id).or_default().insert(text);
    }

    /// Adds a comment after `position` imports or exports.
    pub(crate) fn of_world(&mut self, id: WorldId, direction: Direction, position: usize, text: String) {
        self.worlds.entry((id, direction)).or_default().push((position, text));
    }
}

/// The functions of resources.
type Methods = BTreeMap<TypeDefId, Vec<FunctionId>>;

struct Printer<'r> {
    resolved: &'r Resolved,
    remarks: &'r Remarks,
    /// The package that is being printed.
    package: PackageId,
    out: String,
    /// The number of open braces.
    depth: usize,
    /// Whether the last line opened one.
    has_just_opened: bool,
}

impl<'r> Printer<'r> {
    fn new(resolved: &'r Resolved, package: PackageId, remarks: &'r Remarks) -> Self {
        Self { resolved, remarks, package, out: String::new(), depth: 0, has_just_opened: false }
    }

    fn comment(&mut self, text: &str) {
        self.line(&format!("// {text}"));
    }

    /// Writes a line.
    fn line(&mut self, text: &str) {
        self.has_just_opened = false;
        writeln!(self.out, "{:1$}{text}", "", 2 * self.depth).expect("writing to a string cannot fail");
    }

    fn open(&mut self, text: &str) {
        self.line(&format!("{text} {{"));
        (self.depth, self.has_just_opened) = (self.depth + 1, true);
    }

    fn close(&mut self) {
        self.depth -= 1;
        if std::mem::take(&mut self.has_just_opened) {
            self.out.pop();
            self.out.push_str("}\n");
        } else {
            self.line("}");
        }
    }

    /// Writes an empty line, except after an opening brace and at the start.
    fn gap(&mut self) {
        if !self.out.is_empty() && !self.has_just_opened {
            self.out.push('\n');
        }
    }

    fn root_package(&mut self) {
        let header = self.header();
        self.docs(self.resolved[self.package].docs.as_deref());
        self.line(&format!("{header};"));
        self.package_items();
    }

    fn nested_package(&mut self) {
        self.gap();
        let header = self.header();
        self.docs(self.resolved[self.package].docs.as_deref());
        self.open(&header);
        self.package_items();
        self.close();
    }

    fn header(&self) -> String {
        format!("package {}", path(&self.resolved[self.package], None))
    }

    fn package_items(&mut self) {
        let package = &self.resolved[self.package];
        for id in &package.interfaces {
            self.gap();
            let interface = &self.resolved[*id];
            self.attributes(&interface.attributes);
            self.open(&format!("interface {}", name(&interface.name)));
            self.interface_items(*id);
            self.close();
        }
        for id in &package.worlds {
            self.gap();
            self.world(*id);
        }
    }

    fn interface_items(&mut self, id: InterfaceId) {
        let interface = &self.resolved[id];
        let methods = self.methods(interface.functions.iter().copied());
        self.types(&interface.types, &methods);
        let functions = interface.functions.iter().copied();
        for id in functions.filter(|id| self.resolved[*id].method.is_none()) {
            let function = &self.resolved[id];
            self.attributes(&function.attributes);
            let text = format!("{}: {};", name(&function.label), self.signature(function));
            self.line(&text);
        }
        let remarks = self.remarks.interfaces.get(&id);
        remarks.into_iter().flatten().for_each(|text| self.comment(text));
    }

    /// Returns the functions that belong to resources.
    fn methods(&self, functions: impl Iterator<Item = FunctionId>) -> Methods {
        let mut methods = Methods::new();
        for id in functions {
            if let Some((_, resource)) = self.resolved[id].method {
                methods.entry(resource).or_default().push(id);
            }
        }
        methods
    }

    fn world(&mut self, id: WorldId) {
        let world = &self.resolved[id];
        self.attributes(&world.attributes);
        self.open(&format!("world {}", name(&world.name)));
        let methods = self.methods(world.imports.iter().filter_map(function_of));
        let mut types = Vec::new();
        let mut remarks = self.remarks_of(id, Direction::Import);
        for (index, item) in world.imports.iter().enumerate().filter(|(_, item)| !item.is_implicit) {
            if remarks.front().is_some_and(|(position, _)| *position <= index) {
                self.types(&std::mem::take(&mut types), &methods);
                self.world_remarks(&mut remarks, index);
            }
            match item.kind {
                WorldItemKind::Type(id) => types.push(id),
                // Printed with its resource.
                WorldItemKind::Function(id) if self.resolved[id].method.is_some() => {}
                WorldItemKind::Function(_) | WorldItemKind::Interface(_) => {
                    self.types(&std::mem::take(&mut types), &methods);
                    self.world_item(Direction::Import, item);
                }
            }
        }
        self.types(&types, &methods);
        self.world_remarks(&mut remarks, usize::MAX);
        let mut remarks = self.remarks_of(id, Direction::Export);
        for (index, item) in world.exports.iter().enumerate() {
            self.world_remarks(&mut remarks, index);
            self.world_item(Direction::Export, item);
        }
        self.world_remarks(&mut remarks, usize::MAX);
        self.close();
    }

    fn remarks_of(&self, id: WorldId, direction: Direction) -> VecDeque<&'r (usize, String)> {
        self.remarks.worlds.get(&(id, direction)).into_iter().flatten().collect()
    }

    /// Writes the comments that stand before the import or export with `index`.
    fn world_remarks(&mut self, remarks: &mut VecDeque<&'r (usize, String)>, index: usize) {
        while let Some((_, text)) = remarks.pop_front_if(|(position, _)| *position <= index) {
            self.comment(text);
        }
    }

    fn world_item(&mut self, direction: Direction, item: &WorldItem) {
        let direction = direction.keyword();
        match item.kind {
            WorldItemKind::Interface(id) => {
                let interface = &self.resolved[id];
                let label =
                    item.name.as_deref().map(|label| format!("{}: ", name(label))).unwrap_or_default();
                if interface.world.is_some() {
                    // The gates are the item's and the interface's, and printed once.
                    self.docs(interface.attributes.docs.as_deref());
                    self.attributes(&item.attributes);
                    self.open(&format!("{direction} {label}interface"));
                    self.interface_items(id);
                    self.close();
                } else {
                    self.attributes(&item.attributes);
                    let path = self.interface_path(id);
                    self.line(&format!("{direction} {label}{path};"));
                }
            }
            WorldItemKind::Function(id) => {
                let function = &self.resolved[id];
                self.attributes(&function.attributes);
                let text = format!("{direction} {}: {};", name(&function.label), self.signature(function));
                self.line(&text);
            }
            WorldItemKind::Type(_) => unreachable!("types are written together, and always imported"),
        }
    }

    /// Writes types in their order. Adjacent types that are used of one interface become one `use`.
    fn types(&mut self, ids: &[TypeDefId], methods: &Methods) {
        let mut rest = ids;
        while let Some((first, after)) = rest.split_first() {
            let Some(source) = self.used(*first) else {
                self.definition(*first, methods);
                rest = after;
                continue;
            };
            let attributes = &self.resolved[*first].attributes;
            let is_same = |id: &&TypeDefId| {
                self.used(**id) == Some(source)
                    && self.resolved[**id].attributes == *attributes
                    && self.remarks.types.get(id) == self.remarks.types.get(first)
            };
            let n_more = after.iter().take_while(is_same).count();
            let (together, after) = rest.split_at(1 + n_more);
            self.use_item(source, together);
            rest = after;
        }
    }

    /// Returns the interface of the type that `id` is a `use` of.
    fn used(&self, id: TypeDefId) -> Option<InterfaceId> {
        let TypeDefKind::Use(target) = self.resolved[id].kind else { return None };
        match self.resolved[target].owner {
            Owner::Interface(id) => Some(id),
            Owner::World(_) => unreachable!("`use` takes types of interfaces"),
        }
    }

    fn use_item(&mut self, source: InterfaceId, ids: &[TypeDefId]) {
        let mut names = Vec::with_capacity(ids.len());
        for id in ids {
            let TypeDef { name: local, kind, attributes, .. } = &self.resolved[*id];
            let TypeDefKind::Use(target) = kind else { unreachable!("the caller chose them") };
            if names.is_empty() {
                self.remark(*id);
                self.attributes(attributes);
            }
            let target = self.resolved[*target].name.as_deref().unwrap_or_default();
            let local = local.as_deref().unwrap_or_default();
            let alias = if local == target { String::new() } else { format!(" as {}", name(local)) };
            names.push(format!("{}{alias}", name(target)));
        }
        let path = self.interface_path(source);
        self.line(&format!("use {path}.{{{}}};", names.join(", ")));
    }

    fn definition(&mut self, id: TypeDefId, methods: &Methods) {
        let TypeDef { name: own, kind, attributes, .. } = &self.resolved[id];
        let own = name(own.as_deref().unwrap_or_default());
        self.remark(id);
        self.attributes(attributes);
        match kind {
            TypeDefKind::Record(fields) => {
                self.open(&format!("record {own}"));
                for field in fields {
                    self.docs(field.docs.as_deref());
                    let text = format!("{}: {},", name(&field.name), type_text(self.resolved, field.ty));
                    self.line(&text);
                }
                self.close();
            }
            TypeDefKind::Variant(cases) => {
                self.open(&format!("variant {own}"));
                for case in cases {
                    self.docs(case.docs.as_deref());
                    let payload =
                        case.ty.map(|ty| format!("({})", type_text(self.resolved, ty))).unwrap_or_default();
                    self.line(&format!("{}{payload},", name(&case.name)));
                }
                self.close();
            }
            TypeDefKind::Enum(labels) | TypeDefKind::Flags(labels) => {
                let keyword = if matches!(kind, TypeDefKind::Enum(_)) { "enum" } else { "flags" };
                self.open(&format!("{keyword} {own}"));
                for label in labels {
                    self.docs(label.docs.as_deref());
                    self.line(&format!("{},", name(&label.name)));
                }
                self.close();
            }
            TypeDefKind::Resource => self.resource(&own, methods.get(&id)),
            TypeDefKind::Alias(target) => {
                let text = format!("type {own} = {};", type_text(self.resolved, *target));
                self.line(&text);
            }
            TypeDefKind::Use(_) => unreachable!("written by `use_item`"),
            TypeDefKind::Tuple(_)
            | TypeDefKind::Option(_)
            | TypeDefKind::Result { .. }
            | TypeDefKind::List(_)
            | TypeDefKind::FixedLengthList(..)
            | TypeDefKind::Map(..)
            | TypeDefKind::Stream(_)
            | TypeDefKind::Future(_)
            | TypeDefKind::Own(_)
            | TypeDefKind::Borrow(_) => {
                let text = format!("type {own} = {};", parts_text(self.resolved, id));
                self.line(&text);
            }
        }
    }

    fn remark(&mut self, id: TypeDefId) {
        if let Some(text) = self.remarks.types.get(&id) {
            self.comment(text);
        }
    }

    fn resource(&mut self, own: &str, methods: Option<&Vec<FunctionId>>) {
        let Some(methods) = methods else {
            self.line(&format!("resource {own};"));
            return;
        };
        self.open(&format!("resource {own}"));
        for id in methods {
            let function = &self.resolved[*id];
            self.attributes(&function.attributes);
            let text = self.signature(function);
            let label = name(&function.label);
            match function.method {
                Some((MethodKind::Constructor, _)) => self.line(&format!("constructor{text};")),
                Some((MethodKind::Static, _)) => self.line(&format!("{label}: static {text};")),
                Some((MethodKind::Method, _)) | None => self.line(&format!("{label}: {text};")),
            }
        }
        self.close();
    }

    /// Returns the type of a function as written: without `self`, and for a constructor without the
    /// keyword and the usual result.
    fn signature(&self, function: &Function) -> String {
        let method = function.method.map(|(kind, resource)| (kind, Type::Def(resource)));
        let n_implied = usize::from(matches!(method, Some((MethodKind::Method, _))));
        let params = function.params.iter().skip(n_implied);
        let params =
            params.map(|param| format!("{}: {}", name(&param.name), type_text(self.resolved, param.ty)));
        let mut text = String::new();
        match (method, function.accessor, function.is_async) {
            (Some((MethodKind::Constructor, _)), ..) => {}
            (_, Some(Accessor::Get), _) => text += "get",
            (_, Some(Accessor::Set), _) => text += "set",
            (_, None, true) => text += "async func",
            (_, None, false) => text += "func",
        }
        text += &format!("({})", params.collect::<Vec<_>>().join(", "));
        let is_implied = |ty: &Type| method == Some((MethodKind::Constructor, *ty));
        if let Some(ty) = function.result.filter(|ty| !is_implied(ty)) {
            text += &format!(" -> {}", type_text(self.resolved, ty));
        }
        text
    }

    /// Returns the name by which the printed package refers to an interface.
    fn interface_path(&self, id: InterfaceId) -> String {
        let interface = &self.resolved[id];
        if interface.package == self.package {
            return name(&interface.name);
        }
        path(&self.resolved[interface.package], Some(&interface.name))
    }

    fn docs(&mut self, docs: Option<&str>) {
        for line in docs.into_iter().flat_map(|docs| docs.split('\n')) {
            if line.is_empty() {
                self.line("///");
            } else {
                self.line(&format!("/// {line}"));
            }
        }
    }

    fn attributes(&mut self, attributes: &Attributes) {
        let Attributes { docs, since, unstable, deprecated, external_id } = attributes;
        self.docs(docs.as_deref());
        if let Some(version) = since {
            self.line(&format!("@since(version = {version})"));
        }
        if let Some(feature) = unstable {
            self.line(&format!("@unstable(feature = {})", name(feature)));
        }
        if let Some(version) = deprecated {
            self.line(&format!("@deprecated(version = {version})"));
        }
        if let Some(id) = external_id {
            self.line(&format!("@external-id({})", string_literal(id)));
        }
    }
}

/// Returns a type as WIT writes it where it is used: its name, or its parts if it has none.
///
/// # Panics
///
/// When the type is of another [`Resolved`].
pub fn type_text(resolved: &Resolved, ty: Type) -> String {
    match ty {
        Type::Primitive(primitive) => primitive.name().to_owned(),
        Type::Def(id) => match &resolved[id].name {
            Some(own) => name(own),
            None => parts_text(resolved, id),
        },
    }
}

/// Returns the parts of an unnamed type as WIT writes them. The parser's depth limit bounds the
/// recursion.
///
/// # Panics
///
/// When the type is a record, variant, enum, flags type, resource or alias, which only definitions
/// can write.
pub fn parts_text(resolved: &Resolved, id: TypeDefId) -> String {
    let of = |ty: &Type| type_text(resolved, *ty);
    let optional = |what: &str, ty: &Option<Type>| match ty {
        Some(ty) => format!("{what}<{}>", of(ty)),
        None => what.to_owned(),
    };
    match &resolved[id].kind {
        TypeDefKind::Tuple(parts) => {
            format!("tuple<{}>", parts.iter().map(of).collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Option(ty) => format!("option<{}>", of(ty)),
        TypeDefKind::List(ty) => format!("list<{}>", of(ty)),
        TypeDefKind::FixedLengthList(ty, length) => format!("list<{}, {length}>", of(ty)),
        TypeDefKind::Map(key, value) => format!("map<{}, {}>", of(key), of(value)),
        TypeDefKind::Result { ok, err: None } => optional("result", ok),
        TypeDefKind::Result { ok, err: Some(err) } => {
            format!("result<{}, {}>", ok.as_ref().map_or("_".to_owned(), of), of(err))
        }
        TypeDefKind::Stream(ty) => optional("stream", ty),
        TypeDefKind::Future(ty) => optional("future", ty),
        TypeDefKind::Own(id) => format!("own<{}>", of(&Type::Def(*id))),
        TypeDefKind::Borrow(id) => format!("borrow<{}>", of(&Type::Def(*id))),
        TypeDefKind::Record(_)
        | TypeDefKind::Variant(_)
        | TypeDefKind::Enum(_)
        | TypeDefKind::Flags(_)
        | TypeDefKind::Resource
        | TypeDefKind::Alias(_)
        | TypeDefKind::Use(_) => unreachable!("only types with parts go without a name"),
    }
}

fn function_of(item: &WorldItem) -> Option<FunctionId> {
    match item.kind {
        WorldItemKind::Function(id) => Some(id),
        WorldItemKind::Interface(_) | WorldItemKind::Type(_) => None,
    }
}

/// Returns a name as WIT writes it: with a `%` if it is a keyword.
fn name(name: &str) -> String {
    let sign = if KEYWORDS.contains(&name) { "%" } else { "" };
    format!("{sign}{name}")
}

/// Returns the name of a package, or of an interface in it, as WIT writes it.
fn path(package: &Package, interface: Option<&str>) -> String {
    let mut text = String::new();
    for part in package.name.split_inclusive([':', '/']) {
        let bare = part.trim_end_matches([':', '/']);
        text += &format!("{}{}", name(bare), &part[bare.len()..]);
    }
    if let Some(interface) = interface {
        text += &format!("/{}", name(interface));
    }
    if let Some(version) = &package.version {
        text += &format!("@{version}");
    }
    text
}

/// Returns a string with quotes and escapes, as `string-literal` reads it.
fn string_literal(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_ascii_graphic() || c == ' ' || c.is_alphanumeric() => out.push(c),
            c => write!(out, "\\u{{{:x}}}", u32::from(c)).expect("writing to a string cannot fail"),
        }
    }
    out + "\""
}
