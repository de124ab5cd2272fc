//! The named types and functions that a file defines, be it WIT, text or binary, or a component.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use canonical_abi::{ResourceId, Types, ValType};
use component_linker::{CanonOptions, Item, ItemKind, ResolvedComponent};
use wit_parser_lite::load::Tree;
use wit_parser_lite::{Resolved, Type, TypeDefKind, abi, wasm};

use crate::failure::Failure;
use crate::functions::{self, Function};
use crate::input::{self, Input};
use crate::pick::Named;
use crate::proposals;
use crate::type_names::TypeNames;
use crate::wit::{Gates, print_left_out};

/// The named types and the functions of a file.
#[derive(Debug)]
pub(crate) struct Catalog {
    /// The arena of the types.
    pub(crate) types: Types,
    /// Types in the order of the file: of the main package, then of its dependencies.
    pub(crate) named: Vec<NamedType>,
    /// Functions in the same order.
    pub(crate) functions: Vec<Function>,
    /// The main package of WIT; `None` for a component, all of which is its own.
    pub(crate) main: Option<String>,
    /// The full names of worlds, whose functions have no interface.
    pub(crate) worlds: BTreeSet<String>,
    /// The names that types go by.
    pub(crate) names: TypeNames,
    /// How a component lifts functions that it exports, by path; empty for WIT.
    pub(crate) liftings: BTreeMap<Vec<String>, CanonOptions>,
    /// How a component lowers functions that it imports, by path; empty for WIT.
    pub(crate) lowerings: BTreeMap<Vec<String>, Vec<CanonOptions>>,
}

/// A type and its name.
#[derive(Debug)]
pub(crate) struct NamedType {
    /// The interface or instance that has the type.
    pub(crate) owner: String,
    /// Its own name.
    pub(crate) name: String,
    /// The type. Of a resource, the type of a handle that owns it.
    pub(crate) ty: ValType,
    /// The full name of the type that it is, if `owner` only uses it.
    pub(crate) used: Option<String>,
}

impl NamedType {
    /// Returns the name after its owner's, with the version last: `wasi:io/error.error@0.2.0`.
    pub(crate) fn full_name(&self) -> String {
        functions::join_name(&[&self.owner, &self.name])
    }
}

impl Named for NamedType {
    const WHAT: &'static str = "type";

    fn place(&self) -> (&str, &str) {
        (&self.owner, &self.name)
    }

    fn stands_for(&self) -> Option<&str> {
        self.used.as_deref()
    }

    fn is_listed(&self) -> bool {
        self.used.is_none() && !matches!(self.ty, ValType::Own(_))
    }
}

impl Named for Function {
    const WHAT: &'static str = "function";

    fn place(&self) -> (&str, &str) {
        match &self.path[..] {
            [owner, name] => (owner, name),
            [.., name] => ("", name),
            [] => ("", ""),
        }
    }

    fn stands_for(&self) -> Option<&str> {
        None
    }

    fn full_name(&self) -> String {
        functions::join_name(&self.path)
    }
}

/// Reads the catalog of WIT, text or binary, or of a component. What gates leave out is said on
/// standard error.
///
/// # Errors
///
/// When the file can't be read, is none of these, or is invalid.
pub(crate) fn read(path: &Path, gates: &Gates) -> Result<Catalog, Failure> {
    match input::read(path)? {
        Input::Wit(tree) => of_wit(&tree, gates),
        Input::Wasm(bytes) => of_wasm(&input::name(path), &bytes),
    }
}

fn of_wit(tree: &Tree, gates: &Gates) -> Result<Catalog, Failure> {
    let resolved = tree.parse_with_options(&gates.options()).map_err(|errors| {
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        Failure::BadInput(errors.join("\n\nerror: "))
    })?;
    print_left_out(&resolved);
    of_resolved(&resolved).map_err(|error| Failure::BadInput(error.to_string()))
}

/// Returns the catalog of a component, of a WIT package in binary form, or of the worlds in a core
/// module.
fn of_wasm(file: &str, bytes: &[u8]) -> Result<Catalog, Failure> {
    let decoded = || wasm::decode_with_features(bytes, proposals::chosen().features());
    let is_module = bytes.get(4..8) == Some(&[1, 0, 0, 0]);
    if is_module {
        let resolved = decoded().map_err(|error| Failure::in_file(file, error))?;
        return of_resolved(&resolved).map_err(|error| Failure::in_file(file, error));
    }
    let component = proposals::resolve_component(file, bytes)?;
    let may_be_package = component.imports().is_empty()
        && !component.exports().is_empty()
        && component.exports().iter().all(|item| item.kind == ItemKind::OtherType);
    match may_be_package.then(decoded) {
        Some(Ok(resolved)) => of_resolved(&resolved).map_err(|error| Failure::in_file(file, error)),
        Some(Err(_)) | None => Ok(of_component(&component)),
    }
}

