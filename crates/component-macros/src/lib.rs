//! The macros of `component-linker`, which exports them: use them from there.
//!
//! ```
//! use component_linker::{ComponentType, Lift, Lower, flags};
//!
//! #[derive(ComponentType, Lift, Lower)]
//! struct Person {
//!     name: String,
//!     #[component(name = "e-mail")]
//!     email: Option<String>,
//!     shape: Shape,
//!     rights: Rights,
//! }
//!
//! #[derive(ComponentType, Lift, Lower)]
//! enum Shape {
//!     Empty,
//!     Circle(f64),
//! }
//!
//! flags! {
//!     struct Rights {
//!         const READ;
//!         const WRITE;
//!     }
//! }
//!
//! # use component_linker::{display, typed::Describe};
//! let mut describe = Describe::default();
//! let person = Person::describe(&mut describe).unwrap();
//! assert_eq!(
//!     display(&describe.into_types(), person).to_string(),
//!     "record { name: string, e-mail: option<string>, shape: variant { empty, circle(f64) }, \
//!      rights: flags { read, write } }",
//! );
//! ```
#![forbid(unsafe_code)]

mod attributes;
mod derive;
mod flags;
mod names;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

use crate::derive::Derived;

/// Derives `ComponentType`: a struct with named fields is a record, an enum a variant, or an enum if no case has a
/// payload and `#[component(variant)]` does not say otherwise.
///
/// Labels are the names of fields and cases in kebab case, or what `#[component(name = "...")]` says.
///
/// ```compile_fail
/// #[derive(component_linker::ComponentType)]
/// struct Pair(u8, u8); // a record has fields with names
/// ```
#[proc_macro_derive(ComponentType, attributes(component))]
pub fn component_type(input: TokenStream) -> TokenStream {
    expand(derive::derive(Derived::ComponentType, input.into()))
}

/// Derives `Lift`, beside `ComponentType`.
///
/// ```compile_fail
/// use component_linker::{ComponentType, Lift};
///
/// #[derive(ComponentType, Lift)]
/// struct Borrowed<'a> {
///     name: &'a str, // is lowered, but never lifted
/// }
/// ```
#[proc_macro_derive(Lift, attributes(component))]
pub fn lift(input: TokenStream) -> TokenStream {
    expand(derive::derive(Derived::Lift, input.into()))
}

/// Derives `Lower`, beside `ComponentType`.
#[proc_macro_derive(Lower, attributes(component))]
pub fn lower(input: TokenStream) -> TokenStream {
    expand(derive::derive(Derived::Lower, input.into()))
}

/// Defines a type of flags: `flags! { pub struct Rights { const READ; const WRITE; } }`.
///
/// The flags are constants of the type, and sets of them combine with `|`, `&`, `^`, `-` and `!`.
#[proc_macro]
pub fn flags(input: TokenStream) -> TokenStream {
    expand(flags::flags(input.into()))
}

fn expand(expansion: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expansion.unwrap_or_else(syn::Error::into_compile_error).into()
}
