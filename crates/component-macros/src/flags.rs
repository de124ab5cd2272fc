//! `flags!`: a set of flags as a Rust type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Ident, Result, Token, Visibility, braced, parse2};

use crate::attributes::{AttributeTarget, attributes};
use crate::names::label;

/// The most flags of one type (Binary.md, "Type Definitions").
const MAX_FLAGS: usize = 32;

struct Flags {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    name: Ident,
    flags: Vec<Flag>,
}

struct Flag {
    docs: Vec<Attribute>,
    name: Ident,
    label: String,
}

impl Parse for Flags {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        input.parse::<Token![struct]>()?;
        let name: Ident = input.parse()?;
        let content;
        braced!(content in input);
        let mut flags = Vec::new();
        while !content.is_empty() {
            flags.push(content.parse()?);
        }
        if flags.is_empty() || flags.len() > MAX_FLAGS {
            let message = format!("there are 1 to {MAX_FLAGS} flags in a type, not {}", flags.len());
            return Err(Error::new(name.span(), message));
        }
        Ok(Self { attributes, visibility, name, flags })
    }
}

impl Parse for Flag {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        input.parse::<Token![const]>()?;
        let name: Ident = input.parse()?;
        input.parse::<Token![;]>()?;
        let label = attributes(&attrs, AttributeTarget::Label)?
            .name
            .map_or_else(|| label(&name), |name| name.value());
        let docs = attrs.into_iter().filter(|attribute| !attribute.path().is_ident("component")).collect();
        Ok(Self { docs, name, label })
    }
}

/// Returns the type and its impls.
pub(crate) fn flags(input: TokenStream) -> Result<TokenStream> {
    let Flags { attributes, visibility, name, flags } = parse2(input)?;
    let n_flags = flags.len();
    let docs = flags.iter().map(|flag| &flag.docs);
    let names: Vec<_> = flags.iter().map(|flag| &flag.name).collect();
    let labels: Vec<_> = flags.iter().map(|flag| &flag.label).collect();
    let bits: Vec<_> = (0..n_flags).map(|i| 1_u32 << i).collect();
    let all = u32::MAX >> (MAX_FLAGS - n_flags);
    let texts = labels.iter().map(|label| format!("The flag `{label}`."));
    let operators = operators(&name);
    let impls = impls(&name, n_flags, &labels);
    let (bool, str, u32) = (primitive("bool"), primitive("str"), primitive("u32"));
    Ok(quote! {
        #(#attributes)*
        #[derive(
            ::core::clone::Clone, ::core::marker::Copy, ::core::default::Default, ::core::cmp::Eq,
            ::core::hash::Hash, ::core::cmp::PartialEq,
        )]
        #visibility struct #name(#u32);

        impl #name {
            #(
                #(#docs)*
                #[doc = #texts]
                pub const #names: Self = Self(#bits);
            )*

            /// Returns the set without flags.
            pub const fn empty() -> Self {
                Self(0)
            }

            /// Returns the set of all flags.
            pub const fn all() -> Self {
                Self(#all)
            }

            /// Returns the flags as bits, the first one lowest.
            pub const fn bits(self) -> #u32 {
                self.0
            }

            /// Returns the flags of these bits, without those that have no flag.
            pub const fn from_bits(bits: #u32) -> Self {
                Self(bits & #all)
            }

            /// Returns whether all of the other flags are set.
            pub const fn contains(self, other: Self) -> #bool {
                self.0 & other.0 == other.0
            }

            /// Returns whether no flag is set.
            pub const fn is_empty(self) -> #bool {
                self.0 == 0
            }

            /// Returns the labels of the flags that are set, in order.
            pub fn labels(self) -> impl ::core::iter::Iterator<Item = &'static #str> {
                ::component_linker::__macro::set_labels(self.0, &[#(#labels),*])
            }
        }

        #operators
        #impls
    })
}

/// Returns the path of a primitive type: a module or type of this name may be in scope.
fn primitive(name: &str) -> TokenStream {
    let name = Ident::new(name, proc_macro2::Span::call_site());
    quote!(::core::primitive::#name)
}

fn operators(name: &Ident) -> TokenStream {
    let binary = |trait_name: &str, method: &str, operator: TokenStream| {
        let trait_name = Ident::new(trait_name, name.span());
        let method = Ident::new(method, name.span());
        quote! {
            impl ::core::ops::#trait_name for #name {
                type Output = Self;

                fn #method(self, other: Self) -> Self {
                    Self::from_bits(self.0 #operator other.0)
                }
            }
        }
    };
    let or = binary("BitOr", "bitor", quote!(|));
    let and = binary("BitAnd", "bitand", quote!(&));
    let xor = binary("BitXor", "bitxor", quote!(^));
    let without = binary("Sub", "sub", quote!(&!));
    quote! {
        #or
        #and
        #xor
        #without

        impl ::core::ops::Not for #name {
            type Output = Self;

            fn not(self) -> Self {
                Self::from_bits(!self.0)
            }
        }

        impl ::core::ops::BitOrAssign for #name {
            fn bitor_assign(&mut self, other: Self) {
                *self = *self | other;
            }
        }

        impl ::core::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_set().entries(self.labels()).finish()
            }
        }
    }
}

fn impls(name: &Ident, n_flags: usize, labels: &[&String]) -> TokenStream {
    quote! {
        const _: () = {
            use ::component_linker::__macro as __m;

            impl __m::ComponentType for #name {
                const SHAPE: __m::Shape = __m::Shape::flags(#n_flags);

                fn describe(describe: &mut __m::Describe) -> __m::Result<__m::ValType, __m::TypeError> {
                    describe.types().flags(__m::vec![#(__m::String::from(#labels)),*])
                }
            }

            impl __m::Lower for #name {
                fn lower_flat<__Guest: __m::TypedHost>(
                    &self,
                    _: &mut __m::Context<'_, __Guest>,
                    _: __m::ValType,
                    out: &mut __m::FlatOut<'_>,
                ) -> __m::Result<(), __m::Trap> {
                    out.push(__m::flags_slot(self.0));
                    __m::Ok(())
                }

                fn store<__Guest: __m::TypedHost>(
                    &self,
                    cx: &mut __m::Context<'_, __Guest>,
                    _: __m::ValType,
                    ptr: u64,
                ) -> __m::Result<(), __m::Trap> {
                    __m::store_flags(cx, self.0, #n_flags, ptr)
                }
            }

            impl __m::Lift for #name {
                fn lift_flat<__Guest: __m::TypedHost>(
                    _: &mut __m::Context<'_, __Guest>,
                    _: __m::ValType,
                    flat: &mut __m::FlatIn<'_>,
                ) -> __m::Result<Self, __m::Trap> {
                    __m::Ok(Self::from_bits(flat.next_u32()))
                }

                fn load<__Guest: __m::TypedHost>(
                    cx: &mut __m::Context<'_, __Guest>,
                    _: __m::ValType,
                    ptr: u64,
                ) -> __m::Result<Self, __m::Trap> {
                    __m::Ok(Self::from_bits(__m::load_flags(cx, #n_flags, ptr)?))
                }
            }
        };
    }
}
