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
mod bindings;
mod derive;
mod flags;
mod names;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

use crate::derive::Derived;

/// Derives `ComponentType`: a struct with named fields is a record, an enum a variant, or an enum
/// if no case has a payload and `#[component(variant)]` does not say otherwise.
///
/// Labels are the names of fields and cases in kebab case, or what `#[component(name = "...")]`
/// says.
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

/// Turns a WIT world into Rust.
///
/// ```
/// component_linker::bindings!({
///     inline: "
///         package demo:images;
///         interface log { write: func(line: string); }
///         world filter {
///             import log;
///             export scale: func(pixels: list<u8>) -> result<list<u8>, string>;
///         }
///     ",
/// });
///
/// struct Host;
///
/// impl demo::images::log::Host for Host {
///     fn write(&mut self, line: String) -> Result<(), component_linker::HostError> {
///         println!("{line}");
///         Ok(())
///     }
/// }
///
/// # use component_linker::{Component, Engine, Linker, Store};
/// fn scale(engine: &Engine, filter: &Component) -> Result<(), Box<dyn std::error::Error>> {
///     let mut linker = Linker::new();
///     Filter::add_to_linker(&mut linker, |host: &mut Host| host)?;
///     let mut store = Store::new(engine, Host);
///     let filter = Filter::instantiate(&mut store, filter, &linker)?;
///     let scaled: Result<Vec<u8>, String> = filter.call_scale(&mut store, &[1, 2, 3])?;
/// #   let _ = scaled;
///     Ok(())
/// }
/// # fn main() {}
/// ```
///
/// It stands in a module, not in a function.
///
/// # Options
///
/// | Option | Meaning |
/// |---|---|
/// | `path: "wit"` | a WIT file, or a directory with its `deps/`, from the crate's root |
/// | `inline: "..."` | the WIT itself |
/// | `world: "name"` | which world, if the package has several |
/// | `with: { "ns:pkg/interface.resource": Type }` | a host resource in Rust; else an empty enum |
///
/// # What it makes
///
/// - For an imported interface `ns:pkg/name` the module `ns::pkg::name`: its types, a trait `Host`
///   with a method for each function, a trait `HostR` for each resource `r` (`new` for the
///   constructor, `drop`), and `add_to_linker`. Each method may fail, which traps the guest.
/// - For an exported interface the module `exports::ns::pkg::name`: its types, and `Guest` with
///   `call_f` for each function `f`, and `r()` for each resource `r`, which has the `call_` methods
///   of the resource. A resource of the guest is a `ResourceAny`.
/// - For the world a struct: `add_to_linker` for all imports, `instantiate`, `new` for an instance
///   that there is already, an accessor `ns_pkg_name()` for each exported interface, `call_f` for
///   each exported function. The functions that it imports itself are the trait `WorldImports`.
///
/// Strings, lists and records are arguments by reference: `&str`, `&[T]`, `&Record`.
///
/// Not supported yet, and errors of the compiler: `async` functions, streams, futures and error
/// contexts.
///
/// ```compile_fail
/// component_linker::bindings!({ inline: "package a:b; world w { export f: async func(); }" });
/// ```
#[proc_macro]
pub fn bindings(input: TokenStream) -> TokenStream {
    expand(bindings::bindings(input.into()))
}

fn expand(expansion: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expansion.unwrap_or_else(syn::Error::into_compile_error).into()
}
