//! `bindings!`: a WIT world as Rust types, traits and methods.
//!
//! An imported interface becomes a module with its types, a trait `Host` and `add_to_linker`; an
//! exported one a module under `exports` with its types and a struct `Guest`; the world a struct
//! that instantiates components.

mod funcs;
mod options;
mod types;

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Error, Result, parse2};
use wit_parser_lite::{
    FunctionId, InterfaceId, Resolved, TypeDefId, TypeDefKind, WorldId, WorldItem, WorldItemKind,
};

use self::funcs::{Callers, Funcs, call, provide};
use self::options::{Chosen, Options};
use self::types::{Scope, World, WorldSide, docs};
use crate::names::{camel, snake};

/// Modules and what is in them, as a tree.
#[derive(Default)]
struct Module {
    items: TokenStream,
    modules: BTreeMap<String, (Ident, Self)>,
}

/// The parts of the world's struct.
#[derive(Default)]
struct Parts {
    fields: Vec<TokenStream>,
    values: Vec<TokenStream>,
    methods: TokenStream,
    /// The modules of imported interfaces that the host provides.
    provided: Vec<Vec<Ident>>,
}

/// Returns the bindings.
pub(crate) fn bindings(input: TokenStream) -> Result<TokenStream> {
    let options: Options = parse2(input)?;
    let Chosen { resolved, world: id, files } = options.choose()?;
    let world = world(&resolved, id, &options)?;
    let mut root = Module::default();
    let mut parts = Parts::default();
    for (interface, module) in &world.imports {
        let (items, is_provided) = import(&world, *interface, module)?;
        insert(&mut root, module, items);
        if is_provided {
            parts.provided.push(module.clone());
        }
    }
    for (interface, module) in &world.exports {
        let (items, is_called) = export(&world, id, *interface, module)?;
        insert(&mut root, module, items);
        if is_called {
            part(&mut parts, &world, *interface, module);
        }
    }
    let of_world = of_world(&world, id, parts)?;
    let modules = emit(root);
    Ok(quote! {
        #(const _: &[u8] = include_bytes!(#files);)*
        #of_world
        #modules
    })
}

/// Finds the modules for the interfaces of a world.
fn world<'a>(resolved: &'a Resolved, id: WorldId, options: &Options) -> Result<World<'a>> {
    let modules = |items: &[WorldItem], exports: bool| {
        let mut modules = BTreeMap::new();
        for item in items {
            if let WorldItemKind::Interface(interface) = item.kind {
                modules.insert(interface, module_path(resolved, interface, item, exports));
            }
        }
        modules
    };
    let mut world = World {
        resolved,
        span: Span::call_site(),
        imports: modules(&resolved[id].imports, false),
        exports: modules(&resolved[id].exports, true),
        with: BTreeMap::new(),
    };
    for (name, ty) in &options.with {
        let wanted = name.value();
        let resource =
            world.imports.keys().flat_map(|interface| resources(resolved, *interface)).find(|resource| {
                let def = &resolved[*resource];
                let full =
                    format!("{}.{}", resolved.owner_name(def.owner), def.name.as_deref().unwrap_or(""));
                full == wanted
            });
        let message =
            || Error::new(name.span(), "the world imports no such resource: `ns:pkg/interface.resource`");
        world.with.insert(resource.ok_or_else(message)?, ty.clone());
    }
    Ok(world)
}

/// Returns the resources that an interface defines.
fn resources(resolved: &Resolved, interface: InterfaceId) -> Vec<TypeDefId> {
    let is_resource = |id: &TypeDefId| matches!(resolved[*id].kind, TypeDefKind::Resource);
    resolved[interface].types.iter().copied().filter(is_resource).collect()
}

/// Returns the module of an interface: `ns::pkg::interface`, with a version only if the package has
/// several.
fn module_path(resolved: &Resolved, interface: InterfaceId, item: &WorldItem, exports: bool) -> Vec<Ident> {
    let mut path = Vec::new();
    if exports {
        path.push(format_ident!("exports"));
    }
    match (&item.name, resolved.interface_name(interface)) {
        (Some(name), _) => path.push(snake(name)),
        (None, None) => path.push(snake(&resolved[interface].name)),
        (None, Some(_)) => {
            let package = &resolved[resolved[interface].package];
            let n_versions = resolved.packages().filter(|(_, other)| other.name == package.name).count();
            let mut words: Vec<_> = package.name.split(':').map(String::from).collect();
            if let (true, Some(version), Some(last)) = (n_versions > 1, &package.version, words.last_mut()) {
                *last = format!("{last}-{version}").replace(['.', '+'], "-");
            }
            path.extend(words.iter().map(|word| snake(word)));
            path.push(snake(&resolved[interface].name));
        }
    }
    path
}

