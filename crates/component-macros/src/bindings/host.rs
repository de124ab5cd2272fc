//! Functions that the host provides: traits, and what gives them to a linker.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Result;
use wit_parser_lite::{Function, FunctionId, Type, TypeDefId, TypeDefKind};

use super::funcs::{Funcs, Signature, func_docs, func_names, func_words};
use super::options::Options;
use super::types::Mode;
use super::with;
use super::world::{Scope, World, WorldSide};
use crate::names::{Names, plain, snake};

/// What the host provides of an interface or world.
pub(crate) struct Provided {
    pub(crate) traits: TokenStream,
    /// Statements that give functions to `instance`, done by what `host` finds in a store's data.
    pub(crate) statements: TokenStream,
    /// The traits that the host implements, as paths from the place.
    pub(crate) bounds: Vec<TokenStream>,
}

/// A method of a trait.
struct Method<'a> {
    func: &'a Function,
    name: Ident,
    signature: Signature,
    /// Whether it gets the store, and not only the host.
    has_store: bool,
    error: Option<Conversion>,
}

/// How the embedder's error becomes that of the WIT.
struct Conversion {
    /// The trait and method that converts.
    method: TokenStream,
    /// The embedder's error.
    given: TokenStream,
    /// What the function returns otherwise.
    ok: TokenStream,
}

