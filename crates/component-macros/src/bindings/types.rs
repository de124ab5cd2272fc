//! WIT types as Rust types, where they are used.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Result;
use wit_parser_lite::{Primitive, Type, TypeDefId, TypeDefKind};

use super::world::{Scope, World, WorldSide};

/// How a value is passed.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Mode {
    /// By value: results, fields, and arguments of host functions.
    Owned,
    /// As an argument of a guest's function: strings, lists and records are borrowed.
    Argument(Lifetime),
}

/// How long an argument is borrowed.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Lifetime {
    /// For a call.
    Call,
    /// Where a type without lifetime is needed.
    Static,
}

impl ToTokens for Lifetime {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self {
            Self::Call => quote!('arg),
            Self::Static => quote!('static),
        });
    }
}

impl World<'_> {
    /// Returns the Rust type of a WIT type.
    pub(crate) fn ty(&self, scope: Scope, ty: Type, mode: Mode) -> Result<TokenStream> {
        if let (Type::Def(id), Mode::Argument(lifetime)) = (ty, mode) {
            return self.argument(scope, id, lifetime);
        }
        match ty {
            Type::Primitive(ty) => Ok(primitive(ty, mode)),
            Type::Def(id) if self.resolved.resource(id).is_some() => Ok(self.handle(scope, id)),
            Type::Def(id) if self.resolved[id].name.is_some() => Ok(self.path(scope, id)),
            Type::Def(id) => self.anonymous(scope, id, mode),
        }
    }

    /// Returns the type of an argument: what has a name in Rust is borrowed, unless it is as small
    /// as an enum.
    fn argument(&self, scope: Scope, id: TypeDefId, lifetime: Lifetime) -> Result<TokenStream> {
        if self.resolved.resource(id).is_some() {
            return Ok(self.handle(scope, id));
        }
        let base = match self.resolved.dealias(Type::Def(id)) {
            Type::Primitive(ty) => return Ok(primitive(ty, Mode::Argument(lifetime))),
            Type::Def(base) => base,
        };
        let place = self.owner_place(scope, self.resolved[base].owner);
        if self.given_types.contains_key(&(place, base)) {
            let ty = self.ty(scope, Type::Def(id), Mode::Owned)?;
            return Ok(quote!(&#lifetime #ty));
        }
        match &self.resolved[base].kind {
            TypeDefKind::Enum(_) | TypeDefKind::Flags(_) => self.ty(scope, Type::Def(id), Mode::Owned),
            TypeDefKind::Record(_) | TypeDefKind::Variant(_) | TypeDefKind::Map(..) => {
                let ty = self.ty(scope, Type::Def(id), Mode::Owned)?;
                Ok(quote!(&#lifetime #ty))
            }
            TypeDefKind::Tuple(_)
            | TypeDefKind::Option(_)
            | TypeDefKind::Result { .. }
            | TypeDefKind::List(_)
            | TypeDefKind::FixedLengthList(..)
            | TypeDefKind::Stream(_)
            | TypeDefKind::Future(_)
            | TypeDefKind::Own(_)
            | TypeDefKind::Borrow(_)
            | TypeDefKind::Resource
            | TypeDefKind::Alias(_)
            | TypeDefKind::Use(_) => self.anonymous(scope, base, Mode::Argument(lifetime)),
        }
    }

    /// Returns the Rust type of a WIT type by its parts.
    pub(crate) fn anonymous(&self, scope: Scope, id: TypeDefId, mode: Mode) -> Result<TokenStream> {
        let payload = |ty: &Option<Type>, mode: Mode| match ty {
            None => Ok(quote!(())),
            Some(ty) => self.ty(scope, *ty, mode),
        };
        Ok(match &self.resolved[id].kind {
            TypeDefKind::Tuple(types) => {
                let types = types.iter().map(|ty| self.ty(scope, *ty, mode)).collect::<Result<Vec<_>>>()?;
                quote!((#(#types,)*))
            }
            TypeDefKind::Option(ty) => {
                let ty = self.ty(scope, *ty, mode)?;
                quote!(__m::Option<#ty>)
            }
            TypeDefKind::Result { ok, err } => {
                let (ok, err) = (payload(ok, mode)?, payload(err, mode)?);
                quote!(__m::Result<#ok, #err>)
            }
            TypeDefKind::List(ty) => {
                let element = self.element(scope, *ty, mode)?;
                match mode {
                    Mode::Owned => quote!(__m::Vec<#element>),
                    Mode::Argument(lifetime) => quote!(&#lifetime [#element]),
                }
            }
            TypeDefKind::FixedLengthList(ty, length) => {
                let element = self.element(scope, *ty, mode)?;
                let length = usize::try_from(*length).expect("compilers run where a `u32` is a size");
                match mode {
                    Mode::Owned => quote!([#element; #length]),
                    Mode::Argument(lifetime) => quote!(&#lifetime [#element; #length]),
                }
            }
            TypeDefKind::Map(key, value) => {
                let key = self.ty(scope, *key, Mode::Owned)?;
                let value = self.ty(scope, *value, Mode::Owned)?;
                quote!(__m::Map<#key, #value>)
            }
            TypeDefKind::Own(resource) => self.handle(scope, *resource),
            TypeDefKind::Borrow(resource) => {
                let handle = self.handle(scope, *resource);
                match mode {
                    Mode::Owned => handle,
                    Mode::Argument(lifetime) => quote!(&#lifetime #handle),
                }
            }
            TypeDefKind::Stream(ty) => {
                let ty = payload(ty, Mode::Owned)?;
                quote!(__m::Stream<#ty>)
            }
            TypeDefKind::Future(ty) => {
                let ty = payload(ty, Mode::Owned)?;
                quote!(__m::Future<#ty>)
            }
            TypeDefKind::Record(_)
            | TypeDefKind::Variant(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Flags(_)
            | TypeDefKind::Resource
            | TypeDefKind::Alias(_)
            | TypeDefKind::Use(_) => unreachable!("WIT has names for these"),
        })
    }

    /// Returns the type of a list's elements: those of an argument are values too, but for borrowed
    /// handles.
    fn element(&self, scope: Scope, ty: Type, mode: Mode) -> Result<TokenStream> {
        let is_borrow = match self.resolved.dealias(ty) {
            Type::Def(id) => matches!(self.resolved[id].kind, TypeDefKind::Borrow(_)),
            Type::Primitive(_) => false,
        };
        self.ty(scope, ty, if is_borrow { mode } else { Mode::Owned })
    }

    /// Returns the type of handles to a resource, in both an `own` and a `borrow`.
    fn handle(&self, scope: Scope, id: TypeDefId) -> TokenStream {
        let base = self.resolved.resource(id).expect("WIT has handles to resources only");
        let path = self.path(scope, base);
        match self.resource_side(scope, base) {
            WorldSide::Import => quote!(__m::Resource<#path>),
            WorldSide::Export => path,
        }
    }
}

fn primitive(primitive: Primitive, mode: Mode) -> TokenStream {
    match primitive {
        Primitive::Bool => quote!(__m::bool),
        Primitive::S8 => quote!(__m::i8),
        Primitive::U8 => quote!(__m::u8),
        Primitive::S16 => quote!(__m::i16),
        Primitive::U16 => quote!(__m::u16),
        Primitive::S32 => quote!(__m::i32),
        Primitive::U32 => quote!(__m::u32),
        Primitive::S64 => quote!(__m::i64),
        Primitive::U64 => quote!(__m::u64),
        Primitive::F32 => quote!(__m::f32),
        Primitive::F64 => quote!(__m::f64),
        Primitive::Char => quote!(__m::char),
        Primitive::String => match mode {
            Mode::Owned => quote!(__m::String),
            Mode::Argument(lifetime) => quote!(&#lifetime __m::str),
        },
        Primitive::ErrorContext => quote!(__m::ErrorContext),
    }
}

/// Returns the documentation as attributes.
pub(crate) fn docs(docs: Option<&str>) -> TokenStream {
    let docs = docs.unwrap_or_default();
    let mut in_code = false;
    let lines = docs.lines().map(|line| {
        let line = line.trim();
        // Code in WIT is no Rust: it must not become a test.
        let is_fence = line.starts_with("```");
        in_code ^= is_fence;
        if is_fence && in_code && line == "```" { String::from(" ```text") } else { format!(" {line}") }
    });
    let lines = lines.collect::<Vec<_>>();
    quote!(#(#[doc = #lines])*)
}

/// Returns the first line of documentation.
pub(crate) fn docs_first_line(docs: Option<&str>) -> Option<String> {
    docs?.lines().map(str::trim).find(|line| !line.is_empty()).map(String::from)
}
