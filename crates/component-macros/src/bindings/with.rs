//! What the embedder has in Rust for parts of a world: resources, other types and errors, and
//! whole interfaces. Their names in WIT may be written with or without version.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Error, LitStr, Result, Type};
use wit_parser_lite::{Function, FunctionId, InterfaceId, Type as WitType, TypeDefId};

use super::derives::known;
use super::options::{FuncOption, Options};
use super::world::{Given, Place, Scope, World, WorldSide};
use crate::names::{ident, snake};

/// Finds what the options name, and returns the aliases that stand beside the `bindings!`: there,
/// paths mean what the embedder means.
pub(crate) fn given(world: &mut World<'_>, options: &Options) -> Result<TokenStream> {
    let mut aliases = TokenStream::new();
    for (i, (key, ty)) in options.with.iter().enumerate() {
        let alias = format_ident!("{}_with_{i}", world.root.module);
        aliases.extend(with(world, key, ty, &alias)?);
    }
    for (i, (key, ty)) in options.errors.iter().enumerate() {
        let alias = format_ident!("{}_error_{i}", world.root.module);
        let types = find_types(world, &key.value(), WorldSide::Import);
        if types.is_empty() {
            return Err(unknown(world, key, "type"));
        }
        for (place, id) in types {
            let scope = Scope { side: WorldSide::Import, place };
            let WitType::Def(base) = world.resolved.dealias(WitType::Def(id)) else { continue };
            let place = world.owner_place(scope, world.resolved[base].owner);
            world.given_errors.insert((place, base), alias.clone());
        }
        aliases.extend(type_alias(&alias, ty));
    }
    for (i, path) in options.derives.iter().enumerate() {
        let alias = derive_alias(world, i);
        if known(path).is_none() {
            aliases.extend(quote!(#[doc(hidden)] #[allow(unused_imports)] use #path as #alias;));
        }
    }
    Ok(aliases)
}

/// Returns the name beside the `bindings!` of a derive that the embedder asks for.
pub(crate) fn derive_alias(world: &World<'_>, i: usize) -> Ident {
    format_ident!("{}_derive_{i}", world.root.module)
}

fn type_alias(alias: &Ident, ty: &Type) -> TokenStream {
    quote!(#[doc(hidden)] #[allow(non_camel_case_types, dead_code)] type #alias = #ty;)
}

/// Finds what an entry of `with` names: types first, then an interface, then a package.
fn with(world: &mut World<'_>, key: &LitStr, ty: &Type, alias: &Ident) -> Result<TokenStream> {
    let name = key.value();
    let types = find_types(world, &name, WorldSide::Import);
    if !types.is_empty() {
        world.given_types.extend(types.into_iter().map(|ty| (ty, alias.clone())));
        return Ok(type_alias(alias, ty));
    }
    let mut places = Vec::new();
    for i in 1..world.places.len() {
        let place = &world.places[i];
        if place.side == WorldSide::Export {
            continue;
        }
        if place_names(world, place).contains(&name) {
            places.push((i, None));
        } else if let Some(interface) = place.interface.filter(|_| place.has_full_name) {
            let package = &world.resolved[interface].package;
            if names_of(&world.resolved.package_name(*package)).contains(&name) {
                places.push((i, Some(ident(&snake(&world.resolved[interface].name)))));
            }
        }
    }
    if places.is_empty() {
        return Err(unknown(world, key, "resource, type or interface"));
    }
    let Type::Path(path) = ty else {
        return Err(Error::new_spanned(ty, format!("`{name}` is an interface, which a module stands for")));
    };
    for (i, module) in places {
        world.places[i].given = Some(Given { alias: alias.clone(), module });
    }
    Ok(quote!(#[doc(hidden)] #[allow(unused_imports)] use #path as #alias;))
}

/// Returns the error for a name that nothing has.
fn unknown(world: &World<'_>, key: &LitStr, what: &str) -> Error {
    let is_import =
        |(_, place): &(usize, &Place)| place.side == WorldSide::Import && place.interface.is_some();
    let imports = world.places.iter().enumerate().filter(is_import);
    let mut known = Vec::new();
    for (i, place) in imports {
        known.push(format!("`{}`", place.name));
        let name = |id: &TypeDefId| world.resolved[*id].name.clone();
        known
            .extend(world.resources_of(i).iter().filter_map(name).map(|ty| format!("`{}.{ty}`", place.name)));
    }
    let message = format!("the world imports no {what} `{}`", key.value());
    Error::new(
        key.span(),
        match known.as_slice() {
            [] => format!("{message}: it imports no interface"),
            [..] => format!("{message}, but {}", known.join(", ")),
        },
    )
}

/// Returns the types of a name, each with its place: `ns:pkg/interface.type`, or `type` for one of
/// the world's own.
fn find_types(world: &World<'_>, name: &str, side: WorldSide) -> Vec<(usize, TypeDefId)> {
    let mut found = Vec::new();
    for (i, place) in world.places.iter().enumerate() {
        if place.side != side || place.given.is_some() {
            continue;
        }
        for id in world.types_of(i) {
            let Some(label) = &world.resolved[id].name else { continue };
            let is_own = place.interface.is_none() && label == name;
            if is_own || is_item(world, place, name, |item| item == label) {
                found.push((i, id));
            }
        }
    }
    found
}

/// Returns whether a name is that of an item of a place: `ns:pkg/interface.item`, with `/` or `#`
/// in place of the dot, too.
fn is_item(world: &World<'_>, place: &Place, name: &str, is_item: impl Fn(&str) -> bool) -> bool {
    let parts = |owner: &String| name.strip_prefix(owner.as_str())?.strip_prefix(['.', '/', '#']);
    place_names(world, place).iter().filter_map(parts).any(is_item)
}

/// Returns the names of an interface or world: full, without version, and by which it is imported.
fn place_names(world: &World<'_>, place: &Place) -> Vec<String> {
    match place.interface {
        Some(interface) => {
            let mut names = names_of(&place.name);
            names.extend(interface_names(world, interface));
            names
        }
        None => {
            let mut names = names_of(&world.resolved.world_name(world.id));
            names.push(world.resolved[world.id].name.clone());
            names
        }
    }
}

fn interface_names(world: &World<'_>, interface: InterfaceId) -> Vec<String> {
    world.resolved.interface_name(interface).map(|name| names_of(&name)).unwrap_or_default()
}

/// Returns a name as it is, and without its version.
fn names_of(name: &str) -> Vec<String> {
    let mut names = vec![String::from(name)];
    names.extend(name.split_once('@').map(|(unversioned, _)| String::from(unversioned)));
    names
}

/// Returns how a function of the host, which has some names, is called.
pub(crate) fn func_option(
    world: &World<'_>,
    options: &Options,
    place: usize,
    names: &[String],
) -> FuncOption {
    let own = options.imports.funcs.iter().find(|(key, _)| is_func(world, place, names, &key.value()));
    own.map_or(options.imports.default, |(_, option)| *option)
}

fn is_func(world: &World<'_>, place: usize, names: &[String], key: &str) -> bool {
    let place = &world.places[place];
    let is_name = |key: &str| names.iter().any(|name| name == key);
    is_item(world, place, key, is_name) || (place.interface.is_none() && is_name(key))
}

/// Checks that each function which the options name is one that the world imports.
pub(crate) fn check_funcs(world: &World<'_>, options: &Options) -> Result<()> {
    for (key, _) in &options.imports.funcs {
        let is_known = |place: usize| {
            let func = |id: &FunctionId| func_names(&world.resolved[*id]);
            let drop = |id: &TypeDefId| drop_names(world.resolved[*id].name.as_deref().unwrap_or_default());
            let funcs = world.funcs_of(Scope { side: WorldSide::Import, place });
            let resources = world.resources_of(place);
            let mut names = funcs.iter().map(func).chain(resources.iter().map(drop));
            names.any(|names| is_func(world, place, &names, &key.value()))
        };
        let mut places = (0..world.places.len()).filter(|i| world.places[*i].side == WorldSide::Import);
        if !places.any(is_known) {
            return Err(Error::new(key.span(), format!("the world imports no function `{}`", key.value())));
        }
    }
    Ok(())
}

/// Returns the names by which options may mean a function: `[method]blob.read`, `blob.read`.
pub(crate) fn func_names(func: &Function) -> Vec<String> {
    let mut names = vec![func.name.clone()];
    if let Some((_, bare)) = func.name.rsplit_once(']') {
        names.push(String::from(bare));
    }
    names
}

/// Returns the names by which options may mean what drops a resource.
pub(crate) fn drop_names(resource: &str) -> Vec<String> {
    vec![format!("[drop]{resource}"), format!("{resource}.drop")]
}
