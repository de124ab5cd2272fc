//! A world, and the places in Rust that its imports, exports and types have.
//!
//! A place is a module: one for each interface that the world imports or exports, under each name
//! that it does so, and the root for what the world has itself. Generated code stands in a module
//! of its own beside the `bindings!`, whose items are exported by a glob: whatever the embedder
//! imports or defines under the same name comes first.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::Error;
use wit_parser_lite::{
    FunctionId, InterfaceId, Owner, Resolved, Span as WitSpan, TypeDefId, TypeDefKind, WorldId, WorldItem,
    WorldItemKind,
};

use super::source::{fault, n_versions};
use crate::names::{Names, camel, ident, plain, snake};

/// Names that mean something else at the root: crates and types that are always in scope.
const IN_SCOPE: &[&str] = &[
    "alloc",
    "bool",
    "char",
    "component_linker",
    "core",
    "exports",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "std",
    "str",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
];

/// A world and what is known of its interfaces.
pub(crate) struct World<'a> {
    pub(crate) resolved: &'a Resolved,
    pub(crate) id: WorldId,
    /// Where in the macro's input the WIT is given.
    pub(crate) span: Span,
    /// The names of what stands beside the `bindings!`, and of what the world's struct is called.
    pub(crate) root: RootNames,
    /// The world itself, then its imports, then its exports.
    pub(crate) places: Vec<Place>,
    /// The Rust types that the embedder gives to types, by the place where they are defined: a path
    /// from the root.
    pub(crate) given_types: BTreeMap<(usize, TypeDefId), Ident>,
    /// Types that are the error of a result.
    pub(crate) errors: BTreeSet<TypeDefId>,
    /// The Rust types that the embedder gives to errors, by the place where they are defined.
    pub(crate) given_errors: BTreeMap<(usize, TypeDefId), Ident>,
}

/// The names of the items at the root.
pub(crate) struct RootNames {
    /// The module of all that is generated.
    pub(crate) module: Ident,
    /// The struct.
    pub(crate) world: Ident,
    /// The trait for functions that the world imports itself.
    pub(crate) imports: Ident,
}

/// A module.
pub(crate) struct Place {
    pub(crate) side: WorldSide,
    /// The interface, or the world itself.
    pub(crate) interface: Option<InterfaceId>,
    /// The path of the module from the root.
    pub(crate) module: Vec<Ident>,
    /// By what name the interface is imported or exported.
    pub(crate) name: String,
    /// Whether this is the interface's full name: the one that other interfaces mean.
    pub(crate) has_full_name: bool,
    /// The embedder's module in place of this one, by its name beside the `bindings!`.
    pub(crate) given: Option<Given>,
    /// The names of the types.
    pub(crate) types: BTreeMap<TypeDefId, Ident>,
}

/// A module of the embedder: by its name beside the `bindings!`, or a module in it.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) alias: Ident,
    pub(crate) module: Option<Ident>,
}

/// The side of the world that code is for: its imports, which the host implements, or its exports.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum WorldSide {
    Import,
    Export,
}

/// Where code is written, and for which side.
#[derive(Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) side: WorldSide,
    /// The index of the place.
    pub(crate) place: usize,
}

impl<'a> World<'a> {
    /// Finds the places of a world's interfaces.
    pub(crate) fn new(resolved: &'a Resolved, id: WorldId, span: Span) -> Self {
        let def = &resolved[id];
        let mut modules = BTreeSet::new();
        let mut places = vec![root_place(resolved, id)];
        for (items, side) in [(&def.imports, WorldSide::Import), (&def.exports, WorldSide::Export)] {
            for item in items {
                if let WorldItemKind::Interface(interface) = item.kind {
                    places.push(place(resolved, interface, item, side, &mut modules));
                }
            }
        }
        let struct_name = places[0].name.clone();
        let root = RootNames {
            module: format_ident!("__{}_bindings", snake(&def.name)),
            world: ident(&struct_name),
            imports: format_ident!("{struct_name}Imports"),
        };
        let mut world = Self {
            resolved,
            id,
            span,
            root,
            places,
            given_types: BTreeMap::new(),
            errors: BTreeSet::new(),
            given_errors: BTreeMap::new(),
        };
        world.errors = world.error_types();
        world
    }

