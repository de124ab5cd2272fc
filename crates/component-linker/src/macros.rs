//! The macros, with their documentation: its examples need this crate, which the crate of the
//! macros can't depend on.

/// A struct with named fields is a record, an enum a variant, or an enum if no case has a payload
/// and `#[component(variant)]` does not say otherwise.
///
/// Labels are the names of fields and cases in kebab case, or what `#[component(name = "...")]`
/// says.
///
/// ```
/// use component_linker::{ComponentType, Lift, Lower, flags};
///
/// #[derive(ComponentType, Lift, Lower)]
/// struct Person {
///     name: String,
///     #[component(name = "e-mail")]
///     email: Option<String>,
///     shape: Shape,
///     rights: Rights,
/// }
///
/// #[derive(ComponentType, Lift, Lower)]
/// enum Shape {
///     Empty,
///     Circle(f64),
/// }
///
/// flags! {
///     struct Rights {
///         const READ;
///         const WRITE;
///     }
/// }
///
/// # use component_linker::{display, typed::Describe};
/// let mut describe = Describe::default();
/// let person = Person::describe(&mut describe).unwrap();
/// assert_eq!(
///     display(&describe.into_types(), person).to_string(),
///     "record { name: string, e-mail: option<string>, shape: variant { empty, circle(f64) }, \
///      rights: flags { read, write } }",
/// );
/// ```
///
/// ```compile_fail
/// #[derive(component_linker::ComponentType)]
/// struct Pair(u8, u8); // a record has fields with names
/// ```
#[doc(inline)]
pub use component_macros::ComponentType;

/// What is borrowed is lowered only:
///
/// ```compile_fail
/// use component_linker::{ComponentType, Lift};
///
/// #[derive(ComponentType, Lift)]
/// struct Borrowed<'a> {
///     name: &'a str, // is lowered, but never lifted
/// }
/// ```
#[doc(inline)]
pub use component_macros::Lift;

#[doc(inline)]
pub use component_macros::Lower;

/// The flags are constants of the type, and sets of them combine with `|`, `&`, `^`, `-` and `!`.
///
/// ```
/// component_linker::flags! {
///     struct Rights {
///         const READ;
///         const WRITE;
///     }
/// }
///
/// let both = Rights::READ | Rights::WRITE;
/// assert!(both.contains(Rights::WRITE));
/// assert_eq!(both.labels().collect::<Vec<_>>(), ["read", "write"]);
/// ```
#[doc(inline)]
pub use component_macros::flags;

#[doc = include_str!("bindings.md")]
#[doc(inline)]
pub use component_macros::bindings;