fn insert(root: &mut Module, path: &[Ident], items: TokenStream) {
    let mut module = root;
    for name in path {
        module = &mut module
            .modules
            .entry(name.to_string())
            .or_insert_with(|| (name.clone(), Module::default()))
            .1;
    }
    module.items.extend(items);
}

fn emit(module: Module) -> TokenStream {
    let Module { items, modules } = module;
    let modules = modules.into_values().map(|(name, module)| {
        let content = emit(module);
        quote! {
            #[allow(missing_docs)]
            pub mod #name { #content }
        }
    });
    quote!(#items #(#modules)*)
}

/// Defines the types with names that stand in an interface or world.
fn define(world: &World<'_>, scope: Scope<'_>, types: &[TypeDefId]) -> Result<TokenStream> {
    let named = types.iter().filter(|id| world.resolved[**id].name.is_some());
    named.map(|id| world.define(scope, *id)).collect()
}

/// Returns the items for an imported interface, and whether the host has something to provide.
fn import(world: &World<'_>, id: InterfaceId, module: &[Ident]) -> Result<(TokenStream, bool)> {
    let interface = &world.resolved[id];
    let scope = Scope { side: WorldSide::Import, module };
    let types = define(world, scope, &interface.types)?;
    let funcs = Funcs::new(world, &interface.functions, &resources(world.resolved, id));
    if funcs.is_empty() {
        return Ok((types, false));
    }
    let (traits, statements) = provide(world, scope, &funcs, &format_ident!("Host"))?;
    let name = interface_name(world.resolved, id);
    Ok((
        quote! {
            #types
            #traits

            /// Gives a linker what this interface has, done by what `host` finds in a store's data.
            ///
            /// # Errors
            ///
            /// If the linker has something of one of the names already.
            pub fn add_to_linker<T, D: Host>(
                linker: &mut ::component_linker::Linker<T>,
                host: impl Fn(&mut T) -> &mut D + Copy + Send + Sync + 'static,
            ) -> Result<(), ::component_linker::LinkError> {
                let mut instance = linker.instance(#name)?;
                #statements
                Ok(())
            }
        },
        true,
    ))
}

/// Returns the name that an interface is imported or exported by.
fn interface_name(resolved: &Resolved, id: InterfaceId) -> String {
    resolved.interface_name(id).unwrap_or_else(|| resolved[id].name.clone())
}

/// Returns the items for an exported interface, and whether the host has something to call.
fn export(
    world: &World<'_>,
    world_id: WorldId,
    id: InterfaceId,
    module: &[Ident],
) -> Result<(TokenStream, bool)> {
    let interface = &world.resolved[id];
    let scope = Scope { side: WorldSide::Export, module };
    let types = define(world, scope, &interface.types)?;
    let funcs = Funcs::new(world, &interface.functions, &resources(world.resolved, id));
    if funcs.is_empty() {
        return Ok((types, false));
    }
    let is_this = |item: &&WorldItem| matches!(item.kind, WorldItemKind::Interface(other) if other == id);
    let named = world.resolved[world_id].exports.iter().find(is_this).and_then(|item| item.name.clone());
    let name = named.unwrap_or_else(|| interface_name(world.resolved, id));
    let guest = format_ident!("Guest");
    let Callers { fields, values, methods, resources } = call(world, scope, &funcs, Some(&name), &guest)?;
    let text = format!(" Calls the functions of `{name}`.");
    Ok((
        quote! {
            #types

            #[doc = #text]
            #[derive(Clone, Debug)]
            pub struct Guest { #(#fields,)* }

            impl Guest {
                /// Looks the functions up and checks their types.
                ///
                /// # Errors
                ///
                /// If the instance lacks one, or one has other types.
                #[allow(unused_mut, unused_variables)]
                pub fn new(
                    mut store: impl ::component_linker::AsContextMut,
                    instance: &::component_linker::Instance,
                ) -> Result<Self, ::component_linker::TypedFuncError> {
                    let mut cx = store.as_context_mut();
                    Ok(Self { #(#values,)* })
                }

                #methods
            }

            #resources
        },
        true,
    ))
}

/// Adds an exported interface to the world's struct.
fn part(parts: &mut Parts, world: &World<'_>, interface: InterfaceId, module: &[Ident]) {
    let words: Vec<_> = module[1..].iter().map(ToString::to_string).collect();
    let getter = snake(&words.join("-").replace("r#", ""));
    let text =
        format!(" Returns what calls the functions of `{}`.", interface_name(world.resolved, interface));
    parts.fields.push(quote!(#getter: self::#(#module::)* Guest));
    parts.values.push(quote!(#getter: self::#(#module::)* Guest::new(&mut cx, instance)?));
    parts.methods.extend(quote! {
        #[doc = #text]
        pub fn #getter(&self) -> &self::#(#module::)* Guest {
            &self.#getter
        }
    });
}

/// Returns the functions among the items of a world.
fn functions(items: &[WorldItem]) -> Vec<FunctionId> {
    let function = |item: &WorldItem| match item.kind {
        WorldItemKind::Function(id) => Some(id),
        WorldItemKind::Interface(_) | WorldItemKind::Type(_) => None,
    };
    items.iter().filter_map(function).collect()
}

/// Returns the types among the imports of a world.
fn imported_types(items: &[WorldItem]) -> Vec<TypeDefId> {
    let ty = |item: &WorldItem| match item.kind {
        WorldItemKind::Type(id) => Some(id),
        WorldItemKind::Interface(_) | WorldItemKind::Function(_) => None,
    };
    items.iter().filter_map(ty).collect()
}

/// Returns the world's own types and trait, and its struct.
fn of_world(world: &World<'_>, id: WorldId, mut parts: Parts) -> Result<TokenStream> {
    let def = &world.resolved[id];
    let name = camel(&def.name);
    let types = imported_types(&def.imports);
    let defined = define(world, Scope { side: WorldSide::Import, module: &[] }, &types)?;
    let is_resource = |id: &TypeDefId| matches!(world.resolved[*id].kind, TypeDefKind::Resource);
    let resources: Vec<_> = types.iter().copied().filter(is_resource).collect();
    let imported = Funcs::new(world, &functions(&def.imports), &resources);
    let (mut traits, mut statements) = (TokenStream::new(), TokenStream::new());
    let mut bounds: Vec<TokenStream> = Vec::new();
    if !imported.is_empty() {
        let trait_name = format_ident!("{name}Imports");
        let scope = Scope { side: WorldSide::Import, module: &[] };
        (traits, statements) = provide(world, scope, &imported, &trait_name)?;
        statements = quote!(let mut instance = linker.root(); #statements);
        bounds.push(quote!(#trait_name));
    }
    for module in &parts.provided {
        statements.extend(quote!(self::#(#module::)* add_to_linker(linker, host)?;));
        bounds.push(quote!(self::#(#module::)* Host));
    }
    let exported = Funcs::new(world, &functions(&def.exports), &[]);
    let scope = Scope { side: WorldSide::Export, module: &[] };
    let Callers { fields, values, methods, .. } = call(world, scope, &exported, None, &name)?;
    parts.fields.extend(fields);
    parts.values.extend(values);
    parts.methods.extend(methods);
    let Parts { fields, values, methods, .. } = parts;
    let add_to_linker = add_to_linker(&bounds, &statements);
    let text = format!(" An instance of a component of the world `{}`.", world.resolved.world_name(id));
    let docs = docs(
        def.attributes.docs.as_deref().map(|docs| format!("{text}\n\n{docs}")).or(Some(text)).as_deref(),
    );
    Ok(quote! {
        #defined
        #traits

        #docs
        #[derive(Clone, Debug)]
        pub struct #name { #(#fields,)* }

        impl #name {
            #add_to_linker

            /// Instantiates a component and looks its functions up.
            ///
            /// # Errors
            ///
            /// If the linker does not meet its imports, if it traps, or if it lacks an export of
            /// the world.
            pub fn instantiate<T>(
                mut store: impl ::component_linker::AsContextMut<Data = T>,
                component: &::component_linker::Component,
                linker: &::component_linker::Linker<T>,
            ) -> Result<Self, ::component_linker::BindingsError> {
                let mut cx = store.as_context_mut();
                let instance = linker.instantiate(&mut cx, component)?;
                Ok(Self::new(&mut cx, &instance)?)
            }

            /// Looks the functions of an instance up and checks their types.
            ///
            /// # Errors
            ///
            /// If the instance lacks one, or one has other types.
            #[allow(unused_mut, unused_variables)]
            pub fn new(
                mut store: impl ::component_linker::AsContextMut,
                instance: &::component_linker::Instance,
            ) -> Result<Self, ::component_linker::TypedFuncError> {
                let mut cx = store.as_context_mut();
                Ok(Self { #(#values,)* })
            }

            #methods
        }
    })
}

/// Returns the function that provides all imports of the world, if it has any.
fn add_to_linker(bounds: &[TokenStream], statements: &TokenStream) -> Option<TokenStream> {
    (!bounds.is_empty()).then(|| {
        quote! {
            /// Gives a linker everything that the world imports, done by what `host` finds in a
            /// store's data.
            ///
            /// # Errors
            ///
            /// If the linker has something of one of the names already.
            pub fn add_to_linker<T, D: #(#bounds +)*>(
                linker: &mut ::component_linker::Linker<T>,
                host: impl Fn(&mut T) -> &mut D + Copy + Send + Sync + 'static,
            ) -> Result<(), ::component_linker::LinkError> {
                #statements
                Ok(())
            }
        }
    })
}
