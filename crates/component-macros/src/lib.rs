//! The macros of `component-linker`, which exports and documents them: use them from there.
#![forbid(unsafe_code)]

mod attributes;
mod bindings;
mod derive;
mod flags;
mod names;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

use crate::derive::Derived;

/// Derives `ComponentType`.
#[proc_macro_derive(ComponentType, attributes(component))]
pub fn component_type(input: TokenStream) -> TokenStream {
    expand(derive::derive(Derived::ComponentType, input.into()))
}

/// Derives `Lift`, beside `ComponentType`.
#[proc_macro_derive(Lift, attributes(component))]
pub fn lift(input: TokenStream) -> TokenStream {
    expand(derive::derive(Derived::Lift, input.into()))
}

/// Derives `Lower`, beside `ComponentType`.
#[proc_macro_derive(Lower, attributes(component))]
pub fn lower(input: TokenStream) -> TokenStream {
    expand(derive::derive(Derived::Lower, input.into()))
}

/// Defines a type of flags.
#[proc_macro]
pub fn flags(input: TokenStream) -> TokenStream {
    expand(flags::flags(input.into()))
}

/// Turns a WIT world into Rust.
#[proc_macro]
pub fn bindings(input: TokenStream) -> TokenStream {
    expand(bindings::bindings(input.into()))
}

fn expand(expansion: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expansion.unwrap_or_else(syn::Error::into_compile_error).into()
}
