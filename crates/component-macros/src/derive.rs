//! The derives: records from structs, variants and enums from enums.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use syn::{Data, DeriveInput, Error, Fields, GenericParam, Ident, Result, Type, parse_quote, parse2};

use crate::attributes::{AttributeTarget, attributes};
use crate::names::label;

/// Which trait is derived.
#[derive(Clone, Copy)]
pub(crate) enum Derived {
    ComponentType,
    Lower,
    Lift,
}

/// A field of a record.
struct Field {
    name: Ident,
    label: String,
    ty: Type,
}

/// A case of a variant.
struct Case {
    name: Ident,
    label: String,
    payload: Option<Type>,
}

/// What a type is in WIT.
enum Shape {
    Record(Vec<Field>),
    Variant(Vec<Case>),
    Enum(Vec<Case>),
}

/// Returns the impl of a trait.
pub(crate) fn derive(derived: Derived, input: TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = parse2(input)?;
    let shape = shape(&input)?;
    let (bound, body) = match (derived, &shape) {
        (Derived::ComponentType, Shape::Record(fields)) => (quote!(ComponentType), record_type(fields)),
        (Derived::ComponentType, Shape::Variant(cases)) => (quote!(ComponentType), variant_type(cases)),
        (Derived::ComponentType, Shape::Enum(cases)) => (quote!(ComponentType), enum_type(cases)),
        (Derived::Lower, Shape::Record(fields)) => (quote!(Lower), lower_record(fields)),
        (Derived::Lower, Shape::Variant(cases) | Shape::Enum(cases)) => (quote!(Lower), lower_variant(cases)),
        (Derived::Lift, Shape::Record(fields)) => (quote!(Lift), lift_record(fields)),
        (Derived::Lift, Shape::Variant(cases) | Shape::Enum(cases)) => (quote!(Lift), lift_variant(cases)),
    };
    let mut generics = input.generics.clone();
    for param in &mut generics.params {
        if let GenericParam::Type(param) = param {
            param.bounds.push(parse_quote!(__m::#bound));
        }
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let name = &input.ident;
    Ok(quote! {
        const _: () = {
            use ::component_linker::__macro as __m;
            #[automatically_derived]
            impl #impl_generics __m::#bound for #name #type_generics #where_clause {
                #body
            }
        };
    })
}

fn shape(input: &DeriveInput) -> Result<Shape> {
    let read = attributes(&input.attrs, AttributeTarget::Type)?;
    match &input.data {
        Data::Struct(data) => {
            if read.is_variant {
                return Err(Error::new_spanned(&input.ident, "a struct is a record, not a variant"));
            }
            record(&input.ident, &data.fields).map(Shape::Record)
        }
        Data::Enum(data) => {
            let cases = data.variants.iter().map(case).collect::<Result<Vec<_>>>()?;
            if cases.is_empty() {
                return Err(Error::new_spanned(&input.ident, "a variant or enum has one case at least"));
            }
            let is_enum = !read.is_variant && cases.iter().all(|case| case.payload.is_none());
            Ok(if is_enum { Shape::Enum(cases) } else { Shape::Variant(cases) })
        }
        Data::Union(_) => Err(Error::new_spanned(&input.ident, "no component type is like a union")),
    }
}

fn record(name: &Ident, fields: &Fields) -> Result<Vec<Field>> {
    let Fields::Named(fields) = fields else {
        let message =
            "a record has fields with names: `struct Name { field: Type }`; a tuple needs no derive";
        return Err(Error::new_spanned(name, message));
    };
    if fields.named.is_empty() {
        return Err(Error::new_spanned(name, "a record has one field at least"));
    }
    let mut read = Vec::new();
    for field in &fields.named {
        let name = field.ident.clone().expect("named fields have names");
        let label = label_of(&field.attrs, &name)?;
        read.push(Field { name, label, ty: field.ty.clone() });
    }
    check_unique(read.iter().map(|field| (&field.name, field.label.as_str())))?;
    Ok(read)
}

fn case(variant: &syn::Variant) -> Result<Case> {
    let payload = match &variant.fields {
        Fields::Unit => None,
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => Some(fields.unnamed[0].ty.clone()),
        Fields::Unnamed(_) => {
            return Err(Error::new_spanned(
                variant,
                "a case has one payload: put several values into a tuple",
            ));
        }
        Fields::Named(_) => {
            return Err(Error::new_spanned(variant, "a case has one payload: put the fields into a record"));
        }
    };
    let label = label_of(&variant.attrs, &variant.ident)?;
    Ok(Case { name: variant.ident.clone(), label, payload })
}

fn label_of(attrs: &[syn::Attribute], name: &Ident) -> Result<String> {
    Ok(attributes(attrs, AttributeTarget::Label)?.name.map_or_else(|| label(name), |name| name.value()))
}

/// Checks that no two labels are the same, which for WIT they are in any case of letters.
fn check_unique<'a>(labels: impl Iterator<Item = (&'a Ident, &'a str)>) -> Result<()> {
    let mut seen: Vec<String> = Vec::new();
    for (name, label) in labels {
        let lower = label.to_lowercase();
        if seen.contains(&lower) {
            return Err(Error::new_spanned(name, format!("the label `{label}` is used twice")));
        }
        seen.push(lower);
    }
    Ok(())
}

fn record_type(fields: &[Field]) -> TokenStream {
    let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
    let labels = fields.iter().map(|field| &field.label);
    quote! {
        const SHAPE: __m::Shape = __m::Shape::record(&[#(<#types as __m::ComponentType>::SHAPE),*]);

        fn describe(describe: &mut __m::Describe) -> __m::Result<__m::ValType, __m::TypeError> {
            let fields = __m::vec![
                #((__m::String::from(#labels), <#types as __m::ComponentType>::describe(describe)?)),*
            ];
            describe.types().record(fields)
        }
    }
}

/// Returns the payload types, `()` for none.
fn payloads(cases: &[Case]) -> Vec<Type> {
    cases.iter().map(|case| case.payload.clone().unwrap_or_else(|| parse_quote!(()))).collect()
}

fn variant_type(cases: &[Case]) -> TokenStream {
    let payloads = payloads(cases);
    let labels = cases.iter().map(|case| &case.label);
    quote! {
        const SHAPE: __m::Shape = __m::Shape::variant(&[#(<#payloads as __m::Payload>::PAYLOAD_SHAPE),*]);

        fn describe(describe: &mut __m::Describe) -> __m::Result<__m::ValType, __m::TypeError> {
            let cases = __m::vec![
                #((__m::String::from(#labels), <#payloads as __m::Payload>::describe_payload(describe)?)),*
            ];
            describe.types().variant(cases)
        }
    }
}

fn enum_type(cases: &[Case]) -> TokenStream {
    let n_cases = cases.len();
    let labels = cases.iter().map(|case| &case.label);
    quote! {
        const SHAPE: __m::Shape = __m::Shape::enumeration(#n_cases);

        fn describe(describe: &mut __m::Describe) -> __m::Result<__m::ValType, __m::TypeError> {
            describe.types().enum_(__m::vec![#(__m::String::from(#labels)),*])
        }
    }
}

/// Returns the types of the fields, their names, their positions, and an expression for where each
/// lies.
fn parts(fields: &[Field]) -> (Vec<&Type>, Vec<&Ident>, Vec<usize>, Vec<TokenStream>) {
    let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
    let names = fields.iter().map(|field| &field.name).collect();
    let positions: Vec<_> = (0..fields.len()).collect();
    let offset = |i: &usize| {
        quote! {
            const { __m::Shape::field_offset(&[#(<#types as __m::ComponentType>::SHAPE),*], #i) }
                .bytes(cx.opts.ptr)
        }
    };
    let offsets = positions.iter().map(offset).collect();
    (types, names, positions, offsets)
}

fn lower_record(fields: &[Field]) -> TokenStream {
    let (types, names, positions, offsets) = parts(fields);
    lower_impl(
        &quote! {
            #({
                let ty = __m::part::<#types, __Guest>(cx, ty, #positions);
                __m::Lower::lower_flat(&self.#names, cx, ty, out)?;
            })*
            __m::Ok(())
        },
        &quote! {
            #({
                let ptr = ptr + #offsets;
                let ty = __m::part::<#types, __Guest>(cx, ty, #positions);
                __m::Lower::store(&self.#names, cx, ty, ptr)?;
            })*
            __m::Ok(())
        },
    )
}

fn lower_impl(lower_flat: &TokenStream, store: &TokenStream) -> TokenStream {
    quote! {
        fn lower_flat<__Guest: __m::TypedHost>(
            &self,
            cx: &mut __m::Context<'_, __Guest>,
            ty: __m::ValType,
            out: &mut __m::FlatOut<'_>,
        ) -> __m::Result<(), __m::Trap> {
            #lower_flat
        }

        fn store<__Guest: __m::TypedHost>(
            &self,
            cx: &mut __m::Context<'_, __Guest>,
            ty: __m::ValType,
            ptr: u64,
        ) -> __m::Result<(), __m::Trap> {
            #store
        }
    }
}

fn lift_impl(lift_flat: &TokenStream, load: &TokenStream) -> TokenStream {
    quote! {
        fn lift_flat<__Guest: __m::TypedHost>(
            cx: &mut __m::Context<'_, __Guest>,
            ty: __m::ValType,
            flat: &mut __m::FlatIn<'_>,
        ) -> __m::Result<Self, __m::Trap> {
            #lift_flat
        }

        fn load<__Guest: __m::TypedHost>(
            cx: &mut __m::Context<'_, __Guest>,
            ty: __m::ValType,
            ptr: u64,
        ) -> __m::Result<Self, __m::Trap> {
            #load
        }
    }
}

fn lift_record(fields: &[Field]) -> TokenStream {
    let (types, names, positions, offsets) = parts(fields);
    lift_impl(
        &quote! {
            __m::Ok(Self {#(
                #names: {
                    let ty = __m::part::<#types, __Guest>(cx, ty, #positions);
                    <#types as __m::Lift>::lift_flat(cx, ty, flat)?
                },
            )*})
        },
        &quote! {
            __m::Ok(Self {#(
                #names: {
                    let ptr = ptr + #offsets;
                    let ty = __m::part::<#types, __Guest>(cx, ty, #positions);
                    <#types as __m::Lift>::load(cx, ty, ptr)?
                },
            )*})
        },
    )
}

/// Returns an expression for where the payload lies.
fn payload_offset(cases: &[Case]) -> TokenStream {
    let payloads = payloads(cases);
    quote! {
        const { __m::Shape::payload_offset(&[#(<#payloads as __m::Payload>::PAYLOAD_SHAPE),*]) }
            .bytes(cx.opts.ptr)
    }
}

/// Returns the case numbers, as discriminants and as positions.
fn numbers(cases: &[Case]) -> impl Iterator<Item = (usize, u32)> {
    (0..cases.len()).zip(0..)
}

fn lower_variant(cases: &[Case]) -> TokenStream {
    let n_cases = cases.len();
    let offset = payload_offset(cases);
    let payload = format_ident!("payload");
    let (mut flat_arms, mut store_arms) = (TokenStream::new(), TokenStream::new());
    for (case, (i, discriminant)) in cases.iter().zip(numbers(cases)) {
        let name = &case.name;
        let bits = u64::from(discriminant);
        let tag = quote!(__m::store_discriminant(cx, #discriminant, #n_cases, ptr));
        if case.payload.is_some() {
            flat_arms.extend(quote! {
                Self::#name(#payload) => {
                    out.push(#bits);
                    __m::LowerPayload::lower_case(#payload, cx, ty, #i, out)?;
                }
            });
            store_arms.extend(quote! {
                Self::#name(#payload) => {
                    #tag?;
                    let ptr = ptr + #offset;
                    __m::LowerPayload::store_case(#payload, cx, ty, #i, ptr)
                }
            });
        } else {
            flat_arms.extend(quote!(Self::#name => out.push(#bits),));
            store_arms.extend(quote!(Self::#name => #tag,));
        }
    }
    lower_impl(
        &quote! {
            let end = out.len() + const { <Self as __m::ComponentType>::SHAPE.n_flat() };
            match self { #flat_arms }
            out.pad(end);
            __m::Ok(())
        },
        &quote!(match self { #store_arms }),
    )
}

fn lift_variant(cases: &[Case]) -> TokenStream {
    let n_cases = cases.len();
    let offset = payload_offset(cases);
    let (mut flat_arms, mut load_arms) = (TokenStream::new(), TokenStream::new());
    for (case, (i, discriminant)) in cases.iter().zip(numbers(cases)) {
        let name = &case.name;
        if case.payload.is_some() {
            flat_arms.extend(quote! {
                #discriminant => {
                    __m::LiftPayload::lift_case(cx, ty, #i, &mut payload).map(Self::#name)
                }
            });
            load_arms.extend(quote! {
                #discriminant => {
                    let ptr = ptr + #offset;
                    __m::LiftPayload::load_case(cx, ty, #i, ptr).map(Self::#name)
                }
            });
        } else {
            flat_arms.extend(quote!(#discriminant => __m::Ok(Self::#name),));
            load_arms.extend(quote!(#discriminant => __m::Ok(Self::#name),));
        }
    }
    let no_other = quote!(_ => __m::unreachable!("a discriminant that was checked"));
    let binding = match cases.iter().any(|case| case.payload.is_some()) {
        true => quote!(mut payload),
        false => quote!(_),
    };
    lift_impl(
        &quote! {
            let shape = const { <Self as __m::ComponentType>::SHAPE };
            let (case, #binding) = __m::lift_discriminant(shape, #n_cases, flat)?;
            match case { #flat_arms #no_other }
        },
        &quote! {
            let case = __m::load_discriminant(cx, #n_cases, ptr)?;
            match case { #load_arms #no_other }
        },
    )
}
