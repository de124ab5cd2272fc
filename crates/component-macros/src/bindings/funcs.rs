//! Functions: traits for those that the host provides, methods for those that it calls.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Result;
use wit_parser_lite::{Function, FunctionId, MethodKind, TypeDefId};

use super::types::{Lifetime, Mode, Scope, World, docs};
use crate::names::{camel, prefixed, snake};

/// The most parameters of one function: the longest tuple that has the traits.
const MAX_PARAMS: usize = 20;

/// The functions of an interface or world, its resources' apart.
pub(crate) struct Funcs {
    pub(crate) free: Vec<FunctionId>,
    pub(crate) resources: Vec<(TypeDefId, Vec<FunctionId>)>,
}

impl Funcs {
    /// Sorts functions by the resource that they belong to.
    pub(crate) fn new(world: &World<'_>, funcs: &[FunctionId], resources: &[TypeDefId]) -> Self {
        let of = |resource: Option<TypeDefId>| {
            let is_of = |id: &FunctionId| {
                let of = world.resolved[*id].method.map(|(_, resource)| resource);
                of.and_then(|of| world.resolved.resource(of)) == resource
            };
            funcs.iter().copied().filter(is_of).collect()
        };
        let resources = resources.iter().map(|resource| (*resource, of(Some(*resource)))).collect();
        Self { free: of(None), resources }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.free.is_empty() && self.resources.is_empty()
    }

    fn all(&self) -> impl Iterator<Item = FunctionId> {
        self.free.iter().chain(self.resources.iter().flat_map(|(_, funcs)| funcs)).copied()
    }
}

/// A function's signature in Rust.
struct Signature {
    params: Vec<Ident>,
    types: Vec<TokenStream>,
    /// The result's type, if there is one.
    result: Option<TokenStream>,
}

fn signature(world: &World<'_>, scope: Scope<'_>, func: &Function, mode: Mode) -> Result<Signature> {
    if func.is_async {
        return Err(world.error(format!("not supported yet: `{}` is async", func.name)));
    }
    if func.params.len() > MAX_PARAMS {
        return Err(
            world.error(format!("not supported: `{}` has more than {MAX_PARAMS} parameters", func.name))
        );
    }
    let params = func.params.iter().map(|param| snake(&param.name)).collect();
    let types = func.params.iter().map(|param| world.ty(scope, param.ty, mode)).collect::<Result<_>>()?;
    let result = func.result.map(|ty| world.ty(scope, ty, Mode::Owned)).transpose()?;
    Ok(Signature { params, types, result })
}

/// Returns what lets a function have many parameters.
fn many_params(n_params: usize) -> Option<TokenStream> {
    (n_params > 6).then(|| quote!(#[allow(clippy::too_many_arguments, reason = "as many as in WIT")]))
}

fn method_name(func: &Function) -> Ident {
    match func.method {
        Some((MethodKind::Constructor, _)) => format_ident!("new"),
        Some((MethodKind::Method | MethodKind::Static, _)) | None => snake(&func.label),
    }
}

fn resource_name<'a>(world: &World<'a>, resource: TypeDefId) -> &'a str {
    world.resolved[resource].name.as_deref().expect("resources have names")
}

/// Returns the trait `name` that the host implements, those of the resources, and the statements
/// that give a linker their functions, in which `instance` is its instance and `host` finds the
/// host in a store's data.
pub(crate) fn provide(
    world: &World<'_>,
    scope: Scope<'_>,
    funcs: &Funcs,
    name: &Ident,
) -> Result<(TokenStream, TokenStream)> {
    let (mut traits, mut statements, mut bounds) = (TokenStream::new(), TokenStream::new(), Vec::new());
    for (resource, of_resource) in &funcs.resources {
        let wit = resource_name(world, *resource);
        let (marker, trait_name) = (camel(wit), format_ident!("Host{}", camel(wit).to_string()));
        let text = format!(" What the host does with resources of the type `{wit}`.");
        let methods = methods(world, scope, of_resource)?;
        traits.extend(quote! {
            #[doc = #text]
            pub trait #trait_name {
                #methods

                /// Drops a resource that a guest owned.
                fn drop(&mut self, resource: ::component_linker::Resource<#marker>)
                    -> Result<(), ::component_linker::HostError>;
            }
        });
        statements.extend(quote! {
            instance.resource::<#marker>(#wit, move |cx, rep| {
                #trait_name::drop(host(cx.data_mut()), ::component_linker::Resource::new_own(rep))
            })?;
        });
        for func in of_resource {
            statements.extend(provide_func(world, scope, &world.resolved[*func], &trait_name)?);
        }
        bounds.push(trait_name);
    }
    for func in &funcs.free {
        statements.extend(provide_func(world, scope, &world.resolved[*func], name)?);
    }
    let methods = methods(world, scope, &funcs.free)?;
    traits.extend(quote! {
        /// What the host does for guests that import this. An error becomes a trap of the guest.
        pub trait #name: #(#bounds +)* {
            #methods
        }
    });
    Ok((traits, statements))
}

