//! `bindings!`: a WIT world as Rust types, traits and methods.
//!
//! An imported interface becomes a module with its types, a trait `Host` and `add_to_linker`; an
//! exported one a module under `exports` with its types and a struct `Guest`; the world a struct
//! that instantiates components.
//!
//! Generated code names nothing but what it defines itself and what is in `__m`, an alias of
//! `component_linker::__macro`: whatever the embedder and the WIT call their own, it means the
//! same.

mod define;
mod derives;
mod funcs;
mod guest;
mod host;
mod options;
mod source;
mod types;
mod with;
mod world;

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Result, parse2};

use self::guest::{CallerNames, Callers};
use self::host::Provided;
use self::options::Options;
use self::source::{Chosen, choose};
use self::types::docs;
use self::world::{Scope, World, WorldSide};
use crate::names::{Names, plain};

/// Modules and what is in them, as a tree.
#[derive(Default)]
struct Module {
    items: TokenStream,
    modules: BTreeMap<String, (Ident, Self)>,
}

/// Returns the bindings.
pub(crate) fn bindings(input: TokenStream) -> Result<TokenStream> {
    let options: Options = parse2(input)?;
    let Chosen { resolved, world: id, files, span } = choose(&options)?;
    let mut world = World::new(&resolved, id, span);
    let aliases = with::given(&mut world, &options)?;
    with::check_funcs(&world, &options)?;
    let mut root = Module::default();
    let (mut provided, mut called) = (Vec::new(), Vec::new());
    for (i, place) in world.places.iter().enumerate().skip(1) {
        let items = match place.side {
            WorldSide::Import if place.given.is_some() => continue,
            WorldSide::Import => {
                let (items, bounds) = host::import(&world, &options, i)?;
                provided.extend(bounds.map(|bounds| (i, bounds)));
                items
            }
            WorldSide::Export => {
                let (items, is_called) = guest::export(&world, &options, i)?;
                called.extend(is_called.then_some(i));
                items
            }
        };
        insert(&mut root, &place.module, items);
    }
    root.items = of_world(&world, &options, &provided, &called)?;
    let (content, module) = (emit(root), &world.root.module);
    Ok(quote! {
        #(const _: &[::core::primitive::u8] = ::core::include_bytes!(#files);)*
        #aliases

        #[doc(hidden)]
        #[allow(
            dead_code, missing_docs, private_bounds, private_interfaces, unreachable_pub, unused_imports,
            unused_mut, unused_variables, clippy::all, clippy::pedantic,
            reason = "generated of WIT, which decides what there is"
        )]
        mod #module { #content }

        #[allow(unused_imports, reason = "what the embedder has under the same name comes first")]
        pub use self::#module::*;
    })
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
        quote!(pub mod #name { #content })
    });
    quote! {
        use ::component_linker::__macro as __m;

        #items
        #(#modules)*
    }
}

/// Adds the exported interfaces to the world's struct.
fn exports(world: &World<'_>, called: &[usize], names: &mut CallerNames, callers: &mut Callers) {
    for i in called {
        let place = &world.places[*i];
        let path = &place.module;
        let words: Vec<_> = path[1..].iter().map(plain).collect();
        let getter = names.methods.give(&words.join("_"));
        let field = names.fields.give(&format!("interface_{}", plain(&getter)));
        let text = format!(" Returns what calls the functions of `{}`.", place.name);
        callers.fields.push(quote!(#field: self::#(#path::)* Guest));
        callers.values.push(quote!(#field: self::#(#path::)* Guest::new(&mut cx, instance)?));
        callers.methods.extend(quote! {
            #[doc = #text]
            pub fn #getter(&self) -> &self::#(#path::)* Guest {
                &self.#field
            }
        });
    }
}

/// Returns the world's own types and trait, and its struct.
fn of_world(
    world: &World<'_>,
    options: &Options,
    provided: &[(usize, Vec<TokenStream>)],
    called: &[usize],
) -> Result<TokenStream> {
    let scope = Scope { side: WorldSide::Import, place: 0 };
    let defined = world.define_all(scope, &options.derives)?;
    let (mut traits, mut statements, mut bounds) = (TokenStream::new(), TokenStream::new(), Vec::new());
    if let Some(own) = host::provide(world, options, scope)? {
        let Provided { traits: own_traits, statements: own_statements, bounds: own_bounds } = own;
        (traits, bounds) = (own_traits, own_bounds);
        statements = quote!(let mut instance = linker.root(); #own_statements);
    }
    for (i, more_bounds) in provided {
        let module = &world.places[*i].module;
        statements.extend(quote!(self::#(#module::)* add_to_linker(linker, host)?;));
        bounds.extend(more_bounds.iter().cloned());
    }
    bounds.sort_by_key(ToString::to_string);
    bounds.dedup_by_key(|bound| bound.to_string());
    let add_to_linker = (!bounds.is_empty())
        .then(|| host::add_to_linker("everything that the world imports", &bounds, &statements));
    let scope = Scope { side: WorldSide::Export, place: 0 };
    let name = &world.root.world;
    let methods = Names::with(["add_to_linker", "instantiate", "new"]);
    let mut names = CallerNames { methods, fields: Names::default() };
    let mut callers = Callers::default();
    guest::call(world, scope, (None, name), &mut names, &mut callers)?;
    exports(world, called, &mut names, &mut callers);
    let world_struct = world_struct(world, callers, add_to_linker);
    Ok(quote!(#defined #traits #world_struct))
}

/// Returns the world's struct.
fn world_struct(world: &World<'_>, callers: Callers, add_to_linker: Option<TokenStream>) -> TokenStream {
    let def = &world.resolved[world.id];
    let name = &world.root.world;
    let Callers { fields, values, methods, .. } = callers;
    let text = format!(" An instance of a component of the world `{}`.", world.resolved.world_name(world.id));
    let docs = docs(
        def.attributes.docs.as_deref().map(|docs| format!("{text}\n\n{docs}")).or(Some(text)).as_deref(),
    );
    quote! {
        #docs
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        pub struct #name { #(#fields,)* }

        impl #name {
            #add_to_linker

            /// Instantiates a component and looks its functions up.
            ///
            /// # Errors
            ///
            /// If the linker does not satisfy its imports, if it traps, or if it lacks an export of
            /// the world.
            pub fn instantiate<__T: 'static>(
                mut store: impl __m::AsContextMut<Data = __T>,
                component: &__m::Component,
                linker: &__m::Linker<__T>,
            ) -> __m::Result<Self, __m::BindingsError> {
                let mut cx = __m::AsContextMut::as_context_mut(&mut store);
                let instance = linker.instantiate(&mut cx, component)?;
                __m::Ok(Self::new(&mut cx, &instance)?)
            }

            /// Looks the functions of an instance up and checks their types.
            ///
            /// # Errors
            ///
            /// If the instance lacks one, or one has other types.
            pub fn new(
                mut store: impl __m::AsContextMut,
                instance: &__m::Instance,
            ) -> __m::Result<Self, __m::TypedFuncError> {
                let mut cx = __m::AsContextMut::as_context_mut(&mut store);
                __m::Ok(Self { #(#values,)* })
            }

            #methods
        }
    }
}
