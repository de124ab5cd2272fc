//! The named types and functions that a file defines, be it WIT or a component.

use std::path::Path;

use canonical_abi::{Types, ValType};
use component_linker::{Item, ItemKind};
use wit_parser_lite::load::Tree;
use wit_parser_lite::{Features, Resolved, Type, abi};

use crate::failure::Failure;
use crate::functions::{self, Function};
use crate::input::{self, Input};
use crate::proposals;

/// The named types and the functions of a file.
#[derive(Debug)]
pub(crate) struct Catalog {
    /// The arena of the types.
    pub(crate) types: Types,
    /// Types in the order of the file.
    pub(crate) named: Vec<NamedType>,
    /// Functions in the order of the file.
    pub(crate) functions: Vec<Function>,
}

/// A type and its name.
#[derive(Debug)]
pub(crate) struct NamedType {
    /// The interface or instance that defines the type.
    pub(crate) owner: String,
    /// Its own name.
    pub(crate) name: String,
    /// The type.
    pub(crate) ty: ValType,
}

impl NamedType {
    /// Returns the name after its owner's, with the version last: `wasi:io/error.error@0.2.0`.
    pub(crate) fn full_name(&self) -> String {
        functions::join_name(&[&self.owner, &self.name])
    }
}

/// Reads the catalog of a WIT file, a WIT directory or a component.
///
/// # Errors
///
/// When the file can't be read, is none of these, or is invalid.
pub(crate) fn read(path: &Path) -> Result<Catalog, Failure> {
    match input::read(path)? {
        Input::Wit(tree) => of_wit(&tree),
        Input::Wasm(bytes) => of_component(&path.display().to_string(), &bytes),
    }
}

fn of_wit(tree: &Tree) -> Result<Catalog, Failure> {
    let resolved = tree.parse(&Features::default()).map_err(|errors| {
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        Failure::BadInput(errors.join("\n\nerror: "))
    })?;
    of_resolved(&resolved).map_err(|error| Failure::BadInput(error.to_string()))
}

fn of_resolved(resolved: &Resolved) -> Result<Catalog, wit_parser_lite::Error> {
    let mut catalog = Catalog { types: Types::new(), named: Vec::new(), functions: Vec::new() };
    let Some((main, _)) = resolved.packages().next() else { return Ok(catalog) };
    let defined: Vec<_> =
        resolved.defined_types(main).filter(|(id, ..)| resolved.resource(*id).is_none()).collect();
    let is_main = |function: &wit_parser_lite::Function| resolved.owner_package(function.owner) == main;
    let functions: Vec<_> = resolved.functions().filter(|(_, function)| is_main(function)).collect();
    let roots = defined.iter().map(|(id, ..)| Type::Def(*id));
    let roots = roots.chain(functions.iter().flat_map(|(_, function)| abi::types_of(function)));
    let known = abi::val_types(resolved, &mut catalog.types, roots)?;
    for (id, definition, name) in defined {
        let ty = known.val_type(Type::Def(id)).expect("it is one of the roots");
        catalog.named.push(NamedType {
            owner: resolved.owner_name(definition.owner),
            name: name.to_owned(),
            ty,
        });
    }
    for (id, function) in functions {
        let ty = known.func_type(resolved, id).expect("its types are among the roots");
        let path = vec![resolved.owner_name(function.owner), function.name.clone()];
        catalog.functions.push(Function { path, ty });
    }
    Ok(catalog)
}

fn of_component(file: &str, bytes: &[u8]) -> Result<Catalog, Failure> {
    let component = proposals::resolve_component(file, bytes)?;
    Ok(of_items(component.types(), &[component.exports(), component.imports()]))
}

/// Returns the catalog of the exports or imports of a component, or of both. Their types are in
/// `types`.
pub(crate) fn of_items(types: &Types, lists: &[&[Item]]) -> Catalog {
    let mut catalog = Catalog { types: types.clone(), named: Vec::new(), functions: Vec::new() };
    for items in lists {
        collect(items, &mut Vec::new(), &mut catalog);
    }
    catalog
}

/// Adds the functions and types among `items`, and those in instances, under `path`.
fn collect(items: &[Item], path: &mut Vec<String>, catalog: &mut Catalog) {
    for item in items {
        match &item.kind {
            ItemKind::Func(ty) => {
                let path = path.iter().chain([&item.name]).cloned().collect();
                catalog.functions.push(Function { path, ty: ty.clone() });
            }
            ItemKind::Type(ty) => {
                let named = NamedType { owner: path.join("."), name: item.name.clone(), ty: *ty };
                catalog.named.push(named);
            }
            ItemKind::Instance(items) => {
                path.push(item.name.clone());
                collect(items, path, catalog);
                path.pop();
            }
            ItemKind::Resource(_) | ItemKind::OtherType | ItemKind::Module | ItemKind::Component => {}
        }
    }
}