fn methods(world: &World<'_>, scope: Scope<'_>, funcs: &[FunctionId]) -> Result<TokenStream> {
    let mut methods = TokenStream::new();
    for func in funcs {
        let func = &world.resolved[*func];
        let Signature { params, types, result } = signature(world, scope, func, Mode::Owned)?;
        let (docs, name) = (docs(func.attributes.docs.as_deref()), method_name(func));
        let result = result.unwrap_or_else(|| quote!(()));
        let many = many_params(params.len());
        methods.extend(quote! {
            #docs
            #many
            fn #name(&mut self, #(#params: #types),*) -> Result<#result, ::component_linker::HostError>;
        });
    }
    Ok(methods)
}

fn provide_func(
    world: &World<'_>,
    scope: Scope<'_>,
    func: &Function,
    trait_name: &Ident,
) -> Result<TokenStream> {
    let Signature { params, types, result } = signature(world, scope, func, Mode::Owned)?;
    let (wit, method) = (&func.name, method_name(func));
    let tuple = result.map(|_| quote!(.map(|result| (result,))));
    Ok(quote! {
        instance.func_wrap(
            #wit,
            move |cx: &mut ::component_linker::StoreContextMut<'_, T>, (#(#params,)*): (#(#types,)*)| {
                #trait_name::#method(host(cx.data_mut()), #(#params),*) #tuple
            },
        )?;
    })
}

/// What calls functions of a guest: fields of a struct with their values, and methods.
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

/// Returns what calls the functions at a path of exports. `owner` is the struct with the fields.
pub(crate) fn call(
    world: &World<'_>,
    scope: Scope<'_>,
    funcs: &Funcs,
    path: Option<&str>,
    owner: &Ident,
) -> Result<Callers> {
    let (mut fields, mut values) = (Vec::new(), Vec::new());
    for func in funcs.all() {
        let func = &world.resolved[func];
        let Signature { types, result, .. } =
            signature(world, scope, func, Mode::Argument(Lifetime::Static))?;
        let (field, wit, result) = (field_name(func), &func.name, result.into_iter());
        fields.push(quote!(#field: ::component_linker::TypedFunc<(#(#types,)*), (#(#result,)*)>));
        let path = path.into_iter();
        values.push(quote!(#field: instance.get_typed_func(&mut cx, &[#(#path,)* #wit])?));
    }
    let mut methods = TokenStream::new();
    for func in &funcs.free {
        methods.extend(call_func(world, scope, &world.resolved[*func], &quote!(self))?);
    }
    let mut resources = TokenStream::new();
    for (resource, of_resource) in &funcs.resources {
        let wit = resource_name(world, *resource);
        let (getter, name) = (snake(wit), format_ident!("Guest{}", camel(wit).to_string()));
        let text = format!(" Calls the functions of the guest's resource type `{wit}`.");
        methods.extend(quote! {
            #[doc = #text]
            pub fn #getter(&self) -> #name<'_> {
                #name { funcs: self }
            }
        });
        let mut of_this = TokenStream::new();
        for func in of_resource {
            of_this.extend(call_func(world, scope, &world.resolved[*func], &quote!(self.funcs))?);
        }
        resources.extend(quote! {
            #[doc = #text]
            #[derive(Clone, Copy, Debug)]
            pub struct #name<'funcs> {
                funcs: &'funcs #owner,
            }

            impl #name<'_> { #of_this }
        });
    }
    Ok(Callers { fields, values, methods, resources })
}

/// Returns the field of a function: `method_counter_increment` for `[method]counter.increment`.
fn field_name(func: &Function) -> Ident {
    prefixed("func_", &func.name.replace(['[', ']', '.'], " "))
}

fn call_func(
    world: &World<'_>,
    scope: Scope<'_>,
    func: &Function,
    funcs: &TokenStream,
) -> Result<TokenStream> {
    let Signature { params, types, result } = signature(world, scope, func, Mode::Argument(Lifetime::Call))?;
    let (field, name) = (field_name(func), prefixed("call_", &func.label));
    let many = many_params(params.len() + 1);
    let docs = match &func.attributes.docs {
        Some(text) => docs(Some(text)),
        None => docs(Some(&format!("Calls `{}`.", func.name))),
    };
    let (pattern, value) = match &result {
        Some(_) => (quote!((result,)), quote!(result)),
        None => (quote!(()), quote!(())),
    };
    let result = result.unwrap_or_else(|| quote!(()));
    Ok(quote! {
        #docs
        ///
        /// # Errors
        ///
        /// If the store is another one, or a resource can't be passed, or the guest traps.
        #many
        pub fn #name<'arg>(
            &self,
            mut store: impl ::component_linker::AsContextMut,
            #(#params: #types),*
        ) -> Result<#result, ::component_linker::CallError> {
            let #pattern = #funcs.#field.call_with(&mut store.as_context_mut(), &(#(#params,)*))?;
            Ok(#value)
        }
    })
}