/// Returns what the host provides of an import, if there is anything.
pub(crate) fn provide(world: &World<'_>, options: &Options, scope: Scope) -> Result<Option<Provided>> {
    let funcs = Funcs::new(world, scope);
    let conversions = conversions(world, scope);
    if funcs.is_empty() && conversions.is_empty() {
        return Ok(None);
    }
    let name = trait_name(world, scope.place);
    let (mut traits, mut statements) = (TokenStream::new(), TokenStream::new());
    let (mut supers, mut bounds) = (Vec::new(), vec![quote!(#name)]);
    for (resource, of_resource) in &funcs.resources {
        let marker = world.type_name(scope.place, *resource);
        let trait_name = format_ident!("Host{}", plain(&marker));
        let mut names = Names::with(["drop"]);
        let methods = methods(world, options, scope, (of_resource, &mut names))?;
        let wit = world.resolved[*resource].name.as_deref().unwrap_or_default();
        let drop = with::func_option(world, options, scope.place, &with::drop_names(wit)).store;
        traits.extend(resource_trait(options, (&trait_name, &marker, wit), &methods, drop));
        let call = match drop {
            true => quote!(<__D as #trait_name>::drop(__m::Access::new(cx, &host), resource)),
            false => quote!(#trait_name::drop(host(cx.data_mut()), resource)),
        };
        statements.extend(quote! {
            instance.resource::<#marker>(#wit, move |cx, rep| {
                let resource = __m::Resource::new_own(rep);
                #call
            })?;
        });
        methods.iter().for_each(|method| statements.extend(provide_method(method, &trait_name)));
        methods.iter().for_each(|method| bounds.extend(conversion_bound(world, scope, method)));
        supers.push(trait_name);
    }
    let convert: Vec<_> = conversions.iter().map(|(_, id)| conversion_name(world, *id)).collect();
    let mut names = Names::with(convert.iter().map(String::as_str));
    let methods = methods(world, options, scope, (&funcs.free, &mut names))?;
    methods.iter().for_each(|method| statements.extend(provide_method(method, &name)));
    methods.iter().for_each(|method| bounds.extend(conversion_bound(world, scope, method)));
    traits.extend(main_trait(world, options, scope, (&name, &supers), (&methods, &conversions)));
    bounds.sort_by_key(ToString::to_string);
    bounds.dedup_by_key(|bound| bound.to_string());
    Ok(Some(Provided { traits, statements, bounds }))
}

/// Returns the name of the trait for what a place provides.
fn trait_name(world: &World<'_>, place: usize) -> Ident {
    match world.places[place].interface {
        Some(_) => format_ident!("Host"),
        None => world.root.imports.clone(),
    }
}

/// An error of a function's result that the embedder has an error for.
struct Converted {
    /// Where the error is defined, and its type.
    error: (usize, TypeDefId),
    /// The place whose trait converts it: where it is defined, unless the embedder has that.
    place: usize,
    /// What the function returns otherwise.
    ok: Option<Type>,
}

/// Returns the errors that a place converts.
fn conversions(world: &World<'_>, scope: Scope) -> Vec<(usize, TypeDefId)> {
    let is_own =
        |(place, _): &&(usize, TypeDefId)| *place == scope.place && world.places[*place].given.is_none();
    let mut errors: Vec<_> = world.given_errors.keys().filter(is_own).copied().collect();
    for func in world.funcs_of(scope) {
        let converted = converted(world, scope, &world.resolved[func]);
        errors.extend(converted.filter(|found| found.place == scope.place).map(|found| found.error));
    }
    errors.sort_unstable();
    errors.dedup();
    errors
}

/// Returns the name of the method that converts an error.
fn conversion_name(world: &World<'_>, id: TypeDefId) -> String {
    format!("convert_{}", snake(world.resolved[id].name.as_deref().unwrap_or_default()))
}

/// Returns the error of a function's result if the embedder has an error in its place.
fn converted(world: &World<'_>, scope: Scope, func: &Function) -> Option<Converted> {
    let Type::Def(result) = world.resolved.dealias(func.result?) else { return None };
    let TypeDefKind::Result { ok, err } = &world.resolved[result].kind else { return None };
    let Type::Def(id) = world.resolved.dealias((*err)?) else { return None };
    let defined = world.owner_place(scope, world.resolved[id].owner);
    let place = if world.places[defined].given.is_some() { scope.place } else { defined };
    let is_given = world.given_errors.contains_key(&(defined, id));
    is_given.then_some(Converted { error: (defined, id), place, ok: *ok })
}

fn conversion(world: &World<'_>, scope: Scope, func: &Function) -> Result<Option<Conversion>> {
    let Some(Converted { error, place, ok }) = converted(world, scope, func) else { return Ok(None) };
    let ok = match ok {
        None => quote!(()),
        Some(ty) => world.ty(scope, ty, Mode::Owned)?,
    };
    let bound = conversion_trait(world, scope, place);
    let method = format_ident!("{}", conversion_name(world, error.1));
    let given = world.beside(scope, &world.given_errors[&error]);
    Ok(Some(Conversion { method: quote!(#bound::#method), given, ok }))
}

/// Returns the trait that converts the errors of a place.
fn conversion_trait(world: &World<'_>, scope: Scope, place: usize) -> TokenStream {
    let name = trait_name(world, place);
    if place == scope.place {
        return quote!(#name);
    }
    let module = world.to_place(scope, place);
    quote!(#module #name)
}

fn conversion_bound(world: &World<'_>, scope: Scope, method: &Method<'_>) -> Option<TokenStream> {
    Some(conversion_trait(world, scope, converted(world, scope, method.func)?.place))
}

fn methods<'a>(
    world: &World<'a>,
    options: &Options,
    scope: Scope,
    (funcs, names): (&[FunctionId], &mut Names),
) -> Result<Vec<Method<'a>>> {
    let words = |func: &Function| match func_words(func) {
        // A constructor is called as in Rust.
        word if word == "constructor" && func.name.starts_with("[constructor]") => String::from("new"),
        word => word,
    };
    let mut methods = Vec::new();
    for (id, name) in func_names(world, funcs, names, words) {
        let func = &world.resolved[id];
        let signature = Signature::new(world, scope, func, Mode::Owned)?;
        let option = with::func_option(world, options, scope.place, &with::func_names(func));
        let error = conversion(world, scope, func)?;
        methods.push(Method { func, name, signature, has_store: option.store, error });
    }
    Ok(methods)
}

impl Method<'_> {
    /// Returns the method without a body.
    fn declaration(&self) -> TokenStream {
        let Signature { params, types, result, names } = &self.signature;
        let name = &self.name;
        let result = result.clone().unwrap_or_else(|| quote!(()));
        let result = match &self.error {
            Some(Conversion { given, ok, .. }) => quote!(__m::Result<#ok, #given>),
            None => quote!(__m::Result<#result, __m::HostError>),
        };
        if !self.has_store {
            return quote!(fn #name(&mut self, #(#params: #types),*) -> #result);
        }
        let cx = names.clone().give("cx");
        quote! {
            fn #name<__T: 'static>(#cx: __m::Access<'_, __T, Self>, #(#params: #types),*) -> #result
            where
                Self: __m::Sized + 'static
        }
    }

    /// Returns the method of a reference, which calls that of the host.
    fn forward(&self, trait_name: &Ident) -> TokenStream {
        let (declaration, name) = (self.declaration(), &self.name);
        let Signature { params, names, .. } = &self.signature;
        if !self.has_store {
            return quote!(#declaration { #trait_name::#name(&mut **self, #(#params),*) });
        }
        let cx = names.clone().give("cx");
        quote!(#declaration { #cx.forward(move |#cx| <__H as #trait_name>::#name(#cx, #(#params),*)) })
    }
}

/// Returns the trait for a resource.
fn resource_trait(
    options: &Options,
    (name, marker, wit): (&Ident, &Ident, &str),
    methods: &[Method<'_>],
    drop_has_store: bool,
) -> TokenStream {
    let text = format!(" What the host does with resources of the type `{wit}`.");
    let (drop, forward) = match drop_has_store {
        false => (
            quote! {
                fn drop(&mut self, resource: __m::Resource<#marker>) -> __m::Result<(), __m::HostError>
            },
            quote!(#name::drop(&mut **self, resource)),
        ),
        true => (
            quote! {
                fn drop<__T: 'static>(
                    cx: __m::Access<'_, __T, Self>,
                    resource: __m::Resource<#marker>,
                ) -> __m::Result<(), __m::HostError>
                where
                    Self: __m::Sized + 'static
            },
            quote!(cx.forward(move |cx| <__H as #name>::drop(cx, resource))),
        ),
    };
    let declarations = methods.iter().map(declaration);
    let own_forward = quote!(#drop { #forward });
    let any_store = drop_has_store || methods.iter().any(|method| method.has_store);
    let forwards = forwards(options, name, methods, (&own_forward, any_store));
    quote! {
        #[doc = #text]
        pub trait #name {
            #(#declarations)*

            /// Drops a resource that a guest owned.
            #drop;
        }

        #forwards
    }
}

fn declaration(method: &Method<'_>) -> TokenStream {
    let (docs, declaration) = (func_docs(method.func), method.declaration());
    quote!(#docs #declaration;)
}

/// Returns the impl of a trait for references to those who implement it.
fn forwards(
    options: &Options,
    name: &Ident,
    methods: &[Method<'_>],
    (more, has_store): (&TokenStream, bool),
) -> Option<TokenStream> {
    let forwards = methods.iter().map(|method| method.forward(name));
    let unsized_too = (!has_store).then(|| quote!(+ ?::core::marker::Sized));
    options.forwards.then(|| {
        quote! {
            impl<__H: #name #unsized_too> #name for &mut __H {
                #(#forwards)*
                #more
            }
        }
    })
}

/// Returns the trait for the functions that belong to no resource.
fn main_trait(
    world: &World<'_>,
    options: &Options,
    scope: Scope,
    (name, supers): (&Ident, &[Ident]),
    (methods, conversions): (&[Method<'_>], &[(usize, TypeDefId)]),
) -> TokenStream {
    let declarations = methods.iter().map(declaration);
    let (mut converts, mut converts_forward) = (TokenStream::new(), TokenStream::new());
    for error in conversions {
        let (id, given) = (error.1, world.beside(scope, &world.given_errors[error]));
        let (ty, method) = (world.path(scope, id), format_ident!("{}", conversion_name(world, id)));
        let head = quote!(fn #method(&mut self, error: #given) -> __m::Result<#ty, __m::HostError>);
        let text = format!(
            " Returns what guests are told of an error, a `{}`, or what traps them.",
            world.resolved[id].name.as_deref().unwrap_or_default(),
        );
        converts.extend(quote!(#[doc = #text] #head;));
        converts_forward.extend(quote!(#head { #name::#method(&mut **self, error) }));
    }
    let has_store = methods.iter().any(|method| method.has_store);
    // The traits of resources may be for sized hosts only.
    let all_store = has_store || supers_have_store(world, options, scope);
    let forwards = forwards(options, name, methods, (&converts_forward, all_store));
    quote! {
        /// What the host does for guests that import this. An error becomes a trap of the guest.
        pub trait #name: #(#supers +)* {
            #(#declarations)*
            #converts
        }

        #forwards
    }
}

/// Returns whether a function of a resource gets the store.
fn supers_have_store(world: &World<'_>, options: &Options, scope: Scope) -> bool {
    let has_store = |names: &[String]| with::func_option(world, options, scope.place, names).store;
    let resources = Funcs::new(world, scope).resources;
    resources.iter().any(|(resource, funcs)| {
        let wit = world.resolved[*resource].name.as_deref().unwrap_or_default();
        has_store(&with::drop_names(wit))
            || funcs.iter().any(|func| has_store(&with::func_names(&world.resolved[*func])))
    })
}

/// Returns the statement that gives a function to a linker.
fn provide_method(method: &Method<'_>, trait_name: &Ident) -> TokenStream {
    let Method { func, name, signature, has_store, error } = method;
    let Signature { types, result, .. } = signature;
    let (wit, args) = (&func.name, (0..types.len()).map(|i| format_ident!("arg{i}")).collect::<Vec<_>>());
    let call = match has_store {
        true => quote!(<__D as #trait_name>::#name(__m::Access::new(cx, &host), #(#args),*)),
        false => quote!(#trait_name::#name(host(cx.data_mut()), #(#args),*)),
    };
    let body = match (error, result) {
        (Some(Conversion { method, .. }), _) => quote! {
            match #call {
                __m::Ok(ok) => __m::Ok((__m::Ok(ok),)),
                __m::Err(error) => {
                    let error = #method(host(cx.data_mut()), error)?;
                    __m::Ok((__m::Err(error),))
                }
            }
        },
        (None, Some(_)) => quote!(#call.map(|result| (result,))),
        (None, None) => call,
    };
    quote! {
        instance.func_wrap(
            #wit,
            move |cx: &mut __m::StoreContextMut<'_, __T>, (#(#args,)*): (#(#types,)*)| { #body },
        )?;
    }
}

/// Returns the function that gives a linker what the host provides.
pub(crate) fn add_to_linker(what: &str, bounds: &[TokenStream], statements: &TokenStream) -> TokenStream {
    let text = format!(" Gives a linker {what}, done by what `host` finds in a store's data.");
    quote! {
        #[doc = #text]
        ///
        /// # Errors
        ///
        /// If the linker has something of one of the names already.
        pub fn add_to_linker<__T: 'static, __D: #(#bounds +)* 'static>(
            linker: &mut __m::Linker<__T>,
            host: impl __m::Fn(&mut __T) -> &mut __D + __m::Copy + __m::Send + __m::Sync + 'static,
        ) -> __m::Result<(), __m::LinkError> {
            #statements
            __m::Ok(())
        }
    }
}

/// Returns the items of an imported interface, and the bounds on its host, as paths from the root,
/// if there is one.
pub(crate) fn import(
    world: &World<'_>,
    options: &Options,
    place: usize,
) -> Result<(TokenStream, Option<Vec<TokenStream>>)> {
    let scope = Scope { side: WorldSide::Import, place };
    let types = world.define_all(scope, &options.derives)?;
    let Some(Provided { traits, statements, bounds }) = provide(world, options, scope)? else {
        return Ok((types, None));
    };
    let name = &world.places[place].name;
    let statements = quote!(let mut instance = linker.instance(#name)?; #statements);
    let add_to_linker = add_to_linker(&format!("the functions of `{name}`"), &bounds, &statements);
    Ok((quote!(#types #traits #add_to_linker), Some(root_bounds(world, scope)?)))
}

/// Returns the bounds on the host of an import, as paths from the root.
fn root_bounds(world: &World<'_>, scope: Scope) -> Result<Vec<TokenStream>> {
    let root = Scope { side: WorldSide::Import, place: 0 };
    let mut places = vec![scope.place];
    for func in Funcs::new(world, scope).all() {
        places.extend(converted(world, scope, &world.resolved[func]).map(|found| found.place));
    }
    places.sort_unstable();
    places.dedup();
    Ok(places.into_iter().map(|place| conversion_trait(world, root, place)).collect())
}