    /// Returns an error about a place in the WIT.
    pub(crate) fn error(&self, at: WitSpan, message: impl Into<String>) -> Error {
        fault(self.resolved, self.span, at, message.into())
    }

    /// Returns the index of the place that has the types of `owner` as code in a scope means them:
    /// its own place has its own types, and others are those of the interface's full name.
    pub(crate) fn owner_place(&self, scope: Scope, owner: Owner) -> usize {
        let Owner::Interface(interface) = owner else { return 0 };
        if self.places[scope.place].interface == Some(interface) {
            return scope.place;
        }
        let of_interface = (1..self.places.len()).filter(|i| self.places[*i].interface == Some(interface));
        let best = of_interface.min_by_key(|i| {
            let place = &self.places[*i];
            (!place.has_full_name, place.side != scope.side)
        });
        best.expect("a world imports or exports each interface whose types it uses")
    }

    /// Returns the path from a scope to the root.
    pub(crate) fn to_root(&self, scope: Scope) -> TokenStream {
        let module = &self.places[scope.place].module;
        if module.is_empty() {
            return quote!(self::);
        }
        let up = module.iter().map(|_| format_ident!("super"));
        quote!(#(#up::)*)
    }

    /// Returns the path from a scope to what has a name beside the `bindings!`.
    pub(crate) fn beside(&self, scope: Scope, alias: &Ident) -> TokenStream {
        let up = self.places[scope.place].module.iter().map(|_| format_ident!("super"));
        quote!(#(#up::)* super::#alias)
    }

    /// Returns the path from a scope to a place's module, with `::` at its end.
    pub(crate) fn to_place(&self, scope: Scope, place: usize) -> TokenStream {
        let Place { module, given, .. } = &self.places[place];
        if let Some(Given { alias, module }) = given {
            let beside = self.beside(scope, alias);
            let module = module.iter();
            return quote!(#beside:: #(#module::)*);
        }
        let root = self.to_root(scope);
        quote!(#root #(#module::)*)
    }

    /// Returns the path of a type with a name.
    pub(crate) fn path(&self, scope: Scope, id: TypeDefId) -> TokenStream {
        let place = self.owner_place(scope, self.resolved[id].owner);
        let name = self.type_name(place, id);
        if place == scope.place {
            return quote!(#name);
        }
        let module = self.to_place(scope, place);
        quote!(#module #name)
    }

    /// Returns the name of a type in its module.
    pub(crate) fn type_name(&self, place: usize, id: TypeDefId) -> Ident {
        let wit = self.resolved[id].name.as_deref().unwrap_or_default();
        self.places[place].types.get(&id).cloned().unwrap_or_else(|| ident(&camel(wit)))
    }

    /// Returns who implements a resource type that functions of a scope mention.
    pub(crate) fn resource_side(&self, scope: Scope, resource: TypeDefId) -> WorldSide {
        match self.resolved[resource].owner {
            Owner::World(_) => WorldSide::Import,
            owner @ Owner::Interface(_) => self.places[self.owner_place(scope, owner)].side,
        }
    }

    /// Returns the types that a place defines, in order.
    pub(crate) fn types_of(&self, place: usize) -> Vec<TypeDefId> {
        match self.places[place].interface {
            Some(interface) => self.resolved[interface].types.clone(),
            None => world_types(self.resolved, self.id),
        }
    }

    /// Returns the functions that a place has on one side.
    pub(crate) fn funcs_of(&self, scope: Scope) -> Vec<FunctionId> {
        if let Some(interface) = self.places[scope.place].interface {
            return self.resolved[interface].functions.clone();
        }
        let def = &self.resolved[self.id];
        let items = match scope.side {
            WorldSide::Import => &def.imports,
            WorldSide::Export => &def.exports,
        };
        let func = |item: &WorldItem| match item.kind {
            WorldItemKind::Function(id) => Some(id),
            WorldItemKind::Interface(_) | WorldItemKind::Type(_) => None,
        };
        items.iter().filter_map(func).collect()
    }

    /// Returns the resources that a place defines.
    pub(crate) fn resources_of(&self, place: usize) -> Vec<TypeDefId> {
        let is_resource = |id: &TypeDefId| matches!(self.resolved[*id].kind, TypeDefKind::Resource);
        self.types_of(place).into_iter().filter(is_resource).collect()
    }
}

/// Returns the types of the world itself.
fn world_types(resolved: &Resolved, id: WorldId) -> Vec<TypeDefId> {
    let ty = |item: &WorldItem| match item.kind {
        WorldItemKind::Type(id) => Some(id),
        WorldItemKind::Interface(_) | WorldItemKind::Function(_) => None,
    };
    resolved[id].imports.iter().filter_map(ty).collect()
}

fn root_place(resolved: &Resolved, id: WorldId) -> Place {
    let name = plain(&ident(&camel(&resolved[id].name)));
    let imports = format!("{name}Imports");
    let types = type_names(resolved, &world_types(resolved, id), &["Host"], &[&name, &imports]);
    Place {
        side: WorldSide::Import,
        interface: None,
        module: Vec::new(),
        name,
        has_full_name: false,
        given: None,
        types,
    }
}

/// Returns the place of an interface, a module of its own.
fn place(
    resolved: &Resolved,
    interface: InterfaceId,
    item: &WorldItem,
    side: WorldSide,
    modules: &mut BTreeSet<Vec<String>>,
) -> Place {
    let def = &resolved[interface];
    let full_name = resolved.interface_name(interface).filter(|_| item.name.is_none());
    let mut words = match (&item.name, &full_name) {
        (Some(name), _) => vec![snake(name)],
        (None, None) => vec![snake(&def.name)],
        (None, Some(_)) => package_words(resolved, interface),
    };
    if let Some(first) = words.first_mut()
        && IN_SCOPE.contains(&first.as_str())
    {
        first.push('_');
    }
    if side == WorldSide::Export {
        words.insert(0, String::from("exports"));
    }
    while !modules.insert(words.clone()) {
        words.iter_mut().last().expect("a path has a word").push('_');
    }
    let (prefix, own) = match side {
        WorldSide::Import => ("Host", "Host"),
        WorldSide::Export => ("Guest", "Guest"),
    };
    Place {
        side,
        interface: Some(interface),
        module: words.iter().map(|word| ident(word)).collect(),
        name: item.name.clone().or_else(|| full_name.clone()).unwrap_or_else(|| def.name.clone()),
        has_full_name: full_name.is_some(),
        given: None,
        types: type_names(resolved, &def.types, &[prefix], &[own]),
    }
}

/// Returns the words of an interface's module: `ns`, `pkg`, `interface`, with a version only if
/// there are several of the package.
fn package_words(resolved: &Resolved, interface: InterfaceId) -> Vec<String> {
    let def = &resolved[interface];
    let package = &resolved[def.package];
    let mut words: Vec<_> = package.name.split([':', '/']).map(String::from).collect();
    if let (true, Some(version), Some(last)) =
        (n_versions(resolved, def.package) > 1, &package.version, words.last_mut())
    {
        *last = format!("{last}-{version}").replace(['.', '+'], "-");
    }
    words.push(def.name.clone());
    words.iter().map(|word| snake(word)).collect()
}

/// Names the types of a module in which some names are taken: those of its traits and structs,
/// among them one for each resource with a prefix.
fn type_names(
    resolved: &Resolved,
    types: &[TypeDefId],
    prefixes: &[&str],
    taken: &[&str],
) -> BTreeMap<TypeDefId, Ident> {
    let is_resource = |id: &TypeDefId| matches!(resolved[*id].kind, TypeDefKind::Resource);
    let mut names = Names::with(taken.iter().copied());
    let mut given = BTreeMap::new();
    let (resources, others): (Vec<TypeDefId>, Vec<_>) = types.iter().partition(|id| is_resource(id));
    for id in resources {
        let Some(label) = &resolved[id].name else { continue };
        let name = names.give(&camel(label));
        for prefix in prefixes {
            names.give(&format!("{prefix}{name}"));
        }
        given.insert(id, name);
    }
    for id in others {
        if let Some(label) = &resolved[id].name {
            given.insert(id, names.give(&camel(label)));
        }
    }
    given
}
