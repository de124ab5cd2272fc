//! Functions that the host calls: structs that have looked them up, with a method for each.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Result;
use wit_parser_lite::{Function, FunctionId};

use super::funcs::{Funcs, Signature, func_docs, func_names, func_words};
use super::options::Options;
use super::types::{Lifetime, Mode};
use super::world::{Scope, World, WorldSide};
use crate::names::{Names, plain, snake};

/// What calls functions of a guest: fields of a struct with their values, and methods.
#[derive(Default)]
pub(crate) struct Callers {
    /// `name: TypedFunc<...>`, each.
    pub(crate) fields: Vec<TokenStream>,
    /// `name: instance.get_typed_func(...)?`, each.
    pub(crate) values: Vec<TokenStream>,
    /// The methods for functions.
    pub(crate) methods: TokenStream,
    /// The structs for the methods of resources.
    pub(crate) resources: TokenStream,
}

/// The names of the struct's methods, and of its fields.
pub(crate) struct CallerNames {
    pub(crate) methods: Names,
    pub(crate) fields: Names,
}

/// Adds what calls the functions at a path of exports. `owner` is the struct with the fields.
pub(crate) fn call(
    world: &World<'_>,
    scope: Scope,
    (path, owner): (Option<&str>, &Ident),
    names: &mut CallerNames,
    callers: &mut Callers,
) -> Result<()> {
    let funcs = Funcs::new(world, scope);
    let all: Vec<_> = funcs.all().collect();
    let field = |func: &Function| format!("func_{}", snake(&func.name.replace(['[', ']', '.'], " ")));
    let fields = func_names(world, &all, &mut names.fields, field);
    for (id, field) in &fields {
        let func = &world.resolved[*id];
        let Signature { types, result, .. } =
            Signature::new(world, scope, func, Mode::Argument(Lifetime::Static))?;
        let (wit, result, path) = (&func.name, result.into_iter(), path.into_iter());
        callers.fields.push(quote!(#field: __m::TypedFunc<(#(#types,)*), (#(#result,)*)>));
        callers.values.push(quote!(#field: instance.get_typed_func(&mut cx, &[#(#path,)* #wit])?));
    }
    let field = |id: FunctionId| &fields.iter().find(|(of, _)| *of == id).expect("each has a field").1;
    let words = |func: &Function| format!("call_{}", func_words(func));
    for (id, name) in func_names(world, &funcs.free, &mut names.methods, words) {
        let target = field(id);
        callers.methods.extend(method(world, scope, (id, &name), &quote!(self.#target))?);
    }
    for (resource, of_resource) in &funcs.resources {
        let wit = world.resolved[*resource].name.as_deref().unwrap_or_default();
        let getter = names.methods.give(&snake(wit));
        let name = format_ident!("Guest{}", plain(&world.type_name(scope.place, *resource)));
        let text = format!(" Calls the functions of the guest's resource type `{wit}`.");
        callers.methods.extend(quote! {
            #[doc = #text]
            pub fn #getter(&self) -> #name<'_> {
                #name { funcs: self }
            }
        });
        let mut of_this = TokenStream::new();
        for (id, name) in func_names(world, of_resource, &mut Names::default(), words) {
            let target = field(id);
            of_this.extend(method(world, scope, (id, &name), &quote!(self.funcs.#target))?);
        }
        callers.resources.extend(quote! {
            #[doc = #text]
            #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
            pub struct #name<'funcs> {
                funcs: &'funcs #owner,
            }

            impl #name<'_> { #of_this }
        });
    }
    Ok(())
}

/// Returns the method that calls a function, which is in `target`.
fn method(
    world: &World<'_>,
    scope: Scope,
    (id, name): (FunctionId, &Ident),
    target: &TokenStream,
) -> Result<TokenStream> {
    let func = &world.resolved[id];
    let Signature { params, types, result, mut names } =
        Signature::new(world, scope, func, Mode::Argument(Lifetime::Call))?;
    let store = names.give("store");
    let docs = match &func.attributes.docs {
        Some(_) => func_docs(func),
        None => super::types::docs(Some(&format!("Calls `{}`.", func.name))),
    };
    let value = result.as_ref().map(|_| quote!(.map(|(result,)| result)));
    let result = result.unwrap_or_else(|| quote!(()));
    Ok(quote! {
        #docs
        ///
        /// # Errors
        ///
        /// If the store is another one, or a resource can't be passed, or the guest traps.
        pub fn #name<'arg>(
            &self,
            mut #store: impl __m::AsContextMut,
            #(#params: #types),*
        ) -> __m::Result<#result, __m::CallError> {
            #target.call_with(&mut __m::AsContextMut::as_context_mut(&mut #store), &(#(#params,)*)) #value
        }
    })
}

/// Returns the items of an exported interface, and whether the host has something to call.
pub(crate) fn export(world: &World<'_>, options: &Options, place: usize) -> Result<(TokenStream, bool)> {
    let scope = Scope { side: WorldSide::Export, place };
    let types = world.define_all(scope, &options.derives)?;
    if Funcs::new(world, scope).is_empty() {
        return Ok((types, false));
    }
    let name = &world.places[place].name;
    let mut names = CallerNames { methods: Names::with(["new"]), fields: Names::default() };
    let mut callers = Callers::default();
    call(world, scope, (Some(name), &format_ident!("Guest")), &mut names, &mut callers)?;
    let Callers { fields, values, methods, resources } = callers;
    let text = format!(" Calls the functions of `{name}`.");
    Ok((
        quote! {
            #types

            #[doc = #text]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            pub struct Guest { #(#fields,)* }

            impl Guest {
                /// Looks the functions up and checks their types.
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

            #resources
        },
        true,
    ))
}