fn of_resolved(resolved: &Resolved) -> Result<Catalog, wit_parser_lite::Error> {
    let mut catalog = Catalog::new(Types::new());
    catalog.worlds = resolved.worlds().map(|(id, _)| resolved.world_name(id)).collect();
    let mut defined = Vec::new();
    for (package, _) in resolved.packages() {
        if catalog.main.is_none() {
            catalog.main = Some(resolved.package_name(package));
        }
        defined.extend(resolved.defined_types(package).map(|(id, ..)| id));
        let used = resolved.types().filter(|(_, ty)| {
            matches!(ty.kind, TypeDefKind::Use(_)) && resolved.owner_package(ty.owner) == package
        });
        defined.extend(used.map(|(id, _)| id));
    }
    let roots = defined.iter().map(|id| Type::Def(*id));
    let roots = roots.chain(resolved.functions().flat_map(|(_, function)| abi::types_of(function)));
    let known = abi::val_types(resolved, &mut catalog.types, roots)?;
    for id in defined {
        let definition = &resolved[id];
        let ty = known.val_type(Type::Def(id)).expect("it is one of the roots");
        let name = definition.name.clone().unwrap_or_default();
        let used = match definition.kind {
            TypeDefKind::Use(target) => full_name(resolved, target),
            TypeDefKind::Record(_)
            | TypeDefKind::Tuple(_)
            | TypeDefKind::Variant(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Flags(_)
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
            | TypeDefKind::Alias(_) => None,
        };
        catalog.push(NamedType { owner: resolved.owner_name(definition.owner), name, ty, used });
    }
    let mut functions: Vec<_> = resolved.functions().collect();
    functions.sort_by_key(|(_, function)| resolved.owner_package(function.owner).index());
    for (id, function) in functions {
        let ty = known.func_type(resolved, id).expect("its types are among the roots");
        let path = vec![resolved.owner_name(function.owner), function.name.clone()];
        catalog.functions.push(Function { path, ty });
    }
    Ok(catalog)
}

/// Returns the full name of a type after all uses.
fn full_name(resolved: &Resolved, mut id: wit_parser_lite::TypeDefId) -> Option<String> {
    while let TypeDefKind::Use(target) = resolved[id].kind {
        id = target;
    }
    let definition = &resolved[id];
    Some(functions::join_name(&[&resolved.owner_name(definition.owner), definition.name.as_ref()?]))
}

fn of_component(component: &ResolvedComponent) -> Catalog {
    let catalog = of_items(component.types(), &[component.exports(), component.imports()]);
    Catalog { liftings: component.liftings(), lowerings: component.lowerings(), ..catalog }
}

/// Returns the catalog of the exports or imports of a component, or of both. Their types are in
/// `types`.
pub(crate) fn of_items(types: &Types, lists: &[&[Item]]) -> Catalog {
    let mut catalog = Catalog::new(types.clone());
    for items in lists {
        collect(items, &mut Vec::new(), &mut catalog);
    }
    catalog
}

impl Catalog {
    fn new(types: Types) -> Self {
        Self {
            types,
            named: Vec::new(),
            functions: Vec::new(),
            main: None,
            worlds: BTreeSet::new(),
            names: TypeNames::default(),
            liftings: BTreeMap::new(),
            lowerings: BTreeMap::new(),
        }
    }

    fn push(&mut self, named: NamedType) {
        self.names.add(&self.types, &named.owner, &named.name, named.ty);
        self.named.push(named);
    }
}

/// Adds the functions and types among `items`, and those in instances, under `path`.
fn collect(items: &[Item], path: &mut Vec<String>, catalog: &mut Catalog) {
    for item in items {
        let named = |ty: ValType| {
            let (owner, name) = (path.join("."), item.name.clone());
            NamedType { owner, name, ty, used: None }
        };
        match &item.kind {
            ItemKind::Func(ty) => {
                let path = path.iter().chain([&item.name]).cloned().collect();
                catalog.functions.push(Function { path, ty: ty.clone() });
            }
            ItemKind::Type(ty) => catalog.push(named(*ty)),
            ItemKind::Resource(ResourceId(id)) => catalog.push(named(ValType::Own(ResourceId(*id)))),
            ItemKind::Instance(items) => {
                path.push(item.name.clone());
                collect(items, path, catalog);
                path.pop();
            }
            ItemKind::OtherType | ItemKind::Module | ItemKind::Component => {}
        }
    }
}
